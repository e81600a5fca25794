"""The whole road in one call: fit, rivals, judge, explain, save, report; and its steps on a saved bundle."""

import contextlib
import json
import math
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from shared import bundle
from shared.contract import Table
from shared.errors import BundleError, VerticalsError
from shared.export.beside import with_onnx
from shared.facts import learning_curve, provenance, run_facts
from shared.monitoring import reference
from shared.pipeline import Pipeline
from shared.stages import Stages
from shared.tasks import judge_loaded, task_of

EVALUATED = ("report.html", "report.en.html", "report.zh.html", "metrics.json", "predictions.parquet")
FILES = (*EVALUATED, "bundle")


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
    with _workplace(Path(out)) as part:
        with stages("split"):
            splits = pipeline.splits(table)
        with stages("prepare"):
            features = pipeline.features(table)
        task = task_of(pipeline)
        scored = task.scored()
        for number, split in enumerate(splits):
            if len(splits) > 1:
                stages.say(f"fold {number + 1} of {len(splits)}")
            fitted = type(pipeline)(pipeline.config, pipeline.mapping)
            prepared = fitted.fit(
                table, split, features=features, folder=part / f"fit{number}", stages=stages
            )
            task.fold(fitted, prepared, split, number, scored, stages)
        metrics, predictions = task.judge(fitted, prepared, splits, scored, stages)
        with stages("explain"):
            metrics |= task.explain(fitted, prepared, splits[-1], predictions)
        with stages("save"):
            tested = reference.test_figures(fitted, table, splits, metrics, predictions)
            last = reference.last_fold(predictions)
            profile = reference.reference_profile(fitted, table, splits[-1], last, tested)
            bundle.save(
                fitted, part / "bundle", facts=provenance(table, splits), profile=profile, beside=with_onnx
            )
            _keep(predictions, part)
        metrics["curves"]["learning"] = learning_curve(fitted.history)
        metrics |= run_facts(fitted, table, splits) | (facts or {})
        _finish(part, Path(out), metrics, lang, stages)
    return metrics


def fit(pipeline: Pipeline, table: Table, out: str | Path, *, stages: Stages | None = None) -> Path:
    """Fits on the last fold's training rows and saves the bundle; the test rows are not looked at."""
    stages = stages or Stages()
    out = Path(out)
    with _workplace(out, files=(bundle.MODEL, bundle.ONNX, bundle.FACTS)) as part:
        with stages("split"):
            splits = pipeline.splits(table)
        prepared = pipeline.fit(table, splits[-1], folder=part / "fit0", stages=stages)
        with stages("save"):
            held = reference.answers_to(pipeline, prepared, splits[-1].valid)
            profile = reference.reference_profile(pipeline, table, splits[-1], held)
            bundle.save(pipeline, out, facts=provenance(table, splits), profile=profile, beside=with_onnx)
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
    """Judges a loaded pipeline on a labelled table; nothing is fitted, so no rival stands beside it.

    Args:
        trained_on: SHA-256 of the file it was trained on. Of that very file only the test rows are judged.
    """
    stages = stages or Stages()
    with _workplace(Path(out), files=EVALUATED) as part:
        split = pipeline.judged(table, same=trained_on is not None and trained_on == table.sha256)
        with stages("prepare"):
            prepared = pipeline.prepare(table)
        metrics, predictions = judge_loaded(pipeline, prepared, split, stages)
        with stages("save"):
            _keep(predictions, part)
        metrics |= run_facts(pipeline, table, [split]) | (facts or {})
        _finish(part, Path(out), metrics, lang, stages)
    return metrics


@contextlib.contextmanager
def _workplace(out: Path, files: Sequence[str] = FILES) -> Iterator[Path]:
    """The folder beside `out` that a command works in until it is done; of a failed one nothing is left.

    Only checkpoints outlive a kill or an error that is not the user's: the same command goes on from them.

    Raises:
        BundleError: If `out` cannot be written, or holds what this command does not make and would replace.
    """
    refuse_unwritable(out)
    foreign = sorted({path.name for path in out.iterdir()} - set(files)) if out.is_dir() else []
    if foreign or out.is_file():
        what = f"holds {', '.join(foreign[:5])}, which this command does not make" if foreign else "is a file"
        raise BundleError(f"{out} {what}; it would be replaced. Give another --out, or move it away")
    out = out.resolve()  # a name for `.` too
    part = out.with_name(f".{out.name}.part")
    made = [folder for folder in part.parents if not folder.exists()]
    _keep_checkpoints(part)
    part.mkdir(parents=True, exist_ok=True)
    try:
        yield part
    except VerticalsError:
        shutil.rmtree(part, ignore_errors=True)
        for folder in made:  # from the inside out; one that holds something by now stays
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise
    except BaseException:
        _keep_checkpoints(part)
        raise
    shutil.rmtree(part, ignore_errors=True)


def jsonable(value: Any) -> Any:
    """The same with None for each number that is none: JSON has no NaN, and a slice without positives has them.

    Example:
        >>> jsonable({"recall": {"value": float("nan"), "rows": 3}})
        {'recall': {'value': None, 'rows': 3}}
    """
    if isinstance(value, dict):
        return {str(key): jsonable(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _keep_checkpoints(part: Path) -> None:
    """Removes all but the checkpoints that a fit goes on from, and the folder too if there is none."""
    kept = {part / path.relative_to(part).parts[0] for path in part.glob("fit*/**/training.npz")}
    for path in part.iterdir() if part.is_dir() else ():
        if path not in kept:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    if part.is_dir() and not kept:
        part.rmdir()


def _keep(predictions: pd.DataFrame, part: Path) -> None:
    """Writes what each test row was answered; its position in the table was for `explain` alone."""
    kept = predictions.drop(columns="position", errors="ignore")
    kept.to_parquet(part / "predictions.parquet", index=False)


def refuse_unwritable(path: Path) -> None:
    """Says so before the work is done if a file or folder cannot be made.

    Raises:
        BundleError: If a part of the way there is a file, or may not be written to.
    """
    there = next(place for place in (path.absolute(), *path.absolute().parents) if place.exists())
    if there != path.absolute() and not there.is_dir():
        raise BundleError(f"{path} cannot be written: {there} is a file. Give another --out")
    if not os.access(there, os.W_OK):
        raise BundleError(f"{path} cannot be written: {there} is protected. Give another --out")


def _finish(part: Path, out: Path, metrics: dict[str, Any], lang: str, stages: Stages) -> None:
    from shared.report import write_report

    for path in part.glob("fit*"):
        shutil.rmtree(path, ignore_errors=True)
    with stages("report"):
        metrics["stages"] = stages.measured
        write_report(metrics, part / "report.html", lang)
    metrics["stages"] = stages.measured
    text = json.dumps(jsonable(metrics), ensure_ascii=False, indent=1, allow_nan=False)
    with open(part / "metrics.json", "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    bundle.replace_folder(part, out.resolve())


def predict(
    pipeline: Pipeline,
    data: str | Path,
    *,
    history: str | Path | None = None,
    stages: Stages | None = None,
    pictures: Path | None = None,
) -> pd.DataFrame:
    """Scores every row of a file; earlier rows may come with it, for the features to look back on.

    Args:
        data: File to score, in the columns that the pipeline was trained on; labels are not needed.
        history: File with earlier rows in the same columns, labels included where they are known.
        pictures: Folder for heatmaps, of solutions on photos.
    Returns:
        One line per row of `data`, in its order: `row`, `score`, `decision`.
    """
    stages = stages or Stages()
    with stages("read"):
        raw = pipeline.read(data, pipeline.mapping.format, predict=True)
        earlier = None if history is None else pipeline.read(history, pipeline.mapping.format)
    with stages("check"):
        table = pipeline.check(raw, predict=True, earlier=earlier)
    for note in table.notes:
        stages.note(note)
    with stages("score"):
        return pipeline.predict(table, range(table.own), folder=pictures)


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """A data frame as .parquet or .csv, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    if path.suffix == ".csv":
        frame.to_csv(part, index=False)
    else:
        frame.to_parquet(part, index=False)
    os.replace(part, path)
