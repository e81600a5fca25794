"""The verdict says what the paired interval says, and folds are meaned."""

import json
from functools import partial

import numpy as np
import pytest

from shared.intervals import Bootstrap, bootstrap
from shared.judging import (
    LOWER_IS_BETTER,
    METRICS,
    by_fold,
    curves,
    judge,
    plain,
    slices,
    total,
    verdict,
)
from shared.metrics import average_precision, card_precision_at_k, roc_auc


def drawn(model, **rivals):
    """Resamples with given values of one metric."""
    values = {name: {"m": float(np.mean(each))} for name, each in {"model": model, **rivals}.items()}
    draws = {name: {"m": np.asarray(each, float)} for name, each in {"model": model, **rivals}.items()}
    return Bootstrap(values, draws, level=0.95, wanted=len(model))


def verdict_of(drawn, *, higher=True):
    return verdict(drawn, [name for name in drawn if name != "model"], "m", higher)


NOISE = np.linspace(-0.1, 0.1, 101)


@pytest.mark.parametrize(
    ("gain", "higher", "choice", "english", "chinese"),
    [
        (0.2, True, "model", "Use the model: it beats", "建议采用本模型"),
        (
            -0.2,
            True,
            "random_forest",
            "Use the random forest, not the model",
            "建议采用“随机森林”而不是本模型",
        ),
        (0.05, True, "undecided", "cannot tell the model from the random forest", "不足以区分"),
        (-0.05, True, "undecided", "cannot tell the model from the random forest", "不足以区分"),
        (-0.2, False, "model", "Use the model: it beats", "建议采用本模型"),
        (
            0.2,
            False,
            "random_forest",
            "Use the random forest, not the model",
            "建议采用“随机森林”而不是本模型",
        ),
        (0.05, False, "undecided", "cannot tell the model", "不足以区分"),
    ],
)
def test_the_verdict_is_what_the_paired_interval_says(gain, higher, choice, english, chinese):
    found = verdict_of(drawn(0.5 + gain + NOISE, random_forest=np.full(101, 0.5)), higher=higher)
    assert (found["choice"], found["rival"]) == (choice, "random_forest")
    assert found["difference"]["value"] == pytest.approx(gain)
    assert english in found["sentence"]["en"] and chinese in found["sentence"]["zh"]
    figures = f"{0.5 + gain:.3f}", f"{gain:+.3f}"
    assert all(figure in text for figure in figures for text in found["sentence"].values())


def test_an_interval_that_ends_at_zero_does_not_decide():
    assert verdict_of(drawn(np.full(50, 0.5), prior=np.full(50, 0.5)))["choice"] == "undecided"


def test_the_rival_is_the_best_one_that_is_no_blend():
    cases = drawn(np.full(9, 0.6), prior=np.full(9, 0.1), forest=np.full(9, 0.5), blend=np.full(9, 0.9))
    assert verdict_of(cases)["rival"] == "forest"
    assert verdict_of(cases, higher=False)["rival"] == "prior"


def test_without_a_rival_or_without_an_interval_nothing_is_decided():
    alone = verdict_of(drawn(np.ones(9)))
    assert alone["choice"] == "undecided" and "no verdict" in alone["sentence"]["en"]
    unknown = verdict_of(drawn(np.full(9, np.nan), prior=np.full(9, np.nan)))
    assert unknown["choice"] == "undecided"


def table(rows=400, seed=0):
    rng = np.random.default_rng(seed)
    label = (rng.random(rows) < 0.3).astype(float)
    good, poor = (np.clip(0.3 * label + rng.normal(0.3, spread, rows), 0, 1) for spread in (0.1, 0.4))
    return label, {"model": good, "prior": np.full(rows, 0.3), "gradient_boosting": poor}


def test_a_better_model_is_advised_and_a_worse_one_is_not():
    label, scores = table()
    judged, _ = judge(label, scores)
    assert judged["verdict"]["choice"] == "model"
    scores["model"], scores["gradient_boosting"] = scores["gradient_boosting"], scores["model"]
    assert judge(label, scores)[0]["verdict"]["choice"] == "gradient_boosting"
    scores["model"] = scores["gradient_boosting"]
    assert judge(label, scores)[0]["verdict"]["choice"] == "undecided"


def test_every_metric_says_which_way_is_better():
    label, scores = table()
    judged, _ = judge(label, scores)
    perfect, _ = judge(label, {"model": label, "prior": 1 - label})
    assert set(METRICS) - LOWER_IS_BETTER == {"average_precision", "roc_auc"} and "cost" in LOWER_IS_BETTER
    for name in METRICS:
        gain = perfect["differences"]["prior"][name]["value"]
        assert judged["better"][name] == ("higher" if gain > 0 else "lower")
        assert set(judged["results"]["model"][name]) == {"value", "low", "high"}


def test_the_figure_over_folds_is_the_mean_of_the_folds():
    label, scores = table()
    fold = np.arange(400) % 3
    judged, _ = judge(label, scores, fold=fold)
    for name, metric in METRICS.items():
        each = [metric(label[fold == k], scores["model"][fold == k]) for k in range(3)]
        assert judged["results"]["model"][name]["value"] == pytest.approx(np.mean(each))
    assert by_fold(roc_auc, np.zeros(400)) is roc_auc
    weights = np.random.default_rng(1).integers(0, 3, 400).astype(float)
    each = [roc_auc(label[fold == k], scores["model"][fold == k], weights[fold == k]) for k in range(3)]
    assert by_fold(roc_auc, fold)(label, scores["model"], weights) == pytest.approx(np.mean(each))


def test_options_of_each_row_are_cut_with_the_folds():
    """A solution's own metric of cards and days, over several folds."""
    label, scores = table()
    fold, day, card = np.arange(400) // 200, np.arange(400) // 40, np.arange(400) % 50
    metric = partial(card_precision_at_k, day=day, card=card, k=5)
    judged, _ = judge(
        label, scores, metrics={"average_precision": average_precision, "k": metric}, fold=fold, groups=card
    )
    each = [
        card_precision_at_k(
            label[fold == k], scores["model"][fold == k], day=day[fold == k], card=card[fold == k], k=5
        )
        for k in range(2)
    ]
    assert judged["results"]["model"]["k"]["value"] == pytest.approx(np.mean(each))


def test_totals_are_resampled_like_any_metric():
    costs = np.array([1.0, 2.0, 4.0])
    assert total(np.zeros(3), costs) == 7 and total(np.zeros(3), costs, np.array([0, 1, 2])) == 10
    found = bootstrap(np.zeros(300), {"a": np.tile(costs, 100)}, {"cost": total})["a"]["cost"]
    assert found.low < 700 == found.value < found.high


def test_slices_judge_each_part_apart():
    label, scores = table()
    part = np.where(np.arange(400) < 100, "few", "many")
    found = slices(label, scores["model"], scores["model"] > 0.5, {"size": part})
    assert [(row["slice"], row["value"], row["rows"]) for row in found] == [
        ("size", "few", 100),
        ("size", "many", 300),
    ]
    few, rows = found[0]["metrics"], part == "few"
    hit = (scores["model"][rows] > 0.5) & (label[rows] == 1)
    assert few["recall"]["value"] == pytest.approx(hit.sum() / label[rows].sum())
    assert few["alert_share"]["value"] == pytest.approx((scores["model"][rows] > 0.5).mean())
    assert few["average_precision"]["value"] == pytest.approx(
        average_precision(label[rows], scores["model"][rows])
    )


def test_a_slice_without_positives_has_figures_without_a_value():
    found = slices(np.zeros(5), np.linspace(0, 1, 5), np.ones(5, bool), {"all": np.full(5, "x")})[0]
    assert np.isnan(found["metrics"]["recall"]["value"]) and found["positives"] == 0
    assert found["metrics"]["alert_share"]["value"] == 1


def test_curves_are_plain_lists_of_every_model_and_calibration_of_the_model_alone():
    label, scores = table()
    found = json.loads(json.dumps(curves(label, scores), allow_nan=False))
    assert set(found["precision_recall"]) == set(scores)
    assert set(found["calibration"]) == {"model"}
    assert plain([1 / 3, np.nan, np.inf]) == [0.333333, None, None]
