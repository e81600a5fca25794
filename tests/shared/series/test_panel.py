"""The panel: what it holds, what was known at an origin."""

import numpy as np
import pandas as pd

from shared.series.panel import Panel, series_names


def panel():
    return Panel(
        np.array([[1, 2, 3, np.nan], [np.nan, np.nan, 5, np.nan]], np.float32),
        np.array([0, 2]),
        3,
        np.datetime64("2024-01-31", "s"),
        "D",
        keys={"item": pd.Categorical(["00123", "123"]), "store": pd.Categorical(["A", "A"])},
        statics={"group": pd.Categorical(["x", None])},
        known={"price": np.arange(8, dtype=np.float32).reshape(2, 4)},
        past={"numeric/rain": np.ones((2, 4), np.float32)},
        costs={"short_cost": np.array([1, 2], np.float32)},
    )


def test_dates_and_names():
    made = panel()
    assert made.dates.astype("datetime64[D]").astype(str).tolist()[-1] == "2024-02-03"
    assert made.dates.dtype == np.dtype("datetime64[s]")
    assert made.names() == ["00123 / A", "123 / A"]
    assert (len(made), made.steps) == (2, 4)


def test_until_hides_what_was_not_known():
    made = panel()
    before = made.until(1)
    assert before.now == 1 and before.start.tolist() == [0, 1]
    assert np.isnan(before.target[:, 1:]).all() and before.target[0, 0] == 1
    assert np.isnan(before.past["numeric/rain"][:, 1:]).all()
    assert (before.known["price"] == made.known["price"]).all()
    assert made.target[0, 1] == 2 and made.past["numeric/rain"].all(), "the panel itself is as it was"


def test_until_now_changes_nothing_and_later_is_not_reached():
    made = panel()
    assert np.array_equal(made.until(3).target, made.target, equal_nan=True)
    assert made.until(9).now == 3


def test_some_series_are_taken_with_all_that_is_theirs():
    one = panel().take([1])
    assert one.names() == ["123 / A"] and one.start.tolist() == [2]
    assert one.costs["short_cost"].tolist() == [2] and one.known["price"][0, 0] == 4
    assert one.statics["group"].codes.tolist() == [-1]


def test_a_single_series_needs_no_key():
    assert series_names({}, 1) == ["all"]
