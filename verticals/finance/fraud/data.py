"""What a payment is told by: itself, its card's and its terminal's past. Nothing here sees the future."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd

from shared.contract import NUMERIC, Role, Table
from shared.decisions import PASS, REVIEW, Costs
from shared.encoding import Features, encode_numbers
from shared.history import DAY, History, key_codes, seconds
from shared.inputs import Inputs, WindowInputs

from .config import FraudConfig

ROLES = (
    Role(
        name="time",
        kind="time",
        description="moment of the payment",
        description_zh="交易时间",
        aliases=("tx_datetime", "datetime", "timestamp", "date", "交易时间", "时间", "日期"),
    ),
    Role(
        name="amount",
        kind="number",
        unit="currency",
        low=0,
        description="amount of the payment",
        description_zh="交易金额",
        aliases=("tx_amount", "amt", "value", "交易金额", "金额"),
    ),
    Role(
        name="label",
        kind="label",
        high=1,
        predict=False,
        description="1 for fraud, 0 for genuine",
        description_zh="是否欺诈",
        aliases=("tx_fraud", "fraud", "is_fraud", "class", "欺诈", "是否欺诈", "标签"),
    ),
    Role(
        name="card",
        kind="key",
        required=False,
        missing=True,
        description="card or customer that pays",
        description_zh="卡号或客户号",
        aliases=("customer_id", "card_id", "account", "卡号", "客户号", "账户"),
    ),
    Role(
        name="terminal",
        kind="key",
        required=False,
        missing=True,
        description="terminal or merchant that is paid",
        description_zh="终端或商户号",
        aliases=("terminal_id", "merchant", "merchant_id", "终端", "商户", "商户号"),
    ),
)

HIGH = 1.0
"""A payment is high when its logarithm is this much above its card's mean: 2.7 times as much."""


def features(table: Table, config: FraudConfig) -> Features:
    """All features of all payments, float32, NaN where there is no past."""
    frame = table.frame
    time, amount = seconds(frame["time"]), frame["amount"].to_numpy(np.float64)
    label = frame["label"].to_numpy(np.float64) if "label" in frame else np.full(len(frame), np.nan)
    columns = _of_payment(time, amount)
    with ThreadPoolExecutor(3) as pool:  # sorting and summing leave Python's lock
        terminal = pool.submit(_past, frame, ["terminal"], time)
        pair = pool.submit(_past, frame, ["card", "terminal"], time)
        unusual = np.zeros(len(frame))
        card = _past(frame, ["card"], time)
        if card is not None:
            usual = card.mean(np.log1p(amount), 30 * DAY)
            unusual = np.nan_to_num(np.log1p(amount) - usual)
        jobs = [pool.submit(_of_card, card, amount, unusual, label, config)] if card is not None else []
        jobs += [
            pool.submit(_of_terminal, past, unusual, label, config) for past in [terminal.result()] if past
        ]
        for job in jobs:
            columns |= job.result()
        if pair.result() is not None:
            count = pair.result().count()
            columns |= {"card_at_terminal": np.log1p(count), "terminal_is_new": count == 0}
    categories = {}
    for name in frame.columns.difference([role.name for role in ROLES], sort=False):
        kind, _, plain = name.partition("/")
        own = (
            plain not in columns and plain not in categories
        )  # a customer's column may be called `night` too
        (columns if f"{kind}/" == NUMERIC else categories)[plain if own else name] = frame[name]
    numbers = {name: np.asarray(values, np.float32) for name, values in columns.items()}
    return Features(numbers, categories)


def _past(frame: pd.DataFrame, keys: list[str], time: np.ndarray) -> History | None:
    """The payments by key and time, if the table has all of the keys."""
    return History(key_codes(*(frame[key] for key in keys)), time) if set(keys) <= set(frame) else None


def _of_payment(time: np.ndarray, amount: np.ndarray) -> dict[str, np.ndarray]:
    hour = time % DAY / 3600
    weekday = (time // DAY + 3) % 7  # 1970-01-01 was a Thursday; Monday is 0
    return {
        "amount": amount,
        "log_amount": np.log1p(amount),
        "hour_sin": np.sin(2 * np.pi * hour / 24),
        "hour_cos": np.cos(2 * np.pi * hour / 24),
        "night": hour < 6,
        "weekend": weekday >= 5,
    }


def _of_card(card: History, amount, unusual, label, config: FraudConfig) -> dict[str, np.ndarray]:
    amounts, frauds, highs = card.running(amount), card.running(label), card.running(unusual > HIGH)
    mean = card.mean(amounts, 30 * DAY)
    spread = np.sqrt(np.maximum(card.mean(amount**2, 30 * DAY) - mean**2, 0))
    columns = {
        "amount_to_card_mean": np.log((amount + 1) / (mean + 1)),
        "amount_to_card_spread": np.clip((amount - mean) / (spread + 1), -20, 20),
        "card_since_last": np.log1p(card.seconds_since_last()),
        "card_unusual_7d": card.mean(np.maximum(unusual, 0) ** 2, 7 * DAY),
    }
    for days in config.windows:
        count = card.count(days * DAY)
        columns[f"card_count_{days}d"] = np.log1p(count)
        columns[f"card_mean_{days}d"] = np.log1p(card.mean(amounts, days * DAY))
        columns[f"card_frauds_{days}d"] = np.log1p(
            card.total(frauds, days * DAY, delay=config.label_delay * DAY)
        )
    for days in (1, 3, 7, 14):
        columns[f"card_high_{days}d"] = np.log1p(card.total(highs, days * DAY))
    columns["card_high_share"] = card.total(highs, 14 * DAY) / (card.count(14 * DAY) + 1)
    return columns


def _of_terminal(terminal: History, unusual, label, config: FraudConfig) -> dict[str, np.ndarray]:
    delay, unusuals, labels = config.label_delay * DAY, terminal.running(unusual), terminal.running(label)
    columns = {
        "terminal_since_last": np.log1p(terminal.seconds_since_last()),
        "terminal_high_share": terminal.total(unusual > HIGH, 7 * DAY) / (terminal.count(7 * DAY) + 1),
    }
    for days in config.windows:
        frauds = terminal.total(labels, days * DAY, delay=delay)
        # One more payment than there was keeps a terminal's first fraud from reading as a risk of 1.
        columns[f"terminal_risk_{days}d"] = frauds / (terminal.count(days * DAY, delay=delay) + 1)
        columns[f"terminal_frauds_{days}d"] = np.log1p(frauds)
        columns[f"terminal_count_{days}d"] = np.log1p(terminal.count(days * DAY))
        columns[f"terminal_unusual_{days}d"] = terminal.mean(unusuals, days * DAY)
    return columns


def learn_edges(
    features: Features, state: dict[str, Any], rows, label, config: FraudConfig
) -> list[list[float]]:
    """Bins of the piecewise-linear embedding of each number, where the network has one."""
    if not config.bins:
        return []
    from shared.builders import tree_edges

    columns = {name: values[rows] for name, values in features.numbers.items()}
    return tree_edges(encode_numbers(columns, state["numbers"]), label, bins=config.bins)


def with_history(inputs: Inputs, table: Table, config: FraudConfig) -> Inputs:
    """Adds the card's latest payments, gathered at batch time, for the networks that read them."""
    if config.network == "tabular":
        return inputs
    frame = table.frame
    codes = key_codes(frame["card"]) if "card" in frame else np.full(len(frame), -1)
    past = History(codes, seconds(frame["time"]))
    arrays = inputs.arrays if config.network == "fused" else {}
    steps = inputs.arrays["number"]
    return WindowInputs(
        arrays,
        steps,
        order=past.order,
        rank=past.rank(),
        before=past.before(),
        window=config.history,
        name="history",
    )


def costs(table: Table, label: np.ndarray, config: FraudConfig) -> Costs:
    """Fraud let through loses its amount and a fixed sum; a review, and a genuine payment refused, cost too."""
    amount, fraud = table.frame["amount"].to_numpy(np.float64), label > 0
    return Costs(
        passed=fraud * (config.missed_fraud_cost + config.amount_at_risk * amount),
        reviewed=np.full(len(amount), config.review_cost),
        blocked=~fraud * config.false_block_cost,
    )


def rule(table: Table, config: FraudConfig) -> tuple[np.ndarray, dict[str, str]]:
    """Today's decision on each payment, and its words."""
    if config.rule_amount is None:
        text = {"en": "no screening: every payment passes", "zh": "不做筛查：所有交易均放行"}
        return np.full(len(table), PASS), text
    over = f"{config.rule_amount:g} {config.currency}"
    text = {"en": f"payments above {over} are reviewed", "zh": f"金额超过 {over} 的交易进入人工审核"}
    return np.where(table.frame["amount"].to_numpy() > config.rule_amount, REVIEW, PASS), text


def parts(table: Table, features: Features, rows: np.ndarray) -> dict[str, np.ndarray]:
    """The slices that the report looks at, by name: which part each test payment is in."""
    amount = table.frame["amount"].to_numpy()[rows]
    hour = table.frame["time"].dt.hour.to_numpy()[rows]
    bands = ["0-10", "10-50", "50-100", "100-200", "200-500", "500+"]
    band = np.digitize(amount, [10, 50, 100, 200, 500])
    found = {
        "amount band": pd.Categorical.from_codes(band, bands),
        "hour": pd.Categorical.from_codes(hour // 6, ["00-06", "06-12", "12-18", "18-24"]),
    }
    if "card_since_last" in features.numbers:
        first = np.isnan(features.numbers["card_since_last"][rows])
        found["card"] = pd.Categorical.from_codes(first.astype(int), ["known card", "first payment"])
    return found
