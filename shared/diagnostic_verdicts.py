"""The entries of metrics.json on test patients: figures, threshold, referrals, sets, benefit, subgroups."""

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from shared import judging
from shared.binary import Prepared
from shared.classes import accuracy, judge_classes, macro_f1
from shared.contract import GROUP
from shared.diagnostic import DiagnosticPipeline
from shared.diagnostic_scoring import Diagnosed
from shared.images.metrics import share_interval
from shared.metrics import (
    average_precision,
    brier,
    expected_calibration_error,
    log_loss,
    metric,
    roc_auc,
)
from shared.patients.columns import leaks_of
from shared.patients.reading import cells_of
from shared.scoring import speeds
from shared.stages import Stages
from shared.trust.abstention import abstention_curve, certainty, kept_effect
from shared.trust.class_calibration import classwise_calibration_error
from shared.trust.demanded import cases_needed
from shared.trust.net_benefit import decision_curve
from shared.trust.prevalence import per_thousand, predictive_values
from shared.trust.sets import judge_sets
from shared.trust.shares import share_estimate
from shared.trust.subgroups import judge_subgroups

SHOWN_PREVALENCES = (0.01, 0.05, 0.2, 0.5)
PLAIN_PARTS = 4


def of_risk(function):
    """A metric of 0 / 1 labels and risks, as one of class codes and probabilities `(rows, classes)`.

    Example:
        >>> of_risk(roc_auc)(np.array([0, 2, 1]), np.array([[0.9, 0.1, 0], [0.2, 0.3, 0.5], [0.4, 0.5, 0.1]]))
        1.0
    """

    @metric
    def risk(y_true, y_pred):
        return function.prepare((np.asarray(y_true) > 0).astype(np.float64), 1 - np.asarray(y_pred)[:, 0])

    risk.biased = getattr(function, "biased", False)
    return risk


def of_answer(function):
    """A metric of class codes, as one of codes and probabilities: the likeliest class is the answer."""

    @metric
    def answer(y_true, y_pred):
        return function.prepare(np.asarray(y_true, np.int64), np.asarray(y_pred).argmax(axis=1))

    return answer


@metric
def class_log_loss(y_true, y_pred):
    """Mean negative log-likelihood of the true class, in nats: codes `(rows,)`, probabilities `(rows, classes)`.

    Example:
        >>> round(class_log_loss(np.array([0, 1]), np.array([[0.5, 0.5], [0.5, 0.5]])), 4)
        0.6931
    """
    p = np.asarray(y_pred)[np.arange(len(y_true)), np.asarray(y_true, np.int64)]
    losses = -np.log(np.maximum(p, 1e-15))
    return lambda weights: float(np.average(losses, weights=weights))


@metric
def class_brier(y_true, y_pred):
    """Mean squared distance of the probabilities from the true class, summed over the classes, in [0, 2].

    Example:
        >>> class_brier(np.array([0, 1]), np.array([[0.5, 0.5], [0.5, 0.5]]))
        0.5
    """
    p = np.asarray(y_pred, np.float64)
    losses = ((p - np.eye(p.shape[1])[np.asarray(y_true, np.int64)]) ** 2).sum(axis=1)
    return lambda weights: float(np.average(losses, weights=weights))


def metrics_of(classes: int) -> dict[str, Any]:
    """The figures of a diagnosis; of three or more classes also those of the classes."""
    found = {"roc_auc": of_risk(roc_auc), "average_precision": of_risk(average_precision)}
    found["accuracy"] = of_answer(accuracy)
    if classes > 2:
        found |= {"macro_f1": of_answer(macro_f1), "brier": class_brier, "log_loss": class_log_loss}
        found["expected_calibration_error"] = classwise_calibration_error
    else:
        found["expected_calibration_error"] = of_risk(expected_calibration_error)
        found |= {"brier": of_risk(brier), "log_loss": of_risk(log_loss)}
    return found


def judge_patients(fitted: DiagnosticPipeline, prepared: Prepared, splits, scored: Diagnosed, stages: Stages):
    """The entries of metrics.json that come from the test rows, and the table of predictions."""
    table, names = prepared.table, fitted.names
    rows, fold, scores, decisions = scored.joined()
    code = fitted.codes(table)[rows]
    label = (code > 0).astype(np.float64)
    groups = _clusters(fitted, table, rows)
    many = fold if len(splits) > 1 else None
    p = {name: scored.of("probability", name) for name in scores}
    primary = fitted.primary if len(names) == 2 else "accuracy"
    with stages("judge"):
        judged, _ = judging.judge(
            code,
            p,
            metrics=metrics_of(len(names)),
            primary=primary,
            groups=groups,
            fold=many,
            seed=fitted.config.seed,
        )
        judged["kind"] = "diagnosis"
        for name in scores:
            called = scored.of("called", name)
            for kind, hit, among in _rates(label, called):
                estimate = share_estimate(hit, among, groups=groups)
                judged["results"][name][kind] = estimate.to_dict()
        judged["better"] |= {"sensitivity": "higher", "specificity": "higher"}
        shown = {name: score for name, score in scores.items() if name not in judging.TRIVIAL}
        once = np.unique(rows, return_index=True)[1]  # the intervals of a curve take rows for patients
        judged["curves"] = judging.curves(label[once], {name: score[once] for name, score in shown.items()})
        judged["diagnosis"] = _diagnosis(fitted, prepared, rows, code, scored, scores, groups)
        judged["diagnosis"]["flow"] = patient_flow(fitted, table, splits)
        if len(names) > 2:
            settings = {"fold": many, "groups": groups, "seed": fitted.config.seed}
            judged["classes"] = judge_classes(code, p["model"], names, **settings)
        judged["timing"] = speeds(scored.timing)
        if many is not None:
            judged["folds"] = judging.folds(label, fold, scores)
    predictions = fitted.answers(table, rows, p["model"])
    predictions["decision"] = decisions["model"]
    predictions["positive"] = scored.of("called")
    names = np.array(names, object)
    predictions["set"] = [" | ".join(names[each]) for each in np.concatenate(scored.sets)]
    predictions.insert(1, "fold", fold)
    predictions["label"] = label.astype(np.int8)
    predictions["truth"] = names[code]
    predictions["position"] = rows
    return judged, predictions


def _clusters(fitted: DiagnosticPipeline, table, rows: np.ndarray) -> np.ndarray | None:
    """What is resampled whole: patients; rows that judge in several rounds count as one."""
    groups = fitted.groups(table)
    if groups is not None:
        return groups[rows]
    return rows if len(np.unique(rows)) < len(rows) else None


def _rates(label: np.ndarray, called: np.ndarray):
    return (("sensitivity", called, label == 1), ("specificity", ~called, label == 0))


def _diagnosis(fitted, prepared, rows, code, scored: Diagnosed, scores, groups) -> dict[str, Any]:
    """What only a diagnosis has."""
    config, protocol, names = fitted.config, fitted.thresholds, fitted.names
    table, features = prepared.table, prepared.features
    label, called = (code > 0).astype(np.float64), scored.of("called")
    found: dict[str, Any] = {"classes": names, "modalities": fitted.modalities}
    for name in ("intended_use", "not_for"):
        if getattr(config, name):
            found[name] = dict.fromkeys(("en", "zh"), getattr(config, name))
    repeated = len(np.unique(rows)) < len(rows)
    threshold = _threshold(protocol.operating, label, called, groups, repeated)
    found["threshold"] = threshold
    found["per_1000"] = _per_thousand(fitted, threshold, label)
    answer = called if len(names) == 2 else scored.of("probability").argmax(axis=1)
    truth = label if len(names) == 2 else code
    if config.refer:
        effect = kept_effect(truth, answer, scored.of("answer"), scored.of("kept"), groups=groups)
        effect["referred"] = effect.pop("share")
        found["referral"] = {
            "share": config.refer,
            **effect,
            "curve": _coverage(fitted, truth, scored, scores),
        }
    found["sets"] = {
        "level": config.level,
        "split": judge_sets(code, np.concatenate(scored.sets), names, groups=groups),
        "per_class": judge_sets(code, np.concatenate(scored.class_sets), names, groups=groups),
    }
    shown = {name: score for name, score in scores.items() if name not in judging.TRIVIAL}
    found["net_benefit"] = decision_curve(label, shown, groups=groups)
    parts = subgroup_names(fitted, table, rows)
    if parts:
        found["subgroups"] = judge_subgroups(
            label, scores["model"], called, parts, patients=groups, fewest=config.fewest, seed=config.seed
        )
    codes = fitted.codes(table)
    counts = np.bincount(codes[codes >= 0], minlength=len(names))
    found["rare"] = [
        {"name": name, "rows": int(count)} for name, count in zip(names, counts) if count < config.fewest
    ]
    leaks = leaks_of(features, codes, names, fewest=config.fewest)
    found["leaks"] = [{"name": leak.name, "how": leak.how} for leak in leaks]
    return found


def _threshold(operating, label, called, groups, repeated: bool) -> dict[str, Any]:
    """The threshold as it was chosen in the last fold, and what those of all folds do on the test rows.

    Args:
        repeated: Whether rows judge several times, so that counts of them would mean nothing.
    """
    test = {}
    for kind, hit, among in (
        *_rates(label, called),
        ("ppv", label == 1, called),
        ("npv", label == 0, ~called),
    ):
        count, of = int((hit & among).sum()), int(among.sum())
        estimate = share_estimate(hit, among, groups=groups) if of else share_interval(0, 0)
        test[kind] = estimate.to_dict() | ({} if repeated else {"count": count, "of": of})
    return {
        "rule": operating.rule,
        "demanded": operating.demanded,
        "confidence": operating.confidence,
        "value": operating.threshold,
        "reached": operating.reached,
        "cases": operating.cases,
        "controls": operating.controls,
        "needed": cases_needed(operating.demanded, operating.confidence),
        "valid": {"sensitivity": operating.sensitivity, "specificity": operating.specificity},
        "test": test,
    }


def _per_thousand(fitted, threshold: Mapping, label) -> list[dict[str, Any]]:
    """What the threshold means for 1,000 patients, where the disease is as frequent as here, and elsewhere."""
    rates = [threshold["test"][name]["value"] for name in ("sensitivity", "specificity")]
    if not np.isfinite(rates).all():  # the test rows are all ill, or none is
        return []
    wanted = [("test", float(label.mean()))]
    if fitted.config.site_prevalence is not None:
        wanted.append(("site", fitted.config.site_prevalence))
    wanted += [("", share) for share in SHOWN_PREVALENCES]
    rows = []
    for where, share in wanted:
        ppv, npv = predictive_values(*rates, share)
        entry = {"prevalence": share, **per_thousand(*rates, share), "ppv": float(ppv), "npv": float(npv)}
        rows.append(entry | ({"where": where} if where else {}))
    return rows


def _coverage(fitted, truth, scored: Diagnosed, scores) -> dict[str, Any]:
    """Error among the patients answered, from all down to the surest, of the model and the rivals."""
    found = {}
    for name in scores:
        if name in judging.TRIVIAL:
            continue
        p = scored.of("probability", name)
        if len(fitted.names) > 2:
            wrong, sure = p.argmax(axis=1) != truth, certainty(p)
        else:
            wrong, sure = scored.of("called", name) != truth, _distance(scored, name)
        curve = abstention_curve(wrong, sure)
        found[name] = {"x": judging.plain(curve["coverage"]), "y": judging.plain(curve["error"])}
    return found


def _distance(scored: Diagnosed, name: str) -> np.ndarray:
    """How far the log odds of each risk are from those of its fold's threshold."""
    parts = zip(scored.probability[name], scored.thresholds[name])
    return np.concatenate([certainty(p, min(threshold, 1.0)) for p, threshold in parts])


def subgroup_names(fitted: DiagnosticPipeline, table, rows: np.ndarray) -> dict[str, np.ndarray]:
    """The subgroup of each of `rows`, by group column and by site; numbers are banded."""
    found = {}
    for name in table.frame:
        if not name.startswith(GROUP):
            continue
        plain, values = name.removeprefix(GROUP), table.frame[name]
        if values.dtype.kind == "f":
            found[plain] = banded(values.to_numpy()[rows], fitted.config.bands.get(plain), values.to_numpy())
        else:
            found[plain] = _texts(table, name)[rows]
    if "site" in table.frame:
        found["site"] = _texts(table, "site")[rows]
    return found


def _texts(table, name: str) -> np.ndarray:
    """The cells of a column as texts, "" where they are empty."""
    return np.array([cell or "" for cell in cells_of(table, name)], object)


def banded(values: np.ndarray, cuts, whole: np.ndarray) -> pd.Categorical:
    """The band of each number, named by its limits, in rising order; "" where it is not known.

    Args:
        cuts: Where bands begin; None: the quartiles of `whole`.
    Example:
        >>> banded(np.array([30.0, 45.0, np.nan]), (40, 60), np.empty(0)).tolist()
        ['< 40', '40 to < 60', '']
    """
    if not cuts:
        quartiles = np.nanquantile(whole, np.arange(1, PLAIN_PARTS) / PLAIN_PARTS)
        cuts = np.unique([float(f"{cut:.3g}") for cut in quartiles])
    cuts = [float(f"{cut:.4g}") for cut in cuts]
    names = [f"< {cuts[0]:g}"]
    names += [f"{low:g} to < {high:g}" for low, high in itertools.pairwise(cuts)]
    names.append(f">= {cuts[-1]:g}")
    out = np.array(names, object)[np.searchsorted(cuts, np.nan_to_num(values, nan=cuts[0]), side="right")]
    unknown = np.isnan(values)
    return pd.Categorical(np.where(unknown, "", out), categories=[*names, *([""] if unknown.any() else [])])


def patient_flow(fitted: DiagnosticPipeline, table, splits) -> list[dict[str, Any]]:
    """How many rows and patients there are at each step, from what was delivered to what judges."""
    code, groups = fitted.codes(table), fitted.groups(table)

    def entry(step: str, rows: np.ndarray) -> dict[str, Any]:
        patients = None if groups is None else len(np.unique(groups[rows]))
        return {
            "step": step,
            "rows": len(rows),
            "patients": patients,
            "positives": int((code[rows] > 0).sum()),
        }

    everybody = np.arange(len(table))
    steps = [entry("delivered", everybody)]
    unlabelled = np.flatnonzero(code < 0)
    if len(unlabelled):
        steps.append(entry("unlabelled", unlabelled))
    last = splits[-1]
    steps += [entry(name, rows) for name, rows in last.parts.items() if len(rows)]
    left = np.setdiff1d(np.flatnonzero(code >= 0), np.concatenate(list(last.parts.values())))
    if len(left):
        steps.append(entry("left_out", left))
    return steps
