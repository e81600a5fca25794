"""What a bundle keeps of the rows that its model was trained on: bins and counts, no rows."""

import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from shared.errors import BundleError
from shared.monitoring.bins import KINDS, Bins, bins_from_dict
from shared.monitoring.sketch import Sketch
from shared.monitoring.tally import Tally

FORMAT = 1
SCORES = "scores/"  # stands before the name of each column of answers
TALL = 50_000  # rows from which on two columns are counted at once


@dataclass(frozen=True)
class Column:
    """One column on its way into a profile.

    Args:
        kind: `number`, `category` or `key`; of a key no value is ever kept.
        cells: As a checked table holds them: floats, or categories.
        digits: Significant ones of the edges of a number's bins.
    """

    kind: str
    cells: Any
    digits: int = 6


@dataclass(frozen=True)
class Profile:
    """The bins of each column, and how often the training rows were in them.

    Args:
        bins: By the column's name in a checked table; those of answers begin with `scores/`.
        known: Counts of the training rows; of answers, those to rows held out.
    Example:
        >>> import numpy as np
        >>> amount = np.linspace(1, 100, 500)
        >>> profile = Profile.learn({"amount": Column("number", amount)})
        >>> profile.sketch({"amount": amount}) == profile.known
        True
        >>> Profile.from_dict(profile.to_dict()) == profile
        True
    """

    bins: dict[str, Bins]
    known: Sketch

    @classmethod
    def learn(cls, columns: Mapping[str, Column]) -> "Profile":
        """The profile of these columns; each may have rows of its own."""
        learnt = _side_by_side(_learnt, list(columns.items()))
        bins = {name: found for name, (found, _) in zip(columns, learnt)}
        tallies = {name: tally for name, (_, tally) in zip(columns, learnt)}
        return cls(bins, Sketch(mark_of(bins), tallies))

    @property
    def mark(self) -> str:
        """Of the bins; the sketches that were counted by them carry it."""
        return self.known.mark

    def sketch(self, columns: Mapping[str, Any]) -> Sketch:
        """Counts of new rows by these bins; of columns that the profile does not know nothing is kept.

        Args:
            columns: Values by name, as a checked table holds them: floats with NaN, or categories.
        """
        mine = [(self.bins[name], values) for name, values in columns.items() if name in self.bins]
        names = [name for name in columns if name in self.bins]
        return Sketch(self.mark, dict(zip(names, _side_by_side(lambda item: item[0].tally(item[1]), mine))))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        columns = {
            name: bins.to_dict() | self.known.tallies[name].to_dict() for name, bins in self.bins.items()
        }
        return {"format": FORMAT, "columns": columns}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> "Profile":
        """What `to_dict` wrote.

        Raises:
            BundleError: If it is of another format, or damaged.
        """
        try:
            if state["format"] != FORMAT:
                text = f"the bundle's profile has format {state['format']}, this version reads {FORMAT}"
                raise BundleError(f"{text}. Fit again, or install the version that wrote it")
            bins = {name: bins_from_dict(entry) for name, entry in state["columns"].items()}
            tallies = {name: Tally.from_dict(entry) for name, entry in state["columns"].items()}
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BundleError(
                f"the bundle's profile is damaged ({error}). Copy the bundle again, or fit anew"
            ) from None
        return cls(bins, Sketch(mark_of(bins), tallies))


def mark_of(bins: Mapping[str, Bins]) -> str:
    """Hash of some bins: only sketches that were counted by the same ones can be compared or added.

    Example:
        >>> len(mark_of({}))
        16
    """
    text = json.dumps({name: each.to_dict() for name, each in bins.items()}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _learnt(item: tuple[str, Column]) -> tuple[Bins, Tally]:
    column = item[1]
    bins = KINDS[column.kind].learn(column.cells, column.digits)
    return bins, bins.reference(column.cells)


def _length(column: Any) -> int:
    return len(column.cells if isinstance(column, Column) else column)


def _side_by_side(function, items: list) -> list:
    """`function` of each item, two at once where the columns are tall: NumPy counts without the interpreter's lock."""
    tall = len(items) > 1 and max(_length(item[1]) for item in items) >= TALL
    if not tall:
        return [function(item) for item in items]
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(function, items))
