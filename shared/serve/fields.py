"""What a row of a request holds: one field for each of the customer's columns, from the contract and the state."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from shared.contract import Role
from shared.diagnostic import DiagnosticPipeline
from shared.forecast import ForecastPipeline
from shared.imaging import ImagePipeline
from shared.pipeline import Pipeline, Text

MOST_CHOICES = 50
FILES = {"image": "photo", "signal": "signal"}  # roles whose cells are files


@dataclass(frozen=True)
class Field:
    """One column of a request's rows.

    Args:
        name: The customer's name of it.
        role: The solution's; "numeric" or "categorical" of a further feature.
        kind: number, time, category, key, label, photo or signal.
        required: Whether rows without it are refused.
        nullable: Whether a cell may be empty.
        private: Whether its cells identify someone.
        description: In each language.
        unit, low, high: Of a number.
        choices: Known values of a category, the frequent first; others are answered as never seen.
        example: A cell, made up; see `shared.serve.examples`.
    """

    name: str
    role: str
    kind: str
    required: bool
    nullable: bool = False
    private: bool = False
    description: Text = field(default_factory=dict)
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: list[str] = field(default_factory=list)
    example: Any = None

    def to_dict(self) -> dict[str, Any]:
        """For `/v1/model`."""
        return {name: value for name, value in asdict(self).items() if name not in ("nullable", "private")}


def kind_of(pipeline: Pipeline) -> str:
    """The task of a pipeline in a word: binary, image, diagnosis or forecast."""
    kinds = {ImagePipeline: "image", DiagnosticPipeline: "diagnosis", ForecastPipeline: "forecast"}
    return next((kind for cls, kind in kinds.items() if isinstance(pipeline, cls)), "binary")


def read_roles_of(pipeline: Pipeline) -> list[Role]:
    """The roles that a loaded pipeline reads of a request; a signal may be named by a pattern of columns alone."""
    mapping = pipeline.mapping
    wanted = [role for role in pipeline.roles if role.required or role.name in mapping.columns]
    if mapping.signal is not None and all(role.name != "signal" for role in wanted):
        wanted += [role for role in pipeline.roles if role.name == "signal"]
    return wanted


def fields_of(pipeline: Pipeline) -> list[Field]:
    """The columns that a loaded pipeline reads of a request, without examples.

    Of a table in wide form there is the column that names the series; those with values are `open_fields`.
    """
    if pipeline.mapping.wide is not None:
        text = {"en": "names the series; the other columns are its values", "zh": "序列名称；其余各列为取值"}
        return [Field(pipeline.mapping.wide.id, "item", "key", required=True, description=text)]
    found = [_of_role(pipeline, role) for role in read_roles_of(pipeline)]
    known = {each.name for each in found}
    return found + [each for each in _features(pipeline) if each.name not in known]


def open_fields(pipeline: Pipeline) -> list[str]:
    """Patterns of further columns that a row may have: the samples of a signal, the steps of a wide table."""
    wide, signal = pipeline.mapping.wide, pipeline.mapping.signal
    return [each for each in (wide and wide.values, signal and signal.columns) if each]


def _of_role(pipeline: Pipeline, role: Role) -> Field:
    mapping = pipeline.mapping
    alternatives = isinstance(mapping.columns.get(role.name), list) and not role.required
    name = mapping.column(role.name)
    kind = "label" if role.name == "label" else FILES.get(role.name, role.kind)
    in_columns = role.name == "signal" and mapping.signal is not None
    number = mapping.numbers.get(name)
    return Field(
        name,
        role.name,
        kind,
        required=role.predict and not alternatives and not in_columns,
        nullable=role.missing or not role.predict,
        private=role.private,
        description={"en": role.description, "zh": role.description_zh},
        unit=(number and number.unit) or role.unit,
        low=role.low if number is None or number.low is None else number.low,
        high=role.high if number is None or number.high is None else number.high,
        choices=_labels(pipeline) if kind == "label" else _known(pipeline, name, role),
    )


def _features(pipeline: Pipeline) -> Iterable[Field]:
    """Further columns that the customer named."""
    words = pipeline.words()
    for role, names in (("numeric", pipeline.mapping.numeric), ("categorical", pipeline.mapping.categorical)):
        for name in names:
            number = pipeline.mapping.numbers.get(name)
            yield Field(
                name,
                role,
                "number" if role == "numeric" else "category",
                required=True,
                nullable=True,
                description=words.get(f"feature.{name}", {"en": name, "zh": name}),
                unit=number.unit if number else "",
                low=number.low if number else None,
                high=number.high if number else None,
                choices=_known(pipeline, name, None) if role == "categorical" else [],
            )


def _labels(pipeline: Pipeline) -> list[str]:
    """The classes by the names that the customer's cells have; numbers have none."""
    named = list(pipeline.mapping.labels) or (pipeline.state or {}).get("classes", [])
    return named[:MOST_CHOICES]


def _known(pipeline: Pipeline, name: str, role: Role | None) -> list[str]:
    """The values that training held; of a column that identifies someone, none."""
    if role is not None and (role.private or role.kind != "category"):
        return []
    state = pipeline.state or {}
    learnt = {**(state.get("categories") or {}), **(state.get("statics") or {})}
    return list(learnt.get(name) or learnt.get(f"categorical/{name}") or [])[:MOST_CHOICES]
