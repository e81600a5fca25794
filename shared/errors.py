"""Every error a user can meet.

VerticalsError            one message, exit code 2, never a traceback on the command line
+-- FaultsError           every fault found, at once
|   +-- ContractError     a table does not fit its contract
|   +-- ConfigError       a settings or mapping file does not fit
|   +-- SplitError        a table cannot be split, or a part of it cannot be learnt from
+-- TrainingError         training cannot start or go on
+-- BundleError           a saved bundle is missing, damaged or of another version
+-- MissingExtraError     an optional dependency is absent (also an ImportError)
"""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


class VerticalsError(Exception):
    """A mistake that the user can cure; its text says how."""

    exit_code = 2


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that is wrong: where it is, what was found, what was expected, what to do.

    Args:
        text: What was found and what was expected, with the way out.
        column: The customer's name of the column, if the fault is in one.
        role: The role which that column plays.
        row: Number of the first data row at fault, counted from 1 without the header.
    Example:
        >>> print(Fault(column="TX_DATETIME", role="time", row=912, text="`31/02/2024` is no date"))
        column `TX_DATETIME` (role `time`), row 912: `31/02/2024` is no date
    """

    text: str
    column: str | None = None
    role: str | None = None
    row: int | None = None

    def __str__(self) -> str:
        place = f"column `{self.column}`" if self.column is not None else ""
        if self.role is not None:
            place += f" (role `{self.role}`)" if place else f"role `{self.role}`"
        if self.row is not None:
            place += f", row {self.row}" if place else f"row {self.row}"
        return f"{place}: {self.text}" if place else self.text


class FaultsError(VerticalsError):
    """Several faults under one headline.

    Example:
        >>> print(FaultsError("a.csv does not fit `finance.fraud`", [Fault(text="the file is empty")]))
        a.csv does not fit `finance.fraud` (1 fault):
          the file is empty
    """

    def __init__(self, headline: str, faults: Sequence[Fault]):
        self.headline, self.faults = headline, list(faults)
        count = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        super().__init__("\n".join([f"{headline} ({count}):", *(f"  {fault}" for fault in self.faults)]))


class ContractError(FaultsError):
    """A table does not fit the roles and the mapping it was given with."""


class ConfigError(FaultsError):
    """A settings file, a mapping file or a `--set` does not fit."""


class SplitError(FaultsError):
    """The rows cannot be parted as asked, or a part holds too little to learn or judge from."""


class TrainingError(VerticalsError):
    """Training cannot start or cannot go on; the text says what to change."""


class BundleError(VerticalsError):
    """A bundle is missing, damaged, or was written by a version that does not match."""


class MissingExtraError(VerticalsError, ImportError):
    """A package that only some uses need is not installed.

    Example:
        >>> print(MissingExtraError("mlflow", extra="mlflow", purpose="logging to MLflow"))
        logging to MLflow needs the package `mlflow`: pip install "keras-verticals[mlflow]"
    """

    def __init__(self, package: str, *, extra: str, purpose: str):
        super().__init__(f'{purpose} needs the package `{package}`: pip install "keras-verticals[{extra}]"')
        self.package = package


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` Did you mean ...?`, or nothing if no known word is near.

    Example:
        >>> did_you_mean("epoch", ["epochs", "units"])
        ' Did you mean `epochs`?'
    """
    known = list(known)
    folded = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return f" Did you mean `{folded[near[0]]}`?" if near else ""
