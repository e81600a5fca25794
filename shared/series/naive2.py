"""Naive 2, the reference of the M4 competition: the last value, with the season taken off and put on again."""

import numpy as np

from shared.series.gaps import filled

ROWS = 2048  # series at a time: arrays of all of them at once would take gigabytes
CRITICAL = 1.645  # 90 %, two-sided


def naive2(history: np.ndarray, season: int, horizon: int) -> np.ndarray:
    """The last seasonally adjusted value, times the season of the step that is forecast.

    A series is adjusted by classical multiplicative decomposition if the autocorrelation at one season is
    significant (90 %) and it has three seasons at least; otherwise this is the naive forecast. Gaps are
    bridged by `filled`. Where the season has a part without sales, the last part with sales is adjusted.

    M4's R code looks no further than 10 log10(steps) lags for a season, and so finds none of 52 weeks; here
    the autocorrelation is looked at wherever the season lies.

    Args:
        history: `(series, steps)`; NaN: before the start, or not known.
        season: Steps in a season; 1: none.
        horizon: Steps to forecast.
    Returns:
        `(series, horizon)`, float64; NaN for a series without any known value.
    Reference:
        Makridakis, Spiliotis & Assimakopoulos, The M4 Competition, 2020, appendix A; code of
        https://github.com/Mcompetitions/M4-methods, Benchmarks and Evaluation.R
    Example:
        >>> naive2(np.tile([[2.0, 4.0]], (1, 10)), season=2, horizon=3).round(6).tolist()
        [[2.0, 4.0, 2.0]]
    """
    history = np.asarray(history, np.float64)
    if not history.shape[1]:
        return np.full((len(history), horizon), np.nan)
    out = np.empty((len(history), horizon))
    for first in range(0, len(history), ROWS):
        out[first : first + ROWS] = _naive2(filled(history[first : first + ROWS], season), season, horizon)
    return out


def _naive2(history: np.ndarray, season: int, horizon: int) -> np.ndarray:
    out = np.repeat(history[:, -1:], horizon, axis=1)
    rows = np.flatnonzero(is_seasonal(history, season))
    if len(rows):
        figure = seasonal_figure(history[rows], season)
        good = (np.isfinite(figure) & (figure >= 0)).all(axis=1) & (figure > 0).any(axis=1)
        rows, figure = rows[good], figure[good]
        steps = history.shape[1]
        back = np.arange(steps - 1, steps - 1 - season, -1)  # the newest first
        usable = back[np.argmax(figure[:, back % season] > 0, axis=1)]
        each = np.arange(len(rows))
        adjusted = history[rows, usable] / figure[each, usable % season]
        out[rows] = adjusted[:, None] * figure[:, (steps + np.arange(horizon)) % season]
    return out


def is_seasonal(history: np.ndarray, season: int) -> np.ndarray:
    """Whether the autocorrelation at one season is beyond its 90 % limit, `(series,)`.

    The limit at lag m is that of a series whose shorter lags are correlated as they are:
    `1.645 sqrt((1 + 2 (r_1^2 + ... + r_(m-1)^2)) / steps)`.

    Args:
        history: `(series, steps)`, NaN before the first value only.
    Reference:
        Assimakopoulos & Nikolopoulos, The theta model, 2000, section 3; M4's `SeasonalityTest`
    Example:
        >>> is_seasonal(np.array([[1.0, 5.0] * 9, list(range(9)) * 2]), 2).tolist()
        [True, False]
    """
    count = np.isfinite(history).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.nansum(history, axis=1) / count
        off = np.where(np.isfinite(history), history - mean[:, None], 0.0)
        power = (off * off).sum(axis=1)
        if season < 2 or history.shape[1] <= season:
            return np.zeros(len(history), bool)
        lags = [np.einsum("ij,ij->i", off[:, lag:], off[:, :-lag]) / power for lag in range(1, season + 1)]
        limit = CRITICAL * np.sqrt((1 + 2 * np.square(lags[:-1]).sum(axis=0)) / count)
        return (count >= 3 * season) & (np.abs(lags[-1]) > limit)


def seasonal_figure(history: np.ndarray, season: int) -> np.ndarray:
    """The multiplicative season by classical decomposition: value over centred moving average, meaned.

    Args:
        history: `(series, steps)`, NaN before the first value only.
    Returns:
        `(series, season)`, with mean 1; column k is the season of the steps k, k + season, ...
    Reference:
        Kendall & Stuart, The Advanced Theory of Statistics, volume 3, 1983, pages 410 to 414; R's `decompose`
    Example:
        >>> seasonal_figure(np.tile([[2.0, 4.0]], (1, 10)), 2).round(4).tolist()
        [[0.6667, 1.3333]]
    """
    series, steps = history.shape
    half = season // 2
    # An even season is centred by halving both ends of a window one step longer.
    total = np.cumsum(np.concatenate([np.zeros((series, 1)), np.nan_to_num(history)], axis=1), axis=1)
    trend = np.full(history.shape, np.nan)
    middle = slice(half, steps - half)
    if season % 2:
        trend[:, middle] = (total[:, season:] - total[:, :-season]) / season
    else:
        windows = (total[:, season:] - total[:, :-season]) / season
        trend[:, middle] = (windows[:, 1:] + windows[:, :-1]) / 2
    first = np.argmax(np.isfinite(history), axis=1)
    trend[np.arange(steps) < (first + half)[:, None]] = np.nan
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = history / trend
        figure = np.stack([_mean(ratio[:, place::season]) for place in range(season)], axis=1)
        return figure / figure.mean(axis=1, keepdims=True)


def _mean(values: np.ndarray) -> np.ndarray:
    """The mean of what is finite in each row."""
    fine = np.isfinite(values)
    return np.where(fine, values, 0).sum(axis=1) / fine.sum(axis=1)
