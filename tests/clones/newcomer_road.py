"""The road of a newcomer: a wheel, a fresh environment that holds nothing else, and a project of the customer's own.

`tests/clones/test_wheel.py` goes it with small tables, `tests/benchmarks/newcomer.py` with whole ones and a clock.
"""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LEFT_BEHIND = (
    ".git",
    ".venv",
    "build",
    "dist",
    "runs",
    "*.egg-info",
    "__pycache__",
    ".*_cache",
    ".hypothesis",
)
PATIENCE = 1800  # seconds for one command, on a machine that has other work
PIP = ("-m", "pip", "--disable-pip-version-check", "--quiet")
NAMES = {
    "finance.fraud": "acme_fraud",
    "retail.demand": "acme_demand",
    "manufacturing.defects": "acme_defects",
    "healthcare.diagnosis": "acme_diagnosis",
}


@dataclass
class Step:
    """A command that was run: what it said, how it ended, how long it took."""

    command: tuple[str, ...]
    code: int
    out: str
    err: str
    seconds: float

    def shown(self) -> str:
        """As a terminal shows it."""
        text = f"$ {' '.join(self.command)}\n{self.out}"
        return text + (self.err if self.code else "") + f"[{self.seconds:.1f} s]\n"


def run(*command: str, place: Path, env: dict[str, str] | None = None) -> Step:
    """Runs a command in a folder; the environment is this process's, or the given one alone."""
    begin = time.perf_counter()
    how = {"cwd": place, "env": env, "capture_output": True, "text": True, "errors": "replace"}
    done = subprocess.run(command, timeout=PATIENCE, **how)
    return Step(command, done.returncode, done.stdout, done.stderr, time.perf_counter() - begin)


def build_wheel(place: Path) -> Path:
    """Builds the wheel from a copy of the sources, so that no earlier build is in it."""
    shutil.copytree(ROOT, place / "source", ignore=shutil.ignore_patterns(*LEFT_BEHIND))
    step = run(sys.executable, *PIP, "wheel", "--no-deps", "-w", "dist", "./source", place=place)
    assert step.code == 0, step.err
    shutil.rmtree(place / "source")
    [wheel] = (place / "dist").glob("*.whl")
    return wheel


def reachable(place: Path) -> bool:
    """Whether pip finds anything to install."""
    command = ("install", "--dry-run", "--no-deps", "--ignore-installed", "setuptools")
    return run(sys.executable, *PIP, *command, place=place).code == 0


def install(place: Path, wheel: Path) -> tuple[Path, Step]:
    """Makes a fresh environment and installs the wheel, with what it asks for and nothing else.

    Returns:
        The folder of its commands, and the installation.
    """
    made = run(sys.executable, "-m", "venv", "venv", place=place)
    assert made.code == 0, made.err
    commands = place / "venv" / ("Scripts" if os.name == "nt" else "bin")
    python = str(commands / "python")
    step = run(python, *PIP, "install", str(wheel), "-c", str(ROOT / "constraints.txt"), place=place)
    assert step.code == 0, step.err
    return commands, step


def alone(commands: Path, home: Path) -> dict[str, str]:
    """An environment in which there are the commands of one installation, and a home without settings."""
    home.mkdir(exist_ok=True)
    return {"PATH": str(commands), "HOME": str(home), "LANG": "C.UTF-8", "TF_CPP_MIN_LOG_LEVEL": "3"}


class Road:
    """The steps of one solution, one after the other, until one fails.

    Args:
        solution: Such as `finance.fraud`.
        place: An empty folder, which becomes the home of the newcomer.
        commands: Of `install`.
    """

    def __init__(self, solution: str, place: Path, commands: Path):
        self.solution, self.name, self.place = solution, NAMES[solution], place
        self.env, self.steps = alone(commands, place), []

    @property
    def root(self) -> Path:
        """The customer's project."""
        return self.place / self.name

    @property
    def failed(self) -> bool:
        """Whether a step has failed."""
        return any(step.code for step in self.steps)

    def step(self, *command: str) -> Step | None:
        """Runs a command in the project, or where it is to be made; None after a failure."""
        if self.failed:
            return None
        place = self.root if self.root.is_dir() else self.place
        self.steps.append(run(*command, place=place, env=self.env))
        return self.steps[-1]

    def go(self, data: Path, settings: tuple[str, ...] = ()) -> "Road":
        """From nothing to a report and a tested project."""
        self.step("verticals", "new", self.solution, self.name)
        self.step("verticals", "map", os.path.relpath(data, self.root))
        self.step("verticals", "check")
        self.step("verticals", "run", *settings)
        return self

    def test(self, *, make: bool = False) -> "Road":
        """The project's own tests: by `make test`, or without make."""
        found = shutil.which("make") if make else None
        self.step(*((found, "test") if found else ("python", "-m", "pytest")))
        return self

    def shown(self) -> str:
        """All steps as a terminal shows them."""
        return "\n".join(step.shown() for step in self.steps)
