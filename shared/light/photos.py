"""Photos answered by an exported network, without pandas or Keras; Pillow only where a file must be decoded."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from shared.calibration import calibrator_from_dict
from shared.errors import ContractError, Fault
from shared.images.checking import SMALLEST, check_photos
from shared.images.inputs import PhotoInputs
from shared.images.outputs import likeliest, with_scores, within_one
from shared.images.photo import Photo
from shared.images.store import FolderStore
from shared.images.thresholds import Inspection
from shared.light.tables import Table, records, table_of
from shared.training.prediction import predict

CHUNK = 512  # photos whose heatmaps are in memory at once


class PhotoScorer:
    """Gives each photo what `ImagePipeline.predict` does, heatmaps left out.

    Args:
        content: The parsed bundle.json.
        session: The exported network, a `shared.export.sessions.Session`.
    """

    def __init__(self, content: Mapping[str, Any], session: Callable):
        self.config = SimpleNamespace(**content["config"])
        self.mapping, self.state = content["mapping"], content["state"]
        self.calibrator = calibrator_from_dict(content["calibration"])
        self.thresholds, self.session = Inspection.from_dict(content["decision"]), session

    def answer(
        self,
        frame: Any,
        *,
        history: Any = None,
        photos: Sequence[Any] | None = None,
        signals: Sequence[Any] | None = None,
    ) -> list[dict[str, Any]]:
        """One dictionary a row: its number, the photo's name, score, decision, class.

        Args:
            frame: The rows, a `shared.light.frame.Frame`; where it has no column `image`, the photos are called
                `photo 1`, ...
            history: Not read: a photo is answered by itself.
            photos: As in `given_photos`, one a row; None: the paths in the column `image`.
            signals: Not read.
        Raises:
            ContractError: If a row has no photo, or one cannot be used.
        """
        if not len(frame):
            return []
        table, config = table_of(frame, self.mapping), self.config
        pixels = int(config.most_megapixels * 1e6)
        found, index = given_photos(table, photos, most_pixels=pixels, workers=config.workers)
        lacking = np.flatnonzero(index < 0)
        if len(lacking):
            fault = Fault(text="the row has no photo", role="image", row=int(lacking[0]) + 1)
            raise ContractError("the photos cannot be answered", [fault])
        inputs = self._inputs(found, pixels)
        chunks = [table.rows[start : start + CHUNK] - 1 for start in range(0, len(table), CHUNK)]
        return [answer for rows in chunks for answer in self._answered(table, inputs, rows)]

    def _inputs(self, photos: list[Photo], most_pixels: int) -> PhotoInputs:
        config, state = self.config, self.state
        return PhotoInputs(
            photos,
            side=state["side"],
            channels=state["channels"],
            dtype=state["dtype"],
            fit=config.fit,
            tiles=None if config.tile is None else (config.tile, config.tile_overlap),
            workers=config.workers,
            memory_mb=config.memory_mb,
            most_pixels=most_pixels,
        )

    def _answered(self, table: Table, inputs: PhotoInputs, rows: np.ndarray) -> list[dict[str, Any]]:
        raw = predict(self.session, inputs, inputs.units_of(rows))
        found = inputs.merged(with_scores(raw), rows)
        scores = self.calibrator(within_one(found["score"].astype(np.float64), self.state))
        decision = self.thresholds.decide(scores)
        names = table.frame["image"][rows] if "image" in table.frame else [f"photo {row + 1}" for row in rows]
        return records({
            "row": table.rows[rows],
            "image": [str(name) for name in names],
            "score": scores,
            "decision": decision,
            "class": likeliest(found, decision, self.state["classes"]),
        })  # fmt: skip


class GivenPhotos:
    """Photos that were handed over instead of named, one a row: pixels, or the bytes of a file.

    Args:
        given: By row, from 1.
    Example:
        >>> store = GivenPhotos({1: np.zeros((20, 16), np.uint8), 2: b"abc"})
        >>> store.pixels("photo 1").shape, store.pixels("photo 2"), store.read("photo 2")
        ((20, 16, 1), None, b'abc')
    """

    source = "the photos given"

    def __init__(self, given: Mapping[int, np.ndarray | bytes]):
        self.given = given

    def _of(self, name: str) -> np.ndarray | bytes:
        return self.given[int(name.rpartition(" ")[2])]

    def pixels(self, name: str) -> np.ndarray | None:
        """The pixels, `(height, width, channels)`; None of a file."""
        found = self._of(name)
        if isinstance(found, bytes):
            return None
        return found[..., None] if found.ndim == 2 else found

    def read(self, name: str) -> bytes:
        """The bytes of a file."""
        return self._of(name)

    def size(self, name: str) -> int:
        """Number of these bytes."""
        return len(self._of(name))

    def names(self, most: int | None = None) -> list[str]:
        """None are listed: each is given by its row."""
        return []


def given_photos(
    table: Table, given: Sequence[Any] | None, *, most_pixels: int, workers: int, named: bool = True
) -> tuple[list[Photo], np.ndarray]:
    """The photos of the rows, each looked at once; whatever cannot be used is named, all at once.

    Args:
        given: One a row: pixels uint8 `(height, width)`, `(height, width, 1)` or `(height, width, 3)` (grey also
            uint16), the bytes of a file, its path, or None; None: the paths in the column of the role `image`.
        most_pixels: Larger photos are refused.
        workers: Threads that decode.
        named: Whether messages may name a file.
    Returns:
        The photos, and the place of each row's among them, -1 where a row has none.
    Raises:
        ContractError: If photos cannot be read, or are too small or too large.
    """
    if given is None:
        given = table.frame["image"].tolist() if "image" in table.frame else [None] * len(table)
    if len(given) != len(table):
        text = f"there are {len(given)} photos, expected {len(table)}, one a row"
        raise ContractError("the photos cannot be read", [Fault(text=text)])
    photos, faults = [], []
    index, folder = np.full(len(table), -1, np.int64), FolderStore(Path())
    handed = GivenPhotos({})
    for row, each in enumerate(given, start=1):
        if each is None or (isinstance(each, str) and not each):
            continue
        index[row - 1] = len(photos)
        if isinstance(each, str | Path):
            photos.append(Photo(row, folder, str(each)))
            continue
        handed.given[row] = (
            bytes(each) if isinstance(each, bytes | bytearray | memoryview) else np.asarray(each)
        )
        photos.append(Photo(row, handed, f"photo {row}"))
        faults += _unfit(handed.pixels(f"photo {row}"), row, most_pixels)
    files = [photo for photo in photos if photo.store is folder or handed.pixels(photo.name) is None]
    if files:
        column = table.mapping.column("image")
        checked = check_photos(files, most_pixels=most_pixels, column=column, workers=workers, named=named)
        faults += checked.faults
    if faults:
        raise ContractError("the photos cannot be read", faults)
    return photos, index


def _unfit(pixels: np.ndarray | None, row: int, most_pixels: int) -> list[Fault]:
    """What is wrong with pixels that were given."""
    if pixels is None:
        return []
    grey, colours = pixels.ndim == 3 and pixels.shape[-1] == 1, pixels.ndim == 3 and pixels.shape[-1] == 3
    text = ""
    if not (pixels.dtype == np.uint8 and (grey or colours)) and not (pixels.dtype == np.uint16 and grey):
        text = (
            f"is {pixels.dtype} {pixels.shape}, expected uint8 (height, width[, 1 or 3]), or uint16 of grey"
        )
    elif min(pixels.shape[:2]) < SMALLEST:
        text = f"has {pixels.shape[1]} x {pixels.shape[0]} pixels, fewer than {SMALLEST} a side"
    elif pixels.shape[0] * pixels.shape[1] > most_pixels:
        text = f"has {pixels.shape[1]} x {pixels.shape[0]} pixels, more than most_megapixels allows"
    return [Fault(text=f"the photo {text}", role="image", row=row)] if text else []
