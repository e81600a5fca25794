"""Cells of a column to moments: ISO 8601, other ways of writing dates, numeric times, offsets and zones."""

import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from shared.contract.cells import MONTHS, NO_VALUE, UNITS, date_pattern
from shared.contract.mapping import Format
from shared.contract.offsets import read_offsets, to_one_clock, without_offsets
from shared.contract.parsing import (
    Reading,
    are_hidden,
    bad_cells,
    floats,
    is_number,
    is_text,
    shown,
    trimmed,
    where,
)

MICROSECOND = pa.timestamp("us")
FORMATS = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d"),
    *("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%m.%d.%Y", "%d-%m-%Y", "%m-%d-%Y"),
    *("%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%m-%y", "%m-%d-%y"),
    *("%d %b %Y", "%d-%b-%Y", "%b %d, %Y", "%b %d %Y"),
)
EARLIEST, LATEST = np.datetime64("1900-01-01", "us"), np.datetime64("2101-01-01", "us")


def read_times(cells: pa.ChunkedArray, format: Format) -> Reading:
    """Reads a column of moments to naive datetime64[us]: the wall clock of the file or of a zone.

    Args:
        cells: Texts, timestamps, dates, or numbers with `format.time_unit`.
        format: `date_format`, `time_unit`, `time_origin`, `timezone` and `missing` are used.
    Returns:
        One moment a row, NaT where it is empty; the date format that was detected in `decided`.
    Example:
        >>> read_times(pa.chunked_array([["31/01/2024 08:15", "01/02/2024 23:59"]]), Format()).data
        array(['2024-01-31T08:15:00.000000', '2024-02-01T23:59:00.000000'],
              dtype='datetime64[us]')
    """
    kind = cells.type
    if pa.types.is_null(kind):
        return Reading(np.full(len(cells), "NaT", "datetime64[us]"))
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        reading = _from_timestamps(cells, format)
    elif is_number(kind) and format.time_unit is not None:
        reading = _from_numbers(floats(cells), cells, format)
    elif is_number(kind) or is_text(kind):
        reading = _from_texts(_plain_texts(cells, format), format)
    else:
        reading = Reading(faults=[(f"holds {kind}, expected dates", None)])
    return reading if reading.faults else _within_reason(reading, cells)


def _plain_texts(cells: pa.ChunkedArray, format: Format) -> pa.ChunkedArray:
    if pa.types.is_floating(cells.type) and np.all(np.mod(floats(cells.drop_null()), 1) == 0):
        cells = cells.cast(pa.int64(), safe=False)
    return trimmed(cells.cast(pa.string()), [*NO_VALUE, *format.missing])


def _within_reason(reading: Reading, cells: pa.ChunkedArray) -> Reading:
    values = reading.data
    absurd = np.flatnonzero((values < EARLIEST) | (values >= LATEST))
    if len(absurd):
        year = "a year" if are_hidden() else f"the year {values[absurd[0]].astype('datetime64[Y]')}"
        way_out = "Check date_format, time_unit and time_origin under [format]"
        what = f"is in {year}, expected 1900 to 2100. {way_out}"
        reading.faults.append(bad_cells(absurd, cells, what))
    return reading


def _from_timestamps(cells: pa.ChunkedArray, format: Format) -> Reading:
    zone = getattr(cells.type, "tz", None)
    notes = []
    if zone is not None:
        target = format.timezone or zone
        cells = pc.local_timestamp(cells.cast(pa.timestamp(cells.type.unit, target)))
        notes.append(f"times are the wall clock of {target}")
    exact = getattr(cells.type, "unit", "") != "ns"  # nanoseconds are cut off
    return Reading(_to_numpy(cells.cast(MICROSECOND, safe=exact)), notes=notes)


def _to_numpy(cells: pa.ChunkedArray) -> np.ndarray:
    return np.array(cells.to_numpy(), dtype="datetime64[us]")


def _from_numbers(numbers: np.ndarray, cells: pa.ChunkedArray, format: Format) -> Reading:
    endless = np.flatnonzero(np.isinf(numbers))
    if len(endless):
        return Reading(faults=[bad_cells(endless, cells, "is not finite, expected a time")])
    microseconds = UNITS[format.time_unit]
    with np.errstate(over="ignore"):
        counted = np.round(numbers * microseconds)
    far = np.flatnonzero(np.abs(counted) > 1e16)  # more than 300 years; also keeps int64 from overflowing
    if len(far):
        what = f"is too far from the origin {format.time_origin}. Check [format] time_unit and time_origin"
        return Reading(faults=[bad_cells(far, cells, what)])
    known = ~np.isnan(counted)
    values = np.full(len(counted), "NaT", "datetime64[us]")
    values[known] = np.datetime64(format.time_origin, "us") + counted[known].astype("timedelta64[us]")
    return Reading(
        values, notes=[f"times are numbers, counted in {format.time_unit} from {format.time_origin}"]
    )


def _from_texts(texts: pa.ChunkedArray, format: Format) -> Reading:
    if format.time_unit is not None:
        try:
            return _from_numbers(floats(texts), texts, format)
        except pa.ArrowInvalid:
            bad = where(
                pc.invert(pc.match_substring_regex(texts, r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"))
            )
            what = f'is no number, as time_unit = "{format.time_unit}" under [format] asks for'
            return Reading(faults=[bad_cells(bad, texts, what)])
    day_before_month = re.match(r"%Y.?%d", format.date_format or "")
    if not day_before_month:  # nothing else can be mistaken for ISO 8601
        try:
            return Reading(_to_numpy(texts.cast(MICROSECOND)))
        except pa.ArrowInvalid:
            pass
    offsets = read_offsets(texts)
    if offsets is None:
        return _from_naive(texts, format)
    texts = without_offsets(texts)
    reading = _from_naive(texts, format)
    return reading if reading.faults else to_one_clock(reading, offsets, format)


def _from_naive(texts: pa.ChunkedArray, format: Format) -> Reading:
    """Reads texts without offset, in the given format or in the one format that fits all rows."""
    known = texts.is_valid().to_numpy()
    if format.date_format is not None:
        values = _parse(texts, format.date_format)
        bad = np.flatnonzero(known & np.isnat(values))
        what = f"is no date in the format {shown(format.date_format)}"
        return Reading(values, faults=[bad_cells(bad, texts, what)] if len(bad) else [])
    if known.all() or not known.any():
        try:
            return Reading(_to_numpy(texts.cast(MICROSECOND)))
        except pa.ArrowInvalid:
            pass
    fits = _fitting(texts, known)
    if not fits:
        return Reading(faults=[_no_date(texts, known)])
    (name, values), *others = fits.items()
    for other, alike in others:
        differs = np.flatnonzero(known & (values != alike))
        if len(differs) and "." not in name:  # with dots, the day comes first
            what = f"may be {name} or {other}. Set date_format under [format]"
            return Reading(faults=[bad_cells(differs[:1], texts, what)])
    return Reading(values, notes=[f"dates are read as {name}"], decided={"date_format": name})


def _fitting(texts: pa.ChunkedArray, known: np.ndarray) -> dict[str, np.ndarray]:
    """The formats that read every row; a sample rules out most of them at once."""
    rows = np.flatnonzero(known)
    sample = texts.take(pa.array(rows[:: max(1, len(rows) // 500)]))
    fits = {}
    for name in FORMATS:
        if not np.isnat(_parse(sample, name)).any():
            values = _parse(texts, name)
            if not np.isnat(values[known]).any():
                fits[name] = values
    return fits


def _no_date(texts: pa.ChunkedArray, known: np.ndarray) -> tuple[str, int]:
    """The fault of a column in no format: the cells that the best one leaves."""
    if pc.all(pc.match_substring_regex(texts, r"^[+-]?\d+(\.\d*)?([eE][+-]?\d+)?$")).as_py():
        first = int(np.argmax(known))
        what = 'is a number. Set time_unit ("s", "ms", "us", "ns" or "D") and time_origin under [format]'
        return bad_cells(np.array([first]), texts, what)
    read = [np.isnat(_parse(texts, name)) & known for name in FORMATS]
    best = min(range(len(FORMATS)), key=lambda at: (read[at].sum(), -np.argmax(read[at])))
    what = "is no date"
    if read[best].sum() < known.sum():
        what += f" (the others are {FORMATS[best]})"
    return bad_cells(np.flatnonzero(read[best]), texts, what)


def _parse(texts: pa.ChunkedArray, name: str) -> np.ndarray:
    """Moments of the texts in a strptime format, NaT where one does not fit. A time of day may follow."""
    pattern = date_pattern(name)
    if pattern is None:  # codes that are seldom used
        parsed = pd.to_datetime(texts.to_pandas(), format=name, errors="coerce")
        return parsed.to_numpy("datetime64[us]")
    found = pc.extract_regex(texts, pattern)
    part = {key: pc.struct_field(found, key) for key in re.findall(r"\?P<(\w)>", pattern)}
    valid = found.is_valid().to_numpy()
    number = {key: _integers(part[key]) for key in part if key not in "fbp"}
    year = number["Y"] if "Y" in number else number["y"] + np.where(number["y"] < 69, 2000, 1900)
    month = _months(part["b"]) if "b" in part else number["m"]
    day, zero = number["d"], np.zeros(len(valid), np.int64)
    hour = number.get("H", number.get("I", zero)).copy()
    minute, second = number.get("M", zero), number.get("S", zero)
    if "p" in part:
        half = pc.utf8_lower(part["p"]).fill_null("").to_numpy()
        valid &= (half == "") | ((hour >= 1) & (hour <= 12))
        hour = np.where(half == "", hour, hour % 12 + 12 * (half == "p"))
    valid &= (month >= 1) & (month <= 12) & (day >= 1) & (hour < 24) & (minute < 60) & (second < 60)
    first = (year - 1970).astype("datetime64[Y]").astype("datetime64[M]") + (month - 1).astype(
        "timedelta64[M]"
    )
    valid &= day <= ((first + 1).astype("datetime64[D]") - first.astype("datetime64[D]")).astype(np.int64)
    seconds = (day - 1) * 86_400 + hour * 3_600 + minute * 60 + second
    values = first.astype("datetime64[us]") + (seconds * 1_000_000 + _microseconds(part, zero)).astype(
        "m8[us]"
    )
    values[~valid] = np.datetime64("NaT")
    return values


def _integers(texts: pa.ChunkedArray) -> np.ndarray:
    empty = pc.equal(texts, "")
    filled = pc.if_else(empty, pa.scalar("0", texts.type), texts).fill_null("0")
    return filled.cast(pa.int64()).to_numpy().copy()


def _months(texts: pa.ChunkedArray) -> np.ndarray:
    short = pc.utf8_slice_codeunits(pc.utf8_lower(texts), 0, 3)
    return (
        pc.index_in(short, value_set=pa.array(MONTHS, short.type)).fill_null(-1).to_numpy().astype(np.int64)
        + 1
    )


def _microseconds(part: dict[str, pa.ChunkedArray], zero: np.ndarray) -> np.ndarray:
    if "f" not in part:
        return zero
    padded = pc.utf8_slice_codeunits(pc.utf8_rpad(part["f"].fill_null(""), 6, "0"), 0, 6)
    return padded.cast(pa.int64()).to_numpy()
