"""How a customer's table is to be read: which column plays which role, and how its cells are written."""

import codecs
import fnmatch
import re
import zoneinfo
from collections.abc import Container, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictInt,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

EXPRESSION = r"[^\[\]]*[^\[\]\s](?:\[:, *(?:\d+|\d*:\d*)\])?"


def _column(value: Any) -> Any:
    """One message for both forms, where pydantic would have one for each."""
    names = value if isinstance(value, list | tuple) else [value]
    if not names or not all(isinstance(name, str) for name in names):
        raise ValueError(
            "a valid string: the name of a column, or a list of names, of which the first found is read"
        )
    return list(value) if isinstance(value, list | tuple) else value


Column = Annotated[str | list[str], BeforeValidator(_column)]


class Settings(BaseModel):
    """Typed values that cannot be changed or misspelt; every settings class is one.

    Example:
        >>> class Net(Settings):
        ...     units: int = Field(64, ge=1, description="size of the hidden state")
        >>> Net(units=8)
        Net(units=8)
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False)


def _iso_date(text: str) -> str:
    try:
        naive = datetime.fromisoformat(text).tzinfo is None
    except ValueError:
        naive = False
    if not naive:
        raise ValueError("a date without offset in ISO 8601, such as 2013-09-01")
    return text


def _said(text: str) -> PydanticCustomError:
    """A fault whose text is the whole message, where it is no matter of one value found and one expected."""
    return PydanticCustomError("said", "{text}", {"text": text})


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
            raise _said(f"low = {self.low:,g} is above high = {self.high:,g}")
        return self


class Arrays(Settings):
    """Which arrays of a `.npz` file play which role.

    An expression is the name of an array, with `[:, a]` or `[:, a:b]` behind it for some of its columns;
    `{part}` in it stands for the file's own name of each part.

    Example:
        >>> Arrays(parts={"train": "train", "test": "test"}, columns={"label": "{part}[:, 0]"}).columns
        {'label': '{part}[:, 0]'}
    """

    parts: dict[Literal["train", "valid", "test"], str] = Field(
        {}, description="the file's names of its parts, which take the place of {part}"
    )
    columns: dict[str, str] = Field(min_length=1, description="the array of each role")

    @model_validator(mode="after")
    def _fit_together(self) -> "Arrays":
        names = list(self.parts.values())
        if len(set(names)) < len(names):
            raise _said("parts: two have one name, and would hold the same rows")
        for role, text in self.columns.items():
            if not re.fullmatch(EXPRESSION, text) or re.search(r"[{}]", text.replace("{part}", "")):
                wanted = "the name of an array, also with [:, 0] or [:, 1:5] behind it"
                raise _said(f"columns.{role}: found `{text[:40]}`, expected {wanted}")
            if ("{part}" in text) != bool(names):
                has = "no {part}: every part would hold the same rows" if names else "{part} without `parts`"
                raise _said(f"columns.{role}: `{text[:40]}` has {has}")
        return self


class SignalColumns(Settings):
    """A signal that is written in the table itself, one column a sample.

    Example:
        >>> SignalColumns(columns="t*", rate=125)
        SignalColumns(columns='t*', rate=125.0)
    """

    columns: str = Field(min_length=1, description="pattern of the samples, such as t*; in the file's order")
    rate: float | None = Field(None, gt=0, description="samples a second, for plots")


class Format(Settings):
    """How the file is written. Everything is optional; what is left out is detected and noted, or is a fault.

    Example:
        >>> Format(decimal=",", date_format="%d/%m/%Y").decimal
        ','
    """

    encoding: str | None = Field(
        None, description="encoding of the text, such as gb18030 (default: detected)"
    )
    separator: str | None = Field(
        None, min_length=1, max_length=1, description="between two cells (default: detected)"
    )
    decimal: Literal[".", ","] | None = Field(
        None, description="decimal mark (default: read from the column)"
    )
    thousands: Literal[",", ".", " ", "'", "_"] | None = Field(
        None, description="thousands separator (default: any that fits the decimal mark)"
    )
    date_format: str | None = Field(None, description="such as %d/%m/%Y %H:%M (default: detected)")
    time_unit: Literal["s", "ms", "us", "ns", "D"] | None = Field(
        None, description="unit of times that are written as numbers"
    )
    time_origin: str = Field("1970-01-01", description="the moment a numeric time counts from, in ISO 8601")
    timezone: str | None = Field(
        None, description="zone that all times are converted to, such as Europe/Paris"
    )
    missing: list[str] = Field([], description="further texts that mean: not known, such as ? or 不详")
    duplicates: Literal["error", "keep", "drop"] = Field("error", description="what to do with equal rows")
    arrays: Arrays | None = Field(None, description="of a .npz file: which array plays which role")

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, name: str | None) -> str | None:
        try:
            known = name is None or codecs.lookup(name)._is_text_encoding
        except (LookupError, ValueError):
            known = False
        if not known:
            raise ValueError("a text encoding that Python knows, such as utf-8, gb18030 or cp1252")
        return name

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str | None) -> str | None:
        if name is not None and name not in zoneinfo.available_timezones():
            raise ValueError("the IANA name of a zone, such as UTC, Europe/Paris or Asia/Shanghai")
        return name

    @field_validator("time_origin")
    @classmethod
    def _origin_is_a_date(cls, text: str) -> str:
        return _iso_date(text)

    @field_validator("date_format")
    @classmethod
    def _format_has_codes(cls, text: str | None) -> str | None:
        try:
            if text is not None:
                datetime.strptime(datetime(2024, 1, 31).strftime(text), text)
        except (ValueError, UnicodeError):
            text = ""
        if text is not None and "%" not in text:
            raise ValueError("codes such as %d/%m/%Y %H:%M:%S")
        return text


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
        return text if text is None else _iso_date(text)

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
            raise _said(f"class {hole} is missing: number the classes 0, 1, 2, ... without holes")
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
        column = self.columns.get(role, role)
        if isinstance(column, str):
            return column
        return next((name for name in column if names is None or name in names), column[0])

    def to_dict(self) -> dict[str, Any]:
        """A dictionary that JSON can hold."""
        return self.model_dump(mode="json")

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Mapping":
        """The mapping that `to_dict` was taken of."""
        return cls.model_validate(values)
