"""Smaller ONNX files still answer nearly the same."""

import keras
import numpy as np
import pytest

from shared.export.formats import FORMATS
from shared.export.ports import signature_of


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    keras.utils.set_random_seed(1)
    layers = [keras.layers.Dense(128, activation="relu"), keras.layers.Dense(128, activation="tanh")]
    model = keras.Sequential([keras.Input((128,), name="number"), *layers, keras.layers.Dense(1)])
    place, onnx, sizes, answers = tmp_path_factory.mktemp("variants"), FORMATS["onnx"], {}, {}
    x = np.random.default_rng(0).normal(size=(40, 128)).astype("float32")
    for variant in onnx.variants:
        path = place / f"{variant}.onnx"
        onnx.write(model, signature_of(model), path, variant, None)
        sizes[variant], answers[variant] = path.stat().st_size, onnx.open(path, signature_of(model))(x)
    return sizes, answers


def test_half_as_many_bits_make_half_the_file_and_change_little(written):
    sizes, answers = written
    assert sizes["float16"] < 0.6 * sizes["float32"]
    assert 0 < np.abs(answers["float16"] - answers["float32"]).max() < 2e-3


def test_a_quarter_of_the_bits_makes_a_third_of_the_file_and_changes_more(written):
    sizes, answers = written
    assert sizes["int8"] < 0.4 * sizes["float32"]
    assert 0 < np.abs(answers["int8"] - answers["float32"]).max() < 0.1
