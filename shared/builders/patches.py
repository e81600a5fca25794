"""Patches of a photo, and how far each is from the nearest one of good parts: PatchCore."""

from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from shared.builders.checks import PACKAGE, check_counts

CHUNK = 1024  # stored patches that distances are computed to at once: bounds the memory that it takes


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
    if count == 1:  # far quicker than a sort; `argmax` of floats holds operators that ONNX and LiteRT lack
        highest = ops.max(values, axis=-1, keepdims=True)
        positions = ops.argmax(ops.cast(values >= highest, "int32"), axis=-1, keepdims=True)
        return highest, ops.cast(positions, "int32")
    found, positions = ops.top_k(values, count)
    return found, ops.cast(positions, "int32")


def _distances(patches, memory, positions):
    """From each patch to each of its rows of the memory, `(n, count)`."""
    away = patches[:, None, :] - ops.take(memory, positions, axis=0)
    return ops.sqrt(ops.sum(away * away, axis=-1))
