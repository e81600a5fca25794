"""Answers of a process of its own, which knows nothing but the bundle's folder and the customer's file."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from shared.errors import BundleError
from shared.interpreter import environment_of_here, last_line, said_in


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
        env=environment_of_here(),
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise BundleError(f"a fresh process cannot load {folder} and answer: {last_line(done.stderr)[:300]}")
    return pd.read_parquet(answers)


def answered_lightly(folder: Path, question: dict[str, Any]) -> list[dict[str, Any]]:
    """What the light scorer of a folder answers, in a new interpreter that reads the folder's own code.

    Raises:
        BundleError: If it refuses the rows, or fails; the message says how.
    """
    done = said_in(folder, ["-m", "shared.light", ".", "-"], json.dumps(question))
    if done.returncode:
        raise BundleError(f"the light scorer does not answer: {last_line(done.stderr)[:300]}")
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
