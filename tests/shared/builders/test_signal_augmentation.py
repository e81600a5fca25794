import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.builders.signal_augmentation import (
    SignalNoise,
    SignalScale,
    SignalShift,
    SignalWarp,
    signal_augmentation,
)

LAYERS = {
    "scale": lambda seed=3: SignalScale(0.3, seed=seed),
    "noise": lambda seed=3: SignalNoise(0.3, seed=seed),
    "shift": lambda seed=3: SignalShift(0.2, seed=seed),
    "warp": lambda seed=3: SignalWarp(0.5, seed=seed),
}
each_layer = pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)


def signals(count=6, steps=30, channels=2, seed=0, lengths=None):
    """Standard normal values and the feature of true steps, padded behind."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(count, steps, channels))
    true = np.ones((count, steps, 1))
    for row, length in enumerate(lengths or []):
        values[row, length:] = true[row, length:] = 0.0
    return np.concatenate([values, true], axis=-1).astype("float32")


def trained(layer, inputs):
    return np.array(layer(inputs, training=True))


@each_layer
def test_nothing_changes_outside_training(make):
    given_ = signals()
    assert np.array_equal(make()(given_), given_) and np.array_equal(make()(given_, training=False), given_)
    model = keras.Sequential([keras.Input((30, 3)), make()])
    assert np.array_equal(model.predict(given_, verbose=0), given_)


@each_layer
def test_every_signal_is_changed_in_its_own_way(make):
    found = trained(make(), np.repeat(signals(1), 16, axis=0))
    assert found.shape == (16, 30, 3) and len(np.unique(found.reshape(16, -1), axis=0)) == 16


@each_layer
@given(lengths=st.lists(st.integers(0, 30), min_size=6, max_size=6), seed=st.integers(0, 1000))
@settings(max_examples=8, deadline=None)
def test_padding_stays_and_so_does_what_says_which_steps_are_true(make, lengths, seed):
    given_ = signals(lengths=lengths)
    found = trained(make(seed), given_)
    assert np.array_equal(found[..., -1], given_[..., -1]) and np.isfinite(found).all()
    assert not found[given_[..., -1] == 0].any()


@each_layer
def test_padding_does_not_change_what_is_made_of_a_signal(make):
    short = signals(lengths=[20] * 6)[:, :20]
    padded = signals(lengths=[20] * 6)
    found = trained(make(), padded)
    if make is LAYERS["noise"]:  # draws a number for each step, padding too
        assert found.shape == padded.shape
        return
    np.testing.assert_allclose(found[:, :20], trained(make(), short), atol=1e-6)


@each_layer
def test_one_seed_gives_the_same_and_another_seed_does_not(make):
    assert np.array_equal(trained(make(5), signals()), trained(make(5), signals()))
    assert not np.array_equal(trained(make(5), signals()), trained(make(6), signals()))
    runs = []
    for _ in range(2):
        keras.utils.set_random_seed(1)
        runs.append(trained(make(None), signals()))
    assert np.array_equal(*runs)
    layer = make()
    assert not np.array_equal(trained(layer, signals()), trained(layer, signals()))


def test_scale_is_one_factor_a_signal_within_its_bounds_and_uses_them():
    given_ = signals(500)
    factors = trained(SignalScale(0.3, seed=0), given_)[..., :-1] / given_[..., :-1]
    assert np.ptp(factors, axis=(1, 2)).max() < 1e-4
    logs = np.log(factors[:, 0, 0])
    assert -0.3001 < logs.min() < -0.28 and 0.28 < logs.max() < 0.3001


def test_noise_has_a_strength_of_its_own_for_each_signal_up_to_the_level():
    given_ = signals(200, steps=800)
    added = (trained(SignalNoise(0.5, seed=0), given_) - given_)[..., :-1]
    spread = added.std(axis=(1, 2))
    assert spread.min() < 0.05 and 0.45 < spread.max() < 0.53
    assert abs(added.mean()) < 0.01


def ramps(count=200, steps=41):
    """Signals that tell which step was read: value = number of the step."""
    step = np.tile(np.arange(steps, dtype="float32"), (count, 1))
    return np.stack([step, np.ones_like(step)], axis=-1)


def test_shift_moves_by_a_share_of_the_length_and_repeats_the_ends():
    found = trained(SignalShift(0.2, seed=0), ramps())[..., 0]
    moved = found[:, 20] - 20
    assert -8.001 < moved.min() < -7.5 and 7.5 < moved.max() < 8.001
    np.testing.assert_allclose(found, np.clip(np.arange(41) + moved[:, None], 0, 40), atol=1e-4)


def test_shift_of_a_padded_signal_goes_by_its_own_length():
    given_ = ramps()
    given_[:, 21:] = 0.0
    found = trained(SignalShift(0.2, seed=0), given_)[..., 0]
    moved = found[:, 10] - 10
    assert -4.001 < moved.min() < -3.5 and 3.5 < moved.max() < 4.001
    assert found[:, :21].max() <= 20 and not found[:, 21:].any()


def test_warp_keeps_the_ends_and_the_order_and_stays_within_its_change_of_speed():
    found = trained(SignalWarp(0.5, seed=0), ramps())[..., 0]
    np.testing.assert_allclose(found[:, [0, -1]], [[0, 40]] * 200, atol=1e-3)
    speed = np.diff(found, axis=1)
    assert 0.5 - 1e-3 < speed.min() < 0.7 and 1.3 < speed.max() < 1.5 + 1e-3
    assert np.abs(found - np.arange(41)).max() > 2


class Warped(SignalWarp):
    """With chance replaced by given numbers."""

    bends = np.array([[0.2, -0.1, 0.15]], "float32")

    def uniform(self, values, low, high, size=1):
        return self.bends


def test_warp_reads_where_scipy_reads():
    from scipy.interpolate import interp1d

    given_ = signals(1)
    share = np.arange(30) / 29
    moved = sum(b * np.sin(np.pi * k * share) / (np.pi * k) for k, b in enumerate(Warped.bends[0], start=1))
    place = np.clip(29 * (share + moved), 0, 29)
    expected = interp1d(np.arange(30), given_[0, :, :-1], axis=0)(place)
    np.testing.assert_allclose(trained(Warped(), given_)[0, :, :-1], expected, atol=1e-4)


def test_signal_augmentation_leaves_out_what_is_not_asked_for():
    nothing = dict.fromkeys(["scale", "noise", "shift", "warp"], 0)
    assert signal_augmentation(**nothing) == []
    for name, kind in {
        "scale": SignalScale,
        "noise": SignalNoise,
        "shift": SignalShift,
        "warp": SignalWarp,
    }.items():
        (layer,) = signal_augmentation(**(nothing | {name: 0.5}))
        assert type(layer) is kind and layer.get_config()[name] == 0.5
    seeds = [layer.seed for layer in signal_augmentation(seed=7)]
    assert len(set(seeds)) == 4


def test_all_together_train_and_reload_equal(tmp_path):
    layers = [*signal_augmentation(seed=1), keras.layers.Flatten(), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((30, 3)), *layers])
    model.compile("sgd", "mse")
    model.fit(signals(), np.zeros((6, 1)), batch_size=4, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert np.array_equal(again(signals()), model(signals()))
    assert [layer.get_config() for layer in again.layers] == [layer.get_config() for layer in model.layers]
    # what the draws go on from is among the variables that a resumed training takes up
    assert sum("seed_generator" in variable.path for variable in model.variables) == 4


def test_signals_of_any_length_are_changed_in_a_graph():
    model = keras.Sequential([keras.Input((None, 3)), *signal_augmentation(seed=1), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    for steps in (1, 12):
        model.train_on_batch(signals(steps=steps), np.zeros((6, steps, 1)))
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


def test_settings_out_of_bounds_are_refused():
    for make in (SignalScale, SignalNoise):
        with pytest.raises(ValueError, match="must be at least 0, found -1.0"):
            make(-1.0)
    for make in (SignalShift, SignalWarp):
        with pytest.raises(ValueError, match=r"must lie in \[0, 1\), found 1.0"):
            make(1.0)
