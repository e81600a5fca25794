"""Texts as numbers, in NumPy alone: what series read of a `pandas.Categorical`, where there is no pandas."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np


class Categories:
    """One text or none for each row, as the number of a category.

    It has the part of `pandas.Categorical` that `shared.series` uses, by the same names.

    Args:
        codes: Number of each row's category, `(rows,)`; -1: none.
        categories: The texts, each once.
    Example:
        >>> values = Categories.of(np.array(["b", None, "a"], object))
        >>> values.codes.tolist(), values.categories.tolist(), list(values[[0, 2]])
        ([1, -1, 0], ['a', 'b'], ['b', 'a'])
    """

    def __init__(self, codes: np.ndarray, categories: Sequence[str] | np.ndarray):
        self.codes = np.asarray(codes, np.int64)
        self.categories = np.asarray(categories, object)

    @classmethod
    def from_codes(cls, codes: np.ndarray, categories: Sequence[str] | np.ndarray) -> Categories:
        """As the class itself; pandas calls it so."""
        return cls(codes, categories)

    @classmethod
    def of(cls, texts: Sequence[str | None], own: int | None = None) -> Categories:
        """Texts, None where there is none, with the categories in the order of the alphabet.

        Args:
            own: So many texts come first and have their categories first, as tables that are joined have.
        """
        texts = list(texts)
        parts = [texts] if own is None else [texts[:own], texts[own:]]
        known = dict.fromkeys(text for part in parts for text in sorted({*part} - {None}))
        place: dict[str | None, int] = {text: code for code, text in enumerate(known)} | {None: -1}
        return cls(np.array([place[text] for text in texts], np.int64), _objects(list(known)))

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, rows: Any) -> Categories:
        return Categories(self.codes[rows], self.categories)

    def __iter__(self) -> Iterator[str | None]:
        return iter(self.texts().tolist())

    def texts(self) -> np.ndarray:
        """The text of each row, object; None where there is none."""
        return np.append(self.categories, None)[self.codes]

    def repeat(self, times: int) -> Categories:
        """Each row so many times, one after the other."""
        return Categories(self.codes.repeat(times), self.categories)

    def remove_unused_categories(self) -> Categories:
        """The same rows, without categories that none of them has."""
        used = np.zeros(len(self.categories) + 1, bool)
        used[self.codes] = True
        number = np.append(np.cumsum(used[:-1]) - 1, -1)
        return Categories(number[self.codes], self.categories[used[:-1]])


def categories_of(column: Any) -> Any:
    """The `pandas.Categorical` of a column of a data frame; `Categories` as they are."""
    return getattr(column, "array", column)


def _objects(texts: list[str]) -> np.ndarray:
    out = np.empty(len(texts), object)
    out[:] = texts
    return out
