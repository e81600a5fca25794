"""Causal features of a key (a card, a terminal, a machine): what was known of it before each row.

Every sum, count and mean here reads rows of the same key that are strictly earlier than the row at hand,
so rows of equal time never see each other and the order of the file does not matter.
"""

import numpy as np
import pandas as pd

DAY = 86_400.0
LONGEST = 4e12  # seconds; microseconds of twice as many fit into int64


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
            known = total >= 0  # numbered anew after each column, so that the product never overflows
            total[known] = pd.factorize(total[known])[0]
    return total


class History:
    """The rows of a table sorted by key and time, ready for windows over the past.

    Rows without a key (code -1) have no past: each is a key of its own. A window ends before the row's own
    millisecond, and holds both of its bounds else: what is exactly `delay` or `delay + window` seconds old
    is in it. What is computed for a row depends on the earlier rows of its key alone, to the last bit.

    Args:
        codes: Key of each row, int64, `(rows,)`; below 0 for none.
        time: Seconds, float64, `(rows,)`; in any order, none missing.
    Raises:
        ValueError: If a time is missing, or a window or a delay is negative.
    Example:
        >>> history = History(np.array([0, 0, 1, 0]), np.array([0.0, 10.0, 11.0, 30.0]))
        >>> history.count(15.0).tolist()                 # earlier rows of the key, at most 15 s back
        [0.0, 1.0, 0.0, 0.0]
        >>> history.total(np.array([5.0, 7.0, 1.0, 2.0]), 100.0).tolist()
        [0.0, 5.0, 0.0, 12.0]
    """

    def __init__(self, codes: np.ndarray, time: np.ndarray):
        codes, time = np.asarray(codes, np.int64), np.asarray(time, np.float64)
        if not np.isfinite(time).all():
            raise ValueError(f"row {int(np.argmin(np.isfinite(time))) + 1} has no time")
        in_order = bool(np.all(time[1:] >= time[:-1]))
        self.order = np.argsort(codes, kind="stable") if in_order else np.lexsort((time, codes))
        self.codes, self.time = codes[self.order], time[self.order]
        first = (np.r_[-1, self.codes[:-1]] != self.codes) | (self.codes < 0)
        self._key = np.cumsum(first) - 1
        start = np.flatnonzero(first)
        self.length = np.diff(np.r_[start, len(codes)])
        self.start = np.repeat(start, self.length)
        # One sorted axis over all keys turns every window into two look-ups. Each key has a stretch of its own
        # length on it, with a place below for all that was before its first row. Milliseconds keep it exact.
        self._stamp = np.round((self.time - self.time[self.start]) * 1000).astype(np.int64)
        self._span = self._stamp[self.start + np.repeat(self.length, self.length) - 1]
        ends = np.cumsum(self._span[start] + 2.0)
        if len(ends) and ends[-1] > 2**62:
            raise ValueError("the keys span more than 146 million years in all; are the times seconds?")
        self._base = np.repeat(np.r_[0, np.cumsum(self._span[start] + 2)[:-1]], self.length) + 1
        self._rows = self._axis(0)
        self._before = np.searchsorted(self._rows, self._rows, side="left")
        self._bounds: dict[tuple[float, float], tuple[np.ndarray, np.ndarray]] = {}

    def __len__(self) -> int:
        return len(self.order)

    def _axis(self, back: float) -> np.ndarray:
        """Place on the axis of each row's moment, `back` seconds ago."""
        back = min(round(back * 1000), 2**62)
        return self._base + np.maximum(self._stamp - back, -1)

    def _window(self, window: float, delay: float) -> tuple[np.ndarray, np.ndarray]:
        """First and past-the-last sorted place of the window `[t - delay - window, t - delay]` of each row."""
        if not (window >= 0 and 0 <= delay < np.inf):
            raise ValueError(f"expected a window and a delay of 0 or more, found {window} and {delay}")
        if (window, delay) not in self._bounds:
            first, end = self.start, self._before
            if delay > 0:
                end = np.minimum(np.searchsorted(self._rows, self._axis(delay), side="right"), end)
            if window < np.inf:
                first = np.searchsorted(self._rows, self._axis(delay + window), side="left")
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
        """Sum of `values` over those rows. `(rows,)`, float64. Missing and infinite values count as 0."""
        first, end = self._window(window, delay)
        values = np.asarray(values, np.float64)[self.order]
        values = np.where(np.isfinite(values), values, 0.0)
        # The running total starts anew with each key: no other key, and nothing later, touches its last bits.
        running = np.r_[0.0, pd.Series(values).groupby(self._key, sort=False).cumsum().to_numpy()]
        until_end = np.where(end > first, running[end], 0.0)
        return self._unsort(until_end - np.where((end > first) & (first > self.start), running[first], 0.0))

    def mean(self, values: np.ndarray, window: float = np.inf, *, delay: float = 0.0) -> np.ndarray:
        """Mean of those of these `values` that are known; NaN where there are none. `(rows,)`, float64."""
        known = np.isfinite(np.asarray(values, np.float64))
        total = self.total(values, window, delay=delay)
        count = self.count(window, delay=delay) if known.all() else self.total(known, window, delay=delay)
        return np.divide(total, count, out=np.full(len(self), np.nan), where=count > 0)

    def seconds_since_last(self) -> np.ndarray:
        """Seconds since the latest earlier row of the key; NaN on a first row. `(rows,)`, float64."""
        last = self._before - 1
        since = np.where(last >= self.start, self.time - self.time[np.maximum(last, 0)], np.nan)
        return self._unsort(since)

    def rank(self) -> np.ndarray:
        """How many rows of its key are earlier than each row; rows of equal time share it. `(rows,)`, int64."""
        return self._unsort(self._before - self.start)

    def before(self) -> np.ndarray:
        """Place in `order` just past the earlier rows of each row's key. `(rows,)`, int64."""
        return self._unsort(self._before)


def seconds(time: pd.Series) -> np.ndarray:
    """Seconds since 1970 of a datetime column, float64; NaN where it is missing.

    Example:
        >>> seconds(pd.Series(pd.to_datetime(["1970-01-02"]))).tolist()
        [86400.0]
    """
    stamps = time.to_numpy("datetime64[us]")
    return np.where(np.isnat(stamps), np.nan, stamps.astype(np.int64) / 1e6)
