"""How well forecasts of many series are: NumPy only, `(y_true, y_pred)` in that order, one part a series.

Outcomes are `(series, horizon)`, NaN where they are not known: these are not judged. Forecasts are
`(series, horizon)`, or `(series, horizon, quantiles)` with rising quantiles. Every metric returns parts of a
ratio for each series, so that a bootstrap over series weighs them anew without looking at a forecast again.
"""

from collections.abc import Sequence

import numpy as np

from shared.series.components import Component, Owa
from shared.series.components import aggregate as aggregate
from shared.series.gaps import seasonal_differences

QUANTILES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
DECILES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def median_of(y_pred: np.ndarray, quantiles: Sequence[float] = QUANTILES) -> np.ndarray:
    """The median of a forecast of quantiles; a forecast without quantiles is returned as it is.

    Returns:
        `(series, horizon)`, float64; between the nearest two quantiles if the median is not among them.
    Raises:
        ValueError: If the forecast has another number of quantiles.
    Example:
        >>> median_of(np.array([[[1.0, 5.0]]]), (0.4, 0.6)).tolist()
        [[3.0]]
    """
    y_pred = np.asarray(y_pred, np.float64)
    if y_pred.ndim == 2:
        return y_pred
    levels = _levels(y_pred, quantiles)
    exact = np.flatnonzero(np.isclose(levels, 0.5))
    if len(exact) or len(levels) == 1:
        return y_pred[..., exact[0] if len(exact) else 0]
    above = int(np.clip(np.searchsorted(levels, 0.5), 1, len(levels) - 1))
    share = np.clip((0.5 - levels[above - 1]) / (levels[above] - levels[above - 1]), 0, 1)
    return (1 - share) * y_pred[..., above - 1] + share * y_pred[..., above]


def _levels(y_pred: np.ndarray, quantiles: Sequence[float]) -> np.ndarray:
    levels = np.asarray(quantiles, np.float64)
    if y_pred.ndim != 3 or y_pred.shape[-1] != len(levels):
        raise ValueError(f"expected a forecast (series, horizon, {len(levels)}), found {y_pred.shape}")
    return levels


def _outcomes(y_true: np.ndarray, y_pred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes with 0 where they are not known, and where they are known."""
    y_true = np.asarray(y_true, np.float64)
    if y_true.ndim != 2 or y_true.shape != np.shape(y_pred)[:2]:
        raise ValueError(
            f"expected outcomes (series, horizon) as forecast, found {y_true.shape} and {np.shape(y_pred)}"
        )
    known = np.isfinite(y_true)
    return np.where(known, y_true, 0.0), known


def _mean_over_steps(values: np.ndarray, known: np.ndarray, valid: np.ndarray | bool = True) -> Component:
    """A mean over the known steps of each series, and then over the series that are valid."""
    steps = known.sum(axis=1)
    mean = np.where(known, values, 0).sum(axis=1) / np.maximum(steps, 1)
    counted = (steps > 0) & valid
    return Component(np.where(counted, mean, 0.0), counted.astype(np.float64))


def smape(y_true, y_pred, *, quantiles: Sequence[float] = QUANTILES) -> Component:
    """Symmetric mean absolute percentage error of the median, in per cent; 0 / 0 is 0. Lower is better.

    Reference:
        Makridakis, Spiliotis & Assimakopoulos, The M4 Competition, 2020, section 2.2,
        https://doi.org/10.1016/j.ijforecast.2019.04.014
    Example:
        >>> smape(np.array([[1.0, 3.0]]), np.array([[1.0, 1.0]])).value()
        50.0
    """
    y_pred = median_of(y_pred, quantiles)
    y_true, known = _outcomes(y_true, y_pred)
    size = np.abs(y_true) + np.abs(y_pred)
    return _mean_over_steps(200 * np.abs(y_true - y_pred) / np.where(size > 0, size, 1), known)


def mase(y_true, y_pred, *, history, season: int, quantiles: Sequence[float] = QUANTILES) -> Component:
    """Mean absolute error of the median, over that of the seasonal naive forecast within the history.

    A series whose history is shorter than a season, or equal in all seasons, is scaled by the naive forecast
    (lag 1); where this has no error either, the series is left out. Lower is better; 1 is as good.

    Args:
        history: What came before the origin, `(series, steps)`; NaN: before the start, or not known.
        season: Steps in a season; 1: none.
    Reference:
        Hyndman & Koehler, Another look at measures of forecast accuracy, 2006, section 3; M4 as in `smape`
    Example:
        >>> history = np.array([[1.0, 2.0, 1.0, 4.0]])
        >>> mase(np.array([[1.0]]), np.array([[4.0]]), history=history, season=2).value()
        3.0
    """
    y_pred = median_of(y_pred, quantiles)
    y_true, known = _outcomes(y_true, y_pred)
    scale = _scale(history, season, power=1)
    errors = np.abs(y_true - y_pred) / np.where(scale > 0, scale, 1)[:, None]
    return _mean_over_steps(errors, known, scale > 0)


def rmsse(y_true, y_pred, *, history, season: int = 1, quantiles: Sequence[float] = QUANTILES) -> Component:
    """Root mean squared error of the median, over that of the naive forecast within the history.

    As in M5 the naive forecast is the last value, unless a season is given. Lower is better.

    Args:
        history, season: As for `mase`, and so are the series that are left out.
    Reference:
        Makridakis, Spiliotis & Assimakopoulos, The M5 accuracy competition, 2022, section 2.4,
        https://doi.org/10.1016/j.ijforecast.2021.11.013
    Example:
        >>> history = np.array([[0.0, 1.0, 0.0]])
        >>> rmsse(np.array([[2.0, 2.0]]), np.array([[1.0, 1.0]]), history=history).value()
        1.0
    """
    y_pred = median_of(y_pred, quantiles)
    y_true, known = _outcomes(y_true, y_pred)
    scale = _scale(history, season, power=2)
    squared = _mean_over_steps((y_true - y_pred) ** 2, known, scale > 0)
    return Component(np.sqrt(squared.numerator / np.where(scale > 0, scale, 1)), squared.denominator)


def _scale(history: np.ndarray, season: int, power: int) -> np.ndarray:
    """Mean error within the history of the seasonal naive forecast, else of the naive one, else 0."""
    scale = np.zeros(len(history))
    for lag in (season, 1):
        missing = np.flatnonzero(scale <= 0)
        apart = np.abs(seasonal_differences(np.asarray(history)[missing], lag)) ** power
        known = np.isfinite(apart)
        total = np.where(known, apart, 0).sum(axis=1, dtype=np.float64)
        scale[missing] = total / np.maximum(known.sum(axis=1), 1)
    return scale


def owa(y_true, y_pred, *, reference, history, season: int, quantiles: Sequence[float] = QUANTILES) -> Owa:
    """Overall weighted average of M4: mean of sMAPE and MASE, each over that of a reference, Naive 2.

    Args:
        reference: Forecast `(series, horizon)` of `shared.series.naive2.naive2`.
        history, season: As for `mase`.
    Reference:
        Makridakis, Spiliotis & Assimakopoulos, 2020, section 2.2; see `smape`
    Example:
        >>> truth, history = np.array([[3.0]]), np.array([[1.0, 2.0]])
        >>> round(owa(truth, truth + 1, reference=truth - 1, history=history, season=1).value(), 4)
        0.8571
    """
    scaled = {"history": history, "season": season, "quantiles": quantiles}
    percent = smape(y_true, y_pred, quantiles=quantiles), smape(y_true, reference)
    return Owa((percent, (mase(y_true, y_pred, **scaled), mase(y_true, reference, **scaled))))


def weighted_quantile_loss(y_true, y_pred, *, quantiles: Sequence[float] = QUANTILES) -> Component:
    """Twice the pinball loss over the sum of outcomes, meaned over the deciles .1 to .9. Lower is better.

    If the forecast lacks a decile, the mean is over all its quantiles; a forecast without quantiles stands
    for each of them, which makes this the absolute error over the sum of outcomes.

    Reference:
        Salinas et al., DeepAR, 2020, section 4.2 (the rho-risk), https://arxiv.org/abs/1704.04110
    Example:
        >>> truth, forecast = np.array([[10.0, 0.0]]), np.array([[[8.0, 12.0], [0.0, 2.0]]])
        >>> round(weighted_quantile_loss(truth, forecast, quantiles=(0.1, 0.9)).value(), 4)
        0.06
    """
    y_pred = np.asarray(y_pred)
    y_true, known = _outcomes(y_true, y_pred)
    levels = np.array(DECILES) if y_pred.ndim == 2 else _levels(y_pred, quantiles)
    place = [at for at, level in enumerate(levels) if np.isclose(level, DECILES).any()]
    if len(place) < len(DECILES):
        place = list(range(len(levels)))
    loss = np.zeros(y_true.shape)
    for at in place:
        error = y_true - (y_pred if y_pred.ndim == 2 else y_pred[..., at])
        loss += 2 * np.maximum(levels[at] * error, (levels[at] - 1) * error) / len(place)
    return Component(np.where(known, loss, 0).sum(axis=1), np.abs(y_true).sum(axis=1))


def coverage(y_true, y_pred, *, level: float = 0.8, quantiles: Sequence[float] = QUANTILES) -> Component:
    """Share of outcomes within the central interval, its ends included; a right one has the share `level`.

    Raises:
        ValueError: If the forecast does not hold the two ends of the interval.
    Example:
        >>> coverage(np.array([[1.0, 5.0]]), np.array([[[0.0, 2.0], [0.0, 2.0]]]), quantiles=(0.1, 0.9)).value()
        0.5
    """
    low, high = _interval(y_pred, level, quantiles)
    y_true, known = _outcomes(y_true, low)
    inside = known & (low <= y_true) & (y_true <= high)
    return Component(inside.sum(axis=1).astype(np.float64), known.sum(axis=1).astype(np.float64))


def interval_width(
    y_true, y_pred, *, level: float = 0.8, quantiles: Sequence[float] = QUANTILES
) -> Component:
    """Width of the central interval, over the sum of outcomes; of two that cover alike, take the lower.

    Raises:
        ValueError: If the forecast does not hold the two ends of the interval.
    Example:
        >>> interval_width(np.array([[4.0]]), np.array([[[3.0, 5.0]]]), quantiles=(0.1, 0.9)).value()
        0.5
    """
    low, high = _interval(y_pred, level, quantiles)
    y_true, known = _outcomes(y_true, low)
    return Component(np.where(known, high - low, 0).sum(axis=1), np.abs(y_true).sum(axis=1))


def _interval(y_pred, level: float, quantiles: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    y_pred = np.asarray(y_pred, np.float64)
    levels = _levels(y_pred, quantiles)
    ends = [np.flatnonzero(np.isclose(levels, end)) for end in ((1 - level) / 2, (1 + level) / 2)]
    if not all(len(end) for end in ends):
        raise ValueError(f"expected the ends of the {level:.0%} interval among the quantiles {quantiles}")
    return y_pred[..., ends[0][0]], y_pred[..., ends[1][0]]


def bias(y_true, y_pred, *, quantiles: Sequence[float] = QUANTILES) -> Component:
    """Sum of median minus outcome, over the sum of outcomes: above 0 where too much is forecast.

    Example:
        >>> bias(np.array([[4.0, 6.0]]), np.array([[5.0, 7.0]])).value()
        0.2
    """
    y_pred = median_of(y_pred, quantiles)
    y_true, known = _outcomes(y_true, y_pred)
    return Component(np.where(known, y_pred - y_true, 0).sum(axis=1), np.abs(y_true).sum(axis=1))


def at_or_below(y_true, y_pred, *, quantiles: Sequence[float] = QUANTILES) -> list[Component]:
    """For each quantile, the share of outcomes at or below it: what a right forecast calls its level.

    Example:
        >>> shares = at_or_below(np.array([[1.0, 5.0]]), np.array([[[0.0, 2.0], [0.0, 9.0]]]), quantiles=(0.1, 0.9))
        >>> [share.value() for share in shares]
        [0.0, 1.0]
    """
    y_pred = np.asarray(y_pred, np.float64)
    _levels(y_pred, quantiles)
    y_true, known = _outcomes(y_true, y_pred)
    below = known[..., None] & (y_true[..., None] <= y_pred)
    steps = known.sum(axis=1).astype(np.float64)
    return [Component(below[..., at].sum(axis=1).astype(np.float64), steps) for at in range(len(quantiles))]
