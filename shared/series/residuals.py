"""Quantiles around a point forecast, from the errors that the same method made within the history."""

from collections.abc import Callable, Sequence

import numpy as np

FEWEST = 30  # errors below which a series leans on what all series have in common
RECENT = 168  # errors of each series that are looked at, the latest: a week of hours, three years of weeks
POOL = 200_000  # errors of all series that are sorted; more say nothing new
SPAN = 52  # known steps, the latest, whose mean size is the scale of a series

Points = Callable[[np.ndarray, int], np.ndarray]


def quantiles_around(
    points: Points,
    history: np.ndarray,
    *,
    quantiles: Sequence[float],
    horizon: int,
    anchored: bool = False,
) -> np.ndarray:
    """The point forecast plus, for each step ahead, the quantiles of past errors at so many steps ahead.

    The errors are those of forecasts from earlier origins, the latest `RECENT` of each series. A series with
    fewer than `FEWEST` of them takes the errors of all series, relative to the scale of each.

    Args:
        points: `points(origins, step)` gives the forecasts made at each origin for so many steps later (0: the
            origin itself), from values before the origin alone: `(series, origins)`, NaN where there is none.
        history: `(series, origin)`; NaN: before the start, or not known.
        anchored: Whether the median is the point forecast itself; otherwise it is corrected as all quantiles.
    Returns:
        `(series, horizon, quantiles)`, float64, rising; NaN for a series without a point forecast.
    Reference:
        Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd edition, section 5.5 (residuals
        instead of a normal distribution), https://otexts.com/fpp3/prediction-intervals.html
    Example:
        >>> history = np.arange(100.0)[None]
        >>> last = lambda origins, step: history[:, origins - 1]
        >>> quantiles_around(last, history, quantiles=(0.1, 0.9), horizon=2).tolist()  # always one, two too low
        [[[100.0, 100.0], [101.0, 101.0]]]
    """
    series, origin = history.shape
    levels, now, scale = np.asarray(quantiles), np.array([origin]), recent_level(history)
    out = np.empty((series, horizon, len(levels)))
    for step in range(horizon):
        targets = np.arange(max(step + 1, origin - RECENT), origin)
        errors = np.empty((series, 0), np.float32)
        if len(targets):
            errors = (history[:, targets] - points(targets - step, step)).astype(np.float32)
        point = points(now, step)
        out[:, step] = point + _quantiles(errors, scale, levels)
        if anchored:
            below, above = levels <= 0.5, levels >= 0.5
            out[:, step, below] = np.minimum(out[:, step, below], point)
            out[:, step, above] = np.maximum(out[:, step, above], point)
    return np.sort(out, axis=-1)


def _quantiles(errors: np.ndarray, scale: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Quantiles of the errors of each series, or of all where a series has few, `(series, quantiles)`."""
    count = np.isfinite(errors).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        relative = (errors / scale[:, None])[scale > 0].ravel()
    relative = relative[np.isfinite(relative)]
    relative = relative[:: 1 + len(relative) // POOL]
    common = sorted_quantiles(np.sort(relative)[None], levels)[0] if len(relative) else np.zeros(len(levels))
    out = scale[:, None] * common
    own = count >= FEWEST
    if own.any():
        out[own] = sorted_quantiles(np.sort(errors[own], axis=1), levels)
    return out


def sorted_quantiles(values: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Quantiles of rows that are sorted, NaN last, as of a sample of which one more value is to come.

    The value of rank i of n has the level i / (n + 1); beyond the first and the last rank it stays.

    Shape: `(rows, values)` and `(levels,)` to `(rows, levels)`; NaN for a row of NaN.
    Reference:
        Hyndman & Fan, Sample quantiles in statistical packages, 1996, definition 6
    Example:
        >>> sorted_quantiles(np.array([[1.0, 2.0, 3.0, np.nan]]), np.array([0.0, 0.5, 0.625])).tolist()
        [[1.0, 2.0, 2.5]]
    """
    count = np.isfinite(values).sum(axis=1)[:, None]
    place = np.clip(levels * (count + 1) - 1, 0, np.maximum(count - 1, 0))
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, np.maximum(count - 1, 0))
    below, above = (np.take_along_axis(values, rank, axis=1) for rank in (low, high))
    return below + (place - low) * (above - below)


def recent_level(history: np.ndarray, span: int = SPAN) -> np.ndarray:
    """Mean size of the latest known values of each series, `(series,)`; 0 where none is known.

    Args:
        span: Steps, of those that are known, that are meaned.
    Example:
        >>> recent_level(np.array([[9.0, 2.0, np.nan, -4.0], [np.nan] * 4]), span=2).tolist()
        [3.0, 0.0]
    """
    known = np.isfinite(history)
    counted = known & (np.cumsum(known[:, ::-1], axis=1)[:, ::-1] <= span)
    size = np.where(counted, np.abs(history), 0).sum(axis=1)
    return size / np.maximum(counted.sum(axis=1), 1)


def completed(forecast: np.ndarray, history: np.ndarray) -> np.ndarray:
    """A forecast fit for use: rising, nowhere NaN, and not below 0 where no value of the history is.

    A series without any known value gets the mean of the other series' forecasts, step by step and quantile
    by quantile: nothing is known that would scale it better. Without other series it gets 0.

    Shape: `(series, horizon, quantiles)` as given, float64.
    Example:
        >>> forecast = np.array([[[-1.0, 4.0]], [[np.nan, np.nan]]])
        >>> completed(forecast, np.array([[0.0, 2.0], [np.nan, np.nan]])).tolist()
        [[[0.0, 4.0]], [[0.0, 4.0]]]
    """
    seen = np.isfinite(history).any(axis=1) & np.isfinite(forecast).all(axis=(1, 2))
    out = np.sort(np.where(seen[:, None, None], forecast, 0.0), axis=-1)
    if not (history < 0).any():
        out = np.maximum(out, 0.0)
    if seen.any():
        out[~seen] = out[seen].mean(axis=0)
    return out
