"""A sheet of an Excel workbook (.xlsx) to a table of typed columns; needs the package openpyxl."""

import io
import re
import zipfile
import zlib
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pyarrow as pa

from shared.contract.edges import ending, named
from shared.contract.formats import Format
from shared.contract.headers import MOST_ROWS, Row, find_header
from shared.contract.parsing import shown
from shared.contract.refusal import refuse
from shared.errors import Fault, did_you_mean

SHEETS = "xl/workbook.xml"  # the part that every .xlsx has
NOT_READ = "; not read: "  # and the other sheets, in the note on a workbook
DAMAGE = "the workbook is damaged or cut off. Transfer it again"
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, KeyError, ValueError, TypeError, SyntaxError)


def is_workbook(data: bytes) -> bool:
    """Whether the bytes are an Excel workbook, and no other zip archive.

    Example:
        >>> is_workbook(b"a,b\\n1,2\\n")
        False
    """
    if not data.startswith(b"PK"):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            return SHEETS in file.namelist()
    except DAMAGED:
        return False


def read_workbook(source: str, data: bytes, format: Format) -> tuple[pa.Table, list[str], list[Fault]]:
    """Reads one sheet: the values that the workbook shows, formulas by their last result.

    A column whose cells are all numbers, all dates or all truth values has that type, so that no decimal mark and no
    order of day and month is in question; any other holds texts.

    Args:
        source: Name of the file, for messages.
        data: Its bytes.
        format: `sheet`, `header_row`, `first_row` and `total_row` are used; where `sheet` names none, the first
            visible sheet that is not empty is read.
    Returns:
        The table, notes, and faults for `check` to name.
    Raises:
        ContractError: If the sheet is missing or empty, or the workbook is damaged.
    """
    titles, sheet, cells = _opened(source, data, format)
    rows = [
        Row(number, [_text(cell) for cell in row])
        for number, row in enumerate(cells, 1)
        if any(map(_is_filled, row))
    ]
    if not rows:
        raise refuse(source, f"the sheet {shown(sheet)} is empty. Name another one by sheet under [format]")
    others = [shown(title) for title in titles if title != sheet]
    left = f"{NOT_READ}{', '.join(others[:8])}" + (", ..." if len(others) > 8 else "") if others else ""
    notes = [f"{source} is an Excel workbook, sheet {shown(sheet)}{left}"]
    width = max(len(row.cells) for row in rows)
    rows = [Row(row.number, row.cells + [""] * (width - len(row.cells))) for row in rows]
    header = find_header(rows[:MOST_ROWS], format, source)
    names = header.names + [""] * (width - len(header.names))
    below = cells[rows[header.first].number - 1 :] if header.first < len(rows) else []
    table, seen, faults = _table([row + [None] * (width - len(row)) for row in below], names, format)
    return table, [*notes, *header.notes, *seen], [*header.faults, *faults]


def sheet_titles(path: Path) -> list[str]:
    """The visible sheets of a workbook, in its order; none of any other file.

    Example:
        >>> sheet_titles(Path("payments.csv"))
        []
    """
    try:
        data = path.read_bytes() if zipfile.is_zipfile(path) else b""
        return (
            [sheet.title for sheet in _visible(_book(path.name, data).worksheets)]
            if is_workbook(data)
            else []
        )
    except OSError:
        return []


def _book(source: str, data: bytes) -> Any:
    import openpyxl

    try:
        return openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    except DAMAGED:
        raise refuse(source, DAMAGE) from None


def _opened(source: str, data: bytes, format: Format) -> tuple[list[str], str, list[list[Any]]]:
    """The titles of all sheets, the one that is read, and its cells."""
    sheets = _book(source, data).worksheets
    titles = [sheet.title for sheet in sheets]
    if format.sheet is not None and format.sheet not in titles:
        near = did_you_mean(format.sheet, titles) or f" It has: {', '.join(map(shown, titles[:12]))}"
        raise refuse(source, f"[format] sheet: there is no sheet {shown(format.sheet)}.{near}")
    named = [sheet for sheet in sheets if sheet.title == format.sheet]
    wanted = named or _visible(sheets)
    if not wanted:
        raise refuse(source, "the workbook has no sheet with cells. Save the table as a sheet, or as CSV")
    try:
        for sheet in wanted:
            cells = _cells(sheet)
            if cells:
                return titles, sheet.title, cells
    except DAMAGED:
        raise refuse(source, DAMAGE) from None
    return titles, wanted[0].title, []


def _visible(sheets: Sequence[Any]) -> list[Any]:
    return [sheet for sheet in sheets if sheet.sheet_state == "visible"] or list(sheets)


def _cells(sheet: Any) -> list[list[Any]]:
    """The rows of a sheet; none if no cell is filled."""
    sheet.reset_dimensions()  # some programs write a wrong size, beyond which nothing would be read
    rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    return rows if any(_is_filled(cell) for row in rows for cell in row) else []


def _table(
    cells: Sequence[Sequence[Any]], names: Sequence[str], format: Format
) -> tuple[pa.Table, list[str], list[Fault]]:
    """The rows below the header, without what stands at their edges, which would make texts of columns of numbers."""
    table = _columns(cells, len(names), format)
    end = ending(table, names, format)
    if end.rows < len(cells):
        table = _columns(cells[: end.rows], len(names), format)
    table, notes = named(table, names)
    return table, [*notes, *end.notes], end.faults


def _columns(cells: Sequence[Sequence[Any]], width: int, format: Format) -> pa.Table:
    columns = [_column([row[at] for row in cells], format) for at in range(width)]
    return pa.Table.from_arrays(columns, names=[str(at) for at in range(width)])


def _column(values: Sequence[Any], format: Format) -> pa.Array:
    filled = {type(value) for value in values if _is_filled(value)}
    known = [value if _is_filled(value) else None for value in values]
    if filled == {int} and all(value is None or abs(value) < 2**63 for value in known):
        return pa.array(known, pa.int64())
    if filled <= {int, float}:
        return pa.array([None if value is None else float(value) for value in known], pa.float64())
    if filled <= {date, datetime}:
        return pa.array([_moment(value) for value in known], pa.timestamp("us"))
    if filled == {bool}:
        return pa.array(known, pa.bool_())
    return pa.array([_text(value, format.decimal or ".") for value in known], pa.string())


def _is_filled(value: Any) -> bool:
    return value is not None and not (isinstance(value, str) and not value.strip())


def _moment(value: date | None) -> datetime | None:
    return datetime.combine(value, time()) if value is not None and not isinstance(value, datetime) else value


def _text(value: Any, decimal: str = ".") -> str:
    """A cell as a text, with a decimal mark that cannot be taken for a mark between thousands."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(" ") if value.time() != time() else value.date().isoformat()
    if isinstance(value, float):
        text = repr(int(value) if value.is_integer() and abs(value) < 2**53 else value)
        return (text + "0" if re.fullmatch(r"-?[0-9]{1,3}\.[0-9]{3}", text) else text).replace(".", decimal)
    return str(value)
