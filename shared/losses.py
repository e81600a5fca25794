"""Losses that Keras lacks. All compute in float32 and read labels of shape `(n,)` and `(n, 1)` alike."""

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

PACKAGE = "keras_verticals"


class _FloatLoss(keras.losses.Loss):
    def __init__(self, *, reduction, name):
        super().__init__(name=name, reduction=reduction, dtype="float32")


@keras.saving.register_keras_serializable(package=PACKAGE)
class FocalFromLogits(_FloatLoss):
    """Binary cross-entropy that turns away from rows which are already right.

    `-alpha_t (1 - p_t) ** gamma log(p_t)`, with p_t the probability of the true answer. Labels may be soft.

    Args:
        gamma: How strongly right rows are turned away from; 0 gives cross-entropy.
        alpha: Weight of positives, `1 - alpha` that of negatives, in (0, 1); None weighs neither.
        reduction: As in `keras.losses.Loss`.
        name: Name of the loss.
    Input shape: `y_true` and `y_pred` `(n,)`, `(n, 1)` or, for several labels a row, `(n, labels)`.
    Raises:
        ValueError: If a setting is out of its bounds or the shapes differ.
    Reference:
        Lin et al., 2017, equations 4 and 5, https://arxiv.org/abs/1708.02002
    Example:
        >>> loss = FocalFromLogits(gamma=0.0)
        >>> round(float(loss(np.array([1, 0]), np.array([0.0, 0.0]))), 4)
        0.6931
    """

    def __init__(self, gamma=2.0, alpha=None, *, reduction="sum_over_batch_size", name="focal_from_logits"):
        super().__init__(reduction=reduction, name=name)
        if not gamma >= 0:
            raise ValueError(f"gamma must be at least 0, found {gamma!r}")
        if alpha is not None and not 0 < alpha < 1:
            raise ValueError(f"alpha must lie in (0, 1) or be None, found {alpha!r}")
        self.gamma, self.alpha = gamma, alpha

    def call(self, y_true, y_pred):
        y_true, y_pred = _same_shape(self, y_true, y_pred)
        positive, negative = (1.0, 1.0) if self.alpha is None else (self.alpha, 1 - self.alpha)
        hit, miss = ops.log_sigmoid(y_pred), ops.log_sigmoid(-y_pred)  # log p and log (1 - p)
        loss = -positive * y_true * ops.exp(self.gamma * miss) * hit
        loss -= negative * (1 - y_true) * ops.exp(self.gamma * hit) * miss
        return ops.mean(loss, axis=-1)

    def get_config(self):
        return {**super().get_config(), "gamma": self.gamma, "alpha": self.alpha}


@keras.saving.register_keras_serializable(package=PACKAGE)
class CostWeightedBinaryCrossentropy(_FloatLoss):
    """Binary cross-entropy that weighs each kind of mistake by its cost.

    `-(a y log p + b (1 - y) log(1 - p)) / ((a + b) / 2)` with a the cost of a false negative, b that of a
    false positive: only their ratio counts, and equal costs give plain cross-entropy. Costs that differ
    from row to row (the amount of a payment) go into `sample_weight`, which multiplies a row's loss.

    The trained score's odds are a / b times too high: take log(a / b) off the logit, or calibrate.

    Args:
        false_negative_cost: Cost of a positive that is missed, above 0, in any unit.
        false_positive_cost: Cost of a negative that is flagged, above 0, in the same unit.
        from_logits: Whether `y_pred` holds logits; False for probabilities.
        reduction: As in `keras.losses.Loss`.
        name: Name of the loss.
    Input shape: `y_true` and `y_pred` `(n,)`, `(n, 1)` or, for several labels a row, `(n, labels)`.
    Raises:
        ValueError: If a cost is not above 0 or the shapes differ.
    Reference:
        Elkan, 2001, "The Foundations of Cost-Sensitive Learning", section 2,
        https://www.ijcai.org/Proceedings/01/IJCAI-2001-k.pdf
    Example:
        >>> loss = CostWeightedBinaryCrossentropy(false_negative_cost=3.0, false_positive_cost=1.0)
        >>> [round(float(loss(np.array([y]), np.array([0.0]))), 4) for y in (1, 0)]
        [1.0397, 0.3466]
    """

    def __init__(
        self,
        false_negative_cost=1.0,
        false_positive_cost=1.0,
        *,
        from_logits=True,
        reduction="sum_over_batch_size",
        name="cost_weighted_binary_crossentropy",
    ):
        super().__init__(reduction=reduction, name=name)
        costs = (false_negative_cost, false_positive_cost)
        if not all(np.isfinite(cost) and cost > 0 for cost in costs):
            raise ValueError(f"false_negative_cost and false_positive_cost must be above 0, found {costs}")
        self.false_negative_cost, self.false_positive_cost = costs
        self.from_logits = from_logits

    def call(self, y_true, y_pred):
        y_true, y_pred = _same_shape(self, y_true, y_pred)
        if self.from_logits:
            hit, miss = ops.log_sigmoid(y_pred), ops.log_sigmoid(-y_pred)
        else:
            tiny = keras.config.epsilon()
            hit, miss = ops.log(ops.maximum(y_pred, tiny)), ops.log(ops.maximum(1 - y_pred, tiny))
        mean = (self.false_negative_cost + self.false_positive_cost) / 2
        loss = self.false_negative_cost / mean * y_true * hit
        loss += self.false_positive_cost / mean * (1 - y_true) * miss
        return -ops.mean(loss, axis=-1)

    def get_config(self):
        names = ("false_negative_cost", "false_positive_cost", "from_logits")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


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
class ClassBalanced(_FloatLoss):
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
        self.loss = _as_loss(loss)
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
        return _row_losses(self.loss, y_true, y_pred) * weights

    def get_config(self):
        loss = keras.saving.serialize_keras_object(self.loss)
        return {**super().get_config(), "loss": loss, "counts": self.counts, "beta": self.beta}


@keras.saving.register_keras_serializable(package=PACKAGE)
class Pinball(_FloatLoss):
    """The quantile loss, averaged over several quantiles.

    `max(q (y - f), (q - 1) (y - f))`, in the unit of the target.

    Args:
        quantiles: The quantiles in order, each in (0, 1).
        reduction: As in `keras.losses.Loss`.
        name: Name of the loss.
    Input shape: `y_true` `(n,)` or `(n, 1)`; `y_pred` `(n, quantiles)`, as from `quantile_head`.
    Raises:
        ValueError: If the quantiles are not in (0, 1) and rising, or a shape does not fit.
    Reference:
        Koenker & Bassett, 1978, https://doi.org/10.2307/1913643
    Example:
        >>> float(Pinball([0.25, 0.75])(np.array([4.0]), np.array([[2.0, 8.0]])))
        0.75
    """

    def __init__(self, quantiles, *, reduction="sum_over_batch_size", name="pinball"):
        super().__init__(reduction=reduction, name=name)
        self.quantiles = [float(q) for q in quantiles]
        inside = all(0 < q < 1 for q in self.quantiles)
        if not (self.quantiles and inside and (np.diff(self.quantiles) > 0).all()):
            raise ValueError(f"quantiles must rise within (0, 1), found {list(quantiles)}")

    def call(self, y_true, y_pred):
        count = len(self.quantiles)
        if len(y_pred.shape) == 1 and count == 1:
            y_pred = y_pred[:, None]
        if len(y_pred.shape) != 2 or y_pred.shape[1] != count:
            raise ValueError(
                f"y_pred must be `(n, {count})`, one column a quantile, found {tuple(y_pred.shape)}"
            )
        gap = _column(y_true) - y_pred
        q = np.array(self.quantiles, "float32")
        return ops.mean(ops.maximum(q * gap, (q - 1) * gap), axis=-1)

    def get_config(self):
        return {**super().get_config(), "quantiles": self.quantiles}


@keras.saving.register_keras_serializable(package=PACKAGE)
class MemberLoss(_FloatLoss):
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
        self.loss = _as_loss(loss)

    def call(self, y_true, y_pred):
        if len(y_pred.shape) not in (2, 3) or y_pred.shape[1] is None:
            raise ValueError(
                f"y_pred must be `(n, members)` or `(n, members, outputs)`, found {tuple(y_pred.shape)}"
            )
        members = y_pred.shape[1]
        outputs = 1 if len(y_pred.shape) == 2 else y_pred.shape[2]
        labels = ops.repeat(_column(y_true), members, axis=0)
        losses = _row_losses(self.loss, labels, ops.reshape(y_pred, (-1, outputs)))
        return ops.mean(ops.reshape(losses, (-1, members)), axis=1)

    def get_config(self):
        return {**super().get_config(), "loss": keras.saving.serialize_keras_object(self.loss)}


def _column(y_true):
    return y_true[:, None] if len(y_true.shape) == 1 else y_true


def _same_shape(loss, y_true, y_pred):
    """Both as `(n, labels)`: labels of another shape would be broadcast to a wrong loss without a word."""
    y_true, y_pred = _column(y_true), _column(y_pred)
    if len(y_true.shape) != 2 or len(y_pred.shape) != 2 or y_true.shape[1] != y_pred.shape[1]:
        raise ValueError(
            f"{loss.name} needs y_true and y_pred of one shape, `(n,)` or `(n, labels)`, found "
            f"{tuple(y_true.shape)} and {tuple(y_pred.shape)}; wrap it in MemberLoss for several members"
        )
    return y_true, y_pred


def _as_loss(loss) -> keras.losses.Loss:
    if isinstance(loss, dict):
        loss = keras.saving.deserialize_keras_object(loss)
    if not isinstance(loss, keras.losses.Loss):
        raise ValueError(f"loss must be a keras.losses.Loss, such as BinaryCrossentropy(), found {loss!r}")
    return loss


def _row_losses(loss: keras.losses.Loss, y_true, y_pred):
    losses = loss.call(y_true, y_pred)
    if len(losses.shape) != 1:
        raise ValueError(f"{loss.name} must give one value a row, found shape {tuple(losses.shape)}")
    return losses
