"""Columns that give the answer away: written after the diagnosis was made, or a copy of it."""

import itertools
from dataclasses import dataclass

import numpy as np
import pandas as pd

from shared.encoding import Features

FEWEST_OF_CLASS = 5  # rows that two classes need each
MANY = 50  # rows of the rarer class from which even a narrow gap between two classes is no accident
CONSTANT = 10  # rows of a class that all have one value, which no other class has
WIDE = 3.0  # spreads within the classes that the gap has to be wide below that
CHANCE = 1e-3  # of values that belong to one class each, by accident
DISTINCT, ROWS_OF_IDENTIFIER = 0.9, 50


@dataclass(frozen=True)
class Leak:
    """A column that alone separates the classes perfectly.

    Args:
        name: Of the column.
        how: What gives the class away, a short English phrase.
        rows: That it was seen in.
    """

    name: str
    how: str
    rows: int


def leaking_features(features: Features, code, *, fewest: int = 20) -> list[Leak]:
    """Columns in which each row's class can be read off without a mistake.

    A number column is reported where the ranges of the classes do not overlap, a category column where each
    value that occurs twice or more belongs to one class, and either where it is missing in some classes only and
    there always. Columns known for fewer than `fewest` rows, or for fewer than 5 rows of a second class, are not.

    A strong finding may separate the classes of a small table by luck. So below 50 rows of the second largest
    class a number column has to be one value in all (10 or more) rows of a class, or to leave a gap of three
    times the spread within the classes: a finding with an AUC of .99 does so in about one of a hundred tables.
    And values are not reported if labels dealt at random could be as pure more than once in a thousand times.

    Args:
        features: Of all rows.
        code: Number of each row's class; -1: not known, left out. `(rows,)`
        fewest: Rows that a column must be known for.
    Example:
        >>> code = np.tile([0, 1], 30)
        >>> dose = np.where(code == 1, np.arange(60) / 10 + 20, 5.0)
        >>> leaking_features(Features({"dose": dose, "age": np.arange(60.0)}), code)[0].how
        'every row above 12.55 is of class 1 and every other of class 0'
    """
    code = np.asarray(code, np.int64).reshape(-1)
    known = code >= 0
    found = []
    for name, values in features.numbers.items():
        values = np.asarray(values, np.float64)
        there = np.isfinite(values) & known
        how, rows = _by_missing(~np.isfinite(values)[known], code[known], fewest), int(known.sum())
        if how is None:
            how, rows = _by_range(values[there], code[there], fewest), int(there.sum())
        found += [Leak(name, how, rows)] if how else []
    for name, values in features.categories.items():
        values = _codes(values)
        there = (values >= 0) & known
        how, rows = _by_missing((values < 0)[known], code[known], fewest), int(known.sum())
        if how is None:
            how, rows = _by_value(values[there], code[there], fewest)
        found += [Leak(name, how, rows)] if how else []
    return found


def identifier_like(features: Features, groups: np.ndarray | None = None) -> list[str]:
    """Category columns of 50 known rows or more whose values are nearly all (90 %) distinct: numbers of patients.

    Args:
        groups: Patient of each row; then the first rows of all patients are looked at too, since a patient who
            comes again has the same number. None: not known.
    Example:
        >>> patient = pd.Series([f"p{number}" for number in range(60)]).astype("category")
        >>> sex = pd.Series(["f", "m"] * 30).astype("category")
        >>> identifier_like(Features({}, {"patient": patient, "sex": sex}))
        ['patient']
    """
    looked = [slice(None)] if groups is None else [slice(None), np.unique(groups, return_index=True)[1]]
    return [
        name
        for name, values in features.categories.items()
        if any(_distinct(_codes(values)[rows]) for rows in looked)
    ]


def _distinct(codes: np.ndarray) -> bool:
    codes = codes[codes >= 0]
    return len(codes) >= ROWS_OF_IDENTIFIER and len(np.unique(codes)) >= DISTINCT * len(codes)


def _codes(values: pd.Series) -> np.ndarray:
    return values.cat.codes.to_numpy().astype(np.int64)  # as int8, codes times classes would overflow


def _by_missing(missing: np.ndarray, code: np.ndarray, fewest: int) -> str | None:
    """Whether a value is missing in all rows of some classes, and in none of the others."""
    sides = [np.unique(code[missing]), np.unique(code[~missing])]
    few = min(missing.sum(), (~missing).sum()) < FEWEST_OF_CLASS or len(code) < fewest
    if few or np.intersect1d(*sides).size:
        return None
    without, with_value = ("class " + " or ".join(map(str, side)) for side in sides)
    return f"every row without a value is of {without} and every row with one of {with_value}"


def _by_range(values: np.ndarray, code: np.ndarray, fewest: int) -> str | None:
    """Whether the ranges of the classes lie apart."""
    if not _enough(code, fewest):
        return None
    parts = {each: values[code == each] for each in np.unique(code).tolist()}
    order = sorted(parts, key=lambda each: parts[each].min())
    gaps = [parts[after].min() - parts[before].max() for before, after in itertools.pairwise(order)]
    if min(gaps) <= 0:
        return None
    sizes = sorted(len(part) for part in parts.values())
    spread = np.sqrt(sum(len(part) * part.var() for part in parts.values()) / len(values))
    constant = any(len(part) >= CONSTANT and part.min() == part.max() for part in parts.values())
    if sizes[-2] < MANY and not constant and min(gaps) < WIDE * spread:
        return None
    if len(parts) > 2:
        return f"the values of the {len(parts)} classes lie in ranges that do not overlap"
    low, high = order
    limit = (parts[low].max() + parts[high].min()) / 2
    return f"every row above {limit:.6g} is of class {high} and every other of class {low}"


def _by_value(values: np.ndarray, code: np.ndarray, fewest: int) -> tuple[str | None, int]:
    """Whether each value that occurs more than once belongs to one class; and the rows of such values."""
    from scipy.special import gammaln

    if not len(values) or len(np.unique(values)) >= DISTINCT * len(values):
        return None, 0
    again = np.bincount(values)[values] > 1
    values, code = values[again], code[again]
    if not _enough(code, fewest):
        return None, 0
    table = pd.crosstab(values, code).to_numpy()
    if ((table > 0).sum(axis=1) > 1).any():
        return None, 0
    # Of all ways to deal the labels, at most classes ** values leave each value in one class.
    dealt = gammaln(len(code) + 1) - gammaln(table.sum(axis=0) + 1).sum()
    if len(table) * np.log(table.shape[1]) - dealt > np.log(CHANCE):
        return None, 0
    return "each of its values occurs in rows of one class only", len(code)


def _enough(code: np.ndarray, fewest: int) -> bool:
    """Enough rows, and of two classes."""
    counts = np.sort(np.unique(code, return_counts=True)[1])
    return len(code) >= fewest and len(counts) > 1 and counts[-2] >= FEWEST_OF_CLASS
