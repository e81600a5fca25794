"""Counts of what a service was asked and what it answered, in files that `verticals monitor --sketches` reads."""

import os
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from shared.contract import Table
from shared.monitoring.inputs import input_columns, score_columns, values_of
from shared.monitoring.monitor import profile_of
from shared.monitoring.sketch import Sketch

SECONDS = 60  # between two times that the file is written


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

    def add(self, table: Table, frame) -> None:
        """Counts one request's own rows and their answers."""
        own = np.arange(len(table) if table.own is None else table.own)
        columns = input_columns(self._pipeline, table, own) | score_columns(frame)
        counted = self._profile.sketch(values_of(columns))
        with self._lock:
            self.sketch, self._written = self.sketch + counted, False

    def save(self) -> None:
        """Writes the file, whole or not at all, if anything came in since."""
        with self._lock:
            if self._written:
                return
            sketch, self._written = self.sketch, True
        sketch.save(self.path)
