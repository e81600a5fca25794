"""What a delivery team sets for one customer. Every value can stand in [settings] of the customer's file."""

from typing import Literal

from pydantic import Field

from shared.fit_settings import FitSettings
from shared.image_settings import ImageSettings
from shared.split_settings import SplitSettings


class DefectConfig(FitSettings, SplitSettings, ImageSettings):
    """Settings of `manufacturing.defects`; those of photos, split and training have their words in `shared`.

    Example:
        >>> DefectConfig(most_false_rejects=0.005).rule
        'false_rejects'
    """

    # Which photos train and which judge
    split: Literal["time", "group", "stratified"] = Field(
        "stratified", description="class by class at random (parts together), by part, or past and future"
    )
    folds: int = Field(1, ge=1, le=50, description="1: a fifth of the photos judges; 5: each of them once")

    # Training of a network that learns from nothing; a pretrained one has its own few settings
    epochs: int = Field(30, ge=1, description="passes over the training photos")
    batch_size: int = Field(32, ge=1, description="photos a step")
    learning_rate: float = Field(2e-3, gt=0, description="of AdamW, at its highest")
    weight_decay: float = Field(1e-4, ge=0, description="of AdamW")
    schedule: Literal["constant", "cosine"] = Field("cosine", description="of the learning rate")
    warmup: float = Field(0.1, ge=0, lt=1, description="share of the steps in which the rate rises")
    patience: int = Field(0, ge=0, description="0: the cosine runs to its end; the best epoch is kept")
    clip_norm: float | None = Field(1.0, gt=0, description="largest norm of all gradients together")
