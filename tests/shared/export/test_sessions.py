"""A session is called as a Keras model is, whatever runs it."""

import numpy as np
import pytest

from shared.export.ports import Port, Signature
from shared.export.sessions import Session
from shared.inputs import Inputs
from shared.training import predict

NUMBER = Port("number", (None, 2), "float32")


def doubled(**settings):
    seen = []

    def run(arrays):
        seen.append(len(arrays[0]))
        return [arrays[0] * 2]

    return Session(Signature(NUMBER, Port("output", (None, 2), "float32")), run, **settings), seen


def test_predict_takes_a_session_in_the_place_of_a_model():
    session, _ = doubled()
    rows = np.arange(10, dtype="float32").reshape(5, 2)
    assert predict(session, Inputs({"number": rows}), [3, 0]).tolist() == [[12.0, 14.0], [0.0, 2.0]]
    assert predict(session, Inputs({"number": rows}), []).shape == (0, 2)


def test_named_inputs_and_outputs_keep_their_names():
    ports = {"a": Port("a", (None, 1), "float32"), "b": Port("b", (None, 1), "int32")}
    session = Session(Signature(ports, ports), lambda arrays: arrays)
    found = session({"b": np.array([[2]]), "a": np.array([[1.0]])})
    assert found["a"].dtype == np.float32 and found["b"].dtype == np.int32 and found["b"].tolist() == [[2]]


@pytest.mark.parametrize(("rows", "batches"), [(1, [4]), (4, [4]), (9, [4, 4, 4])])
def test_a_network_of_a_fixed_batch_answers_any_number_of_rows(rows, batches):
    session, seen = doubled(batch=4)
    x = np.arange(2 * rows, dtype="float32").reshape(rows, 2)
    assert np.array_equal(session(x), 2 * x) and seen == batches
