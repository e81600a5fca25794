"""A network of a diagnosis begins as the best logistic regression of what its linear parts read."""

import runpy
from pathlib import Path

import keras
import numpy as np
import pytest
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from shared.builders import CategoryIndicators
from shared.diagnostic_networks import probabilities
from shared.diagnostic_start import STRENGTHS, start_from_logistic_regression

EXAMPLE = runpy.run_path(str(Path(__file__).with_name("patient_inputs_example.py")))
ROWS, TRAIN, HELD, code, inputs, network, said = (
    EXAMPLE[name] for name in ("ROWS", "TRAIN", "HELD", "code", "inputs", "network", "said")
)


def started(classes, *modalities, rows=TRAIN, missing=0.0):
    given = inputs(classes, *modalities, missing=missing)
    model = network(given, classes)
    assert start_from_logistic_regression(model, given, code(classes), rows, HELD)
    return model, given


def best_of_scikit_learn(x, truth, rows=TRAIN):
    """The strength that the rows held out find best, by hand."""
    inside = HELD[np.isin(truth[HELD], truth[rows])]

    def loss(fitted):
        place = np.searchsorted(fitted.classes_, truth[inside])
        return -np.log(fitted.predict_proba(x[inside])[np.arange(len(inside)), place]).sum()

    return min(
        (LogisticRegression(C=each, max_iter=1000).fit(x[rows], truth[rows]) for each in STRENGTHS), key=loss
    )


def table_of(given):
    arrays = given.take(np.arange(ROWS))
    indicators = keras.ops.convert_to_numpy(CategoryIndicators([2, 3])(arrays["category"]))
    return np.concatenate([arrays["number"], indicators], axis=1)


def scaled_of(model, given):
    """What the linear part reads of the signals."""
    reader = keras.Model(model.input["signal"], model.get_layer("signal_read").output)
    return keras.ops.convert_to_numpy(reader(given.arrays["signal"]))


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
    features = scaled_of(model, given)
    np.testing.assert_allclose(features[TRAIN].mean(axis=0), 0, atol=1e-4)  # scaled by the training rows
    x = np.concatenate([table_of(given), features], axis=1)
    expected = best_of_scikit_learn(x, code(classes)).predict_proba(x)
    np.testing.assert_allclose(probabilities(said(model, given)), expected, atol=5e-3)


def test_signals_that_lack_neither_scale_nor_teach():
    model, given = started(2, "table", "signal", missing=0.4)
    there = given.arrays["presence"]
    features = scaled_of(model, given)
    np.testing.assert_allclose(features[TRAIN][there[TRAIN, 1] == 1].mean(axis=0), 0, atol=1e-4)
    x = np.concatenate([table_of(given) * there[:, :1], features * there[:, 1:]], axis=1)
    expected = best_of_scikit_learn(x, code(2)).predict_proba(x)
    np.testing.assert_allclose(probabilities(said(model, given)), expected, atol=5e-3)


def test_a_class_that_the_training_rows_lack_is_rare_and_leaves_the_odds_of_the_others():
    rows = TRAIN[code(3)[TRAIN] != 1]
    model, given = started(3, "table", rows=rows)
    p = probabilities(said(model, given))
    expected = best_of_scikit_learn(table_of(given), code(3), rows).predict_proba(table_of(given))
    assert p[:, 1].max() < 0.1
    np.testing.assert_allclose(p[:, [0, 2]] / p[:, [0, 2]].sum(axis=1, keepdims=True), expected, atol=2e-4)


def test_the_linear_parts_are_frozen_and_the_rest_learns():
    model, _ = started(2, "table", "signal")
    frozen = {layer.name for layer in model.layers if layer.weights and not layer.trainable_weights}
    assert {"linear_table", "linear_signal"} <= frozen
    assert not frozen & {"deep_evidence", "deep_signal_evidence", "fusion"}


def test_without_a_linear_part_nothing_is_started():
    given = inputs(2, "photo")
    model = network(given, 2)
    before = [weight.numpy().copy() for weight in model.weights]
    assert not start_from_logistic_regression(model, given, code(2), TRAIN, HELD)
    assert all(np.array_equal(old, new.numpy()) for old, new in zip(before, model.weights))
