import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.builders.signals import (
    HalveSteps,
    MaskedBatchNormalization,
    MeanMaxPooling,
    signal_encoder,
)


def signals(lengths, steps=None, channels=1, seed=0):
    """Standard normal values and the feature of true steps, padded behind."""
    rng = np.random.default_rng(seed)
    steps = steps or max(lengths)
    found = np.zeros((len(lengths), steps, channels + 1), "float32")
    for row, length in enumerate(lengths):
        found[row, :length, :-1] = rng.normal(size=(length, channels))
        found[row, :length, -1] = 1.0
    return found


def true_steps(lengths, steps):
    return np.arange(steps) < np.array(lengths)[:, None]


def padded(inputs, more):
    return np.pad(inputs, ((0, 0), (0, more), (0, 0)))


def encoder_of(depth=3, steps=None, **settings_):
    """With moving statistics that are not those of the start, so that a shift by them would be seen."""
    keras.utils.set_random_seed(depth)
    encoder = signal_encoder((steps, 2), units=4, depth=depth, lstm_units=3, **settings_)
    rng = np.random.default_rng(0)
    encoder.set_weights([w + rng.uniform(-0.1, 0.1, w.shape) for w in encoder.get_weights()])
    return encoder


ENCODERS = {depth: encoder_of(depth) for depth in (1, 3)}
each_depth = pytest.mark.parametrize("depth", ENCODERS)


@each_depth
@given(length=st.integers(1, 21), more=st.integers(1, 9))
@settings(max_examples=10, deadline=None)
def test_more_padding_changes_nothing(depth, length, more):
    encoder, given_ = ENCODERS[depth], signals([length, 13])
    np.testing.assert_allclose(encoder(padded(given_, more)), encoder(given_), atol=1e-5)


@each_depth
def test_what_else_is_in_the_batch_changes_nothing(depth):
    encoder, lengths = ENCODERS[depth], [1, 7, 8, 20, 0]
    together = encoder(signals(lengths))
    for row, length in enumerate(lengths):
        alone = signals(lengths)[row : row + 1, : max(length, 1)]
        np.testing.assert_allclose(together[row], encoder(alone)[0], atol=1e-5)


@each_depth
def test_a_missing_signal_gives_zeros(depth):
    found = np.array(ENCODERS[depth](signals([0, 9])))
    assert not found[0].any() and found[1].any()


@each_depth
def test_every_true_step_counts(depth):
    encoder, given_ = ENCODERS[depth], signals([11], steps=14)
    before = np.array(encoder(given_))
    for step in range(11):
        changed = given_.copy()
        changed[0, step, 0] += 3.0
        assert np.abs(np.array(encoder(changed)) - before).max() > 1e-4, step


def test_the_order_of_steps_counts_for_the_lstm_alone_where_convolutions_see_one_step():
    encoder = encoder_of(1, kernel=1)
    given_ = signals([12, 12])
    forward, backward = np.array(encoder(given_)), np.array(encoder(given_[:, ::-1]))
    np.testing.assert_allclose(forward[:, :8], backward[:, :8], atol=1e-5)
    assert np.abs(forward[:, 8:] - backward[:, 8:]).max() > 1e-3


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_the_width_is_that_of_the_docstring(depth):
    encoder = signal_encoder((140, 2), units=5, depth=depth, lstm_units=3)
    assert encoder.output_shape == (None, (10 if depth == 1 else 20) + 3)


def test_convolutions_span_what_wang_et_al_span_for_a_kernel_near_theirs():
    for kernel, spans in {7: [7, 5, 3], 8: [8, 6, 4], 3: [3, 3, 3], 1: [1, 1, 1], 4: [4, 3, 3]}.items():
        encoder = signal_encoder((20, 2), units=4, depth=1, kernel=kernel)
        found = [encoder.get_layer(f"block1_conv{place}").kernel_size[0] for place in (1, 2, 3)]
        assert found == spans


def test_masked_normalisation_without_padding_is_that_of_keras():
    ours, theirs = MaskedBatchNormalization(momentum=0.8), keras.layers.BatchNormalization(momentum=0.8)
    values = np.random.default_rng(0).normal(2.0, 3.0, (6, 9, 4)).astype("float32")
    true = np.ones((6, 9), bool)
    for _ in range(3):
        np.testing.assert_allclose(
            ours([values, true], training=True), theirs(values, training=True), atol=1e-5
        )
    np.testing.assert_allclose(ours([values, true]), theirs(values), atol=1e-5)
    for mine, other in zip(ours.weights, theirs.weights):
        np.testing.assert_allclose(mine, other, rtol=1e-5, atol=1e-6, err_msg=mine.path)


@given(lengths=st.lists(st.integers(0, 8), min_size=2, max_size=5).filter(any), seed=st.integers(0, 1000))
@settings(max_examples=15, deadline=None)
def test_masked_normalisation_goes_by_the_true_steps_alone(lengths, seed):
    rng = np.random.default_rng(seed)
    true = true_steps(lengths, 8)
    values = np.where(true[..., None], rng.normal(2.0, 3.0, (len(lengths), 8, 3)), 1e6).astype("float32")
    layer = MaskedBatchNormalization(momentum=0.5)
    found = np.array(layer([values, true], training=True))
    mean, variance = values[true].mean(axis=0), values[true].var(axis=0)
    np.testing.assert_allclose(found[true], (values[true] - mean) / np.sqrt(variance + 1e-3), atol=1e-3)
    assert not found[~true].any()
    np.testing.assert_allclose(layer.mean, 0.5 * mean, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(layer.variance, 0.5 + 0.5 * variance, rtol=1e-4, atol=1e-4)


def test_a_batch_without_true_steps_leaves_the_moving_statistics():
    layer, nothing = MaskedBatchNormalization(), np.zeros((2, 5, 3), "float32")
    found = layer([nothing, np.zeros((2, 5), bool)], training=True)
    assert not np.array(found).any()
    assert not np.array(layer.mean).any() and (np.array(layer.variance) == 1).all()


def test_frozen_normalisation_keeps_its_statistics():
    layer, true = MaskedBatchNormalization(), np.ones((4, 6), bool)
    values = np.random.default_rng(0).normal(3.0, 1.0, (4, 6, 2)).astype("float32")
    layer([values, true], training=True)
    layer.trainable = False
    before = [np.array(weight) for weight in layer.weights]
    assert np.array_equal(layer([values, true], training=True), layer([values, true]))
    assert all(np.array_equal(*pair) for pair in zip(before, layer.weights))


@given(lengths=st.lists(st.integers(0, 9), min_size=1, max_size=4), steps=st.integers(9, 11))
@settings(max_examples=15, deadline=None)
def test_halving_and_pooling_are_what_a_loop_makes_of_the_true_steps(lengths, steps):
    values = np.abs(signals(lengths, steps)[..., :1])
    true = true_steps(lengths, steps)
    halves, left = HalveSteps()([values, true])
    pooled = np.array(MeanMaxPooling()([values, true]))
    for row, length in enumerate(lengths):
        mine = values[row, :length, 0]
        pairs = [max(mine[start : start + 2]) for start in range(0, length, 2)]
        np.testing.assert_array_equal(np.array(left)[row], np.arange(-(-steps // 2)) < len(pairs))
        np.testing.assert_allclose(np.array(halves)[row, : len(pairs), 0], pairs)
        assert not np.array(halves)[row, len(pairs) :].any()
        expected = [mine.mean(), mine.max()] if length else [0.0, 0.0]
        np.testing.assert_allclose(pooled[row], expected, atol=1e-6)


def test_it_learns_which_way_a_bump_leans_from_signals_of_many_lengths():
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    lengths, y = rng.integers(20, 40, 96), rng.integers(0, 2, 96)
    given_ = 0.3 * signals(lengths, 40)
    given_[..., -1] = true_steps(lengths, 40)
    saw = np.linspace(0, 2, 8)
    for row, length in enumerate(lengths):
        start = rng.integers(0, length - 8)
        given_[row, start : start + 8, 0] += saw if y[row] else saw[::-1]
    model = keras.Sequential([signal_encoder((40, 2), units=8, depth=2, lstm_units=8), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(5e-3), keras.losses.BinaryCrossentropy(from_logits=True))
    model.fit(given_[:64], y[:64], epochs=8, batch_size=16, verbose=0)
    right = (model.predict(given_[64:], verbose=0)[:, 0] > 0) == y[64:]
    assert right.mean() > 0.8


def test_signal_encoder_reloads_equal(tmp_path):
    for steps in (14, None):
        encoder = encoder_of(2, steps, dropout=0.1)
        encoder.save(tmp_path / "model.keras")
        again = keras.saving.load_model(tmp_path / "model.keras")
        given_ = signals([9, 14, 0])
        assert np.array_equal(again(given_), encoder(given_))
        assert [each.get_config() for each in again.layers] == [each.get_config() for each in encoder.layers]


def test_what_does_not_fit_is_refused():
    for shape in [(20,), (20, None), (20, 3, 2)]:
        with pytest.raises(ValueError, match="input_shape must"):
            signal_encoder(shape)
    for setting in ("units", "depth", "kernel", "lstm_units"):
        with pytest.raises(ValueError, match=f"{setting} must be a whole number"):
            signal_encoder((20, 2), **{setting: 0})
    with pytest.raises(ValueError, match="dropout must"):
        signal_encoder((20, 2), dropout=1.0)
    with pytest.raises(ValueError, match="momentum must"):
        MaskedBatchNormalization(momentum=1.0)
