"""The header of a file: in which row the names of the columns stand, and where the data begin."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.contract.formats import Format
from shared.contract.parsing import NO_VALUE, count, shown
from shared.contract.refusal import refuse
from shared.errors import Fault

MOST_ROWS = 100  # of a file, looked through for its layout
MOST_ABOVE = 10  # rows above a header that are found without header_row
ALIKE = 0.9  # share of the rows below a title that must be as wide as the names


@dataclass(frozen=True)
class Row:
    """A row of a file that is not blank.

    Args:
        number: In the file, from 1, blank rows counted.
        cells: Its texts.
        end: Where the next one begins, in bytes of the text; 0 where there is no text.
    """

    number: int
    cells: list[str]
    end: int = 0


@dataclass(frozen=True)
class Header:
    """Where the names are, and what was seen around them.

    Args:
        at: Place of the header among the rows that were looked at.
        first: Place of the first row of data; as many as there are rows where there is none.
        names: One for each column; "" where the header has none.
        given: How many columns the header itself has; further ones must be empty.
        notes: What was left out.
        faults: What only the customer can tell.
    """

    at: int
    first: int
    names: list[str]
    given: int
    notes: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def find_header(rows: Sequence[Row], format: Format, source: str = "table") -> Header:
    """Finds the names of the columns among the first rows of a file.

    Titles, and names of groups of columns, which have fewer cells than the names below them, are left out with a
    note. Names in two rows, as merged cells leave them, are read from both. A second line below the names that
    looks like a part of the header is a fault: only the customer knows which of the two holds the names.

    Args:
        rows: The first ones, at least one.
        format: `header_row`, `first_row` and `missing` are used.
        source: Name of the file, for messages.
    Raises:
        ContractError: If `header_row` or `first_row` is none of the rows.
    Example:
        >>> texts = (["Report 2025"], ["Payment", "", "Card"], ["time", "amount", "card"], ["2025-01-02", "5", "A"])
        >>> header = find_header([Row(at + 1, cells) for at, cells in enumerate(texts)], Format())
        >>> header.names, header.notes
        (['time', 'amount', 'card'], ['2 rows above the names of columns in row 3 are left out'])
    """
    at = start(rows, format)
    if at is None:
        raise _no_row(source, "header_row", format.header_row, rows)
    names = None if _is_told(format) else _in_two_rows(rows, at)
    if names is not None:
        return _of_two_rows(rows, at, names)
    first = at + 1
    if format.first_row is not None:
        first = next((place for place, row in enumerate(rows) if row.number >= format.first_row), len(rows))
        if first <= at:
            where = f"the names of columns in row {rows[at].number}"
            raise refuse(source, f"[format] first_row = {format.first_row} is not below {where}")
        if first == len(rows) >= MOST_ROWS:
            raise _no_row(source, "first_row", format.first_row, rows)
    names = fitted(rows[at].cells, rows[first:])
    notes = _above(rows, at)
    if first > at + 1:
        left = first - at - 1
        notes.append(
            f"{count(left, 'row')} below the names of columns {'is' if left == 1 else 'are'} left out"
        )
    faults = [] if format.first_row is not None else _second_line(rows, at, names, format)
    return Header(at, first, names, len(rows[at].cells), notes, faults)


def start(rows: Sequence[Row], format: Format) -> int | None:
    """Place of the row with the names; None if `header_row` is none of the rows."""
    if format.header_row is not None:
        return next((at for at, row in enumerate(rows) if row.number == format.header_row), None)
    among = range(min(len(rows), MOST_ABOVE + 1))
    if not _is_told(format):
        double = next((at for at in among if _in_two_rows(rows, at) is not None), None)
        if double is not None:
            return double
    for at in among[1:]:
        if _is_header(rows, at):
            return at
    return 0


def fitted(cells: Sequence[str], below: Sequence[Row]) -> list[str]:
    """The names, as many as the rows below have cells, where only empty ones are to be added or taken away."""
    names = [name.strip() for name in cells]
    if not below:
        return names
    width = Counter(len(row.cells) for row in below).most_common(1)[0][0]
    if width < len(names) and not any(names[width:]):
        return names[:width]
    extra = [cell for row in below if len(row.cells) == width for cell in row.cells[len(names) :]]
    if any(cell.strip() for cell in extra):
        return names
    return names + [""] * (width - len(names))


def is_value(cell: str) -> bool:
    """Whether a cell looks like a number, a date or a moment, and not like a name.

    Example:
        >>> [is_value(cell) for cell in ("12,50 EUR", "2025-01-02", "2024年1月2日", "V12", "1st shop", "")]
        [True, True, True, False, False, False]
    """
    letters = [letter for letter in cell if letter.isalnum()]
    return (
        bool(letters)
        and letters[0].isdigit()
        and 2 * sum(letter.isdigit() for letter in letters) > len(letters)
    )


def _is_told(format: Format) -> bool:
    return format.header_row is not None or format.first_row is not None


def _above(rows: Sequence[Row], at: int) -> list[str]:
    if not at:
        return []
    above = f"{count(at, 'row')} above the names of columns in row {rows[at].number}"
    return [f"{above} {'is' if at == 1 else 'are'} left out"]


def _of_two_rows(rows: Sequence[Row], at: int, names: list[str]) -> Header:
    numbers = f"{rows[at].number} and {rows[at + 1].number}"
    notes = [*_above(rows, at), f"the names of columns are in rows {numbers}, as merged cells leave them"]
    given = max(len(rows[at].cells), len(rows[at + 1].cells))
    return Header(at, at + 2, names, given, notes)


def _in_two_rows(rows: Sequence[Row], at: int) -> list[str] | None:
    """The names, if merged cells part them in two rows; else None.

    Above stand the names that go down over both rows, and those of groups, each over several names below. So the
    lower row is filled below groups alone, and empty where the rows of data are filled.
    """
    below = rows[at + 2 : at + 52]
    if len(below) < 3:
        return None
    width = Counter(len(row.cells) for row in below).most_common(1)[0][0]
    upper, lower = (_padded(row.cells, width) for row in rows[at : at + 2])
    if max(len(upper), len(lower)) != width or any(is_value(cell) for cell in (*upper, *lower)):
        return None
    grouped = _below_groups(upper, lower)
    plain = [place for place in range(width) if place not in grouped]
    if not grouped or not plain or any(lower[place] or not upper[place] for place in plain):
        return None
    data = [row.cells for row in below if len(row.cells) == width]
    filled = (sum(bool(cells[place].strip()) for cells in data) for place in plain)
    if not any(number >= ALIKE * len(data) for number in filled):
        return None
    names = [lower[place] if place in grouped else upper[place] for place in range(width)]
    return names if len(set(names)) == width else None


def _padded(cells: Sequence[str], width: int) -> list[str]:
    cells = _without_end(cells)
    return cells + [""] * (width - len(cells))


def _below_groups(upper: Sequence[str], lower: Sequence[str]) -> set[int]:
    """Places whose name stands in the lower row, below a name that is followed by empty cells."""
    found: set[int] = set()
    for place in range(1, len(upper)):
        if not upper[place] and lower[place] and lower[place - 1]:
            head = upper[place - 1] or place - 1 in found
            found |= {place - 1, place} if head else set()
    return found


def _is_header(rows: Sequence[Row], at: int) -> bool:
    """Whether the row holds names, and all those above have too few cells to be the names."""
    names = _without_end(rows[at].cells)
    filled = [_filled(row) for row in rows[:at]]
    if len(names) < 2 or not all(names) or max(filled) >= len(names) or any(map(is_value, names)):
        return False
    below = rows[at + 1 : at + 51]
    alike = [
        len(row.cells) == len(rows[at].cells) or len(_without_end(row.cells)) == len(names) for row in below
    ]
    if below and sum(alike) >= len(below) / 2 and _over_values(names, below):
        return True
    # Without numbers below, only a lone title tells: one cell, where every other row has several.
    lone = max(filled) <= 1 and (len(names) > 2 or all(len(row.cells) == 1 for row in rows[:at]))
    return lone and sum(alike) >= ALIKE * len(below)


def _filled(row: Row) -> int:
    return sum(bool(cell.strip()) for cell in row.cells)


def _without_end(cells: Sequence[str]) -> list[str]:
    """The cells without spaces, up to the last one that is filled."""
    cells = [cell.strip() for cell in cells]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _over_values(cells: Sequence[str], below: Sequence[Row]) -> list[int]:
    """Columns whose cell here is a text, while most of those below are numbers or dates."""
    found = []
    for at, cell in enumerate(cells):
        under = [row.cells[at] for row in below if at < len(row.cells) and row.cells[at].strip()]
        if cell and not is_value(cell) and under and sum(map(is_value, under)) >= 0.8 * len(under):
            found.append(at)
    return found


def _second_line(rows: Sequence[Row], at: int, names: Sequence[str], format: Format) -> list[Fault]:
    """The fault of a row below the names that has texts where the rows below it have numbers."""
    if len(rows) < at + 5:  # too few rows to tell
        return []
    cells = [cell.strip() for cell in rows[at + 1].cells]
    unknown = {*NO_VALUE, *format.missing}
    if any(map(is_value, cells)):
        return []
    cells = ["" if cell in unknown else cell for cell in cells]
    found = [names[place] for place in _over_values(cells, rows[at + 2 : at + 52]) if place < len(names)]
    if len(found) < 2:
        return []
    number = rows[at + 1].number
    listed = ", ".join(shown(name) for name in found[:3]) + (", ..." if len(found) > 3 else "")
    text = f"holds texts above the numbers or dates of {listed}: is it a second line of the header? "
    ways = f"first_row = {rows[at + 2].number} leaves it out, header_row = {number} if the names are there"
    return [Fault(text=f"{text}Under [format], {ways}, first_row = {number} if it is data", row=1)]


def _no_row(source: str, name: str, number: int | None, rows: Sequence[Row]) -> Exception:
    wanted = f"expected one of the first {MOST_ROWS} rows that are not blank"
    last = f"; the last of them is row {rows[-1].number}"
    return refuse(source, f"[format] {name} = {number}: {wanted}{last}")
