"""`FraudPipeline`: wiring only. What it decides stands in `data`, `model`, `money` and `config`."""

from functools import partial
from typing import Any

import numpy as np

from shared.baselines import GRIDS
from shared.binary import BinaryPipeline
from shared.contract import Mapping, Table
from shared.decisions import Costs
from shared.encoding import Features
from shared.history import group_codes
from shared.inputs import Inputs
from shared.metrics import card_precision_at_k
from shared.money import choose_thresholds
from shared.split_settings import make_splits
from shared.splits import Split

from . import data
from .config import FraudConfig


class FraudPipeline(BinaryPipeline):
    """Gives each card payment the probability that it is fraud, and passes, reviews or blocks it.

    Example:
        >>> FraudPipeline.name, [role.name for role in FraudPipeline.roles if role.required]
        ('finance.fraud', ['time', 'amount', 'label'])
    """

    name = "finance.fraud"
    title = {"en": "Card payment fraud", "zh": "银行卡交易欺诈识别"}
    task = {"en": "pass, review or block each payment", "zh": "对每笔交易给出放行、审核或拦截"}
    roles = data.ROLES
    Config = FraudConfig
    small = {"cards": 100, "days": 40, "seed": 1}
    rivals = {
        "amount": [{"feature": "amount"}],
        **{name: grid for name, grid in GRIDS.items() if name != "prior"},
    }

    @classmethod
    def sample(cls, *, cards: int = 800, days: int = 60, seed: int = 0):
        from .sample import simulate_payments

        frame = simulate_payments(cards=cards, terminals=2 * cards, days=days, seed=seed)
        columns = {
            "time": "time",
            "amount": "amount",
            "label": "fraud",
            "card": "card",
            "terminal": "terminal",
        }
        return frame.drop(columns="scenario"), Mapping(columns=columns, simulated=True)

    def splits(self, table: Table) -> list[Split]:
        time, groups = table.frame["time"].to_numpy(), self.groups(table)
        given = table.own if table.tested else None
        return make_splits(
            self.config, self.label(table), time=time, groups=groups, seed=self.config.seed, given=given
        )

    def groups(self, table: Table):
        return group_codes(table.frame["card"]) if "card" in table.frame else None

    def features(self, table: Table) -> Features:
        return data.features(table, self.config)

    def learn(self, features: Features, rows: np.ndarray, label: np.ndarray) -> dict[str, Any]:
        state = super().learn(features, rows, label)
        return state | {"edges": data.learn_edges(features, state, rows, label, self.config)}

    def encode(self, features: Features, table: Table) -> Inputs:
        return data.with_history(super().encode(features, table), table, self.config)

    def places(self):
        history = {} if self.config.network == "tabular" else {"card_history": [("history", None)]}
        return ({} if self.config.network == "history" else super().places()) | history

    def build(self, inputs: Inputs, label: np.ndarray):
        from . import model

        return model.build(inputs.shapes, self.state, self.config, prior=float(label.mean()))

    def costs(self, table: Table) -> Costs:
        return data.costs(table, self.label(table), self.config)

    def prices(self) -> dict[str, float]:
        config = self.config
        prices = {"fraud_fee": config.missed_fraud_cost, "missed_share": config.amount_at_risk}
        return prices | {"review": config.review_cost, "false_block": config.false_block_cost}

    def decide(self, table: Table, rows: np.ndarray, scores: np.ndarray):
        budget = None
        if self.config.alerts_per_day:
            days = table.frame["time"].dt.floor("D").nunique()
            budget = min(1.0, self.config.alerts_per_day * days / len(table))
        return choose_thresholds(scores, self.costs(table).take(rows), budget=budget)

    def rule(self, table: Table):
        return data.rule(table, self.config)

    def slices(self, table: Table, features: Features, rows: np.ndarray) -> dict[str, np.ndarray]:
        return data.parts(table, features, rows)

    def extra_metrics(self, table: Table, rows: np.ndarray) -> dict[str, Any]:
        if "card" not in table.frame:
            return {}
        day = table.frame["time"].dt.floor("D").to_numpy()[rows]
        card = self.groups(table)[rows]
        return {"card_precision_100": partial(card_precision_at_k, day=day, card=card, k=100)}
