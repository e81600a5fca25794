"""The network of a bundle in other formats, each proved to answer as Keras does.

export(bundle, format, out)          writes SavedModel, ONNX or LiteRT, and compares before it is kept
open_export(folder)                  a session: called as `shared.training.predict` calls a network
with_runtime(pipeline, "onnx")       the same pipeline, its network run by ONNX Runtime
"""

from shared.export.exporting import VARIANTS, export, open_export, read_export
from shared.export.formats import FORMATS
from shared.export.runtime import with_runtime

__all__ = ["FORMATS", "VARIANTS", "export", "open_export", "read_export", "with_runtime"]
