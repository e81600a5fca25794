"""From a small photo to one feature map: a network that learns from nothing and keeps what few pixels show."""

import keras

from shared.builders.checks import check_counts, check_shape, check_share
from shared.builders.image import _activated, _convolution, _residual_block

LEAST_SIDE = 16  # pixels; the map then has four places a side
STAGES = 3


def small_image_encoder(
    input_shape: tuple[int, int, int],
    *,
    units: int = 24,
    depth: int = 2,
    dropout: float = 0.0,
    name: str = "small_image_encoder",
) -> keras.Model:
    """Reads a photo of about 16 to 64 pixels a side with a compact residual network.

    The first convolution keeps every pixel, unlike that of `residual_image_encoder`, whose coarsest map would be
    a single place here; between two stages the sides are halved by averaging. Larger photos are read too, slowly.

    Args:
        input_shape: `(height, width, channels)`, without the batch axis; sides of at least 16 pixels.
        units: Channels of the finest stage; each of the two coarser ones has twice as many.
        depth: Residual blocks for each of the three stages.
        dropout: Share of each block's inner channels' values dropped in training, in [0, 1).
        name: Name of the model.
    Input shape: `(batch, height, width, channels)`, 0 to 255, any number type; scaled inside.
    Output shape: `(batch, height / 4, width / 4, 4 * units)`, not below 0; sides rounded up.
    Raises:
        ValueError: If `input_shape` does not fit or a setting is out of its bounds.
    Reference:
        He et al., 2016, "Identity mappings in deep residual networks", figure 4e (pre-activation),
        https://arxiv.org/abs/1603.05027
    Example:
        >>> small_image_encoder((28, 28, 1), units=8, depth=1).output_shape
        (None, 7, 7, 32)
    """
    shape = check_shape(input_shape, "(height, width, channels)")
    if min(shape[:2]) < LEAST_SIDE:
        raise ValueError(
            f"input_shape must have sides of at least {LEAST_SIDE} pixels, found {input_shape!r}"
        )
    check_counts(units=units, depth=depth)
    check_share(dropout=dropout)
    photo = keras.Input(shape)
    x = keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="scale")(photo)
    x = _convolution(units, 3, "stem_conv")(x)
    for stage in range(STAGES):
        if stage > 0:
            # Averaged, not strided: every pixel counts, and oneDNN's gradient of a strided 1 x 1 convolution of
            # fewer than 16 channels writes past its memory on some processors (TensorFlow 2.21).
            x = keras.layers.AveragePooling2D(2, padding="same", name=f"halve{stage}")(x)
        for block in range(depth):
            stem = f"stage{stage + 1}_block{block + 1}"
            x = _residual_block(x, units * 2**stage, strides=1, dropout=dropout, name=stem)
    return keras.Model(photo, _activated(x, "out"), name=name)
