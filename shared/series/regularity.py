"""Whether rows are sales lines or one row a series and period, at which frequency; and what breaks the rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from shared.contract.words import count
from shared.errors import Fault
from shared.series.calendar import DAY, HOUR, WORDS, grid, periods, written
from shared.series.lines import Lines
from shared.series.panel import series_names

if TYPE_CHECKING:
    from shared.series.settings import SeriesSettings

SHOWN = 3


@dataclass
class Rhythm:
    """How the rows of a table follow each other.

    Args:
        frequency: "H", "D", "W" or "M".
        rows: "sales" or "regular".
        on_grid: Whether the dates are labels of whole periods, such as the Monday of each week.
    """

    frequency: str
    rows: str
    on_grid: bool


def rhythm(lines: Lines, settings: SeriesSettings) -> tuple[Rhythm, list[Fault]]:
    """Decides what the settings leave open, and says what does not fit.

    With `rows = "auto"`, rows are regular if no series has two in one period, none leaves a period out, and
    at least half of them end together: items that sold once are no regular series.
    """
    seen = grid(lines.time)
    frequency = settings.frequency if settings.frequency != "auto" else seen or "D"
    number = periods(lines.time, frequency)
    found = Rhythm(frequency, settings.rows, seen == frequency and frequency in "WM")
    if settings.rows == "sales":
        return found, []
    doubled, first, last, rows = _spans(lines.series, number)
    broken = len(doubled) or (rows < last - first + 1).any()
    if settings.rows == "auto":
        together = _ending(lines, number) >= 0.5
        found.rows = "regular" if together and not broken else "sales"
        mixed = _mixed(lines, strict=True) if found.rows == "sales" and not len(doubled) else []
        return found, mixed
    faults = _mixed(lines, strict=settings.gaps != "error")
    if not faults:
        faults = _doubled(lines, number, doubled, frequency)
        if settings.gaps == "error" and (rows < last - first + 1).any():
            faults += _gaps(lines, number, frequency)
    return found, faults


def _spans(series: np.ndarray, number: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Lines that repeat a series and period; first and last period and distinct periods of each series."""
    size = int(series.max()) + 1
    first, last = np.full(size, np.iinfo(np.int64).max), np.full(size, np.iinfo(np.int64).min)
    np.minimum.at(first, series, number)
    np.maximum.at(last, series, number)
    span = int(number.max() - number.min()) + 1
    cell = series * span + (number - number.min())
    doubled = np.empty(0, np.int64)
    if size * span <= 4 * len(cell) + 10_000_000:
        times = np.bincount(cell, minlength=size * span)
        if times.max() > 1:
            doubled = np.flatnonzero(times[cell] > 1)
        rows = (times.reshape(size, span) > 0).sum(axis=1)
    else:
        cells, times = np.unique(cell, return_counts=True)
        if times.max() > 1:
            doubled = np.flatnonzero(np.isin(cell, cells[times > 1]))
        rows = np.bincount(cells // span, minlength=size)
    return doubled, first, last, rows


def _ending(lines: Lines, number: np.ndarray) -> float:
    """Share of the series with a quantity that have one in the last period."""
    known = ~np.isnan(lines.quantity)
    last = number[known].max(initial=0)
    ending = np.unique(lines.series[known & (number == last)])
    return len(ending) / max(len(np.unique(lines.series[known])), 1)


def _doubled(lines: Lines, number: np.ndarray, doubled: np.ndarray, frequency: str) -> list[Fault]:
    if not len(doubled):
        return []
    order = doubled[np.lexsort([lines.at[doubled], number[doubled], lines.series[doubled]])]
    starts = np.flatnonzero(np.diff(lines.series[order], prepend=-1) | np.diff(number[order], prepend=-1))
    names = series_names(lines.keys, int(lines.series.max()) + 1)
    shown = []
    for start in starts[:SHOWN]:
        first, again = (lines.row(line) for line in order[start : start + 2])
        day = written(number[order[start]], frequency)
        shown.append(f"`{names[lines.series[order[start]]]}` {day} (rows {first} and {again})")
    more = f", ... ({len(starts):,} in all)" if len(starts) > SHOWN else ""
    way_out = 'Keep one of each, or set rows = "sales" under [settings] to sum them'
    text = f"a series has several rows in one period: {', '.join(shown)}{more}. {way_out}"
    return [lines.fault("date", text)]


def _gaps(lines: Lines, number: np.ndarray, frequency: str) -> list[Fault]:
    """Names the series, the first dates, and how many there are."""
    order = np.lexsort([number, lines.series])
    series, number = lines.series[order], number[order]
    jump = np.diff(number)
    holes = np.flatnonzero((np.diff(series) == 0) & (jump > 1))
    missing = int((jump[holes] - 1).sum())
    names = series_names(lines.keys, int(series.max()) + 1)
    first = [
        f"`{names[series[hole]]}` {written(day, frequency)}"
        for hole in holes[:SHOWN]
        for day in range(number[hole] + 1, min(number[hole + 1], number[hole] + 1 + SHOWN))
    ]
    shown = ", ".join(first[:SHOWN]) + (", ..." if missing > SHOWN else "")
    within = f"{len(np.unique(series[holes])):,} series"
    text = f"{within} have no row for {count(missing, 'period')} between their first and last: {shown}"
    way_out = 'Add the rows, or set gaps = "zero" or "missing" under [settings]'
    return [lines.fault("date", f"{text}. {way_out}")]


def _mixed(lines: Lines, *, strict: bool) -> list[Fault]:
    """Series of different spacing, by the shortest step from one row to the next.

    Args:
        strict: Only if every series keeps its own spacing throughout; sparse sales look alike otherwise.
    """
    moments = lines.time.astype(np.int64)
    order = np.lexsort([moments, lines.series])
    series, moments = lines.series[order], moments[order]
    step = np.diff(moments)
    inside = (np.diff(series) == 0) & (step > 0)
    of, step = series[1:][inside], step[inside]
    size = int(series.max()) + 1
    shortest, longest = np.full(size, np.iinfo(np.int64).max), np.zeros(size, np.int64)
    np.minimum.at(shortest, of, step)
    np.maximum.at(longest, of, step)
    enough = np.flatnonzero(np.bincount(of, minlength=size) >= 2)
    kind = np.digitize(shortest[enough], [DAY, 7 * DAY, 28 * DAY])
    if len(enough) == 0 or (kind == kind[0]).all():
        return []
    exact = np.array([[HOUR, HOUR], [DAY, DAY], [7 * DAY, 7 * DAY], [28 * DAY, 31 * DAY]])[kind]
    if strict and not ((shortest[enough] == exact[:, 0]) | (kind == 3)).all():
        return []
    if strict and (longest[enough] > exact[:, 1]).any():
        return []
    other = np.argmax(kind != kind[0])
    names = series_names(lines.keys, size)
    words = [f"`{names[enough[at]]}` is {WORDS['HDWM'[kind[at]]]}" for at in (0, other)]
    text = f"series of different frequency: {' and '.join(words)}. Give each frequency a table of its own"
    return [lines.fault("date", f'{text}, or set frequency and rows = "sales" under [settings]')]
