"""What is wrong with a clinic's files is said at once, by row and column, before anything is learnt or written."""

import contextlib
import io
import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from shared.cli import app
from shared.contract import Format, Mapping, Number, SignalColumns
from shared.errors import ContractError, SplitError
from shared.patients.parts import inner_folds
from shared.simulators.patients import patients_mapping, simulate_patients, write_xrays
from verticals import SOLUTIONS
from verticals.healthcare import DiagnosisPipeline

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
TINY = {"epochs": 1, "inner_folds": 1, "units": 8, "members": 2, "depth": 1, "side": 16, "gallery": 1}
TINY |= {"photo_units": 16, "photo_depth": 1, "signal_units": 4, "signal_depth": 1, "lstm_units": 4}
VISITS = simulate_patients(patients=150, steps=24)
STEPS = [name for name in VISITS if re.fullmatch(r"t\d+", name)]
TABLE = VISITS.drop(columns=STEPS)
WITH_SIGNAL = patients_mapping()
PLAIN = WITH_SIGNAL.model_copy(update={"signal": None})


def mapped(base: Mapping = PLAIN, *, columns: dict | None = None, **changes) -> Mapping:
    """The mapping with some of it changed; of the columns only those that are given."""
    return base.model_copy(update={"columns": base.columns | (columns or {})} | changes)


@pytest.fixture
def clinic(tmp_path):
    """Checks a table, or what `make(folder)` leaves, as the command `check` does."""

    def check(table, mapping: Mapping = PLAIN, *, predict: bool = False, **settings):
        path = tmp_path / "patients.csv"
        if isinstance(table, pd.DataFrame):
            table.to_csv(path, index=False)
        elif isinstance(table, bytes):
            path.write_bytes(table)
        else:
            path = table
        pipeline = DiagnosisPipeline(DiagnosisPipeline.Config(**TINY | settings), mapping)
        found = pipeline.check(pipeline.read(path, mapping.format, predict=predict), predict=predict)
        check.pipeline = pipeline
        return found

    check.folder = tmp_path
    return check


def faults(clinic, table, mapping: Mapping = PLAIN, **options) -> list[str]:
    with pytest.raises(ContractError) as found:
        clinic(table, mapping, **options)
    return [str(fault) for fault in found.value.faults]


def fault(clinic, table, mapping: Mapping = PLAIN, **options) -> str:
    (text,) = faults(clinic, table, mapping, **options)
    return text


def notes(clinic, table, mapping: Mapping = PLAIN, **options) -> str:
    return " | ".join(clinic(table, mapping, **options).notes)


def splits(clinic, table, **settings):
    found = clinic(table, **settings)
    return clinic.pipeline.splits(found)


def parted(clinic, table, mapping: Mapping = PLAIN, **settings) -> str:
    """What is said where the rows of a table that passes cannot be parted."""
    found = clinic(table, mapping, **settings)
    with pytest.raises(SplitError) as error:
        clinic.pipeline.splits(found)
    return str(error.value)


# -- numbers


def test_a_value_out_of_its_plausible_range_is_named_with_row_and_way_out(clinic):
    text = fault(clinic, TABLE.assign(heart_rate=TABLE["heart_rate"].where(TABLE.index != 3, 999)))
    assert text.startswith("column `heart_rate`, row 4: `999` is above 250 1/min") and "[numbers]" in text


def test_one_value_in_another_unit_is_told_converted(clinic):
    text = fault(clinic, TABLE.assign(temperature=TABLE["temperature"].where(TABLE.index != 3, 98.6)))
    assert "column `temperature`, row 4: `98.6`" in text and "read as °F it would be 37.0 °C" in text


def test_a_whole_column_in_another_unit_is_one_fault(clinic):
    text = fault(clinic, TABLE.assign(temperature=TABLE["temperature"] * 9 / 5 + 32))
    assert "204 of 204 values look like °F, not °C" in text and "row" not in text


@pytest.mark.parametrize("code", ["?", "不详"])
def test_a_text_that_means_not_known_is_a_fault_until_it_is_mapped(clinic, code):
    table = TABLE.assign(crp=TABLE["crp"].astype(object).where(TABLE.index != 7, code))
    assert fault(clinic, table).startswith(f"column `crp`, row 8: `{code}` is no number")
    assert len(clinic(table, mapped(format=Format(missing=[code])))) == len(TABLE)


def test_a_number_that_means_not_known_is_out_of_range_noted_or_mapped(clinic):
    table = TABLE.assign(age=TABLE["age"].where(TABLE.index % 9 > 0, -9), crp=TABLE["crp"].fillna(-9))
    assert "column `age`, row 1: `-9` is below 0 years" in fault(clinic, table)
    missing = {name: Number(missing=[-9.0]) for name in ("age", "crp")}
    assert "codes taken as not known: -9 in" in notes(clinic, table, mapped(numbers=missing))
    told = notes(clinic, TABLE.assign(crp=TABLE["crp"].fillna(-9)))
    assert "column `crp`: -9 in 26 cells" in told and "missing = [-9] under [numbers.crp]" in told
    assert "far from all others" not in notes(clinic, TABLE)


# -- labels


def test_a_label_that_is_missing_empty_or_of_one_class_is_refused(clinic):
    assert "column `label` (role `label`) is missing" in fault(clinic, TABLE.drop(columns="label"))
    assert "no row has a class" in fault(clinic, TABLE.assign(label=""))
    assert "expected at least two classes" in fault(clinic, TABLE.assign(label="mild"))


def test_an_unknown_label_is_named_with_its_row(clinic):
    table = TABLE.assign(label=TABLE["label"].where(TABLE.index != 5, "maybe"))
    assert "row 6: found healthy, mild, severe and `maybe` (row 6)" in fault(clinic, table)


def test_rows_without_a_label_stay_and_are_in_no_part(clinic):
    table = TABLE.assign(label=TABLE["label"].where(TABLE.index > 20))
    (split,) = splits(clinic, table)
    assert min(np.concatenate([split.train, split.valid, split.test])) == 21


def test_rare_classes_are_noted_by_name(clinic):
    table = TABLE[(TABLE["label"] != "severe") | (TABLE.index < 40)]
    few = (table["label"] == "severe").sum()
    assert f"class `severe` has {few} rows, fewer than 20" in notes(clinic, table)


# -- leaks and identifiers


def test_a_column_that_tells_the_label_stops_the_run_unless_it_is_allowed(clinic):
    table = TABLE.assign(icd=TABLE["label"].map({"healthy": "Z0", "mild": "J1", "severe": "J2"}))
    mapping = mapped(categorical=[*PLAIN.categorical, "icd"])
    text = fault(clinic, table, mapping)
    assert text.startswith("column `icd`: tells the label alone") and 'allow_leaks = ["icd"]' in text
    assert "`icd` tells the label alone, and stays" in notes(clinic, table, mapping, allow_leaks=("icd",))
    assert "and stays" in notes(clinic, table, mapping, allow_leaks=("*",))
    assert "icd" in fault(clinic, table, mapping, allow_leaks=("icdd",))


def test_a_column_that_tells_the_reference_from_all_other_classes_is_a_leak_too(clinic):
    table = TABLE.assign(treated=(TABLE["label"] != "healthy") * 1)
    text = fault(clinic, table, mapped(numeric=[*PLAIN.numeric, "treated"]))
    assert "column `treated`" in text and "1 standing for all but `healthy`" in text


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"categorical": ["sex", "number"]}, "nothing can be learnt of it"),
        ({"groups": ["number"]}, "it is no group"),
        ({"columns": {"site": "number"}}, "it is no site"),
    ],
)
def test_a_second_column_with_numbers_of_patients_is_refused(clinic, changes, told):
    text = fault(clinic, TABLE.assign(number=TABLE["patient"].str.replace("P", "case ")), mapped(**changes))
    assert "column `number`" in text and told in text and "case" not in text


def test_the_patient_is_no_feature_and_no_group(clinic):
    assert "is used twice" in fault(clinic, TABLE, mapped(categorical=["patient"]))
    assert "identifies someone" in fault(clinic, TABLE, mapped(groups=["patient"]))


# -- features


def test_a_table_without_features_says_where_to_name_them(clinic):
    mapping = mapped(numeric=[], categorical=[], groups=[], numbers={})
    assert "name columns under [features]" in fault(clinic, TABLE, mapping)
    empty = TABLE.assign(crp="")
    assert "name columns under [features]" in fault(clinic, empty, mapped(mapping, numeric=["crp"]))


def test_only_categories_a_constant_and_an_empty_column_pass(clinic):
    table = TABLE.assign(constant=1, empty="")
    assert len(clinic(table, mapped(numeric=[], numbers={}, groups=["sex"]))) == len(TABLE)
    told = notes(clinic, table, mapped(numeric=[*PLAIN.numeric, "constant", "empty"]))
    assert "empty 204" in told


def test_a_group_that_is_not_there_and_bands_of_no_group_are_named(clinic):
    assert "column `ward` is missing" in fault(clinic, TABLE, mapped(groups=["ward"]))
    assert "bands: `ward` is no group of numbers" in fault(clinic, TABLE, bands={"ward": (1, 2)})


def test_equal_rows_are_named_with_the_setting(clinic):
    text = fault(clinic, pd.concat([TABLE, TABLE.head(2)]))
    assert "1 and 205, 2 and 206" in text and "duplicates" in text


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_chinese_headers_are_read_in_either_encoding(clinic, encoding):
    table = TABLE.rename(columns={"label": "诊断结果", "age": "年龄", "patient": "患者编号"})
    table["诊断结果"] = table["诊断结果"].map({"healthy": "健康", "mild": "轻症", "severe": "重症"})
    columns = {"label": "诊断结果", "patient": "患者编号"}
    mapping = Mapping(columns=columns, numeric=["年龄"], labels={"健康": 0, "轻症": 1, "重症": 2})
    found = clinic(table.to_csv(index=False).encode(encoding), mapping)
    assert clinic.pipeline.class_names(found) == ["健康", "轻症", "重症"]


@pytest.mark.parametrize(
    ("content", "told"), [(b"", "the file is empty"), (b"patient,visit,site,label\n", "")]
)
def test_an_empty_file_and_a_header_alone_are_refused(clinic, content, told):
    assert any(told in text for text in faults(clinic, content))


# -- parts


def test_a_patient_in_two_given_parts_is_told_by_rows(clinic):
    text = fault(clinic, TABLE.assign(split=np.where(TABLE.index % 2, "train", "test")))
    assert "row 22: the patient of row 9 (test) is in the train part too" in text and "P0" not in text


def test_words_that_are_no_part_are_named_unless_they_are_many(clinic):
    table = TABLE.assign(split="trian", number=TABLE["patient"])
    assert "row 1: found `trian`, expected train, valid or test" in fault(clinic, table)
    text = fault(clinic, table, mapped(columns={"split": "number"}))
    assert "holds 150 texts that are no part" in text and "P0" not in text


@pytest.mark.parametrize(
    ("parts", "told"), [("test", "the train part has no row"), ("train", None), ("验证", None)]
)
def test_a_part_that_is_not_given_is_drawn_if_there_are_patients_left(clinic, parts, told):
    table = TABLE.assign(split=np.where(TABLE["patient"].str[-1] < "2", parts, parts if told else "训练集"))
    if told:
        assert told in parted(clinic, table)
    else:
        (split,) = splits(clinic, table)
        assert all(len(rows) for rows in split.parts.values())


def test_a_split_by_site_needs_two_sites_and_two_classes_in_each(clinic):
    assert "two sites or more" in parted(clinic, TABLE.assign(site="S1"), split="site")
    assert "two sites or more" in parted(clinic, TABLE.assign(site=""), split="site")
    table = TABLE.assign(site=TABLE["site"].where(TABLE.index > 0, "S9"))
    assert "Join small sites" in parted(clinic, table, split="site")
    assert len(splits(clinic, TABLE, split="site")) == 3


def test_a_split_by_time_needs_a_time_in_each_row(clinic):
    mapping = Mapping(columns={"label": "label"}, numeric=PLAIN.numeric, labels=PLAIN.labels)
    text = parted(clinic, TABLE.drop(columns="visit"), mapping, split="time")
    assert "needs a time in each row" in text and "stratified or site" in text
    table = TABLE.assign(visit=TABLE["visit"].where(TABLE.index != 4))
    assert "without one: 1 row" in parted(clinic, table, split="time")


def test_more_folds_than_patients_of_a_class_say_how_many_there_are(clinic):
    text = parted(clinic, TABLE, folds=50)
    assert "class 1 has 40 patients" in text and "lower folds" in text
    assert "raise test_share" in parted(clinic, TABLE.head(6))
    found = clinic(TABLE.head(40), inner_folds=30)
    code = clinic.pipeline.codes(found)
    with pytest.raises(SplitError, match="inner_folds under"):
        inner_folds(np.arange(40), code, folds=30, seed=0)


# -- photos


@pytest.fixture
def scans(clinic):
    """60 visits with X-rays; `spoil(path of the first, folder, table)` makes one of them wrong."""

    def deliver(spoil=lambda path, folder, table: None, **options):
        folder = clinic.folder
        table = write_xrays(folder, TABLE.head(60), side=20, missing=0.1)
        spoiled = spoil(folder / table["image"].iloc[0], folder, table)
        return clinic, (spoiled if isinstance(spoiled, pd.DataFrame) else table)

    return deliver


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda path, *_: path.write_bytes(path.read_bytes()[:80]), "is damaged or cut off"),
        (lambda path, *_: path.unlink(), "Add it, or leave the cell empty"),
        (lambda path, *_: path.write_bytes(b""), "has zero bytes"),
        (lambda path, *_: path.write_bytes(b"<html>"), "failed download"),
        (lambda path, *_: Image.new("L", (8, 8)).save(path), "has 8 x 8 pixels, fewer than 16"),
        (lambda path, *_: Image.new("CMYK", (32, 32)).save(path, "JPEG"), "is CMYK. Convert it to RGB"),
        (lambda path, *_: Image.new("1", (9000, 9000)).save(path), "most_megapixels"),
        (lambda path, *_: (path.unlink(), path.mkdir()), "cannot be read"),
        (
            lambda path, folder, table: table.assign(image=table["image"].where(table.index > 0, "p" * 300)),
            "cannot",
        ),
    ],
    ids=["cut off", "missing", "empty", "page", "small", "CMYK", "huge", "folder", "long name"],
)
def test_a_photo_that_cannot_be_used_is_told_by_its_row(scans, spoil, told):
    text = fault(*scans(spoil))
    assert text.startswith("column `image`, row 1: the photo") and told in text and "P0" not in text


def test_photos_may_lack_for_some_patients_and_for_all(scans):
    clinic, table = scans()
    assert "rows without a photo, which are answered by what else they have: 8" in notes(clinic, table)
    assert len(clinic(table.assign(image=""))) == 60
    only = Mapping(labels=PLAIN.labels, format=Format(duplicates="keep"))
    assert "image or signal" in fault(clinic, table[["label", "image"]].assign(image=""), only)


def test_equal_photos_of_two_classes_are_told_by_rows_and_names_of_classes(scans):
    def spoil(path, folder, table):
        mild = table["image"][(table["label"] == "mild") & (table["image"] != "")].iloc[0]
        (folder / mild).write_bytes(path.read_bytes())

    text = fault(*scans(spoil))
    assert "the photo (class `mild`) is pixel by pixel that of row 1 (class `healthy`)" in text


def test_a_single_photo_can_be_answered_and_is_not_named(clinic):
    Image.new("L", (20, 20)).save(clinic.folder / "P00011.png")
    found = clinic(clinic.folder / "P00011.png", Mapping(labels={"healthy": 0, "ill": 1}), predict=True)
    assert len(found) == 1 and "P00011" not in found.source + " ".join(found.notes)


# -- signals


@pytest.fixture
def traces(clinic):
    """60 visits with a file of two channels each."""

    def deliver(spoil=lambda path, folder, table: None):
        rng, folder, names = np.random.default_rng(0), clinic.folder, []
        for row, patient in enumerate(TABLE["patient"].head(60)):
            names.append(f"{patient}_{row}.npy")
            np.save(folder / names[-1], rng.normal(size=(20 + row % 5, 2)).astype("float32"))
        table = TABLE.head(60).assign(ecg=names)
        spoiled = spoil(folder / names[3], folder, table)
        table = spoiled if isinstance(spoiled, pd.DataFrame) else table
        return clinic, table, mapped(columns={"signal": "ecg"})

    return deliver


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda path, *_: path.write_bytes(path.read_bytes()[:90]), "damaged or cut off"),
        (lambda path, *_: path.unlink(), "Add it, or leave the cell empty"),
        (lambda path, *_: path.write_bytes(b""), "holds nothing"),
        (lambda path, *_: path.write_bytes(b"1;2\n;\n3;4\n"), "not finite at step 2"),
        (lambda path, *_: path.write_bytes(b"1;2\nP00012;4\n"), "holds a text in line 2"),
        (lambda path, *_: path.write_bytes(b"1\n2\n3\n"), "holds 1 channel, where most have 2"),
        (lambda path, *_: path.write_bytes(b"I;II\n"), "a header and no samples"),
        (lambda path, *_: np.save(path, np.full((5, 2), np.nan)), "Leave the cell empty"),
        (lambda path, *_: np.save(path, np.array([{"P00012": 1}]), allow_pickle=True), "Python objects"),
        (lambda path, *_: np.save(path, np.zeros((2, 3, 4))), "holds an array (2, 3, 4)"),
    ],
    ids=["cut", "missing", "empty", "hole", "text", "channels", "header", "nan", "pickled", "axes"],
)
def test_a_signal_that_cannot_be_used_is_told_by_its_row(traces, spoil, told):
    text = fault(*traces(spoil))
    assert text.startswith("column `ecg`, row 4: the file") and told in text and "P0" not in text


def test_signals_may_lack_and_be_of_different_lengths(traces):
    told = notes(
        *traces(lambda path, folder, table: table.assign(ecg=table["ecg"].where(table.index > 9, "")))
    )
    assert "10 rows without a signal: 1, 2, 3" in told and "signals of 20 to 24 steps" in told


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("z*", "no column fits `z*`"),
        ("t*", "column `temperature`: fits [signal] columns `t*`, and is a feature too"),
        ("[tp]*", "column `patient`: fits [signal] columns `[tp]*`, and is role `patient` too"),
    ],
)
def test_a_pattern_of_samples_that_fits_nothing_or_too_much_is_refused(clinic, pattern, told):
    mapping = mapped(WITH_SIGNAL, signal=SignalColumns(columns=pattern))
    assert any(told in text for text in faults(clinic, VISITS, mapping))


def test_holes_texts_and_a_second_signal_beside_samples_are_named(clinic):
    table = VISITS.assign(t5=VISITS["t5"].where(VISITS.index > 0))
    assert "column `t5`, row 1: the cell is empty, with samples behind it" in fault(
        clinic, table, WITH_SIGNAL
    )
    table = VISITS.assign(t5=VISITS["t5"].astype(object).where(VISITS.index > 0, "low"))
    assert "column `t5`, row 1: `low` is no number" in fault(clinic, table, WITH_SIGNAL)
    mapping = mapped(WITH_SIGNAL, columns={"signal": "ecg"})
    assert "Leave one of them out" in fault(clinic, VISITS.assign(ecg="a.npy"), mapping)


# -- arrays


@pytest.mark.parametrize(
    ("arrays", "told"),
    [
        ({"x": "photos"}, "there is no array `y` (role `label`)"),
        ({"x": "photos", "y": "pickled"}, "Python objects"),
        ({"x": "photos", "y": "short"}, "`x` 40, `y` 30 rows"),
        ({"x": "small", "y": "label"}, "8 x 8 pixels"),
        ({"x": "bright", "y": "label"}, "Shift and scale them"),
        ({"x": "photos", "y": "three"}, "Map them under [labels]"),
        ({"x": "fractions", "y": "label"}, None),
    ],
    ids=lambda given: " ".join(given.values()) if isinstance(given, dict) else "",
)
def test_arrays_that_lack_do_not_fit_or_are_pickled_are_named(clinic, arrays, told):
    photos = np.random.default_rng(0).integers(0, 256, (40, 20, 20), dtype=np.uint8)
    given = {"photos": photos, "small": photos[:, :8, :8], "bright": photos * 1.5, "fractions": photos / 255}
    given |= {"label": np.arange(40) % 2, "short": np.arange(30) % 2, "three": np.arange(40) % 3}
    given["pickled"] = np.array([{}] * 40, object)
    path = clinic.folder / "scans.npz"
    np.savez(path, **{name: given[kind] for name, kind in arrays.items()})
    mapping = Mapping(format=Format(arrays={"columns": {"image": "x", "label": "y"}}))
    if told is None:
        assert "black to white" in notes(clinic, path, mapping)
    else:
        assert any(told in text for text in faults(clinic, path, mapping))


# -- the command line


def command(*arguments) -> tuple[int, str]:
    """Exit code, and all that a command printed."""
    told, code = io.StringIO(), 0
    with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
        try:
            app(SOLUTIONS, [str(argument) for argument in arguments])
        except SystemExit as end:
            code = end.code or 0
    return code, told.getvalue()


MAPPING = """
[columns]
patient = "patient"
time = "visit"
site = "site"
label = "label"
image = "image"
[features]
numeric = ["age", "temperature", "heart_rate", "crp"]
categorical = ["sex", "smoker"]
groups = ["sex"]
[labels]
healthy = 0
mild = 1
severe = 2
[signal]
columns = "t[0-9]*"
"""


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """A folder with a table, X-rays and a bundle fitted on them; and the table."""
    folder = tmp_path_factory.mktemp("clinic")
    table = write_xrays(folder, VISITS.head(120), side=16)
    table.to_csv(folder / "patients.csv", index=False)
    settings = "\n".join(f"{name} = {value}" for name, value in TINY.items())
    (folder / "clinic.toml").write_text(f"{MAPPING}[settings]\n{settings}\nsite_prevalence = 0.5\n")
    words = (
        "--data",
        folder / "patients.csv",
        "--config",
        folder / "clinic.toml",
        "--out",
        folder / "bundle",
    )
    code, told = command("fit", "healthcare.diagnosis", *words)
    assert code == 0, told
    return folder, table


def answered(fitted, table: pd.DataFrame) -> tuple[int, str, pd.DataFrame | None]:
    folder, _ = fitted
    out = folder / "answers.csv"
    out.unlink(missing_ok=True)
    table.to_csv(folder / "new.csv", index=False)
    code, told = command("predict", folder / "bundle", "--data", folder / "new.csv", "--out", out)
    assert not [path for path in folder.iterdir() if path.name.startswith(".")], "nothing half written"
    return code, told, pd.read_csv(out) if out.exists() else None


UNKNOWN = ["age", "temperature", "heart_rate", "crp", "sex", "smoker"]
ANSWERED = {
    "the same rows": lambda table: table,
    "no label, patient, site and time": lambda table: table.drop(
        columns=["label", "patient", "site", "visit"]
    ),
    "a part that is given": lambda table: table.assign(split="test"),
    "no image for anyone": lambda table: table.assign(image=""),
    "no signal for anyone": lambda table: table.drop(columns=STEPS).assign(t0=""),
    "a category never seen": lambda table: table.assign(sex="not said"),
    "one row": lambda table: table.head(1),
    "shorter signals": lambda table: table.drop(columns=STEPS[12:]),
    "nothing known": lambda table: table.assign(
        image="", **dict.fromkeys([*UNKNOWN, *STEPS], ""), n=table.index
    ),
}


@pytest.mark.parametrize("case", ANSWERED)
def test_rows_are_answered_with_what_they_have(fitted, case):
    table = ANSWERED[case](fitted[1])
    code, told, answers = answered(fitted, table)
    assert code == 0 and len(answers) == len(table), told
    assert answers["score"].between(0, 1).all() and answers["row"].tolist() == list(range(1, len(table) + 1))
    shares = answers[["p_healthy", "p_mild", "p_severe"]].sum(axis=1)
    np.testing.assert_allclose(shares, 1, atol=1e-6)


REFUSED = {
    "no column of images": (lambda table: table.drop(columns="image"), "add it with empty cells"),
    "no samples": (lambda table: table.drop(columns=STEPS), "give one such column with empty cells"),
    "a feature missing": (lambda table: table.drop(columns="crp"), "column `crp` is missing"),
    "columns of another clinic": (
        lambda table: table.rename(columns={"age": "Alter"}),
        "column `age` is missing",
    ),
    "no rows": (lambda table: table.head(0), "no rows"),
    "images that are not there": (lambda table: table.assign(image="P00012.png"), "more like it"),
    "equal rows": (lambda table: pd.concat([table, table.head(2)]), "duplicates"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_rows_that_do_not_fit_the_bundle_are_refused_with_the_way_out(fitted, case):
    spoil, way_out = REFUSED[case]
    code, told, answers = answered(fitted, spoil(fitted[1]))
    assert code == 2 and way_out in told and answers is None
    assert "Traceback" not in told and "P0" not in told


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda table: table.drop(columns="label"), "column `label` (role `label`) is missing"),
        (lambda table: table.assign(label=""), "no row has a class"),
        (lambda table: table.assign(label="mild"), "expected at least two classes"),
        (lambda table: table.assign(label=["ill", "well"] * 60), "as in [labels]"),
        (lambda table: table.drop(columns="patient"), "add it with empty cells"),
        (lambda table: table.head(0), "no rows"),
    ],
    ids=["no label", "empty labels", "one class", "other labels", "no patient", "no rows"],
)
def test_a_table_that_cannot_judge_is_refused_and_nothing_is_left(fitted, spoil, told):
    folder, table = fitted
    spoil(table).to_csv(folder / "new.csv", index=False)
    out = folder / "deep" / "judged"
    code, said = command("evaluate", folder / "bundle", "--data", folder / "new.csv", "--out", out)
    assert code == 2 and told in said and "Traceback" not in said and not (folder / "deep").exists()


def test_another_part_judges_by_its_own_files(fitted, tmp_path):
    folder, table = fitted
    new = VISITS[~VISITS["patient"].isin(table["patient"])]
    later = write_xrays(tmp_path, new, side=16, seed=1)
    later.to_csv(tmp_path / "later.csv", index=False)
    words = ("--data", tmp_path / "later.csv", "--out", tmp_path / "judged")
    code, told = command("evaluate", folder / "bundle", *words)
    assert code == 0 and (tmp_path / "judged" / "report.html").exists(), told
    judged = pd.read_parquet(tmp_path / "judged" / "predictions.parquet")
    assert len(judged) == len(later) and "position" not in judged
    pipeline = DiagnosisPipeline(DiagnosisPipeline.Config(**TINY), WITH_SIGNAL)
    own = pipeline.read(folder / "patients.csv", WITH_SIGNAL.format)
    found = pipeline.check(own, later=pipeline.read(tmp_path / "later.csv", WITH_SIGNAL.format))
    assert found.photos.present[120:].tolist() == (later["image"] != "").tolist()
    assert found.signals.present[120:].tolist() == later["t0"].notna().tolist()
    (split,) = pipeline.splits(found)
    assert split.test.tolist() == list(range(120, 120 + len(later)))


def test_a_patient_of_the_table_may_not_judge_in_another_file(fitted, tmp_path):
    folder, _ = fitted
    write_xrays(tmp_path, VISITS.iloc[120:], side=16, seed=1).to_csv(tmp_path / "later.csv", index=False)
    words = ("--data", folder / "patients.csv", "--test", tmp_path / "later.csv", "--out", tmp_path / "out")
    code, told = command("run", "healthcare.diagnosis", *words, "--config", folder / "clinic.toml")
    assert code == 2 and "the patient of row 95 (train) is in the test part too" in told and "P0" not in told
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "setting", ["inner_folds=0", "refer=1", "bands.age=[60,40]", "confidence=0.2", "folds=0"]
)
def test_settings_out_of_bounds_are_refused(fitted, setting):
    folder, _ = fitted
    words = (folder / "patients.csv", "--config", folder / "clinic.toml", "--set", f"settings.{setting}")
    code, told = command("check", "healthcare.diagnosis", *words)
    assert code == 2 and setting.partition("=")[0].partition(".")[0] in told and "Traceback" not in told


def test_a_run_of_rows_that_do_not_fit_leaves_nothing(fitted, tmp_path):
    folder, table = fitted
    table.assign(image="").head(8).to_csv(folder / "few.csv", index=False)
    words = (
        "--data",
        folder / "few.csv",
        "--config",
        folder / "clinic.toml",
        "--out",
        tmp_path / "a" / "out",
    )
    code, told = command("run", "healthcare.diagnosis", *words)
    assert code == 2 and "raise test_share" in told and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "settings",
    [
        {"rule": "specificity", "refer": 0, "site_prevalence": 0.5, "confidence": None},
        {"demanded": 0.999, "refer": 0.9, "level": 0.99, "calibration": "isotonic"},
    ],
    ids=["nobody referred", "nearly all referred"],
)
@pytest.mark.parametrize("classes", [2, 3])
def test_extreme_demands_are_met_or_told(classes, settings):
    from shared.protocol import fit_protocol

    rng = np.random.default_rng(0)
    code = rng.integers(0, classes, 60)
    p = rng.dirichlet(np.ones(classes), 60)
    names = ["healthy", "mild", "severe"][:classes]
    kept = {name: value for name, value in settings.items() if name not in ("site_prevalence", "calibration")}
    protocol = fit_protocol(code, p, names, **kept)
    decisions = set(protocol.decide(p))
    allowed = {"refer", *(names if classes > 2 else ("positive", "negative"))}
    assert decisions <= allowed and ("refer" in decisions) == bool(settings["refer"])
    assert DiagnosisPipeline.Config(**TINY | settings).refer == settings["refer"]


def test_a_path_that_is_not_there_is_named():
    code, told = command("check", "healthcare.diagnosis", Path("nowhere.csv"))
    assert code == 2 and "there is no file `nowhere.csv`" in told
