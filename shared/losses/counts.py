"""Losses of counts: the negative log likelihood of what was sold under the law that a network gives."""

import keras
from keras import ops

from shared.losses.gamma import HALF_LOG_TWO_PI, stirling_remainder
from shared.losses.known import check_horizon, known_steps, row_means
from shared.losses.plain import PACKAGE, FloatLoss

TINY = 1e-8  # least mean and shape: a logarithm of 0 would be infinite


@keras.saving.register_keras_serializable(package=PACKAGE)
class NegativeBinomial(FloatLoss):
    """The negative log likelihood of a count under a negative binomial law, by its mean and shape.

    The variance is `mean + shape * mean ** 2`. The count need not be whole, as gamma functions stand for
    factorials; below 0 it counts as 0. A step whose target is NaN is not known: it adds nothing to the loss or
    to the gradient. A row's loss is the mean over its known steps, 0 without any.

    Args:
        reduction: As in `keras.losses.Loss`.
        name: Name of the loss.
    Input shape: `y_true` `(n, horizon)`, in pieces; `y_pred` `(n, horizon, 2)`, mean in pieces and shape, each
        above 0, as from `CountParameters`.
    Raises:
        ValueError: If a shape does not fit.
    Reference:
        Salinas et al., 2020, section 3.1, https://arxiv.org/abs/1704.04110
    Example:
        >>> loss = NegativeBinomial()  # mean 1 and shape 1: the chance of 0 is 1/2
        >>> round(float(loss(ops.convert_to_tensor([[0.0, float("nan")]]), ops.ones((1, 2, 2)))), 4)
        0.6931
    """

    def __init__(self, *, reduction="sum_over_batch_size", name="negative_binomial"):
        super().__init__(reduction=reduction, name=name)

    def call(self, y_true, y_pred):
        check_horizon(self, y_true, y_pred, 2)
        known, values = known_steps(y_true)
        return row_means(-_log_likelihood(values, y_pred[..., 0], y_pred[..., 1]), known)


@keras.saving.register_keras_serializable(package=PACKAGE)
class ZeroInflatedNegativeBinomial(FloatLoss):
    """The negative log likelihood of a count under a negative binomial law with a share of extra zeros.

    With the share p, 0 has the chance `p + (1 - p) NB(0)`, another count `(1 - p) NB(count)`. All in
    logarithms: neither p nor NB(0) may underflow. Counts, NaN and rows are read as in `NegativeBinomial`.

    Args:
        reduction: As in `keras.losses.Loss`.
        name: Name of the loss.
    Input shape: `y_true` `(n, horizon)`, in pieces; `y_pred` `(n, horizon, 3)`, mean in pieces and shape, each
        above 0, and the logit of the share of extra zeros, as from `CountParameters("zero_inflated")`.
    Raises:
        ValueError: If a shape does not fit.
    Reference:
        Lambert, 1992, section 2, https://doi.org/10.2307/1269547 (the mixture); Salinas et al., 2020,
        section 3.1, https://arxiv.org/abs/1704.04110 (the negative binomial)
    Example:
        >>> loss = ZeroInflatedNegativeBinomial()  # p = 1/2 and NB(0) = 1/2: the chance of 0 is 3/4
        >>> round(float(loss(ops.zeros((1, 1)), ops.convert_to_tensor([[[1.0, 1.0, 0.0]]]))), 4)
        0.2877
    """

    def __init__(self, *, reduction="sum_over_batch_size", name="zero_inflated_negative_binomial"):
        super().__init__(reduction=reduction, name=name)

    def call(self, y_true, y_pred):
        check_horizon(self, y_true, y_pred, 3)
        known, values = known_steps(y_true)
        logit = y_pred[..., 2]
        counted = ops.log_sigmoid(-logit) + _log_likelihood(values, y_pred[..., 0], y_pred[..., 1])
        zero = ops.logaddexp(ops.log_sigmoid(logit), counted)
        return row_means(-ops.where(ops.greater(values, 0), counted, zero), known)


def _log_likelihood(count, mean, shape):
    """log NB(count) of the mean m and the shape a, with r = 1 / a.

    The textbook form takes differences of log gammas of r and of r + count, in float32 of nothing but
    rounding where r is large. Stirling's formula in the place of all three, cancelled on paper, leaves
    `(count + r) log((1 + a count) / (1 + a m)) + count log(m / (count + 1))` and what is small.
    """
    count, mean, shape = ops.maximum(count, 0.0), ops.maximum(mean, TINY), ops.maximum(shape, TINY)
    rate = 1.0 / shape
    found = (count + rate) * _log_ratio(shape * count, shape * mean)
    found += count * ops.log(mean / (count + 1.0))
    found -= 0.5 * (ops.log1p(shape * count) + ops.log(count + 1.0)) + HALF_LOG_TWO_PI - 1.0
    rest = stirling_remainder(count + rate) - stirling_remainder(rate)
    return found + rest - stirling_remainder(count + 1.0)


def _log_ratio(one, other):
    """log((1 + one) / (1 + other)) of numbers from 0 on, without the difference of two logarithms.

    Chosen by `where`, not by an absolute value: its gradient would be 0 where both are the same.
    """
    up = ops.greater_equal(one, other)
    high, low = ops.where(up, one, other), ops.where(up, other, one)
    return ops.where(up, 1.0, -1.0) * ops.log1p((high - low) / (1.0 + low))
