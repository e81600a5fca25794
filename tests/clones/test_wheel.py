"""From the built wheel alone, in a fresh environment: new, map, check, run and a project's tests, for each solution."""

import json
import os
import re
import shutil
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import customer_files
import newcomer_road
import pytest

from shared.cloning.names import class_name
from shared.testing import tiny_config
from verticals import SOLUTIONS

pytestmark = pytest.mark.slow
FURTHER = {"retail.demand": {"origins": 1}, "healthcare.diagnosis": {"folds": 1}}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel; without a registry nothing can be built or installed."""
    place = tmp_path_factory.mktemp("wheel")
    if not newcomer_road.reachable(place) and os.environ.get("CI") != "true":
        pytest.skip("pip reaches no package registry, so that no fresh environment can be made")
    return newcomer_road.build_wheel(place)


@pytest.fixture(scope="module")
def commands(wheel, tmp_path_factory) -> Iterator[Path]:
    """The commands of a fresh environment that holds the wheel and what it asks for."""
    place = tmp_path_factory.mktemp("fresh")
    yield newcomer_road.install(place, wheel)[0]
    shutil.rmtree(place, ignore_errors=True)  # it holds gigabytes


@pytest.fixture(scope="module")
def roads(commands, tmp_path_factory) -> dict[str, newcomer_road.Road]:
    """All solutions gone through, two at a time; a failed step ends its road."""
    place = tmp_path_factory.mktemp("customers")

    def go(solution: str) -> newcomer_road.Road:
        (place / solution).mkdir()
        road = newcomer_road.Road(solution, place / solution, commands)
        data = customer_files.write(solution, road.place, small=True)
        return road.go(data, quick(solution)).test(make=solution == "finance.fraud")

    longest_first = sorted(SOLUTIONS, key=lambda name: name != "retail.demand")
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(longest_first, pool.map(go, longest_first)))


def quick(solution: str) -> tuple[str, ...]:
    """Settings of a network that is fitted in seconds, as a user gives them."""
    from shared.cli_places import Solutions

    cls = Solutions(SOLUTIONS).load(solution)
    usual, tiny = cls.Config().model_dump(), tiny_config(cls).model_dump() | FURTHER.get(solution, {})
    changed = {name: value for name, value in tiny.items() if value != usual[name]}
    return tuple(f"--set=settings.{name}={json.dumps(value)}" for name, value in changed.items())


@pytest.mark.parametrize("solution", SOLUTIONS)
def test_a_project_comes_from_nothing_to_a_report_and_keeps_its_promises(roads, solution):
    road = roads[solution]
    assert not road.failed, road.shown()
    assert len(road.steps) == 5
    new, mapped, checked, ran, tested = road.steps
    assert int(re.search(r"(\d+) lines of code to own", new.out)[1]) < 250
    assert f"wrote {road.root / road.name}.toml" in mapped.out and f"fits `{road.name}`" in mapped.out
    assert f"fits `{road.name}`" in checked.out
    assert "report: runs/latest/report.html" in ran.out and "1 passed" in tested.out
    report = (road.root / "runs/latest/report.html").read_text(encoding="utf-8")
    assert report.startswith("<!DOCTYPE html>") and "</html>" in report
    assert {"model.keras"} < {path.name for path in (road.root / "runs/latest/bundle").iterdir()}
    assert not [step.err for step in road.steps if "Traceback" in step.err]


@pytest.mark.parametrize("solution", SOLUTIONS)
def test_the_mapping_says_where_the_table_lies_and_is_the_customers(roads, solution):
    road = roads[solution]
    words = (road.root / f"{road.name}.toml").read_text(encoding="utf-8")
    assert f'solution = "{road.name}"' in words
    assert re.search(r'^data = "~/', words, re.MULTILINE)  # no name of a user in a project's file


@pytest.mark.parametrize("solution", SOLUTIONS)
def test_the_notebook_of_a_project_is_valid_and_on_its_own_pipeline(roads, solution):
    nbformat = pytest.importorskip("nbformat")
    road = roads[solution]
    content = nbformat.read(road.root / f"{road.name}.ipynb", as_version=4)
    nbformat.validate(content)
    code = [cell for cell in content.cells if cell.cell_type == "code"]
    assert f"from {road.name} import {class_name(road.name)}\n" in code[0].source
    assert f'CONFIG = "{road.name}.toml"' in code[0].source
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    assert solution not in "".join(cell.source for cell in content.cells)


def test_the_cells_of_a_project_s_notebook_run_on_the_customers_table(roads):
    road = roads["finance.fraud"]
    assert not road.failed, road.shown()
    cells = json.loads((road.root / f"{road.name}.ipynb").read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    (road.root / "cells.py").write_text("\n\n".join(code), encoding="utf-8")
    step = newcomer_road.run("python", "cells.py", place=road.root, env=road.env)
    assert step.code == 0, step.err


def test_everything_is_imported_from_the_fresh_environment(roads):
    road = roads["finance.fraud"]
    code = "import shared, verticals; print(shared.__file__); print(verticals.__file__)"
    step = newcomer_road.run("python", "-c", code, place=road.root, env=road.env)
    environment = Path(road.env["PATH"]).parent
    for path in step.out.split():
        assert Path(path).is_relative_to(environment) and not Path(path).is_relative_to(newcomer_road.ROOT)
    listed = newcomer_road.run(
        "python", *newcomer_road.PIP, "list", "--editable", place=road.root, env=road.env
    )
    assert listed.out.strip() == ""


def test_the_catalogue_of_data_sets_is_installed(roads):
    road = roads["finance.fraud"]
    step = newcomer_road.run("verticals", "data", "list", place=road.place, env=road.env)
    assert step.code == 0 and "stroke" in step.out and "finance.fraud" in step.out


def test_the_wheel_holds_the_two_packages_and_nothing_of_their_tests(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.startswith("keras_verticals-")} == {"shared", "verticals"}
    assert not [name for name in names if "/tests/" in name or name.endswith((".csv", ".parquet", ".keras"))]
    notebooks = [name for name in names if name.endswith(".ipynb")]
    assert len(notebooks) == len(SOLUTIONS)
