"""The network of a diagnosis: it starts as a logistic regression, and what is missing changes nothing."""

import runpy
from pathlib import Path

import keras
import numpy as np

from shared.diagnostic_networks import probabilities
from verticals.healthcare import DiagnosisPipeline
from verticals.healthcare.diagnosis import model as diagnosis
from verticals.healthcare.diagnosis.config import DiagnosisConfig

EXAMPLE = runpy.run_path(str(Path(__file__).parents[1] / "shared" / "patient_inputs_example.py"))
ROWS, TRAIN, HELD, STATE, code, inputs, said = (
    EXAMPLE[name] for name in ("ROWS", "TRAIN", "HELD", "STATE", "code", "inputs", "said")
)
TINY = {"units": 8, "depth": 1, "members": 2, "signal_units": 8, "signal_depth": 1, "lstm_units": 4}
TINY |= {"photo_depth": 1, "random_kernels": 20}


def built(given, classes, **changed):
    keras.utils.set_random_seed(0)
    return diagnosis.build(given, STATE, DiagnosisConfig(**TINY | changed), np.full(classes, 1 / classes))


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


def test_larger_photos_and_a_signal_without_a_linear_part_are_built_too():
    given = inputs(2, "signal", "photo")
    given.photos.side, given.photos.pictures = 80, np.zeros((ROWS, 80, 80, 1), "uint8")
    model = built(given, 2, random_kernels=0)
    assert "linear_signal" not in [layer.name for layer in model.layers]
    assert said(model, given, slice(2)).shape == (2, 1, 2)


def test_all_linear_parts_are_started_and_frozen_and_the_network_reloads_equal_with_its_start(tmp_path):
    given = inputs(3, "table", "photo", "signal")
    model = built(given, 3)
    assert DiagnosisPipeline().start(model, given, code(3), TRAIN, HELD)
    frozen = {layer.name for layer in model.layers if layer.weights and not layer.trainable_weights}
    assert {"linear_table", "linear_signal"} <= frozen
    right = probabilities(said(model, given, TRAIN)).argmax(axis=1) == code(3)[TRAIN]
    assert right.mean() > 0.6  # by chance a third
    model.save(tmp_path / "diagnosis.keras")
    again = keras.saving.load_model(tmp_path / "diagnosis.keras")
    np.testing.assert_allclose(said(again, given, slice(20)), said(model, given, slice(20)), atol=1e-6)


def test_layers_have_the_names_by_which_saved_networks_are_read():
    model = built(inputs(2, "table", "photo", "signal"), 2)
    known = {"columns", "table_evidence", "class_maps", "signal_evidence", "modality_dropout", "fusion"}
    known |= {"random_convolutions", "random_convolutions_scaled"}
    assert known <= {layer.name for layer in model.layers} and model.name == "diagnosis"


def test_photos_are_changed_as_they_are_set_and_alike_for_one_seed():
    config = DiagnosisConfig(photo_changes=0)
    assert diagnosis.photo_changes(config) == [] == DiagnosisPipeline(config).photo_changes(seed=1)
    kinds = [type(layer) for layer in diagnosis.photo_changes(DiagnosisConfig(mirror=False))]
    assert len(kinds) < len(diagnosis.photo_changes(DiagnosisConfig()))
    layers = DiagnosisPipeline().photo_changes(seed=1)
    photo = np.random.default_rng(0).integers(0, 255, (4, 32, 32, 1)).astype("float32")
    changed = [
        layers[0](photo, training=True),
        DiagnosisPipeline().photo_changes(seed=1)[0](photo, training=True),
    ]
    assert np.array_equal(*map(keras.ops.convert_to_numpy, changed))
