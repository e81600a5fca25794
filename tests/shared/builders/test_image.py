import os
from functools import lru_cache
from pathlib import Path

import keras
import numpy as np
import pytest

from shared.builders.image import (
    BACKBONES,
    STRIDES,
    WeightsError,
    pretrained_image_encoder,
    residual_image_encoder,
)
from shared.errors import VerticalsError

PREPROCESS = {
    "mobilenet_v2": keras.applications.mobilenet_v2.preprocess_input,
    "efficientnet_v2_b0": keras.applications.efficientnet_v2.preprocess_input,
    "resnet50": keras.applications.resnet50.preprocess_input,
    "convnext_tiny": keras.applications.convnext.preprocess_input,
}


def photos(count=2, side=32, channels=3, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, side, side, channels), dtype="uint8")


def sides(encoder):
    return {key: encoder.output[key].shape[1:3] for key in STRIDES}


@lru_cache
def untrained(backbone):
    return pretrained_image_encoder(backbone, (64, 64, 3), weights=None)


def test_residual_image_encoder_gives_a_map_for_each_stride_and_doubles_its_channels():
    encoder = residual_image_encoder((64, 96, 1), units=3, depth=2)
    shapes = {key: output.shape[1:] for key, output in encoder.output.items()}
    expected = {"stride4": (16, 24, 3), "stride8": (8, 12, 6), "stride16": (4, 6, 12), "stride32": (2, 3, 24)}
    assert shapes == expected and tuple(encoder.output) == STRIDES


def test_residual_image_encoder_has_two_convolutions_a_block_and_a_shortcut_a_stage():
    encoder = residual_image_encoder((32, 32, 1), units=2, depth=3)
    convolutions = [layer for layer in encoder.layers if isinstance(layer, keras.layers.Conv2D)]
    assert len(convolutions) == 1 + 4 * (3 * 2 + 1)
    assert all(layer.bias is None for layer in convolutions)


@pytest.mark.parametrize("side", [33, 50, 100])
def test_sides_of_maps_are_rounded_up(side):
    expected = {key: (-(-side // int(key[6:])),) * 2 for key in STRIDES}
    assert sides(residual_image_encoder((side, side, 1), units=2, depth=1)) == expected
    assert sides(pretrained_image_encoder("mobilenet_v2", (side, side, 1), weights=None)) == expected


def test_whole_numbers_and_floats_give_the_same_maps():
    for encoder in (residual_image_encoder((64, 64, 3), units=2, depth=1), untrained("resnet50")):
        whole, floats = encoder(photos(side=64)), encoder(photos(side=64).astype("float32"))
        assert all(np.array_equal(whole[key], floats[key]) for key in STRIDES)


def test_residual_image_encoder_reloads_equal(tmp_path):
    encoder = residual_image_encoder((32, 32, 1), units=2, depth=1, dropout=0.1)
    encoder.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    given = photos(channels=1)
    assert all(np.array_equal(encoder(given)[key], again(given)[key]) for key in STRIDES)


@pytest.mark.parametrize("backbone", BACKBONES)
def test_the_coarsest_map_is_what_keras_applications_gives_for_preprocessed_photos(backbone, tmp_path):
    ours = untrained(backbone)
    theirs = getattr(keras.applications, BACKBONES[backbone][0])(
        include_top=False, weights=None, input_shape=(64, 64, 3)
    )
    theirs.set_weights(ours.get_weights())
    given = photos(side=64)
    expected, found = theirs(PREPROCESS[backbone](given.astype("float32"))), ours(given)
    assert np.std(expected) > 0
    np.testing.assert_allclose(found["stride32"], expected, rtol=1e-4, atol=1e-5)
    assert sides(ours) == {"stride4": (16, 16), "stride8": (8, 8), "stride16": (4, 4), "stride32": (2, 2)}
    ours.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")(given)
    assert set(again) == set(found) and all(np.array_equal(again[key], found[key]) for key in found)


def test_weights_are_read_from_a_file(tmp_path):
    theirs = untrained("mobilenet_v2").get_layer("mobilenet_v2")
    whole = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(64, 64, 3))
    whole.set_weights(theirs.get_weights())
    whole.save_weights(tmp_path / "own.weights.h5")
    ours = pretrained_image_encoder("mobilenet_v2", (32, 32, 1), weights=str(tmp_path / "own.weights.h5"))
    assert all(np.array_equal(a, b) for a, b in zip(ours.get_weights(), whole.get_weights()))


def test_convnext_maps_are_the_sums_before_each_downsampling():
    encoder = untrained("convnext_tiny")
    network = encoder.get_layer("convnext_tiny")
    for number, key in enumerate(STRIDES[:3]):
        downsampling = network.get_layer(f"convnext_tiny_downsampling_block_{number}")
        assert any(node.input_tensors[0] is network.output[key] for node in downsampling._inbound_nodes)


def test_grey_photos_are_read_as_three_equal_channels():
    grey = pretrained_image_encoder("mobilenet_v2", (32, 32, 1), weights=None)
    colour = pretrained_image_encoder("mobilenet_v2", (32, 32, 3), weights=None)
    colour.set_weights(grey.get_weights())
    given = photos(channels=1)
    expected = colour(np.repeat(given, 3, axis=-1))
    assert all(np.array_equal(grey(given)[key], expected[key]) for key in STRIDES)


def test_weights_of_another_network_are_refused(tmp_path):
    other = tmp_path / "other.weights.h5"
    keras.applications.MobileNetV2(
        include_top=False, weights=None, input_shape=(32, 32, 3), alpha=0.35
    ).save_weights(other)
    with pytest.raises(WeightsError, match="does not fit `mobilenet_v2`"):
        pretrained_image_encoder("mobilenet_v2", (32, 32, 3), weights=str(other))


def test_weights_that_lack_a_layer_are_refused(tmp_path):
    whole = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(32, 32, 3))
    part = tmp_path / "part.weights.h5"
    keras.Model(whole.input, whole.get_layer("block_12_add").output).save_weights(part)
    with pytest.raises(WeightsError, match="does not fit `mobilenet_v2`"):
        pretrained_image_encoder("mobilenet_v2", (32, 32, 3), weights=str(part))


def test_a_file_that_is_missing_or_no_weights_is_named(tmp_path):
    damaged = tmp_path / "damaged.weights.h5"
    damaged.write_bytes(b"no weights")
    for path in (damaged, tmp_path / "missing.weights.h5", tmp_path / "model.pkl", "imagnet"):
        with pytest.raises(WeightsError, match="weights: ") as found:
            pretrained_image_encoder("mobilenet_v2", (32, 32, 3), weights=str(path))
        assert str(path) in str(found.value) and isinstance(found.value, VerticalsError)


def test_without_a_network_the_error_names_the_way_out(monkeypatch):
    def unreachable(**settings):
        raise Exception("URL fetch failure on https://storage.googleapis.com")

    monkeypatch.setattr(keras.applications, "MobileNetV2", unreachable)
    with pytest.raises(WeightsError, match=r"URL fetch failure.*save_weights.*path"):
        pretrained_image_encoder("mobilenet_v2", (32, 32, 3))


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="backbone must be one of 'mobilenet_v2', .*found 'vgg'"):
        pretrained_image_encoder("vgg", (32, 32, 3), weights=None)
    with pytest.raises(ValueError, match="1 or 3 channels, found 4"):
        pretrained_image_encoder("mobilenet_v2", (32, 32, 4), weights=None)
    for shape in [(31, 64, 1), (64, 64), (None, 64, 1)]:
        with pytest.raises(ValueError, match="input_shape must"):
            residual_image_encoder(shape)
    with pytest.raises(ValueError, match="units must"):
        residual_image_encoder((32, 32, 1), units=0)
    with pytest.raises(ValueError, match="dropout must"):
        residual_image_encoder((32, 32, 1), dropout=1.0)


def test_imagenet_weights_of_this_machine_give_what_keras_applications_gives():
    data = os.environ.get("VERTICALS_DATA")
    if not data:
        pytest.skip("VERTICALS_DATA is not set")
    path = Path(data).parent / "weights" / "mobilenet_v2" / "mobilenet_v2_no_top.weights.h5"
    if not path.exists():
        pytest.skip(f"{path} is missing")
    theirs = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(96, 96, 3))
    theirs.load_weights(path)
    ours = pretrained_image_encoder("mobilenet_v2", (96, 96, 3), weights=str(path))
    given = photos(side=96)
    expected = theirs(PREPROCESS["mobilenet_v2"](given.astype("float32")))
    np.testing.assert_allclose(ours(given)["stride32"], expected, rtol=1e-3, atol=1e-3)
