"""`template.json`, which a customer's project carries: what was copied into it, and from which version."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shared.bundle_files import write_text
from shared.cloning.names import named_files
from shared.errors import ConfigError, Fault

RECORD = "template.json"
MARK = "keras-verticals"
FORMAT = 1


@dataclass
class Record:
    """Where a project came from.

    Args:
        name: Of the project's package.
        pipeline: Name of its class.
        solution: The template, such as `finance.fraud`.
        version: Of keras-verticals that the files below are of.
        files: Each template file by its path, as it was before the customer changed it, under the neutral name.
        once: SHA-256 of the files that are written once and are the customer's from then on.
    Example:
        >>> Record("acme", "AcmePipeline", "finance.fraud", "0.1.0").place
        'acme:AcmePipeline'
    """

    name: str
    pipeline: str
    solution: str
    version: str
    files: dict[str, str] = field(default_factory=dict)
    once: dict[str, str] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Where the class is imported from."""
        return f"{self.name}:{self.pipeline}"

    def base(self, name: str | None = None) -> dict[str, str]:
        """The template's files under the project's name, or another one."""
        return named_files(self.files, name or self.name)


@dataclass
class Clone:
    """A customer's project: its folder, and what is known of it."""

    root: Path
    record: Record

    @property
    def config(self) -> Path:
        """The customer's TOML file."""
        return self.root / f"{self.record.name}.toml"


def sha256(text: str) -> str:
    """Hash of a text, whatever its ends of lines.

    Example:
        >>> sha256("a\\r\\n") == sha256("a\\n")
        True
    """
    return hashlib.sha256(text.replace("\r\n", "\n").encode()).hexdigest()


def find_clone(start: Path) -> Clone | None:
    """The project that a folder lies in, or is.

    Raises:
        ConfigError: If its template.json is damaged.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        record = _read(folder / RECORD)
        if record is not None:
            return Clone(folder, record)
    return None


def write_record(root: Path, record: Record) -> None:
    """Writes template.json, whole or not at all."""
    files = {
        path: {"sha256": sha256(text), "lines": text.split("\n")}
        for path, text in sorted(record.files.items())
    }
    about = {"name": record.name, "class": record.pipeline, "solution": record.solution}
    content = {"template of": MARK, "format": FORMAT, **about, "version": record.version}
    content |= {"written once": record.once, "files": files}
    write_text(root / RECORD, json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def _read(path: Path) -> Record | None:
    """None: there is none, or one of somebody else."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    if MARK not in text:
        return None
    try:
        content = json.loads(text)
        if content["template of"] != MARK:
            return None
        if content["format"] != FORMAT:
            raise _damaged(path, f"its format is {content['format']}, this version reads {FORMAT}")
        return _record(path, content)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(path, f"{type(error).__name__}: {error}") from None


def _record(path: Path, content: dict[str, Any]) -> Record:
    files = {name: "\n".join(entry["lines"]) for name, entry in content["files"].items()}
    for name, text in files.items():
        if sha256(text) != content["files"][name]["sha256"]:
            raise _damaged(path, f"what it holds of {name} is not what was copied (its SHA-256 differs)")
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise _damaged(path, f"{name} lies outside the project")
    about = content["name"], content["class"], content["solution"], content["version"]
    return Record(*about, files, dict(content["written once"]))


def _damaged(path: Path, text: str) -> ConfigError:
    cure = "Take it from your version control: it is written by `verticals new` and `verticals update` alone"
    return ConfigError(f"{path} is damaged", [Fault(text=f"{text}. {cure}")])
