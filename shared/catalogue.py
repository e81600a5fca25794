"""Public data sets: the catalogue, where each one lies here, and how it is fetched: whole, or not at all."""

import hashlib
import os
import re
import sysconfig
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException, HTTPResponse
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.errors import ConfigError, Fault, FaultsError, did_you_mean

MIRROR = "VERTICALS_DATA"
PLACES = (  # beside the sources, or where an installation puts it
    Path(__file__).resolve().parent.parent / "data" / "catalogue.toml",
    Path(sysconfig.get_path("data")) / "share" / "keras-verticals" / "catalogue.toml",
)
BLOCK = 1 << 18  # bytes that are read at once
TIMEOUT = 30.0  # seconds without an answer
ATTEMPTS = 3

Progress = Callable[[int, int | None], None]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class File(_Entry):
    """One file of a data set, as it is published."""

    name: str = Field(pattern=r"^[^/\\]+$")
    address: str = Field("", pattern=r"^(https?://\S+)?$")
    size: int | None = Field(None, ge=1)
    about_mb: float | None = Field(None, gt=0)
    sha256: str | None = Field(None, pattern="^[0-9a-f]{64}$")
    md5: str | None = Field(None, pattern="^[0-9a-f]{32}$")
    also: list[str] = []


class Dataset(_Entry):
    """A public data set: of which solution, where from, under which licence, and what reads it.

    Example:
        >>> Dataset(name="demo", title="", solution="finance.fraud", page="https://example.org", licence="CC0",
        ...         folder="finance/demo", files=[{"name": "a.csv", "size": 2_500_000}]).size
        '2.5 MB'
    """

    name: str
    title: str
    solution: str
    page: str = Field(pattern="^https?://")
    licence: str
    folder: str
    mappings: list[str] = []
    after: str = ""
    files: list[File] = Field(min_length=1)

    @property
    def size(self) -> str:
        """Of all files, for people; `?` where one of them is not known."""
        sizes = [file.size / 1e6 if file.size else file.about_mb for file in self.files]
        return "?" if None in sizes else f"{sum(sizes):.2g} MB" if sum(sizes) < 10 else f"{sum(sizes):.0f} MB"


class _Catalogue(_Entry):
    dataset: list[Dataset]


def load_catalogue(path: str | Path | None = None) -> dict[str, Dataset]:
    """The data sets by name.

    Args:
        path: A catalogue; None: that of the project.
    Raises:
        ConfigError: If it is missing, or with everything that does not fit in it.
    Example:
        >>> load_catalogue()["m4_hourly"].solution
        'retail.demand'
    """
    path = Path(path) if path is not None else next((place for place in PLACES if place.is_file()), PLACES[0])
    headline = f"{path.name} cannot be read"
    try:
        found = _Catalogue.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigError(
            headline, [Fault(text=f"`{path}`: {error.strerror}. Install the project again")]
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(headline, [Fault(text=f"it is no TOML: {error}")]) from None
    except ValidationError as error:
        faults = [Fault(text=f"{'.'.join(map(str, each['loc']))}: {each['msg']}") for each in error.errors()]
        raise ConfigError(headline, faults) from None
    return {each.name: each for each in found.dataset}


def find(name: str, catalogue: dict[str, Dataset]) -> Dataset:
    """The data set of that name.

    Raises:
        ConfigError: If there is none, with the names that there are.
    """
    if name in catalogue:
        return catalogue[name]
    known = did_you_mean(name, catalogue) or " Known are: " + ", ".join(catalogue)
    raise ConfigError(f"there is no data set `{name}`", [Fault(text=f"`{name}` is unknown.{known}")])


def in_mirror(dataset: Dataset) -> list[Path]:
    """The files in the folder that VERTICALS_DATA names, in either form; nothing if one is missing."""
    if not os.environ.get(MIRROR):
        return []
    return here(dataset, Path(os.environ[MIRROR]) / dataset.folder)


def here(dataset: Dataset, folder: Path) -> list[Path]:
    """The files of a data set in a folder, as published or in another form; nothing if one is missing."""
    found: list[Path] = []
    for file in dataset.files:
        published = folder / file.name
        other = [folder / name for name in file.also if (folder / name).is_file()]
        if not published.is_file() and not other:
            return []
        found += [published] if published.is_file() else other
    return found


def place(dataset: Dataset, to: Path | None = None) -> Path:
    """The folder that a data set is fetched to: `to`, or its own in VERTICALS_DATA, or in `datasets` here."""
    return to if to is not None else Path(os.environ.get(MIRROR) or "datasets") / dataset.folder


def fetch(
    file: File, dataset: Dataset, folder: Path, *, tell: Progress = lambda *_: None, wait: float = 1.0
) -> Path:
    """Downloads one file, going on where an earlier attempt was cut off, and checks it before it has its name.

    Until it is whole and has the right checksum it is called `.NAME.part`. One that is there already is only
    checked.

    Args:
        file: What to download.
        dataset: To which it belongs, for messages.
        folder: Where to; it is made if need be.
        tell: Told the bytes that are there, and the bytes that there will be, or None if nobody knows.
        wait: Seconds before the second attempt, twice as many before the third.
    Raises:
        FaultsError: If it cannot be had or kept, with the address and the place to put it by hand.
    """
    target, part = folder / file.name, folder / f".{file.name}.part"
    if target.is_file():
        wrong = _wrong(file, target)
        if wrong:
            text = f"`{target}` is there, and {wrong}. Remove it, or name another folder by --to"
            raise _failed(file, text)
        return target
    if not file.address:
        raise _failed(file, f"its publisher asks for an account. {_by_hand(file, dataset, folder)}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part.open("ab").close()
        _download(file, part, tell, wait)
        wrong = _wrong(file, part)
        if not wrong:
            part.replace(target)
    except _Problem as problem:
        kept = part.stat().st_size if _resumable(file, part) else 0
        more = f" {kept:,} bytes are kept: the same command goes on from there." if kept else ""
        if not kept:
            _forget(part)
        raise _failed(file, f"{problem}.{more} {_by_hand(file, dataset, folder)}") from None
    except OSError as error:
        text = f"`{error.filename or part}`: {error.strerror or error}. Name another folder by --to"
        raise _failed(file, text) from None
    _forget(part)
    if wrong:
        text = f"what came from {file.address} {wrong}, and is not kept. Has the publisher changed it?"
        raise _failed(file, f"{text} {_by_hand(file, dataset, folder)}")
    return target


class _Problem(Exception):
    """A connection that failed; `again` says whether another attempt may help."""

    def __init__(self, text: str, *, again: bool = True):
        super().__init__(text)
        self.again = again


def _failed(file: File, text: str) -> FaultsError:
    return FaultsError(f"{file.name} cannot be fetched", [Fault(text=text)])


def _by_hand(file: File, dataset: Dataset, folder: Path) -> str:
    return (
        f"To fetch it by hand, see {dataset.page}, and put it at `{folder / file.name}`, "
        f"or at `{dataset.folder}/{file.name}` in a folder that the variable {MIRROR} names"
    )


def _wrong(file: File, path: Path) -> str:
    """What is wrong with a file that should be whole; nothing if it is right, as far as is known."""
    if file.size is not None and path.stat().st_size != file.size:
        return f"has {path.stat().st_size:,} bytes, expected {file.size:,}"
    for method, expected in (("sha256", file.sha256), ("md5", file.md5)):
        if expected is not None:
            with path.open("rb") as opened:
                found = hashlib.file_digest(opened, method).hexdigest()
            if found != expected:
                return f"has the {method.upper()} {found[:12]}…, expected {expected[:12]}…"
    return ""


def _download(file: File, part: Path, tell: Progress, wait: float) -> None:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _attempt(file, part, tell)
        except _Problem as problem:
            if not problem.again or attempt == ATTEMPTS:
                raise _Problem(f"{file.address}: {problem}") from None
        time.sleep(wait * attempt)


def _attempt(file: File, part: Path, tell: Progress) -> None:
    """Asks for what is missing of a file, and writes it. Errors of the disk are raised as they are."""
    have = part.stat().st_size if _resumable(file, part) else 0
    headers = {"User-Agent": "keras-verticals"}
    if have:
        tag = _tag(part)
        headers |= {"Range": f"bytes={have}-", **({"If-Range": tag} if tag else {})}
    try:
        request = urllib.request.Request(file.address, headers=headers)
        answer = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code == 416 and have == file.size:  # all of it is there
            return
        if error.code == 416:
            _forget(part)
            part.touch()
        again = error.code in (408, 416, 429) or error.code >= 500
        raise _Problem(f"the server says {error.code} {error.reason}", again=again) from None
    except (OSError, HTTPException, ValueError) as error:
        raise _Problem(f"there is no connection ({getattr(error, 'reason', None) or error})") from None
    with answer:
        begins = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
        have = int(begins[1]) if answer.status == 206 and begins else 0
        if have > part.stat().st_size:
            raise _Problem("the server left out a part of the file")
        length = answer.headers.get("Content-Length")
        part.with_suffix(".tag").write_text(_version(answer))
        _receive(answer, part, have, have + int(length) if length else file.size, tell)


def _resumable(file: File, part: Path) -> bool:
    """Whether something will tell if what is here and what is there are of two versions."""
    return bool(_tag(part) or file.sha256 or file.md5)


def _tag(part: Path) -> str:
    tag = part.with_suffix(".tag")
    return tag.read_text() if tag.is_file() else ""


def _version(answer: HTTPResponse) -> str:
    """What names the version of a file so that the server may compare it: a strong ETag, or when it changed."""
    etag = answer.headers.get("ETag", "")
    return etag if etag and not etag.startswith("W/") else answer.headers.get("Last-Modified", "")


def _receive(answer: HTTPResponse, part: Path, have: int, total: int | None, tell: Progress) -> None:
    with part.open("r+b") as out:
        out.truncate(have)
        out.seek(have)
        tell(have, total)
        while True:
            try:
                block = answer.read(BLOCK)
            except (OSError, HTTPException) as error:
                raise _Problem(f"the connection broke off ({error})") from None
            if not block:
                break
            out.write(block)
            have += len(block)
            tell(have, total)
    if total is not None and have < total:
        raise _Problem(f"the connection broke off at {have:,} of {total:,} bytes")


def _forget(part: Path) -> None:
    part.unlink(missing_ok=True)
    part.with_suffix(".tag").unlink(missing_ok=True)
