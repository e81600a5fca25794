"""An exported network, loaded: it is called as a Keras model is by `shared.training.predict`."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from shared.errors import MissingExtraError
from shared.export.ports import Signature, flat
from shared.inputs import Arrays
from shared.quiet import quiet


class Session:
    """One exported network.

    It has what `shared.training.predict` reads of a Keras model, and is called with one batch.

    Args:
        signature: Inputs and outputs.
        run: Arrays in the order of the inputs -> arrays in the order of the outputs.
        batch: Rows that it takes at once; None: any.
    Attributes:
        input: Names, shapes and types of the inputs, in the structure of the Keras model.
        output: The same of the outputs.
    Example:
        >>> from shared.export.ports import Port
        >>> ports = Port("number", (None, 2), "float32"), Port("output", (None,), "float32")
        >>> session = Session(Signature(*ports), lambda arrays: [arrays[0].sum(axis=1)])
        >>> session(np.ones((3, 2), "float32")).tolist()
        [2.0, 2.0, 2.0]
    """

    def __init__(
        self,
        signature: Signature,
        run: Callable[[list[np.ndarray]], list[np.ndarray]],
        *,
        batch: int | None = None,
    ):
        self.input, self.output = signature.inputs, signature.outputs
        self.signature, self.run, self.batch = signature, run, batch

    def __call__(self, x: np.ndarray | Arrays, batch_size: int | None = None):
        ports = list(flat(self.input))
        arrays = [x[name] for name in self.input] if isinstance(self.input, dict) else [x]
        arrays = [np.ascontiguousarray(array, port.dtype) for array, port in zip(arrays, ports, strict=True)]
        found = self.run(arrays) if self.batch is None else self._in_parts(arrays)
        return dict(zip(self.output, found, strict=True)) if isinstance(self.output, dict) else found[0]

    def _in_parts(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        """A network of a fixed batch reads so many rows at once; the last batch is filled up with its last row."""
        rows, size = len(arrays[0]), self.batch
        rest = -rows % size
        arrays = [np.concatenate([array, array[-1:].repeat(rest, axis=0)]) for array in arrays]
        parts = [self.run([array[at : at + size] for array in arrays]) for at in range(0, rows, size)]
        return [np.concatenate(found)[:rows] for found in zip(*parts)]


def onnx_session(path: Path, signature: Signature, *, threads: int | None = None, **_) -> Session:
    """An ONNX file on ONNX Runtime.

    Args:
        threads: That compute one batch; None: as many as there are cores.
    Raises:
        MissingExtraError: If ONNX Runtime is not installed.
    """
    try:
        import onnxruntime
    except ImportError:
        raise MissingExtraError("onnxruntime", extra="export", purpose="running ONNX") from None
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if threads is not None:
        options.intra_op_num_threads = threads
    native = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [each.name for each in native.get_inputs()]
    order = [names.index(port.name) if port.name in names else None for port in flat(signature.inputs)]

    def run(arrays: list[np.ndarray]) -> list[np.ndarray]:
        feeds = {names[at]: array for at, array in zip(order, arrays) if at is not None}
        return native.run(None, feeds)

    return Session(signature, run)


def saved_model_session(path: Path, signature: Signature, **_) -> Session:
    """A SavedModel on TensorFlow."""
    import tensorflow as tf

    loaded = tf.saved_model.load(str(path))

    def run(arrays: list[np.ndarray]) -> list[np.ndarray]:
        return [output.numpy() for output in loaded.serve(*map(tf.convert_to_tensor, arrays))]

    session = Session(signature, run)
    session.loaded = loaded  # whose variables must live as long as the function
    return session


def litert_session(
    path: Path, signature: Signature, *, batch: int | None = None, threads: int | None = None
) -> Session:
    """A LiteRT file on its interpreter.

    Raises:
        MissingExtraError: If the interpreter is not installed.
    """
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        raise MissingExtraError("ai-edge-litert", extra="export", purpose="running LiteRT") from None
    with quiet():
        interpreter = Interpreter(model_path=str(path), num_threads=threads)
        interpreter.allocate_tensors()
    runner = interpreter.get_signature_runner("serving_default")
    names = sorted(runner.get_output_details(), key=_number_of)
    inputs = [port.name for port in flat(signature.inputs)]
    kept = set(runner.get_input_details())

    def run(arrays: list[np.ndarray]) -> list[np.ndarray]:
        found = runner(**{name: array for name, array in zip(inputs, arrays) if name in kept})
        return [found[name] for name in names]

    session = Session(signature, run, batch=batch)
    session.interpreter = interpreter  # whose memory must live as long as its runner
    return session


def _number_of(name: str) -> int:
    """Outputs of a TensorFlow function are called `output_0`, `output_1`, ..."""
    return int("".join(letter for letter in name if letter.isdigit()) or 0)
