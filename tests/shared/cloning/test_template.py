"""What a clone is made of: each solution's files in the customer's name."""

import ast
import configparser
import importlib
import json
import re

import pytest

from shared.cloning.template import code_lines, compatible, template_files, written_once
from verticals import SOLUTIONS

each_solution = pytest.mark.parametrize("solution", SOLUTIONS)
MOST_LINES = 250


def cls_of(solution):
    module, _, name = SOLUTIONS[solution].partition(":")
    return getattr(importlib.import_module(module), name)


@each_solution
def test_a_clone_owns_less_than_250_lines_of_code(solution):
    lines = code_lines(template_files(cls_of(solution), "acme"), "acme")
    assert 50 < lines < MOST_LINES


@each_solution
def test_everything_a_project_needs_is_there(solution):
    files = template_files(cls_of(solution), "acme_x")
    package = {f"acme_x/{name}" for name in ("__init__.py", "config.py", "model.py", "pipeline.py")}
    if solution in ("finance.fraud", "retail.demand"):  # the others make nothing of their columns themselves
        package.add("acme_x/data.py")
    wanted = {"README.md", "README.zh.md", "setup.cfg", "pyproject.toml", "Makefile", ".gitignore"}
    assert set(files) == package | wanted | {
        *("acme_x/roles.toml", "acme_x/words.toml", "acme_x.ipynb", "tests/test_acme_x.py")
    }
    assert set(written_once(cls_of(solution), "acme_x")) == {"acme_x.toml"}


@each_solution
def test_the_code_speaks_of_the_customer_and_imports_its_own_files_relatively(solution):
    cls = cls_of(solution)
    for path, text in template_files(cls, "acme_x").items():
        if not path.endswith((".py", ".ipynb")):
            continue
        assert cls.__name__ not in text.replace("AcmeXPipeline", ""), path
        assert not re.search(rf"(?<![\w.]){re.escape(solution)}\b", text), path
        if path.endswith(".py"):
            for node in ast.walk(ast.parse(text)):
                modules = [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
                modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                assert not [name for name in modules if name.split(".")[0] == "verticals"], path


@each_solution
def test_the_notebook_reads_the_customers_file_and_shows_nothing_yet(solution):
    text = template_files(cls_of(solution), "acme_x")["acme_x.ipynb"]
    cells = json.loads(text)["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    assert "from acme_x import AcmeXPipeline" in code and 'CONFIG = "acme_x.toml"' in code
    assert "verticals" not in re.findall(r"^(?:from|import) (\w+)", code, re.MULTILINE)
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in cells if "outputs" in cell)


@each_solution
def test_the_settings_are_those_of_the_template(solution):
    cls = cls_of(solution)
    text = written_once(cls, "acme_x")["acme_x.toml"]
    assert 'solution = "acme_x"' in text and solution not in text


@each_solution
def test_the_readmes_say_which_table_is_wanted_and_what_to_change_first(solution):
    files = template_files(cls_of(solution), "acme_x")
    for name, title in (("README.md", "## What to change first"), ("README.zh.md", "## 先改什么")):
        text = files[name]
        assert title in text and "{{" not in text and "{%" not in text
        for role in cls_of(solution).roles:
            assert f"| `{role.name}` |" in text
        assert "sample.py" not in text and "](../" not in text


def test_the_setup_asks_for_a_compatible_version():
    setup = configparser.ConfigParser()
    setup.read_string(template_files(cls_of("finance.fraud"), "acme_x")["setup.cfg"])
    assert setup["metadata"]["name"] == "acme-x"
    assert re.fullmatch(r"keras-verticals>=0\.\d+\.\d+,<0\.\d+", setup["options"]["install_requires"].strip())


@pytest.mark.parametrize(("version", "range"), [("0.1.0", ">=0.1.0,<0.2"), ("1.4.2", ">=1.4.2,<2")])
def test_a_range_ends_where_interfaces_may_change(version, range):
    assert compatible(version) == range


def test_data_models_and_results_stay_out_of_version_control():
    ignored = template_files(cls_of("finance.fraud"), "acme_x")[".gitignore"].split()
    assert {"*.csv", "*.parquet", "*.xlsx", "/runs/", "*.keras", ".venv/"} <= set(ignored)
    assert "*.toml" not in ignored and "*.ipynb" not in ignored
