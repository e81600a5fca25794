"""A heatmap laid over its photo, to be looked at: in a report, or beside the answers of a prediction."""

import re
from pathlib import Path

import numpy as np

from shared.images.decoding import encode_jpeg

COLD, WARM, HOT = np.array([60, 90, 200.0]), np.array([255, 190, 0.0]), np.array([215, 0, 0.0])


def heat_colors(heat: np.ndarray) -> np.ndarray:
    """Blue over yellow to red, `(h, w, 3)`, for values in [0, 1].

    Example:
        >>> heat_colors(np.array([[0.0, 1.0]])).tolist()
        [[[60.0, 90.0, 200.0], [215.0, 0.0, 0.0]]]
    """
    heat = np.clip(heat, 0.0, 1.0)[..., None]
    low, high = np.minimum(heat * 2, 1.0), np.maximum(heat * 2 - 1, 0.0)
    return (1 - low) * COLD + (low - high) * WARM + high * HOT


def overlay(photo: np.ndarray, heat: np.ndarray, *, strength: float = 0.65) -> np.ndarray:
    """The photo with its heat in colour; where the heat is low the photo stays as it is.

    Args:
        photo: `(h, w, channels)`, 0 to 255.
        heat: `(h, w)`, in [0, 1].
    Returns:
        `(h, w, 3)`, uint8.
    """
    grey = np.repeat(photo[..., :1], 3, axis=-1) if photo.shape[-1] == 1 else photo[..., :3]
    share = (strength * np.clip((heat - 0.1) / 0.4, 0.0, 1.0))[..., None]
    return np.clip((1 - share) * grey + share * heat_colors(heat), 0, 255).astype(np.uint8)


def jpeg(picture: np.ndarray, *, longest: int, quality: int = 78) -> bytes:
    """A JPEG whose longer side is at most `longest` pixels."""
    from PIL import Image

    picture = np.clip(picture, 0, 255).astype(np.uint8)
    image = Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture)
    image.thumbnail((longest, longest), Image.Resampling.BILINEAR)
    return encode_jpeg(np.asarray(image), quality)


def pictures_of(photos, row: int, heat: np.ndarray, *, longest: int) -> tuple[bytes, bytes]:
    """A photo and its overlay as JPEG.

    Args:
        photos: `shared.images.inputs.PhotoInputs`.
        heat: Of the network's square, `(g, g)`.
    """
    photo = photos.original(row)
    whole = photos.whole(row, heat)
    return jpeg(photo, longest=longest), jpeg(overlay(photo, whole), longest=longest)


def write_overlay(photos, row: int, heat: np.ndarray, folder: Path) -> str:
    """Writes the overlay of one photo; returns the file's name. Photos of equal names get their row beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^\w.\- ]", "_", photos.photos[row].name.replace("/", "__"))
    path = folder / f"{name}.jpg"
    if path.exists():
        path = folder / f"{name}.{photos.photos[row].row}.jpg"
    photo = photos.original(row)
    path.write_bytes(jpeg(overlay(photo, photos.whole(row, heat)), longest=1600, quality=85))
    return path.name
