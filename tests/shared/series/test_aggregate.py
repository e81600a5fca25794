"""Sales records to series: exact whatever the order, every fault at once, everything counted."""

import os
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from shared.contract import Format, Mapping, Role, check, read_table
from shared.errors import ContractError
from shared.series.aggregate import regular
from shared.series.settings import SeriesSettings

ROOT = Path(__file__).resolve().parents[3]
SHOP = Path(os.environ.get("VERTICALS_DATA", "none")) / "retail" / "uci_online_retail"
KINDS = {"date": "time", "item": "key", "store": "key", "status": "category"}
NUMBERS = ("quantity", "price", "promotion", "holiday", "stockout", "short_cost", "over_cost")
ROLES = [
    Role(
        name=name,
        kind=KINDS.get(name, "number"),
        required=name in ("date", "quantity"),
        missing=name != "date",
    )
    for name in (*KINDS, *NUMBERS)
]


def table(columns, **mapping):
    mapping.setdefault("format", Format(duplicates="keep"))
    return check(pd.DataFrame(columns), ROLES, Mapping(**mapping), solution="retail.demand")


def panel(columns, *, predict=False, horizon=0, mapping=None, **settings):
    made = table(columns, **(mapping or {}))
    return regular(
        made, SeriesSettings(**settings), solution="retail.demand", predict=predict, horizon=horizon
    )


def notes(columns, **settings):
    made = table(columns)
    regular(made, SeriesSettings(**settings), solution="retail.demand")
    return "\n".join(made.notes)


def faults(columns, **how):
    with pytest.raises(ContractError) as error:
        panel(columns, **how)
    return str(error.value)


def dates(first, steps, alias="D"):
    return pd.date_range(first, periods=steps, freq=alias)


def sales(lines=3_000, seed=0):
    """Made-up sales lines of 20 items in 3 shops."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "date": pd.Timestamp("2024-01-01")
            + pd.to_timedelta(rng.integers(0, 60 * 86_400, lines), unit="s"),
            "item": rng.integers(0, 20, lines).astype(str),
            "store": rng.choice(["A", "B", "C"], lines),
            "quantity": rng.integers(1, 9, lines) / 10,
            "price": rng.integers(100, 300, lines) / 100,
            "promotion": (rng.random(lines) < 0.2).astype(float),
            "weight": rng.normal(size=lines),
            "group": rng.choice(["x", "y"], lines),
        }
    )


# -- sums ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("frequency, alias", [("H", "h"), ("D", "D"), ("W", "W-SUN"), ("M", "M")])
def test_the_values_are_those_of_pandas(frequency, alias):
    frame = sales()
    made = panel(frame, frequency=frequency, partial="keep", rows="sales")
    period = frame["date"].dt.to_period(alias)
    wanted = frame.groupby(["item", "store", period])["quantity"].sum()
    every = pd.period_range(period.min(), period.max(), freq=alias)
    wanted = wanted.reset_index().pivot_table(index=["item", "store"], columns="date", values="quantity")
    wanted = wanted.reindex(columns=every).to_numpy()
    first = np.argmax(np.isfinite(wanted), axis=1)
    wanted = np.where(np.arange(wanted.shape[1]) < first[:, None], np.nan, np.nan_to_num(wanted))
    np.testing.assert_allclose(made.target, wanted.astype(np.float32), rtol=1e-7)
    assert made.start.tolist() == first.tolist() and made.now == made.steps
    assert (made.dates == every.start_time.to_numpy("datetime64[s]")).all()


def test_the_order_of_the_rows_changes_nothing_at_all():
    frame = sales()
    mapping = {"numeric": ["weight"], "categorical": ["group"], "format": Format(duplicates="keep")}
    first = panel(frame, frequency="W", mapping=mapping)
    for seed in range(3):
        other = panel(frame.sample(frac=1, random_state=seed), frequency="W", mapping=mapping)
        assert other.names() == first.names()
        assert np.array_equal(other.target, first.target, equal_nan=True)
        for name in first.known:
            assert np.array_equal(other.known[name], first.known[name], equal_nan=True), name
        assert (other.statics["group"].codes == first.statics["group"].codes).all()


def test_a_line_of_zero_pieces_says_that_the_item_was_on_sale():
    made = panel({"date": dates("2024-01-01", 3), "quantity": [0, 0, 2], "item": ["a"] * 3})
    assert made.start.tolist() == [0] and made.target.tolist() == [[0, 0, 2]]


def test_item_codes_with_zeros_in_front_are_items_of_their_own():
    made = panel({"date": ["2024-01-01"] * 3, "quantity": [1, 2, 4], "item": ["00123", "123", "123.0"]})
    assert made.names() == ["00123", "123"] and made.target.tolist() == [[1], [6]]


@pytest.mark.parametrize("returns", ["drop", "net"])
def test_equal_lines_at_one_time_are_undone_alike_whatever_their_order(returns):
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(
        {"date": rng.choice(dates("2024-01-01", 5), 300), "item": rng.choice(["a", "b"], 300)}
    )
    frame = frame.assign(
        quantity=rng.choice([1, 2, -1], 300), price=rng.random(300), group=rng.choice(["x", "y"], 300)
    )
    mapping = {"categorical": ["group"], "format": Format(duplicates="keep")}
    first = panel(frame, returns=returns, mapping=mapping)
    other = panel(frame[::-1], returns=returns, mapping=mapping)
    assert first.counts == other.counts and np.array_equal(first.target, other.target)
    assert np.array_equal(first.known["price"], other.known["price"], equal_nan=True)
    assert first.statics["group"].tolist() == other.statics["group"].tolist()


def test_times_of_two_zones_are_refused_until_one_clock_is_named():
    columns = {"date": ["2024-03-01T23:30:00+00:00", "2024-03-01T23:30:00-05:00"], "quantity": [1, 2]}
    with pytest.raises(ContractError, match="offsets from UTC differ"):
        table(columns)
    made = panel(columns, mapping={"format": Format(timezone="Europe/Berlin")}, frequency="D")
    assert made.target.tolist() == [[3]] and str(made.first)[:10] == "2024-03-02"


def test_a_table_without_items_is_one_series():
    made = panel({"date": ["2024-01-01", "2024-01-03"], "quantity": [1, 2]})
    assert made.names() == ["all"] and made.target.tolist() == [[1, 0, 2]]


# -- what is left out ------------------------------------------------------------------------------------------


def returning(*quantities, times=None, **settings):
    times = times or [f"2024-01-01 {9 + at:02d}:00:07" for at in range(len(quantities))]
    lines = {
        "date": [*times, "2024-01-01 08:00"],
        "quantity": [*quantities, 5.0],
        "item": ["a"] * (len(times) + 1),
    }
    made = panel(lines, rows="sales", frequency="D", **settings)
    return made.target[0].tolist(), made.counts


def test_a_return_takes_the_sale_of_its_size_with_it():
    value, counts = returning(80_995, -80_995)
    assert value == [5] and (counts["returns"], counts["reversed"]) == (1, 1)
    assert counts["returned_pieces"] == 80_995


@pytest.mark.parametrize(
    "quantities, dropped, net, reversed_",
    [
        ([3, -2], 8, 6, 0),  # no sale of two: left out, or subtracted
        ([-3, 3], 8, 5, 0),  # the return came before the sale
        ([3, 3, -3], 8, 8, 1),  # one of two sales
        ([3, -3, -3], 5, 2, 1),  # one sale cannot be undone twice
        ([3, -3, 3, -3], 5, 5, 2),
        ([-9], 5, 0, 0),  # never below zero
        ([-3, 3, -3], 5, 2, 1),
    ],
)
def test_returns_are_dropped_or_netted(quantities, dropped, net, reversed_):
    value, counts = returning(*quantities)
    assert value == [dropped] and counts["reversed"] == reversed_
    assert returning(*quantities, returns="net")[0] == [net]


def test_reversals_are_those_of_a_loop():
    rng = np.random.default_rng(1)
    for _ in range(20):
        size = 200
        frame = pd.DataFrame(
            {
                "date": pd.Timestamp("2024-01-01 00:00:01")
                + pd.to_timedelta(rng.permutation(size) * 1_000, unit="s"),
                "item": rng.choice(["a", "b"], size),
                "quantity": rng.choice([1, 2, 3, -1, -2], size),
            }
        )
        made = panel(frame, rows="sales", frequency="D")
        wanted = {}
        for (item, day), part in frame.groupby(["item", frame["date"].dt.date]):
            open_sales, value = [], 0
            for quantity in part.sort_values("date")["quantity"]:
                if quantity > 0:
                    open_sales.append(quantity)
                elif -quantity in open_sales:
                    open_sales.remove(-quantity)
                    value += 1
            wanted[item, str(day)] = sum(open_sales), value
        assert made.counts["reversed"] == sum(count for _, count in wanted.values())
        for (item, day), (value, _) in wanted.items():
            row, step = (
                made.names().index(item),
                (np.datetime64(day) - made.first.astype("M8[D]")).astype(int),
            )
            found = made.target[row, step]
            assert found == value or (np.isnan(found) and value == 0)


def test_a_series_that_only_had_undone_sales_is_left_out():
    made = panel(
        {
            "date": ["2024-01-01 09:15", "2024-01-01 09:27", "2024-01-01", "2024-01-02"],
            "quantity": [80_995, -80_995, 1, 1],
            "item": ["birdie", "birdie", "a", "a"],
        }
    )
    assert made.names() == ["a"] and made.counts["without_sale"] == 1


def test_returns_can_be_refused():
    text = faults(
        {"date": ["2024-01-01", "2024-01-02"], "quantity": [1, -2], "item": ["a", "a"]}, returns="error"
    )
    assert "column `quantity` (role `quantity`), row 2: -2 is negative" in text


def test_cancelled_lines_are_left_out_and_counted():
    columns = {
        "date": ["2024-01-01"] * 4,
        "quantity": [5, -5, 7, 2],
        "item": ["a"] * 4,
        "status": ["1", "c2", "C3", "4"],
    }
    made = panel(columns, cancelled=("C*",), returns="error")
    assert made.target.tolist() == [[2]]
    assert (made.counts["cancelled"], made.counts["returns"], made.counts["reversed"]) == (2, 1, 1)


def test_items_that_are_no_goods_are_ignored():
    columns = {"date": ["2024-01-01"] * 4, "quantity": [1, 2, 3, 4], "item": ["POST", "postage", "M", "MUG"]}
    made = panel(columns, ignored_items=("post*", "m"))
    assert made.names() == ["MUG"] and made.counts["ignored"] == 3
    assert made.counts["without_sale"] == 0


def test_lines_of_no_item_are_counted():
    made = panel({"date": ["2024-01-01"] * 2, "quantity": [1, 2], "item": ["a", None]})
    assert made.target.tolist() == [[1]] and made.counts["unnamed"] == 1


def test_an_absurd_quantity_names_its_row():
    text = faults({"date": ["2024-01-01"] * 3, "quantity": [1, 2e6, 3e6], "item": ["a"] * 3})
    assert "row 2: 2,000,000 is more than most_quantity = 1,000,000 (and 1 more row)" in text


def test_weeks_that_are_cut_off_are_left_out_and_noted():
    lines = {"date": dates("2024-01-03 10:30", 14), "quantity": [1] * 14, "item": ["a"] * 14}
    made = panel(lines, frequency="W")
    assert made.target.tolist() == [[7]] and str(made.first)[:10] == "2024-01-08"
    assert made.counts["dropped_periods"] == 2
    assert panel(lines, frequency="W", partial="keep").target.tolist() == [[5, 7, 2]]
    assert "the week from 2024-01-15 is left out" in notes(lines, frequency="W")


def test_dates_that_stand_for_weeks_are_whole_weeks():
    lines = {"date": list(dates("2024-01-01", 3, "7D")) * 2, "quantity": [1] * 6, "item": ["a"] * 6}
    made = panel(lines)
    assert made.frequency == "W" and made.target.tolist() == [[2, 2, 2]]


def test_the_best_selling_series_are_kept_by_what_was_sold_before_the_judged_steps():
    columns = {
        "date": list(dates("2024-01-01", 3)) * 3,
        "quantity": [5, 5, 0, 1, 1, 90, 4, 4, 4],
        "item": ["a"] * 3 + ["b"] * 3 + ["c"] * 3,
    }
    assert panel(columns, top_series=2).names() == ["b", "c"]
    made = panel(columns, top_series=2, top_before=1)
    assert made.names() == ["a", "c"] and made.counts["left_out"] == 1
    assert list(made.keys["item"].categories) == ["a", "c"]
    assert "top_before: found 3, expected less than the 3 steps" in faults(
        columns, top_series=2, top_before=3
    )


# -- regular rows ----------------------------------------------------------------------------------------------


def rows(*steps, quantity=None, **more):
    day = dates("2024-01-01", 20)
    return {
        "date": day[list(steps)],
        "quantity": quantity or [1.0] * len(steps),
        "item": ["a"] * len(steps),
    } | more


def test_gaps_of_regular_rows_are_faults_zeros_or_missing():
    gap = rows(0, 1, 4, 5)
    text = faults(gap, rows="regular")
    assert "1 series have no row for 2 periods" in text and ": `a` 2024-01-03, `a` 2024-01-04. Add" in text
    assert panel(gap, rows="regular", gaps="zero").target.tolist() == [[1, 1, 0, 0, 1, 1]]
    assert np.isnan(panel(gap, rows="regular", gaps="missing").target[0, 2:4]).all()
    assert panel(gap).target.tolist() == [[1, 1, 0, 0, 1, 1]], "auto: sales lines"


def test_an_empty_cell_is_missing_even_where_gaps_are_zero():
    made = panel(rows(0, 1, 2, 3, quantity=[1, None, 3, 4]), rows="regular", gaps="zero")
    assert np.isnan(made.target[0, 1]) and made.steps == made.now == 4


def test_a_series_that_ends_early_is_not_known_afterwards():
    columns = {
        "date": [*dates("2024-01-01", 4), *dates("2024-01-01", 2)],
        "quantity": [1.0] * 6,
        "item": list("aaaabb"),
    }
    made = panel(columns)
    assert np.isnan(made.target[1, 2:]).all() and made.start.tolist() == [0, 0]


def test_items_that_sold_once_are_no_regular_series():
    made = panel({"date": dates("2024-01-01", 4), "quantity": [1.0] * 4, "item": list("abcd")})
    assert made.target[0].tolist() == [1, 0, 0, 0]


def test_doubled_rows_are_named_with_gaps_and_the_rest():
    columns = rows(0, 0, 3, 4, quantity=[1, 2, 3, 9e9])
    text = faults(columns, rows="regular")
    assert "(3 faults)" in text
    assert (
        "`a` 2024-01-01 (rows 1 and 2)" in text and "no row for 2 periods" in text and "most_quantity" in text
    )


@pytest.mark.parametrize("kind", ["auto", "regular"])
def test_series_of_different_frequency_are_refused(kind):
    columns = {
        "date": [*dates("2024-01-01", 9), *dates("2024-01-01", 4, "7D")],
        "quantity": [1.0] * 13,
        "item": ["a"] * 9 + ["b"] * 4,
    }
    assert "different frequency: `a` is daily and `b` is weekly" in faults(columns, rows=kind)
    assert len(panel(columns, rows="sales")) == 2


def test_a_series_with_gaps_is_of_the_frequency_of_the_others_where_gaps_are_allowed():
    columns = {"date": [*dates("2024-01-01", 30), *dates("2024-01-01", 3, "7D")], "quantity": [1.0] * 33}
    columns["date"].append(pd.Timestamp("2024-01-30"))
    made = panel(
        columns | {"quantity": [1.0] * 34, "item": ["a"] * 30 + ["b"] * 4}, rows="regular", gaps="zero"
    )
    assert made.target[1].sum() == 4 and made.frequency == "D"


@pytest.mark.parametrize("alias, frequency", [("h", "H"), ("D", "D"), ("7D", "W"), ("MS", "M"), ("ME", "M")])
def test_the_frequency_of_regular_rows_is_seen(alias, frequency):
    made = panel({"date": dates("2024-01-31", 30, alias), "quantity": [1.0] * 30, "item": ["a"] * 30})
    assert made.frequency == frequency and made.steps == 30 and (made.target == 1).all()


def test_sales_without_a_grid_are_daily():
    assert panel(sales()).frequency == "D"


def test_negative_regular_rows_are_no_sale():
    made = panel(rows(0, 1, 2, quantity=[1, -2, 3]))
    assert made.target.tolist() == [[1, 0, 3]] and made.counts["returns"] == 1


def test_empty_dates_and_other_faults_come_together():
    roles = [Role(name="date", kind="time", missing=True), *ROLES[1:]]
    frame = pd.DataFrame({"date": ["2024-01-01", None, "2024-01-03"], "quantity": [1, 2, -3]})
    made = check(frame, roles, Mapping(numeric=[]), solution="x")
    with pytest.raises(ContractError) as error:
        regular(made, SeriesSettings(returns="error", past_known=("rain",)), solution="retail.demand")
    assert "table does not fit `retail.demand` (3 faults)" in str(error.value)
    assert "row 2: the date is empty" in str(error.value) and "past_known: `rain`" in str(error.value)


@pytest.mark.parametrize(
    "columns, text",
    [
        (rows(0, 1, quantity=[None, None]), "every cell is empty"),
        ({"date": ["2024-01-01"], "quantity": [1.0], "item": [None]}, "no line is left"),
        (rows(0, quantity=[-1.0]), "no series has a sale"),
    ],
)
def test_tables_without_any_sale_are_refused(columns, text):
    assert text in faults(columns, rows="sales")


def test_a_date_far_away_is_refused_before_memory_runs_out():
    columns = {"date": ["1901-01-01 00:10", *["2024-01-01 11:00"] * 1_000], "quantity": [1] * 1_001}
    columns["item"] = [str(at) for at in range(1_001)]
    assert "which is too many" in faults(columns, rows="sales", frequency="H")


# -- the plan, covariates, statics -----------------------------------------------------------------------------


def planned(steps=2, **more):
    history = {"date": list(dates("2024-01-01", 4)) * 2, "item": list("aaaabbbb"), "quantity": [1.0] * 8}
    frame = pd.DataFrame(history | {"promotion": [0, 1, 0, 0] * 2, "price": [2.0] * 7 + [3.0]})
    plan = {"date": dates("2024-01-05", steps), "item": "a", "quantity": None, "promotion": 1.0, "price": 1.5}
    return pd.concat([frame, pd.DataFrame(plan)], ignore_index=True).assign(**more)


def test_rows_behind_the_last_quantity_are_the_plan():
    made = panel(planned(), predict=True, horizon=2)
    assert (made.now, made.steps) == (4, 6) and np.isnan(made.target[:, 4:]).all()
    assert made.known["promotion"].tolist() == [[0, 1, 0, 0, 1, 1], [0, 1, 0, 0, 0, 0]]
    assert made.known["price"].tolist() == [[2, 2, 2, 2, 1.5, 1.5], [2, 2, 2, 3, 3, 3]]


def test_a_plan_that_is_too_short_names_covariate_and_dates():
    text = faults(planned(), predict=True, horizon=5)
    assert "(2 faults)" in text and "column `price` (role `price`)" in text
    assert "3 steps of the forecast, wanted: 2024-01-07 to 2024-01-09" in text
    assert panel(planned(), predict=False, horizon=5).steps == 6, "learning needs no plan"
    assert panel(planned()[["date", "item", "quantity"]], predict=True, horizon=5).now == 4


def test_items_of_the_plan_alone_are_new():
    frame = planned()
    frame.loc[frame.index[-2:], "item"] = "new"
    made = panel(frame, predict=True, horizon=2)
    assert made.names() == ["a", "b", "new"] and made.start.tolist() == [0, 0, 4]
    assert made.counts["cold_start"] == 1 and np.isnan(made.target[2]).all()
    assert panel(frame).names() == ["a", "b"], "there is nothing to learn from a new item"


def test_an_empty_quantity_among_sales_is_a_fault_that_names_its_row():
    frame = planned()
    frame.loc[2, "quantity"] = None
    text = faults(frame, rows="sales")
    assert "row 3: the cell is empty, though the table has quantities up to 2024-01-04" in text


def test_a_holiday_holds_for_all_series_where_it_holds_for_one():
    frame = planned(holiday=0.0)
    frame.loc[1, "holiday"] = 1
    assert panel(frame).known["holiday"].tolist() == [[0, 1, 0, 0, 0, 0]] * 2


def test_a_stock_out_hides_the_demand():
    frame = planned(stockout=0.0)
    frame.loc[[2, 5], "stockout"] = 1
    made = panel(frame)
    assert np.argwhere(np.isnan(made.target[:, :4])).tolist() == [[0, 2], [1, 1]]
    assert made.counts["stockouts"] == 2


def test_covariates_of_several_lines_are_means_and_flags_their_highest():
    columns = {
        "date": ["2024-01-01", "2024-01-01", "2024-01-03"],
        "quantity": [1, 2, 3],
        "item": ["a"] * 3,
        "price": [1.0, 2.0, 4.0],
        "promotion": [0, 1, 0],
        "rain": [1.0, 3.0, None],
        "heat": [1.0, 3.0, 5.0],
    }
    mapping = {"numeric": ["rain", "heat"], "format": Format(duplicates="keep")}
    made = panel(columns, mapping=mapping, past_known=("heat",))
    assert made.known["price"].tolist() == [[1.5, 1.5, 4]] and made.known["promotion"].tolist() == [[1, 0, 0]]
    assert made.known["numeric/rain"][0, 0] == 2 and np.isnan(made.known["numeric/rain"][0, 1:]).all()
    assert made.past["numeric/heat"][0, 0] == 2 and made.past["numeric/heat"].dtype == np.float32


def test_what_is_known_only_afterwards_is_never_read_from_the_plan():
    made = panel(planned(rain=1.0), mapping={"numeric": ["rain"]}, past_known=("rain",))
    assert np.isnan(made.past["numeric/rain"][:, 4:]).all() and (made.past["numeric/rain"][:, :4] == 1).all()


def test_a_category_that_changes_is_its_latest_with_a_note():
    columns = {
        "date": dates("2024-01-01", 3),
        "quantity": [1] * 3,
        "item": ["a"] * 3,
        "group": ["z", None, "b"],
    }
    made = table(columns, categorical=["group"])
    found = regular(made, SeriesSettings(), solution="retail.demand")
    assert found.statics["group"].tolist() == ["b"]
    assert "column `group` changes with time in 1 series" in "\n".join(made.notes)


def test_costs_are_one_value_a_series():
    made = panel(planned(short_cost=[1.0] * 4 + [2.0] * 4 + [np.nan] * 2, over_cost=0.5))
    assert made.costs["short_cost"].tolist() == [1, 2] and made.costs["over_cost"].dtype == np.float32


def test_a_partial_week_becomes_the_first_of_the_forecast():
    lines = {
        "date": dates("2024-01-01 10:30", 16),
        "quantity": [1] * 16,
        "item": ["a"] * 16,
        "price": [2.0] * 16,
    }
    made = panel(lines, frequency="W", predict=True, horizon=1)
    assert (made.now, made.steps) == (2, 3) and made.known["price"].tolist() == [[2, 2, 2]]


def test_what_was_counted_stands_in_the_notes_once():
    made = table({"date": dates("2024-01-01", 3), "quantity": [0, 0, 0], "item": ["a"] * 3})
    for _ in range(2):
        regular(made, SeriesSettings(), solution="retail.demand", horizon=5)
    text = "\n".join(made.notes)
    assert "regular rows: 1 series of 3 daily steps, 2024-01-01 to 2024-01-03" in text
    assert text.count("nothing but zeros: `a`") == 1 and "1 series are shorter than the 5 steps" in text


# -- real sales ------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not SHOP.is_dir(), reason="VERTICALS_DATA names no folder with retail/uci_online_retail")
@pytest.mark.parametrize(
    "file, lines, first", [("II_2009_2010", 525_461, "2009-12-07"), ("2010_2011", 541_909, "2010-12-06")]
)
def test_both_files_of_the_shop_are_read_with_one_mapping(file, lines, first):
    project = tomllib.loads((ROOT / "data" / "mappings" / "uci_online_retail.toml").read_text("utf-8"))
    mapping = Mapping(columns=project["columns"], format=project["format"])
    settings = {
        key: value for key, value in project["settings"].items() if key in SeriesSettings.model_fields
    }
    made = check(read_table(SHOP / f"online_retail_{file}.parquet"), ROLES, mapping, solution="retail.demand")
    found = regular(made, SeriesSettings(**settings), solution="retail.demand", horizon=4)
    assert len(found) == 500 and found.now == 52 and str(found.first)[:10] == first
    assert found.counts["lines"] == lines and found.counts["reversed"] >= 4_000
    assert not [name for name in found.names() if name.upper() in ("POST", "POSTAGE", "M", "MANUAL", "DOT")]
    assert np.nanmax(found.target) < 40_000, "74,215 jars were ordered and cancelled"
