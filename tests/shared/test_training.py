import json
import os
import signal
import subprocess
import sys
import types
from pathlib import Path

import keras
import numpy as np
import pytest

from shared.errors import MissingExtraError, VerticalsError
from shared.inputs import Inputs, WindowInputs
from shared.training import (
    FitSettings,
    Score,
    TrainingError,
    compile,
    evaluate,
    fit,
    precision_policy,
    predict,
    set_seed,
    strategy_scope,
)

ROOT = Path(__file__).parents[2]
ROWS = 200
TRAIN, VALID = np.arange(150), np.arange(150, ROWS)
QUICK = FitSettings(epochs=4, batch_size=32, learning_rate=0.01, patience=0, steps_per_execution=1)


def table(seed=0):
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(ROWS, 6)).astype("float32")
    return x, (x[:, 0] + 0.5 * draw.normal(size=ROWS) > 0).astype("float32")


def network(seed=0, outputs=1, dropout=0.3):
    set_seed(seed)
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((6,), name="number"),
            layers.Dense(8, activation="relu"),
            layers.BatchNormalization(),
            layers.Dropout(dropout),
            layers.Dense(outputs),
        ]
    )


def train(model=None, *, settings=QUICK, loss=None, x=None, y=None, **options):
    model = model or network()
    data = table()
    loss = loss or keras.losses.BinaryCrossentropy(from_logits=True)
    options = {"train": TRAIN, "valid": VALID, **options}
    x = data[0] if x is None else x
    return model, fit(model, x, data[1] if y is None else y, loss=loss, settings=settings, **options)


def assert_equal_weights(one, two):
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a, b)


def python(code, *arguments, **environment):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3", **environment}
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], env=environment, capture_output=True, text=True
    )


# --- what is learnt


def test_fit_learns_and_its_history_is_plain_json():
    _, history = train(settings=FitSettings(epochs=15, batch_size=32, learning_rate=0.05))
    told = json.loads(json.dumps(history.to_dict()))
    assert told["epochs"][-1]["loss"] < 0.7 * told["epochs"][0]["loss"]
    assert told["epochs"][0]["epoch"] == 1 and told["examples_per_second"] > 0
    assert {"valid_loss", "seconds", "train_seconds", "valid_seconds"} <= told["epochs"][0].keys()


def test_one_seed_gives_identical_weights_and_another_seed_other_weights():
    runs = [train(network(seed), settings=QUICK.model_copy(update={"seed": seed}))[0] for seed in (3, 3, 4)]
    assert_equal_weights(runs[0].get_weights(), runs[1].get_weights())
    assert not np.array_equal(runs[0].get_weights()[0], runs[2].get_weights()[0])


def test_every_training_row_is_read_once_an_epoch_in_another_order():
    seen = []

    class Spy(Inputs):
        def take(self, rows):
            seen.append(np.array(rows))
            return super().take(rows)

    train(x=Spy({"number": table()[0]}), settings=QUICK.model_copy(update={"epochs": 2}), valid=[])
    epochs = [rows for rows in seen if len(rows) == len(TRAIN)][-2:]
    assert [sorted(rows) for rows in epochs] == [TRAIN.tolist()] * 2
    assert epochs[0].tolist() != epochs[1].tolist() != TRAIN.tolist()
    np.testing.assert_array_equal(epochs[1], np.random.default_rng((0, 1)).permutation(TRAIN))


def test_fit_takes_the_steps_of_a_plain_keras_loop_over_the_same_batches():
    x, y = table()
    model, history = train(network(dropout=0.0), settings=QUICK.model_copy(update={"epochs": 2}), valid=[])
    plain = network(dropout=0.0)
    plain.compile(keras.optimizers.Adam(0.01), keras.losses.BinaryCrossentropy(from_logits=True))
    for epoch in range(2):
        losses = []
        order = np.random.default_rng((0, epoch)).permutation(TRAIN)
        for start in range(0, len(order), 32):
            rows = order[start : start + 32]
            plain.reset_metrics()
            losses.append(float(plain.train_on_batch(x[rows], y[rows, None])) * len(rows))
        assert history.epochs[epoch]["loss"] == pytest.approx(sum(losses) / len(TRAIN), rel=1e-4)
    for ours, theirs in zip(model.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_labels_with_one_or_two_axes_give_the_same_fit():
    y = table()[1]
    one, two = train(y=y)[0], train(y=y[:, None])[0]
    assert_equal_weights(one.get_weights(), two.get_weights())


def test_a_loss_function_trains_and_validates_as_the_loss_class_does():
    def function(y_true, y_pred):
        return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)

    one, two = (train(loss=loss) for loss in (function, keras.losses.MeanSquaredError()))
    assert_equal_weights(one[0].get_weights(), two[0].get_weights())
    assert one[1].epochs[-1]["valid_loss"] == pytest.approx(two[1].epochs[-1]["valid_loss"])


def test_validation_loss_is_the_loss_that_keras_computes():
    x, y = table()
    weight = np.linspace(0, 2, ROWS).astype("float32")
    model, history = train(sample_weight=weight, settings=QUICK.model_copy(update={"epochs": 1}))
    expected = model.evaluate(x[VALID], y[VALID, None], sample_weight=weight[VALID], batch_size=50, verbose=0)
    assert history.epochs[0]["valid_loss"] == pytest.approx(expected, rel=1e-5)


def test_outputs_of_several_members_are_averaged_by_the_loss():
    class Members(keras.losses.Loss):
        def call(self, y_true, y_pred):
            return keras.ops.square(y_true - y_pred)

    x, y = table()
    model, history = train(network(outputs=4), loss=Members(), sample_weight=np.full(ROWS, 2.0))
    expected = 2 * ((y[VALID, None] - predict(model, x, VALID)) ** 2).mean()
    assert history.epochs[history.best_epoch - 1]["valid_loss"] == pytest.approx(expected, rel=1e-4)


def test_dict_inputs_reach_a_model_by_name_and_spare_ones_are_left_out():
    x, _ = table()
    set_seed(0)
    left, right = keras.Input((2,), name="left"), keras.Input((4,), name="right")
    output = keras.layers.Dense(1)(keras.layers.Concatenate()([left, right]))
    for structure in ({"left": left, "right": right}, [left, right]):
        model = keras.Model(structure, output)
        train(model, x={"spare": x, "right": x[:, 2:], "left": x[:, :2]})
        assert predict(model, {"right": x[:, 2:], "left": x[:, :2]}).shape == (ROWS, 1)
    with pytest.raises(TrainingError, match=r"'right'.*the inputs are left, other"):
        train(model, x={"left": x[:, :2], "other": x})


def test_windows_are_gathered_at_batch_time():
    x, _ = table()
    order = np.arange(ROWS)
    inputs = WindowInputs({}, x, order=order, rank=order, window=5)
    set_seed(0)
    layers = [keras.Input((5, 7)), keras.layers.Masking(), keras.layers.LSTM(4), keras.layers.Dense(1)]
    model, history = train(keras.Sequential(layers), x=inputs)
    assert np.isfinite(history.epochs[-1]["valid_loss"])
    np.testing.assert_allclose(predict(model, inputs, [7])[0], predict(model, inputs)[7], atol=1e-6)


# --- weights of classes and rows


def test_balanced_class_weights_and_sample_weights_combine():
    y = table()[1]
    y[:120], y[120:] = 0, 1
    share = {0.0: 150 / (2 * 120), 1.0: 150 / (2 * 30)}
    own = np.linspace(0.5, 1.5, ROWS)
    product = own * np.where(y == 1, share[1.0], share[0.0])
    runs = [
        train(
            y=y, valid=[], settings=QUICK.model_copy(update={"class_weight": "balanced"}), sample_weight=own
        ),
        train(y=y, valid=[], settings=QUICK.model_copy(update={"class_weight": share}), sample_weight=own),
        train(y=y, valid=[], sample_weight=product),
    ]
    assert_equal_weights(runs[0][0].get_weights(), runs[1][0].get_weights())
    for one, two in zip(runs[0][0].get_weights(), runs[2][0].get_weights(), strict=True):
        np.testing.assert_allclose(one, two, atol=1e-4)


def test_a_class_without_weight_is_named():
    with pytest.raises(TrainingError, match="no weight for label 1"):
        train(settings=QUICK.model_copy(update={"class_weight": {0.0: 1.0}}))


def test_rows_without_weight_teach_nothing():
    x, _ = table()
    x[:75] = 1e3  # would be ruinous
    weight = (np.arange(ROWS) >= 75).astype("float32")
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    train(model, x=x, sample_weight=weight)
    assert np.abs(model.get_weights()[0]).max() < 1


# --- score, early stopping, best weights


def test_early_stopping_goes_by_the_score_and_restores_its_best_weights():
    values = iter([0.1, 0.5, 0.9, 0.4, 0.3, 0.2, 0.2])
    weights = []
    score = Score("precision", lambda y_true, y_pred: next(values), "max")
    model = network()
    _, history = train(
        model,
        score=score,
        settings=QUICK.model_copy(update={"epochs": 7, "patience": 3}),
        on_epoch=lambda *_: weights.append(model.get_weights()),
    )
    assert (history.best_epoch, len(history.epochs), history.stopped) == (3, 6, "patience")
    assert [entry["valid_precision"] for entry in history.epochs] == [0.1, 0.5, 0.9, 0.4, 0.3, 0.2]
    assert_equal_weights(model.get_weights(), weights[2])
    assert not np.array_equal(weights[2][0], weights[5][0])


def test_a_score_to_be_minimised_and_one_that_is_no_number_are_understood():
    values = iter([0.3, np.nan, 0.1, 0.2])
    _, history = train(score=Score("cost", lambda y_true, y_pred: next(values), "min"))
    assert (history.best_epoch, history.stopped) == (3, "epochs")


def test_the_score_sees_labels_as_given_and_raw_outputs():
    def check(y_true, y_pred):
        assert y_true.shape == (50,) and y_pred.shape == (50, 1) and y_pred.dtype == np.float32
        np.testing.assert_array_equal(y_true, table()[1][VALID])
        return 0.5

    train(score=Score("check", check))


def test_without_validation_rows_the_last_weights_stay():
    _, history = train(valid=[], settings=QUICK.model_copy(update={"patience": 1}))
    assert history.best_epoch == len(history.epochs) == 4
    assert "valid_loss" not in history.epochs[0]


def test_progress_is_told_after_each_epoch(capfd):
    told = []
    train(on_epoch=lambda epoch, epochs, logs: told.append((epoch, epochs, logs["epoch"])))
    assert told == [(1, 4, 1), (2, 4, 2), (3, 4, 3), (4, 4, 4)]
    assert capfd.readouterr() == ("", "")


# --- predict, evaluate


def test_predict_equals_the_model_and_is_traced_once_whatever_the_number_of_rows():
    x, _ = table()
    traces = []

    class Counter(keras.layers.Layer):
        def call(self, x):
            traces.append(1)
            return x

    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(2), Counter()])
    traces.clear()
    outputs = predict(model, x, batch_size=64)
    predict(model, x, rows=[3])
    predict(model, x, rows=np.arange(77), batch_size=50)
    assert len(traces) == 1
    np.testing.assert_allclose(outputs, np.asarray(model(x)), atol=1e-6)
    assert predict(model, x, rows=[]).shape == (0, 2)


def test_predict_keeps_the_order_of_rows_and_takes_a_mask():
    x, _ = table()
    model, mask = network(), np.arange(ROWS) % 3 == 0
    np.testing.assert_allclose(
        predict(model, {"number": x}, mask, batch_size=7), predict(model, x)[mask], atol=1e-6
    )
    np.testing.assert_allclose(predict(model, x, [9, 2]), predict(model, x)[[9, 2]], atol=1e-6)


def test_predict_follows_the_weights_after_training():
    x, _ = table()
    model = network()
    before = predict(model, x)
    train(model)
    assert np.abs(predict(model, x) - before).max() > 1e-3


def test_evaluate_gives_each_metric_of_the_rows():
    x, y = table()
    found = evaluate(network(), x, y, VALID, {"rows": lambda t, p: len(t), "mean": lambda t, p: t.mean()})
    assert found == {"rows": 50.0, "mean": pytest.approx(float(y[VALID].mean()))}


# --- settings


def test_cosine_schedule_warms_up_and_ends_at_zero():
    settings = FitSettings(schedule="cosine", warmup=0.1, learning_rate=0.5, epochs=10)
    rate = compile(network(), "mse", settings, steps=10).optimizer._learning_rate
    assert [round(float(rate(step)), 4) for step in (0, 5, 10, 55, 100)] == [0, 0.25, 0.5, 0.25, 0]
    constant = FitSettings(warmup=0.1, learning_rate=0.5, epochs=10)
    rate = compile(network(), "mse", constant, steps=10).optimizer._learning_rate
    assert [round(float(rate(step)), 4) for step in (0, 5, 10, 90)] == [0, 0.25, 0.5, 0.5]


def test_weight_decay_leaves_biases_alone():
    settings = FitSettings(weight_decay=0.5, epochs=3, batch_size=150, learning_rate=0.1, patience=0)
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(1, bias_initializer="ones")])
    kernel = np.abs(model.get_weights()[0]).sum()
    zero = {"x": np.zeros((ROWS, 6), "float32"), "y": np.ones(ROWS)}
    train(model, loss="mse", settings=settings, **zero)
    assert model.get_weights()[1] == pytest.approx(1.0) and np.abs(model.get_weights()[0]).sum() < kernel


def test_settings_are_checked():
    for wrong in ({"epoch": 3}, {"patience": -1}, {"precision": "float8"}, {"devices": 0}):
        with pytest.raises(ValueError):
            FitSettings(**wrong)


def test_jit_and_precision_are_chosen_by_device():
    _, history = train()
    if history.device == "CPU":
        assert (history.jit, history.precision) == (False, "float32")
    with precision_policy(FitSettings(precision="mixed_bfloat16")):
        model = network()
    assert keras.config.dtype_policy().name == "float32"
    _, history = train(model)
    assert history.precision == "mixed_bfloat16" and predict(model, table()[0]).dtype == np.float32
    assert {variable.dtype for variable in model.trainable_variables} == {"float32"}


# --- what goes wrong


def test_a_loss_that_explodes_stops_with_advice():
    with pytest.raises(TrainingError, match=r"loss became .* in epoch 1\. Lower learning_rate"):
        train(x=table()[0] * 1e30, loss="mse", settings=QUICK.model_copy(update={"learning_rate": 1e30}))


def test_nan_in_an_input_is_named_with_its_row():
    x, _ = table()
    x[17, 2] = np.nan
    with pytest.raises(VerticalsError, match="input `number` has NaN or infinity in 1 rows, first in row 18"):
        train(x={"number": x})


@pytest.mark.parametrize(
    "options, message",
    [
        ({"train": []}, "no training rows"),
        ({"train": [0, 200]}, "`train` holds row 0 to 200, but there are 200 rows"),
        ({"valid": np.ones(3, bool)}, "`valid` is a mask"),
        ({"y": np.ones(3)}, "inputs have 200 rows, the targets have 3"),
        ({"y": np.array(["a"] * ROWS)}, "targets must be numbers"),
        ({"sample_weight": -np.ones(ROWS)}, "not negative"),
    ],
)
def test_wrong_rows_and_labels_are_refused_with_a_reason(options, message):
    with pytest.raises(TrainingError, match=message):
        train(**options)


# --- resume


class Interrupted(Exception):
    pass


def interrupt_after(epoch):
    def on_epoch(number, *_):
        if number == epoch:
            raise Interrupted

    return on_epoch


@pytest.mark.parametrize("precision", ["float32", "mixed_float16"])
def test_an_interrupted_fit_resumes_and_equals_the_uninterrupted_one(tmp_path, precision):
    settings = QUICK.model_copy(
        update={"weight_decay": 0.01, "schedule": "cosine", "warmup": 0.2, "patience": 4}
    )

    def build():
        with precision_policy(FitSettings(precision=precision)):
            return network()

    whole, expected = train(build(), settings=settings)
    with pytest.raises(Interrupted):
        train(build(), settings=settings, folder=tmp_path, on_epoch=interrupt_after(2))
    assert [path.name for path in tmp_path.iterdir()] == ["training.npz"]
    resumed, history = train(build(), settings=settings, folder=tmp_path)
    assert_equal_weights(whole.get_weights(), resumed.get_weights())
    assert history.resumed_from == 2 and history.best_epoch == expected.best_epoch
    for one, two in zip(history.epochs, expected.epochs, strict=True):
        assert (one["loss"], one["valid_loss"]) == (two["loss"], two["valid_loss"])
    assert not list(tmp_path.iterdir())


KILLED = """
import os, signal, sys
from shared.training import *
import numpy as np, keras
from shared.inputs import Inputs
folder, kill_at, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
calls = 0
class Deadly(Inputs):
    def take(self, rows):
        global calls
        calls += len(rows) == 32
        if kill_at and calls == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().take(rows)
import shared.training.batches
shared.training.batches.PIECE_BYTES = 1  # one batch at a time, so that the kill falls between the steps of an epoch
set_seed(5)
model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(8), keras.layers.Dropout(0.4),
                          keras.layers.BatchNormalization(), keras.layers.Dense(1)])
x = np.random.default_rng(0).normal(size=(240, 6)).astype("float32")
settings = FitSettings(epochs=5, batch_size=32, patience=0, seed=5, steps_per_execution=1)
history = fit(model, Deadly({"x": x}), x[:, 0] ** 2, train=np.arange(200), valid=np.arange(200, 240),
              loss="mse", settings=settings, folder=folder or None)
np.savez(out, resumed_from=history.resumed_from, *[v.numpy() for v in model.variables])
"""


def test_a_fit_killed_in_mid_epoch_resumes_bit_by_bit(tmp_path):
    whole, resumed = tmp_path / "whole.npz", tmp_path / "resumed.npz"
    assert python(KILLED, "", 0, whole).returncode == 0
    killed = python(KILLED, tmp_path / "job", 23, resumed)
    assert killed.returncode == -signal.SIGKILL and not resumed.exists()
    done = python(KILLED, tmp_path / "job", 0, resumed)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "" == done.stdout
    with np.load(whole) as one, np.load(resumed) as two:
        assert two["resumed_from"] >= 1
        names = [name for name in one.files if name != "resumed_from"]
        assert_equal_weights([one[name] for name in names], [two[name] for name in names])


@pytest.fixture(scope="module")
def left_behind(tmp_path_factory):
    """The checkpoint of a fit that was interrupted after two epochs."""
    folder = tmp_path_factory.mktemp("interrupted")
    with pytest.raises(Interrupted):
        train(folder=folder, on_epoch=interrupt_after(2))
    return folder / "training.npz"


@pytest.mark.parametrize("change", ["settings", "data", "network", "loss"])
def test_a_checkpoint_of_another_job_is_never_mixed_in(tmp_path, left_behind, change):
    (tmp_path / "training.npz").write_bytes(left_behind.read_bytes())
    x, _ = table()
    x[0, 0] += 1
    other = {
        "settings": {"settings": QUICK.model_copy(update={"learning_rate": 0.02})},
        "data": {"x": x},
        "network": {"model": network(dropout=0.2)},
        "loss": {"loss": "mse"},
    }[change]
    _, history = train(folder=tmp_path, **other)
    assert history.resumed_from == 0 and len(history.epochs) == 4
    assert "another job" in history.notes[0]


def test_a_damaged_checkpoint_is_noted_and_training_starts_afresh(tmp_path, left_behind):
    (tmp_path / "training.npz").write_bytes(left_behind.read_bytes()[:500])
    _, history = train(folder=tmp_path)
    assert "damaged" in history.notes[0] and history.resumed_from == 0


def test_a_finished_fit_whose_checkpoint_is_kept_is_not_trained_again(tmp_path):
    settings = QUICK.model_copy(update={"keep_checkpoint": True})
    one, _ = train(settings=settings, folder=tmp_path)
    two, history = train(settings=settings, folder=tmp_path)
    assert history.resumed_from == 4
    assert_equal_weights(one.get_weights(), two.get_weights())


# --- tracking


def test_mlflow_gets_settings_and_figures(monkeypatch):
    told = []
    fake = types.ModuleType("mlflow")
    for name in ("set_experiment", "start_run", "log_params", "log_metrics", "end_run"):
        setattr(fake, name, lambda *args, _name=name, **options: told.append((_name, args, options)))
    monkeypatch.setitem(sys.modules, "mlflow", fake)
    train(settings=QUICK.model_copy(update={"mlflow": "fraud", "epochs": 2}))
    assert [call[0] for call in told] == [
        "set_experiment",
        "start_run",
        "log_params",
        *["log_metrics"] * 2,
        "end_run",
    ]
    assert told[0][1] == ("fraud",) and told[2][1][0]["batch_size"] == 32
    assert told[4][2] == {"step": 2} and "valid_loss" in told[4][1][0]


@pytest.mark.parametrize("setting, package", [("mlflow", "mlflow"), ("tensorboard", "tensorboard")])
def test_an_absent_tracker_is_named_before_training(monkeypatch, setting, package):
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=rf"keras-verticals\[{setting}\]"):
        train(settings=QUICK.model_copy(update={setting: "here"}))


def test_tensorboard_gets_a_log(tmp_path):
    pytest.importorskip("tensorboard")
    train(settings=QUICK.model_copy(update={"tensorboard": str(tmp_path / "log")}))
    assert b"valid_loss" in next((tmp_path / "log").iterdir()).read_bytes()


def test_tensorboard_is_told_each_figure(monkeypatch):
    told = []
    summary = types.ModuleType("tensorboard.summary")

    class Writer:
        def __init__(self, folder):
            self.add_scalar = lambda tag, value, step: told.append((tag, step))
            self.flush = self.close = lambda: None

    summary.Writer = Writer
    monkeypatch.setitem(sys.modules, "tensorboard", types.ModuleType("tensorboard"))
    monkeypatch.setitem(sys.modules, "tensorboard.summary", summary)
    train(settings=QUICK.model_copy(update={"tensorboard": "log", "epochs": 2}))
    assert {("loss", 1), ("valid_loss", 2)} <= set(told)


# --- devices and backends

TWO_DEVICES = """
import numpy as np, keras, tensorflow as tf
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2)
from shared.training import *
x = np.random.default_rng(0).normal(size=(131, 6)).astype("float32")
weights, losses = [], []
for devices in (1, 2):
    settings = FitSettings(epochs=2, batch_size=32, devices=devices, patience=0, learning_rate=0.01)
    set_seed(0)
    with strategy_scope(settings):
        layers = [keras.Input((6,)), keras.layers.Dense(8, activation="tanh"), keras.layers.Dense(1)]
        model = keras.Sequential(layers)
    train, valid = np.arange(98), np.arange(98, 131)
    history = fit(model, x, x[:, 0], train=train, valid=valid, loss="mse", settings=settings)
    weights.append(model.get_weights()); losses.append(history.epochs[-1]["loss"])
    print(history.device)
for one, two in zip(*weights):
    np.testing.assert_allclose(one, two, atol=1e-5)
np.testing.assert_allclose(*losses, rtol=1e-4)
"""


def test_two_devices_share_each_batch_and_end_at_the_same_weights():
    done = python(TWO_DEVICES)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:2] == ["CPU", "CPU x 2"]


def test_too_many_devices_are_refused():
    with pytest.raises(TrainingError, match="devices = 64, but only"):
        strategy_scope(FitSettings(devices=64))


ON_JAX = """
import random, sys, numpy as np, keras
from shared.training import *
assert keras.backend.backend() == "jax"
x = np.random.default_rng(0).normal(size=(130, 6)).astype("float32")
def run(folder=None, on_epoch=None):
    random.seed(0)  # set_seed would make Keras import TensorFlow
    layers = keras.layers
    model = keras.Sequential([keras.Input((6,)), layers.Dense(8), layers.Dropout(0.2), layers.Dense(1)])
    return model, fit(
        model, x, x[:, 0], train=np.arange(100), valid=np.arange(100, 130), loss="mse", folder=folder,
        settings=FitSettings(epochs=4, batch_size=32, learning_rate=0.05), on_epoch=on_epoch,
        score=Score("error", lambda t, p: np.abs(t - p[:, 0]).mean(), "min"))
def stop(epoch, *_):
    if epoch == 2: raise KeyboardInterrupt
one, history = run()
np.testing.assert_allclose(predict(one, x, batch_size=64), np.asarray(one(x)), atol=1e-5)
assert predict(one, x, [5]).shape == (1, 1)
assert "tensorflow" not in sys.modules, "TensorFlow was imported"
try: run(sys.argv[1], stop)
except KeyboardInterrupt: pass
two, resumed = run(sys.argv[1])
assert resumed.resumed_from == 2
for a, b in zip(one.get_weights(), two.get_weights()):
    np.testing.assert_array_equal(a, b)
assert history.epochs[-1]["valid_error"] < history.epochs[0]["valid_error"]
"""


def test_fit_predict_and_resume_run_on_jax_and_do_not_need_tensorflow(tmp_path):
    pytest.importorskip("jax", reason="JAX is not installed")
    done = python(ON_JAX, tmp_path, KERAS_BACKEND="jax")
    assert done.returncode == 0, done.stderr
