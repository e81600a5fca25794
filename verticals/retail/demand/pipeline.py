"""`DemandPipeline`: wiring only. What it decides stands in `data`, `model` and `config`."""

import numpy as np

from shared.forecast import ForecastPipeline
from shared.series.panel import Panel

from . import data
from .config import DemandConfig


class DemandPipeline(ForecastPipeline):
    """Gives each item and store the quantiles of its demand in the periods ahead, and what to order.

    Example:
        >>> DemandPipeline.name, [role.name for role in DemandPipeline.roles if role.required]
        ('retail.demand', ['date', 'quantity'])
    """

    name = "retail.demand"
    title = {"en": "Demand forecast and orders", "zh": "需求预测与订货"}
    task = {
        "en": "forecast the demand of each item and say what to order",
        "zh": "预测每个商品的需求并给出订货量",
    }
    Config = DemandConfig
    small = {"items": 6, "stores": 2, "days": 320, "seed": 1}

    @classmethod
    def sample(cls, *, items: int = 40, stores: int = 3, days: int = 760, seed: int = 0):
        from shared.simulators.shops import sample_shops

        return sample_shops(items=items, stores=stores, days=days, seed=seed)

    def build(self, shapes, outputs: int, name: str):
        from . import model

        return model.build(shapes, self.state, self.config, outputs, name)

    def costs(self, panel: Panel) -> tuple[np.ndarray, np.ndarray]:
        return data.costs(panel, self.config)

    def parts(self, panel: Panel, origin: int) -> dict[str, np.ndarray]:
        found = {"volume": data.volume_classes(panel, origin), "pattern": data.sale_classes(panel, origin)}
        return found | {
            name: np.asarray(values.astype(str), object) for name, values in panel.statics.items()
        }
