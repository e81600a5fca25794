"""What is saved of a fitted pipeline, and how it is loaded again: one network, one JSON file, no pickle."""

import hashlib
import importlib
import json
import os
import platform
import secrets
import shutil
from pathlib import Path
from typing import Any

import shared
from shared.contract import Mapping
from shared.errors import BundleError
from shared.pipeline import Pipeline

FORMAT = 1
MODEL, FACTS = "model.keras", "bundle.json"


def versions() -> dict[str, str]:
    """Versions of what a result hangs on."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"keras-verticals": shared.__version__, "python": platform.python_version()}
    for package in ("keras", "tensorflow", "jax", "numpy", "pandas", "pyarrow", "scikit-learn"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def save(pipeline: Pipeline, folder: str | Path, *, facts: dict[str, Any] | None = None) -> Path:
    """Writes the bundle of a fitted pipeline, whole or not at all: a killed save leaves what was there.

    Args:
        folder: Where to; a bundle that is there is replaced, but nothing else is.
        facts: Further plain JSON to keep, such as the training data's hash and the split.
    Raises:
        BundleError: If the pipeline is not fitted, or the folder holds something that is no bundle.
    """
    if pipeline.model is None or pipeline.state is None:
        raise BundleError("the pipeline is not fitted: call fit(table, split) before saving it")
    folder = Path(folder)
    _refuse_foreign(folder)
    part = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    part.mkdir(parents=True)  # with the rights that the user's umask gives, unlike a folder of `tempfile`
    try:
        pipeline.model.save(part / MODEL)
        content = {
            "format": FORMAT,
            "solution": pipeline.name,
            "class": f"{type(pipeline).__module__}:{type(pipeline).__qualname__}",
            "versions": versions(),
            "mapping": pipeline.mapping.to_dict(),
            "config": pipeline.config.model_dump(mode="json"),
            **pipeline.learnt(),
            "files": {MODEL: sha256(part / MODEL)},
            "facts": facts or {},
        }
        text = json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False)
        with open(part / FACTS, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        replace_folder(part, folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return folder


def _refuse_foreign(folder: Path) -> None:
    """A save replaces a bundle whole, so there must be nothing in its folder that is not of a bundle."""
    if not folder.exists():
        return
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if not folder.is_dir() or (names and FACTS not in names):
        raise BundleError(f"{folder} exists and is no bundle; give another place, or move it away")
    foreign = sorted(names - {MODEL, FACTS})
    if foreign:
        raise BundleError(
            f"{folder} holds files that are no part of a bundle ({', '.join(foreign[:5])}); they would be lost. "
            "Give another place, or move them away"
        )


def replace_folder(new: Path, folder: Path) -> None:
    """Puts `new` in the place of `folder`, which is whole at every moment but the two renames."""
    old = folder.with_name(f".{folder.name}.old")
    if folder.exists():
        shutil.rmtree(old, ignore_errors=True)
        os.rename(folder, old)
        try:
            os.rename(new, folder)
        except BaseException:
            os.rename(old, folder)
            raise
    else:
        os.rename(new, folder)
    shutil.rmtree(old, ignore_errors=True)


def sha256(path: Path) -> str:
    """Hash of a file, as hexadecimal text."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
    for name, expected in files.items():
        if not (folder / name).is_file():
            raise BundleError(f"{folder} lacks {name}. Copy the bundle again, or fit anew")
        if sha256(folder / name) != expected:
            raise BundleError(
                f"{folder / name} is not the file that was saved (its SHA-256 differs). "
                "Copy the bundle again, or fit anew"
            )
    return content


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
    try:
        cls = cls or _class(content["class"])
        pipeline = cls(cls.Config.model_validate(content["config"]), Mapping.from_dict(content["mapping"]))
        pipeline.restore(content)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(Path(folder), error) from None
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


def _damaged(folder: Path, error: Exception) -> BundleError:
    lacking = isinstance(error, KeyError)
    what = f"it lacks {error}" if lacking else (str(error).splitlines() or [type(error).__name__])[0]
    return BundleError(f"{folder / FACTS} is damaged: {what}. Copy the bundle again, or fit anew")


def _class(path: str) -> type[Pipeline]:
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
