"""Counts of what a service was asked and what it answered, in files that `verticals monitor --sketches` reads."""

import os
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from shared.contract import Table
from shared.light.frame import Frame, stacked
from shared.monitoring.inputs import input_columns, score_columns, values_of
from shared.monitoring.monitor import profile_of
from shared.monitoring.sketch import Sketch

SECONDS = 60  # between two times that the file is written
MANY = 1000  # requests of the quick road that are counted at once: counting one costs more than answering it


class Sketches:
    """The counts of one worker since it started, in one file of its own.

    Args:
        pipeline: That answers.
        content: JSON of its bundle.
        folder: Where the file goes.
    Raises:
        BundleError: If the bundle keeps no profile to count by.
    """

    def __init__(self, pipeline, content: dict[str, Any], folder: str | Path):
        self._pipeline, self._profile = pipeline, profile_of(content, "the bundle")
        self._lock, self._written = threading.Lock(), True
        self.path = Path(folder) / f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{os.getpid()}.json"
        self.sketch = Sketch(self._profile.mark, {})
        self._held: list[tuple[Frame, list[dict[str, Any]]]] = []

    def add(self, table: Table, frame: pd.DataFrame) -> None:
        """Counts one request's own rows and their answers."""
        own = np.arange(len(table) if table.own is None else table.own)
        columns = input_columns(self._pipeline, table, own) | score_columns(frame)
        counted = self._profile.sketch(values_of(columns))
        with self._lock:
            self.sketch, self._written = self.sketch + counted, False

    def hold(self, rows: Frame, answers: list[dict[str, Any]]) -> bool:
        """Puts one request of the quick road aside; whether there are so many that `count` should be called."""
        with self._lock:
            self._held.append((rows, answers))
            return len(self._held) == MANY

    def count(self) -> None:
        """Counts the requests that were put aside, all at once."""
        with self._lock:
            held, self._held = self._held, []
        if held:
            rows = stacked([rows for rows, _ in held])
            columns = {name: _column(rows[name]) for name in rows}
            table = SimpleNamespace(frame=pd.DataFrame(columns), photos=None, signals=None, own=len(rows))
            self.add(table, pd.DataFrame([each for _, answers in held for each in answers]))

    def save(self) -> None:
        """Writes the file, whole or not at all, if anything came in since."""
        self.count()
        with self._lock:
            if self._written:
                return
            sketch, self._written = self.sketch, True
        sketch.save(self.path)


def _column(values: np.ndarray):
    return pd.Categorical(values) if values.dtype == object else values
