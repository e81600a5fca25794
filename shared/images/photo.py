"""One photo of a delivery, and what a first look at many told."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass
class Photo:
    """One photo and what was delivered with it.

    Args:
        row: Number in the file, from 1.
        store: Where the files are: `shared.images.store`.
        name: Of the photo in the store.
        label: Its class; None: not known.
        mask: Name of its mask in the store; None: there is none.
        split: `train`, `valid` or `test`, where that is given.
    """

    row: int
    store: Any
    name: str
    label: str | None = None
    mask: str | None = None
    split: str | None = None


@dataclass
class Facts:
    """What was found of each photo, one entry each: pixels, channels, bits, the hash of its pixels, and whether
    something is wrong with it.
    """

    width: np.ndarray
    height: np.ndarray
    channels: np.ndarray
    depth: np.ndarray
    sha256: np.ndarray
    faulty: np.ndarray
