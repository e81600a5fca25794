"""Answers of a process of its own, which knows nothing but the bundle's folder and the customer's file."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from shared.errors import BundleError


def answered_in_a_fresh_process(
    folder: Path, data: Path, place: Path, *, history: Path | None = None, seed: int, most: int
) -> pd.DataFrame:
    """What `answer` writes, called in a new interpreter.

    Args:
        folder: The bundle.
        data: The customer's file; `history`, `seed`, `most` as in `asked_of`.
        place: Folder for the answers.
    Raises:
        BundleError: If that process fails; the message says how.
    """
    answers = place / "answers.parquet"
    names = {"folder": folder, "data": data, "answers": answers, "history": history}
    settings = {name: path and str(path.absolute()) for name, path in names.items()}
    done = subprocess.run(
        [sys.executable, "-m", "shared.parity.fresh", json.dumps(settings | {"seed": seed, "most": most})],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(entry or os.getcwd() for entry in sys.path)},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise BundleError(f"a fresh process cannot load {folder} and answer: {last[:300]}")
    return pd.read_parquet(answers)


def answered_lightly(folder: Path, question: dict[str, Any]) -> list[dict[str, Any]]:
    """What the light scorer of a folder answers, in a new interpreter that reads the folder's own code.

    Raises:
        BundleError: If it refuses the rows, or fails; the message says how.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-m", "shared.light", ".", "-"],
        cwd=folder,
        env=environment,
        input=json.dumps(question),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise BundleError(f"the light scorer does not answer: {last[:300]}")
    return json.loads(done.stdout)


def answer(settings: dict) -> None:
    """Loads a bundle, makes the same rows as the process that asked, and writes the answers as Parquet."""
    from shared import bundle
    from shared.parity.rows import asked_of

    pipeline = bundle.load(settings["folder"])
    history = settings["history"] and Path(settings["history"])
    asked = asked_of(
        pipeline, Path(settings["data"]), history=history, seed=settings["seed"], most=settings["most"]
    )
    asked.answers(pipeline).to_parquet(settings["answers"], index=False)


if __name__ == "__main__":
    answer(json.loads(sys.argv[1]))
