"""`verticals new`, `update`, `rename` and the commands that need no arguments in a customer's project."""

import sys
import tomllib

import pytest

from shared.cloning import updating
from shared.cloning.template import neutral_files


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty folder; what a command puts on the import path is taken off again."""
    monkeypatch.setattr(sys, "path", sys.path.copy())
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def project(command, place, monkeypatch):
    """A new project, entered."""

    def make(name):
        outcome = command("new", "finance.fraud", name)
        assert outcome.code == 0, outcome.err
        monkeypatch.chdir(place / name)
        return place / name

    return make


@pytest.fixture
def newer(monkeypatch):
    def files(cls):
        found = neutral_files(cls)
        return found | {"customer_project/model.py": found["customer_project/model.py"] + "\nNEW = 1\n"}

    monkeypatch.setattr(updating, "neutral_files", files)
    monkeypatch.setattr("shared.__version__", "0.2.0")
    monkeypatch.setattr(updating, "__version__", "0.2.0")


def refuses(outcome, *words):
    assert outcome.code == 2 and "Traceback" not in outcome.err, outcome
    assert all(word in outcome.err for word in words), outcome.err


def test_new_says_what_was_made_how_much_code_it_is_and_what_comes_next(command, place):
    outcome = command("new", "finance.fraud", "told_fraud")
    assert outcome.code == 0
    assert "finance.fraud 0.1.0 as `told_fraud`" in outcome.out and "lines of code to own" in outcome.out
    assert "cd told_fraud\n  verticals map YOUR_TABLE\n" in outcome.out


def test_new_makes_the_project_where_it_is_told_to(command, place):
    (place / "customers").mkdir()
    assert command("new", "finance.fraud", "told_fraud", "--out", "customers").code == 0
    assert (place / "customers" / "told_fraud" / "template.json").is_file()


WRONG = {
    "solution": (["new", "finance.fruad", "acme"], ["Did you mean `finance.fraud`"]),
    "name": (["new", "finance.fraud", "Acme-Fraud"], ["Try `acme_fraud`"]),
    "no folder": (["new", "finance.fraud", "acme", "--out", "nowhere"], ["there is no folder"]),
    "update outside": (["update"], ["no customer's project", "template.json"]),
    "rename outside": (["rename", "acme"], ["no customer's project"]),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_command_gets_one_message_and_writes_nothing(command, place, case):
    arguments, words = WRONG[case]
    refuses(command(*arguments), *words)
    assert list(place.iterdir()) == []


def test_map_and_check_need_nothing_but_the_table(command, project, payments, place):
    names = {"time": "交易时间", "amount": "金额", "fraud": "是否欺诈", "card": "卡号", "terminal": "商户号"}
    root = project("mapped_fraud")
    payments.head(2000).rename(columns=names).to_csv(place / "payments.csv", index=False, encoding="gb18030")
    refuses(command("check"), "there is no table to check", "verticals map")
    outcome = command("map", place / "payments.csv", "--yes")
    assert outcome.code == 0, outcome.err
    made = tomllib.loads((root / "mapped_fraud.toml").read_text("utf-8"))
    assert made["solution"] == "mapped_fraud" and made["data"] == (place / "payments.csv").as_posix()
    outcome = command("check")
    assert outcome.code == 0 and "payments.csv fits `mapped_fraud`: 2,000 rows" in outcome.out, outcome.err
    assert command("check", place / "payments.csv").code == 0
    # Proposed again it is replaced; once a person has changed it, never.
    assert command("map", place / "payments.csv", "--yes", "--lang", "zh").code == 0
    text = (root / "mapped_fraud.toml").read_text("utf-8")
    (root / "mapped_fraud.toml").write_text(text + "# 已核对\n", "utf-8")
    refuses(command("map", place / "payments.csv", "--yes"), "a person has changed it", "--out")


def test_a_table_inside_the_project_is_named_by_its_place_in_it(command, project, payments):
    root = project("inner_fraud")
    (root / "data").mkdir()
    payments.head(2000).rename(columns={"fraud": "label"}).to_csv(root / "data" / "p.csv", index=False)
    assert command("map", "data/p.csv", "--yes").code == 0
    assert tomllib.loads((root / "inner_fraud.toml").read_text("utf-8"))["data"] == "data/p.csv"


def test_list_shows_the_project_that_one_is_in(command, project):
    project("listed_fraud")
    assert "listed_fraud\n" in command("list").out


def test_update_with_nothing_new_says_so(command, project):
    project("same_fraud")
    outcome = command("update")
    assert outcome.code == 0 and "nothing to do: finance.fraud 0.1.0" in outcome.out


def test_update_shows_then_writes(command, project, newer):
    root = project("newer_fraud")
    outcome = command("update", "--dry-run")
    assert outcome.code == 0 and "+NEW = 1\n" in outcome.out and "nothing is written" in outcome.err
    assert "NEW" not in (root / "newer_fraud/model.py").read_text("utf-8")
    outcome = command("update")
    assert outcome.code == 0 and "newer_fraud/model.py: updated to the template's" in outcome.out
    assert "NEW = 1" in (root / "newer_fraud/model.py").read_text("utf-8")
    assert "nothing to do" in command("update").out


def test_update_names_the_conflicts_and_ends_as_a_failure(command, project, newer):
    root = project("torn_fraud")
    with open(root / "torn_fraud/model.py", "a", encoding="utf-8") as file:
        file.write("\nMINE = 1\n")
    outcome = command("update")
    refuses(outcome, "torn_fraud/model.py", "<<<<<<<")
    assert "torn_fraud/model.py: CONFLICT, line " in outcome.out
    text = (root / "torn_fraud/model.py").read_text("utf-8")
    assert "MINE = 1" in text and "NEW = 1" in text and "<<<<<<< yours" in text
    refuses(command("update"), "still marked")


def test_rename_says_what_it_did(command, project):
    root = project("early_fraud")
    outcome = command("rename", "late_fraud")
    assert outcome.code == 0 and "`early_fraud` is `late_fraud` now" in outcome.out
    assert (root / "late_fraud").is_dir() and "late_fraud\n" in command("list").out


def test_a_damaged_record_gets_one_message(command, project):
    root = project("hurt_fraud")
    text = (root / "template.json").read_text("utf-8")
    (root / "template.json").write_text(text[:500], "utf-8")
    refuses(command("check"), "template.json is damaged", "version control")
