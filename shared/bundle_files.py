"""Folders and files that appear whole or not at all, and are what was saved."""

import contextlib
import errno
import hashlib
import json
import os
import secrets
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from shared.errors import BundleError

FULL = (errno.ENOSPC, errno.EDQUOT)
STALE = 86_400  # seconds after which what a killed save left beside a folder is removed by the next one
AT_HERE, EXCHANGE = -100, 2  # of Linux: paths as they are, and swap the two


@contextlib.contextmanager
def new_folder(folder: str | Path) -> Iterator[Path]:
    """A folder to fill, beside `folder`; at the end it takes its place. After an error, or a kill, nothing changed.

    Raises:
        BundleError: If the disk is full.
    Example:
        >>> import tempfile
        >>> place = Path(tempfile.mkdtemp()) / "export"
        >>> with new_folder(place) as part:
        ...     _ = (part / "a.txt").write_text("whole")
        >>> [path.name for path in place.parent.iterdir()], (place / "a.txt").read_text()
        (['export'], 'whole')
    """
    folder = Path(folder).absolute()
    part = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    try:
        part.mkdir(parents=True)  # with the rights that the user's umask gives, unlike a folder of `tempfile`
        _sweep(folder)
        yield part
        for path in part.rglob("*"):
            _to_disk(path)
        replace_folder(part, folder)
    except OSError as error:
        if error.errno not in FULL and "No space left" not in str(error):
            raise
        raise BundleError(
            f"there is no room to write {folder}: the disk is full. Free some, or give another place; "
            "what was there before is whole"
        ) from None
    finally:
        shutil.rmtree(part, ignore_errors=True)


def replace_folder(new: Path, folder: Path) -> None:
    """Puts `new` in the place of `folder`, at one moment where the system can swap two folders (Linux).

    Elsewhere the old one is renamed first, so that a kill between the two renames leaves it as `.NAME.old`.
    """
    old = folder.with_name(f".{folder.name}.old")
    if not folder.exists():
        os.rename(new, folder)
    elif _swapped(new, folder):
        shutil.rmtree(new, ignore_errors=True)
    else:
        shutil.rmtree(old, ignore_errors=True)
        os.rename(folder, old)
        try:
            os.rename(new, folder)
        except BaseException:
            os.rename(old, folder)
            raise
    shutil.rmtree(old, ignore_errors=True)


def write_text(path: str | Path, text: str) -> Path:
    """Writes a file in UTF-8, whole or not at all; its folder is made, its rights are kept. Returns the path.

    Example:
        >>> import tempfile
        >>> path = write_text(Path(tempfile.mkdtemp()) / "new" / "a.txt", "whole")
        >>> path.read_text(), [each.name for each in path.parent.iterdir()]
        ('whole', ['a.txt'])
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        part.write_bytes(text.encode("utf-8"))
        _to_disk(part)
        if path.exists():
            part.chmod(path.stat().st_mode)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def _swapped(one: Path, other: Path) -> bool:
    """Whether the two changed places; False where the system, or the disk's format, knows no such thing."""
    if not sys.platform.startswith("linux"):
        return False
    import ctypes

    try:
        swap = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    return swap(AT_HERE, os.fsencode(one), AT_HERE, os.fsencode(other), EXCHANGE) == 0


def _to_disk(path: Path) -> None:
    """Waits until a file is on the disk: a name that points to an empty file would outlive a power cut."""
    if path.is_file():
        with open(path, "rb") as file:
            os.fsync(file.fileno())


def _sweep(folder: Path) -> None:
    """Removes what killed saves of the same folder left behind long ago."""
    with contextlib.suppress(OSError):
        for path in folder.parent.glob(f".{folder.name}.????????"):
            if path.is_dir() and time.time() - path.stat().st_mtime > STALE:
                shutil.rmtree(path, ignore_errors=True)


def sha256(path: Path) -> str:
    """Hash of a file, as hexadecimal text."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest(content: Mapping[str, Any]) -> str:
    """Hash of plain JSON without its own entry `sha256`, whatever its spaces and the order of its keys.

    Example:
        >>> digest({"a": 1, "b": 2}) == digest({"b": 2, "sha256": "...", "a": 1})
        True
    """
    rest = {name: value for name, value in content.items() if name != "sha256"}
    text = json.dumps(rest, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def verify_files(folder: Path, files: Mapping[str, str], *, cure: str) -> None:
    """Compares files with their hashes.

    Args:
        files: SHA-256 by path from the folder on.
        cure: What to do if one lacks or is another.
    Raises:
        BundleError: At the first that lacks or is another.
    """
    for name, expected in files.items():
        if not (folder / name).is_file():
            raise BundleError(f"{folder} lacks {name}. {cure}")
        if sha256(folder / name) != expected:
            raise BundleError(f"{folder / name} is not the file that was saved (its SHA-256 differs). {cure}")
