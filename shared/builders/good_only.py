"""From distances of patches to one score and a heatmap of a photo, and the whole network of good parts only."""

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from shared.builders.checks import PACKAGE
from shared.builders.inspection import PhotoContrast
from shared.builders.patches import PatchFeatures

QUANTILES = (0.5, 0.999)  # of the distances of good patches


@keras.saving.register_keras_serializable(package=PACKAGE)
class PhotoScore(keras.layers.Layer):
    """One number for a photo: the mean of the highest distances of its patches.

    Args:
        share: Of the patches that are averaged, in [0, 1], at least one; 0: the highest alone.
    Input shape: `(batch, g, g)`, grid known. Output shape: `(batch,)`.
    Raises:
        ValueError: If `share` is out of its bounds.
    Example:
        >>> distance = np.array([[[1.0, 2.0], [3.0, 5.0]]], "float32")
        >>> [np.asarray(PhotoScore(share)(distance)).tolist() for share in (0.0, 0.5)]
        [[5.0], [4.0]]
    """

    def __init__(self, share: float = 0.1, **kwargs):
        super().__init__(**{"dtype": "float32"} | kwargs)
        if not 0 <= share <= 1:
            raise ValueError(f"share must lie in [0, 1], found {share!r}")
        self.share = share

    def call(self, distance):
        places = distance.shape[1] * distance.shape[2]
        flat = ops.reshape(distance, (-1, places))
        count = max(1, round(self.share * places))
        if count == 1:
            return ops.max(flat, axis=-1)
        return ops.mean(ops.top_k(flat, count, sorted=True)[0], axis=-1)

    def compute_output_shape(self, shape):
        return shape[:1]

    def get_config(self):
        return super().get_config() | {"share": self.share}


@keras.saving.register_keras_serializable(package=PACKAGE)
class HeatScale(keras.layers.Layer):
    """Distances as heat in [0, 1): 0 up to the low quantile of good patches, .5 at the high one.

    With z the distance above the low quantile, over the span of the two, heat is `z / (1 + z)`: it never falls
    as the distance rises, and however far a patch is, one that is farther is still hotter.

    Args:
        quantiles: Low and high, of the distances of good patches.
    Input shape: `(batch, g, g)`. Output shape: the same, float32.
    Raises:
        ValueError: If the quantiles do not rise within [0, 1].
    Example:
        >>> scale = HeatScale()
        >>> scale.adapt(np.linspace(0, 1, 1001))
        >>> np.asarray(scale(np.array([[[0.2, 0.5, 0.999, 1.997]]], "float32"))).round(3).tolist()
        [[[0.0, 0.0, 0.5, 0.75]]]
    """

    def __init__(self, quantiles: Sequence[float] = QUANTILES, **kwargs):
        super().__init__(**{"dtype": "float32"} | kwargs)
        low, high = quantiles
        if not 0 <= low < high <= 1:
            raise ValueError(f"quantiles must rise within [0, 1], found {quantiles!r}")
        self.quantiles = (float(low), float(high))

    def build(self, shape):
        self.low = self.add_weight(shape=(), initializer="zeros", trainable=False, name="low")
        self.high = self.add_weight(shape=(), initializer="ones", trainable=False, name="high")
        self.built = True

    def adapt(self, distances: np.ndarray) -> None:
        """Learns the quantiles from distances of good patches, of any shape.

        Raises:
            ValueError: If there is none, or one is NaN or infinite.
        """
        distances = np.asarray(distances, np.float64)
        if not distances.size or not np.isfinite(distances).all():
            raise ValueError("distances of good patches must be numbers, at least one")
        if not self.built:
            self.build(distances.shape)
        low, high = np.quantile(distances, self.quantiles)
        self.low.assign(low)
        self.high.assign(high)

    def call(self, distance):
        span = ops.maximum(self.high - self.low, 1e-6)
        z = ops.maximum(distance - self.low, 0.0) / span
        return z / (1.0 + z)

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        return super().get_config() | {"quantiles": self.quantiles}


def good_only_model(
    encoder: keras.Model,
    *,
    maps: Sequence[str],
    head: keras.layers.Layer,
    share: float = 0.1,
    input_dtype: str = "uint8",
    name: str = "good_only",
) -> keras.Model:
    """Photo -> how far it is from good parts, and where: encoder, patches, distances, score and heatmap.

    What is learnt lies in three layers: `head` (`reset` or `fit`), `patches` and `heat_scale` (`adapt`).

    Args:
        encoder: Photo -> a dictionary of feature maps.
        maps: Keys of the maps to read.
        head: `PatchMemory` or `GaussianPatches`, or any layer `(batch, g, g, channels)` -> `(batch, g, g)`.
        share: Of the patches that a photo's score averages.
        input_dtype: Of the photos.
    Input shape: as the encoder's, 0 to 255.
    Output: `{"score": (batch,), "heatmap": (batch, g, g)}`: a distance, and heat in [0, 1).
    Raises:
        ValueError: If the encoder has no such map.
    Example:
        >>> photo = keras.Input((8, 8, 1))
        >>> maps = {"stride2": keras.layers.Conv2D(3, 2, 2)(photo), "stride4": keras.layers.Conv2D(5, 4, 4)(photo)}
        >>> from shared.builders.patches import PatchMemory
        >>> head = PatchMemory(7)
        >>> model = good_only_model(keras.Model(photo, maps), maps=["stride2", "stride4"], head=head)
        >>> {name: output.shape for name, output in model.output.items()}
        {'score': (None,), 'heatmap': (None, 4, 4)}
    """
    return patch_scorer(
        patch_reader(encoder, maps=maps, input_dtype=input_dtype), head, share=share, name=name
    )


def patch_reader(
    encoder: keras.Model, *, maps: Sequence[str], contrast: bool = False, input_dtype: str = "uint8"
) -> keras.Model:
    """Photo -> patches: the part of `good_only_model` that a head is fitted on.

    Args:
        encoder, maps, input_dtype: As in `good_only_model`.
        contrast: Whether each photo's exposure is evened out first.
    Output shape: `(batch, g, g, channels of all maps)`.
    Raises:
        ValueError: If the encoder has no such map.
    Example:
        >>> photo = keras.Input((8, 8, 1))
        >>> encoder = keras.Model(photo, {"stride2": keras.layers.Conv2D(3, 2, 2)(photo)})
        >>> patch_reader(encoder, maps=["stride2"], contrast=True).output_shape
        (None, 4, 4, 3)
    """
    photo = keras.Input(encoder.input_shape[1:], dtype=input_dtype, name="photo")
    found = encoder(PhotoContrast(name="contrast")(photo) if contrast else ops.cast(photo, "float32"))
    unknown = [key for key in maps if key not in found]
    if unknown or not maps:
        lacking = ", ".join(f"`{key}`" for key in unknown) or "map without a name"
        listed = ", ".join(found)
        raise ValueError(
            f"maps: the encoder has no {lacking}; it has {listed}, found {', '.join(maps) or 'none'}"
        )
    patches = PatchFeatures(name="patches")([found[key] for key in maps])
    return keras.Model(photo, patches, name="reader")


def patch_scorer(
    reader: keras.Model, head: keras.layers.Layer, *, share: float, name: str = "good_only"
) -> keras.Model:
    """Photo -> score and heatmap, of a reader and its head; all as in `good_only_model`."""
    distance = head(reader.output)
    score = PhotoScore(share, name="photo_score")(distance)
    heatmap = HeatScale(name="heat_scale")(distance)
    return keras.Model(reader.input, {"score": score, "heatmap": heatmap}, name=name)
