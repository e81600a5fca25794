"""The entries of metrics.json that come from the test rows: figures, curves, slices, money."""

from typing import Any

import numpy as np

from shared import judging, money
from shared.binary import BinaryPipeline, Prepared
from shared.scoring import Scored, speeds
from shared.slices import customer_groups
from shared.stages import Stages


def judge_run(fitted: BinaryPipeline, prepared: Prepared, splits, scored: Scored, stages: Stages):
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
            label,
            scores,
            metrics=metrics,
            primary=fitted.primary,
            groups=groups,
            fold=many,
            seed=fitted.config.seed,
        )
        shown = {name: score for name, score in scores.items() if name not in judging.TRIVIAL}
        for name, figures in judging.at_thresholds(label, decisions, groups=groups).items():
            judged["results"][name] |= figures
        judged["better"]["recall"] = "higher"
        judged["curves"] = judging.curves(label, shown)
        stopped = decisions["model"] != "pass"
        parts = fitted.slices(table, prepared.features, rows) | customer_groups(table.frame.iloc[rows])
        judged["slices"] = judging.slices(label, scores["model"], stopped, parts, groups=groups)
        judged |= _money(fitted, table, rows, label, scores, decisions, groups, judged["curves"])
        judged["timing"] = speeds(scored.timing)
        if len(splits) > 1:
            judged["folds"] = judging.folds(label, fold, scores)
    predictions = fitted.answers(table, rows, scores["model"])
    predictions["decision"] = decisions["model"]
    predictions.insert(1, "fold", fold)
    predictions["label"] = label.astype(np.int8)
    return judged, predictions


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
        "costs": fitted.prices(),
        "rule": words,
    }
    curves["alerts_per_day"] = money.alert_curve(label, scores, days=days)
    curves["cost"] = money.cost_curve(scores["model"], costs, chosen)
    return {"decision": entry}
