"""Multilayer perceptrons, plain or residual."""

import keras

from shared.builders.checks import check_choice, check_counts, check_shape, check_share

NORMALIZATIONS = {
    "batch": keras.layers.BatchNormalization,
    "layer": keras.layers.LayerNormalization,
    None: None,
}


def dense_block(
    inputs,
    *,
    units: int = 128,
    activation: str = "relu",
    normalization: str | None = None,
    dropout: float = 0.0,
    residual: bool = False,
):
    """One layer of a network: linear, normalisation, activation, dropout, then the way around it.

    Args:
        inputs: Keras tensor `(batch, ..., features)`.
        units: Size of the output.
        activation: Name of a Keras activation.
        normalization: `"batch"`, `"layer"` or None.
        dropout: Share of outputs dropped in training, in [0, 1).
        residual: Whether the input is added to the output, through a linear map if the sizes differ.
    Returns:
        Keras tensor `(batch, ..., units)`.
    Raises:
        ValueError: If a setting is out of its bounds.
    Reference:
        He et al., 2016, https://arxiv.org/abs/1512.03385 (residual)
    Example:
        >>> dense_block(keras.Input((5,)), units=8, normalization="layer", residual=True).shape
        (None, 8)
    """
    check_counts(units=units)
    check_share(dropout=dropout)
    check_choice(tuple(NORMALIZATIONS), normalization=normalization)
    x = keras.layers.Dense(units, use_bias=normalization != "batch")(inputs)  # batch norm has a bias itself
    if normalization is not None:
        x = NORMALIZATIONS[normalization]()(x)
    x = keras.layers.Activation(activation)(x)
    if dropout:
        x = keras.layers.Dropout(dropout)(x)
    if not residual:
        return x
    same = inputs.shape[-1] == units
    return keras.layers.Add()([x, inputs if same else keras.layers.Dense(units, use_bias=False)(inputs)])


def dense_encoder(
    input_shape: tuple[int],
    *,
    units: int = 128,
    depth: int = 2,
    activation: str = "relu",
    normalization: str | None = None,
    dropout: float = 0.0,
    residual: bool = False,
    name: str = "dense_encoder",
) -> keras.Model:
    """Reads a row of numbers through a multilayer perceptron.

    Args:
        input_shape: `(features,)`, without the batch axis.
        units: Size of each layer.
        depth: Number of layers.
        activation: Name of a Keras activation.
        normalization: `"batch"`, `"layer"` or None.
        dropout: Share of each layer's outputs dropped in training, in [0, 1).
        residual: Whether each layer adds its input to its output.
    Input shape: `(batch, features)`, float.
    Output shape: `(batch, units)`.
    Raises:
        ValueError: If `input_shape` does not have one axis or a setting is out of its bounds.
    Reference:
        Gorishniy et al., 2021, sections 3.1 (MLP) and 3.2 (residual), https://arxiv.org/abs/2106.11959
    Example:
        >>> dense_encoder((5,), units=8, dropout=0.1).output_shape
        (None, 8)
    """
    shape = check_shape(input_shape, "(features,)")
    check_counts(depth=depth)
    inputs = x = keras.Input(shape)
    for _ in range(depth):
        x = dense_block(
            x,
            units=units,
            activation=activation,
            normalization=normalization,
            dropout=dropout,
            residual=residual,
        )
    return keras.Model(inputs, x, name=name)
