"""Roles that a solution asks for, and the columns of a customer's table that play them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa

from shared.contract.categories import read_categories, read_labels
from shared.contract.dates import read_times
from shared.contract.mapping import Format, Mapping
from shared.contract.parsing import Reading, floats, is_number, is_text, read_numbers, shown
from shared.contract.prefixes import CATEGORICAL, GROUP, NUMERIC
from shared.contract.units import keep_plausible
from shared.errors import Fault, did_you_mean

MOST_GROUPS = 12  # a column of numbers with more values than these is parted by size, not by value


@dataclass(frozen=True, kw_only=True)
class Role:
    """One column that a solution reads, and what must hold for it.

    Args:
        name: Name of the column in the solution's table.
        kind: What its cells are. A key names a card, a shop, a patient; a category repeats.
        required: Whether a table without it is refused.
        unit: Of a number, for messages.
        low: Least number that is allowed.
        high: Greatest number, or class of a label, that is allowed.
        missing: Whether cells may be empty.
        private: Whether its cells identify someone, so that no message may show one.
        predict: Whether it must be there to predict. If it need not, empty cells are allowed then.
        description: One line for the customer; `description_zh` is the same in Chinese.
        aliases: Common names of such a column, for proposals.
    Example:
        >>> Role(name="amount", kind="number", unit="EUR", low=0).required
        True
    """

    name: str
    kind: Literal["time", "number", "category", "key", "label"]
    required: bool = True
    unit: str = ""
    low: float | None = None
    high: float | None = None
    missing: bool = False
    private: bool = False
    predict: bool = True
    description: str = ""
    description_zh: str = ""
    aliases: tuple[str, ...] = ()


@dataclass
class Slot:
    """One column of the table to be: where it comes from, and how it is read."""

    target: str
    column: str
    role: Role | None
    kind: str
    read: Callable[[pa.ChunkedArray], Reading]

    @property
    def private(self) -> bool:
        return self.role is not None and self.role.private

    def fault(self, text: str, row: int | None = None) -> Fault:
        return Fault(text=text, column=self.column, role=self.role.name if self.role else None, row=row)


def find_columns(
    names: list[str], roles: Sequence[Role], mapping: Mapping, *, predict: bool
) -> tuple[list[Slot], list[Fault], list[str]]:
    """Finds the column of every role and feature among the names in a header.

    Returns:
        What can be read, what is wrong with the rest, and notes.
    """
    chosen, faults, notes = _choose(names, roles, mapping, predict)
    faults += _clashes(chosen)
    slots = [
        Slot(target, column, role, kind, _reader(kind, column, mapping))
        for target, column, role, kind in _with_kinds(chosen, mapping)
        if names.count(column) == 1
    ]
    for target, column, role in chosen:
        if column not in names and _is_needed(target, column, role, mapping, predict):
            faults.append(Fault(text=_absent(column, role, names, mapping)))
    faults += _useless_numbers(slots, chosen, roles, mapping)
    faults += [
        Fault(text=f"stands {names.count(name)} times in the header. Rename all but one", column=name)
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
    used = {column for _, column, _ in chosen}
    unused = [name for name in dict.fromkeys(names) if name not in used]
    if unused:
        listed = ", ".join(shown(name)[1:-1] for name in unused[:30])
        notes.append(f"columns that are not used: {listed}" + (", ..." if len(unused) > 30 else ""))
    return slots, faults, notes


def _choose(
    names: list[str], roles: Sequence[Role], mapping: Mapping, predict: bool
) -> tuple[list[tuple[str, str, Role | None]], list[Fault], list[str]]:
    """Names of the table to be and of the customer's column, for each role and feature."""
    chosen: list[tuple[str, str, Role | None]] = []
    faults, notes = [], []
    mapped = {
        name: [column] if isinstance(column, str) else column for name, column in mapping.columns.items()
    }
    taken = {
        *mapping.numeric,
        *mapping.categorical,
        *(name for columns in mapped.values() for name in columns),
    }
    for role in roles:
        if role.name in mapped:
            column = mapping.column(role.name, names)
            if column in names or not _may_be_absent(role, mapping, predict):
                chosen.append((role.name, column, role))
            else:
                listed = ", ".join(f"`{name}`" for name in mapped[role.name])
                notes.append(f"role `{role.name}` is left out: the table has none of {listed}")
        elif role.name in names and role.name not in taken:
            chosen.append((role.name, role.name, role))
            notes.append(f"column `{role.name}` is taken for role `{role.name}`, by its name")
        elif role.required and (role.predict or not predict):
            faults.append(Fault(text=_unmapped(role, names)))
    known = [role.name for role in roles]
    for name in mapping.columns:
        if name not in known:
            near = did_you_mean(name, known) or f" Known are: {', '.join(known)}"
            faults.append(Fault(text=f"[columns] has no role `{name}`.{near}"))
    chosen += [(f"{NUMERIC}{name}", name, None) for name in mapping.numeric]
    chosen += [(f"{CATEGORICAL}{name}", name, None) for name in mapping.categorical]
    private = {column: role.name for _, column, role in chosen if role and role.private}
    groups = dict.fromkeys(mapping.groups)
    chosen += [(f"{GROUP}{name}", name, None) for name in groups if name not in private]
    faults += [_identifying(name, private[name]) for name in groups if name in private]
    return chosen, faults, notes


def _may_be_absent(role: Role, mapping: Mapping, predict: bool) -> bool:
    """Whether the mapping gives alternatives, of which an optional role needs none."""
    needed = role.required and (role.predict or not predict)
    return isinstance(mapping.columns[role.name], list) and not needed


def _identifying(column: str, role: str) -> Fault:
    text = "identifies someone, and is no group. Take it out of [features] groups"
    return Fault(text=text, column=column, role=role)


def _is_needed(target: str, column: str, role: Role | None, mapping: Mapping, predict: bool) -> bool:
    """Whether a column that the table lacks is a fault. Groups are only for judging, and missed once if at all."""
    if target.startswith(GROUP):
        return not predict and column not in (*mapping.numeric, *mapping.categorical)
    return role is None or role.predict or not predict


def _with_kinds(
    chosen: Sequence[tuple[str, str, Role | None]], mapping: Mapping
) -> list[tuple[str, str, Role | None, str]]:
    """How each column is read; a group as the role or feature that it also is, else as its cells suggest."""
    kinds: dict[str, str] = {}
    found = []
    for target, column, role in chosen:
        if target.startswith(GROUP):
            kind = kinds.get(column, "number" if column in mapping.numbers else "group")
            kind = kind if kind in ("number", "group") else "category"
        else:
            kind = role.kind if role else "number" if target.startswith(NUMERIC) else "category"
            kinds[column] = kind
        found.append((target, column, role, kind))
    return found


def _useless_numbers(
    slots: Sequence[Slot],
    chosen: Sequence[tuple[str, str, Role | None]],
    roles: Sequence[Role],
    mapping: Mapping,
) -> list[Fault]:
    """Sections [numbers] of what is not read as a number; a column that this table lacks may have one."""
    known = dict.fromkeys(slot.column for slot in slots if slot.kind == "number")
    for role in roles:
        if role.kind == "number":
            columns = mapping.columns.get(role.name, role.name)
            known.update(dict.fromkeys([columns] if isinstance(columns, str) else columns))
    known.update(dict.fromkeys(mapping.numeric))
    absent = {column for target, column, _ in chosen if target.startswith(GROUP)} - {
        slot.column for slot in slots
    }
    faults = []
    for name in mapping.numbers:
        if name not in known and name not in absent:
            near = did_you_mean(name, known) or (f" Known are: {', '.join(known)}" if known else "")
            text = f"[numbers] `{name}`: no column of that name is read as a number.{near}"
            faults.append(Fault(text=text))
    return faults


def _clashes(chosen: Sequence[tuple[str, str, Role | None]]) -> list[Fault]:
    uses: dict[str, list[str]] = {}
    for target, column, role in chosen:
        kind, _, _ = target.partition("/")
        if target.startswith(GROUP):
            continue
        uses.setdefault(column, []).append(f"role `{role.name}`" if role else f"{kind} feature")
    return [
        Fault(text=f"is used twice, as {' and as '.join(used)}. Name it once", column=column)
        for column, used in uses.items()
        if len(used) > 1
    ]


def _alike(role: Role | None, names: list[str]) -> str | None:
    """The first column with one of the role's common names."""
    folded = {name.casefold(): name for name in names}
    common = (role.name, *role.aliases) if role else ()
    return next((folded[name.casefold()] for name in common if name.casefold() in folded), None)


def _unmapped(role: Role, names: list[str]) -> str:
    what = f": {role.description}" if role.description else ""
    text = f"role `{role.name}` ({role.kind}{what}) has no column. "
    column = _alike(role, names)
    if column:
        return text + f'Is it `{column}`? Then write under [columns]: {role.name} = "{column}"'
    return text + f'Name it under [columns]: {role.name} = "..."'


def _absent(column: str, role: Role | None, names: list[str], mapping: Mapping) -> str:
    alternatives = mapping.columns.get(role.name) if role else None
    hint = did_you_mean(column, names)
    common = _alike(role, names)
    if not hint and common:
        hint = f" Did you mean `{common}`?"
    if not hint:
        listed = ", ".join(shown(name) for name in names[:12])
        hint = f" The table has: {listed}" + (", ..." if len(names) > 12 else "")
    plays = f" (role `{role.name}`)" if role else ""
    if role and role.missing and not role.required:
        hint += f"{'' if hint.endswith('?') else '.'} Where no row has one, add it with empty cells"
    if isinstance(alternatives, list) and len(alternatives) > 1:
        return f"none of the columns {', '.join(f'`{name}`' for name in alternatives)}{plays} is there.{hint}"
    return f"column `{column}`{plays} is missing.{hint}"


def _reader(kind: str, column: str, mapping: Mapping) -> Callable[[pa.ChunkedArray], Reading]:
    number = mapping.numbers.get(column)
    if kind == "number" and number is not None:
        return lambda cells: keep_plausible(read_numbers(cells, mapping.format, number), cells, number)
    if kind == "label":
        return lambda cells: read_labels(cells, mapping.format, mapping.labels)
    read = {"time": read_times, "number": read_numbers, "group": read_groups}.get(kind, read_categories)
    return lambda cells: read(cells, mapping.format)


def read_groups(cells: pa.ChunkedArray, format: Format) -> Reading:
    """Reads a column of groups: as numbers where all its cells are numbers of more than 12 values.

    Example:
        >>> read_groups(pa.chunked_array([["F", "M", "F"]]), Format()).data.tolist()
        ['F', 'M', 'F']
        >>> read_groups(pa.chunked_array([[str(age) for age in range(40, 60)]]), Format()).data[:2]
        array([40., 41.])
    """
    if is_number(cells.type):
        reading = read_numbers(cells, format)
        values = floats(cells)
        many = len(np.unique(values[~np.isnan(values)])) > MOST_GROUPS
        return reading if many else read_categories(cells, format)
    reading = read_categories(cells, format)
    if not is_text(cells.type) or reading.faults or len(reading.data.categories) <= MOST_GROUPS:
        return reading
    each = read_numbers(pa.chunked_array([list(reading.data.categories)], pa.string()), format)
    if each.faults or len(np.unique(each.data[~np.isnan(each.data)])) <= MOST_GROUPS:
        return reading
    return read_numbers(cells, format)
