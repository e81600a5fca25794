"""TabM: one network that holds many, for tables (Gorishniy et al., 2025)."""

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from shared.builders.checks import PACKAGE, check_choice, check_counts, check_shape, check_share

ADAPTERS = ("ones", "random_sign", "normal")


@keras.saving.register_keras_serializable(package=PACKAGE)
class MemberScale(keras.layers.Layer):
    """Gives each member its own scaled view of one input: the only adapter of TabM-mini.

    Args:
        members: Number of members, k.
        adapter: First values of the scale: `"random_sign"` (-1 or 1), `"normal"` or `"ones"`.
        sections: Widths of the groups of neighbouring features that start with one common value, such as
            the embedding of one column; None gives each feature its own.
    Input shape: `(batch, features)`, float.
    Output shape: `(batch, members, features)`.
    Raises:
        ValueError: If a setting is out of its bounds or the input does not have two axes.
    Reference:
        Gorishniy et al., 2025, section 3.3, https://arxiv.org/abs/2410.24210
    Example:
        >>> MemberScale(4)(keras.Input((5,))).shape
        (None, 4, 5)
    """

    def __init__(self, members: int, *, adapter: str = "random_sign", sections=None, **kwargs):
        super().__init__(**kwargs)
        check_counts(members=members)
        check_choice(ADAPTERS, adapter=adapter)
        self.members, self.adapter = members, adapter
        self.sections = _sections(sections)

    def build(self, input_shape):
        if len(input_shape) != 2 or input_shape[-1] is None:
            raise ValueError(
                f"{self.name} expects input of shape `(batch, features)`, found {tuple(input_shape)}"
            )
        values = _adapter_values(self.adapter, self.sections, input_shape[-1])
        self.scale = self.add_weight(name="scale", shape=(self.members, input_shape[-1]), initializer=values)
        self.built = True

    def call(self, inputs):
        return inputs[:, None, :] * self.scale

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.members, input_shape[-1])

    def get_config(self):
        own = {"members": self.members, "adapter": self.adapter, "sections": self.sections}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(package=PACKAGE)
class EnsembleDense(keras.layers.Layer):
    """A dense layer of k members that share its weights and differ by cheap adapters (BatchEnsemble).

    Member i computes `s_i * (W (r_i * x_i)) + b_i`; W is common.

    Args:
        units: Size of the output.
        members: Number of members, k.
        adapter: First values of r: `"ones"`, `"random_sign"` (-1 or 1) or `"normal"`; s starts at ones.
        sections: As in `MemberScale`.
    Input shape: `(batch, members, features)`, or `(batch, features)`, which all members then read; float.
    Output shape: `(batch, members, units)`.
    Raises:
        ValueError: If a setting is out of its bounds or the input has another shape.
    Reference:
        Wen et al., 2020, https://arxiv.org/abs/2002.06715; Gorishniy et al., 2025, section 3.3,
        https://arxiv.org/abs/2410.24210
    Example:
        >>> EnsembleDense(8, members=4)(keras.Input((5,))).shape
        (None, 4, 8)
    """

    def __init__(self, units: int, *, members: int, adapter: str = "ones", sections=None, **kwargs):
        super().__init__(**kwargs)
        check_counts(units=units, members=members)
        check_choice(ADAPTERS, adapter=adapter)
        self.units, self.members, self.adapter = units, members, adapter
        self.sections = _sections(sections)

    def build(self, input_shape):
        features = _features_of(self, input_shape, optional_members=True)
        spread = _fan_in_uniform(features)
        self.kernel = self.add_weight(name="kernel", shape=(features, self.units), initializer=spread)
        self.r = self.add_weight(
            name="r",
            shape=(self.members, features),
            initializer=_adapter_values(self.adapter, self.sections, features),
        )
        self.s = self.add_weight(name="s", shape=(self.members, self.units), initializer="ones")
        self.bias = self.add_weight(
            name="bias",
            shape=(self.members, self.units),
            initializer=lambda shape, dtype: ops.tile(spread((1, shape[1]), dtype), (shape[0], 1)),
        )
        self.built = True

    def call(self, inputs):
        features = self.kernel.shape[0]
        if (
            len(inputs.shape) == 2
        ):  # one product with the members' weights side by side: no copies of the input
            kernel = ops.transpose(self.r)[:, :, None] * self.kernel[:, None, :] * self.s
            x = ops.matmul(inputs, ops.reshape(kernel, (features, self.members * self.units)))
            return ops.reshape(x, (-1, self.members, self.units)) + self.bias
        x = ops.matmul(ops.reshape(inputs * self.r, (-1, features)), self.kernel)
        return ops.reshape(x, (-1, self.members, self.units)) * self.s + self.bias

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.members, self.units)

    def get_config(self):
        own = {"units": self.units, "members": self.members, "adapter": self.adapter}
        return {**super().get_config(), **own, "sections": self.sections}


@keras.saving.register_keras_serializable(package=PACKAGE)
class EnsembleHead(keras.layers.Layer):
    """k linear layers side by side, one a member, with nothing in common.

    Args:
        units: Number of outputs of each member.
        bias_initializer: First value of the biases; by default as for the weights.
    Input shape: `(batch, members, features)`, float.
    Output shape: `(batch, members, units)`.
    Raises:
        ValueError: If `units` is below 1 or the input does not have three known axes.
    Reference:
        Gorishniy et al., 2025, section 3.3, https://arxiv.org/abs/2410.24210
    Example:
        >>> EnsembleHead(2)(keras.Input((4, 5))).shape
        (None, 4, 2)
    """

    def __init__(self, units: int, *, bias_initializer=None, **kwargs):
        super().__init__(**kwargs)
        check_counts(units=units)
        self.units, self.bias_initializer = units, keras.initializers.get(bias_initializer)

    def build(self, input_shape):
        features = _features_of(self, input_shape)
        spread = _fan_in_uniform(features)
        self.kernel = self.add_weight(
            name="kernel", shape=(input_shape[1], features, self.units), initializer=spread
        )
        self.bias = self.add_weight(
            name="bias", shape=(input_shape[1], self.units), initializer=self.bias_initializer or spread
        )
        self.built = True

    def call(self, inputs):
        if self.units == 1:
            return ops.sum(inputs * self.kernel[..., 0], axis=-1, keepdims=True) + self.bias
        return ops.einsum("bkf,kfu->bku", inputs, self.kernel) + self.bias

    def compute_output_shape(self, input_shape):
        return (*input_shape[:2], self.units)

    def get_config(self):
        bias = self.bias_initializer and keras.initializers.serialize(self.bias_initializer)
        return {**super().get_config(), "units": self.units, "bias_initializer": bias}


def tabm_encoder(
    input_shape: tuple[int],
    *,
    units: int = 128,
    depth: int = 2,
    members: int = 16,
    dropout: float = 0.0,
    mini: bool = False,
    adapter: str = "random_sign",
    sections: Sequence[int] | None = None,
    name: str = "tabm_encoder",
) -> keras.Model:
    """Reads a row of numbers through k networks that share most of their weights.

    Train on the mean of the members' losses (`MemberLoss`), never on the loss of their mean; predict with
    the mean of their probabilities (`mean_probability`). With `members=1` it is a plain network.

    Args:
        input_shape: `(features,)`, without the batch axis.
        units: Size of each layer.
        depth: Number of layers.
        members: Number of members, k.
        dropout: Share of each layer's outputs dropped in training, in [0, 1).
        mini: False gives each layer adapters r, s and biases (TabM); True only the input one adapter
            (TabM-mini).
        adapter: First values of the first adapter: `"random_sign"` for plain numbers, `"normal"` after
            numeric embeddings.
        sections: Width of each column's embedding, so that its first adapter starts with one common value.
    Input shape: `(batch, features)`, float.
    Output shape: `(batch, members, units)`.
    Raises:
        ValueError: If `input_shape` does not have one axis or a setting is out of its bounds.
    Reference:
        Gorishniy, Kotelnikov & Babenko, ICLR 2025, "TabM", section 3.3, https://arxiv.org/abs/2410.24210
    Example:
        >>> tabm_encoder((5,), units=8, members=4).output_shape
        (None, 4, 8)
    """
    shape = check_shape(input_shape, "(features,)")
    check_counts(units=units, depth=depth, members=members)
    check_share(dropout=dropout)
    inputs = x = keras.Input(shape)
    if mini:
        x = MemberScale(members, adapter=adapter, sections=sections)(x)
    for i in range(depth):
        spread = _fan_in_uniform(x.shape[-1])
        if mini:
            x = keras.layers.Dense(units, kernel_initializer=spread, bias_initializer=spread)(x)
        elif i == 0:
            x = EnsembleDense(units, members=members, adapter=adapter, sections=sections)(x)
        else:
            x = EnsembleDense(units, members=members)(x)
        x = keras.layers.ReLU()(x)
        if dropout:
            x = keras.layers.Dropout(dropout)(x)
    return keras.Model(inputs, x, name=name)


def _sections(sections) -> list[int] | None:
    if sections is None:
        return None
    check_counts(**{f"section {i}": width for i, width in enumerate(sections)})
    return [int(width) for width in sections]


def _adapter_values(kind: str, sections: list[int] | None, features: int):
    """Initializer of `(members, features)`; the features of one section start with one common value."""
    sections = sections or [1] * features
    if sum(sections) != features:
        raise ValueError(f"sections must add up to the {features} features of the input, found {sections}")
    draw = (
        keras.initializers.RandomUniform(-1, 1)
        if kind == "random_sign"
        else keras.initializers.get(
            keras.initializers.RandomNormal(stddev=1.0) if kind == "normal" else "ones"
        )
    )
    place = np.repeat(np.arange(len(sections)), sections)

    def values(shape, dtype):
        drawn = draw((shape[0], len(sections)), dtype)
        if kind == "random_sign":
            drawn = ops.where(drawn < 0, -ops.ones_like(drawn), ops.ones_like(drawn))
        return ops.take(drawn, place, axis=1)

    return values


def _fan_in_uniform(features: int):
    """Uniform within 1 / sqrt(inputs), the paper's choice for weights and biases."""
    return keras.initializers.RandomUniform(-(features**-0.5), features**-0.5)


def _features_of(layer, input_shape, *, optional_members: bool = False) -> int:
    members = getattr(layer, "members", input_shape[1] if len(input_shape) == 3 else None)
    whole = len(input_shape) == 3 and input_shape[1] == members and members is not None
    shared = optional_members and len(input_shape) == 2
    if not (whole or shared) or input_shape[-1] is None:
        expected = f"`(batch, {members or 'members'}, features)`" + (
            " or `(batch, features)`" * optional_members
        )
        raise ValueError(f"{layer.name} expects input of shape {expected}, found {tuple(input_shape)}")
    return input_shape[-1]
