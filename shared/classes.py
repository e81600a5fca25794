"""Which class a part was given, judged class by class."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from shared.images.metrics import share_interval
from shared.intervals import bootstrap
from shared.metrics import Weighted, metric
from shared.trust.shares import share_estimate


@metric
def accuracy(y_true, y_pred) -> Weighted:
    """Share of the rows that get their class: codes `(rows,)` both.

    Example:
        >>> accuracy(np.array([0, 1, 2, 2]), np.array([0, 1, 2, 0]))
        0.75
    """
    right = (np.asarray(y_true) == np.asarray(y_pred)).astype(np.float64)
    return lambda weights=None: float(np.average(right, weights=weights))


@metric
def macro_f1(y_true, y_pred) -> Weighted:
    """Mean over the classes of the harmonic mean of recall and precision; a rare class counts as much.

    A class that neither occurs nor is predicted does not count.

    Args:
        y_true, y_pred: Whole numbers from 0, `(rows,)`.
    Example:
        >>> round(macro_f1(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 0])), 4)
        0.7333
    """
    y_true, y_pred = np.asarray(y_true, np.int64), np.asarray(y_pred, np.int64)
    count, right = int(max(y_true.max(), y_pred.max())) + 1, y_true == y_pred

    def weighted(weights=None):
        own = np.ones(len(y_true)) if weights is None else np.asarray(weights, np.float64)
        hits = np.bincount(y_true[right], own[right], minlength=count)
        both = np.bincount(y_true, own, minlength=count) + np.bincount(y_pred, own, minlength=count)
        return float((2 * hits[both > 0] / both[both > 0]).mean())

    return weighted


def judge_classes(
    label,
    probability,
    names: Sequence[str],
    *,
    fold=None,
    groups=None,
    seed: int = 0,
) -> dict[str, Any]:
    """How often each class is recognised, and what it is taken for.

    Args:
        label: Code of each row's class, its place in `names`; -1: not known, left out. `(rows,)`
        probability: Of each class, `(rows, classes)`; the highest is the answer, the first of equal ones.
        names: Of the classes.
        fold: Number of the fold of each row: `accuracy` and `macro_f1` are then means over the folds.
        groups: Resampled whole for the intervals of these two (photos of one part); None: rows.
    Returns:
        The entry `classes` of metrics.json: `names`; `counts` (rows by their class, then by the answer);
        `recall` and `precision`, one `{name, value, low, high, rows}` a class with its exact (Clopper-Pearson)
        95 % interval over its rows, or with groups one that resamples these; `macro_f1` and `accuracy` with
        bootstrap intervals; `rows`.
    Raises:
        ValueError: If shapes do not fit, or no row has a class.
    Example:
        >>> label, p = np.array([0, 0, 1, 1]), np.array([[0.9, 0.1], [0.8, 0.2], [0.6, 0.4], [0.1, 0.9]])
        >>> found = judge_classes(label, p, ["good", "scratch"])
        >>> found["counts"], found["accuracy"]["value"], found["recall"][1]["value"]
        ([[2, 0], [1, 1]], 0.75, 0.5)
    """
    label, probability = np.asarray(label, np.int64).reshape(-1), np.asarray(probability)
    classes = len(names)
    if probability.shape != (len(label), classes):
        raise ValueError(
            f"expected probabilities of shape {(len(label), classes)}, found {probability.shape}"
        )
    if len(label) and label.max() >= classes:
        raise ValueError(f"expected codes below {classes}, found {label.max()}")
    known = np.flatnonzero(label >= 0)
    if not len(known):
        raise ValueError("no row has a class that is known")
    label, answer = label[known], probability[known].argmax(axis=1)
    fold, groups = (None if each is None else np.asarray(each)[known] for each in (fold, groups))
    counts = np.bincount(label * classes + answer, minlength=classes**2).reshape(classes, classes)
    return {
        "names": [str(name) for name in names],
        "counts": counts.tolist(),
        "recall": _shares(names, label == answer, label, groups),
        "precision": _shares(names, label == answer, answer, groups),
        **_overall(label, answer, fold, groups, seed),
        "rows": len(label),
    }


def _shares(names: Sequence[str], right: np.ndarray, code: np.ndarray, groups) -> list[dict[str, Any]]:
    """Share of the rows of each class, or given it, that are right."""
    return [
        {"name": str(name), **_share(right, code == place, groups), "rows": int((code == place).sum())}
        for place, name in enumerate(names)
    ]


def _share(right: np.ndarray, among: np.ndarray, groups) -> dict[str, float]:
    if not among.any():
        return share_interval(0, 0).to_dict()
    return share_estimate(right, among, groups=groups).to_dict()


def _overall(label, answer, fold, groups, seed) -> Mapping[str, dict[str, float]]:
    metrics = {"macro_f1": macro_f1, "accuracy": accuracy}
    if fold is not None:
        from shared.judging import by_fold

        metrics = {name: by_fold(function, fold) for name, function in metrics.items()}
    drawn = bootstrap(label, {"model": answer}, metrics, groups=groups, seed=seed)
    return {name: drawn.estimate("model", name).to_dict() for name in metrics}
