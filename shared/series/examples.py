"""A few series to look at: a typical one, the best, the worst, an intermittent and a new one."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from shared.series import metrics
from shared.series.panel import Panel

SHOWN = (0.1, 0.5, 0.9)
PAST = 4  # horizons of history that are drawn before the forecast


def examples_of(
    panel: Panel, origin: Any, season: int, quantiles: Sequence[float], rival: str | None
) -> list[dict[str, Any]]:
    """Up to six series of one origin with their past, what came, and what was said.

    Args:
        origin: A `shared.forecast_scoring.Origin`.
        rival: The method whose median is drawn beside the model's; None: none.
    """
    history = panel.target[:, : origin.step]
    error = metrics.mase(
        origin.truth, origin.forecasts["model"], history=history, season=season, quantiles=quantiles
    ).by_series
    return [
        {"kind": kind, **_example(panel, origin, place, error[place], quantiles, rival)}
        for kind, place in _places(panel, origin, history, error).items()
    ]


def _places(panel: Panel, origin: Any, history: np.ndarray, error: np.ndarray) -> dict[str, int]:
    """One series a kind, none twice."""
    judged = np.isfinite(origin.truth).all(axis=1)
    known = np.isfinite(history)
    zeros = ((history == 0) & known).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    volume = np.nansum(np.abs(history), axis=1, dtype=np.float64)
    steady = np.flatnonzero(judged & np.isfinite(error) & (zeros <= 0.5))
    found: dict[str, int] = {}
    if len(steady):
        order = steady[np.argsort(error[steady], kind="stable")]
        large = order[volume[order] >= np.median(volume[order])]  # what a planner knows by heart
        found["typical"] = int(large[len(large) // 2])
        found["typical_2"] = int(large[len(large) // 3])
        sold = order[np.nansum(origin.truth[order], axis=1) > 0]
        if len(sold):
            found["best"], found["worst"] = int(sold[0]), int(sold[-1])
    rare = np.flatnonzero(judged & (zeros > 0.5) & (volume > 0))
    if len(rare):
        found["intermittent"] = int(rare[np.argsort(-volume[rare], kind="stable")][len(rare) // 2])
    new = np.flatnonzero(~known.any(axis=1) & (np.nansum(origin.truth, axis=1) > 0))
    if len(new):
        found["new"] = int(new[0])
    first = {place: kind for kind, place in reversed(found.items())}  # the earlier kind of a place wins
    return {kind: place for kind, place in found.items() if first[place] == kind}


def _example(
    panel: Panel, origin: Any, place: int, error: float, quantiles, rival: str | None
) -> dict[str, Any]:
    steps = origin.truth.shape[1]
    first = max(int(panel.start[place]), origin.step - PAST * steps, 0)
    dates = panel.dates.astype("datetime64[m]").astype(str)
    at = [int(np.abs(np.asarray(quantiles) - level).argmin()) for level in SHOWN]
    out = {
        "name": panel.names()[place],
        "mase": float(error) if np.isfinite(error) else None,
        "history": {
            "dates": dates[first : origin.step].tolist(),
            "values": plain(panel.target[place, first : origin.step]),
        },
        "dates": dates[origin.step : origin.step + steps].tolist(),
        "actual": plain(origin.truth[place]),
        "quantiles": [float(quantiles[each]) for each in at],
        "forecast": [plain(row) for row in origin.forecasts["model"][place][:, at]],
    }
    if rival is not None:
        median = metrics.median_of(origin.forecasts[rival][place : place + 1], quantiles)
        out |= {"rival": rival, "rival_forecast": plain(median[0])}
    return out


def plain(values: np.ndarray) -> list[float | None]:
    """Four significant digits; None where there is no number.

    Example:
        >>> plain(np.array([1234.56, np.nan]))
        [1235.0, None]
    """
    return [float(f"{value:.4g}") if np.isfinite(value) else None for value in np.asarray(values, np.float64)]
