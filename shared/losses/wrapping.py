"""Losses around another loss: classes weighed by their rows, and members that are each right by themselves."""

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from shared.losses.plain import PACKAGE, FloatLoss, as_loss, column, row_losses


def class_balanced_weights(counts: Sequence[int], *, beta: float = 0.999) -> np.ndarray:
    """Weights of the classes, inverse to their effective number of rows, that add up to their number.

    The effective number of n rows is `(1 - beta ** n) / (1 - beta)`: 1 for beta 0, n as beta nears 1.

    Args:
        counts: Training rows of each class, each at least 1.
        beta: Share of a new row that is old news, in [0, 1).
    Returns:
        `(classes,)`, float64.
    Raises:
        ValueError: If a count is below 1 or `beta` is not in [0, 1).
    Reference:
        Cui et al., 2019, equations 2 and 3, https://arxiv.org/abs/1901.05555
    Example:
        >>> class_balanced_weights([900, 100], beta=0.999).round(3).tolist()
        [0.276, 1.724]
    """
    numbers = np.asarray(counts, "float64")
    if numbers.ndim != 1 or len(numbers) < 2 or not (numbers >= 1).all():
        raise ValueError(f"counts must hold at least 1 row for each of two or more classes, found {counts!r}")
    if not 0 <= beta < 1:
        raise ValueError(f"beta must lie in [0, 1), found {beta!r}")
    weights = (1 - beta) / -np.expm1(numbers * np.log(beta)) if beta else np.ones_like(numbers)
    return weights * len(weights) / weights.sum()


@keras.saving.register_keras_serializable(package=PACKAGE)
class ClassBalanced(FloatLoss):
    """Another loss, with each row weighed by its class as in `class_balanced_weights`.

    Args:
        loss: As in `MemberLoss`.
        counts: Training rows of each class; of no and yes for a binary task.
        beta: Share of a new row that is old news, in [0, 1).
        reduction: As in `keras.losses.Loss`.
        name: Name of the loss.
    Input shape: `y_true` `(n,)` or `(n, 1)` numbers of classes, or `(n, classes)` one-hot; `y_pred` as
        `loss` takes it.
    Raises:
        ValueError: If `loss` is no Keras loss, a setting is out of its bounds or labels have another shape.
    Reference:
        Cui et al., 2019, equation 4, https://arxiv.org/abs/1901.05555
    Example:
        >>> loss = ClassBalanced(keras.losses.BinaryCrossentropy(from_logits=True), counts=[900, 100])
        >>> round(float(loss(np.array([1]), np.array([[0.0]]))), 4)
        1.1947
    """

    def __init__(self, loss, counts, *, beta=0.999, reduction="sum_over_batch_size", name="class_balanced"):
        super().__init__(reduction=reduction, name=name)
        self.loss = as_loss(loss)
        self.counts, self.beta = [int(count) for count in counts], beta
        self.weights = class_balanced_weights(self.counts, beta=beta).astype("float32")

    def call(self, y_true, y_pred):
        classes = len(self.counts)
        if len(y_true.shape) == 2 and y_true.shape[1] == classes:
            weights = ops.matmul(y_true, self.weights[:, None])[:, 0]
        elif len(y_true.shape) == 1 or (len(y_true.shape) == 2 and y_true.shape[1] == 1):
            weights = ops.take(self.weights, ops.cast(ops.reshape(y_true, (-1,)), "int32"))
        else:
            raise ValueError(f"y_true must be `(n,)` or `(n, {classes})`, found {tuple(y_true.shape)}")
        return row_losses(self.loss, y_true, y_pred) * weights

    def get_config(self):
        loss = keras.saving.serialize_keras_object(self.loss)
        return {**super().get_config(), "loss": loss, "counts": self.counts, "beta": self.beta}


@keras.saving.register_keras_serializable(package=PACKAGE)
class MemberLoss(FloatLoss):
    """The mean of the members' losses, as TabM is trained: each member must be right by itself.

    The loss of the members' mean makes them lean on each other. One member gives the loss itself.

    Args:
        loss: Keras loss of one value a row, such as `BinaryCrossentropy(from_logits=True)`.
        reduction: As in `keras.losses.Loss`.
        name: Name of the loss.
    Input shape: `y_true` `(n,)`, `(n, 1)` or `(n, outputs)`, the same for all members; `y_pred`
        `(n, members)` or `(n, members, outputs)`.
    Raises:
        ValueError: If `loss` is no Keras loss or does not give one value a row, or `y_pred` has other axes.
    Reference:
        Gorishniy et al., 2025, section 3.2, https://arxiv.org/abs/2410.24210
    Example:
        >>> loss = MemberLoss(keras.losses.MeanSquaredError())
        >>> float(loss(np.array([1.0]), np.array([[0.0, 2.0]])))  # the members' mean is right
        1.0
    """

    def __init__(self, loss, *, reduction="sum_over_batch_size", name="member_loss"):
        super().__init__(reduction=reduction, name=name)
        self.loss = as_loss(loss)

    def call(self, y_true, y_pred):
        if len(y_pred.shape) not in (2, 3) or y_pred.shape[1] is None:
            raise ValueError(
                f"y_pred must be `(n, members)` or `(n, members, outputs)`, found {tuple(y_pred.shape)}"
            )
        members = y_pred.shape[1]
        outputs = 1 if len(y_pred.shape) == 2 else y_pred.shape[2]
        labels = ops.repeat(column(y_true), members, axis=0)
        losses = row_losses(self.loss, labels, ops.reshape(y_pred, (-1, outputs)))
        return ops.mean(ops.reshape(losses, (-1, members)), axis=1)

    def get_config(self):
        return {**super().get_config(), "loss": keras.saving.serialize_keras_object(self.loss)}
