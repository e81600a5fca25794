"""How a customer's file is written: encoding, separators, dates, header, sheet; and what settings have in common."""

import codecs
import re
import zoneinfo
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

DROPPED = ', with incomplete = "drop" to leave such rows out'  # said behind `missing under [format]`
EXPRESSION = r"[^\[\]]*[^\[\]\s](?:\[:, *(?:\d+|\d*:\d*)\])?"


class Settings(BaseModel):
    """Typed values that cannot be changed or misspelt; every settings class is one.

    Example:
        >>> class Net(Settings):
        ...     units: int = Field(64, ge=1, description="size of the hidden state")
        >>> Net(units=8)
        Net(units=8)
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False)


def iso_date(text: str) -> str:
    """The text itself, if it is a date or moment in ISO 8601 without offset; else a fault of the setting."""
    try:
        naive = datetime.fromisoformat(text).tzinfo is None
    except ValueError:
        naive = False
    if not naive:
        raise ValueError("a date without offset in ISO 8601, such as 2013-09-01")
    return text


def said(text: str) -> PydanticCustomError:
    """A fault whose text is the whole message, where it is no matter of one value found and one expected."""
    return PydanticCustomError("said", "{text}", {"text": text})


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
            raise said("parts: two have one name, and would hold the same rows")
        for role, text in self.columns.items():
            if not re.fullmatch(EXPRESSION, text) or re.search(r"[{}]", text.replace("{part}", "")):
                wanted = "the name of an array, also with [:, 0] or [:, 1:5] behind it"
                raise said(f"columns.{role}: found `{text[:40]}`, expected {wanted}")
            if ("{part}" in text) != bool(names):
                has = "no {part}: every part would hold the same rows" if names else "{part} without `parts`"
                raise said(f"columns.{role}: `{text[:40]}` has {has}")
        return self


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
    header_row: int | None = Field(
        None, ge=1, description="row of the file, from 1, that holds the names of columns (default: detected)"
    )
    first_row: int | None = Field(
        None, ge=2, description="row of the file, from 1, at which the data begin (default: below the names)"
    )
    total_row: Literal["error", "keep", "drop"] = Field(
        "error", description="what to do with last rows that are no data: a total, a note below the table"
    )
    incomplete: Literal["error", "drop"] = Field(
        "error", description="what to do with rows to learn from in which a required cell is empty"
    )
    sheet: str | None = Field(None, min_length=1, description="of an Excel workbook (default: the first)")
    arrays: Arrays | None = Field(None, description="of a .npz file: which array plays which role")

    @model_validator(mode="after")
    def _data_below_names(self) -> "Format":
        if self.first_row is not None and self.first_row <= (self.header_row or 1):
            raise said(
                f"first_row = {self.first_row} is not below the names of columns in row {self.header_row or 1}"
            )
        return self

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
        return iso_date(text)

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
