"""The rows of one key, as arrays that are held in memory."""

from collections.abc import Sequence

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
