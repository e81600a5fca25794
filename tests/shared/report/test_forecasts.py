import copy
import math
import re
import runpy
from pathlib import Path
from xml.etree import ElementTree

import pytest

from shared.report import render
from shared.report.bands import Band, runs
from shared.report.bars import Bar, bar_chart
from shared.report.calendar_ticks import calendar_ticks, date_of, day_of, days_of
from shared.report.charts import Axis, Frame, Line, line_chart
from shared.report.figures import DASH, kind_of
from shared.report.forecasts import MOST_EXAMPLES, Drawn
from shared.report.ranking import marks, target_of
from shared.report.words import LANGUAGES, Words, catalogue, texts

HERE = Path(__file__).parents[1]
EXAMPLE = runpy.run_path(str(HERE / "forecast_report_example.py"))["example"]()
FRAUD = runpy.run_path(str(HERE / "report_example.py"))["example"]()
READING = runpy.run_path(str(HERE / "test_report.py"))
tree, text_of, holes = (READING[name] for name in ("tree", "text_of", "holes"))
numbers_within, stands_in, NUMBER = (READING[name] for name in ("numbers_within", "stands_in", "NUMBER"))
SECTIONS = ("verdict", "inventory", "rivals", "examples", "charts", "slices", "limits", "data", "method")


@pytest.fixture
def metrics():
    return copy.deepcopy(EXAMPLE)


@pytest.fixture(scope="module")
def pages():
    return {lang: render(EXAMPLE, lang) for lang in LANGUAGES}


def section(page, name):
    return next((each for each in tree(page).iter("section") if each.get("id") == name), None)


def charts_of(page):
    return [svg for svg in tree(page).iter("svg") if svg.get("class") == "chart"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_forecast_report_has_every_section_in_order_and_is_well_formed(pages, lang):
    root = tree(pages[lang])
    assert [each.get("id") for each in root.iter("section")] == list(SECTIONS)
    links = [each.get("href") for each in root.find("body/nav")]
    assert links == [f"#{name}" for name in SECTIONS]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_forecast_report_is_one_file_that_needs_nothing_from_outside(pages, lang):
    assert not re.search(r"https?://|src=|@import|url\(|<script|<link|<iframe", pages[lang])


def test_ten_long_examples_stay_far_below_one_megabyte(metrics):
    metrics["examples"] = (metrics["examples"] * 2)[:10]
    for each in metrics["examples"]:
        each["history"] = {"dates": ["2023-01-01"] * 5000, "values": [1.5] * 5000}
    assert len(render(metrics).encode()) < 300_000


def test_more_examples_than_are_shown_are_announced(metrics):
    metrics["examples"] *= 20
    page = render(metrics)
    assert len(section(page, "examples").findall(".//figure")) == MOST_EXAMPLES
    assert Words("en")("page.more") in text_of(section(page, "examples"))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_figure_stands_in_the_report_that_is_not_in_the_metrics(pages, lang):
    said = [text[lang] for text in catalogue("forecast").values()]
    known = numbers_within(EXAMPLE) + numbers_within(said)
    shown = NUMBER.findall(text_of(tree(pages[lang]).find("body")))
    assert len(shown) > 400
    assert [each for each in shown if not stands_in(each, known)] == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_results_table_shows_each_value_and_interval_of_its_own_cell(pages, lang):
    table = next(each for each in tree(pages[lang]).iter("table") if each.get("id") == "results")
    names = list(EXAMPLE["results"]["model"])
    for row, result in zip(table.findall("tbody/tr"), EXAMPLE["results"].values(), strict=True):
        for cell, metric in zip(row.findall("td"), names):
            shown = NUMBER.findall(text_of(cell).replace(" to ", " ").replace("至", " "))
            known = [n for n in result[metric].values() if n is not None and math.isfinite(n)]
            assert len(shown) == len(known)
            assert all(stands_in(one, [abs(number)]) for one, number in zip(shown, known))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_chart_is_drawn_named_and_stays_within_its_drawing(pages, lang):
    charts = charts_of(pages[lang])
    assert (
        len(charts) == 15
    )  # policies, six examples, two by step, coverage, two by origin, two learning, stages
    for svg in charts:
        width, height = map(float, svg.get("viewBox").split()[2:])
        assert svg.get("role") == "img" and svg.find("title").text and svg.get("width") is None
        drawn = ElementTree.tostring(svg, encoding="unicode").split("</desc>")[-1]
        assert not re.search("nan|inf|None", drawn)
        for circle in svg.iter("circle"):
            assert 0 <= float(circle.get("cx")) <= width and 0 <= float(circle.get("cy")) <= height


def test_verdict_says_the_money_first_and_the_accuracy_second(pages, metrics):
    text = text_of(section(pages["en"], "verdict"))
    verdict = EXAMPLE["verdict"]
    assert 0 < text.index(verdict["sentence"]["en"]) < text.index(verdict["accuracy"]["en"])
    assert "EUR −890" in text
    del metrics["verdict"]["accuracy"]
    assert 'class="accuracy"' not in render(metrics)


@pytest.mark.parametrize("key", sorted(EXAMPLE))
@pytest.mark.parametrize("hole", ["absent", "null"])
def test_any_key_may_be_missing_or_null(metrics, key, hole):
    if hole == "absent":
        del metrics[key]
    else:
        metrics[key] = None
    tree(render(metrics, "zh"))


def test_any_inner_key_may_be_null(metrics):
    skip = ("results", "config", "versions", "stages", "timing", "curves", "title", "limits")
    paths = [path for path in holes(metrics) if len(path) > 1 and path[0] not in skip]
    assert len(paths) > 150
    for path in paths:
        broken = copy.deepcopy(metrics)
        inner = broken
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = None
        try:
            tree(render(broken))
        except Exception as error:
            pytest.fail(f"null at {path}: {error!r}")


@pytest.mark.parametrize("hole", [None, math.nan, math.inf])
def test_what_is_no_number_leaves_a_gap_or_a_dash(metrics, hole):
    example = metrics["examples"][0]
    example["actual"][3] = example["history"]["values"][-2] = example["rival_forecast"][0] = hole
    example["forecast"][2] = [hole, hole, hole]
    metrics["by_step"]["values"]["model"][1] = metrics["by_step"]["coverage_80"][0] = hole
    metrics["coverage"]["observed"]["model"][4] = hole
    metrics["origins"][1]["cost"]["model"] = hole
    metrics["inventory"]["policies"][0]["service"] = hole
    metrics["aggregation"]["stockouts"] = hole
    page = render(metrics)
    assert not re.search(r"\bnan\b|\binf\b|\bNone\b", text_of(tree(page)))
    assert all("nan" not in path.get("d") for path in tree(page).iter("path"))
    assert DASH in [text_of(cell).strip() for cell in section(page, "inventory").iter("td")]


@pytest.mark.parametrize(
    "keys, section_name",
    [
        (["inventory"], "inventory"),
        (["examples"], "examples"),
        (["by_step", "coverage", "origins", "curves"], "charts"),
        (["slices", "cold_start"], "slices"),
        (["data", "split", "aggregation"], "data"),
    ],
)
def test_sections_without_data_leave_no_heading_and_no_link(metrics, keys, section_name):
    for key in keys:
        del metrics[key]
    page = render(metrics)
    left = [name for name in SECTIONS if name != section_name]
    assert [each.get("id") for each in tree(page).iter("section")] == left
    assert f'href="#{section_name}"' not in page


def test_hostile_names_are_escaped(metrics):
    evil = "<script>alert('x')</script>\"&\x00"
    metrics["examples"][0] |= {"name": evil, "kind": evil, "rival": evil}
    metrics["inventory"]["policies"][0]["name"] = metrics["inventory"]["saved_against"] = evil
    metrics["inventory"]["currency"] = metrics["by_step"]["metric"] = evil
    metrics["by_step"]["values"][evil] = metrics["by_step"]["values"]["model"]
    metrics["aggregation"][evil] = evil
    metrics["origins"][0][evil] = {evil: 1.0}
    metrics["correction"]["method"] = metrics["cold_start"]["series"] = evil
    for lang in LANGUAGES:
        page = render(metrics, lang)
        tree(page)
        assert "<script" not in page


def test_forecast_words_have_both_languages_with_the_same_places_to_fill():
    for key, text in texts("words_forecast").items():
        assert set(text) == set(LANGUAGES) and all(text.values()), key
        for pattern in (r"\{\w+\}", r"\d+"):
            en, zh = (sorted(re.findall(pattern, text[lang])) for lang in LANGUAGES)
            assert en == zh, key


def test_chinese_report_has_no_english_sentence_of_its_own(pages):
    own = [text["en"] for text in catalogue("forecast").values() if len(text["en"]) > 24]
    assert [text for text in own if text in pages["zh"]] == []
    for page in pages.values():
        assert not re.search(r"\{[a-z_]+\}", text_of(tree(page), skip=("style",)))


def test_forecast_report_does_not_speak_of_scores_alerts_or_cases(pages):
    assert not re.search("alert|fraud|threshold|average precision", text_of(tree(pages["en"]).find("body")))
    assert not re.search("告警|欺诈|阈值|平均精确率", text_of(tree(pages["zh"]).find("body")))


def test_forecast_texts_leave_other_reports_as_they_are():
    own = texts("words_forecast")
    general = texts("words")
    assert {key for key in own if key in general} >= {"rivals.hint", "slices.hint", "verdict.meaning"}
    assert all(catalogue()[key] == general[key] for key in general)
    page = render(FRAUD)
    assert general["slices.hint"]["en"] in page and own["slices.hint"]["en"] not in page


def test_a_solution_may_replace_forecast_words(metrics):
    metrics["words"] = {"column.lost": {"en": "Crates lost", "zh": "缺货箱数"}}
    assert "Crates lost" in render(metrics) and "缺货箱数" in render(metrics, "zh")


@pytest.mark.parametrize(
    "low, high, expected", [(10.0, 20.0, "gain"), (-5.0, 20.0, "unsure"), (-9.0, -1.0, "loss")]
)
def test_saving_is_called_proven_only_if_its_interval_says_so(metrics, low, high, expected):
    metrics["inventory"]["saved"] = {"value": (low + high) / 2, "low": low, "high": high}
    text = text_of(section(render(metrics), "inventory"))
    sentences = {
        name: Words("en", kind="forecast")(f"inventory.{name}") for name in ("gain", "unsure", "loss")
    }
    assert {name for name, sentence in sentences.items() if sentence in text} == {expected}


def test_policies_stand_in_the_order_of_their_costs(metrics):
    metrics["inventory"]["policies"][0]["cost"]["value"] = 1e9
    rows = section(render(metrics), "inventory").find(".//table").findall("tbody/tr")
    assert [row.get("class") for row in rows] == [None] * 4 + ["own"]


def test_periods_are_counted_in_the_unit_of_the_run(metrics):
    words = text_of(section(render(metrics), "inventory"))
    assert "500 series, 12 weeks" in words and "1 week " in words
    metrics["aggregation"]["frequency"] = "D"
    assert "500 个序列，12 天" in text_of(section(render(metrics, "zh"), "inventory"))
    del metrics["aggregation"]
    assert "12 periods" in text_of(section(render(metrics), "inventory"))


def test_stacked_bars_part_the_cost_from_zero_on():
    bars = [Bar("a", {"value": 5.0, "low": 4.0, "high": 6.0}, "5", pieces=[(2.0, "red"), (3.0, "blue")])]
    one, two = ElementTree.fromstring(bar_chart(bars, title="t")).findall("rect")
    assert (one.get("fill"), two.get("fill")) == ("red", "blue")
    end = float(one.get("x")) + float(one.get("width"))
    assert end == pytest.approx(float(two.get("x")), abs=0.2)
    assert float(two.get("width")) == pytest.approx(1.5 * float(one.get("width")), abs=0.3)


def test_metrics_with_a_target_are_met_or_not_but_never_ranked(metrics):
    better = EXAMPLE["better"]
    assert {name: target_of(EXAMPLE, name) for name in better if target_of(EXAMPLE, name) is not None} == {
        "coverage_80": 0.8,
        "bias": 0.0,
    }
    found = marks(EXAMPLE, "coverage_80")
    assert found["model"] == "met" and set(found.values()) == {"met"} and "naive" not in found
    assert kind_of("coverage_80") == kind_of("bias") == kind_of("service") == "percent"
    root = tree(render(metrics))
    heads = [
        text_of(each) for each in next(t for t in root.iter("table") if t.get("id") == "results").iter("th")
    ]
    assert any("→ 80 %" in head for head in heads) and any("→ 0" in head for head in heads)
    differences = text_of(section(render(metrics), "rivals").findall(".//table")[1].find("thead"))
    assert "Scaled error" in differences and "Coverage" not in differences and "Bias" not in differences


def test_a_target_without_a_number_in_its_name_marks_nobody():
    metrics = {"better": {"coverage": "target"}, "results": {"model": {"coverage": {"value": 0.8}}}}
    assert target_of(metrics, "coverage") is None and marks(metrics, "coverage") == {}


def test_band_is_drawn_under_the_lines_and_follows_its_bounds():
    frame = Frame(Axis("x", 0, 2), Axis("y", 0, 10), bands=[Band([0, 1, 2], [1, 2, 3], [5, 6, 7], "red")])
    root = ElementTree.fromstring(line_chart([Line("a", [0, 1, 2], [3, 4, 5])], frame, title="t"))
    band, line = list(root.iter("path"))
    assert band.get("fill") == "red" and line.get("stroke") and band.get("d").endswith("Z")
    corners = [tuple(map(float, point.split())) for point in band.get("d")[1:-1].split("L")]
    assert len(corners) == 6
    assert [x for x, _ in corners[:3]] == [x for x, _ in corners[:2:-1]]
    assert all(low > high for (_, high), (_, low) in zip(corners[:3], corners[:2:-1]))


def test_band_breaks_where_a_bound_is_missing_and_a_lonely_step_becomes_a_bar():
    band = Band([0, 1, 2, 3], [1, 1, math.nan, 1], [2, 2, 2, 2], "red")
    assert [len(run) for run in runs(band.x, band.low, band.high)] == [2, 1]
    frame = Frame(Axis("x", 0, 3), Axis("y", 0, 3), bands=[band])
    paths = list(ElementTree.fromstring(line_chart([], frame, title="t")).iter("path"))
    assert len(paths) == 2 and all(len(path.get("d").split("L")) == 4 for path in paths)


def test_unknown_values_leave_a_gap_in_the_history():
    each = copy.deepcopy(EXAMPLE["examples"][0])
    each["history"]["values"][-3] = None
    whole, broken = (Drawn(one, EXAMPLE).lines for one in (EXAMPLE["examples"][0], each))
    assert len(broken) == len(whole) + 1


def test_an_exploding_range_is_cut_and_the_chart_says_so(metrics):
    metrics["examples"] = metrics["examples"][:1]
    said = Words("en", kind="forecast")("examples.clipped")
    assert said not in render(metrics)
    metrics["examples"][0]["forecast"][-1][2] = 1e6
    assert said in render(metrics)


def test_examples_without_dates_are_drawn_over_positions(metrics):
    for each in metrics["examples"]:
        each["dates"] = each["history"]["dates"] = None
    page = render(metrics)
    assert len(section(page, "examples").findall(".//figure")) == 6
    assert Words("en", kind="forecast")("examples.position") in page


def test_a_horizon_of_one_step_is_drawn(metrics):
    for each in metrics["examples"]:
        each |= {key: each[key][:1] for key in ("dates", "actual", "forecast", "rival_forecast")}
    metrics["by_step"] = {
        "metric": "mase",
        "steps": [1],
        "values": {"model": [0.5], "naive": [0.7]},
        "coverage_80": [0.8],
    }
    assert len(charts_of(render(metrics))) == 15


def test_one_origin_makes_no_chart(metrics):
    metrics["origins"] = metrics["origins"][:1]
    assert len(charts_of(render(metrics))) == 13


def test_dates_become_days_and_back():
    assert day_of("2024-03-04") % 7 == 0  # a Monday
    assert date_of(day_of("2024-03-04T06:30:00")).isoformat() == "2024-03-04T06:30:00"
    assert day_of("2024-03-04T06:00:00+08:00") == day_of("2024-03-04T06:00:00")
    assert days_of(["2024-03", None, "soon"]) == [day_of("2024-03-01"), None, None] and days_of(None) == []


@pytest.mark.parametrize(
    "first, last, lang, expected",
    [
        ("2024-03-04T00:00", "2024-03-05T12:00", "en", ["4 Mar 2024", "12:00", "5 Mar", "12:00"]),
        ("2024-03-01", "2024-04-02", "en", ["4 Mar 2024", "11 Mar", "18 Mar", "25 Mar", "1 Apr"]),
        ("2023-12-20", "2024-01-20", "zh", ["2023年12月25日", "2024年1月1日", "1月8日", "1月15日"]),
        ("2023-01-15", "2024-06-20", "zh", ["2023年7月", "2024年1月"]),
        ("1996-01-01", "2024-01-01", "en", ["2000", "2010", "2020"]),
    ],
)
def test_ticks_of_dates_are_round_and_few(first, last, lang, expected):
    ticks = calendar_ticks(day_of(first), day_of(last), lang)
    assert [label for _, label in ticks] == expected
    assert all(day_of(first) <= at <= day_of(last) for at, _ in ticks)


def test_no_span_has_no_ticks():
    assert calendar_ticks(5, 5) == [] and calendar_ticks(math.nan, 3) == []


def test_new_items_are_told_apart_even_without_slices(metrics):
    del metrics["slices"]
    text = text_of(section(render(metrics), "slices"))
    assert ".733 (.611 to .871)" in text and "(7)" in text


def test_conformal_correction_and_counts_of_the_data_are_reported(pages):
    assert "conformal prediction (factor .970 to 1.210)" in text_of(section(pages["en"], "method"))
    assert "共形预测（系数 0.970 至 1.210）" in text_of(section(pages["zh"], "method"))
    data = text_of(section(pages["zh"], "data"))
    assert "退货行数" in data and "10,624" in data and "周" in data
