import pytest

from shared.serve.problems import Problem
from shared.serve.questions import parse_json, read_question


def form(*parts):
    """A body of several fields and files, `(name, file name or None, content)`."""
    body = b""
    for name, file, content in parts:
        about = f'name="{name}"' + (f'; filename="{file}"' if file else "")
        body += f"--x\r\nContent-Disposition: form-data; {about}\r\n\r\n".encode() + content + b"\r\n"
    return "multipart/form-data; boundary=x", body + b"--x--\r\n"


def read(*parts):
    return read_question(*form(*parts), {})


def test_a_body_in_utf_8_with_a_mark_at_its_start_is_read():
    assert parse_json(b'\xef\xbb\xbf{"rows": []}') == {"rows": []}


def test_exactly_twenty_levels_may_be_nested():
    assert parse_json(b"[" * 20 + b"]" * 20)
    with pytest.raises(Problem):
        parse_json(b"[" * 21 + b"]" * 21)


def test_many_rows_are_not_deep():
    assert len(parse_json(b'{"rows": [' + b",".join([b'{"signal": [1, 2]}'] * 500) + b"]}")["rows"]) == 500


def test_a_query_gives_what_a_csv_has_no_place_for():
    question = read_question("text/csv", b"a\n1", {"reasons": "3", "lang": "zh", "pictures": "true"})
    assert (question.reasons, question.lang, question.pictures) == (3, "zh", True)
    with pytest.raises(Problem) as caught:
        read_question("text/csv", b"a\n1", {"reasons": "-3", "lang": "fr"})
    assert caught.value.status == 422 and len(caught.value.faults) == 2


def test_a_form_has_rows_files_or_both():
    assert read(("rows", None, b'[{"a": 1}]')).rows == [{"a": 1}]
    assert read(("rows", None, b'{"rows": [{"a": 1}], "reasons": 2}')).reasons == 2
    assert read(("files", "rows.csv", b"a\n1")).table == b"a\n1"
    both = read(("files", "a.png", b"1"), ("files", "b.zip", b"2"), ("files", "rows.csv", b"image\na.png"))
    assert both.files == {"a.png": b"1", "b.zip": b"2"} and both.rows is None and both.table


@pytest.mark.parametrize(
    "parts, status",
    [
        ([("rows", None, b"[")], 400),
        ([("row", None, b"[]")], 422),
        ([("files", "a.exe", b"1")], 415),
        ([("files", "a.csv", b"PK\x03\x04")], 415),
        ([("files", "a.csv", b"a\n1"), ("files", "b.csv", b"a\n1")], 422),
        ([("files", "a.csv", b"a\n1"), ("rows", None, b"[]")], 422),
        ([("files", "a.png", b"1"), ("files", "a.png", b"2")], 422),
        ([("lang", None, b"en")], 422),
        ([], 422),
    ],
)
def test_a_form_that_does_not_fit_says_why(parts, status):
    with pytest.raises(Problem) as caught:
        read(*parts)
    assert caught.value.status == status
