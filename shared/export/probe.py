"""Rows that are made up in the kind of a network's inputs: what an export is compared on before it is kept.

A bundle holds no rows of the customer's, so these are drawn; `verticals parity` compares on the customer's own.
"""

import numpy as np

from shared.export.ports import Port, flat, signature_of
from shared.inputs import Arrays

CODES = (
    4,
    40,
)  # below these: both the common categories of small vocabularies and those beyond, read as unseen
AT_THE_END = ("signal",)  # padded at its end; other sequences are padded at their front


def probe_inputs(model, rows: int, *, seed: int = 0) -> Arrays:
    """Arrays by input name: extremes, missing values, unseen categories and padding among them.

    Args:
        model: A Keras model whose inputs have the names of the house: `number`, `category`, `static`, `past`, ...
        rows: How many.
        seed: Of the random numbers.
    Example:
        >>> import keras
        >>> model = keras.Sequential([keras.Input((2,), name="number"), keras.layers.Dense(3)])
        >>> probe_inputs(model, 5)["number"].shape
        (5, 2)
    """
    rng = np.random.default_rng(seed)
    return {port.name: _drawn(port, rows, rng) for port in flat(signature_of(model).inputs)}


def _drawn(port: Port, rows: int, rng: np.random.Generator) -> np.ndarray:
    shape = (rows, *(size or 8 for size in port.shape[1:]))
    if port.name == "photo":
        return _photos(shape, port.dtype, rng)
    if port.name == "presence":
        values = rng.random(shape) < 0.8
        values[np.arange(rows), rng.integers(0, shape[1], rows)] = True
    elif port.dtype.startswith(("int", "uint")):
        values = rng.integers(0, np.where(rng.random(shape) < 0.8, *CODES))
    elif port.name == "scale":
        values = np.exp(rng.normal(size=shape))
    else:
        values = rng.normal(size=shape) * np.where(rng.random((rows,) + (1,) * (len(shape) - 1)) < 0.1, 5, 1)
        if len(shape) == 3:
            values *= _known(port.name, shape, rng)
        elif rows > 1:
            values[0] = 0
    return values.astype(port.dtype)


def _known(name: str, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """1 for a step of a sequence, 0 for its padding; each sequence has its own length."""
    rows, steps = shape[:2]
    length = np.where(rng.random(rows) < 0.5, steps, rng.integers(1, steps + 1, rows))
    step = np.arange(steps) if name in AT_THE_END else np.arange(steps)[::-1]
    return (step[None] < length[:, None])[..., None]


def _photos(shape: tuple[int, ...], dtype: str, rng: np.random.Generator) -> np.ndarray:
    """Photos with a slope of light, noise, and a bright spot in half of them."""
    rows, height, width = shape[:3]
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    slope = rng.normal(size=(rows, 2)) @ np.stack([y.ravel(), x.ravel()])
    light = 128 + 40 * slope.reshape(rows, height, width)
    spot = np.exp(-60 * ((y - rng.random((rows, 1, 1))) ** 2 + (x - rng.random((rows, 1, 1))) ** 2))
    light = light + 90 * spot * (rng.random((rows, 1, 1)) < 0.5)
    photos = np.clip(light[..., None] + rng.normal(scale=12, size=shape), 0, 255)
    return photos.astype(dtype)
