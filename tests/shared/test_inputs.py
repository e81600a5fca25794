"""Arrays picked by row number, and windows over a key's past gathered at batch time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.history import History
from shared.inputs import Inputs, WindowInputs


def windows(codes, time, steps, window):
    past = History(codes, time)
    return WindowInputs({}, steps, order=past.order, rank=past.rank(), before=past.before(), window=window)


def test_take_gives_rows_in_the_order_asked_for_and_accepts_masks():
    inputs = Inputs({"number": np.arange(6.0).reshape(3, 2), "category": np.array([[7], [8], [9]])})
    batch = inputs.take(np.array([2, 0, 2]))
    assert batch["category"].ravel().tolist() == [9, 7, 9]
    assert inputs.take(np.array([False, True, False]))["number"].tolist() == [[2, 3]]
    assert inputs.shapes == {"number": (2,), "category": (1,)} and len(inputs) == 3


def test_arrays_of_different_lengths_are_refused_with_their_lengths():
    with pytest.raises(ValueError, match=r"one length, found \{'a': 2, 'b': 3\}"):
        Inputs({"a": np.zeros(2), "b": np.zeros(3)})


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_window_holds_the_latest_earlier_rows_of_the_key_and_the_row_itself(seed):
    rng = np.random.default_rng(seed)
    codes, time = rng.integers(-1, 3, 25), rng.permutation(25).astype(float)
    steps = rng.normal(size=(25, 2)).astype("float32")
    rows = rng.integers(25, size=8)
    found = windows(codes, time, steps, 4).take(rows)["window"]
    for row, got in zip(rows, found):
        earlier = [i for i in np.argsort(time) if codes[i] == codes[row] >= 0 and time[i] < time[row]]
        want = np.zeros((4, 3), "float32")
        for back, source in enumerate([row, *earlier[::-1]][:4]):
            want[3 - back] = [*steps[source], 1]
        np.testing.assert_array_equal(got, want)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_window_never_shows_another_row_of_the_same_moment_or_a_later_one(seed):
    rng = np.random.default_rng(seed)
    codes, time = rng.integers(0, 2, 20), rng.integers(0, 5, 20).astype(float)
    inputs = windows(codes, time, time[:, None].astype("float32"), 6)
    seen = inputs.take(np.arange(20))["window"]
    own, past = seen[:, -1, 0], seen[:, :-1]
    np.testing.assert_array_equal(own, time)
    assert (past[..., 0][past[..., 1] == 1] < np.repeat(time, (past[..., 1] == 1).sum(axis=1))).all()
    counts = [min(5, int(((codes == codes[i]) & (time < time[i])).sum())) for i in range(20)]
    assert past[..., 1].sum(axis=1).tolist() == counts


def test_windows_accept_masks_and_report_their_shape():
    inputs = windows(np.zeros(3, int), np.arange(3.0), np.ones((3, 2), "float32"), 5)
    mask = np.array([False, False, True])
    np.testing.assert_array_equal(inputs.take(mask)["window"], inputs.take(np.array([2]))["window"])
    assert inputs.shapes == {"window": (5, 3)}
    assert inputs.take(np.array([], int))["window"].shape == (0, 5, 3)
