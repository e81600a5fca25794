"""TiDE: a time-series dense encoder, nothing but dense layers and ways around them (Das et al., 2023)."""

from collections.abc import Mapping, Sequence

import keras

from shared.builders.checks import check_counts, check_share
from shared.builders.forecasting import FeatureSlice, beside, forecast_inputs


def tide_forecaster(
    past_shape: Sequence[int],
    future_shape: Sequence[int],
    static_size: int,
    *,
    outputs: int,
    units: int = 128,
    depth: int = 2,
    dropout: float = 0.0,
    projection: int = 4,
    decoded: int = 16,
    normalization: bool = False,
    name: str = "tide_forecaster",
) -> keras.Model:
    """Encodes past, covariates and statics into one row, and decodes it at each step with what is known there.

    A linear map from the target's past to the forecast runs beside it, so the network is never worse placed
    than a linear model. Padding is read as zeros; a covariate that says whether the target is known tells
    it apart.

    Args:
        past_shape: `(lookback, features)`, without the batch axis; feature 0 is the target.
        future_shape: `(horizon, features)`; 0 features: there is no such input.
        static_size: Numbers a series; 0: there is no such input.
        outputs: Numbers for each step ahead, which a head reads.
        units: Size of the hidden layers.
        depth: Residual blocks of the encoder, and of the decoder.
        dropout: Share of each block's outputs dropped in training, in [0, 1).
        projection: Numbers that the covariates of one step are brought down to.
        decoded: Numbers that the decoder says of each step ahead.
        normalization: Whether each residual block ends in a layer normalisation.
        name: Name of the model.
    Input shapes: `past` `(batch, lookback, features)`, `future` `(batch, horizon, features)`, `static`
        `(batch, size)`, by name, float.
    Output shape: `(batch, horizon, outputs)`, float32.
    Raises:
        ValueError: If a shape or a setting is out of its bounds.
    Reference:
        Das et al., TMLR 2023, section 4, https://arxiv.org/abs/2304.08424. There covariates of the past and of
        the future are the same and share a projection; here each kind has its own.
    Example:
        >>> tide_forecaster((28, 3), (7, 2), 4, outputs=11, units=8).output_shape
        (None, 7, 11)
    """
    check_counts(outputs=outputs, units=units, depth=depth, projection=projection, decoded=decoded)
    check_share(dropout=dropout)
    inputs = forecast_inputs(past_shape, future_shape, static_size)
    horizon = int(future_shape[0])
    block = {"hidden": units, "dropout": dropout, "normalization": normalization}
    ahead = [residual_block(inputs["future"], projection, **block)] if "future" in inputs else []
    x = beside(_encoder_inputs(inputs, ahead, projection, block))
    for _ in range(2 * depth - 1):  # the encoder, and the decoder but for its last block
        x = residual_block(x, units, **block)
    x = residual_block(x, horizon * decoded, **block)
    x = beside([keras.layers.Reshape((horizon, decoded))(x)], ahead)
    x = residual_block(x, outputs, **block | {"normalization": False}, dtype="float32")
    total = keras.layers.Add(dtype="float32")([x, _linear(inputs["past"], horizon, outputs)])
    return keras.Model(inputs, total, name=name)


def residual_block(
    inputs,
    outputs: int,
    *,
    hidden: int = 128,
    dropout: float = 0.0,
    normalization: bool = False,
    dtype: str | None = None,
):
    """A layer of ReLUs, a linear one with dropout, and a linear way around both.

    Args:
        inputs: Keras tensor `(batch, ..., features)`.
        outputs: Size of the output.
        hidden: Size of the layer of ReLUs.
        dropout: Share of the outputs dropped in training, before the way around is added, in [0, 1).
        normalization: Whether a layer normalisation ends the block.
        dtype: Precision of what is given out; None: the policy's.
    Returns:
        Keras tensor `(batch, ..., outputs)`.
    Raises:
        ValueError: If a setting is out of its bounds.
    Reference:
        Das et al., 2023, section 4.1 and figure 1, https://arxiv.org/abs/2304.08424
    Example:
        >>> residual_block(keras.Input((7, 3)), 4, hidden=8).shape
        (None, 7, 4)
    """
    check_counts(outputs=outputs, hidden=hidden)
    check_share(dropout=dropout)
    x = keras.layers.Dense(hidden, activation="relu")(inputs)
    x = keras.layers.Dense(outputs, dtype=dtype)(x)
    if dropout:
        x = keras.layers.Dropout(dropout, dtype=dtype)(x)
    x = keras.layers.Add(dtype=dtype)([x, keras.layers.Dense(outputs, dtype=dtype)(inputs)])
    return keras.layers.LayerNormalization(dtype=dtype)(x) if normalization else x


def _encoder_inputs(inputs: Mapping, ahead: list, projection: int, block: dict) -> list:
    """The target's past, the covariates brought down to a few numbers a step, the statics: all as rows."""
    found = [FeatureSlice(0, 1)(inputs["past"]), *ahead]
    if inputs["past"].shape[-1] > 1:
        found.append(residual_block(FeatureSlice(1)(inputs["past"]), projection, **block))
    found = [keras.layers.Flatten()(x) for x in found]
    return found + ([inputs["static"]] if "static" in inputs else [])


def _linear(past, horizon: int, outputs: int):
    """The global residual: the target's past, by one linear map, at each step ahead."""
    x = keras.layers.Flatten(dtype="float32")(FeatureSlice(0, 1, dtype="float32")(past))
    x = keras.layers.Dense(horizon * outputs, dtype="float32")(x)
    return keras.layers.Reshape((horizon, outputs), dtype="float32")(x)
