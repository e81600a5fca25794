"""New rows, or the sketches of a service, against what a bundle was trained on: everything the report shows."""

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from shared import bundle
from shared.contract import Mapping, Table
from shared.errors import BundleError, SplitError
from shared.forecast import ForecastPipeline
from shared.monitoring.comparison import compare, shares
from shared.monitoring.findings import Alarms, Finding, settled, worst
from shared.monitoring.inputs import input_columns, score_columns, shown_name, values_of
from shared.monitoring.performance import decay, measured
from shared.monitoring.profile import Profile
from shared.monitoring.reference import answers_to, groups_of
from shared.monitoring.sketch import Sketch, load_folder
from shared.splits import Split
from shared.stages import Stages

MOST_SCORED = 100_000  # rows that are scored and judged, drawn by chance: more would say nothing new
FORMAT = 1


def monitor(
    folder: str | Path,
    data: str | Path | None = None,
    *,
    history: str | Path | None = None,
    sketches: str | Path | None = None,
    alarms: Alarms | None = None,
    scores: bool = True,
    stages: Stages | None = None,
) -> dict[str, Any]:
    """Compares a file, the sketches of a folder, or both, with the bundle's profile.

    Args:
        folder: Of the bundle.
        data: File in the customer's columns; where its labels are filled, the answers are judged too.
        history: File with earlier rows, for the features to look back on; they are not compared.
        sketches: Folder of JSON files that `Sketch.save` wrote.
        alarms: What is worth a look, and what to act on.
        scores: Whether rows are scored and judged too; without, no network is loaded.
    Returns:
        The content of monitor.json: `state`, `findings`, `columns`, `performance`, ...
    Raises:
        BundleError: If the bundle has no profile, or a sketch is of another bundle.
        ContractError: If the file does not fit.
    """
    stages, alarms = stages or Stages(), alarms or Alarms()
    with stages("load"):
        content = bundle.read_facts(folder)
        profile = profile_of(content, folder)
        cls = bundle.class_of(content)
    found: list[Finding] = []
    seen = Sketch(profile.mark, {})
    notes, source, performance = [], {}, None
    if data is not None:
        seen, source, performance, notes = _file(folder, (data, history), content, profile, scores, stages)
    if sketches is not None:
        with stages("sketches"):
            added = load_folder(sketches)
            source.setdefault("source", Path(sketches).name)
            seen = seen + added
    with stages("compare"):
        found += compare(profile, seen, alarms)
        if performance is not None and performance["then"] is not None:
            found += decay(performance["then"], performance["now"], alarms)
        found = settled(found, alarms)
    mapping = Mapping.from_dict(content["mapping"])
    absent = [shown_name(name, mapping) for name in profile.bins if name not in seen.tallies]
    notes += [f"without new rows: {', '.join(absent)}"] if absent else []
    return {
        "format": FORMAT,
        "kind": "monitor",
        "state": worst(each.state for each in found),
        "solution": content["solution"],
        "title": cls.title,
        "simulated": mapping.simulated,
        "created": datetime.datetime.now().isoformat(timespec="seconds"),
        "bundle": {"sha256": content["files"][bundle.MODEL], "trained_on": content["facts"].get("sha256")},
        "data": source | {"rows": seen.rows, "training_rows": profile.known.rows},
        "alarms": alarms.to_dict(),
        "findings": [each.to_dict() | {"column": shown_name(each.name, mapping)} for each in found],
        "columns": columns_of(profile, seen, mapping),
        "performance": performance,
        "notes": notes,
        "words": {key: text for key, text in cls.words().items() if key.startswith("metric.")},
        "versions": bundle.versions(),
    }


def profile_of(content: dict[str, Any], folder: str | Path) -> Profile:
    """The profile in the JSON of a bundle.

    Raises:
        BundleError: If there is none: the bundle is of an earlier version.
    Example:
        >>> profile_of({"profile": {"format": 1, "columns": {}}}, "runs/acme/bundle").bins
        {}
    """
    if not content.get("profile"):
        raise BundleError(
            f"{folder} keeps no profile of its training rows: it was saved before there were any. "
            "Run or fit again with this version, then monitor that bundle"
        )
    return Profile.from_dict(content["profile"])


def columns_of(profile: Profile, seen: Sketch, mapping: Mapping) -> list[dict[str, Any]]:
    """Each column's bins with the shares of the training rows and of the new ones; of keys there are no bins.

    Example:
        >>> from shared.monitoring.profile import Column
        >>> profile = Profile.learn({"count": Column("number", np.array([0.0, 0.0, 1.0, 1.0]))})
        >>> columns_of(profile, profile.sketch({"count": np.array([1.0])}), Mapping())[0]["now"]
        [0.0, 1.0]
    """
    out = []
    for name, now in seen.tallies.items():
        bins = profile.bins.get(name)
        if bins is None:
            continue
        entry = {"name": name, "column": shown_name(name, mapping), "kind": bins.kind, "rows": now.rows}
        if bins.kind != "key":
            labels = {"edges": list(bins.edges)} if bins.kind == "number" else {"values": list(bins.values)}
            entry |= labels | {"then": shares(profile.known.tallies[name]), "now": shares(now)}
        out.append(entry)
    return out


def _file(folder, files, content, profile: Profile, scores: bool, stages: Stages):
    """The sketch of a file, what file it is, how good the answers are, and notes."""
    with stages("load"):
        pipeline = bundle.load(folder) if scores else bundle.without_model(content)
    # Of series, the past is looked at: what is planned for later need not be there.
    predict = not isinstance(pipeline, ForecastPipeline)
    with stages("read"):
        data, history = files
        raw = pipeline.read(data, pipeline.mapping.format, predict=predict)
        earlier = None if history is None else pipeline.read(history, pipeline.mapping.format)
    with stages("check"):
        table = pipeline.check(raw, predict=predict, earlier=earlier)
        del raw, earlier
    with stages("profile"):
        rows = _new_rows(pipeline, table, content["profile"].get("until"))
        seen = profile.sketch(values_of(input_columns(pipeline, table, rows)))
    notes, performance = _shown_notes(table, profile), None
    if table.sha256 == content["facts"].get("sha256"):
        notes.append(
            "this is the very file that the model was trained on: its scores are better than new ones"
        )
    if scores:
        tested = content["profile"].get("test")
        found, performance = _answered(pipeline, table, rows, tested, notes, stages)
        seen = Sketch(profile.mark, seen.tallies | profile.sketch(found).tallies)
    return seen, {"source": table.source, "sha256": table.sha256}, performance, notes


def _answered(
    pipeline, table: Table, rows: np.ndarray, tested: dict | None, notes: list[str], stages: Stages
):
    """The scores of rows drawn by chance, and how good they are where labels are known."""
    drawn = _drawn(rows)
    if len(drawn) < len(rows):
        notes.append(f"{len(drawn):,} of {len(rows):,} rows, drawn by chance, were scored")
    with stages("score"):
        prepared = pipeline.prepare(table)
        scores = values_of(score_columns(answers_to(pipeline, prepared, drawn)))
    with stages("judge"):
        split = _labelled(pipeline, table, drawn, notes)
        if split is None:
            return scores, None
        return scores, _judged(pipeline, prepared, split, tested, stages)


def _shown_notes(table: Table, profile: Profile) -> list[str]:
    """What was seen in reading, but for the columns of which no value may be shown."""
    hidden = [table.mapping.column(name) for name, bins in profile.bins.items() if bins.kind == "key"]
    starts = tuple(f"column `{name}`" for name in hidden)
    return [note for note in table.notes if not (starts and note.startswith(starts))]


def _new_rows(pipeline, table: Table, until: str | None) -> np.ndarray:
    """Positions of what is compared: of series, what came after the rows that taught, if anything did."""
    every = np.arange(table.own or len(table))
    if until is None or not isinstance(pipeline, ForecastPipeline):
        return every
    date, quantity = (table.frame[name].iloc[every] for name in ("date", "quantity"))
    past = date <= date[quantity.notna()].max()  # what is planned for later has no quantity yet
    later = np.flatnonzero(past & (date > pd.Timestamp(until)))
    return later if len(later) else np.flatnonzero(past)


def _drawn(rows: np.ndarray) -> np.ndarray:
    if len(rows) <= MOST_SCORED:
        return rows
    return np.sort(np.random.default_rng(0).choice(rows, MOST_SCORED, replace=False))


def _labelled(pipeline, table: Table, rows: np.ndarray, notes: list[str]) -> Split | None:
    """The rows that can be judged; None: there are none, or all are of one class."""
    if isinstance(pipeline, ForecastPipeline):
        try:
            return pipeline.judged(table, same=False)
        except SplitError as error:
            notes.append(str(error).replace("\n", " "))
            return None
    if "label" not in table.frame:
        return None
    label = pipeline.label(table)[rows]
    known = rows[~np.isnan(label)]
    if not len(known):
        return None
    if len(np.unique(label[~np.isnan(label)])) < 2:
        notes.append("all labels are of one class, so the answers are not judged")
        return None
    none = np.array([], np.int64)
    return Split("labelled rows", none, none, known, {})


def _judged(pipeline, prepared, split: Split, then: dict | None, stages: Stages) -> dict[str, Any]:
    """The figures of the labelled rows beside those of the test rows; `then` is None of a bundle that `fit` saved."""
    from shared.tasks import judge_loaded

    metrics, predictions = judge_loaded(pipeline, prepared, split, stages)
    groups = groups_of(pipeline, prepared.table, [split], predictions)
    now = measured(metrics, predictions, groups)
    return {"then": then, "now": now}


def exit_code(states: Sequence[str] | str) -> int:
    """What the command ends with: 0 steady or too few rows, 3 look, 4 act.

    Example:
        >>> exit_code("steady"), exit_code("act")
        (0, 4)
    """
    from shared.monitoring.findings import EXIT_CODES

    return EXIT_CODES[worst([states] if isinstance(states, str) else states)]
