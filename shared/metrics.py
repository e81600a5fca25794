"""How well probabilities tell positive rows from negative ones: NumPy only, `(y_true, y_pred)` in that order.

Every metric marked `metric` can be called as `f(y_true, y_pred, weights=None)`, and has a second form
`f.prepare(y_true, y_pred)` that sorts once and returns a function of the weights; a bootstrap calls that with
the counts of each resample, and so never sorts twice. Whole-number weights give what repeating the rows would
give. A metric without a value (no positive rows, say) is NaN.
"""

import functools
from collections.abc import Callable

import numpy as np

from shared.ranking import SMALLEST, Bins, Ranking, checked, running, share

Weighted = Callable[[np.ndarray | None], float]


def metric(prepare: Callable[..., Weighted]) -> Callable[..., float]:
    """Makes a metric `f(y_true, y_pred, weights=None)` with the attribute `prepare` from its prepared form.

    Example:
        >>> @metric
        ... def accuracy(y_true, y_pred):
        ...     right = (y_pred >= 0.5) == y_true
        ...     return lambda weights: float(np.average(right, weights=weights))
        >>> accuracy(np.array([0, 1, 1]), np.array([0.1, 0.9, 0.2]), weights=np.array([1, 1, 2]))
        0.5
    """

    @functools.wraps(prepare)
    def function(y_true, y_pred, weights=None, **options) -> float:
        return prepare(y_true, y_pred, **options)(weights)

    del function.__wrapped__  # the signature to show is the one with weights
    function.prepare = prepare
    return function


@metric
def average_precision(y_true, y_pred) -> Weighted:
    """Mean precision over the positives, each at its own score; tied scores count as one threshold.

    Range: [0, 1], higher is better; a score without information reaches the share of positives.
    Example:
        >>> average_precision(np.array([0, 1, 0, 1]), np.array([0.1, 0.4, 0.35, 0.8]))
        1.0
    """
    ranking = Ranking(y_true, y_pred)

    def weighted(weights=None):
        own, (hits, alarms), _, positives, _ = ranking.sums(weights)
        return float(own @ share(hits, alarms) / positives) if positives > 0 else float("nan")

    return weighted


@metric
def roc_auc(y_true, y_pred) -> Weighted:
    """Chance that a positive row scores above a negative one; a tie counts half.

    Range: [0, 1], higher is better; .5 without information.
    Example:
        >>> roc_auc(np.array([0, 1, 0, 1]), np.array([0.1, 0.4, 0.4, 0.8]))
        0.875
    """
    ranking = Ranking(y_true, y_pred)

    def weighted(weights=None):
        own, (hits, alarms), (hits_above, alarms_above), positives, total = ranking.sums(weights)
        if not 0 < positives < total:
            return float("nan")
        wrong = (alarms - hits + alarms_above - hits_above) / 2  # negatives above, those tied counted half
        return float(1 - own @ wrong / (positives * (total - positives)))

    return weighted


@metric
def recall_at_precision(y_true, y_pred, *, precision: float = 0.5) -> Weighted:
    """The most positives found (as a share) by a threshold whose alarms are this often right; 0 if none.

    Example:
        >>> recall_at_precision(np.array([0, 1, 1, 1]), np.array([0.5, 0.4, 0.6, 0.8]), precision=0.9)
        0.6666666666666666
    """
    ranking = Ranking(y_true, y_pred)

    def weighted(weights=None):
        _, (hits, alarms), _, positives, _ = ranking.sums(weights)
        good = hits[share(hits, alarms) >= precision]
        return float(good.max(initial=0) / positives) if positives > 0 else float("nan")

    return weighted


def _mean_of(losses: np.ndarray) -> Weighted:
    def weighted(weights=None):
        return float(losses.mean() if weights is None else losses @ weights / np.sum(weights))

    return weighted


@metric
def log_loss(y_true, y_pred) -> Weighted:
    """Mean negative log-likelihood, in nats; lower is better. Probabilities are kept 2.2e-16 from 0 and 1.

    Example:
        >>> round(log_loss(np.array([0, 1]), np.array([0.5, 0.5])), 4)
        0.6931
    """
    y_true, y_pred = checked(y_true, y_pred)
    y_pred = np.clip(y_pred, SMALLEST, 1 - SMALLEST)
    return _mean_of(-np.where(y_true == 1, np.log(y_pred), np.log1p(-y_pred)))


@metric
def brier(y_true, y_pred) -> Weighted:
    """Mean squared distance of the probability from the label, in [0, 1]; lower is better.

    Example:
        >>> brier(np.array([0, 1]), np.array([0.5, 0.5]))
        0.25
    """
    y_true, y_pred = checked(y_true, y_pred)
    return _mean_of((y_true - y_pred) ** 2)


@metric
def expected_calibration_error(y_true, y_pred, *, bins: int = 15, equal_mass: bool = True) -> Weighted:
    """Mean distance of the predicted from the observed share of positives, over bins of the probability.

    The bins hold the same number of rows (`equal_mass`, the default) or have the same width; equal width puts
    nearly all rows of a rare-event problem into one bin. Ties stay in one bin. In [0, 1], lower is better;
    on a finite sample even a perfect model is above 0.
    Reference:
        Naeini, Cooper & Hauskrecht, 2015; equal mass: Nixon et al., 2019, https://arxiv.org/abs/1904.01685
    Example:
        >>> y_true, y_pred = np.array([0, 1, 1, 1]), np.array([0.2, 0.2, 0.9, 0.9])
        >>> round(expected_calibration_error(y_true, y_pred, bins=2), 4)
        0.2
    """
    cut = Bins(y_true, y_pred, bins=bins, equal_mass=equal_mass)
    distance = cut.labels - cut.scores

    def weighted(weights=None):
        mass, off = cut.sums(weights, distance)
        return float(np.abs(off).sum() / mass.sum())

    return weighted


expected_calibration_error.biased = True  # a resample has more noise, so it is further off than the whole


def reliability_curve(y_true, y_pred, *, bins: int = 15, equal_mass: bool = True) -> dict[str, np.ndarray]:
    """Predicted and observed share of positives in each bin of `expected_calibration_error` that has rows.

    Returns:
        Arrays `predicted`, `observed`, `low`, `high` (95 % Wilson interval of `observed`) and `rows`.
    Example:
        >>> y_true, y_pred = np.array([0, 1, 1, 1]), np.array([0.2, 0.2, 0.9, 0.9])
        >>> reliability_curve(y_true, y_pred, bins=2)["observed"].tolist()
        [0.5, 1.0]
    """
    cut = Bins(y_true, y_pred, bins=bins, equal_mass=equal_mass)
    rows, positives, predicted = cut.sums(None, cut.labels, cut.scores)
    rows, positives, predicted = (each[rows > 0] for each in (rows, positives, predicted))
    observed, z = positives / rows, 1.959964
    middle = (observed + z**2 / (2 * rows)) / (1 + z**2 / rows)
    half = z * np.sqrt(observed * (1 - observed) / rows + z**2 / (4 * rows**2)) / (1 + z**2 / rows)
    low, high = np.clip(middle - half, 0, observed), np.clip(middle + half, observed, 1)
    return dict(predicted=predicted / rows, observed=observed, low=low, high=high, rows=rows.astype(np.int64))


def precision_recall_curve(y_true, y_pred, *, points: int = 200) -> dict[str, np.ndarray]:
    """Precision and recall at the thresholds at which recall changes, thinned to evenly spaced recalls.

    Returns:
        Arrays `threshold` (alarm where the score is at or above it), `precision`, `recall`, from the highest
        threshold down; the first and the last are always kept.
    Example:
        >>> precision_recall_curve(np.array([0, 1, 1]), np.array([0.5, 0.4, 0.6]))["recall"].tolist()
        [0.5, 1.0]
    """
    ranking = Ranking(y_true, y_pred)
    _, (hits, alarms), _, positives, _ = ranking.sums(None)
    keep = np.flatnonzero(np.diff(hits, append=np.inf))  # the last positive of each tie
    if len(keep) > points:
        wanted = np.linspace(hits[keep[0]], positives, points)
        keep = keep[np.unique(np.searchsorted(hits[keep], wanted))]
    threshold = ranking.scores[ranking.positives[keep]]
    return dict(threshold=threshold, precision=share(hits, alarms)[keep], recall=hits[keep] / positives)


def confusion(y_true, y_pred, *, threshold: float, weights=None) -> dict[str, float]:
    """Weight of true and false alarms, missed and true passes, with an alarm at or above the threshold.

    Example:
        >>> confusion(np.array([0, 1, 1]), np.array([0.7, 0.6, 0.2]), threshold=0.5)
        {'true_alarms': 1.0, 'false_alarms': 1.0, 'missed': 1.0, 'true_passes': 0.0}
    """
    y_true, y_pred = checked(y_true, y_pred)
    weights = np.ones(len(y_true)) if weights is None else np.asarray(weights, np.float64)
    alarm, positive = y_pred >= threshold, y_true == 1
    parts = {"true_alarms": alarm & positive, "false_alarms": alarm & ~positive}
    parts |= {"missed": ~alarm & positive, "true_passes": ~alarm & ~positive}
    return {name: float(weights[part].sum()) for name, part in parts.items()}


def total_cost(
    y_true, y_pred, weights=None, *, threshold: float, missed, false_alarm, true_alarm=0.0
) -> float:
    """Cost of all rows at a threshold; each cost is one number or one a row (such as the amount at stake).

    Args:
        missed: Cost of a positive row below the threshold.
        false_alarm: Cost of a negative row at or above it.
        true_alarm: Cost of a positive row at or above it (the review itself).
    Example:
        >>> y_true, y_pred = np.array([0, 1, 1]), np.array([0.7, 0.6, 0.2])
        >>> total_cost(y_true, y_pred, threshold=0.5, missed=100, false_alarm=5)
        105.0
    """
    y_true, y_pred = checked(y_true, y_pred)
    alarm = y_pred >= threshold
    of_positive, of_negative = np.where(alarm, true_alarm, missed), np.where(alarm, false_alarm, 0.0)
    costs = np.where(y_true == 1, of_positive, of_negative)
    return float(costs.sum() if weights is None else costs @ weights)


@metric
def card_precision_at_k(y_true, y_pred, *, day, card, k: int = 100) -> Weighted:
    """Share of compromised cards among the k most suspicious cards of a day, meaned over the days.

    A card's score and label on a day are the largest of its payments. Cards found (in the top k and
    compromised) are left out on later days. The share is of k, even on a day with fewer cards. Tied cards
    rank by their name.

    Weights belong to cards: a card of weight 2 takes two of the k places, and one of weight 0 is absent. So a
    bootstrap needs `groups=card`: cards are resampled, the days stay as they are.
    Args:
        day: Day of each row: whole numbers or dates.
        card: Card of each row.
        k: Cards that can be checked in one day.
    Raises:
        ValueError: If the rows of one card differ in weight.
    Reference:
        Le Borgne et al., Reproducible Machine Learning for Credit Card Fraud Detection, 2022, chapter 4
    Example:
        >>> y, p = np.array([1, 0, 1, 0]), np.array([0.9, 0.8, 0.7, 0.1])
        >>> card_precision_at_k(y, p, day=np.array([0, 0, 1, 1]), card=np.array(["a", "b", "a", "b"]), k=1)
        0.5
    """
    y_true, y_pred = checked(y_true, y_pred)
    cards, code = np.unique(np.asarray(card), return_inverse=True)
    first_row = np.full(len(cards), len(code))
    np.minimum.at(first_row, code, np.arange(len(code)))
    days = [_suspicious_cards(y_true[rows], y_pred[rows], code[rows]) for rows in _rows_by(np.asarray(day))]

    def weighted(weights=None):
        places = np.ones(len(cards)) if weights is None else np.asarray(weights, np.float64)[first_row]
        if weights is not None and (places[code] != weights).any():
            raise ValueError("all rows of a card need the same weight: resample with groups=card")
        found, shares = np.zeros(len(cards), bool), []
        for who, compromised in days:
            who, compromised = who[~found[who]], compromised[~found[who]]
            before = running(places[who])[:-1]
            taken = np.clip(k - before, 0, places[who])
            hit = compromised & (taken > 0)
            shares.append(taken[hit].sum() / k)
            found[who[hit]] = True
        return float(np.mean(shares))

    return weighted


def _rows_by(values: np.ndarray) -> list[np.ndarray]:
    """Row positions of each value, by rising value."""
    order = np.argsort(values, kind="stable")
    return np.split(order, np.flatnonzero(values[order][1:] != values[order][:-1]) + 1)


def _suspicious_cards(
    label: np.ndarray, score: np.ndarray, code: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """One day's cards by falling score, and whether each is compromised."""
    order = np.lexsort((-score, code))
    starts = np.flatnonzero(np.r_[True, code[order][1:] != code[order][:-1]])
    top, compromised = score[order][starts], np.maximum.reduceat(label[order], starts) == 1
    rank = np.argsort(-top, kind="stable")
    return code[order][starts][rank], compromised[rank]
