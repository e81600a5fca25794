from xml.etree import ElementTree

from shared.notebook.tables import facts, table

FIGURE = {"value": ".60", "bounds": ".50 to .70", "award_label": "best"}


def test_a_table_is_plain_html_that_needs_no_style_sheet():
    found = table(["Method", "AP"], [["<b>", FIGURE]], title="A & B", bold=[0]).html
    tree = ElementTree.fromstring(f"<div>{found.replace('<br>', '<br/>')}</div>")
    assert not any("class" in each.attrib for each in tree.iter())
    assert "".join(tree.find("table/tbody/tr/td").itertext()) == "<b>"
    assert "".join(tree.find("p").itertext()) == "A & B"


def test_no_colour_is_set_so_that_dark_pages_stay_readable():
    found = table(["Method", "AP"], [["a", FIGURE]], bold=[0]).html + facts("t", {"a": "b"}).html
    assert "color" not in found and "background" not in found


def test_words_stand_left_and_figures_right():
    found = table(["a", "b", "c"], [["1", "2", "3"]], words=2).html
    assert found.count("text-align:left") == 4 and found.count("text-align:right") == 2
    assert "text-align:right" not in table(["a", "b"], [["1", "2"]], words=-1).html


def test_the_readers_own_row_is_bold():
    found = table(["a"], [["x"], ["y"]], bold=[1]).html
    assert "<b>y</b>" in found and "<b>x</b>" not in found


def test_the_same_stands_in_the_text_for_terminals():
    assert table(["a", "b"], [["x", FIGURE]]).plain == "a | b\nx | .60 (.50 to .70)"


def test_facts_without_entries_are_nothing():
    assert facts("Costs", {}) is None
