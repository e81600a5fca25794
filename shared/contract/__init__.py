"""A customer's file, read and checked against the roles of a solution: every fault at once."""

from shared.contract.check import Table, check, joined
from shared.contract.mapping import Arrays, Format, Mapping, Number, SignalColumns, Wide
from shared.contract.role_files import read_roles
from shared.contract.roles import CATEGORICAL, GROUP, NUMERIC, Role
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
