"""Rows as they came, by the customer's names, to the columns of a checked table; NumPy alone."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from shared.contract.cells import Unread, read_label, read_number, read_text, read_time
from shared.light.frame import Frame

KINDS = {"time": "datetime64[us]", "number": np.float64, "label": np.float64}


class UnreadRow(Unread):
    """A cell that is not written plainly, or that the contract does not let in.

    Args:
        text: What it is.
        column: The customer's name.
        row: From 1.
    """

    def __init__(self, text: str, column: str, row: int):
        super().__init__(f"column `{column}`, row {row}: {text}")
        self.text, self.column, self.row = text, column, row


def read_rows(rows: Sequence[Mapping[str, Any]], plan: Mapping[str, Any], *, labels: bool = False) -> Frame:
    """Reads rows as the contract reads a table to be scored, or refuses what is not written plainly.

    Args:
        rows: Cells by the customer's names of the columns.
        plan: Of `shared.contract.plan.reading_plan`.
        labels: Whether the label column is read too, of rows that are known already; all NaN otherwise.
    Raises:
        UnreadRow: If a cell is not written plainly, is out of bounds or empty where it must not be, or a column is
            missing. The contract may still let the row in: it knows more ways of writing.
    Example:
        >>> plan = {"columns": [{"target": "amount", "names": ["TX"], "kind": "number", "needed": True,
        ...     "filled": True, "low": 0, "high": None, "codes": []}], "unmapped": [], "labels": {}, "format": {}}
        >>> read_rows([{"TX": "12.5"}, {"TX": 3}], plan)["amount"].tolist()
        [12.5, 3.0]
    """
    if not rows:
        raise Unread("there are no rows")
    for name in plan["unmapped"]:
        if any(name in row for row in rows):
            raise Unread(f"column `{name}` would be taken for a role")
    columns = {}
    for entry in plan["columns"]:
        label = entry["kind"] == "label"
        name = next((name for name in entry["names"] if any(name in row for row in rows)), None)
        if label and not (labels and name):
            continue
        if name is None:
            if entry["needed"]:
                raise UnreadRow("is missing", entry["names"][0], 1)
            continue
        columns[entry["target"]] = _column(rows, name, entry, plan)
    return Frame(columns, len(rows))


def _column(rows, name: str, entry: Mapping[str, Any], plan: Mapping[str, Any]) -> np.ndarray:
    kind, found = entry["kind"], []
    read = _reader(entry, plan)
    for number, row in enumerate(rows, start=1):
        try:
            found.append(read(row.get(name)))
        except Unread as error:
            raise UnreadRow(str(error), name, number) from None
    if kind in KINDS:
        return np.array(found, KINDS[kind])
    out = np.empty(len(found), object)
    out[:] = found
    return out


def _reader(entry: Mapping[str, Any], plan: Mapping[str, Any]):
    form, kind = plan["format"], entry["kind"]
    missing = form.get("missing") or ()
    if kind == "label":
        return lambda cell: read_label(cell, plan["labels"], missing)
    if kind == "number":
        return lambda cell: _within(read_number(cell, form, entry["codes"]), entry)
    if kind == "time":
        return lambda cell: _filled(read_time(cell, form), entry, np.isnat)
    return lambda cell: _filled(read_text(cell, missing), entry, _is_none)


def _within(value: float, entry: Mapping[str, Any]) -> float:
    low, high = entry["low"], entry["high"]
    if (low is not None and value < low) or (high is not None and value > high):
        raise Unread("is out of bounds")
    if value != value and entry["filled"]:
        raise Unread("the cell is empty")
    return value


def _filled(value, entry: Mapping[str, Any], is_empty):
    if entry["filled"] and is_empty(value):
        raise Unread("the cell is empty")
    return value


def _is_none(value) -> bool:
    return value is None
