"""A NumPy archive (.npz) to a raw table: values, pictures and signals, one row a patient, part after part."""

import difflib
import hashlib
import re
import zipfile
import zlib
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from shared.contract.array_cells import Blocks, pictures, samples, values
from shared.contract.mapping import Arrays, Format
from shared.contract.parsing import count
from shared.contract.tables import RawTable, refuse
from shared.errors import ContractError, Fault

EXPRESSION = re.compile(
    r"(?P<name>[^\[\]]+)(?P<columns>\[:, *(?P<first>\d+)?(?P<colon>:)?(?P<end>\d+)?\])?"
)  # as Arrays checks it
UNREAD = "holds Python objects, which are not read, since they may run code. Save plain numbers or texts"
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)
IMAGE, SIGNAL, SPLIT = "image", "signal", "split"


@dataclass
class _Archive:
    """An open archive: the shapes of its arrays, and all that is wrong with what is asked of it."""

    path: Path
    shapes: dict[str, str]
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def fault(self, text: str) -> None:
        self.faults.append(Fault(text=text))

    def held(self) -> str:
        """The arrays that are there, for messages."""
        shown = [f"`{name}` {shape}" for name, shape in list(self.shapes.items())[:20]]
        more = ", ..." if len(self.shapes) > 20 else ""
        return f"{self.path.name} holds {', '.join(shown)}{more}"


def read_arrays(path: str | Path, format: Format, *, predict: bool = False) -> RawTable:
    """Reads a NumPy archive by `[format.arrays]`; nothing pickled is read.

    Args:
        path: The `.npz` file.
        format: Its `arrays` say which array, or which of its columns, plays a role: `parts` (`train`, `valid`,
            `test` to what stands for `{part}`) and `columns` (the role to an array such as `{part}_images`, or to a
            part of one such as `{part}[:, 0]` and `{part}[:, 1:]`).
        predict: Whether the table is to be scored: parts and roles without any array are then left out.
    Returns:
        One column a role, the rows of one part after those of another, numbered from 1, and a column `split` where
        there are parts. `image`: names in `store`; numbers from 0 to 1 become 0 to 255. `signal`: the hash of
        the samples, which are in `signals`; NaN at the end is padding. Other roles: the values, NaN as empty.
    Raises:
        ContractError: With every fault, and the arrays that were found.
    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "scans.npz"
        >>> np.savez(path, x=np.zeros((2, 28, 28), np.uint8), y=np.array([[0], [1]]))
        >>> table = read_arrays(path, Format(arrays={"columns": {"image": "x", "label": "y"}}))
        >>> table.data.to_pydict(), table.store.size("image 2")
        ({'image': ['image 1', 'image 2'], 'label': [0, 1]}, 784)
    """
    path, asked = Path(path), format.arrays
    archive, digest = _opened(path)
    if asked is None:
        way_out = 'Set [format.arrays] columns, such as {image = "x", label = "y"}'
        raise refuse(
            path.name, f"it is a NumPy archive, and nothing says what is in it. {way_out}. {archive.held()}"
        )
    with zipfile.ZipFile(path) as file:
        blocks, lengths = _blocks(archive, file, asked, predict)
    table = RawTable(pa.table({}), path.name, digest)
    columns = {}
    if not archive.faults:
        columns = {role: _column(archive, table, role, found) for role, found in blocks.items()}
    if archive.faults:
        last = archive.faults[-1]
        archive.faults[-1] = replace(last, text=f"{last.text.removesuffix('.')}. {archive.held()}")
        raise ContractError(f"{path.name} cannot be read", archive.faults)
    if asked.parts:
        columns[SPLIT] = pa.array([part for part, rows in lengths.items() for _ in range(rows)], pa.string())
    table.data = pa.table(columns)
    said = ": " + ", ".join(f"{part} {rows:,}" for part, rows in lengths.items()) if asked.parts else ""
    table.notes = [f"{path.name} is a NumPy archive of {count(len(table), 'row')}{said}", *archive.notes]
    return table


def _opened(path: Path) -> tuple[_Archive, str]:
    """The archive with only its headers read, and the SHA-256 of the file."""
    try:
        with path.open("rb") as file:
            start = file.read(8)
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        beside = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
        near = difflib.get_close_matches(path.name, beside, n=1, cutoff=0.7)
        hint = f" Did you mean `{near[0]}`?" if near else ""
        raise refuse(path.name, f"there is no file `{path}`.{hint}") from None
    except OSError as error:
        raise refuse(path.name, f"`{path}`: {error.strerror or error}") from None
    if start.startswith(b"\x93NUMPY"):
        raise refuse(path.name, "it is one array (.npy). Save it by its name with numpy.savez") from None
    if not start.startswith(b"PK"):
        raise refuse(path.name, "it is no NumPy archive (.npz), whatever its name. Save it with numpy.savez")
    try:
        with zipfile.ZipFile(path) as file:
            names = [name for name in file.namelist() if name.endswith(".npy")]
            shapes = {name.removesuffix(".npy"): _shape(file, name) for name in names}
    except DAMAGED:
        raise refuse(path.name, "the archive is damaged or cut off. Transfer it again") from None
    if not shapes:
        raise refuse(path.name, "it is a zip archive without arrays. Name a .npz of numpy.savez") from None
    return _Archive(path, shapes), digest


def _shape(file: zipfile.ZipFile, name: str) -> str:
    """What the header of an array says, such as `uint8 (4708, 28, 28)`."""
    with file.open(name) as member:
        version = np.lib.format.read_magic(member)
        readers = {1: np.lib.format.read_array_header_1_0, 2: np.lib.format.read_array_header_2_0}
        if version[0] not in readers:
            return "of a table"
        shape, _, kind = readers[version[0]](member)
    return f"{'objects' if kind.hasobject else kind} {shape}"


def _blocks(
    archive: _Archive, file: zipfile.ZipFile, asked: Arrays, predict: bool
) -> tuple[dict[str, Blocks], dict[str, int]]:
    """The arrays of each role, part by part, all of a part with one row a patient; and the rows of each part."""
    parts = dict(asked.parts) or {"": ""}
    wanted = {role: EXPRESSION.fullmatch(text).groupdict() for role, text in asked.columns.items()}
    if asked.parts and SPLIT in wanted:
        archive.fault("[format.arrays] columns: split is given by the parts. Leave one of them out")
    if predict:
        parts, wanted = _there(archive, parts, wanted)
    blocks: dict[str, Blocks] = {role: [] for role in wanted}
    lengths: dict[str, int] = {}
    for part, stands in parts.items():
        loaded: dict[str, np.ndarray | None] = {}
        ends: dict[str, int] = {}
        for role, found in wanted.items():
            named = found["name"].replace("{part}", stands)
            if named not in loaded:
                loaded[named] = _loaded(archive, file, named, role)
            cells = None if loaded[named] is None else _sliced(archive, named, loaded[named], found)
            if cells is not None:
                blocks[role].append((named, cells))
                ends[named] = lengths[part] = len(cells)
        if len(set(ends.values())) > 1:
            said = ", ".join(f"`{named}` {rows:,}" for named, rows in ends.items())
            archive.fault(
                f"arrays of different length: {said} rows. A row must be one patient in all of them"
            )
    if not archive.faults and not sum(lengths.values()):
        archive.fault("the arrays have no rows")
    return blocks, lengths


def _there(archive: _Archive, parts: dict, wanted: dict) -> tuple[dict, dict]:
    """Parts and roles of which there is an array; all of them if there is none, so that a typing error is found."""

    def has(found: dict, stands: str) -> bool:
        return found["name"].replace("{part}", stands) in archive.shapes

    kept = {
        part: stands for part, stands in parts.items() if any(has(found, stands) for found in wanted.values())
    }
    roles = {role: found for role, found in wanted.items() if any(has(found, to) for to in kept.values())}
    if not kept:
        return parts, wanted
    absent = [*(part for part in parts if part not in kept), *(role for role in wanted if role not in roles)]
    if absent:
        archive.notes.append(f"{archive.path.name} has no array of: {', '.join(absent)}")
    return kept, roles


def _loaded(archive: _Archive, file: zipfile.ZipFile, named: str, role: str) -> np.ndarray | None:
    """One array; None with a fault if it cannot be had."""
    if named not in archive.shapes:
        near = difflib.get_close_matches(named, archive.shapes, n=1, cutoff=0.6)
        hint = f" Did you mean `{near[0]}`?" if near else ""
        return archive.fault(f"there is no array `{named}` (role `{role}`).{hint}")
    if archive.shapes[named].startswith("objects"):
        return archive.fault(f"array `{named}` {UNREAD}")
    try:
        with file.open(f"{named}.npy") as member:
            array = np.lib.format.read_array(member, allow_pickle=False)
    except DAMAGED:
        return archive.fault(f"array `{named}` is damaged or cut off. Transfer the file again")
    except MemoryError:
        return archive.fault(f"array `{named}` needs more memory than there is")
    if array.ndim == 0:
        return archive.fault(f"array `{named}` is a single value, expected one row a patient")
    return array


def _sliced(archive: _Archive, named: str, array: np.ndarray, found: dict) -> np.ndarray | None:
    """The asked columns of an array; a single one becomes `(rows,)`."""
    if found["columns"] is None:
        return array
    if array.ndim < 2:
        return archive.fault(f"array `{named}` has no columns to choose from. Leave out {found['columns']}")
    first, end = (None if found[name] is None else int(found[name]) for name in ("first", "end"))
    width, single = array.shape[1], found["colon"] is None
    taken = range(width)[first : first + 1] if single else range(width)[first:end]
    if not taken:
        has = f"{count(width, 'column')}, numbered from 0"
        return archive.fault(f"array `{named}` has {has}: {found['columns']} is none of them")
    chosen = array[:, first] if single else array[:, first:end]
    return chosen.copy()  # so that the rest need not stay in memory


def _column(archive: _Archive, table: RawTable, role: str, blocks: Blocks) -> pa.Array | None:
    """The cells of a role; pictures go to the table's store, samples to its signals."""
    made = {IMAGE: pictures, SIGNAL: samples}.get(role, values)
    cells, kept, faults, notes = made(blocks, role, archive.path.name)
    archive.faults += faults
    archive.notes += notes
    if role == IMAGE:
        table.store = kept
    elif role == SIGNAL:
        table.signals = kept
    return cells
