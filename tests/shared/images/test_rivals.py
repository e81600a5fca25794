"""Rivals answer for every class, whatever the training rows lack, and the best validated setting is kept."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KDTree
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from shared.images.rivals import GRIDS, fit_good_only_rivals, fit_image_rivals
from shared.metrics import average_precision

ROWS, TRAIN, VALID, TEST = 240, np.arange(120), np.arange(120, 180), np.arange(180, 240)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    label = rng.choice(3, ROWS, p=[0.6, 0.2, 0.2])
    centre = rng.normal(0, 1.5, (3, 6))
    view = centre[label] + rng.normal(size=(ROWS, 6))
    return {"hog": view, "statistics": view * 100, "backbone": view + 5}, label


@pytest.fixture(scope="module")
def fitted(data):
    return fit_image_rivals(*data, good=0, train=TRAIN, valid=VALID)


def test_each_rival_gives_probabilities_of_all_classes_and_beats_the_prior(data, fitted):
    _, label = data
    assert list(fitted) == list(GRIDS)
    for name, rival in fitted.items():
        probability = rival.probability(TEST)
        assert probability.shape == (60, 3) and (probability >= 0).all()
        np.testing.assert_allclose(probability.sum(axis=1), 1, atol=1e-6)
        assert rival.name == name and rival.fit_seconds >= 0
        if name != "prior":
            found = average_precision(label[TEST] != 0, 1 - probability[:, 0])
            assert found > (label[TEST] != 0).mean() + 0.2
            assert (probability.argmax(axis=1) == label[TEST]).mean() > 0.75


def test_the_prior_is_the_shares_of_training(data, fitted):
    shares = np.bincount(data[1][TRAIN], minlength=3) / len(TRAIN)
    np.testing.assert_allclose(fitted["prior"].probability(TEST), np.tile(shares, (60, 1)))


def test_the_logistic_rival_is_the_best_validated_of_plain_fits(data, fitted):
    views, label = data
    values = StandardScaler().fit(views["backbone"][TRAIN]).transform(views["backbone"])
    tried = {}
    for settings in GRIDS["backbone_logistic"][1]:
        model = LogisticRegression(max_iter=1000, **settings).fit(values[TRAIN], label[TRAIN])
        found = average_precision(label[VALID] != 0, 1 - model.predict_proba(values[VALID])[:, 0])
        tried[settings["C"]] = float(found), model.predict_proba(values[TEST])
    assert fitted["backbone_logistic"].settings["C"] == max(tried, key=lambda c: tried[c][0])
    kept = tried[fitted["backbone_logistic"].settings["C"]][1]
    np.testing.assert_allclose(fitted["backbone_logistic"].probability(TEST), kept)


def test_the_support_vector_machine_of_two_classes_ranks_as_its_margin(data):
    views, label = data[0], (data[1] > 0).astype(int)
    rival = fit_image_rivals({"hog": views["hog"]}, label, good=0, train=TRAIN, valid=VALID)["hog_svm"]
    values = StandardScaler().fit(views["hog"][TRAIN]).transform(views["hog"])
    machine = LinearSVC(random_state=0, max_iter=5000, **rival.settings).fit(values[TRAIN], label[TRAIN])
    order = np.argsort(machine.decision_function(values[TEST]))
    assert (np.diff(rival.probability(TEST)[order, 1]) >= 0).all()


def test_the_sigmoid_makes_probabilities_of_margins():
    """Of many rows, the mean probability in each fifth is the share of defects that is found there."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(6000, 2))
    label = (rng.random(6000) < 1 / (1 + np.exp(-2 * x[:, 0] + 1))).astype(int)
    parts = {"train": np.arange(2000), "valid": np.arange(2000, 4000)}
    found = fit_image_rivals({"hog": x}, label, good=0, **parts)["hog_svm"].probability(np.arange(4000, 6000))
    for rows in np.array_split(np.argsort(found[:, 1]), 5):
        assert found[rows, 1].mean() == pytest.approx(label[4000 + rows].mean(), abs=0.06)


@pytest.mark.parametrize("rare", ["one row", "not in training", "in training alone"])
def test_a_rare_class_does_no_harm(data, rare):
    views, label = data[0], np.where(data[1] == 2, 0, data[1])
    label[VALID[0]] = label[TEST[0]] = 3
    if rare == "one row":
        label[TRAIN[0]] = 3
    if rare == "in training alone":
        label[TRAIN[:3]], label[VALID[0]], label[TEST[0]] = 3, 0, 0
    for rival in fit_image_rivals(views, label, good=0, train=TRAIN, valid=VALID).values():
        probability = rival.probability(TEST)
        assert probability.shape == (60, 4) and (probability[:, 2] == 0).all()
        assert rare != "not in training" or (probability[:, 3] == 0).all()
        np.testing.assert_allclose(probability.sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("valid", [VALID, VALID[:0]])
def test_with_one_class_in_training_all_answer_as_the_prior(data, valid):
    views, label = data
    good = np.flatnonzero(label[:120] == 0)
    for rival in fit_image_rivals(views, label, good=0, train=good, valid=valid).values():
        np.testing.assert_array_equal(rival.probability(TEST), np.tile([1.0, 0, 0], (60, 1)))


def test_validation_rows_of_one_class_or_none_keep_the_first_settings(data):
    views, label = data
    for valid in (VALID[:0], VALID[label[VALID] == 0]):
        for name, rival in fit_image_rivals(views, label, good=0, train=TRAIN, valid=valid).items():
            assert rival.settings == GRIDS[name][1][0] and np.isfinite(rival.probability(TEST)).all()


def test_a_rival_without_its_view_is_left_out_and_each_is_announced(data):
    said = []
    views = {"statistics": data[0]["statistics"]}
    rivals = fit_image_rivals(views, data[1], good=0, train=TRAIN, valid=VALID, on_fitted=said.append)
    assert said == list(rivals) == ["prior", "statistics_boosting"]
    assert list(fit_good_only_rivals(views, train=TRAIN)) == ["prior", "statistics_forest"]


def test_test_rows_are_never_read_while_fitting(data, fitted):
    views = {name: view.copy() for name, view in data[0].items()}
    label = data[1].copy()
    for view in views.values():
        view[TEST] = 1e3
    label[TEST] = 0
    again = fit_image_rivals(views, label, good=0, train=TRAIN, valid=VALID)
    for name, rival in again.items():
        np.testing.assert_array_equal(rival.probability(VALID), fitted[name].probability(VALID))


def test_missing_numbers_are_taken_as_nothing(data):
    views = {name: np.where(np.eye(ROWS, 6, dtype=bool), np.nan, view) for name, view in data[0].items()}
    for rival in fit_image_rivals(views, data[1], good=0, train=TRAIN, valid=VALID).values():
        assert np.isfinite(rival.probability(np.arange(ROWS))).all()


def test_no_rows_give_no_answers(fitted):
    assert all(rival.probability(np.arange(0)).shape == (0, 3) for rival in fitted.values())


def test_the_distance_is_the_mean_to_the_nearest_good_photos(data):
    view = data[0]["backbone"]
    score = fit_good_only_rivals({"backbone": view}, train=TRAIN)["backbone_distance"]
    expected = KDTree(view[TRAIN]).query(view[TEST], k=2)[0].mean(axis=1)
    np.testing.assert_allclose(score(TEST), expected, rtol=1e-6)


def test_good_only_rivals_score_what_is_unlike_the_good_parts_higher():
    rng = np.random.default_rng(0)
    view = rng.normal(size=(150, 4))
    view[120:] += 4
    rivals = fit_good_only_rivals({"statistics": view, "backbone": view}, train=np.arange(80), seed=3)
    faulty = np.arange(80, 150) >= 120
    assert len(set(rivals["prior"](np.arange(80, 150)))) == 1
    for name in ("statistics_forest", "backbone_distance"):
        assert average_precision(faulty, rivals[name](np.arange(80, 150))) > 0.95


def test_one_good_photo_is_enough_to_compare_with():
    view = np.arange(8.0).reshape(4, 2)
    rivals = fit_good_only_rivals({"statistics": view, "backbone": view}, train=np.array([0]))
    assert all(np.isfinite(rival(np.arange(4))).all() for rival in rivals.values())
