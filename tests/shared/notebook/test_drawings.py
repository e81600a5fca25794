from xml.etree import ElementTree

import pytest

from shared.notebook.drawings import drawing
from shared.report.bars import Bar, bar_chart

SVG = "{http://www.w3.org/2000/svg}"
CHART = bar_chart([Bar("Monday & <more>", 3.0, "3")], title="Sales <1>")


def drawn(*charts, **options):
    return ElementTree.fromstring(drawing(charts, **options).svg)


def test_a_drawing_stands_alone():
    tree = drawn(("Sales & co", CHART))
    assert tree.tag == f"{SVG}svg" and float(tree.get("width")) > 0 and tree.get("font-family")
    assert tree.find(f"{SVG}rect").get("fill") == "#ffffff"  # its ink is dark: a dark page needs it
    assert "class" not in ElementTree.tostring(tree).decode()


def test_charts_stand_beside_and_below_each_other_within_the_drawing():
    tree = drawn(("a", CHART), ("b", CHART), ("c", CHART), columns=2)
    places = [(float(each.get("x")), float(each.get("y"))) for each in tree.findall(f"{SVG}svg")]
    assert places[0][1] == places[1][1] < places[2][1] and places[0][0] == places[2][0] < places[1][0]
    width, height = map(float, tree.get("viewBox").split()[2:])
    for each in tree.findall(f"{SVG}svg"):
        assert float(each.get("x")) + float(each.get("width")) <= width
        assert float(each.get("y")) + float(each.get("height")) <= height


def test_the_legend_names_each_line():
    tree = drawn(("a", CHART), legend=[("#000", "6 3", "naïve & co"), ("#111", "band", "range")])
    words = ["".join(each.itertext()) for each in tree.findall(f"{SVG}text")]
    assert words[:2] == ["naïve & co", "range"]


def test_charts_that_are_empty_are_left_out():
    assert drawing([("a", "")]) is None
    assert len(drawn(("a", ""), ("b", CHART)).findall(f"{SVG}svg")) == 1


def test_what_is_no_chart_of_the_report_is_refused():
    with pytest.raises(ValueError, match="expected a chart of the report"):
        drawing([("a", "<img>")])


def test_a_drawing_is_no_wider_than_a_notebook_and_wide_enough_for_its_legend():
    wide = drawn(*[("a", CHART)] * 3, columns=3)
    assert float(wide.get("width")) <= 940 < float(wide.get("viewBox").split()[2])
    long = drawn(("a", CHART), legend=[("#000", "", "a rather long name of a line")] * 4)
    assert float(long.get("viewBox").split()[2]) > 800
