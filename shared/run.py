"""The whole road in one call: fit, rivals, judge, explain, save, report; and its steps on a saved bundle."""

import datetime
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from shared import bundle, explain, judging, money
from shared.baselines import Rival, fit_rivals
from shared.calibration import Calibrator, fit_calibrator
from shared.contract import Table
from shared.decisions import Thresholds
from shared.encoding import Features
from shared.errors import BundleError
from shared.fit_settings import History
from shared.metrics import average_precision
from shared.pipeline import Pipeline, Prepared
from shared.splits import Split
from shared.stages import Stages

IMPORTANCE_ROWS = 3000
FILES = ("report.html", "metrics.json", "predictions.parquet", "bundle")
BLENDED = ("logistic_regression", "random_forest", "gradient_boosting")


@dataclass
class Scored:
    """Test rows of all folds, one after the other, with what every model says of them.

    Args:
        rows: Row positions.
        fold: Number of the fold of each row.
        scores: Calibrated probability by model name.
        decisions: pass / review / block by model name.
        timing: Seconds and rows a second by model name.
    """

    rows: list[np.ndarray] = field(default_factory=list)
    fold: list[np.ndarray] = field(default_factory=list)
    scores: dict[str, list[np.ndarray]] = field(default_factory=dict)
    decisions: dict[str, list[np.ndarray]] = field(default_factory=dict)
    timing: dict[str, dict[str, float]] = field(default_factory=dict)

    def add(self, name: str, score: np.ndarray, thresholds: Thresholds) -> None:
        self.scores.setdefault(name, []).append(score)
        self.decisions.setdefault(name, []).append(thresholds.decide(score))

    def time(self, name: str, *, fit: float, score: float, rows: int) -> None:
        entry = self.timing.setdefault(name, {"fit_seconds": 0.0, "rows": 0, "seconds": 0.0})
        entry["fit_seconds"] += fit
        entry["rows"] += rows
        entry["seconds"] += score

    def joined(self) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray], dict[str, np.ndarray]]:
        join = np.concatenate
        scores = {name: join(parts) for name, parts in self.scores.items()}
        decisions = {name: join(parts) for name, parts in self.decisions.items()}
        return join(self.rows), join(self.fold), scores, decisions


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
        _score_fold(fitted, prepared, split, number, scored, stages)
    metrics, predictions = _judge(fitted, prepared, splits, scored, stages)
    with stages("explain"):
        metrics |= _explain(fitted, prepared, splits[-1], predictions)
    with stages("save"):
        bundle.save(fitted, part / "bundle", facts=_provenance(table, splits))
        predictions.to_parquet(part / "predictions.parquet", index=False)
    metrics["curves"]["learning"] = learning_curve(fitted.history)
    metrics |= _frame_facts(fitted, table, splits, stages) | (facts or {})
    _finish(part, out, metrics, lang, stages)
    return metrics


def learning_curve(history: History) -> dict[str, Any]:
    """The entry `learning` of metrics.json's `curves`."""
    keys = ("epoch", "loss", "valid_loss", history.score)
    names = ("epoch", "loss", "valid_loss", "valid_score")
    curve: dict[str, Any] = {name: [entry.get(key) for entry in history.epochs] for name, key in zip(names, keys)}
    return curve | {"best_epoch": history.best_epoch, "score_name": history.score.removeprefix("valid_")}


def fit(pipeline: Pipeline, table: Table, out: str | Path, *, stages: Stages | None = None) -> Path:
    """Fits on the last fold's training rows and saves the bundle; the test rows are not looked at."""
    stages = stages or Stages()
    out = Path(out)
    part = _begin(out, files=(bundle.MODEL, bundle.FACTS))
    with stages("split"):
        splits = pipeline.splits(table)
    pipeline.fit(table, splits[-1], folder=part / "fit0", stages=stages)
    with stages("save"):
        bundle.save(pipeline, out, facts=_provenance(table, splits))
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
    metrics, predictions = _judge(pipeline, prepared, [split], scored, stages)
    with stages("save"):
        predictions.to_parquet(part / "predictions.parquet", index=False)
    metrics |= _frame_facts(pipeline, table, [split], stages) | (facts or {})
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


def _score_fold(fitted: Pipeline, prepared: Prepared, split: Split, number: int, scored: Scored, stages: Stages):
    """Test scores of the model, of every rival and of the blend; each calibrated and cut the same way."""
    table, config = prepared.table, fitted.config
    label = fitted.label(table)
    scored.rows.append(split.test)
    scored.fold.append(np.full(len(split.test), number))
    with stages("score"):
        clock = _Clock()
        mine = fitted.scores(prepared, split.test)
        scored.time("model", fit=sum(e["seconds"] for e in fitted.history.epochs), score=clock(), rows=len(mine))
        scored.add("model", mine, fitted.thresholds)
    with stages("rivals"):
        matrix = fitted.matrix(prepared)
        rivals = fit_rivals(
            matrix, label, train=split.train, valid=split.valid, seed=config.seed, grids=fitted.rivals, on_fitted=stages.say
        )
        valid: dict[str, np.ndarray] = {}
        for name, rival in rivals.items():
            clock = _Clock()
            raw = rival.score(split.test)
            scored.time(name, fit=rival.fit_seconds, score=clock(), rows=len(raw))
            valid[name] = _add_calibrated(fitted, prepared, split, name, rival.score(split.valid), raw, scored)
        _blend(fitted, prepared, split, rivals, valid, mine, scored)


def _add_calibrated(fitted, prepared, split, name, valid_raw, test_raw, scored) -> np.ndarray:
    """Gives a rival the model's own treatment: calibrated, then cut, on the validation rows."""
    label = fitted.label(prepared.table)[split.valid]
    calibrator: Calibrator = fit_calibrator(label, valid_raw, fitted.config.calibration)
    valid = calibrator(valid_raw)
    scored.add(name, calibrator(test_raw), fitted.decide(prepared.table, split.valid, valid))
    return valid


def _blend(fitted, prepared, split, rivals: dict[str, Rival], valid, mine, scored) -> None:
    """The mean of the model and the rival that validates best."""
    label = fitted.label(prepared.table)[split.valid]
    candidates = [name for name in rivals if name in BLENDED]
    if not candidates or not getattr(fitted.config, "blend", False):
        return
    best = max(candidates, key=lambda name: average_precision(label, valid[name]))
    model_valid = fitted.scores(prepared, split.valid)
    _add_calibrated(
        fitted, prepared, split, "blend", (model_valid + valid[best]) / 2, (mine + scored.scores[best][-1]) / 2, scored
    )


def _judge(fitted: Pipeline, prepared: Prepared, splits, scored: Scored, stages: Stages):
    """The entries of metrics.json that come from the test rows, and the table of predictions."""
    table = prepared.table
    rows, fold, scores, decisions = scored.joined()
    label = fitted.label(table)[rows]
    groups = fitted.groups(table)
    groups = None if groups is None else groups[rows]
    with stages("judge"):
        metrics = judging.METRICS | fitted.extra_metrics(table, rows)
        many = fold if len(splits) > 1 else None
        judged, _ = judging.judge(
            label, scores, metrics=metrics, primary=fitted.primary, groups=groups, fold=many, seed=fitted.config.seed
        )
        shown = {name: score for name, score in scores.items() if name not in judging.TRIVIAL}
        judged["curves"] = judging.curves(label, shown)
        stopped = decisions["model"] != "pass"
        parts = fitted.slices(table, prepared.features, rows)
        judged["slices"] = judging.slices(label, scores["model"], stopped, parts, groups=groups)
        judged |= _money(fitted, table, rows, label, scores, decisions, groups, judged["curves"])
        judged["timing"] = {
            name: {"fit_seconds": entry["fit_seconds"], "rows_per_second": entry["rows"] / max(entry["seconds"], 1e-9)}
            for name, entry in scored.timing.items()
        }
        if len(splits) > 1:
            judged["folds"] = _folds(label, fold, scores)
    predictions = fitted.answers(table, rows, scores["model"])
    predictions["decision"] = decisions["model"]
    predictions.insert(1, "fold", fold)
    predictions["label"] = label.astype(np.int8)
    return judged, predictions


def _folds(label, fold, scores) -> dict[str, Any]:
    """Average precision of each fold by model: what the spread between periods is."""
    numbers = np.unique(fold)
    return {
        name: [average_precision(label[fold == number], score[fold == number]) for number in numbers]
        for name, score in scores.items()
    }


def _money(fitted, table, rows, label, scores, decisions, groups, curves) -> dict[str, Any]:
    costs = fitted.costs(table)
    if costs is None:
        return {}
    days = max(1, table.frame["time"].iloc[rows].dt.floor("D").nunique())
    costs, (today, words) = costs.take(rows), fitted.rule(table)
    policies = {"rule": today[rows], **decisions}
    entry = money.judge_decisions(label, policies, costs, days=days, groups=groups, seed=fitted.config.seed)
    chosen, config = fitted.thresholds, fitted.config
    entry |= {
        "currency": config.currency,
        "review_threshold": min(chosen.review, 1.0),
        "block_threshold": min(chosen.block, 1.0),
        "costs": {
            "missed_fraud": config.missed_fraud_cost,
            "amount_at_risk": config.amount_at_risk,
            "review": config.review_cost,
            "false_block": config.false_block_cost,
        },
        "rule": words,
    }
    curves["alerts_per_day"] = money.alert_curve(label, scores, days=days)
    curves["cost"] = money.cost_curve(scores["model"], costs, chosen)
    return {"decision": entry}


def _explain(fitted: Pipeline, prepared: Prepared, split: Split, predictions: pd.DataFrame) -> dict[str, Any]:
    """Importance over test rows of the last fold, and three of its cases: right, wrong, doubtful."""
    from shared import training

    label = fitted.label(prepared.table)
    picked, weights = explain.label_rows(label[split.test], most=IMPORTANCE_ROWS)
    rows = split.test[picked]

    def raw(arrays):
        from shared.inputs import Inputs

        return training.predict(fitted.model, Inputs(arrays))

    importance = explain.permutation_importance(
        prepared.inputs.take(rows),
        label[rows],
        fitted.places(),
        lambda arrays: fitted.decode(raw(arrays)),
        average_precision,
        weights=weights,
    )
    background = prepared.inputs.take(split.train[:: max(1, len(split.train) // 500)])
    last = predictions[predictions["fold"] == predictions["fold"].max()]
    cases = []
    for kind, place in _cases(last).items():
        row = split.test[place]
        credit = explain.shapley_values(
            prepared.inputs.take(np.array([row])),
            background,
            fitted.places(),
            lambda arrays: _log_odds(fitted.decode(raw(arrays))),
        )
        cases.append(_case(kind, last.iloc[place], prepared.features, row, credit))
    return {"importance": importance, "cases": cases}


def _log_odds(p: np.ndarray) -> np.ndarray:
    p = np.clip(p, 1e-7, 1 - 1e-7)
    return np.log(p / (1 - p))


def _cases(predictions: pd.DataFrame) -> dict[str, int]:
    """Places of a case that is right, one that is wrong and one that is in doubt, among the predictions."""
    score, label = predictions["score"].to_numpy(), predictions["label"].to_numpy()
    stopped = predictions["decision"].to_numpy() != "pass"
    found = {}
    if (stopped & (label == 1)).any():
        found["right"] = int(np.argmax(np.where(stopped & (label == 1), score, -1)))
    wrong = stopped & (label == 0)
    if wrong.any():
        found["wrong"] = int(np.argmax(np.where(wrong, score, -1)))
    elif (~stopped & (label == 1)).any():
        found["wrong"] = int(np.argmin(np.where(~stopped & (label == 1), score, 2)))
    if stopped.any():
        edge = score[stopped].min()
        distance = np.abs(score - edge)
        distance[list(found.values())] = np.inf
        found["doubtful"] = int(np.argmin(distance))
    return found


def _case(kind: str, answer: pd.Series, features: Features, row: int, credit: dict[str, float]) -> dict[str, Any]:
    def value(name: str):
        if name in features.numbers:
            number = float(features.numbers[name][row])
            return None if np.isnan(number) else number
        if name in features.categories:
            found = features.categories[name].iloc[row]
            return None if pd.isna(found) else str(found)
        return None

    top = sorted(credit.items(), key=lambda item: -abs(item[1]))[:8]
    return {
        "kind": kind,
        "row": int(answer["row"]),
        "score": float(answer["score"]),
        "decision": str(answer["decision"]),
        "label": int(answer["label"]),
        "values": {name: value(name) for name, _ in top},
        "attributions": [{"feature": name, "value": value(name), "contribution": gain} for name, gain in top],
    }


def _provenance(table: Table, splits: Sequence[Split]) -> dict[str, Any]:
    return {"source": table.source, "sha256": table.sha256, "rows": len(table), "split": _split(splits)}


def _split(splits: Sequence[Split]) -> dict[str, Any]:
    return {"method": splits[-1].method, "folds": len(splits), "detail": [split.detail for split in splits]}


def _frame_facts(fitted: Pipeline, table: Table, splits: Sequence[Split], stages: Stages) -> dict[str, Any]:
    """Everything in metrics.json that says how the figures came about."""
    time = table.frame["time"] if "time" in table.frame else None
    label = fitted.label(table)
    method = _split(splits)
    method["parts"] = splits[-1].describe(label, None if time is None else time.to_numpy())
    method["detail"] = splits[-1].detail
    history = fitted.history
    facts = {
        "format": 1,
        "solution": fitted.name,
        "title": fitted.title,
        "task": fitted.task,
        "simulated": fitted.mapping.simulated,
        "created": datetime.datetime.now().isoformat(timespec="seconds"),
        "data": data_summary(table, fitted),
        "split": method,
        "seed": fitted.config.seed,
        "versions": bundle.versions(),
        "config": fitted.config.model_dump(mode="json"),
        "calibration": fitted.calibrator.to_dict(),
    }
    if history is not None:
        facts["training"] = {key: value for key, value in history.to_dict().items() if key != "epochs"}
    return facts


def data_summary(table: Table, pipeline: Pipeline) -> dict[str, Any]:
    """What the report says of the table: counts and ranges, never a key's or a category's values."""
    columns = []
    for name, values in table.frame.items():
        role = next((role for role in pipeline.roles if role.name == name), None)
        kind = role.kind if role else ("number" if values.dtype.kind == "f" else "category")
        plain = name.split("/", 1)[-1]
        entry: dict[str, Any] = {
            "name": table.mapping.columns.get(name, plain),
            "role": role.name if role else None,
            "kind": kind,
            "missing": float(values.isna().mean()),
        }
        if kind in ("number", "label"):
            known = values.dropna()
            entry |= {key: float(f"{getattr(known, key)():.6g}") if len(known) else None for key in ("min", "median", "max")}
        elif kind in ("key", "category"):
            entry["distinct"] = int(values.nunique())
        columns.append(entry)
    label = pipeline.label(table) if "label" in table.frame else np.array([])
    period = None
    if "time" in table.frame:
        period = [str(table.frame["time"].min().date()), str(table.frame["time"].max().date())]
    return {
        "source": table.source,
        "sha256": table.sha256,
        "rows": len(table),
        "positives": int(np.nansum(label)),
        "notes": table.notes,
        "period": period,
        "columns": columns,
    }


class _Clock:
    def __init__(self):
        import time

        self._now = time.perf_counter
        self._start = self._now()

    def __call__(self) -> float:
        return self._now() - self._start


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
    from shared.contract import joined
    from shared.tables import read_table

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
