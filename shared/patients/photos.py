"""The photos of patients, of whom some may have none, as a network and the rivals read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from shared.images.inputs import PhotoInputs
from shared.images.photo import Facts, Photo
from shared.images.statistics import hog_features

PIXELS = 28  # of a side, that a linear probe reads besides the gradients


@dataclass
class PatientPhotos:
    """The photos that rows of a table name.

    Args:
        photos: One for each row that has one, in the order of the rows.
        facts: What a first look told of each; None: there are no photos.
        index: Place of each row's photo in `photos`; -1: the row has none. `(rows,)`
    """

    photos: list[Photo]
    facts: Facts | None
    index: np.ndarray

    @property
    def present(self) -> np.ndarray:
        """Where there is a photo, bool `(rows,)`."""
        return self.index >= 0

    def take(self, rows: np.ndarray) -> "PatientPhotos":
        """The photos of `rows`, in that order."""
        return PatientPhotos(self.photos, self.facts, self.index[np.asarray(rows)])

    def learn(self, rows: np.ndarray, *, side: int, channels: str | int = "auto") -> dict[str, Any]:
        """Side, channels and type that a network reads photos in, told by the training rows, as plain JSON."""
        used = self.index[rows][self.index[rows] >= 0]
        grey = bool((np.asarray(self.facts.channels)[used] == 1).all())
        deep = bool((np.asarray(self.facts.depth)[used] > 8).any())
        count = (1 if grey else 3) if channels == "auto" else int(channels)
        return {"side": side, "channels": count, "dtype": "float32" if deep else "uint8"}

    def inputs(self, state: dict[str, Any], *, fit: str, workers: int, memory_mb: float) -> PhotoInputs:
        """The photos as squares, decoded when they are asked for."""
        facts = self.facts
        sizes = (
            [] if facts is None else zip(np.asarray(facts.height).tolist(), np.asarray(facts.width).tolist())
        )
        return PhotoInputs(
            self.photos,
            side=state["side"],
            channels=state["channels"],
            dtype=state["dtype"],
            fit=fit,
            workers=workers,
            memory_mb=memory_mb,
            sizes=list(sizes),
        )

    def matrix(self, photos: PhotoInputs, rows: Sequence[int]) -> np.ndarray:
        """What a linear probe reads of each of `rows`: gradients and coarse pixels; NaN where there is no photo.

        Output shape: `(rows, features)`, float32.
        """
        rows = np.asarray(rows)
        seen = np.flatnonzero(self.index[rows] >= 0)
        parts = []
        for start in range(0, len(seen), 256):
            squares = photos.take(self.index[rows[seen[start : start + 256]]])["photo"]
            parts += [np.concatenate([hog_features(square), _coarse(square)]) for square in squares]
        if not parts:
            return np.full((len(rows), 1), np.nan, np.float32)
        found = np.full((len(rows), len(parts[0])), np.nan, np.float32)
        found[seen] = np.stack(parts)
        return found


def _coarse(square: np.ndarray) -> np.ndarray:
    """The grey pixels of a photo, at most 28 a side."""
    grey = square.astype(np.float32).mean(axis=-1) / 255
    step = -(-grey.shape[0] // PIXELS)
    room = grey.shape[0] // step * step
    cells = grey[:room, :room].reshape(room // step, step, room // step, step)
    return cells.mean(axis=(1, 3)).ravel()
