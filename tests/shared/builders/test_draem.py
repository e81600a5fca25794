import keras
import numpy as np
import pytest

from shared.builders.draem import (
    draem_inspector,
    draem_model,
    draem_scores,
    draem_trainer,
    mask_loss,
    reconstruction_loss,
    ssim,
)


def pictures(*shape, seed=0):
    return np.random.default_rng(seed).random(shape).astype("float32")


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


@pytest.mark.parametrize("channels, window", [(1, 11), (3, 11), (3, 5)])
def test_ssim_is_that_of_scikit_image(channels, window):
    from skimage.metrics import structural_similarity

    x, noise = pictures(2, 24, 30, channels), pictures(2, 24, 30, channels, seed=1)
    y = 0.7 * x + 0.3 * noise
    settings = {"win_size": window, "data_range": 1.0, "use_sample_covariance": False, "channel_axis": -1}
    expected = [structural_similarity(a, b, **settings) for a, b in zip(x.astype("float64"), y)]
    np.testing.assert_allclose(numpy(ssim(x, y, window=window)), expected, atol=1e-4)


def test_ssim_keeps_its_digits_on_even_pictures():
    even = np.full((1, 16, 16, 1), 0.9, "float32")
    assert float(ssim(even, even)[0]) == pytest.approx(1, abs=1e-4)


def test_the_reconstruction_loss_is_the_squared_error_and_the_dissimilarity():
    x, y = pictures(3, 16, 16, 1), pictures(3, 16, 16, 1, seed=1)
    expected = ((x - y) ** 2).mean(axis=(1, 2, 3)) + 0.5 * (1 - numpy(ssim(x, y)))
    np.testing.assert_allclose(numpy(reconstruction_loss(x, y, similarity=0.5)), expected, rtol=1e-5)


def test_the_mask_loss_is_the_focal_loss_written_out():
    logits, mask = 6 * pictures(2, 5, 4, 1) - 3, (pictures(2, 5, 4, seed=1) > 0.5).astype("float32")
    right = 1 / (1 + np.exp(-np.where(mask == 1, 1, -1) * logits[..., 0].astype("float64")))
    expected = (-((1 - right) ** 2) * np.log(right)).mean(axis=(1, 2))
    np.testing.assert_allclose(numpy(mask_loss(mask, logits)), expected, rtol=1e-4)


def test_losses_stay_finite_where_the_network_is_surely_wrong():
    loss = numpy(mask_loss(np.ones((1, 4, 4), "float32"), np.full((1, 4, 4, 1), -1e4, "float32")))
    assert loss == pytest.approx(1e4)


def test_heat_is_averaged_over_the_window_and_the_score_is_its_highest_value():
    logits = 8 * pictures(2, 9, 7, 1) - 4
    odds = 1 / (1 + np.exp(-logits[..., 0]))
    expected = np.empty_like(odds)
    for i in range(9):
        for j in range(7):
            expected[:, i, j] = odds[:, max(0, i - 1) : i + 2, max(0, j - 1) : j + 2].mean(axis=(1, 2))
    found = draem_scores(logits, window=3)
    np.testing.assert_allclose(numpy(found["heatmap"]), expected, atol=1e-5)
    np.testing.assert_allclose(numpy(found["score"]), expected.max(axis=(1, 2)), atol=1e-5)


@pytest.mark.parametrize("shape", [(32, 32, 1), (16, 48, 3)])
def test_all_outputs_are_as_fine_as_the_photo(shape):
    found = draem_model(shape, units=4)(255 * pictures(2, *shape))
    assert found["reconstruction"].shape == (2, *shape) and found["logits"].shape == (2, *shape[:2], 1)
    assert numpy(found["reconstruction"]).min() >= 0 and numpy(found["reconstruction"]).max() <= 1


def test_the_reconstruction_sees_the_photo_through_the_coarse_grid_alone():
    model = draem_model((32, 32, 1), units=4, depth=2)
    widest = max(layer.output.shape[-1] for layer in model.layers)
    names = [layer.name for layer in model.layers]
    before = model.layers[: names.index("reconstruction")]
    assert not any(isinstance(layer, keras.layers.Concatenate) for layer in before) and widest <= 16


@pytest.mark.parametrize("shape", [(40, 32, 1), (32, 33, 3)])
def test_sides_that_cannot_be_halved_are_refused(shape):
    with pytest.raises(ValueError, match="multiples of 16"):
        draem_model(shape)


def spotted(count, seed):
    """Striped photos, each with a bright spot on every second one, and what belongs to them."""
    rng = np.random.default_rng(seed)
    clean = np.tile(0.4 + 0.1 * np.sin(np.arange(32)), (count, 32, 1)) + rng.normal(0, 0.01, (count, 32, 32))
    mask = np.zeros((count, 32, 32), "float32")
    for at in range(0, count, 2):
        i, j = rng.integers(0, 26, 2)
        mask[at, i : i + 6, j : j + 6] = 1
    photo = np.where(mask == 1, 0.9, clean)
    return {
        "photo": 255 * photo[..., None].astype("float32"),
        "clean": clean[..., None].astype("float32"),
        "mask": mask,
    }


def test_a_trained_network_finds_spots_in_photos_it_has_not_seen_and_reloads_equal(tmp_path):
    keras.utils.set_random_seed(0)
    model = draem_model((32, 32, 1), units=8, depth=3)
    trainer = draem_trainer(model)
    trainer.compile(keras.optimizers.Adam(3e-3), lambda y_true, y_pred: keras.ops.mean(y_pred))
    history = trainer.fit(spotted(64, 0), np.zeros(64), batch_size=16, epochs=12, verbose=0).history["loss"]
    assert history[-1] < 0.7 * history[0]
    served, new = draem_inspector(model, window=3), spotted(16, 1)
    photos = new["photo"].clip(0, 255).round().astype("uint8")
    found = served.predict_on_batch(photos)
    assert found["score"][::2].min() > found["score"][1::2].max()
    for heat, mask in zip(found["heatmap"][::2], new["mask"][::2]):
        assert mask[np.unravel_index(heat.argmax(), heat.shape)] == 1
    served.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras").predict_on_batch(photos)
    for key in found:
        np.testing.assert_array_equal(again[key], found[key])


def test_the_trainer_gives_the_loss_of_each_photo():
    model, x = draem_model((16, 16, 1), units=4, depth=2), spotted(4, 0)
    x = {key: value[:, :16, :16] for key, value in x.items()}
    found = model.predict_on_batch(x["photo"])
    expected = reconstruction_loss(x["clean"], found["reconstruction"]) + mask_loss(
        x["mask"], found["logits"]
    )
    np.testing.assert_allclose(draem_trainer(model).predict_on_batch(x), numpy(expected), rtol=1e-4)
