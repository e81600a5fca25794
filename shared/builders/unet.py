"""From feature maps back to a map of the photo: the decoder of a U-Net."""

from collections.abc import Mapping, Sequence

import keras
from keras import ops

from shared.builders.checks import PACKAGE, check_choice, check_counts


@keras.saving.register_keras_serializable(package=PACKAGE)
class ResizeLike(keras.layers.Layer):
    """Resizes a map to the sides of another one, bilinearly.

    The sides of maps are rounded up, so that twice a coarse one can be one more than the finer one has.

    Input shape: `[(batch, h, w, channels), (batch, height, width, any)]`.
    Output shape: `(batch, height, width, channels)`.
    Example:
        >>> ResizeLike()([keras.Input((13, 13, 4)), keras.Input((25, 25, 8))]).shape
        (None, 25, 25, 4)
    """

    def call(self, inputs):
        coarse, fine = inputs
        # a size that is not known when the network is built is read from the map
        size = [known or ops.shape(fine)[axis] for axis, known in enumerate(fine.shape[1:3], start=1)]
        return ops.image.resize(coarse, size, interpolation="bilinear")

    def compute_output_shape(self, shapes):
        coarse, fine = shapes
        return (coarse[0], *fine[1:3], coarse[-1])


def unet_decoder(
    feature_shapes: Mapping[str, Sequence[int]],
    *,
    classes: int,
    units: int = 64,
    finest: str = "stride8",
    name: str = "unet_decoder",
) -> keras.Model:
    """Reads the maps of an encoder from the coarsest on and gives each place a score for each class.

    Each step doubles the sides, joins the encoder's map of that size and mixes the two. Maps finer than
    `finest` are not read. Any side of photo works.

    Args:
        feature_shapes: `(height, width, channels)` of each map by its name, such as `stride8`.
        classes: Scores at each place.
        units: Channels of every step.
        finest: Name of the map that the scores have the sides of.
        name: Name of the model.
    Input shape: the maps from `finest` to the coarsest by name, `(batch, height, width, channels)`, float.
    Output shape: `(batch, height, width, classes)`, logits, float32; sides as those of `finest`.
    Raises:
        ValueError: If a map's name or shape is none, `finest` is not among them, or a count is below 1.
    Reference:
        Ronneberger, Fischer & Brox, 2015, figure 1, https://arxiv.org/abs/1505.04597; the convolutions are
        separable (Chollet, 2017, https://arxiv.org/abs/1610.02357), and the maps are brought to a common
        number of channels first.
    Example:
        >>> shapes = {"stride8": (8, 8, 32), "stride16": (4, 4, 96), "stride32": (2, 2, 320)}
        >>> unet_decoder(shapes, classes=3, units=8).output_shape
        (None, 8, 8, 3)
    """
    check_counts(classes=classes, units=units)
    check_choice(tuple(feature_shapes), finest=finest)
    strides = {key: _stride(key, shape) for key, shape in feature_shapes.items()}
    coarse_first = sorted((key for key in strides if strides[key] >= strides[finest]), key=strides.get)[::-1]
    maps = {key: keras.Input(tuple(feature_shapes[key]), name=key) for key in coarse_first}
    x = _reduced(maps[coarse_first[0]], units, coarse_first[0])
    for key in coarse_first[1:]:
        skip = _reduced(maps[key], units, key)
        x = ResizeLike(name=f"{key}_up")([x, skip])
        x = keras.layers.Concatenate(name=f"{key}_join")([x, skip])
        x = keras.layers.SeparableConv2D(units, 3, padding="same", use_bias=False, name=f"{key}_mix")(x)
        x = _activated(x, f"{key}_mix")
    # float32: logits of a network of mixed precision would lose what small losses are made of
    logits = keras.layers.Conv2D(classes, 1, dtype="float32", name="logits")(x)
    return keras.Model(maps, logits, name=name)


def _stride(key: str, shape: Sequence[int]) -> int:
    number = key.removeprefix("stride")
    if not number.isdigit() or len(shape) != 3 or shape[-1] is None:
        raise ValueError(
            "feature_shapes must give `(height, width, channels)` of maps named such as `stride8`, "
            f"found {key!r}: {shape!r}"
        )
    return int(number)


def _reduced(feature_map, units: int, name: str):
    x = keras.layers.Conv2D(units, 1, use_bias=False, name=f"{name}_reduce")(feature_map)
    return _activated(x, f"{name}_reduce")


def _activated(x, name: str):
    x = keras.layers.BatchNormalization(name=f"{name}_bn")(x)
    return keras.layers.ReLU(name=f"{name}_relu")(x)
