"""Examples a second of `shared.training.fit` beside a bare compiled TensorFlow loop, in one process.

    python tests/benchmarks/training_speed.py

The bare loop is a `tf.function` train step with a `GradientTape`, called for each of a list of batches that
were made before, with the same network, loss, optimizer and batch size. `fit` shuffles and gathers its rows
anew in each epoch. The two take turns, epoch by epoch; the first ones, which compile, are left out. "ratio"
compares the medians of the training alone, "ratio_of_fastest_epochs" is less moved by other work on the
machine, and "ratio_with_validation" charges `fit` with its validation and checkpoint as well.
"""

import json
import os
import platform
import statistics
import tempfile
import time
from pathlib import Path

from shared.training import FitSettings, Score, fit, set_seed

import keras  # isort: skip
import numpy as np
import tensorflow as tf

from shared.inputs import Inputs, WindowInputs

RESULTS = Path(__file__).parent / "results" / "training_speed.json"
layers = keras.layers


def lstm(draw):
    """Windows of 24 steps x 16 features, gathered at batch time; 64 units; batch 256."""
    rows, order = 20_000, np.arange(20_000)
    steps = draw.normal(size=(rows, 15)).astype("float32")
    inputs = WindowInputs({}, steps, order=order, rank=order % 500, window=24)
    model = keras.Sequential([keras.Input((24, 16)), layers.LSTM(64), layers.Dense(1)])
    return model, inputs, steps[:, 0] > 0, 256


def tabular(draw):
    """40 features, two hidden layers of 256 with Dropout; batch 512."""
    x = draw.normal(size=(60_000, 40)).astype("float32")
    hidden = [layers.Dense(256, activation="relu"), layers.Dropout(0.1)]
    more = [layers.Dense(256, activation="relu"), layers.Dropout(0.1)]
    model = keras.Sequential([keras.Input((40,)), *hidden, *more, layers.Dense(1)])
    return model, Inputs({"number": x}), x[:, 0] > 0, 512


def cnn(draw):
    """Images of 32 x 32 x 3, three convolutions; batch 128."""
    x = draw.normal(size=(10_000, 32, 32, 3)).astype("float32")
    blocks = [layers.Conv2D(width, 3, strides=2, activation="relu") for width in (16, 32, 64)]
    model = keras.Sequential([keras.Input((32, 32, 3)), *blocks, layers.Flatten(), layers.Dense(1)])
    return model, Inputs({"image": x}), x[:, 0, 0, 0] > 0, 128


def bare_epoch(model, inputs, targets, rows, batch_size):
    """A function that trains one epoch of the bare loop, and returns its seconds."""
    loss, adam = keras.losses.BinaryCrossentropy(from_logits=True), keras.optimizers.Adam(1e-3)
    adam.build(model.trainable_variables)
    batches = []
    for start in range(0, len(rows), batch_size):
        part = rows[start : start + batch_size]
        x = next(iter(inputs.take(part).values()))
        batches.append((tf.constant(x), tf.constant(targets[part, None], tf.float32)))

    @tf.function(reduce_retracing=True)
    def step(x, y):
        with tf.GradientTape() as tape:
            value = loss(y, model(x, training=True))
        gradients = tape.gradient(value, model.trainable_variables)
        adam.apply_gradients(zip(gradients, model.trainable_variables))
        return value

    def epoch():
        begun = time.perf_counter()
        for x, y in batches:
            value = step(x, y)
        float(value)
        return time.perf_counter() - begun

    return epoch


def measure(kind, epochs=9):
    """Both loops by turns on one kind of network."""
    model, inputs, targets, batch_size = kind(np.random.default_rng(0))
    set_seed(0)
    rows = np.arange(len(inputs))
    train, valid = rows[: int(0.9 * len(rows))], rows[int(0.9 * len(rows)) :]
    bare = bare_epoch(keras.models.clone_model(model), inputs, targets, train, batch_size)
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        history = fit(
            model, inputs, targets, train=train, valid=valid, folder=folder,
            loss=keras.losses.BinaryCrossentropy(from_logits=True),
            score=Score("accuracy", lambda y_true, y_pred: ((y_pred[:, 0] > 0) == y_true).mean()),
            settings=FitSettings(epochs=epochs, batch_size=batch_size, patience=0),
            on_epoch=lambda *_: seconds.append(bare()),
        )  # fmt: skip
    ours = [entry["train_seconds"] for entry in history.epochs[1:]]
    valid_seconds = statistics.median(entry["valid_seconds"] for entry in history.epochs[1:])
    checkpoint = history.checkpoint_seconds / epochs
    bare_seconds, fit_seconds = statistics.median(seconds[1:]), statistics.median(ours)
    return {
        "what": kind.__doc__,
        "batch_size": batch_size,
        "steps_per_execution": history.steps_per_execution,
        "bare_examples_per_second": round(len(train) / bare_seconds),
        "fit_examples_per_second": round(len(train) / fit_seconds),
        "ratio": round(bare_seconds / fit_seconds, 3),
        "ratio_of_fastest_epochs": round(min(seconds[1:]) / min(ours), 3),
        "ratio_with_validation": round(bare_seconds / (fit_seconds + valid_seconds + checkpoint), 3),
        "seconds_per_epoch": {
            "train": round(fit_seconds, 4),
            "validate": round(valid_seconds, 4),
            "checkpoint": round(checkpoint, 4),
            "rows_validated": len(valid),
        },
    }


def main():
    results = {kind.__name__: measure(kind) for kind in (lstm, tabular, cnn)}
    facts = {
        "cores": os.cpu_count(),
        "load_of_other_work": round(os.getloadavg()[0], 1),
        "processor": platform.machine(),
        "python": platform.python_version(),
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
        "gpus": len(tf.config.list_physical_devices("GPU")),
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"results": results, "machine": facts}, indent=2) + "\n")
    for name, figures in results.items():
        print(name, {key: value for key, value in figures.items() if key != "what"})


if __name__ == "__main__":
    main()
