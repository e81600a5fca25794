"""What is saved of a fitted pipeline, and how it is loaded again: one network, one JSON file, no pickle."""

import importlib
import json
import platform
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import shared
from shared.bundle_files import digest, new_folder, replace_folder, sha256, verify_files
from shared.contract import Mapping
from shared.errors import BundleError
from shared.pipeline import Pipeline

__all__ = [
    "FACTS",
    "FORMAT",
    "MODEL",
    "class_of",
    "hashes",
    "load",
    "read_facts",
    "replace_folder",
    "save",
    "sha256",
]

FORMAT = 1
MODEL, ONNX, FACTS = "model.keras", "model.onnx", "bundle.json"
PACKAGES = ("keras", "tensorflow", "jax", "numpy", "pandas", "pyarrow", "scikit-learn")
AGAIN = "Copy the bundle again, or fit anew"


def versions(packages: Sequence[str] = PACKAGES) -> dict[str, str]:
    """Versions of what a result hangs on; of `packages` those that are installed."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"keras-verticals": shared.__version__, "python": platform.python_version()}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def save(
    pipeline: Pipeline,
    folder: str | Path,
    *,
    facts: dict[str, Any] | None = None,
    profile: dict[str, Any] | None = None,
    beside: Callable[[Pipeline, Path], dict[str, Any]] | None = None,
) -> Path:
    """Writes the bundle of a fitted pipeline, whole or not at all: a killed save leaves what was there.

    Args:
        folder: Where to; a bundle that is there is replaced, but nothing else is.
        facts: Further plain JSON to keep, such as the training data's hash and the split.
        profile: Of the training rows, for `shared.monitoring`; None: there is none to keep.
        beside: Writes further files into the bundle and gives the entries that tell of them, as
            `shared.export.beside.with_onnx` does.
    Raises:
        BundleError: If the pipeline is not fitted, or the folder holds something that is no bundle.
    """
    if pipeline.model is None or pipeline.state is None:
        raise BundleError("the pipeline is not fitted: call fit(table, split) before saving it")
    folder = Path(folder)
    _refuse_foreign(folder)
    with new_folder(folder) as part:
        pipeline.model.save(part / MODEL)
        further = {} if beside is None else beside(pipeline, part)
        content = {
            "format": FORMAT,
            "solution": pipeline.name,
            "class": f"{type(pipeline).__module__}:{type(pipeline).__qualname__}",
            "versions": versions(),
            "mapping": pipeline.mapping.to_dict(),
            "config": pipeline.config.model_dump(mode="json"),
            **pipeline.learnt(),
            **further,
            "files": {path.name: sha256(path) for path in sorted(part.iterdir())},
            "facts": facts or {},
            **({} if profile is None else {"profile": profile}),
        }
        content["sha256"] = digest(json.loads(json.dumps(content, allow_nan=False)))
        text = json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False)
        (part / FACTS).write_text(text, encoding="utf-8")
    return folder


def _refuse_foreign(folder: Path) -> None:
    """A save replaces a bundle whole, so there must be nothing in its folder that is not of a bundle."""
    if not folder.exists():
        return
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if not folder.is_dir() or (names and FACTS not in names):
        raise BundleError(f"{folder} exists and is no bundle; give another place, or move it away")
    foreign = sorted(names - {MODEL, ONNX, FACTS})
    if foreign:
        raise BundleError(
            f"{folder} holds files that are no part of a bundle ({', '.join(foreign[:5])}); they would be lost. "
            "Give another place, or move them away"
        )


def read_facts(folder: str | Path) -> dict[str, Any]:
    """The JSON of a bundle, its hashes verified.

    Raises:
        BundleError: If a part is missing or damaged, or the bundle's format is another.
    """
    folder = Path(folder)
    if not (folder / FACTS).is_file():
        old = folder.with_name(f".{folder.name}.old") if folder.name else folder
        hint = f"; did you mean {folder / 'bundle'}?" if (folder / "bundle" / FACTS).is_file() else ""
        if (old / FACTS).is_file():
            hint = f"; a save was killed: the bundle that was there before is {old}, rename it"
        raise BundleError(f"{folder} holds no bundle (no {FACTS}){hint}")
    try:
        content = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        form, files = content["format"], dict(content["files"])
        version = dict(content.get("versions", {})).get("keras-verticals", "another version")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(folder, error) from None
    if form != FORMAT:
        raise BundleError(
            f"{folder} has bundle format {form}, this version reads {FORMAT}. "
            f'Install the version that wrote it: pip install "keras-verticals=={version}"'
        )
    verify_files(folder, files, cure=AGAIN)
    if content.get("sha256", digest(content)) != digest(content):
        raise BundleError(f"{folder / FACTS} is not the file that was saved (its SHA-256 differs). {AGAIN}")
    return content


def hashes(folder: str | Path) -> dict[str, str]:
    """SHA-256 of each part of a bundle, by the name of its file."""
    there = (Path(folder) / name for name in (MODEL, ONNX, FACTS))
    return {path.name: sha256(path) for path in there if path.exists()}


def load(folder: str | Path, cls: type[Pipeline] | None = None) -> Pipeline:
    """The pipeline that was saved; it scores exactly as it did.

    Args:
        folder: Where the bundle lies.
        cls: The pipeline's class; None: the one that was saved, imported by its name.
    Raises:
        BundleError: If the bundle is damaged or of another version, or its class cannot be imported.
    """
    from shared.quiet import quiet

    content = read_facts(folder)
    pipeline = pipeline_of(folder, content, cls)
    with quiet():
        import keras

        import shared.builders
        import shared.losses  # noqa: F401  registers the classes that a saved network may hold
    try:
        pipeline.model = keras.saving.load_model(Path(folder) / MODEL, compile=False, safe_mode=True)
    except (ValueError, TypeError, OSError, KeyError) as error:
        saved = content["versions"].get("keras")
        raise BundleError(
            f"{Path(folder) / MODEL} cannot be loaded with Keras {keras.__version__} (saved with {saved}): "
            f"{str(error).splitlines()[0][:200]}"
        ) from None
    return pipeline


def pipeline_of(folder: str | Path, content: dict[str, Any], cls: type[Pipeline] | None = None) -> Pipeline:
    """The pipeline of a bundle's JSON without its network.

    Raises:
        BundleError: If the JSON lacks something.
    """
    try:
        return without_model(content, cls)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(Path(folder), error) from None


def without_model(content: dict[str, Any], cls: type[Pipeline] | None = None) -> Pipeline:
    """The pipeline of a bundle's JSON without its network: it reads and checks tables, and answers nothing."""
    cls = cls or class_of(content)
    pipeline = cls(cls.Config.model_validate(content["config"]), Mapping.from_dict(content["mapping"]))
    pipeline.restore(content)
    return pipeline


def _damaged(folder: Path, error: Exception) -> BundleError:
    lacking = isinstance(error, KeyError)
    what = f"it lacks {error}" if lacking else (str(error).splitlines() or [type(error).__name__])[0]
    return BundleError(f"{folder / FACTS} is damaged: {what}. Copy the bundle again, or fit anew")


def class_of(content: dict[str, Any]) -> type[Pipeline]:
    """The class of the pipeline that a bundle holds, imported by the name in its JSON.

    Raises:
        BundleError: If it cannot be imported, or is no pipeline.
    """
    path = content["class"]
    module, _, name = path.partition(":")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError):
        raise BundleError(
            f"the bundle's class `{path}` cannot be imported: install the package that holds it"
        ) from None
    if not (isinstance(found, type) and issubclass(found, Pipeline)):
        raise BundleError(f"the bundle's class `{path}` is no Pipeline")
    return found
