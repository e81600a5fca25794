import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from scipy.special import digamma, gammaln
from scipy.stats import nbinom

from shared.builders import CountParameters, SpreadQuantiles
from shared.losses import (
    HorizonPinball,
    MemberLoss,
    NegativeBinomial,
    Pinball,
    ZeroInflatedNegativeBinomial,
    log_gamma,
)

HERE = Path(__file__).parent
QUANTILES = [0.1, 0.5, 0.9]
rng = np.random.default_rng(0)


def targets():
    """`(40, 6)` pieces, some of them unknown, the last row without any that is known."""
    y = rng.negative_binomial(1, 0.2, (40, 6)).astype("float32")
    y[:, 1:][rng.random((40, 5)) < 0.3] = np.nan
    y[-1] = np.nan
    return y


def laws(numbers):
    """Means and shapes of many sizes, and logits, `(40, 6, numbers)`."""
    parts = [np.exp(rng.normal(1, 1, (40, 6))), np.exp(rng.normal(-1, 1, (40, 6))), rng.normal(size=(40, 6))]
    return np.stack(parts[:numbers], axis=-1).astype("float32")


Y = targets()
# name: (loss with a reduction, forecast)
LOSSES = {
    "pinball": (
        lambda **how: HorizonPinball(QUANTILES, **how),
        rng.normal(3, 2, (40, 6, 3)).astype("float32"),
    ),
    "pinball of members": (
        lambda **how: HorizonPinball(QUANTILES, name="mine", **how),
        rng.normal(3, 2, (40, 2, 6, 3)).astype("float32"),
    ),
    "negative binomial": (NegativeBinomial, laws(2)),
    "zero inflated": (ZeroInflatedNegativeBinomial, laws(3)),
}
each_loss = pytest.mark.parametrize("name", LOSSES)


@pytest.fixture(autouse=True)
def seed():
    keras.utils.set_random_seed(0)


def value(loss, y_true, y_pred, weight=None):
    return float(keras.ops.convert_to_numpy(loss(y_true, y_pred, weight)))


def rows(loss, y_true, y_pred):
    """The loss of each row, `(n,)`."""
    y_true, y_pred = (keras.ops.convert_to_tensor(np.asarray(x, "float32")) for x in (y_true, y_pred))
    return keras.ops.convert_to_numpy(loss.call(y_true, y_pred))


def gradient(loss, y_true, y_pred):
    """Of the sum of all rows, by what one step of gradient descent adds to a forecast; on every backend."""
    y_pred = np.asarray(y_pred, "float32")
    forecast, row = keras.Input(y_pred.shape[1:]), keras.Input((), dtype="int32")
    added = keras.layers.Embedding(len(y_pred), y_pred[0].size, embeddings_initializer="zeros")
    total = keras.layers.Add()([forecast, keras.layers.Reshape(y_pred.shape[1:])(added(row))])
    model = keras.Model([forecast, row], total)
    model.compile(keras.optimizers.SGD(1.0), loss, run_eagerly=True)
    model.train_on_batch([y_pred, np.arange(len(y_pred))], y_true)
    return -added.get_weights()[0].reshape(y_pred.shape)


@each_loss
def test_every_forecast_loss_reloads_equal(name):
    make, forecast = LOSSES[name]
    loss = make(reduction="sum")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert again.get_config() == loss.get_config()
    assert value(again, Y, forecast) == value(loss, Y, forecast)


@pytest.mark.parametrize(
    ("loss", "head", "numbers"),
    [
        (lambda: HorizonPinball(QUANTILES), lambda raw, scale: SpreadQuantiles(1)(raw), 3),
        (NegativeBinomial, lambda raw, scale: CountParameters()([raw, scale]), 2),
        (ZeroInflatedNegativeBinomial, lambda raw, scale: CountParameters("zero_inflated")([raw, scale]), 3),
    ],
)
def test_every_forecast_loss_survives_in_a_compiled_saved_model(loss, head, numbers, tmp_path):
    inputs, scale = keras.Input((4,)), keras.Input((1,))
    raw = keras.layers.Reshape((6, numbers))(keras.layers.Dense(6 * numbers)(inputs))
    model = keras.Model([inputs, scale], head(raw, scale))
    model.compile("adam", loss())
    x = [rng.normal(size=(40, 4)).astype("float32"), np.full((40, 1), 3.0, "float32")]
    history = model.fit(x, Y, epochs=2, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    assert all(np.isfinite(weight).all() for weight in model.get_weights())
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert type(again.loss) is type(model.loss)
    assert again.evaluate(x, Y, verbose=0) == model.evaluate(x, Y, verbose=0)


def test_a_saved_loss_is_found_by_its_registered_name_wherever_it_lived():
    data = keras.saving.serialize_keras_object(MemberLoss(Pinball([0.5])))
    assert data["registered_name"] == "keras_verticals>MemberLoss"
    again = keras.saving.deserialize_keras_object({**data, "module": "shared.losses"})
    assert again.get_config() == keras.saving.deserialize_keras_object(data).get_config()


@each_loss
def test_unknown_steps_have_no_gradient_and_known_ones_do(name):
    make, forecast = LOSSES[name]
    found = gradient(make(reduction="sum"), Y, forecast)
    assert np.isfinite(found).all()
    known = np.isfinite(Y) if forecast.ndim == 3 else np.isfinite(Y)[:, None].repeat(2, axis=1)
    assert (found[~known] == 0).all()
    assert (found[known] != 0).any(axis=-1).all()


@each_loss
def test_the_forecast_of_an_unknown_step_does_not_matter(name):
    make, forecast = LOSSES[name]
    other = forecast.copy()
    unknown = np.isnan(Y) if forecast.ndim == 3 else np.isnan(Y)[:, None].repeat(2, axis=1)
    other[unknown] = 7.0
    np.testing.assert_array_equal(rows(make(), Y, forecast), rows(make(), Y, other))


@each_loss
def test_a_row_is_the_mean_over_its_known_steps_and_0_without_any(name):
    make, forecast = LOSSES[name]
    found = rows(make(), Y, forecast)
    assert found.shape == (40,) and found[-1] == 0
    for row in (0, 1, 2):
        known = np.isfinite(Y[row])
        some = forecast[row : row + 1][..., known, :]
        assert found[row] == pytest.approx(rows(make(), Y[row : row + 1, known], some)[0], rel=1e-5)


@each_loss
def test_sample_weights_weigh_the_rows_of_a_forecast(name):
    make, forecast = LOSSES[name]
    weight = (np.arange(40) < 15).astype("float32")
    expected = value(make(), Y[:15], forecast[:15]) * 15 / 40
    assert value(make(), Y, forecast, weight) == pytest.approx(expected, rel=1e-5)


@each_loss
def test_every_forecast_loss_computes_in_float32(name):
    make, forecast = LOSSES[name]
    half = keras.ops.cast(keras.ops.convert_to_tensor(forecast), "bfloat16")
    found = make()(Y, half)
    assert keras.backend.standardize_dtype(found.dtype) == "float32"
    exact = keras.ops.convert_to_numpy(keras.ops.cast(half, "float32"))
    assert float(keras.ops.convert_to_numpy(found)) == value(make(), Y, exact)


# --- quantiles ------------------------------------------------------------------------------------------


def pinball_by_hand(y, f):
    gap = y[..., None] - f
    return np.nanmean(np.maximum(np.array(QUANTILES) * gap, (np.array(QUANTILES) - 1) * gap), axis=(-2, -1))


def test_horizon_pinball_is_the_mean_over_quantiles_and_known_steps():
    forecast = LOSSES["pinball"][1]
    found = rows(HorizonPinball(QUANTILES), Y, forecast)
    np.testing.assert_allclose(found[:-1], pinball_by_hand(Y[:-1], forecast[:-1]), rtol=1e-5)


def test_horizon_pinball_of_one_step_is_pinball():
    y, forecast = rng.normal(size=(40, 1)), rng.normal(size=(40, 1, 3)).astype("float32")
    expected = value(Pinball(QUANTILES), y, forecast[:, 0])
    assert value(HorizonPinball(QUANTILES), y, forecast) == pytest.approx(expected, rel=1e-6)


def test_horizon_pinball_judges_each_member_by_itself():
    forecast = LOSSES["pinball of members"][1]
    loss = HorizonPinball(QUANTILES)
    expected = (rows(loss, Y, forecast[:, 0]) + rows(loss, Y, forecast[:, 1])) / 2
    np.testing.assert_allclose(rows(loss, Y, forecast), expected, rtol=1e-5)


# --- counts ---------------------------------------------------------------------------------------------

COUNTS = np.array([0, 1, 2, 3, 7, 20, 150, 2000], "float64")
MEANS, SHAPES = (1e-3, 0.2, 1.0, 8.0, 300.0, 5000.0), (1e-4, 1e-2, 0.5, 3.0, 50.0)


def grid(*logits):
    """Every count under every law, `(laws, counts)` and `(laws, counts, numbers)`, exactly in float32."""
    combined = np.stack(np.meshgrid(MEANS, SHAPES, *logits, indexing="ij"), axis=-1).astype("float32")
    combined = combined.reshape(-1, combined.shape[-1])
    laws = np.repeat(combined[:, None], len(COUNTS), axis=1)
    return np.broadcast_to(COUNTS, laws.shape[:2]).astype("float32"), laws


def each_step(loss, y, forecast):
    """The loss of each single step, in the shape of `y`."""
    return rows(loss, y.reshape(-1, 1), forecast.reshape(-1, 1, forecast.shape[-1])).reshape(y.shape)


def test_the_negative_binomial_is_that_of_scipy():
    y, forecast = grid()
    mean, shape = np.moveaxis(forecast.astype("float64"), -1, 0)
    expected = -nbinom.logpmf(y, 1 / shape, 1 / (1 + shape * mean))
    found = each_step(NegativeBinomial(), y, forecast)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=2e-4)


def test_the_zero_inflated_law_is_the_mixture_by_hand():
    y, forecast = grid((-30.0, -2.0, 0.0, 3.0, 30.0))
    mean, shape, logit = np.moveaxis(forecast.astype("float64"), -1, 0)
    counted = nbinom.logpmf(y, 1 / shape, 1 / (1 + shape * mean)) - np.logaddexp(0, logit)
    zero = np.logaddexp(-np.logaddexp(0, -logit), counted)
    expected = -np.where(y == 0, zero, counted)
    found = each_step(ZeroInflatedNegativeBinomial(), y, forecast)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=2e-4)


def test_without_extra_zeros_it_is_the_negative_binomial():
    forecast = laws(3)
    forecast[..., 2] = -40
    found = rows(ZeroInflatedNegativeBinomial(), Y, forecast)
    np.testing.assert_allclose(found, rows(NegativeBinomial(), Y, forecast[..., :2]), rtol=1e-5, atol=1e-6)


def log_likelihood(y, mean, shape):
    """Salinas et al., 2020, section 3.1, in float64."""
    rate = 1 / shape
    found = gammaln(y + rate) - gammaln(y + 1) - gammaln(rate) - rate * np.log1p(shape * mean)
    return found + y * (np.log(shape * mean) - np.log1p(shape * mean))


def test_a_count_need_not_be_whole():
    y, forecast = np.array([[0.5, 2.25, 13.75]]), laws(2)[:1, :3]
    mean, shape = np.moveaxis(forecast.astype("float64"), -1, 0)
    found = rows(NegativeBinomial(), y, forecast)[0]
    assert found == pytest.approx(-log_likelihood(y, mean, shape).mean(), rel=1e-5)


def test_a_count_below_0_counts_as_0():
    forecast = laws(2)[:1, :2]
    loss = NegativeBinomial()
    np.testing.assert_array_equal(rows(loss, [[-3.0, 0.0]], forecast), rows(loss, [[0.0, 0.0]], forecast))


def test_the_gradient_of_the_negative_binomial_is_the_derivative():
    y = np.array([[0, 1, 3, 12, 40, 2.5]] * 4)
    mean = np.array([[0.3, 1.0, 5.0, 10.0, 90.0, 2.5]] * 4)
    shape = np.repeat([[0.01], [0.3], [1.0], [20.0]], 6, axis=1)
    found = gradient(NegativeBinomial(reduction="sum"), y, np.stack([mean, shape], axis=-1)) * 6
    np.testing.assert_allclose(found[..., 0], (mean - y) / (mean * (1 + shape * mean)), rtol=1e-3, atol=1e-4)
    step = 1e-4 * shape
    slope = log_likelihood(y, mean, shape - step) - log_likelihood(y, mean, shape + step)
    np.testing.assert_allclose(found[..., 1], slope / (2 * step), rtol=1e-2, atol=1e-2)


def test_the_best_law_of_a_sample_is_the_one_it_was_drawn_from():
    y = np.random.default_rng(1).negative_binomial(2, 2 / (2 + 6), (1, 20_000))  # mean 6, shape 1/2
    losses = {}
    for mean in (4, 5, 6, 7, 8):
        for shape in (0.25, 0.35, 0.5, 0.7, 1.0):
            forecast = np.broadcast_to(np.array([mean, shape], "float32"), (1, 20_000, 2))
            losses[mean, shape] = rows(NegativeBinomial(), y, forecast)[0]
    assert min(losses, key=losses.get) == (6, 0.5)


@pytest.mark.parametrize("loss", [NegativeBinomial, ZeroInflatedNegativeBinomial])
def test_extreme_counts_and_laws_give_finite_losses_and_gradients(loss):
    ends = np.meshgrid([0.0, 1.0, 1e6], [0.0, 1e-12, 1e6], [0.0, 1e-12, 1e-4, 1e4], [-200.0, 200.0])
    y, *law = (end.reshape(1, -1) for end in ends)
    forecast = np.stack(law, axis=-1)[..., : 2 if loss is NegativeBinomial else 3]
    assert np.isfinite(rows(loss(), y, forecast)).all()
    assert np.isfinite(gradient(loss(reduction="sum"), y, forecast)).all()


# --- log gamma ------------------------------------------------------------------------------------------

POINTS = np.concatenate([np.logspace(-5, 6, 300), [0.5, 1, 1.5, 2, 2.9999, 3, 3.0001, 4]]).astype("float32")


def test_log_gamma_is_that_of_scipy():
    found = keras.ops.convert_to_numpy(log_gamma(keras.ops.convert_to_tensor(POINTS)))
    np.testing.assert_allclose(found, gammaln(POINTS.astype("float64")), rtol=1e-4, atol=1e-6)


def test_the_gradient_of_log_gamma_is_the_digamma_function():
    def loss(y_true, y_pred):
        return keras.ops.sum(log_gamma(y_pred))

    found = gradient(loss, np.zeros((1, len(POINTS))), POINTS[None])[0]
    np.testing.assert_allclose(found, digamma(POINTS.astype("float64")), rtol=1e-4, atol=1e-5)


# --- errors ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: HorizonPinball([0.5, 0.1]), r"quantiles must rise within \(0, 1\)"),
        (lambda: HorizonPinball([]), r"quantiles must rise within \(0, 1\)"),
        (lambda: HorizonPinball(QUANTILES)(Y, np.zeros((40, 6, 2))), r"y_pred `\(n, horizon, 3\)` or"),
        (lambda: HorizonPinball(QUANTILES)(Y, np.zeros((40, 5, 3))), r"found \(40, 6\) and \(40, 5, 3\)"),
        (lambda: HorizonPinball(QUANTILES)(Y[:, 0], np.zeros((40, 1, 3))), r"y_true `\(n, horizon\)`"),
        (lambda: NegativeBinomial()(Y, np.zeros((40, 6, 3))), r"y_pred `\(n, horizon, 2\)`, found"),
        (lambda: NegativeBinomial()(Y, np.zeros((40, 2, 6, 2))), r"y_pred `\(n, horizon, 2\)`, found"),
        (lambda: ZeroInflatedNegativeBinomial()(Y, np.zeros((40, 6, 2))), r"`\(n, horizon, 3\)`, found"),
    ],
)
def test_a_bad_argument_of_a_forecast_loss_is_refused_with_what_was_expected(build, message):
    with pytest.raises(ValueError, match=message):
        build()


# --- JAX ------------------------------------------------------------------------------------------------

SCRIPT = """
import sys
from pathlib import Path

here, out = Path(sys.argv[1]), Path(sys.argv[2])
sys.path[:0] = [str(here), str(here.parents[1])]
import keras
import numpy as np
from test_forecast_losses import LOSSES, POINTS, Y, gradient, rows
from shared.losses import log_gamma

assert keras.backend.backend() == "jax", keras.backend.backend()
found = {"log gamma": np.asarray(log_gamma(POINTS))}
for name, (make, forecast) in LOSSES.items():
    found[name] = rows(make(), Y, forecast)
    found["gradient of " + name] = gradient(make(reduction="sum"), Y, forecast)
np.savez(out / "jax.npz", **found)
"""


@pytest.mark.slow
def test_forecast_losses_and_their_gradients_are_the_same_under_jax(tmp_path):
    if importlib.util.find_spec("jax") is None:
        pytest.skip("jax is not installed")
    if keras.backend.backend() == "jax":
        pytest.skip("this process runs on JAX already, there is nothing to compare with")
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-c", SCRIPT, str(HERE), str(tmp_path)]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr[-3000:]
    found = np.load(tmp_path / "jax.npz")
    close = {"rtol": 1e-4, "atol": 1e-5}
    points = keras.ops.convert_to_numpy(log_gamma(keras.ops.convert_to_tensor(POINTS)))
    np.testing.assert_allclose(found["log gamma"], points, **close)
    for name, (make, forecast) in LOSSES.items():
        np.testing.assert_allclose(found[name], rows(make(), Y, forecast), **close, err_msg=name)
        slope = gradient(make(reduction="sum"), Y, forecast)
        np.testing.assert_allclose(found["gradient of " + name], slope, **close, err_msg=name)


def test_the_losses_name_no_backend():
    for path in sorted((HERE.parents[1] / "shared" / "losses").glob("*.py")):
        text = path.read_text(encoding="utf-8")
        assert "tensorflow" not in text and "import jax" not in text and "Lambda(" not in text, path
