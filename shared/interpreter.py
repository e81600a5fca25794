"""Another Python on this machine: what it finds, and what it said last."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def environment_of_here() -> dict[str, str]:
    """The environment in which a new interpreter finds the modules that this one finds.

    Example:
        >>> sys.path[-1] in environment_of_here()["PYTHONPATH"]
        True
    """
    return {**os.environ, "PYTHONPATH": os.pathsep.join(entry or os.getcwd() for entry in sys.path)}


def said_in(folder: Path, arguments: Sequence[str], given: str) -> subprocess.CompletedProcess:
    """What an interpreter says that begins in a folder, and finds that folder's own code before any other.

    Args:
        arguments: Of the interpreter.
        given: On its standard input.
    Example:
        >>> said_in(Path("."), ["-c", "print(input())"], "hello").stdout
        'hello\\n'
    """
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        input=given,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def last_line(text: str) -> str:
    """The line of a traceback that says what happened.

    Example:
        >>> last_line("Traceback ...\\nValueError: no number\\n"), last_line("")
        ('ValueError: no number', 'it said nothing')
    """
    return (text.strip().splitlines() or ["it said nothing"])[-1]
