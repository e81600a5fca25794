import re

import pytest

from shared.monitoring.sentences import chance_of, lines, name_of, shown, words_of
from shared.report.figures import Figures
from shared.report.words import LANGUAGES, texts

FINDINGS = [
    {"name": "amount", "figure": "psi", "then": 0.0, "now": 0.3, "detail": {"chance": 0.01}},
    {"name": "amount", "figure": "missing", "then": 0.0, "now": 0.25},
    {"name": "categorical/channel", "figure": "unseen", "then": 0.01, "now": 0.2},
    {"name": "card", "figure": "distinct", "then": 640.0, "now": 80.0},
    {"name": "roc_auc", "figure": "metric", "then": {"value": 0.9, "low": 0.8, "high": 0.95}, "now": {"value": 0.6}},
    {"name": "calibration", "figure": "calibration", "then": {"value": 1.0}, "now": {"value": 2.0},
     "detail": {"observed": 20, "expected": 10.0}},
]  # fmt: skip


def content(state: str) -> dict:
    entries = [{"column": each["name"], "state": state, "adjusted": 0.0} | each for each in FINDINGS]
    return {"state": state, "findings": entries}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_each_finding_is_one_line_whose_places_are_filled(lang):
    said = lines(content("act"), lang)
    assert len(said) == len(FINDINGS) + 1
    assert not [line for line in said if re.search(r"[{}]|\n|None|nan", line)]


def test_steady_figures_are_summed_up_in_one_line():
    assert lines(content("steady")) == ["steady: 6 figures compared, 0 to act on, 0 to look at"]


def test_the_texts_have_both_languages_with_the_same_places_to_fill():
    entries = texts("words_monitor")
    for key, text in entries.items():
        assert set(text) == set(LANGUAGES) and all(text.values()), key
        assert sorted(re.findall(r"\{\w+\}", text["en"])) == sorted(re.findall(r"\{\w+\}", text["zh"])), key


def test_a_column_that_is_called_score_is_not_taken_for_the_models():
    words = words_of({}, "zh")
    assert name_of({"name": "numeric/score", "column": "score", "figure": "psi"}, words) == "score"
    assert name_of({"name": "scores/score", "column": "score", "figure": "psi"}, words) == "评分"


def test_figures_are_written_by_their_kind():
    figures = Figures("en")
    assert shown({"figure": "unseen", "now": None}, "now", figures) == "–"
    assert shown({"figure": "distinct", "now": 641.6}, "now", figures) == "642"
    assert chance_of({"adjusted": 0.04}, figures) == ".040"
