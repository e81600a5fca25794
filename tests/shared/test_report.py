import copy
import math
import re
import runpy
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from shared.report import render, write_report
from shared.report.bars import Bar, bar_chart
from shared.report.charts import Axis, Frame, Line, line_chart, spread, thin
from shared.report.figures import DASH, Figures
from shared.report.ranking import marks
from shared.report.scales import Scale
from shared.report.words import LANGUAGES, Words, catalogue

EXAMPLE = runpy.run_path(str(Path(__file__).with_name("report_example.py")))["example"]()
SECTIONS = ("verdict", "money", "rivals", "charts", "slices", "drivers", "limits", "data", "method")
NUMBER = re.compile(r"[+−-]?(?:\d[\d,]*)?\.?\d+(?:e-\d+)?")


@pytest.fixture
def metrics():
    return copy.deepcopy(EXAMPLE)


@pytest.fixture(scope="module")
def pages():
    return {lang: render(EXAMPLE, lang) for lang in LANGUAGES}


def tree(page):
    """The page as XML: fails unless every element is closed and every character escaped."""
    return ElementTree.fromstring(page)


def text_of(element, *, skip=("style", "svg")):
    """The visible text of an element, blocks parted by spaces."""
    if element.tag in skip:
        return " " + (element.tail or "")
    inner = (element.text or "") + "".join(text_of(child, skip=skip) for child in element)
    return f" {inner} {element.tail or ''}"


def numbers_within(value):
    """Every number in a nested structure, those within its texts included."""
    if isinstance(value, dict):
        return [n for pair in value.items() for each in pair for n in numbers_within(each)]
    if isinstance(value, list | tuple):
        return [n for each in value for n in numbers_within(each)]
    if isinstance(value, str):
        return [abs(float(found.replace(",", "").replace("−", "-"))) for found in NUMBER.findall(value)]
    return [] if value is None or isinstance(value, bool) or not math.isfinite(value) else [abs(float(value))]


def stands_in(shown, known):
    """Whether a shown number is a known one, rounded to as many places as are shown (or as a percentage)."""
    plain = re.sub(r"[+−,-]", "", shown) if "e" not in shown else shown.lstrip("+−")
    places = len(plain.partition(".")[2]) if "e" not in plain else 12
    value = float(plain)
    near = 0.5 * 10.0**-places * 1.000001
    return any(abs(value - n) <= near or abs(value - 100 * n) <= near for n in known)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_report_is_one_small_file_that_needs_nothing_from_outside(pages, lang):
    page = pages[lang]
    assert len(page.encode()) < 300_000
    assert not re.search(r"https?://|src=|@import|url\(|<script|<link|<iframe", page)
    assert all(link.startswith("#") for link in re.findall(r'href="([^"]*)"', page))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_report_has_every_section_in_order_and_is_well_formed(pages, lang):
    root = tree(pages[lang])
    assert [each.get("id") for each in root.iter("section")] == list(SECTIONS)
    assert root.get("lang") == ("zh-CN" if lang == "zh" else "en")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_html_parser_finds_every_element_closed_in_order(pages, lang):
    class Checker(HTMLParser):
        def __init__(self):
            super().__init__()
            self.open = []

        def handle_starttag(self, tag, attrs):
            if tag != "meta":
                self.open.append(tag)

        def handle_startendtag(self, tag, attrs):
            assert tag in ("meta", "line", "rect", "circle", "path")

        def handle_endtag(self, tag):
            assert self.open.pop() == tag

    checker = Checker()
    checker.feed(pages[lang])
    checker.close()
    assert checker.open == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_chart_is_drawn_named_and_scales(pages, lang):
    charts = [svg for svg in tree(pages[lang]).iter("svg") if svg.get("class") == "chart"]
    assert len(charts) == 12  # costs, six curves, importance, three cases, stages
    for svg in charts:
        assert (
            svg.get("role") == "img"
            and svg.get("aria-label")
            and svg.get("viewBox")
            and svg.get("width") is None
        )
        assert svg.find("title").text
        assert not re.search(
            "nan|inf|None", ElementTree.tostring(svg, encoding="unicode").split("</desc>")[-1]
        )


def test_lines_stay_within_the_drawing(pages):
    for svg in tree(pages["en"]).iter("svg"):
        if svg.get("class") != "chart":
            continue
        width, height = map(float, svg.get("viewBox").split()[2:])
        for circle in svg.iter("circle"):
            assert 0 <= float(circle.get("cx")) <= width and 0 <= float(circle.get("cy")) <= height
        for rect in svg.iter("rect"):
            assert (
                float(rect.get("x")) >= 0 and float(rect.get("x")) + float(rect.get("width")) <= width + 0.2
            )


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_figure_stands_in_the_report_that_is_not_in_the_metrics(pages, lang):
    texts = [text[lang] for text in catalogue().values()]
    known = numbers_within(EXAMPLE) + numbers_within(texts)
    shown = NUMBER.findall(text_of(tree(pages[lang]).find("body")))
    assert len(shown) > 400
    assert [each for each in shown if not stands_in(each, known)] == []


def test_a_figure_that_is_not_in_the_metrics_would_be_noticed():
    known = numbers_within(EXAMPLE)
    assert stands_in("15,468", known) and stands_in(".672", known) and stands_in("−.0090", known)
    assert not stands_in("15,469", known) and not stands_in(".6735", known)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_results_table_shows_each_value_and_interval_of_its_own_cell(pages, lang):
    table = next(each for each in tree(pages[lang]).iter("table") if each.get("id") == "results")
    rows = table.findall("tbody/tr")
    metrics = list(EXAMPLE["results"]["model"])
    for row, (_, result) in zip(rows, EXAMPLE["results"].items(), strict=True):
        cells = row.findall("td")
        assert len(cells) == len(metrics) + 2
        for cell, metric in zip(cells, metrics):
            shown = NUMBER.findall(text_of(cell).replace(" to ", " ").replace("至", " "))
            known = [
                number for number in result[metric].values() if number is not None and math.isfinite(number)
            ]
            assert len(shown) == len(known) in (0, 3)
            for one, number in zip(shown, known):
                assert stands_in(one, [abs(number)])


def test_rendering_twice_and_in_another_process_gives_the_same_bytes(tmp_path, pages):
    assert render(EXAMPLE, "zh") == pages["zh"]
    code = (
        "import runpy, sys; from shared.report import write_report;"
        f"write_report(runpy.run_path({str(Path(__file__).with_name('report_example.py'))!r})['example'](),"
        " sys.argv[1], 'en'); assert 'matplotlib' not in sys.modules and 'keras' not in sys.modules"
    )
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "r.html")], check=True, cwd=root)
    assert (tmp_path / "r.html").read_text(encoding="utf-8") == pages["en"]


def test_rendering_leaves_the_metrics_as_they_were(metrics):
    before = repr(metrics)
    render(metrics)
    assert repr(metrics) == before


def test_empty_metrics_give_a_page_without_sections():
    for lang in LANGUAGES:
        root = tree(render({}, lang))
        assert list(root.iter("section")) == [] and root.find("body/header/h1").text


@pytest.mark.parametrize("key", sorted(EXAMPLE))
@pytest.mark.parametrize("hole", ["absent", "null"])
def test_any_key_may_be_missing_or_null(metrics, key, hole):
    if hole == "absent":
        del metrics[key]
    else:
        metrics[key] = None
    tree(render(metrics, "zh"))


def holes(value, path=()):
    if isinstance(value, dict):
        for key, each in value.items():
            yield (*path, key)
            if len(path) < 3:
                yield from holes(each, (*path, key))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        yield from holes(value[0], (*path, 0))


def test_any_inner_key_may_be_null(metrics):
    paths = [
        path for path in holes(metrics) if len(path) > 1 and path[0] not in ("results", "config", "versions")
    ]
    assert len(paths) > 100
    for path in paths:
        keep = {} if path[0] == "curves" else {"curves": None}
        broken = copy.deepcopy(metrics | keep)
        inner = broken
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = None
        try:
            tree(render(broken))
        except Exception as error:
            pytest.fail(f"null at {path}: {error!r}")


def test_sections_without_data_leave_no_heading_and_no_link(metrics):
    for key in ("slices", "decision", "importance", "cases"):
        del metrics[key]
    page = render(metrics)
    assert [each.get("id") for each in tree(page).iter("section")] == [
        name for name in SECTIONS if name not in ("money", "slices", "drivers")
    ]
    assert 'href="#money"' not in page


def test_hostile_names_are_escaped_and_control_characters_go(metrics):
    evil = "<script>alert('x')</script>\"&\x00\ud800"
    metrics["data"]["columns"][0]["name"] = evil
    metrics["importance"][0]["feature"] = evil
    metrics["slices"][0]["value"] = evil
    metrics["results"][evil] = metrics["results"]["model"]
    metrics["curves"]["precision_recall"][evil] = {"x": [0, 1], "y": [1, 0]}
    metrics["config"][evil] = evil
    metrics["cases"][0]["values"][evil] = evil
    metrics["verdict"]["sentence"]["en"] = evil
    page = render(metrics)
    page.encode("utf-8")
    assert "<script" not in page and "&lt;script&gt;" in page
    assert "alert(&#39;x&#39;)" in page
    tree(page)


def test_huge_metrics_still_give_a_file_under_one_megabyte(metrics):
    metrics["data"]["columns"] *= 2000
    metrics["slices"] *= 500
    metrics["importance"] *= 500
    metrics["data"]["notes"] = ["n" * 10_000] * 1000
    metrics["config"] = {f"setting_{n}": "v" * 5000 for n in range(5000)}
    metrics["cases"][0]["values"] = {f"feature_{n}": "v" * 5000 for n in range(5000)}
    count = 50_000
    ramp = [n / count for n in range(count)]
    metrics["curves"]["precision_recall"]["model"] = {"x": ramp, "y": ramp[::-1]}
    page = render(metrics)
    assert len(page.encode()) < 1_000_000
    assert Words("en")("page.more") in page


def test_what_is_no_number_shows_as_a_dash(metrics):
    for hole in (float("nan"), None, float("inf")):
        metrics["results"]["model"]["roc_auc"] = {"value": hole, "low": hole, "high": hole}
        metrics["data"]["columns"][1]["median"] = hole
        page = render(metrics)
        cell = tree(page).find(".//table[@id='results']/tbody/tr").findall("td")[1]
        assert text_of(cell).strip() == DASH
        assert not re.search(r"\bnan\b|\binf\b|\bNone\b", text_of(tree(page)))


def test_words_have_both_languages_with_the_same_places_to_fill():
    entries = catalogue()
    assert len(entries) > 200
    for key, text in entries.items():
        assert set(text) == set(LANGUAGES) and all(text.values()), key
        assert sorted(re.findall(r"\{\w+\}", text["en"])) == sorted(re.findall(r"\{\w+\}", text["zh"])), key
        assert sorted(re.findall(r"\d+", text["en"])) == sorted(re.findall(r"\d+", text["zh"])), key


def test_every_word_that_the_code_asks_for_exists():
    folder = Path(sys.modules["shared.report"].__file__).parent
    asked = set()
    for path in [*folder.glob("*.py"), *folder.glob("*.j2")]:
        asked |= set(
            re.findall(r'(?:\bw|words)\(["\']([a-z_]+\.[a-z_]+)["\']', path.read_text(encoding="utf-8"))
        )
    assert len(asked) > 60
    assert asked - set(catalogue()) == {"metric.profit_per_seat"}  # the doctest of a word that is lacking


def test_chinese_report_has_no_english_sentence_of_its_own(pages):
    own = [text["en"] for text in catalogue().values() if len(text["en"]) > 24]
    assert [text for text in own if text in pages["zh"]] == []
    assert Words("zh")("page.simulated") in pages["zh"]


def test_places_to_fill_are_all_filled(pages):
    for page in pages.values():
        assert not re.search(r"\{[a-z_]+\}", text_of(tree(page), skip=("style",)))


def test_badge_stands_only_where_data_are_simulated(metrics, pages):
    badge = 'class="simulated"'
    assert badge in pages["en"]
    metrics["simulated"] = False
    assert badge not in render(metrics)


def test_unknown_language_is_refused():
    with pytest.raises(ValueError, match="en or zh"):
        render({}, "fr")


def test_a_solution_may_replace_words(metrics):
    metrics["words"] = {"column.missed": {"en": "Missed frauds", "zh": "漏掉的欺诈"}}
    assert '<th scope="col">Missed frauds</th>' in render(metrics)
    assert "漏掉的欺诈" in render(metrics, "zh")


def test_write_report_leaves_the_page_and_nothing_else(tmp_path):
    path = write_report({"title": "T"}, tmp_path / "new" / "report.html", "zh")
    assert [each.name for each in path.parent.iterdir()] == ["report.html"]
    assert path.read_bytes().decode("utf-8") == render({"title": "T"}, "zh")


@pytest.mark.parametrize(
    "low, high, expected", [(10.0, 20.0, "gain"), (-5.0, 20.0, "unsure"), (-20.0, -10.0, "loss")]
)
def test_saving_is_called_proven_only_if_its_interval_says_so(metrics, low, high, expected):
    metrics["decision"]["saved"] = {"value": (low + high) / 2, "low": low, "high": high}
    page = render(metrics)
    sentences = {name: Words("en")(f"money.{name}") for name in ("gain", "unsure", "loss")}
    assert {name for name, sentence in sentences.items() if sentence in page} == {expected}


@pytest.mark.parametrize(
    "review, block, bands", [(0.1, 0.6, 3), (0.6, 0.6, 2), (None, 0.6, 2), (0.1, None, 2)]
)
def test_thresholds_part_the_scores_into_bands_without_gaps(metrics, review, block, bands):
    metrics["decision"] |= {"review_threshold": review, "block_threshold": block}
    found = tree(render(metrics)).find(".//ol[@class='bands']")
    assert len(found) == bands and found[0].get("class") == "pass"


def ranked(values, differences, direction="higher"):
    results = {name: {"m": dict(zip(("value", "low", "high"), figure))} for name, figure in values.items()}
    pairs = {name: {"m": {"value": 0, "low": low, "high": high}} for name, (low, high) in differences.items()}
    return marks({"results": results, "differences": pairs, "better": {"m": direction}}, "m")


def test_best_is_marked_only_if_the_paired_difference_excludes_zero():
    values = {"model": (0.7, 0.6, 0.8), "tree": (0.6, 0.5, 0.7)}
    assert ranked(values, {"tree": (0.05, 0.15)}) == {"model": "best"}
    assert ranked(values, {"tree": (-0.01, 0.15)}) == {"model": "tie", "tree": "tie"}
    assert ranked(values, {"tree": (0.05, 0.15)}, "lower") == {"tree": "best"}
    assert ranked(values, {"tree": (0.05, 0.15)}, None) == {}


def test_two_rivals_tie_if_their_intervals_overlap():
    values = {"model": (0.5, 0.4, 0.6), "tree": (0.8, 0.75, 0.85), "forest": (0.77, 0.72, 0.82)}
    assert ranked(values, {"tree": (-0.4, -0.2), "forest": (-0.4, -0.2)}) == {"tree": "tie", "forest": "tie"}
    values["forest"] = (0.6, 0.55, 0.65)
    assert ranked(values, {"tree": (-0.4, -0.2), "forest": (-0.4, -0.2)}) == {"tree": "best"}


@pytest.mark.parametrize(
    "value, en, zh",
    [
        ({"value": 0.67, "low": 0.612, "high": 0.721}, ".670 (.612 to .721)", "0.670（0.612 至 0.721）"),
        ({"value": 0.0051, "low": 0.004, "high": 0.0062}, ".00510 (.00400 to .00620)", None),
        ({"value": 12.345}, "12.3", "12.3"),
        ({"value": -0.5, "low": -1, "high": 0}, "−.500 (−1.000 to 0)", None),
        (None, DASH, DASH),
        (1234.5678, "1,235", "1,235"),
    ],
)
def test_scores_have_three_significant_digits(value, en, zh):
    assert Figures("en").interval(value) == en
    assert zh is None or Figures("zh").interval(value) == zh


def test_money_has_separators_and_the_currency_code():
    figures = Figures("en", "CNY")
    assert figures.money(1234567.8) == "CNY 1,234,568"
    assert figures.money(0.5) == "CNY 0.50"
    assert figures.interval({"value": 1500, "low": -20, "high": 3000}, "money") == "CNY 1,500 (−20 to 3,000)"


def test_dates_are_written_as_people_write_them():
    assert Figures("en").date("2026-11-23T16:00:00") == "23 November 2026, 16:00"
    assert Figures("zh").date("2026-11-23") == "2026年11月23日"
    assert Figures("en").date("week 3") == "week 3"


@pytest.mark.parametrize(
    "low, high, log", [(0, 1, False), (-3, 17, False), (0.0001, 1, True), (0.02, 0.4, True)]
)
def test_axes_have_a_few_round_ticks_within_their_bounds(low, high, log):
    ticks = Scale(low, high, 0, 100, log).ticks()
    assert 2 <= len(ticks) <= 8 and all(low * 0.999999 <= tick <= high * 1.000001 for tick in ticks)


def test_labels_beside_lines_never_overlap():
    places = spread([50, 51, 52, 10, 199], 16, 4, 200)
    assert all(b - a >= 16 for a, b in zip(sorted(places), sorted(places)[1:]))
    assert min(places) >= 4 and max(places) <= 200


def test_thinning_keeps_both_ends_and_few_points():
    kept = thin([(n / 1000, (n % 7) * 10.0) for n in range(100_000)])
    assert len(kept) <= 402 and kept[0] == (0, 0) and kept[-1][0] == 99.999


def test_bars_below_zero_point_to_the_left():
    root = ElementTree.fromstring(bar_chart([Bar("a", -1.0), Bar("b", 2.0)], title="t"))
    left, right = root.findall("rect")
    zero = float(right.get("x"))
    assert float(left.get("x")) + float(left.get("width")) == pytest.approx(zero, abs=0.2)
    assert float(right.get("width")) == pytest.approx(2 * float(left.get("width")), abs=0.3)


def test_curve_passes_through_its_points():
    frame = Frame(Axis("x", 0, 10), Axis("y", 0, 10))
    root = ElementTree.fromstring(line_chart([Line("a", [0, 10, None], [0, 10, 3])], frame, title="t"))
    (path,) = [each for each in root.iter("path")]
    (x0, y0), (x1, y1) = [tuple(map(float, p.split())) for p in path.get("d")[1:].split("L")]
    assert x0 < x1 and y0 > y1
