import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from shared.builders.class_activation import ClassMaps
from shared.builders.fusion import LateFusion, ModalityDropout, fused_network
from shared.builders.signal_augmentation import signal_augmentation
from shared.builders.signals import signal_encoder
from shared.builders.small_image import small_image_encoder


def evidence(modalities=3, batch=5, classes=4, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(batch, classes)).astype("float32") for _ in range(modalities)]


def presences(modalities=3, batch=5, seed=0):
    return np.random.default_rng(seed).integers(0, 2, (batch, modalities)).astype("float32")


@given(seed=st.integers(0, 1000), modalities=st.integers(1, 4))
@settings(max_examples=10, deadline=None)
def test_logits_are_the_bias_and_the_sum_of_what_is_there(seed, modalities):
    given_, there = evidence(modalities, seed=seed), presences(modalities, seed=seed)
    layer = LateFusion(4, prior=[0.1, 0.2, 0.3, 0.4])
    expected = np.log([0.1, 0.2, 0.3, 0.4]) + sum(there[:, [i]] * given_[i] for i in range(modalities))
    np.testing.assert_allclose(layer(given_, there), expected, atol=1e-5)


def test_softmax_of_log_likelihoods_is_the_posterior_of_naive_bayes():
    from sklearn.naive_bayes import GaussianNB

    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 300)
    x = rng.normal(size=(300, 2)) + y[:, None]
    model = GaussianNB(priors=[0.2, 0.5, 0.3]).fit(x, y)
    spread = model.var_.T[:, None]
    likelihoods = -0.5 * np.log(spread) - 0.5 * (x.T[..., None] - model.theta_.T[:, None]) ** 2 / spread
    logits = LateFusion(3, prior=model.priors)(
        list(likelihoods.astype("float32")), np.ones((300, 2), "float32")
    )
    np.testing.assert_allclose(ops.softmax(logits), model.predict_proba(x), atol=1e-4)


def test_without_any_modality_the_answer_is_the_prior():
    prior = [0.7, 0.2, 0.1]
    logits = LateFusion(3, prior=prior)(evidence(classes=3), np.zeros((5, 3), "float32"))
    np.testing.assert_allclose(ops.softmax(logits), np.tile(prior, (5, 1)), atol=1e-6)
    even = LateFusion(3)(evidence(classes=3), np.zeros((5, 3), "float32"))
    assert np.array_equal(even, np.zeros((5, 3)))


def test_a_prior_in_counts_is_taken_as_shares():
    nothing = (evidence(1, classes=2), np.zeros((5, 1), "float32"))
    np.testing.assert_allclose(
        LateFusion(2, prior=[30, 10])(*nothing), LateFusion(2, prior=[0.75, 0.25])(*nothing)
    )


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf, 1e30])
def test_what_a_missing_modality_holds_does_not_matter(odd):
    given_, there = evidence(), np.array([[1, 0, 1]] * 5, "float32")
    layer = LateFusion(4)
    expected = np.array(layer(given_, there))
    given_[1][:] = odd
    assert np.array_equal(layer(given_, there), expected) and np.isfinite(expected).all()


def test_evidence_without_members_counts_for_each_member():
    rng = np.random.default_rng(0)
    photo, table, signal = evidence()[0], rng.normal(size=(5, 6, 4)).astype("float32"), evidence()[2]
    there = presences(seed=3)
    layer = LateFusion(4)
    found = np.array(layer([photo, table, signal], there))
    assert found.shape == (5, 6, 4)
    for member in range(6):
        alone = layer([photo, table[:, member], signal], there)
        np.testing.assert_allclose(found[:, member], alone, atol=1e-6)
    tensors = [keras.Input((4,)), keras.Input((6, 4)), keras.Input((4,))]
    assert LateFusion(4)(tensors, keras.Input((3,))).shape == (None, 6, 4)
    assert LateFusion(4)([tensors[0]], keras.Input((1,))).shape == (None, 4)


def gradients(given_, there):
    """The gradient of a sum of squares to each evidence."""
    tf = pytest.importorskip("tensorflow")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("GradientTape is TensorFlow's")
    layer, tensors = LateFusion(4), [tf.constant(each) for each in given_]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        loss = ops.sum(ops.square(layer(tensors, there) + 1.0))
    return [np.array(gradient) for gradient in tape.gradient(loss, tensors)]


def test_no_gradient_flows_to_what_is_missing_even_if_it_is_no_number():
    given_, there = evidence(), presences()
    assert 0 < there.mean() < 1
    for place, each in enumerate(given_):
        each[there[:, place] == 0] = np.nan
    for place, gradient in enumerate(gradients(given_, there)):
        assert np.array_equal(gradient[there[:, place] == 0], np.zeros_like(gradient[there[:, place] == 0]))
        assert (gradient[there[:, place] == 1] != 0).all()


def test_dropout_only_takes_away_and_never_the_last_one():
    there = np.array([[i >> bit & 1 for bit in range(4)] for i in range(16)] * 50, "float32")
    found = np.array(ModalityDropout(0.95, seed=0)(there, training=True))
    assert set(np.unique(found)) == {0.0, 1.0} and (found <= there).all()
    assert ((found.sum(axis=1) > 0) == (there.sum(axis=1) > 0)).all()
    alone = there.sum(axis=1) == 1
    assert np.array_equal(found[alone], there[alone])


def test_dropout_takes_each_away_with_its_chance_and_keeps_any_of_them_alike():
    rate, rows = 0.4, 20000
    found = np.array(ModalityDropout(rate, seed=1)(np.ones((rows, 3), "float32"), training=True))
    # by hand: a modality is gone with `rate`, unless all are and it is the one of three that is kept
    expected = rate - rate**3 / 3
    np.testing.assert_allclose(1 - found.mean(axis=0), expected, atol=4 * 0.5 / rows**0.5)
    single = found[found.sum(axis=1) == 1].mean(axis=0)
    np.testing.assert_allclose(single, 1 / 3, atol=0.03)


def test_dropout_rests_outside_training_and_at_rate_zero():
    there = presences()
    for found in (
        ModalityDropout(0.9)(there),
        ModalityDropout(0.9)(there, training=False),
        ModalityDropout(0.0)(there, training=True),
    ):
        assert np.array_equal(found, there)


def test_one_seed_gives_the_same_dropout_and_each_call_another():
    there = np.ones((50, 3), "float32")
    layer = ModalityDropout(0.5, seed=5)
    first, second = (np.array(layer(there, training=True)) for _ in range(2))
    assert np.array_equal(first, ModalityDropout(0.5, seed=5)(there, training=True))
    assert not np.array_equal(first, second)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="classes must be at least 2, found 1"):
        LateFusion(1)
    for prior in ([0.5], [0.5, 0.0, 0.5], [0.5, float("nan"), 0.5]):
        with pytest.raises(ValueError, match="prior must be 3 shares above 0"):
            LateFusion(3, prior=prior)
    with pytest.raises(ValueError, match=r"expects presence of shape `\(batch, 3\)`"):
        LateFusion(4)(evidence(), np.ones((5, 2), "float32"))
    with pytest.raises(ValueError, match=r"expects evidence of shape `\(batch, 3\)`"):
        LateFusion(3)(evidence(), presences())
    with pytest.raises(ValueError, match=r"one number of members, found \[2, 3\]"):
        LateFusion(4)([np.ones((5, 2, 4), "float32"), np.ones((5, 3, 4), "float32")], presences(2))
    with pytest.raises(ValueError, match="rate must lie in"):
        ModalityDropout(1.0)


def fused(evidence_shapes, **options):
    given = {
        f"modality{place}": keras.Input(shape, name=f"modality{place}")
        for place, shape in enumerate(evidence_shapes)
    }
    given["presence"] = keras.Input((len(evidence_shapes),), name="presence")
    evidence = [tensor for name, tensor in given.items() if name != "presence"]
    return fused_network(given, evidence, prior=[0.6, 0.3, 0.1], **options)


def test_a_fused_network_says_the_prior_of_a_patient_of_whom_nothing_is_known_for_each_member():
    for shapes, members in ([(3,), (3,)], 1), ([(4, 3), (3,)], 4):
        model = fused(shapes)
        arrays = {f"modality{place}": np.ones((2, *shape)) for place, shape in enumerate(shapes)}
        found = ops.softmax(model({**arrays, "presence": np.zeros((2, 2))}))
        assert found.shape == (2, members, 3)
        np.testing.assert_allclose(found[0, 0], [0.6, 0.3, 0.1], atol=1e-6)


def test_a_fused_network_withholds_modalities_in_training_only_where_there_are_several():
    def withholds(*shapes, rate):
        layers = fused(shapes, modality_dropout=rate).layers
        return [layer.rate for layer in layers if isinstance(layer, ModalityDropout)]

    assert withholds((3,), (3,), rate=0.25) == [0.25]
    assert withholds((3,), rate=0.25) == withholds((3,), (3,), rate=0.0) == []


def diagnosis_model():
    """A photo and a signal, each perhaps missing: everything that a diagnosis is made of, small."""
    photo, signal = keras.Input((16, 16, 1), name="photo"), keras.Input((20, 2), name="signal")
    presence = keras.Input((2,), name="presence")
    seen = ClassMaps(3, use_bias=False)(small_image_encoder((16, 16, 1), units=4, depth=1)(photo))
    heard = signal
    for layer in signal_augmentation(seed=1):
        heard = layer(heard)
    heard = signal_encoder((20, 2), units=4, depth=2, lstm_units=3)(heard)
    spoken = [seen["logits"], keras.layers.Dense(3, use_bias=False, name="spoken")(heard)]
    logits = LateFusion(3, prior=[0.6, 0.3, 0.1])(spoken, ModalityDropout(0.3, seed=2)(presence))
    inputs = {"photo": photo, "signal": signal, "presence": presence}
    return keras.Model(inputs, {"logits": logits, "maps": seen["maps"]})


def patients(rows=6):
    rng = np.random.default_rng(0)
    signal = np.stack([rng.normal(size=(rows, 20)), np.ones((rows, 20))], axis=-1)
    signal[0, 12:] = signal[1] = 0.0
    presence = np.array([[1, 1], [1, 0], [0, 1], [0, 1], [1, 1], [1, 0]])
    photo = rng.uniform(0, 255, (rows, 16, 16, 1))
    return {
        name: x.astype("float32")
        for name, x in zip(("photo", "signal", "presence"), (photo, signal, presence))
    }


def test_a_network_of_all_trains_and_reloads_equal(tmp_path):
    model, inputs = diagnosis_model(), patients()
    model.compile("sgd", {"logits": keras.losses.SparseCategoricalCrossentropy(from_logits=True)})
    model.fit(inputs, {"logits": np.arange(6) % 3}, batch_size=3, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    found, expected = again.predict(inputs, verbose=0), model.predict(inputs, verbose=0)
    assert all(np.array_equal(found[key], expected[key]) for key in expected)
    for kind in (LateFusion, ModalityDropout, ClassMaps):
        (mine,), (other,) = ([x for x in each.layers if type(x) is kind] for each in (model, again))
        assert mine.get_config() == other.get_config()


def test_mixed_precision_gives_logits_in_full_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = diagnosis_model()
        found = model(patients())
    finally:
        keras.config.set_dtype_policy("float32")
    assert {keras.backend.standardize_dtype(each.dtype) for each in found.values()} == {"float32"}
    assert np.isfinite(found["logits"]).all()


@pytest.mark.slow
def test_jax_gives_what_tensorflow_gives_and_trains(tmp_path):
    pytest.importorskip("jax")
    script = """
import sys
sys.path[:0] = sys.argv[1:3]
import keras
import numpy as np
from test_fusion import diagnosis_model, patients
model, inputs = diagnosis_model(), patients()
given = np.load(sys.argv[3])
model.set_weights([given[str(i)] for i in range(len(model.weights))])
np.savez(sys.argv[4], **model.predict(inputs, verbose=0))
model.compile("sgd", {"logits": keras.losses.SparseCategoricalCrossentropy(from_logits=True)})
model.train_on_batch(inputs, {"logits": np.arange(6) % 3})
assert all(np.isfinite(weight).all() for weight in model.get_weights())
model.save(sys.argv[4] + ".keras")
again = keras.saving.load_model(sys.argv[4] + ".keras")
assert all(np.array_equal(*pair) for pair in zip(again.get_weights(), model.get_weights()))
"""
    model = diagnosis_model()
    np.savez(tmp_path / "weights.npz", **{str(i): weight for i, weight in enumerate(model.get_weights())})
    here = Path(__file__).parent
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    files = [str(tmp_path / "weights.npz"), str(tmp_path / "jax.npz")]
    arguments = [sys.executable, "-c", script, str(here), str(here.parents[2]), *files]
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    found, expected = np.load(tmp_path / "jax.npz"), model.predict(patients(), verbose=0)
    for key, value in expected.items():
        np.testing.assert_allclose(found[key], value, atol=1e-4, err_msg=key)
