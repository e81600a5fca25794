"""The rows of one key, as arrays that are held in memory."""

import hashlib
import json
from collections.abc import Mapping, Sequence

import numpy as np


class KeyRows:
    """Rows of one key, or of several; the arrays are not changed.

    Args:
        ints: Number, time and codes of the keys of each row, `(rows, 2 + keys)`, int64.
        floats: Label and numbers, `(rows, 1 + numbers)`; NaN where there is none.
        texts: Categories, `(rows, categories)`, objects.
        memory: What is remembered, `(rows, width)`.
        most: Rows beyond which only the latest are held.
    """

    __slots__ = ("floats", "ints", "memory", "most", "texts")

    def __init__(self, ints, floats, texts, memory, *, most: int):
        self.ints, self.floats, self.texts, self.memory, self.most = ints, floats, texts, memory, most

    def __len__(self) -> int:
        return len(self.ints)

    def take(self, rows: np.ndarray) -> "KeyRows":
        """These rows, in this order."""
        parts = (self.ints[rows], self.floats[rows], self.texts[rows], self.memory[rows])
        return KeyRows(*parts, most=self.most)

    def before(self, latest: int) -> "KeyRows | None":
        """The rows before a moment; None: there may be some that are not held.

        Example:
            >>> ints = np.array([[1, 10, 5], [2, 30, 5]])
            >>> rows = KeyRows(ints, np.zeros((2, 1)), np.empty((2, 0), object), np.zeros((2, 0)), most=9)
            >>> rows.before(20).ints[:, 0].tolist()
            [1]
        """
        early = self.ints[:, 1] < latest
        if early.all():
            return self
        return None if len(self) >= self.most else self.take(np.flatnonzero(early))

    def with_new(self, rows: "KeyRows") -> "KeyRows":
        """These rows and others, the latest of them if there are too many."""
        whole = _stacked([self, rows])
        if len(whole) <= self.most:
            return whole
        return whole.take(np.argsort(-whole.ints[:, 1], kind="stable")[: self.most])


def together(parts: Sequence[KeyRows], *, without: np.ndarray) -> KeyRows | None:
    """The rows of several keys, each once; None: there are none.

    Args:
        without: Numbers of rows that are left out.
    """
    if not parts:
        return None
    whole = _stacked(parts)
    _, first = np.unique(whole.ints[:, 0], return_index=True)
    if len(without):
        first = first[~np.isin(whole.ints[first, 0], without)]
    if len(first) < len(whole):
        whole = whole.take(first)
    return whole if len(whole) else None


def _stacked(parts: Sequence[KeyRows]) -> KeyRows:
    if len(parts) == 1:
        return parts[0]
    names = ("ints", "floats", "texts", "memory")
    return KeyRows(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in names), most=parts[0].most
    )


class Packing:
    """What is remembered of a row, as one row of float64.

    Args:
        widths: Numbers by name; 0 is of one number a row, others are of so many.
    Example:
        >>> packing = Packing({})
        >>> packed = packing.packed({"unusual": np.array([0.5]), "steps": np.array([[1.0, 2.0]])}, 1)
        >>> packed.tolist(), packing.to_json()
        ([[1.0, 2.0, 0.5]], '{"steps": 2, "unusual": 0}')
        >>> {name: values.tolist() for name, values in packing.unpacked(packed).items()}
        {'steps': [[1.0, 2.0]], 'unusual': [0.5]}
    """

    def __init__(self, widths: Mapping[str, int]):
        self.widths = dict(widths)

    def take(self, text: str) -> None:
        """Goes by the widths that `to_json` wrote, in this process or another."""
        self.widths = json.loads(text)

    @property
    def mark(self) -> bytes:
        """What stands before the bytes of a row, so that those of other names are never taken for these."""
        return hashlib.blake2b(self.to_json().encode(), digest_size=8).digest()

    @property
    def _width(self) -> int:
        return sum(max(1, width) for width in self.widths.values())

    def to_json(self) -> str:
        """The widths."""
        return json.dumps(self.widths)

    def packed(self, memory: Mapping[str, np.ndarray], rows: int) -> np.ndarray:
        """Columns side by side, `(rows, width)`; NaN where there is nothing to remember."""
        if not memory:
            return np.full((rows, self._width), np.nan)
        widths = {name: 0 if values.ndim == 1 else values.shape[1] for name, values in sorted(memory.items())}
        self.widths = widths
        return np.column_stack([memory[name].astype(np.float64) for name in widths])

    def joined(self, blobs: Sequence[bytes | None]) -> np.ndarray:
        """The bytes of packed rows, `(rows, width)`; those of other names are NaN."""
        empty, mark = np.full(self._width, np.nan).tobytes(), self.mark
        known = (blob[8:] if blob and blob[:8] == mark else empty for blob in blobs)
        whole = b"".join(each if len(each) == len(empty) else empty for each in known)
        return np.frombuffer(whole, np.float64).reshape(len(blobs), self._width)

    def unpacked(self, table: np.ndarray) -> dict[str, np.ndarray]:
        """The columns by name, `(rows,)` or `(rows, columns)`."""
        found, start = {}, 0
        for name, width in self.widths.items():
            values = table[:, start : start + max(1, width)]
            found[name], start = values[:, 0] if width == 0 else values, start + max(1, width)
        return found
