"""What a delivery team sets for one customer. Every value can stand in [settings] of the customer's file."""

from typing import Literal

from pydantic import Field

from shared.fit_settings import FitSettings
from shared.forecast_settings import ForecastSettings
from shared.series.settings import SeriesSettings


class DemandConfig(FitSettings, ForecastSettings, SeriesSettings):
    """Settings of `retail.demand`; those of series, forecasts and training have their words in `shared`.

    Example:
        >>> DemandConfig(horizon=14).head
        'quantiles'
    """

    # The network
    network: Literal["nhits", "tide", "tsmixer", "lstm"] = Field(
        "nhits", description="nhits and tide measured best, and nhits is the faster"
    )
    units: int = Field(128, ge=4, description="width of a hidden layer")
    depth: int = Field(2, ge=1, le=8, description="hidden layers of a block")
    dropout: float = Field(0.1, ge=0, lt=1, description="share of a hidden layer left out in training")
    read_keys: bool = Field(False, description="let the network know each item and store by name")
    most_categories: int = Field(1000, ge=1, description="values of a static column with a row of their own")

    # Training
    epochs: int = Field(8, ge=1, description="passes over the training windows")
    batch_size: int = Field(512, ge=1, description="windows a step")
    learning_rate: float = Field(1e-3, gt=0, description="of Adam, at its highest")
    schedule: Literal["constant", "cosine"] = Field("cosine", description="of the learning rate")
    patience: int = Field(0, ge=0, description="0: the cosine runs to its end; the best epoch is kept")
    clip_norm: float | None = Field(1.0, gt=0, description="largest norm of all gradients together")

    # Money
    currency: str = Field("EUR", min_length=1, max_length=8, description="of all amounts")
    short_cost: float = Field(
        2.0, gt=0, description="lost with each piece too few, where the table has no column"
    )
    over_cost: float = Field(0.5, gt=0, description="of each piece left over at the end of a period")
    cost_by_price: bool = Field(False, description="the two are shares of the item's price")
    lead_time: int = Field(0, ge=0, le=365, description="periods from an order to its delivery")
    service_level: float = Field(0.95, gt=0.5, lt=1, description="of the reorder point and its safety stock")
    whole_pieces: bool = Field(True, description="orders are whole pieces")
