"""Importance and Shapley values, against enumeration on toys."""

from itertools import permutations

import numpy as np
import pytest

from shared.explain import label_rows, permutation_importance, shapley_values
from shared.metrics import average_precision, roc_auc

PLACES = {
    "a": [("number", 0)],
    "b": [("number", 1)],
    "both": [("number", 2), ("category", 0)],
    "past": [("window", None)],
}


def toy(rows=300, seed=0):
    rng = np.random.default_rng(seed)
    return {
        "number": rng.normal(size=(rows, 3)),
        "category": rng.integers(0, 3, (rows, 1)),
        "window": rng.normal(size=(rows, 2, 2)),
    }


def score(arrays):
    """Interactions between all features, but `b` is never read."""
    number, past = arrays["number"], arrays["window"].sum(axis=(1, 2))
    return number[:, 0] * (1 + arrays["category"][:, 0]) + np.tanh(number[:, 2] * past) + past


def test_shapley_values_add_up_to_the_score_minus_the_mean_score_of_the_background():
    background, row = toy(1), {name: values[:1] for name, values in toy(5, seed=1).items()}
    found = shapley_values(row, background, PLACES, score, samples=16)
    assert sum(found.values()) == pytest.approx(float(score(row)[0] - score(background)[0]))
    assert found["b"] == 0
    many = toy(400)
    found = shapley_values(row, many, PLACES, score, samples=4000)
    assert sum(found.values()) == pytest.approx(float(score(row)[0] - score(many).mean()), abs=0.15)


def test_shapley_values_are_those_of_all_orders_enumerated():
    rng = np.random.default_rng(0)
    background, row = {"x": rng.normal(size=(4, 3))}, {"x": rng.normal(size=(1, 3))}

    def scorer(arrays):
        x = arrays["x"]
        return x[:, 0] * x[:, 1] + np.exp(x[:, 2]) * x[:, 0] + x[:, 1]

    exact = np.zeros(3)
    for start in background["x"]:
        for order in permutations(range(3)):
            now = start[None].copy()
            for feature in order:
                before = scorer({"x": now})[0]
                now[0, feature] = row["x"][0, feature]
                exact[feature] += (scorer({"x": now})[0] - before) / 6 / 4
    places = {name: [("x", column)] for column, name in enumerate("abc")}
    found = shapley_values(row, background, places, scorer, samples=20_000)
    np.testing.assert_allclose(list(found.values()), exact, atol=0.05)


def test_a_feature_that_is_not_read_has_no_importance_and_the_one_that_is_comes_first():
    arrays = toy()
    label = (arrays["number"][:, 0] > 0).astype(float)
    before = {name: values.copy() for name, values in arrays.items()}
    found = permutation_importance(arrays, label, PLACES, lambda a: a["number"][:, 0], roc_auc)
    assert found[0]["feature"] == "a"
    assert found[0]["value"] == pytest.approx(0.5, abs=0.1)
    assert all(row["value"] == row["low"] == row["high"] == 0 for row in found[1:])
    for name, values in arrays.items():
        np.testing.assert_array_equal(values, before[name])


def test_all_places_of_a_feature_move_together():
    arrays = toy()
    label = (arrays["window"].sum(axis=(1, 2)) > 0).astype(float)

    def scorer(moved):
        pairs = np.c_[arrays["number"][:, 2], arrays["category"][:, 0]].tolist()
        assert all(pair in pairs for pair in np.c_[moved["number"][:, 2], moved["category"][:, 0]].tolist())
        return moved["window"].sum(axis=(1, 2))

    found = permutation_importance(arrays, label, PLACES, scorer, roc_auc)
    assert found[0]["feature"] == "past" and found[0]["value"] > 0.3
    assert found[0]["low"] < found[0]["value"] < found[0]["high"]


def test_one_repeat_has_no_interval():
    arrays = toy(50)
    found = permutation_importance(
        arrays, (arrays["number"][:, 0] > 0) * 1.0, PLACES, lambda a: a["number"][:, 0], roc_auc, repeats=1
    )
    assert all(row["low"] == row["value"] == row["high"] for row in found)


def test_weights_undo_the_thinning_of_negatives():
    rng = np.random.default_rng(0)
    label = (rng.random(20_000) < 0.02).astype(float)
    score = label * 0.3 + rng.random(20_000)
    rows, weights = label_rows(label, most=3000)
    assert len(rows) == 3000 == len(np.unique(rows)) and label[rows].sum() == label.sum()
    assert weights.sum() == pytest.approx(20_000)
    whole, thinned = average_precision(label, score), average_precision(label[rows], score[rows], weights)
    assert thinned == pytest.approx(whole, rel=0.1)
    assert average_precision(label[rows], score[rows]) > 1.3 * whole


def test_few_rows_are_all_taken_and_many_positives_are_thinned_too():
    rows, weights = label_rows(np.array([0, 1, 0]), most=100)
    assert sorted(rows.tolist()) == [0, 1, 2] and weights.tolist() == [1, 1, 1]
    rows, weights = label_rows(np.ones(100), most=10)
    assert len(rows) == 5 and weights.sum() == pytest.approx(100)
