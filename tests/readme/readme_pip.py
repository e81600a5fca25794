"""Says whether what `pip install` is asked for exists: this project, its extras, and the files that are named.

`python readme_pip.py install -c constraints.txt ".[gpu]"` ends with 1 and a message where it does not.
"""

import configparser
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WANTED = re.compile(r"(?:\.|keras-verticals)(?:\[([a-z,]+)\])?")


def wrong(arguments: list[str]) -> list[str]:
    """What is asked for and does not exist.

    Example:
        >>> wrong(["install", "-c", "constraints.txt", ".[forecast]"]), wrong(["install", ".[sky]"])
        ([], ['setup.cfg has no extra `sky`'])
    """
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    extras, found = setup["options.extras_require"], []
    if not arguments or arguments.pop(0) != "install":
        return ["expected `pip install`"]
    for before, each in zip(["", *arguments], arguments):
        wanted = WANTED.fullmatch(each)
        if before == "-c":
            found += [] if (ROOT / each).is_file() else [f"there is no file `{each}`"]
        elif wanted:
            names = (wanted[1] or "").split(",") if wanted[1] else []
            found += [f"setup.cfg has no extra `{name}`" for name in names if name not in extras]
        elif each not in ("-c", "--upgrade", "--quiet"):
            found.append(f"`{each}` is not understood")
    return found


if __name__ == "__main__":
    faults = wrong(sys.argv[1:])
    print("\n".join(faults), end="\n" if faults else "", file=sys.stderr)
    sys.exit(int(bool(faults)))
