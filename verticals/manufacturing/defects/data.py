"""What a photo comes with: the columns of a manifest. A folder or zip gives image, label, mask and split."""

from pathlib import Path

from shared.contract import read_roles

ROLES = read_roles(Path(__file__).with_name("roles.toml"))
