"""What a clinic's data team sets. Every value can stand in [settings] of the clinic's file."""

from typing import Literal

from pydantic import Field

from shared.diagnostic_settings import DiagnosticSettings

TRAINING = {
    "table": {},
    "photo": {"batch_size": 128, "learning_rate": 3e-3, "weight_decay": 0.05, "warmup": 0.1},
    "signal": {"epochs": 12, "batch_size": 32, "learning_rate": 1e-3, "weight_decay": 0.01},
}
"""How to train where there are photos, or else signals; the defaults below suit a table."""
PHOTO_STEPS = (
    700  # that a network of photos needs at least; few photos are shown in smaller batches, more often
)


class DiagnosisConfig(DiagnosticSettings):
    """Settings of `healthcare.diagnosis`; those of parts, demands and files have their words in `shared`.

    Example:
        >>> DiagnosisConfig(epochs=3).members
        8
    """

    # The table: a linear network that starts from a logistic regression, and TabM on top of it
    units: int = Field(32, ge=4, description="width of a hidden layer")
    depth: int = Field(2, ge=1, le=8, description="hidden layers")
    members: int = Field(8, ge=1, le=64, description="networks in one: TabM's k")
    dropout: float = Field(0.3, ge=0, lt=1, description="share of a hidden layer left out in training")
    input_dropout: float = Field(0.2, ge=0, lt=1, description="share of the columns left out in training")

    # Photos: a compact residual network, or one that was trained on ImageNet
    backbone: Literal["residual", "mobilenet_v2", "efficientnet_v2_b0", "resnet50", "convnext_tiny"] = Field(
        "residual",
        description="what reads photos; residual learns from nothing, the others rest as they were trained",
    )
    weights: str = Field(
        "imagenet", description="of a pretrained backbone: imagenet (fetched), a file .weights.h5, or none"
    )
    photo_units: int = Field(16, ge=16, le=256, description="channels of the finest map")
    photo_depth: int = Field(2, ge=1, le=6, description="residual blocks a stage")
    photo_dropout: float = Field(0.3, ge=0, lt=1, description="share of the last map's channels left out")
    photo_changes: float = Field(
        1.0,
        ge=0,
        le=3,
        description="how much photos are moved, turned, lit otherwise in training and, once each, for calibration",
    )
    mirror: bool = Field(True, description="also mirrored left to right; not where left and right differ")

    # Signals: a linear network on random convolutions, and residual convolutions with an LSTM on top of it
    random_kernels: int = Field(
        1000, ge=0, le=10_000, description="random convolutions that the linear part reads; 0: no linear part"
    )
    signal_units: int = Field(32, ge=4, le=256, description="channels of the first block")
    signal_depth: int = Field(3, ge=1, le=6, description="residual blocks")
    kernel: int = Field(7, ge=3, le=63, description="steps that a convolution spans")
    lstm_units: int = Field(32, ge=4, le=256, description="size of the LSTM's state")
    signal_dropout: float = Field(0.2, ge=0, lt=1, description="share of the encoding left out")
    augment_signals: bool = Field(True, description="in training, scale, shift and bend each signal a little")
    modality_dropout: float = Field(
        0.2, ge=0, lt=1, description="chance that a modality is withheld in training, where there are several"
    )

    # Training of a table; see TRAINING for photos and signals
    epochs: int = Field(20, ge=1, description="passes over the training rows")
    batch_size: int = Field(64, ge=1, description="rows a step")
    learning_rate: float = Field(1e-3, gt=0, description="of AdamW, at its highest")
    weight_decay: float = Field(0.1, ge=0, description="of AdamW")
    schedule: Literal["constant", "cosine"] = Field("cosine", description="of the learning rate")
    warmup: float = Field(0.05, ge=0, lt=1, description="share of the steps in which the rate rises")
    patience: int = Field(0, ge=0, description="0: the cosine runs to its end; the best epoch is kept")
