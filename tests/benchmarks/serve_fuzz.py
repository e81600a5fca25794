"""Sends 10,000 requests by chance to services of the four fixture bundles; none may be answered by a defect.

    python tests/benchmarks/serve_fuzz.py [requests]

So many come from the service's own OpenAPI document (schemathesis), and half as many again are its example with cells,
entries and bytes changed, in JSON, CSV and forms. Writes `results/serve_fuzz.json`.
"""

import json
import random
import sys
import time
from collections import Counter
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from shared.serve.keys import Keys
from shared.serve.logs import Log
from shared.serve.service import Service
from shared.serve.settings import ServeSettings

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "serve_fuzz.json"
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
CELLS = [
    None, True, False, 0, -1, 1e308, -1e308, 1e-320, 2**53 + 1, 2**70, "", " ", "NaN", "inf", "-", "1,5", "1.234.567,8",
    "2024-02-30", "0001-01-01", "9999-12-31", "1e400", "2025-01-06T12:00:00+14:00", "\u0000", "\u202e", "'; --", "🃏" * 9,
    "=1+1", "a" * 5000, [], [[]], {}, [1, "a"], [1e39], [[1], [1, 2]], {"name": "a.png"}, {"name": "", "base64": "!"},
    {"name": "a.png", "base64": "AAAA"}, {"name": "/etc/passwd", "base64": ""}, "/etc/passwd", "../../bundle.json",
]  # fmt: skip


def harness():
    """`Served` of the tests' own conftest."""
    spec = spec_from_file_location("conftest", HERE.parent / "shared" / "serve" / "conftest.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def by_document(served, count: int, statuses: Counter) -> None:
    """Requests that schemathesis makes of the OpenAPI document."""
    schema = schemathesis.openapi.from_asgi("/openapi.json", served.bare)
    operations = [result.ok() for result in schema.get_all_operations()]
    predict = [each for each in operations if each.path == "/v1/predict"]
    for operation, share in [*((each, 0.94) for each in predict), *((each, 0.02) for each in operations[:3])]:

        @seed(0)
        @given(case=operation.as_strategy())
        @settings(
            max_examples=int(count * share),
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def asked(case):
            reply = case.call_and_validate(checks=CHECKS)
            record(reply, statuses)

        asked()


def record(reply, statuses: Counter) -> None:
    """Counts a reply; one that is a defect ends the run."""
    statuses[str(reply.status_code)] += 1
    assert reply.status_code < 500, reply.text
    assert "Traceback (most recent call last)" not in reply.text, reply.text
    if reply.status_code >= 400:
        assert "application/problem+json" in str(reply.headers["content-type"])


def by_change(served, count: int, statuses: Counter) -> None:
    """The example with something changed."""
    chance = random.Random(0)
    example = served.service.model.rows
    for _ in range(count):
        rows = [dict(row) for row in chance.choices(example, k=chance.randint(1, 4))]
        rows = example if chance.random() < 0.1 else rows
        rows = [dict(row) for row in rows]
        for _ in range(chance.randint(0, 3)):
            row = chance.choice(rows)
            name = chance.choice([*row, "further", ""])
            row[name] = chance.choice(CELLS)
            if chance.random() < 0.2:
                row.pop(chance.choice(list(row)))
        send = chance.choice((_json, _json, _bytes, _csv, _form))
        record(send(served, rows, chance), statuses)


def _body(rows, chance) -> dict:
    body = {"rows": rows}
    if chance.random() < 0.2:
        body["reasons"] = chance.choice([0, 1, 20])
    if chance.random() < 0.2:
        body["history"] = [dict(row) for row in rows]
    if chance.random() < 0.1:
        body["pictures"] = True
    return body


def _json(served, rows, chance):
    return served.predict(json.dumps(_body(rows, chance)).encode())


def _bytes(served, rows, chance):
    body = bytearray(json.dumps(_body(rows, chance)).encode())
    for _ in range(chance.randint(1, 4)):
        body[chance.randrange(len(body))] = chance.choice(b'{}[]",:0-eE\x00\xff\\n')
    return served.predict(bytes(body))


def _csv(served, rows, chance):
    import pandas as pd

    text = pd.DataFrame(rows).to_csv(index=False, sep=chance.choice(",;\t|"))
    body = bytearray(text.encode(chance.choice(["utf-8", "gb18030", "utf-16"]), "replace"))
    if chance.random() < 0.5:
        body[chance.randrange(len(body))] = chance.choice(b'",;\n\r\x00\xff1')
    return served.predict(bytes(body), headers={"content-type": "text/csv"})


def _form(served, rows, chance):
    name = chance.choice(["a.png", "b.zip", "c.csv", "d.exe", "../e.jpg"])
    content = chance.choice([b"", b"PK\x03\x04junk", b"\x89PNG junk", b"image\nz.png\n"])
    fields = {} if chance.random() < 0.5 else {"rows": json.dumps(rows)}
    return served.ask("POST", "/v1/predict", data=fields, files=[("files", (name, content))])


def main(count: int) -> None:
    """Runs all and writes the counts."""
    tools, found = harness(), {}
    for solution in tools.SOLUTIONS:
        lines: list[bytes] = []
        chosen = ServeSettings(str(tools.BUNDLES / solution / "bundle"), runtime="tensorflow")
        served = tools.Served(Service(chosen, log=Log(lines.append), keys=Keys({})), lines).wait()
        statuses, began = Counter(), time.perf_counter()
        by_document(served, count // 4, statuses)
        by_change(served, count // 8, statuses)
        defects = served.logged("defect")
        assert not defects, defects
        found[solution] = {
            "requests": sum(statuses.values()),
            "statuses": dict(sorted(statuses.items())),
            "seconds": round(time.perf_counter() - began, 1),
        }
        print(solution, found[solution])
        served.stop()
    total = sum(each["requests"] for each in found.values())
    RESULTS.write_text(json.dumps({"requests": total, "defects": 0, "solutions": found}, indent=1) + "\n")
    print(f"{total:,} requests, no defect: {RESULTS.name}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_400)
