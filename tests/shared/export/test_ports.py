"""Inputs and outputs of a network, as every exported format keeps them."""

import json

import keras
import pytest

from shared.export.ports import Port, Signature, flat, signature_of


def network(*, several):
    inputs = {
        "number": keras.Input((3,), name="number"),
        "category": keras.Input((2,), dtype="int32", name="category"),
    }
    read = keras.layers.Concatenate()([inputs["number"], keras.ops.cast(inputs["category"], "float32")])
    answer = keras.layers.Dense(2)(read)
    return keras.Model(inputs, {"score": answer, "heatmap": answer + 1} if several else answer)


@pytest.mark.parametrize("several", [True, False])
def test_a_signature_survives_json(several):
    signature = signature_of(network(several=several))
    assert Signature.from_dict(json.loads(json.dumps(signature.to_dict()))) == signature


def test_a_signature_holds_names_shapes_and_types_in_the_order_of_the_network():
    signature = signature_of(network(several=True))
    assert list(flat(signature.inputs)) == [
        Port("number", (None, 3), "float32"),
        Port("category", (None, 2), "int32"),
    ]
    assert list(signature.outputs) == ["score", "heatmap"]
    assert signature_of(network(several=False)).outputs == Port("output", (None, 2), "float32")


def test_inputs_without_names_are_refused():
    inputs = [keras.Input((3,)), keras.Input((3,))]
    with pytest.raises(ValueError, match="2 inputs or outputs must name them"):
        signature_of(keras.Model(inputs, inputs[0] + inputs[1]))
