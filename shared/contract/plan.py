"""How single rows are to be read, as plain JSON: what `shared.light.reader` goes by, where there is no pandas."""

from collections.abc import Sequence
from typing import Any

from shared.contract.cells import known_labels
from shared.contract.incomplete import must_be_filled
from shared.contract.mapping import Mapping
from shared.contract.roles import CATEGORICAL, NUMERIC, Role


def reading_plan(roles: Sequence[Role], mapping: Mapping) -> dict[str, Any]:
    """Where each column of the table to be comes from and what must hold for its cells.

    Args:
        roles: Of the solution.
        mapping: Of a checked table, with what it settled.
    Returns:
        `columns`, `unmapped` (names that would be taken for roles), `labels` and `format`.
    Example:
        >>> role = Role(name="amount", kind="number", low=0)
        >>> plan = reading_plan([role], Mapping(columns={"amount": "TX_AMOUNT"}))
        >>> {name: plan["columns"][0][name] for name in ("target", "names", "kind", "low")}
        {'target': 'amount', 'names': ['TX_AMOUNT'], 'kind': 'number', 'low': 0}
    """
    columns = [_of_role(role, mapping) for role in roles if role.name in mapping.columns]
    columns += [_entry(f"{NUMERIC}{name}", [name], "number", mapping) for name in mapping.numeric]
    columns += [_entry(f"{CATEGORICAL}{name}", [name], "category", mapping) for name in mapping.categorical]
    return {
        "columns": columns,
        "unmapped": [role.name for role in roles if role.name not in mapping.columns],
        "labels": known_labels(mapping.labels),
        "format": mapping.format.model_dump(mode="json"),
    }


def _of_role(role: Role, mapping: Mapping) -> dict[str, Any]:
    given = mapping.columns[role.name]
    names = [given] if isinstance(given, str) else list(given)
    entry = _entry(role.name, names, role.kind, mapping)
    optional = not role.predict or (isinstance(given, list) and not role.required)
    bounds = [(role.low, max), (role.high, min)]
    for (bound, stricter), name in zip(bounds, ("low", "high")):
        known = [value for value in (bound, entry[name]) if value is not None]
        entry[name] = stricter(known) if known else None
    return entry | {"needed": not optional, "filled": must_be_filled(role, predict=True)}


def _entry(target: str, names: list[str], kind: str, mapping: Mapping) -> dict[str, Any]:
    numbers = [mapping.numbers[name] for name in names if name in mapping.numbers]
    low = [number.low for number in numbers if number.low is not None]
    high = [number.high for number in numbers if number.high is not None]
    return {
        "target": target,
        "names": names,
        "kind": kind,
        "needed": True,
        "filled": False,
        "low": max(low, default=None),
        "high": min(high, default=None),
        "codes": [code for number in numbers for code in number.missing],
    }
