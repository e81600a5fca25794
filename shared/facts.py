"""The entries of metrics.json that say how its figures came about."""

import datetime
from collections.abc import Sequence
from typing import Any

import numpy as np

from shared import bundle
from shared.contract import Table
from shared.fit_settings import History
from shared.pipeline import Pipeline
from shared.splits import Split


def provenance(table: Table, splits: Sequence[Split]) -> dict[str, Any]:
    """What a bundle keeps of the data it was fitted on: the file, its hash, its rows, the split."""
    return {"source": table.source, "sha256": table.sha256, "rows": len(table), "split": split_facts(splits)}


def split_facts(splits: Sequence[Split]) -> dict[str, Any]:
    """How the rows were parted, fold by fold."""
    return {"method": splits[-1].method, "folds": len(splits), "detail": [split.detail for split in splits]}


def run_facts(fitted: Pipeline, table: Table, splits: Sequence[Split]) -> dict[str, Any]:
    """Everything in metrics.json that says how the figures came about."""
    own = fitted.describe(table, splits)
    method = split_facts(splits) | {"parts": own.pop("parts"), "detail": splits[-1].detail}
    history, words = fitted.history, fitted.words()
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
        "words": {key: text for key, text in words.items() if not key.startswith("limit.")},
        "limits": [text for key, text in words.items() if key.startswith("limit.")],
        **own,
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
            "name": table.mapping.column(name) if name in table.mapping.columns else plain,
            "role": role.name if role else None,
            "kind": kind,
            "missing": float(values.isna().mean()),
        }
        if kind in ("number", "label"):
            known = values.dropna()
            entry |= {
                key: float(f"{getattr(known, key)():.6g}") if len(known) else None
                for key in ("min", "median", "max")
            }
        elif kind in ("key", "category"):
            entry["distinct"] = int(values.nunique())
        columns.append(entry)
    period = None
    dated = next((role.name for role in pipeline.roles if role.kind == "time"), None)
    if dated in table.frame:
        period = [str(table.frame[dated].min().date()), str(table.frame[dated].max().date())]
    return {
        "source": table.source,
        "sha256": table.sha256,
        "rows": len(table),
        **_positives(table, pipeline),
        "notes": table.notes,
        "period": period,
        "columns": columns,
    }


def _positives(table: Table, pipeline: Pipeline) -> dict[str, int]:
    """How many rows are positive, of a solution that labels rows."""
    if not any(role.kind == "label" for role in pipeline.roles):
        return {}
    return {"positives": int(np.nansum(pipeline.label(table))) if "label" in table.frame else 0}


def learning_curve(history: History) -> dict[str, Any]:
    """The entry `learning` of metrics.json's `curves`."""
    keys = ("epoch", "loss", "valid_loss", history.score)
    names = ("epoch", "loss", "valid_loss", "valid_score")
    curve: dict[str, Any] = {
        name: [entry.get(key) for entry in history.epochs] for name, key in zip(names, keys)
    }
    return curve | {"best_epoch": history.best_epoch, "score_name": history.score.removeprefix("valid_")}
