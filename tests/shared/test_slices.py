"""Parts of a table that are judged apart."""

import numpy as np
import pandas as pd

from shared.slices import MOST_PARTS, by_hour, customer_groups, in_bands


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


def test_the_customers_groups_are_parts_and_nothing_else_is():
    frame = pd.DataFrame(
        {
            "amount": [1.0, 2.0, 3.0, 4.0, np.nan],
            "group/region": pd.Categorical(["N", "S", None, "N", "S"]),
            "group/age": [10.0, 20.0, 30.0, 40.0, np.nan],
        }
    )
    found = customer_groups(frame)
    assert list(found) == ["region", "age"]
    assert found["region"].categories.tolist() == ["N", "S"] and pd.isna(found["region"][2])
    assert found["age"].tolist()[:4] == ["-inf to 17.5", "17.5 to 25", "25 to 32.5", "32.5 to inf"]
    assert pd.isna(found["age"][4])


def test_of_many_texts_the_most_frequent_stand_alone():
    texts = [f"t{at:02}" for at in range(30) for _ in range(30 - at)]
    found = customer_groups(pd.DataFrame({"group/shop": pd.Categorical(texts)}))["shop"]
    assert found.categories.tolist() == ["...", *(f"t{at:02}" for at in range(MOST_PARTS))]


def test_a_group_without_any_value_has_no_parts():
    found = customer_groups(pd.DataFrame({"group/age": [np.nan, np.nan]}))["age"]
    assert pd.isna(found).all()
