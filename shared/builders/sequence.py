"""Encoders of sequences in which steps that are all zeros are padding."""

import keras
from keras import ops

from shared.builders.checks import PACKAGE, check_counts, check_shape, check_share

# cuDNN refuses padding at the front and rows that are all padding, and Keras forgets `use_cudnn` when it
# saves a layer: hence two layers that never use it, on whatever machine the model is loaded.


@keras.saving.register_keras_serializable(package=PACKAGE)
class PaddedLSTM(keras.layers.LSTM):
    """`keras.layers.LSTM` that takes padding anywhere, on every device.

    Example:
        >>> PaddedLSTM(8)(keras.Input((5, 3))).shape
        (None, 8)
    """

    def __init__(self, units, **kwargs):
        super().__init__(units, **{**kwargs, "use_cudnn": False})


@keras.saving.register_keras_serializable(package=PACKAGE)
class PaddedGRU(keras.layers.GRU):
    """`keras.layers.GRU` that takes padding anywhere, on every device.

    Example:
        >>> PaddedGRU(8)(keras.Input((5, 3))).shape
        (None, 8)
    """

    def __init__(self, units, **kwargs):
        super().__init__(units, **{**kwargs, "use_cudnn": False})


def lstm_encoder(
    input_shape: tuple[int | None, int],
    *,
    units: int = 64,
    depth: int = 1,
    dropout: float = 0.0,
    bidirectional: bool = False,
    return_sequences: bool = False,
    name: str = "lstm_encoder",
) -> keras.Model:
    """Reads a sequence and returns the last hidden state, or all of them.

    Steps that are all zeros are padding and are skipped, wherever they stand. A row of nothing but padding
    gives zeros.

    Args:
        input_shape: `(steps, features)`, without the batch axis.
        units: Size of the hidden state.
        depth: Number of stacked LSTM layers.
        dropout: Share of inputs dropped in each layer, in [0, 1).
        bidirectional: Whether to read from both ends; the two states are laid end to end.
        return_sequences: Whether to return the state after each step, zeros at padding.
    Input shape: `(batch, steps, features)`, float.
    Output shape: `(batch, units)`; `(batch, steps, units)` with `return_sequences`; `2 * units` for
        `units` with `bidirectional`.
    Raises:
        ValueError: If `input_shape` does not have two axes or a setting is out of its bounds.
    Reference:
        Hochreiter & Schmidhuber, 1997, https://doi.org/10.1162/neco.1997.9.8.1735;
        Schuster & Paliwal, 1997, https://doi.org/10.1109/78.650093 (bidirectional)
    Example:
        >>> lstm_encoder((10, 4), units=8).output_shape
        (None, 8)
    """
    return _recurrent_encoder(
        PaddedLSTM, input_shape, units, depth, dropout, bidirectional, return_sequences, name
    )


def gru_encoder(
    input_shape: tuple[int | None, int],
    *,
    units: int = 64,
    depth: int = 1,
    dropout: float = 0.0,
    bidirectional: bool = False,
    return_sequences: bool = False,
    name: str = "gru_encoder",
) -> keras.Model:
    """Reads a sequence and returns the last hidden state, or all of them; a lighter `lstm_encoder`.

    Padding, arguments, shapes and errors are those of `lstm_encoder`.

    Reference:
        Cho et al., 2014, section 2.3, https://arxiv.org/abs/1406.1078
    Example:
        >>> gru_encoder((None, 4), units=8, bidirectional=True, return_sequences=True).output_shape
        (None, None, 16)
    """
    return _recurrent_encoder(
        PaddedGRU, input_shape, units, depth, dropout, bidirectional, return_sequences, name
    )


def _recurrent_encoder(layer, input_shape, units, depth, dropout, bidirectional, return_sequences, name):
    shape = check_shape(input_shape, "(steps, features)")
    check_counts(units=units, depth=depth)
    check_share(dropout=dropout)
    inputs = keras.Input(shape)
    x = keras.layers.Masking(dtype="float32")(inputs)  # a tiny value that bfloat16 keeps must not turn to 0
    for i in range(depth):
        sequences = return_sequences or i < depth - 1
        reader = layer(units, dropout=dropout, return_sequences=sequences, zero_output_for_mask=sequences)
        x = (keras.layers.Bidirectional(reader) if bidirectional else reader)(x)
    return keras.Model(inputs, x, name=name)


@keras.saving.register_keras_serializable(package=PACKAGE)
class AttentionPooling(keras.layers.Layer):
    """Sums up a sequence as a weighted mean of its steps; the weights are learnt from each step.

    `weight_t = softmax_t(v . tanh(W x_t + b))` over the true steps: those of the mask, or without a mask
    those that are not all zeros. A row of nothing but padding gives zeros.

    Args:
        units: Size of the layer that scores a step.
    Input shape: `(batch, steps, features)`, float.
    Output shape: `(batch, features)`.
    Raises:
        ValueError: If `units` is below 1 or the input does not have three axes.
    Reference:
        Yang et al., 2016, equations 5-7, https://aclanthology.org/N16-1174
    Example:
        >>> AttentionPooling(8)(keras.Input((5, 3))).shape
        (None, 3)
    """

    def __init__(self, units: int = 64, **kwargs):
        super().__init__(**kwargs)
        check_counts(units=units)
        self.units, self.supports_masking = units, True

    def build(self, input_shape):
        if len(input_shape) != 3 or input_shape[-1] is None:
            raise ValueError(
                f"{self.name} expects input of shape `(batch, steps, features)`, found {tuple(input_shape)}"
            )
        self.kernel = self.add_weight(name="kernel", shape=(input_shape[-1], self.units))
        self.bias = self.add_weight(name="bias", shape=(self.units,), initializer="zeros")
        self.query = self.add_weight(name="query", shape=(self.units, 1))
        self.built = True

    def call(self, inputs, mask=None):
        true = ops.any(inputs != 0, axis=-1) if mask is None else ops.cast(mask, "bool")
        hidden = ops.tanh(ops.matmul(inputs, self.kernel) + self.bias)
        scores = ops.cast(ops.squeeze(ops.matmul(hidden, self.query), -1), "float32")
        scores = ops.where(true, scores, -1e9)  # finite: a row without true steps must not become NaN
        weights = ops.softmax(scores, axis=-1) * ops.cast(true, "float32")
        # padding may hold anything, NaN included, and 0 * NaN is NaN
        values = ops.where(true[..., None], inputs, ops.zeros_like(inputs))
        return ops.sum(ops.cast(weights, self.compute_dtype)[..., None] * values, axis=1)

    def compute_mask(self, inputs, mask=None):
        return None  # the steps are gone

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[-1])

    def get_config(self):
        return {**super().get_config(), "units": self.units}
