"""Where pictures lie that rows name: in a folder, in a zip archive or in one array, read by name."""

import io
import os
import threading
import zipfile
import zlib
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np

from shared.errors import ContractError, Fault

LEFT_OUT = {"__macosx", "thumbs.db", "desktop.ini"}
UTF8_NAME = 0x800  # flag of a zip entry whose name is UTF-8
ENCRYPTED = 0x1


def _counts(name: str) -> bool:
    """Whether a name is of the delivery, not of the machine that packed it."""
    return not any(part.startswith(".") or part.lower() in LEFT_OUT for part in PurePosixPath(name).parts)


class FolderStore:
    """Files below a folder. May be read by several threads.

    Args:
        root: The folder.
    Example:
        >>> import tempfile
        >>> root = Path(tempfile.mkdtemp())
        >>> (root / "良品").mkdir()
        >>> _ = (root / "良品" / "a 1.png").write_bytes(b"12345")
        >>> store = FolderStore(root)
        >>> store.names(), store.size("良品/a 1.png"), store.read("良品/a 1.png")
        (['良品/a 1.png'], 5, b'12345')
    """

    def __init__(self, root: str | Path):
        self.root = Path(root)
        self.source = self.root.resolve().name or str(self.root)

    def path(self, name: str) -> Path:
        """Where a file is; `name` may be absolute, or written with backslashes."""
        path = self.root / name
        return self.root / name.replace("\\", "/") if "\\" in name and not path.exists() else path

    def read(self, name: str) -> bytes:
        """The bytes of a file.

        Raises:
            OSError: If there is none, or it may not be read.
        """
        return self.path(name).read_bytes()

    def size(self, name: str) -> int:
        """Number of bytes, without reading them."""
        return self.path(name).stat().st_size

    def names(self, most: int | None = None) -> list[str]:
        """All files below the folder, sorted; hidden files and those that systems leave behind do not count.

        Args:
            most: So many at most, whichever come first; None: all.
        """
        found: list[str] = []
        for folder, below, files in os.walk(self.root):
            below[:] = sorted(name for name in below if _counts(name))
            place = Path(folder).relative_to(self.root)
            found += [(place / name).as_posix() for name in files if _counts(name)]
            if most is not None and len(found) >= most:
                break
        return sorted(found)[:most]


class ZipStore:
    """Files in a zip archive, never unpacked. May be read by several threads.

    Names without the UTF-8 flag, as Windows in Chinese packs them, are read as UTF-8 if they are, else as GB 18030.

    Args:
        path: The archive.
        named: Whether a message may hold the name of a file in it.
    Raises:
        ContractError: If it is damaged, encrypted, or has names that lead out of it.
    """

    def __init__(self, path: str | Path, *, named: bool = True):
        path = Path(path)
        self.source, self._lock = path.name, threading.Lock()
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError):
            raise _refused(path.name, "the zip archive is damaged or cut off. Transfer it again") from None
        except OSError as error:
            raise _refused(path.name, f"`{path}`: {error.strerror or error}") from None
        self._entries = {_name(entry): entry for entry in self._zip.infolist() if not entry.is_dir()}
        for name in self._entries:
            if ".." in name.split("/") or name.startswith("/") or PureWindowsPath(name).drive:
                which = f"the name `{name}`" if named else "the name of a file"
                raise _refused(path.name, f"{which} leads out of the archive. Pack it again")
        if any(entry.flag_bits & ENCRYPTED for entry in self._entries.values()):
            raise _refused(path.name, "the zip archive asks for a password. Pack it again without one")

    def _entry(self, name: str) -> zipfile.ZipInfo:
        entry = self._entries.get(name) or self._entries.get(name.replace("\\", "/"))
        if entry is None:
            raise FileNotFoundError(2, "there is no such file in the archive", name)
        return entry

    def read(self, name: str) -> bytes:
        """The bytes of a file.

        Raises:
            OSError: If there is none, or it is damaged.
        """
        entry = self._entry(name)
        try:
            with self._lock:
                return self._zip.read(entry)
        except (zipfile.BadZipFile, EOFError, NotImplementedError, zlib.error) as error:
            raise OSError(5, f"damaged in the archive ({error})", name) from None

    def size(self, name: str) -> int:
        """Number of bytes once unpacked, without reading them."""
        return self._entry(name).file_size

    def names(self, most: int | None = None) -> list[str]:
        """As `FolderStore.names`."""
        return sorted(name for name in self._entries if _counts(name))[:most]


class ArrayStore:
    """Pictures in one array, each read as a PNG by the number of its row. May be read by several threads.

    Args:
        pictures: uint8 or uint16 `(rows, height, width)` or `(rows, height, width, 1)`, or uint8
            `(rows, height, width, 3)`. It is kept, not copied.
        source: Name for messages.
    Raises:
        ValueError: If the array has another shape or type.
    Example:
        >>> store = ArrayStore(np.zeros((2, 16, 20), np.uint8), "scans.npz")
        >>> store.names(), store.size("image 2"), store.read("image 2")[:4]
        (['image 1', 'image 2'], 320, b'\\x89PNG')
    """

    def __init__(self, pictures: np.ndarray, source: str = "arrays"):
        pictures = np.asarray(pictures)
        grey = pictures.ndim == 3 or (pictures.ndim == 4 and pictures.shape[-1] == 1)
        colours = pictures.ndim == 4 and pictures.shape[-1] == 3
        if not (grey or colours) or pictures.dtype not in ([np.uint8, np.uint16] if grey else [np.uint8]):
            found = f"{pictures.dtype} {pictures.shape}"
            raise ValueError(
                f"pictures must be uint8 or uint16 (rows, height, width[, 1 or 3]), found {found}"
            )
        self.pictures, self.source = pictures[..., 0] if grey and pictures.ndim == 4 else pictures, source

    @staticmethod
    def name(row: int) -> str:
        """Of the picture in a row, from 1."""
        return f"image {row}"

    def _picture(self, name: str) -> np.ndarray:
        number = name.removeprefix("image ")
        row = int(number) if number.isascii() and number.isdigit() else 0
        if name != self.name(row) or not 1 <= row <= len(self.pictures):
            raise FileNotFoundError(2, "there is no such picture in the array", name)
        return self.pictures[row - 1]

    def read(self, name: str) -> bytes:
        """A picture as PNG, of 8 or 16 bits, grey or in colours, as the array is.

        Raises:
            OSError: If there is none of that name.
        """
        from PIL import Image

        out = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(self._picture(name))).save(out, "PNG", compress_level=1)
        return out.getvalue()

    def size(self, name: str) -> int:
        """Number of bytes in the array."""
        return self._picture(name).nbytes

    def names(self, most: int | None = None) -> list[str]:
        """All pictures by row, or the first `most`."""
        number = len(self.pictures) if most is None else min(most, len(self.pictures))
        return [self.name(row) for row in range(1, number + 1)]


def _refused(source: str, text: str) -> ContractError:
    return ContractError(f"{source} cannot be read", [Fault(text=text)])


def _name(entry: zipfile.ZipInfo) -> str:
    """The name that was meant: without the flag `zipfile` reads bytes as code page 437."""
    name = entry.filename
    if not entry.flag_bits & UTF8_NAME and not name.isascii():
        raw = name.encode("cp437", "replace")
        for encoding in ("utf-8", "gb18030"):
            try:
                name = raw.decode(encoding)
                break
            except UnicodeDecodeError:
                continue
    return name.replace("\\", "/").removeprefix("./")
