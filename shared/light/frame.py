"""A few rows by column, in NumPy alone: what the features read of a data frame, without pandas."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np


class Frame:
    """Columns of one length, named as those of a checked table.

    Args:
        columns: Arrays by name, `(rows,)`: times datetime64[us], numbers float64, categories and keys objects, which
            are texts or None; or functions without arguments that make them when they are asked for.
        rows: Number of rows, where there may be no column.
        memory: What a service remembers of rows, see `Memory`.
        apart: Of rows that stand in one frame by chance, as of several requests, which belong together, `(rows,)`,
            int64; no key is shared by others. None: they are of one table.
        asked: How many rows, the first ones, are to be told of; the others are only looked back on. None: all.
        codes: Of the key columns, where they are at hand: equal numbers are equal keys, -1 is none, `(rows,)`, int64.
    Example:
        >>> frame = Frame({"amount": np.array([3.0, 4.0])})
        >>> len(frame), "amount" in frame, list(frame)
        (2, True, ['amount'])
    """

    def __init__(
        self,
        columns: Mapping[str, np.ndarray],
        rows: int | None = None,
        *,
        memory: "Memory | None" = None,
        apart: np.ndarray | None = None,
        asked: int | None = None,
        codes: Mapping[str, np.ndarray] | None = None,
    ):
        self._columns, self.memory, self.apart, self.asked = dict(columns), memory, apart, asked
        self.codes = dict(codes or {})
        self._rows = len(next(iter(self._columns.values()))) if rows is None else rows

    def __len__(self) -> int:
        return self._rows

    def __contains__(self, name: str) -> bool:
        return name in self._columns

    def __getitem__(self, name: str) -> np.ndarray:
        found = self._columns[name]
        if callable(found):
            found = self._columns[name] = found()
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def with_column(self, name: str, values: np.ndarray) -> "Frame":
        """The frame with one column more, or another one."""
        return Frame(self._columns | {name: values}, len(self), codes=self.codes)

    def take(self, rows: np.ndarray) -> "Frame":
        """The frame of these rows, in this order, without memory."""
        codes = {name: values[rows] for name, values in self.codes.items()}
        return Frame({name: self[name][rows] for name in self}, len(rows), codes=codes)


def stacked(frames: Sequence[Frame]) -> Frame:
    """The rows of several frames, one after the other; a column that one of them lacks is empty there.

    Example:
        >>> one, other = Frame({"card": np.array(["a"], object)}), Frame({"amount": np.array([3.0])})
        >>> both = stacked([one, other])
        >>> both["card"].tolist(), both["amount"].tolist()
        (['a', None], [nan, 3.0])
    """
    names = dict.fromkeys(name for frame in frames for name in frame)
    coded = set(frames[0].codes).intersection(*(frame.codes for frame in frames))
    columns = {name: _joined(frames, name, late=name in coded) for name in names}
    codes = {name: np.concatenate([frame.codes[name] for frame in frames]) for name in coded}
    return Frame(columns, sum(map(len, frames)), codes=codes)


def _joined(frames: Sequence[Frame], name: str, *, late: bool):
    """One column of all frames; of keys that have codes it is seldom asked for, and made late."""

    def made() -> np.ndarray:
        kind = next(frame[name].dtype for frame in frames if name in frame)
        return np.concatenate(
            [frame[name] if name in frame else _empty(len(frame), kind) for frame in frames]
        )

    return made if late else made()


def _empty(rows: int, kind: np.dtype) -> np.ndarray:
    nothing = {"O": None, "M": "NaT"}.get(kind.kind, np.nan)
    return np.full(rows, nothing, kind)


class Memory:
    """What was found of each row when it came, and need not be found again from rows that are gone by now.

    Args:
        known: Values by name, `(rows,)` or `(rows, columns)`; NaN of the rows that are new.
    Attributes:
        found: Values by name, those of new rows among them, once they were asked for.
    Example:
        >>> memory = Memory({"unusual": np.array([2.5, np.nan])})
        >>> memory.keep("unusual", np.array([0.0, 1.5])).tolist()    # the first row's past is not all there any more
        [2.5, 1.5]
    """

    def __init__(self, known: Mapping[str, np.ndarray] | None = None):
        self.known, self.found = dict(known or {}), {}

    def keep(self, name: str, values: np.ndarray) -> np.ndarray:
        """The known values, and for new rows those that are given."""
        values = np.asarray(values)
        if name in self.known:
            known = self.known[name]
            values = np.where(np.isnan(known), values, known.astype(values.dtype, copy=False))
        self.found[name] = values
        return values
