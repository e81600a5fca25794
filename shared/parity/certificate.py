"""The same rows through every route, and a certificate of it: parity.json and parity.html."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from shared import bundle
from shared.bundle_files import write_text
from shared.errors import BundleError, ConfigError, Fault, MissingExtraError, VerticalsError
from shared.export.exporting import RUNTIMES
from shared.parity.differences import compare, score_columns
from shared.parity.page import write_page
from shared.parity.routes import REFERENCE, ROUTES, Job, Route, route_of
from shared.parity.rows import LEAST, MOST, Asked, asked_of
from shared.stages import Stages

LARGEST = 1e-5  # difference of a score that is float32's own
FILES = ("parity.json", "parity.html")


def certify(
    folder: str | Path,
    data: str | Path,
    out: str | Path,
    *,
    history: str | Path | None = None,
    routes: Sequence[str] | None = None,
    seed: int = 0,
    most: int = MOST,
    lang: str = "en",
    stages: Stages | None = None,
) -> dict[str, Any]:
    """Sends the rows of a file through the routes and writes `parity.json` and `parity.html`.

    Args:
        folder: The bundle.
        data: Rows in the bundle's columns, at least 1,000; with fewer the certificate says so.
        out: Folder to write.
        history: Earlier rows, which the features look back on.
        routes: Names of `ROUTES`, or folders that `verticals export` wrote; None: all of `ROUTES`.
        seed: Of the altered rows.
        most: Customer's rows that are asked for.
        lang: Of the page, "en" or "zh".
    Returns:
        What stands in `parity.json`; `passed` says whether all routes agree.
    Raises:
        ConfigError: If a route is not known.
        ContractError: If the rows do not fit.
        MissingExtraError: If what a route runs on is not installed.
    """
    chosen, stages = _chosen(routes, lang), stages or Stages()
    folder, data, out = Path(folder), Path(data), Path(out)
    history = None if history is None else Path(history)
    _refuse_foreign(out)
    with stages("load"):
        pipeline = bundle.load(folder)
    asked = asked_of(pipeline, data, history=history, seed=seed, most=most, stages=stages)
    with TemporaryDirectory(prefix="verticals-") as place:
        job = Job(folder, pipeline, data, asked, Path(place), history, seed, most)
        with stages(REFERENCE):
            expected = job.expected = ROUTES[REFERENCE].answer(job).answers
        found = [{"name": REFERENCE, "state": "reference", "rows": len(expected), "notes": []}]
        for name, route in chosen.items():
            with stages(name):
                found.append({"name": name} | _tried(route, job, expected))
    content = {
        "certificate": 1,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "passed": all(each["state"] in ("reference", "equal", "not possible") for each in found),
        "solution": pipeline.name,
        "title": pipeline.title,
        "simulated": pipeline.mapping.simulated,
        "largest_allowed": LARGEST,
        "rows": _rows(asked, expected, pipeline),
        "scores": list(score_columns(expected)),
        "routes": found,
        "parts": {"bundle": bundle.hashes(folder), "data": asked.table.sha256},
        "versions": {"saved with": bundle.read_facts(folder)["versions"], "now": bundle.versions(RUNTIMES)},
    }
    _write(content, out, lang)
    return content


def _tried(route: Route, job: Job, expected) -> dict[str, Any]:
    """One route's entry: equal, different, or not possible and why."""
    try:
        answered = route.answer(job)
    except MissingExtraError:
        raise
    except BundleError as error:
        state = "failed" if route.demanded else "not possible"
        return {"state": state, "rows": 0, "notes": [str(error)], "parts": {}}
    comparison = compare(expected, answered.answers)
    equal = comparison.largest <= LARGEST and not comparison.flips
    entry = {"state": "equal" if equal else "different", **comparison.to_dict()}
    return entry | {"notes": answered.notes, "parts": answered.parts}


def _rows(asked: Asked, expected, pipeline) -> dict[str, Any]:
    """Which rows were asked."""
    answered = min(asked.customers, len(expected))  # a forecast answers for a series, not for a row
    altered = [{"column": each.column, "kind": each.kind, "rows": len(each.sources)} for each in asked.made]
    return {
        "file": asked.table.source,
        "answers": len(expected),
        "customer": asked.customers,
        "answered": answered,
        "altered": altered,
        "enough": answered >= LEAST,
        "least": LEAST,
    }


def _chosen(routes: Sequence[str] | None, lang: str) -> dict[str, Route]:
    names = [name for name in (routes or ROUTES) if name != REFERENCE]
    known = ", ".join(name for name in ROUTES if name != REFERENCE)
    faults = [
        Fault(text=f"there is no route `{name}`; expected {known}, or a folder that `verticals export` wrote")
        for name in names
        if route_of(name) is None
    ]
    if lang not in ("en", "zh"):
        faults.append(Fault(text=f"--lang is `{lang}`; expected en or zh"))
    if faults:
        raise ConfigError("parity cannot be certified", faults)
    return {name: route_of(name) for name in names}


def _refuse_foreign(out: Path) -> None:
    from shared.run import refuse_unwritable

    refuse_unwritable(out)
    if out.is_file():
        raise VerticalsError(f"{out} is a file. Give another --out")


def _write(content: dict[str, Any], out: Path, lang: str) -> None:
    write_text(out / FILES[0], json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False))
    write_page(content, out / FILES[1], lang)
