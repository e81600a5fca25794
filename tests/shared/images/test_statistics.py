"""The numbers of a photo are what SciPy and scikit-image say, and finite whatever the photo."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from skimage.color import rgb2gray
from skimage.feature import hog

from shared.images.statistics import hog_features, image_statistics


def numbers(photo) -> dict[str, float]:
    names, values = image_statistics(photo)
    return dict(zip(names, values.tolist()))


@pytest.fixture
def photo() -> np.ndarray:
    return np.random.default_rng(0).gamma(4, 20, (60, 48, 1)).clip(0, 255).astype(np.uint8)


def test_the_tone_is_what_scipy_says(photo):
    found, grey = numbers(photo), photo[..., 0].astype(float)
    assert found["mean"] == pytest.approx(grey.mean()) and found["std"] == pytest.approx(grey.std())
    assert found["skewness"] == pytest.approx(scipy.stats.skew(grey, axis=None), rel=1e-5)
    assert found["kurtosis"] == pytest.approx(scipy.stats.kurtosis(grey, axis=None), rel=1e-5)
    assert found["quantile_05"] == pytest.approx(np.percentile(grey, 5))


def test_blocks_and_profiles_are_what_a_loop_says(photo):
    found, grey = numbers(photo), photo[..., 0].astype(float)
    blocks = [grey[y : y + 4, x : x + 4].std() for y in range(0, 60, 4) for x in range(0, 48, 4)]
    assert found["block_std_max"] == pytest.approx(max(blocks), rel=1e-4)
    assert found["block_std_median"] == pytest.approx(np.median(blocks), rel=1e-4)
    rows = np.array([row.mean() for row in grey])
    assert found["row_deviation"] == pytest.approx(max(abs(rows - np.median(rows))), rel=1e-4)
    assert found["column_std"] == pytest.approx(np.std([column.mean() for column in grey.T]), rel=1e-4)


def test_gradients_of_a_ramp_are_its_slope_at_each_scale():
    ramp = np.repeat(np.arange(64, dtype=np.float32)[None] * 3, 64, axis=0)[..., None]
    found = numbers(ramp)
    for scale in (1, 2, 4):
        assert found[f"gradient_energy_{scale}"] == pytest.approx((3 * scale) ** 2)
    assert found["row_std"] == pytest.approx(0, abs=1e-4) and found["column_std"] > 10


@pytest.mark.parametrize(("tone", "name"), [(0, "share_dark"), (255, "share_bright")])
def test_a_speck_shows_as_its_share_and_in_the_extremes(tone, name):
    photo = np.full((50, 50, 1), 120, np.uint8)
    photo[20:25, 20:25] = tone
    found = numbers(photo)
    assert found[name] == pytest.approx(0.01) and found["share_dark"] + found["share_bright"] <= 0.0101
    assert max(abs(found["laplacian_low"]), found["laplacian_high"]) > 100 and found["block_std_max"] > 20


def test_colour_counts_and_grey_photos_have_none():
    grey = np.random.default_rng(0).integers(0, 255, (30, 30, 1), dtype=np.uint8)
    alike, red = np.repeat(grey, 3, axis=2), np.zeros((30, 30, 3), np.uint8)
    red[..., 0] = 100
    assert numbers(grey)["colour_mean"] == numbers(alike)["colour_mean"] == 0
    assert numbers(red)["colour_mean"] == 100 and numbers(red)["mean"] == pytest.approx(29.9, rel=1e-4)
    assert numbers(alike)["mean"] == pytest.approx(numbers(grey)["mean"], rel=1e-5)


def test_float_photos_give_the_numbers_of_the_same_bytes(photo):
    np.testing.assert_array_equal(image_statistics(photo)[1], image_statistics(photo.astype(np.float32))[1])


@settings(max_examples=60, deadline=None)
@given(
    arrays.arrays(
        np.uint8,
        st.tuples(st.integers(1, 40), st.integers(1, 40), st.sampled_from([1, 3])),
        fill=st.nothing(),
    )
)
def test_every_photo_has_the_same_finite_numbers(photo):
    names, values = image_statistics(photo)
    assert names == image_statistics(np.zeros((16, 16, 1)))[0] and len(set(names)) == len(names)
    assert values.dtype == np.float32 and np.isfinite(values).all()


@pytest.mark.parametrize("tone", [0, 77, 255, 0.1])
def test_a_photo_of_one_tone_has_no_contrast(tone):
    found = numbers(np.full((100, 80, 3), tone, np.float32))
    quiet = {name: value for name, value in found.items() if "quantile" not in name and name != "mean"}
    assert max(map(abs, quiet.values())) < 0.05


def test_histograms_of_gradients_are_those_of_scikit_image():
    photo = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    # Rec. 709 luma in rgb2gray; a grey photo leaves no room for the difference.
    grey = np.repeat(photo[..., :1], 3, axis=2)
    expected = hog(rgb2gray(grey), pixels_per_cell=(16, 16), cells_per_block=(2, 2))
    np.testing.assert_allclose(hog_features(grey, side=64), expected, atol=1e-4)


def test_histograms_of_gradients_have_one_length_for_all_shapes():
    for shape in ((300, 200, 1), (20, 20, 3), (1, 1, 1)):
        found = hog_features(np.zeros(shape, np.uint8))
        assert found.shape == (1764,) and found.dtype == np.float32 and np.isfinite(found).all()
    assert hog_features(np.zeros((40, 40, 1)), side=64).shape == (324,)


@pytest.mark.parametrize("shape", [(20, 20), (20, 20, 2), (0, 20, 1), (1, 20, 20, 3)])
def test_what_is_no_photo_is_refused(shape):
    for describe in (image_statistics, hog_features):
        with pytest.raises(ValueError, match="height, width"):
            describe(np.zeros(shape))


def test_a_square_without_a_block_is_refused():
    with pytest.raises(ValueError, match="at least 32"):
        hog_features(np.zeros((40, 40, 1)), side=16)
