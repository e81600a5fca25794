"""`verticals rename`: another name for a customer's project, in every file that says it."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

from shared.bundle_files import write_text
from shared.cloning.names import check_name, class_name
from shared.cloning.record import Clone, Record, sha256, write_record
from shared.cloning.updating import change_of, read_text
from shared.errors import ConfigError, Fault

NOT_OURS = {".git", ".venv", "runs", "data", "bundles", "build", "dist", "__pycache__"}


def rename(clone: Clone, name: str) -> tuple[Clone, list[str]]:
    """Renames the package, its files and every mention of it; the project's folder keeps its name.

    The template's files are merged like those of an update: from the template under the old name to that under
    the new one. In the customer's own Python files imports follow, and in the settings the solution's name.

    Args:
        clone: The customer's project.
        name: The new name of its package.
    Returns:
        The renamed project, and the files in which conflicts are marked.
    Raises:
        ConfigError: If the name will not do, or something of that name is there.
    """
    check_name(name)
    old, root = clone.record.name, clone.root
    _refuse(clone, name)
    texts, conflicts = {}, []
    sides = list(zip(clone.record.base().items(), clone.record.base(name).items()))
    for (path, base), (target, text) in sides:
        ours = read_text(root / path)
        if not isinstance(ours, str):
            continue  # the customer removed it, or it cannot be read
        change = change_of(root, path, base, ours, text)
        texts[target] = ours if change is None or change.path != path else change.after
        conflicts += [target] if change is not None and change.kind == "conflict" else []
    for path, text in texts.items():
        write_text(root / path, text)
    for (path, _), (target, _) in sides:
        if target in texts and path != target:
            (root / path).unlink()
    record = replace(clone.record, name=name, pipeline=class_name(name), once=_settings(clone, name))
    _move_the_rest(root / old, root / name)
    _follow(root, clone.record, record, set(texts))
    write_record(root, record)
    return Clone(root, record), conflicts


def _refuse(clone: Clone, name: str) -> None:
    old, root = clone.record.name, clone.root
    headline = f"`{old}` cannot be renamed to `{name}`"
    if not (root / old).is_dir():
        text = f"there is no folder `{root / old}`, which template.json names"
        raise ConfigError(headline, [Fault(text=text)])
    targets = {*clone.record.base(name), f"{name}.toml"} - {*clone.record.base(), f"{old}.toml"}
    taken = sorted(path for path in targets if (root / path).exists())
    if taken:
        raise ConfigError(headline, [Fault(text=f"{path} is there already. Move it away") for path in taken])


def _settings(clone: Clone, name: str) -> dict[str, str]:
    """Moves the customer's settings; the hashes by which `map` knows untouched ones."""
    found = {}
    for path, digest in clone.record.once.items():
        target = f"{name}.toml"
        text = read_text(clone.root / path)
        if isinstance(text, str):
            place = re.compile(rf"""^(solution = "){clone.record.name}(")""", re.MULTILINE)
            new = place.sub(rf"\g<1>{name}\g<2>", text)
            new = re.sub(rf"\b(verticals (?:check|run) +){clone.record.name}\b", rf"\g<1>{name}", new)
            write_text(clone.root / target, new)
            (clone.root / path).unlink()
            digest = sha256(new) if sha256(text) == digest else digest
        found[target] = digest
    return found


def _move_the_rest(old: Path, new: Path) -> None:
    """What the customer put into the package besides the template's files."""
    for path in sorted(old.iterdir()):
        if path.name == "__pycache__":
            shutil.rmtree(path)
        else:
            path.rename(new / path.name)
    old.rmdir()


def _follow(root: Path, before: Record, after: Record, done: set[str]) -> None:
    """Imports of the package in Python files that are the customer's own."""
    place = re.compile(rf"\b(from|import) {before.name}\b")
    for path in sorted(root.rglob("*.py")):
        within = path.relative_to(root)
        if NOT_OURS & set(within.parts) or within.as_posix() in done:
            continue
        text = read_text(path)
        if isinstance(text, str):
            new = place.sub(rf"\g<1> {after.name}", text)
            new = re.sub(rf"\b{before.pipeline}\b", after.pipeline, new)
            if new != text:
                write_text(path, new)
