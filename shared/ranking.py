"""Rows sorted once by their score, so that metrics of many weightings cost one pass each."""

import numpy as np

SMALLEST = float(np.finfo(np.float64).eps)  # probabilities are kept this far from 0 and 1 in logarithms


def checked(y_true, y_pred) -> tuple[np.ndarray, np.ndarray]:
    """`y_true` and `y_pred` as float64 of shape `(rows,)`.

    Raises:
        ValueError: If the lengths differ, there are no rows, a label is not 0 or 1, or a score is not finite.
    """
    y_true, y_pred = (np.asarray(values, np.float64).reshape(-1) for values in (y_true, y_pred))
    if len(y_true) != len(y_pred) or not len(y_true):
        raise ValueError(f"expected as many labels as predictions, found {len(y_true)} and {len(y_pred)}")
    if not np.isin(y_true, (0, 1)).all():
        raise ValueError(f"labels must be 0 or 1, found {np.unique(y_true[~np.isin(y_true, (0, 1))])[:3]}")
    if not np.isfinite(y_pred).all():
        row = int(np.flatnonzero(~np.isfinite(y_pred))[0])
        raise ValueError(f"predictions must be finite, found {y_pred[row]} at position {row}")
    return y_true, y_pred


class Ranking:
    """Rows from the highest score to the lowest, with the positives and their ties looked up once.

    `sums(weights)` gives the weight of each positive row in that order, the true alarms and all alarms at its
    score (ties included), the same two just above its score, and the weights of all positives and all rows.
    """

    def __init__(self, y_true, y_pred):
        y_true, y_pred = checked(y_true, y_pred)
        self.order = np.argsort(-y_pred, kind="stable")
        self.scores, labels = y_pred[self.order], y_true[self.order]
        starts = np.flatnonzero(np.r_[True, self.scores[1:] != self.scores[:-1]])
        ends = np.r_[starts[1:], len(labels)]
        self.positives = np.flatnonzero(labels)
        tie = np.searchsorted(starts, self.positives, side="right") - 1
        self.first, self.past = starts[tie], ends[tie]  # the tie is rows first .. past - 1
        self.first_positive = np.searchsorted(self.positives, self.first)
        self.past_positive = np.searchsorted(self.positives, self.past)
        self.ones = np.ones(len(labels))

    def sums(self, weights: np.ndarray | None):
        ranked = self.ones if weights is None else np.asarray(weights, np.float64)[self.order]
        alarms = running(ranked)
        own = ranked[self.positives]
        hits = running(own)
        at = hits[self.past_positive], alarms[self.past]
        above = hits[self.first_positive], alarms[self.first]
        return own, at, above, hits[-1], alarms[-1]


class Bins:
    """Rows by rising probability, cut into bins; a tie never lies in two bins.

    With `equal_mass` bins hold about the same weight: a tie belongs to the bin in which the middle of its
    weight lies. Otherwise bins are equally wide on [0, 1].
    """

    def __init__(self, y_true, y_pred, *, bins: int, equal_mass: bool):
        y_true, y_pred = checked(y_true, y_pred)
        self.order = np.argsort(y_pred, kind="stable")
        self.labels, self.scores = y_true[self.order], y_pred[self.order]
        self.starts = np.flatnonzero(np.r_[True, self.scores[1:] != self.scores[:-1]])
        self.ends = np.r_[self.starts[1:], len(self.scores)]
        self.cuts = np.arange(1, bins) / bins
        self.equal_mass = equal_mass

    def sums(self, weights: np.ndarray | None, *values: np.ndarray) -> list[np.ndarray]:
        """The weight of each bin, then its weighted sum of each of `values` (given in the order `order`)."""
        ranked = np.ones(len(self.order)) if weights is None else np.asarray(weights, np.float64)[self.order]
        mass = running(ranked)
        if self.equal_mass:
            middles = (mass[self.starts] + mass[self.ends]) / 2
            ties = np.searchsorted(middles, self.cuts * mass[-1])
            edges = np.r_[self.starts, len(self.scores)][ties]
        else:
            edges = np.searchsorted(self.scores, self.cuts)
        edges = np.r_[0, edges, len(self.scores)]
        return [np.diff(mass[edges]), *(np.diff(running(ranked * each)[edges]) for each in values)]


def running(values: np.ndarray) -> np.ndarray:
    """Sums of the first 0, 1, 2, ... values."""
    out = np.zeros(len(values) + 1)
    np.cumsum(values, out=out[1:])
    return out


def share(part, whole):
    """`part / whole`, and 0 where `whole` is 0."""
    return np.divide(part, whole, out=np.zeros(np.broadcast(part, whole).shape), where=np.asarray(whole) > 0)


def half_way(lower: float, upper: float) -> float:
    """A threshold that `upper` reaches and `lower` does not, so that it does not hang on a single row.

    Example:
        >>> half_way(0.25, 0.75), half_way(1.0, np.nextafter(1.0, 2.0)) > 1.0
        (0.5, True)
    """
    middle = (float(lower) + float(upper)) / 2
    return middle if middle > lower else float(upper)  # neighbours in floating point have nothing between


def labelled(label, score) -> tuple[np.ndarray, np.ndarray]:
    """Labels and scores, float64 `(rows,)`, of the rows whose label is known.

    Raises:
        ValueError: If the lengths differ or a known row's score lies outside [0, 1].
    Example:
        >>> labelled([1, None, 0], [0.9, 0.5, 0.1])[1].tolist()
        [0.9, 0.1]
    """
    label, score = (np.asarray(each, np.float64).reshape(-1) for each in (label, score))
    if len(label) != len(score):
        raise ValueError(f"expected as many labels as scores, found {len(label)} and {len(score)}")
    known = np.isfinite(label)
    label, score = label[known], score[known]
    if not ((score >= 0) & (score <= 1)).all():
        raise ValueError("scores must lie in [0, 1]")
    return label, score
