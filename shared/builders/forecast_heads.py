"""Last layers of a forecaster: raw numbers of each step into quantiles, or into the law of a count."""

import keras
from keras import ops

from shared.builders.checks import PACKAGE, check_choice

LEAST_SHAPE = 1e-4  # of the law of a count: below it nothing changes, but 1 / shape outgrows float32
# What a raw 0 stands for: softplus(-0.43) = 0.5, a usual shape of daily sales; sigmoid(-2) = 0.12 extra zeros.
START_SHAPE, START_ZEROS = -0.43, -2.0
KINDS = {"negative_binomial": 2, "zero_inflated": 3}


@keras.saving.register_keras_serializable(package=PACKAGE)
class SpreadQuantiles(keras.layers.Layer):
    """Turns raw numbers into quantiles that cannot cross, spread out from the one in the middle.

    The number at `middle` is taken as it is. Those above add running sums of `softplus(raw + shift)`, those
    below take them off: unlike `RisingSteps`, the middle does not depend on how wide the tail is.

    Args:
        middle: Place of the quantile that is taken as it is, mostly the median; from 0.
        shift: Added to the raw number of each step; lower starts the quantiles closer to each other.
    Input shape: `(..., quantiles)`, float.
    Output shape: the same, float32, never falling along the last axis.
    Raises:
        ValueError: If `middle` is no place of the last axis.
    Reference:
        Koenker & Bassett, 1978, https://doi.org/10.2307/1913643; increments as in Park et al., 2022,
        https://arxiv.org/abs/2111.06581
    Example:
        >>> found = SpreadQuantiles(1, shift=0.0)(ops.convert_to_tensor([[0.0, 5.0, 0.0]]))
        >>> [round(x, 2) for x in ops.convert_to_numpy(found)[0].tolist()]
        [4.31, 5.0, 5.69]
    """

    def __init__(self, middle: int, shift: float = -2.0, **kwargs):
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.middle, self.shift = middle, shift

    def build(self, input_shape):
        count = input_shape[-1]
        if count is None or self.middle not in range(count):
            raise ValueError(f"middle must be one of the {count} places from 0, found {self.middle!r}")
        self.built = True

    def call(self, inputs):
        middle = inputs[..., self.middle : self.middle + 1]
        steps = ops.softplus(inputs + self.shift)
        below, above = steps[..., : self.middle], steps[..., self.middle + 1 :]
        parts = [middle]
        if below.shape[-1]:
            parts.insert(0, middle - ops.flip(ops.cumsum(ops.flip(below, axis=-1), axis=-1), axis=-1))
        if above.shape[-1]:
            parts.append(middle + ops.cumsum(above, axis=-1))
        return ops.concatenate(parts, axis=-1)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "middle": self.middle, "shift": self.shift}


@keras.saving.register_keras_serializable(package=PACKAGE)
class CountParameters(keras.layers.Layer):
    """Turns raw numbers into the law of a count, in pieces.

    The mean is `softplus(raw) * scale`. The shape a makes the variance `mean + a mean ** 2`: as it nears 0 the
    law is Poisson's. `"zero_inflated"` adds the logit of the share of zeros that come on top, from days on
    which nothing could be sold; the mean is then that of the other days.

    Args:
        kind: `"negative_binomial"` or `"zero_inflated"`.
    Input shape: `[raw, scale]`: `(batch, horizon, 2)`, or 3 for `"zero_inflated"`, and `(batch, 1)`, pieces
        above 0.
    Output shape: `(batch, horizon, 2)`: mean and shape, each above 0; or 3: and the logit. Float32.
    Raises:
        ValueError: If the kind is unknown or a shape does not fit.
    Reference:
        Salinas et al., 2020, section 3.1 and 3.3 (scale), https://arxiv.org/abs/1704.04110;
        Lambert, 1992, section 2, https://doi.org/10.2307/1269547 (extra zeros)
    Example:
        >>> found = CountParameters()([ops.zeros((1, 1, 2)), ops.full((1, 1), 10.0)])
        >>> [round(x, 1) for x in ops.convert_to_numpy(found)[0, 0].tolist()]
        [6.9, 0.5]
    """

    def __init__(self, kind: str = "negative_binomial", **kwargs):
        super().__init__(**{**kwargs, "dtype": "float32"})
        check_choice(tuple(KINDS), kind=kind)
        self.kind = kind

    def build(self, input_shape):
        raw, scale = (tuple(shape) for shape in input_shape)
        if len(raw) != 3 or raw[2] != KINDS[self.kind] or len(scale) != 2 or scale[1] != 1:
            raise ValueError(
                f"{self.name} expects `(batch, horizon, {KINDS[self.kind]})` and a scale `(batch, 1)`, found "
                f"{raw} and {scale}"
            )
        self.built = True

    def call(self, inputs):
        raw, scale = inputs
        # softplus of a very negative number is 0 in float32, and a mean of 0 has no logarithm; added, because
        # a maximum would stop the gradient that leads back
        mean = (ops.softplus(raw[..., :1]) + 1e-6) * scale[:, None, :]
        parts = [mean, ops.softplus(raw[..., 1:2] + START_SHAPE) + LEAST_SHAPE]
        if self.kind == "zero_inflated":
            parts.append(raw[..., 2:] + START_ZEROS)
        return ops.concatenate(parts, axis=-1)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape[0])

    def get_config(self):
        return {**super().get_config(), "kind": self.kind}
