"""What a network reads of patients: the arrays of a table and of signals, and photos that are decoded at batch time."""

from collections.abc import Mapping

import numpy as np

from shared.errors import ContractError, Fault
from shared.images.decoding import PhotoError
from shared.images.inputs import PhotoInputs
from shared.inputs import Arrays, Inputs

MOST_STEPS = 40_000  # of all signals that a network is given at once


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
        self.most_rows = most_rows(self.arrays, None if photos is None else photos.side)

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
            square[there] = self._photos(self.index[rows[there]])
        return found | {"photo": square}

    def _photos(self, places: np.ndarray) -> np.ndarray:
        try:
            return self.photos.take(places)["photo"]
        except (OSError, PhotoError):  # their messages hold the file's name, which may tell who a patient is
            text = "it was there when the table was checked. Put it back and run again"
            raise ContractError("a photo cannot be read any more", [Fault(text=text)]) from None


def most_rows(arrays: Mapping[str, np.ndarray], side: int | None = None) -> int | None:
    """How many rows a network may be given at once, as it makes hundreds of numbers of each pixel and each step.

    Args:
        arrays: The inputs of a network, or some of them.
        side: Pixels of a photo's side, where the photos are not among the arrays.
    """
    side = arrays["photo"].shape[1] if "photo" in arrays else side
    most = [] if side is None else [256 if side <= 64 else 64]
    if "signal" in arrays:
        most.append(max(16, MOST_STEPS // arrays["signal"].shape[1]))
    return min(most, default=None)
