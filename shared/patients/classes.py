"""The classes of patients: what number a row's class has, and what the classes are called."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from shared.contract import Table


def class_codes(table: "Table") -> np.ndarray:
    """Number of each row's class, int64 `(rows,)`; -1: not known."""
    if "label" not in table.frame:
        return np.full(len(table), -1, np.int64)
    label = np.asarray(table.frame["label"], np.float64)
    return np.where(np.isnan(label), -1, label).astype(np.int64)


def class_names(code: np.ndarray, labels: Mapping[str, int], given: Sequence[str] = ()) -> list[str]:
    """The name of each class, the reference first: as given, else the first of its texts, else its number.

    Args:
        code: Class of each row; -1: not known.
        labels: The class that each text stands for.
        given: Names that go before these, if there is one for each class.
    Example:
        >>> class_names(np.array([0, 2, -1]), {"healthy": 0, "well": 0, "mild": 1})
        ['healthy', 'mild', '2']
        >>> class_names(np.array([0, 1]), {}, given=["benign", "malignant"])
        ['benign', 'malignant']
    """
    count = int(max(code.max(initial=0), max(labels.values(), default=0), 1)) + 1
    if len(given) == count:
        return list(given)
    names = [str(place) for place in range(count)]
    for text, place in reversed(labels.items()):
        names[place] = text
    return names


def class_shares(code: np.ndarray, classes: int) -> list[float]:
    """Share of each class among rows, none of them 0, so that a network may start from it.

    Example:
        >>> [round(share, 3) for share in class_shares(np.array([0, 0, 1, 0]), 3)]
        [0.75, 0.25, 0.0]
    """
    counts = np.bincount(code, minlength=classes) + 1e-3
    return (counts / counts.sum()).tolist()
