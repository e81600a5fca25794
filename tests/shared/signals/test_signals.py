"""What a network and rivals read of signals: true steps alone count, and training rows alone teach."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import interp1d

from shared.errors import ContractError, SplitError
from shared.signals.signals import Signals, cut_signals, encode_signals, learn_signals, matrix_of_signals

STATE = {"steps": 4, "channels": 2, "mean": [1.0, -2.0], "spread": [2.0, 0.5], "stride": 1}


@st.composite
def some_signals(draw):
    """Up to eight signals of one number of channels, some of them missing, the first one present."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    channels = draw(st.integers(1, 3))
    lengths = [draw(st.integers(1, 9)), *draw(st.lists(st.integers(0, 12), max_size=7))]
    return Signals([rng.normal(3, 5, (length, channels)) if length else None for length in lengths])


def test_signals_know_their_lengths_channels_and_which_are_missing():
    signals = Signals([np.arange(3), None, np.zeros((0, 1)), np.zeros((5, 1))])
    assert signals.lengths.tolist() == [3, 0, 0, 5] and signals.channels == 1
    assert signals.present.tolist() == [True, False, False, True]
    assert [None if each is None else each.shape for each in signals] == [(3, 1), None, None, (5, 1)]
    assert signals.take(np.array([3, 0])).lengths.tolist() == [5, 3]
    assert len(Signals(np.zeros((2, 7, 3)))) == 2 and Signals([None]).channels == 0


def test_signals_of_other_channels_or_axes_are_refused():
    with pytest.raises(ValueError, match=r"found \[1, 2\]"):
        Signals([np.zeros((3, 1)), np.zeros((3, 2))])
    with pytest.raises(ValueError, match="axes"):
        Signals([np.zeros((3, 1, 1))])


def test_mean_and_spread_are_those_of_all_training_steps():
    rng = np.random.default_rng(0)
    samples = [rng.normal(5, 3, (length, 2)) for length in (4, 9, 6)]
    state = learn_signals(Signals([*samples, None]), np.array([0, 1, 3]))
    steps = np.concatenate(samples[:2]).astype(np.float32)
    np.testing.assert_allclose(state["mean"], steps.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(state["spread"], steps.std(axis=0), rtol=1e-5)
    assert (state["steps"], state["channels"], state["stride"]) == (9, 2, 1)


@given(some_signals())
@settings(max_examples=40, deadline=None)
def test_what_other_rows_hold_is_never_learnt(signals):
    rows = np.array([0])
    others = [None if each is None else each * -1000 for each in signals]
    changed = Signals([signals[0], *others[1:]])
    assert learn_signals(signals, rows) == learn_signals(changed, rows)


@given(some_signals(), st.integers(1, 6))
@settings(max_examples=60, deadline=None)
def test_an_encoded_signal_is_true_steps_then_padding(signals, most_steps):
    state = learn_signals(signals, np.arange(len(signals)), most_steps=most_steps)
    encoded = encode_signals(signals, state)
    assert (
        encoded.shape == (len(signals), state["steps"], signals.channels + 1) and state["steps"] <= most_steps
    )
    assert encoded.dtype == np.float32 and cut_signals(signals, state) == 0
    true = -(-signals.lengths // state["stride"])
    assert (encoded[..., -1] == (np.arange(state["steps"]) < true[:, None])).all()
    assert not encoded[encoded[..., -1] == 0].any()
    values = encoded[encoded[..., -1] == 1][:, :-1]
    np.testing.assert_allclose(values.mean(axis=0), 0, atol=1e-3)


@given(some_signals(), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_rows_do_not_matter_to_each_other(signals, random):
    state = learn_signals(signals, np.array([0]))
    order = list(range(len(signals)))
    random.shuffle(order)
    for encode in (encode_signals, matrix_of_signals):
        whole = encode(signals, state)
        np.testing.assert_array_equal(encode(signals.take(np.array(order)), state), whole[order])
        np.testing.assert_array_equal(encode(signals.take(np.array([0])), state), whole[:1])


def test_longer_signals_are_cut_at_the_end_and_counted():
    samples = np.arange(12.0).reshape(6, 2)
    signals = Signals([samples, samples[:4], None])
    encoded = encode_signals(signals, STATE)
    np.testing.assert_allclose(encoded[0, :, :2], (samples[:4] - [1, -2]) / [2, 0.5])
    np.testing.assert_array_equal(encoded[0], encoded[1])
    assert cut_signals(signals, STATE) == 1 and not encoded[2].any()


def test_long_signals_are_averaged_down_and_the_last_mean_is_over_what_is_left():
    samples = np.arange(10.0)[:, None]
    state = learn_signals(Signals([samples]), np.array([0]), most_steps=3)
    assert (state["stride"], state["steps"]) == (4, 3)
    encoded = encode_signals(Signals([samples]), state)
    means = np.array([1.5, 5.5, 8.5])
    np.testing.assert_allclose(encoded[0, :, 0], (means - means.mean()) / means.std(), rtol=1e-6)
    assert cut_signals(Signals([np.zeros(12), np.zeros(13)]), state) == 1


def test_a_constant_channel_becomes_zeros_that_are_no_padding():
    samples = np.stack([np.full(5, 7.3), np.arange(5.0)], axis=1)
    signals = Signals([samples, samples * [1, 2]])
    state = learn_signals(signals, np.array([0, 1]))
    assert state["spread"][0] == 1.0
    encoded = encode_signals(signals, state)
    np.testing.assert_allclose(encoded[..., 0], 0, atol=1e-6)
    assert encoded[..., -1].all()


def test_the_matrix_of_rivals_is_linear_interpolation():
    rng = np.random.default_rng(1)
    samples = [rng.normal(size=(length, 2)).astype(np.float32) for length in (4, 2, 9, 1)]
    matrix = matrix_of_signals(Signals([*samples, None]), STATE).reshape(5, 4, 2)
    for row, each in enumerate(samples[:3]):
        scaled = (each - [1, -2]) / [2, 0.5]
        oracle = interp1d(np.linspace(0, 1, len(each)), scaled, axis=0)(np.linspace(0, 1, 4))
        np.testing.assert_allclose(matrix[row], oracle, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(matrix[3], np.repeat((samples[3] - [1, -2]) / [2, 0.5], 4, axis=0), rtol=1e-5)
    assert np.isnan(matrix[4]).all() and matrix.dtype == np.float32


def test_no_signal_to_learn_from_and_other_channels_than_learnt_are_said():
    with pytest.raises(SplitError, match="no row to learn from has a signal"):
        learn_signals(Signals([None, np.zeros(3)]), np.array([0]))
    for encode in (encode_signals, matrix_of_signals):
        with pytest.raises(ContractError, match="signals have 1 channels, expected 2"):
            encode(Signals([np.zeros((3, 1))]), STATE)
    assert not encode_signals(Signals([None]), STATE).any()
    with pytest.raises(ValueError, match="most_steps"):
        learn_signals(Signals([np.zeros(3)]), np.array([0]), most_steps=0)
