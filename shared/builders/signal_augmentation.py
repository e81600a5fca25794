"""Other recordings of the same signal: louder, noisier, earlier or faster, in training alone.

The last feature of each step says whether the step is true; it stays as it is, padding stays zeros, and each
signal of a batch is changed by chance of its own. True steps come first and padding follows.
"""

import math

import keras
from keras import ops

from shared.builders.checks import PACKAGE, check_share

WAVES = 3  # of a time warp; few, so that it stays smooth


class _SignalAugmentation(keras.layers.Layer):
    """What all have in common: at rest outside training, a seed, true steps and padding that stay."""

    setting: str = ""

    def __init__(self, amount: float, *, seed: int | None = None, **kwargs):
        super().__init__(autocast=False, **kwargs)  # half precision would lose steps of a long signal
        self.amount, self.seed = amount, seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs, training=False):
        if not training:
            return inputs
        values = ops.cast(inputs[..., :-1], "float32")
        true = inputs[..., -1:] != 0
        changed = ops.where(true, self.change(values, true), 0.0)
        return ops.concatenate([ops.cast(changed, inputs.dtype), inputs[..., -1:]], axis=-1)

    def change(self, values, true):
        """The values `(batch, steps, features - 1)`, float32, as chance has it; `true` is `(batch, steps, 1)`."""
        raise NotImplementedError

    def uniform(self, values, low: float, high: float, size: int = 1):
        """`size` numbers for each signal, `(batch, size)`."""
        return keras.random.uniform((ops.shape(values)[0], size), low, high, seed=self.seed_generator)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), self.setting: self.amount, "seed": self.seed}


@keras.saving.register_keras_serializable(package=PACKAGE)
class SignalScale(_SignalAugmentation):
    """Makes each signal larger or smaller; all its channels by the same factor.

    Args:
        scale: Largest change, as the logarithm of the factor: 0.1 is from 0.90 to 1.11.
        seed: Of the draws; None: of `keras.utils.set_random_seed`.
    Input shape: `(batch, steps, features)`, float; the last feature is 1 on true steps.
    Output shape: the same.
    Raises:
        ValueError: If `scale` is below 0.
    Example:
        >>> SignalScale(0.1, seed=0)(ops.ones((2, 8, 2)), training=True).shape == (2, 8, 2)
        True
    """

    setting = "scale"

    def __init__(self, scale: float = 0.1, **kwargs):
        _check_not_negative(scale=scale)
        super().__init__(scale, **kwargs)

    def change(self, values, true):
        return values * ops.exp(self.uniform(values, -self.amount, self.amount))[:, None, :]


@keras.saving.register_keras_serializable(package=PACKAGE)
class SignalNoise(_SignalAugmentation):
    """Adds normal noise of its own strength to each signal.

    Args:
        noise: Largest standard deviation, in the units of the values; of standardised ones a share of the spread.
        seed: Of the draws; None: of `keras.utils.set_random_seed`.
    Input shape: `(batch, steps, features)`, float; the last feature is 1 on true steps.
    Output shape: the same.
    Raises:
        ValueError: If `noise` is below 0.
    Example:
        >>> SignalNoise(0.1, seed=0)(ops.ones((2, 8, 2)), training=True).shape == (2, 8, 2)
        True
    """

    setting = "noise"

    def __init__(self, noise: float = 0.05, **kwargs):
        _check_not_negative(noise=noise)
        super().__init__(noise, **kwargs)

    def change(self, values, true):
        strength = self.uniform(values, 0.0, self.amount)[:, None, :]
        return values + strength * keras.random.normal(ops.shape(values), seed=self.seed_generator)


@keras.saving.register_keras_serializable(package=PACKAGE)
class SignalShift(_SignalAugmentation):
    """Moves each signal earlier or later; what comes in from outside repeats its first or last value.

    Args:
        shift: Most that a signal moves, as a share of its own length, in [0, 1).
        seed: Of the draws; None: of `keras.utils.set_random_seed`.
    Input shape: `(batch, steps, features)`, float; the last feature is 1 on true steps.
    Output shape: the same.
    Raises:
        ValueError: If `shift` is out of its bounds.
    Example:
        >>> SignalShift(0.1, seed=0)(ops.ones((2, 8, 2)), training=True).shape == (2, 8, 2)
        True
    """

    setting = "shift"

    def __init__(self, shift: float = 0.05, **kwargs):
        check_share(shift=shift)
        super().__init__(shift, **kwargs)

    def change(self, values, true):
        step, last = _steps(true)
        return _read_at(values, step - self.uniform(values, -self.amount, self.amount) * last, last)


@keras.saving.register_keras_serializable(package=PACKAGE)
class SignalWarp(_SignalAugmentation):
    """Lets each signal run now faster, now slower; its first and last step stay where they are.

    Time is bent by a few sine waves over the length of the signal, and never runs backwards.

    Args:
        warp: Largest change of speed, as a share, in [0, 1): 0.1 is from 0.9 to 1.1 times.
        seed: Of the draws; None: of `keras.utils.set_random_seed`.
    Input shape: `(batch, steps, features)`, float; the last feature is 1 on true steps.
    Output shape: the same.
    Raises:
        ValueError: If `warp` is out of its bounds.
    Reference:
        Um et al., 2017 (time-warping), https://arxiv.org/abs/1706.00527; with sines in place of splines
    Example:
        >>> SignalWarp(0.1, seed=0)(ops.ones((2, 8, 2)), training=True).shape == (2, 8, 2)
        True
    """

    setting = "warp"

    def __init__(self, warp: float = 0.1, **kwargs):
        check_share(warp=warp)
        super().__init__(warp, **kwargs)

    def change(self, values, true):
        step, last = _steps(true)
        bends = self.uniform(values, -self.amount / WAVES, self.amount / WAVES, WAVES)
        # The slope of sin(pi k u) / (pi k) is at most 1: the shares of all waves add up to `warp` at most.
        waves = math.pi * ops.arange(1, WAVES + 1, dtype="float32")
        share = step / ops.maximum(last, 1.0)
        moved = ops.sum(bends[:, None, :] * ops.sin(share[..., None] * waves) / waves, axis=-1)
        return _read_at(values, step + moved * last, last)


def signal_augmentation(
    *,
    scale: float = 0.1,
    noise: float = 0.05,
    shift: float = 0.05,
    warp: float = 0.1,
    seed: int | None = None,
) -> list[keras.layers.Layer]:
    """The layers that these settings ask for, to be applied one after the other; none for what is 0.

    Allow only what leaves the diagnosis as it is: where the size of a signal is the sign of a disease, no scale.

    Args:
        scale: See `SignalScale`; a logarithm.
        noise: See `SignalNoise`; units of the values.
        shift: See `SignalShift`; a share of the length.
        warp: See `SignalWarp`; a share of the speed.
        seed: Of all draws; None: of `keras.utils.set_random_seed`.
    Raises:
        ValueError: If a setting is out of its bounds.
    Example:
        >>> [type(layer).__name__ for layer in signal_augmentation(scale=0, shift=0)]
        ['SignalWarp', 'SignalNoise']
    """
    # noise comes last, so that no resampling smooths it
    kinds = [(SignalWarp, warp), (SignalShift, shift), (SignalScale, scale), (SignalNoise, noise)]
    seeds = [None if seed is None else seed + place for place in range(len(kinds))]  # no two draw alike
    return [kind(amount, seed=own) for (kind, amount), own in zip(kinds, seeds) if amount]


def _check_not_negative(**values: float) -> None:
    for name, value in values.items():
        if not value >= 0:
            raise ValueError(f"{name} must be at least 0, found {value!r}")


def _steps(true):
    """Number of each step, `(1, steps)`, and of the last true one of each signal, `(batch, 1)`, float32."""
    step = ops.arange(ops.shape(true)[1], dtype="float32")[None]
    return step, ops.max(ops.where(true[..., 0], step, 0.0), axis=1, keepdims=True)


def _read_at(values, place, last):
    """The values at places between steps, `(batch, steps)`, linearly; beyond the ends those of the ends."""
    place = ops.clip(place, 0.0, last)
    before = ops.floor(place)
    share = (place - before)[..., None]
    first = _taken(values, before)
    return first + share * (_taken(values, ops.minimum(before + 1.0, last)) - first)


def _taken(values, step):
    index = ops.broadcast_to(ops.cast(step, "int32")[..., None], ops.shape(values))
    return ops.take_along_axis(values, index, axis=1)
