"""Signals out of files that the rows name: NumPy arrays and texts, by what they hold, not by their names."""

import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from shared.contract.charsets import decoded
from shared.contract.parsing import NO_VALUE, count
from shared.errors import ContractError, Fault
from shared.signals.samples import signal_notes, unpadded

MOST_BYTES = 1 << 30
MOST_LISTED = 30  # faults of one kind
MOST_CHANNELS = 64  # more columns than steps, and than this, are steps side by side
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)
SEPARATORS = (";", "\t", "|")
KINDS = {
    "missing": "missing files",
    "unread": "files that cannot be read",
    "empty": "files without samples",
    "text": "files with texts among the samples",
    "not finite": "signals that are not finite",
    "channels": "signals with other channels",
}


class SignalError(ValueError):
    """What is wrong with a signal's file, and the way out; never its name.

    Args:
        text: Follows `the file`, such as `has zero bytes. Transfer it again`.
        kind: One of `KINDS`.
    """

    def __init__(self, text: str, *, kind: str = "unread"):
        super().__init__(text)
        self.kind = kind


class ReadSignals(NamedTuple):
    """Signals of files: float32 `(steps, channels)` or None, one a row, with what is wrong and what is noted."""

    signals: list[np.ndarray | None]
    faults: list[Fault]
    notes: list[str]


def read_signals(
    store: Any,
    names: Sequence[str | None],
    rows: Sequence[int],
    *,
    column: str,
    workers: int = 2,
    decimal: str | None = None,
) -> ReadSignals:
    """Reads the signal of each row from the file that its cell names.

    A `.npy`, a `.npz` of one array, or a text (`.csv`, `.txt`): one step a line, or all steps on one line, channels
    as columns, with or without a header. Nothing pickled is read. NaN at the end is padding.

    Args:
        store: Where the files are: `shared.images.store`.
        names: Of the files in the store; None, NaN or "": the row has no signal.
        rows: Number of each row in the table, for messages, which never hold a file's name.
        column: Column of the table that names the files.
        workers: Threads that read.
        decimal: Decimal mark of texts; None: a comma only where another separator is found.
    Returns:
        Faults, by row: a file that is missing, unreadable, without samples, not finite inside, or of another number
        of channels than most. Notes: missing and constant signals, different lengths.
    Example:
        >>> import tempfile, pathlib
        >>> from shared.images.store import FolderStore
        >>> root = pathlib.Path(tempfile.mkdtemp())
        >>> np.save(root / "a.npy", np.arange(4.0))
        >>> _ = (root / "b.csv").write_text("lead I\\n1\\n2\\n")
        >>> found = read_signals(FolderStore(root), ["a.npy", "b.csv", None], [1, 2, 3], column="ecg")
        >>> [None if each is None else each.shape for each in found.signals], found.faults
        ([(4, 1), (2, 1), None], [])
    """

    def read(name: str | None) -> np.ndarray | SignalError | None:
        if name is None or name != name or name == "":
            return None
        try:
            return parse_signal(_bytes(store, str(name)), decimal=decimal)
        except SignalError as error:
            return error

    with ThreadPoolExecutor(max(1, workers)) as pool:
        found = list(pool.map(read, names))
    widths = Counter(each.shape[1] for each in found if isinstance(each, np.ndarray))
    usual = widths.most_common(1)[0][0] if widths else 0
    for at, each in enumerate(found):
        if isinstance(each, np.ndarray) and each.shape[1] != usual:
            text = f"holds {count(each.shape[1], 'channel')}, where most have {usual:,}. Give all the same"
            found[at] = SignalError(text, kind="channels")
    signals = [each if isinstance(each, np.ndarray) else None for each in found]
    faults = _faults(found, rows, column, store.source)
    return ReadSignals(signals, faults, [] if faults else signal_notes(signals, rows))


def _bytes(store: Any, name: str) -> bytes:
    try:
        if store.size(name) > MOST_BYTES:
            raise SignalError("is larger than 1 GB, which no signal is")
        return store.read(name)
    except (FileNotFoundError, NotADirectoryError):
        raise SignalError("is not there", kind="missing") from None
    except SignalError:
        raise
    except (OSError, ValueError):  # whose texts may hold the name
        raise SignalError("cannot be read. Check that it is a file, whole and open to you") from None


def parse_signal(data: bytes, *, decimal: str | None = None) -> np.ndarray:
    """The bytes of a file to a signal, float32 `(steps, channels)`.

    Args:
        decimal: As in `read_signals`.
    Raises:
        SignalError: If it is none.
    Example:
        >>> parse_signal(b"I;II\\n0,5;1\\n0,7;2\\n").round(1).tolist()
        [[0.5, 1.0], [0.699999988079071, 2.0]]
    """
    if not data.strip():
        raise SignalError("holds nothing. Transfer it again", kind="empty")
    array = data.startswith((b"\x93NUMPY", b"PK\x03\x04"))
    values = _of_array(data) if array else _of_text(data, decimal)
    if values.ndim == 1:
        values = values[:, None]
    if values.ndim != 2:
        raise SignalError(f"holds an array {values.shape}, expected (steps,) or (steps, channels)")
    if values.shape[1] > max(values.shape[0], MOST_CHANNELS):
        text = f"has {values.shape[0]:,} steps of {values.shape[1]:,} channels, expected a step a row. Transpose it"
        raise SignalError(text, kind="channels")
    if not values.size:
        raise SignalError("holds no samples. Leave the cell empty instead", kind="empty")
    (signal,), bad = unpadded(values[None])
    if signal is None:
        raise SignalError("holds no samples, only empty or NaN. Leave the cell empty instead", kind="empty")
    if bad.any():
        steps = np.flatnonzero(bad[0]) + 1
        more = f" (and {count(len(steps) - 1, 'more step')})" if len(steps) > 1 else ""
        raise SignalError(f"is empty or not finite at step {steps[0]:,}{more}. Fill it in", kind="not finite")
    return signal


def _of_array(data: bytes) -> np.ndarray:
    try:
        values = np.load(io.BytesIO(data), allow_pickle=False)
        if not isinstance(values, np.ndarray):
            with values as archive:
                held = archive.files
                if len(held) != 1:
                    raise SignalError(f"is an archive of {count(len(held), 'array')}, expected one")
                values = np.asarray(archive[held[0]])  # bytes, where it is another kind of archive
    except SignalError:
        raise
    except DAMAGED as error:
        if "pickle" in str(error).lower():
            raise SignalError("holds Python objects, which are not read. Save plain numbers") from None
        raise SignalError("is damaged or cut off. Transfer it again") from None
    if values.dtype.kind not in "buif":
        raise SignalError(f"holds {values.dtype}, expected numbers", kind="text")
    return values[0] if values.ndim == 2 and len(values) == 1 else values


def _of_text(data: bytes, decimal: str | None) -> np.ndarray:
    try:
        text = decoded("the file", data, None)[0].decode("utf-8")
    except ContractError:
        raise SignalError("is neither a NumPy array nor a text. Save it as .npy or .csv") from None
    lines = [line.strip(" \r") for line in text.splitlines() if line.strip()]
    headed = _is_header(lines[0])
    body = "\n".join(lines[headed:])
    separator = next((mark for mark in SEPARATORS if mark in body), None)
    mark = decimal or ("," if separator and "," in body and "." not in body else ".")
    if separator is None:
        separator = "," if "," in body and mark == "." else r"\s+"
    if not body:
        raise SignalError("holds a header and no samples. Leave the cell empty instead", kind="empty")
    try:
        frame = pd.read_csv(
            io.StringIO(body),
            **{"sep": separator, "decimal": mark, "header": None, "low_memory": False},
            **{"na_values": list(NO_VALUE), "skipinitialspace": True},
        ).dropna(axis=1, how="all")  # such as the column behind a separator at the end of each line
    except ValueError:
        raise SignalError("has lines of different numbers of cells. Give each step all channels") from None
    for place in frame:
        if frame[place].dtype.kind not in "buif":
            strange = pd.to_numeric(frame[place], errors="coerce").isna() & frame[place].notna()
            line = int(np.argmax(strange.to_numpy())) + 1 + headed
            raise SignalError(f"holds a text in line {line:,}, expected numbers. Correct it", kind="text")
    values = frame.to_numpy(np.float64)
    return values[0] if len(values) == 1 and not headed else values


def _is_header(line: str) -> bool:
    """Whether a line has words and no cell that is a number, whatever the separator and the decimal mark."""
    cells = re.split(r"[;\t|,]", line)
    words = [word for cell in cells for word in cell.split() if not _is_number(word)]
    return bool(words) and not any(_is_number(cell) for cell in cells)


def _is_number(cell: str) -> bool:
    """Whether a cell is one of a sample, known or not."""
    try:
        float(cell.strip())
    except ValueError:
        return cell.strip() in NO_VALUE
    return True


def _faults(found: Sequence[Any], rows: Sequence[int], column: str, source: str) -> list[Fault]:
    """By row; of one kind so many, then how many more there are."""
    seen: Counter[str] = Counter()
    faults = []
    for row, error in zip(rows, found):
        if isinstance(error, SignalError):
            seen[error.kind] += 1
            text = f"the file {error}"
            if error.kind == "missing":
                text = f"the file is not in `{source}`. Add it, or leave the cell empty"
            if seen[error.kind] <= MOST_LISTED:
                faults.append(Fault(text=text, column=column, row=int(row)))
    for kind, number in seen.items():
        if number > MOST_LISTED:
            faults.append(
                Fault(text=f"{KINDS[kind]}: and {number - MOST_LISTED:,} more like it", column=column)
            )
    return faults
