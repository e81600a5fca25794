"""A bundle made ready to be served: its runtime, and the quick road with the store of earlier rows."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from shared import bundle
from shared.errors import BundleError, ConfigError, Fault, MissingExtraError
from shared.export.beside import load_on_onnx, onnx_entry
from shared.pipeline import Pipeline
from shared.serve.rowpath import RowPath
from shared.serve.settings import ServeSettings


def loaded(folder: str | Path, content: dict[str, Any], settings: ServeSettings) -> tuple[str, Pipeline]:
    """The pipeline on the runtime that the settings ask for, and which one that is.

    A bundle that carries ONNX was compared when it was saved, and is served without Keras being imported. Of one that
    does not, the network is exported now, and compared now.

    Args:
        content: JSON of the bundle.
    """
    if settings.runtime == "tensorflow":
        return "tensorflow", bundle.load(folder)
    if "why" not in onnx_entry(content) and find_spec("onnxruntime") is not None:
        return "onnx", load_on_onnx(folder, threads=settings.threads, content=content)
    from shared.export import with_runtime

    pipeline = bundle.load(folder)
    try:
        return "onnx", with_runtime(pipeline, "onnx", threads=settings.threads)
    except (BundleError, MissingExtraError):
        if settings.runtime == "onnx":
            raise
        return "tensorflow", pipeline


def quick_road(pipeline: Pipeline, settings: ServeSettings, version: str) -> RowPath | None:
    """The road without data frames, with the store of earlier rows; None: the pipeline has none.

    Earlier rows that only `--history` gives are kept in memory.

    Args:
        version: Of the bundle.
    Raises:
        ConfigError: If a store is asked for and the pipeline keeps no earlier rows.
    """
    from shared.serve.past import MEMORY, Past

    if not RowPath.fits(pipeline):
        if settings.store is not None:
            fault = Fault(text="--store: this solution keeps no earlier rows. Leave it out")
            raise ConfigError("the service cannot be started", [fault])
        return None
    path = RowPath(pipeline)
    keyed = any(entry["kind"] == "key" for entry in path.plan["columns"])
    if settings.store is not None or (settings.history is not None and keyed):
        path.past = Past(settings.store or MEMORY, path.plan, pipeline.name, version=version)
    return path
