import json
import logging

from shared.serve.logs import Handler, Log, place_of


def failed():
    try:
        {}["a value of a row"]
    except KeyError as error:
        return error


def test_a_line_is_json_with_a_moment_and_without_what_is_not_known():
    lines = []
    Log(lines.append)("request", path="/", rows=None)
    found = json.loads(lines[0])
    assert set(found) == {"time", "event", "path"} and found["time"].endswith("+00:00")
    assert lines[0].endswith(b"\n")


def test_a_defect_is_told_by_its_type_and_place_and_not_by_its_text():
    lines = []
    Log(lines.append).defect(failed(), request_id="1")
    assert json.loads(lines[0])["place"].startswith("tests/shared/serve/test_logs.py:")
    assert b"a value" not in lines[0] and b"KeyError" in lines[0]


def test_what_the_server_warns_of_becomes_a_line_without_a_traceback():
    lines = []
    handler = Handler(Log(lines.append))
    error = failed()
    trace = (KeyError, error, error.__traceback__)
    handler.handle(logging.LogRecord("uvicorn.error", logging.ERROR, "x", 1, "in the application", (), trace))
    handler.handle(
        logging.LogRecord("uvicorn.error", logging.WARNING, "x", 1, "Invalid %s", ("request",), None)
    )
    assert b"a value" not in lines[0] and json.loads(lines[1])["text"] == "Invalid request"


def test_the_place_is_the_last_one_of_this_project():
    import pandas as pd

    try:
        pd.DataFrame({"a": [1]})["b"]
    except KeyError as error:
        assert place_of(error).startswith("tests/shared/serve/test_logs.py:")


def test_lines_go_to_the_standard_error_even_while_a_library_is_kept_quiet(capfd):
    from shared.quiet import quiet

    log = Log()
    with quiet():
        log("request", path="/healthz")
    assert json.loads(capfd.readouterr().err)["path"] == "/healthz"
