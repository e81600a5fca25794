"""Other views of the same part: photos changed as a camera and a hand would, in training alone.

Every layer takes a photo, or `{"photo": ..., "mask": ...}` and moves the mask along; each photo of a batch is
changed by chance of its own.
"""

import math

import keras
from keras import ops

from shared.builders.checks import PACKAGE


class _Augmentation(keras.layers.Layer):
    """What all have in common: at rest outside training, a seed, a photo with or without its mask."""

    settings: tuple[str, ...] = ()

    def __init__(self, *, seed: int | None = None, **kwargs):
        super().__init__(autocast=False, **kwargs)  # half precision would lose grey levels
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs, training=False):
        if not training:
            return inputs
        alone = not isinstance(inputs, dict)
        given = {"photo": inputs} if alone else inputs
        photo = ops.cast(given["photo"], "float32")
        chance = self.draw(ops.shape(photo)[0])
        changed = {**given, "photo": ops.cast(self.change_photo(photo, chance), given["photo"].dtype)}
        if "mask" in given:
            changed["mask"] = self._changed_mask(given["mask"], chance)
        return changed["photo"] if alone else changed

    def _changed_mask(self, mask, chance):
        values = ops.cast(mask if len(mask.shape) == 4 else mask[..., None], "float32")
        moved = self.change_mask(values, chance)
        # A photo without a mask has -1 everywhere, which no resampling may smear.
        unknown = ops.min(values, axis=(1, 2, 3), keepdims=True) < 0
        moved = ops.where(unknown, values, moved)
        return ops.cast(moved if len(mask.shape) == 4 else moved[..., 0], mask.dtype)

    def draw(self, count):
        """What chance decides, for each of `count` photos."""
        raise NotImplementedError

    def change_photo(self, photo, chance):
        """The photo, `(batch, height, width, channels)`, float32, as chance has it."""
        raise NotImplementedError

    def change_mask(self, mask, chance):
        """The mask, `(batch, height, width, 1)`; what only changes colours leaves it."""
        return mask

    def uniform(self, count, low: float, high: float):
        """One number for each photo, `(count, 1, 1, 1)`."""
        return keras.random.uniform((count, 1, 1, 1), low, high, seed=self.seed_generator)

    def compute_output_shape(self, input_shape):
        return input_shape

    def compute_output_spec(self, inputs, training=False):
        return keras.tree.map_structure(lambda each: keras.KerasTensor(each.shape, each.dtype), inputs)

    def get_config(self):
        own = {name: getattr(self, name) for name in self.settings}
        return {**super().get_config(), "seed": self.seed, **own}


@keras.saving.register_keras_serializable(package=PACKAGE)
class RandomFlips(_Augmentation):
    """Mirrors or turns each photo, with even chance for every way allowed.

    Args:
        horizontal, vertical: Whether left and right, or top and bottom, may change places.
        quarter_turns: Whether photos may be turned by 90, 180 and 270 degrees; they must be square. Turns alone
            never mirror a photo.
        seed: Of the draws; None: of `keras.utils.set_random_seed`.
    Input shape: `(batch, height, width, channels)` or `{"photo": that, "mask": (batch, height, width[, 1])}`.
    Output shape: the same.
    Raises:
        ValueError: If photos that are not square are to be turned.
    Example:
        >>> layer = RandomFlips(seed=0)
        >>> layer(keras.ops.ones((2, 8, 8, 1)), training=True).shape == (2, 8, 8, 1)
        True
    """

    settings = ("horizontal", "vertical", "quarter_turns")

    def __init__(self, horizontal: bool = True, vertical: bool = True, quarter_turns: bool = False, **kwargs):
        super().__init__(**kwargs)
        self.horizontal, self.vertical, self.quarter_turns = horizontal, vertical, quarter_turns

    def draw(self, count):
        return [self.uniform(count, 0.0, 1.0) < 0.5 for _ in range(4)]

    def change_photo(self, photo, chance):
        mirrored, turned_over, half, quarter = chance
        if self.horizontal:
            photo = ops.where(mirrored, ops.flip(photo, axis=2), photo)
        if self.vertical:
            photo = ops.where(turned_over, ops.flip(photo, axis=1), photo)
        if self.quarter_turns:
            if photo.shape[1] != photo.shape[2]:
                raise ValueError(f"{self.name}: only square photos can be turned, found {photo.shape[1:3]}")
            photo = ops.where(half, ops.flip(photo, axis=(1, 2)), photo)
            photo = ops.where(quarter, ops.flip(ops.transpose(photo, (0, 2, 1, 3)), axis=1), photo)
        return photo

    change_mask = change_photo


@keras.saving.register_keras_serializable(package=PACKAGE)
class RandomPlacement(_Augmentation):
    """Turns, scales and moves each photo about its middle; what comes in from outside is its mirror image.

    Args:
        rotation: Most degrees, either way.
        zoom: Largest change of size, as a share: 0.1 is from 1 / 1.1 to 1.1.
        shift: Most that the middle moves along an axis, as a share of that side.
        seed: Of the draws; None: of `keras.utils.set_random_seed`.
    Input shape: `(batch, height, width, channels)` or `{"photo": that, "mask": (batch, height, width[, 1])}`.
    Output shape: the same.
    Raises:
        ValueError: If a setting is below 0, or a shift above 1.
    Example:
        >>> layer = RandomPlacement(rotation=10, seed=0)
        >>> layer(keras.ops.ones((2, 8, 8, 1)), training=True).shape == (2, 8, 8, 1)
        True
    """

    settings = ("rotation", "zoom", "shift")

    def __init__(self, rotation: float = 0.0, zoom: float = 0.1, shift: float = 0.1, **kwargs):
        super().__init__(**kwargs)
        _check_not_negative(rotation=rotation, zoom=zoom, shift=shift)
        if shift > 1:
            raise ValueError(f"shift must lie in [0, 1], found {shift!r}")
        self.rotation, self.zoom, self.shift = rotation, zoom, shift

    def draw(self, count):
        angle = math.radians(self.rotation)
        size = math.log1p(self.zoom)
        ranges = (angle, size, self.shift, self.shift)
        return [
            self.uniform(count, -most, most)[:, 0, 0, 0] if most else ops.zeros((count,)) for most in ranges
        ]

    def change_photo(self, photo, chance):
        height, width = photo.shape[1:3]
        return ops.image.affine_transform(photo, _affine(chance, height, width), "bilinear", "reflect")

    change_mask = change_photo


@keras.saving.register_keras_serializable(package=PACKAGE)
class RandomExposure(_Augmentation):
    """Makes each photo brighter or darker, and its contrast higher or lower; masks stay.

    Args:
        brightness: Most grey levels that are added or taken off.
        contrast: Largest change of contrast about the photo's mean, as the logarithm of the factor: 0.3 is from
            0.74 to 1.35.
        seed: Of the draws; None: of `keras.utils.set_random_seed`.
    Input shape: `(batch, height, width, channels)`, 0 to 255, or `{"photo": that, "mask": ...}`.
    Output shape: the same, 0 to 255.
    Raises:
        ValueError: If a setting is below 0.
    Example:
        >>> layer = RandomExposure(seed=0)
        >>> layer(keras.ops.ones((2, 8, 8, 1)), training=True).shape == (2, 8, 8, 1)
        True
    """

    settings = ("brightness", "contrast")

    def __init__(self, brightness: float = 25.0, contrast: float = 0.3, **kwargs):
        super().__init__(**kwargs)
        _check_not_negative(brightness=brightness, contrast=contrast)
        self.brightness, self.contrast = brightness, contrast

    def draw(self, count):
        added = self.uniform(count, -1.0, 1.0) * self.brightness
        return added, ops.exp(self.uniform(count, -1.0, 1.0) * self.contrast)

    def change_photo(self, photo, chance):
        added, factor = chance
        mean = ops.mean(photo, axis=(1, 2, 3), keepdims=True)
        return ops.clip((photo - mean) * factor + mean + added, 0.0, 255.0)


@keras.saving.register_keras_serializable(package=PACKAGE)
class RandomNoise(_Augmentation):
    """Adds normal noise of its own strength to each photo; masks stay.

    Args:
        level: Largest standard deviation, in grey levels.
        seed: Of the draws; None: of `keras.utils.set_random_seed`.
    Input shape: `(batch, height, width, channels)`, 0 to 255, or `{"photo": that, "mask": ...}`.
    Output shape: the same, 0 to 255.
    Raises:
        ValueError: If `level` is below 0.
    Example:
        >>> layer = RandomNoise(4.0, seed=0)
        >>> layer(keras.ops.ones((2, 8, 8, 1)), training=True).shape == (2, 8, 8, 1)
        True
    """

    settings = ("level",)

    def __init__(self, level: float = 4.0, **kwargs):
        super().__init__(**kwargs)
        _check_not_negative(level=level)
        self.level = level

    def draw(self, count):
        return self.uniform(count, 0.0, 1.0) * self.level

    def change_photo(self, photo, chance):
        noise = keras.random.normal(ops.shape(photo), seed=self.seed_generator)
        return ops.clip(photo + noise * chance, 0.0, 255.0)


def photo_augmentation(
    *,
    flip_horizontal: bool = True,
    flip_vertical: bool = True,
    quarter_turns: bool = False,
    rotation: float = 0.0,
    zoom: float = 0.1,
    shift: float = 0.1,
    brightness: float = 25.0,
    contrast: float = 0.3,
    noise: float = 0.0,
    seed: int | None = None,
) -> list[keras.layers.Layer]:
    """The layers that these settings ask for, to be applied one after the other; none for what is 0 or False.

    Allow only what a good part may look like: a part that always lies one way round is not to be mirrored.

    Args:
        flip_horizontal, flip_vertical: See `RandomFlips`.
        quarter_turns: Whether photos may be turned by 90 degrees; photos must be square.
        rotation, zoom, shift: See `RandomPlacement`; degrees and shares.
        brightness, contrast: See `RandomExposure`; grey levels and a logarithm.
        noise: See `RandomNoise`; grey levels.
        seed: Of all draws; None: of `keras.utils.set_random_seed`.
    Raises:
        ValueError: If a number is below 0.
    Example:
        >>> [type(layer).__name__ for layer in photo_augmentation(zoom=0, shift=0, noise=2)]
        ['RandomFlips', 'RandomExposure', 'RandomNoise']
    """
    seeds = [None if seed is None else seed + place for place in range(4)]  # no two layers draw alike
    layers = []
    if flip_horizontal or flip_vertical or quarter_turns:
        layers.append(RandomFlips(flip_horizontal, flip_vertical, quarter_turns, seed=seeds[0]))
    if rotation or zoom or shift:
        layers.append(RandomPlacement(rotation, zoom, shift, seed=seeds[1]))
    if brightness or contrast:
        layers.append(RandomExposure(brightness, contrast, seed=seeds[2]))
    if noise:
        layers.append(RandomNoise(noise, seed=seeds[3]))
    return layers


def _check_not_negative(**values: float) -> None:
    for name, value in values.items():
        if not value >= 0:
            raise ValueError(f"{name} must be at least 0, found {value!r}")


def _affine(chance, height: int, width: int):
    """For each photo the eight numbers that lead from a place of the new photo to one of the old, `(batch, 8)`."""
    angle, size, right, down = chance
    scale = ops.exp(-size)  # a part that is to look larger is read from fewer places
    a, b = scale * ops.cos(angle), scale * ops.sin(angle)
    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    to_x = middle_x - right * width - a * middle_x + b * middle_y
    to_y = middle_y - down * height - b * middle_x - a * middle_y
    nothing = ops.zeros_like(a)
    return ops.stack([a, -b, to_x, b, a, to_y, nothing, nothing], axis=-1)
