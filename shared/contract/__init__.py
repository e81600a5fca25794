"""A customer's file, read and checked against the roles of a solution: every fault at once."""

from typing import TYPE_CHECKING

from shared.lazy import lazily

if TYPE_CHECKING:
    from shared.contract.checking import Table, check, joined
    from shared.contract.mapping import Arrays, Format, Mapping, Number, SignalColumns, Wide
    from shared.contract.prefixes import CATEGORICAL, GROUP, NUMERIC
    from shared.contract.role_files import read_roles
    from shared.contract.roles import Role
    from shared.contract.tables import RawTable, raw_table, read_table

__all__ = [
    "CATEGORICAL",
    "GROUP",
    "NUMERIC",
    "Arrays",
    "Format",
    "Mapping",
    "Number",
    "RawTable",
    "Role",
    "SignalColumns",
    "Table",
    "Wide",
    "check",
    "joined",
    "raw_table",
    "read_roles",
    "read_table",
]
_HOMES = {
    **dict.fromkeys(("Table", "check", "joined"), "shared.contract.checking"),
    **dict.fromkeys(
        ("Arrays", "Format", "Mapping", "Number", "SignalColumns", "Wide"), "shared.contract.mapping"
    ),
    **dict.fromkeys(("CATEGORICAL", "GROUP", "NUMERIC"), "shared.contract.prefixes"),
    "read_roles": "shared.contract.role_files",
    "Role": "shared.contract.roles",
    **dict.fromkeys(("RawTable", "raw_table", "read_table"), "shared.contract.tables"),
}
__getattr__ = lazily(__name__, _HOMES)
