import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.builders import (
    AttentionPooling,
    CategoricalEmbedding,
    EnsembleDense,
    EnsembleHead,
    MeanProbability,
    MemberScale,
    PeriodicEmbedding,
    PiecewiseLinearEmbedding,
    RisingSteps,
    binary_head,
    dense_block,
    dense_encoder,
    embedding_dim,
    gru_encoder,
    lstm_encoder,
    mean_probability,
    multiclass_head,
    quantile_edges,
    quantile_head,
    regression_head,
    tabm_encoder,
)
from shared.losses import MemberLoss

EDGES = [[0.0, 1.0, 3.0, 4.0], [-1.0, 1.0]]
ENCODERS = {"lstm": lstm_encoder, "gru": gru_encoder}


def rng(seed=0):
    return np.random.default_rng(seed)


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def residual_net():
    inputs = keras.Input((5,))
    return keras.Model(inputs, dense_block(inputs, units=4, normalization="batch", residual=True))


def as_model(layer, shape, dtype="float32"):
    inputs = keras.Input(shape, dtype=dtype)
    return keras.Model(inputs, layer(inputs))


def codes(rows=6):
    return rng().integers(0, 12, (rows, 2)).astype("int32")


def floats(*shape):
    return rng().normal(size=shape).astype("float32")


def with_nan(*shape):
    x = floats(*shape)
    x[0, 0] = np.nan
    return x


def padded(*shape):
    x = floats(*shape)
    x[0, :2] = 0
    x[1] = 0
    x[2, 4:] = 0
    return x


# name: (model, input, shape of the output)
CASES = {
    "categorical": lambda: (as_model(CategoricalEmbedding([3, 10], 4), (2,), "int32"), codes(), (6, 2, 4)),
    "categorical of several widths": lambda: (
        as_model(CategoricalEmbedding([3, 10], [2, 5], concatenate=True), (2,), "int32"),
        codes(),
        (6, 7),
    ),
    "categorical, end to end": lambda: (
        as_model(CategoricalEmbedding([3, 10], 4, concatenate=True, unseen_rate=0.1), (2,), "int32"),
        codes(),
        (6, 8),
    ),
    "piecewise": lambda: (as_model(PiecewiseLinearEmbedding(EDGES), (2,)), with_nan(6, 2), (6, 2, 3)),
    "piecewise linear": lambda: (
        as_model(PiecewiseLinearEmbedding(EDGES, 5, activation="relu", concatenate=True), (2,)),
        with_nan(6, 2),
        (6, 10),
    ),
    "periodic": lambda: (as_model(PeriodicEmbedding(4, 5), (2,)), with_nan(6, 2), (6, 2, 5)),
    "periodic lite": lambda: (as_model(PeriodicEmbedding(4, 5, lite=True), (2,)), with_nan(6, 2), (6, 2, 5)),
    "periodic waves": lambda: (
        as_model(PeriodicEmbedding(4, None, concatenate=True), (2,)),
        with_nan(6, 2),
        (6, 16),
    ),
    "dense": lambda: (dense_encoder((5,), units=4, dropout=0.1), floats(6, 5), (6, 4)),
    "dense residual": lambda: (
        dense_encoder((5,), units=4, depth=3, activation="gelu", normalization="layer", residual=True),
        floats(6, 5),
        (6, 4),
    ),
    "dense block": lambda: (residual_net(), floats(6, 5), (6, 4)),
    "lstm": lambda: (lstm_encoder((7, 3), units=4, depth=2, dropout=0.1), padded(6, 7, 3), (6, 4)),
    "lstm of both ends": lambda: (
        lstm_encoder((7, 3), units=4, bidirectional=True, return_sequences=True),
        padded(6, 7, 3),
        (6, 7, 8),
    ),
    "gru": lambda: (gru_encoder((None, 3), units=4), padded(6, 7, 3), (6, 4)),
    "gru of both ends": lambda: (
        gru_encoder((7, 3), units=4, depth=2, bidirectional=True),
        padded(6, 7, 3),
        (6, 8),
    ),
    "attention": lambda: (as_model(AttentionPooling(4), (7, 3)), padded(6, 7, 3), (6, 3)),
    "member scale": lambda: (as_model(MemberScale(3, adapter="normal"), (5,)), floats(6, 5), (6, 3, 5)),
    "ensemble dense": lambda: (as_model(EnsembleDense(4, members=3), (3, 5)), floats(6, 3, 5), (6, 3, 4)),
    "ensemble head": lambda: (as_model(EnsembleHead(2), (3, 5)), floats(6, 3, 5), (6, 3, 2)),
    "tabm": lambda: (tabm_encoder((5,), units=4, members=3, dropout=0.1), floats(6, 5), (6, 3, 4)),
    "tabm mini": lambda: (
        tabm_encoder((5,), units=4, members=3, mini=True, adapter="normal", sections=[2, 3]),
        floats(6, 5),
        (6, 3, 4),
    ),
    "binary": lambda: (binary_head((5,), prior=0.01), floats(6, 5), (6, 1)),
    "binary of members": lambda: (binary_head((3, 5), prior=0.01), floats(6, 3, 5), (6, 3)),
    "multiclass": lambda: (multiclass_head((5,), classes=4), floats(6, 5), (6, 4)),
    "multiclass of members": lambda: (multiclass_head((3, 5), classes=4), floats(6, 3, 5), (6, 3, 4)),
    "regression": lambda: (regression_head((5,), outputs=2), floats(6, 5), (6, 2)),
    "regression of members": lambda: (regression_head((3, 5)), floats(6, 3, 5), (6, 3)),
    "quantile": lambda: (quantile_head((5,), quantiles=3), floats(6, 5), (6, 3)),
    "quantile of members": lambda: (quantile_head((3, 5), quantiles=1), floats(6, 3, 5), (6, 3, 1)),
    "mean probability": lambda: (as_model(MeanProbability(), (3, 4)), floats(6, 3, 4), (6, 4)),
    "rising steps": lambda: (as_model(RisingSteps(), (3,)), floats(6, 3), (6, 3)),
}
HEADS = ["binary", "binary of members", "multiclass", "multiclass of members", "regression"]
HEADS += ["regression of members", "quantile", "quantile of members", "mean probability"]


@pytest.fixture(autouse=True)
def seed():
    keras.utils.set_random_seed(0)


@pytest.fixture
def policy():
    before = keras.config.dtype_policy()
    yield keras.config.set_dtype_policy
    keras.config.set_dtype_policy(before)


@pytest.mark.parametrize("name", CASES)
def test_every_builder_reloads_equal_and_has_the_shape_it_says(name, tmp_path):
    model, x, shape = CASES[name]()
    expected = numpy(model(x))
    assert expected.shape == shape
    assert tuple(size or shape[i] for i, size in enumerate(model.output_shape)) == shape
    assert np.isfinite(expected).all()
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_array_equal(numpy(again(x)), expected)
    for before, after in zip(model.layers, again.layers, strict=True):
        if keras.saving.get_registered_name(type(before)).startswith("keras_verticals"):
            assert after.get_config() == before.get_config()


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("name", CASES)
def test_every_builder_works_in_mixed_precision(name, precision, policy):
    model, x, _ = CASES[name]()
    expected = numpy(model(x))
    policy(precision)
    mixed, _, shape = CASES[name]()
    mixed.set_weights(model.get_weights())
    output = mixed(x)
    assert tuple(output.shape) == shape
    kept = name in HEADS
    assert keras.backend.standardize_dtype(output.dtype) == (
        "float32" if kept else precision[len("mixed_") :]
    )
    found = numpy(keras.ops.cast(output, "float32"))
    np.testing.assert_allclose(found, expected, atol=0.06, rtol=0.06)


@pytest.mark.parametrize("name", ["piecewise linear", "periodic", "periodic lite"])
def test_gradients_are_finite_when_numbers_are_missing(name):
    model, x, _ = CASES[name]()
    x[3, 1], x[4, 1] = np.inf, -np.inf
    net = keras.Sequential([model, keras.layers.Flatten(), keras.layers.Dense(1)])
    net.compile("sgd", "mse")
    net.fit(x, np.ones((len(x), 1)), verbose=0)
    assert all(np.isfinite(weight).all() for weight in net.get_weights())


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: lstm_encoder((10,)), r"`\(steps, features\)`.*found \(10,\)"),
        (lambda: gru_encoder((10, None)), r"`\(steps, features\)`"),
        (lambda: lstm_encoder((10, 4), units=0), "units must be a whole number of at least 1, found 0"),
        (lambda: lstm_encoder((10, 4), dropout=1.0), r"dropout must lie in \[0, 1\), found 1.0"),
        (lambda: dense_encoder((3, 4)), r"`\(features,\)`"),
        (lambda: dense_encoder((3,), depth=0), "depth must be"),
        (lambda: dense_encoder(3), r"`\(features,\)`.*found 3"),
        (
            lambda: dense_encoder((3,), normalization="group"),
            "normalization must be one of 'batch', 'layer', None",
        ),
        (lambda: tabm_encoder((3, 4)), r"`\(features,\)`"),
        (lambda: tabm_encoder((3,), members=0), "members must be"),
        (
            lambda: tabm_encoder((3,), adapter="zeros"),
            "adapter must be one of 'ones', 'random_sign', 'normal'",
        ),
        (lambda: tabm_encoder((3,), sections=[2, 2]), "must add up to the 3 features"),
        (lambda: binary_head((2, 3, 4)), r"`\(units,\)` or `\(members, units\)`"),
        (lambda: binary_head((None, 4)), r"`\(members, units\)`"),
        (lambda: binary_head((3,), prior=1.0), r"prior must lie in \(0, 1\)"),
        (lambda: multiclass_head((3,), classes=1), "classes must be at least 2"),
        (lambda: regression_head((3,), outputs=0), "outputs must be"),
        (lambda: quantile_head((3,), quantiles=0), "quantiles must be"),
        (lambda: embedding_dim(0), "cardinality must be"),
        (lambda: CategoricalEmbedding([]), "one size >= 0 a column"),
        (lambda: CategoricalEmbedding([3], [1, 2], concatenate=True), "1 widths, one a column"),
        (lambda: CategoricalEmbedding([3, 4], [1, 2]), "needs concatenate=True"),
        (lambda: CategoricalEmbedding([3, 4])(codes()[:, :1]), r"`\(batch, 2\)`, found \(6, 1\)"),
        (lambda: PiecewiseLinearEmbedding([[0.0, 1.0], [1.0, 1.0]]), "edges of feature 1 must be"),
        (lambda: PiecewiseLinearEmbedding([[0.0, np.nan]]), "edges of feature 0 must be"),
        (lambda: PiecewiseLinearEmbedding([]), "at least one feature"),
        (lambda: PiecewiseLinearEmbedding(EDGES)(floats(4, 3)), r"`\(batch, 2\)`, found \(4, 3\)"),
        (lambda: PeriodicEmbedding(sigma=0.0), "sigma must be above 0"),
        (lambda: PeriodicEmbedding()(floats(4, 3, 2)), r"`\(batch, columns\)`"),
        (lambda: quantile_edges(np.zeros(3)), r"`\(rows, columns\)`, found shape \(3,\)"),
        (lambda: quantile_edges(np.zeros((3, 1)), bins=0), "bins must be"),
        (lambda: AttentionPooling(4)(floats(4, 3)), r"`\(batch, steps, features\)`"),
        (lambda: MemberScale(4)(floats(4, 3, 2)), r"`\(batch, features\)`"),
        (
            lambda: EnsembleDense(4, members=3)(floats(4, 2, 5)),
            r"`\(batch, 3, features\)` or `\(batch, features\)`",
        ),
        (lambda: EnsembleHead(4)(floats(4, 5)), r"`\(batch, members, features\)`"),
        (lambda: mean_probability(floats(4)), r"`\(batch, members\)` or `\(batch, members, classes\)`"),
    ],
)
def test_a_bad_argument_is_refused_with_what_was_expected(build, message):
    with pytest.raises(ValueError, match=message):
        build()


# --- categorical ----------------------------------------------------------------------------------------


def test_missing_unseen_and_out_of_range_codes_have_rows_of_their_own():
    layer = CategoricalEmbedding([3, 3], 4)
    rows = numpy(layer(np.array([[0, 0], [1, 1], [2, 2], [4, 4], [5, 5], [-1, -7], [10**9, 10**9]])))
    np.testing.assert_array_equal(rows[1], 0)
    for outside in (4, 5, 6):
        np.testing.assert_array_equal(rows[outside], rows[1])
    table = numpy(layer.tables[0])
    np.testing.assert_array_equal(rows[[0, 2, 3], 0], table[[0, 2, 4]])
    np.testing.assert_array_equal(rows[[0, 2, 3], 1], table[[5, 7, 9]])
    assert len(np.unique(table, axis=0)) == 9  # ten rows, the two unseen ones alike


def test_codes_are_exact_in_mixed_precision(policy):
    policy("mixed_bfloat16")
    layer = CategoricalEmbedding([10_000], 2)
    rows = numpy(keras.ops.cast(layer(np.array([[9001], [9002], [9001.0]])), "float32"))
    assert (rows[0] == rows[2]).all() and (rows[0] != rows[1]).any()


def test_the_unseen_row_is_learnt_only_when_codes_are_hidden():
    x, y = np.full((64, 1), 2, "int32"), np.ones((64, 1))
    for rate, learnt in ((0.0, False), (0.5, True)):
        layer = CategoricalEmbedding([3], 4, unseen_rate=rate, concatenate=True)
        net = keras.Sequential([layer, keras.layers.Dense(1)])
        net.compile("adam", "mse")
        net.fit(x, y, verbose=0)
        assert numpy(layer.tables[0])[1].any() == learnt
        np.testing.assert_array_equal(numpy(layer(x)), numpy(layer(x)))  # nothing is hidden in prediction


# --- numbers --------------------------------------------------------------------------------------------


def piecewise_by_hand(x, edges):
    """Equation 1 of Gorishniy et al., 2022, one number at a time."""
    last = len(edges) - 1
    code = []
    for t in range(1, last + 1):
        if x < edges[t - 1] and t > 1:
            code.append(0.0)
        elif x >= edges[t] and t < last:
            code.append(1.0)
        else:
            code.append((x - edges[t - 1]) / (edges[t] - edges[t - 1]))
    return code


@settings(max_examples=40, deadline=None)
@given(
    x=st.lists(st.floats(-5, 5, width=32), min_size=1, max_size=5),
    edges=st.lists(st.integers(-4, 4), min_size=2, max_size=6, unique=True),
)
def test_piecewise_linear_encoding_is_equation_1(x, edges):
    layer = PiecewiseLinearEmbedding([sorted(edges), [0, 1, 2, 3, 4, 5, 6]])
    found = numpy(layer(np.stack([x, np.zeros(len(x))], axis=1).astype("float32")))
    expected = [piecewise_by_hand(value, sorted(edges)) for value in x]
    np.testing.assert_allclose(found[:, 0, : len(edges) - 1], expected, atol=1e-5)
    np.testing.assert_array_equal(found[:, 0, len(edges) - 1 :], 0)


def test_missing_numbers_read_as_zero():
    for layer in (PiecewiseLinearEmbedding(EDGES, 3), PeriodicEmbedding(4, 3)):
        missing, zero = numpy(layer(np.array([[np.nan, np.inf], [0.0, 0.0]], "float32")))
        np.testing.assert_array_equal(missing, zero)


def test_periodic_embedding_is_equation_2():
    layer = PeriodicEmbedding(4, None, sigma=1.0)
    x = floats(6, 2)
    found, c = numpy(layer(x)), numpy(layer.coefficients)
    for row in range(6):
        for feature in range(2):
            angle = 2 * np.pi * c[feature] * x[row, feature]
            expected = np.concatenate([np.sin(angle), np.cos(angle)])
            np.testing.assert_allclose(found[row, feature], expected, atol=1e-5)


def test_each_feature_has_a_linear_map_of_its_own_unless_lite():
    x = np.full((1, 2), 0.5, "float32")
    for lite in (False, True):
        layer = PeriodicEmbedding(4, 3, activation=None, lite=lite)
        layer(x)
        layer.coefficients.assign(np.ones((2, 4)))
        first, second = numpy(layer(x))[0]
        assert np.allclose(first, second) == lite


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), min_size=0, max_size=30),
    bins=st.integers(1, 8),
)
def test_quantile_edges_of_any_column_are_usable(values, bins):
    (edges,) = quantile_edges(np.array(values, "float64").reshape(-1, 1), bins)
    assert 2 <= len(edges) <= bins + 1
    assert (np.diff(np.array(edges, "float32")) > 0).all() and np.isfinite(edges).all()
    PiecewiseLinearEmbedding([edges])


def test_quantile_edges_hold_equally_many_values():
    x = rng().exponential(size=(1000, 1))
    counts = np.histogram(x, quantile_edges(x, 10)[0])[0]
    assert (abs(counts - 100) <= 2).all()


def test_quantile_edges_of_constant_and_empty_columns_give_one_bin():
    x = np.stack([np.full(5, 1e9), np.full(5, np.nan), np.zeros(5)], axis=1)
    assert [len(edges) for edges in quantile_edges(x, 4)] == [2, 2, 2]


# --- sequences ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_recurrent_encoders_ignore_padding_wherever_it_stands(encoder, bidirectional):
    model = ENCODERS[encoder]((None, 3), units=4, depth=2, bidirectional=bidirectional)
    x = floats(5, 6, 3)
    zeros = np.zeros((5, 4, 3), "float32")
    expected = numpy(model(x))
    for where in ([zeros, x], [x, zeros], [zeros, x, zeros], [x[:, :2], zeros, x[:, 2:]]):
        np.testing.assert_allclose(numpy(model(np.concatenate(where, axis=1))), expected, atol=1e-6)
    assert not np.allclose(numpy(model(x[:, ::-1])), expected)  # but the order of the steps matters


@pytest.mark.parametrize("encoder", ENCODERS)
def test_recurrent_encoders_return_zeros_for_padding(encoder):
    x = padded(4, 6, 3)
    model = ENCODERS[encoder]((6, 3), units=4, depth=2, return_sequences=True)
    states = numpy(model(x))
    assert not states[0, :2].any() and states[0, 2:].any()
    assert not states[1].any()
    assert states[2, :4].any() and not states[2, 4:].any()
    last = ENCODERS[encoder]((6, 3), units=4, depth=2)
    last.set_weights(model.get_weights())
    np.testing.assert_allclose(numpy(last(x)), states[np.arange(4), [5, 5, 3, 5]], atol=1e-6)


def test_recurrent_encoders_never_ask_for_cudnn_even_after_reload(tmp_path):
    model = lstm_encoder((6, 3), units=4, bidirectional=True)
    model.save(tmp_path / "model.keras")
    reader = keras.saving.load_model(tmp_path / "model.keras").layers[-1]
    assert reader.forward_layer.use_cudnn is False and reader.backward_layer.use_cudnn is False


def test_attention_pooling_forgets_order_and_skips_padding():
    layer = AttentionPooling(4)
    x = floats(5, 6, 3)
    expected = numpy(layer(x))
    np.testing.assert_allclose(numpy(layer(x[:, rng().permutation(6)])), expected, atol=1e-6)
    longer = np.concatenate([np.zeros((5, 2, 3), "float32"), x], axis=1)
    np.testing.assert_allclose(numpy(layer(longer)), expected, atol=1e-6)
    assert (expected <= x.max(axis=1) + 1e-6).all() and (expected >= x.min(axis=1) - 1e-6).all()


def test_attention_pooling_obeys_a_mask_and_gives_zeros_for_empty_rows():
    layer = AttentionPooling(4)
    x = floats(3, 6, 3)
    mask = np.ones((3, 6), bool)
    mask[0, 4:], mask[1] = False, False
    expected = numpy(layer(x[:1, :4]))
    x[0, 4:] = np.nan  # what the mask hides may be anything
    found = numpy(layer(x, mask=mask))
    np.testing.assert_allclose(found[:1], expected, atol=1e-6)
    assert not found[1].any() and np.isfinite(found).all()


def test_an_encoder_feeds_attention_pooling_with_its_mask():
    inputs = keras.Input((None, 3))
    encoder = gru_encoder((None, 3), units=4, return_sequences=True)
    model = keras.Model(inputs, keras.layers.Dense(1)(AttentionPooling(4)(encoder(inputs))))
    x = floats(5, 6, 3)
    longer = np.concatenate([np.zeros((5, 2, 3), "float32"), x], axis=1)
    np.testing.assert_allclose(numpy(model(longer)), numpy(model(x)), atol=1e-6)
    model.compile("adam", "mse")
    history = model.fit(longer, np.zeros((5, 1)), verbose=0)
    assert np.isfinite(history.history["loss"]).all()


# --- TabM -----------------------------------------------------------------------------------------------


def weights_of(model):
    return {layer.name: layer for layer in model.layers}


@pytest.mark.parametrize("mini", [False, True])
def test_tabm_with_equal_adapters_is_one_plain_network(mini):
    x = floats(6, 5)
    net = tabm_encoder((5,), units=4, depth=2, members=3, mini=mini, adapter="ones")
    dense = [layer for layer in net.layers if hasattr(layer, "kernel")]
    h = x
    for layer in dense:
        bias = numpy(layer.bias)
        h = np.maximum(h @ numpy(layer.kernel) + (bias if mini else bias[0]), 0)
    for member in range(3):
        np.testing.assert_allclose(numpy(net(x))[:, member], h, atol=1e-5)


@pytest.mark.parametrize("mini", [False, True])
def test_tabm_members_differ_by_their_first_adapter(mini):
    output = numpy(tabm_encoder((16,), units=8, members=4, mini=mini)(floats(6, 16)))
    for i in range(4):
        for j in range(i):
            assert not np.allclose(output[:, i], output[:, j])


def test_tabm_starts_as_the_paper_says():
    net = tabm_encoder((40,), units=8, depth=3, members=16)
    first, *others = [layer for layer in net.layers if isinstance(layer, EnsembleDense)]
    assert set(np.unique(numpy(first.r))) == {-1.0, 1.0}
    assert abs(numpy(first.r).mean()) < 0.2
    assert all((numpy(layer.r) == 1).all() for layer in others) and len(others) == 2
    assert all((numpy(layer.s) == 1).all() for layer in (first, *others))
    assert all((numpy(layer.bias) == numpy(layer.bias)[0]).all() for layer in (first, *others))


def test_the_features_of_a_section_start_with_one_scale():
    layer = MemberScale(8, adapter="normal", sections=[3, 2])
    layer(floats(2, 5))
    scale = numpy(layer.scale)
    assert (scale[:, :3] == scale[:, :1]).all() and (scale[:, 3:] == scale[:, 3:4]).all()
    assert not np.allclose(scale[:, 0], scale[:, 3]) and len(np.unique(scale[:, 0])) == 8


def test_ensemble_dense_is_the_formula_of_the_paper():
    layer = EnsembleDense(4, members=3, adapter="normal")
    x = floats(6, 5)
    layer(x)
    for weight in layer.weights:
        weight.assign(rng(1).normal(size=weight.shape))
    w, r, s, b = (numpy(getattr(layer, name)) for name in ("kernel", "r", "s", "bias"))
    expected = np.stack([s[i] * ((r[i] * x) @ w) + b[i] for i in range(3)], axis=1)
    np.testing.assert_allclose(numpy(layer(x)), expected, atol=1e-5)
    repeated = np.repeat(x[:, None], 3, axis=1)
    np.testing.assert_allclose(numpy(layer(repeated)), expected, atol=1e-5)


@pytest.mark.parametrize("units", [1, 2])
def test_ensemble_head_is_one_linear_layer_a_member(units):
    layer = EnsembleHead(units)
    x = floats(6, 3, 5)
    found, w, b = numpy(layer(x)), numpy(layer.kernel), numpy(layer.bias)
    for i in range(3):
        np.testing.assert_allclose(found[:, i], x[:, i] @ w[i] + b[i], atol=1e-5)


def test_mean_probability_averages_after_the_squashing():
    logits = floats(6, 4) * 5
    expected = (1 / (1 + np.exp(-logits))).mean(axis=1)
    np.testing.assert_allclose(numpy(mean_probability(logits)), expected, atol=1e-6)
    classes = numpy(mean_probability(floats(6, 4, 3)))
    assert classes.shape == (6, 3)
    np.testing.assert_allclose(classes.sum(axis=1), 1, atol=1e-6)
    one = numpy(mean_probability(logits[:, :1]))  # a single member: the same code
    np.testing.assert_allclose(one, 1 / (1 + np.exp(-logits[:, 0])), atol=1e-6)


@pytest.mark.parametrize(("members", "mini"), [(1, False), (4, False), (4, True)])
def test_tabm_learns_and_its_prediction_model_stays_in_step(members, mini):
    x = rng().normal(size=(512, 2)).astype("float32")
    y = (x[:, 0] * x[:, 1] > 0).astype("int32")  # no linear model finds this
    encoder = tabm_encoder((2,), units=32, members=members, mini=mini)
    net = keras.Sequential([encoder, binary_head((members, 32))])
    score = keras.Model(encoder.input, MeanProbability()(net(encoder.input)))
    net.compile(keras.optimizers.Adam(0.01), MemberLoss(keras.losses.BinaryCrossentropy(from_logits=True)))
    net.fit(x, y, epochs=10, batch_size=64, verbose=0)
    p = score.predict(x, verbose=0)
    np.testing.assert_allclose(p, numpy(mean_probability(net(x))), atol=1e-5)
    assert ((p > 0.5) == y).mean() > 0.9


def test_tabm_and_attention_compile_under_xla():
    inputs = keras.Input((5,))
    encoded = tabm_encoder((5,), units=4, members=3)(inputs)
    net = keras.Model(inputs, binary_head((3, 4))(keras.layers.Add()([encoded, encoded])))
    for model, x in ((net, floats(8, 5)), (as_model(AttentionPooling(4), (7, 3)), padded(8, 7, 3))):
        model.compile("sgd", "mse", jit_compile=True)
        expected = numpy(model(x))
        np.testing.assert_allclose(model.predict(x, verbose=0), expected, atol=1e-5)


# --- heads and dense ------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(5,), (3, 5)])
def test_quantiles_never_cross(shape):
    head = quantile_head(shape, quantiles=5)
    for weight in head.weights:
        weight.assign(rng(2).normal(size=weight.shape) * 30)
    x = rng(3).normal(size=(200, *shape)) * 30
    assert (np.diff(numpy(head(x)), axis=-1) >= 0).all()


@pytest.mark.parametrize("shape", [(5,), (3, 5)])
def test_binary_head_starts_at_the_prior(shape):
    p = numpy(mean_probability(binary_head(shape, prior=0.02)(np.zeros((2, *shape)))))
    np.testing.assert_allclose(p, 0.02, atol=1e-6)


def test_a_residual_block_adds_its_input():
    inputs = keras.Input((4,))
    model = keras.Model(inputs, dense_block(inputs, units=4, residual=True))
    for weight in model.weights:
        weight.assign(np.zeros(weight.shape))
    x = floats(3, 4)
    np.testing.assert_array_equal(numpy(model(x)), x)


def test_embedding_dim_grows_with_the_vocabulary_and_is_bounded():
    widths = [embedding_dim(n) for n in (1, 2, 10, 100, 1000, 10**6)]
    assert widths == sorted(widths) and widths[0] >= 1 and widths[-1] == 50
