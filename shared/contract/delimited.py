"""The text of a CSV to a table of texts: separator and header found, rows of uneven length refused."""

import csv
import io
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from shared.contract.edges import is_note, is_total
from shared.contract.formats import Format
from shared.contract.headers import MOST_ROWS, Header, Row, find_header, fitted, start
from shared.contract.parsing import count
from shared.contract.refusal import refuse
from shared.errors import ContractError

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
OPEN_QUOTE = 'a quotation mark " is opened and never closed'
SAMPLE = 65_536  # bytes in which the layout is looked for


@dataclass(frozen=True)
class Delimited:
    """What was read of a CSV: its cells, in columns that are named by their places, and how they were found."""

    data: pa.Table
    header: Header
    separator: str
    notes: list[str]


def read_delimited(source: str, text: bytes, format: Format) -> Delimited:
    """Reads a CSV; all cells are texts, an empty one is "".

    Args:
        source: Name of the file, for messages.
        text: In UTF-8, without a byte order mark.
        format: `separator`, `header_row`, `first_row` and `total_row` are used; what they leave out is detected.
    Raises:
        ContractError: If the rows differ in length, or no header can be read.
    Example:
        >>> read = read_delimited("a.csv", b"Report;;\\nday;amount;card\\n1;2,5;A\\n", Format())
        >>> read.separator, read.header.names, read.data.to_pylist()
        (';', ['day', 'amount', 'card'], [{'0': '1', '1': '2,5', '2': 'A'}])
    """
    lines = _sample(text)
    separator = format.separator or _separator(lines, format)
    rows = _rows(lines, separator)
    if not rows:
        raise refuse(source, "the first line cannot be read as a header")
    header = find_header(rows, format, source)
    begin = rows[header.first - 1].end
    if not text[begin : begin + SAMPLE].strip() and not text[begin:].strip():
        empty = pa.array([], pa.string())
        data = pa.table({str(at): empty for at in range(len(header.names))})
        return Delimited(data, header, separator, [])
    data, notes = _parsed(source, text, begin, separator, header, format)
    if text.count(b'"', begin) % 2 and any(
        "\n" in column[-1].as_py() for column in data.columns if len(column)
    ):
        raise refuse(source, OPEN_QUOTE)
    _refuse_beyond(source, data, header, separator)
    return Delimited(data, header, separator, notes)


def _sample(text: bytes) -> list[str]:
    """The first lines with their ends, the last of them whole."""
    end = text.find(b"\n", SAMPLE)
    part = text if end < 0 else text[: end + 1]
    return list(io.StringIO(part.decode("utf-8"), newline=""))


def _rows(lines: list[str], separator: str) -> list[Row]:
    """The first rows that are not blank."""
    rows: list[Row] = []
    reader = csv.reader(lines, delimiter=separator)
    ends = np.cumsum([0, *(len(line.encode()) for line in lines)])
    number = 1
    try:
        for cells in reader:
            if cells:
                rows.append(Row(number, cells, int(ends[reader.line_num])))
            number = reader.line_num + 1
            if len(rows) == MOST_ROWS:
                break
    except csv.Error:
        pass
    return rows


def _separator(lines: list[str], format: Format) -> str:
    """The separator by which most of the first rows have as many cells as the header."""
    best, score = ",", (0.0, False, 0)
    for separator in SEPARATORS:
        rows = _rows(lines, separator)
        at = start(rows, format) if rows else None
        if at is None:
            continue
        below = rows[at + 1 :]
        width = len(fitted(rows[at].cells, below))
        alike = 1 + sum(len(row.cells) == width for row in below)
        found = (round(alike / (len(below) + 1), 2), at == 0, width)
        if width > 1 and found > score:
            best, score = separator, found
    return best


def _parsed(
    source: str, text: bytes, begin: int, separator: str, header: Header, format: Format
) -> tuple[pa.Table, list[str]]:
    """The rows below the header, all cells as texts."""
    columns = [str(at) for at in range(len(header.names))]
    body, quoted = pa.py_buffer(text).slice(begin), text.find(b'"', begin) >= 0
    ragged: list[pa.csv.InvalidRow] = []

    def note(row: pa.csv.InvalidRow) -> str:
        ragged.append(row)
        return "skip"

    def read(*, threads: bool) -> pa.Table:
        return pa.csv.read_csv(
            pa.BufferReader(body),
            read_options=pa.csv.ReadOptions(column_names=columns, use_threads=threads, block_size=1 << 24),
            parse_options=pa.csv.ParseOptions(
                delimiter=separator, newlines_in_values=quoted, invalid_row_handler=note
            ),
            convert_options=pa.csv.ConvertOptions(column_types=dict.fromkeys(columns, pa.string())),
        )

    try:
        table = read(threads=True)
        if ragged:  # only a single thread knows the numbers of the rows
            ragged.clear()
            read(threads=False)
    except pa.ArrowInvalid as error:
        raise _unreadable(source, text, begin, error) from None
    below = _below(ragged, separator, table.num_rows + len(ragged))
    if len(ragged) > (len(below) if format.total_row == "drop" else 0):
        raise _uneven(source, ragged, separator, below)
    return table, [
        _left_out(what, list(below.values()).count(what)) for what in dict.fromkeys(below.values())
    ]


def _left_out(what: str, number: int) -> str:
    return f"{count(number, 'shorter row')} with a {what} {'is' if number == 1 else 'are'} left out"


def _below(ragged: list, separator: str, rows: int) -> dict[int, str]:
    """What the shorter rows are that are no data, by their numbers: totals, and notes at the very end."""
    found, end = {}, rows
    for row in sorted(ragged, key=lambda row: -(row.number or 0)):
        words = [cell.strip(' "\r\n') for cell in row.text.split(separator)]
        filled = [word for word in words if word]
        if filled and is_total(filled[0]):
            found[row.number] = "total"
        elif row.number == end and len(filled) == 1 and is_note(filled[0]):
            found[row.number] = "note"
        end -= row.number == end
    return found


def _refuse_beyond(source: str, data: pa.Table, header: Header, separator: str) -> None:
    """Rows may be longer than the header by empty cells alone."""
    for at in range(header.given, len(header.names)):
        filled = pc.not_equal(pc.utf8_trim_whitespace(data.column(at)), "").to_numpy()
        if filled.any():
            text = f"found {count(at + 1, 'filled cell')}, expected {header.given} as in the header. "
            raise refuse(source, text + _quote(separator), row=int(np.argmax(filled)) + 1)


def _unreadable(source: str, text: bytes, begin: int, error: pa.ArrowInvalid) -> ContractError:
    if text.count(b'"', begin) % 2:
        return refuse(source, OPEN_QUOTE)
    return refuse(source, f"it cannot be read as CSV: {str(error).splitlines()[0][:200]}")


def _uneven(source: str, ragged: list, separator: str, below: dict[int, str]) -> ContractError:
    first = min(ragged, key=lambda row: row.number or 0)
    more = f" (and {count(len(ragged) - 1, 'more row')})" if len(ragged) > 1 else ""
    found = f"found {count(first.actual_columns, 'cell')}, expected {first.expected_columns} as in the header{more}"
    if first.number in below:
        what = below[first.number]
        way_out = f'It looks like a {what}: total_row = "drop" under [format] leaves it out'
    elif first.actual_columns < first.expected_columns:
        way_out = "Fill it up with empty cells, or take the line out if it is no row of the table"
        way_out += f". {_quote(separator)}" if len(ragged) > 1 else ""
    else:
        way_out = _quote(separator)
    return refuse(source, f"{found}. {way_out}", row=first.number)


def _quote(separator: str) -> str:
    mark = "tab" if separator == "\t" else separator
    return f"Put cells that hold the separator `{mark}` in quotation marks"
