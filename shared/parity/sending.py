"""The asked rows as a client would send them: JSON in the customer's columns, photos and signals with them."""

import base64
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from shared.contract import RawTable
from shared.errors import BundleError
from shared.imaging import ImagePipeline
from shared.parity.rows import Asked
from shared.pipeline import Pipeline

PHOTOS = 100  # sent at once; they are answered each by itself


def asked_by(ask: Callable[[dict[str, Any]], list[dict[str, Any]]], pipeline: Pipeline, asked: Asked) -> list:
    """The answers to all rows: sent at once, since features look back on other rows; photos in parts.

    Args:
        ask: `{"rows": [...], "history": [...]}` -> answers; there is no history where no earlier rows were given.
    """
    rows = sent_rows(pipeline, asked.raw)
    earlier = {} if asked.earlier is None else {"history": sent_rows(pipeline, asked.earlier)}
    size = PHOTOS if isinstance(pipeline, ImagePipeline) else max(1, len(rows))
    answers = []
    for start in range(0, len(rows), size):
        found = ask({"rows": rows[start : start + size]} | earlier)
        answers += [each | {"row": each["row"] + start} if "row" in each else each for each in found]
    return answers


def sent_rows(pipeline: Pipeline, raw: RawTable) -> list[dict[str, Any]]:
    """The rows of a raw table as JSON holds them.

    Example:
        >>> from shared.contract import raw_table
        >>> from shared.pipeline import Pipeline
        >>> sent_rows(Pipeline, raw_table(pd.DataFrame({"a": [1.5], "b": pd.to_datetime(["2025-01-31"])})))
        [{'a': 1.5, 'b': '2025-01-31 00:00:00'}]
    """
    columns = {name: [_plain(cell) for cell in raw.data[name].to_pylist()] for name in raw.data.column_names}
    rows = [dict(zip(columns, cells)) for cells in zip(*columns.values())] if columns else []
    mapping = getattr(pipeline, "mapping", None)
    if raw.store is not None and mapping is not None:
        column = mapping.column("image", raw.data.column_names)
        for row in rows:
            if row.get(column):
                row[column] = _photo(raw, row[column])
    if raw.signals is not None:
        for row, samples in zip(rows, raw.signals, strict=True):
            row[mapping.column("signal")] = None if samples is None else _samples(samples)
    return rows


def _photo(raw: RawTable, name: str) -> dict[str, str]:
    return {"name": name, "base64": base64.b64encode(raw.store.read(name)).decode("ascii")}


def _samples(samples: np.ndarray) -> list:
    return [
        [None if value != value else value for value in step] for step in np.asarray(samples, float).tolist()
    ]


def _plain(cell: Any) -> Any:
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, (date, Decimal)):
        return str(cell)
    return None if isinstance(cell, float) and cell != cell else cell


def picked(asked: Asked, answers: Sequence[dict[str, Any]], expected: pd.DataFrame) -> pd.DataFrame:
    """The answers to the asked rows as a table like that of the reference, to be compared with it.

    Args:
        answers: To all rows that were sent; of a forecast, to all series.
        expected: Of the reference.
    Raises:
        BundleError: If an answer is missing, or they have other columns.
    """
    found = pd.DataFrame(list(answers))
    if "row" in expected and "row" in found:
        found = found.set_index("row").reindex(expected["row"]).dropna(how="all").reset_index()
    if len(found) != len(expected) or set(expected.columns) - set(found.columns):
        raise BundleError(
            f"{len(found):,} answers with the columns {', '.join(found.columns)}; expected {len(expected):,} with "
            f"{', '.join(expected.columns)}"
        )
    return found[list(expected.columns)].astype(dict(expected.dtypes))
