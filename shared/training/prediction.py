"""A trained network's raw outputs for many rows, and metrics of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from shared.training.feeding import arrange, as_inputs, as_rows
from shared.training.structures import flatten, is_keras, map_structure

if TYPE_CHECKING:
    import keras

BATCH_BYTES = 2**24  # of inputs; what a network makes of them is often ten times as much


class Forward:
    """`model(x, training=False)`, compiled once for all batch sizes."""

    def __init__(self, model: keras.Model):
        self.model, self.functions = model, {}

    def __call__(self, x, batch_size: int):
        import keras

        if keras.backend.backend() != "tensorflow":
            return self._padded(x, batch_size)
        import tensorflow as tf

        arrays = flatten(x)
        key = tuple((array.shape[1:], array.dtype.str) for array in arrays)
        if key not in self.functions:
            spec = map_structure(lambda a: tf.TensorSpec((None, *a.shape[1:]), a.dtype), x)
            model = self.model
            self.functions[key] = tf.function(
                lambda x: map_structure(lambda output: tf.cast(output, tf.float32), model(x, training=False)),
                input_signature=[spec],
            )
        outputs = self.functions[key](map_structure(tf.convert_to_tensor, x))
        return map_structure(lambda output: output.numpy(), outputs)

    def _padded(self, x, batch_size: int):
        """Other backends compile for each shape, so an odd batch is filled up by repeating its last row."""
        rows = len(flatten(x)[0])
        size = min(batch_size, 1 << (rows - 1).bit_length())
        filled = map_structure(lambda a: np.concatenate([a, a[-1:].repeat(size - rows, axis=0)]), x)
        outputs = self.model.predict_on_batch(filled)
        return map_structure(lambda output: np.asarray(output, np.float32)[:rows], outputs)


def _forward(model) -> Callable:
    if not is_keras(model):  # a network on another runtime, as of `shared.export`
        return model
    kept = getattr(model, "_forward", None)
    if not isinstance(kept, Forward) or kept.model is not model:
        model._forward = Forward(model)
    return model._forward


def _batches(model: keras.Model, inputs, rows: np.ndarray, size: int) -> Iterator:
    """Batches of inputs, the next one gathered while the model is busy with this one."""

    def gather(start: int):
        return arrange(model, inputs.take(rows[start : start + size]))

    if len(rows) <= size:
        yield 0, gather(0)
        return
    with ThreadPoolExecutor(1) as thread:
        ahead = thread.submit(gather, 0)
        for start in range(0, len(rows), size):
            batch = ahead.result()
            if start + size < len(rows):
                ahead = thread.submit(gather, start + size)
            yield start, batch


def _outputs(model: keras.Model):
    """Shapes of the outputs, of a model that was only built too."""
    try:
        return model.output
    except AttributeError:
        import keras

        return keras.KerasTensor(model.output_shape)


def predict(model: keras.Model, inputs, rows=None, *, batch_size: int = 8192):
    """Raw outputs of the model, as float32: one array, or several in the structure that the model gives.

    Args:
        model: A built model, or a session of `shared.export`.
        inputs: `shared.inputs.Inputs`, arrays by input name, or one array.
        rows: Row numbers, or a mask; all rows if None.
        batch_size: Most rows at once; fewer where a row is large, so that memory stays bounded.
    Output shape: `(len(rows), ...)`.
    Example:
        >>> import keras
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
        >>> predict(model, np.zeros((5, 2), "float32"), rows=[0, 4]).shape
        (2, 3)
    """
    inputs = as_inputs(inputs)
    rows = np.arange(len(inputs)) if rows is None else as_rows(rows, len(inputs), name="rows")
    if not len(rows):
        return map_structure(lambda o: np.zeros((0, *o.shape[1:]), np.float32), _outputs(model))
    row_bytes = sum(array.nbytes for array in flatten(arrange(model, inputs.take(rows[:1]))))
    size = max(1, min(batch_size, BATCH_BYTES // max(1, row_bytes), inputs.most_rows or batch_size))
    forward, outputs = _forward(model), None
    for start, batch in _batches(model, inputs, rows, size):
        raw = forward(batch, size)
        if outputs is None:
            outputs = map_structure(lambda o: np.empty((len(rows), *o.shape[1:]), np.float32), raw)
        for whole, part in zip(flatten(outputs), flatten(raw), strict=True):
            whole[start : start + len(part)] = part
    return outputs


def evaluate(
    model: keras.Model, inputs, targets, rows, metrics: dict[str, Callable[[np.ndarray, np.ndarray], float]]
) -> dict[str, float]:
    """Metrics `(y_true, y_pred)` of the model's raw outputs for `rows`.

    Example:
        >>> import keras
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, kernel_initializer="zeros")])
        >>> error = lambda y_true, y_pred: np.abs(y_true - y_pred[:, 0]).mean()
        >>> evaluate(model, np.zeros((3, 2)), np.array([1.0, 5.0, 3.0]), [0, 2], {"error": error})
        {'error': 2.0}
    """
    rows = as_rows(rows, len(targets), name="rows")
    outputs = predict(model, inputs, rows)
    return {name: float(metric(np.asarray(targets)[rows], outputs)) for name, metric in metrics.items()}
