"""Columns of a clinic's table that cannot be used as they are mapped, or that need a second look."""

import contextlib
import fnmatch
import re
from collections.abc import Mapping as Dictionary
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from shared.contract import GROUP, Mapping, RawTable, Role, Table
from shared.contract.parsing import count, shown
from shared.encoding import Features
from shared.errors import ContractError, Fault
from shared.trust.leaks import Leak, identifier_like, leaking_features

CODES = (-1, -9, -99, -999, -9999, 999, 9999)  # that often stand for: not known
FEWEST_CODED = 2  # cells
TELLING = 4  # letters of a cell from which on it may tell who a patient is; `1` may be any number
FAR = 2.0  # times the largest other value, from which a code of nines may be one


def taken_twice(names: Sequence[str], mapping: Mapping, roles: Sequence[str]) -> list[Fault]:
    """Columns that fit the pattern of [signal] and are something else too; or a column that names signals beside it.

    Args:
        names: Of the table's header.
        roles: Of the solution; a column that is called like one may play it.
    Example:
        >>> from shared.contract import SignalColumns
        >>> mapping = Mapping(numeric=["temperature"], signal=SignalColumns(columns="t*"))
        >>> print(taken_twice(["t1", "t2", "temperature"], mapping, ["label"])[0])
        column `temperature`: fits [signal] columns `t*`, and is a feature too. Narrow the pattern, such as t[0-9]*
    """
    pattern = mapping.signal.columns
    uses = {mapping.column(role, names): f"role `{role}`" for role in roles}
    uses |= {name: "a feature" for name in (*mapping.numeric, *mapping.categorical)}
    uses |= {name: "a group" for name in mapping.groups if name not in uses}
    faults = []
    for name in dict.fromkeys(each.strip().strip("\ufeff") for each in names):
        if name in uses and fnmatch.fnmatchcase(name, pattern):
            text = f"fits [signal] columns `{pattern}`, and is {uses[name]} too. Narrow the pattern, such as t[0-9]*"
            faults.append(Fault(column=name, text=text))
        elif "signal" in mapping.columns and uses.get(name) == "role `signal`" and name != "signal":
            text = f"names signals, and [signal] columns `{pattern}` hold them too. Leave one of them out"
            faults.append(Fault(column=name, role="signal", text=text))
    return faults


def without_identifiers(
    error: ContractError, raws: Sequence[RawTable | None], mapping: Mapping, roles: Sequence[Role]
) -> ContractError:
    """The same error without any cell of the columns of private roles, in whatever column it was found.

    A number of a patient may stand in a second column that is mapped for something else.
    """
    told: set[str] = set()
    for raw in filter(None, raws):
        names = [name.strip().strip("\ufeff") for name in raw.data.column_names]
        private = {mapping.column(role.name, names) for role in roles if role.private}
        for name, cells in zip(names, raw.data.columns):
            if name in private:
                with contextlib.suppress(pa.ArrowException):  # lists and the like, which no message shows
                    told |= {shown(str(cell).strip()) for cell in cells.unique().to_pylist()}
    told = {cell for cell in told if len(cell) >= TELLING + 2}

    def hidden(text: str) -> str:
        return re.sub("`[^`]*`", lambda found: "a cell" if found[0] in told else found[0], text)

    return ContractError(error.headline, [replace(fault, text=hidden(fault.text)) for fault in error.faults])


def identifiers(table: Table, features: Features, groups: np.ndarray | None) -> list[Fault]:
    """Columns that tell one patient from another: nothing is learnt from them, and a report may not show them.

    Args:
        groups: Patient of each row; None: not known.
    """
    text = "nearly every value is another one, as of a number of patients"
    nothing = f"{text}: nothing can be learnt of it. Leave it out under [features]"
    faults = [Fault(column=name, text=nothing) for name in identifier_like(features, groups)]
    told = [fault.column for fault in faults]
    frame = table.frame
    shown = {name: frame[name] for name in frame if name == "site" or name.startswith(GROUP)}
    shown = {name: values for name, values in shown.items() if values.dtype == "category"}
    for name in identifier_like(Features({}, shown), groups):
        plain = name.removeprefix(GROUP)
        if name == "site":
            column = table.mapping.column("site")
            no_site = f"{text}: it is no site. Leave it out under [columns]"
            faults.append(Fault(column=column, role="site", text=no_site))
        elif plain not in told:
            faults.append(
                Fault(column=plain, text=f"{text}: it is no group. Leave it out under [features] groups")
            )
    return faults


def leaks_of(features: Features, code: np.ndarray, names: Sequence[str], *, fewest: int) -> list[Leak]:
    """Columns that tell the class without a mistake, or of several classes whether it is the first.

    Args:
        code: Number of each row's class; -1: not known.
        names: Of the classes.
        fewest: As in `leaking_features`.
    Example:
        >>> code = np.tile([0, 1, 2], 30)
        >>> dose = Features({"dose": np.where(code > 0, 20.0, 5.0) + np.arange(90) / 100})
        >>> leaks_of(dose, code, ["healthy", "mild", "severe"], fewest=20)[0].how
        'every row above 12.94 is of class 1 and every other of class 0, 1 standing for all but `healthy`'
    """
    found = leaking_features(features, code, fewest=fewest)
    if len(names) > 2:
        whole = {leak.name for leak in found}
        for leak in leaking_features(features, np.minimum(code, 1), fewest=fewest):
            if leak.name not in whole:
                found.append(replace(leak, how=f"{leak.how}, 1 standing for all but `{names[0]}`"))
    return found


def codes_for_missing(features: Features) -> list[str]:
    """A note for each column of numbers in which a code such as -9 may mean: not known.

    Example:
        >>> print(codes_for_missing(Features({"age": np.array([50.0, -9, 61, -9])}))[0])
        column `age`: -9 in 2 cells, far from all others. If not known is meant, set missing = [-9] under [numbers.age]
    """
    notes = []
    for name, values in features.numbers.items():
        known = values[np.isfinite(values)]
        for code in CODES:
            held, others = known == code, known[known != code]
            if held.sum() < FEWEST_CODED or not len(others):
                continue
            if (code < 0 <= others.min()) or (code > 0 and others.max() * FAR < code):
                cells = f"{code} in {count(int(held.sum()), 'cell')}, far from all others"
                way_out = f'set missing = [{code}] under [numbers."{name}"]' if " " in name else ""
                way_out = way_out or f"set missing = [{code}] under [numbers.{name}]"
                notes.append(f"column `{name}`: {cells}. If not known is meant, {way_out}")
    return notes


def useless_bands(table: Table, bands: Dictionary[str, Sequence[float]]) -> list[Fault]:
    """Bands of columns that are no groups of numbers."""
    numeric = [name for name in table.frame if name.startswith(GROUP) and table.frame[name].dtype.kind == "f"]
    text = "[settings] bands: `{}` is no group of numbers. Name it under [features] groups, or leave it out"
    return [Fault(text=text.format(name)) for name in bands if f"{GROUP}{name}" not in numeric]
