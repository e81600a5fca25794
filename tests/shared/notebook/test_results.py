import copy
import re
import runpy
from pathlib import Path
from xml.etree import ElementTree

import pytest

from shared.notebook import show_cases, show_costs, show_learning, show_rates, show_results

HERE = Path(__file__).resolve().parents[1]
KINDS = ("", "forecast_", "inspection_", "diagnosis_")
EXAMPLES = {kind: runpy.run_path(str(HERE / f"{kind}report_example.py"))["example"]() for kind in KINDS}
SHOWS = (show_learning, show_results, show_costs, show_rates, show_cases)
each_example = pytest.mark.parametrize("kind", KINDS)
each_language = pytest.mark.parametrize("lang", ["en", "zh"])


@each_example
@each_language
@pytest.mark.parametrize("show", SHOWS, ids=lambda show: show.__name__)
def test_every_kind_of_run_is_shown_in_both_languages(show, kind, lang):
    shown = show(EXAMPLES[kind], lang=lang)
    assert shown.parts
    for part in shown:
        if hasattr(part, "svg"):
            ElementTree.fromstring(part.svg)
        if hasattr(part, "html"):
            assert not re.search(r"\{\w+\}|\bNone\b|\bnan\b", part.plain), part.plain
            assert "<svg" not in part.html and "<img" not in part.html and "<style" not in part.html


@pytest.mark.parametrize("show", SHOWS, ids=lambda show: show.__name__)
def test_a_run_without_anything_is_shown_without_an_error(show):
    assert all(part is not None for part in show({}))


@each_example
def test_no_measured_time_is_shown(kind):
    metrics = copy.deepcopy(EXAMPLES[kind])
    names = list(metrics["results"])
    metrics["timing"] = {name: {"fit_seconds": 87654.0, "rows_per_second": 76543.0} for name in names}
    shown = "".join(repr(show(metrics)) for show in SHOWS)
    assert "87,654" not in shown and "76,543" not in shown


def test_the_first_figure_of_the_results_is_the_primary_one_of_the_model():
    metrics = EXAMPLES[""]
    lines = repr(show_results(metrics)).splitlines()
    row = next(line for line in lines if line.startswith("This model | "))
    value = metrics["results"]["model"][metrics["primary_metric"]]["value"]
    assert float(row.split(" | ")[1].split()[0]) == pytest.approx(value, abs=6e-4)
    assert len(lines[lines.index(row) - 1].split(" | ")) == len(row.split(" | ")) <= 6


def test_the_bars_show_every_method_that_has_the_primary_figure():
    metrics = EXAMPLES[""]
    bars = next(part for part in show_results(metrics) if hasattr(part, "svg"))
    assert bars.svg.count("<rect") == 1 + len(metrics["results"])  # and the white ground
    assert bars.title.endswith("(longer is better)")


def test_the_verdict_comes_first_and_is_bold():
    first = show_results(EXAMPLES[""]).parts[0]
    assert first.plain == EXAMPLES[""]["verdict"]["sentence"]["en"] and "<b>" in first.html
