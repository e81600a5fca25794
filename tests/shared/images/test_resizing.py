"""What NumPy makes of a photo is what Pillow makes of it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from shared.images.resizing import resized_bytes, resized_floats

sides = st.integers(1, 60)


def by_pillow(photo, size):
    image = Image.fromarray(photo[..., 0] if photo.shape[-1] == 1 else photo)
    small = image.resize(size[::-1], Image.Resampling.BILINEAR, None, reducing_gap=2.0)
    return np.array(small).reshape(*size, photo.shape[-1])


def drawn(size, channels=1, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (*size, channels), dtype=np.uint8)


@given(st.integers(1, 300), st.integers(1, 300), sides, sides, st.sampled_from([1, 3]))
def test_photos_differ_from_what_pillow_makes_of_them_by_one_at_most(high, wide, down, along, channels):
    photo = drawn((high, wide), channels)
    gap = resized_bytes(photo, (down, along)).astype(int) - by_pillow(photo, (down, along))
    assert np.abs(gap).max() <= 1


@given(st.integers(1, 300), st.integers(1, 300), sides, st.booleans())
def test_one_side_changes_as_by_pillow(has, other, wanted, upright):
    photo, size = drawn((has, other)), (wanted, other)
    if upright:
        photo, size = photo.transpose(1, 0, 2), size[::-1]
    np.testing.assert_array_equal(resized_bytes(photo, size), by_pillow(np.ascontiguousarray(photo), size))


@given(sides, sides, sides, sides)
def test_planes_of_numbers_are_resized_as_by_pillow(high, wide, down, along):
    plane = np.random.default_rng(0).normal(size=(high, wide)).astype(np.float32)
    expected = np.array(Image.fromarray(plane).resize((along, down), Image.Resampling.BILINEAR))
    np.testing.assert_allclose(resized_floats(plane, (down, along)), expected, rtol=1e-5, atol=1e-5)
