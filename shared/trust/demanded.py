"""The threshold that keeps a demanded sensitivity or specificity, with a stated confidence."""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from shared.images.metrics import share_interval
from shared.ranking import half_way, labelled

RULES = ("sensitivity", "specificity")


@dataclass(frozen=True)
class Operating:
    """A risk at or above the threshold is called positive.

    Args:
        threshold: Risk in [0, 1]; just above 1 where nobody is called positive.
        rule: "sensitivity" or "specificity": which of them was demanded.
        demanded: The share that was asked for.
        confidence: That the demanded share is kept in new patients; None: it is kept on average.
        reached: Whether there were enough validation rows for that promise.
        sensitivity, specificity: On the validation rows, `{value, low, high, count, of}`, each with its exact
            95 % interval; None instead of numbers where there were no such rows.
        cases, controls: Validation rows with and without the disease.
    """

    threshold: float
    rule: str
    demanded: float
    confidence: float | None
    reached: bool
    sensitivity: dict[str, Any]
    specificity: dict[str, Any]
    cases: int
    controls: int

    def decide(self, score) -> np.ndarray:
        """Whether each risk is called positive, bool of the shape of `score`."""
        return np.asarray(score, np.float64) >= self.threshold  # in float32 it may round onto the next score

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> "Operating":
        """What `to_dict` wrote."""
        return cls(**state)


def demanded_threshold(
    label,
    score,
    *,
    rule: str = "sensitivity",
    demanded: float = 0.95,
    confidence: float | None = 0.95,
) -> Operating:
    """The highest threshold that keeps a sensitivity, or the lowest that keeps a specificity.

    With a confidence, as many validation cases may be missed as leave the one-sided Clopper-Pearson bound of
    the sensitivity at or above what is demanded. As the place in the order of the cases is fixed beforehand,
    the bound holds though the threshold is chosen on the same rows. Without one, m = floor((n + 1)(1 - demanded))
    and the m-th lowest of the n cases is the lowest that is called positive: the sensitivity in new patients is
    then on average at least what is demanded. Where the cases are too few for the bound (`cases_needed`), that
    plain order statistic is taken and `reached` is False. For a specificity the controls take the cases' part.

    The threshold stands half-way to the next score beyond, of any row, so that it does not hang on one patient.

    Args:
        label: 1 for a case, 0 for a control, NaN where it is not known (left out), `(rows,)`.
        score: Risk in [0, 1], `(rows,)`.
        rule: "sensitivity" or "specificity".
        demanded: In (0, 1).
        confidence: In (0, 1), or None.
    Raises:
        ValueError: If a setting or a score is out of range, or there is no case (no control) to learn from.
    Reference:
        Tong, Feng & Li, Neyman-Pearson Classification Algorithms and NP Receiver Operating Characteristics,
        Science Advances 4, 2018, proposition 1, https://doi.org/10.1126/sciadv.aao1659
    Example:
        >>> label, score = np.repeat([0, 1], 100), np.r_[np.arange(100), np.arange(50, 150)] / 150
        >>> found = demanded_threshold(label, score, demanded=0.9)
        >>> found.sensitivity["value"], found.reached, round(found.threshold, 4)
        (0.96, True, 0.3567)
    """
    if rule not in RULES:
        raise ValueError(f"expected the rule {' or '.join(RULES)}, found {rule!r}")
    least = cases_needed(demanded, confidence)
    label, score = labelled(label, score)
    if not np.isin(label, (0, 1)).all():
        raise ValueError("labels must be 0 or 1")
    case = label == 1
    mine = np.sort(score[case]) if rule == "sensitivity" else np.sort(score[~case])[::-1]
    if not len(mine):
        raise ValueError(f"a demanded {rule} needs {'cases' if rule == 'sensitivity' else 'controls'}")
    reached = len(mine) >= least
    lost = _may_be_lost(len(mine), demanded, confidence if reached else None)
    last = mine[lost]  # the last one that must be called right
    if rule == "sensitivity":
        below = score[score < last]
        threshold = half_way(below.max(), last) if len(below) else float(last)
    else:
        above = score[score > last]
        threshold = half_way(last, above.min()) if len(above) else float(np.nextafter(last, 2.0))
    called = score >= threshold
    return Operating(
        threshold,
        rule,
        float(demanded),
        None if confidence is None else float(confidence),
        reached,
        sensitivity=_counted(called[case]),
        specificity=_counted(~called[~case]),
        cases=int(case.sum()),
        controls=int((~case).sum()),
    )


def cases_needed(demanded: float, confidence: float | None = 0.95) -> int:
    """The fewest cases with which a threshold can promise this sensitivity (controls: this specificity).

    Raises:
        ValueError: If a number is outside (0, 1).
    Example:
        >>> cases_needed(0.95, 0.95), cases_needed(0.95, None)
        (59, 19)
    """
    for value in (demanded, 0.5 if confidence is None else confidence):
        if not 0 < value < 1:
            raise ValueError(f"expected a share between 0 and 1, found {value}")
    if confidence is None:
        return max(1, math.ceil(1 / (1 - demanded) - 1e-9) - 1)
    return math.ceil(math.log(1 - confidence) / math.log(demanded) - 1e-9)


def _may_be_lost(count: int, demanded: float, confidence: float | None) -> int:
    """How many of the cases may fall below the threshold."""
    if confidence is None:
        return max(0, math.floor((count + 1) * (1 - demanded) + 1e-9) - 1)
    from scipy.stats import beta

    lost = np.arange(count)
    kept = beta.ppf(1 - confidence, count - lost, lost + 1) >= demanded - 1e-12  # it falls with each one lost
    return max(0, int(kept.sum()) - 1)


def _counted(right: np.ndarray) -> dict[str, Any]:
    count, of = int(right.sum()), len(right)
    found = share_interval(count, of).to_dict() if of else dict.fromkeys(("value", "low", "high"))
    return {**found, "count": count, "of": of}
