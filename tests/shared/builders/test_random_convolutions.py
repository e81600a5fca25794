import keras
import numpy as np
import pytest

from shared.builders import RandomConvolutions
from shared.builders.random_convolutions import SPAN


def signals(rows=5, steps=40, channels=2, seed=0):
    values = np.random.default_rng(seed).normal(size=(rows, steps, channels)).astype("float32")
    return np.concatenate([values, np.ones((rows, steps, 1), "float32")], axis=-1)


def features(layer, values):
    return keras.ops.convert_to_numpy(layer(values))


def test_features_are_those_of_a_plain_loop():
    layer, values = RandomConvolutions(7, seed=3), signals()
    found, shares, highest = features(layer, values), [], []
    for dilation, kernel, bias in layer.banks:
        kernel, bias = (keras.ops.convert_to_numpy(each) for each in (kernel, bias))
        reach = dilation * (SPAN - 1) // 2
        padded = np.pad(values[..., :-1], ((0, 0), (reach, reach), (0, 0)))
        sums = np.zeros((*values.shape[:2], kernel.shape[-1]))
        for tap in range(SPAN):
            sums += padded[:, tap * dilation : tap * dilation + values.shape[1]] @ kernel[tap]
        sums += bias
        shares.append((sums > 0).mean(axis=1))
        highest.append(sums.max(axis=1))
    expected = np.concatenate(shares + highest, axis=1)
    np.testing.assert_allclose(found, expected, atol=0.026)  # one step whose sum is a rounding error from 0
    assert np.isclose(found, expected, atol=1e-4).mean() > 0.97


def test_padding_at_the_end_changes_nothing():
    layer, values = RandomConvolutions(20), signals(steps=60)
    values[:, 35:] = 0.0
    other = values.copy()
    other[:, 35:, :-1] = 0.0
    alone = features(layer, values)
    longer = np.concatenate([values, np.zeros_like(values[:, :20])], axis=1)
    again = RandomConvolutions(20)
    again.build((None, 60, 3))  # the kernels of 60 steps
    np.testing.assert_allclose(features(again, longer), alone, atol=1e-5)
    np.testing.assert_array_equal(features(layer, other), alone)


def test_a_row_without_a_signal_gives_zeros():
    values = signals()
    values[2] = 0.0
    found = features(RandomConvolutions(20), values)
    assert (found[2] == 0).all() and (found[1] != 0).any()


def test_the_seed_decides_the_kernels_and_they_are_never_trained():
    values = signals()
    first, twin, other = (features(RandomConvolutions(20, seed=seed), values) for seed in (1, 1, 2))
    assert np.array_equal(first, twin) and not np.allclose(first, other)
    layer = RandomConvolutions(20)
    layer(values)
    assert not layer.trainable_weights and len(layer.non_trainable_weights) == 2 * len(layer.banks)


def test_kernels_do_not_hear_the_level_of_a_signal_away_from_its_ends():
    layer, values = RandomConvolutions(3, seed=0), signals()
    features(layer, values)
    for _, kernel, _ in layer.banks:
        np.testing.assert_allclose(keras.ops.convert_to_numpy(kernel).sum(axis=0), 0, atol=1e-5)


def test_a_saved_layer_gives_the_same(tmp_path):
    inputs = keras.Input((40, 3))
    model, values = keras.Model(inputs, RandomConvolutions(12, seed=5)(inputs)), signals()
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(features(again, values), features(model, values))


def test_a_linear_model_on_them_tells_shapes_apart_wherever_they_stand():
    from sklearn.linear_model import RidgeClassifier

    rng, steps = np.random.default_rng(0), 60
    label, at = rng.integers(2, size=300), rng.integers(5, 45, size=300)
    shapes = np.stack([np.hanning(9), np.hanning(9) * np.tile([1, -1], 5)[:9]])
    values = rng.normal(scale=0.3, size=(300, steps))
    for row in range(300):
        values[row, at[row] : at[row] + 9] += 2 * shapes[label[row]]
    values = np.stack([values, np.ones_like(values)], axis=-1).astype("float32")
    x = features(RandomConvolutions(200), values)
    fitted = RidgeClassifier(alpha=10).fit(x[:200], label[:200])
    assert fitted.score(x[200:], label[200:]) > 0.9


@pytest.mark.parametrize("shape", [(None, None, 3), (None, 40, 1), (None, 40)])
def test_other_inputs_are_refused(shape):
    with pytest.raises(ValueError, match="expects"):
        RandomConvolutions(4).build(shape)


def test_no_kernel_is_refused():
    with pytest.raises(ValueError, match="kernels"):
        RandomConvolutions(0)
