"""The solutions' READMEs: every code block is executed, and the parts that a project takes over make sense there."""

import re

import pytest
import readme_files
from readme_blocks import ROOT
from readme_session import not_printed, read

HEADINGS = ["What it decides", "Table wanted", "Results", "What to change first", "先改什么"]
PREPARED = {
    "finance/fraud": (readme_files.write_payments, "acme.toml"),
    "retail/demand": (readme_files.write_sales, "shop.toml"),
    "manufacturing/defects": (readme_files.write_photos, "line3.toml"),
    "healthcare/diagnosis": (readme_files.write_patients, "clinic.toml"),
}
each_solution = pytest.mark.parametrize("folder", PREPARED)


def text(folder: str) -> str:
    return (ROOT / "verticals" / folder / "README.md").read_text(encoding="utf-8")


def section(folder: str, heading: str) -> str:
    return text(folder).split(f"\n## {heading}\n")[1].split("\n## ")[0]


@pytest.mark.slow
@each_solution
def test_the_commands_of_a_solution_run_on_a_customers_table(folder, tmp_path):
    prepare, mapping = PREPARED[folder]
    prepare(tmp_path)
    readme_files.write_mapping(tmp_path, mapping)
    readme = f"verticals/{folder}/README.md"
    printed = read(readme, tmp_path, tmp_path)
    assert printed, "the README shows no command"
    assert not_printed(readme, printed) == []


@each_solution
def test_a_solution_has_the_parts_that_all_have(folder):
    assert re.findall(r"^## (.+)$", text(folder), re.MULTILINE) == HEADINGS


@each_solution
@pytest.mark.parametrize("heading", HEADINGS[-2:])
def test_what_to_change_first_speaks_of_files_that_a_project_has(folder, heading):
    part, place = section(folder, heading), ROOT / "verticals" / folder
    named = set(re.findall(r"`([\w./]+\.(?:py|toml|md|json|ipynb))`", part))
    assert named and named <= {path.name for path in place.iterdir()}
    assert "](" not in part


@each_solution
def test_the_chinese_part_has_the_same_points(folder):
    points = [re.findall(r"^(\d+)\. ", section(folder, heading), re.MULTILINE) for heading in HEADINGS[-2:]]
    assert points[0] == points[1] and len(points[0]) >= 4
    marked = [re.findall(r"`([^`]+)`", section(folder, heading)) for heading in HEADINGS[-2:]]
    assert sorted(set(marked[0])) == sorted(set(marked[1]))


@each_solution
def test_settings_that_are_named_exist(folder):
    import importlib

    cls = next(
        value
        for value in vars(importlib.import_module(f"verticals.{folder.replace('/', '.')}")).values()
        if isinstance(value, type) and hasattr(value, "Config")
    )
    known = {*cls.Config.model_fields, *(role.name for role in cls.roles), "groups"}
    named = set(re.findall(r"`([a-z_]+)(?: = [^`]*)?`", section(folder, "What to change first")))
    allowed = {"tabular", "fused"}  # values
    assert named - known - allowed == set()
