"""The network of a bundle in other formats, each proved to answer as Keras does.

export(bundle, format, out)          writes SavedModel, ONNX or LiteRT, and compares before it is kept
open_export(folder)                  a session: called as `shared.training.predict` calls a network
with_runtime(pipeline, "onnx")       the same pipeline, its network run by ONNX Runtime
"""

from typing import TYPE_CHECKING

from shared.lazy import lazily

if TYPE_CHECKING:
    from shared.export.exporting import VARIANTS, export, open_export, read_export
    from shared.export.formats import FORMATS
    from shared.export.runtime import with_runtime

__all__ = ["FORMATS", "VARIANTS", "export", "open_export", "read_export", "with_runtime"]
_HOMES = {
    **dict.fromkeys(("VARIANTS", "export", "open_export", "read_export"), "shared.export.exporting"),
    "FORMATS": "shared.export.formats",
    "with_runtime": "shared.export.runtime",
}
__getattr__ = lazily(__name__, _HOMES)
