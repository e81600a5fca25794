import keras
import numpy as np
import pytest
from keras import ops

from shared.builders.class_activation import ClassMaps, class_activation_map


def feature_maps(batch=3, height=5, width=4, channels=6, seed=0):
    return np.random.default_rng(seed).normal(size=(batch, height, width, channels)).astype("float32")


def built(classes=3, **settings):
    """With a bias that is not 0."""
    layer = ClassMaps(classes, **settings)
    layer(feature_maps())
    if layer.use_bias:
        layer.bias.assign(np.arange(1.0, classes + 1))
    return layer


def test_a_map_is_the_weighted_sum_of_the_feature_maps_above_zero():
    maps, kernel = feature_maps(), np.random.default_rng(1).normal(size=(6, 3)).astype("float32")
    for place in range(3):
        expected = np.maximum(np.einsum("nhwk,k->nhw", maps, kernel[:, place]), 0)
        np.testing.assert_allclose(class_activation_map(maps, kernel, place), expected, atol=1e-5)
        assert 0 < (expected > 0).mean() < 1


def test_logits_are_those_of_a_dense_layer_on_the_mean_of_the_feature_maps():
    layer = built()
    dense = keras.layers.Dense(3)
    dense.build((None, 6))
    dense.set_weights([np.array(layer.kernel), np.array(layer.bias)])
    maps = feature_maps()
    np.testing.assert_allclose(layer(maps)["logits"], dense(maps.mean(axis=(1, 2))), atol=1e-5)


def test_logits_are_the_mean_of_the_maps_and_the_bias():
    for layer, bias in ((built(), [1.0, 2.0, 3.0]), (built(use_bias=False), 0.0)):
        found = layer(feature_maps())
        np.testing.assert_allclose(found["logits"], np.mean(found["maps"], axis=(1, 2)) + bias, atol=1e-6)


def test_maps_above_zero_are_the_class_activation_maps():
    layer, maps = built(), feature_maps()
    for place in range(3):
        expected = class_activation_map(maps, layer.kernel, place)
        np.testing.assert_allclose(np.maximum(layer(maps)["maps"][..., place], 0), expected, atol=1e-5)


def grad_cam(network, head, photos, place):
    """By the paper's equations 1 and 2: gradients averaged over the places weigh the maps."""
    import tensorflow as tf

    maps = network(photos)
    with tf.GradientTape() as tape:
        tape.watch(maps)
        logit = head(maps)["logits"][:, place]
    weights = np.mean(tape.gradient(logit, maps), axis=(1, 2))
    return np.maximum(np.einsum("nhwk,nk->nhw", maps, weights), 0)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="GradientTape is TensorFlow's")
def test_grad_cam_by_its_definition_is_the_same_map_but_for_the_number_of_places():
    keras.utils.set_random_seed(0)
    network = keras.Sequential(
        [keras.Input((10, 8, 1)), keras.layers.Conv2D(6, 3, 2, "same", activation="relu")]
    )
    head = built()
    photos = np.random.default_rng(0).normal(size=(4, 10, 8, 1)).astype("float32")
    for place in range(3):
        found = np.array(class_activation_map(network(photos), head.kernel, place))
        np.testing.assert_allclose(grad_cam(network, head, photos, place), found / 20, atol=1e-6)
        assert found.max() > 0


def test_a_spot_is_found_where_it_lies():
    maps = np.zeros((1, 5, 4, 6), "float32")
    maps[0, 3, 1, 2] = 1.0
    kernel = np.zeros((6, 2), "float32")
    kernel[2] = [-1.0, 2.0]
    found = np.array(class_activation_map(maps, kernel, 1))[0]
    assert np.unravel_index(found.argmax(), found.shape) == (3, 1) and found.sum() == 2.0
    assert not np.array(class_activation_map(maps, kernel, 0)).any()


@pytest.mark.parametrize("use_bias", [True, False])
def test_class_maps_reload_equal(tmp_path, use_bias):
    photo = keras.Input((5, 4, 6))
    model = keras.Model(photo, ClassMaps(3, use_bias=use_bias)(photo))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    found, expected = again(feature_maps()), model(feature_maps())
    assert set(found) == {"logits", "maps"} and len(model.weights) == 1 + use_bias
    assert all(np.array_equal(found[key], expected[key]) for key in expected)


def test_maps_of_any_size_are_read():
    places = keras.Input((None, None, 6))
    model = keras.Model(places, ClassMaps(2)(places))
    assert model.output["maps"].shape == (None, None, None, 2) and model.output["logits"].shape == (None, 2)
    assert model(feature_maps(height=9))["maps"].shape == (3, 9, 4, 2)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="classes must be a whole number"):
        ClassMaps(0)
    with pytest.raises(ValueError, match=r"expects input of shape `\(batch, height, width, channels\)`"):
        ClassMaps(2)(np.ones((3, 6), "float32"))
    with pytest.raises(ValueError, match="maps must be"):
        class_activation_map(feature_maps(), ops.ones((5, 2)), 0)
    for place in (-1, 2):
        with pytest.raises(ValueError, match=f"a class from 0 to 1, found {place}"):
            class_activation_map(feature_maps(), ops.ones((6, 2)), place)
