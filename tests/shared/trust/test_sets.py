"""Prediction sets hold the true class as often as they say: on average, in each class, at another prevalence."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.trust.sets import ALWAYS, PredictionSets, fit_sets, judge_sets


def drawn(rng, rows, share=(0.6, 0.3, 0.1)):
    """Codes and the probabilities of a model that is too sure of itself and best at class 0."""
    code = rng.choice(3, rows, p=share)
    logit = rng.normal(size=(rows, 3))
    logit[np.arange(rows), code] += np.array([3.0, 1.5, 1.0])[code]
    p = np.exp(2 * logit)
    return code, p / p.sum(axis=1, keepdims=True)


def covered(sets, code, p):
    return sets(p)[np.arange(len(code)), code]


@pytest.mark.parametrize("rows,level", [(30, 0.9), (19, 0.8), (100, 0.95)])
def test_on_average_at_least_the_level_of_the_sets_hold_the_class_and_hardly_more(rows, level):
    rng = np.random.default_rng(rows)
    found = []
    for _ in range(400):
        sets = fit_sets(*drawn(rng, rows), level=level)
        found.append(covered(sets, *drawn(rng, 100)).mean())
    assert level - 0.012 < np.mean(found) < level + 1 / (rows + 1) + 0.012


def test_the_level_holds_in_each_class_only_with_limits_per_class():
    rng = np.random.default_rng(0)
    code, p = drawn(rng, 20_000)
    shares = {}
    for per_class in (False, True):
        inside = covered(fit_sets(*drawn(rng, 20_000), level=0.8, per_class=per_class), code, p)
        shares[per_class] = [inside[code == k].mean() for k in range(3)]
    assert shares[True] == pytest.approx([0.8] * 3, abs=0.03)
    assert shares[False][0] > 0.85 and shares[False][2] < 0.7


def test_weights_keep_the_level_where_the_prevalence_differs():
    """Learnt where most are healthy, used where most are not."""
    rng = np.random.default_rng(1)
    here, there = np.array([0.6, 0.3, 0.1]), np.array([0.1, 0.3, 0.6])
    weighted, plain = [], []
    for _ in range(300):
        known, new = drawn(rng, 300), drawn(rng, 200, there)
        weighted.append(covered(fit_sets(*known, level=0.9, weights=there / here), *new).mean())
        plain.append(covered(fit_sets(*known, level=0.9), *new).mean())
    assert np.mean(plain) < 0.85
    assert 0.895 < np.mean(weighted) < 0.93


def counted_limit(score, level):
    """The definition: the ceil((n + 1) level)-th smallest of the scores, in whole numbers of a thousandth."""
    place = -(-(len(score) + 1) * round(level * 1000) // 1000)
    return np.sort(score)[place - 1] if place <= len(score) else ALWAYS


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), level=st.sampled_from([0.5, 0.7, 0.8, 0.9, 0.95]))
def test_limits_are_the_order_statistics_of_the_definition(seed, level):
    rng = np.random.default_rng(seed)
    code, p = drawn(rng, int(rng.integers(1, 60)))
    p = [p, np.round(p, 1)][int(rng.integers(2))]
    score = 1 - p[np.arange(len(code)), code]
    assert fit_sets(code, p, level=level).limits == (counted_limit(score, level),) * 3
    per_class = fit_sets(code, p, level=level, per_class=True)
    assert per_class.limits == tuple(counted_limit(score[code == k], level) for k in range(3))
    assert per_class.rows == tuple(np.bincount(code, minlength=3))
    equal = fit_sets(code, p, level=level, weights=[0.25] * 3)
    assert equal.limits == (counted_limit(score, level),) * 3


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), per_class=st.booleans())
def test_the_set_of_a_higher_level_holds_that_of_a_lower_one(seed, per_class):
    rng = np.random.default_rng(seed)
    known, (_, p) = drawn(rng, int(rng.integers(1, 80))), drawn(rng, 20)
    before = np.zeros((20, 3), bool)
    for level in (0.1, 0.5, 0.8, 0.9, 0.99):
        now = fit_sets(*known, level=level, per_class=per_class)(p)
        assert (now | ~before).all()
        before = now


def test_weights_against_a_quantile_counted_row_by_row():
    code, p = drawn(np.random.default_rng(3), 40)
    weights, score = np.array([0.5, 2.0, 3.0]), 1 - p[np.arange(40), code]
    found = fit_sets(code, p, level=0.7, weights=weights).limits
    for k in range(3):
        whole = weights[code].sum() + weights[k]
        good = [s for s in score if weights[code[score <= s]].sum() >= 0.7 * whole]
        assert found[k] == (min(good) if good else ALWAYS)


def test_a_class_with_too_few_rows_is_never_ruled_out():
    code = np.r_[np.zeros(50, int), np.ones(8, int)]
    p = np.tile([0.5, 0.5, 0.0], (58, 1))
    sets = fit_sets(code, p, level=0.9, per_class=True)
    assert sets.limits == (0.5, ALWAYS, ALWAYS) and sets.rows == (50, 8, 0)
    assert sets(np.array([[1.0, 0.0, 0.0]])).tolist() == [[True, True, True]]


def test_rows_without_a_class_teach_nothing_and_are_not_judged():
    code, p = drawn(np.random.default_rng(0), 60)
    unknown = np.where(np.arange(60) < 20, -1, code)
    sets = fit_sets(unknown, p)
    assert sets == fit_sets(code[20:], p[20:])
    names = ["a", "b", "c"]
    assert judge_sets(unknown, sets(p), names) == judge_sets(code[20:], sets(p[20:]), names)


def test_what_is_judged_is_counted():
    code = np.array([0, 0, 1, 1, 2])
    included = np.array([[1, 0, 0], [0, 0, 0], [1, 1, 0], [1, 0, 0], [1, 1, 1]], bool)
    found = judge_sets(code, included, ["a", "b", "c"])
    assert found["coverage"]["value"] == 0.6 and found["coverage"]["rows"] == 5
    assert found["coverage"]["low"] < 0.2 and found["coverage"]["high"] > 0.9
    assert found["mean_size"] == 7 / 5
    assert (found["empty"], found["single"], found["several"]) == (0.2, 0.4, 0.4)
    assert [(each["name"], each["value"], each["rows"]) for each in found["by_class"]] == [
        ("a", 0.5, 2),
        ("b", 0.5, 2),
        ("c", 1.0, 1),
    ]


def test_photos_of_one_patient_count_as_one_patient_in_the_interval():
    rng = np.random.default_rng(0)
    code, right = np.zeros(200, int), np.repeat(rng.random(40) < 0.8, 5)
    included = np.stack([right, ~right], axis=1)
    rows, patients = (
        judge_sets(code, included, ["a", "b"], groups=each)["coverage"]
        for each in (None, np.repeat(range(40), 5))
    )
    assert patients["high"] - patients["low"] > 1.7 * (rows["high"] - rows["low"])


def test_what_does_not_fit_is_refused():
    code, p = drawn(np.random.default_rng(0), 10)
    for bad in ({"level": 1.0}, {"level": 0}, {"weights": [1, 1]}, {"weights": [1, -1, 1]}):
        with pytest.raises(ValueError, match="expected"):
            fit_sets(code, p, **bad)
    with pytest.raises(ValueError, match="codes below 3"):
        fit_sets(code + 5, p)
    with pytest.raises(ValueError, match="3 classes"):
        fit_sets(code, p)(p[:, :2])
    with pytest.raises(ValueError, match="no row"):
        judge_sets(np.full(10, -1), p > 0, ["a", "b", "c"])


def test_what_is_written_is_read_again():
    sets = fit_sets(*drawn(np.random.default_rng(0), 25), per_class=True)
    assert PredictionSets.from_dict(json.loads(json.dumps(sets.to_dict()))) == sets
