"""What a payment is told by: itself, its card's and its terminal's past. Nothing here sees the future."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shared.decisions import Costs, screening_costs
from shared.features import Columns, clock, columns_of_past, histories, numbers, remembered
from shared.history import DAY, History, seconds
from shared.slices import by_hour, in_bands, one_of_two

if TYPE_CHECKING:  # a light scorer reads the features without these
    from shared.contract import Table
    from shared.encoding import Features

    from .config import FraudConfig

AMOUNTS = (10, 50, 100, 200, 500)  # edges of the bands that the report looks at
HIGH = 1.0
"""A payment is high when its logarithm is this much above its card's mean: 2.7 times as much."""


def columns(table: Table, config: FraudConfig) -> Columns:
    """The features of all payments, NaN where there is no past."""
    frame = table.frame
    time, amount, label = seconds(frame["time"]), numbers(frame, "amount"), numbers(frame, "label")
    past = histories(frame, time, card=["card"], terminal=["terminal"], pair=["card", "terminal"])
    usual = past["card"].mean(np.log1p(amount), 30 * DAY) if "card" in past else np.nan
    unusual = np.nan_to_num(np.log1p(amount) - usual)  # 0 where the card has no past
    unusual = remembered(frame, "unusual", unusual)  # terminals read it of payments of other cards
    payment = {"amount": amount, "log_amount": np.log1p(amount), **clock(time)}
    return payment | columns_of_past(
        past,
        card=lambda card: _of_card(card, amount, unusual, label, config),
        terminal=lambda terminal: _of_terminal(terminal, unusual, label, config),
        pair=lambda pair: {"card_at_terminal": np.log1p(pair.count()), "terminal_is_new": pair.count() == 0},
    )


def _of_card(card: History, amount, unusual, label, config: FraudConfig) -> Columns:
    amounts, frauds, highs = card.running(amount), card.running(label), card.running(unusual > HIGH)
    mean = card.mean(amounts, 30 * DAY)
    spread = np.sqrt(np.maximum(card.mean(amount**2, 30 * DAY) - mean**2, 0))
    found = {
        "amount_to_card_mean": np.log((amount + 1) / (mean + 1)),
        "amount_to_card_spread": np.clip((amount - mean) / (spread + 1), -20, 20),
        "card_since_last": np.log1p(card.seconds_since_last()),
        "card_unusual_7d": card.mean(np.maximum(unusual, 0) ** 2, 7 * DAY),
    }
    for days in config.windows:
        known = card.total(frauds, days * DAY, delay=config.label_delay * DAY)
        found[f"card_count_{days}d"] = np.log1p(card.count(days * DAY))
        found[f"card_mean_{days}d"] = np.log1p(card.mean(amounts, days * DAY))
        found[f"card_frauds_{days}d"] = np.log1p(known)
    for days in (1, 3, 7, 14):
        found[f"card_high_{days}d"] = np.log1p(card.total(highs, days * DAY))
    found["card_high_share"] = card.total(highs, 14 * DAY) / (card.count(14 * DAY) + 1)
    return found


def _of_terminal(terminal: History, unusual, label, config: FraudConfig) -> Columns:
    delay, unusuals, labels = config.label_delay * DAY, terminal.running(unusual), terminal.running(label)
    found = {
        "terminal_since_last": np.log1p(terminal.seconds_since_last()),
        "terminal_high_share": terminal.total(unusual > HIGH, 7 * DAY) / (terminal.count(7 * DAY) + 1),
    }
    for days in config.windows:
        frauds = terminal.total(labels, days * DAY, delay=delay)
        # One more payment than there was keeps a terminal's first fraud from reading as a risk of 1.
        found[f"terminal_risk_{days}d"] = frauds / (terminal.count(days * DAY, delay=delay) + 1)
        found[f"terminal_frauds_{days}d"] = np.log1p(frauds)
        found[f"terminal_count_{days}d"] = np.log1p(terminal.count(days * DAY))
        found[f"terminal_unusual_{days}d"] = terminal.mean(unusuals, days * DAY)
    return found


def costs(table: Table, label: np.ndarray, config: FraudConfig) -> Costs:
    """Fraud let through loses its amount and a fixed sum; a review, and a genuine payment refused, cost too."""
    missed = config.missed_fraud_cost + config.amount_at_risk * numbers(table.frame, "amount")
    return screening_costs(label > 0, missed, review=config.review_cost, false_block=config.false_block_cost)


def parts(table: Table, features: Features, rows: np.ndarray) -> dict[str, np.ndarray]:
    """The slices that the report looks at, by name: which part each test payment is in."""
    frame = table.frame.iloc[rows]
    found = {"amount band": in_bands(frame["amount"], AMOUNTS), "hour": by_hour(frame["time"])}
    if "card_since_last" in features.numbers:
        first = np.isnan(features.numbers["card_since_last"][rows])
        found["card"] = one_of_two(first, "known card", "first payment")
    return found
