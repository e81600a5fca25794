"""The formats that a network is exported to: how each is written, and how it is loaded again."""

import logging
import re
import tempfile
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from shared.errors import BundleError, MissingExtraError
from shared.export.graphs import concrete_function
from shared.export.ports import Signature
from shared.export.sessions import Session, litert_session, onnx_session, saved_model_session
from shared.export.variants import float16_weights, int8_weights
from shared.quiet import quiet

OPSET = (
    17  # at 18 the converter loses the axes of `ReduceMax`, and photos' statistics come out in another shape
)


@dataclass(frozen=True)
class Format:
    """One format.

    Args:
        name: On the command line.
        file: What is written, a file or a folder.
        variants: What it can be written as.
        write: `(model, signature, path, variant, batch)`.
        open: `(path, signature, batch=, threads=)` -> session.
        one_row: Whether what cannot be written for any number of rows is tried for one row at a time.
    """

    name: str
    file: str
    variants: tuple[str, ...]
    write: Callable[..., None]
    open: Callable[..., Session]
    one_row: bool = False


def write_saved_model(model, signature: Signature, path: Path, variant: str, batch: int | None) -> None:
    """Writes a SavedModel with the function `serve`, which is its `serving_default` too."""
    import keras

    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("serve", concrete_function(model, signature, batch=batch))
    archive.write_out(path, verbose=False)


def write_onnx(model, signature: Signature, path: Path, variant: str, batch: int | None) -> None:
    """Writes ONNX by way of TensorFlow's graph.

    Raises:
        MissingExtraError: If the converter is not installed.
        BundleError: If the network holds an operator that ONNX lacks.
    """
    try:
        with quiet():
            import onnx
            import tf2onnx
    except ImportError:
        raise MissingExtraError("tf2onnx", extra="export", purpose="exporting to ONNX") from None
    from keras.src.export.tf2onnx_lib import patch_tf2onnx

    logging.getLogger("tf2onnx").setLevel(logging.CRITICAL)
    function = concrete_function(model, signature, batch=batch)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        patch_tf2onnx()  # for NumPy 2, as Keras does
        try:
            made, _ = tf2onnx.convert.from_function(function, function.input_signature, opset=OPSET)
        except (ValueError, NotImplementedError, AssertionError, KeyError) as error:
            raise _refused("ONNX", error) from None
    lacking = {node.op_type for node in made.graph.node if not onnx.defs.has(node.op_type, node.domain)}
    if lacking:  # the converter copies what it does not know
        raise _lacks("ONNX", lacking)
    onnx.save(made, path)
    if variant == "int8":
        int8_weights(path)
    elif variant == "float16":
        float16_weights(path)


def write_litert(model, signature: Signature, path: Path, variant: str, batch: int | None) -> None:
    """Writes LiteRT with its own operators alone.

    Raises:
        BundleError: If the network holds an operator that LiteRT lacks; the message names it.
    """
    with tempfile.TemporaryDirectory() as place:
        saved = Path(place) / "saved_model"  # by way of which weights become constants
        write_saved_model(model, signature, saved, variant, batch)
        path.write_bytes(_converted(saved, variant))


def _converted(saved: Path, variant: str) -> bytes:
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_saved_model(str(saved))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    if variant != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if variant == "float16":
        converter.target_spec.supported_types = [tf.float16]
    with quiet():
        try:
            return converter.convert()
        except Exception as error:  # the converter raises whatever its parts raise
            failure = _refused("LiteRT", error)
    raise failure


def _refused(name: str, error: Exception) -> BundleError:
    """Which operator a format lacks, as plainly as its converter says."""
    text = str(error)
    found = re.findall(r"\btf\.([A-Z]\w+)", text) or re.findall(r"op \w+ \((\w+)\)|op_type[:=] ?(\w+)", text)
    names = {each if isinstance(each, str) else "".join(each) for each in found}
    first = next((line for line in text.splitlines() if line.strip()), type(error).__name__)
    return _lacks(name, names) if names else _lacks(name, (), f"part of this network ({first[:200]})")


def _lacks(name: str, operators: Iterable[str], what: str = "") -> BundleError:
    what = what or f"operator {', '.join(sorted(operators)[:6])}"
    return BundleError(f"{name} has no {what}. Export to another format: {', '.join(FORMATS)}")


FORMATS = {
    "saved_model": Format("saved_model", "saved_model", ("float32",), write_saved_model, saved_model_session),
    "onnx": Format("onnx", "model.onnx", ("float32", "float16", "int8"), write_onnx, onnx_session),
    "litert": Format(
        "litert", "model.tflite", ("float32", "float16", "int8"), write_litert, litert_session, one_row=True
    ),
}
