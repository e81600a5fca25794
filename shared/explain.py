"""What drives a score: permutation importance over rows, Shapley values of one row.

Both work on the arrays a model reads, so they suit every network: a feature is a set of places in
these arrays (`Places`), all moved together.
"""

from collections.abc import Callable, Sequence

import numpy as np

from shared.inputs import Arrays

Places = dict[str, list[tuple[str, int | None]]]
"""Feature -> places `(input name, column)`; column None is the whole input, such as a window."""

Scorer = Callable[[Arrays], np.ndarray]


def permutation_importance(
    arrays: Arrays,
    label: np.ndarray,
    places: Places,
    scorer: Scorer,
    metric: Callable[..., float],
    *,
    weights: np.ndarray | None = None,
    repeats: int = 3,
    seed: int = 0,
) -> list[dict[str, float]]:
    """How much `metric` falls when the values of one feature are dealt out anew, most important first.

    Args:
        arrays: The rows to look at.
        places: Where each feature stands.
        scorer: Arrays -> probability of each row.
        weights: Of the rows, where one class was thinned out.
        repeats: Shuffles a feature; the interval spans mean +- 2 standard errors over them.
    Reference:
        Breiman, Random Forests, 2001, section 10
    """
    rng = np.random.default_rng(seed)
    rows = len(label)
    whole = metric(label, scorer(arrays), weights)
    found = []
    for feature, where in places.items():
        falls = []
        for _ in range(repeats):
            order = rng.permutation(rows)
            falls.append(whole - metric(label, scorer(_replaced(arrays, where, order)), weights))
        mean, error = np.mean(falls), np.std(falls, ddof=1) / np.sqrt(repeats) if repeats > 1 else 0.0
        found.append(
            {
                "feature": feature,
                "value": float(mean),
                "low": float(mean - 2 * error),
                "high": float(mean + 2 * error),
            }
        )
    return sorted(found, key=lambda row: -row["value"])


def _replaced(arrays: Arrays, where: Sequence[tuple[str, int | None]], order: np.ndarray) -> Arrays:
    out = dict(arrays)
    for name, column in where:
        if column is None:
            out[name] = arrays[name][order]
        else:
            out[name] = out[name].copy() if out[name] is arrays[name] else out[name]
            out[name][:, column] = arrays[name][order, column]
    return out


def shapley_values(
    row: Arrays,
    background: Arrays,
    places: Places,
    scorer: Scorer,
    *,
    samples: int = 64,
    seed: int = 0,
) -> dict[str, float]:
    """What each feature of one row adds to its score, against rows of the background.

    In each sample the features of a random background row are turned, in random order, into those of the
    row; a feature is credited with the change its turn brings. The values add up to the score of the row
    minus the mean score of the sampled background rows.

    Args:
        row: Arrays with one row.
        background: Arrays with many rows, from training.
        scorer: Arrays -> score of each row (log odds add up best).
    Reference:
        Strumbelj & Kononenko, Explaining prediction models, 2014, algorithm 1
    Example:
        >>> row, background = {"x": np.array([[2.0, 1.0]])}, {"x": np.zeros((5, 2))}
        >>> shapley_values(row, background, {"a": [("x", 0)], "b": [("x", 1)]}, lambda arrays: arrays["x"] @ [3.0, 1.0])
        {'a': 6.0, 'b': 1.0}
    """
    rng = np.random.default_rng(seed)
    features = list(places)
    size = len(next(iter(background.values())))
    starts = rng.integers(size, size=samples)
    orders = [rng.permutation(len(features)) for _ in range(samples)]
    steps = len(features) + 1
    batch = {name: np.repeat(values[starts], steps, axis=0) for name, values in background.items()}
    for sample, order in enumerate(orders):
        for turn, place in enumerate(order, start=1):
            later = slice(sample * steps + turn, (sample + 1) * steps)
            for name, column in places[features[place]]:
                if column is None:
                    batch[name][later] = row[name][0]
                else:
                    batch[name][later, column] = row[name][0, column]
    scores = np.asarray(scorer(batch)).reshape(samples, steps)
    gains = np.diff(scores, axis=1)
    values = np.zeros(len(features))
    for order, gain in zip(orders, gains):
        values[order] += gain
    return dict(zip(features, (values / samples).tolist()))


def label_rows(label: np.ndarray, *, most: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """At most `most` rows: every positive (up to half), the rest negatives, with the weights that undo it."""
    rng = np.random.default_rng(seed)
    positive, negative = np.flatnonzero(label > 0), np.flatnonzero(label <= 0)
    take_positive = min(len(positive), most // 2)
    take_negative = min(len(negative), most - take_positive)
    rows = np.r_[rng.choice(positive, take_positive, False), rng.choice(negative, take_negative, False)]
    weights = np.r_[
        np.full(take_positive, len(positive) / max(take_positive, 1)),
        np.full(take_negative, len(negative) / max(take_negative, 1)),
    ]
    return rows, weights
