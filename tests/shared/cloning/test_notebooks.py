"""Notebooks merged by their cells."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.cloning.merge import Merged
from shared.cloning.notebooks import (
    marked_cells,
    merge_notebooks,
    notebook_markers,
    same_notebook,
    without_outputs,
)

SOURCES = [
    "# Fraud\nWhat it finds",
    "table = read(DATA)\ncheck(table)",
    "answers = fit(table)",
    "show(answers)",
]
READ, FIT, SHOW = range(1, 4)


def cell(source, name=None, **parts):
    kind = "markdown" if source.startswith("#") else "code"
    of_code = {"execution_count": None, "outputs": []} if kind == "code" else {}
    named = {"id": name} if name else {}
    return {"cell_type": kind, "metadata": {}, "source": source.splitlines(True), **of_code, **named, **parts}


def notebook(*sources, minor=5, **metadata):
    """A notebook's text as Jupyter writes it, of sources or whole cells."""
    cells = [cell(each, f"cell-{n}") if isinstance(each, str) else each for n, each in enumerate(sources)]
    content = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": minor}
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def run(text):
    """What running it in another kernel leaves in it."""
    content = json.loads(text)
    for number, each in enumerate(content["cells"]):
        if each["cell_type"] == "code":
            stream = {"name": "stdout", "output_type": "stream", "text": [f"figure {number}\n"]}
            each |= {"execution_count": number + 7, "outputs": [stream]}
            each["metadata"] = {"execution": {"iopub.execute_input": "2025-01-01T00:00:00Z"}}
    content["metadata"]["kernelspec"] = {"display_name": "Acme", "language": "python", "name": "acme"}
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def edited(text, changes):
    """The notebook with some cells' sources changed (or taken away, for None), ids as they were."""
    content = json.loads(text)
    for place, source in changes.items():
        content["cells"][place]["source"] = source and source.splitlines(True)
    content["cells"] = [each for each in content["cells"] if each["source"] is not None]
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def inserted(text, place, source, **parts):
    content = json.loads(text)
    content["cells"].insert(place, cell(source, **parts))
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def sources(text):
    return ["".join(each["source"]) for each in json.loads(text)["cells"]]


def outputs(text):
    return [bool(each.get("outputs")) for each in json.loads(text)["cells"]]


def assert_as_jupyter_writes_it(text):
    content = json.loads(text)
    assert text == json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    assert content["nbformat"] == 4 and content["nbformat_minor"] >= 5
    names = [each["id"] for each in content["cells"]]
    assert len(set(names)) == len(names) and all(re.fullmatch(r"[\w-]{1,64}", name) for name in names)
    for each in content["cells"]:
        assert isinstance(each["source"], list) and isinstance(each["metadata"], dict)
        assert ("outputs" in each and "execution_count" in each) == (each["cell_type"] == "code")
        assert each["cell_type"] == "markdown" or "attachments" not in each


BASE = notebook(*SOURCES)


# -- what counts as a change


def test_running_a_notebook_is_no_change():
    assert same_notebook(BASE, run(BASE))
    assert same_notebook(BASE, notebook(*(cell(source) for source in SOURCES), minor=4))
    assert same_notebook(BASE, json.dumps(json.loads(BASE)).replace("\\n", "\\r\\n"))


def test_another_source_kind_order_or_picture_is_a_change():
    assert not same_notebook(BASE, edited(BASE, {FIT: "answers = fit(table, epochs=3)"}))
    assert not same_notebook(BASE, notebook(*SOURCES[::-1]))
    assert not same_notebook(BASE, notebook(*SOURCES[:-1], cell(SOURCES[-1], cell_type="raw")))
    picture = cell("# ![a](attachment:a.png)")
    assert not same_notebook(
        notebook(picture), notebook(picture | {"attachments": {"a.png": {"image/png": ""}}})
    )


def test_without_outputs_nothing_of_a_run_is_left():
    cleared = without_outputs(run(notebook(*SOURCES, widgets={"state": {"much": 1}}, title="Fraud")))
    content = json.loads(cleared)
    assert same_notebook(cleared, BASE) and not any(outputs(cleared))
    assert {each["execution_count"] for each in content["cells"] if each["cell_type"] == "code"} == {None}
    assert all(each["metadata"] == {} for each in content["cells"])
    assert content["metadata"].keys() == {"kernelspec", "title"}
    assert without_outputs(cleared) == cleared
    assert without_outputs(BASE) == BASE


# -- merging


def test_what_the_template_did_not_touch_stays_byte_for_byte():
    ours = json.dumps(json.loads(run(edited(BASE, {SHOW: "mine()"}))))
    assert merge_notebooks(BASE, ours, run(BASE)) == Merged(ours, [])


def test_a_notebook_that_was_only_run_takes_the_template_and_keeps_its_outputs():
    theirs = inserted(edited(BASE, {FIT: "answers = fit(table, seed=1)"}), 4, "save(answers)", name="new")
    merged = merge_notebooks(BASE, run(BASE), run(theirs))
    assert sources(merged.text) == sources(theirs) and not merged.conflicts
    assert outputs(merged.text) == [False, True, False, True, False]
    content = json.loads(merged.text)
    assert content["metadata"]["kernelspec"]["name"] == "acme"
    assert [each.get("execution_count") for each in content["cells"]] == [None, 8, None, 10, None]
    assert content["cells"][4]["metadata"] == content["cells"][2]["metadata"] == {}
    assert_as_jupyter_writes_it(merged.text)


def test_changes_of_neighbouring_cells_do_not_conflict():
    ours, theirs = edited(BASE, {READ: "table = mine()"}), edited(BASE, {FIT: "answers = fit(table, 3)"})
    merged = merge_notebooks(BASE, run(ours), theirs)
    assert sources(merged.text) == [SOURCES[0], "table = mine()", "answers = fit(table, 3)", SOURCES[3]]
    assert outputs(merged.text) == [False, True, False, True] and not merged.conflicts


def test_a_cell_that_both_changed_is_merged_by_lines():
    base = notebook("import a\n\nDATA = None\n\nseed = 0\n")
    ours, theirs = (base.replace(*words) for words in (("None", "'acme.csv'"), ("import a", "import a, b")))
    merged = merge_notebooks(base, run(ours), theirs)
    assert sources(merged.text) == ["import a, b\n\nDATA = 'acme.csv'\n\nseed = 0\n"]
    assert outputs(merged.text) == [False] and not merged.conflicts
    assert_as_jupyter_writes_it(merged.text)


def test_a_conflict_stands_in_the_source_of_its_cell():
    ours, theirs = edited(BASE, {FIT: "answers = fit(mine)"}), edited(BASE, {FIT: "answers = fit(new)"})
    merged = merge_notebooks(BASE, run(ours), theirs, ours_name="acme", theirs_name="0.3.0")
    expected = "<<<<<<< acme\nanswers = fit(mine)\n=======\nanswers = fit(new)\n>>>>>>> 0.3.0"
    assert sources(merged.text) == [*SOURCES[:2], expected, SOURCES[3]]
    assert len(merged.conflicts) == 1 and marked_cells(merged.text) == [3]
    assert merged.text.split("\n")[merged.conflicts[0] - 1].strip() == '"<<<<<<< acme\\n",'
    assert_as_jupyter_writes_it(merged.text)


def test_a_cell_changed_by_one_side_and_taken_away_by_the_other_is_a_conflict():
    changed, gone = edited(BASE, {FIT: "answers = fit(table, 3)"}), edited(BASE, {FIT: None})
    merged = merge_notebooks(BASE, changed, gone)
    assert sources(merged.text)[2] == ("<<<<<<< yours\nanswers = fit(table, 3)\n=======\n>>>>>>> template")
    merged = merge_notebooks(BASE, gone, changed)
    assert sources(merged.text)[2] == ("<<<<<<< yours\n=======\nanswers = fit(table, 3)\n>>>>>>> template")
    assert marked_cells(merged.text) == [3]


def test_a_cell_taken_away_by_one_side_and_unchanged_by_the_other_goes():
    further = edited(BASE, {0: "# Fraud\nWhat it costs"})
    assert sources(merge_notebooks(BASE, run(further), edited(BASE, {FIT: None})).text) == [
        "# Fraud\nWhat it costs", SOURCES[1], SOURCES[3]
    ]  # fmt: skip
    assert sources(merge_notebooks(BASE, edited(BASE, {FIT: None}), further).text) == [
        "# Fraud\nWhat it costs", SOURCES[1], SOURCES[3]
    ]  # fmt: skip


def test_new_cells_of_both_sides_at_one_place_are_both_kept():
    ours, theirs = inserted(BASE, 4, "plot(mine)", name="a"), inserted(BASE, 4, "# How to go on", name="b")
    merged = merge_notebooks(BASE, run(ours), theirs)
    assert sources(merged.text) == [*SOURCES, "plot(mine)", "# How to go on"] and not merged.conflicts
    assert outputs(merged.text) == [False, True, True, True, True, False]


def test_a_new_cell_that_both_have_stands_once():
    new = "save(answers)"
    merged = merge_notebooks(
        BASE, inserted(BASE, 4, new, name="a"), inserted(edited(BASE, {0: "# New"}), 4, new, name="b")
    )
    assert sources(merged.text) == ["# New", *SOURCES[1:], new]


def test_cells_keep_the_order_of_the_side_that_moved_them():
    moved = notebook(*(cell(SOURCES[n], f"cell-{n}") for n in (0, 2, 1, 3)))
    further = edited(BASE, {READ: "table = read(DATA)\ncheck(table)\nlook(table)"})
    expected = [SOURCES[0], SOURCES[2], "table = read(DATA)\ncheck(table)\nlook(table)", SOURCES[3]]
    assert sources(merge_notebooks(BASE, moved, further).text) == expected
    assert sources(merge_notebooks(BASE, further, moved).text) == expected


def test_cells_without_ids_are_told_apart_by_their_words():
    base = notebook(*map(cell, SOURCES), minor=4)
    ours = notebook(
        *map(cell, [SOURCES[0], SOURCES[1].replace("check", "look"), "extra()", *SOURCES[2:]]), minor=4
    )
    theirs = notebook(*map(cell, [SOURCES[0], "seed(0)", SOURCES[1].replace("DATA", "FILE"), *SOURCES[2:]]))
    merged = merge_notebooks(base, ours, theirs)
    assert marked_cells(merged.text) == [3]  # of two lines that touch, as in any text
    assert [sources(merged.text)[n] for n in (0, 1, 3, 4, 5)] == [
        SOURCES[0],
        "seed(0)",
        "extra()",
        *SOURCES[2:],
    ]
    assert_as_jupyter_writes_it(merged.text)


def test_a_cell_written_anew_is_told_by_its_id():
    ours = edited(BASE, {FIT: "import mine\n\nmine.go()"})
    theirs = edited(BASE, {FIT: SOURCES[FIT] + "\nanswers.save()"})
    assert marked_cells(merge_notebooks(BASE, ours, theirs).text) == [3]
    assert len(sources(merge_notebooks(BASE, ours, theirs).text)) == 4


def test_metadata_of_a_changed_cell_are_those_of_both_and_the_customers_first():
    base, ours, theirs = (
        notebook(cell(source, "top", metadata=metadata))
        for source, metadata in (
            ("a", {"tags": ["old"]}),
            ("a", {"tags": ["own"]}),
            ("b", {"tags": ["new"], "slideshow": {"slide_type": "slide"}}),
        )
    )
    (result,) = json.loads(merge_notebooks(base, ours, theirs).text)["cells"]
    assert result["metadata"] == {"tags": ["own"], "slideshow": {"slide_type": "slide"}}


def test_ids_that_number_the_cells_do_not_mislead():
    """A template whose ids are places: one more cell shifts those of all that follow."""
    theirs = notebook(SOURCES[0], "seed(0)", SOURCES[1] + "\nlook(table)", *SOURCES[2:])
    ours = run(edited(BASE, {READ: "# of Acme\n" + SOURCES[1], FIT: "answers = fit(table, 3)"}))
    merged = merge_notebooks(BASE, ours, theirs)
    assert not merged.conflicts
    assert sources(merged.text) == [
        SOURCES[0], "seed(0)", f"# of Acme\n{SOURCES[1]}\nlook(table)", "answers = fit(table, 3)", SOURCES[3],
    ]  # fmt: skip
    assert_as_jupyter_writes_it(merged.text)


def test_of_two_cells_with_one_id_the_customers_keeps_it():
    ours, theirs = (
        inserted(BASE, 4, "mine()", name="same"),
        inserted(BASE, 0, "# By the template", name="same"),
    )
    cells = json.loads(merge_notebooks(BASE, ours, theirs).text)["cells"]
    assert [each["id"] == "same" for each in cells] == [False, False, False, False, False, True]
    assert len({each["id"] for each in cells}) == 6


def test_a_picture_of_a_cell_is_taken_from_the_side_that_changed_it():
    text = cell("# ![a](attachment:a.png)", "top")
    old, new, own = (text | {"attachments": {"a.png": {"image/png": data}}} for data in ("old", "new", "own"))
    further = "answers"
    result = merge_notebooks(notebook(old), notebook(old), notebook(new, further)).text
    assert json.loads(result)["cells"][0]["attachments"]["a.png"] == {"image/png": "new"}
    result = merge_notebooks(notebook(old), notebook(own), notebook(new, further)).text
    assert json.loads(result)["cells"][0]["attachments"]["a.png"] == {"image/png": "own"}


def test_two_notebooks_without_a_common_version_are_merged_too():
    merged = merge_notebooks("", BASE, edited(BASE, {SHOW: "show(answers, lang='zh')"}))
    assert sources(merged.text)[:3] == SOURCES[:3] and marked_cells(merged.text) == [4]
    assert merge_notebooks("", BASE, BASE) == Merged(BASE, [])


def test_every_character_comes_through():
    odd = "print('付款 🙂 \x0c \u2028 \\n \"')\n"
    merged = merge_notebooks(BASE, inserted(BASE, 4, odd), edited(BASE, {0: "# 欺诈"}))
    assert sources(merged.text)[-1] == odd and "欺诈" in merged.text
    halved = inserted(BASE, 4, "'half'").replace("'half'", r"'\ud83d'")
    text = merge_notebooks(BASE, halved, edited(BASE, {0: "# new"})).text
    assert json.loads(text.encode())["cells"][-1]["source"] == ["'\ud83d'"]


def test_a_marked_conflict_is_found_in_the_file_and_in_its_cell():
    text = notebook("a", "Heading\n=======", "<<<<<<< yours\na\n=======\n>>>>>>> template\nb")
    (line,) = notebook_markers(text)
    assert "<<<<<<<" in text.split("\n")[line - 1] and marked_cells(text) == [3]
    assert notebook_markers(BASE) == marked_cells(BASE) == []


# -- what always holds

written = st.lists(st.sampled_from([*SOURCES, "a\nb\nc", "a\nX\nc", "a\nb\nc\nd", "", "# text"]), max_size=6)


@st.composite
def notebooks(draw):
    """Three versions whose cells have ids that belong together, or none, or the wrong ones."""
    return [
        notebook(
            *(
                cell(source, draw(st.sampled_from([None, "a", "b", "c", f"own-{n}"])))
                for n, source in enumerate(draw(written))
            ),
            minor=draw(st.integers(0, 5)),
        )
        for _ in range(3)
    ]


@settings(max_examples=200, deadline=None)
@given(notebooks())
def test_whatever_is_merged_is_a_notebook_that_lost_nothing(case):
    base, ours, theirs = (run(text) for text in case)
    merged = merge_notebooks(base, ours, theirs)
    assert merge_notebooks(theirs, merged.text, theirs) == Merged(merged.text, [])
    if merged.text == ours:
        return
    assert_as_jupyter_writes_it(merged.text)
    assert len(merged.conflicts) >= len(marked_cells(merged.text))
    assert bool(merged.conflicts) == bool(marked_cells(merged.text))
    lines = {line for source in sources(merged.text) for line in source.split("\n")}
    for side in (ours, theirs):
        for source in set(sources(side)) - set(sources(base)):
            known = {line for each in sources(base) for line in each.split("\n")}
            assert set(source.split("\n")) - known - {""} <= lines
    kept = {json.dumps(each, sort_keys=True) for each in json.loads(ours)["cells"] if each.get("outputs")}
    for each in json.loads(merged.text)["cells"]:
        if each.get("outputs"):
            assert any(json.loads(one)["outputs"] == each["outputs"] for one in kept)


@settings(max_examples=100, deadline=None)
@given(notebooks())
def test_a_change_of_one_side_is_taken(case):
    base, side, _ = case
    assert merge_notebooks(base, side, base) == Merged(side, [])
    assert merge_notebooks(base, side, side) == Merged(side, [])
    merged = merge_notebooks(base, run(base), side)
    assert same_notebook(merged.text, side) and not merged.conflicts


# -- what is no notebook


def test_broken_json_is_said_with_its_place_and_the_way_out():
    broken = BASE.replace('"cells": [', '"cells": [,', 1)
    message = r"yours is no notebook: it is no JSON from line 2, column 12 on .* bring back a copy that Jupyter opens"
    with pytest.raises(ValueError, match=message):
        merge_notebooks(BASE, broken, BASE)
    with pytest.raises(ValueError, match=r"^0\.3\.0 is no notebook"):
        merge_notebooks(BASE, BASE, "", theirs_name="0.3.0")
    with pytest.raises(ValueError, match="no JSON"):
        same_notebook(BASE, broken)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ([], "a list of `cells`"),
        ({"worksheets": [], "nbformat": 3}, "a list of `cells`"),
        ({"cells": [], "nbformat": 3}, "found nbformat 3, expected 4"),
        ({"cells": [{"cell_type": "code"}], "nbformat": 4}, "in cell 1"),
        ({"cells": [cell("a"), "b"], "nbformat": 4}, "in cell 2"),
        ({"cells": [cell("a", metadata=[])], "nbformat": 4}, "in cell 1"),
    ],
)
def test_what_is_no_notebook_of_version_4_is_refused(content, expected):
    with pytest.raises(ValueError, match=expected):
        without_outputs(json.dumps(content))


def test_missing_parts_are_filled_in():
    bare = json.dumps({"cells": [{"cell_type": "code", "source": "1"}], "nbformat": 4})
    content = json.loads(without_outputs(bare))
    assert content["cells"][0]["metadata"] == content["metadata"] == {}
    assert_as_jupyter_writes_it(merge_notebooks(bare, bare, BASE).text)


def test_the_format_library_takes_what_is_merged():
    nbformat = pytest.importorskip("nbformat", reason="comes with the extra `notebooks`")
    ours, theirs = (
        edited(BASE, {FIT: "answers = fit(mine)"}),
        edited(BASE, {FIT: "answers = fit(new)", 0: None}),
    )
    text = merge_notebooks(BASE, run(ours), theirs).text
    nbformat.validate(nbformat.reads(text, as_version=4))
    assert nbformat.writes(nbformat.reads(text, as_version=4)) == text.rstrip("\n")
