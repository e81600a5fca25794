import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from shared.monitoring.comparison import compare
from shared.monitoring.findings import Alarms, settled, worst
from shared.monitoring.monitor import columns_of
from shared.monitoring.page import MOST_CHARTS, STEADY_CHARTS, render_monitor
from shared.monitoring.profile import Column, Profile
from shared.report.words import LANGUAGES, texts


def content(columns: int = 2, shift: float = 1.0) -> dict:
    """What monitor.json holds of made-up columns, of which the first is shifted."""
    from shared.contract import Mapping

    rng, mapping = np.random.default_rng(0), Mapping()
    values = {f"numeric/<b>{at}</b>": Column("number", rng.normal(size=400)) for at in range(columns)}
    values["categorical/channel"] = Column("category", rng.choice(["web", "<i>shop</i>"], 400))
    profile = Profile.learn(values)
    now = {name: column.cells for name, column in values.items()}
    now["numeric/<b>0</b>"] = now["numeric/<b>0</b>"] + shift
    seen = profile.sketch(now)
    findings = settled(compare(profile, seen), Alarms())
    return {
        "state": worst(each.state for each in findings),
        "solution": "finance.fraud",
        "title": {"en": "Card payment fraud", "zh": "银行卡交易欺诈识别"},
        "created": "2024-05-01T12:00:00",
        "data": {"source": "may.csv", "rows": seen.rows, "training_rows": 400},
        "alarms": Alarms().to_dict(),
        "findings": [each.to_dict() | {"column": each.name.partition("/")[2]} for each in findings],
        "columns": columns_of(profile, seen, mapping),
        "performance": None,
        "notes": ["may.csv is CSV"],
    }


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_is_well_formed_and_reads_nothing_from_outside(lang):
    page = render_monitor(content(), lang)
    tree = ElementTree.fromstring(page.replace("<!DOCTYPE html>", ""))
    assert not re.search(r"https?://|src=|<script", page)
    words = " ".join(tree.itertext())
    assert not re.search(r"\{\w+\}|\bnan\b|\bNone\b", words.partition(".left td")[2])
    assert "&lt;b&gt;0&lt;/b&gt;" in page and "<b>0</b>" not in page


@pytest.mark.parametrize(("shift", "state"), [(0.0, "steady"), (2.0, "act")])
def test_the_page_says_how_it_stands(shift, state):
    page = render_monitor(content(shift=shift))
    assert f'class="verdict {state}"' in page


def test_the_chinese_page_has_no_english_sentence():
    own = [text["en"] for text in texts("words_monitor").values() if len(text["en"]) > 20]
    page = render_monitor(content(), "zh")
    assert [text for text in own if text in page] == []


def test_a_page_of_very_many_columns_stays_under_one_megabyte():
    page = render_monitor(content(columns=800))
    assert len(page.encode()) < 1_000_000 and page.count("<figure>") == STEADY_CHARTS


def test_more_charts_are_drawn_where_more_has_changed():
    found = content(columns=40)
    for finding in found["findings"]:
        finding["state"] = "look"
    assert render_monitor(found).count("<figure>") == MOST_CHARTS


def test_quality_is_shown_beside_that_of_the_test_rows_or_alone():
    figures = {"figures": {"roc_auc": {"value": 0.9, "low": 0.8, "high": 0.95}}}
    page = render_monitor(content() | {"performance": {"then": None, "now": figures}})
    assert "ROC AUC" in page and "saved by `fit`" in page
