"""Rows become batches: shuffled by seed and epoch, gathered ahead of the step."""

from collections.abc import Mapping

import keras
import numpy as np

from shared.errors import TrainingError
from shared.inputs import Inputs

PIECE_BYTES = 2**19  # gathered by one call: enough that Python costs little, too little to leave the cache


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
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> arrange(model, {"number": np.zeros((5, 2))}).shape
        (5, 2)
    """
    arrays = {name: a.astype(np.float32) if a.dtype == np.float64 else a for name, a in arrays.items()}
    try:
        structure = model.inputs[0] if isinstance(model, keras.Sequential) else model.input
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


class Feed:
    """Batches of the training rows, in another order each epoch, the same for one seed and epoch.

    Args:
        model: Whose structure of inputs the batches follow.
        inputs: What it reads; `take` is called in another thread, ahead of the step.
        targets, weights: Of all rows; `weights` may be None.
        rows: The training rows.
        batch_size: Rows a batch. The last batch of an epoch is smaller, not dropped.
        seed: Of the order; epoch `e` uses `numpy.random.default_rng((seed, e))`.
        multiple: Rows of an epoch are cut to a multiple of this, so that several devices get equal shares.
    """

    def __init__(
        self, model, inputs, targets, weights, rows, *, batch_size: int, seed: int, multiple: int = 1
    ):
        self.model, self.inputs, self.targets = model, inputs, targets
        self.weights = beside(weights, targets)
        self.rows, self.batch_size, self.seed, self.epoch = rows, batch_size, seed, 0
        self.examples = len(rows) // multiple * multiple
        self.steps = -(-self.examples // batch_size)

    def order(self) -> np.ndarray:
        """The rows of this epoch, in order."""
        return np.random.default_rng((self.seed, self.epoch)).permutation(self.rows)[: self.examples]

    def batch(self, rows: np.ndarray) -> tuple:
        """`(x, y)` or `(x, y, weight)` of the rows."""
        x, y = arrange(self.model, self.inputs.take(rows)), self.targets[rows]
        return (x, y) if self.weights is None else (x, y, self.weights[rows])

    def data(self):
        """What `model.fit` reads: a `tf.data.Dataset` on TensorFlow, a `keras.utils.PyDataset` elsewhere.

        A `tf.data` pipeline of row numbers calls Python for pieces of several batches, one ahead of the step.
        `Dataset.from_generator` does the same, but copies three times as slowly.
        """
        if keras.backend.backend() != "tensorflow":
            return Batches(self)
        import tensorflow as tf

        one = self.batch(self.rows[:1])
        signature = keras.tree.map_structure(lambda a: tf.TensorSpec((None, *a.shape[1:]), a.dtype), one)
        specs = keras.tree.flatten(signature)
        batch_bytes = self.batch_size * sum(array.nbytes for array in keras.tree.flatten(one))
        piece = self.batch_size * max(1, PIECE_BYTES // batch_bytes)
        order = self.rows

        def gather(start):
            nonlocal order
            order = self.order() if start == 0 else order
            return keras.tree.flatten(self.batch(order[start : start + piece]))

        def read(start):
            tensors = tf.numpy_function(gather, [start], [spec.dtype for spec in specs])
            for tensor, spec in zip(tensors, specs, strict=True):
                tensor.set_shape(spec.shape)
            return keras.tree.pack_sequence_as(signature, tensors)

        data = tf.data.Dataset.range(0, self.examples, piece).map(read)
        if piece > self.batch_size:
            data = data.prefetch(1).rebatch(self.batch_size)
        options = tf.data.Options()
        options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
        options.autotune.enabled = False  # nothing to tune, and its thread holds up the end of an epoch
        return data.prefetch(4).with_options(options)


class Batches(keras.utils.PyDataset):
    """A `Feed` for backends that cannot read `tf.data`."""

    def __init__(self, feed: Feed):
        super().__init__()
        self.feed, self.shuffled = feed, (-1, feed.rows)

    def __len__(self) -> int:
        return self.feed.steps

    def __getitem__(self, number: int) -> tuple:
        if self.shuffled[0] != self.feed.epoch:
            self.shuffled = (self.feed.epoch, self.feed.order())
        size = self.feed.batch_size
        return self.feed.batch(self.shuffled[1][number * size : (number + 1) * size])
