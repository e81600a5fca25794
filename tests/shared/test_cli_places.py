"""What a command means where it leaves names out."""

from pathlib import Path

import pytest

from shared.cli_places import Solutions, meant, two_names
from shared.cloning.creating import create
from shared.errors import ConfigError
from verticals import SOLUTIONS
from verticals.finance import FraudPipeline


@pytest.fixture
def outside(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Solutions(SOLUTIONS)


def project(tmp_path, monkeypatch, name):
    """Solutions as seen from inside a customer's project of that name."""
    monkeypatch.setattr("sys.path", __import__("sys").path.copy())
    monkeypatch.chdir(create(FraudPipeline, name, tmp_path).root)
    return Solutions(SOLUTIONS)


def test_outside_a_project_one_name_is_a_solution_or_a_table(outside, tmp_path):
    (tmp_path / "payments").mkdir()
    assert two_names(outside, []) == (None, None)
    assert two_names(outside, ["finance.fraud"]) == ("finance.fraud", None)
    assert two_names(outside, ["finance.fruad"]) == ("finance.fruad", None)
    for table in ("a.csv", "drop/a", "payments", "a.XLSX"):
        assert two_names(outside, [table]) == (None, Path(table))
    assert two_names(outside, ["a"], alone="table") == (None, Path("a"))
    assert two_names(outside, ["finance.fraud", "a"]) == ("finance.fraud", Path("a"))
    with pytest.raises(ConfigError, match="found 3 names"):
        two_names(outside, ["a", "b", "c"])


def test_inside_a_project_its_own_solution_and_file_are_meant(tmp_path, monkeypatch):
    solutions = project(tmp_path, monkeypatch, "meant_fraud")
    assert two_names(solutions, ["payments"]) == (None, Path("payments"))
    found = meant(solutions, None, None, None, None)
    assert (found.name, found.config.name, found.data) == ("meant_fraud", "meant_fraud.toml", None)
    assert found.pipeline.mapping.columns["label"] == "fraud"
    other = meant(solutions, "finance.fraud", None, None, None)
    assert (other.name, other.config) == ("finance.fraud", None)


def test_the_customers_file_names_solution_and_table(outside, tmp_path):
    (tmp_path / "deep").mkdir()
    config = tmp_path / "deep" / "acme.toml"
    config.write_text('solution = "finance.fraud"\ndata = "drop/a.csv"\n', "utf-8")
    found = meant(outside, None, None, config, None)
    assert (found.name, found.data) == ("finance.fraud", tmp_path / "deep" / "drop" / "a.csv")
    assert meant(outside, None, Path("b.csv"), config, None).data == Path("b.csv")
    with pytest.raises(ConfigError, match="another solution"):
        meant(outside, "retail.demand", None, config, None)


def test_what_is_not_said_anywhere_is_asked_for(outside, tmp_path):
    with pytest.raises(ConfigError, match="which solution is meant"):
        meant(outside, None, None, None, None)
    with pytest.raises(ConfigError, match="Did you mean `finance.fraud`"):
        outside.load("finance.fruad")


def test_a_project_that_cannot_be_imported_says_where(tmp_path, monkeypatch):
    solutions = project(tmp_path, monkeypatch, "broken_fraud")
    Path("broken_fraud/data.py").write_text("def broken(:\n", "utf-8")
    with pytest.raises(ConfigError, match=r"data\.py, line 1"):
        solutions.load("broken_fraud")


def test_an_installed_project_is_found_by_its_name(outside, monkeypatch):
    from importlib.metadata import EntryPoint

    point = EntryPoint("acme_installed", "verticals.finance:FraudPipeline", "verticals.solutions")
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [point])
    assert outside.names()[0] == "acme_installed" and outside.load("acme_installed") is FraudPipeline
