"""A solution's files in a customer's name: what `new` writes and what `update` merges."""

import inspect
import json
import re
import sysconfig
from functools import cache
from pathlib import Path
from typing import Any

from shared import __version__
from shared.cloning.names import NEUTRAL, class_name, distribution_name, named, named_files
from shared.cloning.record import RECORD
from shared.errors import ConfigError, Fault

FILES = Path(__file__).with_name("files")
NOTEBOOKS = (  # beside the sources, or where an installation puts them
    Path(__file__).resolve().parents[2] / "notebooks",
    Path(sysconfig.get_path("data")) / "share" / "keras-verticals" / "notebooks",
)
SECTION = re.compile(r"^## (.+)\n", re.MULTILINE)


def neutral_files(cls: Any) -> dict[str, str]:
    """Every file that the template gives and `update` keeps up, by its path, under the neutral name.

    Args:
        cls: The solution's pipeline.
    Raises:
        ConfigError: If the class is no solution that can be copied.
    """
    folder = _folder(cls)
    words = _words(cls)
    package = sorted(path for path in folder.iterdir() if path.suffix == ".py" or path in _own_toml(folder))
    files = {f"{NEUTRAL}/{path.name}": words(path.read_text(encoding="utf-8")) for path in package}
    facts = _facts(cls, folder)
    for path in sorted(FILES.glob("*.j2")):
        files[_target(path.stem)] = _page(path).render(facts)
    notebook = notebook_of(cls)
    if notebook is not None:
        files[f"{NEUTRAL}.ipynb"] = _cleared(words(notebook.read_text(encoding="utf-8")))
    return files


def template_files(cls: Any, name: str) -> dict[str, str]:
    """The same under a project's name.

    Example:
        >>> from verticals.finance import FraudPipeline
        >>> "acme/model.py" in template_files(FraudPipeline, "acme")
        True
    """
    return named_files(neutral_files(cls), name)


def written_once(cls: Any, name: str) -> dict[str, str]:
    """The files that are the customer's from the first day: the mapping and settings."""
    folder = _folder(cls)
    settings = [path for path in sorted(folder.glob("*.toml")) if path not in _own_toml(folder)]
    words = _words(cls)
    return {f"{name}.toml": named(words(path.read_text(encoding="utf-8")), name) for path in settings}


def code_lines(files: dict[str, str], name: str) -> int:
    """Lines of the package's Python files, all counted."""
    return sum(
        text.count("\n")
        for path, text in files.items()
        if path.startswith(f"{name}/") and path.endswith(".py")
    )


def compatible(version: str) -> str:
    """The range of versions that a project made with this one runs with.

    Example:
        >>> compatible("0.3.1"), compatible("2.0.0")
        ('>=0.3.1,<0.4', '>=2.0.0,<3')
    """
    major, minor = (int(part) for part in version.split(".")[:2])
    return f">={version},<{f'0.{minor + 1}' if major == 0 else major + 1}"


def notebook_of(cls: Any) -> Path | None:
    """The solution's proof of concept, if it has one."""
    name = f"{cls.name.replace('.', '_')}.ipynb"
    return next((folder / name for folder in NOTEBOOKS if (folder / name).is_file()), None)


def _folder(cls: Any) -> Path:
    if not cls.__module__.startswith("verticals."):
        text = f"`{cls.name}` is a customer's project. Copy the template that it came from: see its {RECORD}"
        raise ConfigError(f"`{cls.name}` cannot be copied", [Fault(text=text)])
    return Path(inspect.getfile(cls)).parent


def _own_toml(folder: Path) -> set[Path]:
    """What belongs to the code; every other TOML file is the customer's."""
    return {folder / "roles.toml", folder / "words.toml"}


def _words(cls: Any):
    """What puts the neutral names in the place of the template's."""
    business, _, own = cls.name.rpartition(".")
    places = (
        (re.compile(rf"\bverticals\.{re.escape(business)}(?= import {cls.__name__}\b)"), NEUTRAL),
        (re.compile(rf"(?<![\w.]){re.escape(cls.name)}(?!\w)"), NEUTRAL),
        (re.compile(rf"\b{cls.__name__}\b"), class_name(NEUTRAL)),
        (re.compile(rf"(?<![\w/.]){own}\.toml\b"), f"{NEUTRAL}.toml"),
    )

    def put(text: str) -> str:
        for pattern, word in places:
            text = pattern.sub(word, text)
        return text

    return put


def _facts(cls: Any, folder: Path) -> dict[str, Any]:
    readme = (folder / "README.md").read_text(encoding="utf-8")
    words = _words(cls)
    parts = SECTION.split(readme)
    sections = {title.strip(): words(text).strip() for title, text in zip(parts[1::2], parts[2::2])}
    return {
        "name": NEUTRAL,
        "cls": class_name(NEUTRAL),
        "distribution": distribution_name(NEUTRAL),
        "solution": cls.name,
        "pipeline": cls,
        "range": compatible(__version__),
        "version": __version__,
        "sections": sections,
        "data": (folder / "data.py").exists(),
        "notebook": notebook_of(cls) is not None,
    }


def _target(stem: str) -> str:
    """Where a page of `files` goes: `gitignore` is hidden here, lest it count in this repository."""
    return {"gitignore": ".gitignore", "test.py": f"tests/test_{NEUTRAL}.py"}.get(stem, stem)


@cache
def _page(path: Path):
    from jinja2 import Environment, StrictUndefined

    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True, trim_blocks=True)
    return environment.from_string(path.read_text(encoding="utf-8"))


def _cleared(text: str) -> str:
    """The notebook on the customer's file, without what it showed of the sample."""
    from shared.cloning.notebooks import without_outputs

    content = json.loads(text)
    for cell in content["cells"]:
        lines = (
            cell["source"] if isinstance(cell["source"], list) else cell["source"].splitlines(keepends=True)
        )
        cell["source"] = [re.sub(r"^CONFIG = None", f'CONFIG = "{NEUTRAL}.toml"', line) for line in lines]
    return without_outputs(json.dumps(content, ensure_ascii=False))
