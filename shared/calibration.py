"""Makes a model's scores into probabilities, learnt from its predictions on validation rows.

    Identity      leaves the score as it is
    Temperature   sigmoid(scale * logit(p) + bias): sharpens or flattens; with a bias it is Platt's
    Isotonic      the best rising steps, smoothed so that no two scores become one

All are rising, so the ranking stays as it was: average precision and AUC do not change, except that scores
may become equal where float64 cannot tell them apart any more.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from shared.ranking import SMALLEST, checked

SLOPE = 1e-4  # share of the plain score that is mixed into isotonic steps
FEWEST = 10  # rows of the rarer class below which nothing is learnt from them by "auto"
FOLDS = 5


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Leaves probabilities as they are.

    Args:
        detail: How the calibrator was chosen, as plain JSON.
    """

    method: ClassVar[str] = "none"
    detail: dict = field(default_factory=dict, compare=False)

    def __call__(self, p) -> np.ndarray:
        """Calibrated probabilities, float64 of the shape of `p`."""
        return _probabilities(p)

    def to_dict(self) -> dict:
        return {"method": self.method, "detail": self.detail}


@dataclass(frozen=True, kw_only=True)
class Temperature:
    """Stretches and shifts the log-odds: `sigmoid(scale * logit(p) + bias)`.

    Args:
        scale: One over the temperature; above 0.
        bias: Shift of the log-odds; 0 for plain temperature scaling.
        detail: How the calibrator was chosen, as plain JSON.
    Reference:
        Guo et al., On Calibration of Modern Neural Networks, 2017, section 4.2; with a bias: Platt, 1999
    Example:
        >>> Temperature(scale=0.5)(np.array([0.5, 0.9])).round(3).tolist()
        [0.5, 0.75]
    """

    scale: float = 1.0
    bias: float = 0.0
    detail: dict = field(default_factory=dict, compare=False)

    @property
    def method(self) -> str:
        return "platt" if self.bias else "temperature"

    def __call__(self, p) -> np.ndarray:
        """Calibrated probabilities, float64 of the shape of `p`; 0 and 1 are taken as 2.2e-16 from there."""
        return _sigmoid(self.scale * _log_odds(p) + self.bias)

    def to_dict(self) -> dict:
        return {"method": self.method, "scale": self.scale, "bias": self.bias, "detail": self.detail}


@dataclass(frozen=True, kw_only=True)
class Isotonic:
    """Rising steps through the validation rows, joined by straight lines.

    Two things keep it usable. A share of 1e-4 of the score itself is mixed in, so that no two scores become
    one (ties would cost average precision). And steps at 0 and 1 are moved half a row inwards, but not past
    the next step, so that one unlucky row does not cost an infinite log loss.

    Args:
        scores: Rising scores, from 0 to 1 if given so.
        probabilities: Probability at each score, never falling.
        detail: How the calibrator was chosen, as plain JSON.
    Reference:
        Zadrozny & Elkan, Transforming Classifier Scores into Accurate Multiclass Probability Estimates, 2002
    Example:
        >>> Isotonic(scores=(0.2, 0.6), probabilities=(0.1, 0.5))(np.array([0.1, 0.4, 0.9])).round(2).tolist()
        [0.1, 0.3, 0.5]
    """

    scores: tuple[float, ...]
    probabilities: tuple[float, ...]
    detail: dict = field(default_factory=dict, compare=False)
    method: ClassVar[str] = "isotonic"

    def __call__(self, p) -> np.ndarray:
        """Calibrated probabilities, float64 of the shape of `p`."""
        p = _probabilities(p)
        return (1 - SLOPE) * np.interp(p, self.scores, self.probabilities) + SLOPE * p

    def to_dict(self) -> dict:
        steps = {"scores": list(self.scores), "probabilities": list(self.probabilities)}
        return {"method": self.method, **steps, "detail": self.detail}


Calibrator = Identity | Temperature | Isotonic


def calibrator_from_dict(state: dict) -> Calibrator:
    """The calibrator that `to_dict` wrote.

    Raises:
        ValueError: If the method is unknown.
    Example:
        >>> calibrator_from_dict(Temperature(scale=2.0).to_dict())(np.array([0.5])).tolist()
        [0.5]
    """
    method, detail = state.get("method"), state.get("detail", {})
    if method == "none":
        return Identity(detail=detail)
    if method in ("temperature", "platt"):
        return Temperature(scale=float(state["scale"]), bias=float(state["bias"]), detail=detail)
    if method == "isotonic":
        steps = {name: tuple(map(float, state[name])) for name in ("scores", "probabilities")}
        return Isotonic(**steps, detail=detail)
    raise ValueError(f"unknown calibration `{method}`; expected none, temperature, platt or isotonic")


def fit_calibrator(y_true, y_pred, method: str = "auto", *, weights=None, seed: int = 0) -> Calibrator:
    """Learns from labels and predicted probabilities of validation rows, which the model was not trained on.

    `auto` measures the log loss of each method on rows it was not fitted on (5 stratified folds) and takes
    the simplest (none, temperature, platt, isotonic, in that order) that no other beats by more than one
    standard error of the paired difference. With fewer than 10 rows of a class it takes none. What was
    measured is kept in `detail`.

    Args:
        y_true: Labels 0 or 1, shape `(rows,)`.
        y_pred: Probabilities in [0, 1], shape `(rows,)`.
        method: `auto`, `none`, `temperature`, `platt` or `isotonic`.
        weights: Weight of each row, such as 1 / share kept where negatives were thinned out.
    Raises:
        ValueError: If the method is unknown, a prediction lies outside [0, 1], or there is only one class.
    Example:
        >>> rng = np.random.default_rng(1)
        >>> p = rng.uniform(0.01, 0.99, 4000)
        >>> y, too_sure = rng.random(4000) < p, Temperature(scale=4.0)(p)
        >>> round(fit_calibrator(y, too_sure).scale, 2)    # a quarter undoes it
        0.25
    """
    if method not in ("auto", *FITS):
        raise ValueError(f"unknown calibration `{method}`; expected auto, {', '.join(FITS)}")
    y_true, y_pred = checked(y_true, y_pred)
    y_pred = _probabilities(y_pred)
    weights = np.ones(len(y_true)) if weights is None else np.asarray(weights, np.float64).reshape(-1)
    positives = int(y_true.sum())
    rarer = min(positives, len(y_true) - positives)
    detail = {"asked": method, "rows": len(y_true), "positives": positives}
    if method == "auto" and rarer < FEWEST:
        return Identity(
            detail={**detail, "reason": f"only {rarer} rows of the rarer class, fewer than {FEWEST}"}
        )
    if method != "none" and not rarer:
        raise ValueError(f"calibration needs both classes, found {positives} positives in {len(y_true)} rows")
    if method == "auto":
        method, losses = _simplest_good(y_true, y_pred, weights, seed)
        detail["log_loss"] = losses
    return FITS[method](y_true, y_pred, weights, detail)


def calibrated(label: np.ndarray, scores: np.ndarray, method: str) -> Calibrator:
    """A calibrator from few rows, which a good model often tells apart without a single mistake.

    Nothing then keeps the slope finite: every score becomes 0 or 1, and their order is lost. So each row counts a
    little as the other class too, by `1 / (rows of its class + 2)`.

    Reference:
        Platt, Probabilistic outputs for support vector machines, 1999, section 2.2
    Example:
        >>> calibrator = calibrated(np.repeat([0.0, 1.0], 20), np.repeat([0.1, 0.9], 20), "platt")
        >>> bool(calibrator(np.array([0.99])) > calibrator(np.array([0.98])))
        True
    """
    doubt = np.where(label == 1, 1 / ((label == 1).sum() + 2), 1 / ((label == 0).sum() + 2))
    twice, both = np.concatenate([scores, scores]), np.concatenate([label, 1 - label])
    return fit_calibrator(both, twice, method, weights=np.concatenate([1 - doubt, doubt]))


def _simplest_good(y_true, y_pred, weights, seed: int) -> tuple[str, dict[str, float]]:
    """The simplest method that no other beats by a standard error, and each one's log loss on unseen rows."""
    rng = np.random.default_rng(seed)
    fold = np.empty(len(y_true), np.int64)
    fold[np.lexsort((rng.random(len(y_true)), y_true))] = np.arange(len(y_true)) % FOLDS
    losses = {}
    for name, fit in FITS.items():
        p = np.empty(len(y_true))
        for k in range(FOLDS):
            seen, unseen = fold != k, fold == k
            p[unseen] = fit(y_true[seen], y_pred[seen], weights[seen], {})(y_pred[unseen])
        p = np.clip(p, SMALLEST, 1 - SMALLEST)
        losses[name] = -np.where(y_true == 1, np.log(p), np.log1p(-p))
    share = weights / weights.sum()
    means = {name: float(loss @ share) for name, loss in losses.items()}

    def beaten(name: str, other: str) -> bool:
        difference = losses[name] - losses[other]
        mean = difference @ share
        return mean > math.sqrt(share**2 @ (difference - mean) ** 2)

    good = [name for name in FITS if not any(beaten(name, other) for other in FITS)]
    return (good or [min(means, key=means.get)])[0], means


def _fit_identity(y_true, y_pred, weights, detail: dict) -> Identity:
    return Identity(detail=detail)


def _fit_temperature(y_true, y_pred, weights, detail: dict) -> Temperature:
    scale, _ = _log_odds_fit(y_true, y_pred, weights, with_bias=False)
    return Temperature(scale=scale, detail=detail)


def _fit_platt(y_true, y_pred, weights, detail: dict) -> Temperature:
    scale, bias = _log_odds_fit(y_true, y_pred, weights, with_bias=True)
    return Temperature(scale=scale, bias=bias, detail=detail)


def _log_odds_fit(y_true, y_pred, weights, *, with_bias: bool) -> tuple[float, float]:
    """Scale (kept within [.01, 100], so that it rises) and bias of the least log loss."""
    z, share = _log_odds(y_pred), weights / weights.sum()
    ones = np.ones((1, len(z)))
    columns = np.vstack([z, ones]) if with_bias else z[None]
    found = _newton(columns, np.zeros_like(z), y_true, share)
    scale = float(np.clip(found[0], 0.01, 100))
    if scale != found[0] and with_bias:
        found[1] = _newton(ones, scale * z, y_true, share)[0]
    return scale, float(found[1]) if with_bias else 0.0


def _newton(columns: np.ndarray, offset: np.ndarray, y_true, share) -> np.ndarray:
    """Coefficients of a logistic regression on `columns` `(coefficients, rows)`, by damped Newton steps.

    Sums by `einsum`: on so few columns, BLAS threads on a busy machine cost more than they give.
    """
    from scipy.special import expit

    def logits(coefficients):
        return np.einsum("c,cr->r", coefficients, columns) + offset

    def loss(logit):
        return np.einsum("r,r->", share, np.logaddexp(0, logit) - y_true * logit)

    found = np.zeros(len(columns))
    now = loss(logits(found))
    for _ in range(100):
        p = expit(logits(found))
        curvature = np.einsum("cr,dr->cd", columns * (share * p * (1 - p)), columns)
        step = np.linalg.lstsq(curvature, np.einsum("cr,r->c", columns, share * (y_true - p)), rcond=1e-14)[0]
        after = loss(logits(found + step))
        while after > now and np.abs(step).max() > 1e-7:
            step = step / 2
            after = loss(logits(found + step))
        found, now = found + step, after
        if np.abs(step).max() < 1e-7 or abs(found[0]) > 1000:
            break
    return found


def _fit_isotonic(y_true, y_pred, weights, detail: dict) -> Isotonic:
    from sklearn.isotonic import IsotonicRegression

    fitted = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(
        y_pred, y_true, sample_weight=weights
    )
    scores, steps = fitted.X_thresholds_, fitted.y_thresholds_
    within, learnt = steps[(steps > 0) & (steps < 1)], fitted.predict(y_pred)
    lowest = np.append(within, 0.5 / (weights[learnt == 0].sum() + 1)).min()
    highest = np.append(within, 1 - 0.5 / (weights[learnt == 1].sum() + 1)).max()
    steps = np.clip(steps, lowest, highest)  # moves steps at 0 and 1 only
    return Isotonic(scores=tuple(scores.tolist()), probabilities=tuple(steps.tolist()), detail=detail)


Fit = Callable[[np.ndarray, np.ndarray, np.ndarray, dict], Calibrator]
FITS: dict[str, Fit] = {  # from the simplest on
    "none": _fit_identity,
    "temperature": _fit_temperature,
    "platt": _fit_platt,
    "isotonic": _fit_isotonic,
}


def _probabilities(p) -> np.ndarray:
    p = np.asarray(p, np.float64)
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError(f"expected probabilities in [0, 1], found {p[~((p >= 0) & (p <= 1))].flat[0]}")
    return p


def mean_probability(raw: np.ndarray) -> np.ndarray:
    """Log odds of each row from several networks in one, `(rows, members)` -> their mean probability `(rows,)`.

    Example:
        >>> mean_probability(np.array([[0.0, 0.0]], np.float32)).tolist()
        [0.5]
    """
    odds = np.exp(-np.abs(raw.astype(np.float64)))
    return np.where(raw >= 0, 1 / (1 + odds), odds / (1 + odds)).reshape(len(raw), -1).mean(axis=1)


def _sigmoid(z: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-z))


def _log_odds(p) -> np.ndarray:
    p = np.clip(_probabilities(p), SMALLEST, 1 - SMALLEST)
    return np.log(p) - np.log1p(-p)
