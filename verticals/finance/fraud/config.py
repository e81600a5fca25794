"""What a delivery team sets for one customer. Every value can stand in [settings] of the customer's file."""

from typing import Literal

from pydantic import Field, PositiveInt

from shared.fit_settings import FitSettings
from shared.split_settings import SplitSettings


class FraudConfig(FitSettings, SplitSettings):
    """Settings of `finance.fraud`; those of the split and of training have their words in `shared`.

    Example:
        >>> FraudConfig(epochs=3).label_delay
        7
    """

    # Which rows train and which judge
    test_days: int | None = Field(7, ge=1, description="days that judge the model")
    label_delay: int = Field(7, ge=0, le=365, description="days until a fraud is reported")
    drop_known: bool = Field(True, description="judge without cards whose fraud is known: they are blocked")

    # What a payment is told by
    windows: tuple[PositiveInt, ...] = Field((1, 7, 30), min_length=1, description="days looked back on")
    history: int = Field(16, ge=1, le=256, description="payments of the card that the LSTM looks back on")
    most_categories: int = Field(1000, ge=1, description="values of a category column with a vector each")

    # The network
    network: Literal["tabular", "history", "fused"] = Field("tabular", description="the first measured best")
    members: int = Field(8, ge=1, le=64, description="networks in one: TabM's k")
    units: int = Field(128, ge=4, description="width of a hidden layer")
    depth: int = Field(2, ge=1, le=8, description="hidden layers")
    dropout: float = Field(0.1, ge=0, lt=1, description="share of a hidden layer left out in training")
    bins: int = Field(16, ge=0, le=128, description="bins of the piecewise-linear embedding; 0: none")
    number_dim: int = Field(6, ge=1, description="width of each number's embedding")

    # Training
    epochs: int = Field(12, ge=1, description="passes over the training rows")
    batch_size: int = Field(512, ge=1, description="rows a step")
    learning_rate: float = Field(3e-3, gt=0, description="of AdamW, at its highest")
    weight_decay: float = Field(1e-2, ge=0, description="of AdamW")
    schedule: Literal["constant", "cosine"] = Field("cosine", description="of the learning rate")
    warmup: float = Field(0.05, ge=0, lt=1, description="share of the steps in which the rate rises")
    patience: int = Field(0, ge=0, description="0: the cosine runs to its end; the best epoch is kept")
    calibration: Literal["auto", "none", "temperature", "platt", "isotonic"] = Field(
        "auto", description="how scores become probabilities, on validation rows; auto: the best there"
    )
    blend: bool = Field(True, description="judge the mean of the model and the best rival too")

    # Money
    currency: str = Field("EUR", min_length=1, max_length=8, description="of all amounts")
    missed_fraud_cost: float = Field(25.0, ge=0, description="of each fraud let through, besides its amount")
    amount_at_risk: float = Field(1.0, ge=0, description="share of the amount lost with such a fraud")
    review_cost: float = Field(5.0, ge=0, description="of a person looking at one payment")
    false_block_cost: float = Field(30.0, ge=0, description="of refusing a genuine payment")
    alerts_per_day: int | None = Field(None, ge=1, description="reviews a day; left out: as many as pay off")
    rule_amount: float | None = Field(None, ge=0, description="today's rule: review above it; left out: none")
