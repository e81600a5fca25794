import subprocess
import sys

import pytest

from shared.notebook.outputs import Drawing, Html, Outputs, Picture, bullets, paragraph

PARTS = [Html("<p>a</p>", "a"), Drawing("<svg/>", "b"), Picture(b"\xff\xd8", "c")]


def test_each_part_speaks_to_notebooks_in_one_form_and_to_terminals_in_text():
    forms = [part for part in PARTS for name in dir(part) if name.startswith("_repr_")]
    assert forms == PARTS
    assert [repr(part) for part in PARTS] == ["a", "[b]", "[c]"]


def test_outputs_show_each_part_as_an_output_of_its_own(monkeypatch):
    shown = []
    display = pytest.importorskip("IPython.display")
    monkeypatch.setattr(display, "display", shown.append)
    Outputs(*PARTS, None)._ipython_display_()
    assert shown == PARTS


def test_outputs_without_a_notebook_are_text():
    assert repr(Outputs(None, *PARTS)) == "a\n[b]\n[c]"


def test_words_are_escaped():
    assert paragraph("<script>").html == "<p>&lt;script&gt;</p>"
    assert "<script>" not in bullets("<script>", ["<script>"]).html


def test_nothing_to_say_is_no_part():
    assert paragraph("") is None and bullets("title", []) is None


def test_the_package_is_imported_without_ipython_and_without_keras():
    code = (
        "import sys\n"
        "sys.modules['IPython'] = sys.modules['matplotlib'] = None\n"
        "import shared.notebook\n"
        "assert not {'keras', 'tensorflow'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
