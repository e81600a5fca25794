"""Histories with gaps: what is known of many series before an origin, and how gaps are bridged."""

import numpy as np


def known_before(target: np.ndarray, start: np.ndarray, origin: int) -> np.ndarray:
    """The history of each series before an origin, as a copy.

    Args:
        target: `(series, steps)`.
        start: First step that counts, `(series,)`.
        origin: First step that is not known.
    Returns:
        `(series, origin)`, float64; NaN before the start and where a value is not known.
    Example:
        >>> known_before(np.array([[0.0, 2.0, 3.0]]), np.array([1]), 2).tolist()
        [[nan, 2.0]]
    """
    history = np.array(target[:, :origin], np.float64)
    history[np.arange(history.shape[1]) < np.asarray(start)[:, None]] = np.nan
    return history


def filled(history: np.ndarray, season: int) -> np.ndarray:
    """The history with gaps bridged: the last known value of the same place in the season, else of any.

    Only earlier values are read. Before the first known value of a series all stays NaN.

    Shape: `(series, steps)` as given, float64.
    Example:
        >>> filled(np.array([[np.nan, 1.0, 2.0, np.nan, np.nan, 5.0]]), 2).tolist()
        [[nan, 1.0, 2.0, 1.0, 2.0, 5.0]]
    """
    series, steps = history.shape
    out = np.array(history, np.float64)
    if not np.isnan(out).any():
        return out
    for lag in (season, 1):
        periods = -(-steps // lag)
        cycles = np.full((series, periods * lag), np.nan)
        cycles[:, :steps] = out
        cycles = cycles.reshape(series, periods, lag)
        number = np.where(np.isnan(cycles), 0, np.arange(periods)[None, :, None])
        np.maximum.accumulate(number, axis=1, out=number)
        out = np.take_along_axis(cycles, number, axis=1).reshape(series, -1)[:, :steps]
    return out


def seasonal_differences(history: np.ndarray, lag: int) -> np.ndarray:
    """Each value minus that `lag` steps before; NaN where either is not known.

    Shape: `(series, steps)` to `(series, max(0, steps - lag))`.
    Example:
        >>> seasonal_differences(np.array([[1.0, 2.0, 4.0]]), 2).tolist()
        [[3.0]]
    """
    return history[:, lag:] - history[:, :-lag] if lag < history.shape[1] else history[:, :0]
