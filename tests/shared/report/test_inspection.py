import copy
import re
import runpy
from pathlib import Path

import pytest

from shared.report import render
from shared.report.inspection import picture
from shared.report.words import LANGUAGES, Words, catalogue, texts

HERE = Path(__file__).parents[1]
EXAMPLE = runpy.run_path(str(HERE / "inspection_report_example.py"))["example"]()
OTHERS = [
    runpy.run_path(str(HERE / f"{name}.py"))["example"]()
    for name in ("report_example", "forecast_report_example")
]
READING = runpy.run_path(str(HERE / "test_report.py"))
tree, text_of, NUMBER = (READING[name] for name in ("tree", "text_of", "NUMBER"))
numbers_within, stands_in = (READING[name] for name in ("numbers_within", "stands_in"))
SECTIONS = (
    "verdict",
    "inspection",
    "rivals",
    "classes",
    "gallery",
    "charts",
    "slices",
    "limits",
    "data",
    "method",
)


@pytest.fixture
def metrics():
    return copy.deepcopy(EXAMPLE)


@pytest.fixture(scope="module")
def pages():
    return {lang: render(EXAMPLE, lang) for lang in LANGUAGES}


def section(page, name):
    return next((each for each in tree(page).iter("section") if each.get("id") == name), None)


def said(page, name):
    return " ".join(text_of(section(page, name)).split())


@pytest.mark.parametrize("lang", LANGUAGES)
def test_inspection_report_has_every_section_in_order_and_is_well_formed(pages, lang):
    assert [each.get("id") for each in tree(pages[lang]).iter("section")] == list(SECTIONS)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_figure_stands_in_the_report_that_is_not_in_the_metrics(pages, lang):
    texts_ = [text[lang] for text in catalogue("inspection").values()]
    totals = [sum(row) for row in EXAMPLE["classes"]["counts"]]
    known = numbers_within({**EXAMPLE, "gallery": []}) + numbers_within(texts_) + totals
    known += numbers_within([{**each, "photo": "", "overlay": ""} for each in EXAMPLE["gallery"]])
    shown = NUMBER.findall(text_of(tree(pages[lang]).find("body")))
    assert len(shown) > 200
    assert [each for each in shown if not stands_in(each, known)] == []


def test_rates_stand_in_large_figures_with_interval_and_counts(pages):
    page = said(pages["en"], "inspection")
    assert "Escape rate 2.56 % 0.31 % to 8.96 % 2 of 78 faulty parts were accepted as good." in page
    assert "Plan for up to 8.96 %." in page
    assert "score from .214 to below .683" in page
    assert "78 件不合格品中有 2 件被判为合格" in said(pages["zh"], "inspection")


def test_no_escape_at_all_still_says_what_is_possible(metrics):
    metrics["inspection"]["escape"] = {"value": 0.0, "low": 0.0, "high": 0.046, "count": 0, "of": 78}
    page = said(render(metrics), "inspection")
    assert "None of 78 faulty parts was accepted as good. Plan for up to 4.60 %." in page


def test_equal_thresholds_leave_no_second_look(metrics):
    metrics["inspection"]["again_threshold"] = metrics["inspection"]["reject_threshold"]
    bands = section(render(metrics), "inspection").findall("ol/li")
    assert [each.get("class") for each in bands] == ["accept", "reject"]


def test_escapes_by_method_stand_in_one_table_with_the_model_first(metrics):
    escapes = metrics["inspection"]["at_one_percent"]
    metrics["inspection"]["at_one_percent"] = dict(reversed(list(escapes.items())))
    table = next(each for each in tree(render(metrics)).iter("table") if each.get("id") == "escapes")
    rows = table.findall("tbody/tr")
    assert len(rows) == len(escapes) and rows[0].get("class") == "own"
    assert "4.20 %" in text_of(rows[0]) and ".917" in text_of(rows[0])
    del metrics["inspection"]["macro_f1"]
    assert "Macro F1" not in said(render(metrics), "inspection")


def test_confusion_matrix_shows_each_count_in_its_place_and_shades_it_by_its_share(pages):
    rows = section(pages["en"], "classes").findall(".//table/tbody/tr")
    counts = EXAMPLE["classes"]["counts"]
    for place, (row, expected) in enumerate(zip(rows, counts, strict=True)):
        cells = row.findall("td")
        assert [int(each.text) for each in cells] == [*expected, sum(expected)]
        assert [each.get("class") == "hit" for each in cells[:-1]] == [
            at == place for at in range(len(counts))
        ]
        shades = [float(each.get("style").removeprefix("--shade: ")) for each in cells[:-1]]
        assert shades == pytest.approx([0.75 * count / sum(expected) for count in expected], abs=0.006)


def test_recall_and_precision_are_drawn_with_a_bar_a_class(pages):
    charts = section(pages["en"], "classes").findall(".//svg")
    assert [len(each.findall("rect")) for each in charts] == [6, 6]


def test_gallery_groups_photos_and_shows_each_beside_its_heatmap(pages):
    found = section(pages["en"], "gallery")
    cards = found.findall(".//article")
    assert [each.get("class") for each in cards] == ["right"] * 3 + ["wrong"] * 2 + ["doubtful"]
    for card, each in zip(cards, EXAMPLE["gallery"]):
        pictures = [img.get("src") for img in card.iter("img")]
        assert pictures == [f"data:image/jpeg;base64,{each[key]}" for key in ("photo", "overlay")]
        assert each["name"] in text_of(card) and all(img.get("alt") for img in card.iter("img"))
    assert "Truth crack Answer Accept Class given good Score .112" in said(pages["en"], "gallery")
    assert Words("en", kind="inspection")("gallery.outline") in said(pages["en"], "gallery")


def test_the_outline_is_explained_only_where_there_is_one(metrics):
    for each in metrics["gallery"]:
        each["outline"] = False
    assert Words("en", kind="inspection")("gallery.outline") not in render(metrics)


def test_pictures_inside_the_page_are_allowed_and_nothing_from_outside(pages):
    for page in pages.values():
        policy = re.search(r'content="(default-src[^"]*)"', page)[1]
        assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
        assert not re.search(r"https?://|@import|url\(|<script|<link|<iframe", page)
        assert all(each.get("src").startswith("data:image/") for each in tree(page).iter("img"))
    assert "img-src" not in render(OTHERS[0])


def test_a_gallery_too_large_is_cut_below_five_megabytes_and_says_so(metrics):
    large = "/9j/" + "A" * 500_000
    metrics["gallery"] = [{**metrics["gallery"][0], "photo": large, "overlay": large} for _ in range(12)]
    page = render(metrics)
    assert len(page.encode()) < 5_000_000
    assert 0 < len(section(page, "gallery").findall(".//article")) < 12
    assert Words("en", kind="inspection")("gallery.more") in page


@pytest.mark.parametrize(
    "bad", [None, 7, "", "abc", "https://a.b/c.jpg", '/9j/"onerror="x', "/9j/AAA", "PHN2Zz4="]
)
def test_what_is_no_picture_is_left_out(bad, metrics):
    assert picture(bad) == ""
    metrics["gallery"][0]["photo"] = bad
    assert len(section(render(metrics), "gallery").findall(".//article")) == len(metrics["gallery"]) - 1


def test_each_section_stands_only_where_there_is_something(metrics):
    for name in ("inspection", "classes", "gallery"):
        less = {key: value for key, value in metrics.items() if key != name}
        assert section(render(less), name) is None
        assert section(render({**less, name: {} if name != "gallery" else []}), name) is None


def test_no_mode_of_good_parts_alone_needs_classes_or_masks(metrics):
    metrics["inspection"] |= {"mode": "good_only", "pixel": None, "again": None}
    del metrics["classes"]
    page = render(metrics)
    assert "photos of good parts alone" in said(page, "inspection")
    assert "Pixel" not in said(page, "inspection")


@pytest.mark.parametrize("bad", [None, float("nan"), "<i>"], ids=str)
def test_every_entry_may_be_missing_or_no_number(bad, metrics):
    """Each leaf of the new entries in turn, the first of each list."""

    def spoilt(value):
        if isinstance(value, dict):
            for key, each in value.items():
                yield from ({**value, key: new} for new in spoilt(each))
        elif isinstance(value, list) and value:
            yield from ([new, *value[1:]] for new in spoilt(value[0]))
        elif not (isinstance(value, str) and isinstance(bad, float)):  # a text may be missing, but no number
            yield bad

    for name in ("inspection", "classes", "gallery"):
        for broken in spoilt(metrics[name][:1] if name == "gallery" else metrics[name]):
            page = render({"kind": "inspection", name: broken})
            assert "<i>" not in page and not re.search(r"\bnan\b|\bNone\b", text_of(tree(page)))


def test_hostile_names_stay_text(metrics):
    evil = "<script>\"&'</script>"
    metrics["classes"]["names"][1] = metrics["gallery"][0]["name"] = metrics["gallery"][0]["truth"] = evil
    metrics["inspection"]["at_one_percent"][evil] = 0.2
    metrics["inspection"]["rule"] = metrics["inspection"]["mode"] = metrics["gallery"][1]["kind"] = evil
    for lang in LANGUAGES:
        page = render(metrics, lang)
        tree(page)
        assert "<script" not in page


def test_inspection_words_have_both_languages_with_the_same_places_and_numbers():
    for key, text in texts("words_inspection").items():
        assert set(text) == set(LANGUAGES) and all(text.values()), key
        for pattern in (r"\{\w+\}", r"\d+"):
            en, zh = (sorted(re.findall(pattern, text[lang])) for lang in LANGUAGES)
            assert en == zh, key


def test_chinese_report_has_no_english_sentence_of_its_own(pages):
    own = [text["en"] for text in catalogue("inspection").values() if len(text["en"]) > 24]
    assert [text for text in own if text in pages["zh"]] == []
    for page in pages.values():
        assert not re.search(r"\{[a-z_]+\}", text_of(tree(page), skip=("style",)))


def test_inspection_report_does_not_speak_of_frauds_alerts_or_positives(pages):
    spoken = text_of(tree(pages["en"]).find("body"))
    assert not re.search("alert|fraud|positives|payment|[Rr]ows|true cases|Block", spoken)
    assert not re.search("告警|欺诈|正例|案件|拦截|行数", text_of(tree(pages["zh"]).find("body")))


def test_inspection_texts_leave_other_reports_as_they_are():
    own, general, forecast = (texts(name) for name in ("words_inspection", "words", "words_forecast"))
    assert {"label.1", "rivals.hint", "verdict.meaning"} <= own.keys() & general.keys()
    assert all(catalogue()[key] == general[key] for key in general)
    assert all(catalogue("forecast")[key] == forecast[key] for key in forecast)
    for example in OTHERS:
        assert not re.search("photo|inspection|[Ee]scape", text_of(tree(render(example)).find("body")))
