"""What a network reads of patients: the photo of each row that has one, a black square for the others."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import ContractError
from shared.patients.inputs import PatientInputs, most_rows

EXAMPLE = runpy.run_path(str(Path(__file__).parents[1] / "inspection_example.py"))
PHOTOS = EXAMPLE["inputs"](good=6)[0]
INDEX = np.array([3, -1, 0, 5, -1, 1, 2, 4])


def inputs(index=INDEX, photos=PHOTOS):
    arrays = {
        "number": np.arange(2.0 * len(index)).reshape(-1, 2),
        "presence": np.ones((len(index), 2), "f4"),
    }
    return PatientInputs(arrays, photos, index)


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.integers(0, len(INDEX) - 1), max_size=12))
def test_each_row_gets_its_own_photo_in_the_order_asked_and_zeros_without_one(rows):
    found = inputs().take(np.array(rows, int))
    assert found["photo"].shape == (len(rows), 32, 32, 1) and found["photo"].dtype == np.uint8
    assert np.array_equal(found["number"][:, 0], 2.0 * np.array(rows))
    for row, square in zip(rows, found["photo"]):
        expected = PHOTOS.take(INDEX[[row]])["photo"][0] if INDEX[row] >= 0 else np.zeros((32, 32, 1))
        assert np.array_equal(square, expected)


def test_rows_may_be_a_mask():
    mask = np.array([True, True, False, True, False, False, False, False])
    assert np.array_equal(inputs().take(mask)["photo"], inputs().take(np.array([0, 1, 3]))["photo"])


def test_nobody_with_a_photo_reads_no_file():
    class Unread:
        side, channels, dtype, most_rows = 16, 3, "float32", 64

        def take(self, rows):
            raise AssertionError("a photo was read")

    found = inputs(np.full(3, -1), Unread()).take(np.arange(3))["photo"]
    assert found.shape == (3, 16, 16, 3) and found.dtype == np.float32 and not found.any()


def test_without_photos_the_arrays_are_all_there_is():
    found = inputs(photos=None)
    assert set(found.take(np.arange(2))) == {"number", "presence"} and found.most_rows is None
    assert len(found) == len(INDEX) and found.shapes == {"number": (2,), "presence": (2,)}


def test_large_squares_are_given_to_the_network_a_few_at_a_time():
    assert inputs().most_rows == 256
    assert inputs(photos=EXAMPLE["inputs"](good=1, side=128)[0], index=np.zeros(1, int)).most_rows == 64


def test_shapes_hold_the_photo_without_the_batch():
    assert inputs().shapes["photo"] == (32, 32, 1)


@given(steps=st.integers(1, 100_000), side=st.sampled_from([None, 32, 64, 128]), held=st.booleans())
def test_the_larger_a_row_the_fewer_are_given_at_once_and_photos_count_alike_wherever_they_are(
    steps, side, held
):
    signal = np.zeros((1, steps, 2), "f4")
    found = most_rows({"signal": signal, **({"photo": np.zeros((1, side, side, 1))} if held and side else {})},
                      None if held else side)  # fmt: skip
    assert 16 <= found <= max(16, 40_000 // steps)
    assert side is None or found <= (256 if side <= 64 else 64)


def test_arrays_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="one length"):
        PatientInputs({"number": np.zeros((3, 1)), "presence": np.zeros((2, 1))})


def test_a_photo_that_is_gone_by_now_is_told_without_its_name():
    class Gone:
        side, channels, dtype, most_rows = 32, 1, "uint8", 64

        def take(self, rows):
            raise FileNotFoundError(2, "No such file", "photos/patient_0012.png")

    with pytest.raises(ContractError, match="cannot be read any more") as caught:
        inputs(photos=Gone()).take(np.array([0]))
    assert "0012" not in str(caught.value)
