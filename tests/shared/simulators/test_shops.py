"""The simulated shops hold each ingredient that their description names."""

import numpy as np
import pandas as pd
import pytest

from shared.simulators.shops import CATEGORIES, simulate_shops

SIZE = dict(items=40, stores=3, days=760, seed=1)
COLUMNS = ["date", "store", "item", "category", "quantity", "price", "promotion", "holiday", "stockout"]


@pytest.fixture(scope="module")
def sales() -> pd.DataFrame:
    return simulate_shops(**SIZE)


@pytest.fixture(scope="module")
def demand() -> pd.DataFrame:
    """The same shops, with nothing lost."""
    return simulate_shops(**SIZE, stockouts=False)


@pytest.fixture(scope="module")
def steady(demand) -> pd.DataFrame:
    """Items that sell each day, from the first day to the last."""
    means = demand.groupby("item")["quantity"].mean()
    days = demand.groupby("item")["date"].agg(["min", "max"])
    last = demand[demand["quantity"] > 0].groupby("item")["date"].max()
    whole = (days["min"] == demand["date"].min()) & (last == demand["date"].max())
    return demand[demand["item"].isin(means.index[(means > 1) & whole])]


def test_the_table_is_complete_sorted_and_typed(sales):
    assert list(sales.columns) == COLUMNS
    assert not sales.isna().any().any() and sales["quantity"].dtype == np.int64
    assert sales[["date", "store", "item"]].apply(tuple, axis=1).is_monotonic_increasing
    assert not sales.duplicated(["date", "store", "item"]).any()
    assert sales["item"].str.fullmatch(r"\d{5}").all() and sales["store"].str.fullmatch(r"0\d").all()
    assert sales["item"].nunique() == 40 and sales["store"].nunique() == 3
    assert (sales["date"] == sales["date"].dt.normalize()).all() and sales["date"].nunique() == 760
    assert sales["quantity"].min() == 0 and np.array_equal(sales["price"], sales["price"].round(2))
    for name in ("promotion", "holiday", "stockout"):
        assert set(sales[name]) == {0, 1}


def test_one_seed_gives_one_table_and_another_gives_another(sales):
    pd.testing.assert_frame_equal(sales, simulate_shops(**SIZE))
    assert not sales["quantity"].equals(simulate_shops(**SIZE | {"seed": 2})["quantity"])


def test_each_item_has_a_category_and_its_price_is_one_for_all_stores(sales):
    assert set(sales["category"]) == set(CATEGORIES)
    assert len(sales[["item", "category"]].drop_duplicates()) == 40
    days = sales[["item", "date", "price", "promotion"]].drop_duplicates()
    assert not days.duplicated(["item", "date"]).any()


def test_an_item_has_a_row_for_each_day_and_store_from_its_launch_on(sales):
    first = sales.groupby("item")["date"].min()
    late = first[first > sales["date"].min()]
    assert len(late) == 6  # 15 % of 40
    age = (late - sales["date"].min()).dt.days
    assert age.between(0.3 * 760, 0.8 * 760).all()
    rows = (sales["date"].max() - first).dt.days + 1
    assert (sales.groupby("item").size() == 3 * rows).all()


def test_some_items_are_given_up_and_sell_nothing_afterwards(sales):
    last = sales[sales["quantity"] > 0].groupby("item")["date"].max()
    idle = (sales["date"].max() - last).dt.days
    assert 1 <= (idle > 35).sum() <= 3


def test_a_quarter_of_the_items_sells_now_and_then(demand):
    alive = demand[demand.groupby("item")["quantity"].transform("sum") > 0]
    share = alive.groupby("item")["quantity"].agg(lambda values: (values == 0).mean())
    assert 8 <= (share > 0.6).sum() <= 13
    assert (demand.groupby("item")["promotion"].max()[share > 0.75] == 0).all()


def test_saturday_sells_more_than_tuesday_and_stores_differ_in_their_week(steady):
    week = steady.pivot_table("quantity", "store", steady["date"].dt.dayofweek)
    week = week.div(week.mean(axis=1), axis=0)
    assert (week[5] > 1.25 * week[1]).all()
    assert week.std().max() > 0.05


def test_garden_sells_in_spring_and_sweets_in_winter(steady):
    month = steady.pivot_table("quantity", "category", steady["date"].dt.month)
    assert month.loc["garden", 5] > 2.5 * month.loc["garden", 11]
    assert month.loc["sweets", 12] > 1.3 * month.loc["sweets", 6]


def test_a_promotion_lifts_demand_and_a_dip_follows(steady):
    quantity = steady.pivot_table("quantity", "date", "item", aggfunc="sum").to_numpy()
    promotion = steady.pivot_table("promotion", "date", "item", aggfunc="max").to_numpy()
    weeks = len(quantity) // 7
    quantity = quantity[: 7 * weeks].reshape(weeks, 7, -1).sum(axis=1)
    promotion = promotion[: 7 * weeks].reshape(weeks, 7, -1).max(axis=1)
    ratios = {-1: [], 0: [], 1: [], 2: []}
    for week, item in zip(*np.nonzero(promotion)):
        around = promotion[max(0, week - 4) : week + 4, item]
        if 4 <= week < weeks - 4 and around.sum() == 1:
            usual = quantity[[week - 2, week + 3], item].mean()
            for shift in ratios:
                ratios[shift].append(quantity[week + shift, item] / usual)
    before, during, first, second = (np.median(each) for each in ratios.values())
    assert len(ratios[0]) > 50
    assert before == pytest.approx(1, abs=0.07)
    assert during > 1.6
    assert first == pytest.approx(0.75, abs=0.07) and second == pytest.approx(0.9, abs=0.07)


def test_a_promotion_is_a_week_from_monday_at_a_lower_price(sales):
    one = sales[(sales["store"] == "01") & (sales["promotion"] == 1)]
    weeks = (
        one.groupby([one["date"].dt.to_period("W-SUN"), "item"])["date"].agg(["min", "size"]).reset_index()
    )
    launches = weeks["item"].map(sales.groupby("item")["date"].min())
    whole = (weeks["min"] > launches) & (weeks["date"] < weeks["date"].max())  # the table ends on a Thursday
    assert whole.sum() > 100 and (weeks["size"][whole] == 7).all()
    assert (weeks["min"][whole].dt.dayofweek == 0).all()
    usual = sales[sales["promotion"] == 0].groupby("item")["price"].median()
    cut = one["price"] / one["item"].map(usual)
    assert cut.between(0.65, 0.87).all()


def test_prices_rise_from_year_to_year(sales):
    usual = (
        sales[(sales["promotion"] == 0) & (sales["store"] == "01")]
        .groupby("item")["price"]
        .agg(["first", "last"])
    )
    assert (usual["last"] >= usual["first"]).all() and (usual["last"] > usual["first"]).mean() > 0.7


def test_holidays_are_quiet_and_the_day_before_is_not(steady):
    daily = steady.groupby("date").agg({"quantity": "sum", "holiday": "max"})
    usual = daily["quantity"].rolling(29, center=True, min_periods=15).median()
    ratio = daily["quantity"] / usual
    holiday = daily["holiday"] == 1
    assert holiday.sum() == 11
    eve = holiday.shift(-1, fill_value=False) & ~holiday
    assert ratio[holiday].mean() < 0.55 and ratio[eve].mean() > 1.05


def test_a_stockout_sells_less_than_was_asked_for_and_all_else_is_equal(sales, demand):
    flagged = sales["stockout"] == 1
    assert 0.005 < flagged.mean() < 0.03
    assert (sales["quantity"][flagged] < demand["quantity"][flagged]).all()
    assert (sales["quantity"][~flagged] == demand["quantity"][~flagged]).all()
    assert demand["stockout"].sum() == 0
    same = [name for name in COLUMNS if name not in ("quantity", "stockout")]
    pd.testing.assert_frame_equal(sales[same], demand[same])


def test_demand_varies_more_than_chance_alone(steady):
    weeks = steady[steady["promotion"] == 0].groupby(["store", "item", steady["date"].dt.to_period("W")])[
        "quantity"
    ]
    mean, variance = weeks.mean(), weeks.var()
    assert (variance.mean() - mean.mean()) / (mean**2).mean() > 0.1


def test_the_plan_follows_the_same_sales_and_knows_no_quantity(sales):
    planned = simulate_shops(**SIZE, plan_days=28)
    past, ahead = planned.iloc[: len(sales)], planned.iloc[len(sales) :]
    pd.testing.assert_frame_equal(past.astype(sales.dtypes), sales)
    assert len(ahead) == 28 * 40 * 3 and ahead["date"].min() == sales["date"].max() + pd.Timedelta(days=1)
    assert ahead[["quantity", "stockout"]].isna().all().all()
    assert not ahead.drop(columns=["quantity", "stockout"]).isna().any().any()


@pytest.mark.parametrize("size", [(1, 1, 1), (6, 2, 10), (12, 1, 20), (120, 12, 40)])
def test_small_and_large_chains_are_made(size):
    items, stores, days = size
    found = simulate_shops(items=items, stores=stores, days=days, plan_days=2)
    assert found["date"].nunique() == days + 2 and found["item"].nunique() <= items
    assert found["quantity"].notna().any()


def test_a_chain_of_nothing_is_refused():
    with pytest.raises(ValueError, match="must be at least 1"):
        simulate_shops(items=0)
    with pytest.raises(ValueError, match="plan_days at least 0"):
        simulate_shops(plan_days=-1)
