"""Photos made smaller or larger in NumPy alone, as Pillow does it with its bilinear filter.

Where one side changes, it is Pillow's to the last bit. Where both do, versions of Pillow differ in which side they
change first, and so does this: some pixels are one of 255 apart. Pillow is many times as fast; this is for where ready
pixels are answered and it is not installed.
"""

import numpy as np

BITS = 22  # of the weights that bytes are multiplied with
GAP = 2.0  # photos are first averaged in blocks, down to this many times the size that is wanted


def resized_bytes(photo: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A photo in another size, uint8 `(height, width, channels)`, as `Image.resize(..., reducing_gap=2.0)`.

    Args:
        photo: uint8 `(height, width, channels)`.
        size: `(height, width)` that is wanted.
    Reference:
        Pillow, `src/libImaging/Resample.c` and `Reduce.c`
    Example:
        >>> resized_bytes(np.array([[[0], [100], [200], [40]]], np.uint8), (1, 2))[..., 0].tolist()
        [[71, 117]]
    """
    factors = [int(has / wanted / GAP) or 1 for has, wanted in zip(photo.shape, size)]
    lengths = [has / factor for has, factor in zip(photo.shape, factors)]
    photo = _averaged(photo, *factors)
    for axis in _order(photo.shape, size):
        has, wanted = photo.shape[axis], size[axis]
        if has != wanted or lengths[axis] != wanted:
            weights = np.trunc(_weights(has, lengths[axis], wanted) * (1 << BITS) + 0.5)
            total = _along(photo.astype(np.float64), weights, axis)  # whole numbers below 2^53: exact
            photo = np.clip(np.floor(total / (1 << BITS) + 0.5), 0, 255).astype(np.uint8)
    return photo


def resized_floats(plane: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A plane of numbers in another size, float32 `(height, width)`.

    Args:
        plane: float32 `(height, width)`.
        size: `(height, width)` that is wanted.
    Example:
        >>> resized_floats(np.array([[0.0, 1.0]], np.float32), (1, 4)).tolist()
        [[0.0, 0.25, 0.75, 1.0]]
    """
    for axis in _order(plane.shape, size):
        has, wanted = plane.shape[axis], size[axis]
        if has != wanted:
            plane = _along(plane.astype(np.float64), _weights(has, has, wanted), axis).astype(np.float32)
    return plane


def _order(has: tuple[int, ...], wanted: tuple[int, int]) -> tuple[int, int]:
    """The axis that is changed first: the height where that leaves fewer pixels for the second step."""
    fewer = wanted[0] < has[0] and wanted[0] * has[1] < has[0] * wanted[1]
    return (0, 1) if fewer else (1, 0)


def _along(values: np.ndarray, weights: np.ndarray, axis: int) -> np.ndarray:
    return np.moveaxis(np.tensordot(weights, values, axes=(1, axis)), 0, axis)


def _weights(has: int, length: float, wanted: int) -> np.ndarray:
    """The share of each pixel in each new one, `(wanted, has)`: a triangle as wide as what becomes one pixel.

    Args:
        length: Of the photo in pixels of its own, the last of which may stand for a part of one.
    """
    scale = float(np.float32(length)) / wanted
    wide = max(scale, 1.0)
    center = (np.arange(wanted) + 0.5) * scale
    first = np.maximum(np.trunc(center - wide + 0.5), 0)
    past = np.minimum(np.trunc(center + wide + 0.5), has)
    pixel = np.arange(has)
    share = np.maximum(1 - np.abs((pixel - center[:, None] + 0.5) * (1 / wide)), 0)
    share[(pixel < first[:, None]) | (pixel >= past[:, None])] = 0
    return share / np.cumsum(share, axis=1)[:, -1:]


def _averaged(photo: np.ndarray, down: int, along: int) -> np.ndarray:
    """Means over blocks of so many pixels; the last ones over what is left."""
    if down == along == 1:
        return photo
    high, wide = photo.shape[:2]
    rows, columns = np.arange(0, high, down), np.arange(0, wide, along)
    total = np.add.reduceat(np.add.reduceat(photo.astype(np.uint64), rows, axis=0), columns, axis=1)
    heights, widths = np.diff(np.append(rows, high)), np.diff(np.append(columns, wide))
    count = (heights[:, None] * widths)[..., None].astype(np.uint64)
    inverse = (np.float32(2.0**32) / (count * 256).astype(np.float32)).astype(np.uint64)
    return ((total + count // 2) * inverse >> 24).astype(np.uint8)
