"""Which solution, table and file a command means: as it says, or as the project says that it is called in."""

import importlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from shared.errors import ConfigError, Fault, did_you_mean

TABLES = {".csv", ".tsv", ".txt", ".gz", ".parquet", ".xlsx", ".xlsm", ".xls", ".npz", ".zip"}
ENTRY_POINTS = "verticals.solutions"  # under which an installed project of a customer names its pipeline


class Solutions:
    """The solutions that commands know: those given, the project that the command is called in, installed ones."""

    def __init__(self, given: Mapping[str, str]):
        from shared.cloning.record import find_clone

        self.places = dict(given)
        self.clone = find_clone(Path.cwd())
        if self.clone is not None:
            self.places[self.clone.record.name] = self.clone.record.place
            sys.path.insert(0, str(self.clone.root))  # before an installed, perhaps older, copy of it

    @property
    def here(self) -> str | None:
        """Name of the project that the command is called in."""
        return self.clone.record.name if self.clone is not None else None

    def names(self) -> list[str]:
        """All of them, installed ones included."""
        return list(self._all())

    def load(self, name: str) -> Any:
        """The pipeline's class.

        Raises:
            ConfigError: If there is none of that name, or it cannot be imported.
        """
        places = self.places if name in self.places else self._all()
        if name not in places:
            known = did_you_mean(name, places) or " Known are: " + ", ".join(places)
            raise ConfigError(f"there is no solution `{name}`", [Fault(text=f"`{name}` is unknown.{known}")])
        module, _, attribute = places[name].partition(":")
        try:
            return getattr(importlib.import_module(module), attribute)
        except (ImportError, SyntaxError, AttributeError) as error:
            if name != self.here:
                raise
            raise ConfigError(
                f"`{name}` cannot be imported from {self.clone.root}", [_said(error)]
            ) from error

    def _all(self) -> dict[str, str]:
        from importlib.metadata import entry_points

        return {point.name: point.value for point in entry_points(group=ENTRY_POINTS)} | self.places


_current: list[Solutions] = []


def begin(given: Mapping[str, str]) -> None:
    """Looks once at where the command is called."""
    _current[:] = [Solutions(given)]


def known() -> Solutions:
    """The solutions that the command may name."""
    return _current[0]


def _said(error: Exception) -> Fault:
    where = f"{Path(error.filename).name}, line {error.lineno}: " if isinstance(error, SyntaxError) else ""
    return Fault(text=f"{where}{error}. VERTICALS_DEBUG=1 shows where it happened")


@dataclass
class Meant:
    """What a command is about.

    Args:
        name: Of the solution.
        data: The table, if the command or the customer's file names one.
        config: The customer's file.
        pipeline: With its mapping and settings.
    """

    name: str
    data: Path | None
    config: Path | None
    pipeline: Any


def meant(
    solutions: Solutions,
    solution: str | None,
    data: Path | None,
    config: Path | None,
    overrides: Sequence[str] | None,
) -> Meant:
    """Fills in what a command leaves out.

    Raises:
        ConfigError: If it is not clear which solution is meant, or the customer's file does not fit.
    """
    from shared.config import named_solution
    from shared.opening import open_project

    solution = solution or (named_solution(config) if config is not None else None) or solutions.here
    if solution is None:
        text = "name one (`verticals list` shows them), or go to the folder of a customer's project"
        raise ConfigError("it is not clear which solution is meant", [Fault(text=text)])
    if config is None and solution == solutions.here and solutions.clone.config.is_file():
        config = solutions.clone.config
    pipeline, project = open_project(solutions.load(solution), config, overrides or [], known_as=solution)
    return Meant(solution, data or project.data, config, pipeline)


def two_names(
    solutions: Solutions, names: Sequence[str], *, alone: Literal["either", "table"] = "either"
) -> tuple[str | None, Path | None]:
    """A solution and a table, a table alone, or a solution alone.

    Args:
        alone: What one name may be, if it is not that of a solution.
    Raises:
        ConfigError: If there are more.
    """
    if len(names) > 2:
        text = f"expected a solution and a table, or one of them; found {len(names)} names"
        raise ConfigError("the command is not understood", [Fault(text=text)])
    if len(names) == 2:
        return names[0], Path(names[1])
    if not names:
        return None, None
    table = Path(names[0])
    if names[0] not in solutions.places and (alone == "table" or _like_a_table(table) or solutions.here):
        return None, table
    return names[0], None


def _like_a_table(path: Path) -> bool:
    return path.exists() or len(path.parts) > 1 or path.suffix.lower() in TABLES
