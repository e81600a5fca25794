"""A photo into the square that a network reads, and a heatmap of the square back onto the photo."""

from dataclasses import dataclass

import numpy as np

from shared.images.resizing import resized_bytes, resized_floats


@dataclass(frozen=True)
class Frame:
    """Where a photo lies in its square, in pixels of the square.

    Args:
        top, left, height, width: Of the photo.
        side: Of the square.
    """

    top: int
    left: int
    height: int
    width: int
    side: int


def frame_of(height: int, width: int, side: int, *, fit: str = "pad") -> Frame:
    """Where a photo of this size goes.

    Args:
        height, width: Of the photo.
        side: Of the square.
        fit: `"pad"`: the longer side becomes `side`, the shape is kept. `"stretch"`: both become `side`.
    Example:
        >>> frame_of(100, 200, 64)
        Frame(top=16, left=0, height=32, width=64, side=64)
    """
    if fit not in ("pad", "stretch"):
        raise ValueError(f"fit must be `pad` or `stretch`, found `{fit}`")
    if fit == "stretch":
        return Frame(0, 0, side, side, side)
    longest = max(height, width)
    high, wide = (max(1, round(length * side / longest)) for length in (height, width))
    return Frame((side - high) // 2, (side - wide) // 2, high, wide, side)


def framed(
    photo: np.ndarray, side: int, *, fit: str = "pad", size: tuple[int, int] | None = None
) -> tuple[np.ndarray, Frame]:
    """A photo in a square of its own dtype, `(side, side, channels)`, and where it lies there.

    Shrinking averages (a triangle as wide as the pixels that become one), growing is bilinear. What the photo leaves
    free is filled by mirroring it: a constant border is an edge that no photo has, and cost two points of AUROC on
    magnetic tiles.

    Args:
        photo: `(height, width, channels)`, uint8 or float.
        side: Of the square.
        fit: As in `frame_of`.
        size: `(height, width)` of the whole photo, of which `photo` was decoded at 1/2, 1/4 or 1/8: its last pixel
            may then stand for a part of one only.
    Example:
        >>> square, frame = framed(np.zeros((10, 20, 1), np.uint8), 8)
        >>> square.shape, frame.top, frame.height
        ((8, 8, 1), 2, 4)
    """
    frame = frame_of(*(size or photo.shape[:2]), side, fit=fit)
    box = None
    if size is not None and size != photo.shape[:2]:
        high, wide = (whole / round(whole / part) for whole, part in zip(size, photo.shape[:2]))
        box = (0, 0, wide, high)
    return _mirrored(_resized(photo, (frame.height, frame.width), box), frame), frame


def framed_mask(mask: np.ndarray, side: int, *, fit: str = "pad") -> np.ndarray:
    """The share of each pixel of the square that the mask covers, float32 `(side, side)`, mirrored as the photo.

    Args:
        mask: `(height, width)`, bool or float in [0, 1].
    Example:
        >>> framed_mask(np.eye(4, dtype=bool), 2).tolist()
        [[0.5, 0.0], [0.0, 0.5]]
    """
    frame = frame_of(*mask.shape, side, fit=fit)
    small = _plane(mask.astype(np.float32), (frame.height, frame.width), "BOX")
    return np.clip(_mirrored(small, frame), 0.0, 1.0)


def unframed(heat: np.ndarray, frame: Frame, size: tuple[int, int]) -> np.ndarray:
    """A heatmap of the square on the photo itself, float32 `(height, width)`, bilinear.

    Args:
        heat: `(s, s)` of any resolution, such as an eighth of the square's.
        frame: Where the photo lies in the square.
        size: `(height, width)` of the photo.
    Example:
        >>> unframed(np.full((4, 4), 0.5), Frame(8, 0, 16, 32, 32), (100, 200)).shape
        (100, 200)
    """
    heat = np.asarray(heat, np.float32)
    down, right = heat.shape[0] / frame.side, heat.shape[1] / frame.side
    box = (
        frame.left * right,
        frame.top * down,
        min((frame.left + frame.width) * right, heat.shape[1]),
        min((frame.top + frame.height) * down, heat.shape[0]),
    )
    return _plane(heat, size, "BILINEAR", box)


def _mirrored(photo: np.ndarray, frame: Frame) -> np.ndarray:
    """The square around a photo; the edge's own pixels come twice, as in a mirror that stands on the edge."""
    down = (frame.top, frame.side - frame.top - frame.height)
    along = (frame.left, frame.side - frame.left - frame.width)
    if not any((*down, *along)):
        return photo
    return np.pad(photo, (down, along, (0, 0))[: photo.ndim], mode="symmetric")


def _resized(photo: np.ndarray, size: tuple[int, int], box=None) -> np.ndarray:
    if photo.shape[:2] == size and box is None:
        return photo
    if photo.dtype == np.uint8 and photo.shape[-1] in (1, 3):
        try:
            from PIL import Image
        except ImportError:  # then no file was decoded either, and there is no box
            return resized_bytes(photo, size)
        image = Image.fromarray(photo[..., 0] if photo.shape[-1] == 1 else photo)
        small = np.array(image.resize(size[::-1], Image.Resampling.BILINEAR, box, reducing_gap=2.0))
        return small.reshape(*size, photo.shape[-1])
    planes = [_plane(photo[..., at].astype(np.float32), size, box=box) for at in range(photo.shape[-1])]
    resized = np.stack(planes, axis=-1)
    return resized.round().astype(photo.dtype) if photo.dtype.kind in "ui" else resized.astype(photo.dtype)


def _plane(values: np.ndarray, size: tuple[int, int], filter: str = "BILINEAR", box=None) -> np.ndarray:
    try:
        from PIL import Image
    except ImportError:
        if box is not None:
            raise
        return resized_floats(np.ascontiguousarray(values, np.float32), size)
    image = Image.fromarray(np.ascontiguousarray(values, np.float32))
    return np.array(image.resize(size[::-1], Image.Resampling[filter], box=box))
