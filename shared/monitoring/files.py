"""Photos and signals as a few figures each, so that a camera or a sensor that changes shows."""

from typing import Any

import numpy as np

from shared.images.decoding import decode
from shared.images.statistics import image_statistics
from shared.monitoring.profile import Column

MOST_PHOTOS = 500  # that are opened for their figures
LONGEST = 512  # pixels of the longer side, to which a photo is averaged down first
KEPT = {"brightness": "mean", "contrast": "std", "sharpness": "laplacian_std", "colour": "colour_mean"}


def photo_columns(photos: Any, rows: np.ndarray) -> dict[str, Column]:
    """Width, height, brightness, contrast, sharpness and colour of the photos of some rows, `MOST_PHOTOS` at most.

    Args:
        photos: As a checked table holds them; None: there are none.
        rows: Positions.
    """
    each, facts, places = _listed(photos, rows)
    if not len(places):
        return {}
    if len(places) > MOST_PHOTOS:
        places = np.sort(np.random.default_rng(0).choice(places, MOST_PHOTOS, replace=False))
    found = np.array([_figures(each[place]) for place in places])
    columns = {name: found[:, number] for number, name in enumerate(KEPT)}
    columns |= {side: np.asarray(getattr(facts, side), np.float64)[places] for side in ("width", "height")}
    return {name: Column("number", values.astype(np.float64)) for name, values in columns.items()}


def _listed(photos: Any, rows: np.ndarray) -> tuple[list, Any, np.ndarray]:
    """The photos, what a first look told, and the places of those of `rows`."""
    if photos is None:
        return [], None, np.zeros(0, np.int64)
    if isinstance(photos, tuple):
        return photos[0], photos[1], np.asarray(rows)
    index = photos.index[rows]
    return photos.photos, photos.facts, index[index >= 0]


def _figures(photo: Any) -> list[float]:
    pixels = decode(photo.store.read(photo.name))
    step = -(-max(pixels.shape[:2]) // LONGEST)
    if step > 1:
        height, width = (side // step for side in pixels.shape[:2])
        cut = pixels[: height * step, : width * step].astype(np.float32)
        pixels = cut.reshape(height, step, width, step, -1).mean(axis=(1, 3))
    names, values = image_statistics(pixels)
    return [float(values[names.index(name)]) for name in KEPT.values()]


def signal_columns(signals: Any, rows: np.ndarray) -> dict[str, Column]:
    """Length, mean and spread of the signals of some rows, over all channels; NaN where there is none.

    Example:
        >>> from shared.signals.signals import Signals
        >>> found = signal_columns(Signals([np.array([1.0, 3.0]), None]), np.array([0, 1]))
        >>> {name: column.cells.tolist() for name, column in found.items()}
        {'length': [2.0, nan], 'mean': [2.0, nan], 'spread': [1.0, nan]}
    """
    if signals is None:
        return {}
    each = [signals[int(row)] for row in rows]
    nan = (np.nan,) * 3
    figures = [nan if one is None else (len(one), float(one.mean()), float(one.std())) for one in each]
    found = np.array(figures, np.float64).reshape(-1, 3)
    return {
        name: Column("number", found[:, number]) for number, name in enumerate(("length", "mean", "spread"))
    }
