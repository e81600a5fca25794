"""Features in, arrays for a network out: one small NumPy encoder whose state is plain JSON.

Strings stay outside the network's graph; see `shared/builders/embeddings.py` for the codes' meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:  # what is read row by row, in a service, does without pandas
    import pandas as pd

MISSING, UNSEEN, FIRST = 0, 1, 2
"""Codes of a missing value, of a value that training did not hold, and of the first known value."""

KNOTS = 257
PIECE = 8192  # rows that are encoded at once
CLIP = 30.0
HUGE = 1e100  # larger numbers are cut to it, so that no sum of squares overflows


@dataclass
class Features:
    """Columns of features, one value per row of the table; missing numbers are NaN.

    Args:
        numbers: Number columns by name, each `(rows,)`.
        categories: Category columns by name, each a pandas Categorical series with text categories, or an array of
            texts in which None is missing.
    """

    numbers: dict[str, np.ndarray]
    categories: dict[str, pd.Series | np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        columns = list(self.numbers.values()) or list(self.categories.values())
        return len(columns[0])

    @property
    def names(self) -> list[str]:
        return [*self.numbers, *self.categories]


def learn_numbers(
    columns: Mapping[str, np.ndarray],
    rows: np.ndarray,
    *,
    transform: Literal["standard", "quantile"] = "standard",
) -> dict[str, Any]:
    """What `encode_numbers` needs to know, from the training rows alone; infinite values are left out.

    Args:
        columns: Columns by name, each `(all rows,)`.
        rows: Training rows.
        transform: "standard": mean 0, spread 1, cut at +-30 after the signed logarithm where a column is
            heavy-tailed; "quantile": onto the normal distribution by 257 quantiles.
    """
    state = {}
    for name, values in columns.items():
        known = values[rows].astype(np.float64)
        missing = bool(np.isnan(known).any())
        known = np.clip(known[np.isfinite(known)], -HUGE, HUGE)
        column: dict[str, Any] = {"missing": missing}
        if not len(known):
            column.update(mean=0.0, spread=1.0, log=False)
        elif transform == "quantile":
            knots, share = _knots(known)
            column.update(knots=knots, normal=share)
        else:
            log = bool(np.abs(known - known.mean()).max() > 12 * _spread(known))
            if log:
                known = signed_log(known)
            column.update(log=log, mean=float(known.mean()), spread=_spread(known))
        state[name] = column
    return state


def _spread(known: np.ndarray) -> float:
    """Standard deviation; 1 of a constant, whose own may be a rounding error such as 1e-17, and where it is 0."""
    constant = known.max() - known.min() <= 1e-12 * np.abs(known).max()
    return 1.0 if constant else float(known.std()) or 1.0


def signed_log(values: np.ndarray) -> np.ndarray:
    """`sign(x) log(1 + |x|)`: a logarithm for columns of either sign."""
    return np.sign(values) * np.log1p(np.abs(values))


def _knots(known: np.ndarray) -> tuple[list[float], list[float]]:
    """Distinct quantiles, and the normal score of the middle of the rows that share each."""
    from scipy.stats import norm

    known = np.sort(known)
    knots = np.unique(np.quantile(known, np.linspace(0, 1, KNOTS)))
    low = np.searchsorted(known, knots, side="left")
    high = np.searchsorted(known, knots, side="right")
    share = np.clip((low + high) / 2 / len(known), 1e-3, 1 - 1e-3)
    return knots.tolist(), norm.ppf(share).tolist()


def encode_numbers(columns: Mapping[str, np.ndarray], state: dict[str, Any]) -> np.ndarray:
    """Numbers as a network likes them: `(rows, columns + indicators)`, float32, no NaN.

    A missing value becomes 0, the middle; each column that had missing values in training brings an
    indicator column, after all numbers. A column that is not there, as of an optional role, is missing in all rows.

    Example:
        >>> columns = {"age": np.array([20.0, 40.0, np.nan])}
        >>> encode_numbers(columns, learn_numbers(columns, np.arange(3))).tolist()
        [[-1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
    """
    rows = len(next(iter(columns.values()))) if columns else 0
    indicators = [place for place, column in enumerate(state.values()) if column["missing"]]
    out = np.empty((rows, len(state) + len(indicators)), np.float32)
    for start in range(0, rows, PIECE):  # all columns of some rows at once: quick for one row, small for many
        piece = out[start : start + PIECE]
        values = np.empty((len(state), len(piece)))
        for place, name in enumerate(state):
            values[place] = columns[name][start : start + PIECE] if name in columns else np.nan
        piece[:, len(state) :] = np.isnan(values[indicators]).T
        piece[:, : len(state)] = _encoded(values, state).T
    return out


def _encoded(values: np.ndarray, state: dict[str, Any]) -> np.ndarray:
    """The same of values `(columns, rows)`, without the indicators."""
    np.clip(values, -HUGE, HUGE, out=values)
    linear = [place for place, column in enumerate(state.values()) if "knots" not in column]
    chosen = [column for column in state.values() if "knots" not in column]
    logs = [place for place, column in zip(linear, chosen) if column["log"]]
    values[logs] = signed_log(values[logs])
    mean = np.array([column["mean"] for column in chosen])[:, None]
    spread = np.array([column["spread"] for column in chosen])[:, None]
    values[linear] = np.clip((values[linear] - mean) / spread, -CLIP, CLIP)
    for place, column in enumerate(state.values()):
        if "knots" in column:
            values[place] = np.interp(values[place], column["knots"], column["normal"])
    values[np.isnan(values)] = 0.0
    return values


def number_places(state: dict[str, Any]) -> dict[str, list[int]]:
    """For each number column, where it stands in `encode_numbers`' output: itself and its indicator."""
    places = {name: [place] for place, name in enumerate(state)}
    for place, name in enumerate((n for n, column in state.items() if column["missing"]), start=len(state)):
        places[name].append(place)
    return places


def learn_categories(
    columns: Mapping[str, pd.Series], rows: np.ndarray, *, most: int
) -> dict[str, list[str]]:
    """The values of each column in the training rows, the frequent first, at most `most` of them."""
    vocabularies = {}
    for name, values in columns.items():
        codes = values.cat.codes.to_numpy()[rows]
        counts = np.bincount(codes[codes >= 0], minlength=len(values.cat.categories))
        order = np.argsort(-counts, kind="stable")[: min(most, int((counts > 0).sum()))]
        vocabularies[name] = [str(values.cat.categories[place]) for place in order]
    return vocabularies


def encode_categories(
    columns: Mapping[str, pd.Series | np.ndarray], vocabularies: dict[str, list[str]]
) -> np.ndarray:
    """Codes `(rows, columns)`, int32: 0 missing, 1 unseen, 2.. the places in the vocabulary.

    Example:
        >>> columns = {"country": np.array(["DE", "FR", None, "XX"], object)}
        >>> encode_categories(columns, {"country": ["FR", "DE"]}).ravel().tolist()
        [3, 2, 0, 1]
    """
    out, rows = [], len(next(iter(columns.values()))) if columns else 0
    for name, vocabulary in vocabularies.items():
        place = {value: code for code, value in enumerate(vocabulary, start=FIRST)}
        if name not in columns:
            out.append(np.full(rows, MISSING, np.int32))
            continue
        if isinstance(columns[name], np.ndarray):
            place[None] = MISSING
            out.append(np.array([place.get(value, UNSEEN) for value in columns[name].tolist()], np.int32))
            continue
        categories = columns[name].cat.categories
        table = np.array([place.get(str(value), UNSEEN) for value in categories] + [MISSING], np.int32)
        out.append(table[columns[name].cat.codes.to_numpy()])  # code -1, missing, picks the last
    return np.stack(out, axis=1) if out else np.empty((0, 0), np.int32)


def learn(features: Features, rows: np.ndarray, *, most_categories: int = 1000, **settings) -> dict[str, Any]:
    """All that `encode` needs to know of numbers and categories, from the training rows alone, as plain JSON."""
    return {
        "numbers": learn_numbers(features.numbers, rows, **settings),
        "categories": learn_categories(features.categories, rows, most=most_categories),
    }


def encode(features: Features, state: dict[str, Any]) -> dict[str, np.ndarray]:
    """The arrays `number` and `category` of all rows; one that has no columns is left out."""
    arrays = {}
    if state["numbers"]:
        arrays["number"] = encode_numbers(features.numbers, state["numbers"])
    if state["categories"]:
        arrays["category"] = encode_categories(features.categories, state["categories"])
    return arrays


def places(state: dict[str, Any]) -> dict[str, list[tuple[str, int | None]]]:
    """Where each feature stands in the arrays of `encode`, for `shared.explain`."""
    numbers = {
        name: [("number", column) for column in at] for name, at in number_places(state["numbers"]).items()
    }
    return numbers | {name: [("category", column)] for column, name in enumerate(state["categories"])}
