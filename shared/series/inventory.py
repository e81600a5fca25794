"""From forecasts to orders: how much to have in stock at what a piece too few and a piece too many cost."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shared.series.correlation import error_correlation
from shared.series.joint import expected, interpolated, sums

__all__ = [
    "ReorderPoint",
    "error_correlation",
    "expected",
    "fractile",
    "interpolated",
    "newsvendor",
    "order_levels",
    "reorder_point",
    "sums",
    "whole_pieces",
]


def fractile(short_cost: float | np.ndarray, over_cost: float | np.ndarray) -> np.ndarray:
    """The level of demand that is worth having in stock: `short_cost / (short_cost + over_cost)`.

    Args:
        short_cost: What a piece too few costs, above 0, one for all or `(series,)`.
        over_cost: What a piece too many costs, above 0, in the same currency.
    Returns:
        Within (0, 1), in the shape that the two costs have together, float64.
    Raises:
        ValueError: If a cost is not above 0: nothing, or everything, would be ordered.
    Reference:
        Arrow, Harris & Marschak, Optimal Inventory Policy, 1951, https://doi.org/10.2307/1906813
    Example:
        >>> float(fractile(3.0, 1.0))
        0.75
    """
    short, over = np.asarray(short_cost, np.float64), np.asarray(over_cost, np.float64)
    for name, cost in (("short_cost", short), ("over_cost", over)):
        bad = ~(np.isfinite(cost) & (cost > 0))
        if bad.any():
            raise ValueError(f"{name} must be above 0 for each series, found {cost[bad].flat[0]}")
    return short / (short + over)


def newsvendor(
    forecast: np.ndarray,
    quantiles: Sequence[float],
    short_cost: float | np.ndarray,
    over_cost: float | np.ndarray,
    *,
    whole: bool = False,
) -> np.ndarray:
    """The stock of each step that costs least where each step stands alone: demand at the `fractile`.

    Args:
        forecast: `(series, horizon, quantiles)`, in pieces.
        quantiles: Levels of the forecast.
        short_cost: What a piece too few costs, one for all or `(series,)`.
        over_cost: What a piece too many costs, in the same currency.
        whole: Whether to order whole pieces, see `whole_pieces`.
    Returns:
        Pieces, `(series, horizon)`, at least 0.
    Raises:
        ValueError: If a shape does not fit, or a cost is not above 0.
    Reference:
        Arrow, Harris & Marschak, Optimal Inventory Policy, 1951, https://doi.org/10.2307/1906813
    Example:
        >>> newsvendor(np.array([[[4.0, 8.0, 16.0]]]), (0.25, 0.5, 0.75), 3.0, 1.0).tolist()
        [[16.0]]
    """
    out = interpolated(quantiles, forecast, fractile(short_cost, over_cost), lowest=0.0)
    return whole_pieces(out) if whole else out


def whole_pieces(stock: np.ndarray) -> np.ndarray:
    """Rounded to whole pieces, half a piece up.

    Rounding up always would add half a piece to each order: far too much for what sells once a month.

    Example:
        >>> whole_pieces(np.array([0.4, 0.5, 1.5])).tolist()
        [0.0, 1.0, 2.0]
    """
    return np.floor(np.asarray(stock, np.float64) + 0.5)


def order_levels(
    forecast: np.ndarray,
    quantiles: Sequence[float],
    correlation: np.ndarray,
    *,
    lead_time: int,
    short_cost: float | np.ndarray | None = None,
    over_cost: float | np.ndarray | None = None,
    service_level: float | np.ndarray | None = None,
    whole: bool = False,
    draws: int = 256,
    seed: int = 0,
) -> np.ndarray:
    """What to order up to at the start of each step, stock on the shelf and on its way together.

    What is ordered at the start of step `t` arrives at the start of step `t + lead_time`, and the next order one
    step later: the stock has to last for the demand of steps `t` to `t + lead_time`. The level is its quantile,
    at the `fractile` of the costs or at `service_level`. Steps beyond the horizon are taken to be like those
    within: the quantile of what is left of the span is scaled up to its length. With a lead time of 0 it is the
    `newsvendor`, without draws. With one, the fractile is the best level if what is not in stock is delivered
    later, and a little too high if it is lost.

    Args:
        forecast: `(series, horizon, quantiles)`, in pieces, from the step of the first order on.
        quantiles: Levels of the forecast.
        correlation: Of the errors of the steps, `(horizon, horizon)`, from `error_correlation`.
        lead_time: Steps from an order to its arrival, 0 or more.
        short_cost: What a lost piece costs, one for all or `(series,)`.
        over_cost: What a piece on the shelf costs in a step, in the same currency.
        service_level: Chance in (0, 1) that the stock lasts, in the place of costs; one or `(series,)`.
        whole: Whether to order whole pieces, see `whole_pieces`.
        draws: Number of draws, see `sums`.
        seed: Of the draws, see `sums`.
    Returns:
        Pieces, `(series, horizon)`, at least 0.
    Raises:
        ValueError: If a shape does not fit, a level is out of bounds, or costs and service level are both given.
    Reference:
        Silver, Pyke & Thomas, Inventory and Production Management in Supply Chains, 4th edition, 2017,
        section 6.9: periodic review, order up to S
    Example:
        >>> forecast = np.tile(np.array([6.0, 10.0, 14.0]), (1, 3, 1))
        >>> levels = order_levels(forecast, (0.1, 0.5, 0.9), np.ones((3, 3)), lead_time=1, service_level=0.9)
        >>> levels.round(1).tolist()
        [[28.0, 28.0, 28.0]]
    """
    if lead_time < 0:
        raise ValueError(f"lead_time must be at least 0 steps, found {lead_time}")
    level = _level(short_cost, over_cost, service_level)
    if lead_time == 0:
        out = interpolated(quantiles, forecast, level, lowest=0.0)
    else:
        spans = (_span(step, lead_time + 1, forecast.shape[1]) for step in range(forecast.shape[1]))
        chance = level.reshape(-1, 1)
        out = np.concatenate(
            [
                sums(forecast, quantiles, correlation, span, levels=chance, draws=draws, seed=seed) * scale
                for span, scale in spans
            ],
            axis=1,
        )
    return whole_pieces(out) if whole else out


@dataclass(frozen=True)
class ReorderPoint:
    """When to order, for each series.

    Args:
        reorder_point: Order as soon as the stock, with what is on its way, is down to this. Pieces, `(series,)`.
        expected: Mean demand until the order after that is there. Pieces, `(series,)`.
        safety_stock: What is kept against the error of the forecast, the difference of the two.
    """

    reorder_point: np.ndarray
    expected: np.ndarray
    safety_stock: np.ndarray


def reorder_point(
    forecast: np.ndarray,
    quantiles: Sequence[float],
    correlation: np.ndarray,
    *,
    lead_time: int,
    review: int = 1,
    service_level: float | np.ndarray,
    draws: int = 256,
    seed: int = 0,
) -> ReorderPoint:
    """The stock at which to order, and how much of it is safety stock.

    The reorder point is the quantile at `service_level` of demand over `lead_time + review` steps: an order that
    is not placed now is placed a review later and arrives a lead time after that. A longer span than the horizon
    is scaled up from it. The safety stock is what the quantile exceeds the mean by; it is below 0 where the
    service level asks for less than the mean.

    Args:
        forecast: `(series, horizon, quantiles)`, in pieces, from the step of the order on.
        quantiles: Levels of the forecast.
        correlation: Of the errors of the steps, `(horizon, horizon)`, from `error_correlation`.
        lead_time: Steps from an order to its arrival, 0 or more.
        review: Steps between two looks at the stock; 0: it is watched all the time.
        service_level: Chance in (0, 1) that the stock lasts until the order is there, one or `(series,)`.
        draws: Number of draws, see `sums`.
        seed: Of the draws, see `sums`.
    Raises:
        ValueError: If a shape does not fit, a level is out of bounds, or there is no step to cover.
    Reference:
        Silver, Pyke & Thomas, Inventory and Production Management in Supply Chains, 4th edition, 2017,
        chapter 6 (sections 6.7 and 6.9), with forecast quantiles in the place of normal errors
    Example:
        >>> forecast = np.tile(np.array([16.0, 20.0, 24.0]), (1, 4, 1))
        >>> found = reorder_point(forecast, (0.1, 0.5, 0.9), np.ones((4, 4)), lead_time=2, service_level=0.9)
        >>> [round(float(each[0]), 1) for each in (found.reorder_point, found.expected, found.safety_stock)]
        [72.0, 60.0, 12.0]
    """
    if lead_time < 0 or review < 0 or lead_time + review == 0:
        raise ValueError(f"lead_time and review must cover a step, found {lead_time} and {review}")
    span, scale = _span(0, lead_time + review, forecast.shape[1])
    level = _level(None, None, service_level).reshape(-1, 1)
    point = sums(forecast, quantiles, correlation, span, levels=level, draws=draws, seed=seed)[:, 0] * scale
    mean = expected(quantiles, forecast[:, span], draws=draws).sum(axis=1) * scale
    return ReorderPoint(point, mean, point - mean)


def _span(first: int, length: int, horizon: int) -> tuple[slice, float]:
    """The steps that are within the horizon, and by what their sum stands for all of them."""
    last = min(first + length, horizon)
    return slice(first, last), length / (last - first)


def _level(short_cost, over_cost, service_level) -> np.ndarray:
    costs = short_cost is not None and over_cost is not None
    if costs == (service_level is not None) or (short_cost is None) != (over_cost is None):
        raise ValueError("give either short_cost and over_cost, or service_level")
    return fractile(short_cost, over_cost) if costs else np.asarray(service_level, np.float64)
