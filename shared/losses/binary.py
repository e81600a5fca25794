"""Losses of yes-or-no answers."""

import keras
import numpy as np
from keras import ops

from shared.losses.plain import PACKAGE, FloatLoss, same_shape


@keras.saving.register_keras_serializable(package=PACKAGE)
class FocalFromLogits(FloatLoss):
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
        y_true, y_pred = same_shape(self, y_true, y_pred)
        positive, negative = (1.0, 1.0) if self.alpha is None else (self.alpha, 1 - self.alpha)
        hit, miss = ops.log_sigmoid(y_pred), ops.log_sigmoid(-y_pred)  # log p and log (1 - p)
        loss = -positive * y_true * ops.exp(self.gamma * miss) * hit
        loss -= negative * (1 - y_true) * ops.exp(self.gamma * hit) * miss
        return ops.mean(loss, axis=-1)

    def get_config(self):
        return {**super().get_config(), "gamma": self.gamma, "alpha": self.alpha}


@keras.saving.register_keras_serializable(package=PACKAGE)
class CostWeightedBinaryCrossentropy(FloatLoss):
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
        y_true, y_pred = same_shape(self, y_true, y_pred)
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
