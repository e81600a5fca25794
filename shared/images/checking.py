"""Every photo opened once before anything is learnt: what cannot be read, and what does not fit together."""

import hashlib
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import PurePath, PurePosixPath

import numpy as np

from shared.contract.words import count
from shared.errors import Fault, did_you_mean
from shared.images.decoding import MOST_PIXELS, PhotoError, PhotoFacts, decode, decode_mask, look
from shared.images.photo import Facts, Photo

SMALLEST = 16  # pixels of a side
MOST_BYTES = 1 << 30
MOST_NAMES = 5000  # that a missing one is compared with
MOST_LISTED = 30  # faults of one kind
TWIN = "that of row {row}"
EXTENSIONS = {
    "PNG": (".png",),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
    "BMP": (".bmp", ".dib"),
    "TIFF": (".tif", ".tiff"),
    "WEBP": (".webp",),
    "GIF": (".gif",),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm"),
}


@dataclass
class Checked:
    """What the check of photos found."""

    facts: Facts
    faults: list[Fault]
    notes: list[str]


@dataclass
class _Found:
    """Of one photo: `(kind, text)` of its faults; of what is only noted, what is added to its name."""

    facts: PhotoFacts | None = None
    sha256: str = ""
    faults: list[tuple[str, str]] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)


NOTES = {
    "extension": "{} of another format than the name says, and read as what it is",
    "frames": "{} with several pictures, of which the first is read",
    "blank": "{} with a defect and an empty mask",
    "double": "{} that another photo of the class equals, pixel by pixel; a copy in the test part makes it look better",
}
KINDS = {
    "empty": "files of zero bytes",
    "missing": "missing photos",
    "damaged": "damaged photos",
    "no decoder": "photos that cannot be decoded here",
    "no photo": "files that are no photos",
    "colours": "photos in other colours",
    "pixels": "photos that are too large",
    "small": "photos that are too small",
    "mask": "masks that cannot be read",
    "mask missing": "missing masks",
    "mask size": "masks of another size",
    "good mask": "good photos with a defect in the mask",
    "two classes": "equal photos in two classes",
    "two parts": "equal photos that teach and judge",
}


def check_photos(
    photos: Sequence[Photo],
    *,
    most_pixels: int | None = MOST_PIXELS,
    good: str | None = None,
    column: str | None = None,
    workers: int = 2,
    named: bool = True,
    say: Callable[[int, int], None] = lambda done, of: None,
) -> Checked:
    """Decodes each photo and its mask once, a few at a time, and compares them.

    Args:
        photos: To check.
        most_pixels: Larger photos are refused by their header; None: no limit.
        good: The class without a defect.
        column: Column of the manifest that names the photos, for the place of a fault; None: there is none.
        workers: Threads; so many photos are in memory at once.
        named: Whether photos are called by name; else by row alone, since the names may tell who a patient is.
        say: Hears how many photos are done, of how many.
    Returns:
        Faults: a file that is missing, empty, damaged, no photo, too large or smaller than 16 pixels; a mask that is
        missing, unreadable, of another size, or not empty on a good photo; equal photos in two classes, or in the
        training and the test part. Notes: a wrong extension, several pictures in a file, an empty mask of a defect,
        equal photos in one class.
    """
    looked = _Look(most_pixels, good, named)
    found: list[_Found] = [_Found()] * len(photos)
    with ThreadPoolExecutor(max(1, workers)) as pool:
        waiting = {pool.submit(looked, photo): at for at, photo in enumerate(photos)}
        for done, future in enumerate(as_completed(waiting), start=1):
            found[waiting[future]] = future.result()
            say(done, len(photos))
    _compare(photos, found, named)
    return Checked(_facts(found), _faults(photos, found, column, named), _notes(photos, found, named))


def _called(photo: Photo, named: bool, instead: str = "the photo") -> str:
    return f"`{photo.name}`" if named else instead.format(row=photo.row)


class _Look:
    """A look at one photo. Names in a store are listed once, and only when one is missing."""

    def __init__(self, most_pixels: int | None, good: str | None, named: bool):
        self.most_pixels, self.good, self.named = most_pixels, good, named
        self._names: dict[int, list[str]] = {}
        self._lock, self._asked = threading.Lock(), 0

    def __call__(self, photo: Photo) -> _Found:
        found, called = _Found(), _called(photo, self.named)
        try:
            data = self._read(photo, photo.name)
            found.facts = look(data)
            pixels = decode(data, most_pixels=self.most_pixels)
        except PhotoError as error:
            found.faults.append((error.kind, f"{called} {error}"))
            return found
        digest = hashlib.sha256(f"{pixels.shape} {pixels.dtype}".encode())
        digest.update(np.ascontiguousarray(pixels))
        found.sha256 = digest.hexdigest()
        size = pixels.shape[:2]
        if min(size) < SMALLEST:
            text = f"{called} has {size[1]} x {size[0]} pixels, fewer than {SMALLEST}"
            found.faults.append(("small", f"{text}. Give the photo, not its thumbnail"))
        suffix = PurePosixPath(photo.name).suffix.lower()
        if suffix and suffix not in EXTENSIONS.get(found.facts.format, ()):
            found.notes.append(("extension", f" ({found.facts.format})"))
        if found.facts.frames > 1:
            found.notes.append(("frames", ""))
        if photo.mask:
            self._mask(photo, size, found)
        return found

    def _read(self, photo: Photo, name: str) -> bytes:
        try:
            size = photo.store.size(name)
            if size > MOST_BYTES:
                raise PhotoError(f"has {size / 1e9:.1f} GB, which no photo has", kind="pixels")
            return photo.store.read(name)
        except (FileNotFoundError, NotADirectoryError):
            place = "there" if PurePath(name).is_absolute() else f"in `{photo.store.source}`"
            near = self._near(photo.store, name) if self.named else " Add it, or leave the cell empty"
            raise PhotoError(f"is not {place}.{near}", kind="missing") from None
        except OSError as error:
            why = f": {error.strerror or error}" if self.named else ". Check that it is whole and open to you"
            raise PhotoError(f"cannot be read{why}") from None  # the reason may hold the name
        except ValueError as error:  # a name that no file can have
            if isinstance(error, PhotoError):
                raise
            raise PhotoError(f"is no name of a file ({error})", kind="missing") from None

    def _near(self, store, name: str) -> str:
        with self._lock:
            if id(store) not in self._names:
                self._names[id(store)] = store.names(MOST_NAMES)
        names, last = self._names[id(store)], PurePosixPath(name).name.casefold()
        same = [other for other in names if PurePosixPath(other).name.casefold() == last]
        if same:
            return f" Did you mean `{same[0]}`?"
        with self._lock:  # many names against many take long, and no more faults are listed
            self._asked += 1
        return did_you_mean(name, names) if self._asked <= MOST_LISTED else ""

    def _mask(self, photo: Photo, size: tuple[int, int], found: _Found) -> None:
        called, mine = _called(photo, self.named), f"the mask `{photo.mask}`" if self.named else "the mask"
        try:
            mask = decode_mask(self._read(photo, photo.mask), most_pixels=self.most_pixels)
        except PhotoError as error:
            kind = "mask missing" if error.kind == "missing" else "mask"
            found.faults.append((kind, f"{mine} of {called} {error}"))
            return
        if mask.shape != size:
            whose = f"the photo {called}" if self.named else called
            text = f"has {mask.shape[1]} x {mask.shape[0]} pixels, {whose} {size[1]} x {size[0]}"
            found.faults.append(("mask size", f"{mine} {text}. Give it the photo's size"))
        good = self.good is not None and photo.label == self.good
        if good and mask.any():
            text = f"{called} is of the good class `{photo.label}`, but its {mine[4:]} shows a defect"
            found.faults.append(("good mask", f"{text}. Correct the class, or leave the mask out"))
        if not mask.any() and photo.label is not None and self.good is not None and not good:
            found.notes.append(("blank", ""))


def _compare(photos: Sequence[Photo], found: list[_Found], named: bool) -> None:
    """Each of several photos of equal pixels is compared with the first of each class and of each part."""
    alike: dict[str, list[int]] = defaultdict(list)
    for at, each in enumerate(found):
        if each.sha256:
            alike[each.sha256].append(at)
    for group in (group for group in alike.values() if len(group) > 1):
        firsts: tuple[dict[str, Photo], dict[bool, Photo]] = {}, {}
        for at in group:
            _against(photos[at], found[at], *firsts, named)


def _against(
    photo: Photo, found: _Found, by_class: dict[str, Photo], by_part: dict[bool, Photo], named: bool
) -> None:
    called, test = _called(photo, named), photo.split == "test"
    twin = by_class.get(next((name for name in by_class if name != photo.label), None))
    if photo.label is not None and twin is not None:
        text = f"{called} (class `{photo.label}`) is pixel by pixel {_called(twin, named, TWIN)}"
        found.faults.append(("two classes", f"{text} (class `{twin.label}`). Keep the right one"))
    elif (twin := by_part.get(not test)) is not None:
        text = f"is pixel by pixel {_called(twin, named, TWIN)} ({twin.split or 'train'})"
        way_out = "what is learnt from may not judge. Keep one"
        found.faults.append(("two parts", f"{called} ({photo.split or 'train'}) {text}: {way_out}"))
    elif photo.label in by_class:
        found.notes.append(("double", ""))
    if photo.label is not None:
        by_class.setdefault(photo.label, photo)
    by_part.setdefault(test, photo)


def _facts(found: list[_Found]) -> Facts:
    facts = [each.facts or PhotoFacts(0, 0, 0, 0, "") for each in found]
    numbers = {
        name: np.array([getattr(each, name) for each in facts], np.int64)
        for name in ("width", "height", "channels", "depth")
    }
    digests = np.array([each.sha256 for each in found], object)
    return Facts(**numbers, sha256=digests, faulty=np.array([bool(each.faults) for each in found], bool))


def _faults(photos: Sequence[Photo], found: list[_Found], column: str | None, named: bool) -> list[Fault]:
    """In the order of the photos; of one kind so many, then how many more there are."""
    seen: Counter[str] = Counter()
    faults = []
    for photo, each in zip(photos, found):
        for kind, text in each.faults:
            seen[kind] += 1
            if seen[kind] <= MOST_LISTED:
                place = {} if column is None and named else {"row": photo.row}
                of = column if not kind.startswith("mask") else None
                faults.append(Fault(text=text, column=of, **place))
    for kind, number in seen.items():
        if number > MOST_LISTED:
            faults.append(Fault(text=f"{KINDS[kind]}: and {number - MOST_LISTED:,} more like it"))
    return faults


def _notes(photos: Sequence[Photo], found: list[_Found], named: bool) -> list[str]:
    by_kind: dict[str, list[str]] = defaultdict(list)
    for photo, each in zip(photos, found):
        for kind, more in each.notes:
            by_kind[kind].append(_called(photo, named, "row {row}") + more)
    shown = {kind: ", ".join(names[:3]) + ", ..." * (len(names) > 3) for kind, names in by_kind.items()}
    counts = {kind: count(len(names), "photo") for kind, names in by_kind.items()}
    return [f"{NOTES[kind].format(counts[kind])}: {shown[kind]}" for kind in sorted(by_kind)]
