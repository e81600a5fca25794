"""`Pipeline`, what every solution is: the mechanism here and in the pipeline of its task, the decisions there.

Pipeline                     one customer's mapping and settings, a network, what was learnt
+-- BinaryPipeline           each row gets a probability and a decision        (shared/binary.py)
|   +-- ImagePipeline        each photo gets these, a class and a heatmap      (shared/imaging.py)
|   +-- DiagnosticPipeline   each patient gets classes, or is referred         (shared/diagnostic.py)
+-- ForecastPipeline         each series gets quantiles of each step ahead     (shared/forecast.py)

A solution derives from one of these. What `run`, a bundle and the command line need of any of them is here.
"""

import inspect
import json
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from shared.config import Settings
from shared.contract import Format, Mapping, RawTable, Role, Table, check, joined, read_roles, read_table
from shared.fit_settings import History
from shared.splits import Split
from shared.stages import Stages

Text = dict[str, str]
"""A text in each language: `{"en": ..., "zh": ...}`."""


class Pipeline:
    """One solution, from a checked table to an answer.

    Args:
        config: Settings of the solution; None: its defaults.
        mapping: The customer's columns; None: named like the roles.
    """

    name: ClassVar[str]
    title: ClassVar[Text]
    task: ClassVar[Text]
    roles: ClassVar[tuple[Role, ...]]
    Config: ClassVar[type[Settings]]
    primary: ClassVar[str]
    further: ClassVar[bool] = True  # whether further columns are read, by [features]
    small: ClassVar[dict[str, int]] = {}  # arguments of `sample` that make it just large enough to be split

    def __init_subclass__(cls, **settings: Any):
        """A class beside a `roles.toml` has its roles, unless it names others."""
        super().__init_subclass__(**settings)
        path = _beside(cls, "roles.toml")
        if "roles" not in cls.__dict__ and path is not None:
            cls.roles = read_roles(path)

    def __init__(self, config: Settings | None = None, mapping: Mapping | None = None):
        self.config = config if config is not None else self.Config()
        self.mapping = mapping if mapping is not None else Mapping()
        self.state: dict[str, Any] | None = None
        self.model = None
        self.history: History | None = None

    @classmethod
    def measured(cls) -> list[str]:
        """One line for each data set that this solution was measured on; kept in `measured.json` beside it."""
        path = Path(inspect.getfile(cls)).with_name("measured.json")
        return [entry["line"] for entry in json.loads(path.read_text("utf-8"))] if path.exists() else []

    @classmethod
    def words(cls) -> dict[str, Text]:
        """The report's words that are the solution's own, of `words.toml` beside it: `section.key` -> texts.

        A class that derives from a solution elsewhere, as in a notebook, has that solution's words.
        """
        path = next(filter(None, (_beside(each, "words.toml") for each in cls.__mro__)), None)
        tables = tomllib.loads(path.read_text("utf-8")) if path else {}
        return {f"{table}.{key}": text for table, entries in tables.items() for key, text in entries.items()}

    @classmethod
    def read(cls, path: str | Path, format: Format | None = None, *, predict: bool = False) -> RawTable:
        """What a customer delivers, not yet checked: a table, or what a task reads besides.

        Args:
            predict: Whether it is to be answered, not learnt from: some of it may then lack.
        """
        return read_table(path, format)

    # -- what a solution gives

    @classmethod
    def sample(cls, **size: int) -> tuple[pd.DataFrame, Mapping]:
        """The built-in sample and its mapping."""
        raise NotImplementedError

    def splits(self, table: Table) -> list[Split]:
        """Positions of train / valid / test; several for folds. The model of the last one is kept."""
        raise NotImplementedError

    # -- what the pipeline of a task gives

    def features(self, table: Table) -> Any:
        """What the past tells, for the whole table at once; nothing learnt."""
        raise NotImplementedError

    def fit(
        self, table: Table, split: Split, *, features: Any = None, folder=None, stages: Stages | None = None
    ) -> Any:
        """Learns from the training positions, chooses on the validation ones; the test ones are not looked at.

        Args:
            features: Of `self.features(table)`, where they are at hand already.
            folder: Where an interrupted fit keeps what it needs to go on.
        Returns:
            The table as it was prepared for the network.
        """
        raise NotImplementedError

    def prepare(self, table: Table) -> Any:
        """The table as a fitted pipeline reads it; the same road for prediction and serving as for training."""
        raise NotImplementedError

    def judged(self, table: Table, *, same: bool) -> Split:
        """What of a table a loaded pipeline is judged on: all of it, or the test part if it learnt from the rest.

        Args:
            same: Whether the pipeline was fitted on this very table.
        """
        raise NotImplementedError

    def predict(
        self, table: Table, rows: Sequence[int] | None = None, *, folder: Path | None = None
    ) -> pd.DataFrame:
        """The answers to a checked table.

        Args:
            rows: Positions that are asked for, where the table holds earlier rows too; None: all.
            folder: Where pictures go, of tasks that answer with pictures; None: none are made.
        """
        raise NotImplementedError

    def summary(self, answers: pd.DataFrame) -> str:
        """One line on what `predict` answered, for the terminal."""
        raise NotImplementedError

    def learnt(self) -> dict[str, Any]:
        """What a bundle keeps besides the network, the mapping and the settings, as plain JSON."""
        return {"state": self.state, "history": self.history.to_dict() if self.history else None}

    def restore(self, content: dict[str, Any]) -> None:
        """Puts back what `learnt` gave."""
        self.state = content["state"]
        self.history = History(**content["history"]) if content["history"] else None

    def describe(self, table: Table, splits: Sequence[Split]) -> dict[str, Any]:
        """Entries of metrics.json on the table and its parts that only this task has."""
        raise NotImplementedError

    # -- the same for all

    def check(self, raw, *, predict: bool = False, earlier=None, later=None) -> Table:
        """The table in the solution's roles (once fitted: those it was fitted on), or every fault at once.

        Args:
            predict: Whether it is to be answered, not learnt from.
            earlier: Further rows to look back on, put after the table's own.
            later: Rows that judge and do not teach (`--test`), put after the table's own. They may go on where
                a wide table ends.
        Returns:
            A table whose first `own` rows are those of `raw`.
        """
        known = [role for role in self.roles if role.required or role.name in self.mapping.columns]
        roles = self.roles if self.state is None else known
        settings = {"solution": self.name, "predict": predict}
        table = check(raw, roles, self.mapping, **settings)
        own = len(table)
        if earlier is not None:
            table = joined(table, check(earlier, roles, table.mapping, **settings))
        if later is not None:
            table = joined(table, check(later, roles, table.mapping, continued=True, **settings))
        return replace(table, own=own, tested=later is not None)


def _beside(cls: type, name: str) -> Path | None:
    """The file of that name in the folder of the class's module; None: there is none."""
    file = getattr(sys.modules.get(cls.__module__), "__file__", None)
    path = None if file is None else Path(file).with_name(name)
    return path if path is not None and path.exists() else None
