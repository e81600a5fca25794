"""Forecasts as a table that a planner can read: one line for each series and step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from shared.series.counts import mean_of
from shared.series.panel import Panel

if TYPE_CHECKING:
    import pandas as pd

NEW, SHORT, ZERO = "new item", "short history", "no sale yet"


def quantile_name(level: float) -> str:
    """`q05` of .05, `q975` of .975.

    Example:
        >>> quantile_name(0.05), quantile_name(0.5), quantile_name(0.975)
        ('q05', 'q50', 'q975')
    """
    return f"q{f'{level:.4f}'[2:].rstrip('0').ljust(2, '0')}"


def notes_of(panel: Panel, origin: int, least: int) -> np.ndarray:
    """What a planner must know of each series: new, or too short to be forecast by itself; "" of most.

    Args:
        least: Steps below which a series leans on all others.
    """
    past = panel.target[:, :origin]
    known = np.isfinite(past).sum(axis=1)
    out = np.full(len(panel), "", object)
    out[known < least] = SHORT
    out[(known >= least) & (np.nan_to_num(past) == 0).all(axis=1)] = ZERO
    out[known == 0] = NEW
    return out


def long_table(
    panel: Panel,
    origin: int,
    forecast: np.ndarray,
    quantiles: Sequence[float],
    orders: Mapping[str, np.ndarray],
    horizon: int,
) -> pd.DataFrame:
    """`long_columns` as a data frame."""
    import pandas as pd

    return pd.DataFrame(long_columns(panel, origin, forecast, quantiles, orders, horizon))


def long_columns(
    panel: Panel,
    origin: int,
    forecast: np.ndarray,
    quantiles: Sequence[float],
    orders: Mapping[str, np.ndarray],
    horizon: int,
) -> dict[str, Any]:
    """The answers by column: keys, date, step, mean, quantiles, what to order, note; `actual` where any is known.

    Args:
        forecast: `(series, horizon, quantiles)`.
        orders: Further columns, `(series, horizon)` or `(series,)`.
    """
    from shared.series.seasons import dates_from

    series, steps = forecast.shape[:2]
    dates = dates_from(panel.first, panel.frequency, origin + steps)[origin:].astype("datetime64[us]")
    columns: dict[str, Any] = {name: values.repeat(steps) for name, values in panel.keys.items()}
    columns |= {
        "date": np.tile(dates, series),
        "step": np.tile(np.arange(1, steps + 1), series),
    }
    columns["mean"] = mean_of(forecast, quantiles).ravel()
    columns |= {quantile_name(level): forecast[..., place].ravel() for place, level in enumerate(quantiles)}
    for name, values in orders.items():
        columns[name] = values.ravel() if values.ndim == 2 else values.repeat(steps)
    columns["note"] = notes_of(panel, origin, horizon).repeat(steps)
    if origin < panel.now:
        actual = np.full((series, steps), np.nan)
        stop = min(origin + steps, panel.now)
        actual[:, : stop - origin] = panel.target[:, origin:stop]
        columns["actual"] = actual.ravel()
    return columns
