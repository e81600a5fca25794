"""What features are made of: cells, the clock, the past of several keys at once, further columns, latest rows."""

import numpy as np
import pandas as pd
import pytest

from shared.features import clock, columns_of_past, gathered, histories, latest_rows, numbers
from shared.history import History, key_codes, seconds

TIME = np.array([0.0, 10.0, 20.0, 30.0])
FRAME = pd.DataFrame(
    {
        "time": pd.to_datetime(["2025-01-01", "2025-01-02", "2025-01-03", "2025-01-04"]),
        "card": ["a", "b", "a", None],
        "terminal": ["t", "t", "t", "u"],
    }
)


def test_a_column_that_the_table_lacks_is_not_known_of_any_row():
    frame = pd.DataFrame({"amount": np.array([1, 2], np.int32)})
    assert numbers(frame, "amount").dtype == np.float64
    assert np.isnan(numbers(frame, "label")).tolist() == [True, True]


def test_the_clock_turns_in_a_circle_and_knows_nights_and_weekends():
    moments = ["2025-01-03 05:59:59", "2025-01-03 06:00", "2025-01-05 18:00", "2025-01-06 00:00"]
    found = clock(seconds(pd.Series(pd.to_datetime(moments, format="mixed"))))
    assert found["night"].tolist() == [True, False, False, True]
    assert found["weekend"].tolist() == [False, False, True, False]
    np.testing.assert_allclose(found["hour_sin"][1:], [1, -1, 0], atol=1e-12)
    np.testing.assert_allclose(found["hour_cos"][1:], [0, 0, 1], atol=1e-12)


def test_each_key_has_the_history_that_it_has_alone():
    past = histories(FRAME, TIME, card=["card"], pair=["card", "terminal"])
    assert list(past) == ["card", "pair"]
    for name, columns in {"card": ["card"], "pair": ["card", "terminal"]}.items():
        alone = History(key_codes(*(FRAME[column] for column in columns)), TIME)
        np.testing.assert_array_equal(past[name].count(), alone.count())


def test_keys_that_the_table_lacks_have_no_history_and_tell_nothing():
    frame = FRAME.drop(columns="card")
    past = histories(frame, TIME, card=["card"], terminal=["terminal"], pair=["card", "terminal"])
    assert list(past) == ["terminal"]
    told = columns_of_past(
        past,
        card=lambda card: pytest.fail("there is no card"),
        terminal=lambda terminal: {"terminal_count": terminal.count()},
    )
    assert {name: values.tolist() for name, values in told.items()} == {"terminal_count": [0, 1, 2, 0]}
    assert histories(frame, TIME, card=["card"]) == {} and columns_of_past({}) == {}


def test_what_is_told_keeps_its_order_and_an_error_is_not_swallowed():
    past = histories(FRAME, TIME, terminal=["terminal"], card=["card"])
    told = columns_of_past(
        past, card=lambda card: {"b": card.count()}, terminal=lambda terminal: {"a": terminal.count()}
    )
    assert list(told) == ["b", "a"]

    def broken(card):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        columns_of_past(past, card=broken)


def test_further_columns_follow_the_own_ones_and_keep_their_full_name_where_it_is_taken():
    shops = pd.Series(["x", "y"]).astype("category")
    frame = pd.DataFrame(
        {
            "amount": [1.0, 2.0],
            "numeric/limit": [5.0, np.nan],
            "numeric/night": [7.0, 8.0],
            "categorical/limit": shops,
            "categorical/shop": shops,
        }
    )
    found = gathered({"night": np.array([True, False])}, frame, ["amount"])
    assert list(found.numbers) == ["night", "limit", "numeric/night"]
    assert list(found.categories) == ["categorical/limit", "shop"]
    assert {values.dtype for values in found.numbers.values()} == {np.dtype("float32")}
    np.testing.assert_array_equal(found.numbers["limit"], np.array([5, np.nan], np.float32))


def test_a_solution_without_columns_of_its_own_reads_the_further_ones():
    frame = pd.DataFrame({"label": [0.0, 1.0], "numeric/age": [30.0, 40.0]})
    assert gathered({}, frame, ["label"]).names == ["age"]


def test_the_latest_rows_are_those_of_the_key_and_the_row_itself():
    steps = np.arange(1, 5, dtype="float32")[:, None]
    inputs = latest_rows({"number": steps}, FRAME, "card", window=2, alone=False)
    window = inputs.take(np.arange(4))["history"]
    assert window[..., 0].tolist() == [[0, 1], [0, 2], [1, 3], [0, 4]]  # a row without a card is of its own
    assert window[..., 1].tolist() == [[0, 1], [0, 1], [1, 1], [0, 1]]
    assert set(inputs.shapes) == {"number", "history"}


def test_latest_rows_may_be_all_that_is_read_and_need_no_key():
    arrays = {"number": np.ones((4, 3), "float32"), "category": np.zeros((4, 1), "int32")}
    inputs = latest_rows(arrays, FRAME.drop(columns="card"), "card", window=3, alone=True)
    assert set(inputs.shapes) == {"history"} and inputs.shapes["history"] == (3, 4)
    assert inputs.take(np.array([3]))["history"][0, :, -1].tolist() == [0, 0, 1]


def test_a_group_of_the_report_is_no_feature_unless_it_is_named_as_one():
    frame = pd.DataFrame(
        {"group/region": pd.Categorical(["N", "S"]), "group/age": [1.0, 2.0], "numeric/age": [1.0, 2.0]}
    )
    found = gathered({}, frame, [])
    assert list(found.numbers) == ["age"] and not found.categories
