"""Simulated daily sales of a chain of shops to try the solution on.

Everything made here is simulated: no figure from it says anything about real shops.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from shared.contract import Mapping

INTERMITTENT, LAUNCHED, DISCONTINUED = 0.25, 0.15, 0.05  # shares of the items
WEEK = (0.85, 0.85, 0.90, 1.00, 1.25, 1.40, 0.75)  # Monday to Sunday, of all stores
HOLIDAYS = ("01-01", "05-01", "10-03", "12-25", "12-26")  # the same each year
HOLIDAY_FACTOR, EVE_FACTOR = 0.35, 1.30  # on the holiday, and on the day before it
PROMOTED = 0.10  # chance of an item to be promoted in a week
DISCOUNTS = (0.2, 0.3)
DISPLAY_FACTOR = 1.25  # a promotion's uplift beyond what the lower price does
DIPS = (0.75, 0.90)  # in the first and the second week after a promotion
DRIFT = 0.03  # standard deviation of the weekly steps of an item's level, in logarithms
WEATHER, WEATHER_MEMORY = 0.08, 0.6  # of a store's days, in logarithms, and what lasts to the next day
SPREAD, SPREAD_INTERMITTENT = 8.0, 1.0  # shape k of the negative binomial: variance = mean + mean^2 / k
MISSED = 0.008  # chance of an item in a store to begin a spell of missed deliveries on a day


class Category(NamedTuple):
    """What the items of a category have in common."""

    yearly: float  # amplitude of the yearly season, in logarithms
    peak: int  # day of the year with the highest demand
    prices: tuple[float, float]  # EUR
    pieces: float  # median of the items' mean demand in a store and day


CATEGORIES = {
    "bakery": Category(0.10, 350, (0.5, 4.0), 14.0),
    "drinks": Category(0.35, 200, (0.8, 12.0), 9.0),
    "garden": Category(0.90, 125, (3.0, 40.0), 3.0),
    "household": Category(0.05, 90, (1.5, 20.0), 4.0),
    "sweets": Category(0.40, 350, (1.0, 9.0), 7.0),
}


@dataclass
class _Items:
    """One entry an item."""

    category: np.ndarray  # place in CATEGORIES
    pieces: np.ndarray
    trend: np.ndarray
    elasticity: np.ndarray
    price: np.ndarray
    rise: np.ndarray
    rise_day: np.ndarray
    intermittent: np.ndarray
    launch: np.ndarray
    end: np.ndarray


def sample_shops(*, items: int, stores: int, days: int, seed: int) -> tuple[pd.DataFrame, Mapping]:
    """Simulated sales and the mapping that reads them, each column in the role of its name.

    Args:
        items, stores, days, seed: As in `simulate_shops`.
    Example:
        >>> frame, mapping = sample_shops(items=3, stores=1, days=10, seed=0)
        >>> sorted(set(frame) - set(mapping.columns)), mapping.categorical, mapping.simulated
        (['category'], ['category'], True)
    """
    frame = simulate_shops(items=items, stores=stores, days=days, seed=seed)
    roles = ("date", "quantity", "item", "store", "stockout", "price", "promotion", "holiday")
    return frame, Mapping(columns={role: role for role in roles}, categorical=["category"], simulated=True)


def simulate_shops(
    *,
    items: int = 60,
    stores: int = 4,
    days: int = 760,
    plan_days: int = 0,
    start: str = "2024-01-01",
    seed: int = 0,
    stockouts: bool = True,
) -> pd.DataFrame:
    """Makes a table of simulated sales, one row for each day, store and item that is on sale.

    Mean demand of an item in a store is a product, and what is asked for is drawn around it:

    1. **Level.** Median pieces a day by category (bakery 14, drinks 9, sweets 7, household 4, garden 3), items
       lognormal around it (.6), stores (.35) and each item in each store (.25) again.
    2. **Trend and drift.** Growth of an item normal with 0 +- 10 % a year; in each week its level moves at random
       by 3 %, up or down for good.
    3. **Week.** .85 on Monday and Tuesday to 1.4 on Saturday and .75 on Sunday, each day of each store times a
       lognormal of .12.
    4. **Year.** A cosine in logarithms by category: garden .9 with its peak in May, sweets .4 in December, drinks
       .35 in July, bakery .1, household .05.
    5. **Price.** In EUR a piece; each item rises once a year by 0 to 6 %. Demand goes with its elasticity, -2.5 to
       -1, of the price relative to the first.
    6. **Promotions.** Monday to Sunday in all stores, 10 % of the weeks, never of intermittent items: 20 or 30 %
       off, and demand 1.25 times higher than the price explains. Afterwards .75 times lower for a week and .9 for
       another, as homes are stocked.
    7. **Holidays.** 1 January, 1 May, 3 October, 25 and 26 December: .35 of a day, and 1.3 on the day before.
    8. **Intermittent items.** A quarter sells .03 to .3 pieces a day.
    9. **Launches and ends.** 15 % of the items are launched at 30 to 80 % of the days, at 40 % of their demand,
       and near all of it after four weeks; earlier days have no row. 5 % are given up at 50 to 95 % of the days;
       their rows go on without sales. One at least of each, if there are ten items.
    10. **Noise.** Weather of each store, lognormal of .08 with a memory of .6 from day to day, then a negative
        binomial with `variance = mean + mean^2 / k`, k = 8, of intermittent items 1.
    11. **Stock-outs.** With a chance of .8 % a day, deliveries are missed for one to three days, and 0 to 80 % of
        mean demand is on the shelf. What is asked for beyond it is lost, and the row is flagged.

    Args:
        items: Number of items.
        stores: Number of stores.
        days: Number of days with sales.
        plan_days: Days after them, whose price, promotion and holiday are known and nothing else. The rows before
            them are the same with any number.
        start: First day.
        seed: Of the random numbers.
        stockouts: False leaves the same demand without stock-outs, all of it sold.
    Returns:
        Columns `date` (midnight), `store` (`02`), `item` (`00017`), `category`, `quantity` (whole pieces, 0
        included), `price` (EUR a piece, two decimals), `promotion`, `holiday` and `stockout` (0 or 1), sorted by
        date, store and item. With `plan_days`, `quantity` and `stockout` are floats, and missing on those days.
    Raises:
        ValueError: If `items`, `stores` or `days` is below 1, or `plan_days` below 0.
    Example:
        >>> sales = simulate_shops(items=10, stores=2, days=30)
        >>> list(sales.columns)
        ['date', 'store', 'item', 'category', 'quantity', 'price', 'promotion', 'holiday', 'stockout']
    """
    if min(items, stores, days) < 1 or plan_days < 0:
        found = f"{items}, {stores}, {days} and {plan_days}"
        raise ValueError(f"items, stores and days must be at least 1, plan_days at least 0, found {found}")
    # A stream for each ingredient, drawn day by day: more days then leave the earlier ones as they are.
    streams = iter(np.random.default_rng(seed).spawn(8))
    dates = np.datetime64(start, "D") + np.arange(days + plan_days)
    goods = _items(items, days, next(streams))
    promotion, price = _plan(goods, dates, next(streams))
    mean = _of_items(goods, dates, promotion, price, next(streams))[:, None, :]
    mean = mean * _of_stores(stores, items, dates, next(streams))
    mean = (mean * _weather(stores, len(dates), next(streams))[:, :, None])[:days]
    demand = _demand(mean, goods.intermittent, next(streams))
    shelf = _shelves(mean, next(streams)) if stockouts else demand
    quantity, stockout = np.minimum(demand, shelf), demand > shelf
    return _table(dates, goods, (promotion, price, quantity, stockout))


def _items(items: int, days: int, rng: np.random.Generator) -> _Items:
    """Draws what is the same on all days and in all stores."""
    category = rng.permutation(np.arange(items) % len(CATEGORIES))
    kinds = [list(CATEGORIES.values())[place] for place in category]
    order = rng.permutation(
        items
    )  # the first are intermittent, the last ones launched, those before given up
    some = items >= 10
    new, gone = (max(int(some), round(share * items)) for share in (LAUNCHED, DISCONTINUED))
    intermittent = np.zeros(items, bool)
    intermittent[order[: round(INTERMITTENT * items)]] = True
    pieces = np.array([kind.pieces for kind in kinds]) * rng.lognormal(0, 0.6, items)
    low, high = np.array([kind.prices for kind in kinds]).T
    launch, end = np.zeros(items, np.int64), np.full(items, np.iinfo(np.int64).max)
    launch[order[items - new :]] = (rng.uniform(0.3, 0.8, new) * days).astype(np.int64)
    end[order[items - new - gone : items - new]] = (rng.uniform(0.5, 0.95, gone) * days).astype(np.int64)
    return _Items(
        category=category,
        pieces=np.where(intermittent, rng.uniform(0.03, 0.3, items), pieces),
        trend=rng.normal(0, 0.1, items),
        elasticity=rng.uniform(-2.5, -1.0, items),
        price=np.round(low * (high / low) ** rng.random(items), 2),
        rise=rng.uniform(0, 0.06, items),
        rise_day=rng.integers(0, 365, items),
        intermittent=intermittent,
        launch=launch,
        end=end,
    )


def _plan(goods: _Items, dates: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Whether each item is promoted and what it costs, known long before. `(days, items)` each."""
    week = _weeks(dates)
    promoted = rng.random((week[-1] + 1, 2, len(goods.price)))
    promotion = (promoted[week, 0] < PROMOTED) & ~goods.intermittent
    discount = np.asarray(DISCOUNTS)[(promoted[week, 1] * len(DISCOUNTS)).astype(np.int64)]
    rises = (np.arange(len(dates))[:, None] + goods.rise_day) // 365
    price = goods.price * (1 + goods.rise) ** rises
    return promotion, np.maximum(np.round(price * np.where(promotion, 1 - discount, 1), 2), 0.01)


def _weeks(dates: np.ndarray) -> np.ndarray:
    """Number of the week of each day, from 0; weeks start on a Monday."""
    monday = (dates.astype(np.int64) + 3) // 7  # 1970-01-01 was a Thursday
    return monday - monday[0]


def _of_items(goods: _Items, dates: np.ndarray, promotion, price, rng: np.random.Generator) -> np.ndarray:
    """Mean demand of each item in a store of mean size on a mean weekday, `(days, items)`."""
    day, week = np.arange(len(dates))[:, None], _weeks(dates)
    kinds = [list(CATEGORIES.values())[place] for place in goods.category]
    yearly, peak = np.array([(kind.yearly, kind.peak) for kind in kinds]).T
    of_year = (dates - dates.astype("datetime64[Y]")).astype(np.int64)[:, None] + 1
    log = goods.trend * day / 365 + yearly * np.cos(2 * np.pi * (of_year - peak) / 365.25)
    log += rng.normal(0, DRIFT, (week[-1] + 1, len(goods.price))).cumsum(axis=0)[week]
    log += goods.elasticity * np.log(price / goods.price)
    age = day - goods.launch
    ramp = np.where(goods.launch > 0, 1 - 0.6 * np.exp(-np.maximum(age, 0) / 14), 1.0)
    alive = (age >= 0) & (day < goods.end)
    return goods.pieces * np.exp(log) * ramp * alive * _promoted(promotion)


def _promoted(promotion: np.ndarray) -> np.ndarray:
    """What a promotion does beyond its price: more in its week, less in the two weeks after. `(days, items)`."""
    out = np.ones(promotion.shape)
    for weeks, factor in reversed(list(enumerate(DIPS, start=1))):
        before = np.zeros_like(promotion)
        before[7 * weeks :] = promotion[: -7 * weeks] if 7 * weeks < len(promotion) else promotion[:0]
        out[before] = factor  # the later promotion counts where two are near
    out[promotion] = DISPLAY_FACTOR
    return out


def _of_stores(stores: int, items: int, dates: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Size of each store, its week, and what it sells of each item; holidays. `(days, stores, items)`."""
    size = rng.lognormal(0, 0.35, (stores, 1)) * rng.lognormal(0, 0.25, (stores, items))
    week = np.asarray(WEEK) * rng.lognormal(0, 0.12, (stores, 7))
    week /= week.mean(axis=1, keepdims=True)
    weekday = (dates.astype(np.int64) + 3) % 7
    special = np.where(_holidays(dates + 1), EVE_FACTOR, 1.0)
    special = np.where(_holidays(dates), HOLIDAY_FACTOR, special)
    return (week[:, weekday].T * special[:, None])[:, :, None] * size


def _holidays(dates: np.ndarray) -> np.ndarray:
    return np.isin(np.array([day[5:] for day in dates.astype(str)]), HOLIDAYS)


def _weather(stores: int, days: int, rng: np.random.Generator) -> np.ndarray:
    """What a day is like in each store, with a memory. `(days, stores)`."""
    log = rng.normal(0, WEATHER, (days, stores))
    for day in range(1, days):
        log[day] = WEATHER_MEMORY * log[day - 1] + np.sqrt(1 - WEATHER_MEMORY**2) * log[day]
    return np.exp(log)


def _demand(mean: np.ndarray, intermittent: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Pieces asked for, negative binomial as a Poisson of a gamma. `(days, stores, items)`, int64."""
    shape = np.where(intermittent, SPREAD_INTERMITTENT, SPREAD)
    return rng.poisson(mean * rng.gamma(shape, 1 / shape, mean.shape))


def _shelves(mean: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Pieces on the shelf: without end, but for the days of missed deliveries. `(days, stores, items)`, int64."""
    begins, length, share = rng.random((len(mean), 3, *mean.shape[1:])).transpose(1, 0, 2, 3)
    length = 1 + (3 * length).astype(np.int64)
    empty = np.zeros(mean.shape, bool)
    for day in range(min(3, len(mean))):
        empty[day:] |= ((begins < MISSED) & (length > day))[: len(mean) - day]
    return np.where(empty, (0.8 * share * mean).astype(np.int64), np.iinfo(np.int64).max)


def _table(dates: np.ndarray, goods: _Items, columns: tuple[np.ndarray, ...]) -> pd.DataFrame:
    promotion, price, quantity, stockout = columns
    days, stores, items = quantity.shape
    day, store, item = (
        each.ravel() for each in np.meshgrid(*map(np.arange, (len(dates), stores, items)), indexing="ij")
    )
    on_sale = day >= goods.launch[item]
    day, store, item = day[on_sale], store[on_sale], item[on_sale]
    names = pd.Index(list(CATEGORIES), dtype="str")
    table = pd.DataFrame(
        {
            "date": dates.astype("datetime64[us]")[day],
            "store": _codes(stores, 2).take(store),
            "item": _codes(items, 5).take(item),
            "category": names.take(goods.category[item]),
            "quantity": 0,
            "price": price[day, item],
            "promotion": promotion[day, item].astype(np.int64),
            "holiday": _holidays(dates)[day].astype(np.int64),
            "stockout": 0,
        }
    )
    sold = day < days  # rows are sorted by day: the plan is the end of the table
    for name, values in (("quantity", quantity), ("stockout", stockout)):
        values = values[day[sold], store[sold], item[sold]].astype(np.int64)
        if len(dates) > days:
            values = np.concatenate([values.astype(np.float64), np.full((~sold).sum(), np.nan)])
        table[name] = values
    return table


def _codes(size: int, width: int) -> pd.Index:
    return pd.Index(
        [f"{number:0{max(width, len(str(size)))}d}" for number in range(1, size + 1)], dtype="str"
    )
