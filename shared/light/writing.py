"""A bundle -> a folder that answers rows with NumPy and ONNX Runtime alone: network, facts, and the code it runs on."""

import ast
import json
import sys
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from shared import bundle
from shared.binary import BinaryPipeline
from shared.bundle_files import new_folder, sha256
from shared.contract.plan import reading_plan
from shared.diagnostic import DiagnosticPipeline
from shared.errors import BundleError
from shared.export import exporting
from shared.export.formats import FORMATS
from shared.export.ports import Signature
from shared.export.sessions import onnx_session
from shared.forecast import ForecastPipeline
from shared.imaging import ImagePipeline
from shared.interpreter import last_line, said_in
from shared.light.scorer import FACTS, NETWORK, SCORERS, read_scorer
from shared.pipeline import Pipeline

KINDS = {  # from the most special on: the class a solution derives from, and what it must leave as it is
    "image": (ImagePipeline, ("predict", "prepare", "answers", "named", "decode", "outputs")),
    "diagnosis": (DiagnosticPipeline, ("predict", "prepare", "answers", "features", "encode", "probability")),
    "forecast": (ForecastPipeline, ("predict", "answers", "forecast", "orders", "series_of")),
    "binary": (BinaryPipeline, ("predict", "prepare", "answers", "features", "encode", "decode", "scores")),
}
KEPT = ("solution", "class", "mapping", "config", "state", "calibration", "decision", "correction")
KEPT += ("classes", "prior", "versions")
PACKAGES = ("numpy", "onnxruntime")
HEAVY = ("pandas", "pyarrow", "pydantic", "scipy", "sklearn", "keras", "tensorflow", "matplotlib")
ALONE = f"""
import sys
class Refusing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {HEAVY}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Refusing())
from shared.light.__main__ import main
sys.exit(main([".", "-"]))
"""
BESIDE = ("image", "signal")  # given with a row, and missed by the scorer itself


def export_light(folder: str | Path, out: str | Path) -> dict[str, Any]:
    """Writes the folder, whole or not at all.

    Args:
        folder: The bundle.
        out: Folder to write; an export that is there is replaced, but nothing else is.
    Returns:
        What stands in `export.json`.
    Raises:
        BundleError: If the network cannot be written as ONNX, or the solution answers by code of its own in
            `pipeline.py`, which the scorer does not carry.
    """
    folder, out = Path(folder), Path(out)
    exporting.refuse_foreign(out)
    content = bundle.read_facts(folder)
    pipeline = bundle.pipeline_of(folder, content)
    kind = kind_of(pipeline)
    with new_folder(out) as part:
        network = _network(folder, content, part)
        modules = {SCORERS[kind].partition(":")[0], "shared.light.__main__"}
        hook = _hook(type(pipeline), part)
        if hook is not None:
            modules.add(hook)
            _write_config(type(pipeline), content["config"], part)
        sources = _copied(modules, part)
        facts = _facts(pipeline, content, kind, hook, network, sha256(part / NETWORK))
        _write(part / FACTS, facts)
        _refuse_other_answers(pipeline, part)
        (part / "requirements.txt").write_text("".join(f"{line}\n" for line in _requirements()), "utf-8")
        files = {
            str(path.relative_to(part)): sha256(path) for path in sorted(part.rglob("*")) if path.is_file()
        }
        found = {
            "export": exporting.FORMAT_VERSION,
            "solution": pipeline.name,
            "format": exporting.LIGHT,
            "variant": "float32",
            "file": FACTS,
            **{name: network[name] for name in ("inputs", "outputs", "batch", "compared")},
            "modules": len(sources),
            "bytes": sum(path.stat().st_size for path in part.rglob("*") if path.is_file()),
            "files": files,
            "versions": bundle.versions(exporting.RUNTIMES),
            "bundle": bundle.hashes(folder),
        }
        _write(part / exporting.FACTS, found)
    return found


def kind_of(pipeline: Pipeline) -> str:
    """Which scorer answers for the pipeline.

    Raises:
        BundleError: If none does, or it answers by code of its own.
    """
    if pipeline.mapping.wide is not None:
        raise BundleError(
            "tables with one column a step are not read by a light scorer. Serve the bundle instead"
        )
    for kind, (base, kept) in KINDS.items():
        if not isinstance(pipeline, base):
            continue
        own = [name for name in kept if getattr(type(pipeline), name) is not getattr(base, name)]
        if own:
            raise BundleError(
                f"`{pipeline.name}` has its own {', '.join(f'`{name}`' for name in own)}, which a light scorer does "
                "not carry: it takes the features of `data.py`. Serve the bundle, or export another format"
            )
        return kind
    raise BundleError(f"`{pipeline.name}` is of no kind that a light scorer answers for")


def _network(folder: Path, content: dict[str, Any], part: Path) -> dict[str, Any]:
    """Puts the ONNX network there: the one that the bundle carries, or one made now."""
    from shared.export.beside import onnx_entry

    entry = onnx_entry(content)
    if "why" not in entry:
        (part / NETWORK).write_bytes((folder / bundle.ONNX).read_bytes())
        return entry
    return exporting.write_export(bundle.load(folder), FORMATS["onnx"], part, variant="float32")


def _facts(pipeline, content, kind: str, hook: str | None, network, digest: str) -> dict[str, Any]:
    kept = {name: content[name] for name in KEPT if name in content}
    columns = {role.name: pipeline.mapping.column(role.name) for role in pipeline.roles}
    plan = reading_plan(pipeline.roles, pipeline.mapping)
    for entry in plan["columns"]:
        entry["needed"] &= entry["target"] not in BESIDE
    if kind == "image":
        plan["unmapped"] = []  # what stands beside a photo, such as its mask, is for learning alone
    return kept | {
        "light": 1,
        "kind": kind,
        "hook": hook,
        "columns": {name: columns[name] for name in columns if name in pipeline.mapping.columns},
        "roles": [role.name for role in pipeline.roles],
        "key_role": getattr(pipeline, "key_role", None),
        "plan": plan,
        "network": {name: network[name] for name in ("inputs", "outputs", "batch")},
        "sha256": digest,
    }


def _hook(cls: type[Pipeline], part: Path) -> str | None:
    """The module of the solution's own features, copied; None: it has none."""
    package = cls.__module__.rpartition(".")[0]
    name = f"{package}.data" if package else ""
    path = _source(name) if name else None
    if path is None:
        return None
    target = part.joinpath(*name.split(".")).with_suffix(".py")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(path.read_bytes())
    return name


def _source(module: str) -> Path | None:
    """The file of a module; None: there is no such module, as of a name in one."""
    try:
        spec = find_spec(module)
    except (ImportError, ValueError):
        return None
    return Path(spec.origin) if spec is not None and spec.origin else None


def _write_config(cls: type[Pipeline], config: dict[str, Any], part: Path) -> None:
    """`config.py` as far as `data.py` may name it: the class, and the values as they are."""
    module = cls.Config.__module__
    lines = [
        f'"""The settings of this bundle, as far as `data.py` reads them."""\n\n\nclass {cls.Config.__name__}:'
    ]
    lines += [f"    {name} = {value!r}" for name, value in config.items()] or ["    pass"]
    path = part.joinpath(*module.split(".")).with_suffix(".py")
    if path.parent.exists():
        path.write_text("\n".join(lines) + "\n", "utf-8")


def _copied(modules: Iterable[str], part: Path) -> list[str]:
    """Copies the modules of this package that these read, each under its own name."""
    found: dict[str, Path] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        own = part.joinpath(*name.split(".")).with_suffix(".py")
        path = own if own.exists() else _source(name)
        if path is None:
            waiting += _home(name)
        if name in found or path is None:
            continue
        found[name] = path
        waiting += [each for each in imported(path) if each.startswith("shared.") and each not in found]
        waiting += [".".join(name.split(".")[:depth]) for depth in range(1, name.count(".") + 1)]
    for name, path in found.items():
        _copy(name, path, part)
    return sorted(found)


def _home(name: str) -> list[str]:
    """The module of a public name that its package imports when it is asked for, see `shared.lazy`."""
    package, _, last = name.rpartition(".")
    homes = getattr(sys.modules.get(package), "_HOMES", {})
    return [homes[last]] if last in homes else []


def _copy(name: str, path: Path, part: Path) -> None:
    folder = part.joinpath(*name.split("."))
    package = path.name == "__init__.py"
    target = folder / "__init__.py" if package else folder.with_suffix(".py")
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    light = name.split(".")[0] == "shared"  # a solution's package imports its pipeline, which is not carried
    target.write_text(path.read_text("utf-8") if light or not package else "", "utf-8")


def imported(path: Path) -> Iterator[str]:
    """Full names of the modules that a file imports when it runs, those for types alone left out.

    Example:
        >>> "shared.contract.cells" in set(imported(Path(find_spec("shared.light.reader").origin)))
        True
    """
    tree = ast.parse(path.read_text("utf-8"))
    for node in _running(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _running(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from _running(child)


def _refuse_other_answers(pipeline: Pipeline, part: Path) -> None:
    """Asks the scorer made-up rows in an interpreter that has no more than it will have, and compares.

    Raises:
        BundleError: If its code asks for more, or answers otherwise than the pipeline.
    """
    from shared.parity.certificate import LARGEST
    from shared.parity.differences import compare
    from shared.parity.sending import picked
    from shared.serve.examples import examples_of
    from shared.serve.fields import read_roles_of
    from shared.serve.rows import raw_of
    from shared.serve.uploads import Uploads

    _, rows = examples_of(pipeline)
    asked = raw_of(rows, pipeline.mapping, [role.name for role in read_roles_of(pipeline)], Uploads())
    pipeline.model = onnx_session(
        part / NETWORK, Signature.from_dict(read_scorer(part)["network"]), threads=1
    )
    table = pipeline.check(asked, predict=True)
    expected = pipeline.predict(table, range(len(table)))
    comparison = compare(expected, picked(None, _answered_alone(part, rows), expected))
    if comparison.largest > LARGEST or comparison.flips:
        raise BundleError(
            f"the scorer answers otherwise than `{pipeline.name}`: by {comparison.largest:.1e}. It takes `columns` and "
            "`costs` of `data.py` as they are; what `pipeline.py` does besides is not carried"
        )


def _answered_alone(part: Path, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    done = said_in(part, ["-c", ALONE], json.dumps(rows))
    if done.returncode:
        last = last_line(done.stderr)[:200]
        raise BundleError(
            f"the scorer does not run on NumPy and ONNX Runtime alone: {last}. What else `data.py` needs must "
            "not be imported by its features; what is for types alone stands under TYPE_CHECKING"
        )
    return json.loads(done.stdout)


def _requirements() -> list[str]:
    found = bundle.versions(PACKAGES)
    return [f"{name}=={found[name]}" for name in PACKAGES if name in found]


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False), "utf-8")
