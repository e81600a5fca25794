"""How quickly a fraud bundle answers over HTTP on this machine, client and service on the same cores.

    python tests/benchmarks/serve_load.py BUNDLE [--minutes 30]

BUNDLE is of `verticals run finance.fraud --out RUN` (its folder `bundle`): default settings, the built-in sample.
Measured: seconds from the command to /readyz; one row at a fixed 100 requests a second (each is sent when it is due,
so that a slow answer delays no other); as many as possible over 16 connections; the first request beside the tenth;
a CSV of 10,000 rows; memory of the service over the minutes of steady load. All without a store, and with one that
holds the earlier payments of the sample. Result: results/serve_load.json
"""

import argparse
import asyncio
import http.client
import json
import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from verticals.finance import FraudPipeline

HERE = Path(__file__).parent
GOALS = {
    "ready_seconds": 6,
    "p50_ms": 5,
    "p99_ms": 20,
    "requests_per_second": 500,
    "csv_10000_rows_seconds": 2,
    "memory_growth": 0.05,
}
CONNECTIONS, SECONDS, RATE = 16, 20, 100
LATEST = 5000  # rows of the sample that are sent; the others are the past


class Service:
    """`verticals serve` as a process."""

    def __init__(self, bundle: Path, *options: str):
        command = [sys.executable, "-m", "verticals", "serve", str(bundle), "--port", "0", *options]
        began = time.perf_counter()
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.port = int(re.search(r":(\d+)/", self.process.stdout.readline())[1])
        while self.ask("GET", "/readyz")[0] != 200:
            time.sleep(0.02)
        self.ready_seconds = time.perf_counter() - began

    def ask(self, method, path, body=None, kind="application/json"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        try:
            connection.request(method, path, body, {"Content-Type": kind} if body else {})
            reply = connection.getresponse()
            return reply.status, reply.read()
        except ConnectionError:
            return 0, b""
        finally:
            connection.close()

    def megabytes(self) -> float:
        """Resident memory of the process and its workers."""
        pids = [self.process.pid, *_children(self.process.pid)]
        return sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids) * 4096 / 1e6

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


def _children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(each) for each in found]


class Client:
    """One connection that is kept; HTTP/1.1 by hand, since a client library would cost more than the answer."""

    async def open(self, port: int) -> "Client":
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", port)
        return self

    async def post(self, body: bytes) -> int:
        head = f"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self.writer.write(head.encode() + body)
        status = int((await self.reader.readline()).split()[1])
        length = 0
        while (line := await self.reader.readline()) != b"\r\n":
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        await self.reader.readexactly(length)
        return status


async def at_a_rate(port: int, bodies: list[bytes], rate: int, seconds: float) -> dict:
    """Latencies of requests that are sent when they are due, over as many connections as that takes."""
    free = [await Client().open(port) for _ in range(CONNECTIONS)]
    taken, statuses, tasks = [], [], []

    async def one(body: bytes, due: float) -> None:
        client = free.pop() if free else await Client().open(port)
        try:
            statuses.append(await client.post(body))
        except (ConnectionError, IndexError):  # it was idle for some seconds, and the service has closed it
            await client.open(port)
            statuses.append(await client.post(body))
        taken.append(time.perf_counter() - due)
        free.append(client)

    began = time.perf_counter()
    for number in range(int(rate * seconds)):
        due = began + number / rate
        await asyncio.sleep(max(0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(bodies[number % len(bodies)], due)))
    await asyncio.gather(*tasks)
    assert statuses.count(200) > 0.99 * len(statuses), "most requests were refused"
    return _quantiles(taken) | {"requests": len(taken), "not_200": sum(each != 200 for each in statuses)}


async def as_fast_as_possible(port: int, bodies: list[bytes], seconds: float) -> dict:
    """Requests a second over `CONNECTIONS` connections, each sending the next when the last is answered."""
    taken, statuses = [], []
    until = time.perf_counter() + seconds

    async def ask(first: int) -> None:
        client, number = await Client().open(port), first
        while time.perf_counter() < until:
            began = time.perf_counter()
            statuses.append(await client.post(bodies[number % len(bodies)]))
            taken.append(time.perf_counter() - began)
            number += CONNECTIONS

    began = time.perf_counter()
    await asyncio.gather(*[ask(first) for first in range(CONNECTIONS)])
    rate = len(taken) / (time.perf_counter() - began)
    return (
        {"requests_per_second": rate} | _quantiles(taken) | {"not_200": sum(each != 200 for each in statuses)}
    )


def _quantiles(taken: list[float]) -> dict:
    low, high = np.quantile(taken, [0.5, 0.99]) * 1e3
    return {"p50_ms": float(low), "p99_ms": float(high)}


def measured(bundle: Path, rows, csv: bytes, *options: str) -> dict:
    """One way of running the service."""
    service = Service(bundle, *options)
    bodies = [json.dumps({"rows": [row]}).encode() for row in rows]
    first = []
    for body in bodies[:20]:
        began = time.perf_counter()
        assert service.ask("POST", "/v1/predict", body)[0] == 200
        first.append((time.perf_counter() - began) * 1e3)
    found = {
        "ready_seconds": service.ready_seconds,
        "first_request_ms": first[0],
        "tenth_to_twentieth_ms": float(np.median(first[9:])),
        "steady": asyncio.run(at_a_rate(service.port, bodies[20:], RATE, SECONDS)),
        "fastest": asyncio.run(as_fast_as_possible(service.port, bodies[20:], SECONDS)),
    }
    began = time.perf_counter()
    status, _ = service.ask("POST", "/v1/predict?keep=false", csv, "text/csv")
    found["csv_10000_rows_seconds"] = time.perf_counter() - began if status == 200 else status
    found["megabytes"] = service.megabytes()
    found["exit_code"] = service.stop()
    return found


def memory(bundle: Path, rows, minutes: float, *options: str) -> dict:
    """Memory once a minute under a steady load, the first minute left out: caches fill in it."""
    service, seen, latencies = Service(bundle, *options), [], []
    bodies = [json.dumps({"rows": [row]}).encode() for row in rows]
    for _ in range(max(2, round(minutes))):
        latencies.append(asyncio.run(at_a_rate(service.port, bodies, RATE, min(60, minutes * 30))))
        seen.append(service.megabytes())
    service.stop()
    return {
        "minutes": minutes,
        "requests": sum(each["requests"] for each in latencies),
        "not_200": sum(each["not_200"] for each in latencies),
        "worst_minute_p99_ms": max(each["p99_ms"] for each in latencies),
        "megabytes": [round(each, 1) for each in seen],
        "growth": seen[-1] / seen[0] - 1,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--minutes", type=float, default=30)
    given = parser.parse_args()
    frame, _ = FraudPipeline.sample()
    past, late = frame.iloc[:-LATEST], frame.iloc[-LATEST:]
    rows = json.loads(late.astype({"time": str}).drop(columns="fraud").to_json(orient="records"))
    csv = frame.iloc[-10_000:].drop(columns="fraud").to_csv(index=False).encode()
    result = {
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        "load_before": os.getloadavg()[0],
        "goals": GOALS,
        "simulated": True,
        "past": f"{len(past):,}",
    }
    with tempfile.TemporaryDirectory() as place:
        past.to_csv(Path(place) / "past.csv", index=False)
        store = ["--store", f"{place}/store", "--history", f"{place}/past.csv"]
        result["alone"] = measured(given.bundle, rows, csv)
        result["with_store"] = measured(given.bundle, rows, csv, *store)
        if given.minutes:
            result["memory"] = memory(given.bundle, rows, given.minutes)
    (HERE / "results" / "serve_load.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
