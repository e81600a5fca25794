"""What a modality says starts from nothing, and layers have the names that saved networks know."""

import keras
import numpy as np
import pytest

from shared.builders.evidence import (
    MOST_CELLS,
    modalities_in,
    patient_inputs,
    random_convolution_features,
    table_columns,
    wide_and_deep,
)
from shared.inputs import Inputs

VOCABULARIES = {"sex": ["f", "m"], "smoker": ["yes", "no", "was"]}


def test_inputs_have_the_shapes_and_types_of_the_arrays_and_categories_are_whole_numbers():
    arrays = {
        "number": np.ones((4, 3), "float32"),
        "category": np.ones((4, 2), "int64"),
        "photo": np.ones((4, 8, 8, 1), "uint8"),
        "presence": np.ones((4, 2), "float32"),
    }
    found = patient_inputs(Inputs(arrays))
    assert {name: each.shape[1:] for name, each in found.items()} == {
        name: array.shape[1:] for name, array in arrays.items()
    }
    kinds = {name: keras.backend.standardize_dtype(each.dtype) for name, each in found.items()}
    assert kinds == {"number": "float32", "category": "int32", "photo": "uint8", "presence": "float32"}
    assert all(each.name == name for name, each in found.items())


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["presence", "signal", "photo", "number"], ["table", "photo", "signal"]),
        (["category", "photo"], ["table", "photo"]),
        (["presence"], []),
    ],
)
def test_modalities_are_told_by_the_inputs_in_one_order(given, expected):
    assert modalities_in(given) == modalities_in(reversed(given)) == expected


def table_model(*kinds):
    types = {"number": "float32", "category": "int32"}
    given = {name: keras.Input((2,), name=name, dtype=types[name]) for name in kinds}
    return keras.Model(given, table_columns(given, VOCABULARIES))


def test_a_table_is_its_numbers_and_an_indicator_for_a_missing_and_for_each_known_text():
    arrays = {"number": np.array([[0.5, -1.0]], "float32"), "category": np.array([[3, 1]], "int32")}
    found = keras.ops.convert_to_numpy(table_model("number", "category")(arrays))
    assert found.tolist() == [[0.5, -1.0, 0, 0, 1, 0, 0, 0, 0]]  # code 1: a text that is not known
    assert table_model("category").output_shape == (None, 7) and table_model("number").output_shape == (
        None,
        2,
    )
    with pytest.raises(ValueError, match=r"number, category or both, found \['photo'\]"):
        table_columns({"photo": keras.Input((2,))}, {})


@pytest.mark.parametrize(("steps", "kernels", "expected"), [(40, 60, 60), (1000, 900, 200), (9000, 900, 100)])
def test_long_signals_are_read_with_fewer_kernels_but_never_with_fewer_than_a_hundred(
    steps, kernels, expected
):
    found = random_convolution_features(keras.Input((steps, 2)), kernels)
    assert found.shape == (None, 2 * expected)
    assert expected == kernels or expected == max(100, MOST_CELLS // steps)


def evidence_model(modality, wide=True, deep=(4,)):
    given = {"wide": keras.Input((5,), name="wide"), "deep": keras.Input(deep, name="deep")}
    found = wide_and_deep(given["wide"] if wide else None, given["deep"], 3, modality=modality)
    return keras.Model(given, found)


def spoken(model, deep=(4,)):
    rng = np.random.default_rng(0)
    arrays = {"wide": rng.normal(size=(6, 5)), "deep": rng.normal(size=(6, *deep))}
    arrays = {name: array.astype("float32") for name, array in arrays.items()}
    return arrays, keras.ops.convert_to_numpy(model(arrays))


LAYERS = {
    "table": {"table_read", "linear_table", "deep_evidence", "table_evidence"},
    "signal": {"signal_read", "linear_signal", "deep_signal_evidence", "signal_evidence"},
}


@pytest.mark.parametrize("modality", LAYERS)
def test_evidence_starts_from_nothing_and_its_layers_have_the_names_that_saved_networks_know(modality):
    model = evidence_model(modality)
    assert not spoken(model)[1].any()
    assert {layer.name for layer in model.layers} - {"wide", "deep"} >= LAYERS[modality]


@pytest.mark.parametrize("deep", [(4,), (2, 4)])
def test_evidence_is_the_sum_of_both_parts_and_each_member_adds_to_one_linear_answer(deep):
    model, rng = evidence_model("table", deep=deep), np.random.default_rng(1)
    weights = {
        name: rng.normal(size=shape) for name, shape in (("linear_table", (5, 3)), ("deep_evidence", (4, 3)))
    }
    for name, values in weights.items():
        model.get_layer(name).set_weights([values])
    arrays, found = spoken(model, deep)
    linear = arrays["wide"] @ weights["linear_table"]
    linear = linear[:, None] if len(deep) == 2 else linear
    np.testing.assert_allclose(found, arrays["deep"] @ weights["deep_evidence"] + linear, atol=1e-5)


def test_without_a_linear_part_the_encoding_speaks_alone():
    model = evidence_model("signal", wide=False)
    assert model.output_shape == (None, 3) and "linear_signal" not in [layer.name for layer in model.layers]


def test_no_other_modality_has_a_linear_part():
    with pytest.raises(ValueError, match="one of table, signal, found 'photo'"):
        evidence_model("photo")
