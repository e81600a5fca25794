"""One cell as the readers of whole columns read it, where it is written plainly; NumPy alone.

What is written in another way (grouped digits, currencies, offsets, dates in a format that is not settled) is not
guessed: it raises `Unread`, and the readers of columns, or the one who sent it, decide.
"""

import math
import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import numpy as np

NO_VALUE = ("NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null", "None", "<NA>", "NaT")
WHOLE = r"^-?[0-9]+\.0*$|^-?[0-9](?:\.[0-9]+)?[eE]\+?[0-9]{1,2}$"
LOGICAL = {"True": "true", "TRUE": "true", "False": "false", "FALSE": "false"}
CODES = {
    "d": r"(?P<d>\d{1,2})",
    "m": r"(?P<m>\d{1,2})",
    "Y": r"(?P<Y>\d{4})",
    "y": r"(?P<y>\d{2})",
    "b": r"(?P<b>[A-Za-z]{3,9})\.?",
    "B": r"(?P<b>[A-Za-z]{3,9})",
    "H": r"(?P<H>\d{1,2})",
    "I": r"(?P<I>\d{1,2})",
    "M": r"(?P<M>\d{2})",
    "S": r"(?P<S>\d{2})",
    "f": r"(?P<f>\d{1,9})",
    "p": r"(?P<p>[AaPp])\.?[Mm]\.?",
    "%": "%",
}
TIME = (
    r"(?:[T ]\s*(?P<H>\d{1,2})[:时](?P<M>\d{2})(?:[:分](?P<S>\d{2})(?:[.,](?P<f>\d{1,9}))?)?[秒分]?"
    r"(?: ?(?P<p>[AaPp])\.?[Mm]\.?)?)?"
)
COMPACT_TIME = r"(?:[T ]?(?P<H>\d{2}):?(?P<M>\d{2})(?::?(?P<S>\d{2}))?)?"
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
UNITS = {"s": 1e6, "ms": 1e3, "us": 1.0, "ns": 1e-3, "D": 86_400e6}
"""Microseconds of each `time_unit`."""

_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_COMMA = re.compile(r"[+-]?\d+(?:,\d*)?", re.ASCII)
_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)?", re.ASCII)
_YEAR_THEN_DAY = re.compile(r"%Y.?%d")
_EXACT = 2**53  # integers beyond it are not all floats
_EARLIEST, _LATEST = datetime(1900, 1, 1), datetime(2101, 1, 1)
_EPOCH = datetime(1970, 1, 1)
_NO_DATES: tuple = ()


class Unread(ValueError):
    """A cell that is not written plainly."""


def read_number(cell: Any, format: Mapping[str, Any], codes: Collection[float] = _NO_DATES) -> float:
    """A cell of a column of numbers; NaN where it is empty.

    Args:
        cell: A text, a number or None.
        format: `decimal` and `missing` of the mapping's format are read.
        codes: Numbers that mean: not known.
    Raises:
        Unread: If it is written in another way, or is no number.
    Example:
        >>> read_number("12.5", {"decimal": None, "missing": ["?"]}), read_number("12,5", {"decimal": ","})
        (12.5, 12.5)
    """
    if cell is None:
        return math.nan
    kind = type(cell)
    if kind is str:
        text = cell.strip(" \t")
        if not text or text in NO_VALUE or text in (format.get("missing") or ()):
            return math.nan
        if format.get("decimal") == ",":
            if not _COMMA.fullmatch(text):
                raise Unread("is no plain number with a decimal comma")
            text = text.replace(",", ".")
        elif not _PLAIN.fullmatch(text):
            raise Unread("is no plain number")
        value = float(text)
    elif kind is float or (kind is int and -_EXACT < cell < _EXACT):
        value = float(cell)
    else:
        raise Unread("is no number")
    if not math.isfinite(value):
        if kind is float and math.isnan(value):
            return value
        raise Unread("is not finite")
    return math.nan if value in codes else value


def read_text(cell: Any, missing: Collection[str] = ()) -> str | None:
    """A cell of a column of categories or keys: one text for all ways of storing it; None where it is empty.

    Args:
        cell: A text, a number, a truth value or None.
        missing: Texts that mean: not known.
    Raises:
        Unread: If it is none of these.
    Example:
        >>> [read_text(cell) for cell in (" a", 7, 7.0, "7.0", "007", True, "")]
        ['a', '7', '7', '7', '007', 'true', None]
    """
    kind = type(cell)
    if cell is None:
        return None
    if kind is str:
        text = cell.strip(" \t")
        if text != text.strip() or "\ufeff" in text:
            raise Unread("has rare spaces around it")
    elif kind is float:
        if not math.isfinite(cell):
            raise Unread("is not finite")
        text = repr(cell)
    elif kind is bool or (kind is int and -_EXACT < cell < _EXACT):
        text = str(cell)
    else:
        raise Unread("is no text")
    text = canonical(text)
    return None if not text or text in missing else text


def canonical(text: str) -> str:
    """The text that a category has however it is stored: `123.0` is `123`, `TRUE` is `true`.

    Example:
        >>> canonical("1e3"), canonical("007.0"), canonical("2.50")
        ('1000', '007.0', '2.50')
    """
    if text in LOGICAL:
        return LOGICAL[text]
    return whole(text) if _WHOLE.match(text) else text


_WHOLE = re.compile(WHOLE)


def whole(text: str) -> str:
    """A whole number without its point or exponent; a code such as 007.0 stays as it is."""
    if text.lstrip("-").startswith("0") and not re.fullmatch(r"-?0\.0*", text):
        return text
    value = float(text)
    return str(int(value)) if value.is_integer() else text


def read_label(cell: Any, known: Mapping[str, int], missing: Collection[str] = ()) -> float:
    """A cell of a column of labels: its class, NaN where it is empty.

    Args:
        known: The class by canonical text, see `known_labels`.
    Raises:
        Unread: If it is no known label.
    Example:
        >>> read_label("是", known_labels({"是": 1, "否": 0})), read_label(True, known_labels({}))
        (1.0, 1.0)
    """
    text = read_text(cell, missing)
    if text is None:
        return math.nan
    if text not in known:
        raise Unread("is no known label")
    return float(known[text])


def known_labels(labels: Mapping[str, int]) -> dict[str, int]:
    """The class by canonical text; without [labels], 0, 1, true and false are understood."""
    if not labels:
        return {"0": 0, "1": 1, "false": 0, "true": 1}
    return {canonical(text.strip()): number for text, number in labels.items()}


def read_time(cell: Any, format: Mapping[str, Any]) -> np.datetime64:
    """A cell of a column of moments, by the wall clock; NaT where it is empty.

    Args:
        cell: A text, or a number where the format has a `time_unit`.
        format: `date_format`, `time_unit`, `time_origin` and `missing` are read.
    Raises:
        Unread: If it is written in another way, has an offset, or is no moment between 1900 and 2100.
    Example:
        >>> read_time("2024-01-31 08:15", {}), read_time("31/01/2024", {"date_format": "%d/%m/%Y"})
        (np.datetime64('2024-01-31T08:15:00.000000'), np.datetime64('2024-01-31T00:00:00.000000'))
    """
    if cell is None:
        return np.datetime64("NaT", "us")
    if type(cell) is str:
        cell = cell.strip(" \t")
        if not cell or cell in NO_VALUE or cell in (format.get("missing") or ()):
            return np.datetime64("NaT", "us")
    if format.get("time_unit") is not None:
        moment = _counted(read_number(cell, {"missing": ()}), format)
    elif type(cell) is str:
        moment = _written(cell, format.get("date_format"))
    else:
        raise Unread("is no date")
    if not _EARLIEST <= moment < _LATEST:
        raise Unread("is not between 1900 and 2100")
    since = moment - _EPOCH
    return np.datetime64((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds, "us")


def _counted(number: float, format: Mapping[str, Any]) -> datetime:
    counted = np.round(number * UNITS[format["time_unit"]])
    if not abs(counted) <= 1e16:
        raise Unread("is too far from the origin")
    return datetime.fromisoformat(format.get("time_origin") or "1970-01-01") + timedelta(
        microseconds=int(counted)
    )


def _written(text: str, date_format: str | None) -> datetime:
    if _ISO.fullmatch(text) and not _YEAR_THEN_DAY.match(date_format or ""):
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            raise Unread("is no date") from None
    pattern = _compiled(date_format) if date_format else None
    found = pattern.match(text) if pattern else None
    if not found:
        raise Unread("is no plain date")
    return _assembled({name: part for name, part in found.groupdict().items() if part})


@lru_cache(maxsize=64)
def _compiled(name: str) -> re.Pattern | None:
    pattern = date_pattern(name)
    return None if pattern is None else re.compile(pattern, re.ASCII)


def _assembled(part: Mapping[str, str]) -> datetime:
    """The moment of the parts of a date by the letters of strptime."""
    number = {name: int(text) for name, text in part.items() if name not in "fbp"}
    year = number["Y"] if "Y" in number else number["y"] + (2000 if number["y"] < 69 else 1900)
    short = part.get("b", "").lower()[:3]
    month = (MONTHS.index(short) + 1 if short in MONTHS else 0) if "b" in part else number["m"]
    hour = number.get("H", number.get("I", 0))
    if "p" in part:
        if not 1 <= hour <= 12:
            raise Unread("is no time of day")
        hour = hour % 12 + 12 * (part["p"].lower() == "p")
    microsecond = int(part.get("f", "").ljust(6, "0")[:6] or 0)
    try:
        return datetime(year, month, number["d"], hour, number.get("M", 0), number.get("S", 0), microsecond)
    except ValueError:
        raise Unread("is no date") from None


def date_pattern(name: str) -> str | None:
    """The regular expression of a strptime format, behind which a time of day may stand; None: of rare codes."""
    pieces = re.split(r"%(.)", name)
    codes = pieces[1::2]
    if not set(codes) <= set(CODES) or len(set(codes)) < len(codes) or not {"d"} <= set(codes):
        return None
    if not ({"Y", "y"} & set(codes) and {"m", "b", "B"} & set(codes)):
        return None
    if name == "%Y%m%d":
        return rf"^(?P<Y>\d{{4}})(?P<m>\d{{2}})(?P<d>\d{{2}}){COMPACT_TIME}$"
    pattern = "".join(
        CODES[piece] if at % 2 else re.escape(piece).replace(r"\ ", r"\s+") for at, piece in enumerate(pieces)
    )
    if not {"H", "I", "M", "S", "f", "p"} & set(codes):
        pattern += TIME
    return rf"^{pattern}$"
