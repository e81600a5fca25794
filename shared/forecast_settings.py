"""How series are forecast and judged, as settings that every forecasting solution shares."""

from itertools import pairwise
from typing import Literal

from pydantic import Field, field_validator

from shared.config import Settings
from shared.series.metrics import QUANTILES


class ForecastSettings(Settings):
    """What is forecast, how it is read, how it is judged.

    Example:
        >>> ForecastSettings(horizon=4).quantiles[0]
        0.05
    """

    horizon: int = Field(28, ge=1, le=1000, description="periods that are forecast")
    origins: int = Field(3, ge=1, le=50, description="rolling origins that judge, horizon periods apart")
    valid_origins: int = Field(2, ge=1, le=50, description="origins before these that choose and correct")
    quantiles: tuple[float, ...] = Field(QUANTILES, min_length=3, description="levels; .5 must be among them")

    lookback: int = Field(84, ge=1, le=5000, description="periods of the past that are read")
    transform: Literal["none", "log"] = Field(
        "log",
        description="log: of a value and the smallest usual quantity, so that zero has one; measured best",
    )
    center: Literal["none", "mean", "last"] = Field(
        "none",
        description="what is taken off first: nothing, the mean, or the last value (series that wander)",
    )
    unit: Literal["level", "change"] = Field(
        "level", description="what a series is scaled by: its mean size or its mean step"
    )
    baseline: Literal["none", "last", "season"] = Field(
        "none", description="what the network's answer is added to, such as the value a season earlier"
    )
    read_sizes: bool = Field(
        True, description="read a series' size, share of zeros, age and which of its steps are known"
    )
    least_history: int | None = Field(
        None, ge=1, description="periods a training window has behind it at least; left out: by lookback"
    )
    calendar: bool = Field(
        True, description="read the time of day, week and year, as far as the past holds them twice"
    )
    most_windows: int = Field(40_000, ge=100, description="training windows, drawn where there are more")
    weight: Literal["series", "volume"] = Field(
        "series", description="series: each counts alike; volume: by the root of its level, where money is"
    )

    members: int = Field(3, ge=1, le=64, description="networks from different seeds, averaged")
    head: Literal["quantiles", "negative_binomial", "zero_inflated"] = Field(
        "quantiles",
        description="what the network says of a period; the last two suit whole pieces that are few",
    )
    refit: bool = Field(
        True, description="fit again up to the origin itself, once the validation origins have had their say"
    )
    choosing_members: int | None = Field(
        None, ge=1, description="networks fitted for the validation origins; left out: as many as members"
    )
    conformal: bool = Field(True, description="correct the quantiles by the validation origins")

    statistical_rivals: Literal["auto"] | bool = Field(
        "auto", description="judge AutoETS and AutoTheta of statsforecast too; auto: where it is installed"
    )

    @field_validator("quantiles")
    @classmethod
    def _rising(cls, levels: tuple[float, ...]) -> tuple[float, ...]:
        inside = all(0 < level < 1 for level in levels)
        if not inside or any(b <= a for a, b in pairwise(levels)) or 0.5 not in levels:
            raise ValueError("levels that rise within 0 to 1, 0.5 among them")
        return levels
