"""The network of a diagnosis: it starts as a logistic regression, and what is missing changes nothing."""

import keras
import numpy as np
import pytest
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from shared.builders import CategoryIndicators
from shared.diagnostic_networks import joined_networks, probabilities
from shared.patients.inputs import PatientInputs
from verticals.healthcare.diagnosis import model as diagnosis
from verticals.healthcare.diagnosis.config import DiagnosisConfig

ROWS = 160
TRAIN, HELD = np.arange(0, 110), np.arange(110, ROWS)
STATE = {"categories": {"sex": ["f", "m"], "smoker": ["yes", "no", "was"]}}
TINY = {"units": 8, "depth": 1, "members": 2, "signal_units": 8, "signal_depth": 1, "lstm_units": 4}
TINY |= {"photo_depth": 1, "random_kernels": 20}


class Squares:
    """Photos that are decoded already."""

    side, channels, dtype, most_rows = 32, 1, "uint8", 64

    def __init__(self, pictures):
        self.pictures = pictures

    def take(self, rows):
        return {"photo": self.pictures[rows]}


def code(classes, seed=0):
    return np.random.default_rng(seed).permutation(np.arange(ROWS) % classes)


def inputs(classes, *modalities, missing=0.0, seed=0):
    """Inputs of rows that know something of their class."""
    rng, truth = np.random.default_rng(seed + 1), code(classes, seed)
    arrays, photos = {}, None
    if "table" in modalities:
        number = rng.normal(size=(ROWS, 4)) + truth[:, None] * [0.8, 0, -0.5, 0]
        arrays["number"] = number.astype("float32")
        arrays["category"] = rng.integers(0, [4, 5], (ROWS, 2)).astype("int32")
    if "signal" in modalities:
        signal = np.ones((ROWS, 24, 2), "float32")
        signal[..., 0] = rng.normal(size=(ROWS, 24)) + truth[:, None] * np.sin(np.arange(24) / 3)
        arrays["signal"] = signal
    if "photo" in modalities:
        photos = Squares(rng.integers(0, 255, (ROWS, 32, 32, 1)).astype("uint8"))
    arrays["presence"] = (rng.random((ROWS, len(modalities))) >= missing).astype("float32")
    return PatientInputs(arrays, photos, np.arange(ROWS))


def built(given, classes, **changed):
    keras.utils.set_random_seed(0)
    return diagnosis.build(given, STATE, DiagnosisConfig(**TINY | changed), np.full(classes, 1 / classes))


def said(model, given, rows=slice(None)):
    return keras.ops.convert_to_numpy(model(given.take(np.arange(ROWS)[rows])))


def started(classes, *modalities, rows=TRAIN):
    given = inputs(classes, *modalities)
    model = built(given, classes)
    assert diagnosis.start_from_logistic_regression(model, given, code(classes), rows, HELD)
    return model, given


def best_of_scikit_learn(x, truth, rows=TRAIN):
    """The strength that the rows held out find best, by hand."""
    inside = HELD[np.isin(truth[HELD], truth[rows])]

    def loss(fitted):
        place = np.searchsorted(fitted.classes_, truth[inside])
        return -np.log(fitted.predict_proba(x[inside])[np.arange(len(inside)), place]).sum()

    tried = [
        LogisticRegression(C=each, max_iter=1000).fit(x[rows], truth[rows]) for each in diagnosis.STRENGTHS
    ]
    return min(tried, key=loss)


def table_of(given):
    arrays = given.take(np.arange(ROWS))
    indicators = keras.ops.convert_to_numpy(CategoryIndicators([2, 3])(arrays["category"]))
    return np.concatenate([arrays["number"], indicators], axis=1)


@pytest.mark.parametrize("classes", [2, 3])
def test_before_training_the_network_is_the_logistic_regression_of_scikit_learn(classes):
    model, given = started(classes, "table")
    expected = best_of_scikit_learn(table_of(given), code(classes)).predict_proba(table_of(given))
    raw = said(model, given)
    assert raw.shape == (ROWS, 2, classes)
    for member in range(2):
        np.testing.assert_allclose(softmax(raw[:, member], axis=-1), expected, atol=2e-4)


@pytest.mark.parametrize("classes", [2, 3])
def test_of_table_and_signal_it_is_the_logistic_regression_on_both(classes):
    model, given = started(classes, "table", "signal")
    features = keras.Model(model.input["signal"], model.get_layer("signal_read").output)(
        given.arrays["signal"]
    )
    features = keras.ops.convert_to_numpy(features)
    np.testing.assert_allclose(features[TRAIN].mean(axis=0), 0, atol=1e-4)  # scaled by the training rows
    x = np.concatenate([table_of(given), features], axis=1)
    given.arrays["presence"][:] = 1
    expected = best_of_scikit_learn(x, code(classes)).predict_proba(x)
    np.testing.assert_allclose(probabilities(said(model, given)), expected, atol=5e-3)


def test_a_class_that_the_training_rows_lack_is_rare_and_leaves_the_odds_of_the_others():
    rows = TRAIN[code(3)[TRAIN] != 1]
    model, given = started(3, "table", rows=rows)
    p = probabilities(said(model, given))
    expected = best_of_scikit_learn(table_of(given), code(3), rows).predict_proba(table_of(given))
    assert p[:, 1].max() < 0.1
    np.testing.assert_allclose(p[:, [0, 2]] / p[:, [0, 2]].sum(axis=1, keepdims=True), expected, atol=2e-4)


def test_the_linear_part_is_frozen_and_the_rest_learns():
    model, _ = started(2, "table", "signal")
    frozen = {layer.name for layer in model.layers if layer.weights and not layer.trainable_weights}
    assert {"linear_table", "linear_signal"} <= frozen and "deep_evidence" not in frozen


def test_without_a_linear_part_nothing_is_started():
    given = inputs(2, "photo")
    model = built(given, 2)
    before = [weight.numpy().copy() for weight in model.weights]
    assert not diagnosis.start_from_logistic_regression(model, given, code(2), TRAIN, HELD)
    assert all(np.array_equal(old, new.numpy()) for old, new in zip(before, model.weights))


def test_a_network_that_was_not_started_says_the_prior_where_nothing_is_known():
    given = inputs(3, "table", "photo", "signal", missing=1.0)
    keras.utils.set_random_seed(0)
    prior = [0.6, 0.3, 0.1]
    model = diagnosis.build(given, STATE, DiagnosisConfig(**TINY), prior)
    np.testing.assert_allclose(probabilities(said(model, given, slice(9))), np.tile(prior, (9, 1)), atol=1e-5)


def test_what_a_missing_modality_holds_changes_nothing():
    given = inputs(3, "table", "photo", "signal", missing=0.5)
    model = built(given, 3)
    rng = np.random.default_rng(9)
    for weight in model.trainable_weights:  # deep parts start from zeros, and would say nothing
        weight.assign(weight.numpy() + rng.normal(0, 0.1, weight.shape))
    rows = np.arange(24)
    before = given.take(rows)
    there, plain = before["presence"], keras.ops.convert_to_numpy(model(before))
    for place, names in enumerate((("number", "category"), ("photo",), ("signal",))):
        after, missing = {name: array.copy() for name, array in before.items()}, there[:, place] == 0
        for name in names:
            high = {"category": 4, "photo": 255}.get(name, 50)
            after[name][missing] = rng.integers(0, high, after[name][missing].shape)
        np.testing.assert_allclose(keras.ops.convert_to_numpy(model(after)), plain, atol=1e-5)
        after = {name: array.copy() for name, array in before.items()}
        after["presence"][:, place] = 1 - there[:, place]
        assert np.abs(keras.ops.convert_to_numpy(model(after)) - plain).max() > 1e-3  # that it is there does


def test_the_evidence_of_a_photo_is_the_mean_of_its_class_maps():
    given = inputs(3, "photo")
    model, rows = built(given, 3), np.array([5, 2, 7])
    maps = diagnosis.class_maps(model, given, rows)
    assert maps.shape[0] == 3 and maps.shape[-1] == 3 and maps.ndim == 4
    evidence = said(model, given, rows)[:, 0] - np.log(1 / 3)
    np.testing.assert_allclose(maps.mean(axis=(1, 2)), evidence, atol=1e-4)
    np.testing.assert_allclose(diagnosis.class_maps(model, given, rows[::-1]), maps[::-1], atol=1e-4)


def test_class_maps_of_several_networks_are_their_mean_and_there_are_none_without_photos():
    given, rows = inputs(2, "photo", "table"), np.arange(4)
    models = [built(given, 2)]
    keras.utils.set_random_seed(1)
    models.append(diagnosis.build(given, STATE, DiagnosisConfig(**TINY), [0.5, 0.5]))
    for seed, model in enumerate(models):  # beside a table, photos say nothing yet
        layer = model.get_layer("class_maps")
        layer.kernel.assign(np.random.default_rng(seed).normal(size=layer.kernel.shape))
    each = [diagnosis.class_maps(model, given, rows) for model in models]
    assert not np.allclose(*each)
    joined = joined_networks(models)
    np.testing.assert_allclose(diagnosis.class_maps(joined, given, rows), np.mean(each, axis=0), atol=1e-5)
    plain = inputs(2, "table")
    assert diagnosis.class_maps(built(plain, 2), plain, rows) is None


def test_a_network_reloads_equal_with_its_start(tmp_path):
    model, given = started(3, "table", "signal")
    model.save(tmp_path / "diagnosis.keras")
    again = keras.saving.load_model(tmp_path / "diagnosis.keras")
    np.testing.assert_allclose(said(again, given, slice(20)), said(model, given, slice(20)), atol=1e-6)


def test_larger_photos_and_a_signal_without_a_linear_part_are_built_too():
    given = inputs(2, "signal", "photo")
    given.photos.side, given.photos.pictures = 80, np.zeros((ROWS, 80, 80, 1), "uint8")
    model = built(given, 2, random_kernels=0)
    assert "linear_signal" not in [layer.name for layer in model.layers]
    assert said(model, given, slice(2)).shape == (2, 1, 2)
