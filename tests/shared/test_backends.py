"""Everything in `builders` and `losses` gives under JAX what it gives under TensorFlow."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

HERE = Path(__file__).parent
SCRIPT = """
import sys
from pathlib import Path

here, out = Path(sys.argv[1]), Path(sys.argv[2])
sys.path[:0] = [str(here), str(here.parents[1])]
import keras
import numpy as np
from test_builders import CASES
from test_losses import LOGITS, LOSSES, Y

assert keras.backend.backend() == "jax", keras.backend.backend()
given = np.load(out / "tensorflow.npz")
models, inputs, tensors, encoded = {}, {}, {}, {}
for number, (name, case) in enumerate(CASES.items()):
    model, x, shape = case()
    model.set_weights([given[f"{name}/{i}"] for i in range(len(model.weights))])
    tensor = keras.Input(x.shape[1:], dtype=str(x.dtype), name=f"input_{number}")
    encoded[name] = keras.Sequential([model], name=f"case_{number}")(tensor)
    models[name], inputs[tensor.name], tensors[tensor.name] = model, x, tensor

# all of them side by side in one model: a few compilations instead of a hundred
side_by_side = keras.Model(tensors, encoded)
found = side_by_side.predict_on_batch(inputs)
for name, loss in LOSSES.items():
    found["loss " + name] = np.asarray(loss()(Y, LOGITS))
np.savez(out / "jax.npz", **found)

flat = keras.layers.Concatenate()([keras.layers.Flatten()(x) for x in encoded.values()])
net = keras.Model(tensors, keras.layers.Dense(3)(flat))
net.compile("sgd", LOSSES["members of balanced focal"]())
before = {name: model.get_weights() for name, model in models.items()}
net.train_on_batch(inputs, np.arange(6) % 2)
for name, model in models.items():
    after = model.get_weights()
    assert all(np.isfinite(weight).all() for weight in after), f"{name} got weights that are not finite"
    moved = any((a != b).any() for a, b in zip(after, before[name]))
    assert moved or not model.trainable_weights, f"{name} did not learn"

side_by_side.save(out / "model.keras")
again = keras.saving.load_model(out / "model.keras").predict_on_batch(inputs)
trained = side_by_side.predict_on_batch(inputs)
for name in models:
    assert np.array_equal(again[name], trained[name]), f"{name} reloads differently"
"""


@pytest.fixture(scope="module")
def cases():
    sys.path.insert(0, str(HERE))
    try:
        import test_builders
        import test_losses
    finally:
        sys.path.remove(str(HERE))
    return test_builders.CASES, test_losses


@pytest.fixture(scope="module")
def outputs(cases, tmp_path_factory):
    """What TensorFlow and JAX give for the same weights."""
    if importlib.util.find_spec("jax") is None:
        pytest.skip("jax is not installed")
    if keras.backend.backend() == "jax":
        pytest.skip("this process runs on JAX already, there is nothing to compare with")
    builders, losses = cases
    out = tmp_path_factory.mktemp("backends")
    expected, weights = {}, {}
    for name, case in builders.items():
        model, x, _ = case()
        expected[name] = keras.ops.convert_to_numpy(model(x))
        weights.update({f"{name}/{i}": weight for i, weight in enumerate(model.get_weights())})
    for name, loss in losses.LOSSES.items():
        expected["loss " + name] = keras.ops.convert_to_numpy(loss()(losses.Y, losses.LOGITS))
    np.savez(out / "tensorflow.npz", **weights)
    quick = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"  # to compile
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "XLA_FLAGS": quick}
    command = [sys.executable, "-c", SCRIPT, str(HERE), str(out)]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    return expected, out / "jax.npz", run


@pytest.mark.slow
def test_every_builder_trains_and_reloads_under_jax(outputs):
    _, _, run = outputs
    assert run.returncode == 0, run.stderr[-3000:]


@pytest.mark.slow
def test_jax_gives_what_tensorflow_gives(outputs):
    expected, path, _ = outputs
    found = np.load(path)
    assert set(found.files) == set(expected)
    for name in expected:
        np.testing.assert_allclose(found[name], expected[name], atol=1e-5, rtol=1e-5, err_msg=name)


def test_builders_and_losses_name_no_backend():
    root = HERE.parents[1] / "shared"
    for path in [*(root / "losses").glob("*.py"), *(root / "builders").glob("*.py")]:
        text = path.read_text(encoding="utf-8")
        assert "tensorflow" not in text and "import jax" not in text and "Lambda(" not in text, path
