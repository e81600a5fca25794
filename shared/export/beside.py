"""The ONNX network that a bundle carries beside the Keras one, so that a service starts and answers without Keras."""

from pathlib import Path
from typing import Any

from shared import bundle
from shared.errors import BundleError, MissingExtraError
from shared.export.formats import FORMATS
from shared.export.ports import Signature
from shared.pipeline import Pipeline

ENTRY = "onnx"
KEPT = ("batch", "inputs", "outputs", "compared", "versions")


def with_onnx(pipeline: Pipeline, part: Path) -> dict[str, Any]:
    """For `bundle.save`: writes `model.onnx` if it answers as the Keras network does, and says why if not.

    Returns:
        The entry `onnx` of `bundle.json`: the inputs, the outputs and how it was compared, or `why` it is not there.
    """
    from shared.export.exporting import write_export

    form = FORMATS[ENTRY]
    try:
        found = write_export(pipeline, form, part, variant="float32", others=(bundle.MODEL,))
    except (BundleError, MissingExtraError) as error:
        why = str(error)
    except Exception as error:  # of a converter, or of another backend: what was fitted is saved all the same
        why = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:200]}"
    else:
        return {ENTRY: {name: found[name] for name in KEPT}}
    (part / form.file).unlink(missing_ok=True)
    return {ENTRY: {"why": why}}


def load_on_onnx(
    folder: str | Path, *, threads: int | None = None, content: dict[str, Any] | None = None
) -> Pipeline:
    """The pipeline that was saved, its network run by ONNX Runtime; Keras is not imported.

    `predict` works as always. What looks into the Keras network (heatmaps of patients' photos, further training)
    needs `bundle.load`.

    Args:
        folder: The bundle.
        threads: That compute one batch; None: as many as there are cores.
        content: Of `bundle.read_facts`, where it was read and its hashes verified already.
    Raises:
        BundleError: If the bundle is damaged, or carries no ONNX network; the message says why it does not.
    """
    content = bundle.read_facts(folder) if content is None else content
    entry = onnx_entry(content)
    if "why" in entry:
        raise BundleError(f"{folder} carries no ONNX network: {entry['why']}")
    pipeline = bundle.pipeline_of(folder, content)
    form = FORMATS[ENTRY]
    pipeline.model = form.open(
        Path(folder) / form.file, Signature.from_dict(entry), batch=entry["batch"], threads=threads
    )
    return pipeline


def onnx_entry(content: dict[str, Any]) -> dict[str, Any]:
    """What a bundle's JSON says of the ONNX network; `why` there is none.

    Example:
        >>> onnx_entry({})
        {'why': 'it was saved without'}
    """
    return content.get(ENTRY, {"why": "it was saved without"})
