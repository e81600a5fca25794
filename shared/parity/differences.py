"""Two tables of answers to the same rows: how far scores lie apart, and how many decisions are others."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Comparison:
    """One route beside the reference.

    Args:
        rows: Answers that were compared.
        largest: Difference of a score; in rows with scores above 1, such as pieces, as a share of the row's largest.
        largest_own: The same as a share of the very score, where that is above 1.
        column: The score that differs most; None: none differs.
        flips: Answers of which a decision is another.
        flipped: The columns of these decisions, with how many are others.
    """

    rows: int
    largest: float
    largest_own: float
    column: str | None
    flips: int
    flipped: dict[str, int]

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON; a difference that is no number is None."""
        plain = asdict(self)
        return {name: None if value == float("inf") else value for name, value in plain.items()}


def compare(expected: pd.DataFrame, found: pd.DataFrame) -> Comparison:
    """Compares the answers of a route with those of the reference.

    All scores of a row are of one size, as the quantiles of a forecast are: a low one may be the small difference of
    large numbers, and no more exact than these.

    Floats are scores, but those that are whole in every row of the reference, such as orders in pieces, and all
    else are decisions.

    Example:
        >>> expected = pd.DataFrame({"score": [0.1, 0.9], "decision": ["pass", "block"]})
        >>> compare(expected, expected.assign(score=[0.1, 0.8], decision=["pass", "review"])).flips
        1
    """
    if list(expected.columns) != list(found.columns) or len(expected) != len(found):
        return Comparison(len(expected), float("inf"), float("inf"), None, len(expected), {})
    scores = score_columns(expected)
    sizes = np.maximum(1, np.nan_to_num(expected[scores].abs().max(axis=1).to_numpy(np.float64), nan=1))
    gaps, own = {}, [0.0]
    for name in scores:
        one, other = expected[name].to_numpy(np.float64), found[name].to_numpy(np.float64)
        within = not (np.abs(one) > 1).any()  # probabilities count as they are
        gaps[name] = _gap(one, other, np.ones(len(one)) if within else sizes)
        own.append(_gap(one, other, np.maximum(1, np.abs(one))))
    differs = {name: _differ(expected[name], found[name]) for name in expected.columns if name not in scores}
    largest = max(gaps.values(), default=0.0)
    column = max(gaps, key=gaps.get) if largest > 0 else None
    any_flip = np.any(list(differs.values()), axis=0) if differs else np.zeros(len(expected), bool)
    flipped = {name: int(each.sum()) for name, each in differs.items() if each.any()}
    return Comparison(len(expected), largest, max(own), column, int(any_flip.sum()), flipped)


def score_columns(answers: pd.DataFrame) -> Sequence[str]:
    """The columns of scores.

    Example:
        >>> score_columns(pd.DataFrame({"score": [0.5], "order": [3.0], "decision": ["pass"]}))
        ['score']
    """
    floats = answers.select_dtypes("float")
    return [name for name in floats if not _whole(floats[name].to_numpy())]


def _whole(values: np.ndarray) -> bool:
    known = values[np.isfinite(values)]
    return bool((known == np.round(known)).all())


def _gap(expected: np.ndarray, found: np.ndarray, sizes: np.ndarray) -> float:
    if not len(expected):
        return 0.0
    equal = (expected == found) | (np.isnan(expected) & np.isnan(found))
    with np.errstate(invalid="ignore"):
        gap = np.abs(found - expected) / sizes
    return float(np.where(equal, 0, np.nan_to_num(gap, nan=np.inf, posinf=np.inf)).max())


def _differ(expected: pd.Series, found: pd.Series) -> np.ndarray:
    one, other = expected.astype(object).to_numpy(), found.astype(object).to_numpy()
    missing = pd.isna(one) & pd.isna(other)
    return ~missing & np.array([bool(a != b) for a, b in zip(one, other)], bool)
