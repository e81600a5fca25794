"""Dates to periods and back, and what the dates of a table say of its frequency."""

import numpy as np
import pandas as pd
import pytest

from shared.series.calendar import grid, periods, season, starts, whole, written


def days(*texts):
    return np.array(texts, "datetime64[us]")


@pytest.mark.parametrize("frequency, alias", [("H", "h"), ("D", "D"), ("W", "W-SUN"), ("M", "M")])
def test_periods_are_those_of_pandas(frequency, alias):
    rng = np.random.default_rng(0)
    times = np.datetime64("1999-12-01", "us") + rng.integers(0, 900 * 86_400, 500).astype("m8[s]")
    found = starts(periods(times, frequency), frequency)
    wanted = pd.DatetimeIndex(times).to_period(alias).start_time.to_numpy("datetime64[s]")
    assert (found == wanted).all()


@pytest.mark.parametrize("frequency", "HDWM")
def test_the_start_of_a_period_lies_in_it(frequency):
    numbers = np.arange(-500, 500)
    assert (periods(starts(numbers, frequency), frequency) == numbers).all()


def test_weeks_start_on_monday():
    assert np.diff(periods(days("2024-03-03T23:59", "2024-03-04"), "W")).tolist() == [1]
    assert written(int(periods(days("2024-03-06"), "W")[0]), "W") == "2024-03-04"


@pytest.mark.parametrize(
    "times, wanted",
    [
        (np.arange("2024-01-01", "2024-01-03", dtype="datetime64[h]"), "H"),
        (np.arange("2024-01-01", "2024-01-20", dtype="datetime64[D]"), "D"),
        (np.arange("2024-01-05", "2024-06-20", 7, dtype="datetime64[D]"), "W"),
        (np.arange("2024-01", "2024-06", dtype="datetime64[M]"), "M"),
        (days("2024-01-31", "2024-02-29", "2024-04-30"), "M"),
        (days("2024-01-01T06:00", "2024-01-02T06:00", "2024-01-04T06:00"), "D"),
        (days("2024-01-01T06:30", "2024-01-01T07:30"), "H"),
        (days("2024-01-01", "2024-01-08"), "D"),  # two Mondays are no rule
        (days("2024-01-01T06:17", "2024-01-02T11:32"), None),
    ],
)
def test_the_grid_is_the_coarsest_that_all_dates_lie_on(times, wanted):
    assert grid(times) == wanted


def test_a_week_that_is_cut_off_is_not_whole():
    covered = np.arange("2024-01-03", "2024-02-01", dtype="datetime64[D]")
    assert whole(covered, "W") == (False, False)
    assert whole(covered, "M") == (False, True)


def test_a_shop_that_is_closed_on_sundays_has_whole_weeks():
    covered = np.arange("2024-01-01", "2024-02-04", dtype="datetime64[D]")  # Monday to Saturday
    open_days = covered[(covered.astype(int) + 3) % 7 != 6]
    assert whole(open_days, "W") == (True, True)
    assert whole(covered[:-1], "W") == (True, False)


def test_main_seasons():
    assert [season(frequency) for frequency in "HDWM"] == [24, 7, 52, 12]
