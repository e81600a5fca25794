"""The routes from a raw row to an answer. A new one is a function under a name in `ROUTES`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pandas as pd

from shared.export.exporting import FACTS, LIGHT, export, read_export
from shared.export.runtime import with_runtime
from shared.light.writing import export_light
from shared.parity.fresh import answered_in_a_fresh_process, answered_lightly
from shared.parity.rows import Asked
from shared.parity.sending import asked_by, picked
from shared.parity.serving import served
from shared.pipeline import Pipeline


@dataclass
class Job:
    """What a route is given.

    Args:
        folder: The bundle.
        pipeline: Loaded of it.
        data: The customer's file.
        asked: The rows, checked in this process.
        place: Folder for what routes make, gone at the end.
        history: Earlier rows.
        seed, most: Of the rows.
        expected: What the reference answered, once it has.
    """

    folder: Path
    pipeline: Pipeline
    data: Path
    asked: Asked
    place: Path
    history: Path | None = None
    seed: int = 0
    most: int = 0
    expected: pd.DataFrame | None = None


@dataclass
class Answered:
    """What came of a route.

    Args:
        answers: To the rows of the job, in their order.
        parts: SHA-256 of what it ran on besides the bundle, by name.
        notes: What a reader must know of it, such as that it takes one row at a time.
    """

    answers: pd.DataFrame
    parts: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Route:
    """One route.

    Args:
        answer: Does it.
        demanded: Whether a bundle passes only if the route is possible; LiteRT lacks operators of some networks.
    """

    answer: Callable[[Job], Answered]
    demanded: bool = True


def in_memory(job: Job) -> Answered:
    """The Keras network in this process: what all others are compared with."""
    return Answered(job.asked.answers(job.pipeline))


def fresh_process(job: Job) -> Answered:
    """The bundle loaded by a process of its own, which reads and alters the customer's file itself."""
    place = job.place / "fresh"
    place.mkdir()
    settings = {"history": job.history, "seed": job.seed, "most": job.most}
    return Answered(answered_in_a_fresh_process(job.folder, job.data, place, **settings))


def exported_now(job: Job, format: str) -> Answered:
    """The network exported now, in float32; the rest of the pipeline as it is."""
    folder = job.place / format
    export(job.folder, format, folder)
    return exported(job, folder)


def over_http(job: Job) -> Answered:
    """The service in a process of its own, on the runtime that it picks for the bundle."""
    with served(job.folder, job.place / "serve.log") as ask:
        answers = asked_by(ask, job.pipeline, job.asked)
    return Answered(picked(job.asked, answers, job.expected))


def light(job: Job) -> Answered:
    """The light scorer, exported now: a process of its own, which runs the exported code alone."""
    folder = job.place / "light"
    export_light(job.folder, folder)
    return lightly(job, folder)


def lightly(job: Job, folder: Path) -> Answered:
    """The light scorer of a folder; the interpreter finds the exported code before any that is installed."""
    answers = asked_by(partial(answered_lightly, folder), job.pipeline, job.asked)
    return Answered(picked(job.asked, answers, job.expected), read_export(folder)["files"])


def exported(job: Job, folder: Path) -> Answered:
    """The network of a folder that `verticals export` wrote; the rest of the pipeline as it is."""
    facts = read_export(folder)
    if facts["format"] == LIGHT:
        return lightly(job, folder)
    pipeline = with_runtime(job.pipeline, facts["format"], exported=folder)
    notes = [f"{facts['batch']} row at a time"] if facts["batch"] else []
    parts = facts["files"] | ({} if facts["variant"] == "float32" else {"variant": facts["variant"]})
    return Answered(job.asked.answers(pipeline), parts, notes)


REFERENCE = "memory"
ROUTES: dict[str, Route] = {
    REFERENCE: Route(in_memory),
    "fresh_process": Route(fresh_process),
    "http": Route(over_http),
    "saved_model": Route(partial(exported_now, format="saved_model")),
    "onnx": Route(partial(exported_now, format="onnx")),
    "litert": Route(partial(exported_now, format="litert"), demanded=False),
    "light": Route(light, demanded=False),
}


def route_of(name: str) -> Route | None:
    """The route of that name, or through the export in that folder; None if there is neither."""
    if name in ROUTES:
        return ROUTES[name]
    if (Path(name) / FACTS).is_file():
        return Route(partial(exported, folder=Path(name)))
    return None
