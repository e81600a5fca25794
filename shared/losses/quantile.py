"""Losses of quantiles: of one number a row, and of each step of a forecast."""

import keras
import numpy as np
from keras import ops

from shared.losses.known import check_horizon, known_steps, row_means
from shared.losses.plain import PACKAGE, FloatLoss, column


@keras.saving.register_keras_serializable(package=PACKAGE)
class Pinball(FloatLoss):
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
        self.quantiles = _rising(quantiles)

    def call(self, y_true, y_pred):
        count = len(self.quantiles)
        if len(y_pred.shape) == 1 and count == 1:
            y_pred = y_pred[:, None]
        if len(y_pred.shape) != 2 or y_pred.shape[1] != count:
            raise ValueError(
                f"y_pred must be `(n, {count})`, one column a quantile, found {tuple(y_pred.shape)}"
            )
        return _pinball(column(y_true) - y_pred, self.quantiles)

    def get_config(self):
        return {**super().get_config(), "quantiles": self.quantiles}


@keras.saving.register_keras_serializable(package=PACKAGE)
class HorizonPinball(FloatLoss):
    """The quantile loss of a forecast: the mean over quantiles and over the steps that are known.

    A step whose target is NaN is not known: it adds nothing to the loss or to the gradient. A row without any
    known step has the loss 0. Several members are each judged by themselves, as in `MemberLoss`.

    Args:
        quantiles: The quantiles in order, each in (0, 1).
        reduction: As in `keras.losses.Loss`.
        name: Name of the loss.
    Input shape: `y_true` `(n, horizon)`; `y_pred` `(n, horizon, quantiles)` or
        `(n, members, horizon, quantiles)`, as from `SpreadQuantiles`, in the unit of the target.
    Raises:
        ValueError: If the quantiles are not in (0, 1) and rising, or a shape does not fit.
    Reference:
        Koenker & Bassett, 1978, https://doi.org/10.2307/1913643; Wen et al., 2017, section 3.1 (over a
        horizon), https://arxiv.org/abs/1711.11053
    Example:
        >>> loss = HorizonPinball([0.25, 0.75])
        >>> float(loss(np.array([[4.0, np.nan]]), np.array([[[2.0, 8.0], [0.0, 1.0]]])))
        0.75
    """

    def __init__(self, quantiles, *, reduction="sum_over_batch_size", name="horizon_pinball"):
        super().__init__(reduction=reduction, name=name)
        self.quantiles = _rising(quantiles)

    def call(self, y_true, y_pred):
        check_horizon(self, y_true, y_pred, len(self.quantiles), members=True)
        known, values = known_steps(y_true)
        if len(y_pred.shape) == 4:
            known, values = known[:, None], values[:, None]
        # a gap of 0 where nothing is known: its gradient is cut off before it can become NaN
        gap = ops.where(known[..., None], values[..., None] - y_pred, 0.0)
        rows = row_means(_pinball(gap, self.quantiles), known)
        return rows if len(y_pred.shape) == 3 else ops.mean(rows, axis=1)

    def get_config(self):
        return {**super().get_config(), "quantiles": self.quantiles}


def _rising(quantiles) -> list[float]:
    found = [float(q) for q in quantiles]
    if not (found and all(0 < q < 1 for q in found) and (np.diff(found) > 0).all()):
        raise ValueError(f"quantiles must rise within (0, 1), found {list(quantiles)}")
    return found


def _pinball(gap, quantiles: list[float]):
    """The mean over the last axis, from what the target lies above each quantile."""
    q = np.array(quantiles, "float32")
    return ops.mean(ops.maximum(q * gap, (q - 1) * gap), axis=-1)
