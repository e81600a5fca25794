"""A whole run: killed and resumed, repeated, without personal data, over folds."""

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from shared import run as road
from shared.bundle import load
from shared.contract import Mapping, raw_table
from shared.errors import SplitError, VerticalsError
from shared.stages import Stages
from verticals.finance import FraudPipeline

ROOT = Path(__file__).resolve().parents[2]
TINY = {"epochs": 1, "units": 8, "members": 2, "depth": 1, "bins": 0, "blend": False}
MAIN = """
import sys
from verticals.finance import FraudPipeline
FraudPipeline.rivals = {"amount": [{"feature": "amount"}], "logistic_regression": [{"C": 0.1}]}
from verticals.__main__ import main
main()
"""


@pytest.fixture(autouse=True)
def _cheap_rivals(monkeypatch):
    monkeypatch.setattr(FraudPipeline, "rivals", {"amount": [{"feature": "amount"}]})


def checked(frame: pd.DataFrame, **settings):
    """A pipeline with a tiny network, and the table."""
    mapping = Mapping(columns={"label": "fraud"}, simulated=True)
    pipeline = FraudPipeline(FraudPipeline.Config(**{**TINY, **settings}), mapping)
    return pipeline, pipeline.check(raw_table(frame, "payments.csv"))


def weights(folder: Path) -> list[np.ndarray]:
    return load(folder).model.get_weights()


def start(finished, out: Path) -> subprocess.Popen:
    """The command that made `finished`, in a process of its own."""
    arguments = ["run", "finance.fraud", "--data", finished.data, "--config", finished.config, "--out", out]
    return subprocess.Popen(
        [sys.executable, "-c", MAIN, *map(str, arguments)],
        cwd=out.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def resumed(finished, tmp_path_factory):
    """The same run again: killed in mid-fit, and called a second time. Its folder, and what it printed."""
    place = tmp_path_factory.mktemp("resumed")
    out, checkpoint = place / "acme", place / ".acme.part" / "fit0" / "training.npz"
    process = start(finished, out)
    deadline = time.monotonic() + 120
    while not checkpoint.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "no checkpoint was written"
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert checkpoint.exists() and not out.exists(), "the run was over before it could be killed"
    again = start(finished, out)
    stdout, stderr = again.communicate(timeout=300)
    assert again.returncode == 0, stderr
    return out, stdout, stderr


def test_a_killed_run_goes_on_and_ends_as_if_it_had_never_been_killed(finished, resumed):
    out, _, _ = resumed
    metrics = json.loads((out / "metrics.json").read_text("utf-8"))
    assert metrics["training"]["resumed_from"] >= 1
    for mine, other in zip(weights(out / "bundle"), weights(finished.folder / "bundle"), strict=True):
        np.testing.assert_array_equal(mine, other)
    pd.testing.assert_frame_equal(
        pd.read_parquet(out / "predictions.parquet"),
        pd.read_parquet(finished.folder / "predictions.parquet"),
        check_exact=True,
    )
    before = json.loads((finished.folder / "metrics.json").read_text("utf-8"))
    assert metrics["results"] == before["results"] and metrics["verdict"] == before["verdict"]
    assert [path.name for path in out.parent.iterdir()] == ["acme"]


def test_a_run_in_its_own_process_prints_stages_and_notes_and_no_noise(resumed):
    _, stdout, stderr = resumed
    stages = {"read", "check", "split", "prepare", "fit", "decide", "score", "rivals", "judge", "explain",
              "save", "report"}  # fmt: skip
    noise = [line for line in stderr.splitlines() if line not in stages and not line.startswith("note: ")]
    assert not noise
    assert stdout.splitlines()[0].startswith("simulated")


def test_no_card_and_no_terminal_is_named_in_what_a_run_leaves_or_prints(finished, resumed, payments):
    names = {*payments["card"], *payments["terminal"]}
    out, stdout, stderr = resumed
    texts = {"stdout": stdout.encode(), "stderr": stderr.encode()}
    for folder in (finished.folder, out):
        for path in folder.rglob("*"):
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as archive:
                    texts |= {f"{path}/{name}": archive.read(name) for name in archive.namelist()}
            elif path.suffix == ".parquet":
                texts[path] = pd.read_parquet(path).to_csv().encode()
            elif path.is_file():
                texts[path] = path.read_bytes()
    assert len(texts) > 8
    for place, text in texts.items():
        assert not [name for name in names if name.encode() in text], place


def test_two_runs_with_one_seed_give_one_network_and_one_set_of_answers(payments, tmp_path):
    for name in ("one", "two"):
        road.run(*checked(payments, epochs=2, seed=3), tmp_path / name)
    for mine, other in zip(
        weights(tmp_path / "one" / "bundle"), weights(tmp_path / "two" / "bundle"), strict=True
    ):
        np.testing.assert_array_equal(mine, other)
    one, two = (pd.read_parquet(tmp_path / name / "predictions.parquet") for name in ("one", "two"))
    pd.testing.assert_frame_equal(one, two, check_exact=True)


def test_the_report_says_simulated_only_of_simulated_data(finished, payments, tmp_path):
    page = (finished.folder / "report.html").read_text("utf-8")
    assert "simulated" in page.lower()
    pipeline, _ = checked(payments)
    real = FraudPipeline(pipeline.config, Mapping(columns={"label": "fraud"}))
    metrics = road.run(real, real.check(raw_table(payments, "payments.csv")), tmp_path / "real", lang="zh")
    assert metrics["simulated"] is False
    assert "模拟" not in (tmp_path / "real" / "report.html").read_text("utf-8")


def test_folds_by_time_judge_a_later_week_each(payments, tmp_path):
    metrics = road.run(*checked(payments, folds=2, train_days=12), tmp_path / "out")
    predictions = pd.read_parquet(tmp_path / "out" / "predictions.parquet")
    day = payments["time"].dt.floor("D").to_numpy()[predictions["row"] - 1]
    weeks = [day[predictions["fold"] == fold] for fold in (0, 1)]
    assert weeks[0].max() < weeks[1].min()
    assert set(predictions["fold"]) == {0, 1} and metrics["split"]["folds"] == 2
    assert [len(values) for values in metrics["folds"].values()] == [2] * len(metrics["results"])
    value = metrics["results"]["model"]["average_precision"]["value"]
    assert value == pytest.approx(np.mean(metrics["folds"]["model"]))


def test_stratified_folds_judge_every_row_once(payments, tmp_path):
    metrics = road.run(*checked(payments, split="stratified", folds=2, drop_known=False), tmp_path / "out")
    predictions = pd.read_parquet(tmp_path / "out" / "predictions.parquet")
    assert sorted(predictions["row"]) == list(range(1, len(payments) + 1))
    assert metrics["split"]["method"] == "stratified" and len(metrics["folds"]["model"]) == 2


def test_rows_without_card_and_terminal_are_enough(payments, tmp_path):
    metrics = road.run(*checked(payments[["time", "amount", "fraud"]]), tmp_path / "out")
    assert set(metrics["results"]) == {"model", "amount"}


TOO_LITTLE = {
    "ten days": (lambda f: f[f["time"] < "2025-01-11"], [], ["train part", "no rows", "2025-01-01", "2025-01-10"]),
    "no frauds in the test days": (
        lambda f: f.assign(fraud=f["fraud"].where(f["time"] < "2025-01-25", 0)), [], ["test part", "no positive"],
    ),
    "no frauds to learn from": (
        lambda f: f.assign(fraud=f["fraud"].where(f["time"] >= "2025-01-30", 0)), [], ["train part", "no positive"],
    ),
    "frauds on one card only": (
        lambda f: f.assign(fraud=(f["card"] == f["card"].iloc[0]).astype(int)),
        ["--set=settings.drop_known=false"],
        ["part (2025-01-01 to 2025-01-26) has", "no positive one", "valid_share"],
    ),
    "a start after the end": (
        lambda f: f, ["--set=settings.test_start=2026-01-01"], ["`test_start` is 2026-01-01", "2025-02-09"],
    ),
    "a start that is no date": (lambda f: f, ["--set=settings.test_start=tomorrow"], ["tomorrow"]),
    "more folds than weeks": (lambda f: f, ["--set=settings.folds=9"], ["fold 1 of 9"]),
}  # fmt: skip


@pytest.mark.parametrize("case", TOO_LITTLE)
def test_a_table_that_cannot_be_split_is_refused_in_plain_words(command, payments, tmp_path, case):
    change, options, words = TOO_LITTLE[case]
    data = tmp_path / "short.csv"
    change(payments).to_csv(data, index=False)
    out = tmp_path / "runs" / "short"
    outcome = command(
        "run", "finance.fraud", "--data", data, "--set=columns.label=fraud", *options, "--out", out
    )
    assert outcome.code == 2, outcome
    assert "Traceback" not in outcome.err and "unexpected" not in outcome.err
    for word in words:
        assert word in outcome.err, outcome.err
    assert not list(tmp_path.glob("runs/*")) + list(tmp_path.glob("runs/.*")), "something was left behind"


def test_a_failed_run_leaves_nothing_that_could_confuse_the_next(payments, tmp_path, monkeypatch):
    out, part = tmp_path / "out", tmp_path / ".out.part"
    pipeline, table = checked(payments)
    with pytest.raises(SplitError):
        road.run(*checked(payments, test_start="2026-01-01"), out)
    assert not part.exists() and not out.exists()

    (part / "bundle").mkdir(parents=True)  # as a run leaves it that was killed while it saved
    (part / "bundle" / "bundle.json").write_text("{}")
    (part / "fit3").mkdir()
    (part / "fit3" / "training.npz").write_bytes(b"of another job")
    fitted = road.fit(pipeline, table, tmp_path / "bundle")
    road.evaluate(load(fitted), table, out)
    assert sorted(path.name for path in out.iterdir()) == [
        "metrics.json",
        "predictions.parquet",
        "report.html",
    ]
    assert not part.exists()


def test_a_folder_that_cannot_be_written_is_refused_before_the_work(payments, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(VerticalsError, match="file"):
        road.run(*checked(payments), tmp_path / "file" / "out")


def test_a_run_that_was_stopped_by_hand_goes_on_from_its_last_epoch(payments, tmp_path):
    class Impatient(Stages):
        def say(self, text):
            if text.startswith("epoch 1"):
                raise KeyboardInterrupt

    (tmp_path / ".out.part").mkdir()
    (tmp_path / ".out.part" / "predictions.parquet").write_bytes(b"left by another")
    with pytest.raises(KeyboardInterrupt):
        road.run(*checked(payments, epochs=2), tmp_path / "out", stages=Impatient())
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")}
    assert left == {".out.part", ".out.part/fit0", ".out.part/fit0/training.npz"}
    metrics = road.run(*checked(payments, epochs=2), tmp_path / "out")
    assert metrics["training"]["resumed_from"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
