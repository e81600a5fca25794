import keras
import numpy as np
import pytest

from shared.builders.image import STRIDES, residual_image_encoder
from shared.builders.unet import ResizeLike, unet_decoder


def maps_of(side, channels=4):
    sides = {key: -(-side // int(key.removeprefix("stride"))) for key in STRIDES}
    return {key: (size, size, channels) for key, size in sides.items()}


def draw(decoder, seed=0, count=2):
    rng = np.random.default_rng(seed)
    return {
        key: rng.normal(size=(count, *tensor.shape[1:])).astype("float32")
        for key, tensor in decoder.input.items()
    }


@pytest.mark.parametrize("side", [32, 33, 64, 100, 130])
def test_logits_have_the_sides_of_the_finest_map_for_any_side_of_photo(side):
    decoder = unet_decoder(maps_of(side), classes=3, units=4)
    size = -(-side // 8)
    assert decoder(draw(decoder)).shape == (2, size, size, 3)
    assert decoder.output_shape == (None, size, size, 3)


@pytest.mark.parametrize("finest", STRIDES)
def test_maps_finer_than_the_finest_are_not_read(finest):
    decoder = unet_decoder(maps_of(64), classes=2, units=4, finest=finest)
    assert set(decoder.input) == set(STRIDES[STRIDES.index(finest) :])
    assert decoder.output_shape[1:3] == maps_of(64)[finest][:2]


def test_every_map_counts():
    decoder = unet_decoder(maps_of(64), classes=2, units=8)
    given = draw(decoder)
    before = np.array(decoder(given))
    for key in given:
        assert np.abs(np.array(decoder({**given, key: given[key] + 1.0})) - before).max() > 1e-6, key


def test_the_order_in_which_maps_are_named_does_not_matter():
    shapes = maps_of(64)
    forward, backward = (unet_decoder(dict(items), classes=2, units=4) for items in (
        list(shapes.items()), list(shapes.items())[::-1]
    ))  # fmt: skip
    backward.set_weights(forward.get_weights())
    given = draw(forward)
    assert np.array_equal(forward(given), backward(given))


def test_it_learns_where_a_bright_spot_lies():
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    mask = rng.random((32, 4, 4)) < 0.2
    photos = 100.0 * np.kron(mask, np.ones((1, 8, 8)))[..., None].astype("float32")
    encoder = residual_image_encoder((32, 32, 1), units=16, depth=1)
    shapes = {key: output.shape[1:] for key, output in encoder.output.items()}
    decoder = unet_decoder(shapes, classes=2, units=16)
    maps = encoder(encoder.input)
    model = keras.Model(encoder.input, decoder({key: maps[key] for key in decoder.input}))
    model.compile(keras.optimizers.Adam(0.01), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    losses = model.fit(photos, mask.astype("int32"), epochs=10, batch_size=16, verbose=0).history["loss"]
    assert losses[-1] < 0.3 * losses[0]


def test_it_reloads_equal(tmp_path):
    decoder = unet_decoder(maps_of(100), classes=2, units=4)
    decoder.save(tmp_path / "model.keras")
    given = draw(decoder)
    assert np.array_equal(keras.saving.load_model(tmp_path / "model.keras")(given), decoder(given))


def test_resize_like_doubles_as_bilinear_interpolation_does():
    coarse = np.random.default_rng(0).normal(size=(1, 4, 5, 2)).astype("float32")
    found = np.array(ResizeLike()([coarse, np.zeros((1, 8, 10, 3), "float32")]))
    twice = np.array(keras.layers.UpSampling2D(2, interpolation="bilinear")(coarse))
    np.testing.assert_allclose(found, twice, atol=1e-6)
    # half-way between two places, a quarter of the way from the nearer one
    np.testing.assert_allclose(
        found[0, 0, 1, 0], 0.75 * coarse[0, 0, 0, 0] + 0.25 * coarse[0, 0, 1, 0], rtol=1e-5
    )


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="finest must be one of 'stride4'.*found 'stride2'"):
        unet_decoder(maps_of(64), classes=2, finest="stride2")
    with pytest.raises(ValueError, match="classes must"):
        unet_decoder(maps_of(64), classes=0)
    with pytest.raises(ValueError, match="named such as `stride8`.*'coarse'"):
        unet_decoder({**maps_of(64), "coarse": (1, 1, 4)}, classes=2)
    with pytest.raises(ValueError, match=r"'stride32': \(2, 2\)"):
        unet_decoder({**maps_of(64), "stride32": (2, 2)}, classes=2)
