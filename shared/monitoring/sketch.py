"""Counts of new rows by the bins of a profile: small, without rows, and to be added up."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.bundle_files import write_text
from shared.errors import BundleError
from shared.monitoring.tally import Tally

FORMAT = 1


@dataclass(frozen=True)
class Sketch:
    """The tally of each column; `a + b` is the sketch of the rows of both.

    Args:
        mark: Of the profile whose bins were counted by.
        tallies: By the column's name; a column that one of two sketches lacks is as in the other.
    Example:
        >>> import numpy as np, tempfile
        >>> part = Sketch("0123", {"amount": Tally(2, 0, np.array([1, 1]))})
        >>> path = part.save(Path(tempfile.mkdtemp()) / "monday.json")
        >>> (part + Sketch.load(path)).tallies["amount"].rows
        4
    """

    mark: str
    tallies: dict[str, Tally]

    @property
    def rows(self) -> int:
        """Rows of the column that has most."""
        return max((tally.rows for tally in self.tallies.values()), default=0)

    def __add__(self, other: "Sketch") -> "Sketch":
        if self.mark != other.mark:
            raise BundleError(
                f"sketches of two profiles ({self.mark} and {other.mark}) cannot be added: their bins differ. "
                "Give those of one bundle"
            )
        both = dict(self.tallies)
        for name, tally in other.tallies.items():
            both[name] = both[name] + tally if name in both else tally
        return Sketch(self.mark, both)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        columns = {name: tally.to_dict() for name, tally in self.tallies.items()}
        return {"format": FORMAT, "profile": self.mark, "columns": columns}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> "Sketch":
        """What `to_dict` wrote.

        Raises:
            KeyError, TypeError, ValueError: If it is none.
        """
        if state["format"] != FORMAT:
            raise ValueError(f"format {state['format']}, this version reads {FORMAT}")
        return cls(
            state["profile"], {name: Tally.from_dict(entry) for name, entry in state["columns"].items()}
        )

    def save(self, path: str | Path) -> Path:
        """Writes it as JSON, whole or not at all; returns the path."""
        return write_text(path, json.dumps(self.to_dict(), ensure_ascii=False))

    @classmethod
    def load(cls, path: str | Path) -> "Sketch":
        """The sketch of one file.

        Raises:
            BundleError: If the file holds none.
        """
        try:
            return cls.from_dict(json.loads(Path(path).read_text(encoding="utf-8")))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BundleError(
                f"{path} holds no sketch ({error}). Remove it, or give another folder"
            ) from None


def summed(sketches: Iterable[Sketch]) -> Sketch | None:
    """All of them in one; None of none.

    Example:
        >>> import numpy as np
        >>> one = Sketch("0123", {"amount": Tally(2, 0, np.array([1, 1]))})
        >>> summed([one, one, one]).rows
        6
    """
    total = None
    for sketch in sketches:
        total = sketch if total is None else total + sketch
    return total


def load_folder(folder: str | Path) -> Sketch:
    """The sum of all sketches (`*.json`) of a folder.

    Raises:
        BundleError: If there is none, if one is damaged, or if they are of several profiles.
    Example:
        >>> import numpy as np, tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> one = Sketch("0123", {"amount": Tally(2, 0, np.array([1, 1]))})
        >>> _ = [one.save(folder / f"{day}.json") for day in ("monday", "tuesday")]
        >>> load_folder(folder).rows
        4
    """
    folder = Path(folder)
    files = sorted(path for path in folder.glob("*.json") if not path.name.startswith("."))
    found = summed(Sketch.load(path) for path in files)
    if found is None:
        raise BundleError(
            f"{folder} holds no sketches (*.json). Name the folder that the service writes them to"
        )
    return found
