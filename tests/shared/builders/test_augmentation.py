import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from shared.builders.augmentation import (
    RandomExposure,
    RandomFlips,
    RandomNoise,
    RandomPlacement,
    photo_augmentation,
)

LAYERS = {
    "flips": lambda seed=3: RandomFlips(quarter_turns=True, seed=seed),
    "placement": lambda seed=3: RandomPlacement(20.0, 0.2, 0.2, seed=seed),
    "exposure": lambda seed=3: RandomExposure(seed=seed),
    "noise": lambda seed=3: RandomNoise(8.0, seed=seed),
}
each_layer = pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)


def photos(count=6, height=12, width=12, channels=3, seed=0):
    return np.random.default_rng(seed).uniform(0, 255, (count, height, width, channels)).astype("float32")


def masks(count=6, height=12, width=12, seed=1):
    return (np.random.default_rng(seed).random((count, height, width)) < 0.3).astype("float32")


def trained(layer, inputs):
    found = layer(inputs, training=True)
    return (
        {key: np.array(value) for key, value in found.items()} if isinstance(found, dict) else np.array(found)
    )


@each_layer
def test_nothing_changes_outside_training(make):
    inputs = {"photo": photos(), "mask": masks()}
    for found in (make()(inputs), make()(inputs, training=False)):
        assert np.array_equal(found["photo"], inputs["photo"]) and np.array_equal(
            found["mask"], inputs["mask"]
        )
    model = keras.Sequential([keras.Input((12, 12, 3)), make()])
    assert np.array_equal(model.predict(photos(), verbose=0), photos())


@each_layer
def test_shapes_stay_and_every_photo_is_changed_in_its_own_way(make):
    same = np.repeat(photos(1), 16, axis=0)
    for mask in (masks(16), masks(16)[..., None]):
        found = trained(make(), {"photo": same, "mask": mask})
        assert found["photo"].shape == same.shape and found["mask"].shape == mask.shape
    assert len(np.unique(found["photo"].reshape(16, -1), axis=0)) > 4


@each_layer
def test_values_stay_grey_levels(make):
    extreme = np.where(photos() > 127, 255.0, 0.0).astype("float32")
    found = trained(make(), {"photo": extreme, "mask": masks()})
    assert found["photo"].min() >= 0 and found["photo"].max() <= 255
    assert found["mask"].min() >= 0 and found["mask"].max() <= 1


@each_layer
def test_one_seed_gives_the_same_and_another_seed_does_not(make):
    assert np.array_equal(trained(make(5), photos()), trained(make(5), photos()))
    assert not np.array_equal(trained(make(5), photos()), trained(make(6), photos()))
    runs = []
    for _ in range(2):
        keras.utils.set_random_seed(1)
        runs.append(trained(make(None), photos()))
    assert np.array_equal(*runs)
    layer = make()
    assert not np.array_equal(trained(layer, photos()), trained(layer, photos()))


@each_layer
def test_a_mask_that_is_not_known_stays_so(make):
    mask = masks()
    mask[::2] = -1.0
    found = trained(make(), {"photo": photos(), "mask": mask})["mask"]
    assert (found[::2] == -1).all() and (found[1::2] >= 0).all()


@pytest.mark.parametrize("name", ["flips", "placement"])
@given(seed=st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_the_mask_goes_where_the_photo_goes(name, seed):
    mask = masks(seed=seed)
    found = trained(LAYERS[name](seed), {"photo": 255 * mask[..., None], "mask": mask})
    np.testing.assert_allclose(found["photo"][..., 0], 255 * found["mask"], atol=1e-3)


@pytest.mark.parametrize("name", ["exposure", "noise"])
def test_what_changes_colours_leaves_the_mask(name):
    found = trained(LAYERS[name](), {"photo": photos(), "mask": masks()})
    assert np.array_equal(found["mask"], masks()) and not np.array_equal(found["photo"], photos())


def views(layer, count=128):
    """The different photos that a layer makes of one, as the set of their bytes."""
    found = trained(layer, np.repeat(photos(1, 5, 5, 1), count, axis=0))
    return {view.tobytes() for view in found}


def test_flips_give_exactly_the_views_allowed():
    photo = photos(1, 5, 5, 1)[0]
    turns = [np.rot90(photo, quarter) for quarter in range(4)]
    both = [*turns, *(turn[:, ::-1] for turn in turns)]
    for allowed, expected in {
        (True, False, False): [photo, photo[:, ::-1]],
        (False, True, False): [photo, photo[::-1]],
        (True, True, False): [photo, photo[:, ::-1], photo[::-1], photo[::-1, ::-1]],
        (False, False, True): turns,
        (True, False, True): both,
        (True, True, True): both,
    }.items():
        assert views(RandomFlips(*allowed, seed=0)) == {np.ascontiguousarray(v).tobytes() for v in expected}


def test_flips_choose_with_even_chance():
    one = np.zeros((2000, 2, 2, 1), "float32")
    one[:, 0, 0] = 1
    found = trained(RandomFlips(seed=0), one).reshape(2000, 4).mean(axis=0)
    assert np.abs(found - 0.25).max() < 4 * (0.25 * 0.75 / 2000) ** 0.5


def test_only_square_photos_can_be_turned():
    with pytest.raises(ValueError, match="only square photos can be turned"):
        RandomFlips(quarter_turns=True)(photos(2, 8, 12), training=True)
    assert RandomFlips()(photos(2, 8, 12), training=True).shape == (2, 8, 12, 3)


class Placed(RandomPlacement):
    """With chance replaced by given numbers."""

    def __init__(self, *chance):
        super().__init__()
        self.chance = [np.array([value], "float32") for value in chance]

    def draw(self, count):
        return self.chance


def test_placement_is_what_scipy_makes_of_the_same_turn_size_and_shift():
    angle, size, right, down = 0.3, 0.2, 0.1, -0.15
    photo = ndimage.gaussian_filter(photos(1, 20, 30, 1)[0, ..., 0], 2.0)
    found = trained(Placed(angle, size, right, down), photo[None, ..., None])[0, ..., 0]
    turn = np.exp(-size) * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    middle = np.array([9.5, 14.5])
    offset = middle - np.array([down * 20, right * 30]) - turn @ middle
    expected = ndimage.affine_transform(photo, turn, offset, order=1, mode="reflect")
    np.testing.assert_allclose(found, expected, atol=0.5)


def test_placement_moves_right_and_down_and_enlarges_about_the_middle():
    spot = np.zeros((1, 20, 20, 1), "float32")
    spot[0, 10, 10] = 255.0
    moved = trained(Placed(0.0, 0.0, 0.2, 0.1), spot)[0, ..., 0]
    assert np.unravel_index(moved.argmax(), moved.shape) == (12, 14)
    square = np.zeros((1, 21, 21, 1), "float32")
    square[0, 8:13, 8:13] = 255.0
    larger = trained(Placed(0.0, np.log(2.0), 0.0, 0.0), square)[0, ..., 0]
    assert larger.sum() == pytest.approx(4 * square.sum(), rel=0.1)
    rows, columns = ndimage.center_of_mass(larger)
    assert rows == pytest.approx(10, abs=1e-3) and columns == pytest.approx(10, abs=1e-3)


def test_a_placement_of_zeros_leaves_the_photo():
    layer = RandomPlacement(0.0, 0.0, 0.0)
    np.testing.assert_allclose(trained(layer, photos()), photos(), atol=1e-3)


def test_exposure_stays_within_its_bounds_and_uses_them():
    grey = np.full((500, 4, 4, 1), 100.0, "float32")
    means = trained(RandomExposure(20.0, 0.0, seed=0), grey).mean(axis=(1, 2, 3))
    assert 80 <= means.min() < 85 and 115 < means.max() <= 120
    grey[:, ::2] = 140.0
    found = trained(RandomExposure(0.0, 0.3, seed=0), grey)
    factors = np.log(found.std(axis=(1, 2, 3)) / 20)
    np.testing.assert_allclose(found.mean(axis=(1, 2, 3)), 120, rtol=1e-5)
    assert np.abs(factors).max() < 0.3001 and factors.min() < -0.28 and factors.max() > 0.28


def test_noise_has_a_strength_of_its_own_for_each_photo_up_to_the_level():
    found = trained(RandomNoise(10.0, seed=0), np.full((200, 40, 40, 1), 128.0, "float32"))
    spread = found.std(axis=(1, 2, 3))
    assert spread.min() < 1 and 9 < spread.max() < 10.5
    assert np.abs(found.mean() - 128) < 0.1


def test_photo_augmentation_leaves_out_what_is_not_asked_for():
    nothing = dict.fromkeys(
        ["flip_horizontal", "flip_vertical", "quarter_turns", "rotation", "zoom", "shift"], 0
    ) | dict.fromkeys(["brightness", "contrast", "noise"], 0)
    assert photo_augmentation(**nothing) == []
    for setting, kind in {
        "flip_vertical": RandomFlips,
        "quarter_turns": RandomFlips,
        "rotation": RandomPlacement,
        "shift": RandomPlacement,
        "contrast": RandomExposure,
        "noise": RandomNoise,
    }.items():
        (layer,) = photo_augmentation(**(nothing | {setting: 1}))
        assert type(layer) is kind and getattr(layer, setting, 1) == 1


def model_of_all():
    photo, mask = keras.Input((12, 12, 3), name="photo"), keras.Input((12, 12), name="mask")
    seen = {"photo": photo, "mask": mask}
    for layer in photo_augmentation(quarter_turns=True, rotation=5, noise=2, seed=1):
        seen = layer(seen)
    flat = keras.layers.Flatten()(seen["photo"])
    return keras.Model({"photo": photo, "mask": mask}, [keras.layers.Dense(1)(flat), seen["mask"]])


def test_all_together_train_and_reload_equal(tmp_path):
    model, inputs = model_of_all(), {"photo": photos(), "mask": masks()}
    model.compile("sgd", ["mse", None])
    model.fit(inputs, [np.zeros((6, 1)), masks()], batch_size=4, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert np.array_equal(again(inputs)[0], model(inputs)[0])
    assert [layer.get_config() for layer in again.layers] == [layer.get_config() for layer in model.layers]
    # what the draws go on from is among the variables that a resumed training takes up
    assert sum("seed_generator" in variable.path for variable in model.variables) == 4


def test_negative_settings_are_refused():
    for make in (lambda: RandomPlacement(-1.0), lambda: RandomExposure(-1.0), lambda: RandomNoise(-1.0)):
        with pytest.raises(ValueError, match="must be at least 0, found -1.0"):
            make()
    with pytest.raises(ValueError, match=r"shift must lie in \[0, 1\]"):
        RandomPlacement(shift=1.5)


@pytest.mark.slow
def test_jax_places_photos_as_tensorflow_does_and_trains(tmp_path):
    pytest.importorskip("jax")
    script = """
import sys
sys.path[:0] = sys.argv[1:3]
import numpy as np
from test_augmentation import LAYERS, Placed, masks, model_of_all, photos, trained
for make in LAYERS.values():
    found = trained(make(), {"photo": photos(), "mask": masks()})
    assert found["photo"].shape == photos().shape and not np.array_equal(found["photo"], photos())
model = model_of_all()
model.compile("sgd", ["mse", None])
model.fit({"photo": photos(), "mask": masks()}, [np.zeros((6, 1)), masks()], batch_size=4, verbose=0)
np.save(sys.argv[3], trained(Placed(0.3, 0.2, 0.1, -0.15), photos(1)))
"""
    here = Path(__file__).parent
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    arguments = [sys.executable, "-c", script, str(here), str(here.parents[2]), str(tmp_path / "jax.npy")]
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    expected = trained(Placed(0.3, 0.2, 0.1, -0.15), photos(1))
    np.testing.assert_allclose(np.load(tmp_path / "jax.npy"), expected, atol=0.5)
