"""`verticals export` and `verticals parity`: what they print, and how they end."""

import json
from pathlib import Path

import pytest

from shared.parity import ROUTES, Answered, Route

KEPT = Path(__file__).parents[1] / "fixtures" / "bundles" / "finance_fraud"


@pytest.fixture
def inside(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_export_writes_beside_where_it_is_called_and_says_how_far_it_is_from_keras(command, inside):
    done = command("export", KEPT / "bundle", "--format", "onnx")
    assert done.code == 0, done.err
    assert done.out.startswith("exports/onnx/model.onnx: 0.0") and "on 64 made-up rows" in done.out
    assert json.loads((inside / "exports" / "onnx" / "export.json").read_text("utf-8"))["format"] == "onnx"


def test_a_light_scorer_is_exported_and_certified_by_its_folder(command, inside):
    done = command("export", KEPT / "bundle", "--format", "light")
    assert done.code == 0, done.err
    assert done.out.startswith("exports/light: ") and "python -m shared.light . rows.json" in done.out
    rows = ("--data", KEPT / "rows.csv", "--route", "exports/light", "--out", "page")
    done = command("parity", KEPT / "bundle", *rows)
    assert done.code == 0 and "exports/light: Equal" in done.out


def test_export_says_what_it_does_not_know(command, inside):
    done = command("export", KEPT / "bundle", "--format", "pickle")
    assert done.code == 2 and "--format is `pickle`; expected saved_model, onnx, litert, light" in done.err
    assert not list(inside.iterdir())


@pytest.mark.parametrize(("off", "code"), [(0.0, 0), (1e-3, 1)])
def test_parity_ends_with_1_where_a_route_differs(command, inside, monkeypatch, off, code):
    def answer(job):
        answers = job.asked.answers(job.pipeline)
        return Answered(answers.assign(score=answers["score"] + off))

    monkeypatch.setitem(ROUTES, "other", Route(answer))
    done = command(
        "parity", KEPT / "bundle", "--data", KEPT / "rows.csv", "--route", "other", "--out", "page"
    )
    assert done.code == code, done.err
    assert ("Do not use these routes" in done.out) is bool(code)
    assert "certificate: page/parity.html" in done.out and (inside / "page" / "parity.html").exists()


def test_parity_speaks_chinese_and_refuses_a_missing_file(command, inside):
    done = command(
        "parity", KEPT / "bundle", "--data", KEPT / "rows.csv", "--route", "saved_model", "--lang", "zh"
    )
    assert done.code == 0 and "给出相同的结果" in done.out and "SavedModel: 一致" in done.out
    done = command("parity", KEPT / "bundle", "--data", "nowhere.csv")
    assert done.code == 2 and "nowhere.csv" in done.err
