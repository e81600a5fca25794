"""The notebooks hold what a reader needs in the order in which it is needed, and each runs from top to bottom."""

import re
import runpy
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
BENCHMARK = runpy.run_path(str(ROOT / "tests" / "benchmarks" / "notebooks.py"))
executed, normal, written = (BENCHMARK[name] for name in ("executed", "normal", "written"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SOLUTIONS = {
    "finance_fraud": "FraudPipeline",
    "retail_demand": "DemandPipeline",
    "manufacturing_defects": "DefectPipeline",
    "healthcare_diagnosis": "DiagnosisPipeline",
}
BEFORE = ["answer", "open", "about-table", "size", "table", "about-plots"]
AFTER = [
    "about-settings",
    "settings",
    "about-fit",
    "fit",
    "about-learning",
    "learning",
    "about-results",
    "results",
]
DECISIONS = (["about-costs", "costs"], ["about-rates", "rates"])
CASES, LOAD, LAST = ["about-cases", "cases"], ["about-load", "load"], ["change"]
MOST_BYTES, MOST_LINES, MOST_PLOTS = 500_000, 12, 3
FIGURE = r"\*\*(-?[\d.,]+)( ?%)? \((-?[\d.,]+)(?: ?%)? to (-?[\d.,]+)(?: ?%)?\)\*\*"
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path):
    return nbformat.read(path, as_version=4)


def cell(notebook, name):
    return next(each for each in notebook.cells if each.id == name)


def code_of(notebook):
    return [each for each in notebook.cells if each.cell_type == "code"]


def shown(of):
    """Every text that the outputs of one cell or of a notebook hold."""
    cells = [of] if "cell_type" in of else code_of(of)
    outputs = [output for each in cells for output in each.outputs]
    return "\n".join(
        str(text) for output in outputs for text in [*output.get("data", {}).values(), output.get("text", "")]
    )


def model_figure(notebook):
    """Value, low and high of the model's main figure in the stored or new table of results."""
    tables = [output["data"]["text/plain"] for output in cell(notebook, "results").outputs]
    row = next(line for text in tables for line in text.splitlines() if line.startswith("This model | "))
    return [float(number.replace(",", "")) for number in re.findall(r"-?[\d,]*\.?\d+", row.split(" | ")[1])]


def test_every_solution_has_its_notebook():
    from verticals import SOLUTIONS as known

    assert {path.stem for path in NOTEBOOKS} == set(SOLUTIONS) == {name.replace(".", "_") for name in known}


@each_notebook
def test_the_file_is_valid_small_and_as_jupyter_writes_it(path):
    notebook = read(path)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert path.stat().st_size < MOST_BYTES
    assert path.read_text(encoding="utf-8") == written(normal(read(path)))


@each_notebook
def test_the_cells_come_in_the_order_that_a_reader_needs(path):
    names = [each.id for each in read(path).cells]
    plots = [name for name in names if name.startswith("plot-")]
    assert 1 <= len(plots) <= MOST_PLOTS
    found = [name for name in names if name != "ahead"]
    assert found in [[*BEFORE, *plots, *AFTER, *decision, *CASES, *LOAD, *LAST] for decision in DECISIONS]


@each_notebook
def test_the_first_code_cell_has_the_lines_to_change(path):
    lines = code_of(read(path))[0].source.splitlines()
    assert "DATA = None" in lines and "CONFIG = None" in lines
    assert any(line.startswith("# The line to change for your own file") for line in lines)
    imported = f"from verticals.{path.stem.split('_')[0]} import {SOLUTIONS[path.stem]}"
    assert imported in lines


@each_notebook
def test_the_code_is_short_and_decides_nothing(path):
    for each in code_of(read(path)):
        lines = [line for line in each.source.splitlines() if line.strip()]
        assert len(lines) <= MOST_LINES, each.id
        assert not re.search(r"^\s*(if|for|while|def|class|try|with)\b", each.source, re.M), each.id


@each_notebook
def test_each_heading_has_a_line_in_chinese_and_a_few_words_of_text(path):
    for each in read(path).cells:
        if each.cell_type == "markdown":
            heading, chinese, empty, *text = each.source.splitlines()
            assert heading.startswith("#") and re.search("[\u4e00-\u9fff]", chinese) and not empty, each.id
            assert 0 < len(text) <= 8, each.id


@each_notebook
def test_it_is_stored_executed_in_order_and_without_errors(path):
    cells = code_of(read(path))
    assert [each.execution_count for each in cells] == list(range(1, len(cells) + 1))
    outputs = [output for each in cells for output in each.outputs]
    assert not [output for output in outputs if output.output_type in ("error", "stream")]
    assert [each.id for each in cells if not each.outputs] == ["open", "size"]


@each_notebook
def test_nothing_of_the_machine_is_stored(path):
    text = path.read_text(encoding="utf-8")
    for trace in (str(Path.home()), str(ROOT), "/tmp/", "/home/", "/Users/", "Warning", "ms/step", "it/s"):
        assert trace not in text, trace


@each_notebook
def test_the_answer_is_the_figure_that_is_stored_below(path):
    notebook = read(path)
    answer, results = cell(notebook, "answer").source, model_figure(notebook)
    figures = re.findall(FIGURE, answer)
    assert [float(each) for each in (figures[0][0], *figures[0][2:])] == results
    for value, *_ in figures:
        assert value in shown(notebook), value
    assert ("simulated" in answer and "模拟" in answer) or ("real" in answer and "真实" in answer)


@each_notebook
def test_the_saved_model_was_found_to_answer_alike(path):
    assert "Both answers are equal." in shown(cell(read(path), "load"))


@each_notebook
def test_drawings_and_tables_are_readable_without_a_style_sheet(path):
    data = [output.get("data", {}) for each in code_of(read(path)) for output in each.outputs]
    drawings = [each["image/svg+xml"] for each in data if "image/svg+xml" in each]
    assert len(drawings) + len([each for each in data if "image/jpeg" in each]) >= 3
    for drawing in drawings:
        assert 'xmlns="http://www.w3.org/2000/svg"' in drawing and "<style" not in drawing
    tables = [each["text/html"] for each in data if "text/html" in each]
    assert tables and not any("<style" in table or "<script" in table for table in tables)


@pytest.mark.slow
@each_notebook
def test_it_runs_from_top_to_bottom(path, tmp_path):
    before = read(path)
    value, low, high = model_figure(before)
    after = executed(read(path), tmp_path)
    width = high - low  # another processor rounds otherwise, and what learns from nothing ends elsewhere
    assert low - width <= model_figure(after)[0] <= high + width, (
        f"{path.stem} now reaches another figure than {value}"
    )
    assert (tmp_path / "runs" / "notebook" / "report.html").is_file()
    assert "Both answers are equal." in shown(cell(after, "load"))


@pytest.mark.slow
def test_one_changed_line_is_all_that_an_own_file_takes(tmp_path, payments):
    own = {"time": "交易时间", "amount": "金额", "fraud": "是否欺诈", "card": "卡号", "terminal": "商户"}
    payments.rename(columns=own).to_csv(tmp_path / "payments.csv", index=False, encoding="gb18030")
    roles = {"label" if name == "fraud" else name: column for name, column in own.items()}
    lines = [f'{role} = "{column}"' for role, column in roles.items()]
    quick = [
        "epochs = 2",
        "units = 8",
        "members = 2",
        "depth = 1",
        "bins = 4",
        "number_dim = 2",
        "blend = false",
    ]
    config = "\n".join(["[columns]", *lines, "[settings]", 'currency = "CNY"', *quick])
    (tmp_path / "acme.toml").write_text(config, encoding="utf-8")
    notebook = read(ROOT / "notebooks" / "finance_fraud.ipynb")
    first = code_of(notebook)[0]
    first.source = first.source.replace("DATA = None", 'DATA = "payments.csv"')
    first.source = first.source.replace("CONFIG = None", 'CONFIG = "acme.toml"')
    after = executed(notebook, tmp_path)
    assert "交易时间" in shown(cell(after, "table")) and "payments.csv" in shown(cell(after, "table"))
    assert "CNY" in shown(cell(after, "costs"))
    assert "Both answers are equal." in shown(cell(after, "load"))
