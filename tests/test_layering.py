"""Imports point down only, Keras stays where it belongs, and what is public says what it does."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# From the ground up; a module reads its own layer and those before it, and what is not listed stands on top.
LAYERS = [
    {"errors", "quiet", "lazy", "interpreter"},
    # NumPy alone: what a table is, how it is parted, encoded, judged and decided on.
    {
        *("contract", "config", "fit_settings", "split_settings", "split_checks", "splits", "drawing"),
        *("forecast_settings", "image_settings", "images"),
        *("encoding", "history", "inputs", "metrics", "ranking", "intervals", "calibration", "judging"),
        *("decisions", "money", "explain", "stages", "series", "signals", "trust", "classes", "patients"),
        *("diagnostic_settings", "protocol", "proposing", "simulators", "features", "slices"),
    },
    {"builders", "losses", "training", "baselines", "class_rivals"},
    {
        "pipeline",
        "bundle",
        "bundle_files",
        "binary",
        "forecast",
        "imaging",
        "diagnostic",
        "diagnostic_checks",
        "diagnostic_networks",
        "diagnostic_start",
    },
    {"tasks", "cases", "facts", "scoring", "verdicts", "forecast_scoring", "forecast_sentences"}
    | {"image_scoring", "image_verdicts", "diagnostic_scoring", "diagnostic_verdicts", "diagnostic_cases"}
    | {
        "forecast_verdicts",
        "report",
        "notebook",
        "run",
        "serve",
        "export",
        "testing",
        "cli",
        "cli_map",
        "cli_data",
        "cli_clone",
        "cli_export",
        "parity",
        "cli_monitor",
        "monitoring",
        "cli_options",
        "cli_serve",
        "cli_places",
        "cli_terminal",
        "opening",
        "cloning",
        "catalogue",
        "light",
    },
]
KERAS = {"keras", "tensorflow", "jax", "torch"}
AT_THE_TOP = {"builders", "losses", "training"}
WITHOUT_IT = {"shared.training.predict", "shared.training.prediction.predict"}  # of an exported network too
FREE_OF_KERAS = LAYERS[0] | LAYERS[1] | {"baselines", "class_rivals"}


def layer_of(module):
    return next((place for place, names in enumerate(LAYERS) if module in names), len(LAYERS))


def name_of(path):
    """`contract` for shared/contract/checking.py and for shared/contract.py."""
    return path.relative_to(ROOT / "shared").parts[0].removesuffix(".py")


def imports_of(path, *, inside=True):
    """Full names of what a file imports; with `inside`, also in functions, but never for types alone."""
    package = path.relative_to(ROOT).parent.parts
    found = []

    def visit(node):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                found.extend(alias.name for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                above = package[: len(package) - child.level + 1] if child.level else ()
                base = ".".join([*above, *([child.module] if child.module else [])])
                found.extend(f"{base}.{alias.name}" for alias in child.names)
            elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                continue
            elif inside or not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
                visit(child)

    visit(ast.parse(path.read_text("utf-8")))
    return found


SHARED = sorted(
    path
    for path in (ROOT / "shared").rglob("*.py")
    if path.name != "__init__.py" or name_of(path) != "__init__"
)
VERTICALS = sorted((ROOT / "verticals").rglob("*.py"))
each_shared = pytest.mark.parametrize("path", SHARED, ids=lambda path: str(path.relative_to(ROOT)))


def test_the_files_are_found():
    assert len(SHARED) > 30 and len(VERTICALS) > 5
    assert "shared.errors.BundleError" in imports_of(ROOT / "shared" / "bundle.py")


@each_shared
def test_imports_point_down_only(path):
    mine = name_of(path)
    used = {name.split(".")[1] for name in imports_of(path) if name.startswith("shared.") and "." in name}
    above = {
        name
        for name in used - {mine, "__version__"}
        if layer_of(name) > layer_of(mine) and layer_of(mine) < 5
    }
    assert not above, f"{mine} imports {above}, which stands above it"


@each_shared
def test_shared_imports_nothing_from_the_solutions(path):
    assert not [
        name for name in imports_of(path) if name.split(".")[0] in ("verticals", "tests", "notebooks")
    ]


@each_shared
def test_keras_is_imported_at_the_top_only_by_what_is_made_of_it(path):
    if name_of(path) in AT_THE_TOP:
        return
    inside = name_of(path) in FREE_OF_KERAS  # these may not even import it in a function
    heavy = {name for name in imports_of(path, inside=inside) if name.split(".")[0] in KERAS}
    brings = {f"shared.{name}" for name in AT_THE_TOP}
    names = set(imports_of(path, inside=inside)) - WITHOUT_IT
    heavy |= {name for name in names if ".".join(name.split(".")[:2]) in brings}
    assert not heavy, f"{path.name} imports {heavy}"


@pytest.mark.parametrize("path", VERTICALS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_solution_imports_another_and_its_own_files_are_imported_relatively(path):
    parts = path.relative_to(ROOT / "verticals").parts
    if len(parts) < 3:
        return  # the lists of solutions
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            assert not (node.module or "").startswith("verticals"), f"line {node.lineno}"
        if isinstance(node, ast.ImportFrom):
            assert node.level <= len(parts) - 2, f"line {node.lineno} reaches out of the solution's folder"
        if isinstance(node, ast.Import):
            assert not [alias.name for alias in node.names if alias.name.startswith("verticals")]


@each_shared
def test_everything_public_has_a_docstring(path):
    tree = ast.parse(path.read_text("utf-8"))
    assert ast.get_docstring(tree), "the module has none"
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    public = [node for node in tree.body if isinstance(node, kinds) and not node.name.startswith("_")]
    assert not [node.name for node in public if not ast.get_docstring(node)]


def test_no_module_imports_itself_by_a_detour():
    below = {name_of(path): set() for path in SHARED}
    for path in SHARED:
        names = (name.split(".") for name in imports_of(path, inside=False) if name.startswith("shared."))
        below[name_of(path)] |= {name[1] for name in names} & set(below)
    while ground := {name for name, used in below.items() if not used & (set(below) - {name})}:
        below = {name: used for name, used in below.items() if name not in ground}
    assert sorted(below) == []


TESTED_WITH = {
    "drawing": "test_splits",
    "split_checks": "test_splits",
    "ranking": "test_metrics",
    "fit_settings": "test_training",
    "errors": "contract/test_checking",
    "quiet": "test_cli",
    "cli_terminal": "test_cli",
    "cli_options": "test_cli",
    "opening": "test_cli_places",
    "interpreter": "parity/test_certificate",
    "pipeline": "test_run",
    "diagnostic_checks": "test_diagnostic",
}
TEST_FILES = sorted((ROOT / "tests" / "shared").rglob("test_*.py"))


def test_every_module_of_shared_has_tests():
    files = {str(path.relative_to(ROOT / "tests" / "shared").with_suffix("")) for path in TEST_FILES}
    tested = {name.split("/")[0].removeprefix("test_") for name in files}
    assert {name_of(path) for path in SHARED} - tested - set(TESTED_WITH) == set()
    assert set(TESTED_WITH.values()) <= files


@pytest.mark.parametrize("path", TEST_FILES, ids=lambda path: path.stem)
def test_every_test_file_mirrors_a_module(path):
    if path.stem in ("test_backends", "test_forecasting_builders", "test_forecast_losses"):
        return  # layers and losses of several modules at once, on another backend too
    if path.stem in ("test_store", "test_page_files"):
        return  # a whole service, asked for what several modules do together
    mirrored = path.relative_to(ROOT / "tests").with_name(path.stem.removeprefix("test_"))
    assert (ROOT / mirrored).is_dir() or (ROOT / mirrored.with_suffix(".py")).exists()
