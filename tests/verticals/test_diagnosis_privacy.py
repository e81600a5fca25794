"""No number of a patient and no name of their files reaches anything that a command prints or writes."""

import base64
import contextlib
import io
import json
import os
import re
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image, PngImagePlugin

from shared.cli import app
from shared.simulators.patients import simulate_patients, write_xrays
from verticals import SOLUTIONS

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
SECRET = (
    "mustermann"  # in each patient's number, in each file's name, and in what the files say of themselves
)
TOML = """
[columns]
patient = "patient"
time = "visit"
site = "site"
label = "label"
image = "image"
signal = "ecg"
[features]
numeric = ["age", "temperature", "heart_rate", "crp"]
categorical = ["sex", "smoker"]
groups = ["sex", "age"]
[labels]
healthy = 0
mild = 1
severe = 2
[settings]
epochs = 1
inner_folds = 1
units = 8
members = 2
depth = 1
side = 16
photo_units = 16
photo_depth = 1
signal_units = 4
signal_depth = 1
lstm_units = 4
gallery = 3
"""


def deliver(folder: Path) -> pd.DataFrame:
    """A table, X-rays whose files hold a name too, and signals in files, all called by the patient's number."""
    frame = simulate_patients(patients=90, steps=16, seed=1)
    frame["patient"] = SECRET + frame["patient"]
    table = write_xrays(folder, frame, side=16, missing=0.05)
    for name in table["image"][table["image"] != ""]:
        said = PngImagePlugin.PngInfo()
        said.add_text("PatientName", SECRET)
        with Image.open(folder / name) as photo:
            photo.save(folder / name, pnginfo=said)
    steps = [name for name in table if re.fullmatch(r"t\d+", name)]
    samples, names = table[steps].to_numpy(np.float32), []
    for row, patient in enumerate(table["patient"]):
        names.append(f"{patient}_{row}.npy" if np.isfinite(samples[row, 0]) else "")
        if names[-1]:
            np.save(folder / names[-1], samples[row][np.isfinite(samples[row])])
    table = table.drop(columns=steps).assign(ecg=names)
    table.to_csv(folder / "patients.csv", index=False)
    return table


def command(*arguments) -> tuple[int, str]:
    """Exit code, and all that a command printed."""
    told, code = io.StringIO(), 0
    with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
        try:
            app(SOLUTIONS, [str(argument) for argument in arguments])
        except SystemExit as end:
            code = end.code or 0
    return code, told.getvalue()


def contents(root: Path):
    """Everything that files hold, also what is packed: members of archives, columns of Parquet, pictures of a page."""
    for path in (path for path in root.rglob("*") if path.is_file()):
        data = path.read_bytes()
        yield f"{path.name} {path.relative_to(root)}", data
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                yield from (
                    (f"{path.name}:{name}", name.encode() + archive.read(name)) for name in archive.namelist()
                )
        if path.suffix == ".parquet":
            frame = pd.read_parquet(path)
            yield f"{path.name} as a table", frame.to_csv().encode()
        if path.suffix in (".html", ".json"):
            for found in re.findall(rb"[A-Za-z0-9+/]{200,}={0,2}", data):
                yield f"a picture of {path.name}", base64.b64decode(found + b"=" * (-len(found) % 4))


def where_it_is_told(root: Path) -> list[str]:
    return [
        name for name, data in contents(root) if SECRET in name.lower() or SECRET.encode() in data.lower()
    ]


@pytest.fixture(scope="module")
def clinic(tmp_path_factory):
    """What was delivered, and a run, predictions and an evaluation of it with all that they printed."""
    root = tmp_path_factory.mktemp("clinic")
    data, out = root / "data", root / "out"
    data.mkdir(), out.mkdir()
    table = deliver(data)
    (root / "clinic.toml").write_text(TOML)
    run, bundle = out / "run", out / "run" / "bundle"
    first = ("run", "healthcare.diagnosis", "--data", data / "patients.csv", "--config", root / "clinic.toml")
    told = [command(*first, "--out", run)]
    table.drop(columns=["label", "patient"]).to_csv(data / "new.csv", index=False)
    told.append(command("predict", bundle, "--data", data / "new.csv", "--out", out / "new.parquet"))
    told.append(command("predict", bundle, "--data", data / "patients.csv", "--out", out / "new.csv"))
    told.append(command("evaluate", bundle, "--data", data / "patients.csv", "--out", out / "judged"))
    told.append(command("report", run, "--lang", "zh"))
    return root, table, told


def test_the_proof_finds_a_name_wherever_it_is_hidden(tmp_path):
    photo = io.BytesIO()
    said = PngImagePlugin.PngInfo()
    said.add_text("PatientName", SECRET.upper())
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (32, 32), np.uint8)).save(
        photo, "PNG", pnginfo=said
    )
    (tmp_path / "a.html").write_bytes(
        b'<img src="data:image/png;base64,' + base64.b64encode(photo.getvalue()) + b'">'
    )
    pd.DataFrame({"row": [SECRET] * 3}).to_parquet(tmp_path / "b.parquet", compression="gzip")
    with zipfile.ZipFile(tmp_path / "c.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", json.dumps({"patient": SECRET}))
    (tmp_path / f"{SECRET}.txt").write_bytes(b"")
    told = where_it_is_told(tmp_path)
    assert {"a picture of a.html", "b.parquet as a table", "c.keras:config.json"} < set(told)
    assert any(name.startswith(SECRET) for name in told)


def test_a_run_predictions_and_an_evaluation_succeed_and_print_no_identifier(clinic):
    _, _, told = clinic
    assert [code for code, _ in told] == [0] * 5, told
    assert not [text for _, text in told if SECRET in text.lower()]


def test_no_identifier_is_in_any_file_that_they_wrote(clinic):
    root, table, _ = clinic
    names = {path.name for path in (root / "out").rglob("*")}
    assert {
        "report.html",
        "report.zh.html",
        "metrics.json",
        "predictions.parquet",
        "model.keras",
        "bundle.json",
    } < names
    assert where_it_is_told(root / "out") == []
    assert where_it_is_told(root / "data"), "what was delivered does hold the names"
    report = (root / "out/run/report.html").read_text("utf-8")
    assert report.count(";base64,") >= 2, "photos are shown, so that the proof is about them too"
    assert len(pd.read_parquet(root / "out/new.parquet")) == len(table)


def test_rows_are_told_by_their_numbers_only(clinic):
    root, table, _ = clinic
    answers = pd.read_parquet(root / "out/new.parquet")
    assert answers["row"].tolist() == list(range(1, len(table) + 1))
    assert not set(answers) & set(table) - {"row"}


def copied(table: pd.DataFrame, old: str, new: str) -> tuple[pd.DataFrame, str]:
    """The number of the patient in a second column, which is mapped for something else."""
    assert old in TOML
    return table.assign(second=table["patient"]), TOML.replace(old, new)


SPOILED = {
    "image missing": lambda table: (table.assign(image=SECRET + "_nowhere.png"), TOML),
    "image no name": lambda table: (table.assign(image=SECRET * 40), TOML),
    "image is text": lambda table: (table.assign(image="patients.csv"), TOML),
    "signal missing": lambda table: (table.assign(ecg=SECRET + "/nowhere.npy"), TOML),
    "signal is a table": lambda table: (table.assign(ecg="patients.csv"), TOML),
    "a patient in two parts": lambda table: (
        table.assign(split=np.where(table.index % 2, "train", "test")),
        TOML,
    ),
    "equal rows": lambda table: (pd.concat([table, table.head(3)]), TOML),
    "split": lambda table: copied(table, "[features]", 'split = "second"\n[features]'),
    "site": lambda table: copied(table, '"site"', '"second"'),
    "time": lambda table: copied(table, '"visit"', '"second"'),
    "label": lambda table: copied(table, '"label"', '"second"'),
    "number": lambda table: copied(table, '"crp"', '"second"'),
    "category": lambda table: copied(table, '"smoker"', '"second"'),
    "group": lambda table: copied(table, '["sex", "age"]', '["second"]'),
    "group patient": lambda table: copied(table, '["sex", "age"]', '["patient"]'),
    "samples": lambda table: copied(table, 'signal = "ecg"', '[signal]\ncolumns = "sec*"'),
}


@pytest.mark.parametrize("case", SPOILED)
def test_a_check_that_fails_tells_rows_and_columns_and_no_identifier(case, clinic, tmp_path):
    root, table, _ = clinic
    spoiled, toml = SPOILED[case](table)
    path, config = root / "data" / "spoiled.csv", tmp_path / "clinic.toml"
    spoiled.to_csv(path, index=False)
    config.write_text(toml)
    code, told = command("check", "healthcare.diagnosis", path, "--config", config)
    assert code == 2 and "fault" in told and "Traceback" not in told, told
    assert SECRET not in told.lower()
    assert "row" in told or "column `second`" in told or "column `patient`" in told


def test_a_run_that_fails_leaves_nothing_behind(clinic, tmp_path):
    root, table, _ = clinic
    table.assign(image=SECRET + ".png").to_csv(root / "data" / "spoiled.csv", index=False)
    words = ("run", "healthcare.diagnosis", "--data", root / "data" / "spoiled.csv")
    code, told = command(*words, "--config", root / "clinic.toml", "--out", tmp_path / "deep" / "out")
    assert code == 2 and SECRET not in told.lower() and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("packed", [False, True])
def test_photos_in_folders_or_a_zip_are_not_named_either(packed, tmp_path):
    rng, folder = np.random.default_rng(0), tmp_path / "scans"
    for label in ("healthy", "ill"):
        (folder / label).mkdir(parents=True)
        for number in range(3):
            pixels = rng.integers(0, 256, (20, 20), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / label / f"{SECRET}{number}{label}.png")
    (folder / f"{SECRET}.txt").write_text("a letter")
    config = tmp_path / "clinic.toml"
    config.write_text("[labels]\nhealthy = 0\nill = 1\n")
    path = folder
    if packed:
        path = tmp_path / "scans.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for each in sorted(folder.rglob("*.*")):
                archive.write(each, each.relative_to(folder))
    code, told = command("check", "healthcare.diagnosis", path, "--config", config)
    assert code == 0 and "1 file not used" in told and SECRET not in told
    (folder / SECRET).mkdir()
    (folder / SECRET / "1.png").write_bytes(b"")
    code, told = command("check", "healthcare.diagnosis", folder, "--config", config, "--predict")
    assert code == 2 and "zero bytes" in told and SECRET not in told


def test_a_zip_that_leads_out_and_a_single_photo_are_not_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "scans.zip", "w") as archive:
        archive.writestr(f"../{SECRET}.png", b"x")
    code, told = command("check", "healthcare.diagnosis", tmp_path / "scans.zip")
    assert code == 2 and "leads out of the archive" in told and SECRET not in told
    (tmp_path / f"{SECRET}.png").write_bytes(b"")
    code, told = command("check", "healthcare.diagnosis", tmp_path / f"{SECRET}.png", "--predict")
    assert code == 2 and "zero bytes" in told and SECRET not in told
