"""`verticals data`: what it prints, and that it never fetches what is here."""

import io
from pathlib import Path

import pytest

from shared import catalogue
from shared.cli_data import _Bar

M4 = "retail/m4_hourly_weekly"


@pytest.fixture
def mirror(tmp_path, monkeypatch) -> Path:
    """A folder with one data set, and no way to any other."""
    (tmp_path / M4).mkdir(parents=True)
    for name in ("Hourly-train.csv", "Hourly-test.csv.gz"):
        (tmp_path / M4 / name).write_text("V1\n")
    monkeypatch.setenv(catalogue.MIRROR, str(tmp_path))

    def closed(*_, **__):
        raise OSError("the network is closed to tests")

    monkeypatch.setattr(catalogue.urllib.request, "urlopen", closed)
    monkeypatch.setattr(catalogue.time, "sleep", lambda seconds: None)
    return tmp_path


def test_list_says_of_each_data_set_what_it_is_for_and_whether_it_is_here(command, mirror):
    outcome = command("data", "list")
    lines = [line.split() for line in outcome.out.splitlines()]
    assert outcome.code == 0 and lines[0] == ["name", "solution", "size", "licence", "here"]
    here = {words[0]: words[-1] for words in lines[1:]}
    assert here.pop("m4_hourly") == "yes" and set(here.values()) == {"no"}
    assert ["pneumoniamnist", "healthcare.diagnosis", "4", "MB", "CC", "BY", "4.0", "no"] in lines


def test_get_says_where_a_data_set_lies_in_the_mirror_and_fetches_nothing(command, mirror):
    outcome = command("data", "get", "m4_hourly", "--to", mirror / "elsewhere")
    assert outcome.code == 0 and "nothing is fetched" in outcome.err
    assert outcome.out.splitlines()[:2] == [
        str(mirror / M4 / "Hourly-train.csv"),
        str(mirror / M4 / "Hourly-test.csv.gz"),
    ]
    assert "verticals check retail.demand TABLE --config data/mappings/m4_hourly.toml" in outcome.out
    assert not (mirror / "elsewhere").exists()


def test_get_without_a_connection_says_where_to_put_the_file(command, mirror):
    outcome = command("data", "get", "stroke", "--to", mirror / "elsewhere")
    assert outcome.code == 2 and outcome.out == "" and "Traceback" not in outcome.err
    assert "stroke.csv cannot be fetched (1 fault)" in outcome.err
    assert str(mirror / "elsewhere" / "stroke.csv") in outcome.err and "kaggle.com" in outcome.err


def test_get_of_an_unknown_name_names_one_that_is_near(command, mirror):
    outcome = command("data", "get", "m4_hourl")
    assert outcome.code == 2 and "Did you mean `m4_hourly`?" in outcome.err


def test_get_says_what_is_left_to_do(command, mirror, monkeypatch):
    monkeypatch.setattr(catalogue, "fetch", lambda file, dataset, folder, tell: folder / file.name)
    outcome = command("data", "get", "uci_online_retail")
    assert f"{mirror}/retail/uci_online_retail/online_retail_ii.zip\nthen: Unpack" in outcome.out
    assert "licence: CC BY 4.0 (https://archive.ics.uci.edu/" in outcome.out


def test_progress_is_a_few_lines_where_there_is_no_terminal(monkeypatch):
    err = io.StringIO()
    monkeypatch.setattr("sys.stderr", err)
    with _Bar("a.csv") as tell:
        for done in range(0, 1_000_001, 1_000):
            tell(done, 1_000_000)
    lines = err.getvalue().splitlines()
    assert lines[0] == "a.csv: 0.0 of 1.0 MB" and lines[-1] == "a.csv: 1.0 of 1.0 MB" and len(lines) == 11
    with _Bar("b.csv") as tell:
        tell(0, None)
        tell(1_000, None)
        tell(60_000_000, None)
    assert err.getvalue().splitlines()[11:] == ["b.csv: 0.0 MB", "b.csv: 60.0 MB"]


def test_progress_is_a_bar_on_a_terminal(monkeypatch):
    class Screen(io.StringIO):
        def isatty(self):
            return True

    screen = Screen()
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    with _Bar("a[1].csv") as tell:
        tell(500_000, 1_000_000)
    assert "a[1].csv" in screen.getvalue() and "0.5/1.0 MB" in screen.getvalue()
