"""Features of a signal that need no training: many random convolutions, each summed up in two numbers."""

import keras
import numpy as np
from keras import ops

from shared.builders.checks import PACKAGE, check_counts

SPAN = 9  # steps of a kernel


@keras.saving.register_keras_serializable(package=PACKAGE)
class RandomConvolutions(keras.layers.Layer):
    """Reads a signal with random kernels; of each, the share of steps above 0 and the highest value.

    A linear model on these features is among the best classifiers of short series, and learns from few rows. The
    kernels are drawn from the seed and saved with the network; they are never trained.

    Args:
        kernels: Number of kernels.
        seed: Of the draw.
    Input shape: `(batch, steps, features)`, float, standardised; the last feature is 1 on true steps, 0 on padding at
        the end, and is not read otherwise.
    Output shape: `(batch, 2 * kernels)`, float32; zeros for a row without true steps.
    Raises:
        ValueError: If `kernels` is below 1, or the input has fewer than two features or an unknown number of steps.
    Reference:
        Dempster, Petitjean & Webb, ROCKET, 2020, section 3, https://arxiv.org/abs/1910.13051; here all kernels span 9
        steps, as in MiniRocket, and their dilations are powers of two.
    Example:
        >>> RandomConvolutions(10)(ops.ones((2, 40, 2))).shape == (2, 20)
        True
    """

    def __init__(self, kernels: int = 1000, *, seed: int = 0, **kwargs):
        # float32 whatever the precision of the rest: whether a sum is above 0 hangs on its last digits
        super().__init__(**{**kwargs, "dtype": "float32", "trainable": False})
        check_counts(kernels=kernels)
        self.kernels, self.seed = kernels, seed

    def build(self, input_shape):
        if len(input_shape) != 3 or input_shape[1] is None or input_shape[2] < 2:
            raise ValueError(f"{self.name} expects `(batch, steps, 2 or more)`, found {tuple(input_shape)}")
        rng, channels = np.random.default_rng(self.seed), input_shape[2] - 1
        most = max(1, (input_shape[1] - 1) // (SPAN - 1))
        self.dilations = [2**power for power in range(int(np.log2(most)) + 1)]
        self.banks = []
        for place, dilation in enumerate(self.dilations):
            count = len(range(place, self.kernels, len(self.dilations)))
            if not count:
                continue
            values = rng.normal(size=(SPAN, channels, count))
            values -= values.mean(axis=0, keepdims=True)
            bank = self._kept(f"kernel_{dilation}", values)
            bias = self._kept(f"bias_{dilation}", rng.uniform(-1, 1, count))
            self.banks.append((dilation, bank, bias))
        self.built = True

    def _kept(self, name: str, values: np.ndarray):
        start = values.astype("float32")
        return self.add_weight(
            name=name,
            shape=start.shape,
            initializer=lambda shape, dtype: ops.convert_to_tensor(start, dtype),
            trainable=False,
        )

    def call(self, inputs):
        inputs = ops.cast(inputs, "float32")
        signal, true = inputs[..., :-1], inputs[..., -1:] > 0.5
        steps = ops.maximum(ops.sum(ops.cast(true, "float32"), axis=1), 1.0)
        there = ops.any(true, axis=1)
        shares, highest = [], []
        for dilation, kernel, bias in self.banks:
            found = ops.conv(signal, kernel, padding="same", dilation_rate=dilation) + bias
            above = ops.cast(ops.logical_and(found > 0, true), "float32")
            shares.append(ops.sum(above, axis=1) / steps)
            top = ops.max(ops.where(true, found, -1e9), axis=1)
            highest.append(ops.where(there, top, 0.0))
        return ops.concatenate(shares + highest, axis=-1)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], 2 * self.kernels)

    def get_config(self):
        return {**super().get_config(), "kernels": self.kernels, "seed": self.seed}
