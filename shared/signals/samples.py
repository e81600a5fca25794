"""Samples as they were delivered to signals: where each ends, what is wrong inside, which are equal."""

import hashlib
from collections.abc import Sequence

import numpy as np

from shared.contract.words import count

Samples = np.ndarray | list[np.ndarray | None]
DIGITS = 16  # of a hash: equal ones among a million signals once in 30 million tables


def unpadded(values: np.ndarray) -> tuple[Samples, np.ndarray]:
    """Signals without the NaN at their end, and where one is not finite inside.

    Args:
        values: Numbers `(rows, steps, channels)`; a signal ends with the last step that has any number.
    Returns:
        float32 `(rows, steps, channels)` if all are of full length, else a list of `(steps, channels)`, None where
        a row has no number at all; and bool `(rows, steps)`.
    Example:
        >>> signals, bad = unpadded(np.array([[1, 2, np.nan], [1, np.nan, 3]])[..., None])
        >>> [len(each) for each in signals], bad.astype(int).tolist()
        ([2, 3], [[0, 0, 0], [0, 1, 0]])
    """
    with np.errstate(over="ignore"):  # beyond float32: infinite, so it is found below
        values = np.ascontiguousarray(values, np.float32)
    steps = values.shape[1]
    filled = ~np.isnan(values).all(axis=-1)
    lengths = np.where(filled.any(axis=1), steps - np.argmax(filled[:, ::-1], axis=1), 0)
    bad = (np.arange(steps) < lengths[:, None]) & ~np.isfinite(values).all(axis=-1)
    if (lengths == steps).all():
        return values, bad
    return [row[:length] if length else None for row, length in zip(values, lengths)], bad


def signal_hashes(signals: Samples) -> list[str]:
    """The start of the SHA-256 of each signal's samples, equal where all samples are; "" where there is none.

    Example:
        >>> first, second, none = signal_hashes([np.zeros((3, 1)), -np.zeros((3, 1)), None])
        >>> first == second, len(first), none
        (True, 16, '')
    """
    return ["" if each is None else _hash(each) for each in signals]


def _hash(samples: np.ndarray) -> str:
    samples = np.ascontiguousarray(samples, np.float32) + np.float32(0)  # -0.0 and 0.0 are one number
    return hashlib.sha256(f"{samples.shape}".encode() + samples.tobytes()).hexdigest()[:DIGITS]


def signal_notes(signals: Samples, rows: Sequence[int] | None = None) -> list[str]:
    """What is worth a look: missing and constant signals, by their rows, and different lengths.

    Args:
        rows: Number of each row in the file; None: from 1.
    Example:
        >>> signal_notes([np.zeros((3, 1)), None, np.eye(4)[:, :1]])
        ['1 row without a signal: 2', '1 signal in which a channel is constant: 1', 'signals of 3 to 4 steps']
    """
    rows = range(1, len(signals) + 1) if rows is None else rows
    missing = [row for row, each in zip(rows, signals) if each is None]
    flat = [
        row for row, each in zip(rows, signals) if each is not None and (each == each[:1]).all(axis=0).any()
    ]
    lengths = {len(each) for each in signals if each is not None}
    notes = [f"{count(len(missing), 'row')} without a signal: {listed(missing)}"] if missing else []
    if flat:
        notes.append(f"{count(len(flat), 'signal')} in which a channel is constant: {listed(flat)}")
    if len(lengths) > 1:
        notes.append(f"signals of {min(lengths):,} to {max(lengths):,} steps")
    return notes


def listed(numbers: Sequence[int], most: int = 5) -> str:
    """The first of some numbers.

    Example:
        >>> listed([1, 2, 3], most=2)
        '1, 2, ...'
    """
    return ", ".join(str(number) for number in numbers[:most]) + (", ..." if len(numbers) > most else "")
