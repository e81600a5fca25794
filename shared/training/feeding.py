"""What rows, labels, weights and inputs are made into before a network reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from shared.errors import TrainingError
from shared.inputs import Inputs
from shared.training.structures import is_keras

if TYPE_CHECKING:
    import keras


def as_inputs(inputs) -> Inputs:
    """`Inputs` as they are; a mapping of arrays, or one array, wrapped.

    Example:
        >>> len(as_inputs(np.zeros((4, 2))))
        4
    """
    if isinstance(inputs, np.ndarray):
        return Inputs({"inputs": inputs})
    return Inputs(inputs) if isinstance(inputs, Mapping) else inputs


def as_targets(targets, *, name: str = "targets") -> np.ndarray:
    """Labels with at least two axes, no wider than 32 bits where they are floats.

    `fit` with labels `(n,)` and later `(n, 1)` fails oddly, so the rank is fixed here, once.

    Example:
        >>> as_targets([0, 1, 1]).shape
        (3, 1)
    """
    targets = np.asarray(targets)
    if targets.dtype.kind not in "biuf":
        raise TrainingError(f"{name} must be numbers, found {targets.dtype}")
    if targets.dtype.kind == "b" or targets.dtype == np.float64:
        targets = targets.astype(np.float32)
    return targets[:, None] if targets.ndim == 1 else targets


def as_rows(rows, length: int, *, name: str) -> np.ndarray:
    """Row numbers as int64, checked against the number of rows; a mask of all rows is turned into numbers.

    Example:
        >>> as_rows(np.array([True, False, True]), 3, name="train")
        array([0, 2])
    """
    rows = np.asarray(rows)
    if rows.dtype == bool:
        if rows.shape != (length,):
            raise TrainingError(f"`{name}` is a mask of shape {rows.shape}, expected ({length},)")
        return np.flatnonzero(rows)
    rows = rows.astype(np.int64).reshape(-1)
    if rows.size and (rows.min() < 0 or rows.max() >= length):
        raise TrainingError(
            f"`{name}` holds row {rows.min()} to {rows.max()}, but there are {length} rows, from 0"
        )
    return rows


def arrange(model: keras.Model, arrays: dict[str, np.ndarray]):
    """The arrays in the structure that the model was built with; those it does not read are left out.

    Raises:
        TrainingError: If an input of the model is missing.
    Example:
        >>> import keras
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> arrange(model, {"number": np.zeros((5, 2))}).shape
        (5, 2)
    """
    arrays = {name: a.astype(np.float32) if a.dtype == np.float64 else a for name, a in arrays.items()}
    try:
        structure = model.inputs[0] if is_keras(model, "Sequential") else model.input
    except (AttributeError, ValueError):  # a model without a graph of its own
        return arrays if len(arrays) > 1 else next(iter(arrays.values()))
    if not isinstance(structure, dict | list | tuple) and len(arrays) == 1:
        return next(iter(arrays.values()))
    try:
        if isinstance(structure, dict):
            return {key: arrays[key if key in arrays else tensor.name] for key, tensor in structure.items()}
        if isinstance(structure, list | tuple):
            return tuple(arrays[tensor.name] for tensor in structure)
        return arrays[structure.name]
    except KeyError as missing:
        raise TrainingError(
            f"the model reads input {missing}, but the inputs are {', '.join(arrays)}"
        ) from None


def row_weights(targets: np.ndarray, train: np.ndarray, class_weight, sample_weight) -> np.ndarray | None:
    """The weight of every row: of its class, times its own; None if all are one.

    "balanced" gives each class of the training rows the same total weight: rows / (classes * rows of class).

    Raises:
        TrainingError: If the labels are no classes, one lacks a weight, or a weight is negative or no number.
    Example:
        >>> row_weights(np.array([[0], [0], [0], [1]]), np.arange(4), "balanced", None).tolist()
        [0.6666666865348816, 0.6666666865348816, 0.6666666865348816, 2.0]
    """
    weights = None if sample_weight is None else np.asarray(sample_weight, np.float32).reshape(-1)
    if weights is not None and len(weights) != len(targets):
        raise TrainingError(f"sample_weight has {len(weights)} rows, the targets have {len(targets)}")
    if weights is not None and not (np.isfinite(weights) & (weights >= 0)).all():
        raise TrainingError("sample_weight must be finite and not negative")
    if class_weight == "none":
        return weights
    if targets[0].size != 1:
        raise TrainingError(f"class_weight needs one label a row, found {targets[0].size}. Use sample_weight")
    labels = targets.reshape(-1)
    classes, counts = np.unique(labels[train], return_counts=True)
    if class_weight == "balanced":
        by_class = dict(zip(classes.tolist(), (len(train) / (len(classes) * counts)).tolist()))
    else:
        by_class = {label: class_weight.get(label) for label in classes.tolist()}
    if missing := [label for label, weight in by_class.items() if weight is None]:
        raise TrainingError(f"class_weight has no weight for label {missing[0]:g}")
    place = np.searchsorted(classes, labels).clip(max=len(classes) - 1)
    per_row = np.where(classes[place] == labels, np.array(list(by_class.values()))[place], 1.0)
    return (per_row if weights is None else per_row * weights).astype(np.float32)


def beside(weights: np.ndarray | None, targets: np.ndarray) -> np.ndarray | None:
    """The weights with as many axes as the targets, so that they also weigh losses with several values a row.

    Example:
        >>> beside(np.ones(4), np.zeros((4, 3))).shape
        (4, 1)
    """
    return None if weights is None else weights.reshape(-1, *[1] * (targets.ndim - 1))
