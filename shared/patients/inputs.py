"""What a network reads of patients: the arrays of a table and of signals, and photos that are decoded at batch time."""

from collections.abc import Mapping

import numpy as np

from shared.images.inputs import PhotoInputs
from shared.inputs import Arrays, Inputs

MODALITIES = ("table", "photo", "signal")


class PatientInputs(Inputs):
    """Arrays by input name, with the photo of each row that has one; the others get a black square.

    Which modalities a row has stands in the array `presence`, `(rows, modalities)`: a network adds nothing for one
    that is missing, whatever its array holds.

    Args:
        arrays: As in `Inputs`; `presence` among them.
        photos: The photos as squares; None: the network reads none.
        index: Place of each row's photo, -1 where there is none.
    Example:
        >>> inputs = PatientInputs({"presence": np.ones((3, 1), "float32")})
        >>> inputs.take(np.array([2, 0]))["presence"].shape
        (2, 1)
    """

    def __init__(
        self,
        arrays: Mapping[str, np.ndarray],
        photos: PhotoInputs | None = None,
        index: np.ndarray | None = None,
    ):
        super().__init__(arrays)
        self.photos, self.index = photos, index
        self.most_rows = None if photos is None else 256 if photos.side <= 64 else photos.most_rows

    def take(self, rows: np.ndarray) -> Arrays:
        rows = np.asarray(rows)
        rows = np.flatnonzero(rows) if rows.dtype == bool else rows
        found = super().take(rows)
        if self.photos is None:
            return found
        side, channels = self.photos.side, self.photos.channels
        square = np.zeros((len(rows), side, side, channels), self.photos.dtype)
        there = np.flatnonzero(self.index[rows] >= 0)
        if len(there):
            square[there] = self.photos.take(self.index[rows[there]])["photo"]
        return found | {"photo": square}
