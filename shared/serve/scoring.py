"""A question to an answer, by the road of `verticals predict`: read, check, predict."""

import base64
import contextlib
import io
import sqlite3
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from shared import bundle
from shared.bundle_files import digest
from shared.contract import RawTable, Table
from shared.contract.cells import Unread
from shared.diagnostic import DiagnosticPipeline
from shared.errors import BundleError, ContractError, Fault
from shared.forecast import ForecastPipeline
from shared.images.listing import photos_of
from shared.imaging import ImagePipeline
from shared.light.reader import read_rows
from shared.serve.answered import Answered
from shared.serve.csv_rows import read_csv, stacked
from shared.serve.fields import read_roles_of
from shared.serve.opening import loaded, quick_road
from shared.serve.problems import Problem
from shared.serve.questions import Question
from shared.serve.reasons import MOST_ROWS, reasons_of, tells_reasons
from shared.serve.rowpath import RowPath, Rows, RowsAnswered
from shared.serve.rows import raw_of
from shared.serve.settings import ServeSettings
from shared.serve.uploads import Uploads, unpacked

LARGEST = 1e-6  # difference of a score between the two roads


class Scoring:
    """A loaded bundle that answers questions; several threads may ask it.

    Args:
        folder: Of the bundle.
        settings: How the service is run.
    Raises:
        BundleError: If the bundle is damaged.
        MissingExtraError: If ONNX Runtime is asked for and not installed.
    """

    def __init__(self, folder: str | Path, settings: ServeSettings):
        self.settings, self.content = settings, bundle.read_facts(folder)
        self.version = digest(self.content)[:12]
        self.runtime, self.pipeline = loaded(folder, self.content, settings)
        mapping = self.pipeline.mapping
        self.roles = [role.name for role in read_roles_of(self.pipeline)]
        self.quick = quick_road(self.pipeline, settings, self.version)
        given = settings.history is not None
        self.past = self.pipeline.read(settings.history, mapping.format) if given else None
        if given and self.store is not None:
            self._fill()

    def _fill(self) -> None:
        """Puts the rows of `--history` where they are looked up by their keys; else each request reads them all.

        Raises:
            ContractError: If they do not fit.
            BundleError: If they are to be kept, and the features ask for a data frame.
        """
        table = self.pipeline.check(self.past, predict=True)
        try:
            self.store.remember(self.quick.frame_of(table))
        except (AttributeError, TypeError, KeyError) as error:  # of a clone's own features
            if self.settings.store is not None:
                why = f"{type(error).__name__} in the features"
                raise BundleError(
                    f"earlier rows cannot be kept: without a data frame there is a {why}"
                ) from None
            self.quick = None
        else:
            self.past = None

    def prove_quick(self, rows: list[dict[str, Any]]) -> str | None:
        """Compares the two roads on rows; where they differ the quick one is given up, and why is told.

        Raises:
            BundleError: If they differ and earlier rows are to be kept, which only the quick one can.
        """
        if self.quick is None:
            return None
        try:
            (found,) = RowPath(self.pipeline).answer([Rows(rows)])
            table = self.pipeline.check(
                raw_of(rows, self.pipeline.mapping, self.roles, Uploads()), predict=True
            )
            wanted = self.pipeline.predict(table, np.arange(len(rows)))["score"].to_numpy()
            gap = float(np.abs(np.array([each["score"] for each in found.answers]) - wanted).max())
            why = None if gap <= LARGEST else f"a score differs by {gap:.1e}"
        except Unread as error:
            why = str(error)
        except Exception as error:  # of a clone's own features, which may ask for a data frame
            why = f"{type(error).__name__} in the features"
        if why is not None and self.store is not None:
            raise BundleError(f"earlier rows cannot be kept: without a data frame the features fail ({why})")
        self.quick = self.quick if why is None else None
        return why

    @property
    def store(self) -> RowPath | None:
        """Where earlier rows are looked up by their keys; None: nowhere."""
        return self.quick if self.quick is not None and self.quick.past is not None else None

    def answer(self, question: Question) -> Answered:
        """The answers to all rows of a question.

        Raises:
            ContractError: With every fault of the rows.
            Problem: If there are too many rows, or what is asked for is not to be had.
        """
        asked = self.asked(question)
        if asked is not None:
            with contextlib.suppress(Unread):
                return self.told(question, self.quick.answer([asked])[0])
        return self.by_contract(question)

    def asked(self, question: Question) -> Rows | None:
        """The question for the quick road; None: it is not one of rows alone, or there is no such road."""
        if self.quick is None or self.past is not None or not question.rows:
            return None
        self._refuse(question)
        most = min(MOST_ROWS, self.settings.max_rows)
        if question.files or max(len(question.rows), len(question.history or ())) > most:
            return None
        return Rows(question.rows, question.history or [], self.keeps(question))

    def keeps(self, question: Question) -> bool:
        """Whether the rows of a question are kept: where the store lies on a disk, and the question does not say no."""
        return question.keep and self.settings.store is not None

    def told(self, question: Question, found: RowsAnswered) -> Answered:
        """What the quick road found, with the reasons that were asked for."""
        reasons = None
        if question.reasons:
            reasons = reasons_of(
                self.pipeline, found.prepared, found.places, most=question.reasons, lang=question.lang
            )
        return Answered(found.answers, reasons=reasons, table=found.frame)

    def by_contract(self, question: Question) -> Answered:
        """The road of `verticals predict`, which every other road must agree with."""
        self._refuse(question)
        raw = self.raw(question)
        if len(raw) > self.settings.max_rows:
            raise _too_many(len(raw), self.settings.max_rows)
        if question.reasons and len(raw) > MOST_ROWS:
            text = f"reasons are given for {MOST_ROWS} rows at most, found {len(raw):,}. Ask for fewer rows"
            raise Problem(422, text)
        earlier = self.earlier(question)
        table = self.pipeline.check(raw, predict=True, earlier=earlier)
        if self.store is not None and earlier is None:
            found = self.store.answered_table(table, keep=self.keeps(question))
            answers = [each | {"row": row} for each, row in zip(found.answers, table.rows.tolist())]
            return replace(self.told(question, found), answers=answers, notes=table.notes, table=table)
        own = np.arange(len(table) if table.own is None else table.own)
        frame, heatmaps = self._predicted(table, own, pictures=question.pictures)
        reasons = None
        if question.reasons:
            prepared = self.pipeline.prepare(table)
            reasons = reasons_of(self.pipeline, prepared, own, most=question.reasons, lang=question.lang)
        return Answered(frame, table.notes, reasons, heatmaps, table)

    def remember(self, question: Question) -> int:
        """Puts rows, with labels where they are known, into the store; returns how many are new.

        Raises:
            ContractError: With every fault of the rows.
        """
        self._refuse(question)
        try:
            frame = read_rows(question.rows or [], self.quick.plan, labels=True)
        except Unread:
            frame = self.quick.frame_of(self.pipeline.check(self.raw(question), predict=True))
        try:
            return self.store.remember(frame)
        except sqlite3.Error as error:
            raise Problem(503, f"the rows cannot be kept: {error}. None of them were") from None

    def raw(self, question: Question) -> RawTable:
        """The rows of a question as they were delivered."""
        store = self._store(question.files)
        if question.rows is not None:
            return raw_of(question.rows, self.pipeline.mapping, self.roles, store)
        if question.table is not None:
            return replace(read_csv(self.pipeline, question.table), store=store)
        if "image" not in self.roles:
            fault = Fault(text="photos were sent, and this solution reads none. Send rows")
            raise ContractError("the request does not fit", [fault])
        if isinstance(self.pipeline, ImagePipeline):
            return photos_of(store)
        listed = photos_of(store, named=False)
        return replace(listed, data=listed.data.select(["image"]))

    def earlier(self, question: Question) -> RawTable | None:
        """The rows that the answers look back on: those of `--history` that no store holds, and those sent."""
        sent = None
        if question.history:
            if len(question.history) > self.settings.max_rows:
                raise _too_many(len(question.history), self.settings.max_rows)
            sent = raw_of(question.history, self.pipeline.mapping, self.roles, Uploads())
            if sent.faults:
                raise ContractError("`history` does not fit", sent.faults)
        if self.past is None or sent is None:
            return sent if self.past is None else self.past
        return stacked([self.past, sent], decimal=self.pipeline.mapping.format.decimal)

    @property
    def looks_back(self) -> bool:
        """Whether earlier rows can change an answer."""
        if isinstance(self.pipeline, (ImagePipeline, DiagnosticPipeline)):
            return False
        return isinstance(self.pipeline, ForecastPipeline) or any(
            role.kind == "key" and role.name in self.roles for role in self.pipeline.roles
        )

    def _refuse(self, question: Question) -> None:
        """What this bundle cannot answer, whatever the rows are."""
        faults = []
        if question.reasons and not tells_reasons(self.pipeline):
            faults.append(Fault(text="`reasons`: this solution gives none. Ask without them"))
        if question.history and not self.looks_back:
            faults.append(Fault(text="`history`: this solution looks back on no rows. Ask without them"))
        if question.pictures and not isinstance(self.pipeline, ImagePipeline):
            faults.append(Fault(text="`pictures`: this solution draws none. Ask without them"))
        if faults:
            raise ContractError("the request does not fit", faults)
        if question.rows is not None and len(question.rows) > self.settings.max_rows:
            raise _too_many(len(question.rows), self.settings.max_rows)

    def _store(self, files: dict[str, bytes]) -> Uploads:
        store = Uploads()
        for name, content in files.items():
            zipped = name.lower().endswith(".zip")
            inside = (
                unpacked(name, content, most_bytes=self.settings.max_bytes) if zipped else {name: content}
            )
            for each, photo in inside.items():
                if not store.add(each, photo):
                    raise ContractError(
                        "the request does not fit",
                        [Fault(text="two files have one name. Rename one of them")],
                    )
        return store

    def _predicted(self, table: Table, own: np.ndarray, *, pictures: bool):
        if not pictures:
            return self.pipeline.predict(table, own), None
        with tempfile.TemporaryDirectory(prefix="verticals-") as folder:
            frame = self.pipeline.predict(table, own, folder=Path(folder))
            heatmaps = [_png(Path(folder) / name) for name in frame["heatmap"]]
        return frame.drop(columns="heatmap"), heatmaps


def _png(path: Path) -> str:
    from PIL import Image

    out = io.BytesIO()
    with Image.open(path) as picture:
        picture.save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode("ascii")


def _too_many(found: int, most: int) -> Problem:
    return Problem(413, f"a request holds {most:,} rows at most, found {found:,}. Send them in parts")
