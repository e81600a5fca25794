"""How a customer's table is to be read: which column plays which role, and how its cells are written."""

import fnmatch
from collections.abc import Container, Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StrictInt, field_validator, model_validator

from shared.contract.alternatives import column_of
from shared.contract.formats import Arrays, Format, Settings, iso_date, said

__all__ = ["Arrays", "Format", "Mapping", "Number", "Settings", "SignalColumns", "Wide"]


def _column(value: Any) -> Any:
    """One message for both forms, where pydantic would have one for each."""
    names = value if isinstance(value, list | tuple) else [value]
    if not names or not all(isinstance(name, str) for name in names):
        raise ValueError(
            "a valid string: the name of a column, or a list of names, of which the first found is read"
        )
    return list(value) if isinstance(value, list | tuple) else value


Column = Annotated[str | list[str], BeforeValidator(_column)]


class Number(Settings):
    """What holds for the numbers of one column: the unit, the plausible range, codes for not known.

    Example:
        >>> Number(unit="kg/m2", low=10, high=80, missing=[2.0]).outside
        'error'
    """

    unit: str = Field("", description="for messages, and to see when a value is in another unit")
    low: float | None = Field(None, description="least plausible value")
    high: float | None = Field(None, description="greatest plausible value")
    missing: list[float] = Field([], description="codes that mean: not known, in this column, such as -9")
    outside: Literal["error", "missing"] = Field("error", description="faults, or taken as not known")

    @model_validator(mode="after")
    def _in_order(self) -> "Number":
        if self.low is not None and self.high is not None and self.low > self.high:
            raise said(f"low = {self.low:,g} is above high = {self.high:,g}")
        return self


class SignalColumns(Settings):
    """A signal that is written in the table itself, one column a sample.

    Example:
        >>> SignalColumns(columns="t*", rate=125)
        SignalColumns(columns='t*', rate=125.0)
    """

    columns: str = Field(min_length=1, description="pattern of the samples, such as t*; in the file's order")
    rate: float | None = Field(None, gt=0, description="samples a second, for plots")


class Wide(Settings):
    """A table with one row a series and one column a step, which is turned into long rows before it is checked.

    Args: see the descriptions; `origin` and `frequency` belong together, and without them the names of the
        columns are dates.
    Example:
        >>> Wide(id="V1", values="V*", origin="2000-01-01", frequency="H").columns(["V1", "V2", "V3", "note"])
        ['V2', 'V3']
    """

    id: str = Field(description="column that names the series")
    values: str = Field(
        "*", description="pattern of the columns with values, such as V*; in the file's order"
    )
    align: Literal["end", "start"] = Field(
        "end", description="whether the last filled cells of all series, or their first cells, have one date"
    )
    origin: str | None = Field(
        None, description="ISO 8601: the date after the last cells (end), or of the first cells (start)"
    )
    frequency: Literal["H", "D", "W", "M"] | None = Field(
        None, description="length of a step: hour, day, week or month"
    )

    @field_validator("origin")
    @classmethod
    def _origin_is_a_date(cls, text: str | None) -> str | None:
        return text if text is None else iso_date(text)

    @model_validator(mode="after")
    def _both_or_none(self) -> "Wide":
        if (self.origin is None) != (self.frequency is None):
            raise ValueError("origin and frequency, both or none of them")
        return self

    def columns(self, names: Sequence[str]) -> list[str]:
        """The columns with values among the names of a header, in its order."""
        return [name for name in names if name != self.id and fnmatch.fnmatchcase(name, self.values)]


class Mapping(Settings):
    """Which column of the customer's table plays which role, and how its cells are to be read.

    Args:
        columns: The customer's column by role, or several, of which the first that a table has is read.
        numeric: Further columns that are read as numbers.
        categorical: Further columns that are read as categories.
        groups: Columns for tables by subgroup; they may be roles or features too.
        numbers: What holds for the numbers of a column, by the customer's name of it.
        labels: The class, 0, 1, ... without holes, by the text of the label column.
        format: How the file is written.
        wide: Of a table with one column a step; it is then read as rows of `item`, `date` and `quantity`.
        signal: Of a table that holds a signal, one column a sample.
        simulated: Whether the data are made up; every report then says so.
    Example:
        >>> mapping = Mapping(columns={"time": "TX_DATETIME"}, labels={"是": 1, "否": 0})
        >>> Mapping.from_dict(mapping.to_dict()) == mapping
        True
    """

    columns: dict[str, Column] = {}
    numeric: list[str] = []
    categorical: list[str] = []
    groups: list[str] = []
    numbers: dict[str, Number] = {}
    labels: dict[str, Annotated[StrictInt, Field(ge=0)]] = {}
    format: Format = Format()
    wide: Wide | None = None
    signal: SignalColumns | None = None
    simulated: bool = False

    @field_validator("labels")
    @classmethod
    def _no_holes(cls, labels: dict[str, int]) -> dict[str, int]:
        classes = set(labels.values())
        hole = next((number for number in range(max(classes, default=0)) if number not in classes), None)
        if hole is not None:
            raise said(f"class {hole} is missing: number the classes 0, 1, 2, ... without holes")
        return labels

    def column(self, role: str, names: Container[str] | None = None) -> str:
        """The column that plays a role, as it is called for messages; of alternatives, the first among `names`.

        Args:
            names: Columns of a table; without them, the first alternative, which is the one found in a checked
                table's mapping. A role that is not mapped is taken from the column of its own name.
        Example:
            >>> Mapping(columns={"item": ["StockCode", "Description"]}).column("item", ["Description", "Price"])
            'Description'
        """
        return column_of(self.columns, role, names)

    def to_dict(self) -> dict[str, Any]:
        """A dictionary that JSON can hold."""
        return self.model_dump(mode="json")

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Mapping":
        """The mapping that `to_dict` was taken of."""
        return cls.model_validate(values)
