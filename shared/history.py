"""Causal features of a key (a card, a terminal, a machine): what was known of it before each row.

Everything here reads rows of the same key that are strictly earlier than the row at hand, so rows
of equal time never see each other and the order of the file does not matter.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

DAY = 86_400.0


def key_codes(*columns: pd.Series) -> np.ndarray:
    """Numbers the distinct values of one column, or the distinct tuples of several; missing is -1.

    Shape: `(rows,)`, int64.
    Example:
        >>> key_codes(pd.Series(["a", "b", None, "a"])).tolist()
        [0, 1, -1, 0]
    """
    total = None
    for column in columns:
        if isinstance(column.dtype, pd.CategoricalDtype):
            codes, size = column.cat.codes.to_numpy().astype(np.int64), len(column.cat.categories)
        else:
            codes, uniques = pd.factorize(column)
            size = len(uniques)
        if total is None:
            total = codes.astype(np.int64)
        else:
            total = np.where((total < 0) | (codes < 0), -1, total * size + codes)
    if len(columns) > 1:
        known = total >= 0
        total[known] = pd.factorize(total[known])[0]
    return total


class History:
    """The rows of a table sorted by key and time, ready for windows over the past.

    Rows without a key (code -1) have no past: each is a key of its own.

    Args:
        codes: Key of each row, int64, `(rows,)`; -1 for none.
        time: Seconds, float64, `(rows,)`; in any order.
    Example:
        >>> history = History(np.array([0, 0, 1, 0]), np.array([0.0, 10.0, 11.0, 30.0]))
        >>> history.count(15.0).tolist()                 # earlier rows of the key, at most 15 s back
        [0.0, 1.0, 0.0, 0.0]
        >>> history.total(np.array([5.0, 7.0, 1.0, 2.0]), 100.0).tolist()
        [0.0, 5.0, 0.0, 12.0]
    """

    def __init__(self, codes: np.ndarray, time: np.ndarray):
        codes = np.asarray(codes, np.int64).copy()
        time = np.asarray(time, np.float64)
        absent = codes < 0
        codes[absent] = codes.max(initial=-1) + 1 + np.arange(absent.sum())
        in_order = bool(np.all(time[1:] >= time[:-1]))
        self.order = np.argsort(codes, kind="stable") if in_order else np.lexsort((time, codes))
        self.codes, self.time = codes[self.order], time[self.order]
        start = (
            np.flatnonzero(np.r_[True, self.codes[1:] != self.codes[:-1]]) if len(codes) else np.zeros(0, int)
        )
        self.length = np.diff(np.r_[start, len(codes)])
        self.start = np.repeat(start, self.length)
        # One sorted axis over all keys turns every window into two look-ups. Milliseconds keep it exact.
        stamp = np.round((self.time - (self.time.min() if len(codes) else 0)) * 1000).astype(np.int64)
        self._span = int(stamp.max(initial=0)) + 1
        self._stamp = stamp
        self._before = np.searchsorted(self._axis(stamp), self._axis(stamp), side="left")
        self._bounds: dict[tuple[float, float], tuple[np.ndarray, np.ndarray]] = {}

    def __len__(self) -> int:
        return len(self.order)

    def _axis(self, stamp: np.ndarray) -> np.ndarray:
        dense = np.cumsum(np.r_[False, self.codes[1:] != self.codes[:-1]]) if len(stamp) else stamp
        return dense * (2 * self._span) + np.clip(stamp, -self._span + 1, self._span)

    def _window(self, window: float, delay: float) -> tuple[np.ndarray, np.ndarray]:
        """First and past-the-last sorted place of the window `[t - delay - window, t - delay]` of each row."""
        if (window, delay) not in self._bounds:
            axis = self._axis(self._stamp)
            end = self._before
            if delay > 0:
                end = np.searchsorted(axis, self._axis(self._stamp - round(delay * 1000)), side="right")
                end = np.minimum(np.maximum(end, self.start), self._before)
            if np.isinf(window):
                first = self.start
            else:
                back = self._axis(self._stamp - round((delay + window) * 1000))
                first = np.maximum(np.searchsorted(axis, back, side="left"), self.start)
            self._bounds[window, delay] = np.minimum(first, end), end
        return self._bounds[window, delay]

    def _unsort(self, values: np.ndarray) -> np.ndarray:
        out = np.empty(len(values), values.dtype)
        out[self.order] = values
        return out

    def count(self, window: float = np.inf, *, delay: float = 0.0) -> np.ndarray:
        """Earlier rows of the key between `delay` and `delay + window` seconds ago. `(rows,)`, float64."""
        first, end = self._window(window, delay)
        return self._unsort((end - first).astype(np.float64))

    def total(self, values: np.ndarray, window: float = np.inf, *, delay: float = 0.0) -> np.ndarray:
        """Sum of `values` over those rows. `(rows,)`, float64. Missing values count as 0."""
        first, end = self._window(window, delay)
        values = np.nan_to_num(np.asarray(values, np.float64)[self.order])
        running = np.r_[0.0, np.cumsum(values)]
        return self._unsort(running[end] - running[first])

    def mean(self, values: np.ndarray, window: float = np.inf, *, delay: float = 0.0) -> np.ndarray:
        """Mean of `values` over those rows; NaN where there are none. `(rows,)`, float64."""
        count = self.count(window, delay=delay)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(count > 0, self.total(values, window, delay=delay) / count, np.nan)

    def seconds_since_last(self) -> np.ndarray:
        """Seconds since the latest earlier row of the key; NaN on a first row. `(rows,)`, float64."""
        last = self._before - 1
        since = np.where(last >= self.start, self.time - self.time[np.maximum(last, 0)], np.nan)
        return self._unsort(since)

    def rank(self) -> np.ndarray:
        """Place of each row among the rows of its key, from 0, in order of time. `(rows,)`, int64."""
        return self._unsort(np.arange(len(self)) - self.start)


def seconds(time: pd.Series) -> np.ndarray:
    """Seconds since 1970 of a datetime column, float64.

    Example:
        >>> seconds(pd.Series(pd.to_datetime(["1970-01-02"]))).tolist()
        [86400.0]
    """
    return time.to_numpy("datetime64[us]").astype(np.int64) / 1e6


def latest_known(label: np.ndarray, keep: Sequence[int] = (0, 1)) -> np.ndarray:
    """Labels with everything but `keep` set to NaN: what a history may add up."""
    label = np.asarray(label, np.float64)
    return np.where(np.isin(label, keep), label, np.nan)
