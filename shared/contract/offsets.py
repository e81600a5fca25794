"""Offsets from UTC behind the times of a column, and the one clock that all its times are told by."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from shared.contract.mapping import Format
from shared.contract.parsing import Reading

OFFSET = r"(?P<t>\d{2}(?:[.,]\d+)?)\s?(?P<z>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)$"
HAS_OFFSET = r":\d{2}(?:[.,]\d+)?\s?(?:Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)$"


@dataclass
class Offsets:
    """Offsets from UTC of a column of times."""

    minutes: np.ndarray  # per row, NaN without an offset
    known: np.ndarray  # rows that are not empty


def read_offsets(texts: pa.ChunkedArray) -> Offsets | None:
    """The offsets that stand behind the times, such as `+02:00`; None where there are none."""
    if not pc.any(pc.match_substring_regex(texts, HAS_OFFSET)).as_py():
        return None
    has = pc.match_substring_regex(texts, HAS_OFFSET)
    found = pc.struct_field(
        pc.extract_regex(pc.if_else(has, texts, pa.scalar(None, texts.type)), OFFSET), "z"
    )
    coded = pd.Categorical(found.to_pandas())
    minutes = np.array([_minutes(text) for text in coded.categories] + [np.nan])[coded.codes]
    return Offsets(minutes, texts.is_valid().to_numpy())


def _minutes(offset: str) -> float:
    if offset[0] not in "+-":
        return 0.0
    digits = offset[1:].replace(":", "").ljust(4, "0")
    return (60 * int(digits[:2]) + int(digits[2:])) * (-1.0 if offset[0] == "-" else 1.0)


def to_one_clock(reading: Reading, offsets: Offsets, format: Format) -> Reading:
    """The times on one clock, the mapping's zone or UTC, whatever their offsets were."""
    minutes, zoned = offsets.minutes, ~np.isnan(offsets.minutes)
    if format.timezone is not None:
        utc = reading.data[zoned] - minutes[zoned].astype("timedelta64[m]")
        clock = pc.local_timestamp(pa.array(utc).cast(pa.timestamp("us", format.timezone)))
        reading.data[zoned] = clock.to_numpy(zero_copy_only=False)
        naive = int((offsets.known & ~zoned).sum())
        also = f"; {naive} without offset taken as in it" if naive else ""
        reading.notes.append(f"times were converted to {format.timezone}{also}")
        return reading
    way_out = 'Set timezone under [format], such as "Europe/Paris", and all are converted to it'
    bare = np.flatnonzero(offsets.known & ~zoned)
    if len(bare):
        text = f"has no offset from UTC, while row {np.argmax(zoned) + 1} has. {way_out}"
        reading.faults.append((f"the time {text}", int(bare[0]) + 1))
    elif len(different := np.flatnonzero(zoned & (minutes != minutes[np.argmax(zoned)]))):
        first, second = (_clock(minutes[row]) for row in (np.argmax(zoned), different[0]))
        text = f"offsets from UTC differ: {first} (row {np.argmax(zoned) + 1}) and {second}. {way_out}"
        reading.faults.append((text, int(different[0]) + 1))
    else:
        reading.notes.append(f"times are the wall clock at offset {_clock(minutes[np.argmax(zoned)])}")
    return reading


def _clock(minutes: float) -> str:
    hours, rest = divmod(abs(int(minutes)), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02d}:{rest:02d}"


def without_offsets(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """The texts up to their offset."""
    return pc.replace_substring_regex(texts, OFFSET, r"\1")
