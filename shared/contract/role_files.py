"""The roles of a solution as a file beside its code, one table a role, so that adding one takes no Python."""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, get_args

from shared.contract.roles import Role
from shared.errors import ConfigError, Fault, did_you_mean

KINDS = get_args(Role.__annotations__["kind"])
FLAGS = ("required", "missing", "private", "predict")
BOUNDS = ("low", "high")
KEYS = ("kind", *FLAGS, "unit", *BOUNDS, "description", "aliases")


def read_roles(path: str | Path) -> tuple[Role, ...]:
    """Reads the roles of a solution from a TOML file, in the file's order.

    Args:
        path: Such as `roles.toml` beside `data.py`. The name of a table is that of the role, its keys are those of
            `Role`, of which only `kind` must be there; `description.en` and `description.zh` go together.
    Raises:
        ConfigError: If the file cannot be read, or with every fault of every role: an unknown key or kind, a value
            of the wrong type, bounds out of order.
    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "roles.toml"
        >>> _ = path.write_text('[amount]\\nkind = "number"\\nlow = 0\\n', encoding="utf-8")
        >>> [(role.name, role.kind, role.low, role.required) for role in read_roles(path)]
        [('amount', 'number', 0, True)]
    """
    path = Path(path)
    tables = _tables(path)
    faults = [fault for name, table in tables.items() for fault in _faults(name, table)]
    if not tables:
        faults.append(Fault(text='it holds no role. Write one as [amount] and below it kind = "number"'))
    if faults:
        raise ConfigError(f"{path} does not hold roles", faults)
    return tuple(_role(name, table) for name, table in tables.items())


def _tables(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        text = "there is no such file. Each solution has one beside its `data.py`"
    except OSError as error:
        text = str(error.strerror)
    except UnicodeDecodeError:
        text = "it is not UTF-8. Save it as UTF-8"
    except tomllib.TOMLDecodeError as error:
        text = f"it is no TOML: {error}. Texts stand in quotes, each role's name in [ ]"
    raise ConfigError(f"{path} cannot be read", [Fault(text=text)])


def _faults(name: str, table: Any) -> list[Fault]:
    """What is wrong with one role."""
    if not isinstance(table, dict):
        return [Fault(text=f"`{name}` stands above the first role. Put it below a name such as [amount]")]
    texts = [] if name.isidentifier() else ["the name of a role must be one word, such as unit_price"]
    if "kind" not in table:
        texts.append(f"`kind` is missing, expected one of {', '.join(KINDS)}")
    for key, value in table.items():
        if key not in KEYS:
            texts.append(f"there is no key `{key}`.{did_you_mean(key, KEYS)} Known are: {', '.join(KEYS)}")
        elif wanted := _wanted(key, value):
            texts.append(f"`{key}`: found `{value}`, expected {wanted}")
    if not texts and "low" in table and "high" in table and table["low"] > table["high"]:
        texts.append(f"`low` = {table['low']} is above `high` = {table['high']}")
    return [Fault(text=text, role=name) for text in texts]


def _wanted(key: str, value: Any) -> str:
    """What stands there where a value is right; nothing if this one is."""
    if key == "kind":
        return "" if value in KINDS else f"one of {', '.join(KINDS)}"
    if key in FLAGS:
        return "" if isinstance(value, bool) else "true or false"
    if key in BOUNDS:
        return "" if isinstance(value, int | float) and not isinstance(value, bool) else "a number"
    if key == "description":
        both = isinstance(value, dict) and value.keys() == {"en", "zh"} and _are_texts(value.values())
        return "" if both else 'description.en = "..." and description.zh = "..."'
    if key == "aliases":
        return "" if isinstance(value, list) and _are_texts(value) else 'texts, such as ["price", "单价"]'
    return "" if isinstance(value, str) else "a text in quotes"


def _are_texts(values: Iterable[Any]) -> bool:
    return all(isinstance(value, str) and value for value in values)


def _role(name: str, table: dict[str, Any]) -> Role:
    keys = {key: value for key, value in table.items() if key not in ("description", "aliases")}
    description = table.get("description", {"en": "", "zh": ""})
    return Role(
        name=name,
        **keys,
        description=description["en"],
        description_zh=description["zh"],
        aliases=tuple(table.get("aliases", ())),
    )
