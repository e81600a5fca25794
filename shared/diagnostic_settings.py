"""Settings that every solution on patients shares: who judges, what the clinic demands, who is referred."""

import math
from collections.abc import Mapping, Sequence
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

    def with_usual(self, values: Mapping[str, Any]) -> "DiagnosticSettings":
        """The same with `values` for settings that nobody has set.

        Example:
            >>> found = DiagnosticSettings(epochs=3).with_usual({"epochs": 12, "batch_size": 32})
            >>> found.epochs, found.batch_size
            (3, 32)
        """
        unset = {name: value for name, value in values.items() if name not in self.model_fields_set}
        return self.model_copy(update=unset)

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


def usual_training(
    by_modality: Mapping[str, Mapping[str, Any]], modalities: Sequence[str], rows: int, *, photo_steps: int
) -> dict[str, Any]:
    """Settings of training that suit what a network reads: those of its photos, else of its signals, else of its table.

    Few photos are shown in smaller batches, and more often.

    Args:
        by_modality: Settings for `table`, `photo` and `signal`; for photos `batch_size` among them.
        modalities: What the network reads.
        rows: How many train.
        photo_steps: That a network of photos needs at least, however few they are.
    Example:
        >>> usual = {"table": {}, "photo": {"batch_size": 128}, "signal": {"batch_size": 32}}
        >>> usual_training(usual, ["table", "photo"], 300, photo_steps=700)
        {'batch_size': 16, 'epochs': 37}
        >>> usual_training(usual, ["table", "signal"], 300, photo_steps=700)
        {'batch_size': 32}
    """
    found = dict(by_modality[next(name for name in ("photo", "signal", "table") if name in modalities)])
    if "photo" in modalities:
        batch = min(found["batch_size"], max(16, 2 ** int(math.log2(max(1, rows / 20)))))
        epochs = min(60, max(20, round(photo_steps * batch / max(1, rows))))
        found |= {"batch_size": batch, "epochs": epochs}
    return found
