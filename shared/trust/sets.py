"""Prediction sets: the classes that cannot be ruled out, with a share of right sets that is known beforehand."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from shared.trust.shares import share_estimate

ALWAYS = 2.0  # a limit that no score exceeds: the class is in every set


@dataclass(frozen=True)
class PredictionSets:
    """Class k is in a row's set where `1 - p_k <= limits[k]`; a set may be empty or hold several classes.

    Args:
        level: Share of the sets that hold the true class, at least and on average.
        limits: One for each class; 2 where there were too few rows to rule the class out.
        per_class: Whether the level holds in each class by itself.
        rows: Rows of each class that the limits were learnt from.
    Example:
        >>> sets = PredictionSets(0.9, (0.5, 0.8), True, (40, 25))
        >>> sets(np.array([[0.9, 0.1], [0.6, 0.4]])).tolist()
        [[True, False], [True, True]]
    """

    level: float
    limits: tuple[float, ...]
    per_class: bool
    rows: tuple[int, ...]

    def __call__(self, p) -> np.ndarray:
        """Which classes are in each set, bool of the shape of `p`, `(rows, classes)`."""
        p = np.asarray(p, np.float64)
        if p.ndim != 2 or p.shape[1] != len(self.limits):
            raise ValueError(f"expected probabilities of {len(self.limits)} classes, found shape {p.shape}")
        return 1 - p <= np.asarray(self.limits)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        kept = {"level": self.level, "per_class": self.per_class}
        return {**kept, "limits": list(self.limits), "rows": list(self.rows)}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> "PredictionSets":
        """What `to_dict` wrote."""
        limits, rows = tuple(map(float, state["limits"])), tuple(map(int, state["rows"]))
        return cls(float(state["level"]), limits, bool(state["per_class"]), rows)


def fit_sets(code, p, *, level: float = 0.9, per_class: bool = False, weights=None) -> PredictionSets:
    """Limits from rows that the model was not trained on, exchangeable with those to come.

    The limit is the ceil((n + 1) level)-th smallest of the n scores `1 - p_true`; with fewer scores than that
    nothing can be ruled out. With `per_class` each class has its own limit, from its own rows.

    Where the site's prevalence differs, each row counts by the ratio for its class, and class k is ruled out by
    what lies above `level (sum of weights + weight of k)`. Limits per class need no such weights.

    Args:
        code: Number of each row's class; -1: not known, left out. `(rows,)`
        p: Probability of each class, `(rows, classes)`.
        level: In (0, 1).
        weights: For each class its share at the site over its share in these rows, `(classes,)`.
    Raises:
        ValueError: If shapes do not fit or the level is outside (0, 1).
    Reference:
        Sadinle, Lei & Wasserman, Least Ambiguous Set-Valued Classifiers, JASA 114, 2019, section 3; per class:
        Vovk, Conditional Validity, 2012; weights: Podkopaev & Ramdas, UAI 2021, section 2.2,
        https://arxiv.org/abs/2103.03323
    Example:
        >>> p = np.repeat([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]], 10, axis=0)
        >>> code = np.repeat([0, 1, 1], 10)
        >>> np.round(fit_sets(code, p, level=0.6).limits, 2).tolist()
        [0.2, 0.2]
        >>> np.round(fit_sets(code, p, level=0.6, per_class=True).limits, 2).tolist()
        [0.1, 0.6]
    """
    code, p = _checked(code, p)
    if not 0 < level < 1:
        raise ValueError(f"expected a level between 0 and 1, found {level}")
    classes = p.shape[1]
    weights = np.ones(classes) if weights is None else np.asarray(weights, np.float64).reshape(-1)
    if len(weights) != classes or not (np.isfinite(weights) & (weights >= 0)).all():
        raise ValueError(f"expected one weight of 0 or more for each of {classes} classes")
    score = 1 - p[np.arange(len(code)), code]
    limits = []
    for k in range(classes):
        mine = code == k if per_class else np.ones(len(code), bool)
        own = np.ones(int(mine.sum())) if per_class else weights[code[mine]]
        limits.append(_limit(score[mine], own, 1.0 if per_class else float(weights[k]), level))
    counts = np.bincount(code, minlength=classes)
    return PredictionSets(float(level), tuple(limits), per_class, tuple(counts.tolist()))


def _limit(score: np.ndarray, weights: np.ndarray, own: float, level: float) -> float:
    """The least score up to which the weights reach the level, the new row's own weight standing at infinity."""
    order = np.argsort(score, kind="stable")
    reached = np.cumsum(weights[order])
    whole = (reached[-1] if len(reached) else 0.0) + own
    place = int(np.searchsorted(reached, level * whole - 1e-9 * whole))  # 0.9 x 10 is a little over 9
    if whole <= 0 or place >= len(score):
        return ALWAYS
    return float(score[order[place]])


def _checked(code, p) -> tuple[np.ndarray, np.ndarray]:
    """Codes and probabilities of the rows whose class is known."""
    code, p = np.asarray(code, np.int64).reshape(-1), np.asarray(p, np.float64)
    if p.ndim != 2 or len(p) != len(code):
        raise ValueError(f"expected probabilities of shape ({len(code)}, classes), found {p.shape}")
    if not np.isfinite(p).all():
        raise ValueError("probabilities must be finite")
    if len(code) and code.max() >= p.shape[1]:
        raise ValueError(f"expected codes below {p.shape[1]}, found {code.max()}")
    known = code >= 0
    return code[known], p[known]


def judge_sets(code, included, names: Sequence[str], *, groups=None, seed: int = 0) -> dict[str, Any]:
    """How often sets hold the true class, and how large they are.

    Args:
        code: Number of each row's class; -1: not known, left out. `(rows,)`
        included: Which classes are in each set, `(rows, classes)`.
        names: Of the classes.
        groups: Patient of each row, resampled whole for the intervals; None: rows are independent.
    Returns:
        An entry of metrics.json: `coverage` `{value, low, high, rows}`, `mean_size` (classes a set), the shares
        `empty`, `single` and `several`, and `by_class`, one `{name, value, low, high, rows}` a class.
    Example:
        >>> included = np.array([[True, False], [True, True], [True, False], [False, True]])
        >>> found = judge_sets(np.array([0, 0, 1, 1]), included, ["healthy", "ill"])
        >>> found["coverage"]["value"], found["mean_size"], found["single"], found["by_class"][1]["value"]
        (0.75, 1.25, 0.75, 0.5)
    """
    included = np.asarray(included, bool)
    known = np.asarray(code).reshape(-1) >= 0
    groups = None if groups is None else np.asarray(groups).reshape(-1)[known]
    code, probability = _checked(code, included)
    if probability.shape[1] != len(names):
        raise ValueError(f"expected sets over {len(names)} classes, found {probability.shape[1]}")
    if not len(code):
        raise ValueError("no row has a class that is known")
    included = included[known]
    covered, size = included[np.arange(len(code)), code], included.sum(axis=1)

    def coverage(among) -> dict[str, Any]:
        found = share_estimate(covered, among, groups=groups, seed=seed)
        return {**found.to_dict(), "rows": int(among.sum())}

    return {
        "coverage": coverage(np.ones(len(code), bool)),
        "mean_size": float(size.mean()),
        "empty": float((size == 0).mean()),
        "single": float((size == 1).mean()),
        "several": float((size > 1).mean()),
        "by_class": [{"name": str(name), **coverage(code == k)} for k, name in enumerate(names)],
    }
