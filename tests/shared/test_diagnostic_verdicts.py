"""Figures of a diagnosis against scikit-learn and against counts by hand, on test patients of all folds."""

import itertools
import json
import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from shared.classes import accuracy, macro_f1
from shared.diagnostic_verdicts import (
    banded,
    class_log_loss,
    metrics_of,
    of_answer,
    of_risk,
    patient_flow,
    subgroup_names,
)
from shared.metrics import average_precision, brier, expected_calibration_error, log_loss, roc_auc
from shared.simulators.patients import patients_mapping, simulate_patients
from verticals.healthcare import DiagnosisPipeline

EXAMPLE = runpy.run_path(str(Path(__file__).with_name("patients_example.py")))
Guessing = EXAMPLE["guessing"](DiagnosisPipeline)


def drawn(seed, classes=3, rows=80):
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.ones(classes), rows)
    return rng.permutation(np.arange(rows) % classes), p, rng.integers(1, 4, rows).astype(float)


RISKS = {
    "roc_auc": (roc_auc, sk.roc_auc_score),
    "average_precision": (average_precision, sk.average_precision_score),
    "brier": (brier, sk.brier_score_loss),
    "log_loss": (log_loss, sk.log_loss),
}


@pytest.mark.parametrize("name", RISKS)
@pytest.mark.parametrize("classes", [2, 3])
def test_a_figure_of_the_risk_is_that_of_scikit_learn_for_any_illness(name, classes):
    code, p, weights = drawn(0, classes)
    mine, other = of_risk(RISKS[name][0]), RISKS[name][1]
    assert mine(code, p) == pytest.approx(other(code > 0, 1 - p[:, 0]))
    weighted = mine.prepare(code, p)(weights)
    assert weighted == pytest.approx(other(code > 0, 1 - p[:, 0], sample_weight=weights))


@pytest.mark.parametrize("classes", [2, 4])
def test_a_figure_of_the_answer_is_that_of_scikit_learn_for_the_likeliest_class(classes):
    code, p, weights = drawn(1, classes)
    answer = p.argmax(axis=1)
    for mine, other in (
        (of_answer(accuracy), sk.accuracy_score),
        (of_answer(macro_f1), lambda *rows, **more: sk.f1_score(*rows, average="macro", **more)),
    ):
        assert mine(code, p) == pytest.approx(other(code, answer))
        assert mine.prepare(code, p)(weights) == pytest.approx(other(code, answer, sample_weight=weights))


def test_the_log_loss_of_classes_is_that_of_scikit_learn_and_finite_for_a_sure_mistake():
    code, p, weights = drawn(2, 4)
    assert class_log_loss(code, p) == pytest.approx(sk.log_loss(code, p))
    assert class_log_loss.prepare(code, p)(weights) == pytest.approx(
        sk.log_loss(code, p, sample_weight=weights)
    )
    assert np.isfinite(class_log_loss(np.array([1, 0]), np.eye(2)))


def test_a_bias_that_resamples_show_stays_known():
    assert of_risk(expected_calibration_error).biased and not of_risk(roc_auc).biased


def test_two_classes_have_the_figures_of_a_risk_and_more_also_those_of_classes():
    both = {"roc_auc", "average_precision", "accuracy", "log_loss", "expected_calibration_error"}
    assert set(metrics_of(2)) == both | {"brier"} and set(metrics_of(3)) == both | {"brier", "macro_f1"}
    for classes in (2, 3):
        code, p, _ = drawn(3, classes)
        assert all(np.isfinite(function(code, p)) for function in metrics_of(classes).values())
    assert metrics_of(3)["log_loss"](code, p) == pytest.approx(sk.log_loss(code, p))
    hot = np.eye(3)[code]
    assert metrics_of(3)["brier"](code, p) == pytest.approx(((hot - p) ** 2).sum(axis=1).mean())


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.floats(-100, 100) | st.just(float("nan")), min_size=1, max_size=30),
    cuts=st.lists(st.integers(-50, 50), min_size=1, max_size=4, unique=True).map(sorted),
)
def test_bands_are_those_of_pandas(values, cuts):
    found = banded(np.array(values, float), cuts, np.empty(0))
    names = [
        f"< {cuts[0]}",
        *(f"{low} to < {high}" for low, high in itertools.pairwise(cuts)),
        f">= {cuts[-1]}",
    ]
    expected = pd.cut(values, [-np.inf, *cuts, np.inf], right=False, labels=names)
    assert found.tolist() == ["" if each != each else each for each in np.asarray(expected, object)]


def test_without_cuts_bands_are_quartiles_of_all_rows_not_of_the_test_rows():
    whole = np.arange(1, 101, dtype=float)
    found = banded(np.array([1.0, 99.0, np.nan]), None, whole)
    assert found.tolist() == ["< 25.8", ">= 75.2", ""]
    counts = pd.Series(banded(whole, None, whole)).value_counts()
    assert counts.between(24, 26).all() and len(counts) == 4


@pytest.mark.parametrize("whole", [np.full(9, 3.0), np.array([0.0, 1.0] * 5)])
def test_a_column_of_one_or_two_values_has_bands_too(whole):
    assert set(banded(whole, None, whole)) <= {"< 3", ">= 3", "< 0", "0 to < 0.5", "0.5 to < 1", ">= 1"}


@pytest.fixture(scope="module")
def rivals():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("shared.class_rivals.GRIDS", EXAMPLE["few_rivals"]())
        yield


@pytest.fixture(scope="module")
def visits():
    return simulate_patients(patients=150, steps=8)


@pytest.fixture(scope="module")
def three(rivals, visits):
    return EXAMPLE["judged"](Guessing, visits, patients_mapping(), folds=3)


@pytest.fixture(scope="module")
def two(rivals, visits):
    mapping = patients_mapping().model_copy(update={"labels": {"healthy": 0, "ill": 1}, "signal": None})
    frame = visits.drop(columns=[name for name in visits if name[0] == "t" and name[1:].isdigit()])
    frame = frame.assign(label=np.where(frame["label"] == "healthy", "healthy", "ill"))
    settings_ = {"bands": {"age": (40, 60)}, "site_prevalence": 0.1}
    return EXAMPLE["judged"](Guessing, frame, mapping, folds=1, **settings_)


def test_everything_is_json_without_a_hole_and_names_nobody(three, two, visits):
    for run in (three, two):
        text = json.dumps(run.metrics, default=str) + run.predictions.to_csv()
        assert json.dumps(run.metrics) and run.metrics["kind"] == "diagnosis"
        assert not any(name in text for name in visits["patient"])


def test_figures_are_those_of_the_predictions(two):
    answers, results = two.predictions, two.metrics["results"]["model"]
    label, called = answers["label"], answers["positive"]
    assert results["roc_auc"]["value"] == pytest.approx(sk.roc_auc_score(label, answers["score"]))
    assert results["sensitivity"]["value"] == pytest.approx(called[label == 1].mean())
    assert results["specificity"]["value"] == pytest.approx((~called)[label == 0].mean())
    test = two.metrics["diagnosis"]["threshold"]["test"]
    assert test["ppv"]["count"] == (called & (label == 1)).sum() and test["ppv"]["of"] == called.sum()
    assert test["npv"]["value"] == pytest.approx((label == 0)[~called].mean())
    referral = two.metrics["diagnosis"]["referral"]
    assert referral["referred"]["value"] == pytest.approx((answers["decision"] == "refer").mean())
    kept = answers["decision"] != "refer"
    wrong = (answers["decision"] == "positive") != (label == 1)
    assert referral["error_kept"]["value"] == pytest.approx(wrong[kept].mean())
    assert referral["error_all"]["value"] == pytest.approx((called != (label == 1)).mean())


def test_the_curve_of_referrals_starts_with_the_error_of_everybody(two, three):
    for run in (two, three):
        referral = run.metrics["diagnosis"]["referral"]
        curve = referral["curve"]["model"]
        assert curve["x"][0] == 1 and curve["y"][0] == pytest.approx(referral["error_all"]["value"])
        assert "prior" not in referral["curve"]


def test_of_a_thousand_patients_the_counts_follow_from_the_rates_and_the_prevalence(two):
    rows = two.metrics["diagnosis"]["per_1000"]
    rates = [
        two.metrics["diagnosis"]["threshold"]["test"][name]["value"]
        for name in ("sensitivity", "specificity")
    ]
    assert rows[0]["where"] == "test" and rows[0]["prevalence"] == pytest.approx(
        two.predictions["label"].mean()
    )
    assert rows[1]["where"] == "site" and rows[1]["prevalence"] == 0.1
    for row in rows:
        ill = row["prevalence"]
        expected = rates[0] * ill / (rates[0] * ill + (1 - rates[1]) * (1 - ill))
        assert row["ppv"] == pytest.approx(expected)


def test_three_classes_have_their_figures_and_every_row_judged_once(three):
    answers, results = three.predictions, three.metrics["results"]["model"]
    assert sorted(answers["position"]) == list(range(len(three.table)))
    by_fold = answers.assign(right=answers["class"] == answers["truth"]).groupby("fold")["right"].mean()
    assert results["accuracy"]["value"] == pytest.approx(by_fold.mean())
    counts = pd.crosstab(answers["truth"], answers["class"])
    names = three.metrics["classes"]["names"]
    assert (
        three.metrics["classes"]["counts"] == counts.reindex(index=names, columns=names).to_numpy().tolist()
    )
    assert three.metrics["primary_metric"] == "accuracy" and len(three.metrics["folds"]) > 0
    assert set(three.metrics["results"]) == {"model", "prior", "logistic_regression"}


def test_sets_are_counted_as_they_stand_in_the_predictions(three):
    answers = three.predictions
    hit = [truth in found.split(" | ") for truth, found in zip(answers["truth"], answers["set"])]
    found = three.metrics["diagnosis"]["sets"]["split"]
    assert found["coverage"]["value"] == pytest.approx(np.mean(hit))


def test_subgroups_are_the_group_columns_and_the_sites(two, three, visits):
    rows = np.arange(len(two.table))
    found = subgroup_names(two.pipeline, two.table, rows)
    assert set(found) == {"sex", "age", "site"}
    assert (
        found["sex"].tolist() == visits["sex"].tolist() and found["site"].tolist() == visits["site"].tolist()
    )
    expected = np.select([visits["age"] < 40, visits["age"] < 60], ["< 40", "40 to < 60"], ">= 60")
    assert found["age"].tolist() == expected.tolist()
    few = subgroup_names(two.pipeline, two.table, rows[::-7])
    assert few["age"].tolist() == expected[::-7].tolist()
    assert two.metrics["diagnosis"]["subgroups"] and three.metrics["diagnosis"]["subgroups"]


def test_the_flow_counts_rows_and_patients_from_delivery_to_judgement(three, visits):
    flow = {entry["step"]: entry for entry in patient_flow(three.pipeline, three.table, three.splits)}
    assert flow["delivered"]["rows"] == len(visits) and flow["delivered"]["patients"] == 150
    assert flow["train"]["rows"] + flow["test"]["rows"] == len(visits)
    assert flow["train"]["patients"] + flow["test"]["patients"] == 150
    assert flow["delivered"]["positives"] == (visits["label"] != "healthy").sum()


def test_rows_without_a_diagnosis_are_counted_and_judge_nowhere(rivals, visits):
    frame = visits.copy()
    frame.loc[:9, "label"] = None
    found = EXAMPLE["judged"](Guessing, frame, patients_mapping(), loaded=True)
    flow = {entry["step"]: entry["rows"] for entry in found.metrics["diagnosis"]["flow"]}
    assert flow["unlabelled"] == 10 and found.predictions["position"].min() >= 10
