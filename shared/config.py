"""What a customer writes in one TOML file: the mapping of the table, and the settings of the solution."""

import tomllib
import types
import typing
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from shared.contract.mapping import Format, Mapping, Number, Settings, SignalColumns, Wide
from shared.errors import ConfigError, Fault, did_you_mean

if TYPE_CHECKING:
    from shared.contract.roles import Role

__all__ = ["Format", "Mapping", "Project", "Settings", "did_you_mean", "load_project", "named_solution"]

SECTIONS = (
    *(
        "solution",
        "data",
        "simulated",
        "columns",
        "features",
        "numbers",
        "labels",
        "format",
        "wide",
        "signal",
    ),
    "settings",
)
FEATURES = ("numeric", "categorical", "groups")


@dataclass
class Project:
    """A customer's file, read.

    Args:
        solution: The one it names, or None.
        data: Where the table lies, if it says so; what is relative counts from the file's own folder.
    """

    solution: str | None
    mapping: Mapping
    settings: Any
    data: Path | None = None


def load_project(
    path: str | Path | None,
    Config: type[Settings],
    roles: Sequence["Role"],
    overrides: Sequence[str] = (),
) -> Project:
    """Reads the customer's TOML file and the overrides of the command line.

    Args:
        path: The file, or None for the defaults alone.
        Config: Settings class of the solution, for the section [settings].
        roles: Roles of the solution; [columns] may name no others.
        overrides: Such as `settings.epochs=5` or `format.decimal=,`; they win over the file. The value is
            read as TOML where it is TOML, else as text.
    Raises:
        ConfigError: With every fault of the file and the overrides.
    Example:
        >>> class Net(Settings):
        ...     epochs: int = 3
        >>> load_project(None, Net, [], ["settings.epochs=5"]).settings
        Net(epochs=5)
    """
    name = Path(path).name if path is not None else "the command line"
    tree = _read_toml(Path(path)) if path is not None else {}
    faults: list[Fault] = []
    for override in overrides:
        faults += _override(tree, override)
    faults += [
        Fault(text=f"section [{key}] is unknown.{did_you_mean(key, SECTIONS) or _sections()}")
        for key in tree
        if key not in SECTIONS
    ]
    solution = tree.get("solution")
    if solution is not None and not isinstance(solution, str):
        faults.append(Fault(text=f'`solution`: found `{solution}`, expected a text such as "finance.fraud"'))
    data = tree.get("data")
    if data is not None and not (isinstance(data, str) and data):
        faults.append(Fault(text=f'`data`: found `{data}`, expected a text such as "payments.csv"'))
    mapping = _mapping(tree, [role.name for role in roles], faults)
    settings = _build(Config, _section(tree, "settings", faults), "settings", faults)
    if faults:
        purpose = f" `{solution}`" if isinstance(solution, str) else ""
        raise ConfigError(f"{name} does not fit{purpose}", faults)
    return Project(solution, mapping, settings, _placed(data, path))


def named_solution(path: str | Path) -> str | None:
    """The solution that a customer's file names; None: it names none.

    Raises:
        ConfigError: If the file cannot be read.
    """
    found = _read_toml(Path(path)).get("solution")
    return found if isinstance(found, str) else None


def _placed(data: str | None, config: str | Path | None) -> Path | None:
    """`~` is the user's own folder, so that a project's file need not name anyone."""
    if data is None:
        return None
    found = Path(data).expanduser()
    return found if found.is_absolute() or config is None else Path(config).parent / found


def _sections() -> str:
    return " Known are: solution, data, simulated, " + ", ".join(f"[{name}]" for name in SECTIONS[3:])


def _read_toml(path: Path) -> dict[str, Any]:
    headline = f"{path.name or path} cannot be read"
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        raise ConfigError(headline, [Fault(text=f"there is no file `{path}`")]) from None
    except OSError as error:
        raise ConfigError(headline, [Fault(text=f"`{path}`: {error.strerror}")]) from None
    except UnicodeDecodeError:
        raise ConfigError(headline, [Fault(text="the file is not UTF-8. Save it as UTF-8")]) from None
    except tomllib.TOMLDecodeError as error:
        text = f"it is no TOML: {error}. Texts stand in quotes, each section's name in [ ]"
        raise ConfigError(headline, [Fault(text=text)]) from None


def _override(tree: dict[str, Any], override: str) -> list[Fault]:
    key, equals, text = override.partition("=")
    section, dot, rest = key.strip().partition(".")
    if not equals or (not dot and section != "solution") or (dot and not rest):
        return [Fault(text=f"`{override}` is no setting. Write it as in settings.epochs=5")]
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    if not dot:
        tree[section] = value
        return []
    place = tree.setdefault(section, {})
    # Names of labels and columns may hold dots, names of settings may be nested.
    *parents, last = rest.split(".") if section == "settings" else [rest]
    for parent in parents:
        place = place.setdefault(parent, {}) if isinstance(place, dict) else place
    if not isinstance(place, dict):
        return [Fault(text=f"`{override}`: `{key.rpartition('.')[0]}` is a value and has no settings in it")]
    place[last] = value
    return []


def _section(tree: dict[str, Any], name: str, faults: list[Fault]) -> dict[str, Any]:
    section = tree.get(name, {})
    if isinstance(section, dict):
        return section
    faults.append(Fault(text=f"`{name}`: found `{section}`, expected a section [{name}]"))
    return {}


def _mapping(tree: dict[str, Any], roles: list[str], faults: list[Fault]) -> Mapping | None:
    columns = _section(tree, "columns", faults)
    for role in columns:
        if role not in roles:
            known = did_you_mean(role, roles) or " Known are: " + ", ".join(f"`{name}`" for name in roles)
            faults.append(Fault(text=f"[columns] has no role `{role}`.{known}"))
    features = _section(tree, "features", faults)
    for key in features:
        if key not in FEATURES:
            near = did_you_mean(key, FEATURES) or f" Known are: {', '.join(f'`{name}`' for name in FEATURES)}"
            faults.append(Fault(text=f"[features] `{key}` is unknown.{near}"))
    parts = {
        "columns": columns,
        **{key: features[key] for key in FEATURES if key in features},
        "numbers": _section(tree, "numbers", faults),
        "labels": _section(tree, "labels", faults),
        "format": _section(tree, "format", faults),
        **{key: _section(tree, key, faults) for key in ("wide", "signal") if key in tree},
        "simulated": tree.get("simulated", False),
    }
    return _build(Mapping, parts, "", faults)


def _build(model: type[Settings], values: dict[str, Any], section: str, faults: list[Fault]) -> Any:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        faults += [_fault(model, problem, section) for problem in error.errors()]
        return None


def _fault(model: type[Settings], problem: dict[str, Any], section: str) -> Fault:
    """The words of a user for one finding of pydantic."""
    place = [str(part) for part in problem["loc"] if part != "[key]"]
    if not section:
        section = "features" if place[0] in FEATURES else place.pop(0)
        model = {"format": Format, "wide": Wide, "numbers": Number, "signal": SignalColumns}.get(
            section, Mapping
        )
    name = ".".join(place)
    parent, field = _field(model, place[1:] if model is Number else place)
    where = f"[{section}] `{name}`" if name else f"[{section}]"
    if problem["type"] == "said":
        return Fault(text=f"{where}: {problem['msg']}")
    if problem["type"] == "extra_forbidden" and parent is not None:
        near = did_you_mean(place[-1], parent.model_fields)
        known = near or " Known are: " + ", ".join(f"`{key}`" for key in parent.model_fields)
        return Fault(text=f"{where} is unknown.{known}")
    if problem["type"] == "missing":
        return Fault(text=f"{where} is missing")
    wanted = problem["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    wanted = "settings, such as { name = value }" if problem["type"] == "model_type" else wanted
    meaning = f" ({field.description})" if field is not None and field.description else ""
    return Fault(text=f"{where}: found `{str(problem['input'])[:40]}`, expected {wanted}{meaning}")


def _field(model: type[Settings], place: list[str]) -> tuple[type[Settings] | None, Any]:
    """The class that the last part of `place` belongs to, and the field, as far as they are known."""
    parent: Any = model
    field = None
    for depth, part in enumerate(place):
        field = parent.model_fields.get(part)
        if field is None or depth == len(place) - 1:
            break
        inner = next((kind for kind in _kinds(field.annotation) if hasattr(kind, "model_fields")), None)
        if inner is None:
            break
        parent = inner
    return parent, field


def _kinds(annotation: Any) -> tuple[Any, ...]:
    union = typing.get_origin(annotation) in (typing.Union, types.UnionType)
    return typing.get_args(annotation) if union else (annotation,)
