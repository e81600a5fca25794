import keras
import numpy as np
import pytest

from shared.builders.small_image import small_image_encoder


def photos(count=2, side=28, channels=1, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, side, side, channels), dtype="uint8")


@pytest.mark.parametrize("side", [16, 28, 33, 64])
def test_the_map_has_a_quarter_of_the_sides_rounded_up_and_four_times_the_units(side):
    encoder = small_image_encoder((side, side, 1), units=3, depth=1)
    expected = (None, -(-side // 4), -(-side // 4), 12)
    assert encoder.output_shape == expected
    assert encoder(photos(side=side)).shape[1:] == expected[1:]


def test_it_has_the_weights_counted_by_hand():
    units, depth = 16, 2
    encoder = small_image_encoder((28, 28, 1), units=units, depth=depth)
    convolutions, normalisations = (
        9 * units,
        4 * units,
    )  # of the stem; each block has the one before its first
    for stage in range(3):
        out = units * 2**stage
        before = out // 2 if stage else out
        convolutions += 9 * before * out + (2 * depth - 1) * 9 * out * out
        convolutions += before * out if stage else 0
        normalisations += 4 * out * (2 * depth - 1) + (4 * before if stage else 0)
    normalisations += 4 * out
    assert encoder.count_params() == convolutions + normalisations < 350_000


def test_the_map_is_activated():
    found = np.array(small_image_encoder((28, 28, 1), units=4)(photos()))
    assert found.min() == 0 and found.max() > 0


def test_no_pixel_is_skipped():
    encoder = small_image_encoder((16, 16, 1), units=4, depth=1)
    convolutions = [layer for layer in encoder.layers if isinstance(layer, keras.layers.Conv2D)]
    assert {layer.strides for layer in convolutions} == {(1, 1)}
    before = np.array(encoder(np.zeros((1, 16, 16, 1), "float32")))
    for row, column in np.random.default_rng(0).integers(0, 16, (6, 2)):
        photo = np.zeros((1, 16, 16, 1), "float32")
        photo[0, row, column] = 255.0
        assert not np.array_equal(encoder(photo), before), (row, column)


def test_whole_numbers_and_floats_give_the_same_map():
    encoder = small_image_encoder((28, 28, 3), units=2, depth=1)
    given = photos(channels=3)
    assert np.array_equal(encoder(given), encoder(given.astype("float32")))


def test_small_image_encoder_reloads_equal(tmp_path):
    encoder = small_image_encoder((28, 28, 1), units=2, depth=1, dropout=0.1)
    encoder.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert np.array_equal(encoder(photos()), again(photos()))


def test_what_does_not_fit_is_refused():
    for shape in [(15, 28, 1), (28, 28), (None, 28, 1)]:
        with pytest.raises(ValueError, match="input_shape must"):
            small_image_encoder(shape)
    with pytest.raises(ValueError, match="units must"):
        small_image_encoder((28, 28, 1), units=0)
    with pytest.raises(ValueError, match="dropout must"):
        small_image_encoder((28, 28, 1), dropout=1.0)
