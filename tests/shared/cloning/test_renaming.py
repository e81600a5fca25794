"""`rename`: another name everywhere, and nothing else touched."""

import subprocess
import sys

import pytest

from shared.cloning.creating import create
from shared.cloning.record import find_clone
from shared.cloning.renaming import rename
from shared.cloning.template import template_files, written_once
from shared.cloning.updating import plan
from shared.errors import ConfigError
from verticals.finance import FraudPipeline
from verticals.healthcare import DiagnosisPipeline
from verticals.manufacturing import DefectPipeline
from verticals.retail import DemandPipeline

SOLUTIONS = (FraudPipeline, DemandPipeline, DefectPipeline, DiagnosisPipeline)


@pytest.mark.parametrize("cls", SOLUTIONS, ids=lambda cls: cls.name)
@pytest.mark.parametrize("old", ["acme_old", "fraud", "label", "model"])
def test_a_renamed_project_is_as_if_it_had_been_made_with_the_new_name(tmp_path, cls, old):
    """Even where the old name is a word that also stands for something else."""
    clone, conflicts = rename(create(cls, old, tmp_path), "best_one")
    wanted = template_files(cls, "best_one") | written_once(cls, "best_one")
    found = {
        path.relative_to(clone.root).as_posix(): path.read_text("utf-8")
        for path in clone.root.rglob("*")
        if path.is_file() and path.name != "template.json"
    }
    assert found == wanted and not conflicts
    assert find_clone(clone.root).record == clone.record == create(cls, "best_one", tmp_path).record
    assert not plan(clone, cls)


def test_the_customers_own_files_follow_and_tables_are_left_alone(tmp_path):
    clone = create(FraudPipeline, "acme_old", tmp_path)
    (clone.root / "acme_old" / "extra.py").write_text("from acme_old.data import columns\n", "utf-8")
    (clone.root / "rows.csv").write_text("acme_old.toml\n", "utf-8")
    (clone.root / "bad.md").write_bytes("报告".encode("gb18030"))
    (clone.root / "acme_old" / "notes").mkdir()
    clone, _ = rename(clone, "best_one")
    assert (clone.root / "best_one" / "notes").is_dir()
    assert (clone.root / "best_one" / "extra.py").read_text("utf-8") == "from best_one.data import columns\n"
    assert (clone.root / "rows.csv").read_text("utf-8") == "acme_old.toml\n"
    assert not (clone.root / "acme_old").exists()


def test_a_renamed_project_is_imported_and_checks_a_table(tmp_path):
    clone, _ = rename(create(FraudPipeline, "acme_old", tmp_path), "best_one")
    (tmp_path / "acme_old").rename(tmp_path / "elsewhere")
    code = "from best_one import BestOnePipeline as P; f, m = P.sample(**P.small); print(len(P(None, m).check(f)))"
    place = tmp_path / "elsewhere"
    done = subprocess.run([sys.executable, "-c", code], cwd=place, capture_output=True, text=True)
    assert done.returncode == 0 and int(done.stdout) > 1000, done.stderr
    assert clone.record.place == "best_one:BestOnePipeline"


@pytest.mark.parametrize("name", ["Best", "class", "json", "tests"])
def test_a_bad_name_is_refused_and_nothing_is_changed(tmp_path, name):
    clone = create(FraudPipeline, "acme_old", tmp_path)
    before = {path: path.read_bytes() for path in clone.root.rglob("*") if path.is_file()}
    with pytest.raises(ConfigError):
        rename(clone, name)
    assert before == {path: path.read_bytes() for path in clone.root.rglob("*") if path.is_file()}


def test_what_is_in_the_way_is_never_overwritten(tmp_path):
    clone = create(FraudPipeline, "acme_old", tmp_path)
    (clone.root / "best_one.toml").write_text("mine", "utf-8")
    with pytest.raises(ConfigError, match="there already"):
        rename(clone, "best_one")
    assert (clone.root / "acme_old").is_dir() and (clone.root / "best_one.toml").read_text() == "mine"


def test_a_project_whose_package_is_gone_says_so(tmp_path):
    clone = create(FraudPipeline, "acme_old", tmp_path)
    (clone.root / "acme_old").rename(clone.root / "moved_by_hand")
    with pytest.raises(ConfigError, match="there is no folder"):
        rename(clone, "best_one")


def test_what_the_customer_changed_stays_changed(tmp_path):
    clone = create(FraudPipeline, "acme_old", tmp_path)
    for path, old, new in (
        ("acme_old/model.py", "LSTM_UNITS = 48", "LSTM_UNITS = 96"),
        ("acme_old.toml", "review_cost = 5.0", "review_cost = 7.0"),
        ("setup.cfg", "version = 0.1.0", "version = 0.9.0"),
    ):
        text = (clone.root / path).read_text("utf-8")
        assert old in text
        (clone.root / path).write_text(text.replace(old, new), "utf-8")
    clone, conflicts = rename(clone, "best_one")
    assert "LSTM_UNITS = 96" in (clone.root / "best_one/model.py").read_text("utf-8")
    settings = (clone.root / "best_one.toml").read_text("utf-8")
    assert "review_cost = 7.0" in settings and 'solution = "best_one"' in settings
    assert "version = 0.9.0" in (clone.root / "setup.cfg").read_text("utf-8")
    assert conflicts == ["setup.cfg"]  # the line beside the name, as git would say
