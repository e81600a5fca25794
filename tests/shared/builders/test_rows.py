"""What a network reads of a row, from arrays by name to one vector."""

import keras
import numpy as np

from shared.builders import embedding_dim, end_to_end, named_inputs, row_parts, vocabulary_embedding

STATE = {"edges": [[0.0, 1.0], [0.0, 2.0, 3.0]], "categories": {"shop": ["a", "b", "c"], "country": ["x"]}}
SHAPES = {"number": (2,), "category": (2,)}


def test_codes_are_integers_and_all_else_is_float():
    inputs = named_inputs({"number": (3,), "static": (2,), "past": (28, 4)}, integers=["static"])
    assert {name: (tensor.shape[1:], tensor.dtype) for name, tensor in inputs.items()} == {
        "number": ((3,), "float32"),
        "static": ((2,), "int32"),
        "past": ((28, 4), "float32"),
    }
    assert [tensor.name for tensor in inputs.values()] == ["number", "static", "past"]


def test_each_column_has_a_vector_as_wide_as_its_vocabulary_asks_for():
    layer = vocabulary_embedding(STATE["categories"], unseen_rate=0.05)
    assert layer.cardinalities == [3, 1] and layer.unseen_rate == 0.05
    assert layer.dims == [embedding_dim(5), embedding_dim(3)]


def test_the_parts_are_numbers_their_embedding_and_categories():
    inputs = named_inputs(SHAPES)
    widths = [part.shape[-1] for part in row_parts(inputs, STATE, number_dim=4, unseen_rate=0.01)]
    assert widths == [2, 8, embedding_dim(5) + embedding_dim(3)]


def test_what_the_table_lacks_is_no_part():
    numbers = named_inputs({"number": (2,)})
    assert row_parts(numbers, STATE | {"edges": []}, number_dim=4, unseen_rate=0.0) == [numbers["number"]]
    only = row_parts(named_inputs({"category": (2,)}), STATE | {"edges": []}, number_dim=4, unseen_rate=0.0)
    assert len(only) == 1 and end_to_end(only) is only[0]
    assert row_parts(named_inputs({"history": (4, 3)}), STATE, number_dim=4, unseen_rate=0.0) == []


def test_a_model_of_the_parts_reads_rows_and_reloads(tmp_path):
    inputs = named_inputs(SHAPES)
    model = keras.Model(inputs, end_to_end(row_parts(inputs, STATE, number_dim=4, unseen_rate=0.01)))
    rows = {"number": np.ones((3, 2), "float32"), "category": np.array([[2, 2], [0, 1], [4, 9]], "int32")}
    found = np.asarray(model(rows))
    assert found.shape == (3, 2 + 8 + embedding_dim(5) + embedding_dim(3))
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(np.asarray(keras.models.load_model(tmp_path / "model.keras")(rows)), found)
