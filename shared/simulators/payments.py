"""Simulated card payments to try the solution on.

Everything made here is simulated: no figure from it says anything about real payments. The rules are those
published for the simulator of the Fraud Detection Handbook: Le Borgne, Siblini, Lebichot and Bontempi,
"Reproducible Machine Learning for Credit Card Fraud Detection - Practical Handbook", 2022, section 3.2.
"""

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from shared.contract import Mapping

SECONDS = 86_400  # of one day
SIDE = 100.0  # of the square that cards and terminals lie in
TERMINAL_RATE, CARD_RATE = 2 / 10_000, 3 / 5_000  # share that is compromised each day
LARGE_AMOUNT = 220.0  # EUR; every larger payment is fraud
TERMINAL_DAYS, CARD_DAYS = 28, 14  # how long one stays compromised
STOLEN_SHARE, STOLEN_FACTOR = 1 / 3, 5  # of a compromised card's payments, and of their amounts


def sample_payments(*, cards: int, days: int, seed: int) -> tuple[pd.DataFrame, Mapping]:
    """Simulated payments at two terminals a card, as a customer would deliver them, and the mapping that reads them.

    Args:
        cards, days, seed: As in `simulate_payments`.
    Example:
        >>> frame, mapping = sample_payments(cards=20, days=3, seed=0)
        >>> list(mapping.columns), mapping.simulated, set(mapping.columns.values()) <= set(frame)
        (['time', 'amount', 'label', 'card', 'terminal'], True, True)
    """
    frame = simulate_payments(cards=cards, terminals=2 * cards, days=days, seed=seed)
    columns = {"time": "time", "amount": "amount", "label": "fraud", "card": "card", "terminal": "terminal"}
    return frame.drop(columns="scenario"), Mapping(columns=columns, simulated=True)


def simulate_payments(
    *,
    cards: int = 1000,
    terminals: int = 2000,
    days: int = 90,
    radius: float = 5.0,
    start: str = "2025-01-01",
    seed: int = 0,
    frauds: bool = True,
    compromised_terminals: float | None = None,
    compromised_cards: float | None = None,
) -> pd.DataFrame:
    """Makes a table of simulated card payments, sorted by time; equal arguments give an equal table.

    Cards and terminals lie at random on a 100 x 100 square, and a card pays at the terminals within `radius`.
    Each card has a mean amount between 5 and 100 EUR (standard deviation: half of it) and a mean number of
    payments a day between 0 and 4, at times of day around noon. Then three kinds of fraud are put in:

    1. every payment above 220 EUR (a check that any model must pass);
    2. a compromised terminal: all of its payments for 28 days (a phished terminal);
    3. a compromised card: each of its payments for 14 days, with a chance of one third, is made by the thief,
       and its amount is five times as large (stolen card details).

    The handbook compromises 2 of 10,000 terminals and 3 of 5,000 cards a day; here the numbers grow with the
    size in that ratio, and some are compromised before the first day, so that about .9 % of the payments are
    fraud at all sizes and times. Of few terminals few are compromised, and the share varies with the seed.

    Args:
        cards: Number of cards; one without a terminal in reach makes no payment.
        terminals: Number of terminals. Below about 200, raise `radius`.
        days: Number of days.
        radius: Reach of a card, in units of the square.
        start: First day.
        seed: Of the random numbers. `frauds=False` leaves the same payments without fraud.
        frauds: Whether to put frauds in.
        compromised_terminals: Terminals compromised a day, on average. None: terminals x 2 / 10,000.
        compromised_cards: Cards compromised a day, on average. None: cards x 3 / 5,000.
    Returns:
        Columns `transaction_id` (from 0), `time` (to the second), `card` (`C00012`), `terminal` (`T00431`),
        `amount` (EUR, two decimals), `fraud` (0 or 1), `scenario` (0: no fraud, else 1 to 3 as above).
    Example:
        >>> payments = simulate_payments(cards=200, terminals=500, days=30)
        >>> list(payments.columns)
        ['transaction_id', 'time', 'card', 'terminal', 'amount', 'fraud', 'scenario']
    """
    rng = np.random.default_rng(seed)
    reach, offsets = _reachable(cards, terminals, radius, rng)
    mean_amount = rng.uniform(5, 100, cards)
    card, second = _moments(rng.uniform(0, 4, cards) * (np.diff(offsets) > 0), days, rng)
    terminal = reach[offsets[card] + (rng.random(len(card)) * np.diff(offsets)[card]).astype(np.int64)]
    amount = _amounts(mean_amount[card], rng)
    scenario = np.zeros(len(card), np.int64)
    if frauds:
        terminals_daily = (
            compromised_terminals if compromised_terminals is not None else terminals * TERMINAL_RATE
        )
        cards_daily = compromised_cards if compromised_cards is not None else cards * CARD_RATE
        terminal_bad = _compromised(terminals, terminals_daily, days, TERMINAL_DAYS, rng)
        card_bad = _compromised(cards, cards_daily, days, CARD_DAYS, rng)
        scenario[amount > LARGE_AMOUNT] = 1
        scenario[terminal_bad[terminal, second // SECONDS]] = 2
        stolen = card_bad[card, second // SECONDS] & (rng.random(len(card)) < STOLEN_SHARE)
        scenario[stolen] = 3
        amount[stolen] = np.round(amount[stolen] * STOLEN_FACTOR, 2)
    return pd.DataFrame(
        {
            "transaction_id": np.arange(len(card)),
            "time": (np.datetime64(start, "s") + second.astype("timedelta64[s]")).astype("datetime64[us]"),
            "card": _names("C", cards).take(card),
            "terminal": _names("T", terminals).take(terminal),
            "amount": amount,
            "fraud": (scenario > 0).astype(np.int64),
            "scenario": scenario,
        }
    )


def _reachable(cards: int, terminals: int, radius: float, rng) -> tuple[np.ndarray, np.ndarray]:
    """Terminals in reach of each card: those of card i are `reach[offsets[i] : offsets[i + 1]]`."""
    at_cards, at_terminals = rng.uniform(0, SIDE, (cards, 2)), rng.uniform(0, SIDE, (terminals, 2))
    found = cKDTree(at_terminals).query_ball_point(at_cards, radius, return_sorted=True)
    offsets = np.r_[0, np.cumsum([len(near) for near in found])]
    return np.concatenate([np.asarray(near, np.int64) for near in found]), offsets


def _moments(daily: np.ndarray, days: int, rng) -> tuple[np.ndarray, np.ndarray]:
    """The card of each payment and its second since the start, by rising second.

    Times of day are normal around noon with 20,000 s; those outside the day (3 %) are not made.
    """
    number = rng.poisson(daily[:, None], (len(daily), days))
    card = np.repeat(np.arange(len(daily)), number.sum(axis=1))
    day = np.repeat(np.tile(np.arange(days), len(daily)), number.ravel())
    of_day = rng.normal(SECONDS / 2, 20_000, len(card))
    within = (of_day > 0) & (of_day < SECONDS)
    second = (day * SECONDS + of_day.astype(np.int64))[within]
    order = np.argsort(second, kind="stable")
    return card[within][order], second[order]


def _amounts(mean: np.ndarray, rng) -> np.ndarray:
    """Amounts in EUR around each payment's mean; a negative one is drawn evenly up to twice the mean."""
    amount = rng.normal(mean, mean / 2)
    negative = amount < 0
    amount[negative] = rng.uniform(0, 2 * mean[negative])
    return np.maximum(np.round(amount, 2), 0.01)


def _compromised(size: int, daily: float, days: int, length: int, rng) -> np.ndarray:
    """Whether each terminal (or card) is compromised on each day, shape `(size, days)`.

    Each day `daily` different ones are drawn (a fraction adds up over the days), also on the days before the
    first that are near enough to reach into it.
    """
    state = np.zeros((size, days), bool)
    due = np.floor(np.arange(days + length) * daily + rng.random()).astype(np.int64)
    for day, number in zip(range(1 - length, days), np.diff(due)):
        who = rng.choice(size, min(int(number), size), replace=False)
        state[who, max(0, day) : day + length] = True
    return state


def _names(letter: str, size: int) -> pd.Index:
    width = max(5, len(str(size - 1)))
    return pd.Index([f"{letter}{number:0{width}d}" for number in range(size)], dtype="str")
