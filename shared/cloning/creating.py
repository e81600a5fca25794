"""`verticals new`: a solution becomes a project of the customer's own."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

from shared import __version__
from shared.bundle_files import write_text
from shared.cloning.names import check_name, class_name
from shared.cloning.record import Clone, Record, find_clone, sha256, write_record
from shared.cloning.template import neutral_files, written_once
from shared.errors import ConfigError, Fault

HIDING = ("shared", "verticals")
HOME = Path(__file__).resolve().parents[2]


def create(cls: Any, name: str, place: Path) -> Clone:
    """Copies a solution into a folder of that name: whole, or not at all.

    Args:
        cls: The solution's pipeline.
        name: Of the folder and of its package.
        place: The folder to make it in.
    Raises:
        ConfigError: If the name will not do, the folder is there, or something beside it would hide a package.
    """
    check_name(name)
    root = place / name
    _refuse(place, root)
    record = Record(name, class_name(name), cls.name, __version__, neutral_files(cls))
    once = written_once(cls, name)
    record.once = {path: sha256(text) for path, text in once.items()}
    part = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=place))
    try:
        for path, text in (record.base() | once).items():
            write_text(part / path, text)
        write_record(part, record)
        part.chmod(0o755)
        part.rename(root)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return Clone(root, record)


def _refuse(place: Path, root: Path) -> None:
    headline = f"{root} cannot be made"
    if root.exists() or root.is_symlink():
        raise ConfigError(headline, [Fault(text="it is there already. Take another name, or move it away")])
    if not place.is_dir():
        raise ConfigError(headline, [Fault(text=f"there is no folder `{place}`. Make it first")])
    outer = find_clone(place)
    if outer is not None:
        text = f"{outer.root} is a customer's project itself. Go to the folder above it"
        raise ConfigError(headline, [Fault(text=text)])
    hidden = shadow(place)
    if hidden is not None:
        text = (
            f"{hidden} would hide the package `{hidden.stem}` from Python. Rename it, or go to another folder"
        )
        raise ConfigError(headline, [Fault(text=text)])


def shadow(folder: Path) -> Path | None:
    """A file or folder there that Python may take for one of this project's packages.

    Example:
        >>> shadow(HOME) is None  # these are the packages
        True
    """
    for name in HIDING:
        for place in (folder / name, folder / f"{name}.py"):
            code = place.is_file() or (place.is_dir() and any(place.glob("*.py")))
            if code and place.resolve() != HOME / name:
                return place
    return None
