"""What a network reads of photos: squares decoded at batch time, kept in memory as far as it is allowed."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from shared.images.decoding import MOST_PIXELS, decode, decode_mask, in_channels, look
from shared.images.framing import Frame, frame_of, framed, framed_mask, unframed
from shared.images.photo import Photo
from shared.images.tiles import Box, merged, tile_boxes
from shared.inputs import Arrays, Inputs


class PhotoView(Inputs):
    """Photos seen in another way: what derives from it says in `take` how; nothing is copied.

    Args:
        photos: The `PhotoInputs` that are seen.
    """

    def __init__(self, photos: "PhotoInputs"):
        self.photos, self.arrays, self.most_rows = photos, {}, photos.most_rows

    def __len__(self) -> int:
        return len(self.photos)


class PhotoInputs(Inputs):
    """Photos, or their tiles, as squares; `take(rows)` decodes just what it gives.

    A *unit* is what the network reads at once: a photo, or with `tiles` one tile of it. `take` counts units, all
    else counts photos. Decoded squares stay in memory, first come, up to `memory_mb`; the others are decoded each
    time. May be read by several threads.

    Args:
        photos: Where the photos are, and what is known of them.
        side: Of the square, pixels.
        channels: 1 or 3.
        dtype: `"uint8"`, or `"float32"` for photos of 16 bits; both from 0 to 255.
        fit: As in `frame_of`.
        good: The class without a defect, whose masks are known to be empty.
        masks: Whether `take` gives masks unless it is told otherwise.
        tiles: None, or `(side, overlap)` of the tiles in pixels of the photo.
        workers: Threads that decode.
        memory_mb: For decoded squares.
        most_pixels: Larger photos are refused.
        sizes: `(height, width)` of each photo where they are known already; None: read when they are needed.
    Raises:
        ValueError: If a setting is out of its bounds.
        PhotoError: While reading, of a photo that cannot be decoded.
    """

    most_rows = 64  # a network makes hundreds of maps of each

    def __init__(
        self,
        photos: Sequence[Photo],
        *,
        side: int,
        channels: int,
        dtype: str = "uint8",
        fit: str = "pad",
        good: str | None = None,
        masks: bool = False,
        tiles: tuple[int, float] | None = None,
        workers: int = 2,
        memory_mb: float = 1000,
        most_pixels: int | None = MOST_PIXELS,
        sizes: Sequence[tuple[int, int]] | None = None,
    ):
        if channels not in (1, 3) or dtype not in ("uint8", "float32"):
            raise ValueError(
                f"channels must be 1 or 3 and dtype uint8 or float32, found {channels} and {dtype}"
            )
        frame_of(1, 1, side, fit=fit)  # refuses another fit before anything is read
        self.photos, self.side, self.channels, self.dtype = list(photos), side, channels, dtype
        self.fit, self.good, self.masks, self.tiles = fit, good, masks, tiles
        self.workers, self.most_pixels = workers, most_pixels
        self.arrays, self.waited = {}, 0.0
        self._left, self._lock = int(memory_mb * 1e6), threading.Lock()
        self._kept: dict[tuple[str, int], np.ndarray] = {}
        self._sizes = dict(enumerate(sizes or ()))
        self._cut()

    def _cut(self) -> None:
        """The units: `units` is the photo of each, `boxes` its part of the photo (None: all)."""
        self.units, self.boxes = np.arange(len(self.photos)), [None] * len(self.photos)
        if self.tiles is not None:
            sizes = self._mapped(self.size, range(len(self.photos)))
            cut = [tile_boxes(*size, *self.tiles) for size in sizes]
            self.units = np.repeat(np.arange(len(cut)), [len(boxes) for boxes in cut])
            self.boxes = [box for boxes in cut for box in boxes]
        self._first = np.searchsorted(self.units, np.arange(len(self.photos) + 1))

    def __len__(self) -> int:
        return len(self.units)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        square = {"photo": (self.side, self.side, self.channels)}
        return square | ({"mask": (self.side, self.side)} if self.masks else {})

    def take(self, rows: np.ndarray, *, masks: bool | None = None) -> Arrays:
        """The units `rows`, in that order.

        Returns:
            `photo` `(n, side, side, channels)`; with masks `mask`, float32 `(n, side, side)`: the share of each pixel
            that is defective, -1 everywhere if it is not known.
        """
        rows = np.asarray(rows)
        rows = np.flatnonzero(rows) if rows.dtype == bool else rows.astype(np.int64)
        begun = time.perf_counter()
        out = {"photo": self._squares(rows)}
        if self.masks if masks is None else masks:
            out["mask"] = self._masks(rows)
        self.waited += time.perf_counter() - begun
        return out

    def _squares(self, units: np.ndarray) -> np.ndarray:
        out = np.empty((len(units), self.side, self.side, self.channels), self.dtype)
        self._fill(out, units, "photo", self._decoded)
        return out

    def _masks(self, units: np.ndarray) -> np.ndarray:
        out = np.full((len(units), self.side, self.side), -1, np.float32)
        photos = [self.photos[row] for row in self.units[units]]
        out[[self._is_good(photo) for photo in photos]] = 0
        drawn = np.flatnonzero([bool(photo.mask) and not self._is_good(photo) for photo in photos])
        shares = np.empty((len(drawn), self.side, self.side), np.uint8)
        self._fill(shares, units[drawn], "mask", self._drawn)
        out[drawn] = shares / np.float32(255)
        return out

    def _fill(self, out: np.ndarray, units: np.ndarray, kind: str, read: Callable) -> None:
        """Each photo's file is read once for all its units that are asked for."""
        wanted: dict[int, dict[int, list[int]]] = {}
        for place, unit in enumerate(units.tolist()):
            kept = self._kept.get((kind, unit))
            if kept is not None:
                out[place] = kept
            else:
                wanted.setdefault(int(self.units[unit]), {}).setdefault(unit, []).append(place)

        def one(row: int) -> None:
            for unit, square in zip(wanted[row], read(row, [self.boxes[unit] for unit in wanted[row]])):
                self._keep((kind, unit), square)
                for place in wanted[row][unit]:
                    out[place] = square

        self._mapped(one, list(wanted))

    def _mapped(self, function: Callable, rows: Sequence[int]) -> list:
        if self.workers < 2 or len(rows) < 2:
            return [function(row) for row in rows]
        with ThreadPoolExecutor(min(self.workers, len(rows))) as pool:
            return list(pool.map(function, rows))

    def _keep(self, key: tuple[str, int], square: np.ndarray) -> None:
        with self._lock:
            if square.nbytes <= self._left and key not in self._kept:
                self._left -= square.nbytes
                self._kept[key] = square if square.base is None else square.copy()  # a view keeps the photo

    def _decoded(self, row: int, boxes: Sequence[Box | None]):
        """The squares of some parts of a photo, one by one."""
        photo, size = self._pixels(row, whole=boxes[0] is None)
        if photo.dtype != self.dtype:
            photo = photo.astype(self.dtype) if self.dtype == "float32" else photo.round().astype(np.uint8)
        for box in boxes:
            part = photo if box is None else np.ascontiguousarray(box.of(photo))
            yield framed(part, self.side, fit=self.fit, size=size if box is None else None)[0]

    def _pixels(self, row: int, *, whole: bool) -> tuple[np.ndarray, tuple[int, int]]:
        """A photo in the channels that are read, and the size it was taken in."""
        given = self._given(row)
        if given is not None:
            return in_channels(given, self.channels), given.shape[:2]
        data = self._read(self.photos[row].name, row)
        side = self.side if whole else None
        photo = decode(data, channels=self.channels, most_pixels=self.most_pixels, side=side)
        return photo, self._size_of(row, data)

    def _given(self, row: int) -> np.ndarray | None:
        """The pixels of a photo that was handed over as such, not as a file."""
        photo = self.photos[row]
        return photo.store.pixels(photo.name) if hasattr(photo.store, "pixels") else None

    def _drawn(self, row: int, boxes: Sequence[Box | None]):
        """The masks of some parts of a photo, one by one, 255 where a pixel is all defect."""
        mask = self.mask(row)
        for box in boxes:
            part = mask if box is None else box.of(mask)
            share = framed_mask(part, self.side, fit=self.fit)
            yield (share * 255).round().astype(np.uint8)

    def _read(self, name: str, row: int) -> bytes:
        return self.photos[row].store.read(name)

    def _is_good(self, photo: Photo) -> bool:
        return self.good is not None and photo.label == self.good

    def _size_of(self, row: int, data: bytes) -> tuple[int, int]:
        if row not in self._sizes:
            facts = look(data)
            self._sizes[row] = (facts.height, facts.width)
        return self._sizes[row]

    # -- photos, not units

    def size(self, row: int) -> tuple[int, int]:
        """`(height, width)` of a photo."""
        row, given = int(row), self._given(int(row))
        if given is not None:
            return given.shape[:2]
        return self._sizes.get(row) or self._size_of(row, self._read(self.photos[row].name, row))

    def original(self, row: int) -> np.ndarray:
        """A photo as it was taken, `(height, width, channels)` in the file's own channels."""
        return decode(self._read(self.photos[row].name, row), most_pixels=self.most_pixels)

    def mask(self, row: int) -> np.ndarray | None:
        """Where the defect is, bool `(height, width)`; nowhere on good photos; None: not known."""
        photo = self.photos[row]
        if self._is_good(photo):
            return np.zeros(self.size(row), bool)
        if not photo.mask:
            return None
        return decode_mask(self._read(photo.mask, row), most_pixels=self.most_pixels)

    def frame(self, row: int) -> Frame:
        """Where a photo lies in its square; without tiles."""
        return frame_of(*self.size(row), self.side, fit=self.fit)

    def units_of(self, rows: np.ndarray) -> np.ndarray:
        """The units of some photos, photo by photo."""
        parts = [np.arange(self._first[row], self._first[row + 1]) for row in np.asarray(rows)]
        return np.concatenate(parts) if parts else np.empty(0, np.int64)

    def first_units(self, rows: np.ndarray) -> np.ndarray:
        """One unit of each photo, its first."""
        return self._first[:-1][np.asarray(rows, np.int64)]

    def unit_codes(self, codes: np.ndarray) -> np.ndarray:
        """The class of each unit, by that of its photo; 0 is the good one.

        A tile of a defective photo is good where the photo's mask is empty. Without a mask it has the photo's class,
        which is wrong of the tiles beside the defect.
        """
        found = np.asarray(codes)[self.units]
        if self.tiles is None:
            return found

        def clean(row: int) -> None:
            mask, first = self.mask(row), self._first[row]
            for unit in range(first, self._first[row + 1]):
                if not self.boxes[unit].of(mask).any():
                    found[unit] = 0

        rows = [row for row, photo in enumerate(self.photos) if photo.mask and codes[row] > 0]
        self._mapped(clean, rows)
        return found

    def merged(self, raw: Arrays, rows: np.ndarray) -> dict:
        """What was said of the units of some photos, `units_of(rows)`, as an answer to each photo.

        A photo is as bad as its worst tile: all answers are of the tile with the highest `score`. `heatmap` becomes a
        list of `(tiles, g, g)`, which `whole` puts together.
        """
        if self.tiles is None:
            return dict(raw)
        counts = np.diff(self._first)[np.asarray(rows, np.int64)]
        ends = np.cumsum(counts)
        parts = [slice(end - count, end) for end, count in zip(ends, counts)]
        worst = np.array([part.start + int(np.argmax(raw["score"][part])) for part in parts], np.int64)
        found = {name: values[worst] for name, values in raw.items() if name != "heatmap"}
        return found | {name: [raw[name][part] for part in parts] for name in raw if name == "heatmap"}

    def whole(self, row: int, heat: np.ndarray) -> np.ndarray:
        """A heatmap on the photo itself, float32 `(height, width)`.

        Args:
            heat: `(g, g)` of the photo's square; with tiles `(tiles, g, g)`.
        """
        if self.tiles is None:
            return unframed(heat, self.frame(row), self.size(row))
        boxes = self.boxes[self._first[row] : self._first[row + 1]]
        parts = [
            unframed(each, frame_of(box.height, box.width, self.side, fit=self.fit), (box.height, box.width))
            for each, box in zip(heat, boxes, strict=True)
        ]
        return merged(parts, boxes, self.size(row))
