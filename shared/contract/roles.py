"""Roles that a solution asks for, and the columns of a customer's table that play them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from shared.contract.categories import read_categories, read_labels
from shared.contract.dates import read_times
from shared.contract.mapping import Mapping
from shared.contract.parsing import Reading, read_numbers, shown
from shared.errors import Fault, did_you_mean

NUMERIC, CATEGORICAL = "numeric/", "categorical/"


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
    slots = []
    for target, column, role in chosen:
        if names.count(column) == 1:
            kind = role.kind if role else "number" if target.startswith(NUMERIC) else "category"
            slots.append(Slot(target, column, role, kind, _reader(kind, mapping)))
        elif column not in names and (role is None or role.predict or not predict):
            faults.append(Fault(text=_absent(column, role, names, mapping)))
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
    return chosen, faults, notes


def _may_be_absent(role: Role, mapping: Mapping, predict: bool) -> bool:
    """Whether the mapping gives alternatives, of which an optional role needs none."""
    needed = role.required and (role.predict or not predict)
    return isinstance(mapping.columns[role.name], list) and not needed


def _clashes(chosen: Sequence[tuple[str, str, Role | None]]) -> list[Fault]:
    uses: dict[str, list[str]] = {}
    for target, column, role in chosen:
        kind, _, _ = target.partition("/")
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
    if isinstance(alternatives, list) and len(alternatives) > 1:
        return f"none of the columns {', '.join(f'`{name}`' for name in alternatives)}{plays} is there.{hint}"
    return f"column `{column}`{plays} is missing.{hint}"


def _reader(kind: str, mapping: Mapping) -> Callable[[pa.ChunkedArray], Reading]:
    if kind == "label":
        return lambda cells: read_labels(cells, mapping.format, mapping.labels)
    read = {"time": read_times, "number": read_numbers}.get(kind, read_categories)
    return lambda cells: read(cells, mapping.format)
