"""A checked table of sales lines or regular rows to a panel: every fault at once, everything counted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from shared.contract import NUMERIC
from shared.contract.words import count
from shared.errors import ContractError, Fault, did_you_mean
from shared.series.calendar import WORDS, periods, starts, written
from shared.series.cells import Grid, chosen_series, grid_of, listed, target
from shared.series.covariates import costs, covariate_names, covariates, statics, unplanned
from shared.series.lines import Lines, Tally, quantity_faults, read_lines, without_cancelled
from shared.series.panel import Panel
from shared.series.regularity import Rhythm, rhythm

if TYPE_CHECKING:
    from shared.contract import Table
    from shared.series.settings import SeriesSettings

MOST_CELLS = 1_000_000_000


def regular(
    table: Table, settings: SeriesSettings, *, solution: str, predict: bool = False, horizon: int = 0
) -> Panel:
    """Sums a table's lines to one value for each series and period.

    Rows with an empty quantity after the last period with one are the plan: they hold what is known ahead.
    What was counted and decided is added to the notes of the table.

    Args:
        table: With the columns `date` and `quantity`, and as they are there `item`, `store`, `status`,
            `stockout`, `price`, `promotion`, `holiday`, `short_cost`, `over_cost`, `numeric/...` and
            `categorical/...`.
        settings: What is left out, and what a missing row means.
        solution: Name for messages, such as `retail.demand`.
        predict: Whether the panel is to be forecast: series that only the plan holds are then new items, and
            covariates that are known ahead must be planned for the whole horizon.
        horizon: Steps that are forecast; 0: not known.
    Returns:
        Series in the order of the items, then the stores; the same whatever the order of the rows.
    Raises:
        ContractError: With every fault.
    Example:
        >>> import pandas as pd
        >>> from shared.contract import Mapping, Role, check
        >>> from shared.series.settings import SeriesSettings
        >>> kinds = {"date": "time", "quantity": "number", "item": "key"}
        >>> roles = [Role(name=name, kind=kind) for name, kind in kinds.items()]
        >>> frame = pd.DataFrame({"date": ["2024-01-01", "2024-01-01", "2024-01-03", "2024-01-02"],
        ...                       "quantity": [2, 3, 1, 4], "item": ["7", "7", "7", "00123"]})
        >>> panel = regular(check(frame, roles, Mapping(), solution="demo"), SeriesSettings(), solution="demo")
        >>> panel.names(), panel.target.tolist()
        (['00123', '7'], [[nan, 4.0, 0.0], [5.0, 0.0, 1.0]])
    """
    tally = Tally()
    lines = read_lines(table, settings, tally)
    faults = _unreadable(lines, settings, predict) + quantity_faults(lines, settings)
    lines = lines.keep(~np.isnat(lines.time))
    if not len(lines) or np.isnan(lines.quantity).all():
        _refuse(table, solution, faults)
    found, more = rhythm(lines, settings)
    lines = replace(lines, period=periods(lines.time, found.frequency))
    _refuse(table, solution, faults + more + _empty(lines, found))
    grid = grid_of(lines, found, settings, tally)
    lines = without_cancelled(lines, settings, tally, drop=found.rows == "sales")
    grid, lines = chosen_series(lines, grid, settings, tally, predict=predict)
    _refuse(table, solution, _impossible(lines, grid, settings) or _strangers(lines, grid, tally))
    if predict and horizon:
        _refuse(table, solution, unplanned(lines, covariate_names(lines, settings)[0], grid, horizon))
    panel = _panel(lines, grid, found, settings, tally)
    notes = [*_told(panel, found, horizon), *tally.notes]
    table.notes += [note for note in notes if note not in table.notes]
    return panel


def _panel(lines: Lines, grid: Grid, found: Rhythm, settings: SeriesSettings, tally: Tally) -> Panel:
    values, start = target(lines, grid, found, settings, tally)
    lines = lines.keep(~(lines.quantity < 0))  # a return says nothing of a price
    known, after = covariate_names(lines, settings)
    past = covariates(lines, after, grid, tally)
    for covariate in past.values():
        covariate[:, grid.now :] = np.nan
    return Panel(
        values,
        start,
        grid.now,
        starts(grid.first, grid.frequency)[()],
        grid.frequency,
        keys=lines.keys,
        statics=statics(lines, grid.series, tally),
        known=covariates(lines, known, grid, tally),
        past=past,
        costs=costs(lines, grid.series, tally),
        counts=tally.counts | {"series": grid.series, "steps": grid.now},
        rows=found.rows,
    )


def _refuse(table: Table, solution: str, faults: list[Fault]) -> None:
    if faults:
        raise ContractError(f"{table.source} does not fit `{solution}`", faults)


def _unreadable(lines: Lines, settings: SeriesSettings, predict: bool) -> list[Fault]:
    """What must be right before a line can be put anywhere."""
    numeric = [name.removeprefix(NUMERIC) for name in lines.table.frame if name.startswith(NUMERIC)]
    found = [
        Fault(text=f"[settings] past_known: `{name}` is no numeric feature.{did_you_mean(name, numeric)}")
        for name in settings.past_known
        if name not in numeric
    ]
    undated = np.flatnonzero(np.isnat(lines.time))
    if len(undated):
        more = f" (and {count(len(undated) - 1, 'more row')})" if len(undated) > 1 else ""
        found.append(
            lines.fault("date", f"the date is empty{more}. Fill it in or leave the row out", undated[0])
        )
    if not len(lines):
        found.append(Fault(text="no line is left: every one is of no item, or of an item that is ignored"))
    elif np.isnan(lines.quantity).all():
        why = "there is no past to learn from"
        if predict:
            why = "there is no past to forecast from. Give what was sold so far too, in the table or by --history"
        found.append(lines.fault("quantity", f"every cell is empty: {why}"))
    return found


def _empty(lines: Lines, found: Rhythm) -> list[Fault]:
    """Sales lines without a quantity that are no plan: those before the last period with one."""
    known = ~np.isnan(lines.quantity)
    last = lines.period[known].max()
    empty = np.flatnonzero(~known & (lines.period <= last) & ~lines.stockout)
    if found.rows == "regular" or not len(empty):
        return []
    more = f" (and {count(len(empty) - 1, 'more row')})" if len(empty) > 1 else ""
    day = written(int(last), found.frequency)
    text = f"the cell is empty{more}, though the table has quantities up to {day}"
    return [lines.fault("quantity", f"{text}. Only later rows, the plan, may leave it out", empty[0])]


def _impossible(lines: Lines, grid: Grid, settings: SeriesSettings) -> list[Fault]:
    if grid.now < 1 or not grid.series:
        return [lines.fault("quantity", "no series has a sale in a period that the lines cover whole")]
    if settings.top_series is not None and settings.top_before >= grid.now:
        text = f"[settings] top_before: found {settings.top_before}, expected less than the {grid.now} steps"
        return [Fault(text=f"{text} of the table")]
    if grid.series * grid.steps > MOST_CELLS:
        begin = written(grid.first, grid.frequency)
        size = f"{grid.series:,} series of {grid.steps:,} steps from {begin}"
        way_out = "Check the earliest and latest dates, or set frequency or top_series under [settings]"
        return [lines.fault("date", f"makes {size}, which is too many. {way_out}")]
    return []


def _strangers(lines: Lines, grid: Grid, tally: Tally) -> list[Fault]:
    """Series that only one of the table and `--test` has: noted, and refused where none is in both."""
    table = lines.table
    if not table.tested:
        return []
    tested = lines.at >= table.own
    here, there = (np.bincount(lines.series[part], minlength=grid.series) > 0 for part in (~tested, tested))
    if not (here & there).any():
        ours, theirs = (listed(lines.keys, np.flatnonzero(which)) for which in (here, there))
        text = f"--test has other series than {table.source}: {theirs} against {ours}. Name them alike"
        return [Fault(text=text)]
    texts = f"--test are not in {table.source}", f"{table.source} are not in --test"
    for only, where in zip((~here, ~there), texts):
        if only.any():
            which = np.flatnonzero(only)
            tally.notes.append(f"{len(which):,} series of {where}: {listed(lines.keys, which)}")
    return []


def _told(panel: Panel, found: Rhythm, horizon: int) -> list[str]:
    """What was counted, as notes; the counts of short and all-zero series are added."""
    counts = panel.counts
    kind = "sales lines, summed; a period without one is zero" if found.rows == "sales" else "regular rows"
    last = written(int(periods(panel.dates[panel.now - 1 : panel.now], panel.frequency)[0]), panel.frequency)
    steps = f"{panel.now:,} {WORDS[panel.frequency]} steps, {str(panel.first)[:10]} to {last}"
    notes = [f"{kind}: {len(panel):,} series of {steps}"]
    said = {
        "unnamed": "lines of no item left out",
        "ignored": "lines of ignored items left out",
        "cancelled": "cancelled lines left out",
        "returns": f"returns ({counts['returned_pieces']:,} pieces)",
        "reversed": "returns that took a sale of the same size with them",
        "stockouts": "stock-outs: the demand of these periods is not known",
        "cold_start": "new items: series without any past",
    }
    notes += [f"{counts[key]:,} {text}" for key, text in said.items() if counts[key]]
    zero = np.flatnonzero((np.nansum(panel.target, axis=1) == 0) & (panel.start < panel.now))
    counts["zero_series"] = len(zero)
    counts["short_series"] = int(((panel.now - panel.start < horizon) & (panel.start < panel.now)).sum())
    if len(zero):
        shown = listed(panel.keys, zero)
        notes.append(f"{len(zero):,} series hold nothing but zeros: {shown}")
    if counts["short_series"]:
        notes.append(f"{counts['short_series']:,} series are shorter than the {horizon} steps of a forecast")
    return notes
