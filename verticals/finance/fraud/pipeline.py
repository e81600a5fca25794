"""`FraudPipeline`: wiring only. What it decides stands in `data`, `model` and `config`."""

import numpy as np

from shared.baselines import LEARNT
from shared.binary import BinaryPipeline
from shared.contract import Table
from shared.encoding import Features
from shared.inputs import Inputs
from shared.money import review_above

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
    Config = FraudConfig
    key_role = "card"
    top_a_day = 100
    small = {"cards": 100, "days": 40, "seed": 1}
    rivals = {"amount": [{"feature": "amount"}], **LEARNT}

    @classmethod
    def sample(cls, *, cards: int = 800, days: int = 60, seed: int = 0):
        from shared.simulators.payments import sample_payments

        return sample_payments(cards=cards, days=days, seed=seed)

    def columns(self, table: Table):
        return data.columns(table, self.config)

    def build(self, inputs: Inputs, label: np.ndarray):
        from . import model

        return model.build(inputs.shapes, self.state, self.config, prior=float(label.mean()))

    def costs(self, table: Table):
        return data.costs(table, self.label(table), self.config)

    def prices(self) -> dict[str, float]:
        config = self.config
        prices = {"fraud_fee": config.missed_fraud_cost, "missed_share": config.amount_at_risk}
        return prices | {"review": config.review_cost, "false_block": config.false_block_cost}

    def rule(self, table: Table):
        limit, currency = self.config.rule_amount, self.config.currency
        return review_above(table.frame["amount"], limit, self.words(), currency=currency)

    def slices(self, table: Table, features: Features, rows: np.ndarray):
        return data.parts(table, features, rows)
