"""Who is referred to a person instead of being answered, and what the answers kept are then worth."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from shared.intervals import bootstrap
from shared.metrics import metric
from shared.ranking import SMALLEST, checked, half_way, running
from shared.trust.shares import share_among, share_estimate

NEVER = 2.0  # a threshold that no risk reaches


def certainty(p, threshold: float | None = None) -> np.ndarray:
    """How sure each answer is, `(rows,)`; higher is surer.

    With a threshold on the risk of two classes: the distance of the log-odds of the risk from those of the
    threshold, on either side. Otherwise the highest probability.

    Args:
        p: Risk, `(rows,)`, or probability of each class, `(rows, classes)`.
        threshold: From which risk on a row is called positive; only for two classes.
    Example:
        >>> certainty(np.array([0.1, 0.5, 0.6]), threshold=0.5).round(2).tolist()
        [2.2, 0.0, 0.41]
    """
    p = np.asarray(p, np.float64)
    if threshold is None or not _is_binary(p):
        return np.maximum(p, 1 - p) if p.ndim == 1 else p.max(axis=1)
    return np.abs(_log_odds(_risk(p)) - _log_odds(np.float64(threshold)))


def abstention_curve(wrong, certainty, *, points: int = 50) -> dict[str, Any]:
    """Share of wrong answers among those kept, from all rows kept to the surest few.

    Rows of one certainty count as kept in any order: each takes their mean.

    Args:
        wrong: Whether each answer is wrong, `(rows,)`.
        certainty: Of each answer, `(rows,)`.
        points: Of the curve, evenly spaced in coverage.
    Returns:
        Arrays `coverage` (from 1 down) and `error`, and `area`: the mean of the error over all coverages
        1/n, 2/n, ... 1 (AURC), lower is better.
    Reference:
        Geifman & El-Yaniv, Selective Classification for Deep Neural Networks, 2017, section 2; the area:
        Geifman, Uziel & El-Yaniv, Bias-Reduced Uncertainty Estimation for Deep Neural Classifiers, 2019
    Example:
        >>> curve = abstention_curve([1, 0, 0, 0], [0.5, 0.6, 0.8, 0.9], points=4)
        >>> curve["coverage"].tolist(), curve["error"].tolist(), curve["area"]
        ([1.0, 0.75, 0.5, 0.25], [0.25, 0.0, 0.0, 0.0], 0.0625)
    """
    wrong, certainty = checked(wrong, certainty)
    _, tie = np.unique(-certainty, return_inverse=True)
    mean = np.bincount(tie, wrong) / np.bincount(tie)
    error = running(mean[np.sort(tie)])[1:] / np.arange(1, len(wrong) + 1)
    kept = np.unique(np.ceil(np.linspace(1 / points, 1, points) * len(wrong) - 1e-9).astype(np.int64))[::-1]
    return {"coverage": kept / len(wrong), "error": error[kept - 1], "area": float(error.mean())}


@dataclass(frozen=True)
class Referral:
    """Which patients are referred: with two classes by their risk, with more where no class is likely enough.

    With two classes a patient below `low` is called negative and one at or above `high` positive.

    Args:
        low, high: A risk in [low, high) is referred; None with more than two classes.
        least: A row whose highest probability is below it is referred; None with two classes.
    Example:
        >>> Referral(low=0.2, high=0.6).decide(np.array([0.1, 0.2, 0.5, 0.6])).tolist()
        [False, True, True, False]
    """

    low: float | None = None
    high: float | None = None
    least: float | None = None

    def decide(self, p) -> np.ndarray:
        """Whether each row is referred, `(rows,)`, from risks `(rows,)` or probabilities `(rows, classes)`."""
        p = np.asarray(p, np.float64)  # in float32 a limit may round onto the next score
        if self.least is not None:
            return p.max(axis=1) < self.least
        risk = _risk(p)
        return (risk >= self.low) & (risk < self.high)

    def positive(self, p) -> np.ndarray:
        """Whether the risk of each row is at or above `high`, `(rows,)`; for two classes."""
        return _risk(np.asarray(p, np.float64)) >= self.high

    def to_dict(self) -> dict[str, float | None]:
        """Plain JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> "Referral":
        """What `to_dict` wrote."""
        return cls(**state)


def fit_referral(
    label,
    p,
    *,
    share: float = 0.2,
    threshold: float | None = None,
    sensitivity: float | None = None,
) -> Referral:
    """Whom to refer so that the rows kept hold the fewest errors, learnt on validation rows.

    With two classes all bands of risk that hold at most `share` of the rows are weighed, and of those that keep
    the sensitivity among the rows kept the one with the fewest errors is taken. To widen a band downwards
    costs no error and no sensitivity, so each is taken as wide as it may be; of equal bands the middle one.
    With more classes the rows with the lowest highest probability are referred.

    Args:
        label: 0 or 1, or with more classes the number of the class, `(rows,)`.
        p: Risk, `(rows,)`, or probability of each class, `(rows, classes)`.
        share: Of the rows that may be referred, in [0, 1).
        threshold: Where rows are called positive without referrals; its sensitivity is the one to keep.
        sensitivity: To keep instead; without either there is no such limit. Both only for two classes.
    Raises:
        ValueError: If the share is out of range, or with two classes one of them is absent.
    Example:
        >>> label, risk = np.array([0, 0, 1, 0, 1, 1, 0, 1, 1, 1]), np.arange(10) / 10
        >>> band = fit_referral(label, risk, share=0.5, threshold=0.15)
        >>> round(band.low, 2), round(band.high, 2)      # holds both errors that the threshold makes
        (0.15, 0.65)
    """
    if not 0 <= share < 1:
        raise ValueError(f"expected a share from 0 to below 1, found {share}")
    p = np.asarray(p, np.float64)
    if not _is_binary(p):
        top = np.sort(p.max(axis=1))
        return Referral(least=_edge(top, _tie_edges(top, int(share * len(top) + 1e-9))))
    label, risk = checked(label, _risk(p))
    if not 0 < label.sum() < len(label):
        raise ValueError("a referral needs rows of both classes")
    if sensitivity is None and threshold is not None:
        sensitivity = float((risk[label == 1] >= threshold).mean())
    low, high = _best_band(label, risk, share, sensitivity or 0.0)
    return Referral(low=low, high=high)


def referral_effect(
    label, score, referral: Referral, threshold: float | None = None, *, groups=None, seed: int = 0
) -> dict[str, dict[str, float]]:
    """What referring does on rows that the referral was not learnt on.

    Without referrals a row is called positive at or above `threshold`; of the rows kept, those above the band
    are. With more than two classes an answer is the likeliest class.

    Args:
        label: 0 or 1, or the number of the class, `(rows,)`.
        score: Risk, `(rows,)`, or probability of each class, `(rows, classes)`.
        threshold: Needed for two classes.
        groups: Patient of each row, resampled whole; None: rows are independent.
    Returns:
        `{value, low, high}` of `share` (referred), `error_all`, `error_kept` and `ratio` (the second over the
        first, on the same resamples); with two classes also `sensitivity_all`, `sensitivity_kept`,
        `specificity_all` and `specificity_kept`.
    Example:
        >>> label, risk = np.array([0, 0, 1, 0, 1, 1]), np.array([0.1, 0.2, 0.3, 0.6, 0.7, 0.8])
        >>> found = referral_effect(label, risk, Referral(low=0.5, high=0.65), 0.5)
        >>> [round(found[name]["value"], 3) for name in ("error_all", "error_kept", "ratio")]
        [0.333, 0.2, 0.6]
    """
    label, score = np.asarray(label).reshape(-1), np.asarray(score, np.float64)
    kept = ~referral.decide(score)
    if referral.least is not None:
        answer = score.argmax(axis=1)
        return kept_effect(label, answer, answer, kept, groups=groups, seed=seed)
    called = _risk(score) >= threshold
    return kept_effect(label, called, referral.positive(score), kept, groups=groups, seed=seed)


def kept_effect(
    label, answer, answer_kept, kept, *, groups=None, seed: int = 0
) -> dict[str, dict[str, float]]:
    """As `referral_effect`, from what each row was answered; so rows of several folds, each with limits of its
    own, can be judged together.

    Args:
        label: Number of each row's class, `(rows,)`; with two classes 1 is ill.
        answer: Without referrals, `(rows,)`.
        answer_kept: Of the rows that are kept, `(rows,)`; the others are not read.
        kept: Whether each row is answered, not referred, `(rows,)`.
    Example:
        >>> found = kept_effect([0, 1, 1, 0], [0, 0, 1, 1], [0, 0, 1, 1], [True, False, True, False])
        >>> found["error_all"]["value"], found["error_kept"]["value"], found["share"]["value"]
        (0.5, 0.0, 0.5)
    """
    label, answer, answer_kept = (
        np.asarray(each).reshape(-1).astype(np.int64) for each in (label, answer, answer_kept)
    )
    kept, everybody = np.asarray(kept, bool), np.ones(len(label), bool)
    wrong, wrong_kept = answer != label, answer_kept != label
    shares = {"share": (~kept, everybody), "error_all": (wrong, everybody), "error_kept": (wrong_kept, kept)}
    if label.max(initial=0) < 2 and answer.max(initial=0) < 2:
        ill = label == 1
        shares |= {"sensitivity_all": (answer == 1, ill), "sensitivity_kept": (answer_kept == 1, ill & kept)}
        shares |= {
            "specificity_all": (answer == 0, ~ill),
            "specificity_kept": (answer_kept == 0, ~ill & kept),
        }
    found = {
        name: share_estimate(happened, among, groups=groups, seed=seed)
        for name, (happened, among) in shares.items()
    }
    ratio = _ratio_of(wrong, wrong_kept, kept)
    drawn = bootstrap(np.ones(len(label)), {"kept": kept}, {"ratio": ratio}, groups=groups, seed=seed)
    found["ratio"] = drawn.estimate("kept", "ratio")
    return {name: estimate.to_dict() for name, estimate in found.items()}


def _ratio_of(wrong: np.ndarray, wrong_kept: np.ndarray, kept: np.ndarray):
    @metric
    def ratio(y_true, y_pred):
        among_all, among_kept = share_among.prepare(y_true, wrong), share_among.prepare(kept, wrong_kept)

        def weighted(weights=None):
            whole = among_all(weights)
            return among_kept(weights) / whole if whole else np.nan

        return weighted

    return ratio


def matched_error(label, score, *, sensitivity: float, share: float = 0.2) -> dict[str, float]:
    """The least error at a sensitivity without and with referrals, both chosen on these very rows.

    It describes the rows, for comparing models at one sensitivity; as it is chosen on the rows it is judged on,
    it promises nothing. See `referral_effect` for that.

    Args:
        label: 0 or 1, `(rows,)`.
        score: Risk, `(rows,)`.
        sensitivity: To be reached, by all rows and by those kept.
        share: Of the rows that may be referred.
    Returns:
        `error_all`, `error_kept`, their `ratio`, `share` (referred), `sensitivity_all` and `sensitivity_kept`.
    Example:
        >>> label, risk = np.array([0, 0, 1, 0, 1, 1]), np.array([0.1, 0.2, 0.3, 0.6, 0.7, 0.8])
        >>> found = matched_error(label, risk, sensitivity=1.0, share=0.34)
        >>> round(found["error_all"], 3), found["error_kept"], round(found["share"], 3)
        (0.167, 0.0, 0.333)
    """
    label, score = checked(label, score)
    if not 0 < sensitivity <= 1:
        raise ValueError(f"expected a sensitivity above 0 and at most 1, found {sensitivity}")
    if not 0 < label.sum() < len(label):
        raise ValueError("a sensitivity and its error need rows of both classes")
    out = {}
    for name, most in (("all", 0.0), ("kept", share)):
        low, high = _best_band(label, score, most, sensitivity)
        kept, positive = (score < low) | (score >= high), score >= high
        out[f"error_{name}"] = float((positive != label)[kept].mean())
        out[f"sensitivity_{name}"] = float(positive[kept & (label == 1)].mean())
        out["share"] = float(1 - kept.mean())
    out["ratio"] = out["error_kept"] / out["error_all"] if out["error_all"] else float("nan")
    return out


def _best_band(label, risk, share: float, sensitivity: float) -> tuple[float, float]:
    """The band of ranks `first .. past - 1` with the fewest errors outside it: one pass over all `past`."""
    order = np.argsort(risk, kind="stable")
    ranked, positives = risk[order], running(label[order])
    edges = np.flatnonzero(
        np.r_[True, ranked[1:] != ranked[:-1], True]
    )  # a tie is referred whole or not at all
    past = edges
    first = edges[np.searchsorted(edges, past - int(share * len(ranked) + 1e-9))]
    missed, found = positives[first], positives[-1] - positives[past]
    alarms = len(ranked) - past - found
    allowed = found >= sensitivity * (missed + found) - 1e-9
    allowed &= (found > 0) | (sensitivity == 0)  # a band with all cases in it leaves no sensitivity to keep
    errors = np.where(allowed, missed + alarms, np.inf)
    best = np.flatnonzero(errors == errors.min())
    best = best[len(best) // 2]
    return _edge(ranked, first[best]), _edge(ranked, past[best])


def _tie_edges(ascending: np.ndarray, most: int) -> int:
    """The largest number of lowest values, at most `most`, that parts no tie."""
    return int(np.searchsorted(ascending, ascending[most])) if most < len(ascending) else most


def _edge(ascending: np.ndarray, count: int) -> float:
    """A limit that all but the first `count` values reach."""
    if count == 0:
        return 0.0
    if count == len(ascending):
        return NEVER
    return half_way(ascending[count - 1], ascending[count])


def _is_binary(p: np.ndarray) -> bool:
    return p.ndim == 1 or p.shape[1] == 2


def _risk(p: np.ndarray) -> np.ndarray:
    return p if p.ndim == 1 else 1 - p[:, 0]


def _log_odds(p) -> np.ndarray:
    p = np.clip(p, SMALLEST, 1 - SMALLEST)
    return np.log(p) - np.log1p(-p)
