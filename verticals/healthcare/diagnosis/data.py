"""The columns of a clinic's table, by the role they play."""

from pathlib import Path

from shared.contract import read_roles

ROLES = read_roles(Path(__file__).with_name("roles.toml"))
