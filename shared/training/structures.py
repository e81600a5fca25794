"""Arrays one by one in whatever structure a network takes and gives them; without Keras, slow to import."""

import sys
from collections.abc import Callable
from typing import Any


def flatten(structure: Any) -> list:
    """The leaves of dicts, lists and tuples, of dicts in the order of their keys.

    Example:
        >>> flatten({"b": 1, "a": [2, 3]})
        [2, 3, 1]
    """
    if isinstance(structure, dict):
        return [leaf for key in sorted(structure) for leaf in flatten(structure[key])]
    if isinstance(structure, list | tuple):
        return [leaf for part in structure for leaf in flatten(part)]
    return [structure]


def map_structure(change: Callable, structure: Any) -> Any:
    """The same structure with each leaf changed.

    Example:
        >>> map_structure(lambda leaf: leaf + 1, {"b": 1, "a": [2, 3]})
        {'b': 2, 'a': [3, 4]}
    """
    if isinstance(structure, dict):
        return {key: map_structure(change, part) for key, part in structure.items()}
    if isinstance(structure, list | tuple):
        return type(structure)(map_structure(change, part) for part in structure)
    return change(structure)


def is_keras(model: Any, kind: str = "Layer") -> bool:
    """Whether a network is Keras' own; where Keras was never imported, nothing is.

    Example:
        >>> is_keras("no network")
        False
    """
    keras = sys.modules.get("keras")
    return keras is not None and isinstance(model, getattr(keras, kind, ()))
