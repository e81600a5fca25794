"""Signals of any length to arrays that a network or a rival reads, by what the training rows told."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from shared.errors import ContractError, Fault, SplitError

MOST_STEPS = 2000


class Signals:
    """The signal of each row, `(steps, channels)` of its own length, or none.

    Args:
        samples: One array a row, `(steps,)` or `(steps, channels)`, or None; an array `(rows, steps, channels)` is
            one of them a row. An array without steps counts as none.
    Attributes:
        channels: Of every signal; 0 if there is none.
        lengths: Steps of each row, int64 `(rows,)`; 0 where there is no signal.
        present: Where there is a signal, bool `(rows,)`.
    Raises:
        ValueError: If two signals have different numbers of channels.
    Example:
        >>> signals = Signals([np.zeros((5, 2)), None, np.zeros((3, 2))])
        >>> len(signals), signals.channels, signals.lengths.tolist(), signals.present.tolist()
        (3, 2, [5, 0, 3], [True, False, True])
    """

    def __init__(self, samples: Sequence[np.ndarray | None] | np.ndarray):
        self._samples = [_signal(each) for each in samples]
        self.lengths = np.array([0 if each is None else len(each) for each in self._samples], np.int64)
        self.present = self.lengths > 0
        widths = {each.shape[1] for each in self._samples if each is not None}
        if len(widths) > 1:
            raise ValueError(f"signals must have one number of channels, found {sorted(widths)}")
        self.channels = widths.pop() if widths else 0

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, row: int) -> np.ndarray | None:
        """The signal of a row, float32 `(steps, channels)`, or None."""
        return self._samples[row]

    def __iter__(self) -> Iterator[np.ndarray | None]:
        return iter(self._samples)

    def take(self, rows: np.ndarray) -> "Signals":
        """The signals of `rows`, in that order."""
        return Signals([self._samples[int(row)] for row in rows])


def _signal(samples: np.ndarray | None) -> np.ndarray | None:
    if samples is None:
        return None
    samples = np.asarray(samples, np.float32)
    samples = samples[:, None] if samples.ndim == 1 else samples
    if samples.ndim != 2:
        raise ValueError(f"a signal must have the axes (steps, channels), found {samples.shape}")
    return samples if len(samples) else None


def learn_signals(signals: Signals, rows: np.ndarray, *, most_steps: int = MOST_STEPS) -> dict[str, Any]:
    """What the training rows tell about signals, as plain JSON.

    Args:
        signals: Of the whole table.
        rows: The training rows; no others are read.
        most_steps: Where a training signal is longer, each `stride` steps are averaged to one.
    Returns:
        `steps` (the longest training signal, averaged down), `channels`, `mean` and `spread` of each channel (over
        all steps of all training rows, averaged down; 1 where a channel is constant), `stride` (1: as it was).
    Raises:
        SplitError: If no training row has a signal.
        ValueError: If `most_steps` is below 1.
    Example:
        >>> learn_signals(Signals([np.array([1.0, 3.0]), np.full(9, 50.0)]), np.array([0]))
        {'steps': 2, 'channels': 1, 'mean': [2.0], 'spread': [1.0], 'stride': 1}
    """
    if most_steps < 1:
        raise ValueError(f"most_steps must be at least 1, found {most_steps}")
    found = [signals[int(row)] for row in rows if signals.present[int(row)]]
    if not found:
        text = "no row to learn from has a signal. Give signals, or leave the role out"
        raise SplitError("signals cannot be learnt from", [Fault(text=text)])
    stride = -(-max(map(len, found)) // most_steps)
    found = [_averaged(each, stride) for each in found]
    number = sum(map(len, found))
    mean = sum(each.sum(axis=0, dtype=np.float64) for each in found) / number
    variance = sum(((each - mean) ** 2).sum(axis=0) for each in found) / number
    spread = np.sqrt(variance)
    constant = spread <= 1e-6 * np.maximum(np.abs(mean), 1e-6)  # what float32 cannot tell from constant
    return {
        "steps": max(map(len, found)),
        "channels": int(found[0].shape[1]),
        "mean": mean.tolist(),
        "spread": np.where(constant, 1.0, spread).tolist(),
        "stride": int(stride),
    }


def encode_signals(signals: Signals, state: dict[str, Any]) -> np.ndarray:
    """Signals as a network reads them, float32 `(rows, steps, channels + 1)`.

    Each channel less its mean, divided by its spread. The last feature is 1 on true steps, so that a step of zeros
    alone is padding, as `shared.builders.sequence` reads it. Shorter signals are padded at the end, longer ones cut
    at the end (`cut_signals` counts them); a row without a signal is all padding. No row is read for another.

    Raises:
        ContractError: If the signals have another number of channels than those that were learnt from.
    Example:
        >>> state = {"steps": 3, "channels": 1, "mean": [2.0], "spread": [1.0], "stride": 1}
        >>> encode_signals(Signals([np.array([1.0, 3.0]), None]), state).tolist()
        [[[-1.0, 1.0], [1.0, 1.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.0], [0.0, 0.0]]]
    """
    encoded = np.zeros((len(signals), state["steps"], state["channels"] + 1), np.float32)
    for row, scaled in _scaled(signals, state):
        scaled = scaled[: state["steps"]]
        encoded[row, : len(scaled), :-1] = scaled
        encoded[row, : len(scaled), -1] = 1.0
    return encoded


def cut_signals(signals: Signals, state: dict[str, Any]) -> int:
    """How many signals are longer than those that were learnt from, and are cut at the end.

    Example:
        >>> state = {"steps": 3, "channels": 1, "mean": [0.0], "spread": [1.0], "stride": 2}
        >>> cut_signals(Signals([np.zeros(6), np.zeros(7), None]), state)
        1
    """
    return int((-(-signals.lengths // state["stride"]) > state["steps"]).sum())


def matrix_of_signals(signals: Signals, state: dict[str, Any]) -> np.ndarray:
    """Signals as rivals read them, float32 `(rows, steps * channels)`: all of one length.

    Each channel is scaled as in `encode_signals`, then drawn out or pressed onto `steps` points by linear
    interpolation, first onto first and last onto last; nothing is cut. The channels of one step stand together.
    A row without a signal is all NaN.

    Raises:
        ContractError: As `encode_signals`.
    Example:
        >>> state = {"steps": 3, "channels": 1, "mean": [0.0], "spread": [1.0], "stride": 1}
        >>> matrix_of_signals(Signals([np.array([1.0, 3.0]), None]), state).tolist()
        [[1.0, 2.0, 3.0], [nan, nan, nan]]
    """
    steps, channels = state["steps"], state["channels"]
    matrix = np.full((len(signals), steps, channels), np.nan, np.float32)
    for row, scaled in _scaled(signals, state):
        if len(scaled) == steps:
            matrix[row] = scaled
            continue
        at, known = np.linspace(0, len(scaled) - 1, steps), np.arange(len(scaled))
        for channel in range(channels):
            matrix[row, :, channel] = np.interp(at, known, scaled[:, channel])
    return matrix.reshape(len(signals), steps * channels)


def _scaled(signals: Signals, state: dict[str, Any]) -> Iterator[tuple[int, np.ndarray]]:
    """Each row with a signal, averaged down and standardised, in full length."""
    if signals.channels not in (0, state["channels"]):
        text = f"signals have {signals.channels} channels, expected {state['channels']} as in training"
        raise ContractError("the signals do not fit the model", [Fault(text=text)])
    mean, spread = (np.asarray(state[name], np.float64) for name in ("mean", "spread"))
    for row, samples in enumerate(signals):
        if samples is not None:
            yield row, ((_averaged(samples, state["stride"]) - mean) / spread).astype(np.float32)


def _averaged(samples: np.ndarray, stride: int) -> np.ndarray:
    """Means over each `stride` steps; the last one over what is left."""
    if stride == 1:
        return samples
    starts = np.arange(0, len(samples), stride)
    numbers = np.diff(np.append(starts, len(samples)))
    return (np.add.reduceat(samples.astype(np.float64), starts, axis=0) / numbers[:, None]).astype(np.float32)
