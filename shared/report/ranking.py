"""Which methods are best at a metric, which cannot be told apart from the best, and which meet a target."""

import re
from collections.abc import Mapping

from shared.report.figures import parts


def marks(metrics: Mapping, metric: str) -> dict[str, str]:
    """Marks of one column of results.

    The best value is "best" only if its lead over every other method is more than chance; else it and
    all methods it cannot be told apart from are marked "tie". A metric with a target has no best: every
    method whose interval includes the target is "met". Without a known direction nobody is marked.

    Args:
        metrics: The content of `metrics.json`; `differences` are model minus rival.
    Returns:
        "best", "tie" or "met" by name of method.
    Example:
        >>> results = {"model": {"ap": {"value": .7}}, "forest": {"ap": {"value": .6}}}
        >>> differences = {"forest": {"ap": {"value": .1, "low": .02, "high": .2}}}
        >>> marks({"results": results, "differences": differences, "better": {"ap": "higher"}}, "ap")
        {'model': 'best'}
    """
    direction = (metrics.get("better") or {}).get(metric)
    figures = {name: (each or {}).get(metric) for name, each in (metrics.get("results") or {}).items()}
    figures = {name: figure for name, figure in figures.items() if parts(figure)[0] is not None}
    target = target_of(metrics, metric)
    if target is not None:
        return {name: "met" for name, figure in figures.items() if includes(figure, target)}
    if direction not in ("higher", "lower") or len(figures) < 2:
        return {}
    sign = 1 if direction == "higher" else -1
    best = max(figures, key=lambda name: sign * parts(figures[name])[0])
    tied = [name for name in figures if name != best and not apart(metrics, metric, best, name)]
    return {best: "best"} if not tied else dict.fromkeys([best, *tied], "tie")


def target_of(metrics: Mapping, metric: str) -> float | None:
    """The value that a metric should have, for one that is better neither higher nor lower.

    `better` says "zero", or "target" for a share that the metric's name ends with, in per cent.

    Example:
        >>> better = {"coverage_80": "target", "bias": "zero", "mase": "lower"}
        >>> [target_of({"better": better}, name) for name in better]
        [0.8, 0.0, None]
    """
    direction = (metrics.get("better") or {}).get(metric)
    number = re.search(r"_(\d{1,2})$", metric)
    if direction == "zero":
        return 0.0
    return int(number[1]) / 100 if direction == "target" and number else None


def includes(figure, target: float) -> bool:
    """Whether the interval of a figure includes a value."""
    _, low, high = parts(figure)
    return low is not None and high is not None and low <= target <= high


def apart(metrics: Mapping, metric: str, one: str, other: str) -> bool:
    """Whether two methods differ by more than chance: by their paired difference where one of them is
    the model, else (or where that is missing) by intervals that do not overlap."""
    differences, rival = metrics.get("differences") or {}, other if one == "model" else one
    if "model" in (one, other):
        _, low, high = parts((differences.get(rival) or {}).get(metric))
        if low is not None and high is not None:
            return not low <= 0 <= high
    results = metrics["results"]
    (_, low, high), (_, other_low, other_high) = parts(results[one][metric]), parts(results[other][metric])
    if None in (low, high, other_low, other_high):
        return False
    return low > other_high or other_low > high
