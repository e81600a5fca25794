import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.monitoring.bins import (
    FEWEST_ROWS,
    LONGEST,
    MOST_VALUES,
    CategoryBins,
    KeyBins,
    NumberBins,
    bins_from_dict,
    halves,
)

numbers = st.lists(st.one_of(st.floats(width=32, allow_nan=True), st.sampled_from([0.0, 1.0])), max_size=60)


@given(numbers, numbers)
def test_every_number_is_counted_once(learnt, new):
    bins = NumberBins.learn(np.array(learnt))
    tally = bins.tally(np.array(new))
    assert tally.counts.sum() + tally.missing == tally.rows == len(new)
    assert tally.missing == np.isnan(np.array(new, float)).sum()
    assert (tally.counts >= 0).all() and list(bins.edges) == sorted(set(bins.edges))


def test_a_number_with_few_values_has_a_bin_for_each():
    values = np.repeat([0.0, 1.0, 5.0], [80, 15, 5])
    assert NumberBins.learn(values).tally(values).counts.tolist() == [80, 15, 5]


def test_edges_have_no_more_digits_than_asked_for():
    bins = NumberBins.learn(0.5 + np.linspace(0, 1e-9, 1000), digits=3)
    assert bins.edges == (0.5,)


def test_no_bin_is_empty_for_being_rounded_above_the_highest_value():
    assert max(NumberBins.learn(np.linspace(0.9, 0.9999, 500), digits=2).edges) < 0.9999


def test_a_rare_or_long_value_is_not_kept():
    common, rare, long = ["web"] * 100, ["Ms Marple"], ["x" * (LONGEST + 1)] * 100
    bins = CategoryBins.learn(np.array(common + rare + long, object))
    assert bins.to_dict()["values"] == ["web"]
    assert bins.tally(np.array(["Ms Marple", None, "web"], object)).counts.tolist() == [1, 1]


def test_no_more_values_are_kept_than_allowed():
    values = np.repeat([f"v{at}" for at in range(3 * MOST_VALUES)], 4 * FEWEST_ROWS)
    assert len(CategoryBins.learn(values).values) == MOST_VALUES


def test_the_rows_that_choose_values_are_not_those_that_are_counted():
    chosen, counted = halves(101)
    assert sorted([*chosen, *counted]) == list(range(101))
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(100):  # rare values: those that were frequent by chance must not look frequent
        values, again = (np.array([f"v{at}" for at in rng.integers(0, 100, 1000)], object) for _ in range(2))
        bins = CategoryBins.learn(values)
        then, now = bins.reference(values), bins.tally(again)
        shares.append(now.counts[-1] / now.known - then.counts[-1] / then.known)
    assert abs(np.mean(shares)) < 3 * np.std(shares) / np.sqrt(len(shares))


@pytest.mark.parametrize("of", [pd.Categorical, lambda keys: pd.Series(keys), lambda keys: np.array(keys)])
def test_distinct_keys_are_counted_in_blocks_of_a_thousand_rows(of):
    keys = [*(f"k{at}" for at in range(1000)), *["k0"] * 1000, "k1"]
    assert KeyBins().tally(of(keys)).counts.tolist() == [2, 1001, 1000**2 + 1]


def test_a_missing_key_is_no_key():
    keys = pd.Categorical(["a", None] * 500)
    assert KeyBins().tally(keys).to_dict() == {"rows": 1000, "missing": 500, "counts": [1, 1, 1]}


@pytest.mark.parametrize(
    "bins", [NumberBins((1.5, 2.0)), NumberBins(()), CategoryBins(("是", "no")), KeyBins()]
)
def test_bins_come_back_from_json_as_they_were(bins):
    assert bins_from_dict(json.loads(json.dumps(bins.to_dict()))) == bins
