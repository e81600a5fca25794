import re
import string
from pathlib import Path

import pytest

from shared import notebook
from shared.notebook import language
from shared.report.words import Words

FOLDER = Path(notebook.__file__).parent


def test_every_text_is_there_in_both_languages_with_the_same_places():
    for key, text in language.texts().items():
        assert set(text) == {"en", "zh"}, key
        places = [
            {name for _, name, _, _ in string.Formatter().parse(each) if name} for each in text.values()
        ]
        assert places[0] == places[1], key


def test_every_text_that_is_asked_for_by_name_is_known():
    code = "\n".join(path.read_text("utf-8") for path in FOLDER.glob("*.py"))
    asked = set(re.findall(r'words\(f?"([a-z_]+\.[a-z_]+)"', code))
    known = Words("en", language.texts())
    assert len(asked) > 30
    assert [key for key in asked if not known.known(key)] == []


def test_every_text_is_asked_for():
    code = "\n".join(path.read_text("utf-8") for path in FOLDER.glob("*.py"))
    for key in language.texts():
        section, name = key.split(".")
        quoted = rf"[\"']({re.escape(key)}|{name})[\"']"
        assert section == "weekday" or name in ("higher", "lower", "zero") or re.search(quoted, code), key


def test_another_language_is_refused():
    with pytest.raises(ValueError, match="en or zh"):
        language.of_run({}, "fr")
