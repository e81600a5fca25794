"""Photos of patients, some of whom have none: what is learnt, taken and read by a linear probe."""

import io
import json
import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.feature import hog

from shared.images.checking import Photo, check_photos
from shared.patients.photos import PatientPhotos

EXAMPLE = runpy.run_path(str(Path(__file__).parents[1] / "inspection_example.py"))


def stored(pictures):
    """`PatientPhotos` of pictures, None where there is none."""
    store, photos, index = EXAMPLE["Memory"](), [], []
    for row, picture in enumerate(pictures):
        index.append(-1 if picture is None else len(photos))
        if picture is not None:
            out = io.BytesIO()
            Image.fromarray(picture).save(out, "PNG")
            store[f"{row}.png"] = out.getvalue()
            photos.append(Photo(row + 1, store, f"{row}.png"))
    checked = check_photos(photos)
    assert not checked.faults
    return PatientPhotos(photos, checked.facts, np.array(index))


def pictures(side=32, seed=0):
    rng = np.random.default_rng(seed)
    grey = [rng.integers(0, 255, (side, side), dtype=np.uint8) for _ in range(3)]
    colour = rng.integers(0, 255, (side, side, 3), dtype=np.uint8)
    deep = rng.integers(0, 2**16 - 1, (side, side), dtype=np.uint16)
    return [grey[0], None, grey[1], grey[2], colour, deep]


def squares(photos, rows=(0,), **settings):
    state = photos.learn(np.array(rows), side=32, **settings)
    return photos.inputs(state, fit="pad", workers=1, memory_mb=10)


def test_presence_follows_the_rows_that_are_taken():
    photos = stored(pictures())
    assert photos.present.tolist() == [True, False, True, True, True, True]
    taken = photos.take(np.array([5, 1, 0]))
    assert taken.present.tolist() == [True, False, True]
    assert [taken.photos[place].name for place in taken.index[[0, 2]]] == ["5.png", "0.png"]
    assert photos.take(np.array([], int)).present.tolist() == []


@pytest.mark.parametrize(
    ("rows", "channels", "dtype"),
    [([0, 1, 2], 1, "uint8"), ([0, 4], 3, "uint8"), ([0, 5], 1, "float32"), ([4, 5], 3, "float32")],
)
def test_channels_and_depth_are_those_of_the_training_rows_alone(rows, channels, dtype):
    state = stored(pictures()).learn(np.array(rows), side=32)
    assert state == {"side": 32, "channels": channels, "dtype": dtype}
    assert json.loads(json.dumps(state)) == state


def test_channels_that_are_set_are_kept():
    assert stored(pictures()).learn(np.array([0]), side=16, channels=3)["channels"] == 3


def test_squares_are_the_pixels_of_the_photo_that_the_row_has():
    found = squares(stored(pictures())).take(np.array([1]))["photo"]
    assert np.array_equal(found[0, ..., 0], pictures()[2])


def test_a_probe_reads_gradients_and_pixels_and_nan_where_there_is_no_photo():
    photos = stored(pictures())
    found = photos.matrix(squares(photos), [2, 1, 0])
    assert found.dtype == np.float32 and np.isnan(found[1]).all() and np.isfinite(found[[0, 2]]).all()
    # 32 pixels are pressed to 16, as 28 do not divide them
    coarse = pictures()[2].astype(float).reshape(16, 2, 16, 2).mean(axis=(1, 3)).ravel() / 255
    np.testing.assert_allclose(found[0, -256:], coarse, atol=1e-6)
    gradients = hog(pictures()[2].astype(float), pixels_per_cell=(8, 8), cells_per_block=(2, 2))
    assert len(found[0]) > 256 and gradients.size  # both are there
    swapped = photos.matrix(squares(photos), [0, 1, 2])
    assert np.array_equal(swapped[::-1], found, equal_nan=True)


def test_without_any_photo_the_probe_reads_nan_alone():
    photos = stored(pictures())
    found = photos.matrix(squares(photos), [1, 1])
    assert found.shape == (2, 1) and np.isnan(found).all()
