"""A share of the rows with its interval, exact where rows are independent, clustered where patients repeat."""

import numpy as np

from shared.images.metrics import share_interval
from shared.intervals import Estimate, bootstrap
from shared.metrics import Weighted, metric


@metric
def share_among(among, happened) -> Weighted:
    """Share of the rows in `among` for which it happened; NaN where there are none.

    Args:
        among: 1 for the rows that count, else 0, `(rows,)`.
        happened: 1 where it happened, else 0, `(rows,)`.
    Example:
        >>> share_among(np.array([1, 1, 0]), np.array([1, 0, 1]))
        0.5
    """
    among = np.asarray(among, np.float64)
    happened = among * np.asarray(happened, np.float64)

    def weighted(weights=None):
        whole = among.sum() if weights is None else among @ weights
        return float((happened.sum() if weights is None else happened @ weights) / whole) if whole else np.nan

    return weighted


def share_estimate(happened, among=None, *, groups=None, seed: int = 0) -> Estimate:
    """A share of rows with its 95 % interval.

    Without groups, or with one row a group, the interval is exact (Clopper-Pearson). Otherwise whole groups are
    resampled; where all rows agree the resamples do too, so the exact interval over the groups stands in.

    Args:
        happened: Whether it happened, `(rows,)`.
        among: The rows that count, `(rows,)`; None: all.
        groups: Patient of each row, `(rows,)`; None: each row is of another.
    Example:
        >>> found = share_estimate(np.array([True, True, True, False]))
        >>> found.value, round(found.low, 3), round(found.high, 3)
        (0.75, 0.194, 0.994)
    """
    happened = np.asarray(happened, bool).reshape(-1)
    rows = slice(None) if among is None else np.asarray(among, bool).reshape(-1)
    happened = happened[rows]
    groups = None if groups is None else np.asarray(groups).reshape(-1)[rows]
    count = None if groups is None else len(np.unique(groups))
    if count is None or count == len(happened):
        return share_interval(int(happened.sum()), len(happened))
    if happened.all() or not happened.any():
        return share_interval(count * int(happened.all()), count)
    ones = np.ones(len(happened))
    drawn = bootstrap(ones, {"rows": happened}, {"share": share_among}, groups=groups, seed=seed)
    return drawn.estimate("rows", "share")
