"""Makes the scores of three or more classes into probabilities, learnt from validation rows.

    Identity           leaves the probabilities as they are
    ClassTemperature   softmax(scale * log p + biases): sharpens or flattens, and favours classes

For two classes see `shared.calibration`.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from shared.calibration import FEWEST, FOLDS, Identity
from shared.metrics import Weighted, expected_calibration_error, metric
from shared.ranking import SMALLEST

METHODS = ("none", "temperature", "vector")  # from the simplest on
STRENGTH = 1.0  # of the penalty on the biases: a normal prior of spread 1, worth a few rows


@dataclass(frozen=True, kw_only=True)
class ClassTemperature:
    """Stretches the log-probabilities and shifts each class: `softmax(scale * log p + biases)`.

    Without biases the likeliest class stays the likeliest.

    Args:
        scale: One over the temperature; above 0.
        biases: One for each class, of sum 0; none for plain temperature scaling.
        detail: How the calibrator was chosen, as plain JSON.
    Reference:
        Guo et al., On Calibration of Modern Neural Networks, 2017, section 4.2, with one scale for all classes
    Example:
        >>> ClassTemperature(scale=2.0)(np.array([[0.5, 0.3, 0.2]])).round(3).tolist()
        [[0.658, 0.237, 0.105]]
    """

    scale: float = 1.0
    biases: tuple[float, ...] = ()
    detail: dict = field(default_factory=dict, compare=False)

    @property
    def method(self) -> str:
        return "vector" if self.biases else "temperature"

    def __call__(self, p) -> np.ndarray:
        """Calibrated probabilities, float64 `(rows, classes)`; 0 is taken as 2.2e-16."""
        return _softmax(self.scale * _logarithms(p) + np.asarray(self.biases or 0.0))

    def to_dict(self) -> dict:
        return {
            "method": self.method,
            "scale": self.scale,
            "biases": list(self.biases),
            "detail": self.detail,
        }


ClassCalibrator = Identity | ClassTemperature


def class_calibrator_from_dict(state: dict) -> ClassCalibrator:
    """The calibrator that `to_dict` wrote.

    Raises:
        ValueError: If the method is unknown.
    Example:
        >>> class_calibrator_from_dict(ClassTemperature(scale=2.0).to_dict()).scale
        2.0
    """
    method, detail = state.get("method"), state.get("detail", {})
    if method == "none":
        return Identity(detail=detail)
    if method in METHODS:
        biases = tuple(map(float, state["biases"]))
        return ClassTemperature(scale=float(state["scale"]), biases=biases, detail=detail)
    raise ValueError(f"unknown calibration `{method}`; expected {', '.join(METHODS)}")


def fit_class_calibrator(code, p, method: str = "auto", *, seed: int = 0) -> ClassCalibrator:
    """Learns from classes and predicted probabilities of validation rows, which the model was not trained on.

    `auto` measures the log loss of each method on rows it was not fitted on (5 folds, stratified) and takes the
    simplest (none, temperature, vector) that no other beats by more than one standard error of the paired
    difference. With fewer than 10 rows of a class no biases are learnt, and with fewer than 20 rows nothing is.

    Args:
        code: Number of each row's class; -1: not known, left out. `(rows,)`
        p: Probability of each class, `(rows, classes)`.
        method: `auto`, `none`, `temperature` or `vector`.
    Raises:
        ValueError: If the method is unknown, shapes do not fit, or no row is left to learn from.
    Example:
        >>> rng = np.random.default_rng(0)
        >>> p = rng.dirichlet([1, 1, 1], 3000)
        >>> code = (p.cumsum(axis=1) < rng.random((3000, 1))).sum(axis=1)
        >>> fit_class_calibrator(code, ClassTemperature(scale=2.0)(p)).method     # a half undoes it
        'temperature'
    """
    if method not in ("auto", *METHODS):
        raise ValueError(f"unknown calibration `{method}`; expected auto, {', '.join(METHODS)}")
    code, p = _checked(code, p)
    rows = np.bincount(code, minlength=p.shape[1])
    detail = {"asked": method, "rows": len(code), "rows_by_class": rows.tolist()}
    if method == "auto":
        if len(code) < 2 * FEWEST:
            return Identity(detail={**detail, "reason": f"only {len(code)} rows, fewer than {2 * FEWEST}"})
        candidates = METHODS if rows.min() >= FEWEST else METHODS[:2]
        if len(candidates) < len(METHODS):
            detail["reason"] = f"only {rows.min()} rows of the rarest class, fewer than {FEWEST}: no biases"
        method, detail["log_loss"] = _simplest_good(code, p, candidates, seed)
    if method != "none" and not len(code):
        raise ValueError("calibration needs rows whose class is known")
    return _fit(method, code, p, detail)


def _simplest_good(code, p, candidates, seed: int) -> tuple[str, dict[str, float]]:
    """The simplest method that no other beats by a standard error, and each one's log loss on unseen rows."""
    rng, rows = np.random.default_rng(seed), np.arange(len(code))
    fold = np.empty(len(code), np.int64)
    fold[np.lexsort((rng.random(len(code)), code))] = rows % FOLDS
    losses = {}
    for name in candidates:
        loss = np.empty(len(code))
        for k in range(FOLDS):
            seen, unseen = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
            said = _fit(name, code[seen], p[seen], {})(p[unseen])
            loss[unseen] = -np.log(np.clip(said[np.arange(len(unseen)), code[unseen]], SMALLEST, 1))
        losses[name] = loss
    means = {name: float(loss.mean()) for name, loss in losses.items()}

    def beaten(name: str, other: str) -> bool:
        difference = losses[name] - losses[other]
        return difference.mean() > difference.std() / math.sqrt(len(difference))

    good = [name for name in candidates if not any(beaten(name, other) for other in candidates)]
    return (good or [min(means, key=means.get)])[0], means


def _fit(method: str, code, p, detail: dict) -> ClassCalibrator:
    """The least penalised log loss: a convex problem, solved by a quasi-Newton method."""
    if method == "none":
        return Identity(detail=detail)
    from scipy.optimize import minimize

    z, (rows, classes) = _logarithms(p), p.shape
    truth = np.eye(classes)[code]
    free = classes if method == "vector" else 0

    def loss(found):
        logits = found[0] * z + (found[1:] if free else 0.0)
        q = _softmax(logits)
        off, biases = (q - truth) / rows, found[1:]
        penalty = STRENGTH / 2 / rows * (biases @ biases)
        value = -np.log(np.clip(q[truth > 0], 1e-300, 1)).mean() + penalty
        slope = [(off * z).sum(), *(off.sum(axis=0) + STRENGTH / rows * biases if free else ())]
        return value, np.array(slope)

    bounds = [(0.01, 100.0)] + [(None, None)] * free
    best = minimize(loss, np.r_[1.0, np.zeros(free)], jac=True, bounds=bounds, method="L-BFGS-B", tol=1e-10)
    biases = tuple((best.x[1:] - best.x[1:].mean()).tolist()) if free else ()
    return ClassTemperature(scale=float(best.x[0]), biases=biases, detail=detail)


@metric
def classwise_calibration_error(code, p, *, bins: int = 15) -> Weighted:
    """Mean over the classes of the expected calibration error of each one's probability against the rest.

    Bins hold the same number of rows. In [0, 1], lower is better; on a finite sample even a perfect model is
    above 0.

    Args:
        code: Number of each row's class, `(rows,)`.
        p: Probability of each class, `(rows, classes)`.
    Reference:
        Kull et al., Beyond Temperature Scaling, 2019, section 2, https://arxiv.org/abs/1910.12656
    Example:
        >>> p = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 1.0]])
        >>> round(classwise_calibration_error(np.array([0, 1, 2, 1]), p, bins=2), 3)
        0.167
    """
    code, p = np.asarray(code).reshape(-1), np.asarray(p, np.float64)
    if p.ndim != 2 or len(p) != len(code):
        raise ValueError(f"expected probabilities of shape ({len(code)}, classes), found {p.shape}")
    each = [expected_calibration_error.prepare(code == k, p[:, k], bins=bins) for k in range(p.shape[1])]
    return lambda weights: float(np.mean([of_class(weights) for of_class in each]))


classwise_calibration_error.biased = True  # as `expected_calibration_error`


def _checked(code, p) -> tuple[np.ndarray, np.ndarray]:
    """Codes and probabilities of the rows whose class is known."""
    code, p = np.asarray(code, np.int64).reshape(-1), np.asarray(p, np.float64)
    if p.ndim != 2 or len(p) != len(code) or p.shape[1] < 2:
        raise ValueError(f"expected probabilities of shape ({len(code)}, classes), found {p.shape}")
    if not ((p >= 0) & (p <= 1 + 1e-6)).all():
        raise ValueError("expected probabilities in [0, 1]")
    if len(code) and code.max() >= p.shape[1]:
        raise ValueError(f"expected codes below {p.shape[1]}, found {code.max()}")
    return code[code >= 0], np.minimum(p, 1)[code >= 0]


def _logarithms(p) -> np.ndarray:
    return np.log(np.clip(np.asarray(p, np.float64), SMALLEST, 1))


def _softmax(logits: np.ndarray) -> np.ndarray:
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)
