"""Layers and networks of inspection against NumPy and scikit-learn; what is saved is loaded."""

import keras
import numpy as np
import pytest

from shared.builders.image import residual_image_encoder
from shared.builders.inspection import (
    DefectMap,
    MaskLoss,
    PhotoContrast,
    Standardise,
    StatisticsPooling,
    inspection_model,
    inspection_trainer,
)
from shared.builders.unet import unet_decoder


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def softmax(logits):
    odds = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return odds / odds.sum(axis=-1, keepdims=True)


def normal(*shape, seed=0, scale=1.0):
    return np.random.default_rng(seed).normal(0, scale, shape).astype("float32")


# -- layers


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_contrast_gives_each_photo_one_mean_and_spread(dtype):
    photo = np.clip(normal(3, 20, 24, 3, scale=[12]) + 90, 0, 255).astype(dtype)
    photo[1] //= 2
    found = numpy(PhotoContrast(mean=120, spread=40, least=0.0)(photo))
    exact = photo.astype("float64")
    mean, spread = (f(exact, axis=(1, 2, 3), keepdims=True) for f in (np.mean, np.std))
    np.testing.assert_allclose(found, np.clip((exact - mean) / spread * 40 + 120, 0, 255), atol=0.02)
    np.testing.assert_allclose(found.mean(axis=(1, 2, 3)), 120, atol=1)


def test_contrast_of_an_even_photo_is_even():
    assert np.allclose(numpy(PhotoContrast()(np.full((1, 8, 8, 1), 7, "uint8"))), 128)


def test_pooled_statistics_are_those_of_numpy():
    maps = [normal(2, 5, 4, 3), normal(2, 2, 2, 6, seed=1)]
    parts = [f(each, axis=(1, 2)) for each in maps for f in (np.mean, np.std, np.max, np.min)]
    found = StatisticsPooling()(maps)
    np.testing.assert_allclose(numpy(found), np.concatenate(parts, axis=-1), atol=1e-3)
    assert StatisticsPooling().compute_output_shape([each.shape for each in maps]) == found.shape


def test_the_gradient_of_an_even_map_is_finite():
    photo = keras.Input((8, 8, 1))
    pooled = StatisticsPooling()([keras.layers.Conv2D(3, 1, name="read")(photo)])
    model = keras.Model(photo, keras.layers.Dense(1)(pooled))
    model.compile(keras.optimizers.SGD(0.1), "mse")
    before = model.get_layer("read").get_weights()[1]
    model.train_on_batch(np.ones((4, 8, 8, 1), "float32"), np.ones((4, 1), "float32"))
    assert all(np.isfinite(weights).all() for weights in model.get_weights())
    assert not np.array_equal(model.get_layer("read").get_weights()[1], before)


def test_standardise_is_the_scaler_of_scikit_learn_also_where_nothing_changes():
    from sklearn.preprocessing import StandardScaler

    values = normal(50, 4, scale=3.0) + 10
    values[:, 2] = 5.0
    layer = Standardise()
    layer.adapt(values)
    np.testing.assert_allclose(numpy(layer(values)), StandardScaler().fit_transform(values), atol=1e-4)
    assert not layer.trainable_weights


def test_the_defect_map_is_what_the_good_class_leaves():
    logits = normal(2, 3, 4, 5, scale=2.0)
    expected = 1 - softmax(logits)
    np.testing.assert_allclose(numpy(DefectMap()(logits)), expected[..., 0], atol=1e-6)
    np.testing.assert_allclose(numpy(DefectMap(good=3)(logits)), expected[..., 3], atol=1e-6)


# -- the mask loss


def loss_of(logits, mask, truth, **settings):
    layer = MaskLoss(**settings)
    passed = layer([logits, mask, truth])
    assert np.array_equal(numpy(passed), logits)
    return float(numpy(layer.losses[0]))


def expected_loss(logits, mask, code, *, faulty=5.0, share=0.02):
    """Of one photo, place by place; the mask at the size of the logits."""
    odds = softmax(logits.astype("float64"))
    suspicious = 1 - odds[..., 0]
    if mask.min() < 0:
        highest = np.sort(suspicious.reshape(-1))[::-1][: max(1, round(share * suspicious.size))].mean()
        return -np.log(highest if code else 1 - highest)
    places = 0.0
    for at in np.ndindex(mask.shape):
        entropy = -(mask[at] * np.log(odds[at][code]) + (1 - mask[at]) * np.log(odds[at][0]))
        places += 2 * entropy * (1 + (faulty - 1) * mask[at]) / mask.size
    dice = 1 - (2 * (mask * suspicious).sum() + 1) / (mask.sum() + suspicious.sum() + 1)
    return places + 0.5 * dice


def test_places_of_a_known_mask_are_judged_one_by_one():
    logits, mask = normal(1, 4, 4, 3), np.zeros((1, 4, 4), "float32")
    mask[0, 1, 2:] = 1
    found = loss_of(logits, mask, np.eye(3, dtype="float32")[[2]])
    assert found == pytest.approx(expected_loss(logits[0], mask[0], 2), rel=1e-4)


@pytest.mark.parametrize("code", [0, 1])
def test_a_photo_of_an_unknown_mask_is_judged_by_its_most_suspicious_places(code):
    logits, mask = normal(1, 10, 10, 2), np.full((1, 10, 10), -1, "float32")
    found = loss_of(logits, mask, np.eye(2, dtype="float32")[[code]])
    assert found == pytest.approx(expected_loss(logits[0], mask[0], code), rel=1e-4)


def test_known_and_unknown_masks_of_one_batch_are_averaged_and_weighted():
    logits, mask = normal(3, 4, 4, 3), np.zeros((3, 4, 4), "float32")
    mask[0, :2], mask[1] = 1, -1
    codes = [2, 1, 0]
    each = [expected_loss(logits[at], mask[at], code) for at, code in enumerate(codes)]
    found = loss_of(logits, mask, np.eye(3, dtype="float32")[codes], weight=0.5)
    assert found == pytest.approx(0.5 * np.mean(each), rel=1e-4)


def test_a_larger_mask_counts_by_the_share_of_each_place():
    logits, mask = normal(1, 4, 4, 2), np.zeros((1, 16, 16), "float32")
    mask[0, 3:9, 2:13] = 1
    share = mask.reshape(1, 4, 4, 4, 4).mean(axis=(2, 4))
    truth = np.eye(2, dtype="float32")[[1]]
    assert loss_of(logits, mask, truth) == pytest.approx(expected_loss(logits[0], share[0], 1), rel=1e-4)


def test_a_mask_that_is_found_costs_less_than_one_that_is_missed():
    mask = np.zeros((1, 8, 8), "float32")
    mask[0, 2:5, 2:5] = 1
    found = np.stack([-8 * mask, 8 * mask], axis=-1) + np.float32([4, -4])
    truth = np.eye(2, dtype="float32")[[1]]
    assert loss_of(found, mask, truth) < 0.1 < loss_of(found[:, ::-1, ::-1].copy(), mask, truth)


# -- networks


def small_model(classes=3, **options):
    keras.utils.set_random_seed(0)
    encoder = residual_image_encoder((32, 32, 1), units=16, depth=1, name="encoder")
    shapes = {key: output.shape[1:] for key, output in encoder.output.items()}
    decoder = unet_decoder(shapes, classes=classes, units=8, name="decoder")
    return inspection_model(encoder, decoder, classes=classes, **options)


def photos(count=24, seed=0):
    """Even photos and, every second one, one with a dark spot; with masks and codes."""
    rng = np.random.default_rng(seed)
    photo, mask = rng.normal(140, 6, (count, 32, 32, 1)), np.zeros((count, 32, 32), "float32")
    for at, (top, left) in enumerate(rng.integers(0, 24, (count, 2))):
        mask[at, top : top + 8, left : left + 8] = at % 2
    photo[mask > 0] -= 90
    return photo.clip(0, 255).astype("uint8"), mask, np.arange(count) % 2


def test_the_model_gives_logits_and_a_heatmap_in_the_unit_interval_and_is_loaded_as_it_was(tmp_path):
    model, photo = small_model(), photos(5)[0]
    found = model.predict(photo, verbose=0)
    assert found["classes"].shape == (5, 3)
    assert found["heatmap"].shape == (5, 4, 4) == (5, *model.output["heatmap"].shape[1:])
    assert 0 <= found["heatmap"].min() <= found["heatmap"].max() <= 1
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras").predict(photo, verbose=0)
    for name in found:
        assert np.array_equal(found[name], again[name]), name


@pytest.mark.parametrize(
    "layer",
    [
        PhotoContrast(mean=100, spread=30, least=2),
        MaskLoss(good=1, weight=2, faulty=3, share=0.1),
        DefectMap(good=2),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_settings_of_a_layer_come_back(layer):
    assert type(layer).from_config(layer.get_config()).get_config() == layer.get_config()


def test_without_contrast_the_exposure_matters_and_with_it_it_does_not():
    dark = photos(4)[0] // 2
    for contrast, same in ((True, True), (False, False)):
        model = small_model(contrast=contrast)
        first, then = (model.predict(each, verbose=0)["classes"] for each in (dark, dark + 60))
        assert np.allclose(first, then, atol=1e-3) is same


def test_the_trainer_shares_its_weights_with_the_model_and_learns_classes_and_masks():
    model = small_model(classes=2)
    trainer = inspection_trainer(model, [], mask_weight=1.0)
    photo, mask, code = photos()
    before = model.predict(photo, verbose=0)
    trainer.compile(keras.optimizers.Adam(5e-3), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    x = {"photo": photo, "mask": mask, "truth": np.eye(2, dtype="float32")[code]}
    losses = trainer.fit(x, code, epochs=12, batch_size=8, verbose=0).history["loss"]
    after = model.predict(photo, verbose=0)
    assert np.isfinite(losses).all() and losses[-1] < 0.6 * losses[0]
    assert not np.allclose(before["classes"], after["classes"])
    assert not np.allclose(before["heatmap"], after["heatmap"])


def test_without_mask_weight_the_decoder_is_left_alone():
    model = small_model(classes=2)
    trainer = inspection_trainer(model, [], mask_weight=0.0)
    photo, mask, code = photos(8)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    trainer.compile(keras.optimizers.SGD(0.1), loss, run_eagerly=True)
    before = [np.array(each) for each in model.get_layer("decoder").trainable_weights]
    trainer.train_on_batch({"photo": photo, "mask": mask, "truth": np.eye(2, dtype="float32")[code]}, code)
    for old, new in zip(before, model.get_layer("decoder").trainable_weights, strict=True):
        assert np.array_equal(old, numpy(new))
