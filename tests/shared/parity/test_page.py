"""The certificate as a page, in both languages, and as lines on the terminal."""

import xml.etree.ElementTree as ElementTree

import pytest

from shared.parity.page import render_parity, sentences
from shared.report.words import texts

CONTENT = {
    "certificate": 1,
    "created": "2026-01-05T10:00:00+00:00",
    "passed": True,
    "solution": "finance.fraud",
    "title": {"en": "Card payment fraud", "zh": "银行卡交易欺诈识别"},
    "simulated": True,
    "largest_allowed": 1e-5,
    "rows": {
        "file": "<b>rows & more.csv",
        "answers": 5080,
        "customer": 5000,
        "answered": 5000,
        "altered": [{"column": "<card>", "kind": "missing", "rows": 80}],
        "enough": True,
        "least": 1000,
    },
    "scores": ["score"],
    "routes": [
        {"name": "memory", "state": "reference", "rows": 5080, "notes": []},
        {"name": "onnx", "state": "equal", "rows": 5080, "largest": 1.5e-7, "column": "score", "flips": 0,
         "flipped": {}, "notes": [], "parts": {"model.onnx": "ab12"}},
        {"name": "litert", "state": "not possible", "rows": 0, "notes": ["LiteRT has no operator Erf"], "parts": {}},
    ],
    "parts": {"bundle": {"model.keras": "cd34", "bundle.json": "ef56"}, "data": "0789"},
    "versions": {"saved with": {"keras": "3.15.1"}, "now": {"keras": "3.15.2", "onnx": "1.23.2"}},
}  # fmt: skip
FAILED = CONTENT | {
    "passed": False,
    "rows": CONTENT["rows"] | {"customer": 12, "answered": 12, "enough": False, "altered": []},
    "routes": [
        CONTENT["routes"][0],
        CONTENT["routes"][1]
        | {"state": "different", "largest": None, "flips": 3, "flipped": {"decision": 3}},
    ],
}


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("content", [CONTENT, FAILED])
def test_the_page_is_well_formed_and_holds_every_hash_and_no_markup_of_the_customer(lang, content):
    page = render_parity(content, lang)
    ElementTree.fromstring(page.replace("<!DOCTYPE html>", ""))
    assert all(digest in page for digest in ("ab12", "cd34", "ef56", "0789", "3.15.2"))
    assert "<b>rows" not in page and "<card>" not in page and "http:" not in page and "https:" not in page


def test_a_passed_certificate_says_so_and_names_what_is_not_possible():
    page, lines = render_parity(CONTENT), sentences(CONTENT)
    assert "verdict passed" in page and "LiteRT has no operator Erf" in page and "Simulated" in page
    assert lines[-1].startswith(
        "All 1 routes give the same answers to 5,080 rows: largest difference 1.5e-07"
    )
    assert "ONNX Runtime: Equal  1.5e-07  0" in lines


def test_a_failed_certificate_names_the_routes_and_what_it_lacks():
    page, lines = render_parity(FAILED), sentences(FAILED)
    assert "verdict failed" in page and "decision 3" in page
    assert "Not all routes agree (ONNX Runtime): largest difference inf, 3 decisions changed" in lines[2]
    assert any("Only 12 rows were answered" in line for line in lines) and any(
        "No altered rows" in line for line in lines
    )
    assert "并非所有路径都一致" in render_parity(FAILED, "zh")


def test_every_text_is_there_in_both_languages():
    for key, text in texts("words_parity").items():
        assert set(text) == {"en", "zh"} and all(text.values()), key
