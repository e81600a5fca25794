"""A bundle -> one folder with its network in another format, kept only if it answers as the Keras network does."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from shared import bundle
from shared.bundle_files import new_folder, sha256, verify_files
from shared.errors import BundleError
from shared.export.formats import FORMATS, Format
from shared.export.ports import Signature, signature_of
from shared.export.probe import probe_inputs
from shared.export.sessions import Session
from shared.inputs import Inputs
from shared.pipeline import Pipeline

FACTS, FORMAT_VERSION = "export.json", 1
LIGHT = "light"  # a whole scorer, written by `shared.light.writing`
PROBED = 64  # rows that an export is compared on
LARGEST = 1e-4  # difference of a float32 export, of outputs larger than 1 as a share of them
VARIANTS = ("float32", "float16", "int8")
RUNTIMES = ("keras", "tensorflow", "onnx", "onnxruntime", "tf2onnx", "ai-edge-litert", "numpy")
ONE_ROW = 1  # batch of what LiteRT cannot hold for any number of rows, such as recurrent networks


@dataclass(frozen=True)
class Difference:
    """How far an export is from the Keras network, over all outputs.

    Args:
        absolute: Largest.
        relative: Largest, of outputs larger than 1 as a share of them.
    Example:
        >>> difference_of(np.array([100.0, 0.5]), np.array([101.0, 0.5]))
        Difference(absolute=1.0, relative=0.01)
    """

    absolute: float
    relative: float


def difference_of(expected: np.ndarray, found: np.ndarray) -> Difference:
    """The largest differences; infinite where one of the two is no finite number.

    Example:
        >>> difference_of(np.zeros(2), np.array([0.0, np.nan])).absolute
        inf
    """
    if expected.shape != found.shape:
        return Difference(float("inf"), float("inf"))
    if not expected.size:
        return Difference(0.0, 0.0)
    expected, found = expected.astype(np.float64), found.astype(np.float64)
    with np.errstate(invalid="ignore"):
        gap = np.where(np.isfinite(found) & np.isfinite(expected), np.abs(found - expected), np.inf)
        gap[found == expected] = 0  # equal infinities
        relative = np.where(gap == 0, 0, gap / np.maximum(1, np.abs(expected)))
    return Difference(float(gap.max()), float(np.nan_to_num(relative, nan=np.inf, posinf=np.inf).max()))


def export(folder: str | Path, format: str, out: str | Path, *, variant: str = "float32") -> dict[str, Any]:
    """Writes the network of a bundle in another format, with `export.json` beside it; whole or not at all.

    What a pipeline does before and after the network (features, calibration, thresholds) stays in the bundle.

    Args:
        folder: The bundle.
        format: "saved_model", "onnx" or "litert".
        out: Folder to write; an export that is there is replaced, but nothing else is.
        variant: "float32", "float16" (weights) or "int8" (weights, and what they are multiplied with).
    Returns:
        What stands in `export.json`.
    Raises:
        BundleError: If the bundle cannot be loaded, the format cannot hold the network or changes its answers,
            or `out` holds something else.
    """
    form, out = _format(format, variant), Path(out)
    refuse_foreign(out)
    pipeline = bundle.load(folder)
    with new_folder(out) as part:
        facts = write_export(pipeline, form, part, variant=variant)
        facts["bundle"] = bundle.hashes(folder)
        (part / FACTS).write_text(json.dumps(facts, ensure_ascii=False, indent=1), encoding="utf-8")
    return facts


def write_export(
    pipeline: Pipeline, form: Format, part: Path, *, variant: str, others: Sequence[str] = ()
) -> dict[str, Any]:
    """Writes the network into the folder `part`, loads it again and compares.

    Args:
        others: Files in the folder that are no part of the export.
    Returns:
        The entries of `export.json`.
    Raises:
        BundleError: If the format cannot hold the network, or changes its answers.
    """
    from shared import training

    model = pipeline.model
    try:
        signature = signature_of(model)
    except ValueError as error:
        raise BundleError(f"the network cannot be exported: {error}") from None
    inputs = Inputs(probe_inputs(model, PROBED))
    expected = training.predict(model, inputs)
    batch, difference = _written(model, signature, form, part / form.file, variant, inputs, expected)
    written = [path for path in sorted(part.rglob("*")) if path.is_file() and path.name not in others]
    files = {str(path.relative_to(part)): sha256(path) for path in written}
    return {
        "export": FORMAT_VERSION,
        "solution": pipeline.name,
        "format": form.name,
        "variant": variant,
        "file": form.file,
        **signature.to_dict(),
        "batch": batch,
        "compared": {
            "rows": PROBED,
            "kind": "made up",
            "largest_difference": difference.absolute,
            "largest_relative_difference": difference.relative,
        },
        "bytes": sum(path.stat().st_size for path in written),
        "files": files,
        "versions": bundle.versions(RUNTIMES),
    }


def _written(model, signature: Signature, form: Format, path: Path, variant: str, inputs, expected):
    """Writes for any number of rows, or if that fails for one row at a time, where the format knows such."""
    for batch in (None, ONE_ROW) if form.one_row else (None,):
        try:
            form.write(model, signature, path, variant, batch)
            session = form.open(path, signature, batch=batch)
            difference = compared(session, inputs, expected)
        except BundleError:
            if not form.one_row or batch is not None:
                raise
        except Exception as error:  # a file that its own runtime cannot load, or not run
            if not form.one_row or batch is not None:
                text = next(iter(str(error).splitlines()), type(error).__name__)[:300]
                raise BundleError(
                    f"{form.name} was written, but cannot be run: {text}. Export to another format"
                ) from None
        else:
            if np.isfinite(difference.relative) and (variant != "float32" or difference.relative <= LARGEST):
                return batch, difference
            if not form.one_row or batch is not None:
                raise BundleError(
                    f"{form.name} ({variant}) answers otherwise than the Keras network: largest difference "
                    f"{difference.absolute:g}, expected at most {LARGEST:g}. It is not kept; export to another "
                    "format, or use the bundle itself"
                )
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    raise AssertionError("unreachable: the last attempt returns or raises")


def compared(session: Session, inputs: Inputs, expected) -> Difference:
    """The largest difference over all outputs of a session from what is expected of the same inputs."""
    from shared import training

    found = training.predict(session, inputs)
    pairs = (
        [(expected[name], found[name]) for name in expected]
        if isinstance(expected, dict)
        else [(expected, found)]
    )
    each = [difference_of(*pair) for pair in pairs]
    return Difference(max(one.absolute for one in each), max(one.relative for one in each))


def open_export(folder: str | Path, *, threads: int | None = None) -> Session:
    """The network of a folder that `export` wrote, its hashes verified.

    Args:
        threads: That compute one batch; None: as many as there are cores.
    Raises:
        BundleError: If there is none, or it is damaged.
        MissingExtraError: If its runtime is not installed.
    """
    folder, facts = Path(folder), read_export(folder)
    form = FORMATS[facts["format"]]
    signature = Signature.from_dict(facts)
    try:
        return form.open(folder / facts["file"], signature, batch=facts["batch"], threads=threads)
    except (ValueError, RuntimeError, OSError) as error:
        raise BundleError(
            f"{folder / facts['file']} cannot be loaded: {str(error)[:300]}. Export again"
        ) from None


def read_export(folder: str | Path) -> dict[str, Any]:
    """The `export.json` of a folder, the hashes of its files verified.

    Raises:
        BundleError: If it is missing or damaged.
    """
    folder = Path(folder)
    try:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        known = facts["export"] == FORMAT_VERSION and facts["format"] in (*FORMATS, LIGHT)
        files, _ = dict(facts["files"]), Signature.from_dict(facts)
    except OSError:
        raise BundleError(f"{folder} holds no export (no {FACTS}): verticals export BUNDLE") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BundleError(f"{folder / FACTS} is damaged. Export again") from None
    if not known:
        raise BundleError(f"{folder} was exported by another version. Export again")
    verify_files(folder, files, cure="Export again")
    return facts


def _format(name: str, variant: str) -> Format:
    if name == LIGHT:
        raise BundleError(f"--variant is `{variant}`; a light scorer is written as float32")
    if name not in FORMATS:
        raise BundleError(f"--format is `{name}`; expected {', '.join((*FORMATS, LIGHT))}")
    if variant not in FORMATS[name].variants:
        known = ", ".join(FORMATS[name].variants)
        raise BundleError(f"--variant is `{variant}`; {name} is written as {known}")
    return FORMATS[name]


def refuse_foreign(out: Path) -> None:
    """An export replaces another one whole, and nothing else.

    Raises:
        BundleError: If there is something else.
    """
    if out.is_file() or (out.is_dir() and any(out.iterdir()) and not (out / FACTS).is_file()):
        raise BundleError(f"{out} exists and is no export; give another --out, or move it away")
