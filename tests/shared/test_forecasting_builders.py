import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from shared.builders import (
    CountParameters,
    FeatureSlice,
    LinearInterpolation,
    SpreadQuantiles,
    StepMask,
    lstm_forecaster,
    nhits_forecaster,
    residual_block,
    tide_forecaster,
    tsmixer_forecaster,
)
from shared.losses import HorizonPinball

HERE = Path(__file__).parent
FORECASTERS = {
    "lstm": lstm_forecaster,
    "nhits": nhits_forecaster,
    "tide": tide_forecaster,
    "tsmixer": tsmixer_forecaster,
}
each_forecaster = pytest.mark.parametrize("name", FORECASTERS)


def floats(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def numpy(tensor):
    return keras.ops.convert_to_numpy(keras.ops.cast(tensor, "float32"))


def series(lookback=10, horizon=4, past=3, future=2, static=2, rows=6):
    """Inputs of a forecaster by name, the first row padded, the second nothing but padding."""
    x = {"past": floats(rows, lookback, past), "future": floats(rows, horizon, future, seed=1)}
    x["past"][0, :4] = 0
    x["past"][1] = 0
    x["static"] = floats(rows, static, seed=2)
    return {name: array for name, array in x.items() if array.shape[-1]}


def forecaster(name, *, past=3, future=2, static=2, **settings):
    model = FORECASTERS[name]((10, past), (4, future), static, outputs=5, units=8, **settings)
    return model, series(past=past, future=future, static=static), (6, 4, 5)


def as_model(layer, *shapes):
    inputs = [keras.Input(shape) for shape in shapes]
    inputs = inputs if len(inputs) > 1 else inputs[0]
    return keras.Model(inputs, layer(inputs))


# name: (model, inputs, shape of the output)
CASES = {
    **{name: lambda name=name: forecaster(name, depth=2, dropout=0.1) for name in FORECASTERS},
    **{
        f"{name} of the past alone": lambda name=name: forecaster(name, future=0, static=0)
        for name in FORECASTERS
    },
    **{f"{name} of the target alone": lambda name=name: forecaster(name, past=1) for name in FORECASTERS},
    "nhits of several blocks": lambda: forecaster("nhits", pooling=(3, 1), expression=(0.25, 1.0), blocks=2),
    "tide with normalisation": lambda: forecaster("tide", normalization=True, projection=2, decoded=3),
    "tsmixer without normalisation": lambda: forecaster("tsmixer", normalization=False),
    "feature slice": lambda: (as_model(FeatureSlice(1), (5, 3)), floats(6, 5, 3), (6, 5, 2)),
    "interpolation": lambda: (as_model(LinearInterpolation(7), (3, 2)), floats(6, 3, 2), (6, 7, 2)),
    "spread quantiles": lambda: (as_model(SpreadQuantiles(2), (4, 5)), floats(6, 4, 5), (6, 4, 5)),
    "counts": lambda: (as_model(CountParameters(), (4, 2), (1,)), counted(2), (6, 4, 2)),
    "counts with zeros": lambda: (
        as_model(CountParameters("zero_inflated"), (4, 3), (1,)),
        counted(3),
        (6, 4, 3),
    ),
}
IN_HALF = ["feature slice", "interpolation"]  # layers within a network; all others end one


def counted(numbers):
    return [floats(6, 4, numbers), np.exp(floats(6, 1, seed=3))]


@pytest.fixture(autouse=True)
def seed():
    keras.utils.set_random_seed(0)


@pytest.fixture
def policy():
    before = keras.config.dtype_policy()
    yield keras.config.set_dtype_policy
    keras.config.set_dtype_policy(before)


@pytest.mark.parametrize("name", CASES)
def test_every_forecaster_reloads_equal_and_has_the_shape_it_says(name, tmp_path):
    model, x, shape = CASES[name]()
    expected = numpy(model(x))
    assert expected.shape == shape and model.output_shape == (None, *shape[1:])
    assert np.isfinite(expected).all()
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_array_equal(numpy(again(x)), expected)
    for before, after in zip(model.layers, again.layers, strict=True):
        if keras.saving.get_registered_name(type(before)).startswith("keras_verticals"):
            assert after.get_config() == before.get_config()


@pytest.mark.parametrize("name", CASES)
def test_every_forecaster_works_in_mixed_precision_and_gives_float32(name, policy):
    model, x, shape = CASES[name]()
    expected = numpy(model(x))
    policy("mixed_bfloat16")
    mixed, _, _ = CASES[name]()
    mixed.set_weights(model.get_weights())
    output = mixed(x)
    kind = "bfloat16" if name in IN_HALF else "float32"
    assert keras.backend.standardize_dtype(output.dtype) == kind
    assert tuple(output.shape) == shape
    np.testing.assert_allclose(numpy(output), expected, atol=0.06, rtol=0.06)


@each_forecaster
def test_inputs_without_features_do_not_exist(name):
    shapes = {"past": (10, 3), "future": (4, 2), "static": (2,)}
    for future, static in ((2, 2), (0, 2), (2, 0), (0, 0)):
        model, x, shape = forecaster(name, future=future, static=static)
        assert {key: tensor.shape[1:] for key, tensor in model.input.items()} == {
            key: shapes[key] for key in x
        }
        assert numpy(model(x)).shape == shape


@each_forecaster
def test_every_input_changes_the_forecast(name):
    model, x, _ = forecaster(name)
    before = numpy(model(x))
    for key in x:
        other = {**x, key: x[key] + 1}
        assert np.abs(numpy(model(other)) - before).max(axis=(1, 2)).min() > 1e-4, key


@each_forecaster
def test_the_dropout_is_off_when_a_forecast_is_made(name):
    model, x, _ = forecaster(name, dropout=0.5)
    np.testing.assert_array_equal(numpy(model(x)), numpy(model(x)))
    assert np.abs(numpy(model(x, training=True)) - numpy(model(x))).max() > 1e-3


def seasonal(rows=192, lookback=14, horizon=7):
    """A weekly wave of each series at its own place in the week, with the weekday on both sides."""
    rng = np.random.default_rng(0)
    step = np.arange(lookback + horizon)
    turn = 2 * np.pi * (step + rng.integers(0, 7, (rows, 1))) / 7
    values = (1 + 0.8 * np.sin(turn) + 0.1 * rng.normal(size=turn.shape)).astype("float32")
    week = np.stack([np.sin(2 * np.pi * step / 7), np.cos(2 * np.pi * step / 7)], axis=-1)
    week = np.broadcast_to(week.astype("float32"), (rows, *week.shape))
    past = np.concatenate([values[:, :lookback, None], week[:, :lookback]], axis=-1)
    return (
        {"past": past, "future": week[:, lookback:]},
        values[:, lookback:],
        values[:, lookback - 1 : lookback],
    )


@pytest.mark.slow
@each_forecaster
def test_a_season_is_learnt_better_than_the_last_value(name):
    x, y, last = seasonal()
    network = FORECASTERS[name]((14, 3), (7, 2), 0, outputs=3, units=32)
    model = keras.Model(network.input, SpreadQuantiles(1)(network.output))
    model.compile(keras.optimizers.Adam(0.02), HorizonPinball([0.1, 0.5, 0.9]))
    model.fit(x, y, epochs=15, batch_size=32, verbose=0)
    forecast = model.predict(x, verbose=0)
    assert np.abs(y - forecast[..., 1]).mean() < 0.5 * np.abs(y - last).mean()
    assert (forecast[..., 0] <= y).mean() > 0.6 < (y <= forecast[..., 2]).mean()


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            lambda: lstm_forecaster((10,), (4, 2), 2, outputs=1),
            r"past_shape must be `\(lookback, features\)`",
        ),
        (lambda: lstm_forecaster((10, 0), (4, 2), 2, outputs=1), "past_shape must be"),
        (lambda: lstm_forecaster((None, 3), (4, 2), 2, outputs=1), "past_shape must be"),
        (
            lambda: nhits_forecaster((10, 3), (0, 2), 2, outputs=1),
            r"future_shape must be `\(horizon, features\)`",
        ),
        (lambda: nhits_forecaster((10, 3), 4, 2, outputs=1), "future_shape must be"),
        (
            lambda: tide_forecaster((10, 3), (4, 2), -1, outputs=1),
            "static_size must be a whole number of at least 0",
        ),
        (lambda: tide_forecaster((10, 3), (4, 2), 2, outputs=0), "outputs must be"),
        (lambda: tide_forecaster((10, 3), (4, 2), 2, outputs=1, decoded=0), "decoded must be"),
        (lambda: lstm_forecaster((10, 3), (4, 2), 2, outputs=1, units=0), "units must be"),
        (lambda: tsmixer_forecaster((10, 3), (4, 2), 2, outputs=1, depth=0), "depth must be"),
        (
            lambda: lstm_forecaster((10, 3), (4, 2), 2, outputs=1, dropout=1.0),
            r"dropout must lie in \[0, 1\)",
        ),
        (lambda: nhits_forecaster((10, 3), (4, 2), 2, outputs=1, pooling=()), "stacks must be"),
        (
            lambda: nhits_forecaster((10, 3), (4, 2), 2, outputs=1, pooling=(2, 0)),
            "pooling of stack 2 must be",
        ),
        (
            lambda: nhits_forecaster((10, 3), (4, 2), 2, outputs=1, pooling=(2, 1), expression=(1.0,)),
            r"expression must be 2 shares in \(0, 1\], one for each stack",
        ),
        (
            lambda: nhits_forecaster((10, 3), (4, 2), 2, outputs=1, pooling=(2,), expression=(0.0,)),
            "expression must be 1 shares",
        ),
        (lambda: residual_block(keras.Input((3,)), 0), "outputs must be"),
        (lambda: FeatureSlice(3)(floats(6, 3)), r"no feature from 3 up to None in \(6, 3\)"),
        (lambda: LinearInterpolation(0), "steps must be"),
        (lambda: LinearInterpolation(4)(floats(6, 3)), r"`\(batch, knots, features\)`, found \(6, 3\)"),
        (lambda: SpreadQuantiles(3)(floats(6, 3)), "middle must be one of the 3 places from 0, found 3"),
        (lambda: SpreadQuantiles(-1)(floats(6, 3)), "middle must be"),
        (lambda: CountParameters("poisson"), "kind must be one of 'negative_binomial', 'zero_inflated'"),
        (lambda: CountParameters()([floats(6, 4, 3), floats(6, 1)]), r"`\(batch, horizon, 2\)`"),
        (lambda: CountParameters()([floats(6, 4, 2), floats(6, 4)]), r"a scale `\(batch, 1\)`"),
    ],
)
def test_a_bad_argument_of_a_forecaster_is_refused_with_what_was_expected(build, message):
    with pytest.raises(ValueError, match=message):
        build()


# --- lstm -----------------------------------------------------------------------------------------------


def test_the_lstm_skips_padding_at_the_front():
    long, x, _ = forecaster("lstm", depth=2)
    short = lstm_forecaster((6, 3), (4, 2), 2, outputs=5, units=8, depth=2)
    short.set_weights(long.get_weights())
    padded = {name: array[:1] for name, array in x.items()}
    cut = {**padded, "past": padded["past"][:, 4:]}
    np.testing.assert_allclose(numpy(long(padded)), numpy(short(cut)), atol=1e-6)


def test_a_step_is_there_unless_all_its_features_are_zero():
    x = np.array([[[0, 0], [0, 1e-30], [np.nan, 0], [-1, 1]]], "float32")
    np.testing.assert_array_equal(numpy(StepMask()(x)), [[0, 1, 1, 1]])


# --- N-HiTS ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("knots", "steps"), [(1, 5), (2, 5), (3, 7), (4, 10), (5, 5), (7, 3), (3, 1)])
def test_interpolation_is_that_of_numpy(knots, steps):
    values = floats(2, knots, 3)
    found = numpy(LinearInterpolation(steps)(values))
    places = np.linspace(0, 1, steps) if steps > 1 else [0]
    for row, feature in np.ndindex(2, 3):
        expected = np.interp(places, np.linspace(0, 1, knots) if knots > 1 else [0], values[row, :, feature])
        np.testing.assert_allclose(found[row, :, feature], expected, atol=1e-6)


def outputs_of(model, x, prefix):
    layers = [layer for layer in model.layers if layer.name.startswith(prefix)]
    found = keras.Model(model.input, [layer.output for layer in layers])(x)
    return [numpy(output) for output in (found if isinstance(found, (list, tuple)) else [found])]


def test_the_nhits_forecast_is_the_sum_of_its_blocks():
    model, x, _ = forecaster("nhits", pooling=(4, 2, 1), blocks=2)
    shares = outputs_of(model, x, "forecast")
    assert len(shares) == 6
    np.testing.assert_allclose(numpy(model(x)), np.sum(shares, axis=0), atol=1e-5)


def test_each_nhits_block_reads_what_those_before_it_left_over():
    model, x, _ = forecaster("nhits", pooling=(2, 2, 1))
    backcasts, left = outputs_of(model, x, "backcast"), outputs_of(model, x, "subtract")
    pooled = outputs_of(model, x, "max_pooling")
    assert len(backcasts) == len(left) == 2  # nobody reads what the last block leaves over
    target = x["past"][..., :1]
    for backcast, rest, maxima in zip(backcasts, left, pooled):
        np.testing.assert_allclose(maxima[:, :, 0], target.reshape(6, 5, 2).max(axis=2), atol=1e-6)
        target = target - backcast
        np.testing.assert_allclose(rest, target, atol=1e-6)


def test_slow_nhits_stacks_draw_straight_lines_between_few_knots():
    model = nhits_forecaster(
        (24, 1), (9, 0), 0, outputs=2, units=8, pooling=(8, 4, 1), expression=(0.1, 0.3, 1)
    )
    constant, bent, free = outputs_of(model, {"past": floats(3, 24, 1)}, "forecast")
    np.testing.assert_allclose(constant, constant[:, :1].repeat(9, axis=1), atol=1e-6)
    turns = np.abs(np.diff(bent, 2, axis=1)).max(axis=(0, 2))
    assert turns[3] > 1e-4 and np.delete(turns, 3).max() < 1e-5  # three knots: one bend, in the middle
    assert np.abs(np.diff(free, 2, axis=1)).max(axis=(0, 2)).min() > 1e-4


def test_nhits_rates_suit_a_short_lookback():
    for lookback in (1, 5, 16, 100):
        model = nhits_forecaster((lookback, 2), (3, 0), 0, outputs=1, units=4)
        assert numpy(model({"past": floats(2, lookback, 2)})).shape == (2, 3, 1)


# --- TiDE -----------------------------------------------------------------------------------------------


def test_tide_without_its_dense_part_is_a_linear_model_of_the_past():
    model, x, _ = forecaster("tide")
    kernel, bias = floats(10, 4 * 5), floats(4 * 5)
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dense):
            straight = layer.kernel.shape == (10, 20)
            layer.set_weights([kernel, bias] if straight else [0 * weight for weight in layer.get_weights()])
    expected = (x["past"][..., 0] @ kernel + bias).reshape(6, 4, 5)
    np.testing.assert_allclose(numpy(model(x)), expected, atol=1e-5)


# --- heads ----------------------------------------------------------------------------------------------


@settings(max_examples=50, deadline=None)
@given(
    st.integers(1, 8).flatmap(
        lambda count: st.tuples(
            arrays("float32", (3, count), elements=st.floats(-1e4, 1e4, width=32)), st.integers(0, count - 1)
        )
    )
)
def test_spread_quantiles_never_cross_and_keep_the_middle(case):
    raw, middle = case
    found = numpy(SpreadQuantiles(middle)(raw))
    assert (np.diff(found, axis=-1) >= -1e-37).all()  # numbers below that may be flushed to zero
    np.testing.assert_array_equal(found[:, middle], raw[:, middle])


def test_spread_quantiles_are_running_sums_from_the_middle():
    raw = floats(4, 3, 5)
    steps = np.log1p(np.exp(raw - 1.5))
    middle = raw[..., 2]
    expected = [middle - steps[..., 1] - steps[..., 0], middle - steps[..., 1], middle]
    expected += [middle + steps[..., 3], middle + steps[..., 3] + steps[..., 4]]
    found = numpy(SpreadQuantiles(2, shift=-1.5)(raw))
    np.testing.assert_allclose(found, np.stack(expected, axis=-1), atol=1e-5)


def test_spread_quantiles_take_an_axis_of_members():
    raw = floats(6, 2, 4, 5)
    found = numpy(SpreadQuantiles(2)(raw))
    np.testing.assert_array_equal(found[:, 1], numpy(SpreadQuantiles(2)(raw[:, 1])))


def test_the_mean_of_a_count_is_in_pieces_and_follows_the_scale():
    raw, scale = floats(6, 4, 2), np.array([[1.0], [10.0], [0.5], [200.0], [3.0], [1e5]], "float32")
    mean, shape = np.moveaxis(numpy(CountParameters()([raw, scale])), -1, 0)
    np.testing.assert_allclose(mean, np.log1p(np.exp(raw[..., 0])) * scale, rtol=1e-4)
    alone = numpy(CountParameters()([raw, np.ones_like(scale)]))[..., 1]
    np.testing.assert_array_equal(shape, alone)


def test_a_count_has_a_mean_and_a_shape_above_0_whatever_the_network_says():
    raw = np.array([[[-1e4, -1e4, 0], [1e4, 1e4, 0], [0, 0, 0]]], "float32")
    mean, shape, logit = np.moveaxis(numpy(CountParameters("zero_inflated")([raw, np.ones((1, 1))])), -1, 0)
    assert (mean > 0).all() and (shape >= 1e-4).all() and np.isfinite(mean).all() and np.isfinite(shape).all()
    assert shape[0, 2] == pytest.approx(0.5, abs=0.01)  # a usual start, see START_SHAPE
    assert 1 / (1 + np.exp(-logit[0, 2])) == pytest.approx(0.12, abs=0.01)


# --- JAX ------------------------------------------------------------------------------------------------


def each_array(x):
    """Inputs that may be one array, a list or a dictionary, as pairs of a name and an array."""
    return list(x.items()) if isinstance(x, dict) else list(enumerate(x if isinstance(x, list) else [x]))


def like(x, values):
    """Values in the order of `each_array`, in the structure of `x`."""
    if isinstance(x, dict):
        return dict(zip(x, values))
    return values if isinstance(x, list) else values[0]


# The shapes without some input are made of the same layers.
ON_JAX = {name: case for name, case in CASES.items() if "alone" not in name and "normalisation" not in name}
SCRIPT = """
import sys
from pathlib import Path

here, out = Path(sys.argv[1]), Path(sys.argv[2])
sys.path[:0] = [str(here), str(here.parents[1])]
import keras
import numpy as np
from test_forecasting_builders import ON_JAX, each_array, like

assert keras.backend.backend() == "jax", keras.backend.backend()
given = np.load(out / "tensorflow.npz")
models, arrays, tensors, found = {}, {}, {}, {}
for number, (name, case) in enumerate(ON_JAX.items()):
    model, x, _ = case()
    model.set_weights([given[f"{name}/{i}"] for i in range(len(model.weights))])
    model.name = f"case{number}"
    named = {f"case{number}_{key}": array for key, array in each_array(x)}
    given_tensors = {key: keras.Input(array.shape[1:], name=key) for key, array in named.items()}
    found[name] = model(like(x, list(given_tensors.values())))
    models[name] = model
    arrays.update(named)
    tensors.update(given_tensors)

# all of them side by side in one model: a few compilations instead of a hundred
side_by_side = keras.Model(tensors, found)
np.savez(out / "jax.npz", **side_by_side.predict_on_batch(arrays))
flat = keras.layers.Concatenate()([keras.layers.Flatten()(x) for x in found.values()])
net = keras.Model(tensors, keras.layers.Dense(1)(flat))
net.compile("sgd", "mse")
before = {name: model.get_weights() for name, model in models.items()}
net.train_on_batch(arrays, np.ones((6, 1), "float32"))
for name, model in models.items():
    after = model.get_weights()
    assert all(np.isfinite(weight).all() for weight in after), f"{name} got weights that are not finite"
    moved = any((a != b).any() for a, b in zip(after, before[name]))
    assert moved or not model.trainable_weights, f"{name} did not learn"

side_by_side.save(out / "model.keras")
again = keras.saving.load_model(out / "model.keras").predict_on_batch(arrays)
trained = side_by_side.predict_on_batch(arrays)
for name in models:
    assert np.array_equal(again[name], trained[name]), f"{name} reloads differently"
"""


@pytest.mark.slow
def test_every_forecaster_gives_trains_and_reloads_under_jax_as_under_tensorflow(tmp_path):
    if importlib.util.find_spec("jax") is None:
        pytest.skip("jax is not installed")
    if keras.backend.backend() == "jax":
        pytest.skip("this process runs on JAX already, there is nothing to compare with")
    expected, weights = {}, {}
    for name, case in ON_JAX.items():
        model, x, _ = case()
        expected[name] = numpy(model(x))
        weights.update({f"{name}/{i}": weight for i, weight in enumerate(model.get_weights())})
    np.savez(tmp_path / "tensorflow.npz", **weights)
    quick = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"  # to compile
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "XLA_FLAGS": quick}
    command = [sys.executable, "-c", SCRIPT, str(HERE), str(tmp_path)]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr[-3000:]
    found = np.load(tmp_path / "jax.npz")
    assert set(found.files) == set(expected)
    for name in expected:
        np.testing.assert_allclose(found[name], expected[name], atol=1e-5, rtol=1e-5, err_msg=name)
