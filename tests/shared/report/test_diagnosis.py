import copy
import re
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.report import render
from shared.report.entries import entry, listed, mapping
from shared.report.figures import DASH
from shared.report.pictogram import COLORS, COLUMNS, TOTAL, pictogram, squares_of, stretches, whole_parts
from shared.report.signals import LEVELS, MOST_STEPS, shades
from shared.report.tripod import ADDED, ITEMS, tripod
from shared.report.words import LANGUAGES, Words, catalogue, texts

HERE = Path(__file__).parents[1]
EXAMPLE = runpy.run_path(str(HERE / "diagnosis_report_example.py"))["example"]()
CLASSES = runpy.run_path(str(HERE / "inspection_report_example.py"))["classes"]()
OTHERS = {
    name: runpy.run_path(str(HERE / f"{name}report_example.py"))["example"]()
    for name in ("", "forecast_", "inspection_")
}
READING = runpy.run_path(str(HERE / "test_report.py"))
tree, text_of, NUMBER = (READING[name] for name in ("tree", "text_of", "NUMBER"))
numbers_within, stands_in = (READING[name] for name in ("numbers_within", "stands_in"))
SECTIONS = "verdict intended population rivals threshold referrals charts subgroups drivers images signals"
SECTIONS = [*SECTIONS.split(), "tripod", "limits", "data", "method"]
OWN = ("intended", "population", "threshold", "referrals", "subgroups", "images", "signals", "tripod")
TINY_P = 0.001  # below which a p-value is only bounded, and the share beyond which one is never called all


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


def only(**found):
    """Metrics that hold nothing but these entries of a diagnosis."""
    return {"kind": "diagnosis", "diagnosis": found}


def rows_of(table):
    return [" ".join(text_of(row).split()) for row in table.findall("tbody/tr")]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_diagnosis_report_has_every_section_in_order_and_is_well_formed(pages, lang):
    root = tree(pages[lang])
    assert [each.get("id") for each in root.iter("section")] == SECTIONS
    assert [each.get("href") for each in root.find("body/nav")] == [f"#{name}" for name in SECTIONS]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_diagnosis_report_is_one_file_that_needs_nothing_from_outside(pages, lang):
    page = pages[lang]
    assert len(page.encode()) < 1_500_000
    assert not re.search(r"https?://|@import|url\(|<script|<link|<iframe", page)
    assert all(each.get("src").startswith("data:image/png;base64,") for each in tree(page).iter("img"))
    assert "img-src data:" in page and "img-src" not in render({**EXAMPLE, "gallery": []})


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_figure_stands_in_the_report_that_is_not_in_the_metrics(pages, lang):
    texts_ = [text[lang] for text in catalogue("diagnosis").values()]
    known = numbers_within({**EXAMPLE, "gallery": []}) + numbers_within(texts_)
    known += numbers_within([{**each, "photo": "", "overlay": ""} for each in EXAMPLE["gallery"]])
    table = tripod(EXAMPLE, SECTIONS, Words(lang, kind="diagnosis"))
    known += [TINY_P, 1 - TINY_P, *ITEMS, *(count for *_, count in table["counts"])]
    shown = NUMBER.findall(text_of(tree(pages[lang]).find("body")))
    assert len(shown) > 400
    assert [each for each in shown if not stands_in(each, known)] == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_diagnosis_says_that_the_model_is_no_medical_device(lang):
    said_ = {"en": "This model is no medical device and has not been approved for clinical use."}
    said_["zh"] = "本模型不是医疗器械，未获批准用于临床。"
    assert said_[lang] in said(render({"kind": "diagnosis"}, lang), "intended")
    for example in OTHERS.values():
        assert said_[lang] not in render(example, lang)


def test_intended_use_names_the_reference_class_and_what_is_read(pages):
    page = said(pages["en"], "intended")
    assert "Answers benign (reference), malignant Reads patient table, image, signal" in page
    assert "Not meant for: Children" in page
    assert "良性（参照类）、恶性" in said(pages["zh"], "intended")


def test_flow_goes_from_what_was_delivered_over_what_was_left_out_to_the_parts(pages):
    flow = section(pages["en"], "population").find("div")
    boxes = [" ".join(text_of(each).split()) for each in flow.iter("li")]
    assert boxes[0] == "Delivered 2,088 records 1,376 patients 413 positive records"
    assert boxes[1:3] == ["Same record twice 14 records", "Without a diagnosis 57 records 25 patients"]
    assert boxes[3] == "In no part 11 records 4 patients 2 positive records"
    assert [each.split()[0] for each in boxes[4:]] == ["Training", "Validation", "Test"]


def test_flow_warns_where_patients_are_not_told_apart(metrics):
    words = Words("en", kind="diagnosis")
    assert words("population.grouped") in said(render(metrics), "population")
    metrics["split"]["method"] = "stratified"
    assert words("population.ungrouped") not in said(render(metrics), "population")
    for each in metrics["diagnosis"]["flow"]:
        each["patients"] = None
    page = said(render(metrics), "population")
    assert words("population.ungrouped") in page and words("population.grouped") not in page


@pytest.mark.parametrize("leak", ["column `a`: a date", {"en": "column `a`: a date", "zh": "列"}, None])
def test_leaks_may_be_entries_or_sentences(leak, pages):
    assert "Column biopsy_date: known for every row of class 1" in said(pages["en"], "population")
    page = render(only(leaks=[leak]))
    assert section(page, "population") is None if leak is None else "a date" in said(page, "population")


@pytest.mark.parametrize(
    "rule, confidence, words",
    [
        ("sensitivity", 0.95, "the highest at which the sensitivity is at least 95 %, with 95 % confidence"),
        ("sensitivity", None, "the highest at which a sensitivity of at least 95 % can be expected"),
        ("specificity", 0.9, "the lowest at which the specificity is at least 95 %, with 90 % confidence"),
        ("specificity", None, "the lowest at which a specificity of at least 95 % can be expected"),
    ],
)
def test_rule_of_the_threshold_is_told_in_a_sentence(metrics, rule, confidence, words):
    metrics["diagnosis"]["threshold"] |= {"rule": rule, "confidence": confidence}
    assert words in said(render(metrics), "threshold")


@pytest.mark.parametrize(
    "rule, counted, kind", [("sensitivity", 31, "positives"), ("specificity", 322, "negatives")]
)
def test_a_demand_that_could_not_be_shown_is_a_warning_that_says_how_many_it_takes(
    metrics, rule, counted, kind
):
    metrics["diagnosis"]["threshold"] |= {"rule": rule, "reached": False, "cases": 31, "needed": 459}
    found = section(render(metrics), "threshold").find("p[@class='note warning']")
    words = " ".join(text_of(found).split())
    assert "carries no guarantee" in words
    assert words.endswith(f"They include {counted} {kind}. At least 459 {kind} are needed.")


@pytest.mark.parametrize(
    "value, low, css, words",
    [
        (0.981, 0.953, "note ok", "the whole range is at or above the 95 % demanded"),
        (0.9625, 0.894, "note plain", "the range reaches below it"),
        (0.925, 0.85, "note warning", "below the 95 % demanded"),
    ],
)
def test_test_patients_confirm_meet_or_miss_what_was_demanded(metrics, value, low, css, words):
    metrics["diagnosis"]["threshold"]["test"]["sensitivity"] = {"value": value, "low": low, "high": 0.99}
    notes = section(render(metrics), "threshold").findall("p")
    found = [each for each in notes if "On the test patients" in text_of(each)]
    assert [each.get("class") for each in found] == [css] and words in text_of(found[0])


def test_rates_stand_in_large_figures_with_interval_and_counts(pages):
    page = said(pages["en"], "threshold")
    assert "Sensitivity 96.2 % 90.8 % to 100.0 % 77 of 80 positives are found." in page
    assert "Positive predictive value 45.6 %" in page and "229 of 232 called negative are so." in page
    assert "A patient with a risk of .0834 or more is called positive." in page


def test_a_thousand_patients_are_drawn_at_the_prevalence_of_the_site_first(metrics):
    squares = section(render(metrics), "threshold").find(".//div[@class='thousand']/svg")
    drawn = {color: 0 for color in COLORS.values()}
    for line in squares.iter("line"):
        if line.get("stroke") in drawn:
            drawn[line.get("stroke")] += round((float(line.get("x2")) - float(line.get("x1")) + 2) / 10)
    assert list(drawn.values()) == [48, 2, 272, 678] and sum(drawn.values()) == TOTAL
    del metrics["diagnosis"]["per_1000"][0]
    assert "Where 19.95 % of the patients have the disease, 200 of 1,000 have it." in said(
        render(metrics), "threshold"
    )


def test_prevalences_stand_in_a_table_in_which_few_never_read_as_none_nor_nearly_all_as_all(pages):
    table = next(each for each in tree(pages["en"]).iter("table") if each.get("id") == "prevalences")
    rows = rows_of(table)
    assert rows[0] == "5 % at your site 50 48 1.9 272 678 15.0 % 99.7 %"
    assert rows[3] == "0.4 % assumed 4 3.9 0.1 285 711 1.3 % > 99.9 %"
    assert [each.get("class") for each in table.findall("tbody/tr")] == ["own", None, None, None]


@given(st.lists(st.floats(0, 1), min_size=4, max_size=4).filter(lambda values: sum(values) > 0.01))
def test_squares_are_whole_add_up_and_lie_within_one_of_the_truth(values):
    values = [1000 * each / sum(values) for each in values]
    found = squares_of(dict(zip(COLORS, values)))
    assert sum(found.values()) == TOTAL
    assert all(abs(count - value) <= 1.0001 for count, value in zip(found.values(), values))


@pytest.mark.parametrize("bad", [None, float("nan"), -1.0, 990.0])
def test_no_picture_is_drawn_of_numbers_that_are_no_thousand(bad):
    assert squares_of({"found": 10, "missed": bad, "false_alarms": 5, "cleared": 985}) == {}


@given(st.integers(0, 300), st.integers(0, 300))
def test_stretches_cover_every_square_once(start, count):
    covered = [
        row * COLUMNS + column
        for row, first, last in stretches(start, start + count)
        for column in range(first, last + 1)
    ]
    assert covered == list(range(start, start + count))


def test_whole_parts_round_the_largest_remainders_up():
    assert whole_parts([0.4, 0.6, 9.0], 10) == [0, 1, 9]
    assert "<line" not in str(pictogram({"found": 0, "missed": 0}, title="None"))


def test_referrals_show_effect_curve_and_whether_it_is_chance(metrics):
    page = said(render(metrics), "referrals")
    assert "Among the rest the error is 11.4 % instead of 23.7 %." in page
    assert "referring lowers it by more than chance" in page
    metrics["diagnosis"]["referral"]["ratio"] = {"value": 0.9, "low": 0.7, "high": 1.1}
    assert "do not prove that referring lowers it" in said(render(metrics), "referrals")
    metrics["diagnosis"]["referral"]["ratio"] = {"value": 1.4, "low": 1.2, "high": 1.7}
    assert "Do not use it like this." in said(render(metrics), "referrals")


def test_coverage_curve_bears_one_line_a_method_and_the_share_asked_for(pages):
    found = [each for each in section(pages["en"], "referrals").iter("svg") if each.get("class") == "chart"]
    assert len(found) == 1 and len(list(found[0].iter("path"))) == 3
    assert "as asked" in "".join(found[0].itertext())


def test_sets_tell_coverage_of_both_methods_and_what_each_size_means(pages):
    page = said(pages["en"], "referrals")
    assert "holds the true one for at least 90 % of the patients" in page
    assert "Set holds the truth 90.3 % 87.2 % to 93.4 % 90.8 % 87.7 % to 93.9 %" in page
    assert "malignant 80 77.5 % 71.9 % to 83.1 % 91.2 % 85.7 % to 96.8 %" in page
    assert "In a set of two classes neither of them is ruled out." in page
    assert "It is no sign of health." in page


def test_sets_of_one_method_alone_and_of_many_classes_are_shown(metrics):
    sets = metrics["diagnosis"]["sets"]
    del sets["split"]
    sets["per_class"]["by_class"] = [{"name": f"c{n}", "value": 0.9, "rows": n} for n in range(40)]
    page = said(render(only(sets=sets)), "referrals")
    assert "One limit for all 90" not in page and "One limit per class" in page
    assert "c29 29" in page and "c30 30" not in page


def test_decision_curve_has_its_band_and_its_frame_ignores_treating_everyone(pages):
    charts = {each.findtext("figcaption/h3"): each for each in section(pages["en"], "charts").iter("figure")}
    assert list(charts)[-1].startswith("Learning curve")
    drawing = charts["Decision curve: is it worth acting on?"].find("svg")
    assert len([path for path in drawing.iter("path") if path.get("fill-opacity")]) == 1
    names = [each.text for each in drawing.iter("text")]
    assert {"This model", "Logistic regression", "Treat everyone", "Treat no one", "chosen"} <= set(names)
    ticks = [float(each.replace("−", "-")) for each in names if re.fullmatch(r"−?[\d.]+", each or "")]
    assert min(ticks) > -0.1


def test_subgroups_show_small_and_unknown_parts_and_mark_gaps_that_are_not_chance(pages):
    table = section(pages["en"], "subgroups").find(".//table")
    rows = rows_of(table)
    assert any(row.startswith("not known few 8 6 2") for row in rows)
    assert any(row.startswith("female 212 141 41 .950 .903 to .997 97.5 %") for row in rows)
    gaps = [row for row in rows if row.startswith("Largest gap")]
    assert len(gaps) == 3 and ["not chance" in row for row in gaps] == [False, True, False]
    assert "22.0 % not chance p < .001 adjusted p = .005" in gaps[1]


def test_more_subgroups_than_are_shown_are_announced(metrics):
    first = metrics["diagnosis"]["subgroups"][0]
    first["parts"] = first["parts"] * 60
    page = render(metrics)
    assert Words("en")("page.more") in said(page, "subgroups")
    assert len(section(page, "subgroups").findall(".//tbody/tr")) < 130


@pytest.mark.parametrize("lang", LANGUAGES)
def test_images_are_named_by_their_rows_and_never_by_their_files(metrics, lang):
    for each in metrics["gallery"]:
        each["name"] = each["file"] = "patient_MEIER_1961.png"
    metrics["signals"][0]["name"] = "patient_MEIER_1961.dat"
    page = render(metrics, lang)
    assert "MEIER" not in page
    found = section(page, "images")
    assert [each.get("class") for each in found.iter("article")] == ["right"] * 2 + ["wrong"] * 2 + [
        "doubtful"
    ]
    assert ("Row 1317" if lang == "en" else "第 1317 行") in said(page, "images")
    assert ("referred to a clinician" if lang == "en" else "转医师判读") in said(page, "images")


def test_a_gallery_too_large_is_cut_so_that_the_page_stays_small_and_says_so(metrics):
    large = "iVBORw0KGgo" + "A" * 150_001
    metrics["gallery"] = [{**metrics["gallery"][0], "photo": large, "overlay": large} for _ in range(12)]
    page = render(metrics)
    assert len(page.encode()) < 1_500_000
    assert 0 < len(list(section(page, "images").iter("article"))) < 12
    assert Words("en", kind="diagnosis")("gallery.more") in page


def test_signals_are_drawn_once_each_and_shaded_where_the_model_looked(pages):
    drawings = list(section(pages["en"], "signals").iter("article"))
    assert len(drawings) == len(EXAMPLE["signals"])
    for drawing in drawings:
        paths = list(drawing.iter("path"))
        assert len([each for each in paths if each.get("fill-opacity")]) >= len(LEVELS)
        assert len([each for each in paths if not each.get("fill-opacity")]) == 1


def test_a_gap_in_a_signal_stays_a_gap_and_long_signals_stay_small(metrics):
    each = metrics["signals"][0]
    each["values"][40:60] = [None] * 20
    paths = section(render({"kind": "diagnosis", "signals": [each]}), "signals").iter("path")
    assert len([path for path in paths if not path.get("fill-opacity")]) == 2
    values = np.random.default_rng(0).normal(size=4_000).tolist()
    many = [{**each, "values": values, "importance": values} for _ in range(26)]
    page = render({"kind": "diagnosis", "signals": many})
    assert len(page.encode()) < 500_000 and Words("en")("page.more") in page


@given(
    st.lists(st.floats(-1, 1), min_size=1, max_size=MOST_STEPS),
    st.integers(1, 500),
)
def test_shades_mark_the_steps_above_each_level_and_no_others(importance, length):
    found, peak = shades(importance, length), max(importance)
    assert bool(found) == (peak > 0)
    for level, ends in zip(LEVELS, found):
        pairs = list(zip(ends[::3], ends[1::3]))
        assert ends[2::3] == [None] * len(pairs)
        for place, value in enumerate(importance):
            middle = 0.5 + (place + 0.5) * length / len(importance)
            assert any(low <= middle <= high for low, high in pairs) == (value > level * peak)


def test_checklist_has_27_items_and_never_more_covered_than_the_metrics_hold(metrics):
    words = Words("en", kind="diagnosis")
    full = tripod(metrics, SECTIONS, words)
    assert [each["number"] for each in full["rows"]] == list(range(1, 28)) == list(ITEMS)
    assert sum(count for *_, count in full["counts"]) == 27
    states = {each["number"]: each["state"] for each in full["rows"]}
    assert {number for number, state in states.items() if state == "open"} == {17, 18, 19, 24}
    assert all(states[number] == "partly" for number in ADDED)
    order = {"open": 0, "partly": 1, "covered": 2}
    for key in ("data", "config", "calibration", "results", "diagnosis", "limits", "split", "verdict"):
        less = tripod({**metrics, key: None}, SECTIONS, words)
        changed = [a["number"] for a, b in zip(full["rows"], less["rows"]) if a["state"] != b["state"]]
        assert changed or key in ("split", "verdict", "calibration", "data"), key
        assert all(order[b["state"]] <= order[a["state"]] for a, b in zip(full["rows"], less["rows"]))


def test_checklist_links_only_to_sections_that_stand_in_the_report(metrics):
    del metrics["limits"], metrics["diagnosis"]["subgroups"]
    page = render(metrics)
    there = {each.get("id") for each in tree(page).iter("section")}
    assert {each.get("href")[1:] for each in tree(page).iter("a")} <= there
    rows = rows_of(section(page, "tripod").find(".//table"))
    assert "26 Limitations open limits of the study and what they lead to" in rows
    assert "14 Fairness open columns by which to look at subgroups" in rows


def test_two_classes_need_no_matrix_and_three_get_one(metrics):
    metrics["classes"] = {"names": ["benign", "malignant"], "counts": [[9, 1], [2, 8]]}
    assert section(render(metrics), "classes") is None
    metrics["classes"] = CLASSES
    page = said(render(metrics), "classes")
    assert "those in the column of the reference class are patients who are missed" in page


@pytest.mark.parametrize(
    "key, name",
    [
        ("flow", "population"),
        ("threshold", "threshold"),
        ("referral", "referrals"),
        ("subgroups", "subgroups"),
    ],
)
def test_a_section_stands_only_where_there_is_something(key, name):
    for empty in (None, {}, []):
        assert section(render(only(**{key: empty})), name) is None
    alone = render(only(**{key: EXAMPLE["diagnosis"][key]}))
    assert section(alone, name) is not None
    others = [each for each in OWN if each not in (name, "intended", "tripod")]
    assert [each for each in others if section(alone, each) is not None] == []


@pytest.mark.parametrize("bad", [None, float("nan"), "<i>"], ids=str)
def test_every_entry_may_be_missing_or_no_number(bad):
    """Each leaf of the new entries in turn, the first of each list."""

    def spoilt(value):
        if isinstance(value, dict):
            for key, each in value.items():
                yield from ({**value, key: new} for new in spoilt(each))
        elif isinstance(value, list) and value:
            yield from ([new, *value[1:]] for new in spoilt(value[0]))
        elif not (isinstance(value, str) and isinstance(bad, float)):  # a text may be missing, but no number
            yield bad

    for key, value in {
        **EXAMPLE["diagnosis"],
        "gallery": EXAMPLE["gallery"],
        "signals": EXAMPLE["signals"],
    }.items():
        for broken in spoilt(value[:1] if isinstance(value, list) else value):
            found = {key: broken} if key in ("gallery", "signals") else {"diagnosis": {key: broken}}
            page = render({"kind": "diagnosis", **found})
            assert "<i>" not in page and not re.search(r"\bnan\b|\bNone\b", text_of(tree(page)))


@pytest.mark.parametrize("key", list(EXAMPLE["diagnosis"]))
@pytest.mark.parametrize("bad", [None, 7, "text", [], [3], {}, {"a": 1}], ids=str)
def test_an_entry_of_another_kind_leaves_the_page_well_formed(key, bad):
    tree(render({**EXAMPLE, "gallery": [], "diagnosis": {**EXAMPLE["diagnosis"], key: bad}}))


def test_hostile_names_stay_text(metrics):
    evil = "<script>\"&'</script>"
    found = metrics["diagnosis"]
    found["classes"][1] = found["leaks"][0]["name"] = found["rare"][0]["name"] = evil
    found["modalities"][0] = found["flow"][1]["step"] = found["subgroups"][0]["group"] = evil
    found["subgroups"][0]["parts"][0]["value"] = found["sets"]["split"]["by_class"][0]["name"] = evil
    found["referral"]["curve"][evil] = found["referral"]["curve"]["model"]
    metrics["signals"][0]["truth"] = metrics["gallery"][0]["answer"] = metrics["gallery"][1]["kind"] = evil
    for lang in LANGUAGES:
        page = render(metrics, lang)
        tree(page)
        assert "<script" not in page


def test_diagnosis_words_have_both_languages_with_the_same_places_and_numbers():
    for key, text in texts("words_diagnosis").items():
        assert set(text) == set(LANGUAGES) and all(text.values()), key
        for pattern in (r"\{\w+\}", r"\d+"):
            en, zh = (sorted(re.findall(pattern, text[lang])) for lang in LANGUAGES)
            assert en == zh, key


def test_every_word_of_a_diagnosis_is_used(metrics, monkeypatch):
    asked = set()

    class Listening(Words):
        def __call__(self, key, **values):
            asked.add(key)
            return super().__call__(key, **values)

    monkeypatch.setattr(sys.modules["shared.report.render"], "Words", Listening)
    threshold = metrics["diagnosis"]["threshold"]
    for rule in ("sensitivity", "specificity"):
        for confidence, reached, value in ((0.95, True, 0.99), (None, False, 0.4), (None, None, 0.955)):
            threshold |= {"rule": rule, "confidence": confidence, "reached": reached}
            figure = {"value": value, "low": value - 0.01, "high": value, "count": 1, "of": 2}
            threshold["test"][rule] = figure
            render({**metrics, "classes": CLASSES, "slices": OTHERS[""]["slices"]})
    for ratio in (0.5, 1, 1.5):
        metrics["diagnosis"]["referral"]["ratio"] = {"value": ratio, "low": ratio - 0.1, "high": ratio + 0.1}
        metrics["gallery"][0]["outline"] = True
        render(metrics)
    metrics["gallery"] += [{**metrics["gallery"][0], "photo": "iVBORw0KGgo" + "A" * 1_200_001}]
    low = {"x": [0.001, 0.002, 0.004, 0.01, 0.8], "y": [0.001, 0.002, 0.004, 0.01, 0.8]}
    metrics["curves"]["calibration"]["model"] = low
    render({**metrics, "split": None, "diagnosis": {"flow": [{"step": "test", "rows": 3}]}})
    render({"kind": "diagnosis", "title": "No limits"} | {"results": metrics["results"]})
    own, general = texts("words_diagnosis"), set(texts("words")) | set(texts("words_inspection"))
    values = ("class_name", "decision", "label", "metric", "method_name", "slice", "slice_value")
    assert own.keys() - asked - general - {key for key in own if key.partition(".")[0] in values} == set()


def test_chinese_report_has_no_english_sentence_of_its_own(pages):
    own = [text["en"] for text in catalogue("diagnosis").values() if len(text["en"]) > 24]
    assert [text for text in own if text in pages["zh"]] == []
    for page in pages.values():
        assert not re.search(r"\{[a-z_]+\}", text_of(tree(page), skip=("style",)))


def test_diagnosis_report_does_not_speak_of_frauds_alerts_parts_or_photos(pages):
    spoken = text_of(tree(pages["en"]).find("body"))
    assert not re.search(r"\balert|fraud|payment|true cases|photo|faulty|escape|Block|test rows", spoken)
    assert not re.search(
        "告警|欺诈|案件|拦截|照片|零件|漏检|过杀|正例", text_of(tree(pages["zh"]).find("body"))
    )


def test_diagnosis_texts_leave_other_reports_as_they_are():
    own, general = texts("words_diagnosis"), texts("words")
    assert {"label.1", "rivals.hint", "verdict.meaning"} <= own.keys() & general.keys()
    assert all(catalogue()[key] == general[key] for key in general)
    for kind in ("forecast", "inspection"):
        theirs = texts(f"words_{kind}")
        assert all(catalogue(kind)[key] == theirs[key] for key in theirs)
    for example in OTHERS.values():
        page = render(example)
        assert not re.search("patient|clinic|disease", text_of(tree(page).find("body")))
        assert [name for name in OWN if section(page, name) is not None] == []


def test_entries_of_another_kind_read_as_nothing():
    assert mapping(7) == {} and listed("ab") == [] and listed([0, None, {"a": 1}]) == [{"a": 1}]
    assert entry({"a": {"b": 0}}, "a.b") == 0 and entry({"a": [1]}, "a.b") is None
    assert DASH == "–"
