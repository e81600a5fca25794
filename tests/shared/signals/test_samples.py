"""Where signals end, what is wrong inside, and which are equal."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.signals.samples import signal_hashes, signal_notes, unpadded

CELL = st.sampled_from([np.nan, np.inf, 0.0, 1.5, 1e39])


@given(st.lists(st.lists(CELL, min_size=6, max_size=6), min_size=1, max_size=6), st.sampled_from([1, 2, 3]))
@settings(max_examples=150, deadline=None)
def test_a_signal_ends_with_its_last_number_and_bad_steps_are_before_it(cells, channels):
    values = np.array(cells).reshape(len(cells), 6 // channels, channels)
    signals, bad = unpadded(values)
    for row, steps in enumerate(values.tolist()):
        held = [any(cell == cell for cell in step) for step in steps]
        length = max((at + 1 for at, filled in enumerate(held) if filled), default=0)
        assert (0 if signals[row] is None else len(signals[row])) == length
        wrong = [at < length and not all(abs(cell) < 1e38 for cell in step) for at, step in enumerate(steps)]
        assert bad[row].tolist() == wrong
        if length and not any(wrong):
            np.testing.assert_allclose(signals[row], values[row, :length], rtol=1e-6)


def test_full_signals_stay_one_array():
    signals, bad = unpadded(np.arange(12).reshape(2, 3, 2))
    assert isinstance(signals, np.ndarray) and signals.dtype == np.float32 and not bad.any()


def test_hashes_are_equal_where_samples_are_and_nowhere_else():
    samples = np.array([1.0, 2.0, 3.0, 4.0])
    others = [samples[:, None], samples.reshape(2, 2), samples[:3, None], samples[::-1, None], None]
    hashes = signal_hashes(others)
    assert len(set(hashes)) == 5 and hashes[-1] == ""
    assert signal_hashes([samples[:, None].astype(np.float32)]) == hashes[:1]
    assert signal_hashes(np.stack([samples[:, None]] * 2)) == hashes[:1] * 2


def test_missing_and_constant_signals_and_lengths_are_noted_by_row():
    wave = np.sin(np.arange(8.0))[:, None]
    signals = [wave, None, np.concatenate([wave, np.ones((8, 1))], axis=1), wave[:5], None]
    assert signal_notes(signals, [3, 7, 9, 10, 12]) == [
        "2 rows without a signal: 7, 12",
        "1 signal in which a channel is constant: 9",
        "signals of 5 to 8 steps",
    ]
    assert signal_notes([wave, wave]) == []
    assert signal_notes([None] * 9)[0].endswith(": 1, 2, 3, 4, 5, ...")
