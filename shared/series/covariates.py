"""What lines say besides their quantity: prices, promotions, holidays, features, statics and costs of series."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shared.contract import CATEGORICAL, NUMERIC
from shared.contract.words import count
from shared.errors import Fault
from shared.series.calendar import written
from shared.series.categories import Categories, categories_of
from shared.series.cells import Grid
from shared.series.lines import Lines, Tally
from shared.series.sums import carried_forward, exact_means, highest

if TYPE_CHECKING:
    import pandas as pd

    from shared.series.settings import SeriesSettings

FLAGS = ("promotion", "holiday")
COSTS = ("short_cost", "over_cost")


def covariate_names(lines: Lines, settings: SeriesSettings) -> tuple[list[str], list[str]]:
    """Columns that are known ahead, and those known only afterwards."""
    frame = lines.table.frame
    known = [name for name in ("price", *FLAGS) if name in frame]
    numeric = [name for name in frame if name.startswith(NUMERIC)]
    after = [name for name in numeric if name.removeprefix(NUMERIC) in settings.past_known]
    return [*known, *(name for name in numeric if name not in after)], after


def covariates(lines: Lines, names: list[str], grid: Grid, tally: Tally) -> dict[str, np.ndarray]:
    """Covariates of each series and step, `(series, steps)` float32.

    Several lines of one cell: the mean, of flags the highest. Without a line, a price is the last one before,
    a promotion 0, and a holiday holds for all series where it holds for one; anything else is not known.
    """
    if not names:
        return {}
    cells = grid.cells(lines)
    planned = np.bincount(lines.period - grid.first, minlength=grid.steps)[: grid.steps] > 0
    planned[: grid.now] = True
    found = {}
    for name in names:
        values = lines.values(name).astype(np.float64, copy=False)
        pick = highest if name in FLAGS else exact_means
        part = pick(cells, values, grid.series * grid.steps).reshape(grid.series, grid.steps)
        if name in FLAGS and grid.steps > grid.now and np.isnan(part[:, grid.now :]).all():
            tally.notes.append(f"`{name}` is empty in the whole plan: it is taken for 0 there")
        if name == "price":
            part = _prices(part, grid, tally)
        elif name == "promotion":
            part = np.where(np.isnan(part) & planned, 0, part)
        elif name == "holiday":
            each = np.fmax.reduce(part, axis=0)
            part = np.broadcast_to(np.where(np.isnan(each) & planned, 0, each), part.shape)
        found[name] = part.astype(np.float32)
    return found


def _prices(part: np.ndarray, grid: Grid, tally: Tally) -> np.ndarray:
    full = carried_forward(part)
    ahead = int((np.isnan(part) & np.isfinite(full))[:, grid.now :].sum())
    if ahead:
        what = count(ahead, "price")
        tally.notes.append(f"{what} missing in the plan: the last price of the series is carried forward")
    return full


def unplanned(lines: Lines, names: list[str], grid: Grid, horizon: int) -> list[Fault]:
    """Covariates that are known ahead, but not at some dates of the forecast.

    The plan has no row of these dates, or a feature is empty in all of them. An empty price is the last one
    before, and an empty flag is 0.
    """
    mapping, found = lines.table.mapping, []
    for name in names:
        feature = name.startswith(NUMERIC)
        absent = _absent(lines, grid, horizon)
        what = "the table has no rows for"
        cure = "Add rows with these dates, the planned values and an empty quantity"
        if feature and not len(absent):
            absent = _absent(lines.keep(np.isfinite(lines.values(name))), grid, horizon)
            what, cure = "every cell is empty for", "Fill in the planned values"
        if len(absent):
            first, last = (written(grid.first + int(step), grid.frequency) for step in absent[[0, -1]])
            wanted = f"{first} to {last}" if len(absent) > 1 else first
            text = f"{what} {count(len(absent), 'step')} of the forecast, wanted: {wanted}. {cure}"
            column = name.removeprefix(NUMERIC) if feature else mapping.column(name)
            found.append(
                Fault(text=f"is known ahead, but {text}", column=column, role=None if feature else name)
            )
    return found


def _absent(lines: Lines, grid: Grid, horizon: int) -> np.ndarray:
    """Steps of the forecast of which there is no line."""
    there = np.zeros(grid.now + horizon, bool)
    step = lines.period - grid.first
    there[step[step < len(there)]] = True
    return np.flatnonzero(~there[grid.now :]) + grid.now


def statics(lines: Lines, series: int, tally: Tally) -> dict[str, pd.Categorical | Categories]:
    """The categories of each series; of one that changes, the latest, with a note."""
    found = {}
    for name in [name for name in lines.table.frame if name.startswith(CATEGORICAL)]:
        codes, changing = _latest(lines, lines.values(name).astype(np.int64), series)
        plain, values = name.removeprefix(CATEGORICAL), categories_of(lines.table.frame[name])
        found[plain] = type(values).from_codes(codes, values.categories)
        if changing:
            tally.notes.append(
                f"column `{plain}` changes with time in {changing:,} series: the latest value is taken for all "
                "steps; categories that change are not read as covariates"
            )
    return found


def _latest(lines: Lines, codes: np.ndarray, series: int) -> tuple[np.ndarray, int]:
    """The one code of each series, or the latest (-1: none is known), and in how many series it changes."""
    known = codes >= 0
    low, high = np.full(series, np.iinfo(np.int64).max), np.full(series, -1)
    np.minimum.at(low, lines.series[known], codes[known])
    np.maximum.at(high, lines.series[known], codes[known])
    changing = np.flatnonzero((high >= 0) & (low != high))
    if len(changing):
        at = np.flatnonzero(known & np.isin(lines.series, changing))
        order = at[np.lexsort([codes[at], lines.time[at], lines.series[at]])]
        last = np.flatnonzero(np.diff(lines.series[order], append=-1))
        high[lines.series[order[last]]] = codes[order[last]]
    return high, len(changing)


def costs(lines: Lines, series: int, tally: Tally) -> dict[str, np.ndarray]:
    """`short_cost` and `over_cost` of each series, the latest that is known, float32."""
    found = {}
    for name in [name for name in COSTS if name in lines.table.frame]:
        distinct, codes = np.unique(lines.values(name), return_inverse=True)
        codes = np.where(np.isnan(distinct)[codes], -1, codes)
        latest, changing = _latest(lines, codes, series)
        found[name] = np.append(distinct, np.nan)[latest].astype(np.float32)
        if changing:
            tally.notes.append(f"`{name}` changes with time in {changing:,} series: the latest one is taken")
    return found
