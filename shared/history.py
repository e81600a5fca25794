"""Causal features of a key (a card, a terminal, a machine): what was known of it before each row.

Every sum, count and mean here reads rows of the same key that are strictly earlier than the row at hand,
so rows of equal time never see each other and the order of the file does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # what is read row by row, in a service, does without pandas
    import pandas as pd

DAY = 86_400.0
FEW = 4096  # rows that are told apart faster one by one
LONG = 32  # rows of a key that are added up by themselves
LONGEST = 4e12  # seconds that a table may span; in microseconds twice as many fit into int64


def key_codes(*columns: pd.Series | np.ndarray) -> np.ndarray:
    """Numbers the distinct values of one column, or the distinct tuples of several; missing is -1.

    Args:
        columns: Of a data frame, or arrays of texts, in which None is missing.
    Shape: `(rows,)`, int64.
    Example:
        >>> key_codes(np.array(["a", "b", None, "a"], object)).tolist()
        [0, 1, -1, 0]
    """
    total, *others = [_codes(column) for column in columns]
    if others:
        total, *others = [_dense(codes) for codes in (total, *others)]
    for codes in others:
        known = (total >= 0) & (codes >= 0)
        pairs = total[known] * (codes.max(initial=-1) + 1) + codes[known]
        total = np.full(len(total), -1, np.int64)
        total[known] = _numbered(pairs)  # numbered anew each time, so that no product overflows
    return total


def _dense(codes: np.ndarray) -> np.ndarray:
    """The same codes as small numbers, such as hashes are not."""
    if codes.max(initial=0) < len(codes):
        return codes
    known = codes >= 0
    out = np.full(len(codes), -1, np.int64)
    out[known] = _numbered(codes[known])
    return out


def _numbered(values: np.ndarray) -> np.ndarray:
    """Numbers the distinct values."""
    return np.unique(values, return_inverse=True)[1].astype(np.int64)


def group_codes(keys: pd.Series | np.ndarray) -> np.ndarray:
    """Numbers the groups of rows that a key holds together; a row without a key is a group of its own.

    Example:
        >>> group_codes(np.array(["a", None, "a", None], object)).tolist()
        [0, 5, 0, 7]
    """
    codes = key_codes(keys)
    return np.where(codes < 0, len(codes) + np.arange(len(codes)), codes)


def _codes(column: pd.Series | np.ndarray) -> np.ndarray:
    if isinstance(column, np.ndarray) and column.dtype == object:
        seen: dict = {None: -1}
        return np.array([seen.setdefault(value, len(seen) - 1) for value in column.tolist()], np.int64)
    if isinstance(column, np.ndarray) and column.dtype.kind == "i":  # numbers already
        return column.astype(np.int64)
    if hasattr(column, "cat"):
        return column.cat.codes.to_numpy().astype(np.int64)
    import pandas as pd

    return pd.factorize(column)[0].astype(np.int64)


def alone_if_missing(codes: np.ndarray) -> np.ndarray:
    """Codes in which each row without a key (below 0) is a key of its own, with a number below 0.

    Where keys are groups (for intervals, splits, blocked cards), rows without one have nothing in common.

    Example:
        >>> alone_if_missing(np.array([0, -1, 0, -1])).tolist()
        [0, -1, 0, -2]
    """
    codes = np.array(codes, np.int64)
    absent = codes < 0
    codes[absent] = -1 - np.arange(absent.sum())
    return codes


@dataclass(frozen=True)
class Running:
    """Running totals of a column in the sorted order of its `History`.

    Args:
        sums: Of the values that are known, from the first row of each key on.
        counts: How many are known; None: all of them.
    """

    sums: np.ndarray
    counts: np.ndarray | None


class History:
    """The rows of a table sorted by key and time, ready for windows over the past.

    Rows without a key (code below 0) have no past: each is a key of its own. Times are exact to the
    microsecond, and so are the ends of every window, both of which belong to it. What is computed for a row
    depends on the earlier rows of its key alone, to the last bit.

    Args:
        codes: Key of each row, int64, `(rows,)`; -1 for none.
        time: Seconds, float64, `(rows,)`; in any order.
        asked: How many rows, the first ones, anything is asked of; None: all. Rows of keys that none of these has are
            left out, and what is told of them is 0.
    Raises:
        ValueError: If a time is missing, or the lengths differ.
    Example:
        >>> history = History(np.array([0, 0, 1, 0]), np.array([0.0, 10.0, 11.0, 30.0]))
        >>> history.count(15.0).tolist()                 # earlier rows of the key, at most 15 s back
        [0.0, 1.0, 0.0, 0.0]
        >>> history.total(np.array([5.0, 7.0, 1.0, 2.0]), 100.0).tolist()
        [0.0, 5.0, 0.0, 12.0]
    """

    def __init__(self, codes: np.ndarray, time: np.ndarray, *, asked: int | None = None):
        codes, stamp = alone_if_missing(codes), _microseconds(time)
        if len(codes) != len(stamp):
            raise ValueError(f"expected a time for each of {len(codes)} keys, found {len(stamp)}")
        self._rows = len(codes)
        kept = None if asked is None else np.flatnonzero(np.isin(codes, codes[:asked]))
        if kept is not None:
            codes, stamp = codes[kept], stamp[kept]
        in_order = bool(np.all(stamp[1:] >= stamp[:-1]))
        order = np.argsort(codes, kind="stable") if in_order else np.lexsort((stamp, codes))
        # Long before the sort by key, the times are in order or nearly so: it is quicker to rank them here.
        self._moments, moment = np.unique(stamp, return_inverse=True)
        self._moment = moment.astype(np.int32)[order]
        codes, self._stamp = codes[order], stamp[order]
        self.order = order if kept is None else kept[order]
        first = np.r_[True, codes[1:] != codes[:-1]][: len(codes)]  # of its key
        self.start = _latest(first)
        begins = np.flatnonzero(first)
        self._keys = begins, np.diff(np.append(begins, len(codes)))  # first row and number of rows of each
        # One sorted axis over all keys turns every window into look-ups. On it a time is its place among all
        # times of the table, so that neither long spans nor many keys can overflow it.
        self._key = (np.cumsum(first) - 1) * (len(self._moments) + 1)
        self._axis = self._key + self._moment
        self._before = _latest(np.r_[True, self._axis[1:] != self._axis[:-1]][: len(codes)])
        self._places: dict[tuple[float, str], np.ndarray] = {}
        self._at = slice(None) if asked is None else np.flatnonzero(self.order < asked)  # sorted places
        self._places_at = self.order[self._at], self.start[self._at], self._before[self._at]
        self._empty = bool((self._places_at[1] == self._places_at[2]).all())  # no row has a past

    def __len__(self) -> int:
        return self._rows

    def _reached(self, seconds: float, side: str) -> np.ndarray:
        """Sorted place of the first row of the key not before ("left") or after ("right") `seconds` ago."""
        if (seconds, side) not in self._places:
            moment, back = self._moment[self._at], round(min(seconds, LONGEST) * 1e6)
            if len(moment) < len(self._moments):
                place = np.searchsorted(self._moments, self._moments[moment] - back, side=side)
            else:
                place = np.searchsorted(self._moments, self._moments - back, side=side).astype(np.int32)[
                    moment
                ]
            self._places[seconds, side] = np.searchsorted(self._axis, self._key[self._at] + place)
        return self._places[seconds, side]

    def _window(self, window: float, delay: float) -> tuple[np.ndarray, np.ndarray]:
        """First and past-the-last sorted place of the window `[t - delay - window, t - delay]` of each row."""
        _, start, before = self._places_at
        end = before if delay == 0 else np.minimum(self._reached(delay, "right"), before)
        first = start if np.isinf(window) else self._reached(delay + window, "left")
        return np.minimum(first, end), end

    def _nothing(self, window: float, delay: float) -> bool:
        """Whether all windows are empty, since no row has a past."""
        if not (window >= 0 and 0 <= delay < np.inf):
            raise ValueError(
                f"expected window >= 0 and a finite delay >= 0, found {window} and {delay} seconds"
            )
        return self._empty

    def _unsort(self, values: np.ndarray) -> np.ndarray:
        out = np.zeros(self._rows, values.dtype)
        out[self._places_at[0]] = values
        return out

    def count(self, window: float = np.inf, *, delay: float = 0.0) -> np.ndarray:
        """Earlier rows of the key between `delay` and `delay + window` seconds ago. `(rows,)`, float64."""
        if self._nothing(window, delay):
            return np.zeros(self._rows)
        first, end = self._window(window, delay)
        return self._unsort((end - first).astype(np.float64))

    def total(
        self, values: np.ndarray | Running, window: float = np.inf, *, delay: float = 0.0
    ) -> np.ndarray:
        """Sum of `values` over those rows. `(rows,)`, float64. Missing and infinite values count as 0."""
        if self._nothing(window, delay):
            return np.zeros(self._rows)
        first, end = self._window(window, delay)
        running, start = values if isinstance(values, Running) else self.running(values), self._places_at[1]
        return self._unsort(_upto(running.sums, end, start) - _upto(running.sums, first, start))

    def running(self, values: np.ndarray) -> Running:
        """Running totals of each key's `values`, for a column that is summed over many windows.

        Example:
            >>> history = History(np.array([0, 0, 0]), np.array([0.0, 10.0, 20.0]))
            >>> values = history.running(np.array([1.0, 2.0, 3.0]))
            >>> history.total(values, 10.0).tolist(), history.total(values).tolist()
            ([0.0, 1.0, 2.0], [0.0, 1.0, 3.0])
        """
        if self._empty:
            return Running(np.zeros(0), None)
        values = np.asarray(values, np.float64)[self.order]
        known = np.isfinite(values)
        # Summed key by key: a sum over all keys would carry the rounding of one key's amounts to the others.
        all_known = bool(known.all())
        sums = _running_sums(values if all_known else np.where(known, values, 0.0), *self._keys)
        return Running(sums, None if all_known else _running_sums(known.astype(np.float64), *self._keys))

    def mean(self, values: np.ndarray | Running, window: float = np.inf, *, delay: float = 0.0) -> np.ndarray:
        """Mean of the `values` that are known over those rows; NaN where there are none. `(rows,)`, float64."""
        if self._nothing(window, delay):
            return self._unsort(np.full(len(self._places_at[0]), np.nan))
        running = values if isinstance(values, Running) else self.running(values)
        if running.counts is None:
            count = self.count(window, delay=delay)
        else:
            count = self.total(Running(running.counts, None), window, delay=delay)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(count > 0, self.total(running, window, delay=delay) / count, np.nan)

    def seconds_since_last(self) -> np.ndarray:
        """Seconds since the latest earlier row of the key; NaN on a first row. `(rows,)`, float64."""
        _, start, before = self._places_at
        last = before - 1
        since = (self._stamp[self._at] - self._stamp[np.maximum(last, 0)]) / 1e6
        return self._unsort(np.where(last >= start, since, np.nan))

    def rank(self) -> np.ndarray:
        """How many rows of its key are earlier than each row; rows of equal time share it. `(rows,)`, int64."""
        _, start, before = self._places_at
        return self._unsort(before - start)

    def before(self) -> np.ndarray:
        """Place in `order` just past the earlier rows of each row's key. `(rows,)`, int64."""
        return self._unsort(self._places_at[2])


def _microseconds(time: np.ndarray) -> np.ndarray:
    time = np.asarray(time, np.float64)
    if not (np.abs(time) < LONGEST / 2).all():
        raise ValueError("expected the time of each row in seconds; at least one is missing or out of range")
    return np.round(time * 1e6).astype(np.int64)


def _latest(mark: np.ndarray) -> np.ndarray:
    """For each place the latest marked place up to it."""
    return np.maximum.accumulate(np.where(mark, np.arange(len(mark)), 0))


def _running_sums(values: np.ndarray, first: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Running sums of each key, added in order: no key's rounding reaches another.

    Args:
        first, size: First row and number of rows of each key.
    """
    out, long = values.astype(np.float64), size > LONG
    for begin, rows in zip(first[long].tolist(), size[long].tolist()):
        np.cumsum(values[begin : begin + rows], out=out[begin : begin + rows])
    first, size = first[~long], size[~long]
    for place in range(1, int(size.max(initial=0))):  # the second rows of all short keys, then the third, ...
        first, size = first[size > place], size[size > place]
        out[first + place] += out[first + place - 1]
    return out


def _upto(running: np.ndarray, end: np.ndarray, start: np.ndarray) -> np.ndarray:
    """The running total of the key's rows before the sorted place `end`."""
    return np.where(end > start, running[np.maximum(end, 1) - 1], 0.0)


def seconds(time: pd.Series | np.ndarray) -> np.ndarray:
    """Seconds since 1970 of a datetime column, float64; NaN where it is missing.

    Example:
        >>> seconds(np.array(["1970-01-02", "NaT"], "datetime64[us]")).tolist()
        [86400.0, nan]
    """
    stamps = np.asarray(time, "datetime64[us]")
    return np.where(np.isnat(stamps), np.nan, stamps.astype(np.int64) / 1e6)
