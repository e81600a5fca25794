"""The whole road in one call: fit, rivals, judge, explain, save, report; and its steps on a saved bundle."""

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from shared import bundle
from shared.cases import explain_run
from shared.contract import Table, joined, read_table
from shared.errors import BundleError
from shared.facts import learning_curve, provenance, run_facts
from shared.pipeline import Pipeline
from shared.scoring import Scored, score_fold
from shared.splits import Split
from shared.stages import Stages
from shared.verdicts import judge_run

FILES = ("report.html", "metrics.json", "predictions.parquet", "bundle")


def run(
    pipeline: Pipeline,
    table: Table,
    out: str | Path,
    *,
    lang: str = "en",
    stages: Stages | None = None,
    facts: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Fits, judges beside the rivals, saves and reports. `out` appears whole at the end, or not at all.

    A run that was killed goes on from its last whole epoch when it is called again.

    Args:
        pipeline: Not fitted; with several folds, one like it is fitted for each and the last is saved.
        out: Folder for `report.html`, `metrics.json`, `predictions.parquet` and `bundle/`.
        lang: Of the report, "en" or "zh".
        facts: Further entries of metrics.json, such as the command.
    Returns:
        What stands in metrics.json.
    """
    stages = stages or Stages()
    out = Path(out)
    part = _begin(out)
    with stages("split"):
        splits = pipeline.splits(table)
    with stages("prepare"):
        features = pipeline.features(table)
    scored = Scored()
    for number, split in enumerate(splits):
        if len(splits) > 1:
            stages.say(f"fold {number + 1} of {len(splits)}")
        fitted = type(pipeline)(pipeline.config, pipeline.mapping)
        prepared = fitted.fit(table, split, features=features, folder=part / f"fit{number}", stages=stages)
        score_fold(fitted, prepared, split, number, scored, stages)
    metrics, predictions = judge_run(fitted, prepared, splits, scored, stages)
    with stages("explain"):
        metrics |= explain_run(fitted, prepared, splits[-1], predictions)
    with stages("save"):
        bundle.save(fitted, part / "bundle", facts=provenance(table, splits))
        predictions.to_parquet(part / "predictions.parquet", index=False)
    metrics["curves"]["learning"] = learning_curve(fitted.history)
    metrics |= run_facts(fitted, table, splits) | (facts or {})
    _finish(part, out, metrics, lang, stages)
    return metrics


def fit(pipeline: Pipeline, table: Table, out: str | Path, *, stages: Stages | None = None) -> Path:
    """Fits on the last fold's training rows and saves the bundle; the test rows are not looked at."""
    stages = stages or Stages()
    out = Path(out)
    part = _begin(out, files=(bundle.MODEL, bundle.FACTS))
    with stages("split"):
        splits = pipeline.splits(table)
    pipeline.fit(table, splits[-1], folder=part / "fit0", stages=stages)
    with stages("save"):
        bundle.save(pipeline, out, facts=provenance(table, splits))
    shutil.rmtree(part, ignore_errors=True)
    return out


def evaluate(
    pipeline: Pipeline,
    table: Table,
    out: str | Path,
    *,
    trained_on: str | None = None,
    lang: str = "en",
    stages: Stages | None = None,
    facts: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Judges a loaded pipeline on a labelled table; the trivial rival is beside it, as nothing is fitted here.

    Args:
        trained_on: SHA-256 of the file it was trained on. Of that very file only the test rows are judged.
    """
    stages = stages or Stages()
    out = Path(out)
    part = _begin(out)
    same = trained_on is not None and trained_on == table.sha256
    everything = np.arange(len(table))
    none = np.array([], np.int64)
    split = pipeline.splits(table)[-1] if same else Split("all rows", none, none, everything, {})
    with stages("prepare"):
        prepared = pipeline.prepare(table)
    scored = Scored()
    scored.rows, scored.fold = [split.test], [np.zeros(len(split.test), np.int64)]
    with stages("score"):
        scored.add("model", pipeline.scores(prepared, split.test), pipeline.thresholds)
    metrics, predictions = judge_run(pipeline, prepared, [split], scored, stages)
    with stages("save"):
        predictions.to_parquet(part / "predictions.parquet", index=False)
    metrics |= run_facts(pipeline, table, [split]) | (facts or {})
    _finish(part, out, metrics, lang, stages)
    return metrics


def _begin(out: Path, files: Sequence[str] = FILES) -> Path:
    """The folder that a run works in until it is done; refuses to replace what no run has made."""
    if out.exists() and (not out.is_dir() or {path.name for path in out.iterdir()} - set(files)):
        raise BundleError(
            f"{out} holds files that no run has made; it would be replaced. Give another --out, or move them away"
        )
    part = out.with_name(f".{out.name}.part")
    part.mkdir(parents=True, exist_ok=True)
    return part


def _finish(part: Path, out: Path, metrics: dict[str, Any], lang: str, stages: Stages) -> None:
    from shared.report import write_report

    for path in part.glob("fit*"):
        shutil.rmtree(path, ignore_errors=True)
    with stages("report"):
        metrics["stages"] = stages.measured
        write_report(metrics, part / "report.html", lang)
    metrics["stages"] = stages.measured
    text = json.dumps(metrics, ensure_ascii=False, indent=1)
    with open(part / "metrics.json", "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    bundle.replace_folder(part, out)


def predict(
    pipeline: Pipeline, data: str | Path, *, history: str | Path | None = None, stages: Stages | None = None
) -> pd.DataFrame:
    """Scores every row of a file; earlier rows may come with it, for the features to look back on.

    Args:
        data: File to score, in the columns that the pipeline was trained on; labels are not needed.
        history: File with earlier rows in the same columns, labels included where they are known.
    Returns:
        One line per row of `data`, in its order: `row`, `score`, `decision`.
    """
    stages = stages or Stages()
    with stages("read"):
        raw = read_table(data, pipeline.mapping.format)
        earlier = None if history is None else read_table(history, pipeline.mapping.format)
    with stages("check"):
        table = pipeline.check(raw, predict=True)
        count = len(table)
        if earlier is not None:
            table = joined(table, pipeline.check(earlier, predict=True))
    for note in table.notes:
        stages.note(note)
    with stages("score"):
        return pipeline.predict(table, np.arange(count))


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """A data frame as .parquet or .csv, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    if path.suffix == ".csv":
        frame.to_csv(part, index=False)
    else:
        frame.to_parquet(part, index=False)
    os.replace(part, path)
