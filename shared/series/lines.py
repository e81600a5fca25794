"""The lines of a checked table: which series each belongs to, and which are left out before anything is summed."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from shared.contract.words import TOLD, count
from shared.errors import Fault
from shared.series.categories import Categories, categories_of

if TYPE_CHECKING:  # series are made of the few rows of a service too, without pandas
    import pandas as pd

    from shared.contract import Table
    from shared.series.settings import SeriesSettings

KEYS = ("item", "store")


@dataclass
class Tally:
    """What is counted and told on the way from lines to a panel."""

    counts: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass
class Lines:
    """Some rows of a table, and the series that each belongs to.

    Args:
        table: The whole table.
        at: Positions of the rows in it, `(lines,)`.
        time: Moments, datetime64[us].
        quantity: Pieces, float64, NaN where the cell is empty.
        series: Number of the series.
        cancelled: Whether the status says so.
        stockout: Whether the shelf was empty.
        keys: `item` and `store` of each series.
        period: Number of the period, see `calendar.periods`; empty before the frequency is known.
    """

    table: Table
    at: np.ndarray
    time: np.ndarray
    quantity: np.ndarray
    series: np.ndarray
    cancelled: np.ndarray
    stockout: np.ndarray
    keys: dict[str, pd.Categorical | Categories]
    period: np.ndarray

    def __len__(self) -> int:
        return len(self.at)

    def keep(self, mask: np.ndarray) -> Lines:
        """The lines for which it holds."""
        if mask.all():
            return self
        names = ("at", "time", "quantity", "series", "cancelled", "stockout", "period")
        return replace(
            self, **{name: getattr(self, name)[mask] for name in names if len(getattr(self, name))}
        )

    def values(self, name: str) -> np.ndarray:
        """A column of the table: numbers, or codes of a category (-1: not known)."""
        column = self.table.frame[name]
        codes = getattr(categories_of(column), "codes", None)
        values = np.asarray(column) if codes is None else codes
        return values if len(values) == len(self.at) else values[self.at]

    def fault(self, role: str, text: str, line: int | None = None) -> Fault:
        """A fault in a role's column, at one of the lines; a wide table has the date in the column's place."""
        wide = self.table.mapping.wide is not None and role in TOLD
        column = None if wide else self.table.mapping.column(role)
        if line is None:
            return Fault(text=text, column=column, role=role)
        day = f"the value of {str(self.time[line])[:16].replace('T00:00', '')}: " if wide else ""
        other, row = self._other_file(line), int(self.table.rows[self.at[line]])
        place = f"in the rows of {other}: " if other else ""
        return Fault(text=place + day + text, column=column, role=role, row=row)

    def row(self, line: int) -> str:
        """Number of a line's row, with the option that its file was given by, if it has one of its own."""
        other = self._other_file(line)
        return f"{self.table.rows[self.at[line]]}" + (f" of {other}" if other else "")

    def _other_file(self, line: int) -> str:
        if self.table.own is None or self.at[line] < self.table.own:
            return ""
        return "--test" if self.table.tested else "--history"


def read_lines(table: Table, settings: SeriesSettings, tally: Tally) -> Lines:
    """The lines of a table, without those of no item and of items that are ignored; both are counted."""
    frame = table.frame
    named = np.ones(len(frame), bool)
    for name in [name for name in KEYS if name in frame]:
        named &= categories_of(frame[name]).codes >= 0
    ignored = _fitting(frame, "item", settings.ignored_items)
    used = named & ~ignored
    tally.counts |= {"lines": len(frame), "unnamed": int((~named).sum()), "ignored": int(ignored.sum())}
    series, keys = _series(frame, used)
    stockout = (
        np.asarray(frame["stockout"], np.float64) > 0 if "stockout" in frame else np.zeros(len(frame), bool)
    )
    lines = Lines(
        table,
        np.arange(len(frame)),
        np.asarray(frame["date"], "datetime64[us]"),
        # A plan for the periods ahead may come without the column; what was sold then comes by --history.
        np.asarray(frame["quantity"], np.float64) if "quantity" in frame else np.full(len(frame), np.nan),
        series,
        _fitting(frame, "status", settings.cancelled),
        stockout,
        keys,
        np.empty(0, np.int64),
    )
    return lines.keep(used)


def _fitting(frame: Any, name: str, patterns: Sequence[str]) -> np.ndarray:
    """Rows whose category fits a pattern; none where the column or the patterns are not there."""
    if not patterns or name not in frame:
        return np.zeros(len(frame), bool)
    return matching(categories_of(frame[name]), patterns)


def matching(values: pd.Categorical | Categories, patterns: Sequence[str]) -> np.ndarray:
    """Rows whose text fits a pattern with `*` and `?`, whatever the case.

    Example:
        >>> matching(Categories.of(["C1", "12", None, "c7"]), ["C*"]).tolist()
        [True, False, False, True]
    """
    any_of = re.compile("|".join(fnmatch.translate(pattern.strip()) for pattern in patterns), re.IGNORECASE)
    fits = np.array([bool(any_of.match(str(text))) for text in values.categories] + [False])
    return fits[values.codes]


def _series(frame: Any, used: np.ndarray) -> tuple[np.ndarray, dict[str, pd.Categorical | Categories]]:
    """Number of each row's series, by item and then store in the order of the categories; the keys."""
    columns = {name: categories_of(frame[name]) for name in KEYS if name in frame}
    code, size = np.zeros(int(used.sum()), np.int64), 1
    for values in columns.values():
        code = code * len(values.categories) + values.codes[used]
        size *= len(values.categories)
    series = np.zeros(len(frame), np.int64)
    if size <= 4 * len(frame) + 1_000_000:
        present = np.flatnonzero(np.bincount(code, minlength=size))
        place = np.zeros(size, np.int64)
        place[present] = np.arange(len(present))
        series[used] = place[code]
    else:
        present, series[used] = np.unique(code, return_inverse=True)
    keys, rest = {}, present
    for name, values in reversed(columns.items()):
        rest, own = np.divmod(rest, max(len(values.categories), 1))
        keys[name] = type(values).from_codes(own, values.categories)
    return series, dict(reversed(keys.items()))


def without_cancelled(lines: Lines, settings: SeriesSettings, tally: Tally, *, drop: bool = True) -> Lines:
    """The lines that were not cancelled and not taken back.

    A return whose size equals an earlier sale of the same series in the same period takes that sale with it:
    80,995 pieces that are ordered and cancelled twelve minutes later were never demand. Other returns are
    left out or, with `returns = "net"`, stay as negative quantities.

    Args:
        drop: Whether lines are left out; else, of regular rows, a negative quantity is no sale: 0.
    """
    counts = tally.counts
    counts["cancelled"] = int(lines.cancelled.sum())
    lines = lines.keep(~lines.cancelled | (lines.quantity < 0))
    back = lines.quantity < 0
    pieces = round(float(-lines.quantity[back].sum()))
    counts |= {"returns": int(back.sum()), "returned_pieces": pieces, "reversed": 0}
    if not back.any():
        return lines
    if not drop:
        return replace(lines, quantity=np.maximum(lines.quantity, 0))
    undone = _reversals(lines)
    counts["reversed"] = int((undone & back).sum())
    return lines.keep(~undone if settings.returns == "net" else ~undone & ~back)


def _reversals(lines: Lines) -> np.ndarray:
    """Lines that undo each other: a return and the sale before it, of one size, in one series and period."""
    size = np.abs(lines.quantity)
    near = _beside_a_return(lines)
    sign = np.sign(lines.quantity[near])
    # Which of two equal sales is taken back must not depend on the order of the rows: the rest of them decides.
    rest = [lines.values(name)[near] for name in lines.table.frame if name not in ("date", "quantity", *KEYS)]
    order = np.lexsort([*rest, -sign, lines.time[near], size[near], lines.period[near], lines.series[near]])
    near, sign = near[order], sign[order].astype(np.int64)
    changes = [np.diff(values[near]) != 0 for values in (size, lines.period, lines.series)]
    begins = np.concatenate([[0], np.flatnonzero(np.any(changes, axis=0)) + 1])
    group = np.repeat(np.arange(len(begins)), np.diff(np.append(begins, len(near))))
    total = np.cumsum(sign)
    open_sales = total - (total[begins] - sign[begins])[group]
    # Returns beyond the sales before them: how far the running balance has ever been below zero.
    lowest = np.minimum.accumulate(open_sales - group * (len(near) + 1)) + group * (len(near) + 1)
    beyond = np.maximum(-lowest, 0)
    new = np.diff(beyond, prepend=0)
    new[begins] = beyond[begins]
    undone = np.zeros(len(lines), bool)
    matched_return = (sign < 0) & (new == 0)
    undone[near[matched_return]] = True
    left = np.bincount(group[matched_return], minlength=len(begins))
    rank = np.cumsum(sign > 0)
    rank = rank - (rank[begins] - (sign[begins] > 0))[group]
    undone[near[(sign > 0) & (rank <= left[group])]] = True
    return undone


def _beside_a_return(lines: Lines) -> np.ndarray:
    """The lines of the series and periods that have a return, and sizes that one has: few of all."""
    back = np.flatnonzero(lines.quantity < 0)
    near = np.flatnonzero(_same(lines.series, back))
    near = near[_same(lines.period[near], np.flatnonzero(lines.quantity[near] < 0))]
    span = int(lines.period[near].max() - lines.period[near].min()) + 1
    cell = lines.series[near] * span + (lines.period[near] - lines.period[near].min())
    near = near[np.isin(cell, cell[lines.quantity[near] < 0])]
    size = np.abs(lines.quantity[near])
    return near[np.isin(size, size[lines.quantity[near] < 0]) & (size > 0)]


def _same(numbers: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Whether each number is one that stands in the given rows."""
    low = numbers.min()
    there = np.zeros(int(numbers.max() - low) + 1, bool)
    there[numbers[rows] - low] = True
    return there[numbers - low]


def quantity_faults(lines: Lines, settings: SeriesSettings) -> list[Fault]:
    """Quantities that no sale has: absurdly large, or negative where returns are refused."""
    found = []
    absurd = np.flatnonzero(np.abs(lines.quantity) > settings.most_quantity)
    if len(absurd):
        what = (
            f"{lines.quantity[absurd[0]]:,.10g} is more than most_quantity = {settings.most_quantity:,.10g}"
        )
        way_out = "Correct it, or raise most_quantity under [settings]"
        found.append(lines.fault("quantity", f"{what}{_others(absurd)}. {way_out}", absurd[0]))
    negative = np.flatnonzero((lines.quantity < 0) & ~lines.cancelled)
    if settings.returns == "error" and len(negative):
        what = f"{lines.quantity[negative[0]]:,.10g} is negative{_others(negative)}"
        way_out = 'Set returns = "drop" or "net" under [settings]'
        found.append(lines.fault("quantity", f"{what}. {way_out}", negative[0]))
    return found


def _others(lines: np.ndarray) -> str:
    return f" (and {count(len(lines) - 1, 'more row')})" if len(lines) > 1 else ""
