"""What each method would have ordered over the test period, and what it would have cost."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from shared.series.inventory import newsvendor, order_levels, reorder_point
from shared.series.inventory_replay import replay


def replay_orders(
    origins: Sequence[Any], method: str, config: Any, short: np.ndarray, over: np.ndarray
) -> tuple[dict[str, float], np.ndarray]:
    """One method's orders through all origins in a row: totals, and the cost of each series.

    At each origin the method forecasts the steps to the next one; each step orders up to the demand that its
    quantiles expect until the next delivery, at the fractile of the two costs. Stock goes on from origin to
    origin. Sales lost to an empty shelf are not in the records, so what was sold stands for the demand.

    Args:
        origins: `shared.forecast_scoring.Origin`, one after the other.
        config: `quantiles`, `lead_time`, `whole_pieces`.
        short, over: Costs of a piece too few and too many, `(series,)`.
    """
    demand = np.concatenate([np.maximum(origin.truth, 0) for origin in origins], axis=1)
    levels = np.concatenate(
        [
            order_levels(
                origin.forecasts[method],
                config.quantiles,
                origin.correlation[method],
                lead_time=config.lead_time,
                short_cost=short,
                over_cost=over,
            )
            for origin in origins
        ],
        axis=1,
    )
    found = replay(
        demand,
        levels,
        lead_time=config.lead_time,
        short_cost=short,
        over_cost=over,
        whole=config.whole_pieces,
    )
    totals = {
        name: float(np.sum(getattr(found, name)))
        for name in ("ordered", "sold", "lost", "holding", "lost_cost", "holding_cost")
    }
    wanted = totals["sold"] + totals["lost"]
    totals["service"] = totals["sold"] / wanted if wanted else None
    return totals, found.cost


def order_columns(
    forecast: np.ndarray, correlation: Any, config: Any, short: np.ndarray, over: np.ndarray
) -> dict[str, np.ndarray]:
    """What a planner is told to do: the order of each step, reorder point and safety stock of each series.

    Args:
        forecast: `(series, horizon, quantiles)`.
        correlation: Of the errors of different steps, `(horizon, horizon)`.
        config: `quantiles`, `lead_time`, `service_level`, `whole_pieces`.
    Returns:
        `order` `(series, horizon)`: what is worth having for each step, by the newsvendor's fractile;
        `order_up_to` `(series, horizon)`: the level of stock, that on its way included, which an order at each
        step fills up to, as it is replayed; `reorder_point`, `safety_stock` `(series,)` for the lead time and
        one period of review.
    """
    correlation = np.asarray(correlation)
    order = newsvendor(forecast, config.quantiles, short, over, whole=config.whole_pieces)
    settings = {
        "lead_time": config.lead_time,
        "short_cost": short,
        "over_cost": over,
        "whole": config.whole_pieces,
    }
    levels = order_levels(forecast, config.quantiles, correlation, **settings)
    point = reorder_point(
        forecast,
        config.quantiles,
        correlation,
        lead_time=config.lead_time,
        service_level=config.service_level,
    )
    found = {
        "order": order,
        "order_up_to": levels,
        "reorder_point": point.reorder_point,
        "safety_stock": point.safety_stock,
    }
    if config.whole_pieces:
        found["reorder_point"] = np.ceil(found["reorder_point"] - 1e-9)
    return found
