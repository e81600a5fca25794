"""N-HiTS: blocks that each read and forecast at a rate of their own (Challu et al., 2023)."""

import math
from collections.abc import Mapping, Sequence

import keras
import numpy as np
from keras import ops

from shared.builders.checks import PACKAGE, check_counts, check_share
from shared.builders.dense import dense_block
from shared.builders.forecasting import FeatureSlice, beside, forecast_inputs

POOLING = (8, 4, 1)  # from coarse to fine, as far as the lookback goes


@keras.saving.register_keras_serializable(package=PACKAGE)
class LinearInterpolation(keras.layers.Layer):
    """Draws straight lines between knots that are spread evenly from the first step to the last.

    One knot gives a constant; as many knots as steps give the knots themselves. Nothing is learnt.

    Args:
        steps: How many steps come out.
    Input shape: `(batch, knots, features)`, float.
    Output shape: `(batch, steps, features)`.
    Raises:
        ValueError: If `steps` is below 1 or the input does not have three axes with known knots.
    Reference:
        Challu et al., 2023, section 3.3, https://arxiv.org/abs/2201.12886. There the last knot lies before the
        last step; here it lies on it, so that nothing needs to be continued beyond a knot.
    Example:
        >>> knots = ops.convert_to_tensor([[[0.0], [4.0]]])
        >>> ops.convert_to_numpy(LinearInterpolation(5)(knots))[0, :, 0].tolist()
        [0.0, 1.0, 2.0, 3.0, 4.0]
    """

    def __init__(self, steps: int, **kwargs):
        super().__init__(**kwargs)
        check_counts(steps=steps)
        self.steps = steps

    def build(self, input_shape):
        if len(input_shape) != 3 or input_shape[1] is None:
            raise ValueError(
                f"{self.name} expects input of shape `(batch, knots, features)`, found {tuple(input_shape)}"
            )
        knots = input_shape[1]
        places = np.linspace(0, knots - 1, self.steps) if self.steps > 1 else np.zeros(1)
        each = np.stack([np.interp(places, np.arange(knots), row) for row in np.eye(knots)], axis=1)
        self.weights_of_knots = each.astype("float32")  # (steps, knots), each row adds up to 1
        self.built = True

    def call(self, inputs):
        weights = ops.cast(ops.convert_to_tensor(self.weights_of_knots), inputs.dtype)
        return ops.einsum("sk,bkf->bsf", weights, inputs)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.steps, input_shape[2])

    def get_config(self):
        return {**super().get_config(), "steps": self.steps}


def nhits_forecaster(
    past_shape: Sequence[int],
    future_shape: Sequence[int],
    static_size: int,
    *,
    outputs: int,
    units: int = 128,
    depth: int = 2,
    dropout: float = 0.0,
    pooling: Sequence[int] | None = None,
    expression: Sequence[float] | None = None,
    blocks: int = 1,
    name: str = "nhits_forecaster",
) -> keras.Model:
    """Adds up the forecasts of blocks, from slow to fast; each explains what those before it left over.

    A block pools the target, reads it with the covariates (pooled alike), what is known ahead and the
    statics, and gives a few knots: straight lines between them are its share of the past, which is taken off
    before the next block reads, and of the forecast. Layer `forecast<stack>_<block>` is a block's share.

    Padding is read as zeros; a covariate that says whether the target is known tells it apart.

    Args:
        past_shape: `(lookback, features)`, without the batch axis; feature 0 is the target.
        future_shape: `(horizon, features)`; 0 features: there is no such input.
        static_size: Numbers a series; 0: there is no such input.
        outputs: Numbers for each step ahead, which a head reads.
        units: Size of the layers of a block.
        depth: Number of layers of a block.
        dropout: Share of each layer's outputs dropped in training, in [0, 1).
        pooling: Steps that each stack pools into one, from slow to fast; None: 8, 4 and 1, or less where the
            lookback has fewer than eight such parts.
        expression: Knots of each stack as a share of the steps, in (0, 1]; None: one for each pooled part.
        blocks: Blocks of each stack.
        name: Name of the model.
    Input shapes: `past` `(batch, lookback, features)`, `future` `(batch, horizon, features)`, `static`
        `(batch, size)`, by name, float.
    Output shape: `(batch, horizon, outputs)`, float32.
    Raises:
        ValueError: If a shape or a setting is out of its bounds, or `pooling` and `expression` differ in length.
    Reference:
        Challu et al., AAAI 2023, section 3, equations 1-6, https://arxiv.org/abs/2201.12886
    Example:
        >>> nhits_forecaster((28, 3), (7, 2), 4, outputs=11, units=8, pooling=(4, 1)).output_shape
        (None, 7, 11)
    """
    check_counts(outputs=outputs, units=units, depth=depth, blocks=blocks)
    check_share(dropout=dropout)
    inputs = forecast_inputs(past_shape, future_shape, static_size)
    kernels, ratios = _rates(pooling, expression, int(past_shape[0]))
    stacks = [
        (f"{stack}_{block}", kernel, ratio)
        for stack, (kernel, ratio) in enumerate(zip(kernels, ratios), start=1)
        for block in range(1, blocks + 1)
    ]
    target = FeatureSlice(0, 1, dtype="float32")(inputs["past"])
    shares = []
    for label, kernel, ratio in stacks:
        x = beside(_block_inputs(target, inputs, kernel))
        for _ in range(depth):
            x = dense_block(x, units=units, dropout=dropout)
        shares.append(_lines(x, int(future_shape[0]), outputs, ratio, f"forecast{label}"))
        if len(shares) < len(stacks):  # nobody reads what the last block would leave over
            backcast = _lines(x, int(past_shape[0]), 1, ratio, f"backcast{label}")
            target = keras.layers.Subtract(dtype="float32")([target, backcast])
    total = keras.layers.Add(dtype="float32")(shares) if len(shares) > 1 else shares[0]
    return keras.Model(inputs, total, name=name)


def _block_inputs(target, inputs: Mapping, kernel: int) -> list:
    """What a block reads: the target by its maxima (section 3.1), covariates by their means, and the rest."""
    pool = {"pool_size": kernel, "padding": "same"}
    found = [keras.layers.MaxPooling1D(**pool)(target)]
    if inputs["past"].shape[-1] > 1:
        found.append(keras.layers.AveragePooling1D(**pool)(FeatureSlice(1)(inputs["past"])))
    found += [inputs["future"]] if "future" in inputs else []
    found = [keras.layers.Flatten()(x) for x in found]
    return found + ([inputs["static"]] if "static" in inputs else [])


def _lines(x, steps: int, features: int, ratio: float, name: str):
    """A block's share of `steps`, from knots at its rate (sections 3.2 and 3.3)."""
    knots = math.ceil(round(ratio * steps, 6))  # rounded: 1 / 3 of 3 steps is one knot, not two
    x = keras.layers.Dense(knots * features, dtype="float32")(x)
    x = keras.layers.Reshape((knots, features), dtype="float32")(x)
    return LinearInterpolation(steps, dtype="float32", name=name)(x)


def _rates(pooling, expression, lookback: int) -> tuple[list[int], list[float]]:
    """Kernel size and share of knots of each stack."""
    kernels = [max(1, min(kernel, lookback // 8)) for kernel in POOLING] if pooling is None else list(pooling)
    check_counts(stacks=len(kernels), **{f"pooling of stack {i}": k for i, k in enumerate(kernels, start=1)})
    ratios = [1 / kernel for kernel in kernels] if expression is None else list(expression)
    if len(ratios) != len(kernels) or not all(0 < ratio <= 1 for ratio in ratios):
        raise ValueError(
            f"expression must be {len(kernels)} shares in (0, 1], one for each stack, found {expression!r}"
        )
    return kernels, ratios
