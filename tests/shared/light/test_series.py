"""A light scorer forecasts series as the pipeline does: the same panel, forecasts and orders, with NumPy alone."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contract import raw_table
from shared.errors import ContractError
from shared.light.frame import Frame
from shared.light.series import SeriesScorer
from verticals.retail.demand import data

EXAMPLE = runpy.run_path(str(Path(__file__).parents[1] / "light_example.py"))
Made, content_of, pipeline_of = EXAMPLE["Made"], EXAMPLE["content_of"], EXAMPLE["pipeline_of"]
columns_of, records_of, assert_equal = EXAMPLE["columns_of"], EXAMPLE["records_of"], EXAMPLE["assert_equal"]
ROWS = EXAMPLE["BUNDLES"] / "retail_demand" / "rows.csv"
HORIZON, QUANTILES = 7, 11
READ = ["past", "future", "level", "static"]
SESSION = Made(READ, {None: (2, HORIZON, QUANTILES)})


@pytest.fixture(scope="module")
def rows():
    return pd.read_csv(ROWS, dtype=str, keep_default_na=False)


def both(content, session, frame, history=None):
    """What the pipeline and the light scorer say of the same rows, and the columns of the frame and the history."""
    pipeline = pipeline_of(content, session)
    raws = [None if each is None else raw_table(each) for each in (frame, history)]
    expected = records_of(pipeline.predict(pipeline.check(raws[0], predict=True, earlier=raws[1])))
    columns = [None if each is None else columns_of(columns_checked(pipeline, each)) for each in raws]
    frames = [None if each is None else Frame(each) for each in columns]
    found = SeriesScorer(content, session, data.costs).answer(frames[0], history=frames[1])
    return found, expected, columns


def columns_checked(pipeline, raw):
    """A table whose columns are checked, without its series."""
    from shared.pipeline import Pipeline

    return Pipeline.check(pipeline, raw, predict=True)


def test_series_are_forecast_as_by_the_pipeline(rows):
    found, expected, _ = both(content_of("retail_demand"), SESSION, rows)
    assert_equal(found, expected)
    assert len({each["q50"] for each in found}) > 10


def test_earlier_rows_by_history_come_before_and_new_items_after(rows):
    late = rows["date"] >= "2024-07-01"
    own = pd.concat(
        [rows[late], rows[late & (rows["item"] == "00002")].assign(item="00000 new", quantity="")]
    )
    found, expected, _ = both(content_of("retail_demand"), SESSION, own, rows[~late])
    assert_equal(found, expected)
    assert {each["note"] for each in found if each["item"] == "00000 new"} == {"new item"}


def test_keys_that_only_the_history_has_stand_where_the_pipeline_puts_them(rows):
    early, late = rows[rows["date"] < "2024-07-01"], rows[rows["date"] >= "2024-07-01"]
    early = pd.concat([early, early[early["item"] == "00003"].assign(item="00000", category="aaa")])
    plan = late[(late["item"] == "00003") & (late["quantity"] == "")].assign(item="00000", category="aaa")
    found, expected, _ = both(
        content_of("retail_demand", gaps="zero"), SESSION, pd.concat([late, plan]), early
    )
    assert_equal(found, expected)


@pytest.mark.parametrize(
    "changes",
    [
        {"transform": "none", "center": "mean", "unit": "change"},
        {"transform": "none", "center": "last", "baseline": "season"},
        {"baseline": "last", "calendar": False, "read_sizes": False},
        {"lead_time": 2, "whole_pieces": False, "service_level": 0.9},
        {"cost_by_price": True, "short_cost": 3.0},
        {"conformal": False, "members": 2},
    ],
)
def test_settings_change_both_alike(rows, changes):
    content = content_of("retail_demand", **changes)
    read = [name for name in READ if name != "level" or changes.get("read_sizes", True)]
    session = Made(read, SESSION.outputs)
    found, expected, _ = both(content, session, rows)
    assert_equal(found, expected)


def test_keys_are_read_by_networks_that_know_them(rows):
    content = content_of("retail_demand", read_keys=True)
    content["state"]["statics"] |= {"item": ["00002", "00001"], "store": ["01"]}
    found, expected, _ = both(content, SESSION, rows)
    assert_equal(found, expected)


@pytest.mark.parametrize(("head", "numbers"), [("negative_binomial", 2), ("zero_inflated", 3)])
def test_counts_are_forecast_as_by_the_pipeline(rows, head, numbers):
    session = Counting(READ, {None: (2, HORIZON, numbers)})
    found, expected, _ = both(content_of("retail_demand", head=head), session, rows)
    assert_equal(found, expected)
    assert max(each["q95"] for each in found) > 3


class Counting(Made):
    """A network that gives means and shapes, which are above 0."""

    def __call__(self, x, batch_size=None):
        return np.exp(super().__call__(x))


def test_costs_of_the_rows_go_before_those_of_the_settings(rows):
    content = content_of("retail_demand")
    content["mapping"]["columns"] |= {"short_cost": "short", "over_cost": "over"}
    short, over = np.where(rows["item"] == "00001", "9", "1"), np.where(rows["item"] == "00002", "", "2")
    found, expected, _ = both(content, SESSION, rows.assign(short=short, over=over))
    assert_equal(found, expected)


def test_nothing_but_numpy_is_needed(rows):
    content = content_of("retail_demand", head="negative_binomial")
    session = Made(READ, {None: (1, HORIZON, 2)})
    late = rows["date"] >= "2024-07-01"
    found, expected, columns = both(content, session, rows[late], rows[~late])
    scorer = "shared.light.series:SeriesScorer"
    given = {"history": columns[1], "refused": ["PIL"], "hooks": {"costs": data.__file__}}
    found, modules = EXAMPLE["alone"](scorer, content, session, columns[0], **given)
    assert_equal(found, expected)
    assert "shared.pipeline" not in modules


def test_tables_of_longer_periods_are_refused(rows):
    weekly = rows[pd.to_datetime(rows["date"]).dt.weekday == 0]
    with pytest.raises(ContractError, match="the dates are weekly, the model was fitted on daily periods"):
        both_refused(weekly)


def test_a_plan_that_lacks_is_told(rows):
    with pytest.raises(ContractError, match="is known ahead, but the table has no rows for 7 steps"):
        both_refused(rows[rows["quantity"] != ""])


def both_refused(frame):
    """Refused by the light scorer, as the pipeline does with the same words."""
    content = content_of("retail_demand")
    pipeline = pipeline_of(content, SESSION)
    columns = columns_of(columns_checked(pipeline, raw_table(frame)))
    with pytest.raises(ContractError) as caught:
        pipeline.check(raw_table(frame), predict=True)
    try:
        SeriesScorer(content, SESSION, data.costs).answer(Frame(columns))
    except ContractError as error:
        assert [str(fault) for fault in error.faults] == [str(fault) for fault in caught.value.faults]
        raise


DAYS = [str(day) for day in np.arange("2024-01-29", "2024-03-20", dtype="datetime64[D]")]
AHEAD = [str(day) for day in np.arange("2024-03-21", "2024-04-02", dtype="datetime64[D]")]
QUANTITIES = ["0", "1", "2.5", "7", "-1", "-7", "1e3"]


def lines_of(dates, quantities):
    """Sales lines, or with empty quantities a plan."""
    return st.fixed_dictionaries(
        {
            "date": st.sampled_from(dates),
            "quantity": st.sampled_from(quantities),
            "item": st.sampled_from(["a", "b", "007", "7", "POSTAGE", ""]),
            "store": st.sampled_from(["S1", "S2"]),
            "status": st.sampled_from(["ok", "C1", "c22", ""]),
            "stockout": st.sampled_from(["0", "0", "1", ""]),
            "price": st.sampled_from(["1", "2.5", ""]),
            "promotion": st.sampled_from(["0", "1", ""]),
            "holiday": st.sampled_from(["0", "1", ""]),
            "weather": st.sampled_from(["1.5", "-3", ""]),
            "category": st.sampled_from(["x", "y", ""]),
            "short_cost": st.sampled_from(["1", "2", ""]),
        }
    )


sold = st.lists(lines_of(DAYS, QUANTITIES), min_size=1, max_size=40)
planned = st.lists(lines_of(AHEAD, [""]), max_size=12)
odd = st.lists(lines_of(DAYS, ["", "2e6"]), max_size=1)
chosen = st.fixed_dictionaries(
    {
        "frequency": st.sampled_from(["D", "W", "M", "H"]),
        "rows": st.sampled_from(["sales", "sales", "sales", "regular", "auto"]),
        "gaps": st.sampled_from(["zero", "missing", "error"]),
        "returns": st.sampled_from(["drop", "net"]),
        "cancelled": st.sampled_from([[], ["C*"]]),
        "ignored_items": st.sampled_from([[], ["post*"]]),
        "partial": st.sampled_from(["drop", "keep"]),
        "past_known": st.sampled_from([[], ["weather"]]),
        "top_series": st.sampled_from([None, 2]),
    }
)


@settings(max_examples=150)
@given(sold, planned, odd, sold, chosen, st.sampled_from([0, 0, 0, 2]))
def test_any_sales_make_the_panel_that_the_pipeline_makes(own, plan, strange, earlier, changes, horizon):
    content = content_of("retail_demand")
    content["mapping"]["columns"] |= {"status": "status", "short_cost": "short_cost"}
    content["mapping"]["numeric"] = ["weather"]
    content["mapping"]["format"]["duplicates"] = "keep"
    content["config"] |= {"horizon": max(1, horizon)}
    pipeline = pipeline_of(content, SESSION)
    tables = [
        columns_checked(pipeline, raw_table(pd.DataFrame(each)))
        for each in ([*own, *plan, *strange], earlier)
    ]
    scorer = SeriesScorer(content, SESSION, data.costs)
    light = scorer._table(*(Frame(columns_of(table)) for table in tables))
    theirs = made(joined_with_settings(tables, pipeline), changes, horizon)
    ours = made(light, changes, horizon)
    assert_same_panel(ours, theirs)


def joined_with_settings(tables, pipeline):
    from dataclasses import replace

    from shared.contract import joined

    return replace(joined(*tables), own=len(tables[0]))


def made(table, changes, horizon):
    """The panel of a table and its notes, or the faults."""
    from shared.series.aggregate import regular

    content = content_of("retail_demand", **changes)
    try:
        table.notes = []
        panel = regular(
            table, SimpleNamespace(**content["config"]), solution="x", predict=True, horizon=horizon
        )
    except ContractError as error:
        return [str(fault) for fault in error.faults]
    return panel, table.notes


def assert_same_panel(ours, theirs):
    if isinstance(theirs, list):
        assert ours == theirs
        return
    (ours, our_notes), (theirs, their_notes) = ours, theirs
    assert our_notes == their_notes and ours.counts == theirs.counts
    for name in ("now", "first", "frequency", "rows"):
        assert getattr(ours, name) == getattr(theirs, name)
    np.testing.assert_array_equal(ours.target, theirs.target)
    np.testing.assert_array_equal(ours.start, theirs.start)
    for name in ("known", "past", "costs"):
        one, other = getattr(ours, name), getattr(theirs, name)
        assert list(one) == list(other)
        for key in one:
            np.testing.assert_array_equal(one[key], other[key])
    for name in ("keys", "statics"):
        one, other = getattr(ours, name), getattr(theirs, name)
        assert list(one) == list(other)
        for key in one:
            texts = [None if text != text else text for text in other[key]]
            assert list(one[key]) == texts
