"""The command `verticals`."""

import sys
from pathlib import Path


def main() -> None:
    """Runs the command line, or says what hides the project's packages."""
    hidden = shadow(Path.cwd())
    if hidden is not None:
        print(
            f"{hidden} would hide the package `{hidden.stem}` of keras-verticals from Python. "
            "Rename it, or run the command from another folder.",
            file=sys.stderr,
        )
        sys.exit(2)
    from shared.cli import app
    from verticals import SOLUTIONS

    app(SOLUTIONS)


def shadow(folder: Path) -> Path | None:
    """A file or folder there that Python may take for one of this project's packages."""
    home = Path(__file__).resolve().parent.parent
    for name in ("shared", "verticals"):
        for place in (folder / name, folder / f"{name}.py"):
            code = place.is_file() or (place.is_dir() and any(place.glob("*.py")))
            if code and place.resolve() != home / name:
                return place
    return None


if __name__ == "__main__":
    main()
