"""How sales records become series: what a solution's settings say about it."""

from typing import Literal

from pydantic import Field

from shared.contract.mapping import Settings


class SeriesSettings(Settings):
    """What is summed, what is left out, and what a missing row means. A solution's config inherits it.

    Example:
        >>> SeriesSettings(frequency="W", cancelled=("C*",)).returns
        'drop'
    """

    frequency: Literal["auto", "H", "D", "W", "M"] = Field(
        "auto",
        description="length of a step: hour, day, week (from Monday), month; auto: read from the dates",
    )
    rows: Literal["auto", "sales", "regular"] = Field(
        "auto",
        description="sales: lines are summed, a period without a line is a true zero after the first sale; "
        "regular: one row a series and period; auto: regular if nothing is doubled, nothing is left out and most "
        "series end together",
    )
    gaps: Literal["error", "zero", "missing"] = Field(
        "error", description="what a period without a row means, of regular rows"
    )
    returns: Literal["drop", "net", "error"] = Field(
        "drop",
        description="negative quantities: left out, subtracted from their period (not below 0), or refused",
    )
    cancelled: tuple[str, ...] = Field(
        (), description="patterns of the status of lines that were cancelled, such as C*"
    )
    ignored_items: tuple[str, ...] = Field(
        (), description="patterns of items that are no goods, such as POST*"
    )
    most_quantity: float = Field(
        1_000_000, gt=0, description="pieces; a line with more is taken for a mistake and refused"
    )
    partial: Literal["drop", "keep"] = Field(
        "drop", description="a first or last week or month that the lines do not cover whole"
    )
    past_known: tuple[str, ...] = Field(
        (), description="numeric features that are known only afterwards; all others are known ahead"
    )
    top_series: int | None = Field(None, ge=1, description="only so many best-selling series (default: all)")
    top_before: int = Field(
        0, ge=0, description="steps at the end that do not count for top_series: those it is judged on"
    )
    season: int | None = Field(
        None, ge=1, description="steps of the main season (default: 24 hours, 7 days, 52 weeks, 12 months)"
    )
