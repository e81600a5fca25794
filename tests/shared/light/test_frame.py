import numpy as np

from shared.features import remembered
from shared.light.frame import Frame, Memory, stacked


def test_a_frame_has_the_length_of_its_rows_even_without_columns():
    assert len(Frame({}, 3)) == 3 and len(Frame({"a": np.zeros(2)})) == 2


def test_stacked_rows_lack_what_their_frame_lacked():
    one = Frame({"at": np.array(["2025-01-01"], "datetime64[us]")})
    other = Frame({"card": np.array(["a"], object), "amount": np.array([1.0])})
    both = stacked([one, other])
    assert np.isnat(both["at"]).tolist() == [False, True]
    assert both["card"].tolist() == [None, "a"]
    assert np.isnan(both["amount"]).tolist() == [True, False]


def test_what_is_remembered_is_kept_and_what_is_new_is_found():
    memory = Memory({"steps": np.array([[1.0, 2.0], [np.nan, np.nan]])})
    frame = Frame({"a": np.zeros(2)}, memory=memory)
    found = remembered(frame, "steps", np.array([[7.0, 7.0], [3.0, 4.0]], np.float32))
    assert found.tolist() == [[1.0, 2.0], [3.0, 4.0]] and found.dtype == np.float32
    assert memory.found["steps"] is found


def test_without_memory_the_values_are_those_that_were_found():
    values = np.array([1.0])
    assert remembered(Frame({"a": np.zeros(1)}), "x", values) is values
