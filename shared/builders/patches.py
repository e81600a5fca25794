"""What learns from good parts alone: patches of a photo, and how far they are from those of good parts."""

from collections.abc import Iterable, Sequence

import keras
import numpy as np
from keras import ops

from shared.builders.checks import PACKAGE, check_choice, check_counts, check_share

CHUNK = 1024  # stored patches that distances are computed to at once: bounds the memory that it takes
QUANTILES = (0.5, 0.999)  # of the distances of good patches


@keras.saving.register_keras_serializable(package=PACKAGE)
class PatchFeatures(keras.layers.Layer):
    """Describes each place of a photo by the feature maps around it.

    Each map is averaged over `pool` x `pool` places, at the borders over those that there are; coarser maps are
    resized (bilinear) to the finest one; all are multiplied by their `scale` and laid side by side.

    Args:
        pool: Places a side that are averaged; 1: none.
    Input shape: maps `(batch, height, width, channels)`, a list; height and width known.
    Output shape: `(batch, g, g, channels of all maps)`, float32, on the grid of the finest map.
    Raises:
        ValueError: If `pool` is below 1, or the height or width of a map is not known.
    Reference:
        Roth et al., CVPR 2022, section 3.1, equations 1 to 3, https://arxiv.org/abs/2106.08265
    Example:
        >>> PatchFeatures()([keras.Input((8, 8, 3)), keras.Input((4, 4, 5))]).shape
        (None, 8, 8, 8)
    """

    def __init__(self, pool: int = 3, **kwargs):
        super().__init__(**{"dtype": "float32"} | kwargs)
        check_counts(pool=pool)
        self.pool = pool

    def build(self, shapes):
        for shape in shapes:
            if len(shape) != 4 or None in shape[1:]:
                expected = "(batch, height, width, channels)"
                raise ValueError(
                    f"{self.name} expects maps of known shape `{expected}`, found {tuple(shape)}"
                )
        self.scale = self.add_weight(shape=(len(shapes),), initializer="ones", trainable=False, name="scale")
        self.built = True

    def adapt(self, maps: Sequence[np.ndarray]) -> None:
        """Learns `scale` from maps of good photos: each map then contributes alike to a squared distance.

        The variances of a map's channels add up to the same number for each map, and are 1 in the mean of all.

        Args:
            maps: As the layer's input.
        """
        if not self.built:
            self.build([np.shape(each) for each in maps])
        pooled = [ops.convert_to_numpy(self._pooled(ops.cast(each, "float32"))) for each in maps]
        spread = [each.astype(np.float64).var(axis=(0, 1, 2)).sum() for each in pooled]
        share = sum(each.shape[-1] for each in pooled) / len(pooled)
        self.scale.assign([np.sqrt(share / each) if each > 1e-12 else 1.0 for each in spread])

    def call(self, maps):
        height, width = self._grid([each.shape for each in maps])
        found = []
        for number, each in enumerate(maps):
            each = self._pooled(each) * self.scale[number]
            if tuple(each.shape[1:3]) != (height, width):
                each = ops.image.resize(
                    each, (height, width), interpolation="bilinear", data_format="channels_last"
                )
            found.append(each)
        return ops.concatenate(found, axis=-1)

    def _pooled(self, each):
        if self.pool == 1:
            return each
        return ops.average_pool(each, self.pool, 1, padding="same", data_format="channels_last")

    def _grid(self, shapes):
        return max((tuple(shape[1:3]) for shape in shapes), key=lambda grid: grid[0] * grid[1])

    def compute_output_shape(self, shapes):
        return (shapes[0][0], *self._grid(shapes), sum(shape[-1] for shape in shapes))

    def get_config(self):
        return super().get_config() | {"pool": self.pool}


@keras.saving.register_keras_serializable(package=PACKAGE)
class PatchMemory(keras.layers.Layer):
    """The distance of each patch to the nearest of the stored patches of good parts (PatchCore).

    The nearest ones are found by matrix products with `chunk` stored patches at a time, and the distances to
    them are computed anew from the differences, so that a stored patch is at distance 0 on every device.

    Args:
        size: Number of stored patches.
        neighbours: The mean distance to so many nearest ones is taken.
        chunk: Stored patches that are compared at once.
    Input shape: `(batch, g, g, channels)`, float. Output shape: `(batch, g, g)`, float32.
    Raises:
        ValueError: If a setting is below 1 or there are fewer stored patches than neighbours.
    Reference:
        Roth et al., CVPR 2022, section 3.3, equation 6, https://arxiv.org/abs/2106.08265
    Example:
        >>> memory = PatchMemory(2)
        >>> memory.reset(np.array([[0.0, 0.0], [10.0, 0.0]]))
        >>> np.asarray(memory(np.array([[[[0.0, 3.0], [10.0, 0.0]]]], "float32"))).tolist()
        [[[3.0, 0.0]]]
    """

    def __init__(self, size: int, *, neighbours: int = 1, chunk: int = CHUNK, **kwargs):
        super().__init__(**{"dtype": "float32"} | kwargs)
        check_counts(size=size, neighbours=neighbours, chunk=chunk)
        if neighbours > size:
            raise ValueError(f"neighbours must be at most the size of the memory, {size}, found {neighbours}")
        self.size, self.neighbours, self.chunk = size, neighbours, chunk

    def build(self, shape):
        self.memory = self.add_weight(
            shape=(self.size, shape[-1]), initializer="zeros", trainable=False, name="memory"
        )
        self.built = True

    def reset(self, memory: np.ndarray) -> None:
        """Stores these patches, `(size, channels)`, instead of those before."""
        memory = np.asarray(memory)
        if not self.built:
            self.build((None, None, None, memory.shape[-1]))
        if memory.shape != tuple(self.memory.shape):
            raise ValueError(f"memory must be of shape {tuple(self.memory.shape)}, found {memory.shape}")
        self.memory.assign(memory)

    def call(self, patches):
        grid = ops.shape(patches)[:3]
        flat = ops.reshape(patches, (-1, patches.shape[-1]))
        positions = nearest_positions(flat, self.memory, self.neighbours, chunk=self.chunk)
        return ops.reshape(ops.mean(_distances(flat, self.memory, positions), axis=-1), grid)

    def compute_output_shape(self, shape):
        return shape[:-1]

    def get_config(self):
        own = {"size": self.size, "neighbours": self.neighbours, "chunk": self.chunk}
        return super().get_config() | own


def nearest_positions(patches, memory, count: int, *, chunk: int = CHUNK):
    """Positions of the `count` rows of `memory` that are nearest to each patch, nearest first.

    Args:
        patches: `(n, channels)`.
        memory: `(m, channels)`, m known.
        count: At most m.
        chunk: Rows of the memory that are compared at once.
    Output shape: `(n, count)`, int32.
    Example:
        >>> memory = np.array([[0.0], [5.0], [9.0]], "float32")
        >>> np.asarray(nearest_positions(np.array([[6.0]], "float32"), memory, 2)).tolist()
        [[1, 2]]
    """
    # Distances do not change when all is moved, but small numbers lose fewer digits when squared.
    middle = ops.mean(memory, axis=0)
    patches, memory = patches - middle, memory - middle
    near, at = [], []
    for start in range(0, memory.shape[0], chunk):
        part = memory[start : start + chunk]
        # 2 x m - |m|^2: the nearer, the higher; |x|^2 is the same for all m
        closeness = 2.0 * ops.matmul(patches, ops.transpose(part)) - ops.sum(part * part, axis=-1)
        values, positions = _highest(closeness, min(count, part.shape[0]))
        near.append(values)
        at.append(positions + start)
    if len(near) == 1:
        return at[0]
    positions = _highest(ops.concatenate(near, axis=-1), count)[1]
    return ops.take_along_axis(ops.concatenate(at, axis=-1), positions, axis=-1)


def reweighted_score(patches, memory, *, neighbours: int = 9):
    """PatchCore's photo score: the highest distance, weighted by how rare the stored patch is.

    With p the patch farthest from the memory and m* its nearest stored patch, the distance |p - m*| is
    multiplied by `1 - exp|p - m*| / sum exp|p - m|`, over the `neighbours` stored patches m nearest to m*, itself
    among them. Where m* lies alone, the others are far from p as well, and the score stays high.

    Args:
        patches: `(batch, g, g, channels)`, grid known.
        memory: `(m, channels)`.
        neighbours: The paper's b; at least 2.
    Output shape: `(batch,)`.
    Raises:
        ValueError: If `neighbours` is not in 2 to m.
    Reference:
        Roth et al., CVPR 2022, section 3.3, equation 7, https://arxiv.org/abs/2106.08265
    Example:
        >>> memory = np.array([[0.0], [1.0]], "float32")
        >>> round(float(reweighted_score(np.full((1, 1, 1, 1), -1.0, "float32"), memory, neighbours=2)[0]), 4)
        0.7311
    """
    if not 2 <= neighbours <= memory.shape[0]:
        raise ValueError(
            f"neighbours must lie in 2 to the {memory.shape[0]} stored patches, found {neighbours}"
        )
    places, channels = patches.shape[1] * patches.shape[2], patches.shape[3]
    flat = ops.reshape(patches, (-1, channels))
    nearest = nearest_positions(flat, memory, 1)
    distance = ops.reshape(_distances(flat, memory, nearest), (-1, places))
    farthest = ops.argmax(distance, axis=-1)[:, None]
    patch = ops.take_along_axis(ops.reshape(flat, (-1, places, channels)), farthest[..., None], axis=1)[:, 0]
    score = ops.max(distance, axis=-1)
    stored = ops.take_along_axis(ops.reshape(nearest, (-1, places)), farthest, axis=1)[:, 0]
    around = nearest_positions(ops.take(memory, stored, axis=0), memory, neighbours)
    others = ops.logsumexp(_distances(patch, memory, around), axis=-1)
    return (1.0 - ops.exp(ops.minimum(score - others, 0.0))) * score


def _highest(values, count: int):
    if count == 1:  # far quicker than a sort
        positions = ops.cast(ops.argmax(values, axis=-1, keepdims=True), "int32")
        return ops.max(values, axis=-1, keepdims=True), positions
    found, positions = ops.top_k(values, count)
    return found, ops.cast(positions, "int32")


def _distances(patches, memory, positions):
    """From each patch to each of its rows of the memory, `(n, count)`."""
    away = patches[:, None, :] - ops.take(memory, positions, axis=0)
    return ops.sqrt(ops.sum(away * away, axis=-1))


@keras.saving.register_keras_serializable(package=PACKAGE)
class GaussianPatches(keras.layers.Layer):
    """The Mahalanobis distance of each patch to the Gaussian of good patches (PaDiM).

    Args:
        mode: `"shared"`: one Gaussian for all places, for parts that lie anywhere; `"position"`: one for each,
            for parts that always lie alike.
        dims: Channels that are drawn and read; None: all.
        regularisation: Added to each variance, the paper's epsilon.
        seed: Of the draw of channels.
    Input shape: `(batch, g, g, channels)`, float; grid known in mode `"position"`.
    Output shape: `(batch, g, g)`, float32.
    Raises:
        ValueError: If a setting is out of its bounds or the input has an unknown axis.
    Reference:
        Defard et al., PaDiM, 2020, section III, equations 1 and 2, https://arxiv.org/abs/2011.08785
    Example:
        >>> layer = GaussianPatches(regularisation=0.0)
        >>> layer.fit([np.array([[-1.0], [1.0]]) * np.sqrt(2), np.zeros((3, 1))])
        >>> np.asarray(layer(np.full((1, 1, 1, 1), 3.0, "float32"))).round(4).tolist()
        [[[3.0]]]
    """

    def __init__(
        self,
        mode: str = "shared",
        dims: int | None = None,
        *,
        regularisation: float = 0.01,
        seed: int = 0,
        **kwargs,
    ):
        super().__init__(**{"dtype": "float32"} | kwargs)
        check_choice(("shared", "position"), mode=mode)
        if dims is not None:
            check_counts(dims=dims)
        if not regularisation >= 0:
            raise ValueError(f"regularisation must be at least 0, found {regularisation!r}")
        self.mode, self.dims, self.regularisation, self.seed = mode, dims, regularisation, seed

    def build(self, shape):
        places = () if self.mode == "shared" else tuple(shape[1:3])
        if None in (*places, shape[-1]):
            raise ValueError(f"{self.name} expects patches of known shape, found {tuple(shape)}")
        dims = min(self.dims or shape[-1], shape[-1])
        drawn = np.sort(np.random.default_rng(self.seed).permutation(shape[-1])[:dims]).astype("int32")
        frozen = {"trainable": False}
        # The channels are stored, so that a saved layer does not hang on how NumPy draws.
        self.channels = self.add_weight(
            shape=(dims,), initializer=_constant(drawn), dtype="int32", name="channels", **frozen
        )
        self.mean = self.add_weight(shape=(*places, dims), initializer="zeros", name="mean", **frozen)
        # distance^2 = |x W|^2 with W the transposed inverse of the Cholesky factor of the covariance
        eye = _constant(np.broadcast_to(np.eye(dims, dtype="float32"), (*places, dims, dims)))
        self.whiten = self.add_weight(
            shape=(*places, dims, dims), initializer=eye, name="inverse_factor", **frozen
        )
        self.built = True

    def fit(self, patches: Iterable[np.ndarray]) -> None:
        """Learns mean and covariance of good patches, part by part, in float64.

        Args:
            patches: Arrays `(..., channels)`, or `(batch, g, g, channels)` in mode `"position"`.
        Raises:
            ValueError: If there are fewer than two patches (of each place), or the covariance is singular
                because `regularisation` is 0.
        """
        count, total, products = 0, 0.0, 0.0
        for part in patches:
            part = np.asarray(part, np.float64)
            if not self.built:
                self.build((None, *part.shape[-3:]) if part.ndim > 2 else (None, None, None, part.shape[-1]))
            part = part[..., ops.convert_to_numpy(self.channels)]
            part = part.reshape(-1, part.shape[-1]) if self.mode == "shared" else part
            if count == 0:
                start = part[:1].copy()  # sums of small differences lose no digits
            part = part - start
            count += len(part)
            total = total + part.sum(axis=0)
            # one matrix a place: (..., n, d) -> (..., d, d)
            rows = part if self.mode == "shared" else part.transpose(1, 2, 0, 3)
            products = products + np.swapaxes(rows, -1, -2) @ rows
        if count < 2:
            raise ValueError(f"a Gaussian needs at least two patches of each place, found {count}")
        mean = total / count
        covariance = (products - count * mean[..., :, None] * mean[..., None, :]) / (count - 1)
        self.mean.assign(mean + start[0])
        self.whiten.assign(_whitening(covariance, self.regularisation))

    def call(self, patches):
        away = ops.take(patches, self.channels, axis=-1) - self.mean
        if self.mode == "shared":
            white = ops.matmul(away, self.whiten)
        else:
            white = ops.einsum("bijc,ijcd->bijd", away, self.whiten)
        return ops.sqrt(ops.sum(white * white, axis=-1))

    def compute_output_shape(self, shape):
        return shape[:-1]

    def get_config(self):
        settings = ("mode", "dims", "regularisation", "seed")
        return super().get_config() | {name: getattr(self, name) for name in settings}


def _constant(values: np.ndarray):
    return lambda shape, dtype: ops.convert_to_tensor(values, dtype)


def _whitening(covariance: np.ndarray, regularisation: float) -> np.ndarray:
    size = covariance.shape[-1]
    try:
        factor = np.linalg.cholesky(covariance + regularisation * np.eye(size))
    except np.linalg.LinAlgError:
        raise ValueError(
            f"the covariance of the good patches is singular: set regularisation above {regularisation}"
        ) from None
    inverse = np.linalg.solve(factor, np.broadcast_to(np.eye(size), factor.shape))
    return np.swapaxes(inverse, -1, -2)


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
        >>> head = PatchMemory(7)
        >>> model = good_only_model(keras.Model(photo, maps), maps=["stride2", "stride4"], head=head)
        >>> {name: output.shape for name, output in model.output.items()}
        {'score': (None,), 'heatmap': (None, 4, 4)}
    """
    photo = keras.Input(encoder.input_shape[1:], dtype=input_dtype, name="photo")
    found = encoder(ops.cast(photo, "float32"))
    unknown = [key for key in maps if key not in found]
    if unknown or not maps:
        wanted = ", ".join(unknown) or "none"
        raise ValueError(f"maps must be some of {', '.join(sorted(found))}, found {wanted}")
    distance = head(PatchFeatures(name="patches")([found[key] for key in maps]))
    score = PhotoScore(share, name="photo_score")(distance)
    heatmap = HeatScale(name="heat_scale")(distance)
    return keras.Model(photo, {"score": score, "heatmap": heatmap}, name=name)
