"""A photo in its square keeps its shape, and what is found in the square lies where it is on the photo."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.transform import resize

from shared.images.framing import Frame, frame_of, framed, framed_mask, unframed

SIZES = st.integers(1, 300)


@settings(max_examples=100, deadline=None)
@given(SIZES, SIZES, st.integers(8, 96))
def test_pad_keeps_the_shape_within_a_pixel(height, width, side):
    frame = frame_of(height, width, side)
    scale = side / max(height, width)
    assert max(frame.height, frame.width) == side
    assert abs(frame.height - height * scale) <= 1 and abs(frame.width - width * scale) <= 1
    for start, length in ((frame.top, frame.height), (frame.left, frame.width)):
        assert start >= 0 and start + length <= side and abs(side - length - 2 * start) <= 1


@settings(max_examples=60, deadline=None)
@given(
    SIZES,
    SIZES,
    st.sampled_from([1, 3]),
    st.sampled_from(["uint8", "float32"]),
    st.sampled_from(["pad", "stretch"]),
)
def test_any_photo_fits_with_its_own_dtype_and_within_its_own_range(height, width, channels, dtype, fit):
    photo = np.random.default_rng(height).integers(50, 200, (height, width, channels)).astype(dtype)
    square, frame = framed(photo, 32, fit=fit)
    assert square.shape == (32, 32, channels) and square.dtype == photo.dtype
    assert square.min() >= photo.min() - 1 and square.max() <= photo.max() + 1
    assert fit == "pad" or frame == Frame(0, 0, 32, 32, 32)


@pytest.mark.parametrize("size", [(40, 64), (64, 40), (5, 64), (64, 64)])
def test_the_border_mirrors_the_photo(size):
    photo = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    square, frame = framed(photo, 64)
    below = slice(frame.top, frame.top + frame.height), slice(frame.left, frame.left + frame.width)
    np.testing.assert_array_equal(square[below], photo)
    for place in range(min(frame.top, frame.height)):
        np.testing.assert_array_equal(square[frame.top - 1 - place], square[frame.top + place])
    end = frame.left + frame.width
    for place in range(min(64 - end, frame.width)):
        np.testing.assert_array_equal(square[:, end + place], square[:, end - 1 - place])


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_shrinking_averages_and_leaves_no_moire(dtype):
    board = (np.indices((256, 256)).sum(axis=0) % 2 * 255)[..., None].astype(dtype)
    square, _ = framed(board, 32)
    assert np.abs(square.astype(float) - 127.5).max() < 4


def test_shrinking_a_smooth_photo_agrees_with_scikit_image():
    rows, columns = np.indices((120, 200)) / 40
    photo = (127 + 100 * np.sin(rows) * np.cos(columns)).astype(np.float32)[..., None]
    square, _ = framed(photo, 50, fit="stretch")
    expected = resize(photo[..., 0], (50, 50), order=1, anti_aliasing=True)
    assert np.abs(square[..., 0] - expected)[3:-3, 3:-3].max() < 3


def test_a_mask_is_averaged_by_area_exactly_and_mirrored_as_the_photo():
    mask = np.random.default_rng(1).random((64, 32)) > 0.7
    found = framed_mask(mask, 16)
    np.testing.assert_allclose(found[:, 4:12], mask.reshape(16, 4, 8, 4).mean(axis=(1, 3)), atol=1e-5)
    np.testing.assert_array_equal(found[:, :4], found[:, 7:3:-1])
    assert found.dtype == np.float32 and found.min() >= 0 and found.max() <= 1


@pytest.mark.parametrize("fit", ["pad", "stretch"])
@pytest.mark.parametrize("size", [(100, 160), (161, 90), (33, 33)])
def test_a_smooth_map_survives_the_way_into_the_square_and_back(size, fit):
    rows, columns = np.indices(size)
    heat = np.exp(-((rows - 0.3 * size[0]) ** 2 + (columns - 0.6 * size[1]) ** 2) / (0.2 * max(size)) ** 2)
    square, frame = framed(heat[..., None].astype(np.float32), 64, fit=fit)
    back = unframed(square[..., 0], frame, size)
    assert back.shape == size and back.dtype == np.float32 and np.abs(back - heat).max() < 0.05
    assert np.unravel_index(back.argmax(), size) == pytest.approx(
        np.unravel_index(heat.argmax(), size), abs=2
    )


def test_a_coarse_heatmap_lands_on_the_right_part():
    frame = frame_of(100, 200, 64)
    heat = np.zeros((8, 8), np.float32)
    heat[3, 6] = 1  # rows 24 to 32 of the square are the upper quarter of the photo to its middle
    whole = unframed(heat, frame, (100, 200))
    row, column = np.unravel_index(whole.argmax(), whole.shape)
    assert 25 <= row < 50 and 150 <= column < 175


@pytest.mark.parametrize("size", [(101, 203), (611, 907), (64, 64)])
def test_a_photo_decoded_smaller_is_framed_as_the_whole_one(size):
    """Of a JPEG at an eighth the last pixel may stand for one of eight: without care the rest is pushed aside."""
    rows, columns = np.indices(size)
    photo = (127 + 100 * np.sin(rows / 30) * np.cos(columns / 40)).astype(np.float32)[..., None]
    high, wide = (-(-length // 4) for length in size)
    edge = np.pad(photo, ((0, high * 4 - size[0]), (0, wide * 4 - size[1]), (0, 0)), mode="edge")
    small = edge.reshape(high, 4, wide, 4, 1).mean(axis=(1, 3))
    (found, frame), (expected, known) = framed(small, 16, size=size), framed(photo, 16)
    careless = framed(small, 16)[0]
    assert frame == known and np.abs(found - expected).max() < 4
    if (high * 4, wide * 4) != size:
        assert np.abs(found - expected).mean() < 0.7 * np.abs(careless - expected).mean()


def test_another_fit_is_refused():
    with pytest.raises(ValueError, match="pad"):
        frame_of(1, 1, 8, fit="crop")
