"""The networks of a diagnosis: how many there are, what each sees, what they say together and of a photo's places."""

import runpy
from pathlib import Path

import keras
import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import log_loss as log_loss_of_scikit_learn

from shared.diagnostic_networks import (
    changed_photos,
    class_maps,
    fold_rows,
    joined_networks,
    log_loss,
    probabilities,
)
from shared.splits import Split

EXAMPLE = runpy.run_path(str(Path(__file__).with_name("patient_inputs_example.py")))
code, inputs, said, made = (EXAMPLE[name] for name in ("code", "inputs", "said", "network"))


# -- rows and scores


def split_of(rows, valid=0):
    order = np.arange(rows)
    return Split("given", order[valid:], order[:valid], np.array([], int), {})


def test_a_validation_part_is_held_out_from_one_network_and_none_else():
    ((fitted, held),) = fold_rows(split_of(60, valid=12), code(2)[:60], None, networks=5, seed=0)
    assert np.array_equal(held, np.arange(12)) and np.array_equal(fitted, np.arange(12, 60))


@pytest.mark.parametrize(("networks", "expected"), [(1, 2), (3, 3)])
def test_without_one_each_training_row_is_held_out_once_and_patients_stay_whole(networks, expected):
    groups = np.arange(90) // 3
    folds = fold_rows(split_of(90), code(2)[:90], groups, networks=networks, seed=1)
    assert len(folds) == expected
    assert np.array_equal(np.sort(np.concatenate([held for _, held in folds])), np.arange(90))
    assert not any(np.isin(groups[rows], groups[held]).any() for rows, held in folds)


def test_the_log_loss_is_that_of_the_mean_of_the_members_and_finite_where_they_are_sure_and_wrong():
    raw, truth = np.random.default_rng(0).normal(size=(40, 2, 3)), np.arange(40) % 3
    assert log_loss(truth, raw) == pytest.approx(log_loss_of_scikit_learn(truth, probabilities(raw)))
    assert log_loss(truth[:, None].astype("float32"), raw) == log_loss(truth, raw)
    assert log_loss(np.array([1]), np.array([[[1e4, -1e4]]])) == pytest.approx(-np.log(1e-12))


# -- what they say together


def test_probabilities_are_the_mean_of_the_members_softmax():
    raw = np.random.default_rng(0).normal(0, 50, (7, 3, 4))
    np.testing.assert_allclose(probabilities(raw), softmax(raw, axis=-1).mean(axis=1), atol=1e-12)
    np.testing.assert_allclose(probabilities(raw[:, 0]), softmax(raw[:, 0], axis=-1), atol=1e-12)
    assert np.isfinite(probabilities(np.array([[[1e4, -1e4]]]))).all()


def network(seed, members):
    keras.utils.set_random_seed(seed)
    given = {name: keras.Input((2,), name=name) for name in ("number", "presence")}
    x = keras.layers.Concatenate()([given["number"], given["presence"]])
    return keras.Model(
        given, keras.layers.Reshape((members, 3))(keras.layers.Dense(members * 3)(x)), name="one"
    )


def test_joined_networks_say_what_each_says_also_once_reloaded(tmp_path):
    models = [network(seed, members) for seed, members in ((0, 2), (1, 2), (2, 2))]
    rng = np.random.default_rng(0)
    given = {name: rng.normal(size=(5, 2)).astype("float32") for name in ("number", "presence")}
    expected = np.concatenate([keras.ops.convert_to_numpy(model(given)) for model in models], axis=1)
    joined = joined_networks(models)
    np.testing.assert_allclose(joined(given), expected, atol=1e-6)
    joined.save(tmp_path / "joined.keras")
    again = keras.saving.load_model(tmp_path / "joined.keras")
    np.testing.assert_allclose(again(given), expected, atol=1e-6)
    assert len({layer.name for layer in joined.layers}) == len(joined.layers)


def test_one_network_stays_as_it_is():
    model = network(0, 1)
    assert joined_networks([model]) is model


# -- photos


class Brighter(keras.layers.Layer):
    """In training alone."""

    def call(self, photo, training=False):
        return photo + 1 if training else photo


def test_each_change_is_made_as_in_training_in_turn_and_nothing_else_changes():
    arrays = inputs(2, "table", "photo").take(np.arange(6))
    arrays["photo"] = arrays["photo"] // 4
    changed = changed_photos(arrays, [Brighter(), keras.layers.Rescaling(2.0), Brighter()])
    assert np.array_equal(changed["photo"], arrays["photo"] * 2 + 3) and changed["photo"].dtype == np.uint8
    assert all(changed[name] is arrays[name] for name in arrays if name != "photo")
    assert np.array_equal(changed_photos(arrays, [])["photo"], arrays["photo"])


def test_the_evidence_of_a_photo_is_the_mean_of_its_class_maps():
    given, rows = inputs(3, "photo"), np.array([5, 2, 7])
    model = made(given, 3)
    maps = class_maps(model, given, rows)
    assert maps.shape[0] == 3 and maps.shape[-1] == 3 and maps.ndim == 4
    evidence = said(model, given, rows)[:, 0] - np.log(1 / 3)
    np.testing.assert_allclose(maps.mean(axis=(1, 2)), evidence, atol=1e-4)
    np.testing.assert_allclose(class_maps(model, given, rows[::-1]), maps[::-1], atol=1e-4)


def test_class_maps_of_several_networks_are_their_mean_and_there_are_none_without_photos():
    given, rows = inputs(2, "photo", "table"), np.arange(4)
    models = [made(given, 2, seed=seed) for seed in range(2)]
    each = [class_maps(model, given, rows) for model in models]
    assert not np.allclose(*each)
    joined = joined_networks(models)
    np.testing.assert_allclose(class_maps(joined, given, rows), np.mean(each, axis=0), atol=1e-5)
    plain = inputs(2, "table")
    assert class_maps(made(plain, 2), plain, rows) is None
