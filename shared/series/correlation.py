"""How the errors of a forecast's steps go together: what the sum of several steps needs to know."""

from collections.abc import Sequence

import numpy as np

from shared.series.joint import checked_forecast

FURTHEST = 1e-3  # outcomes are taken to lie at least so far from level 0 and 1: none says more than 3.1 sigma
FLATTEST = 1e-4  # least eigenvalue of a correlation matrix


def error_correlation(
    y_true: np.ndarray, forecast: np.ndarray, quantiles: Sequence[float], *, lowest: float | None = 0.0
) -> np.ndarray:
    """How the errors of the steps ahead went together in the past, as correlations of normal scores.

    Each outcome becomes the level at which its forecast held it, the middle of the levels where several
    quantiles equal it (zero sales), then a normal score. Correlations over all pairs that are known are shrunk
    towards 0 by the share of their squares that noise accounts for, `sum 1 / (n - 1)` to `sum r^2`, and the
    least eigenvalue is raised to 1e-4.

    Args:
        y_true: What came, one row a series and origin, `(rows, horizon)`; NaN: not known.
        forecast: `(rows, horizon, quantiles)`.
        quantiles: Levels of the forecast.
        lowest: Least outcome there can be; the chance below it is 0.
    Returns:
        `(horizon, horizon)`, positive definite, 1 on the diagonal; the identity without outcomes.
    Reference:
        Schafer & Strimmer, 2005, section 2, https://doi.org/10.2202/1544-6115.1175; normal scores of
        forecast distributions: Diebold, Gunther & Tay, 1998, https://doi.org/10.2307/2527342
    Example:
        >>> rng = np.random.default_rng(0)
        >>> forecast = np.tile(np.array([40.0, 50.0, 60.0]), (500, 3, 1))
        >>> together = 50 + 12 * rng.normal(size=(500, 1)) + 5 * rng.normal(size=(500, 3))
        >>> bool(error_correlation(together, forecast, (0.2, 0.5, 0.8))[0, 2] > 0.7)
        True
    """
    quantiles, forecast = checked_forecast(quantiles, forecast)
    y_true = np.asarray(y_true, np.float64)
    if y_true.shape != forecast.shape[:2]:
        raise ValueError(f"y_true must be {forecast.shape[:2]}, as the forecast, found {y_true.shape}")
    known = np.isfinite(y_true) & np.isfinite(forecast).all(axis=2)
    scores = np.where(known, _normal_scores(y_true, forecast, quantiles, lowest), 0.0)
    pairs = known.astype(np.float64)
    scores -= known * (scores.sum(axis=0) / np.maximum(pairs.sum(axis=0), 1))
    squares = (scores**2).T @ pairs
    spread = np.sqrt(squares * squares.T)
    counts = pairs.T @ pairs
    usable = (counts > 2) & (spread > 0) & ~np.eye(len(spread), dtype=bool)
    found = np.divide(scores.T @ scores, spread, out=np.zeros_like(spread), where=usable)
    noise, signal = (usable / np.maximum(counts - 1, 1)).sum(), (found**2).sum()
    kept = max(0.0, 1 - noise / signal) if signal > 0 else 0.0
    return _definite(kept * found + np.eye(len(found)))


def _level_of(value: np.ndarray, forecast: np.ndarray, quantiles: np.ndarray, *, ties: bool) -> np.ndarray:
    """The level at which the forecast reaches a value; with `ties`, the last of the levels that do."""
    reached = (forecast <= value[..., None]) if ties else (forecast < value[..., None])
    count = reached.sum(axis=-1)
    place = np.clip(count - 1, 0, len(quantiles) - 2)
    low = np.take_along_axis(forecast, place[..., None], axis=-1)[..., 0]
    high = np.take_along_axis(forecast, place[..., None] + 1, axis=-1)[..., 0]
    flat = np.where(value > high, np.inf, np.where(value < low, -np.inf, float(ties)))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        part = np.where(high > low, (value - low) / (high - low), flat)
        (first, second), (before, last) = quantiles[:2], quantiles[-2:]
        under = first * (second / first) ** np.minimum(part, 0)
        over = 1 - (1 - last) * ((1 - last) / (1 - before)) ** np.maximum(part - 1, 0)
        inside = quantiles[place] + part * np.diff(quantiles)[place]
    return np.where(count == 0, under, np.where(count == len(quantiles), over, inside))


def _normal_scores(y_true, forecast, quantiles, lowest: float | None) -> np.ndarray:
    from scipy.special import ndtri

    below = _level_of(y_true, forecast, quantiles, ties=False)
    if lowest is not None:
        below = np.where(y_true <= lowest, 0.0, below)
    level = (below + _level_of(y_true, forecast, quantiles, ties=True)) / 2
    return ndtri(np.clip(level, FURTHEST, 1 - FURTHEST))


def _definite(correlation: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(correlation)
    if values[0] < FLATTEST:
        correlation = (vectors * np.maximum(values, FLATTEST)) @ vectors.T
        scale = np.sqrt(np.diag(correlation))
        correlation = correlation / scale / scale[:, None]
    return (correlation + correlation.T) / 2
