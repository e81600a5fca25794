"""Settings that every solution on patients shares: who judges, what the clinic demands, who is referred."""

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from shared.fit_settings import FitSettings
from shared.split_settings import SplitSettings


class DiagnosticSettings(FitSettings, SplitSettings):
    """How patients are parted, and what a clinic demands of the answers.

    Example:
        >>> DiagnosticSettings(demanded=0.9).rule
        'sensitivity'
    """

    # Which patients train and which judge
    split: Literal["stratified", "time", "site"] = Field(
        "stratified", description="at random, class by class; past and future; or each site in turn judges"
    )
    folds: int = Field(1, ge=1, le=50, description="folds that judge in turn; 1: one fifth judges")
    repeats: int = Field(1, ge=1, le=50, description="rounds of the folds, each drawn anew")
    inner_folds: Literal["auto"] | Annotated[int, Field(ge=1, le=50)] = Field(
        "auto",
        description="networks, each fitted with another part of the training rows held out, which calibrate and set "
        "the threshold; 1: one network and a validation part. auto: 5 up to 20,000 rows, 1 beyond, with photos, or "
        "where a validation part is given",
    )
    fewest: int = Field(20, ge=2, description="rows of a class or group below which the report warns")
    allow_leaks: tuple[str, ...] = Field(
        (), description="columns that give the label away and may stay; * for all"
    )

    # What the clinic demands
    rule: Literal["sensitivity", "specificity"] = Field(
        "sensitivity", description="which of the two the threshold keeps"
    )
    demanded: float = Field(0.95, gt=0, lt=1, description="the share that is demanded of it")
    confidence: float | None = Field(
        0.95, gt=0.5, lt=1, description='that new patients keep it; "none": they do on average'
    )
    refer: float = Field(
        0.2, ge=0, lt=1, description="share of patients referred, the least certain; 0: none"
    )
    level: float = Field(0.9, gt=0.5, lt=1, description="share of prediction sets that hold the truth")
    site_prevalence: float | None = Field(
        None, gt=0, lt=1, description="share of the ill where it will run, if it differs from the data's"
    )
    calibration: Literal["auto", "none", "temperature", "platt", "isotonic"] = Field(
        "auto",
        description="how scores become probabilities, on rows held out; of three or more classes auto or none",
    )

    # What is shown
    class_names: tuple[str, ...] = Field(
        (), description="what the classes 0, 1, ... are called; left out: as the texts under [labels]"
    )
    intended_use: str = Field(
        "", description="one sentence for the report: whom it is for, and for what decision"
    )
    not_for: str = Field("", description="one sentence for the report: what it must not be used for")
    bands: dict[str, tuple[float, ...]] = Field(
        {}, description="cuts of numeric group columns, such as {age = [40, 60, 75]}; left out: quartiles"
    )
    gallery: int = Field(
        9, ge=0, le=30, description="photos and signals in the report, with what spoke for the answer"
    )

    # Photos and signals
    side: int = Field(64, ge=16, le=1024, description="pixels of the square that photos are scaled to")
    channels: Literal["auto", 1, 3] = Field("auto", description="1 grey, 3 colour; auto: as they are")
    fit: Literal["pad", "stretch"] = Field(
        "pad", description="photos that are no squares: with bars, or stretched"
    )
    workers: int = Field(2, ge=1, le=64, description="threads that read files")
    memory_mb: float = Field(1000, gt=0, description="for decoded photos")
    most_megapixels: float = Field(50, gt=0, description="larger photos are refused")
    most_steps: int = Field(2000, ge=8, description="longer signals are averaged down to it")

    @field_validator("bands")
    @classmethod
    def _bands_rise(cls, bands: dict[str, tuple[float, ...]]) -> dict[str, tuple[float, ...]]:
        if any(list(cuts) != sorted(set(cuts)) or not cuts for cuts in bands.values()):
            raise ValueError("cuts that rise, such as {age = [40, 60, 75]}")
        return bands

    @field_validator("confidence", mode="before")
    @classmethod
    def _none_is_a_word(cls, value: Any) -> Any:
        """TOML has no null."""
        return None if value == "none" else value
