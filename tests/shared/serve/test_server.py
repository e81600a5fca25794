import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from shared.errors import BundleError, ConfigError, MissingExtraError
from shared.serve.server import listening, refuse
from shared.serve.settings import ServeSettings

ROOT = Path(__file__).resolve().parents[3]
BUNDLE = ROOT / "tests" / "fixtures" / "bundles" / "finance_fraud" / "bundle"
JSON = {"content-type": "application/json"}


class Process:
    """`verticals serve` as a process of its own."""

    def __init__(self, folder, *options):
        self.errors = open(folder / "errors.log", "w+b")  # noqa: SIM115  closed by `end`
        command = [
            sys.executable,
            "-m",
            "verticals",
            "serve",
            str(BUNDLE),
            "--runtime",
            "tensorflow",
            *options,
        ]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.errors, cwd=ROOT)
        line = self.process.stdout.readline().decode()
        self.port = int(re.search(r"http://127\.0\.0\.1:(\d+)/", line)[1])
        while self.get("/readyz")[0] != 200:
            assert self.process.poll() is None, self.lines()
            time.sleep(0.1)

    def connection(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def get(self, path):
        connection = self.connection()
        connection.request("GET", path)
        reply = connection.getresponse()
        return reply.status, reply.read()

    def raw(self, content):
        """A socket on which `content` was sent and nothing else."""
        sock = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        sock.sendall(content)
        return sock

    def lines(self):
        return [json.loads(line) for line in Path(self.errors.name).read_text().splitlines()]

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        self.process.stdout.close()
        self.errors.close()
        return code


@pytest.fixture(scope="module")
def process(tmp_path_factory):
    found = Process(
        tmp_path_factory.mktemp("serve"), "--port", "0", "--max-seconds", "2", "--max-bytes", "1MB"
    )
    yield found
    if found.process.poll() is None:
        found.end()


def all_of(sock):
    found = b""
    try:
        while part := sock.recv(65_536):
            found += part
    except ConnectionResetError:
        pass
    return found


@pytest.mark.slow
def test_headers_that_never_arrive_are_closed(process):
    began = time.perf_counter()
    sock = process.raw(b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\n")
    silent = process.raw(b"")
    assert all_of(sock) == b"" and all_of(silent) == b""
    assert 5 < time.perf_counter() - began < 60


def test_a_slow_body_gets_408_and_is_closed_while_others_are_answered(process):
    head = b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    sock = process.raw(head + b"Content-Length: 900\r\n\r\n{")
    assert process.get("/healthz")[0] == 200
    began = time.perf_counter()
    reply = all_of(sock)
    assert reply.startswith(b"HTTP/1.1 408") and b"connection: close" in reply.lower()
    assert time.perf_counter() - began < 20


def test_a_body_that_is_too_large_gets_413_though_all_of_it_is_sent(process):
    connection = process.connection()
    connection.request("POST", "/v1/predict", body=bytes(3_000_000), headers=JSON)
    reply = connection.getresponse()
    assert reply.status == 413 and json.loads(reply.read())["status"] == 413


def test_a_request_without_length_is_read_in_chunks(process):
    body = json.dumps({"rows": json.loads(process.get("/v1/model")[1])["example"]["rows"]}).encode()
    connection = process.connection()
    connection.request(
        "POST", "/v1/predict", body=iter([body[:5], body[5:]]), headers=JSON, encode_chunked=True
    )
    reply = connection.getresponse()
    assert reply.status == 200, reply.read()


def test_what_is_no_http_is_refused_and_logged_without_a_traceback(process):
    assert all_of(process.raw(b"nonsense\r\n\r\n")).startswith(b"HTTP/1.1 400")
    assert all(set(line) >= {"time", "event"} for line in process.lines())


def under_load(process, *, clients, seconds):
    """Asks without a pause until the service is gone: what each client got, and how connections failed."""
    body = json.dumps(json.loads(process.get("/v1/model")[1])["example"]).encode()
    got, failed, stop = [], [], threading.Event()

    def ask():
        connection = process.connection()
        while not stop.is_set():
            try:
                connection.request("POST", "/v1/predict", body=body, headers=JSON)
                reply = connection.getresponse()
                content = json.loads(reply.read())
                got.append((reply.status, len(content.get("answers", []))))
            except (OSError, http.client.HTTPException, ValueError) as error:
                failed.append(error)
                connection.close()
                time.sleep(0.02)

    threads = [threading.Thread(target=ask) for _ in range(clients)]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    code = process.end()
    stop.set()
    for thread in threads:
        thread.join()
    return code, got, failed


def loses_nothing(process):
    """Ends a service under load: each request that was begun reached its client whole."""
    code, got, failed = under_load(process, clients=4, seconds=1.5)
    lines = process.lines()
    answered = [line for line in lines if line.get("path") == "/v1/predict"]
    assert code == 0 and len(got) > 5 and set(got) == {(200, 1)}
    assert [line["status"] for line in answered][-len(got) :] == [200] * len(got)
    assert all(isinstance(each, OSError) for each in failed)  # connections that were not accepted any more
    assert lines[-1]["event"] == "stopped"
    return len(answered) - len(got)


def test_sigterm_under_load_loses_no_accepted_request(tmp_path):
    assert loses_nothing(Process(tmp_path, "--port", "0")) == 0


@pytest.mark.slow
def test_several_workers_add_up_their_figures_and_lose_no_request_at_the_end(tmp_path):
    process = Process(tmp_path, "--port", "0", "--workers", "2")
    body = json.dumps(json.loads(process.get("/v1/model")[1])["example"]).encode()
    for _ in range(12):
        connection = process.connection()
        connection.request("POST", "/v1/predict", body=body, headers=JSON)
        assert connection.getresponse().status == 200
    assert re.search(r"^verticals_rows_total 12\.0$", process.get("/metrics")[1].decode(), re.MULTILINE)
    assert loses_nothing(process) == 12


def test_others_are_not_let_in_without_keys(tmp_path, monkeypatch):
    monkeypatch.delenv("VERTICALS_API_KEYS", raising=False)
    with pytest.raises(ConfigError, match="no API keys"):
        refuse(ServeSettings(str(BUNDLE), host="0.0.0.0"))
    monkeypatch.setenv("VERTICALS_API_KEYS", f"{'0' * 64} acme")
    refuse(ServeSettings(str(BUNDLE), host="0.0.0.0"))


def test_a_cut_off_bundle_is_refused_before_anything_starts(bundle_copy):
    model = bundle_copy / "model.keras"
    model.write_bytes(model.read_bytes()[:-100])
    with pytest.raises(BundleError, match=r"model\.keras is not the file that was saved"):
        refuse(ServeSettings(str(bundle_copy)))


def test_a_port_in_use_is_told(monkeypatch):
    with listening(ServeSettings(str(BUNDLE), port=0)) as sock, pytest.raises(ConfigError, match="in use"):
        listening(ServeSettings(str(BUNDLE), port=sock.getsockname()[1]))


def test_sketches_ask_for_a_bundle_with_a_profile(tmp_path):
    with pytest.raises(BundleError, match="no profile"):
        refuse(ServeSettings(str(BUNDLE), sketches=str(tmp_path)))


def test_a_missing_package_names_its_extra(monkeypatch):
    monkeypatch.setattr("shared.serve.server.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"keras-verticals\[serve\]"):
        refuse(ServeSettings(str(BUNDLE)))


def test_a_history_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ConfigError, match="there is no file"):
        refuse(ServeSettings(str(BUNDLE), history=str(tmp_path / "none.csv")))
