"""What the cells of each column are: dates, numbers, texts; how many differ, what is odd about them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shared.contract.categories import read_categories
from shared.contract.dates import FORMATS, read_times
from shared.contract.mapping import Format
from shared.contract.parsing import (
    CURRENCY,
    NO_VALUE,
    doubtful_points,
    floats,
    is_number,
    is_text,
    read_numbers,
    trimmed,
)
from shared.contract.tables import RawTable
from shared.proposing.vocabulary import folded, words

LOOKED_AT = 20_000  # rows that are read as numbers and dates, evenly spread; what counts rows is of all
FEW = 30  # distinct values up to which they are counted one by one
MOSTLY = 0.8  # share of cells from which a column is of a kind, and the others are odd
NUMBERS = 0.9  # the same for numbers: codes such as 79323P stand among numbers too
DIGITS = rf"^[+-]?\s*{CURRENCY}?\s*(?:\d[\d.,' ’_]*|[.,]\d+)(?:[eE][+-]?\d+)?\s*(?:{CURRENCY}|%)?$"
FILES = {
    "image": (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"),
    "signal": (".npy", ".csv", ".txt", ".dat", ".edf"),
}


@dataclass
class Column:
    """One column, as far as a look at its cells tells.

    Args:
        name: As in the header, without the spaces around it.
        kind: What most cells are.
        rows: Of the table.
        known: Cells that are not empty, of all rows.
        distinct: Values that differ, of all rows.
        values: The values and how often each occurs, the commonest first; {} where there are more than 30.
        numbers: Of the rows looked at, NaN where not known; of dates their seconds since 1970.
        odd: Cells looked at that are not of the kind; `odd_row` is the first, from 1.
        missing: Texts that stand for not known.
        date_format: Of dates that can be read in several ways: the likeliest; `sure` says whether the
            order of the rows told.
        decimal: The mark that texts settle; "?" where `1,234` leaves it open, "~" where `1.234` is a number
            but may mean thousands; else "".
        rising: Whether numbers or dates never fall from row to row.
        letters: Length of the cells, on average; `spaces` the words less one.
        mark: The letter before digits that a few cells begin with, such as the C of cancelled invoices.
        files: "image" or "signal" where the texts are names of such files.
    """

    name: str
    kind: Literal["empty", "number", "time", "text"]
    rows: int
    known: int
    distinct: int
    values: dict[str, int] = field(default_factory=dict)
    numbers: np.ndarray | None = field(default=None, repr=False)
    odd: int = 0
    odd_row: int | None = None
    missing: tuple[str, ...] = ()
    date_format: str = ""
    sure: bool = True
    decimal: str = ""
    rising: bool = False
    letters: float = 0.0
    spaces: float = 0.0
    mark: str = ""
    files: str = ""

    @property
    def whole(self) -> bool:
        """Whether all numbers are whole."""
        return self.kind == "number" and bool(np.all(np.mod(self.seen, 1) == 0))

    @property
    def seen(self) -> np.ndarray:
        """The numbers looked at that are known."""
        return np.empty(0) if self.numbers is None else self.numbers[~np.isnan(self.numbers)]

    @property
    def money(self) -> bool:
        """Whether the numbers have two decimals at most, and some do."""
        cents = self.seen * 100
        return (
            self.kind == "number"
            and len(cents) > 0
            and not self.whole
            and bool(np.all(np.abs(cents - np.round(cents)) < 1e-3))
        )

    @property
    def empty(self) -> float:
        """Share of the cells that are empty."""
        return 1 - self.known / max(self.rows, 1)

    @property
    def own(self) -> float:
        """Share of the known cells that differ."""
        return self.distinct / max(self.known, 1)


def profile(raw: RawTable) -> list[Column]:
    """The columns of a table. Of more than 20,000 rows as many are read as numbers or dates, evenly spread.

    Example:
        >>> table = pa.table({"when": ["2024-01-01", "2024-01-02"], "paid": ["1,50", "?"], "note": ["", ""]})
        >>> [(column.kind, column.known, column.missing) for column in profile(RawTable(table, "a.csv"))]
        [('time', 2, ()), ('number', 1, ('?',)), ('empty', 0, ())]
    """
    at = looked_at(len(raw))
    return [
        _column(name.strip().strip("\ufeff"), raw.data.column(place), at)
        for place, name in enumerate(raw.data.column_names)
    ]


def looked_at(rows: int) -> np.ndarray | None:
    """Positions of the rows that are read; None: all of them."""
    return None if rows <= LOOKED_AT else np.linspace(0, rows - 1, LOOKED_AT).astype(np.int64)


def plain(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """Cells without the wrappings of Parquet; texts without spaces around them, empty ones as null."""
    kind = cells.type
    if pa.types.is_dictionary(kind):
        cells = cells.cast(kind.value_type)
    elif pa.types.is_string_view(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        cells = cells.cast(pa.large_string())
    if is_text(cells.type):
        return trimmed(cells, NO_VALUE)
    if pa.types.is_floating(cells.type):
        return pc.if_else(pc.is_nan(cells), pa.scalar(None, cells.type), cells)
    return cells


def _column(name: str, cells: pa.ChunkedArray, at: np.ndarray | None) -> Column:
    try:
        cells = plain(cells)
        known = len(cells) - cells.null_count
        distinct = len(cells.unique().drop_null()) if known else 0
    except pa.ArrowException:  # lists and the like, which no role reads
        return Column(name, "text", len(cells), len(cells), len(cells), odd=len(cells))
    column = Column(name, "empty", len(cells), known, distinct)
    if not known or pa.types.is_null(cells.type):
        return column
    if distinct <= FEW:
        column.values = _counted(cells)
    seen = cells if at is None else cells.take(pa.array(at))
    rows = np.arange(len(cells)) if at is None else at
    if is_text(cells.type):
        _of_texts(column, seen, rows)
    elif pa.types.is_temporal(cells.type):
        _take_times(column, read_times(seen, Format()).data)
    elif pa.types.is_boolean(cells.type):
        column.kind = "text"
    elif is_number(cells.type) or pa.types.is_decimal(cells.type):
        column.kind, column.numbers = "number", floats(seen)
        column.rising = _rises(column.numbers)
    else:
        column.kind = "text"
    return column


def _counted(cells: pa.ChunkedArray) -> dict[str, int]:
    reading = read_categories(cells, Format())
    if reading.faults:
        return {}
    codes = reading.data.codes
    counts = np.bincount(codes[codes >= 0], minlength=len(reading.data.categories))
    order = np.argsort(-counts, kind="stable")
    return {str(reading.data.categories[place]): int(counts[place]) for place in order}


def _rises(values: np.ndarray | None) -> bool:
    if values is None:
        return False
    known = values[~(np.isnat(values) if values.dtype.kind == "M" else np.isnan(values))]
    return len(known) > 2 and bool((known[1:] >= known[:-1]).all() and known[0] != known[-1])


def _take_times(column: Column, times: np.ndarray | None) -> None:
    if times is None:  # hours without a day
        column.kind = "text"
        return
    column.kind, column.rising = "time", _rises(times)
    column.numbers = np.where(np.isnat(times), np.nan, times.astype(np.int64) / 1e6)


def _of_texts(column: Column, seen: pa.ChunkedArray, rows: np.ndarray) -> None:
    """Decides between numbers, dates and texts, with what is odd among them."""
    distinct = seen.unique().drop_null().to_pylist()
    unknown = [text for text in distinct if folded(text) in words("answers", "missing")]
    told = trimmed(seen, unknown) if 0 < len(unknown) < len(distinct) else seen
    known = told.drop_null()
    number = _like_numbers(known)
    share = pc.mean(number.cast(pa.int8())).as_py()
    times = None if _plain_numbers(known, share) else _as_times(column, told, rows)
    if times is not None:
        _take_times(column, times)
    elif share >= NUMBERS:
        _as_numbers(column, told, rows)
    else:  # an `unknown` among texts is a category as good as any
        known = seen.drop_null()
        column.kind = "text"
        column.letters = pc.mean(pc.utf8_length(known)).as_py()
        column.spaces = pc.mean(pc.count_substring(known, " ")).as_py()
        column.files = _files(known)
        return
    if told is not seen:
        column.missing = tuple(sorted(unknown))
        column.known -= round((told.null_count - seen.null_count) / len(seen) * column.rows)
        column.values = {text: number for text, number in column.values.items() if text not in unknown}


def _like_numbers(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Whether each text looks like a number or an amount, also in wide letters such as ￥１２."""
    return pc.match_substring_regex(pc.utf8_normalize(texts, form="NFKC"), DIGITS)


def _plain_numbers(known: pa.ChunkedArray, share: float) -> bool:
    """Whether texts are numbers that are no dates: eight digits such as 20240131 may be either."""
    if share < 1:
        return False
    eight = pc.match_substring_regex(known, r"^(19|20)\d{2}[-/.]?(0[1-9]|1[0-2])[-/.]?[0-3]\d")
    dotted = pc.match_substring_regex(known, r"^\d{1,4}[.]\d{1,2}[.]\d{1,4}$")
    return pc.mean(pc.or_(eight, dotted).cast(pa.int8())).as_py() < MOSTLY


def _as_times(column: Column, seen: pa.ChunkedArray, rows: np.ndarray) -> np.ndarray | None:
    """The texts as moments, if most are; of several ways to read them, the one in which they are in order."""
    reading = read_times(seen, Format())
    if not reading.faults:
        return reading.data
    filled = np.flatnonzero(seen.is_valid().to_numpy())
    few = seen.take(pa.array(filled[:: max(1, len(filled) // 300)]))
    share = {name: 1 - np.isnat(read_times(few, Format(date_format=name)).data).mean() for name in FORMATS}
    best = max(share.values())
    if best < MOSTLY:
        return None
    ways = {}
    for name in (name for name in FORMATS if share[name] == best):
        values = read_times(seen, Format(date_format=name)).data
        ways.setdefault(values.tobytes(), (name, values))
    # The few rows may be dates in each way, where all the rows are not.
    most = max(int((~np.isnat(values)).sum()) for _, values in ways.values())
    ways = {key: way for key, way in ways.items() if (~np.isnat(way[1])).sum() == most}
    name, values = min(ways.values(), key=lambda way: _falls(way[1]))
    bad = filled[np.isnat(values[filled])]
    column.odd, column.odd_row = len(bad), int(rows[bad[0]]) + 1 if len(bad) else None
    if len(ways) > 1 or len(bad):
        column.date_format = name
        column.sure = len({_falls(way) for _, way in ways.values()}) > 1 or len(ways) == 1
    return values


def _falls(values: np.ndarray) -> float:
    """Share of the moments that lie before the row above."""
    known = values[~np.isnat(values)]
    return float((known[1:] < known[:-1]).mean()) if len(known) > 1 else 0.0


def _as_numbers(column: Column, seen: pa.ChunkedArray, rows: np.ndarray) -> None:
    column.kind = "number"
    reading = read_numbers(seen, Format())
    if not reading.faults:
        column.numbers, column.decimal = reading.data, reading.decided.get("decimal", "")
        if not column.decimal and not column.whole:
            column.decimal = "~" if len(doubtful_points(seen)) else "."
    else:
        valid = seen.is_valid().to_numpy()
        good = _like_numbers(seen).fill_null(False).to_numpy()
        percent = pc.match_substring(seen, "%").fill_null(False).to_numpy()
        kept = pc.if_else(pa.array(good & ~percent), seen, pa.scalar(None, seen.type))
        again = read_numbers(kept, Format())
        if again.faults:  # `1,234` leaves the mark open
            column.decimal = "?"
            again = read_numbers(kept, Format(decimal=","))
        column.numbers = again.data if not again.faults else np.full(len(seen), np.nan)
        bad = np.flatnonzero(valid & (~good | percent))
        column.odd, column.odd_row = len(bad), int(rows[bad[0]]) + 1 if len(bad) else None
        letters = [text[:1].upper() for text in seen.take(pa.array(bad)).to_pylist() if text[1:].isdigit()]
        first = max(set(letters), key=letters.count, default="")
        column.mark = first if first.isalpha() and letters.count(first) >= MOSTLY * len(bad) else ""
    column.rising = _rises(column.numbers)


def _files(known: pa.ChunkedArray) -> str:
    lower = pc.utf8_lower(known)
    for kind, ends in FILES.items():
        pattern = "(?:" + "|".join(re.escape(end) for end in ends) + ")$"
        if pc.mean(pc.match_substring_regex(lower, pattern).cast(pa.int8())).as_py() >= MOSTLY:
            return kind
    return ""


def found(columns: Sequence[Column], name: str | None) -> Column | None:
    """The column of a name, if there is one."""
    return next((column for column in columns if column.name == name), None)
