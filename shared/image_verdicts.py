"""The entries of metrics.json on test photos: figures, classes, pixels, and a gallery to look at."""

import base64
from functools import partial
from typing import Any

import numpy as np

from shared import judging
from shared.binary import Prepared
from shared.classes import judge_classes
from shared.image_scoring import Photographed
from shared.images.metrics import escape_rate_at, share_interval
from shared.images.overlays import pictures_of
from shared.imaging import ImagePipeline
from shared.metrics import average_precision, roc_auc
from shared.scoring import speeds
from shared.splits import Split
from shared.stages import Stages

METRICS = {
    "average_precision": average_precision,
    "roc_auc": roc_auc,
    "escape_at_1_percent": partial(escape_rate_at, false_reject=0.01),
}
PICTURE = 300  # pixels of the longer side, in the report


def judge_photos(fitted: ImagePipeline, prepared: Prepared, splits, scored: Photographed, stages: Stages):
    """The entries of metrics.json that come from the test photos, and the table of predictions."""
    table = prepared.table
    rows, fold, scores, decisions = scored.joined()
    known = ~np.isnan(fitted.label(table)[rows])
    label = np.nan_to_num(fitted.label(table)[rows][known])
    rows, fold = rows[known], fold[known]
    scores = {name: score[known] for name, score in scores.items()}
    decisions = {name: decision[known] for name, decision in decisions.items()}
    groups = fitted.groups(table)
    groups = None if groups is None else groups[rows]
    many = fold if len(splits) > 1 else None
    with stages("judge"):
        judged, _ = judging.judge(
            label,
            scores,
            metrics=METRICS,
            primary=fitted.primary,
            groups=groups,
            fold=many,
            seed=fitted.config.seed,
        )
        judged["better"] |= {"escape_at_1_percent": "lower"}
        judged["kind"] = "inspection"
        shown = {name: score for name, score in scores.items() if name not in judging.TRIVIAL}
        judged["curves"] = judging.curves(label, shown)
        if fitted.state["mode"] != "labelled":
            judged["curves"].pop("calibration")
        judged["inspection"] = _inspection(fitted, label, decisions["model"], judged["results"], scored)
        probability = {name: np.concatenate(parts)[known] for name, parts in scored.probability.items()}
        if probability:
            codes, classes = fitted.codes(table)[rows], fitted.state["classes"]
            settings = {"fold": many, "groups": groups, "seed": fitted.config.seed}
            by_model = {
                name: judge_classes(codes, each, classes, **settings) for name, each in probability.items()
            }
            judged["classes"] = by_model["model"]
            judged["inspection"]["macro_f1"] = {name: each["macro_f1"] for name, each in by_model.items()}
        judged["slices"] = _slices(fitted, table, rows, label, scores["model"], decisions["model"], groups)
        judged["timing"] = speeds(scored.timing)
        if many is not None:
            judged["folds"] = judging.folds(label, fold, scores)
    predictions = fitted.answers(table, rows, scores["model"])
    predictions["decision"] = decisions["model"]
    found = {"probability": probability["model"]} if probability else {}
    predictions["class"] = fitted.named(found, decisions["model"])
    predictions.insert(1, "fold", fold)
    predictions["label"] = label.astype(np.int8)
    predictions["truth"] = [table.photos[0][row].label for row in rows]
    predictions["position"] = rows
    return judged, predictions


def _inspection(fitted, label, decision, results, scored: Photographed) -> dict[str, Any]:
    """Escapes and false rejects as they are, and how the heatmaps fit the masks."""
    good, accepted, rejected = label == 0, decision == "accept", decision == "reject"
    entry: dict[str, Any] = {
        "mode": fitted.state["mode"],
        "rule": fitted.rule_in_use,
        "known_false_reject": fitted.thresholds.known,
        "again_threshold": fitted.thresholds.again,
        "reject_threshold": fitted.thresholds.reject,
        "escape": _share(~good & accepted, ~good),
        "false_reject": _share(good & rejected, good),
        "again": _share(decision == "again", np.ones(len(label), bool)),
        "at_one_percent": {name: figures["escape_at_1_percent"] for name, figures in results.items()},
    }
    if scored.pixels.regions:
        entry["pixel"] = {
            "roc_auc": scored.pixels.roc_auc(),
            "average_precision": scored.pixels.average_precision(),
            "pro": scored.pixels.pro(),
            "photos": scored.masked,
            "regions": scored.pixels.regions,
        }
    return entry


def _share(hit: np.ndarray, of: np.ndarray) -> dict[str, float]:
    count, whole = int(hit.sum()), int(of.sum())
    if not whole:
        return {"value": float("nan"), "low": 0.0, "high": 1.0, "count": 0, "of": 0}
    return share_interval(count, whole).to_dict() | {"count": count, "of": whole}


def _slices(fitted, table, rows, label, score, decision, groups) -> list[dict[str, Any]]:
    """By line and by day, as far as the table names them."""
    parts = {}
    if "line" in table.frame:
        parts["line"] = table.frame["line"].astype(str).to_numpy(object)[rows]
    if "time" in table.frame:
        parts["day"] = table.frame["time"].dt.strftime("%Y-%m-%d").to_numpy(object)[rows]
        if len(set(parts["day"])) > 31:
            parts["day"] = table.frame["time"].dt.strftime("%Y-%m").to_numpy(object)[rows]
    return judging.slices(label, score, decision != "accept", parts, groups=groups)


def explain_photos(fitted: ImagePipeline, prepared: Prepared, split: Split, predictions) -> dict[str, Any]:
    """A gallery of the last fold's photos: right, wrong and doubtful ones, each beside its heatmap."""
    last = predictions[predictions["fold"] == predictions["fold"].max()].reset_index(drop=True)
    chosen = _chosen(last, fitted.config.gallery, fitted.config.seed, fitted.thresholds)
    if not chosen:
        return {"gallery": [], "importance": [], "cases": []}
    rows = np.array([int(last["position"][place]) for _, place in chosen])
    heats = fitted.outputs(prepared.inputs, rows)["heatmap"]
    gallery = []
    for (kind, place), row, heat in zip(chosen, rows, heats, strict=True):
        answer = last.iloc[place]
        photo, over = pictures_of(prepared.inputs, row, heat, longest=PICTURE)
        gallery.append(
            {
                "kind": kind,
                "name": str(answer["image"]).rsplit("/", 1)[-1],
                "truth": str(answer["truth"]),
                "class": str(answer["class"]),
                "answer": str(answer["decision"]),
                "score": float(answer["score"]),
                "photo": base64.b64encode(photo).decode(),
                "overlay": base64.b64encode(over).decode(),
            }
        )
    return {"gallery": gallery, "importance": [], "cases": []}


def _chosen(last, most: int, seed: int, thresholds) -> list[tuple[str, int]]:
    """Places of wrong photos (the worst first), doubtful ones (the nearest to a threshold), right ones by class."""
    label, decision = last["label"].to_numpy(), last["decision"].to_numpy()
    score, each = last["score"].to_numpy(), max(1, most // 3) if most else 0
    wrong = ((label == 1) & (decision == "accept")) | ((label == 0) & (decision == "reject"))
    distance = np.minimum(np.abs(score - thresholds.again), np.abs(score - thresholds.reject))
    order = np.argsort(np.where(label == 1, score, -score), kind="stable")
    found = [("wrong", int(place)) for place in order if wrong[place]][:each]
    taken = {place for _, place in found}
    near = [int(place) for place in np.argsort(distance, kind="stable") if int(place) not in taken][:each]
    found += [("doubtful", place) for place in near]
    taken |= set(near)
    rng, right = np.random.default_rng(seed), []
    left = [
        int(place) for place in rng.permutation(len(last)) if not wrong[place] and int(place) not in taken
    ]
    truths = last["truth"].to_numpy()
    while len(right) < each and left:  # one of each class in turn
        for name in dict.fromkeys(truths[left]):
            right.append(next(place for place in left if truths[place] == name))
            left.remove(right[-1])
            if len(right) == each:
                break
    return (found + [("right", place) for place in right])[:most]
