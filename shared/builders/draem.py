"""DRAEM: repairs a photo, and marks what it had to repair; learns from good parts and made-up defects alone."""

import keras
from keras import ops

from shared.builders.checks import PACKAGE, check_counts, check_shape
from shared.losses import FocalFromLogits

WINDOW = 11  # pixels of the SSIM's window
WIDEST = 4  # the coarse levels have at most so many times the units of the finest
STABLE = (0.01**2, 0.03**2)  # C1 and C2 of the SSIM for values in [0, 1]


def draem_model(
    input_shape: tuple[int, int, int], *, units: int = 16, depth: int = 4, name: str = "draem"
) -> keras.Model:
    """Photo -> the photo as it would be without defects, and the log odds that a place is a defect.

    A reconstructive network squeezes the photo through a grid 2^depth times coarser, so that only what good
    parts have in common gets through. A discriminative U-Net then compares photo and reconstruction. Both are
    smaller than in the paper: their first layer halves the photo, and each level has one convolution, so that
    two CPU cores train them within minutes.

    Args:
        input_shape: `(height, width, channels)`; the sides are multiples of 2^depth.
        units: Channels of the finest level; each coarser one has twice as many, up to four times.
        depth: Number of levels, each half as fine as the one before.
    Input shape: `(batch, height, width, channels)`, float, 0 to 255.
    Output: `{"reconstruction": (batch, height, width, channels), "logits": (batch, height, width, 1)}`: 0 to 1, and
    log odds.
    Raises:
        ValueError: If the shape has no three known axes or its sides are no multiples of 2^depth.
    Reference:
        Zavrtanik, Kristan & Skocaj, DRAEM, ICCV 2021, sections 3.1 and 3.2, https://arxiv.org/abs/2108.07610
    Example:
        >>> model = draem_model((32, 32, 1), units=4, depth=3)
        >>> {key: output.shape for key, output in model.output.items()}
        {'reconstruction': (None, 32, 32, 1), 'logits': (None, 32, 32, 1)}
    """
    shape = check_shape(input_shape, "(height, width, channels)")
    check_counts(units=units, depth=depth)
    if shape[0] % 2**depth or shape[1] % 2**depth:
        raise ValueError(f"height and width must be multiples of {2**depth}, found {shape[0]} and {shape[1]}")
    photo = keras.Input(shape, name="photo")
    seen = keras.layers.Rescaling(1 / 255)(photo)
    fine = _down_and_up(seen, units, depth, skips=False)
    colours = keras.layers.Conv2D(shape[2], 3, padding="same", activation="sigmoid", dtype="float32")
    repaired = keras.layers.Activation("linear", dtype="float32", name="reconstruction")(colours(fine))
    both = keras.layers.Concatenate()([seen, repaired])
    fine = _down_and_up(both, units, depth, skips=True)
    odds = keras.layers.Conv2D(
        1,
        3,
        padding="same",
        dtype="float32",
        name="logits",
        bias_initializer=keras.initializers.Constant(-3.0),
    )
    logits = odds(keras.layers.Concatenate()([fine, both]))
    return keras.Model(photo, {"reconstruction": repaired, "logits": logits}, name=name)


def _down_and_up(x, units: int, depth: int, *, skips: bool):
    """Features at the fineness of `x`, by way of a grid that is 2^depth times coarser."""
    widths = [units * min(2**level, WIDEST) for level in range(depth)]
    levels = []
    for width in widths:
        x = _convolution(x, width, strides=2)
        levels.append(x)
    x = _convolution(x, widths[-1])
    for width, level in zip(widths[-2::-1], levels[-2::-1]):
        x = keras.layers.UpSampling2D(interpolation="bilinear")(_pointwise(x, width))
        if skips:
            x = keras.layers.Concatenate()([x, level])
        x = _convolution(x, width)
    return keras.layers.UpSampling2D(interpolation="bilinear")(x)


def _convolution(x, units: int, *, strides: int = 1):
    x = keras.layers.Conv2D(units, 3, strides=strides, padding="same", use_bias=False)(x)
    # A short run has few steps: the moving averages must keep up with it.
    x = keras.layers.BatchNormalization(momentum=0.9)(x)
    return keras.layers.ReLU()(x)


def _pointwise(x, units: int):
    return x if x.shape[-1] == units else keras.layers.Conv2D(units, 1)(x)


def ssim(y_true, y_pred, *, window: int = WINDOW):
    """Mean structural similarity of two pictures with values in [0, 1], over all whole windows.

    Each pixel of a window weighs alike; population variances.

    Args:
        y_true, y_pred: `(batch, height, width, channels)`.
        window: Pixels a side, at most the height and width.
    Output shape: `(batch,)`, 1 where they are equal.
    Reference:
        Wang et al., Image quality assessment, 2004, equation 13, https://doi.org/10.1109/TIP.2003.819861
    Example:
        >>> import numpy as np
        >>> picture = np.random.default_rng(0).random((1, 16, 16, 1)).astype("float32")
        >>> round(float(ssim(picture, picture)[0]), 4), bool(ssim(picture, 1 - picture)[0] < 0)
        (1.0, True)
    """
    channels = y_true.shape[-1]
    # Around the middle of the scale squares lose fewer digits; variances and covariances stay the same.
    x, y = ops.cast(y_true, "float32") - 0.5, ops.cast(y_pred, "float32") - 0.5
    means = ops.concatenate([x, y, x * x, y * y, x * y], axis=-1)
    for pool in ((window, 1), (1, window)):  # one axis after the other: 22 additions a pixel, not 121
        means = ops.average_pool(means, pool, 1, padding="valid", data_format="channels_last")
    mean_x, mean_y, square_x, square_y, product = (
        means[..., at * channels : (at + 1) * channels] for at in range(5)
    )
    spread = square_x - mean_x**2 + square_y - mean_y**2
    together = product - mean_x * mean_y
    mean_x, mean_y = mean_x + 0.5, mean_y + 0.5
    light = (2.0 * mean_x * mean_y + STABLE[0]) / (mean_x**2 + mean_y**2 + STABLE[0])
    return ops.mean(light * (2.0 * together + STABLE[1]) / (spread + STABLE[1]), axis=(1, 2, 3))


def reconstruction_loss(y_true, y_pred, *, similarity: float = 1.0, window: int = WINDOW):
    """Mean squared error, and 1 - SSIM.

    Args:
        y_true: The photos without made-up defects, `(batch, height, width, channels)`, 0 to 1.
        y_pred: The reconstructions.
        similarity: Weight of the SSIM, the paper's lambda.
        window: Of the SSIM, pixels; in smaller pictures their shorter side.
    Output shape: `(batch,)`.
    Reference:
        Zavrtanik et al., DRAEM, ICCV 2021, section 3.1.
    Example:
        >>> import numpy as np
        >>> picture = np.random.default_rng(0).random((2, 16, 16, 1)).astype("float32")
        >>> np.asarray(reconstruction_loss(picture, picture)).round(4).tolist()
        [0.0, 0.0]
    """
    error = ops.mean(ops.square(y_true - y_pred), axis=(1, 2, 3))
    window = min(window, *y_true.shape[1:3])
    return error + similarity * (1.0 - ssim(y_true, y_pred, window=window))


def mask_loss(y_true, y_pred, *, gamma: float = 2.0):
    """Focal loss of the mask: mean over the pixels, which weigh less the surer and righter they are.

    Args:
        y_true: Masks, `(batch, height, width)`, 1 = defect.
        y_pred: Log odds, `(batch, height, width, 1)`.
        gamma: How strongly right pixels are turned away from.
    Output shape: `(batch,)`.
    Reference:
        Zavrtanik et al., DRAEM, ICCV 2021, section 3.2; Lin et al., 2017, equation 4,
        https://arxiv.org/abs/1708.02002
    Example:
        >>> import numpy as np
        >>> logits = np.zeros((1, 4, 4, 1), "float32")
        >>> round(float(mask_loss(np.ones((1, 4, 4)), logits)[0]), 4)      # log 2 / 4
        0.1733
    """
    pixels = y_pred.shape[1] * y_pred.shape[2]
    flat = ops.reshape(ops.cast(y_true, "float32"), (-1, pixels)), ops.reshape(y_pred, (-1, pixels))
    return FocalFromLogits(gamma=gamma, reduction=None)(*flat)


@keras.saving.register_keras_serializable(package=PACKAGE)
class DraemLoss(keras.layers.Layer):
    """What a photo costs: `reconstruction_loss` and `mask_loss`, added up.

    Input shape: clean photos 0 to 1, reconstructions, masks `(batch, height, width)`, log odds; a list.
    Output shape: `(batch,)`, float32.
    """

    def call(self, inputs):
        clean, repaired, mask, logits = inputs
        return reconstruction_loss(clean, repaired) + mask_loss(mask, logits)

    def compute_output_shape(self, shapes):
        return shapes[0][:1]


def draem_trainer(model: keras.Model) -> keras.Model:
    """The same network with its loss as the output, to be trained to the least mean. Weights are shared.

    Args:
        model: Of `draem_model`.
    Input shape: `photo` `(batch, height, width, channels)` with made-up defects, 0 to 255; `clean`, the photo
    without them, 0 to 1; `mask` `(batch, height, width)`, 1 = defect.
    Output shape: `(batch,)`, the loss of each photo.
    Example:
        >>> draem_trainer(draem_model((16, 16, 1), units=2, depth=2)).output_shape
        (None,)
    """
    shape = model.input_shape[1:]
    photo, clean = keras.Input(shape, name="photo"), keras.Input(shape, name="clean")
    mask = keras.Input(shape[:2], name="mask")
    found = model(photo)
    loss = DraemLoss(name="loss")([clean, found["reconstruction"], mask, found["logits"]])
    return keras.Model({"photo": photo, "clean": clean, "mask": mask}, loss, name="draem_trainer")


@keras.saving.register_keras_serializable(package=PACKAGE)
class DraemHeat(keras.layers.Layer):
    """Log odds -> the probability of a defect, averaged over a window; at the borders over what is in it.

    Args:
        window: Pixels a side.
    Input shape: `(batch, height, width, 1)`. Output shape: `(batch, height, width)`, float32.
    Raises:
        ValueError: If `window` is below 1.
    Reference:
        Zavrtanik et al., DRAEM, ICCV 2021, section 3.4.
    """

    def __init__(self, window: int = WINDOW, **kwargs):
        super().__init__(**{"dtype": "float32"} | kwargs)
        check_counts(window=window)
        self.window = window

    def call(self, logits):
        heat = ops.sigmoid(logits)
        for pool in ((self.window, 1), (1, self.window)):
            heat = ops.average_pool(heat, pool, 1, padding="same", data_format="channels_last")
        return ops.clip(heat[..., 0], 0.0, 1.0)

    def compute_output_shape(self, shape):
        return shape[:-1]

    def get_config(self):
        return super().get_config() | {"window": self.window}


@keras.saving.register_keras_serializable(package=PACKAGE)
class HighestHeat(keras.layers.Layer):
    """The highest value of each heatmap. Input shape: `(batch, height, width)`. Output shape: `(batch,)`."""

    def call(self, heat):
        return ops.max(heat, axis=(1, 2))

    def compute_output_shape(self, shape):
        return shape[:1]


def draem_scores(logits, *, window: int = WINDOW) -> dict:
    """How sure a photo is faulty, and where.

    Args:
        logits: Of `draem_model`, `(batch, height, width, 1)`.
        window: Pixels a side that heat is averaged over; the paper takes 21 of 256.
    Output: `{"score": (batch,), "heatmap": (batch, height, width)}`, both in [0, 1]; the score is the highest heat.
    Reference:
        Zavrtanik et al., DRAEM, ICCV 2021, section 3.4.
    Example:
        >>> import numpy as np
        >>> found = draem_scores(np.zeros((1, 16, 16, 1), "float32"))
        >>> tuple(found["heatmap"].shape[1:]), round(float(found["score"][0]), 4)
        ((16, 16), 0.5)
    """
    heat = DraemHeat(window, name="heatmap")(logits)
    return {"score": HighestHeat(name="score")(heat), "heatmap": heat}


def draem_inspector(
    model: keras.Model, *, window: int = WINDOW, dtype: str = "uint8", name: str = "draem_inspector"
) -> keras.Model:
    """What is served: photo -> score and heatmap, without the reconstruction. Weights are shared.

    Args:
        model: Of `draem_model`.
        window: As in `draem_scores`.
        dtype: Of the photos.
    Input shape: as the model's, 0 to 255.
    Output: as `draem_scores`.
    Example:
        >>> served = draem_inspector(draem_model((16, 16, 1), units=2, depth=2), window=3)
        >>> {key: output.shape for key, output in served.output.items()}
        {'score': (None,), 'heatmap': (None, 16, 16)}
    """
    photo = keras.Input(model.input_shape[1:], dtype=dtype, name="photo")
    found = draem_scores(model(ops.cast(photo, "float32"))["logits"], window=window)
    return keras.Model(photo, found, name=name)
