"""How often each bin of a column was met; tallies of two parts add up to the tally of the whole."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Tally:
    """The counts of one column.

    Args:
        rows: Rows that were looked at.
        missing: Those without a value.
        counts: How often each bin was met, int64; of a key its blocks, see `KeyBins`.
    Example:
        >>> whole = Tally(3, 1, np.array([2, 0])) + Tally(2, 0, np.array([1, 1]))
        >>> whole.rows, whole.missing, whole.counts.tolist(), whole.known
        (5, 1, [3, 1], 4)
    """

    rows: int
    missing: int
    counts: np.ndarray

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.rows + other.rows, self.missing + other.missing, self.counts + other.counts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tally) and self.to_dict() == other.to_dict()

    __hash__ = None

    @property
    def known(self) -> int:
        """Rows with a value."""
        return self.rows - self.missing

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"rows": int(self.rows), "missing": int(self.missing), "counts": self.counts.tolist()}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> "Tally":
        """What `to_dict` wrote."""
        counts = np.asarray(state["counts"], np.int64)
        return cls(int(state["rows"]), int(state["missing"]), counts)
