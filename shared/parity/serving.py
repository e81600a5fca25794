"""Answers of the service: a process of its own on a free port of this machine, asked over HTTP."""

import contextlib
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from shared.errors import BundleError, MissingExtraError
from shared.interpreter import environment_of_here

SERVE = """
from shared.errors import MissingExtraError, VerticalsError
from shared.serve.server import listening, refuse, serve
from shared.serve.settings import ServeSettings
try:
    settings = ServeSettings.from_environment()
    refuse(settings)
    sock = listening(settings)
    print(sock.getsockname()[1], flush=True)
    serve(settings, sock)
except MissingExtraError as error:
    print("lacking", error.package, flush=True)
except VerticalsError as error:
    print("refused", str(error).replace(chr(10), " "), flush=True)
"""
PATIENCE = 180.0  # seconds for a bundle to be loaded, and for an answer
LARGE = 2**31  # bytes and rows that a request may have here

Ask = Callable[[dict[str, Any]], list[dict[str, Any]]]


@contextlib.contextmanager
def served(folder: Path, log: Path) -> Iterator[Ask]:
    """While it lasts, a function that asks the service and gives its answers.

    Args:
        folder: The bundle.
        log: File for what the process says.
    Raises:
        MissingExtraError: If the packages of the service are not installed.
        BundleError: If it does not start, or refuses a question; the message says why.
    """
    settings = {"bundle": str(folder.absolute()), "port": 0, "max_rows": LARGE, "max_bytes": LARGE}
    settings |= {"max_seconds": PATIENCE}
    environment = environment_of_here() | {"VERTICALS_SERVE": json.dumps(settings)}
    environment.pop("VERTICALS_API_KEYS", None)
    with open(log, "wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE], env=environment, stdout=subprocess.PIPE, stderr=said, text=True
        )
    try:
        port = _port(process)
        _wait(process, port)
        yield lambda question: _asked(port, question)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def _port(process: subprocess.Popen) -> int:
    line = process.stdout.readline().strip()
    word, _, rest = line.partition(" ")
    if word == "lacking":
        raise MissingExtraError(rest, extra="serve", purpose="serving a bundle")
    if not line.isdigit():
        raise BundleError(f"the service does not start: {rest or 'it said nothing'}"[:400])
    return int(line)


def _wait(process: subprocess.Popen, port: int) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError):
            if _said(port, "GET", "/readyz")[0] == 200:
                return
        time.sleep(0.05)
    raise BundleError("the service does not get ready: `verticals serve` says why")


def _asked(port: int, question: dict[str, Any]) -> list[dict[str, Any]]:
    status, body = _said(port, "POST", "/v1/predict", json.dumps(question | {"keep": False}).encode())
    content = json.loads(body)
    if status != 200:
        faults = "; ".join(each["text"] for each in content.get("faults", ())[:3])
        raise BundleError(f"the service answers {status}: {faults or content.get('detail')}")
    return content["answers"]


def _said(port: int, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()
