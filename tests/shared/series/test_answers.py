"""The table of answers: each number at its series and step, notes, and what came where it is known."""

import numpy as np
import pandas as pd
import pytest

from shared.series.answers import NEW, SHORT, ZERO, long_table, notes_of, quantile_name
from shared.series.counts import mean_of
from shared.series.panel import Panel

LEVELS = (0.1, 0.5, 0.975)
NOW, HORIZON = 10, 3


def panel_of(keys=True) -> Panel:
    """A usual series, a short one, one that never sold, a new one, one not known of late."""
    target = np.tile(np.arange(NOW, dtype=np.float32), (5, 1))
    target[1, :8], target[2], target[3], target[4, 6:] = np.nan, 0, np.nan, np.nan
    named = {"item": pd.Categorical(["00123", "123", "b", "c", "d"]), "store": pd.Categorical(["S"] * 5)}
    start = np.array([0, 8, 0, NOW, 0])
    return Panel(target, start, NOW, np.datetime64("2024-02-26", "s"), "D", keys=named if keys else {})


def forecast_of(steps=HORIZON):
    return np.sort(np.random.default_rng(0).gamma(2, 3, (5, steps, len(LEVELS))), axis=-1)


def test_every_number_stands_at_its_series_and_step():
    panel, forecast = panel_of(), forecast_of()
    orders = {"order": np.arange(15).reshape(5, 3), "safety_stock": np.arange(5) * 10}
    table = long_table(panel, NOW, forecast, LEVELS, orders, HORIZON)
    assert list(table) == [
        "item", "store", "date", "step", "mean", "q10", "q50", "q975", "order", "safety_stock", "note",
    ]  # fmt: skip
    assert len(table) == 15
    mean = mean_of(forecast, LEVELS)
    for line, (series, step) in enumerate((s, t) for s in range(5) for t in range(3)):
        row = table.iloc[line]
        assert row["item"] == panel.keys["item"][series] and row["step"] == step + 1
        assert row["date"] == pd.Timestamp("2024-03-07") + pd.Timedelta(days=step)
        assert row[["q10", "q50", "q975"]].tolist() == forecast[series, step].tolist()
        assert row["mean"] == mean[series, step]
        assert row["order"] == 3 * series + step and row["safety_stock"] == 10 * series


def test_codes_of_items_stay_the_texts_they_are():
    table = long_table(panel_of(), NOW, forecast_of(), LEVELS, {}, HORIZON)
    assert table["item"].astype(str).tolist()[::3] == ["00123", "123", "b", "c", "d"]


def test_a_panel_of_one_series_has_no_key():
    panel = panel_of(keys=False).take([0])
    table = long_table(panel, NOW, forecast_of()[:1], LEVELS, {}, HORIZON)
    assert list(table)[:2] == ["date", "step"] and len(table) == 3


def test_notes_name_the_new_the_short_and_those_without_a_sale():
    panel = panel_of()
    assert notes_of(panel, NOW, 3).tolist() == ["", SHORT, ZERO, NEW, ""]
    assert notes_of(panel, NOW, 7).tolist() == ["", SHORT, ZERO, NEW, SHORT]
    assert notes_of(panel, 2, 3).tolist() == [SHORT, NEW, SHORT, NEW, SHORT]  # as it was then
    assert (NEW, SHORT, ZERO) == ("new item", "short history", "no sale yet")


def test_each_line_of_a_series_has_its_note():
    table = long_table(panel_of(), NOW, forecast_of(), LEVELS, {}, HORIZON)
    assert table["note"].tolist() == np.repeat(["", SHORT, ZERO, NEW, ""], 3).tolist()


def test_what_came_stands_beside_it_where_it_is_known():
    panel = panel_of()
    table = long_table(panel, NOW - 2, forecast_of(), LEVELS, {}, HORIZON)
    assert list(table)[-1] == "actual"
    assert table["date"].iloc[0] == pd.Timestamp("2024-03-05")
    expected = [8, 9, np.nan] * 2 + [0, 0, np.nan] + [np.nan] * 6
    np.testing.assert_array_equal(table["actual"], expected)
    assert "actual" not in long_table(panel, NOW, forecast_of(), LEVELS, {}, HORIZON)


@pytest.mark.parametrize("frequency, dates", [
    ("H", ["2024-01-31 02:00", "2024-01-31 03:00"]),
    ("W", ["2024-02-14", "2024-02-21"]),
    ("M", ["2024-03-01", "2024-04-01"]),
])  # fmt: skip
def test_the_dates_are_those_of_the_frequency(frequency, dates):
    panel = Panel(np.ones((1, 2), np.float32), np.array([0]), 2, np.datetime64("2024-01-31", "s"), frequency)
    table = long_table(panel, 2, np.ones((1, 2, 3)), LEVELS, {}, 2)
    assert table["date"].tolist() == [pd.Timestamp(date) for date in dates]


def test_quantiles_are_named_by_their_digits_and_no_two_alike():
    levels = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.9, 0.95, 0.975, 0.995]
    names = [quantile_name(level) for level in levels]
    assert names == ["q01", "q025", "q05", "q10", "q25", "q50", "q90", "q95", "q975", "q995"]
