"""The cells of a panel: which steps and which series there are, and which cell each line falls into."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from shared.series.calendar import whole, written
from shared.series.lines import Lines, Tally
from shared.series.panel import series_names
from shared.series.regularity import Rhythm
from shared.series.sums import exact_sums

if TYPE_CHECKING:
    import pandas as pd

    from shared.series.categories import Categories
    from shared.series.settings import SeriesSettings


@dataclass(frozen=True)
class Grid:
    """The cells that lines fall into.

    Args:
        series: Number of series.
        steps: Number of steps, those of the plan included.
        now: Number of steps with data.
        first: Number of the period of step 0.
        frequency: "H", "D", "W" or "M".
    """

    series: int
    steps: int
    now: int
    first: int
    frequency: str

    def step(self, lines: Lines) -> np.ndarray:
        """Step of each line."""
        return lines.period - self.first

    def cells(self, lines: Lines) -> np.ndarray:
        """Number of each line's cell, row by row."""
        return lines.series * self.steps + self.step(lines)


def grid_of(lines: Lines, found: Rhythm, settings: SeriesSettings, tally: Tally) -> Grid:
    """From the first period with a quantity to the last one, and the plan behind it.

    A first or last week or month that the lines do not cover whole is left out, unless they are to be kept.
    """
    known = ~np.isnan(lines.quantity)
    first, last = int(lines.period[known].min()), int(lines.period[known].max())
    begins = ends = True
    if found.rows == "sales" and found.frequency in "WM" and not found.on_grid and settings.partial == "drop":
        begins, ends = whole(lines.time[known], found.frequency)
    what = "week" if found.frequency == "W" else "month"
    for place in ([] if begins else [first]) + ([] if ends else [last]):
        day = written(place, found.frequency)
        tally.notes.append(f"the {what} from {day} is left out: the lines do not cover it whole")
    tally.counts["dropped_periods"] = (not begins) + (not ends)
    end = max(int(lines.period.max()), last)
    first, last = first + (not begins), last - (not ends)
    series = len(next(iter(lines.keys.values()), [None]))
    return Grid(series, end + 1 - first, last + 1 - first, first, found.frequency)


def chosen_series(
    lines: Lines, grid: Grid, settings: SeriesSettings, tally: Tally, *, predict: bool
) -> tuple[Grid, Lines]:
    """The lines within the grid, of the series that stay; the series are numbered anew.

    A series stays if it has a sale, or if it is a new item that is to be predicted; of many, the best-selling.
    """
    step = grid.step(lines)
    valued = ~np.isnan(lines.quantity)
    inside = (step >= 0) & ((step < grid.now) | ~valued | predict)
    lines, step, valued = lines.keep(inside), step[inside], valued[inside]
    past = valued & (step < grid.now) & ~(lines.quantity < 0)
    stays = np.bincount(lines.series[past], minlength=grid.series) > 0
    planned = np.bincount(lines.series[step >= grid.now], minlength=grid.series) > 0
    new = planned & ~stays & predict
    empty = np.flatnonzero(~stays & ~new)
    tally.counts |= {"cold_start": int(new.sum()), "without_sale": len(empty), "left_out": 0}
    if len(empty):
        shown = listed(lines.keys, empty)
        tally.notes.append(f"{len(empty):,} series without any sale left out: {shown}")
    if settings.top_series is not None and stays.sum() > settings.top_series:
        tally.counts["left_out"] = int(stays.sum()) - settings.top_series
        tally.notes.append(f"the {settings.top_series:,} best-selling of {stays.sum():,} series are kept")
        judged = past & (step < grid.now - settings.top_before)
        sold = exact_sums(lines.series[judged], lines.quantity[judged], grid.series)
        order = np.argsort(np.where(stays, -sold, np.inf), kind="stable")
        stays[order[settings.top_series :]] = False
    return _renumbered(lines, np.flatnonzero(stays | new), grid)


def listed(keys: dict[str, pd.Categorical | Categories], which: np.ndarray) -> str:
    """The names of the first of these series, for a note."""
    few = {name: values[which[:3]] for name, values in keys.items()}
    names = series_names(few, min(3, len(which)))
    return ", ".join(f"`{name}`" for name in names) + (", ..." if len(which) > 3 else "")


def _renumbered(lines: Lines, kept: np.ndarray, grid: Grid) -> tuple[Grid, Lines]:
    number = np.full(grid.series, -1)
    number[kept] = np.arange(len(kept))
    lines = lines.keep(number[lines.series] >= 0)
    keys = {name: values[kept].remove_unused_categories() for name, values in lines.keys.items()}
    lines = replace(lines, series=number[lines.series], keys=keys)
    end = int(grid.step(lines).max(initial=0)) + 1
    return replace(grid, series=len(kept), steps=max(end, grid.now)), lines


def target(
    lines: Lines, grid: Grid, found: Rhythm, settings: SeriesSettings, tally: Tally
) -> tuple[np.ndarray, np.ndarray]:
    """The value of each series and step, `(series, steps)` float32, and the first step that counts."""
    step = grid.step(lines)
    past = (step < grid.now) & ~np.isnan(lines.quantity)
    sold = past & (lines.quantity >= 0)
    start = np.full(grid.series, grid.now)
    np.minimum.at(start, lines.series[sold], step[sold])
    cells, size = lines.series[past] * grid.now + step[past], grid.series * grid.now
    values = exact_sums(cells, lines.quantity[past], size)
    np.maximum(values, 0, out=values)
    if found.rows == "regular":
        values[_unknown(lines, grid, cells, zero=settings.gaps == "zero")] = np.nan
    out = np.full((grid.series, grid.steps), np.nan, np.float32)
    out[:, : grid.now] = values.reshape(grid.series, grid.now)
    out[np.arange(grid.steps) < start[:, None]] = np.nan
    empty = lines.stockout & (lines.period - grid.first < grid.now)
    shelves = np.unique(grid.cells(lines)[empty])
    out.reshape(-1)[shelves] = np.nan
    tally.counts |= {"stockouts": len(shelves), "periods_without_sale": int((out == 0).sum())}
    return out, start


def _unknown(lines: Lines, grid: Grid, cells: np.ndarray, *, zero: bool) -> np.ndarray:
    """Cells of regular rows without a value; with `zero` only those whose row is there, and empty."""
    unknown = np.ones(grid.series * grid.now, bool)
    if zero:
        step = grid.step(lines)
        rows = (lines.series * grid.now + step)[step < grid.now]
        unknown[:] = False
        unknown[rows] = True
    unknown[cells] = False
    return unknown
