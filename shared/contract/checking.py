"""The check of a customer's table against the roles of a solution: every fault at once."""

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from shared.contract.breaches import breaches
from shared.contract.categories import read_categories
from shared.contract.duplicates import equal_rows
from shared.contract.formats import DROPPED
from shared.contract.incomplete import empty_cells, incomplete_rows, must_be_filled
from shared.contract.mapping import Format, Mapping
from shared.contract.parsing import Reading, are_hidden, bad_cells, count, doubtful_points, hidden_cells
from shared.contract.roles import GROUP, Role, Slot, find_columns
from shared.contract.tables import RawTable, raw_table
from shared.contract.wide import melted
from shared.errors import ContractError, Fault

NO_ROWS = "the table has no rows, only a header. Export it again with its rows, or name another file"


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
        faults.append(Fault(text=NO_ROWS if raw.data.num_columns else "it is empty"))
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
    out, told = incomplete_rows(parts, slots) if _drops(mapping, predict) else ([], [])
    rows = np.delete(np.arange(len(raw)), [*out, *(same[:, 0] if len(same) else [])])
    if len(rows) < len(raw):
        parts = {name: part[rows] for name, part in parts.items()}
        notes += told + ([f"{count(len(same), 'row')} equal to an earlier one dropped"] if len(same) else [])
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
            reading = _reading(slot, cells, mapping, predict)
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


def _drops(mapping: Mapping, predict: bool) -> bool:
    """Whether rows without a required cell are left out; of a table to be scored, each row is answered."""
    return mapping.format.incomplete == "drop" and not predict


def _reading(slot: Slot, cells: pa.ChunkedArray, mapping: Mapping, predict: bool) -> Reading:
    try:
        reading = slot.read(cells)
    except pa.ArrowException as error:  # types and values that Arrow has no conversion for
        why = "" if are_hidden() else f": {str(error).splitlines()[0][:120]}"
        return Reading(faults=[(f"cannot be read{why}", None)])
    if slot.kind in ("number", "time"):
        way_out = ". Correct it, or list it in missing under [format] if it means: not known"
        if slot.role and must_be_filled(slot.role, predict) and not _drops(mapping, predict):
            way_out += "" if predict else DROPPED
        reading.faults = [
            (text + way_out if re.search(" is no (number|date)", text) else text, row)
            for text, row in reading.faults
        ]
    if slot.role and not reading.faults:
        number = mapping.numbers.get(slot.column)
        dropped = _drops(mapping, predict)
        reading.faults += breaches(slot.role, reading.data, cells, number, predict, dropped)
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
        empty = int(empty_cells(part).sum())
        if empty:
            found.append(f"{name.partition('/')[2] or name} {empty:,}")
    return ["empty cells: " + ", ".join(found[:30]) + (", ..." if len(found) > 30 else "")] if found else []


def _unsorted(times: np.ndarray) -> bool:
    known = times[~np.isnat(times)]
    return bool((known[1:] < known[:-1]).any())


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
