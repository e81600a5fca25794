"""What a clinic does with a probability: the threshold it demanded, whom it refers, which classes stay possible."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shared.trust.abstention import Referral, fit_referral
from shared.trust.demanded import Operating, demanded_threshold
from shared.trust.prevalence import at_prevalence
from shared.trust.sets import PredictionSets, fit_sets

if TYPE_CHECKING:
    import pandas as pd

POSITIVE, NEGATIVE, REFER = "positive", "negative", "refer"


@dataclass(frozen=True)
class Protocol:
    """All that is decided on rows held out, before a patient is answered.

    Args:
        names: Of the classes; the first is the reference (healthy, negative).
        operating: The threshold on the risk, 1 less the probability of the reference.
        referral: Who is referred; None: nobody.
        sets: Prediction sets over all classes alike.
        class_sets: The same, the level held in each class by itself.
    """

    names: tuple[str, ...]
    operating: Operating
    referral: Referral | None
    sets: PredictionSets
    class_sets: PredictionSets

    def called(self, p: np.ndarray) -> np.ndarray:
        """Whether each row's risk reaches the threshold, bool `(rows,)`."""
        return self.operating.decide(1 - p[:, 0])

    def referred(self, p: np.ndarray) -> np.ndarray:
        """Whether each row is referred, bool `(rows,)`."""
        return np.zeros(len(p), bool) if self.referral is None else self.referral.decide(p)

    def kept(self, p: np.ndarray) -> np.ndarray:
        """What a row that is not referred is called: of two classes positive or not, of more the likeliest."""
        if len(self.names) > 2:
            return p.argmax(axis=1)
        return (self.called(p) if self.referral is None else self.referral.positive(p)).astype(np.int64)

    def decide(self, p: np.ndarray) -> np.ndarray:
        """`positive`, `negative` or `refer`; of three or more classes the class's name or `refer`. `(rows,)`."""
        words = np.array(self.names if len(self.names) > 2 else (NEGATIVE, POSITIVE), object)
        return np.where(self.referred(p), REFER, words[self.kept(p)]).astype(object)

    def answers(self, p: np.ndarray) -> "pd.DataFrame":
        """`columns` as a data frame."""
        import pandas as pd

        return pd.DataFrame(self.columns(p))

    def columns(self, p: np.ndarray) -> dict[str, Any]:
        """What each row is told: risk, decision, whether it is called positive, likeliest class, prediction set.

        Of three or more classes the probability of each is told too. `p`: calibrated, `(rows, classes)`.
        """
        names = np.array(self.names, object)
        found = {
            "score": 1 - p[:, 0],
            "decision": self.decide(p),
            "positive": self.called(p),
            "class": names[p.argmax(axis=1)],
            "set": [" | ".join(names[each]) for each in self.sets(p)],
        }
        if len(names) > 2:
            found |= {f"p_{name}": p[:, place] for place, name in enumerate(names)}
        return found

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "names": list(self.names),
            "operating": self.operating.to_dict(),
            "referral": None if self.referral is None else self.referral.to_dict(),
            "sets": self.sets.to_dict(),
            "class_sets": self.class_sets.to_dict(),
        }

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> "Protocol":
        """What `to_dict` wrote."""
        return cls(
            tuple(state["names"]),
            Operating.from_dict(state["operating"]),
            None if state["referral"] is None else Referral.from_dict(state["referral"]),
            PredictionSets.from_dict(state["sets"]),
            PredictionSets.from_dict(state["class_sets"]),
        )


def fit_protocol(
    code: np.ndarray,
    p: np.ndarray,
    names,
    *,
    rule: str = "sensitivity",
    demanded: float = 0.95,
    confidence: float | None = 0.95,
    refer: float = 0.2,
    level: float = 0.9,
    groups: np.ndarray | None = None,
    seed: int = 0,
) -> Protocol:
    """Threshold, referrals and sets from rows that were held out; one row, drawn at random, of each patient.

    Rows of one patient are alike: counted as if each were another patient, a bound that is to hold in 95 of 100
    cases would fail far more often.

    Args:
        code: Class of each row, `(rows,)`.
        p: Calibrated probability of each class, `(rows, classes)`.
        names: Of the classes.
        rule, demanded, confidence: As in `demanded_threshold`.
        refer: Share that may be referred; 0: nobody is.
        level: Of the prediction sets.
        groups: Patient of each row; None: each row is a patient.
    Example:
        >>> code, risk = np.tile([0, 1], 50), np.tile([0.1, 0.8], 50) + np.linspace(-0.1, 0.1, 100)
        >>> protocol = fit_protocol(code, np.stack([1 - risk, risk], axis=1), ("healthy", "ill"), refer=0)
        >>> protocol.decide(np.array([[0.9, 0.1], [0.1, 0.9]])).tolist()
        ['negative', 'positive']
    """
    if groups is not None:
        order = np.random.default_rng(seed).permutation(len(code))
        one = order[np.unique(groups[order], return_index=True)[1]]
        if len(np.unique(code[one] > 0)) == 2:
            code, p = code[one], p[one]
    label = (code > 0).astype(np.float64)
    operating = demanded_threshold(label, 1 - p[:, 0], rule=rule, demanded=demanded, confidence=confidence)
    referral = None
    if refer:
        target, threshold = (code, None) if len(names) > 2 else (label, operating.threshold)
        referral = fit_referral(target, p, share=refer, threshold=threshold)
    sets = fit_sets(code, p, level=level)
    return Protocol(tuple(names), operating, referral, sets, fit_sets(code, p, level=level, per_class=True))


def risk_at_site(p: np.ndarray, prior, share: float) -> np.ndarray:
    """The risk where the ill are as frequent as at a site, and among themselves as in training. `(rows,)`

    Args:
        p: Calibrated probability of each class, `(rows, classes)`.
        prior: Share of each class in the training rows.
        share: Of the ill at the site.
    Example:
        >>> risk_at_site(np.array([[0.5, 0.3, 0.2]]), [0.5, 0.3, 0.2], 0.1).round(3).tolist()
        [0.1]
    """
    prior = np.asarray(prior)
    there = np.concatenate([[1 - share], prior[1:] / prior[1:].sum() * share])
    return 1 - at_prevalence(p, prior, there)[:, 0]


def patient_columns(
    protocol: Protocol, rows: np.ndarray, p: np.ndarray, *, prior, share: float | None = None
) -> dict[str, Any]:
    """What each patient is told, by column, after the number of the row; see `Protocol.columns`.

    Args:
        rows: Numbers of the rows in the customer's file, `(rows,)`.
        p: Calibrated probability of each class, `(rows, classes)`.
        prior: Share of each class in the training rows.
        share: Of the ill at the site: `score_at_site` is the risk there; None: that is not told.
    """
    found = {"row": rows} | protocol.columns(p)
    return found if share is None else found | {"score_at_site": risk_at_site(p, prior, share)}
