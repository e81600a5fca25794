"""A loaded pipeline whose network runs on another runtime; all that it does beside the network stays as it is."""

import copy
from pathlib import Path
from tempfile import TemporaryDirectory

from shared.export.exporting import open_export, write_export
from shared.export.formats import FORMATS
from shared.export.ports import Signature
from shared.pipeline import Pipeline


def with_runtime(
    pipeline: Pipeline, runtime: str, *, exported: str | Path | None = None, threads: int | None = None
) -> Pipeline:
    """The same pipeline, its network run by ONNX Runtime, by a SavedModel or by LiteRT.

    `predict` works as before. What looks into the Keras network (class maps of photos, further training) needs the
    pipeline itself, which is not changed.

    Args:
        pipeline: Fitted or loaded.
        runtime: "onnx", "saved_model" or "litert".
        exported: Folder that `export` wrote; None: it is exported now, and compared, which takes some seconds.
        threads: That compute one batch; None: as many as there are cores.
    Raises:
        BundleError: If the network cannot be exported, or the export is damaged.
    """
    other = copy.copy(pipeline)
    if exported is not None:
        other.model = open_export(exported, threads=threads)
        return other
    form = FORMATS[runtime]
    place = TemporaryDirectory(
        prefix="verticals-"
    )  # lives as long as the session: LiteRT reads its file when it runs
    facts = write_export(pipeline, form, Path(place.name), variant="float32")
    signature = Signature.from_dict(facts)
    other.model = form.open(Path(place.name) / form.file, signature, batch=facts["batch"], threads=threads)
    other.model.place = place
    return other
