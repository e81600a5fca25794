"""From a score to what is done with a part: accept it, look again, or reject it.

Thresholds are chosen on validation photos, by a limit on false rejects, by a limit on escapes, or by what
mistakes cost. Each stands half-way between two scores, so that it does not hang on one photo.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from shared.decisions import Costs, cheapest_thresholds
from shared.images.metrics import share_interval
from shared.ranking import half_way, labelled

ACCEPT, AGAIN, REJECT = "accept", "again", "reject"
RULES = ("false_rejects", "escapes", "cost")


@dataclass(frozen=True)
class Inspection:
    """Look again from one score on, reject from a higher one on; where both are equal nobody looks again.

    Args:
        known: False-reject rate that the threshold is known to keep (see `known_false_rejects`); None: no good
            photo was there to tell.
    Example:
        >>> Inspection(again=0.2, reject=0.9).decide(np.array([0.1, 0.2, 0.95])).tolist()
        ['accept', 'again', 'reject']
    """

    again: float
    reject: float
    known: float | None = None

    def decide(self, score: np.ndarray) -> np.ndarray:
        """`accept`, `again` or `reject` for each score, `(photos,)`."""
        score = np.asarray(score, np.float64)  # in float32 a threshold may round down onto the next score
        return np.select([score >= self.reject, score >= self.again], [REJECT, AGAIN], ACCEPT)

    def to_dict(self) -> dict[str, Any]:
        return {"again": self.again, "reject": self.reject, "known": self.known}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Inspection":
        known = values.get("known")
        return cls(float(values["again"]), float(values["reject"]), None if known is None else float(known))


def threshold_for_false_rejects(label, score, most: float) -> float:
    """The lowest threshold that at most this share of the good photos reaches; photos of defects may be absent.

    Where even one good photo would be too many, it lies above all of them: half-way to the next defect, or just
    above the highest score.

    Args:
        label: 1 for a defect, 0 for good, NaN where it is not known (left out), `(photos,)`.
        score: In [0, 1], higher for a defect, `(photos,)`.
    Raises:
        ValueError: If no photo is good, or a score lies outside [0, 1].
    Example:
        >>> threshold_for_false_rejects(np.zeros(4), np.array([0.125, 0.25, 0.5, 0.75]), most=0.25)
        0.625
    """
    label, score = _known(label, score)
    good = np.sort(score[label == 0])[::-1]
    if not len(good):
        raise ValueError("a limit on false rejects needs photos of good parts")
    allowed = int(most * len(good) + 1e-9)
    if allowed >= len(good):
        return 0.0
    lower = good[allowed]  # the highest good photo that must stay below
    above = score[score > lower]
    return half_way(lower, above.min()) if len(above) else float(np.nextafter(lower, 2.0))


def threshold_for_escapes(label, score, most: float) -> float:
    """The highest threshold that at most this share of the defects stays below; arguments as above.

    Raises:
        ValueError: If no photo shows a defect, or a score lies outside [0, 1].
    Example:
        >>> threshold_for_escapes(np.array([0, 1, 1]), np.array([0.1, 0.5, 0.8]), most=0)
        0.3
    """
    label, score = _known(label, score)
    defects = np.sort(score[label == 1])
    if not len(defects):
        raise ValueError("a limit on escapes needs photos of defects")
    allowed = int(most * len(defects) + 1e-9)
    if allowed >= len(defects):
        return float(np.nextafter(score.max(), 2.0))
    upper = defects[allowed]  # the lowest defect that must be caught
    below = score[score < upper]
    return half_way(below.max(), upper) if len(below) else float(upper)


def threshold_by_cost(label, score, escape_cost: float, false_reject_cost: float) -> float:
    """The threshold with the least total cost on these photos, at their share of defects; 2: never reject.

    Args:
        escape_cost: Of a defect that is accepted.
        false_reject_cost: Of a good part that is rejected, in the same currency.
    Example:
        >>> threshold_by_cost(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.3, 0.9]), 100, 5)
        0.2
    """
    label, score = _known(label, score)
    rejected = (1 - label) * false_reject_cost
    costs = Costs(
        passed=label * escape_cost, reviewed=rejected, blocked=rejected
    )  # two answers, so one is both
    return cheapest_thresholds(score, costs).review


def inspection_thresholds(
    label,
    score,
    *,
    rule: str = "false_rejects",
    most_false_rejects: float = 0.01,
    most_escapes: float = 0.01,
    escape_cost: float = 100.0,
    false_reject_cost: float = 5.0,
    look_again_cost: float | None = None,
) -> Inspection:
    """Both thresholds by a rule.

    With `cost` the two with the least total cost, where a person who looks again finds the truth. Otherwise a
    part is rejected from the false-reject limit on and looked at again from the escape limit on, so both limits
    are kept. Where one threshold keeps both, nobody looks again: `false_rejects` takes the lowest such
    threshold, `escapes` the highest. Without photos of defects there is only the false-reject limit.

    Args:
        label, score: Of validation photos, as in `threshold_for_false_rejects`.
        rule: "false_rejects", "escapes" or "cost".
        look_again_cost: Of a person who looks again; None: there is no such answer, and the rule's own limit is
            the one that is kept.
    Raises:
        ValueError: If the rule is unknown, or needs good photos or defects that are not there.
    Example:
        >>> label, score = np.array([0, 0, 0, 1, 1, 1]), np.array([0.1, 0.2, 0.6, 0.5, 0.8, 0.9])
        >>> inspection_thresholds(label, score, look_again_cost=1).decide(score).tolist()
        ['accept', 'accept', 'again', 'again', 'reject', 'reject']
    """
    if rule not in RULES:
        raise ValueError(f"expected the rule {', '.join(RULES)}, found {rule!r}")
    label, score = _known(label, score)
    if rule == "cost":
        again, reject = _cheapest(label, score, escape_cost, false_reject_cost, look_again_cost)
    elif rule == "escapes" and look_again_cost is None:
        again = reject = threshold_for_escapes(label, score, most_escapes)
    else:
        again, reject = _within_limits(label, score, rule, most_false_rejects, most_escapes)
        again = reject if look_again_cost is None else again
    good = score[label == 0]
    return Inspection(again, reject, known_false_rejects(good, reject) if len(good) else None)


def _within_limits(label, score, rule: str, most_false_rejects: float, most_escapes: float):
    """From where on to look again and to reject, so that both limits are kept."""
    if rule == "false_rejects" and not (label == 1).any():
        return (threshold_for_false_rejects(label, score, most_false_rejects),) * 2
    escapes = threshold_for_escapes(label, score, most_escapes)
    if rule == "escapes" and not (label == 0).any():
        return escapes, escapes
    rejects = threshold_for_false_rejects(label, score, most_false_rejects)
    if escapes < rejects:
        return escapes, rejects
    return (rejects, rejects) if rule == "false_rejects" else (escapes, escapes)


def _cheapest(label, score, escape_cost, false_reject_cost, look_again_cost):
    if look_again_cost is None:
        return (threshold_by_cost(label, score, escape_cost, false_reject_cost),) * 2
    looked = np.full(len(label), float(look_again_cost))
    costs = Costs(passed=label * escape_cost, reviewed=looked, blocked=(1 - label) * false_reject_cost)
    found = cheapest_thresholds(score, costs)
    return found.review, found.block


def known_false_rejects(good_scores, threshold: float, *, level: float = 0.95) -> float:
    """The false-reject rate that a threshold keeps with this certainty, by the good photos it was chosen on.

    The one-sided Clopper-Pearson bound. It holds though the threshold was chosen on the same photos, as long as
    it lies at a place in their order that was fixed beforehand, such as above all of them: the distribution of
    an order statistic is that same bound (Wilks, Annals of Mathematical Statistics 12, 1941).

    Example:
        >>> round(known_false_rejects(np.linspace(0, 0.5, 59), 0.6), 3)   # none of 59: the usual sample size
        0.05
    """
    good = np.asarray(good_scores, np.float64)
    return share_interval(int((good >= threshold).sum()), len(good), level=2 * level - 1).high


def few_good(label, most: float) -> dict[str, str] | None:
    """What to tell where there are too few good photos to see whether the limit on false rejects is kept.

    Returns:
        A sentence in English and Chinese; None where there are `1 / most` good photos or more.
    Example:
        >>> few_good(np.zeros(50), most=0.01)["en"]
        'The threshold was chosen on 50 good photos: too few to see a false-reject rate of 1 %; 100 are needed.'
    """
    good, needed = int((np.asarray(label, np.float64) == 0).sum()), int(np.ceil(1 / most - 1e-9))
    if good >= needed:
        return None
    return {
        "en": f"The threshold was chosen on {good} good photos: too few to see a false-reject rate of "
        f"{100 * most:g} %; {needed} are needed.",
        "zh": f"阈值仅由 {good} 张合格品照片确定，不足以验证 {100 * most:g}% 的误判率；至少需要 {needed} 张。",
    }


def _known(label, score) -> tuple[np.ndarray, np.ndarray]:
    """Labels and scores of the photos whose class is known."""
    label, score = labelled(label, score)
    if not len(score):
        raise ValueError("thresholds need photos whose class is known")
    return label, score
