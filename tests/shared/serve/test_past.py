"""Earlier rows are kept once, found by their keys, and outlive what held them."""

import sqlite3
import stat
import subprocess
import sys

import numpy as np
import pytest

from shared.errors import BundleError
from shared.light.frame import Frame
from shared.serve.past import FILE, MEMORY, Past

PLAN = {
    "columns": [
        {"target": "time", "kind": "time"},
        {"target": "amount", "kind": "number"},
        {"target": "label", "kind": "label"},
        {"target": "card", "kind": "key"},
        {"target": "shop", "kind": "key"},
        {"target": "categorical/country", "kind": "category"},
    ]
}


def texts(*values):
    out = np.empty(len(values), object)
    out[:] = values
    return out


def frame(days, cards, *, shops=None, amounts=None, labels=None):
    size = len(days)
    columns = {
        "time": np.datetime64("2025-01-01", "us") + np.array(days, "timedelta64[D]"),
        "amount": np.arange(size, dtype=float) if amounts is None else np.array(amounts, float),
        "card": texts(*cards),
        "shop": texts(*(shops or ["s"] * size)),
        "categorical/country": texts(*["DE"] * size),
    }
    if labels is not None:
        columns["label"] = np.array(labels, float)
    return Frame(columns, size)


@pytest.fixture
def past(tmp_path):
    return Past(tmp_path, PLAN, "finance.fraud")


def found(past, asked):
    behind = past.behind(asked)
    return [] if behind is None else sorted(behind[0]["amount"].tolist())


def test_rows_are_found_by_any_of_their_keys_and_only_earlier_ones(past):
    past.add(frame([1, 2, 3, 9], ["a", "a", "b", "a"], shops=["s", "t", "s", "s"], amounts=[1, 2, 3, 9]))
    assert found(past, frame([5], ["a"], shops=["s"])) == [1, 2, 3]
    assert found(past, frame([5], ["a"], shops=["x"])) == [1, 2]
    assert found(past, frame([2], ["a"], shops=["x"])) == [1]
    assert found(past, frame([5], ["c"], shops=["x"])) == []


def test_a_row_without_a_key_finds_nothing_and_is_found_by_its_other_key(past):
    past.add(frame([1], [None], shops=["t"], amounts=[1]))
    assert found(past, frame([5], [None], shops=["x"])) == []
    assert found(past, frame([5], ["a"], shops=["t"])) == [1]


def test_a_row_is_kept_once_and_its_label_is_brought_later(past):
    row = frame([1], ["a"], amounts=[1])
    assert past.add(row) == 1 and past.add(row) == 0
    assert np.isnan(past.behind(frame([5], ["a"]))[0]["label"]).all()
    assert past.add(frame([1], ["a"], amounts=[1], labels=[1])) == 0
    assert past.behind(frame([5], ["a"]))[0]["label"].tolist() == [1.0] and len(past) == 1


def test_what_is_asked_is_not_its_own_past(past):
    rows = frame([1, 2], ["a", "a"], amounts=[1, 2])
    past.add(rows)
    assert found(past, rows) == []


def test_the_latest_rows_of_a_key_are_looked_back_on(tmp_path):
    past = Past(tmp_path, PLAN, "finance.fraud", most=3)
    past.add(frame(range(6), ["a"] * 6, shops=list("uvwxyz")))
    asked = frame([9], ["a"], shops=["-"])
    assert found(past, asked) == [3, 4, 5]
    past.add(frame([7], ["a"], shops=["k"], amounts=[7]))
    assert found(past, asked) == [4, 5, 7]
    assert found(past, frame([4], ["a"], shops=["-"])) == [1, 2, 3]  # later ones do not hide earlier ones


def test_a_row_of_another_key_does_not_push_a_past_out_of_reach(tmp_path):
    past = Past(tmp_path, PLAN, "finance.fraud", most=3)
    past.add(frame(range(9), ["a"] * 9, shops=list("123456789")))
    old = frame([4], ["a"], shops=["-"])
    both = frame([4, 99], ["a", "b"], shops=["-", "+"])
    assert found(past, both) == found(past, old) == [1, 2, 3]


def test_what_another_bundle_remembers_is_not_taken_for_this_ones(tmp_path):
    Past(tmp_path, PLAN, "finance.fraud", version="one").add(frame([1], ["a"]))
    with pytest.raises(BundleError, match="rows of another bundle"):
        Past(tmp_path, PLAN, "finance.fraud", version="two")


def test_memory_of_other_names_is_forgotten(past):
    past.add(frame([1], ["a"]), {"one": np.array([7.0])})
    past.add(frame([2], ["a"]), {"two": np.array([8.0])})
    _, known = past.behind(frame([5], ["a"]))
    assert list(known) == ["two"] and sorted(np.isnan(known["two"]).tolist()) == [False, True]


def test_keys_that_have_no_rows_take_their_place_too(past, monkeypatch):
    monkeypatch.setattr("shared.serve.past.HELD", 50)
    past.behind(frame(range(200), [f"c{at}" for at in range(200)], shops=["-"] * 200))
    assert len(past._held) <= 51


def test_what_is_remembered_comes_back_with_its_row(past):
    memory = {"unusual": np.array([0.5, np.nan]), "steps": np.array([[1.0, 2.0], [3.0, 4.0]])}
    past.add(frame([1, 2], ["a", "b"]), memory)
    _, known = past.behind(frame([5], ["a"], shops=["-"]))
    assert known["unusual"].tolist() == [0.5] and known["steps"].tolist() == [[1.0, 2.0]]


def test_another_process_adds_to_what_is_found(past, tmp_path):
    past.add(frame([1], ["a"], amounts=[1]))
    assert found(past, frame([5], ["a"])) == [1]
    code = (
        "import sys, numpy as np; from tests.shared.serve.test_past import *; "
        "Past(sys.argv[1], PLAN, 'finance.fraud').add(frame([2], ['a'], amounts=[2]))"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
    assert found(past, frame([5], ["a"])) == [1, 2]


def test_it_outlives_the_process_and_a_killed_one_leaves_whole_rows(tmp_path):
    code = (
        "import os, signal, sys; from tests.shared.serve.test_past import *; "
        "past = Past(sys.argv[1], PLAN, 'finance.fraud'); past.add(frame([1], ['a'], amounts=[1])); "
        "past._base.execute('BEGIN IMMEDIATE'); "
        "past._base.execute('INSERT INTO events (id, at) VALUES (99, 0)'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == -9
    past = Past(tmp_path, PLAN, "finance.fraud")
    assert len(past) == 1 and found(past, frame([5], ["a"])) == [1]


def test_the_file_is_for_its_owner_alone_and_names_no_key(past):
    past.add(frame([1], ["card-4711"], shops=["shop-0815"]))
    past._base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert stat.S_IMODE(past.path.stat().st_mode) == 0o600
    assert b"card-4711" not in past.path.read_bytes() and b"shop-0815" not in past.path.read_bytes()


def test_keys_that_are_asked_for_have_their_text_and_others_none(past):
    past.add(frame([1, 2], ["a", "b"]))
    cards = past.behind(frame([5], ["a"]))[0]["card"].tolist()
    assert sorted(map(type, cards), key=str) == [int, str] and "a" in cards


def test_a_file_of_another_bundle_is_refused(past, tmp_path):
    with pytest.raises(BundleError, match="rows of another bundle or of other columns"):
        Past(tmp_path, PLAN, "finance.other")
    with pytest.raises(BundleError, match="no key and time"):
        Past(tmp_path, {"columns": PLAN["columns"][:2]}, "finance.fraud")


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / FILE).write_bytes(b"no database at all, but long enough to be read as one" * 100)
    with pytest.raises(BundleError, match=r"past\.sqlite cannot be opened"):
        Past(tmp_path, PLAN, "finance.fraud")


def test_a_full_disk_keeps_nothing_and_says_so(past):
    past.add(frame([1], ["a"], amounts=[1]))
    past._base.execute(f"PRAGMA max_page_count = {past._base.execute('PRAGMA page_count').fetchone()[0]}")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        past.add(frame(range(2, 2000), ["a"] * 1998))
    assert len(past) == 1 and found(past, frame([5], ["a"])) == [1]


def test_old_rows_are_forgotten(past):
    past.add(frame([1, 2, 3], ["a"] * 3))
    assert past.forget(np.datetime64("2025-01-03")) == 1
    assert found(past, frame([9], ["a"])) == [1, 2]


def test_in_memory_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    past = Past(MEMORY, PLAN, "finance.fraud")
    assert past.add(frame([1], ["a"])) == 1 and not list(tmp_path.iterdir())


def test_of_what_is_held_the_oldest_is_let_go(past, monkeypatch):
    monkeypatch.setattr("shared.serve.past.HELD", 4)
    past.add(frame(range(9), list("aaabbbccc"), shops=list("123456789")))
    for card in "abcab":
        assert len(found(past, frame([20], [card], shops=["-"]))) == 3
    assert past._rows_held <= 4 + 3
