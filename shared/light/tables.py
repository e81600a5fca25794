"""Rows to be answered, as the code that prepares them reads a checked table."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np

from shared.contract.alternatives import column_of


class Columns:
    """The customer's columns by role, of a bundle's plain JSON; what `shared.contract.Mapping` is elsewhere.

    Args:
        mapping: The entry `mapping` of bundle.json.
    Example:
        >>> Columns({"columns": {"item": ["StockCode", "Article"]}}).column("item")
        'StockCode'
    """

    wide = None

    def __init__(self, mapping: Mapping[str, Any]):
        self.columns = mapping.get("columns", {})
        self.signal = mapping.get("signal")
        self.format = SimpleNamespace(**mapping.get("format", {}))

    def column(self, role: str, names: Container[str] | None = None) -> str:
        """The column that plays a role; of alternatives the first among `names`."""
        return column_of(self.columns, role, names)


@dataclass
class Table:
    """What `shared.contract.Table` is elsewhere, around a frame of NumPy columns.

    Args:
        frame: A `shared.light.frame.Frame`: columns by role, `numeric/<column>`, `categorical/<column>`.
        mapping: The customer's columns.
        rows: Number of each row, from 1.
        own: How many of the rows, the first ones, are to be answered; None: all. The others are earlier ones.
    """

    frame: Any
    mapping: Columns
    rows: np.ndarray = field(repr=False)
    own: int | None = None
    notes: list[str] = field(default_factory=list)
    source: str = "the rows"
    tested: bool = False
    photos: Any = field(default=None, repr=False)
    signals: Any = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.rows)


def table_of(frame: Any, mapping: Mapping[str, Any], *, own: int | None = None) -> Table:
    """The rows of a frame, numbered as they came.

    Args:
        mapping: The entry `mapping` of bundle.json.
        own: How many of the rows, the first ones, are to be answered; None: all.
    """
    return Table(frame, Columns(mapping), np.arange(1, len(frame) + 1), own)


def records(columns: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Columns of equal length to one dictionary of plain values a row.

    Example:
        >>> records({"row": np.array([1, 2]), "decision": ["pass", "block"]})
        [{'row': 1, 'decision': 'pass'}, {'row': 2, 'decision': 'block'}]
    """
    plain = [values.tolist() if isinstance(values, np.ndarray) else values for values in columns.values()]
    return [dict(zip(columns, row)) for row in zip(*plain, strict=True)]
