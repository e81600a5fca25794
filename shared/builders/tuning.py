"""Which blocks of an encoder learn, and which rest."""

import math
import re
from collections.abc import Iterator

import keras
import numpy as np


def freeze(encoder: keras.Model) -> None:
    """Training leaves the whole encoder as it is, the statistics of its batch normalisations too.

    A compiled model must be compiled again.

    Example:
        >>> from shared.builders.image import residual_image_encoder
        >>> encoder = residual_image_encoder((32, 32, 1), units=2, depth=1)
        >>> freeze(encoder)
        >>> frozen_share(encoder)
        1.0
    """
    encoder.trainable = False


def unfreeze_from(encoder: keras.Model, start: float | str) -> None:
    """Training changes the upper blocks of the encoder; batch normalisations rest all the same.

    Their statistics come of far more photos than a customer has. A compiled model must be compiled again.

    Args:
        encoder: Of `shared.builders.image`.
        start: The upper share of the blocks that learns, in [0, 1], rounded up to whole blocks; or the name of
            a layer: its block and all above it.
    Raises:
        ValueError: If the share lies out of its bounds or no layer with weights has this name.
    Example:
        >>> from shared.builders.image import residual_image_encoder
        >>> encoder = residual_image_encoder((32, 32, 1), units=2, depth=1)
        >>> unfreeze_from(encoder, "stage4_block1_conv1")
        >>> encoder.get_layer("stage3_block1_conv1").trainable, encoder.get_layer("stage4_block1_conv2").trainable
        (False, True)
    """
    blocks = _blocks(encoder)
    if isinstance(start, str):
        places = [place for place, block in enumerate(blocks) if start in [layer.name for layer in block]]
        if not places:
            raise ValueError(f"start: `{encoder.name}` has no layer `{start}` with weights")
        first = places[0]
    elif 0 <= start <= 1:
        # 0.3 * 10 is a little more than 3: without the rounding it would be four blocks
        first = len(blocks) - math.ceil(round(start * len(blocks), 6))
    else:
        raise ValueError(f"start must be a layer's name or lie in [0, 1], found {start!r}")
    encoder.trainable = first < len(blocks)
    for place, block in enumerate(blocks):
        for layer in block:
            rests = isinstance(layer, keras.layers.BatchNormalization)
            layer.trainable = place >= first and not rests


def frozen_share(model: keras.Model) -> float:
    """The share of a model's numbers that lie in layers at rest, in [0, 1].

    Example:
        >>> from shared.builders.image import residual_image_encoder
        >>> frozen_share(residual_image_encoder((32, 32, 1), units=2, depth=1))
        0.0
    """
    sizes = [(sum(int(np.prod(w.shape)) for w in layer.weights), layer.trainable) for layer in _leaves(model)]
    return sum(size for size, learns in sizes if not learns) / max(1, sum(size for size, _ in sizes))


def _leaves(model: keras.Model) -> Iterator[keras.layers.Layer]:
    """The layers of a model and of the models in it, from the input on, that have weights."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _leaves(layer)
        elif layer.weights:
            yield layer


def _blocks(encoder: keras.Model) -> list[list[keras.layers.Layer]]:
    """Layers with weights, grouped by the block that their names tell; what lies between is a group too."""
    groups: dict[str, list] = {}
    block = ""
    for layer in _leaves(encoder):
        named = re.match(r".*?block_?\d+[a-z]?(?![a-z])", layer.name)
        if named:
            block = named.group()
        groups.setdefault(block if named else f"after {block}", []).append(layer)
    return list(groups.values())
