"""The check of a customer's table against the roles of a solution: every fault at once."""

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from shared.contract.categories import read_categories
from shared.contract.duplicates import equal_rows
from shared.contract.mapping import Format, Mapping, Number
from shared.contract.parsing import Reading, are_hidden, bad_cells, count, doubtful_points, hidden_cells
from shared.contract.roles import GROUP, Role, Slot, find_columns
from shared.contract.tables import RawTable, raw_table
from shared.contract.units import out_of_range
from shared.contract.wide import melted
from shared.errors import ContractError, Fault


@dataclass
class Table:
    """A table that fits its contract.

    Args:
        frame: One column per role, then `numeric/<column>`, then `categorical/<column>`, then
            `group/<column>` (numbers or categories), in the file's order.
            Times are naive datetime64[us], numbers and labels float64, categories and keys Categorical.
        notes: What was seen and decided.
        source: Name of the file.
        sha256: Of the file.
        mapping: As given, with the columns, the decimal mark and the date format that were detected.
        rows: Number of each row in the file, from 1 without the header.
        own: How many of the rows, the first ones, are of the file itself; None: all.
        tested: Whether the others came by `--test`, to judge and not to teach.
        panel: The regular series that a forecasting solution made of the rows.
        photos: The photos that the rows name, and what a first look at each told.
        signals: The signals of the rows.
    """

    frame: pd.DataFrame
    notes: list[str]
    source: str
    sha256: str
    mapping: Mapping
    rows: np.ndarray = field(repr=False)
    own: int | None = None
    tested: bool = False
    panel: Any = field(default=None, repr=False)
    photos: Any = field(default=None, repr=False)
    signals: Any = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.frame)

    def take(self, rows: np.ndarray) -> "Table":
        """The table of these rows, in this order."""
        beside = {
            name: each.take(rows)
            for name in ("photos", "signals")
            if hasattr(each := getattr(self, name), "take")
        }
        return replace(
            self, frame=self.frame.iloc[rows].reset_index(drop=True), rows=self.rows[rows], **beside
        )


def check(
    raw: RawTable | pd.DataFrame,
    roles: Sequence[Role],
    mapping: Mapping,
    *,
    solution: str,
    predict: bool = False,
    continued: bool = False,
) -> Table:
    """Reads a raw table in the roles of a solution, or says everything that is wrong with it.

    A role that the mapping leaves out is taken from the column of the same name, if there is one.

    Args:
        raw: Of `read_table`, or a data frame.
        roles: What the solution asks for.
        mapping: What the customer's columns are.
        solution: Name for messages, such as `finance.fraud`.
        predict: Whether the table is to be scored, not learnt from: labels may then be missing.
        continued: Of a wide table, whether it goes on where another one has ended, see `wide.melted`.
    Raises:
        ContractError: With every fault.
    Example:
        >>> frame = pd.DataFrame({"TX_AMOUNT": ["12,50", "7,00"], "note": ["a", "b"]})
        >>> role = Role(name="amount", kind="number", unit="EUR", low=0)
        >>> table = check(frame, [role], Mapping(columns={"amount": "TX_AMOUNT"}), solution="finance.fraud")
        >>> table.frame["amount"].tolist(), table.notes
        ([12.5, 7.0], ['columns that are not used: note', 'column `TX_AMOUNT`: the decimal mark is `,`'])
    """
    raw = raw_table(raw) if isinstance(raw, pd.DataFrame) else raw
    names = [name.strip().strip("\ufeff") for name in raw.data.column_names]
    raw = replace(raw, data=raw.data.rename_columns(names))
    if mapping.wide is not None:
        raw = melted(raw, mapping.wide, mapping.format, continued=continued)
        names = raw.data.column_names
    slots, faults, notes = find_columns(names, roles, mapping, predict=predict)
    notes = [*raw.notes, *notes]
    if raw.data.num_rows == 0:
        faults.append(
            Fault(text="the table has no rows, only a header" if raw.data.num_columns else "it is empty")
        )
    parts, decided = _read(raw, slots, mapping, predict, faults, notes) if len(raw) else ({}, {})
    same = (
        equal_rows(raw.data, list(parts.values())) if len(raw) and mapping.format.duplicates != "keep" else []
    )
    if len(same) and mapping.format.duplicates == "error":
        faults.append(_equal(same))
    notes += _empty_cells(parts)
    if faults or raw.faults:
        faults = [*raw.faults, *(_in_the_file(fault, raw) for fault in faults)]
        raise ContractError(f"{raw.source} does not fit `{solution}`", faults)
    rows = np.arange(len(raw))
    if len(same):
        rows = np.delete(rows, same[:, 0])
        parts = {name: part[rows] for name, part in parts.items()}
        notes.append(f"{count(len(same), 'row')} equal to an earlier one dropped")
    numbers = rows + 1 if raw.rows is None else raw.rows[rows]
    found = {slot.role.name: _found(slot, mapping) for slot in slots if slot.role}
    settled = mapping.model_copy(
        update={
            "columns": {**mapping.columns, **found},
            "format": mapping.format.model_copy(update=decided),
        }
    )
    return Table(pd.DataFrame(parts, copy=False), notes, raw.source, raw.sha256, settled, numbers)


def _found(slot: Slot, mapping: Mapping) -> str | list[str]:
    """The column that was found; its alternatives stay behind it, since a later table may have another one."""
    given = mapping.columns.get(slot.role.name)
    if not isinstance(given, list):
        return slot.column
    return [slot.column, *(name for name in given if name != slot.column)]


def _in_the_file(fault: Fault, raw: RawTable) -> Fault:
    """The fault of a cell of a wide table, by its column and row there."""
    if raw.rows is None or fault.row is None:
        return fault
    text = re.sub(r" \(and ([\d,]+) more rows?: [^)]*\)", r" (and \1 more)", fault.text)
    at = fault.row - 1
    column = str(raw.fields[at]) if fault.column == "quantity" else fault.column
    return replace(fault, text=text, column=column, row=int(raw.rows[at]))


def _equal(same: np.ndarray) -> Fault:
    pairs = ", ".join(f"{first + 1} and {again + 1}" for again, first in same[:3])
    more = f", ... ({len(same):,} in all)" if len(same) > 3 else ""
    way_out = 'Set duplicates = "drop" or "keep" under [format]'
    return Fault(text=f"rows are equal in all columns: {pairs}{more}. {way_out}")


def _read(
    raw: RawTable,
    slots: list[Slot],
    mapping: Mapping,
    predict: bool,
    faults: list[Fault],
    notes: list[str],
) -> tuple[dict[str, np.ndarray | pd.Categorical], dict[str, str]]:
    """The columns by name, and what they settled about how the file is written."""
    parts: dict[str, np.ndarray | pd.Categorical] = {}
    settled: dict[str, set[str]] = {}
    read: dict[tuple[str, bool], str] = {}
    for slot in slots:
        use = (slot.column, slot.kind == "number")
        if slot.target.startswith(GROUP) and use in read:  # as a feature or role, and told of there
            if read[use] in parts:
                parts[slot.target] = parts[read[use]]
            continue
        if slot.kind in ("number", "category", "key"):
            read[use] = slot.target
        cells = _plain(raw.data.column(slot.column))
        with hidden_cells(slot.private):
            reading = _reading(slot, cells, mapping.numbers.get(slot.column), predict)
        notes += [f"column `{slot.column}`: {note}" for note in reading.notes]
        faults += [slot.fault(text, row) for text, row in reading.faults]
        for name, value in reading.decided.items():
            settled.setdefault(name, set()).add(value)
        if reading.data is not None:
            parts[slot.target] = reading.data
        if slot.kind == "time" and not reading.faults and _unsorted(reading.data):
            notes.append(f"column `{slot.column}`: times are not in order; the rows stay as they are")
    if "," in settled.get("decimal", ()):
        faults += _doubts(raw, slots)
    return parts, {name: values.pop() for name, values in settled.items() if len(values) == 1}


def _reading(slot: Slot, cells: pa.ChunkedArray, number: Number | None, predict: bool) -> Reading:
    try:
        reading = slot.read(cells)
    except pa.ArrowException as error:  # types and values that Arrow has no conversion for
        why = "" if are_hidden() else f": {str(error).splitlines()[0][:120]}"
        return Reading(faults=[(f"cannot be read{why}", None)])
    if slot.kind == "number":
        way_out = ". Correct it, or list it in missing under [format] if it means: not known"
        reading.faults = [
            (text + way_out if " is no number" in text else text, row) for text, row in reading.faults
        ]
    if slot.role and not reading.faults:
        reading.faults += _breaches(slot.role, reading.data, cells, number, predict)
    return reading


def _doubts(raw: RawTable, slots: list[Slot]) -> list[Fault]:
    """`1.234` is about one, unless the other columns of the file have decimal commas."""
    found = []
    for slot in reversed({slot.column: slot for slot in reversed(slots)}.values()):
        if slot.kind == "number":
            cells = _plain(raw.data.column(slot.column))
            rows = doubtful_points(cells)
            if len(rows):
                what = "may mean thousands, as other columns have decimal commas. Set decimal under [format]"
                with hidden_cells(slot.private):
                    found.append(slot.fault(*bad_cells(rows[:1], cells, what)))
    return found


def _plain(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """Cells without the wrappings of Parquet: dictionaries, views, texts stored as bytes."""
    kind = cells.type
    if isinstance(kind, pa.BaseExtensionType):
        cells = cells.cast(kind.storage_type)
    elif pa.types.is_dictionary(kind):
        cells = cells.cast(kind.value_type)
    kind = cells.type
    if pa.types.is_string_view(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        with contextlib.suppress(pa.ArrowException):  # else the reader of the column refuses it
            cells = cells.cast(pa.large_string())
    return cells


def _empty_cells(parts: dict[str, np.ndarray | pd.Categorical]) -> list[str]:
    found = []
    once = {id(part): (name, part) for name, part in reversed(parts.items())}
    for name, part in reversed(once.values()):
        empty = int((part.codes < 0).sum() if isinstance(part, pd.Categorical) else np.isnan(part).sum())
        if empty:
            found.append(f"{name.partition('/')[2] or name} {empty:,}")
    return ["empty cells: " + ", ".join(found[:30]) + (", ..." if len(found) > 30 else "")] if found else []


def _unsorted(times: np.ndarray) -> bool:
    known = times[~np.isnat(times)]
    return bool((known[1:] < known[:-1]).any())


def _breaches(
    role: Role,
    values: np.ndarray | pd.Categorical,
    cells: pa.ChunkedArray,
    number: Number | None,
    predict: bool,
) -> list[tuple[str, int | None]]:
    """Empty cells, numbers out of bounds, a single class."""
    found: list[tuple[str, int | None]] = []
    empty = np.flatnonzero(values.codes < 0 if isinstance(values, pd.Categorical) else pd.isna(values))
    may_be_empty = role.missing or (predict and not role.predict)
    if len(empty) and not may_be_empty:
        rows = ", ".join(str(row + 1) for row in empty[1:4]) + (", ..." if len(empty) > 4 else "")
        more = f" (and {count(len(empty) - 1, 'more row')}: {rows})" if len(empty) > 1 else ""
        coded = number is not None and (number.missing or number.outside == "missing")
        what = "empty, or taken as not known by [numbers]" if coded else "empty"
        found.append((f"the cell is {what}{more}. Fill it in or leave the row out", int(empty[0]) + 1))
    if role.kind == "number":
        found += out_of_range(values, cells, Number(unit=role.unit, low=role.low, high=role.high))
    if role.kind == "label" and role.high is not None:
        at = np.flatnonzero(np.greater(values, role.high))
        if len(at):
            wanted = f"expected a class from 0 to {role.high:g}. Change it under [labels]"
            which = "a class" if role.private else f"class {values[at[0]]:g}"
            found.append(bad_cells(at, cells, f"is {which}, {wanted}"))
    if role.kind == "label" and not predict:
        classes = np.unique(values[~np.isnan(values)])
        if len(classes) == 1:
            one = "of one class" if role.private else f"{classes[0]:g}"
            text = f"every row is {one}, expected at least two classes. Nothing can be learnt from one"
            found.append((text, None))
    return found


def _as_categories(values: pd.Series) -> pd.Categorical:
    """A column as categories, also a group that one table holds as numbers and the other does not."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.array.as_unordered()
    return read_categories(pa.chunked_array([pa.array(values, from_pandas=True)]), Format()).data


def joined(first: Table, second: Table) -> Table:
    """Two checked tables in one, the rows of `first` before those of `second`; the notes are those of `first`."""
    parts = {}
    for name in first.frame.columns.union(second.frame.columns, sort=False):
        series = [
            table.frame[name] if name in table.frame else pd.Series(np.nan, table.frame.index)
            for table in (first, second)
        ]
        if any(isinstance(values.dtype, pd.CategoricalDtype) for values in series):
            parts[name] = pd.api.types.union_categoricals([_as_categories(values) for values in series])
        else:
            parts[name] = np.concatenate([values.to_numpy() for values in series])
    rows = np.concatenate([first.rows, second.rows])
    return replace(first, frame=pd.DataFrame(parts, copy=False), rows=rows)
