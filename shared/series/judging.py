"""Figures of forecasts: every method on the same series, origins and resamples, each with its interval."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from shared.intervals import Bootstrap, Estimate
from shared.series import metrics
from shared.series.counts import mean_of

RESAMPLES = 300
FEW_SERIES = 20  # below it, series at origins are drawn, not series
BETTER = {
    "weighted_quantile_loss": "lower",
    "mase": "lower",
    "rmsse": "lower",
    "smape": "lower",
    "owa": "lower",
    "coverage_80": "target",
    "interval_width_80": "lower",
    "bias": "zero",
    "cost": "lower",
}


def figures(
    truth: np.ndarray,
    forecast: np.ndarray,
    quantiles: Sequence[float],
    *,
    history: np.ndarray,
    reference: np.ndarray,
    season: int,
) -> dict[str, Any]:
    """All metrics of one method at one origin, by series; medians for absolute errors, means for squares and bias.

    Args:
        truth: `(series, horizon)`; NaN: not judged.
        forecast: `(series, horizon, quantiles)`.
        history: What came before, `(series, steps)`.
        reference: Naive 2, `(series, horizon)`.
    """
    mean = mean_of(forecast, quantiles)
    scaled = {"history": history, "season": season, "quantiles": quantiles}
    found = {
        "weighted_quantile_loss": metrics.weighted_quantile_loss(truth, forecast, quantiles=quantiles),
        "mase": metrics.mase(truth, forecast, **scaled),
        "rmsse": metrics.rmsse(truth, mean, history=history),
        "smape": metrics.smape(truth, forecast, quantiles=quantiles),
        "owa": metrics.owa(truth, forecast, reference=reference, **scaled),
    }
    if {0.1, 0.9} <= {round(level, 6) for level in quantiles}:
        found["coverage_80"] = metrics.coverage(truth, forecast, quantiles=quantiles)
        found["interval_width_80"] = metrics.interval_width(truth, forecast, quantiles=quantiles)
    return found | {"bias": metrics.bias(truth, mean)}


def joined(parts: Sequence[Any]) -> Any:
    """A metric of several origins as one, the series of the first origin before those of the second."""
    if isinstance(parts[0], metrics.Owa):
        pairs = [tuple(joined(each) for each in zip(*pair)) for pair in zip(*(part.parts for part in parts))]
        return metrics.Owa(tuple(pairs))
    join = np.concatenate
    return metrics.Component(
        join([part.numerator for part in parts]), join([part.denominator for part in parts])
    )


def resampled(series: int, origins: int, seed: int, resamples: int = RESAMPLES) -> np.ndarray:
    """How often each series at each origin counts in each resample, `(resamples, origins x series)`.

    Whole series are drawn, all their origins together; where there are fewer than 20, series at origins.
    """
    rng = np.random.default_rng(seed)
    units = series if series >= FEW_SERIES else series * origins
    weights = rng.multinomial(units, np.full(units, 1 / units), size=resamples).astype(np.float64)
    return np.tile(weights, (1, origins)) if series >= FEW_SERIES else weights


def drawn(found: Mapping[str, Mapping[str, Any]], weights: np.ndarray) -> Bootstrap:
    """Values and resamples of every method and metric."""
    values = {name: {metric: part.value() for metric, part in by.items()} for name, by in found.items()}
    draws = {name: {metric: part.value(weights) for metric, part in by.items()} for name, by in found.items()}
    return Bootstrap(values, draws, level=0.95, wanted=len(weights))


def totals(costs: Mapping[str, np.ndarray], weights: np.ndarray) -> Bootstrap:
    """The same of costs by series at origins, which are summed up."""
    values = {name: {"cost": float(cost.sum())} for name, cost in costs.items()}
    draws = {name: {"cost": weights @ cost} for name, cost in costs.items()}
    return Bootstrap(values, draws, level=0.95, wanted=len(weights))


def estimate(part: Any, weights: np.ndarray) -> dict[str, float]:
    """One metric with its interval, for metrics.json."""
    values = {"model": {"metric": part.value()}}
    return (
        Bootstrap(values, {"model": {"metric": part.value(weights)}}, level=0.95, wanted=len(weights))
        .estimate("model", "metric")
        .to_dict()
    )


def choice(difference: Estimate, rival: str) -> str:
    """Who an interval of `model minus rival` speaks for, where lower is better."""
    return "model" if difference.high < 0 else rival if difference.low > 0 else "undecided"
