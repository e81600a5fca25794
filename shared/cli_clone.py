"""The commands `verticals new`, `update` and `rename`: a customer's own project."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from shared.cli_places import known
from shared.cloning.record import Clone
from shared.errors import ConfigError, Fault

Template = Annotated[str, typer.Argument(help="the solution to copy, as in `verticals list`")]
Name = Annotated[str, typer.Argument(help="of the project and its package: small letters, digits and _")]
Place = Annotated[Path, typer.Option(help="folder to make the project in")]
Dry = Annotated[bool, typer.Option("--dry-run", help="show what would change, and write nothing")]

SAID = {
    "updated": "updated to the template's",
    "merged": "merged: yours and the template's changes",
    "added": "added",
    "removed": "removed: the template has it no longer, and you had not changed it",
    "kept": "kept as it is",
    "conflict": "CONFLICT",
}


def new(template: Template, name: Name, out: Place = Path()) -> None:
    """Copies a solution into a project of the customer's own."""
    from shared.cloning.creating import create
    from shared.cloning.template import code_lines

    clone = create(_load(template), name, out)
    lines = code_lines(clone.record.base(), name)
    print(f"{clone.root}: {template} {clone.record.version} as `{name}`, {lines} lines of code to own")
    print(
        f"next:\n  cd {clone.root}\n  verticals map YOUR_TABLE\n  verticals check && verticals run && make test"
    )


def update(dry_run: Dry = False) -> None:
    """Takes the template's changes into the project, and keeps the customer's."""
    from shared import __version__
    from shared.cloning.updating import plan
    from shared.cloning.updating import update as carry_out

    clone = _here()
    template = _load(clone.record.solution)
    changes = plan(clone, template)
    before = f"{clone.record.solution} {clone.record.version}"
    for change in changes:
        if dry_run and change.kind != "kept":
            print(change.diff(), end="")
        where = "".join(f", {place}" for place in change.places)
        note = f": {change.note}" if change.note else ""
        print(f"{change.path}: {SAID[change.kind]}{where}{note}", file=sys.stderr if dry_run else sys.stdout)
    if dry_run:
        print(f"nothing is written; {len(changes)} files would be looked at", file=sys.stderr)
        return
    carry_out(clone, template, changes)
    if not changes:
        print(f"nothing to do: {before} is what is installed")
        return
    conflicts = [change.path for change in changes if change.kind == "conflict"]
    print(f"{before} -> {__version__}: {len(changes)} files")
    if conflicts:
        text = "keep what is right between <<<<<<<, ======= and >>>>>>>, remove the marks, then run the tests"
        faults = [
            Fault(text=f"{path}: both you and the template changed the same lines") for path in conflicts
        ]
        raise ConfigError("there are conflicts to settle", [*faults, Fault(text=text)])
    print("next: make test")


def rename(name: Name) -> None:
    """Renames the project's package in every file that says its name."""
    from shared.cloning.renaming import rename as carry_out

    clone = _here()
    renamed, left = carry_out(clone, name)
    print(f"`{clone.record.name}` is `{name}` now, in {renamed.root}; the folder keeps its name")
    print("bundles that were made before look for the old name: run again")
    if left:
        faults = [
            Fault(text=f"{path}: you changed the line that says the name; both stand there") for path in left
        ]
        raise ConfigError("there are conflicts to settle", faults)
    print("next: make test")


commands = (new, update, rename)


def _load(name: str):
    return known().load(name)


def _here() -> Clone:
    clone = known().clone
    if clone is None:
        text = "go to the folder that `verticals new` made: it holds a file template.json"
        raise ConfigError("this is no customer's project", [Fault(text=text)])
    return clone
