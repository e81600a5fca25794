"""The quick road of rows that are written plainly: no data frame is built, and rows of several requests go together.

It calls the pipeline's own hooks on NumPy columns, so that a clone's features are what is answered from. What it does
not read (`Unread`) goes the contract's road, which knows more ways of writing and has the words for every fault.
"""

import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from shared.binary import BinaryPipeline, Prepared
from shared.contract import Table
from shared.contract.plan import reading_plan
from shared.diagnostic import DiagnosticPipeline
from shared.imaging import ImagePipeline
from shared.light.frame import Frame, Memory, stacked
from shared.light.reader import Unread, read_rows
from shared.light.tables import Table as LightTable
from shared.pipeline import Pipeline
from shared.serve.past import Past

MOST = 256  # rows beyond which a data frame is as quick


@dataclass
class Rows:
    """One request's part.

    Args:
        rows: Cells by the customer's names of columns.
        history: Earlier rows that came with them; the store is then not looked at.
        keep: Whether the store keeps them.
    """

    rows: Sequence[dict[str, Any]]
    history: Sequence[dict[str, Any]] = field(default_factory=list)
    keep: bool = True


@dataclass
class RowsAnswered:
    """Answers to one request, and what reasons are told from."""

    answers: list[dict[str, Any]]
    frame: Frame
    prepared: Prepared
    places: np.ndarray


class RowPath:
    """Scores rows of a loaded pipeline.

    Args:
        pipeline: Its network on a runtime that answers one row at once.
        past: Where earlier rows are kept; None: nowhere.
    Attributes:
        not_kept: Called with the error and the number of rows where answered rows cannot be kept.
    """

    def __init__(self, pipeline: BinaryPipeline, past: Past | None = None):
        self.pipeline, self.past, self._lock = pipeline, past, threading.Lock()
        self.not_kept: Callable[[Exception, int], None] = lambda error, rows: None
        self.plan = reading_plan(pipeline.roles, pipeline.mapping)

    @classmethod
    def fits(cls, pipeline: Pipeline) -> bool:
        """Whether the pipeline answers row by row, in the words of `BinaryPipeline`."""
        plain = isinstance(pipeline, BinaryPipeline) and pipeline.mapping.wide is None
        other = isinstance(pipeline, (ImagePipeline, DiagnosticPipeline))
        return plain and not other and type(pipeline).answers is BinaryPipeline.answers

    def read(self, asked: Rows, *, most: int = MOST) -> tuple[Frame, Frame | None]:
        """The rows and their history by column.

        Args:
            most: Rows, and earlier rows, that are read one by one.
        Raises:
            Unread: If a cell is not written plainly, or there are more rows.
        """
        if max(len(asked.rows), len(asked.history)) > most:
            raise Unread("there are many rows")
        if self.plan["format"]["duplicates"] != "keep" and (_repeats(asked.rows) or _repeats(asked.history)):
            raise Unread("two rows are equal")
        history = read_rows(asked.history, self.plan, labels=True) if asked.history else None
        return read_rows(asked.rows, self.plan, labels=True), history

    def answer(self, asked: Sequence[Rows]) -> list[RowsAnswered]:
        """Answers several requests at once, each as if it were alone but for the store.

        Raises:
            Unread: If any cell is not written plainly.
        """
        return self.answered([(each, *self.read(each)) for each in asked])

    def answered(self, read: Sequence[tuple[Rows, Frame, Frame | None]]) -> list[RowsAnswered]:
        """The same of what `read` gave."""
        if self.past is None:
            return self._answered(read)
        with self._lock:  # so that of two threads one sees what the other keeps
            return [each for part in self._parts(read) for each in self._answered(part)]

    def _parts(self, read) -> list[list]:
        """The requests in their order, together as far as none looks back on another's keys."""
        parts, seen = [[]], set()
        for each in read:
            codes = self.past.codes(each[1]) if each[2] is None else {}
            keys = {(key, code) for key in codes for code in codes[key].tolist() if code >= 0}
            if seen & keys:
                parts.append([])
                seen = set()
            parts[-1].append(each)
            seen |= keys
        return parts

    def answered_table(self, table: Table, *, keep: bool = True) -> RowsAnswered:
        """The rows of a checked table, with what the store has of their keys."""
        return self.answered([(Rows([], keep=keep), self.frame_of(table), None)])[0]

    def frame_of(self, table: Table) -> Frame:
        """The columns of a checked table."""
        kept = [entry["target"] for entry in self.plan["columns"] if entry["target"] in table.frame]
        return Frame({name: _plain(table.frame[name]) for name in kept}, len(table))

    def _answered(self, read) -> list[RowsAnswered]:
        table, memory = self._together(read)
        prepared = self.pipeline.prepare(table)
        scores = self.pipeline.scores(prepared, np.arange(table.own))
        decisions = self.pipeline.thresholds.decide(scores).tolist()
        found, start, scores = [], 0, scores.tolist()
        for _, frame, _ in read:
            stop = start + len(frame)
            answers = [
                {"row": row, "score": score, "decision": decision}
                for row, (score, decision) in enumerate(zip(scores[start:stop], decisions[start:stop]), 1)
            ]
            found.append(RowsAnswered(answers, frame, prepared, np.arange(start, stop)))
            start = stop
        if self.past is not None:
            self._keep(read, memory)
        return found

    def _together(self, read) -> tuple[LightTable, Memory]:
        """One table: the rows of all requests, then what each looks back on."""
        stored = [self.past is not None and history is None for _, _, history in read]
        frames = [
            self.past.with_labels(frame) if of_store else frame
            for (_, frame, _), of_store in zip(read, stored)
        ]
        numbers = [0 if of_store else number for number, of_store in enumerate(stored, start=1)]
        apart = [np.full(len(frame), number) for frame, number in zip(frames, numbers)]
        behind = [(history, number) for (_, _, history), number in zip(read, numbers) if history is not None]
        known: dict[str, np.ndarray] = {}
        own = sum(map(len, frames))
        if any(stored):
            for frame in (*frames, *(history for history, _ in behind)):
                self.past.codes(frame)  # so that all keys are compared by their hashes, and no texts are made
            asking = stacked([frame for frame, of_store in zip(frames, stored) if of_store])
            found = self.past.behind(asking)
            if found is not None:
                behind.append((found[0], 0))
                before = own + sum(len(history) for history, _ in behind[:-1])
                known = {name: _behind(values, before) for name, values in found[1].items()}
        frames += [history for history, _ in behind]
        apart += [np.full(len(history), number) for history, number in behind]
        whole, memory, apart = stacked(frames), Memory(known), np.concatenate(apart)
        whole.memory, whole.apart = memory, apart if len(read) > 1 else None
        # What is remembered of earlier rows need not be found again; of those that came with a request it must.
        recalled = bool(known) and all(not np.isnan(values[own:]).any() for values in known.values())
        whole.asked = own if all(stored) and recalled else None
        return LightTable(whole, self.pipeline.mapping, np.arange(1, len(whole) + 1), own), memory

    def _keep(self, read, memory: Memory) -> None:
        """Puts the rows into the store; those that brought their history have none to come behind."""
        start, frames, places = 0, [], []
        for each, frame, history in read:
            stop = start + len(frame)
            if each.keep and history is None:
                frames.append(frame)
                places.append(np.arange(start, stop))
            start = stop
        if not frames:
            return
        rows = np.concatenate(places)
        try:
            self.past.add(stacked(frames), {name: values[rows] for name, values in memory.found.items()})
        except sqlite3.Error as error:  # a full disk; the answers are right, and must not be lost with it
            self.not_kept(error, len(rows))

    def remember(self, frame: Frame) -> int:
        """Puts rows with their labels into the store; returns how many are new."""
        with self._lock:
            table, memory = self._together([(Rows([]), frame, None)])
            self.pipeline.prepare(table)
            found = {name: values[: len(frame)] for name, values in memory.found.items()}
            return self.past.add(frame, found)


def _repeats(rows: Sequence[dict[str, Any]]) -> bool:
    """Whether two rows are equal as they came; the contract decides what is to be done with them."""
    if len(rows) < 2:
        return False
    return len({repr(sorted((name, _alike(cell)) for name, cell in row.items())) for row in rows}) < len(rows)


def _alike(cell: Any) -> Any:
    """One form of the numbers that a column reads alike."""
    return float(cell) if isinstance(cell, (int, float)) and not isinstance(cell, bool) else cell


def _plain(values) -> np.ndarray:
    """A column of a data frame as the features read one of a `Frame`."""
    if not hasattr(values, "cat"):
        return values.to_numpy()
    names = np.append(values.cat.categories.to_numpy(dtype=object), None)
    return names[values.cat.codes.to_numpy()]  # code -1, missing, picks the last


def _behind(values: np.ndarray, rows: int) -> np.ndarray:
    """Remembered values behind so many rows of which nothing is remembered yet."""
    return np.concatenate([np.full((rows, *values.shape[1:]), np.nan), values])
