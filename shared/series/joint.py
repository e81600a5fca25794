"""What a forecast of quantiles says of any level, and of the sum of several steps.

A forecast is `(series, horizon, quantiles)` in the customer's unit, rising over the quantiles. A step is read
from it as a straight line between two quantiles, with exponential tails beyond the outermost; several steps are
joined by a Gaussian copula. Nothing here is left to chance: equal arguments give equal sums.
"""

from collections.abc import Iterator, Sequence

import numpy as np

AT_ONCE = 2**20  # draws held in memory, of 8 bytes each; a few arrays of that size live side by side


def interpolated(
    quantiles: Sequence[float],
    forecast: np.ndarray,
    level: float | np.ndarray,
    *,
    lowest: float | None = None,
) -> np.ndarray:
    """The forecast at any level: linear between its quantiles, exponential beyond the outermost two.

    Above the last quantile `b` at level `q`, with `a` at level `p` before it, the forecast at `u` is
    `b + (b - a) log((1 - q) / (1 - u)) / log((1 - p) / (1 - q))`, and its mirror image below the first: never
    falling in `u`, exact for exponential demand, a little beyond a normal tail (.16 sigma at .99 from .9, .95).

    Args:
        quantiles: Levels of the forecast, rising within (0, 1), two at least.
        forecast: `(series, horizon, quantiles)`.
        level: In (0, 1), one for all, `(series,)` or `(series, horizon)`.
        lowest: Least value there can be, such as 0 of demand; None: there is none.
    Returns:
        `(series, horizon)`, float64.
    Raises:
        ValueError: If a shape does not fit, or a level is not within (0, 1).
    Reference:
        Park et al., 2022, Incremental Spline Quantile Functions, section 3, https://arxiv.org/abs/2111.06581
    Example:
        >>> forecast = np.array([[[10.0, 20.0, 30.0]]])
        >>> [round(float(interpolated((0.1, 0.5, 0.9), forecast, u)[0, 0]), 6) for u in (0.5, 0.7, 0.98)]
        [20.0, 25.0, 40.0]
    """
    quantiles, forecast = checked_forecast(quantiles, forecast)
    level = np.asarray(level, np.float64)
    place, part = _between(quantiles, level[:, None] if level.ndim == 1 else level)
    place, part = (np.broadcast_to(each, forecast.shape[:2]) for each in (place, part))
    low = np.take_along_axis(forecast, place[..., None], axis=2)[..., 0]
    high = np.take_along_axis(forecast, place[..., None] + 1, axis=2)[..., 0]
    out = low + (high - low) * part
    return out if lowest is None else np.maximum(out, lowest)


def sums(
    forecast: np.ndarray,
    quantiles: Sequence[float],
    correlation: np.ndarray,
    steps: int | slice | Sequence[int],
    *,
    levels: Sequence[float] | np.ndarray | None = None,
    draws: int = 256,
    seed: int = 0,
    lowest: float | None = 0.0,
) -> np.ndarray:
    """Quantiles of the sum of demand over several steps, by a Gaussian copula.

    The same draws serve all series. In each step they are the middles of `draws` equal parts of (0, 1), put in
    an order that has the correlation asked for (Iman and Conover): a single step is met almost exactly, and a
    few draws are enough. Levels nearer to 0 or 1 than half a draw give the outermost one.

    Args:
        forecast: `(series, horizon, quantiles)`.
        quantiles: Levels of the forecast.
        correlation: Of the errors of the steps, `(horizon, horizon)`, from `error_correlation`.
        steps: Which steps: their number from the first on, a slice, or a list of places.
        levels: Levels of the sum, `(levels,)` or `(series, levels)`; None: those of the forecast.
        draws: Number of draws, more than the steps.
        seed: Of the order of the draws.
        lowest: Least demand of a step; None: there is none.
    Returns:
        `(series, levels)`, rising if the levels are.
    Raises:
        ValueError: If a shape does not fit, there are no steps, or no more draws than steps.
    Reference:
        Gaussian copula: Nelsen, An Introduction to Copulas, 2006, section 2.3, Sklar's theorem; for steps ahead
        Pinson et al., 2009, section 3, https://doi.org/10.1002/we.284; draws: Iman & Conover, 1982,
        https://doi.org/10.1080/03610918208812265
    Example:
        >>> forecast = np.tile(np.array([5.0, 10.0, 15.0]), (1, 4, 1))
        >>> [sums(forecast, (0.1, 0.5, 0.9), each, 4).round().tolist()[0] for each in (np.eye(4), np.ones((4, 4)))]
        [[28.0, 40.0, 52.0], [20.0, 40.0, 60.0]]
    """
    quantiles, forecast = checked_forecast(quantiles, forecast)
    levels = np.atleast_2d(np.asarray(quantiles if levels is None else levels, np.float64))
    _check_levels(levels)
    levels = np.broadcast_to(levels, (len(forecast), levels.shape[1]))
    steps = _places(steps, forecast.shape[1])
    mixing = _mixed(quantiles, correlation, steps, draws, seed)
    out = np.empty(levels.shape)
    for rows, rising in _totals(forecast, mixing, steps, lowest):
        out[rows] = _at_levels(rising, levels[rows])
    return out


def expected(
    quantiles: Sequence[float], forecast: np.ndarray, *, draws: int = 256, lowest: float | None = 0.0
) -> np.ndarray:
    """Mean demand of each step: the mean of the forecast over the levels that `sums` draws from.

    Args:
        quantiles: Levels of the forecast.
        forecast: `(series, horizon, quantiles)`.
        draws: Into how many equal parts (0, 1) is cut; each counts with its middle.
        lowest: Least demand of a step; None: there is none.
    Returns:
        `(series, horizon)`, float64.
    Example:
        >>> expected((0.1, 0.5, 0.9), np.array([[[20.0, 25.0, 30.0]]])).round(3).tolist()
        [[25.0]]
    """
    quantiles, forecast = checked_forecast(quantiles, forecast)
    weights = _weights(quantiles, (np.arange(draws) + 0.5) / draws)
    out = np.empty(forecast.shape[:2])
    at_once = max(1, AT_ONCE // draws)
    for step in range(forecast.shape[1]):
        for first in range(0, len(forecast), at_once):
            rows = slice(first, first + at_once)
            out[rows, step] = _drawn(forecast[rows, step], weights, lowest).mean(axis=1)
    return out


def _totals(
    forecast: np.ndarray, mixing: np.ndarray, steps: np.ndarray, lowest: float | None
) -> Iterator[tuple[slice, np.ndarray]]:
    """The draws of the sum, rising, `(some series, draws)`, for one slice of series after the other."""
    at_once = max(1, AT_ONCE // mixing.shape[1])
    for first in range(0, len(forecast), at_once):
        rows = slice(first, first + at_once)
        total = np.zeros((len(forecast[rows]), mixing.shape[1]))
        for step, weights in zip(steps, mixing):
            total += _drawn(forecast[rows, step], weights, lowest)
        total.sort(axis=1)
        yield rows, total


def _mixed(
    quantiles: np.ndarray, correlation: np.ndarray, steps: np.ndarray, draws: int, seed: int
) -> np.ndarray:
    """How much of each quantile is in each draw of each step, `(steps, draws, quantiles)`, for all series."""
    correlation = np.asarray(correlation, np.float64)
    if correlation.ndim != 2 or len(correlation) != correlation.shape[1] or steps.max() >= len(correlation):
        raise ValueError(
            f"correlation must be `(horizon, horizon)` and hold step {steps.max()}, found {correlation.shape}"
        )
    level = _uniforms(correlation[np.ix_(steps, steps)], draws, seed).T
    return _weights(quantiles, level)


def _weights(quantiles: np.ndarray, level: np.ndarray) -> np.ndarray:
    """How much of each quantile is in the forecast at these levels, `(..., quantiles)`."""
    place, part = _between(quantiles, level)
    out = np.zeros((*level.shape, len(quantiles)))
    np.put_along_axis(out, place[..., None], (1 - part)[..., None], axis=-1)
    np.put_along_axis(out, place[..., None] + 1, part[..., None], axis=-1)
    return out


def _drawn(forecast: np.ndarray, weights: np.ndarray, lowest: float | None) -> np.ndarray:
    drawn = forecast.astype(np.float64) @ weights.T
    return drawn if lowest is None else np.maximum(drawn, lowest, out=drawn)


def _uniforms(correlation: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """Levels whose normal scores have this correlation, each column a shuffle of the same ones."""
    size = len(correlation)
    if draws < size + 2:
        raise ValueError(f"draws must be at least {size + 2} for {size} steps, found {draws}")
    scores = np.random.default_rng(seed).standard_normal((draws, size))
    scores -= scores.mean(axis=0)
    # The draws' own chance correlation is taken out, so that what is put in is what there is.
    scores = np.linalg.solve(np.linalg.cholesky(scores.T @ scores / draws), scores.T).T
    values, vectors = np.linalg.eigh(correlation)
    scores = scores @ (vectors * np.sqrt(np.where(values > 1e-12, values, 0.0))).T
    ranks = scores.argsort(axis=0, kind="stable").argsort(axis=0, kind="stable")
    return (ranks + 0.5) / draws


def _at_levels(rising: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Quantiles of each row's draws, which stand for the middles of equal parts. `(series, levels)`."""
    count = rising.shape[1]
    place = np.clip(levels * count - 0.5, 0, count - 1)
    low = place.astype(np.int64)
    below = np.take_along_axis(rising, low, axis=1)
    above = np.take_along_axis(rising, np.minimum(low + 1, count - 1), axis=1)
    return below + (above - below) * (place - low)


def _between(quantiles: np.ndarray, level: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """From which quantile to the next a level is read, and how far: below 0 and above 1 in the tails."""
    _check_levels(level)
    place = np.clip(np.searchsorted(quantiles, level, side="right") - 1, 0, len(quantiles) - 2)
    part = (level - quantiles[place]) / np.diff(quantiles)[place]
    (first, second), (before, last) = quantiles[:2], quantiles[-2:]
    under = np.log(np.minimum(level, first) / first) / np.log(second / first)
    over = np.log((1 - last) / (1 - np.maximum(level, last))) / np.log((1 - before) / (1 - last))
    return place, np.where(level < first, under, np.where(level > last, 1 + over, part))


def checked_forecast(quantiles: Sequence[float], forecast: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Levels and forecast as arrays.

    Raises:
        ValueError: If there are fewer than two levels, they do not rise within (0, 1), or a shape does not fit.
    Example:
        >>> checked_forecast((0.1, 0.9), np.zeros((5, 2, 3)))
        Traceback (most recent call last):
        ValueError: forecast must be `(series, horizon, 2)`, found (5, 2, 3)
    """
    quantiles, forecast = np.asarray(quantiles, np.float64), np.asarray(forecast)
    inside = quantiles.ndim == 1 and len(quantiles) > 1 and quantiles.min() > 0 and quantiles.max() < 1
    if not (inside and (np.diff(quantiles) > 0).all()):
        raise ValueError(f"quantiles must be at least two levels that rise within (0, 1), found {quantiles}")
    if forecast.ndim != 3 or forecast.shape[2] != len(quantiles):
        raise ValueError(f"forecast must be `(series, horizon, {len(quantiles)})`, found {forecast.shape}")
    return quantiles, forecast


def _check_levels(level: np.ndarray) -> None:
    """Raises a ValueError if a level is not within (0, 1)."""
    inside = (level > 0) & (level < 1)
    if not np.all(inside):
        raise ValueError(f"levels must lie within (0, 1), found {np.asarray(level)[~inside].flat[0]}")


def _places(steps: int | slice | Sequence[int], horizon: int) -> np.ndarray:
    """The steps of a horizon that are meant: so many from the first on, a slice, or a list of places."""
    if isinstance(steps, (int, np.integer)):
        if not 1 <= steps <= horizon:
            raise ValueError(f"steps must be 1 to {horizon}, the horizon, found {steps}")
        return np.arange(steps)
    out = np.arange(horizon)[steps if isinstance(steps, slice) else np.asarray(steps, np.int64)]
    if not out.size:
        raise ValueError(f"steps must name at least one of {horizon} steps, found {steps!r}")
    return out
