"""Many series on one calendar: what sales records become."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from shared.series.categories import Categories
from shared.series.seasons import dates_from

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class Panel:
    """Many series on one calendar. A forecast made at origin `t` may read steps before `t`.

    Args:
        target: `(series, steps)`, float32, in the customer's unit. NaN: before the first sale, not known (a
            stock-out, a gap that is left as missing), or at `now` and later.
        start: `(series,)`, int64: the first step that counts; `now` of a series without any past.
        now: Number of steps with data. Steps from `now` on are the plan: only known-ahead values.
        first: Start of step 0.
        frequency: "H", "D", "W" (weeks start on Monday) or "M".
        keys: `item` and `store` as far as they are there, one entry a series.
        statics: Categories that do not change with time, one entry a series.
        known: Covariates known ahead, `(series, steps)`, float32, NaN where not known.
        past: Covariates known only afterwards, of the same shape.
        costs: `short_cost` and `over_cost`, `(series,)`, float32, as far as they are there.
        counts: What was counted on the way: lines, returns, stock-outs, ...
        rows: "sales", lines that were summed, or "regular", one row a series and period.
    Example:
        >>> panel = Panel(np.array([[1, 2, 3]], np.float32), np.array([0]), 3, np.datetime64("2024-01-01"), "D")
        >>> len(panel), panel.steps, panel.names(), panel.until(2).target.tolist()
        (1, 3, ['all'], [[1.0, 2.0, nan]])
    """

    target: np.ndarray
    start: np.ndarray
    now: int
    first: np.datetime64
    frequency: str
    keys: dict[str, pd.Categorical | Categories] = field(default_factory=dict)
    statics: dict[str, pd.Categorical | Categories] = field(default_factory=dict)
    known: dict[str, np.ndarray] = field(default_factory=dict)
    past: dict[str, np.ndarray] = field(default_factory=dict)
    costs: dict[str, np.ndarray] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    rows: str = "sales"

    def __len__(self) -> int:
        return len(self.target)

    @property
    def steps(self) -> int:
        """Number of steps, those of the plan included."""
        return self.target.shape[1]

    @property
    def dates(self) -> np.ndarray:
        """Start of each step, `(steps,)`, datetime64[s]."""
        return dates_from(self.first, self.frequency, self.steps)

    def names(self) -> list[str]:
        """`item / store` of each series, for messages and plots."""
        return series_names(self.keys, len(self))

    def until(self, t: int) -> Panel:
        """What was known at the start of step `t`: no target and no past covariates from there on.

        Known-ahead covariates stay; a series that starts later has no past then.
        """
        return replace(
            self,
            target=_hidden(self.target, t),
            start=np.minimum(self.start, t),
            now=int(min(self.now, t)),
            past={name: _hidden(values, t) for name, values in self.past.items()},
        )

    def take(self, rows: Sequence[int] | np.ndarray) -> Panel:
        """The panel of these series, in this order."""
        rows = np.asarray(rows)
        parts = {
            name: {key: values[rows] for key, values in getattr(self, name).items()}
            for name in ("keys", "statics", "known", "past", "costs")
        }
        return replace(self, target=self.target[rows], start=self.start[rows], **parts)


def series_names(keys: dict[str, pd.Categorical | Categories], count: int) -> list[str]:
    """`item / store` of each series; `all` where there is only one without a key.

    Example:
        >>> series_names({"item": Categories.of(["00123", "7"]), "store": Categories.of(["A", "A"])}, 2)
        ['00123 / A', '7 / A']
    """
    if not keys:
        return ["all"] * count
    return [" / ".join(str(key) for key in series) for series in zip(*keys.values())]


def _hidden(values: np.ndarray, t: int) -> np.ndarray:
    values = values.copy()
    values[:, t:] = np.nan
    return values
