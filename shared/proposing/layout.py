"""Columns that are one thing together: the steps of a wide table, the samples of a signal."""

import fnmatch
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from shared.contract.dates import read_times
from shared.contract.mapping import Format, Wide
from shared.proposing.profile import Column

STEPS, SAMPLES = 12, 16  # columns in a row before they are taken for steps, and for samples
DATES = 4  # columns with names that are dates
SMOOTH = 0.5  # correlation of neighbouring samples of a signal, on average


@dataclass(frozen=True)
class Together:
    """Columns that belong together.

    Args:
        names: Theirs, in the file's order.
        section: The entries of [wide] or [signal].
        dated: Whether the names are dates.
    """

    names: tuple[str, ...]
    section: dict[str, Any]
    dated: bool = False


def wide(columns: Sequence[Column]) -> Together | None:
    """The steps of a table with one row a series, if it is one: their names are dates, or are counted.

    Example:
        >>> columns = [Column("sku", "text", 5, 5, 5)] + [
        ...     Column(f"2024-0{month}-01", "number", 5, 5, 5, numbers=np.arange(5.0)) for month in range(1, 7)]
        >>> wide(columns).section
        {'id': 'sku', 'values': '2024-0*'}
    """
    if any(column.kind == "time" for column in columns):
        return None
    steps = _dated(columns)
    dated = bool(steps)
    steps = steps or _counted(columns, STEPS)
    inside = set(steps)
    ids = [
        column.name
        for column in columns
        if column.name not in inside and column.rows and column.distinct == column.rows
    ]
    if not steps or len(steps) < 0.5 * len(columns):
        return None
    if not ids and _first_is_key(columns, steps):
        ids, steps = [steps[0]], steps[1:]
    others = [
        column.name for column in columns if column.name not in steps and column.name != (ids or [""])[0]
    ]
    pattern = pattern_of(steps, others)
    if not ids or pattern is None:
        return None
    return Together(tuple(steps), {"id": ids[0], "values": pattern}, dated)


def _first_is_key(columns: Sequence[Column], steps: list[str]) -> bool:
    first = columns[0]
    return first.name == steps[0] and first.distinct == first.rows


def _dated(columns: Sequence[Column]) -> list[str]:
    names = [column.name for column in columns if column.kind in ("number", "empty")]
    like = [name for name in names if re.search(r"\d{1,4}\D\d{1,2}|\d{6,8}|年", name)]
    if len(like) < DATES:
        return []
    reading = read_times(pa.chunked_array([like], pa.string()), Format())
    return [] if reading.faults else like


def _counted(columns: Sequence[Column], least: int) -> list[str]:
    """The longest run of columns of numbers whose names count up, such as V2, V3, ..."""
    best: list[str] = []
    run: list[str] = []
    before: tuple[str, int] | None = None
    for column in columns:
        match = re.fullmatch(r"(.*?)(\d{1,6})", column.name)
        filled = column.kind in ("number", "empty") and not column.odd
        place = (match[1], int(match[2])) if match and filled else None
        goes_on = before is not None and place == (before[0], before[1] + 1)
        run = [*run, column.name] if goes_on else [column.name] if place else []
        before = place
        best = run if len(run) > len(best) else best
    return best if len(best) >= least else []


def signal(columns: Sequence[Column]) -> Together | None:
    """The samples of a signal, one column a sample: names that count up, and neighbours that are alike.

    Example:
        >>> wave = np.cumsum(np.random.default_rng(0).normal(size=(50, 20)), axis=1)
        >>> columns = [Column(f"t{at}", "number", 50, 50, 50, numbers=wave[:, at]) for at in range(20)]
        >>> signal(columns).section
        {'columns': 't*'}
    """
    names = _counted(columns, SAMPLES)
    if not names:
        return None
    inside = set(names)
    values = [column.numbers for column in columns if column.name in inside and column.kind == "number"]
    if len(values) < SAMPLES or _alike(values) < SMOOTH:
        return None
    pattern = pattern_of(names, [column.name for column in columns if column.name not in inside])
    return None if pattern is None else Together(tuple(names), {"columns": pattern})


def _alike(values: list[np.ndarray]) -> float:
    found = []
    for one, two in itertools.pairwise(values):
        both = ~np.isnan(one) & ~np.isnan(two)
        if both.sum() > 2 and one[both].std() > 0 and two[both].std() > 0:
            found.append(np.corrcoef(one[both], two[both])[0, 1])
    return float(np.mean(found)) if found else 0.0


def pattern_of(names: Sequence[str], others: Sequence[str]) -> str | None:
    """A pattern that all of some names fit and none of the others, as [wide] and [signal] want it.

    Example:
        >>> pattern_of(["t1", "t2"], ["age"]), pattern_of(["t1", "t2"], ["type"]), pattern_of(["a", "b"], ["c"])
        ('t*', 't[0-9]*', None)
    """
    start = names[0]
    while not all(name.startswith(start) for name in names):
        start = start[:-1]
    safe = re.sub(r"([\[*?])", r"[\1]", start)
    stem = re.sub(r"([\[*?])", r"[\1]", start.rstrip("0123456789"))
    for pattern in (f"{safe}*", f"{stem}[0-9]*", f"{safe}[0-9]*", "[0-9]*"):
        fits = all(fnmatch.fnmatchcase(name, pattern) for name in names)
        if fits and not any(fnmatch.fnmatchcase(name, pattern) for name in others):
            return pattern
    return None


def dates_of_steps(wide: Wide, names: Sequence[str]) -> Column:
    """The dates of a wide table as a column of dates would hold them; of counted steps they are a step apart.

    Example:
        >>> dates_of_steps(Wide(id="sku", values="2024*"), ["sku", "2024-01-01", "2024-01-02"]).seen.tolist()
        [1704067200.0, 1704153600.0]
    """
    steps = wide.columns(names)
    if wide.origin is None:
        times = read_times(pa.chunked_array([steps], pa.string()), Format()).data.astype("datetime64[s]")
    else:
        length = {"H": 3_600, "D": 86_400, "W": 7 * 86_400, "M": 2_629_800}[wide.frequency or "D"]
        times = np.datetime64(wide.origin, "s") + np.arange(len(steps)) * np.timedelta64(length, "s")
    seconds = times.astype(np.int64).astype(np.float64)
    return Column("steps", "time", len(steps), len(steps), len(steps), numbers=seconds, rising=True)
