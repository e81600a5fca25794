"""How a customer's table is to be read: which column plays which role, and how its cells are written."""

import codecs
import zoneinfo
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, field_validator


class Settings(BaseModel):
    """Typed values that cannot be changed or misspelt; every settings class is one.

    Example:
        >>> class Net(Settings):
        ...     units: int = Field(64, ge=1, description="size of the hidden state")
        >>> Net(units=8)
        Net(units=8)
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False)


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
        try:
            naive = datetime.fromisoformat(text).tzinfo is None
        except ValueError:
            naive = False
        if not naive:
            raise ValueError("a date without offset in ISO 8601, such as 2013-09-01")
        return text

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


class Mapping(Settings):
    """Which column of the customer's table plays which role, and how its cells are to be read.

    Args:
        columns: The customer's column by role.
        numeric: Further columns that are read as numbers.
        categorical: Further columns that are read as categories.
        labels: The class, 0, 1, ..., by the text of the label column.
        format: How the file is written.
        simulated: Whether the data are made up; every report then says so.
    Example:
        >>> mapping = Mapping(columns={"time": "TX_DATETIME"}, labels={"是": 1, "否": 0})
        >>> Mapping.from_dict(mapping.to_dict()) == mapping
        True
    """

    columns: dict[str, str] = {}
    numeric: list[str] = []
    categorical: list[str] = []
    labels: dict[str, Annotated[StrictInt, Field(ge=0)]] = {}
    format: Format = Format()
    simulated: bool = False

    def to_dict(self) -> dict[str, Any]:
        """A dictionary that JSON can hold."""
        return self.model_dump(mode="json")

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Mapping":
        """The mapping that `to_dict` was taken of."""
        return cls.model_validate(values)
