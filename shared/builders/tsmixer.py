"""TSMixer with covariates: layers that mix steps and features in turn (Chen et al., 2023)."""

from collections.abc import Mapping, Sequence

import keras

from shared.builders.checks import check_counts, check_share
from shared.builders.forecasting import beside, forecast_inputs, static_at_steps


def tsmixer_forecaster(
    past_shape: Sequence[int],
    future_shape: Sequence[int],
    static_size: int,
    *,
    outputs: int,
    units: int = 64,
    depth: int = 2,
    dropout: float = 0.0,
    normalization: bool = True,
    name: str = "tsmixer_forecaster",
) -> keras.Model:
    """Brings the past to as many steps as are ahead, lays the future beside it, and mixes both in turn.

    Each layer mixes the steps of one feature, then the features of one step together with the statics.
    Padding is read as zeros; a covariate that says whether the target is known tells it apart.

    Args:
        past_shape: `(lookback, features)`, without the batch axis; feature 0 is the target.
        future_shape: `(horizon, features)`; 0 features: there is no such input.
        static_size: Numbers a series; 0: there is no such input.
        outputs: Numbers for each step ahead, which a head reads.
        units: Features of each step within the network, and size of the hidden layers.
        depth: Number of mixing layers.
        dropout: Share of the outputs dropped in training, in each of the two parts of a layer, in [0, 1).
        normalization: Whether a layer normalisation starts each part.
        name: Name of the model.
    Input shapes: `past` `(batch, lookback, features)`, `future` `(batch, horizon, features)`, `static`
        `(batch, size)`, by name, float.
    Output shape: `(batch, horizon, outputs)`, float32.
    Raises:
        ValueError: If a shape or a setting is out of its bounds.
    Reference:
        Chen et al., TMLR 2023, section 4 (TSMixer-Ext), https://arxiv.org/abs/2303.06053. There batches are
        normalised; here rows are, so that a forecast does not depend on the rows beside it in training.
    Example:
        >>> tsmixer_forecaster((28, 3), (7, 2), 4, outputs=11, units=8).output_shape
        (None, 7, 11)
    """
    check_counts(outputs=outputs, units=units, depth=depth)
    check_share(dropout=dropout)
    inputs = forecast_inputs(past_shape, future_shape, static_size)
    horizon = int(future_shape[0])
    part = {"dropout": dropout, "normalization": normalization}
    parts = [_mix_features(_over_steps(inputs["past"], horizon), inputs, units, **part)]
    if "future" in inputs:
        parts.append(_mix_features(inputs["future"], inputs, units, **part))
    x = beside(parts)
    for _ in range(depth):
        x = _mix_features(_mix_steps(x, **part), inputs, units, **part)
    return keras.Model(inputs, keras.layers.Dense(outputs, dtype="float32")(x), name=name)


def _over_steps(x, steps: int, activation: str | None = None):
    """A dense layer over the steps of each feature, the same for all."""
    x = keras.layers.Dense(steps, activation=activation)(keras.layers.Permute((2, 1))(x))
    return keras.layers.Permute((2, 1))(x)


def _mix_steps(inputs, *, dropout: float, normalization: bool):
    x = keras.layers.LayerNormalization()(inputs) if normalization else inputs
    x = _over_steps(x, inputs.shape[1], "relu")
    x = keras.layers.Dropout(dropout)(x) if dropout else x
    return keras.layers.Add()([x, inputs])


def _mix_features(inputs, statics: Mapping, units: int, *, dropout: float, normalization: bool):
    """Two dense layers over the features of each step, and the way around them."""
    x = beside([inputs], static_at_steps(statics, inputs.shape[1]))
    around = x if x.shape[-1] == units else keras.layers.Dense(units)(x)
    x = keras.layers.LayerNormalization()(x) if normalization else x
    x = keras.layers.Dense(units, activation="relu")(x)
    x = keras.layers.Dropout(dropout)(x) if dropout else x
    x = keras.layers.Dense(units)(x)
    x = keras.layers.Dropout(dropout)(x) if dropout else x
    return keras.layers.Add()([x, around])
