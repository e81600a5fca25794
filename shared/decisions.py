"""From a probability to what is done: pass, review or block, at the customer's own costs."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from shared.ranking import half_way

PASS, REVIEW, BLOCK = "pass", "review", "block"


@dataclass(frozen=True)
class Costs:
    """What each answer costs on each row, in the customer's currency, all `(rows,)`.

    Args:
        passed: Of letting the row through: the loss if it is positive, else 0.
        reviewed: Of having a person look, who is taken to find the truth.
        blocked: Of refusing it: what a wrongly refused customer costs, else 0.
    """

    passed: np.ndarray
    reviewed: np.ndarray
    blocked: np.ndarray

    def take(self, rows: np.ndarray) -> "Costs":
        return Costs(self.passed[rows], self.reviewed[rows], self.blocked[rows])

    def of(self, decision: np.ndarray) -> np.ndarray:
        """The cost of each row under `decision`, `(rows,)`."""
        return np.select([decision == BLOCK, decision == REVIEW], [self.blocked, self.reviewed], self.passed)


def screening_costs(positive: np.ndarray, missed, *, review: float, false_block: float) -> Costs:
    """What each answer costs where positives are to be stopped: passing one, reviewing any row, blocking a negative.

    Args:
        positive: Whether each row is positive, `(rows,)`; one that is not known counts as negative.
        missed: Lost with a positive row that passes; a number, or one a row.
        review: Of a person looking at one row.
        false_block: Of refusing a row that is not positive.
    Example:
        >>> screening_costs(np.array([True, False]), 90, review=5, false_block=30).passed.tolist()
        [90, 0]
    """
    return Costs(
        passed=positive * missed,
        reviewed=np.full(len(positive), review),
        blocked=~positive * false_block,
    )


@dataclass(frozen=True)
class Thresholds:
    """Review from one probability on, block from a higher one on.

    Example:
        >>> Thresholds(review=0.2, block=0.9).decide(np.array([0.1, 0.2, 0.95])).tolist()
        ['pass', 'review', 'block']
    """

    review: float
    block: float

    def decide(self, score: np.ndarray) -> np.ndarray:
        """`pass`, `review` or `block` for each score, `(rows,)`."""
        score = np.asarray(score, np.float64)  # in float32 a threshold may round down onto the next score
        return np.select([score >= self.block, score >= self.review], [BLOCK, REVIEW], PASS)

    def to_dict(self) -> dict[str, Any]:
        return {"review": self.review, "block": self.block}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Thresholds":
        return cls(float(values["review"]), float(values["block"]))


NEVER = 2.0  # a threshold that no probability reaches


def cheapest_thresholds(score: np.ndarray, costs: Costs, *, most: float = 1.0) -> Thresholds:
    """The two thresholds with the least total cost on these rows; all pairs are weighed.

    Rows are sorted by score; with k_block rows blocked and k_review >= k_block rows stopped in all, the
    total is a sum of two running totals, so the best pair is found in one pass. A threshold stands half-way
    between two scores, so that it does not hang on one validation row.

    Args:
        score: Probability of each row, `(rows,)`.
        costs: Of the same rows.
        most: Largest share of the rows that may be stopped (reviewed or blocked): an alert budget.
    Example:
        >>> label, score = np.array([0, 0, 0, 1, 1]), np.array([0.05, 0.1, 0.3, 0.4, 0.9])
        >>> costs = Costs(passed=label * 100.0, reviewed=np.full(5, 5.0), blocked=(1 - label) * 50.0)
        >>> cheapest_thresholds(score, costs)    # everything above .35 is fraud: no need for a review
        Thresholds(review=0.35, block=0.35)
    """
    score = np.asarray(score, np.float64)
    order = np.argsort(-score, kind="stable")
    sorted_score, costs = score[order], costs.take(order)
    last_of_tie = np.r_[True, sorted_score[1:] != sorted_score[:-1], True]
    places = np.flatnonzero(last_of_tie)  # how many rows may be above a threshold: a tie whole or not at all
    places = places[places <= most * len(score) + 1e-9]
    block = np.r_[0.0, np.cumsum(costs.blocked - costs.reviewed)][places]
    review = np.r_[0.0, np.cumsum(costs.reviewed - costs.passed)][places]
    best_block = np.minimum.accumulate(block)  # the best blocking for each number of stopped rows
    stopped = int(np.argmin(review + best_block))
    blocked = int(np.argmin(block[: stopped + 1]))
    return Thresholds(_between(sorted_score, places[stopped]), _between(sorted_score, places[blocked]))


def _between(descending: np.ndarray, count: int) -> float:
    """A threshold that exactly the first `count` scores reach."""
    if count == 0:
        return NEVER
    if count == len(descending):
        return 0.0
    return half_way(descending[count], descending[count - 1])
