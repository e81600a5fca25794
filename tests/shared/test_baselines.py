"""The rivals: they read what the network reads, and the setting that validates best is kept."""

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from shared.baselines import GRIDS, Matrix, feature_matrix, fit_rivals, one_hot
from shared.encoding import Features, encode, learn
from shared.metrics import average_precision

TRAIN, VALID, TEST = np.split(np.arange(900), [500, 700])


@pytest.fixture(autouse=True)
def one_thread():
    """So small a fit takes longer on many threads than on one."""
    with threadpool_limits(1):
        yield


SMALL = {name: grid[:1] for name, grid in GRIDS.items()}


@pytest.fixture(scope="module")
def easy():
    """A number and a category that both matter, a number with gaps, and 0 or 1."""
    rng = np.random.default_rng(0)
    number, gaps = rng.normal(size=900), np.where(rng.random(900) < 0.3, np.nan, rng.normal(size=900))
    shop = rng.choice([f"shop {place}" for place in range(6)], 900)
    label = (number + 1.5 * np.isin(shop, ["shop 1", "shop 4"]) + rng.normal(0, 0.3, 900) > 1) * 1.0
    features = Features(
        {"number": number.astype("float32"), "gaps": gaps.astype("float32")},
        {"shop": pd.Series(shop).astype("category")},
    )
    return feature_matrix(features, encode(features, learn(features, TRAIN))), label


def test_every_rival_beats_chance_on_an_easy_set(easy):
    matrix, label = easy
    rivals = fit_rivals(matrix, label, train=TRAIN, valid=VALID, grids=SMALL)
    assert list(rivals) == list(GRIDS)
    chance = label[TEST].mean()
    for name, rival in rivals.items():
        score = rival.score(TEST)
        assert score.shape == TEST.shape and 0 <= score.min() <= score.max() <= 1
        reached = average_precision(label[TEST], score)
        assert reached == pytest.approx(chance) if name == "prior" else reached > 2 * chance, name


def test_the_linear_model_sees_which_category_it_is(easy):
    matrix, label = easy
    rivals = fit_rivals(matrix, label, train=TRAIN, valid=VALID, grids={"logistic_regression": [{"C": 1.0}]})
    blind = Matrix(matrix.raw, matrix.scaled[:, :3], matrix.names, matrix.categorical)
    worse = fit_rivals(blind, label, train=TRAIN, valid=VALID, grids={"logistic_regression": [{"C": 1.0}]})
    seeing, not_seeing = (
        average_precision(label[TEST], each["logistic_regression"].score(TEST)) for each in (rivals, worse)
    )
    assert seeing > not_seeing + 0.1


@pytest.mark.parametrize("order", [1, -1])
def test_the_setting_with_the_best_validation_score_is_kept(easy, order):
    matrix, label = easy
    grid = [{"C": 1e-6}, {"C": 1.0}][::order]
    tried = [
        fit_rivals(matrix, label, train=TRAIN, valid=VALID, grids={"logistic_regression": [each]})
        for each in grid
    ]
    scores = [average_precision(label[VALID], each["logistic_regression"].score(VALID)) for each in tried]
    best = int(np.argmax(scores))
    assert scores[best] > scores[1 - best]
    kept = fit_rivals(matrix, label, train=TRAIN, valid=VALID, grids={"logistic_regression": grid})
    assert kept["logistic_regression"].settings == grid[best]
    expected = tried[best]["logistic_regression"].score(TEST)
    np.testing.assert_array_equal(kept["logistic_regression"].score(TEST), expected)


def test_test_rows_change_nothing_of_what_is_fitted(easy):
    matrix, label = easy
    other = Matrix(matrix.raw.copy(), matrix.scaled.copy(), matrix.names, matrix.categorical)
    other.raw[TEST, :2], other.scaled[TEST, :2] = 99, 99
    wrong = np.where(np.isin(np.arange(900), TEST), 1 - label, label)
    for grid in (
        {"gradient_boosting": GRIDS["gradient_boosting"][:1]},
        {"logistic_regression": [{"C": 1.0}]},
    ):
        once = fit_rivals(matrix, label, train=TRAIN, valid=VALID, grids=grid)
        again = fit_rivals(other, wrong, train=TRAIN, valid=VALID, grids=grid)
        for name in grid:
            np.testing.assert_array_equal(once[name].score(VALID), again[name].score(VALID))


def test_ranking_by_one_feature_is_a_rival_without_a_fit(easy):
    matrix, label = easy
    grid = {"amount": [{"feature": "number"}]}
    rival = fit_rivals(matrix, label, train=TRAIN, valid=VALID, grids=grid)["amount"]
    score = rival.score(TEST)
    assert rival.fit_seconds == 0 and 0 < score.min() < score.max() < 1
    np.testing.assert_array_equal(np.argsort(score), np.argsort(matrix.raw[TEST, 0]))


def test_an_unknown_rival_is_refused_by_name_and_each_that_is_fitted_is_told(easy):
    matrix, label = easy
    with pytest.raises(ValueError, match="there is no rival `svm`; known are prior, logistic_regression"):
        fit_rivals(matrix, label, train=TRAIN, valid=VALID, grids={"svm": [{}]})
    told = []
    fit_rivals(matrix, label, train=TRAIN, valid=VALID, grids={"prior": [{}]}, on_fitted=told.append)
    assert told == ["prior"]


def test_a_validation_part_of_one_class_does_not_stop_the_boosting(easy):
    matrix, label = easy
    grid = {"gradient_boosting": [{"learning_rate": 0.1, "max_leaf_nodes": 4}]}
    rival = fit_rivals(matrix, label, train=TRAIN, valid=VALID[label[VALID] == 0], grids=grid)[
        "gradient_boosting"
    ]
    assert np.isfinite(rival.score(TEST)).all()


def test_the_matrix_holds_raw_numbers_for_trees_and_one_column_a_category_for_linear_models(easy):
    matrix, _ = easy
    assert matrix.names == ["number", "gaps", "shop"] and matrix.categorical == [2]
    assert np.isnan(matrix.raw[:, 1]).any() and not np.isnan(matrix.scaled).any()
    assert matrix.raw.dtype == matrix.scaled.dtype == np.float32
    assert matrix.scaled.shape == (900, 3 + 2 + 6)  # numbers and an indicator; missing, unseen and six shops
    np.testing.assert_array_equal(matrix.scaled[:, 3:].argmax(axis=1), matrix.raw[:, 2])


def test_one_hot_keeps_the_frequent_values_apart_and_no_others():
    codes = np.array([[0, 2], [1, 3], [21, 2], [22, 2], [900, 3]])
    first, second = one_hot(codes)[:, :22], one_hot(codes)[:, 22:]
    assert first.shape == (5, 22) and second.shape == (5, 4)
    assert first.argmax(axis=1)[:3].tolist() == [0, 1, 21] and not first[3:].any()
    assert second.argmax(axis=1).tolist() == [2, 3, 2, 2, 3]
    assert one_hot(np.empty((5, 0), int)).shape == (5, 0) and one_hot(np.empty((0, 2), int)).shape == (0, 0)


def test_a_table_of_numbers_alone_or_categories_alone_has_a_matrix():
    numbers = Features({"a": np.array([1.0, 2.0])})
    assert feature_matrix(numbers, encode(numbers, learn(numbers, np.arange(2)))).scaled.shape == (2, 1)
    shops = Features({}, {"shop": pd.Series(["x", "y"]).astype("category")})
    matrix = feature_matrix(shops, encode(shops, learn(shops, np.arange(2))))
    assert matrix.scaled.tolist() == [[0, 0, 1, 0], [0, 0, 0, 1]] and matrix.categorical == [0]
