"""Into which bins the values of a column are counted: learnt once, from the rows that a model was trained on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from shared.monitoring.tally import Tally

LEVELS = (0.01, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99)  # deciles, and the outermost hundredths
MOST_VALUES = 30  # of a category that are told apart; the others are counted together
FEWEST_ROWS = 5  # that a value must have to be kept: a rarer one may tell of a person
LONGEST = 60  # letters of a value that is kept
BLOCK = 1000  # rows of one block, whose distinct keys are counted


def halves(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows parted in two by chance, the same way each time.

    Values that are chosen for being frequent have too high a count in the rows that chose them; so one half
    chooses, and the other is counted.

    Example:
        >>> [len(half) for half in halves(5)]
        [3, 2]
    """
    order = np.random.default_rng(0).permutation(rows)
    return np.sort(order[: (rows + 1) // 2]), np.sort(order[(rows + 1) // 2 :])


@dataclass(frozen=True)
class NumberBins:
    """Numbers, by the quantiles of the training rows: a bin holds what is above an edge, up to the next one.

    Example:
        >>> bins = NumberBins.learn(np.arange(1, 101.0))
        >>> bins.edges[:3], bins.tally(np.array([1.0, 1.5, np.nan, 200])).counts.tolist()
        ((1.0, 10.0, 20.0), [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])
    """

    edges: tuple[float, ...]
    kind: ClassVar[str] = "number"

    @classmethod
    def learn(cls, values, digits: int = 6) -> "NumberBins":
        """Edges at values that occur, so that of a number with few values each has a bin of its own.

        Args:
            digits: Significant ones of the edges.
        """
        values = np.asarray(values, np.float64)
        values = values[np.isfinite(values)]
        if not len(values):
            return cls(())
        found = np.quantile(values, LEVELS, method="inverted_cdf")
        highest = float(values.max())
        edges = np.unique([float(f"{edge:.{digits}g}") for edge in found])
        edges = edges[edges < highest]  # above the last one there must be something
        return cls(tuple(edges.tolist()))

    def tally(self, values) -> Tally:
        """Counts of `values`, float, NaN where there is none."""
        values = np.asarray(values, np.float64)
        missing = int(np.isnan(values).sum())
        places = np.searchsorted(np.asarray(self.edges), values)  # NaN is sorted to the end
        counts = np.bincount(places, minlength=len(self.edges) + 1)
        counts[-1] -= missing
        return Tally(len(values), missing, counts)

    def reference(self, values) -> Tally:
        """Counts of the training rows that the edges were learnt from."""
        return self.tally(values)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"kind": self.kind, "edges": list(self.edges)}


@dataclass(frozen=True)
class CategoryBins:
    """Categories: the most frequent values of the training rows, and one bin for all others.

    Example:
        >>> bins = CategoryBins.learn(np.array(["web"] * 20 + ["shop"] * 40 + ["fax"], object))
        >>> bins.values, bins.tally(pd.Categorical(["web", "moon", None])).counts.tolist()
        (('shop', 'web'), [0, 1, 1])
    """

    values: tuple[str, ...]
    kind: ClassVar[str] = "category"

    @classmethod
    def learn(cls, values, digits: int = 0) -> "CategoryBins":
        """The values with at least `FEWEST_ROWS` rows in one half, the most frequent first, `MOST_VALUES` at most."""
        values = pd.Categorical(values)
        values = values[halves(len(values))[0]]
        counts = np.bincount(values.codes[values.codes >= 0], minlength=len(values.categories))
        order = np.argsort(-counts, kind="stable")
        names = [str(values.categories[place]) for place in order if counts[place] >= FEWEST_ROWS]
        return cls(tuple(name for name in names if len(name) <= LONGEST)[:MOST_VALUES])

    def tally(self, values) -> Tally:
        """Counts of `values`, categorical or objects, the last bin of those that were not kept."""
        values = pd.Categorical(values)
        places = {name: place for place, name in enumerate(self.values)}
        bin_of = np.array([places.get(str(name), len(places)) for name in values.categories], np.int64)
        known = values.codes[values.codes >= 0]
        counts = np.bincount(bin_of[known] if len(known) else [], minlength=len(places) + 1)
        return Tally(len(values), len(values) - len(known), counts)

    def reference(self, values) -> Tally:
        """Counts of the half of the training rows that did not choose the values."""
        values = pd.Categorical(values)
        return self.tally(values[halves(len(values))[1]])

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"kind": self.kind, "values": list(self.values)}


@dataclass(frozen=True)
class KeyBins:
    """Keys and private columns: how many distinct ones stand in 1,000 rows, never which.

    The counts are whole blocks of `BLOCK` rows, in the file's order; the distinct keys in them, added up; and
    their squares, added up. What is left over at the end is in no block.

    Example:
        >>> KeyBins().tally(pd.Categorical(["a", "b"] * 1000 + [None])).to_dict()
        {'rows': 2001, 'missing': 1, 'counts': [2, 4, 8]}
    """

    kind: ClassVar[str] = "key"

    @classmethod
    def learn(cls, values, digits: int = 0) -> "KeyBins":
        """Nothing is learnt: no value is kept."""
        return cls()

    def tally(self, values) -> Tally:
        """Blocks of `values`, categorical or anything that can be told apart."""
        coded = isinstance(getattr(values, "dtype", None), pd.CategoricalDtype)
        codes = np.asarray(values.codes if hasattr(values, "codes") else values.cat.codes) if coded else None
        codes = pd.factorize(np.asarray(values))[0] if codes is None else codes
        blocks = np.sort(codes[: len(codes) // BLOCK * BLOCK].reshape(-1, BLOCK), axis=1)
        new = (blocks[:, 1:] != blocks[:, :-1]).sum(axis=1) + 1 if len(blocks) else np.zeros(0, np.int64)
        distinct = new - (blocks[:, 0] < 0) if len(blocks) else new
        counts = np.array([len(blocks), distinct.sum(), (distinct * distinct).sum()], np.int64)
        return Tally(len(codes), int((codes < 0).sum()), counts)

    def reference(self, values) -> Tally:
        """Blocks of the training rows."""
        return self.tally(values)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"kind": self.kind}


Bins = NumberBins | CategoryBins | KeyBins
KINDS: dict[str, type] = {each.kind: each for each in (NumberBins, CategoryBins, KeyBins)}


def bins_from_dict(state: dict[str, Any]) -> Bins:
    """What `to_dict` of any bins wrote.

    Raises:
        KeyError: If the kind is none of this version.
    Example:
        >>> bins_from_dict({"kind": "number", "edges": [1.0, 2.0]})
        NumberBins(edges=(1.0, 2.0))
    """
    cls = KINDS[state["kind"]]
    found: dict[str, Sequence] = {
        key: tuple(value) for key, value in state.items() if key in ("edges", "values")
    }
    return cls(**found)
