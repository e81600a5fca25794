"""How good the answers are once labels are known, beside what was measured on the test rows at training time."""

import math
from collections.abc import Mapping
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from shared.intervals import bootstrap
from shared.metrics import metric
from shared.monitoring.findings import FEW, FEWEST, Alarms, Finding

WIDTH = 2 * NormalDist().inv_cdf(0.975)  # of a 95 % interval, in standard errors
INSIDE, BEYOND, WHOLLY = (
    0.0,
    1.0,
    2.0,
)  # sizes of a change: within the old interval, outside, both intervals apart


@metric
def observed_over_expected(y_true, y_pred):
    """Positives that came over those that the probabilities promised; 1 is right.

    Example:
        >>> observed_over_expected(np.array([0, 1, 0, 1]), np.array([0.5, 0.5, 0.5, 0.5]))
        1.0
    """
    label, score = np.asarray(y_true, np.float64), np.asarray(y_pred, np.float64)

    def weighted(weights=None):
        came, promised = (float(each.sum() if weights is None else each @ weights) for each in (label, score))
        return came / promised if promised > 0 else float("nan")

    return weighted


def measured(
    metrics: Mapping[str, Any], predictions: pd.DataFrame, groups: np.ndarray | None
) -> dict[str, Any]:
    """What a bundle keeps of the test rows, and what is measured again once new labels are known.

    Args:
        metrics: Of a run's judging: `results`, `better`, `primary_metric`, `curves`.
        predictions: Of the same rows, with `score` and `label` where there are any.
        groups: Group of each of these rows.
    Returns:
        `primary`, `better`, `rows`, `figures` by metric, and `calibration` where scores are probabilities.
    Example:
        >>> results = {"model": {"auc": {"value": 0.9, "low": 0.8, "high": float("nan")}}}
        >>> metrics = {"results": results, "primary_metric": "auc", "better": {"auc": "higher"}}
        >>> measured(metrics, pd.DataFrame(index=range(7)), None)["figures"]
        {'auc': {'value': 0.9, 'low': 0.8, 'high': None}}
    """
    own = metrics["results"]["model"]
    figures = {name: _plain(each) for name, each in own.items() if isinstance(each, Mapping)}
    found: dict[str, Any] = {
        "primary": metrics["primary_metric"],
        "better": {name: way for name, way in metrics["better"].items() if name in figures},
        "rows": len(predictions),
        "figures": figures,
    }
    if "calibration" in metrics.get("curves", {}) and {"score", "label"} <= set(predictions):
        label, score = predictions["label"].to_numpy(), predictions["score"].to_numpy()
        of = {"ratio": observed_over_expected}
        drawn = bootstrap(label, {"model": score}, of, groups=groups, resamples=200)
        ratio = _plain(drawn.estimate("model", "ratio").to_dict())
        sums = {"observed": int(label.sum()), "expected": float(f"{score.sum():.6g}")}
        found["calibration"] = sums | {"ratio": ratio}
    return found


def decay(then: Mapping[str, Any], now: Mapping[str, Any], alarms: Alarms | None = None) -> list[Finding]:
    """One finding for each figure that both have.

    A figure is worth a look if it is worse than the whole old interval. It is to act on if it is the primary one
    and its whole interval is worse than the old interval.

    Args:
        then, now: Of `measured`.
    Example:
        >>> then, now = ({"primary": "auc", "better": {"auc": "higher"}, "rows": 900,
        ...               "figures": {"auc": {"value": v, "low": v - 0.02, "high": v + 0.02}}} for v in (0.9, 0.8))
        >>> [(each.name, each.size, each.p < 0.001) for each in decay(then, now)]
        [('auc', 2.0, True)]
    """
    found = []
    for name, old in then["figures"].items():
        new, way = now["figures"].get(name), then["better"].get(name)
        if new is not None and way in ("higher", "lower") and None not in (old["value"], new["value"]):
            primary = name == then["primary"]
            found.append(_worse(name, old, new, 1 if way == "higher" else -1, primary, now["rows"]))
    if then.get("calibration") and now.get("calibration"):
        found.append(_calibration(then["calibration"], now["calibration"], alarms or Alarms()))
    return found


def _worse(name: str, old: Mapping, new: Mapping, sign: int, primary: bool, rows: int) -> Finding:
    limits = (BEYOND, WHOLLY if primary else math.inf)
    errors = [_error(each) for each in (old, new)]
    if None in errors or rows < FEWEST:
        return Finding(name, "metric", dict(old), dict(new), size=INSIDE, limits=limits, p=1.0, state=FEW)
    (floor, _), (_, best) = (sorted((sign * each["low"], sign * each["high"])) for each in (old, new))
    size = WHOLLY if best < floor else BEYOND if sign * new["value"] < floor else INSIDE
    fall = sign * (old["value"] - new["value"])
    error = math.hypot(*errors)
    p = NormalDist().cdf(-fall / error) if error > 0 else float(fall <= 0)
    return Finding(name, "metric", dict(old), dict(new), size=size, limits=limits, p=p)


def _calibration(old: Mapping, new: Mapping, alarms: Alarms) -> Finding:
    entry = {"name": "calibration", "figure": "calibration", "then": old["ratio"], "now": new["ratio"]}
    detail = {"observed": new["observed"], "expected": new["expected"]}
    errors = [_error({key: math.log(each[key]) if each[key] else None for key in ("low", "high")})
              for each in (old["ratio"], new["ratio"])]  # fmt: skip
    if None in errors:
        return Finding(**entry, size=0.0, limits=alarms.calibration, p=1.0, state=FEW, detail=detail)
    size = abs(math.log(new["ratio"]["value"] / old["ratio"]["value"]))
    error = math.hypot(*errors)
    p = 2 * NormalDist().cdf(-size / error) if error > 0 else float(size == 0)
    return Finding(**entry, size=size, limits=alarms.calibration, p=p, detail=detail)


def _error(figure: Mapping) -> float | None:
    """The standard error that an interval tells; None where there is no interval."""
    low, high = figure.get("low"), figure.get("high")
    return None if low is None or high is None else abs(high - low) / WIDTH


def _plain(figure: Mapping) -> dict[str, float | None]:
    """Six digits, and None for what is no number."""
    numbers = {key: figure.get(key) for key in ("value", "low", "high")}
    return {
        key: float(f"{value:.6g}") if value is not None and math.isfinite(value) else None
        for key, value in numbers.items()
    }
