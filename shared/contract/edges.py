"""What stands at the edges of a table and is none of it: columns without names, empty rows, a total, a note."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shared.contract.formats import Format
from shared.contract.headers import is_value
from shared.contract.parsing import cell, count, is_number, is_text, read_numbers, shown
from shared.errors import Fault

TOTALS = {
    *("total", "totals", "grandtotal", "subtotal", "sum", "sums", "average", "mean"),
    *("summe", "summen", "gesamt", "gesamtsumme", "insgesamt", "zwischensumme", "durchschnitt", "mittelwert"),
    *("totalgénéral", "totaal", "totale", "suma", "moyenne", "итого", "всего", "σ", "∑"),
    *("合计", "总计", "小计", "共计", "总和", "平均", "平均值", "合計", "總計", "小計", "共計", "總和"),
}
MOST_NOTES = 5  # rows at the end that hold one text alone
BETWEEN_WORDS = " :*()：，。（）"
MOST_SUMS = 4  # columns of numbers in which a sum is looked for
NEAR = 1e-4  # relative difference by which a printed sum may miss the sum of the printed numbers


@dataclass(frozen=True)
class Ending:
    """How many of the rows are data, and what was seen below them."""

    rows: int
    notes: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def named(data: pa.Table, names: Sequence[str]) -> tuple[pa.Table, list[str]]:
    """The table with its names; a column without one is left out if it is empty, else called by its place.

    Example:
        >>> data = pa.table({"0": ["x", "y"], "1": ["1", "2"], "2": ["", " "]})
        >>> table, notes = named(data, ["", "amount", ""])
        >>> table.column_names, notes[1]
        (['column 1', 'amount'], 'column 1 has no name; it is called `column 1`')
    """
    if all(names):
        return data.rename_columns(list(names)), []
    kept, called, notes, known = [], [], [], set(names)
    for at, name in enumerate(names):
        if not name and not _filled(data.column(at)).any():
            continue
        if not name:
            name = f"column {at + 1}"
            while name in known:
                name += "*"
            notes.append(f"column {at + 1} has no name; it is called `{name}`")
        kept.append(data.column(at))
        called.append(name)
    left = len(names) - len(kept)
    if left:
        notes.insert(
            0, f"{count(left, 'column')} without name and cells {'is' if left == 1 else 'are'} left out"
        )
    return pa.Table.from_arrays(kept, names=called), notes


def ending(data: pa.Table, names: Sequence[str], format: Format) -> Ending:
    """Where the rows of a table end: before rows of empty cells, of a note, and before a row that sums up the others.

    A total is told by its first filled cell, such as `Total` or `合计`, which stands in no other row of that
    column; or by an empty cell in a column that is filled elsewhere, beside sums of columns. A note is a text that
    stands alone in its row, where all other rows have several cells.

    Args:
        data: The table as it was read.
        names: Of its columns.
        format: `total_row` says what becomes of a total or note; numbers are read by the others.
    Example:
        >>> data = pa.table({"day": ["1", "2", "Total", ""], "amount": ["5", "7", "12", ""]})
        >>> end = ending(data, ["day", "amount"], Format())
        >>> end.rows, str(end.faults[0])[:62]
        (2, 'column `day`, row 3: `Total` looks like a total of the rows ab')
        >>> ending(data, ["day", "amount"], Format(total_row="keep")).rows
        3
    """
    rows, notes, faults = _last(data, data.num_rows), [], []
    if rows < data.num_rows:
        left = data.num_rows - rows
        notes.append(f"{count(left, 'empty row')} at the end {'is' if left == 1 else 'are'} left out")
    while format.total_row != "keep" and rows > 1:
        first = rows
        at, text = _total(data.slice(0, rows), names, format)
        if at is None:
            first, at, text = _note(data, rows)
        if at is None:
            break
        if format.total_row == "error":
            ways = 'Under [format], total_row = "drop" leaves it out, and "keep" takes it as data'
            faults.append(Fault(text=f"{text}. {ways}", column=names[at] or None, row=first))
            rows = _last(data, first - 1)  # so that its cells are no further faults
            break
        which = f"row {rows:,} is" if rows == first else f"rows {first:,} to {rows:,} are"
        notes.append(f"{which} left out: {text}")
        rows = _last(data, first - 1)
    return Ending(rows, notes, faults)


def _filled(cells: pa.ChunkedArray) -> np.ndarray:
    kind = cells.type
    if is_text(kind):
        return pc.not_equal(pc.utf8_trim_whitespace(cells), "").fill_null(False).to_numpy()
    known = cells.is_valid()
    if pa.types.is_floating(kind):
        known = pc.and_(known, pc.invert(pc.is_nan(cells)).fill_null(False))
    return known.to_numpy()


def _last(data: pa.Table, rows: int) -> int:
    """How many of the first rows are left without empty ones at their end."""
    if not rows or not data.num_columns or not all(map(_is_empty, _cells(data, rows - 1))):
        return rows
    ends = (np.flatnonzero(_filled(column.slice(0, rows))) for column in data.columns)
    return max((int(found[-1]) + 1 for found in ends if len(found)), default=0)


def _cells(data: pa.Table, at: int) -> list[object]:
    return [cell(column, at) for column in data.columns]


def _is_empty(value: object) -> bool:
    return value is None or value != value or (isinstance(value, str) and not value.strip())


def _total(data: pa.Table, names: Sequence[str], format: Format) -> tuple[int | None, str]:
    """The column by which the last row is a total, and how it looks like one."""
    cells = _cells(data, data.num_rows - 1)
    filled = [at for at, value in enumerate(cells) if not _is_empty(value)]
    word = cells[filled[0]] if filled else None
    if isinstance(word, str) and is_total(word):
        above = data.column(filled[0]).slice(0, data.num_rows - 1)
        if not pc.any(pc.equal(pc.utf8_trim_whitespace(above), word.strip())).as_py():
            return filled[0], f"{shown(word.strip())} looks like a total of the rows above"
    if 0 < len(filled) < len(cells) and data.num_rows > 3:
        return _sums(data, names, cells, filled, format)
    return None, ""


def _note(data: pa.Table, rows: int) -> tuple[int, int | None, str]:
    """The first row of a note below the table, the column that it stands in, and how it looks like one."""
    if rows <= MOST_NOTES or _sentence(_cells(data, rows - 1)) is None:
        return rows, None, ""
    counts = np.sum([_filled(column.slice(0, rows)) for column in data.columns], axis=0)
    sparse = np.flatnonzero(counts <= 1)
    if len(sparse) > MOST_NOTES or len(sparse) != rows - sparse[0]:  # others stand among the rows of data
        return rows, None, ""
    first = int(sparse[counts[sparse] == 1][0])
    cells = _cells(data, first)
    at = _sentence(cells)
    if at is None:
        return rows, None, ""
    return first + 1, at, f"{shown(cells[at].strip())} stands alone in its row, as a note below a table does"


def _sentence(cells: Sequence[object]) -> int | None:
    """The place of the one filled cell, if the others, two or more, are empty and it holds more than a word."""
    filled = [at for at, value in enumerate(cells) if not _is_empty(value)]
    if len(filled) != 1 or len(cells) < 3 or not isinstance(cells[filled[0]], str):
        return None
    return filled[0] if is_note(cells[filled[0]]) else None


def is_note(text: str) -> bool:
    """Whether a text that stands alone is more than a word or a number, of which a row may have been cut off.

    Example:
        >>> [is_note(text) for text in ("as of 1 February", "数据来源：财务部", "P0013", "2025-01-02 10:15")]
        [True, True, False, False]
    """
    return not is_value(text.strip()) and any(mark in text.strip() for mark in BETWEEN_WORDS)


def is_total(text: str) -> bool:
    """Whether a text is one of the words that begin a total.

    Example:
        >>> is_total("Grand total:"), is_total("合 计"), is_total("Totals of May")
        (True, True, False)
    """
    return "".join(text.split()).rstrip(":：").casefold() in TOTALS


def _sums(
    data: pa.Table, names: Sequence[str], cells: Sequence[object], filled: Sequence[int], format: Format
) -> tuple[int | None, str]:
    """The column of numbers whose last cell is the sum of the others, if a key is empty beside it."""
    if not all(is_value(str(cells[at]).lstrip("+-−")) for at in filled):
        return None, ""
    empty = [at for at in range(len(cells)) if at not in filled and names[at]]
    key = next((at for at in empty if _filled(data.column(at))[:-1].all()), None)
    if key is None:
        return None, ""
    for at in filled[:MOST_SUMS]:
        column = data.column(at)
        if not is_number(column.type) and not is_text(column.type):
            continue
        reading = read_numbers(column, format)
        if reading.faults or np.count_nonzero(reading.data[:-1]) < 2:
            continue
        total = np.nansum(reading.data[:-1])
        if total and abs(reading.data[-1] - total) <= NEAR * abs(total):
            return at, f"looks like a total: it is the sum of the rows above, and `{names[key]}` is empty"
    return None, ""
