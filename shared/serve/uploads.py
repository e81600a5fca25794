"""Files that came with a request, kept in memory and read by name; nothing of the server's own disk is."""

import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import PurePosixPath

from shared.errors import ContractError, Fault

UNPACKED = 10  # times the size of a request that an archive in it may unpack to
UTF8_NAME, ENCRYPTED = 0x800, 0x1  # flags of a zip entry
LEFT_OUT = ("__macosx", "thumbs.db", "desktop.ini")


class Uploads:
    """Where the rows of a request find the files that they name.

    Example:
        >>> store = Uploads({"a.png": b"12345"})
        >>> store.names(), store.size("a.png"), store.read("a.png")
        (['a.png'], 5, b'12345')
    """

    source = "the request"

    def __init__(self, files: Mapping[str, bytes] | None = None):
        self.files: dict[str, bytes] = dict(files or {})

    def add(self, name: str, content: bytes) -> bool:
        """Keeps a file; False if another one has its name."""
        return self.files.setdefault(name, content) == content

    def read(self, name: str) -> bytes:
        """The bytes of a file.

        Raises:
            FileNotFoundError: If none of that name came along.
        """
        try:
            return self.files[name]
        except KeyError:
            raise FileNotFoundError(2, "no such file came with the request", name) from None

    def size(self, name: str) -> int:
        """Number of bytes."""
        return len(self.read(name))

    def names(self, most: int | None = None) -> list[str]:
        """All of them, sorted."""
        return sorted(self.files)[:most]


def unpacked(name: str, content: bytes, *, most_bytes: int) -> dict[str, bytes]:
    """The files of a zip archive; what systems leave behind in one does not count.

    Args:
        most_bytes: Of a request; the archive may unpack to ten times as much.
    Raises:
        ContractError: If it is damaged, encrypted, or unpacks to more.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [entry for entry in archive.infolist() if _counts(entry)]
            if any(entry.flag_bits & ENCRYPTED for entry in entries):
                raise _refused(name, "it asks for a password. Pack it again without one")
            if sum(entry.file_size for entry in entries) > UNPACKED * most_bytes:
                raise _refused(
                    name, f"it unpacks to more than {UNPACKED * most_bytes:,} bytes. Send fewer files"
                )
            return {_name(entry): archive.read(entry) for entry in entries}
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, OSError):
        raise _refused(name, "the zip archive is damaged or cut off. Transfer it again") from None


def _counts(entry: zipfile.ZipInfo) -> bool:
    parts = PurePosixPath(_name(entry)).parts
    return not entry.is_dir() and not any(part.startswith(".") or part.lower() in LEFT_OUT for part in parts)


def _name(entry: zipfile.ZipInfo) -> str:
    """Names without the UTF-8 flag are read as UTF-8 if they are, else as GB 18030, as Windows in Chinese packs."""
    if entry.flag_bits & UTF8_NAME:
        return entry.filename.replace("\\", "/")
    raw = entry.filename.encode("cp437", "replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding).replace("\\", "/")
        except UnicodeDecodeError:
            continue
    return entry.filename


def _refused(name: str, text: str) -> ContractError:
    return ContractError("a file cannot be read", [Fault(text=f"the archive: {text}")])
