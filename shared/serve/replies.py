"""Answers as they go out: JSON in full precision, or CSV."""

import json
import math
from typing import Any

import numpy as np
import pandas as pd

from shared.serve.answered import Answered


def records_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The lines of a frame as JSON has them: no NaN, dates in ISO 8601, numbers in full precision.

    Example:
        >>> records_of(pd.DataFrame({"row": [1], "score": [float("nan")], "date": pd.to_datetime(["2025-01-06"])}))
        [{'row': 1, 'score': None, 'date': '2025-01-06'}]
    """
    columns = [_cells(frame[name]) for name in frame]
    names = [str(name) for name in frame]
    return [dict(zip(names, cells)) for cells in zip(*columns)]


def _cells(values: pd.Series) -> list[Any]:
    kind = values.dtype.kind
    if kind == "M":
        known = values.dropna()
        form = "%Y-%m-%d" if (known == known.dt.normalize()).all() else "%Y-%m-%dT%H:%M:%S"
        return [None if pd.isna(each) else each.strftime(form) for each in values]
    if kind == "f":
        cells = values.to_numpy().tolist()
        return cells if np.isfinite(values.to_numpy()).all() else [_finite(cell) for cell in cells]
    if kind in "biu":
        return values.to_numpy().tolist()
    return [_plain(cell) for cell in values.astype(object)]


def _finite(cell: float) -> float | None:
    return cell if math.isfinite(cell) else None


def _plain(cell: Any) -> Any:
    if isinstance(cell, np.generic):
        cell = cell.item()
    if isinstance(cell, (bool, int, str)):
        return cell
    if isinstance(cell, float):
        return _finite(cell)
    return None if cell is None or pd.isna(cell) else str(cell)


def to_json(answered: Answered, *, request_id: str, model: dict[str, Any], simulated: bool) -> bytes:
    """The body of a reply."""
    plain = isinstance(answered.answers, list)
    answers = answered.answers if plain else records_of(answered.frame)
    for name, beside in (("reasons", answered.reasons), ("heatmap", answered.heatmaps)):
        for answer, each in zip(answers, beside or ()):
            answer[name] = each
    content = {
        "request_id": request_id,
        "model": model,
        "simulated": simulated,
        "answers": answers,
        "notes": answered.notes,
    }
    return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode(
        "utf-8", "replace"
    )


def to_csv(answered: Answered) -> bytes:
    """The frame as `verticals predict --out FILE.csv` writes it."""
    return answered.frame.to_csv(index=False).encode("utf-8", "replace")
