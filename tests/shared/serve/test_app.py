import asyncio
import json
import os
import re
import tracemalloc

import pytest

from shared.serve.app import limit_threads
from shared.serve.keys import Keys, hashed

JSON = {"content-type": "application/json"}
MARKED = "marked 7f3a secret"


def problem(reply, status):
    """The body of a refusal, which is always of the same form."""
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    found = reply.json()
    assert set(found) == {"type", "title", "status", "detail", "faults", "request_id"}
    assert found["status"] == status and found["request_id"] == reply.headers["x-request-id"]
    assert "Traceback" not in reply.text
    return found


@pytest.mark.parametrize(
    "body, said",
    [
        (b"{", "no JSON"),
        (b"", "empty"),
        (b'{"rows": [{"amount": NaN}]}', "NaN"),
        (b'{"rows": [{"amount": -Infinity}]}', "Infinity"),
        (b"[" * 21 + b"]" * 21, "deeper than 20"),
        (b'{"a":' * 30 + b"1" + b"}" * 30, "deeper than 20"),
        (b"[" * 200_000, "deeper than 20"),
        (b'{"rows": [{"card": "\xff"}]}', "UTF-8"),
        (b'{"rows": [{"card": "\\ud800"}]}', "surrogate"),
        (b'{"rows": [{"card": ' + b"9" * 5000 + b"}]}", "digits"),
    ],
)
def test_what_is_no_json_is_400_with_the_reason(fraud, body, said):
    assert said in problem(fraud.predict(body), 400)["detail"]


@pytest.mark.parametrize(
    "body",
    [
        b"3",
        b"[]",
        b"null",
        b"{}",
        b'{"rows": 3}',
        b'{"rows": []}',
        b'{"rows": [{}]}',
        b'{"rows": [3, null]}',
        b'{"rows": [{"amount": 1e999}]}',
        b'{"rows": [{"amount": {"a": 1}, "card": [1]}]}',
        b'{"rows": [{"amount": 1}], "reason": 3}',
        b'{"rows": [{"amount": 1}], "reasons": 21, "keep": 1, "lang": "fr", "pictures": "yes"}',
        b'{"rows": [{"amount": 1}], "history": {}}',
    ],
)
def test_what_does_not_fit_is_422_with_every_fault(fraud, body):
    found = problem(fraud.predict(body), 422)
    assert found["faults"] or "expected an object" in found["detail"]


def test_all_wrong_settings_are_told_at_once(fraud):
    body = {"rows": [], "reasons": 21, "keep": 1, "lang": "fr", "pictures": "yes", "reason": 1}
    texts = " ".join(each["text"] for each in problem(fraud.predict(body), 422)["faults"])
    assert all(f"`{name}`" in texts for name in ("reasons", "keep", "lang", "pictures", "reason"))


def test_titles_are_in_the_language_that_was_asked_for(fraud):
    assert problem(fraud.predict({"rows": [], "lang": "zh"}), 422)["title"] == "数据行不符合要求"


def test_unknown_addresses_and_methods_and_types_are_problems_too(fraud):
    problem(fraud.ask("GET", "/nothing"), 404)
    problem(fraud.ask("POST", "/v1/events", json={"rows": []}), 404)
    found = fraud.ask("DELETE", "/v1/predict")
    problem(found, 405)
    assert found.headers["allow"] == "POST"
    problem(fraud.ask("POST", "/v1/predict", content=b"x", headers={"content-type": "image/png"}), 415)
    problem(fraud.ask("POST", "/v1/predict", content=b"x"), 415)


@pytest.mark.parametrize("first", [b"\x1f\x8b\x08", b"PK\x03\x04", b"PAR1"])
def test_an_archive_that_is_sent_as_csv_is_never_unpacked(fraud, first):
    problem(fraud.predict(first + b"x" * 99, headers={"content-type": "text/csv"}), 415)


def test_a_damaged_form_is_400(fraud):
    kind = {"content-type": "multipart/form-data; boundary=x"}
    problem(fraud.ask("POST", "/v1/predict", content=b"--x\r\nnothing", headers=kind), 400)
    problem(
        fraud.ask("POST", "/v1/predict", content=b"", headers={"content-type": "multipart/form-data"}), 400
    )


def test_pages_for_machines_are_there(fraud):
    assert fraud.ask("GET", "/healthz").json() == {"status": "alive"}
    assert fraud.ask("GET", "/readyz").json() == {"status": "ready"}
    assert "/v1/predict" in fraud.ask("GET", "/openapi.json").json()["paths"]
    assert b"verticals_bundle" in fraud.ask("GET", "/metrics").content
    assert fraud.ask("GET", "/docs").status_code == 404
    assert fraud.ask("GET", "/redoc").status_code == 404


def test_requests_are_counted(fraud):
    def figure():
        text = fraud.ask("GET", "/metrics").text
        return float(re.search(r"^verticals_rows_total (.*)$", text, re.MULTILINE)[1])

    before = figure()
    fraud.predict({"rows": fraud.service.model.rows * 1})
    assert figure() == before + 1


def test_without_the_right_key_nothing_is_answered(idle):
    keys = Keys({hashed("vk_right"): "acme"})
    served = idle(keys=keys, host="0.0.0.0")
    for headers in (
        {},
        {"x-api-key": "vk_wrong"},
        {"authorization": "Bearer vk_wrong"},
        {"authorization": "vk_right"},
    ):
        for method, path in (
            ("POST", "/v1/predict"),
            ("GET", "/v1/model"),
            ("GET", "/metrics"),
            ("GET", "/other"),
        ):
            reply = served.ask(method, path, headers=headers)
            problem(reply, 401)
            assert reply.headers["www-authenticate"] == "Bearer"
    for headers in ({"x-api-key": "vk_right"}, {"authorization": "Bearer vk_right"}):
        assert served.predict(b'{"rows": []}', headers=JSON | headers).status_code == 200
    for path in ("/healthz", "/readyz"):
        assert served.ask("GET", path).status_code == 200
    assert served.logged()[-3]["key"] == "acme" and "vk_right" not in b"".join(served.lines).decode()


def test_figures_need_no_key_where_only_this_machine_can_ask(idle):
    served = idle(keys=Keys({hashed("vk_right"): "acme"}))
    assert served.ask("GET", "/metrics").status_code == 200


def test_a_body_of_100_mb_is_413_and_never_in_memory(idle):
    served = idle(max_bytes=1_000_000)

    async def large():
        for _ in range(1600):
            yield bytes(65_536)

    tracemalloc.start()
    reply = served.ask("POST", "/v1/predict", content=large(), headers=JSON)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "1,000,000 bytes" in problem(reply, 413)["detail"]
    assert peak < 20e6


def test_a_body_that_does_not_arrive_is_408_and_the_connection_is_closed(idle):
    served = idle(max_seconds=0.2)

    async def slow():
        yield b'{"rows":'
        await asyncio.sleep(5)

    reply = served.ask("POST", "/v1/predict", content=slow(), headers=JSON)
    problem(reply, 408)
    assert reply.headers["connection"] == "close"


def test_an_unexpected_error_is_a_plain_500_and_its_place_is_logged_without_a_value(idle):
    served = idle()
    served.service.seconds = ZeroDivisionError(MARKED)
    found = problem(served.predict(b'{"rows": []}'), 500)
    logged = served.logged("defect")[-1]
    assert logged["error"] == "ZeroDivisionError" and "conftest.py:" in logged["place"]
    assert logged["request_id"] == found["request_id"]
    assert MARKED not in b"".join(served.lines).decode() + json.dumps(found)


def test_log_lines_hold_no_value_of_a_row(fraud):
    row = fraud.service.model.rows[0]
    before = len(fraud.lines)
    fraud.predict({"rows": [row | {"card": MARKED, "terminal": MARKED}], "reasons": 3})
    fraud.predict({"rows": [row | {"amount": MARKED, MARKED: MARKED}]})
    fraud.predict({"rows": [], MARKED: 1})
    fraud.predict(f"{MARKED},{MARKED}\n1,2\n".encode(), headers={"content-type": "text/csv"})
    fraud.ask("POST", "/v1/predict", files=[("files", (MARKED, b"x"))])
    fraud.ask("GET", f"/{MARKED}?{MARKED}={MARKED}")
    lines = fraud.lines[before:]
    assert len(lines) == 6
    told = json.loads(lines[0])
    assert (
        told["path"] == "/v1/predict" and told["status"] == 200 and told["rows"] == 1 and told["seconds"] > 0
    )
    assert not any(word in line.decode() for line in lines for word in ("marked", "7f3a", "secret"))


def test_while_a_bundle_loads_the_service_lives_and_is_not_ready(start, idle):
    served = idle()
    served.service.state = "starting"
    assert served.ask("GET", "/healthz").status_code == 200
    assert served.ask("GET", "/readyz").status_code == 503
    reply = served.predict(b'{"rows": []}')
    problem(reply, 503)
    assert "retry-after" in reply.headers
    served.service.state = "ready"


def test_no_thread_limit_of_the_user_is_changed(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    limit_threads(2)
    assert os.environ["OMP_NUM_THREADS"] == "7" and os.environ["MKL_NUM_THREADS"] == "2"


def test_a_client_that_is_gone_gets_no_answer_and_a_line(idle):
    served, sent = idle(), []
    scope = {"type": "http", "method": "POST", "path": "/v1/predict", "query_string": b"", "headers": []}

    async def receive():
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    served._do(served.app(scope | {"app": served.app}, receive, send))
    assert not sent and served.logged()[-1]["status"] == 499
    assert served.service._reading == 0


def test_the_page_and_its_files_are_open_and_may_load_nothing_from_elsewhere(idle, monkeypatch, tmp_path):
    (tmp_path / "index.html").write_text("<p>page</p>")
    (tmp_path / "page.js").write_text("1")
    monkeypatch.setattr("shared.serve.app.PAGE", tmp_path)
    served = idle(keys=Keys({hashed("vk_right"): "acme"}), host="0.0.0.0")
    page = served.ask("GET", "/")
    assert page.text == "<p>page</p>" and page.headers["content-type"].startswith("text/html")
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert served.ask("GET", "/static/page.js").text == "1"
    problem(served.ask("GET", "/static/none.js"), 404)
    for path in ("/static/../app.py", "/static/%2e%2e/app.py"):
        assert served.ask("GET", path).status_code in (401, 404)


def test_an_installation_without_a_page_says_so(idle, monkeypatch, tmp_path):
    monkeypatch.setattr("shared.serve.app.PAGE", tmp_path / "none")
    served = idle()
    assert "no page" in problem(served.ask("GET", "/"), 404)["detail"]


@pytest.mark.parametrize(
    "headers", [{"host": "evil.example"}, {"origin": "http://evil.example"}, {"origin": "null"}]
)
def test_without_keys_no_page_of_another_site_is_answered(fraud, headers):
    reply = fraud.ask("POST", "/v1/predict", json={"rows": fraud.service.model.rows}, headers=headers)
    assert reply.status_code == 403 and "--keys" in reply.json()["detail"]


@pytest.mark.parametrize(
    "headers", [{"host": "localhost:8080"}, {"origin": "http://127.0.0.1:8080"}, {"host": "[::1]:9"}]
)
def test_without_keys_this_machine_is_answered(fraud, headers):
    assert fraud.ask("GET", "/v1/model", headers=headers).status_code == 200


def test_a_history_that_does_not_fit_leaves_no_cell_in_the_log(start, bundle_copy, tmp_path):
    rows = "time,card,terminal,amount,fraud\n2025-01-01,a,b,Mr Smith 4111,0\n"
    (tmp_path / "earlier.csv").write_text(rows)
    served = start(bundle_copy, history=str(tmp_path / "earlier.csv"))
    assert served.service.state == "failed"
    assert (
        "Smith" not in b"".join(served.lines).decode()
        and "`amount`, row 1" in served.logged("defect")[0]["text"]
    )
