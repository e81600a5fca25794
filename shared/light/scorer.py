"""A folder that `verticals export --format light` wrote, loaded: the customer's rows in, answers out."""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from shared.errors import BundleError
from shared.export.ports import Signature
from shared.export.sessions import onnx_session
from shared.light.reader import read_rows

FACTS, NETWORK = "scorer.json", "model.onnx"
SCORERS = {
    "binary": "shared.light.rows:RowScorer",
    "diagnosis": "shared.light.patients:PatientScorer",
    "image": "shared.light.photos:PhotoScorer",
    "forecast": "shared.light.series:SeriesScorer",
}


class LightScorer:
    """Answers rows as the bundle does that it was made of; NumPy and ONNX Runtime are all that it needs.

    Args:
        folder: With `scorer.json` and `model.onnx`.
        threads: That compute one batch; None: as many as there are cores.
    Raises:
        BundleError: If a file is missing or damaged.
        MissingExtraError: If ONNX Runtime is not installed.
    """

    def __init__(self, folder: str | Path, *, threads: int | None = 1):
        self.content = read_scorer(folder)
        session = onnx_session(
            Path(folder) / NETWORK, Signature.from_dict(self.content["network"]), threads=threads
        )
        self.plan = self.content["plan"]
        self._scorer = _scorer_of(self.content, session)

    def answer(
        self, rows: Sequence[Mapping[str, Any]], *, history: Sequence[Mapping[str, Any]] = ()
    ) -> list[dict[str, Any]]:
        """One dictionary an answer, with the names that `Pipeline.predict` gives its columns.

        Args:
            rows: Cells by the customer's names of columns. A photo is a path, the bytes of a file, an array of
                pixels, or `{"name": ..., "base64": ...}`; a signal is a list under `signal`.
            history: Earlier rows in the same columns, which the features look back on.
        Raises:
            UnreadRow: If a cell is not written plainly, is out of bounds, or empty where it must not be.
            ContractError: If a photo or a signal cannot be used.
        """
        plain, photos, signals = self._apart(rows)
        frame = read_rows(plain, self.plan, labels=True)
        past = read_rows(history, self.plan, labels=True) if history else None
        return self._scorer.answer(frame, history=past, photos=photos, signals=signals)

    def _apart(self, rows):
        """The rows with names for photos and without signals; the photos; the signals."""
        rows = [dict(row) for row in rows]
        photos = self._taken(rows, self.content["columns"].get("image"), _photo)
        signals = self._signals(rows)
        return rows, photos, signals

    def _taken(self, rows, column: str | None, read: Callable) -> list | None:
        if column is None or not any(column in row for row in rows):
            return None
        found = [read(row.get(column)) for row in rows]
        for row, (name, _) in zip(rows, found):
            row[column] = name
        return [content for _, content in found]

    def _signals(self, rows) -> list | None:
        """Lists under `signal`, or one column a sample."""
        column = self.content["columns"].get("signal", "signal")
        found = [row.get(column) for row in rows]
        if any(isinstance(each, (list, tuple, np.ndarray)) for each in found):
            for row in rows:
                row.pop(column, None)
            return found
        pattern = (self.content["mapping"].get("signal") or {}).get("columns")
        if pattern is None:
            return None
        from shared.contract.cells import read_number
        from shared.light.patients import signals_of_rows

        return signals_of_rows(rows, pattern, lambda cell: read_number(cell, self.plan["format"]))


def read_scorer(folder: str | Path) -> dict[str, Any]:
    """What stands in `scorer.json`, the network's hash verified.

    Raises:
        BundleError: If it is missing or damaged.
    """
    folder = Path(folder)
    try:
        content = json.loads((folder / FACTS).read_text("utf-8"))
        found = hashlib.sha256((folder / NETWORK).read_bytes()).hexdigest()
    except (OSError, ValueError) as error:
        raise BundleError(
            f"{folder} holds no light scorer, or a damaged one: {error}. Export it again"
        ) from None
    if found != content.get("sha256"):
        raise BundleError(f"{folder / NETWORK} is not the file that was exported (its SHA-256 differs)")
    return content


def _scorer_of(content: Mapping[str, Any], session: Callable):
    module, _, name = SCORERS[content["kind"]].partition(":")
    scorer = getattr(import_module(module), name)
    if content["kind"] == "binary" and content["hook"] is not None:
        return scorer(content, session, import_module(content["hook"]).columns)
    return scorer(content, session)


def _photo(cell: Any) -> tuple[str | None, Any]:
    """Name and content of a photo."""
    if isinstance(cell, Mapping):
        return str(cell.get("name", "photo")), base64.b64decode(cell["base64"])
    if cell is None or isinstance(cell, str):
        return cell, cell or None
    return "photo", cell
