"""The encoder's state is plain JSON, and whatever comes in, what comes out is finite."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.encoding import (
    CLIP,
    Features,
    encode,
    encode_categories,
    encode_numbers,
    learn,
    learn_categories,
    learn_numbers,
    places,
)

ANY = st.floats(allow_nan=True, allow_infinity=True)
TRANSFORMS = ["standard", "quantile"]


def category(*values):
    return pd.Series(values).astype("category")


def encoded(train, values, transform="standard"):
    state = learn_numbers({"x": np.asarray(train)}, np.arange(len(train)), transform=transform)
    return encode_numbers({"x": np.asarray(values)}, json.loads(json.dumps(state, allow_nan=False)))


@pytest.mark.parametrize("transform", TRANSFORMS)
@settings(max_examples=150, deadline=None)
@given(train=st.lists(ANY, min_size=0, max_size=20), values=st.lists(ANY, min_size=1, max_size=20))
def test_whatever_comes_in_the_numbers_that_come_out_are_finite(transform, train, values):
    assert np.isfinite(encoded(np.array(train, float), np.array(values), transform)).all()


@pytest.mark.parametrize("transform", TRANSFORMS)
@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_larger_number_is_never_encoded_as_a_smaller_one(transform, seed):
    rng = np.random.default_rng(seed)
    train = rng.choice([rng.normal(size=50), rng.integers(0, 4, 50), rng.standard_cauchy(50)])
    values = np.sort(np.r_[train, rng.normal(scale=100, size=30), -np.inf, np.inf])
    assert (np.diff(encoded(train, values, transform)[:, 0]) >= 0).all()


def test_standard_numbers_have_mean_0_and_spread_1_on_the_training_rows_alone():
    rng = np.random.default_rng(0)
    column = {"x": np.r_[rng.normal(7, 3, 500), np.full(100, 1e6)]}
    state = learn_numbers(column, np.arange(500))
    out = encode_numbers(column, state)[:, 0]
    assert out[:500].mean() == pytest.approx(0, abs=1e-6) and out[:500].std() == pytest.approx(1)
    assert (out[500:] == CLIP).all()


def test_a_heavy_tailed_column_passes_through_a_logarithm_and_keeps_its_sign():
    train = np.r_[np.linspace(-1, 1, 999), 1e6]
    state = learn_numbers({"x": train}, np.arange(1000))
    assert state["x"]["log"]
    assert encoded(train, [-1e6])[0, 0] == pytest.approx(-encoded(train, [1e6])[0, 0], rel=0.1)


def test_quantiles_turn_a_skewed_column_into_a_normal_one():
    from scipy.stats import kstest

    values = np.random.default_rng(0).exponential(size=5000) ** 3
    assert kstest(encoded(values, values, "quantile")[:, 0], "norm").statistic < 0.01


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("value", [0.0, 0.1, -3e7, 1e300])
def test_a_constant_column_is_0_and_explodes_on_nothing(transform, value):
    """The standard deviation of 1,000 times 0.1 is 1.4e-17: dividing by it gave 1 and then 30."""
    train = np.full(1000, value)
    assert np.abs(encoded(train, train, transform)).max() < 1e-6
    assert abs(encoded(train, [value + 1.0], transform)[0, 0]) <= 1.0


def test_missing_numbers_are_the_middle_and_have_an_indicator_where_training_had_them():
    columns = {"a": np.array([1.0, 2.0, 3.0]), "b": np.array([1.0, np.nan, 3.0])}
    state = learn_numbers(columns, np.arange(3))
    out = encode_numbers({"a": np.array([np.nan, 2.0]), "b": np.array([np.nan, 2.0])}, state)
    np.testing.assert_array_equal(out, [[0, 0, 1], [0, 0, 0]])
    everything_missing = {"a": np.full(3, np.nan)}
    state = learn_numbers(everything_missing, np.arange(3))
    assert encode_numbers(everything_missing, state).tolist() == [[0, 1]] * 3


def test_an_infinite_training_value_is_left_out_of_mean_and_spread():
    state = learn_numbers({"x": np.array([1.0, 3.0, np.inf])}, np.arange(3))
    assert (state["x"]["mean"], state["x"]["spread"]) == (2.0, 1.0)


def test_whole_numbers_and_truth_values_are_numbers_too():
    columns = {"count": np.array([1, 3]), "flag": np.array([True, False])}
    assert encode_numbers(columns, learn_numbers(columns, np.arange(2))).tolist() == [[-1, 1], [1, -1]]


def test_vocabularies_hold_the_frequent_training_values_first_and_at_most_so_many():
    values = category("rare", "b", "b", "a", "a", "a", None, "only in test")
    assert learn_categories({"c": values}, np.arange(7), most=2) == {"c": ["a", "b"]}
    assert learn_categories({"c": values}, np.arange(7), most=9) == {"c": ["a", "b", "rare"]}


def test_missing_unseen_and_known_categories_have_codes_of_their_own():
    learnt = learn_categories({"c": category("x", "y", "y")}, np.arange(3), most=9)
    codes = encode_categories({"c": category("y", "x", None, "new")}, learnt)
    assert codes.ravel().tolist() == [2, 3, 0, 1] and codes.dtype == np.int32
    nothing_known = encode_categories({"c": pd.Series([None, None]).astype("category")}, learnt)
    assert nothing_known.ravel().tolist() == [0, 0]


def test_codes_do_not_depend_on_how_the_file_numbered_its_categories():
    vocabulary = {"c": ["b", "a"]}
    one = pd.Series(pd.Categorical(["a", "b"], categories=["a", "b"]))
    two = pd.Series(pd.Categorical(["a", "b"], categories=["never", "b", "a"]))
    for column in (one, two):
        assert encode_categories({"c": column}, vocabulary).ravel().tolist() == [3, 2]


def test_the_state_survives_json_bit_for_bit_and_reads_the_training_rows_alone():
    rng = np.random.default_rng(0)
    numbers = {"a": rng.normal(size=50).astype("float32"), "b": np.where(rng.random(50) < 0.3, np.nan, 2.5)}
    features = Features(numbers, {"c": category(*rng.choice(["x", "y"], 50))})
    rows = np.arange(25)
    state = learn(features, rows)
    again = json.loads(json.dumps(state, allow_nan=False))
    assert again == state
    for name, array in encode(features, state).items():
        np.testing.assert_array_equal(array, encode(features, again)[name])
    changed = Features({n: np.r_[v[:25], v[25:] * 100] for n, v in numbers.items()}, features.categories)
    assert learn(changed, rows)["numbers"] == state["numbers"]


def test_places_say_where_each_feature_and_its_indicator_stand():
    features = Features({"a": np.array([1.0, 2.0]), "b": np.array([np.nan, 1.0])}, {"c": category("x", "y")})
    state = learn(features, np.arange(2))
    assert places(state) == {
        "a": [("number", 0)],
        "b": [("number", 1), ("number", 2)],
        "c": [("category", 0)],
    }
    assert {name: array.shape for name, array in encode(features, state).items()} == {
        "number": (2, 3),
        "category": (2, 1),
    }
    assert features.names == ["a", "b", "c"] and len(features) == 2


def test_a_table_of_categories_alone_has_no_number_array():
    features = Features({}, {"c": category("x", "y")})
    assert list(encode(features, learn(features, np.arange(2)))) == ["category"]


def test_a_column_whose_spread_is_too_small_for_a_float_is_not_divided_by_zero():
    with np.errstate(all="raise", under="ignore"):
        assert encoded([0.0, 5e-324], [0.0, 5e-324, 1.0]).ravel().tolist() == [0, 0, 1]
