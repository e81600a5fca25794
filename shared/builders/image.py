"""From a photo to feature maps: a small network that learns from nothing, and networks trained on ImageNet."""

import warnings
from pathlib import Path

import keras
import numpy as np
from keras import ops

from shared.builders.checks import check_choice, check_counts, check_shape, check_share
from shared.builders.tuning import freeze, frozen_share, unfreeze_from  # noqa: F401  which blocks learn
from shared.errors import VerticalsError

STRIDES = ("stride4", "stride8", "stride16", "stride32")  # the maps of every encoder, from fine to coarse
LEAST_SIDE = 32  # pixels; the coarsest map then has one place

# Name in keras.applications, and the layer each map is read from. Of MobileNetV2 the linear bottlenecks: their
# nearest neighbours are far better than those of the expanded maps. The sums of ConvNeXt have no layer: None.
BACKBONES = {
    "mobilenet_v2": ("MobileNetV2", ("block_2_add", "block_5_add", "block_12_add", "out_relu")),
    "efficientnet_v2_b0": (
        "EfficientNetV2B0",
        ("block2b_add", "block3b_add", "block5e_add", "top_activation"),
    ),
    "resnet50": (
        "ResNet50",
        ("conv2_block3_out", "conv3_block4_out", "conv4_block6_out", "conv5_block3_out"),
    ),
    "convnext_tiny": ("ConvNeXtTiny", None),
}


# Further maps of MobileNetV2 that a class head gains by; `StatisticsPooling` tells how much.
BETWEEN = {"mobilenet_v2": {"early16": "block_9_add", "late32": "block_15_add"}}


class WeightsError(VerticalsError):
    """The weights of a pretrained network cannot be had, or do not fit it."""


def residual_image_encoder(
    input_shape: tuple[int, int, int],
    *,
    units: int = 32,
    depth: int = 2,
    dropout: float = 0.0,
    name: str = "residual_image_encoder",
) -> keras.Model:
    """Reads a photo with a compact residual network, to be trained from nothing.

    Args:
        input_shape: `(height, width, channels)`, without the batch axis; sides of at least 32 pixels.
        units: Channels of the finest map; each coarser one has twice as many.
        depth: Residual blocks for each map.
        dropout: Share of each block's inner channels' values dropped in training, in [0, 1).
        name: Name of the model.
    Input shape: `(batch, height, width, channels)`, 0 to 255, any number type; scaled inside.
    Output: `{"stride4": (batch, height / 4, width / 4, units), ..., "stride32": ...}`, sides rounded up.
    Raises:
        ValueError: If `input_shape` does not fit or a setting is out of its bounds.
    Reference:
        He et al., 2016, "Identity mappings in deep residual networks", figure 4e (pre-activation),
        https://arxiv.org/abs/1603.05027
    Example:
        >>> encoder = residual_image_encoder((64, 64, 1), units=4, depth=1)
        >>> encoder.output["stride32"].shape
        (None, 2, 2, 32)
    """
    shape = _photo_shape(input_shape)
    check_counts(units=units, depth=depth)
    check_share(dropout=dropout)
    photo = keras.Input(shape)
    x = keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="scale")(photo)
    x = _convolution(units, 3, "stem_conv", strides=2)(x)
    maps = {}
    for stage, stride in enumerate(STRIDES):
        for block in range(depth):
            stem = f"stage{stage + 1}_block{block + 1}"
            strides = 2 if block == 0 else 1
            x = _residual_block(x, units * 2**stage, strides=strides, dropout=dropout, name=stem)
        # A sum has not been normalised yet: what leaves the encoder has, and the next stage reads the bare sum.
        maps[stride] = _activated(x, f"stage{stage + 1}_block{depth}_out")
    return keras.Model(photo, maps, name=name)


def pretrained_image_encoder(
    backbone: str,
    input_shape: tuple[int, int, int],
    *,
    weights: str | None = "imagenet",
    name: str = "pretrained_image_encoder",
) -> keras.Model:
    """Reads a photo with a well-known network; grey photos are repeated to three channels.

    Args:
        backbone: `"mobilenet_v2"`, `"efficientnet_v2_b0"`, `"resnet50"` or `"convnext_tiny"`.
        input_shape: `(height, width, channels)`, 1 or 3 channels, sides of at least 32 pixels.
        weights: `"imagenet"` takes them from the Keras cache or the network; a path to a `.weights.h5` (or the
            `.h5` that Keras keeps) of the network without its top; None starts from nothing.
        name: Name of the model.
    Input shape: `(batch, height, width, channels)`, 0 to 255, any number type; scaled inside as the network
        was trained.
    Output: `{"stride4": (batch, height / 4, width / 4, channels), ..., "stride32": ...}`, and the maps of
        `BETWEEN` where the backbone has some.
    Raises:
        ValueError: If the backbone is not known or `input_shape` does not fit.
        WeightsError: If the weights cannot be had or do not fit.
    Reference:
        Sandler et al., 2018, https://arxiv.org/abs/1801.04381; Tan & Le, 2021,
        https://arxiv.org/abs/2104.00298; He et al., 2015, https://arxiv.org/abs/1512.03385; Liu et al., 2022,
        https://arxiv.org/abs/2201.03545
    Example:
        >>> encoder = pretrained_image_encoder("mobilenet_v2", (64, 64, 1), weights=None)
        >>> encoder.output["stride16"].shape
        (None, 4, 4, 96)
    """
    check_choice(tuple(BACKBONES), backbone=backbone)
    shape = _photo_shape(input_shape)
    if shape[-1] not in (1, 3):
        raise ValueError(f"input_shape must have 1 or 3 channels, found {shape[-1]}")
    base = _backbone(backbone, (*shape[:2], 3), weights)
    taps = BACKBONES[backbone][1]
    outputs = [base.get_layer(tap).output for tap in taps] if taps else _last_of_each_stride(base)
    maps = dict(zip(STRIDES, outputs))
    maps |= {key: base.get_layer(tap).output for key, tap in BETWEEN.get(backbone, {}).items()}
    reader = keras.Model(base.input, maps, name=backbone)
    photo = keras.Input(shape)
    coloured = photo if shape[-1] == 3 else keras.layers.Concatenate(name="grey")([photo] * 3)
    return keras.Model(photo, reader(_scaled(backbone, coloured)), name=name)


def _photo_shape(input_shape) -> tuple[int, int, int]:
    shape = check_shape(input_shape, "(height, width, channels)")
    if min(shape[:2]) < LEAST_SIDE:
        raise ValueError(
            f"input_shape must have sides of at least {LEAST_SIDE} pixels, found {input_shape!r}"
        )
    return shape


def _convolution(units: int, size: int, name: str, *, strides: int = 1):
    # without a bias: a batch normalisation follows and has its own
    return keras.layers.Conv2D(
        units, size, strides, "same", use_bias=False, kernel_initializer="he_normal", name=name
    )


def _activated(x, name: str):
    x = keras.layers.BatchNormalization(name=f"{name}_bn")(x)
    return keras.layers.ReLU(name=f"{name}_relu")(x)


def _residual_block(x, units: int, *, strides: int, dropout: float, name: str):
    shortcut = x
    x = _activated(x, f"{name}_1")
    if strides > 1 or shortcut.shape[-1] != units:
        shortcut = _convolution(units, 1, f"{name}_shortcut", strides=strides)(x)
    x = _convolution(units, 3, f"{name}_conv1", strides=strides)(x)
    x = _activated(x, f"{name}_2")
    if dropout:
        x = keras.layers.Dropout(dropout, name=f"{name}_dropout")(x)
    x = _convolution(units, 3, f"{name}_conv2")(x)
    return keras.layers.Add(name=f"{name}_add")([shortcut, x])


def _scaled(backbone: str, photo):
    """The photo as the network of keras.applications expects it; whole numbers become floats."""
    if backbone == "mobilenet_v2":
        return keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="scale")(photo)
    if backbone == "resnet50":  # as in Caffe: blue, green, red, less the mean of ImageNet
        mean = [-103.939, -116.779, -123.68]
        return keras.layers.Rescaling(1.0, offset=mean, name="scale")(ops.flip(photo, axis=-1))
    return keras.layers.Rescaling(1.0, name="scale")(photo)  # these two scale inside


def _backbone(backbone: str, shape: tuple[int, int, int], weights: str | None) -> keras.Model:
    make = getattr(keras.applications, BACKBONES[backbone][0])
    if weights is None:
        return make(include_top=False, weights=None, input_shape=shape)
    if weights == "imagenet":
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that weights for 224 pixels are taken for other sides
                return make(include_top=False, weights="imagenet", input_shape=shape)
        except Exception as error:  # Keras raises a bare Exception where there is no network
            raise WeightsError(
                f"the ImageNet weights of `{backbone}` cannot be fetched ({_short(error)}). On a machine with a "
                f"network run `keras.applications.{BACKBONES[backbone][0]}(include_top=False).save_weights("
                f'"{backbone}.weights.h5")`, bring the file here and give its path as `weights`'
            ) from error
    return _loaded(make(include_top=False, weights=None, input_shape=shape), backbone, weights)


def _loaded(base: keras.Model, backbone: str, weights: str) -> keras.Model:
    path = Path(weights).expanduser()
    if path.suffix != ".h5" or not path.is_file():
        expected = f'expected "imagenet" or the path of a `.weights.h5` of `{backbone}`'
        raise WeightsError(f"weights: {expected}, found `{weights}`, which is no such file")
    # Keras skips some layers that a file lacks and only warns: what is still not a number was not loaded.
    base.set_weights([np.full(w.shape, np.nan, "float32") for w in base.weights])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            base.load_weights(path)
    except (ValueError, OSError, KeyError, AttributeError) as error:
        raise WeightsError(_unfit(weights, backbone, _short(error))) from error
    missing = [w.path for w in base.weights if np.isnan(ops.convert_to_numpy(w)).any()]
    if missing:
        raise WeightsError(_unfit(weights, backbone, f"it has no `{missing[0]}`"))
    return base


def _unfit(weights: str, backbone: str, why: str) -> str:
    return (
        f"weights: `{weights}` does not fit `{backbone}` without its top ({why}). Write the file with "
        f"`keras.applications.{BACKBONES[backbone][0]}(include_top=False).save_weights(...)`"
    )


def _short(error: Exception) -> str:
    return str(error).strip().split("\n")[0][:160]


def _last_of_each_stride(base: keras.Model) -> list:
    """The last output of each of the four coarsest sizes."""
    last = {}
    for operation in base.operations:
        if len(operation.output.shape) == 4:
            last[operation.output.shape[1:3]] = operation.output
    return list(last.values())[-len(STRIDES) :]
