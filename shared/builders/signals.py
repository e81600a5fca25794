"""From a measured signal, such as a heart beat, to a vector: residual convolutions, then an LSTM."""

import keras
from keras import ops

from shared.builders.checks import PACKAGE, check_counts, check_shape, check_share
from shared.builders.forecasting import StepMask
from shared.builders.sequence import PaddedLSTM

MOMENTUM = 0.9  # of the moving statistics: a small table gives a dozen batches an epoch, too few for 0.99
EPSILON = 1e-3


@keras.saving.register_keras_serializable(package=PACKAGE)
class MaskedBatchNormalization(keras.layers.Layer):
    """Batch normalisation over the true steps alone; padding comes out as zeros.

    What a row of a batch gives does not depend on how much padding the others need. A batch without a true step
    leaves the moving statistics as they are.

    Args:
        momentum: Share of the moving statistics that a batch leaves, in [0, 1).
    Input shape: `[(batch, steps, features), (batch, steps)]`: values, float, and which steps are true, bool.
    Output shape: `(batch, steps, features)`.
    Raises:
        ValueError: If `momentum` is out of its bounds.
    Reference:
        Ioffe & Szegedy, 2015, algorithms 1 and 2, https://arxiv.org/abs/1502.03167
    Example:
        >>> layer = MaskedBatchNormalization()
        >>> steps, true = ops.array([[[1.0], [3.0], [9.0]]]), ops.array([[True, True, False]])
        >>> ops.convert_to_numpy(layer([steps, true], training=True)).round(1).tolist()
        [[[-1.0], [1.0], [0.0]]]
    """

    def __init__(self, *, momentum: float = MOMENTUM, **kwargs):
        super().__init__(**kwargs)
        check_share(momentum=momentum)
        self.momentum = momentum

    def build(self, shapes):
        size = (shapes[0][-1],)
        self.gamma = self.add_weight(name="gamma", shape=size, initializer="ones")
        self.beta = self.add_weight(name="beta", shape=size, initializer="zeros")
        self.mean = self.add_weight(name="moving_mean", shape=size, initializer="zeros", trainable=False)
        self.variance = self.add_weight(
            name="moving_variance", shape=size, initializer="ones", trainable=False
        )
        self.built = True

    def call(self, inputs, training=False):
        values, true = inputs
        values, true = (
            ops.cast(values, "float32"),
            true[..., None],
        )  # sums over a batch need more than 16 bits
        mean, variance = ops.cast(self.mean, "float32"), ops.cast(self.variance, "float32")
        if training and self.trainable:  # frozen, it normalises as it does in prediction, as Keras's own does
            mean, variance = self._of_batch(values, true, mean, variance)
        scale = ops.cast(self.gamma, "float32") * ops.rsqrt(variance + EPSILON)
        normal = (values - mean) * scale + ops.cast(self.beta, "float32")
        return ops.cast(ops.where(true, normal, 0.0), self.compute_dtype)

    def _of_batch(self, values, true, moving_mean, moving_variance):
        steps = ops.sum(ops.cast(true, "float32"))
        count = ops.maximum(steps, 1.0)
        mean = ops.sum(ops.where(true, values, 0.0), axis=(0, 1)) / count
        variance = ops.sum(ops.where(true, ops.square(values - mean), 0.0), axis=(0, 1)) / count
        taken = ops.where(steps > 0, 1.0 - self.momentum, 0.0)
        self.mean.assign(moving_mean + taken * (mean - moving_mean))
        self.variance.assign(moving_variance + taken * (variance - moving_variance))
        return mean, variance

    def compute_output_shape(self, shapes):
        return shapes[0]

    def get_config(self):
        return {**super().get_config(), "momentum": self.momentum}


@keras.saving.register_keras_serializable(package=PACKAGE)
class HalveSteps(keras.layers.Layer):
    """Keeps the larger of each two neighbouring steps; a pair is true if one of the two is.

    Values must not be below 0 and padding must be zeros, as after `MaskedBatchNormalization` and ReLU.

    Input shape: `[(batch, steps, features), (batch, steps)]`: values, float, and which steps are true, bool.
    Output shape: the same with `steps / 2`, rounded up.
    Example:
        >>> values, true = HalveSteps()([ops.ones((2, 5, 3)), ops.ones((2, 5), "bool")])
        >>> values.shape == (2, 3, 3), true.shape == (2, 3)
        (True, True)
    """

    def call(self, inputs):
        values, true = inputs
        # pairs are counted from the first step, so that padding after the last does not shift them
        pairs = ops.max_pool(ops.cast(true, self.compute_dtype)[..., None], 2, 2, padding="same")
        return ops.max_pool(values, 2, 2, padding="same"), pairs[..., 0] > 0.5

    def compute_output_spec(self, inputs):
        batch, steps, features = inputs[0].shape
        half = None if steps is None else -(-steps // 2)
        return keras.KerasTensor((batch, half, features), self.compute_dtype), keras.KerasTensor(
            (batch, half), "bool"
        )


@keras.saving.register_keras_serializable(package=PACKAGE)
class MeanMaxPooling(keras.layers.Layer):
    """Mean and highest value of each feature over the true steps; zeros for a row without any.

    Values must not be below 0 and padding must be zeros, as after `MaskedBatchNormalization` and ReLU.

    Input shape: `[(batch, steps, features), (batch, steps)]`: values, float, and which steps are true, bool.
    Output shape: `(batch, 2 * features)`.
    Example:
        >>> values, true = ops.array([[[1.0], [3.0], [0.0]]]), ops.array([[True, True, False]])
        >>> ops.convert_to_numpy(MeanMaxPooling()([values, true])).tolist()
        [[2.0, 3.0]]
    """

    def call(self, inputs):
        values, true = inputs
        count = ops.sum(ops.cast(true, "float32"), axis=1)[:, None]
        total = ops.sum(ops.cast(values, "float32"), axis=1)
        mean = ops.cast(total / ops.maximum(count, 1.0), values.dtype)
        return ops.concatenate([mean, ops.max(values, axis=1)], axis=-1)

    def compute_output_shape(self, shapes):
        return (shapes[0][0], 2 * shapes[0][-1])


def signal_encoder(
    input_shape: tuple[int | None, int],
    *,
    units: int = 32,
    depth: int = 3,
    kernel: int = 7,
    lstm_units: int = 32,
    dropout: float = 0.0,
    name: str = "signal_encoder",
) -> keras.Model:
    """Reads a signal of any length: residual convolutions find its shapes, an LSTM their order.

    Steps that are all zeros are padding: more of it after the last true step changes nothing, nor does what else
    is in the batch. So that a true step is never all zeros, its last feature is 1. A row of nothing but padding,
    a signal that is missing, gives zeros.

    Args:
        input_shape: `(steps, features)`, without the batch axis; steps may be None.
        units: Channels of the first residual block; the others have twice as many.
        depth: Number of residual blocks of three convolutions; the steps are halved between two of them.
        kernel: Steps that the first convolution of a block spans; the two after it span 2 and 4 fewer, but
            not fewer than 3.
        lstm_units: Size of the LSTM's state.
        dropout: Share of each block's output dropped in training, in [0, 1).
        name: Name of the model.
    Input shape: `(batch, steps, features)`, float, standardised.
    Output shape: `(batch, width)`: mean and highest value over the steps of each channel, then the LSTM's state;
        `width` is `4 * units + lstm_units`, with `depth=1` `2 * units + lstm_units`.
    Raises:
        ValueError: If `input_shape` does not have two axes or a setting is out of its bounds.
    Reference:
        Wang, Yan & Oates, 2017, section II.C and figure 1c (residual blocks),
        https://arxiv.org/abs/1611.06455; Karim et al., 2018 (convolutions beside an LSTM),
        https://arxiv.org/abs/1709.05206. Other than there, padding is masked and the LSTM reads the last maps.
    Example:
        >>> signal_encoder((140, 2), units=8, lstm_units=4).output_shape
        (None, 36)
    """
    shape = check_shape(input_shape, "(steps, features)")
    check_counts(units=units, depth=depth, kernel=kernel, lstm_units=lstm_units)
    check_share(dropout=dropout)
    spans = [max(kernel - less, min(kernel, 3)) for less in (0, 2, 4)]
    x = signal = keras.Input(shape)
    true = StepMask(name="true_steps")(signal)
    for block in range(depth):
        if block > 0:
            x, true = HalveSteps(name=f"halve{block}")([x, true])
        x = _residual_block(x, true, units * min(2**block, 2), spans, name=f"block{block + 1}")
        if dropout:
            x = keras.layers.Dropout(dropout, name=f"block{block + 1}_dropout")(x)
    pooled = MeanMaxPooling(name="pool")([x, true])
    state = PaddedLSTM(lstm_units, name="lstm")(x, mask=true)
    return keras.Model(signal, keras.layers.Concatenate(name="join")([pooled, state]), name=name)


def _residual_block(x, true, units: int, spans: list[int], *, name: str):
    shortcut = x
    if shortcut.shape[-1] != units:
        shortcut = _convolution(x, true, units, 1, f"{name}_shortcut")
    else:
        shortcut = MaskedBatchNormalization(name=f"{name}_shortcut_bn")([x, true])
    for place, span in enumerate(spans):
        if place > 0:
            x = keras.layers.ReLU(name=f"{name}_relu{place}")(x)
        x = _convolution(x, true, units, span, f"{name}_conv{place + 1}")
    x = keras.layers.Add(name=f"{name}_add")([shortcut, x])
    return keras.layers.ReLU(name=f"{name}_out")(x)


def _convolution(x, true, units: int, span: int, name: str):
    # without a bias: a normalisation follows and has its own, and padding must stay zeros for the next one
    x = keras.layers.Conv1D(
        units, span, padding="same", use_bias=False, kernel_initializer="he_normal", name=name
    )(x)
    return MaskedBatchNormalization(name=f"{name}_bn")([x, true])
