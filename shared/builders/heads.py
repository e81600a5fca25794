"""Last layers of a network, one a task; their output is float32 whatever the precision of the rest."""

import math
from collections.abc import Sequence

import keras
from keras import ops

from shared.builders.checks import PACKAGE, check_counts, check_shape
from shared.builders.tabular import EnsembleHead

FORMS = ("(units,)", "(members, units)")


def binary_head(
    input_shape: Sequence[int], *, prior: float | None = None, name: str = "binary_head"
) -> keras.Model:
    """Turns an encoding into the logit of a yes-or-no answer, one a member.

    Args:
        input_shape: `(units,)`, or `(members, units)` after `tabm_encoder`, without the batch axis.
        prior: Share of positives in the training rows; starting from it spares the first epochs. In (0, 1).
    Input shape: `(batch, units)` or `(batch, members, units)`, float.
    Output shape: `(batch, 1)` or `(batch, members)`, logits: `mean_probability` makes `(batch,)` of either.
    Raises:
        ValueError: If the shape or the prior is out of its bounds.
    Reference:
        Lin et al., 2017, section 4.1 (prior), https://arxiv.org/abs/1708.02002
    Example:
        >>> binary_head((8,), prior=0.01).output_shape, binary_head((4, 8)).output_shape
        ((None, 1), (None, 4))
    """
    if prior is not None and not 0 < prior < 1:
        raise ValueError(f"prior must lie in (0, 1), found {prior!r}")
    bias = None if prior is None else keras.initializers.Constant(math.log(prior / (1 - prior)))
    return _linear_head(input_shape, 1, name=name, bias=bias)


def multiclass_head(
    input_shape: Sequence[int], *, classes: int, name: str = "multiclass_head"
) -> keras.Model:
    """Turns an encoding into one logit a class.

    Args:
        input_shape: `(units,)`, or `(members, units)` after `tabm_encoder`, without the batch axis.
        classes: Number of classes, at least 2.
    Input shape: `(batch, units)` or `(batch, members, units)`, float.
    Output shape: `(batch, classes)` or `(batch, members, classes)`, logits.
    Raises:
        ValueError: If the shape does not fit or there are fewer than two classes.
    Reference:
        Bridle, 1990, https://doi.org/10.1007/978-3-642-76153-9_28 (softmax)
    Example:
        >>> multiclass_head((4, 8), classes=3).output_shape
        (None, 4, 3)
    """
    check_counts(classes=classes)
    if classes < 2:
        raise ValueError(f"classes must be at least 2, found {classes}; use binary_head for yes or no")
    return _linear_head(input_shape, classes, name=name)


def regression_head(
    input_shape: Sequence[int], *, outputs: int = 1, name: str = "regression_head"
) -> keras.Model:
    """Turns an encoding into numbers without bounds, in the units of the target it is trained on.

    Args:
        input_shape: `(units,)`, or `(members, units)` after `tabm_encoder`, without the batch axis.
        outputs: How many numbers.
    Input shape: `(batch, units)` or `(batch, members, units)`, float.
    Output shape: `(batch, outputs)` or `(batch, members, outputs)`; `(batch, members)` for one output.
    Raises:
        ValueError: If the shape does not fit or `outputs` is below 1.
    Reference:
        Gorishniy et al., 2021, section 3, https://arxiv.org/abs/2106.11959
    Example:
        >>> regression_head((8,), outputs=2).output_shape, regression_head((4, 8)).output_shape
        ((None, 2), (None, 4))
    """
    check_counts(outputs=outputs)
    return _linear_head(input_shape, outputs, name=name)


def quantile_head(input_shape: Sequence[int], *, quantiles: int, name: str = "quantile_head") -> keras.Model:
    """Turns an encoding into quantiles that cannot cross; train it with `Pinball`.

    Args:
        input_shape: `(units,)`, or `(members, units)` after `tabm_encoder`, without the batch axis.
        quantiles: How many, from the lowest to the highest.
    Input shape: `(batch, units)` or `(batch, members, units)`, float.
    Output shape: `(batch, quantiles)` or `(batch, members, quantiles)`, never falling along the last axis.
    Raises:
        ValueError: If the shape does not fit or `quantiles` is below 1.
    Reference:
        Koenker & Bassett, 1978, https://doi.org/10.2307/1913643; increments as in Park et al., 2022,
        https://arxiv.org/abs/2111.06581
    Example:
        >>> quantile_head((8,), quantiles=3).output_shape
        (None, 3)
    """
    check_counts(quantiles=quantiles)
    return _linear_head(input_shape, quantiles, name=name, last=RisingSteps(dtype="float32"), flat=False)


@keras.saving.register_keras_serializable(package=PACKAGE)
class RisingSteps(keras.layers.Layer):
    """Makes the last axis rise: its first value, then running sums of softplus steps.

    Input shape: `(..., n)`, float.
    Output shape: the same.
    Example:
        >>> [round(x, 2) for x in ops.convert_to_numpy(RisingSteps()(ops.zeros((1, 3))))[0].tolist()]
        [0.0, 0.69, 1.39]
    """

    def call(self, inputs):
        steps = ops.concatenate([inputs[..., :1], ops.softplus(inputs[..., 1:])], axis=-1)
        return ops.cumsum(steps, axis=-1)

    def compute_output_shape(self, input_shape):
        return input_shape


def mean_probability(logits):
    """The mean of the members' probabilities, in float32.

    Args:
        logits: `(batch, members)` of a binary task, or `(batch, members, classes)`.
    Returns:
        `(batch,)` or `(batch, classes)`.
    Raises:
        ValueError: If `logits` does not have two or three axes.
    Reference:
        Gorishniy et al., 2025, section 3.2, https://arxiv.org/abs/2410.24210
    Example:
        >>> ops.convert_to_numpy(mean_probability([[-1.0, 1.0], [0.0, 0.0]])).tolist()
        [0.5, 0.5]
    """
    logits = ops.cast(ops.convert_to_tensor(logits), "float32")
    if len(logits.shape) not in (2, 3):
        raise ValueError(
            f"logits must be `(batch, members)` or `(batch, members, classes)`, found {tuple(logits.shape)}"
        )
    probability = ops.sigmoid(logits) if len(logits.shape) == 2 else ops.softmax(logits, axis=-1)
    return ops.mean(probability, axis=1)


@keras.saving.register_keras_serializable(package=PACKAGE)
class MeanProbability(keras.layers.Layer):
    """`mean_probability` as a layer, to close a trained network for prediction; it has no weights.

    Input shape: `(batch, members)` or `(batch, members, classes)`, logits.
    Output shape: `(batch,)` or `(batch, classes)`, float32.
    Example:
        >>> net = binary_head((4, 8))
        >>> keras.Model(net.input, MeanProbability()(net.output)).output_shape  # the same weights
        (None,)
    """

    def __init__(self, **kwargs):
        super().__init__(**{**kwargs, "dtype": "float32"})

    def call(self, inputs):
        return mean_probability(inputs)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *input_shape[2:])


def _linear_head(input_shape, outputs, *, name, bias=None, last=None, flat=True) -> keras.Model:
    shape = check_shape(input_shape, *FORMS)
    inputs = keras.Input(shape)
    if len(shape) == 1:
        x = keras.layers.Dense(outputs, bias_initializer=bias or "zeros", dtype="float32")(inputs)
    else:
        x = EnsembleHead(outputs, bias_initializer=bias, dtype="float32")(inputs)
        if outputs == 1 and flat:
            x = keras.layers.Reshape((shape[0],), dtype="float32")(x)
    return keras.Model(inputs, x if last is None else last(x), name=name)
