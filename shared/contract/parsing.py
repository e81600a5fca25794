"""Cells of a column, as texts or typed, to numbers; `dates.py` and `categories.py` do the rest."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shared.contract.cells import NO_VALUE
from shared.contract.mapping import Format, Number
from shared.contract.words import count

CURRENCY = r"(?:€|£|¥|元|US\$|\$|EUR|USD|GBP|CNY|RMB|CHF|JPY)"
WITH_UNIT = r"^[+-]?\d[\d., '’_]*\s*[\p{L}°µ][\p{L}°µ/]*[23]?\.?$"  # as NFKC writes it
INFINITE = r"^[+-]?(?i:inf|infinity)$"
_hidden: ContextVar[bool] = ContextVar("_hidden", default=False)


@dataclass
class Reading:
    """What was read from a column.

    Args:
        data: One value per row; what is not known is NaN or NaT.
        faults: Pairs of a text and the first data row (from 1) it is about, or None.
        notes: What was decided on the way.
        decided: Fields of `Format` that the column has settled, for reading later tables alike.
    """

    data: Any = None
    faults: list[tuple[str, int | None]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    decided: dict[str, str] = field(default_factory=dict)


def shown(value: object) -> str:
    """A cell as a message shows it, cut to 40 characters.

    Example:
        >>> shown("31/02/2024"), len(shown("x" * 100))
        ('`31/02/2024`', 42)
    """
    text = "".join(letter if letter.isprintable() else " " for letter in str(value)[:41])
    return f"`{text}`" if len(text) <= 40 else f"`{text[:39]}…`"


@contextmanager
def hidden_cells(hidden: bool = True) -> Iterator[None]:
    """While a column of identifiers is read: no message shows one of its cells.

    Example:
        >>> with hidden_cells():
        ...     shown_cell("patient 17")
        'a cell'
    """
    token = _hidden.set(hidden)
    try:
        yield
    finally:
        _hidden.reset(token)


def are_hidden() -> bool:
    """Whether messages may show no cell, nor anything that tells one."""
    return _hidden.get()


def shown_cell(value: object) -> str:
    """A cell as a message shows it, unless it may identify someone."""
    return "a cell" if are_hidden() else shown(value)


def bad_cells(at: np.ndarray, cells: pa.ChunkedArray, what: str) -> tuple[str, int]:
    """The fault of the rows `at` (from 0): the first cell, and where the others are."""
    more = ""
    if len(at) > 1:
        rows = ", ".join(str(row + 1) for row in at[1:4]) + (", ..." if len(at) > 4 else "")
        more = f" (and {count(len(at) - 1, 'more row')}: {rows})"
    return f"{shown_cell(cell(cells, int(at[0])))} {what}{more}", int(at[0]) + 1


def cell(cells: pa.ChunkedArray, at: int) -> object:
    """One cell as a Python value; of a date beyond Python's, the number that stores it."""
    try:
        return cells[at].as_py()
    except (ValueError, OverflowError):
        return cells[at].value


def where(mask: pa.ChunkedArray) -> np.ndarray:
    """Positions at which a mask is true; null is false."""
    return np.flatnonzero(mask.fill_null(False).to_numpy())


def is_text(kind: pa.DataType) -> bool:
    """Whether cells of this type are texts."""
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def trimmed(cells: pa.ChunkedArray, missing: Sequence[str]) -> pa.ChunkedArray:
    """Texts without the spaces around them; empty ones and those in `missing` are null."""
    cells = pc.utf8_trim_whitespace(cells)
    empty = pc.is_in(cells, value_set=pa.array(["", *missing], cells.type), skip_nulls=True)
    return pc.if_else(empty, pa.scalar(None, cells.type), cells) if pc.any(empty).as_py() else cells


def floats(cells: pa.ChunkedArray) -> np.ndarray:
    """A numeric or Boolean column as float64, null as NaN."""
    if pa.types.is_boolean(cells.type):
        cells = cells.cast(pa.int8())
    return np.array(cells.cast(pa.float64(), safe=False).to_numpy(), dtype=np.float64)


def read_numbers(cells: pa.ChunkedArray, format: Format, number: Number | None = None) -> Reading:
    """Reads a column of numbers.

    Args:
        cells: Texts, or any numeric or Boolean type.
        format: `decimal`, `thousands` and `missing` are used.
        number: Of the column; its codes for not known are used.
    Returns:
        float64; the decimal mark that the texts settled in `decided`.
    Example:
        >>> read_numbers(pa.chunked_array([["1.234,50 €", "12,5"]]), Format()).data
        array([1234.5,   12.5])
    """
    reading = _read_any(cells, format)
    if number is not None and number.missing and reading.data is not None and not reading.faults:
        _take_codes(reading, cells.type, number.missing)
    return reading


def _take_codes(reading: Reading, kind: pa.DataType, codes: Sequence[float]) -> None:
    """Cells that hold a code become NaN; -9.9 in single precision is the code -9.9 too."""
    told = []
    for code in dict.fromkeys(codes):
        held = reading.data == (np.float32(code) if pa.types.is_float32(kind) else code)
        if held.any():
            reading.data[held] = np.nan
            told.append(f"{code:g} in {int(held.sum()):,}")
    if told:
        reading.notes.append(f"codes taken as not known: {', '.join(told)} of {len(reading.data):,} cells")


def _read_any(cells: pa.ChunkedArray, format: Format) -> Reading:
    kind = cells.type
    if pa.types.is_null(kind):
        return Reading(np.full(len(cells), np.nan))
    if pa.types.is_boolean(kind) or pa.types.is_decimal(kind) or is_number(kind):
        return _finite(Reading(floats(cells)), cells)
    if not is_text(kind):
        return Reading(faults=[(f"holds {kind}, expected numbers", None)])
    if format.decimal != ",":
        try:  # almost every column ends here
            reading = _finite(Reading(floats(cells)), cells)
            if not reading.faults and not np.isnan(reading.data).any():
                return reading
        except pa.ArrowInvalid:
            pass
    texts = trimmed(cells, [*NO_VALUE, *format.missing])
    endless = pc.match_substring_regex(texts, INFINITE)
    faults = []
    if len(rows := where(endless)):
        faults = [bad_cells(rows, texts, "is not finite, expected a number")]
        texts = pc.if_else(endless, pa.scalar(None, texts.type), texts)  # the other cells may be wrong too
    try:
        reading = (
            _read_written(texts, format) if format.decimal == "," else _finite(Reading(floats(texts)), texts)
        )
    except pa.ArrowInvalid:
        reading = _read_written(texts, format)
    reading.faults[:0] = faults
    return reading


def is_number(kind: pa.DataType) -> bool:
    """Whether a column of this type holds integers or floats."""
    return pa.types.is_integer(kind) or pa.types.is_floating(kind)


def _finite(reading: Reading, cells: pa.ChunkedArray) -> Reading:
    endless = np.flatnonzero(np.isinf(reading.data))
    if len(endless):
        reading.faults.append(bad_cells(endless, cells, "is not finite, expected a number"))
    return reading


def _read_written(texts: pa.ChunkedArray, format: Format) -> Reading:
    """Numbers as people write them: with a currency, grouped digits, either decimal mark."""
    plain = pc.utf8_trim_whitespace(pc.utf8_normalize(texts, form="NFKC"))  # １２ -> 12, ￥ -> ¥
    plain = pc.replace_substring_regex(plain, "[−﹣－]", "-")
    plain = pc.replace_substring_regex(plain, rf"^([+-]?)\s*{CURRENCY}\s*", r"\1")
    plain = pc.replace_substring_regex(plain, rf"\s*{CURRENCY}$", "")
    plain = pc.replace_substring_regex(plain, r"[   ]", " ")
    reading = Reading()
    decimal = format.decimal or _decimal_mark(plain, texts, reading)
    if reading.faults:
        return reading
    group = (
        f"[{',' if decimal == '.' else '.'} '’_]" if format.thousands is None else re.escape(format.thousands)
    )
    mark = re.escape(decimal)
    groups = "|".join(rf"\d{{1,3}}(?:{one}\d{{3}})+" for one in _group_marks(decimal, format.thousands))
    digits = rf"(?:{groups}|\d+)" if groups else r"\d+"
    valid = pc.match_substring_regex(plain, rf"^[+-]?(?:{digits}(?:{mark}\d*)?|{mark}\d+)(?:[eE][+-]?\d+)?$")
    bad = where(pc.invert(valid))
    if len(bad):
        reading.faults += _no_numbers(bad, plain, texts)
        return reading
    plain = pc.replace_substring_regex(plain, group, "")
    reading.data = floats(pc.replace_substring(plain, decimal, "."))
    return _finite(reading, texts)


def doubtful_points(cells: pa.ChunkedArray) -> np.ndarray:
    """Rows whose point may mean thousands, if no other row tells: where others have decimal commas."""
    if not is_text(cells.type):
        return np.array([], np.int64)
    cells = trimmed(cells, [])
    unclear = pc.match_substring_regex(cells, r"^[+-]?[1-9]\d{0,2}\.\d{3}$")
    clear = pc.and_not(pc.match_substring(cells, "."), unclear)
    return where(unclear) if not pc.any(clear).as_py() else np.array([], np.int64)


def _group_marks(decimal: str, thousands: str | None) -> list[str]:
    marks = [",", ".", " ", "'", "’", "_"] if thousands is None else [thousands]
    return [re.escape(mark) for mark in marks if mark != decimal]


def _no_numbers(
    bad: np.ndarray, plain: pa.ChunkedArray, texts: pa.ChunkedArray
) -> list[tuple[str, int | None]]:
    cells = plain.take(pa.array(bad))
    percent = bad[where(pc.match_substring(cells, "%"))]
    united = bad[:0] if are_hidden() else bad[where(pc.match_substring_regex(cells, WITH_UNIT))]
    other = bad[~np.isin(bad, [*percent, *united])]
    faults: list[tuple[str, int | None]] = []
    if len(other):
        faults.append(bad_cells(other, texts, "is no number"))
    if len(united):
        what = "is a number with a unit behind it. Write the number alone, in one unit in every row"
        faults.append(bad_cells(united, texts, what))
    if len(percent):
        what = "is a percentage. Write plain numbers, 0.12 or 12 for 12 %, in every row"
        faults.append(bad_cells(percent, texts, what))
    return faults


def _decimal_mark(plain: pa.ChunkedArray, texts: pa.ChunkedArray, reading: Reading) -> str:
    """The mark that the whole column agrees on; `1,234` alone tells nothing."""
    point = where(
        pc.match_substring_regex(
            plain,
            r"^[+-]?(?:\d[\d, '’_]*)?\.(?:\d{0,2}|\d{4,})(?:[eE].*)?$"
            r"|^[+-]?(?:0|\d{4,})\.\d{3}$|,\d{3}\.\d*$|,\d{3},\d{3}$",
        )
    )
    comma = where(
        pc.match_substring_regex(
            plain,
            r"^[+-]?(?:\d[\d. '’_]*)?,(?:\d{0,2}|\d{4,})(?:[eE].*)?$"
            r"|^[+-]?(?:0|\d{4,}),\d{3}$|\.\d{3},\d*$|\.\d{3}\.\d{3}$",
        )
    )
    if len(point) and len(comma):
        few = min(comma, point, key=lambda rows: (len(rows), -rows[0]))
        known = point if few is comma else comma
        other = shown_cell(texts[int(known[0])].as_py())
        what = f"and {other} (row {known[0] + 1}) have different decimal marks. Use one in every row"
        reading.faults.append(bad_cells(few[:1], texts, what))
        return "."
    if len(point) or len(comma):
        reading.decided["decimal"] = "," if len(comma) else "."
        reading.notes.append(f"the decimal mark is `{reading.decided['decimal']}`")
        return reading.decided["decimal"]
    unclear = where(pc.match_substring_regex(plain, r"^[+-]?[1-9]\d{0,2},\d{3}$"))
    if len(unclear):
        what = 'may mean thousands or a decimal comma. Set decimal = "." or "," under [format]'
        reading.faults.append(bad_cells(unclear, texts, what))
    return "."
