"""`verticals update`: the template's changes since a project was made, taken in beside the customer's own."""

import ast
import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from shared import __version__
from shared.bundle_files import write_text
from shared.cloning.merge import has_markers, merge_texts
from shared.cloning.notebooks import marked_cells, merge_notebooks, same_notebook
from shared.cloning.record import Clone, write_record
from shared.cloning.template import neutral_files
from shared.errors import ConfigError, Fault

Kind = Literal["updated", "merged", "added", "removed", "kept", "conflict"]
ASIDE = ".template"


@dataclass
class Change:
    """What an update does to one file.

    Args:
        path: In the project.
        kind: `updated`: was the template's and is again; `merged`: holds both sides' changes; `conflict`: both, where
            they meet marked; `kept`: stays as it is, though the template has changed.
        before: Its text now; None: it is not there.
        after: Its text then; None: it goes.
        places: Where conflicts are marked, such as `line 12` or, in a notebook, `cell 3`.
        note: What a person should know.
    """

    path: str
    kind: Kind
    before: str | None
    after: str | None
    places: list[str] = field(default_factory=list)
    note: str = ""

    def diff(self) -> str:
        """The change as `git diff` shows one."""
        sides = [(text or "").splitlines(keepends=True) for text in (self.before, self.after)]
        lines = difflib.unified_diff(*sides, f"a/{self.path}", f"b/{self.path}")
        return "".join(
            line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
        )


def plan(clone: Clone, cls: Any) -> list[Change]:
    """Everything that an update would do; nothing is written.

    Args:
        clone: The customer's project.
        cls: The installed pipeline that it was made from.
    Raises:
        ConfigError: If a file still holds the marks of an earlier conflict.
    """
    base, theirs = clone.record.base(), replace(clone.record, files=neutral_files(cls)).base()
    texts = {path: read_text(clone.root / path) for path in {*base, *theirs}}
    _refuse_markers(texts)
    changes = [
        change_of(clone.root, path, base.get(path), texts[path], theirs.get(path))
        for path in sorted({*base, *theirs})
    ]
    return [change for change in changes if change is not None]


def update(clone: Clone, cls: Any, changes: Iterable[Change]) -> None:
    """Writes what `plan` found; a killed update can be begun again.

    The record is written last: until then a file that has its change already merges to itself.
    """
    for change in changes:
        path = clone.root / change.path
        if change.kind == "kept" or change.after == change.before:
            continue
        if change.after is None:
            path.unlink()
        else:
            write_text(path, change.after)
    write_record(clone.root, replace(clone.record, version=__version__, files=neutral_files(cls)))


def change_of(root: Path, path: str, base: str | None, ours: Any, theirs: str | None) -> Change | None:
    """What becomes of one file; None: nothing."""
    if base == theirs or ours == theirs:
        return None
    if ours is _UNREADABLE:
        return _aside(root, path, theirs, "it is no UTF-8 text")
    if theirs is None:
        if ours is None:
            return None
        if same(path, base, ours):
            return Change(path, "removed", ours, None)
        return Change(
            path, "kept", ours, ours, note="the template has it no longer; you changed it, so it stays"
        )
    if ours is None:
        if base is None:
            return Change(path, "added", None, theirs)
        return Change(
            path, "kept", None, None, note="you removed it; the template's has changed, and is not put back"
        )
    untouched = same(path, base, ours)
    if untouched and not path.endswith(".ipynb"):  # of a notebook, what the customer's run shows is kept
        return Change(path, "updated", ours, _with_ends_of(ours, theirs))
    try:
        merged = (merge_notebooks if path.endswith(".ipynb") else merge_texts)(
            base if base is not None else "",
            ours,
            theirs,
            ours_name="yours",
            theirs_name=f"template {__version__}",
        )
    except ValueError as error:
        return _aside(root, path, theirs, str(error))
    if merged.conflicts:
        return Change(path, "conflict", ours, merged.text, _marks(path, merged.text))
    if untouched:
        return Change(path, "updated", ours, merged.text)
    return Change(path, "merged", ours, merged.text, note=_broken(path, ours, merged.text))


_UNREADABLE = object()


def read_text(path: Path) -> Any:
    """The text of a file as it is; None where there is none."""
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        return _UNREADABLE


def same(path: str, base: str | None, ours: str) -> bool:
    """Whether the customer left a file as it was; ends of lines and what a notebook shows count for nothing."""
    if base is None:
        return False
    if base == ours.replace("\r\n", "\n").removeprefix("\ufeff"):
        return True
    try:
        return path.endswith(".ipynb") and same_notebook(base, ours)
    except ValueError:
        return False


def _with_ends_of(ours: str, text: str) -> str:
    return text.replace("\n", "\r\n") if "\r\n" in ours else text


def _aside(root: Path, path: str, theirs: str | None, why: str) -> Change | None:
    """What cannot be merged stays, and the template's lies beside it."""
    if theirs is None:
        return None
    note = f"{path} cannot be merged ({why}): yours stays, this is the template's"
    before = read_text(root / f"{path}{ASIDE}")
    return Change(f"{path}{ASIDE}", "added", before if isinstance(before, str) else None, theirs, note=note)


def _broken(path: str, ours: str, merged: str) -> str:
    """What Python says of a file that was whole before the merge and is not after it."""
    if not path.endswith(".py"):
        return ""
    try:
        ast.parse(ours)
    except SyntaxError:
        return ""
    try:
        ast.parse(merged)
    except SyntaxError as error:
        return f"line {error.lineno}: the two changes do not fit together ({error.msg})"
    return ""


def _marks(path: str, text: str) -> list[str]:
    """Where conflicts are marked that nobody has settled yet."""
    if not path.endswith(".ipynb"):
        return [f"line {line}" for line in has_markers(text)]
    try:
        return [f"cell {cell}" for cell in marked_cells(text)]
    except ValueError:  # no notebook: it is not merged anyway
        return []


def _refuse_markers(texts: dict[str, Any]) -> None:
    faults = []
    for path, text in sorted(texts.items()):
        places = _marks(path, text) if isinstance(text, str) else []
        if places:
            where = ", ".join(places)
            faults.append(Fault(text=f"{path}, {where}: a conflict of an earlier update is still marked"))
    if faults:
        text = "keep what is right of each, remove the marks <<<<<<<, ======= and >>>>>>>, and repeat"
        raise ConfigError("the project cannot be updated", [*faults, Fault(text=text)])
