"""A large photo cut into overlapping tiles, and what was said of the tiles put together again."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Box:
    """A part of a photo, in its pixels."""

    top: int
    left: int
    height: int
    width: int

    def of(self, photo: np.ndarray) -> np.ndarray:
        """The part of a photo or mask, `(height, width, ...)`, as a view."""
        return photo[self.top : self.top + self.height, self.left : self.left + self.width]


def tile_boxes(height: int, width: int, side: int, overlap: float = 0.15) -> list[Box]:
    """The fewest tiles that cover a photo, evenly spread, row by row.

    Args:
        height, width: Of the photo.
        side: Of a tile; a photo that is smaller is one tile in that direction.
        overlap: Least share of a tile that its neighbour shows again, in [0, 1): a defect that one tile cuts is
            whole in the next, if it is no larger.
    Example:
        >>> [(box.top, box.left) for box in tile_boxes(100, 250, 100, overlap=0.2)]
        [(0, 0), (0, 75), (0, 150)]
    """
    if side < 1 or not 0 <= overlap < 1:
        raise ValueError(f"side must be at least 1 and overlap in [0, 1), found {side} and {overlap}")
    high, wide = min(height, side), min(width, side)
    return [
        Box(top, left, high, wide)
        for top in _starts(height, side, overlap)
        for left in _starts(width, side, overlap)
    ]


def _starts(length: int, side: int, overlap: float) -> list[int]:
    if length <= side:
        return [0]
    step = max(1, math.floor(side * (1 - overlap) + 1e-9))  # whole pixels, so that rounding keeps the overlap
    count = math.ceil((length - side) / step) + 1
    return np.linspace(0, length - side, count).round().astype(int).tolist()


def merged(heats: Sequence[np.ndarray], boxes: Sequence[Box], size: tuple[int, int]) -> np.ndarray:
    """The heatmap of a photo, float32 `(height, width)`: where tiles overlap, the higher value.

    Args:
        heats: Of each tile, in the tile's pixels.
        boxes: The tiles.
        size: `(height, width)` of the photo.
    Example:
        >>> merged([np.full((1, 2), 0.25), np.full((1, 2), 0.75)], tile_boxes(1, 3, 2), (1, 3)).tolist()
        [[0.25, 0.75, 0.75]]
    """
    whole = np.full(size, -np.inf, np.float32)
    for heat, box in zip(heats, boxes, strict=True):
        np.maximum(box.of(whole), heat, out=box.of(whole))
    return whole


def merged_score(scores: Sequence[float]) -> float:
    """The score of a photo: a part is as bad as its worst tile.

    Example:
        >>> merged_score([0.1, 0.8, 0.3])
        0.8
    """
    return float(np.max(scores))
