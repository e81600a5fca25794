"""The calendar as numbers: each cycle comes round where it should."""

import datetime

import numpy as np
import pytest

from shared.series.seasons import CYCLES, calendar_features, dates_from

STEPS = {"H": 24 * 21, "D": 800, "W": 120, "M": 40}


def by_hand(moment: datetime.datetime, frequency: str) -> list[float]:
    """Sine and cosine of the hour of the day, the hour of the week, the second of the year."""
    monday = (moment - datetime.datetime(1969, 12, 29)).total_seconds()
    epoch = (moment - datetime.datetime(1970, 1, 1)).total_seconds()
    year = 365.2425 * 86_400
    share = {
        "day": epoch % 86_400 / 86_400,
        "week": monday % (7 * 86_400) / (7 * 86_400),
        "year": (epoch + 3 * 86_400) % year / year,
    }
    cycles = {"H": ("day", "week"), "D": ("week", "year"), "W": ("year",), "M": ("year",)}[frequency]
    out = []
    for cycle in cycles:
        for harmonic in (1, 2):
            out += [np.sin(2 * np.pi * harmonic * share[cycle]), np.cos(2 * np.pi * harmonic * share[cycle])]
    return out


@pytest.mark.parametrize("frequency", CYCLES)
def test_features_are_those_of_a_plain_loop(frequency):
    dates = dates_from(np.datetime64("2019-12-30T05:00:00", "s"), frequency, STEPS[frequency])
    found = calendar_features(dates, frequency)
    expected = [by_hand(date, frequency) for date in dates.astype("datetime64[s]").tolist()]
    assert found.dtype == np.float32 and np.abs(found).max() <= 1
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_one_week_is_like_another_and_no_two_days_of_it_are_alike():
    found = calendar_features(dates_from(np.datetime64("2024-01-01"), "D", 70), "D")[:, :4]
    np.testing.assert_allclose(found[:63], found[7:], atol=1e-6)
    apart = np.abs(found[:7, None] - found[None, :7]).max(axis=-1)
    assert apart[~np.eye(7, dtype=bool)].min() > 0.3


def test_a_week_starts_on_a_monday_and_one_year_is_much_like_another():
    monday = calendar_features(np.array(["2024-01-01"], "datetime64[D]"), "D")[0, :4]
    np.testing.assert_allclose(monday, [0, 1, 0, 1], atol=1e-6)
    july = calendar_features(np.array(["2023-07-04", "2024-07-04"], "datetime64[D]"), "D")[:, 4:]
    np.testing.assert_allclose(july[0], july[1], atol=0.03)


def test_dates_before_1970_have_their_place_too():
    found = calendar_features(np.array(["1951-03-05", "2024-03-04"], "datetime64[D]"), "D")[:, :4]
    np.testing.assert_allclose(found[0], found[1], atol=1e-6)  # both are Mondays


@pytest.mark.parametrize("frequency", CYCLES)
def test_dates_go_on_step_by_step(frequency):
    import pandas as pd

    alias = {"H": "h", "D": "D", "W": "7D", "M": "MS"}[frequency]
    first = np.datetime64("2024-01-01T00:00:00", "s")
    expected = pd.date_range("2024-01-01", periods=30, freq=alias).to_numpy().astype("datetime64[s]")
    found = dates_from(first, frequency, 30)
    assert found.dtype == "datetime64[s]"
    np.testing.assert_array_equal(found, expected)
    assert len(dates_from(first, frequency, 0)) == 0


def test_months_start_on_their_first_day_whatever_the_first_date_is():
    found = dates_from(np.datetime64("2023-11-17", "s"), "M", 4).astype("datetime64[D]").astype(str)
    assert found.tolist() == ["2023-11-01", "2023-12-01", "2024-01-01", "2024-02-01"]
