"""template.json: read back as it was written, and refused when it is damaged."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.cloning.record import Record, find_clone, sha256, write_record
from shared.errors import ConfigError

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=60)


def made(place, files=None):
    record = Record(
        "acme", "AcmePipeline", "finance.fraud", "0.1.0", files or {"acme/data.py": "a = 1\n"}, {"b": "c"}
    )
    write_record(place, record)
    return record


@given(st.dictionaries(st.from_regex("[a-z]{1,5}(/[a-z]{1,5})?", fullmatch=True), TEXTS, max_size=4))
def test_any_text_is_read_back_as_it_was(tmp_path_factory, files):
    place = tmp_path_factory.mktemp("record")
    assert find_clone(place) is None
    record = made(place, files or None)
    assert find_clone(place).record == record


def test_a_folder_inside_a_project_is_of_that_project(tmp_path):
    made(tmp_path)
    inner = tmp_path / "acme" / "deep"
    inner.mkdir(parents=True)
    assert find_clone(inner).root == tmp_path.resolve()
    assert find_clone(inner).config == tmp_path.resolve() / "acme.toml"


@pytest.mark.parametrize("text", ["", "{}", "[1]", "not json", '{"template": "somebody else\'s"}', "\udcff"])
def test_the_template_json_of_somebody_else_is_none_of_ours(tmp_path, text):
    (tmp_path / "template.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert find_clone(tmp_path) is None


DAMAGES = {
    "cut": lambda text: text[: len(text) // 2],
    "other text": lambda text: text.replace("a = 1", "a = 2"),
    "other format": lambda text: text.replace('"format": 1', '"format": 9'),
    "no name": lambda text: text.replace('"name"', '"nom"'),
    "files are a list": lambda text: json.dumps({**json.loads(text), "files": []}),
    "a place outside": lambda text: text.replace("acme/data.py", "../data.py"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_record_is_refused_with_the_way_out(tmp_path, damage):
    made(tmp_path)
    path = tmp_path / "template.json"
    path.write_text(DAMAGES[damage](path.read_text("utf-8")), "utf-8")
    with pytest.raises(ConfigError, match="version control"):
        find_clone(tmp_path)


def test_a_hash_does_not_depend_on_the_ends_of_lines():
    assert sha256("a\r\nb") == sha256("a\nb") != sha256("ab")
