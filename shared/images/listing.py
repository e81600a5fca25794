"""A folder, a zip or a manifest to a table of photos: class, mask and split are read from where files lie."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import pyarrow as pa

from shared.contract import Format, RawTable, read_table
from shared.contract.parsing import count
from shared.errors import ContractError, Fault
from shared.images.store import FolderStore, ZipStore

PHOTOS = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")
SPLITS = {"train": "train", "test": "test", "valid": "valid", "val": "valid"}
MASK_FOLDERS = ("ground_truth", "masks", "mask")
MASK_ENDS = ("_mask", "_label", "_gt")
PLAIN_FOLDERS = ("images", "image", "imgs", "img", "photos")  # of a class, never classes themselves
NO_CLASSES = {*PLAIN_FOLDERS, *MASK_FOLDERS}
DEEPER = 0.9  # share of the photos below folders of their own, from which on a top folder is no class
HASHED_BYTES = 64_000_000


def read_photos(path: str | Path, format: Format | None = None, *, named: bool = True) -> RawTable:
    """A table of photos, of a folder, a `.zip`, one photo, or a manifest (CSV or Parquet).

    A manifest's columns stay as they are; files are named from its folder on. Elsewhere there are text columns
    `image`, `label`, `mask` and, where it is given, `split`; "" where nothing is known:

    - Photos are .png .jpg .jpeg .bmp .tif .tiff .webp. A common top folder, as zips have it, is skipped, and so
      is a first folder `images`, `imgs`, `img` or `photos`.
    - The class is the first folder, whatever lies deeper in it (`MT_Free/Imgs/x.jpg`). Photos beside these
      folders have none.
    - Where the first folders are train, test, valid or val (and masks), they are the split, and the class is the
      next folder, as in MVTec AD.
    - A mask is a .png of the same stem beside a photo of another extension; the stem with `_mask`, `_label` or
      `_gt` beside it; or the same path below `ground_truth/`, `masks/` or `mask/` at the root, or the same stem
      below such a folder in the class folder, with or without these endings.

    Args:
        path: What to read.
        format: Of a manifest.
        named: Whether messages and notes may hold names of files and folders, which may tell who a patient is.
    Returns:
        The table; its `store` reads the files. `sha256` of a folder or zip is over the names and sizes of the files
        used and the contents of the first ones, by name, up to 64 MB together. `listed` is true but for a manifest.
    Raises:
        ContractError: If there is no photo, or the file cannot be read.
    Example:
        >>> import tempfile
        >>> root = Path(tempfile.mkdtemp())
        >>> for name in ("good/1.jpg", "scratch/2.jpg", "scratch/2.png"):
        ...     (root / name).parent.mkdir(exist_ok=True)
        ...     _ = (root / name).write_bytes(b"")
        >>> read_photos(root).data.to_pylist()[1]
        {'image': 'scratch/2.jpg', 'label': 'scratch', 'mask': 'scratch/2.png'}
    """
    path = Path(path)
    if path.is_dir():
        return _listed(FolderStore(path), named)
    if path.suffix.lower() == ".zip" and path.exists():
        return _listed(ZipStore(path, named=named), named)
    if path.suffix.lower() in PHOTOS and path.exists():
        source = path.name if named else "the photo"
        return _table(FolderStore(path.parent), {path.name: _Place(label="")}, [], source, named)
    table = read_table(path, format)
    table.store, table.listed = FolderStore(path.parent), False
    return table


def photos_of(store, *, named: bool = True) -> RawTable:
    """As `read_photos`, of any store: what has `names`, `size`, `read` and `source`.

    Raises:
        ContractError: If there is no photo in it.
    """
    return _listed(store, named)


@dataclass
class _Place:
    """What is known of a photo by where it lies; `rest` is its path without split and top folder."""

    label: str
    split: str = ""
    rest: PurePosixPath = field(default_factory=PurePosixPath)
    whole: PurePosixPath = field(default_factory=PurePosixPath)
    mask: str = ""


def _listed(store, named: bool) -> RawTable:
    names = store.names()
    odd = [name for name in names if any("\ud800" <= letter <= "\udfff" for letter in name)]
    if odd:
        shown = odd[0].encode("utf-8", "replace").decode()
        which = f"the name of `{shown}`" if named else f"a name of {count(len(odd), 'file')}"
        raise _refused(store.source, f"{which} is no text in UTF-8. Rename it")
    pictures = {name: PurePosixPath(name) for name in names if _suffix(name) in PHOTOS}
    others = [name for name in names if name not in pictures]
    top = _top(list(pictures.values()))
    masks = _masks(pictures, top)
    photos = {name: path.relative_to(top) for name, path in pictures.items() if name not in masks}
    if not photos:
        raise _nothing(store.source, others, len(masks))
    first = {path.parts[0].lower() for path in photos.values() if len(path.parts) > 1}
    split = bool(first) and first <= set(SPLITS)
    places = {name: _place(path, split) for name, path in photos.items()}
    index = _index(places)
    for mask, ways in masks.items():
        _give(mask, ways, places, index, top)
    taken = {place.mask for place in places.values()}
    return _table(store, places, sorted([*others, *(set(masks) - taken)]), store.source, named)


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _top(paths: list[PurePosixPath]) -> PurePosixPath:
    """The common folder above the classes, which tells nothing; `.` where there is none."""
    top = PurePosixPath()
    while paths:
        below = [path.relative_to(top).parts for path in paths]
        first, deeper = below[0][0], [parts for parts in below if len(parts) > 2]
        if len({parts[0] for parts in below}) > 1 or first.lower() in {*SPLITS, *MASK_FOLDERS}:
            break
        if len(deeper) < DEEPER * len(below) or {parts[1].lower() for parts in deeper} <= NO_CLASSES:
            break  # one class, in whose folder they lie
        top /= first
    return top


def _masks(pictures: dict[str, PurePosixPath], top: PurePosixPath) -> dict[str, list[PurePosixPath]]:
    """Pictures that are masks, with the paths (without extension) of the photos they may belong to, best first."""
    stems: dict[PurePosixPath, set[str]] = {}
    for path in pictures.values():
        stems.setdefault(path.with_suffix(""), set()).add(path.suffix.lower())
    found = {}
    for name, path in pictures.items():
        stem, bare = path.with_suffix(""), _bare(path)
        folders = [part.lower() for part in path.relative_to(top).parts[:-1]]
        if any(folder in MASK_FOLDERS for folder in folders[:3]):
            found[name] = [stem, bare] if bare != stem else [stem]
        elif path.suffix.lower() == ".png" and stems[stem] - {".png"}:
            found[name] = [stem]
        elif bare != stem and bare in stems:
            found[name] = [bare]
    return found


def _bare(path: PurePosixPath) -> PurePosixPath:
    """The path without extension and without the ending of a mask."""
    stem = path.stem
    end = next((end for end in MASK_ENDS if stem.lower().endswith(end) and len(stem) > len(end)), "")
    return path.with_name(stem[: len(stem) - len(end)])


def _place(path: PurePosixPath, split: bool) -> _Place:
    parts = path.parts
    given = SPLITS.get(parts[0].lower(), "") if split and len(parts) > 1 else ""
    rest = parts[1:] if given else parts
    if len(rest) > 1 and rest[0].lower() in PLAIN_FOLDERS:
        rest = rest[1:]
    label = rest[0] if len(rest) > 1 else ""
    return _Place(label, given, PurePosixPath(*rest).with_suffix(""), path.with_suffix(""))


Index = dict[tuple[str, PurePosixPath], list[str]]


def _index(places: dict[str, _Place]) -> Index:
    """Photos by the ways in which a mask may name them; those to judge by come first, training ones last."""
    index: Index = {}
    for name in sorted(places, key=lambda name: (places[name].split == "train", places[name].split)):
        place = places[name]
        folder = PurePosixPath(place.split and place.whole.parts[0], place.label)
        for key in (("whole", place.whole), ("rest", place.rest), ("stem", folder / place.whole.name)):
            index.setdefault(key, []).append(name)
    return index


def _give(
    mask: str, ways: list[PurePosixPath], places: dict[str, _Place], index: Index, top: PurePosixPath
) -> None:
    """Gives a mask to the photo it belongs to, if there is one without a mask."""
    for way in ways:
        parts = way.relative_to(top).parts
        at = next((at for at, part in enumerate(parts[:-1]) if part.lower() in MASK_FOLDERS), None)
        keys = [("whole", PurePosixPath(*parts))]
        if at is not None:  # masks/class/x of the root, or class/masks/x
            inner = PurePosixPath(*parts[:at], *parts[at + 1 :])
            keys = [("whole", inner), ("rest", inner), ("stem", PurePosixPath(*parts[:at], parts[-1]))]
        for key in keys:
            name = next((name for name in index.get(key, ()) if not places[name].mask), None)
            if name is not None:
                places[name].mask = mask
                return


def _table(store, places: dict[str, _Place], unused: list[str], source: str, named: bool) -> RawTable:
    names = sorted(places)
    columns = {
        "image": names,
        "label": [places[name].label for name in names],
        "mask": [places[name].mask for name in names],
    }
    if any(place.split for place in places.values()):
        columns["split"] = [places[name].split for name in names]
    data = pa.table({name: pa.array(cells, pa.string()) for name, cells in columns.items()})
    used = sorted({*names, *columns["mask"]} - {""})
    table = RawTable(data, source, _digest(store, used), _notes(source, columns, unused, named), store=store)
    table.listed = True
    return table


def _notes(source: str, columns: dict[str, list[str]], unused: list[str], named: bool) -> list[str]:
    counts = Counter(columns["label"])
    classes = ", ".join(f"{name or 'without a class'} {counts[name]:,}" for name in sorted(counts))
    notes = [f"{source} holds {count(len(columns['image']), 'photo')}{f': {classes}' if named else ''}"]
    masks = sum(map(bool, columns["mask"]))
    if masks:
        notes.append(f"{count(masks, 'photo')} with a mask")
    if "split" in columns:
        splits = Counter(columns["split"])
        parts = ", ".join(f"{name or 'none'} {splits[name]:,}" for name in sorted(splits))
        notes.append(f"the folders give the split: {parts}")
    if unused:
        shown = ", ".join(f"`{name}`" for name in unused[:5]) + (", ..." if len(unused) > 5 else "")
        notes.append(f"{count(len(unused), 'file')} not used{f': {shown}' if named else ''}")
    return notes


def _digest(store, names: list[str]) -> str:
    digest, read = hashlib.sha256(), 0
    for name in names:
        try:
            size = store.size(name)
        except OSError:  # such as a dead link; checking names it
            continue
        digest.update(f"{name}\0{size}\0".encode("utf-8", "surrogateescape"))
        if read + size <= HASHED_BYTES:
            try:
                digest.update(hashlib.sha256(store.read(name)).digest())
            except OSError:  # checking names it
                continue
            read += size
    return digest.hexdigest()


def _nothing(source: str, others: list[str], masks: int) -> ContractError:
    kinds = Counter(_suffix(name) or "without an extension" for name in others)
    found = [f"{number:,} {kind}" for kind, number in kinds.most_common(4)]
    found += [count(masks, "mask")] if masks else []
    text = (
        f"no photo in it: expected {' '.join(PHOTOS)}, in one folder a class; "
        f"found {', '.join(found) or 'no file at all'}"
    )
    if ".heic" in kinds or ".heif" in kinds:
        text += ". Export HEIC as JPEG or PNG"
    elif ".zip" in kinds:
        text += ". Unpack the zip, or name it"
    return _refused(source, text)


def _refused(source: str, text: str) -> ContractError:
    return ContractError(f"{source} cannot be read", [Fault(text=text)])
