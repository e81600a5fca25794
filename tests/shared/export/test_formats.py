"""What a format cannot hold is said plainly, with the operator's name."""

import keras
import numpy as np
import pytest

from shared.errors import BundleError, MissingExtraError
from shared.export import formats
from shared.export.formats import FORMATS
from shared.export.ports import signature_of


class Rare(keras.layers.Layer):
    """Holds an operator that no other format has."""

    def call(self, x):
        import tensorflow as tf

        return tf.math.betainc(x, x, x)


@pytest.fixture(scope="module")
def rare():
    x = keras.Input((2,), name="number")
    return keras.Model(x, Rare()(x))


def test_litert_names_the_operator_that_it_lacks(rare, tmp_path):
    with pytest.raises(BundleError, match="LiteRT has no operator Betainc. Export to another format"):
        FORMATS["litert"].write(rare, signature_of(rare), tmp_path / "m.tflite", "float32", None)
    assert not (tmp_path / "m.tflite").exists()


def test_onnx_names_the_operator_that_it_lacks(rare, tmp_path):
    with pytest.raises(BundleError, match="ONNX has no operator Betainc"):
        FORMATS["onnx"].write(rare, signature_of(rare), tmp_path / "m.onnx", "float32", None)


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_gives_back_outputs_by_their_names(name, tmp_path):
    x = keras.Input((2,), name="number")
    outputs = {"zeta": keras.layers.Dense(1)(x), "alpha": keras.layers.Dense(3)(x)}
    model, form = keras.Model(x, outputs), FORMATS[name]
    form.write(model, signature_of(model), tmp_path / form.file, "float32", None)
    found = form.open(tmp_path / form.file, signature_of(model), batch=None, threads=1)(
        np.ones((5, 2), "float32")
    )
    expected = model(np.ones((5, 2), "float32"))
    assert set(found) == {"zeta", "alpha"}
    for key in found:
        np.testing.assert_allclose(found[key], np.asarray(expected[key]), atol=1e-6)


def test_without_the_converter_the_extra_is_named(monkeypatch, rare, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "tf2onnx", None)
    with pytest.raises(MissingExtraError, match=r"pip install .keras-verticals\[export\]"):
        formats.write_onnx(rare, signature_of(rare), tmp_path / "m.onnx", "float32", None)
