"""The cheapest thresholds, against all pairs of thresholds tried one by one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.decisions import NEVER, Costs, Thresholds, cheapest_thresholds


def costs_of(label, *, passed=100.0, reviewed=5.0, blocked=50.0):
    label = np.asarray(label, float)
    return Costs(label * passed, np.full(len(label), reviewed), (1 - label) * blocked)


def spent(thresholds, score, costs):
    return costs.of(thresholds.decide(score)).sum()


def all_pairs(score, most=1.0):
    """Every way in which two thresholds can part these rows."""
    edges = [*np.unique(score), NEVER]
    for review in edges:
        if (score >= review).mean() <= most + 1e-9:
            yield from (Thresholds(review, block) for block in edges if block >= review)


@settings(max_examples=300, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), most=st.sampled_from([1.0, 1.0, 0.5, 0.1, 0.0]))
def test_no_pair_of_thresholds_costs_less_and_the_budget_holds(seed, most):
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(1, 14))
    score = rng.choice([rng.random(rows), rng.integers(0, 4, rows) / 4])
    costs = Costs(*rng.integers(0, 20, (3, rows)).astype(float))
    found = cheapest_thresholds(score, costs, most=most)
    assert found.block >= found.review
    assert (score >= found.review).mean() <= most + 1e-9
    least = min(spent(pair, score, costs) for pair in all_pairs(score, most))
    assert spent(found, score, costs) == pytest.approx(least)


def test_where_nothing_pays_off_nothing_is_stopped():
    found = cheapest_thresholds(np.array([0.2, 0.9]), costs_of([0, 0]))
    assert found == Thresholds(NEVER, NEVER)
    assert found.decide(np.array([0.0, 0.5, 1.0])).tolist() == ["pass"] * 3


def test_where_all_are_positive_all_are_blocked():
    found = cheapest_thresholds(np.array([0.2, 0.9]), costs_of([1, 1]))
    assert found.decide(np.array([0.0, 1.0])).tolist() == ["block", "block"]


def test_a_budget_never_makes_the_customer_pay_for_reviews_that_do_not_pay_off():
    """With room for half of the rows but one positive, one row is stopped, not half of them."""
    score, label = np.linspace(0.01, 0.99, 100), np.r_[np.zeros(99), 1]
    found = cheapest_thresholds(score, costs_of(label, blocked=500), most=0.5)
    assert (score >= found.review).sum() == 1


def test_ties_at_the_edge_of_the_budget_are_left_out_whole():
    score = np.array([0.9, 0.5, 0.5, 0.1])
    found = cheapest_thresholds(score, costs_of([1, 1, 1, 1]), most=0.5)
    assert (score >= found.review).tolist() == [True, False, False, False]


def test_a_threshold_stands_between_two_scores_even_if_they_are_neighbours():
    low = np.float32(0.5)
    score = np.array([np.nextafter(low, np.float32(1)), low])
    assert score.dtype == np.float32
    for values in (score, np.array([np.nextafter(0.5, 1), 0.5])):
        found = cheapest_thresholds(values, costs_of([1, 0]))
        assert found.decide(values).tolist() == ["block", "pass"]


def test_costs_follow_the_decision_of_each_row():
    costs = Costs(np.array([1.0, 2, 3]), np.array([4.0, 5, 6]), np.array([7.0, 8, 9]))
    assert costs.of(np.array(["pass", "review", "block"])).tolist() == [1, 5, 9]
    assert costs.take(np.array([2, 0])).passed.tolist() == [3, 1]


def test_a_score_at_a_threshold_is_above_it_and_thresholds_survive_json():
    thresholds = Thresholds(0.2, 0.9)
    assert thresholds.decide(np.array([0.2, 0.9, 0.19])).tolist() == ["review", "block", "pass"]
    assert Thresholds.from_dict(thresholds.to_dict()) == thresholds
