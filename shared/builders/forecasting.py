"""What the forecasters have in common, and the recurrent one: past and future in, numbers for each step out."""

from collections.abc import Mapping, Sequence
from numbers import Integral

import keras
from keras import ops

from shared.builders.checks import PACKAGE, check_counts, check_share
from shared.builders.sequence import PaddedLSTM


def forecast_inputs(
    past_shape: Sequence[int], future_shape: Sequence[int], static_size: int
) -> dict[str, keras.KerasTensor]:
    """The inputs of a forecaster by name; one without features does not exist.

    `past` is `(lookback, features)`: feature 0 is the scaled target, the others are covariates; padding, at
    the front, is all zeros. `future` is `(horizon, features)`, what is known ahead. `static` is `(size,)`.

    Args:
        past_shape: `(lookback, features)`, without the batch axis.
        future_shape: `(horizon, features)`; 0 features: nothing is known ahead.
        static_size: Numbers that belong to a series and not to a step; 0: none.
    Raises:
        ValueError: If a shape or the size is out of its bounds.
    Example:
        >>> {name: x.shape for name, x in forecast_inputs((28, 3), (7, 0), 2).items()}
        {'past': (None, 28, 3), 'static': (None, 2)}
    """
    past = _two_counts("past_shape", "(lookback, features)", past_shape, least=1)
    future = _two_counts("future_shape", "(horizon, features)", future_shape, least=0)
    if isinstance(static_size, bool) or not isinstance(static_size, Integral) or static_size < 0:
        raise ValueError(f"static_size must be a whole number of at least 0, found {static_size!r}")
    shapes = {"past": past, "future": future, "static": (int(static_size),)}
    return {name: keras.Input(shape, name=name) for name, shape in shapes.items() if shape[-1]}


def _two_counts(name: str, form: str, shape, *, least: int) -> tuple[int, int]:
    sizes = tuple(shape) if isinstance(shape, Sequence) else ()
    whole = all(isinstance(size, Integral) and not isinstance(size, bool) for size in sizes)
    if len(sizes) != 2 or not whole or sizes[0] < 1 or sizes[1] < least:
        raise ValueError(
            f"{name} must be `{form}` without the batch axis, at least 1 and {least}, found {shape!r}"
        )
    return int(sizes[0]), int(sizes[1])


@keras.saving.register_keras_serializable(package=PACKAGE)
class FeatureSlice(keras.layers.Layer):
    """The features from `start` up to `stop` (None: the last) of an input, as they are.

    Args:
        start: First feature that is kept, from 0.
        stop: First feature after it that is not; None keeps all that follow.
    Input shape: `(batch, ..., features)`, float.
    Output shape: the same, with fewer features.
    Raises:
        ValueError: If no feature would be left.
    Example:
        >>> FeatureSlice(1)(keras.Input((5, 3))).shape
        (None, 5, 2)
    """

    def __init__(self, start: int = 0, stop: int | None = None, **kwargs):
        super().__init__(**kwargs)
        self.start, self.stop = start, stop

    def build(self, input_shape):
        if not self._kept(input_shape):
            raise ValueError(
                f"{self.name} finds no feature from {self.start} up to {self.stop} in {tuple(input_shape)}"
            )
        self.built = True

    def _kept(self, input_shape) -> int:
        return len(range(input_shape[-1])[self.start : self.stop])

    def call(self, inputs):
        return inputs[..., self.start : self.stop]

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self._kept(input_shape))

    def get_config(self):
        return {**super().get_config(), "start": self.start, "stop": self.stop}


@keras.saving.register_keras_serializable(package=PACKAGE)
class StepMask(keras.layers.Layer):
    """Which steps of a sequence are there: those that are not all zeros.

    `keras.layers.Masking` says the same, but its mask is lost as soon as another input is laid beside it.

    Input shape: `(batch, steps, features)`, float.
    Output shape: `(batch, steps)`, bool.
    Example:
        >>> ops.convert_to_numpy(StepMask()(ops.convert_to_tensor([[[0.0], [2.0]]]))).tolist()
        [[False, True]]
    """

    def __init__(self, **kwargs):
        # float32: a tiny value must not turn to 0 in mixed precision
        super().__init__(**{**kwargs, "dtype": "float32"})

    def call(self, inputs):
        return ops.any(ops.not_equal(inputs, 0), axis=-1)

    def compute_output_spec(self, inputs):
        return keras.KerasTensor(inputs.shape[:-1], dtype="bool")


def lstm_forecaster(
    past_shape: Sequence[int],
    future_shape: Sequence[int],
    static_size: int,
    *,
    outputs: int,
    units: int = 64,
    depth: int = 1,
    dropout: float = 0.0,
    name: str = "lstm_forecaster",
) -> keras.Model:
    """Reads the past step by step, then the future from where the past ended, all steps in one pass.

    The encoder's last state starts the decoder. Besides what is known ahead, each step of the decoder reads a
    context of its own, made of that state; nothing that was forecast is fed back, so errors do not build up.
    Padding in `past` is skipped; a row of nothing but padding starts the decoder from zeros.

    Args:
        past_shape: `(lookback, features)`, without the batch axis; feature 0 is the target.
        future_shape: `(horizon, features)`; 0 features: there is no such input.
        static_size: Numbers a series; 0: there is no such input. Read at each step of both sequences.
        outputs: Numbers for each step ahead, which a head reads.
        units: Size of the hidden states.
        depth: Number of stacked LSTM layers, in the encoder and in the decoder.
        dropout: Share of each layer's inputs dropped in training, in [0, 1).
        name: Name of the model.
    Input shapes: `past` `(batch, lookback, features)`, `future` `(batch, horizon, features)`, `static`
        `(batch, size)`, by name, float.
    Output shape: `(batch, horizon, outputs)`, float32.
    Raises:
        ValueError: If a shape or a setting is out of its bounds.
    Reference:
        Wen et al., 2017, section 3 (all steps at once, a context for each), https://arxiv.org/abs/1711.11053;
        Salinas et al., 2020, section 3 (statics at each step), https://arxiv.org/abs/1704.04110
    Example:
        >>> lstm_forecaster((28, 3), (7, 2), 4, outputs=11, units=8).output_shape
        (None, 7, 11)
    """
    check_counts(outputs=outputs, units=units, depth=depth)
    check_share(dropout=dropout)
    inputs = forecast_inputs(past_shape, future_shape, static_size)
    horizon = int(future_shape[0])
    states = _encoder_states(inputs, int(past_shape[0]), units, depth, dropout)
    width = max(4, units // 4)  # of each step's own context; as wide as the state it would outgrow the rest
    x = keras.layers.Dense(horizon * width, activation="relu")(states[-1][0])
    parts = [keras.layers.Reshape((horizon, width))(x)]
    parts += [inputs["future"]] if "future" in inputs else []
    x = beside(parts, static_at_steps(inputs, horizon))
    for state in states:
        x = PaddedLSTM(units, dropout=dropout, return_sequences=True)(x, initial_state=state)
    x = keras.layers.Dense(units, activation="relu")(x)
    return keras.Model(inputs, keras.layers.Dense(outputs, dtype="float32")(x), name=name)


def _encoder_states(inputs: Mapping, lookback: int, units: int, depth: int, dropout: float) -> list[list]:
    """The last state of each layer, `[hidden, cell]`."""
    mask = StepMask()(inputs["past"])
    x, states = beside([inputs["past"]], static_at_steps(inputs, lookback)), []
    for _ in range(depth):
        x, *state = PaddedLSTM(units, dropout=dropout, return_sequences=True, return_state=True)(x, mask=mask)
        states.append(state)
    return states


def static_at_steps(inputs: Mapping, steps: int) -> list:
    """The static input repeated at each step, `(batch, steps, size)`, in a list; an empty one without it.

    Example:
        >>> [x.shape for x in static_at_steps({"static": keras.Input((2,))}, 7)]
        [(None, 7, 2)]
    """
    return [keras.layers.RepeatVector(steps)(inputs["static"])] if "static" in inputs else []


def beside(parts: Sequence, more: Sequence = ()):
    """All parts laid end to end along their last axis; a single one as it is.

    Example:
        >>> beside([keras.Input((7, 2)), keras.Input((7, 3))]).shape
        (None, 7, 5)
    """
    parts = [*parts, *more]
    return keras.layers.Concatenate()(parts) if len(parts) > 1 else parts[0]
