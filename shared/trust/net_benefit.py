"""Whether to treat by the model, everybody or nobody: decision curves."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from shared.intervals import bootstrap
from shared.metrics import Weighted, metric
from shared.ranking import checked, running

POINTS = 50


def net_benefit(label, score, thresholds, *, weights=None) -> np.ndarray:
    """True positives less false positives at their exchange rate, per row, at each threshold.

    Who treats from a risk t on takes one false positive as t / (1 - t) of a true one.

    Args:
        label: 1 for a case, 0 for a control, `(rows,)`.
        score: Risk in [0, 1], `(rows,)`; at or above a threshold a row is treated.
        thresholds: In [0, 1), `(thresholds,)`.
        weights: Of each row.
    Returns:
        `(thresholds,)`; at most the prevalence, and 0 where nobody is treated.
    Reference:
        Vickers & Elkin, Decision Curve Analysis, Medical Decision Making 26, 2006, page 567
    Example:
        >>> net_benefit([0, 1, 0, 1], [0.1, 0.4, 0.6, 0.8], [0.2, 0.5]).tolist()
        [0.4375, 0.0]
    """
    label, score = checked(label, score)
    thresholds = _checked_thresholds(thresholds)
    weights = np.ones(len(label)) if weights is None else np.asarray(weights, np.float64).reshape(-1)
    order = np.argsort(-score, kind="stable")
    treated = np.searchsorted(-score[order], -thresholds, side="right")
    own = weights[order]
    found, alarms = running(own * label[order])[treated], running(own * (1 - label[order]))[treated]
    return (found - alarms * thresholds / (1 - thresholds)) / weights.sum()


def default_thresholds(label) -> np.ndarray:
    """Fifty thresholds from .01 up to twice the prevalence, but to .2 at least and .8 at most."""
    top = np.clip(2 * np.mean(np.asarray(label, np.float64)), 0.2, 0.8)
    return np.linspace(0.01, top, POINTS)


def decision_curve(
    label,
    scores: Mapping[str, np.ndarray],
    *,
    thresholds=None,
    groups=None,
    seed: int = 0,
    resamples: int = 200,
) -> dict[str, Any]:
    """The net benefit of each model beside treating everybody and nobody.

    Args:
        label: 1 for a case, 0 for a control, `(rows,)`.
        scores: Risks by model, `(rows,)` each; the model with the interval is called `model`, or is the first.
        thresholds: In [0, 1); None: see `default_thresholds`.
        groups: Patient of each row, resampled whole; None: rows are independent.
    Returns:
        An entry of metrics.json, all lists: `threshold`; `curves` by model, `treat_all` and `treat_none` among
        them; `low` and `high`, the 95 % interval of the model at each threshold.
    Example:
        >>> label, risk = np.array([0, 1, 0, 1]), np.array([0.1, 0.4, 0.6, 0.8])
        >>> found = decision_curve(label, {"model": risk}, thresholds=[0.2, 0.5])
        >>> found["curves"]["model"], found["curves"]["treat_all"]
        ([0.4375, 0.0], [0.375, 0.0])
    """
    label, _ = checked(label, label)
    thresholds = _checked_thresholds(default_thresholds(label) if thresholds is None else thresholds)
    curves = {name: net_benefit(label, score, thresholds) for name, score in scores.items()}
    curves |= {"treat_all": net_benefit(label, np.ones(len(label)), thresholds)}
    curves |= {"treat_none": np.zeros(len(thresholds))}
    score = scores["model"] if "model" in scores else next(iter(scores.values()))
    metrics = {str(place): _benefit_at(threshold) for place, threshold in enumerate(thresholds)}
    drawn = bootstrap(label, {"model": score}, metrics, groups=groups, seed=seed, resamples=resamples)
    bounds = [drawn.estimate("model", name) for name in metrics]
    return {
        "threshold": thresholds.tolist(),
        "curves": {name: curve.tolist() for name, curve in curves.items()},
        "low": [each.low for each in bounds],
        "high": [each.high for each in bounds],
    }


def _benefit_at(threshold: float):
    """The net benefit at one threshold as a metric: the mean of what each row brings."""

    @metric
    def benefit(y_true, y_pred) -> Weighted:
        brings = np.where(y_true == 1, 1.0, -threshold / (1 - threshold)) * (y_pred >= threshold)
        return lambda weights: float(brings.mean() if weights is None else brings @ weights / np.sum(weights))

    return benefit


def _checked_thresholds(thresholds) -> np.ndarray:
    thresholds = np.asarray(thresholds, np.float64).reshape(-1)
    if not ((thresholds >= 0) & (thresholds < 1)).all():
        raise ValueError("expected thresholds from 0 to below 1")
    return thresholds
