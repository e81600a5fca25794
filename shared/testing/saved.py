"""Promises on the bundle: the same answers everywhere, and no key in it."""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pandas as pd

from shared import bundle
from shared.interpreter import environment_of_here
from shared.testing.trial import KEY, Trial

FRESH = """
import sys
from shared.bundle import load
pipeline = load(sys.argv[1])
pipeline.predict(pipeline.check(pipeline.read(sys.argv[2], predict=True), predict=True)).to_parquet(sys.argv[3])
"""


def check_saved_is_loaded(trial: Trial, *, fresh_process: bool = True) -> None:
    """A loaded pipeline answers exactly as the one that was saved; neither holds a key."""
    expected = trial.scored(trial.unlabelled)
    with tempfile.TemporaryDirectory() as place:
        folder = bundle.save(trial.pipeline, Path(place) / "bundle")
        loaded = bundle.load(folder, type(trial.pipeline))
        pd.testing.assert_frame_equal(
            expected, trial.scored(trial.unlabelled, loaded), check_exact=True, obj="answers after loading"
        )
        _holds_no_key(trial, folder, expected)
        if fresh_process:
            pd.testing.assert_frame_equal(
                expected,
                _in_fresh_process(trial, Path(place)),
                check_exact=True,
                obj="answers of a fresh process",
            )


def _in_fresh_process(trial: Trial, place: Path) -> pd.DataFrame:
    data, answers = place / "rows.parquet", place / "answers.parquet"
    trial.unlabelled.to_parquet(data, index=False)
    done = subprocess.run(
        [sys.executable, "-c", FRESH, str(place / "bundle"), str(data), str(answers)],
        env=environment_of_here(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"a fresh process cannot load the bundle and predict:\n{done.stderr[-2000:]}"
    return pd.read_parquet(answers)


def _holds_no_key(trial: Trial, folder: Path, answers: pd.DataFrame) -> None:
    kept = [role.name for role in trial.pipeline.roles if role.kind == "key" or role.private]
    marks = [KEY.format(role=name, number="") for name in kept]
    texts = (
        {} if "step" in answers else {"predictions": answers.to_csv().encode()}
    )  # forecasts name their item
    for path in folder.rglob("*"):
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                texts |= {f"{path.name}/{name}": archive.read(name) for name in archive.namelist()}
        elif path.is_file():
            texts[path.name] = path.read_bytes()
    for name, text in texts.items():
        for mark in marks:
            assert mark.encode() not in text, f"{name} holds values of a key, which may name a person"
