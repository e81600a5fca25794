"""Parts of a table that are judged apart."""

import numpy as np
import pandas as pd

from shared.slices import by_hour, in_bands


def test_a_value_on_an_edge_is_in_the_band_above_it():
    found = in_bands(pd.Series([0.0, 9.99, 10.0, 49.0, 50.0, 1e9], index=range(6, 12)), [10, 50])
    assert found.tolist() == ["0-10", "0-10", "10-50", "10-50", "50+", "50+"]


def test_bands_stand_in_their_order_also_those_that_no_row_is_in():
    assert in_bands([600.0], (10, 100, 500)).categories.tolist() == ["0-10", "10-100", "100-500", "500+"]
    assert in_bands([0.1], [0.25]).categories.tolist() == ["0-0.25", "0.25+"]


def test_a_missing_value_is_in_no_band():
    assert pd.isna(in_bands([np.nan, 5], [10])).tolist() == [True, False]
    times = pd.Series(pd.to_datetime(["2025-01-01 12:00", None]))
    assert by_hour(times)[0] == "12-18" and pd.isna(by_hour(times)[1])


def test_each_hour_is_in_the_quarter_that_names_it():
    hours = pd.Series(pd.date_range("2025-01-01", periods=24, freq="h"), index=range(50, 74))
    for hour, part in enumerate(by_hour(hours)):
        start, end = map(int, part.split("-"))
        assert start <= hour < end
