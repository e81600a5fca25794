"""Intervals: the same resamples for all, whole groups, right width, and folds."""

import functools
import time

import numpy as np
import pytest
from scipy import stats

from shared.intervals import FEWEST, Bootstrap, bootstrap, corrected_t_test, fold_summary, paired_difference
from shared.metrics import (
    average_precision,
    brier,
    card_precision_at_k,
    expected_calibration_error,
    log_loss,
    metric,
    roc_auc,
)


def rows(seed: int, size: int = 1000):
    rng = np.random.default_rng(seed)
    y_pred = rng.beta(1, 4, size)
    return (rng.random(size) < y_pred).astype(int), y_pred


def mean_label(y_true, y_pred):
    return float(np.mean(y_true))


def test_estimate_holds_the_value_and_reads_like_a_dictionary():
    y_true, y_pred = rows(0)
    result = bootstrap(y_true, {"a": y_pred}, {"ap": average_precision}, resamples=100)
    assert result["a"]["ap"].value == average_precision(y_true, y_pred)
    assert result["a"]["ap"].low < result["a"]["ap"].value < result["a"]["ap"].high
    assert result["a"]["ap"].to_dict().keys() == {"value", "low", "high"}
    assert list(result) == ["a"] and result.resamples == 100


def test_one_seed_gives_one_result_and_another_gives_another():
    y_true, y_pred = rows(0)
    draw = functools.partial(bootstrap, y_true, {"a": y_pred}, {"auc": roc_auc}, resamples=50)
    assert np.array_equal(draw(seed=1).draws["a"]["auc"], draw(seed=1).draws["a"]["auc"])
    assert not np.array_equal(draw(seed=1).draws["a"]["auc"], draw(seed=2).draws["a"]["auc"])


def test_models_see_the_same_resamples():
    y_true, y_pred = rows(0)
    result = bootstrap(y_true, {"a": y_pred, "b": y_pred**2}, {"auc": roc_auc}, resamples=50)
    assert np.array_equal(result.draws["a"]["auc"], result.draws["b"]["auc"])
    difference = result.difference("a", "b", "auc")
    assert (difference.low, difference.value, difference.high) == (0, 0, 0)


def test_a_paired_difference_is_narrower_than_the_two_intervals():
    y_true, y_pred = rows(0)
    other = np.clip(y_pred + np.random.default_rng(1).normal(0, 0.01, len(y_pred)), 0, 1)
    result = bootstrap(y_true, {"a": y_pred, "b": other}, {"auc": roc_auc}, resamples=100)
    alone, paired = result["a"]["auc"], result.difference("a", "b", "auc")
    assert paired.high - paired.low < (alone.high - alone.low) / 3
    assert paired_difference(y_true, y_pred, other, roc_auc, resamples=100) == paired


def test_plain_functions_and_prepared_ones_agree():
    y_true, y_pred = rows(0, 300)

    def plain(y_true, y_pred):
        return average_precision(y_true, y_pred)

    def weighted(y_true, y_pred, weights=None):
        return average_precision(y_true, y_pred, weights)

    metrics = {"prepared": average_precision, "plain": plain, "weighted": weighted}
    draws = bootstrap(y_true, {"a": y_pred}, metrics, resamples=30).draws["a"]
    np.testing.assert_allclose(draws["plain"], draws["prepared"])
    np.testing.assert_allclose(draws["weighted"], draws["prepared"])


def test_interval_of_a_mean_is_the_textbook_one():
    y_true, y_pred = rows(0, 2000)
    estimate = bootstrap(y_true, {"a": y_pred}, {"mean": mean_label}, resamples=1000)["a"]["mean"]
    error = y_true.std() / np.sqrt(len(y_true))
    assert estimate.high - estimate.low == pytest.approx(2 * 1.96 * error, rel=0.1)


def test_interval_covers_the_truth_about_as_often_as_it_says():
    hits = 0
    for seed in range(200):
        y_true, y_pred = rows(seed, 300)
        estimate = bootstrap(y_true, {"a": y_pred}, {"brier": brier}, resamples=150, seed=seed)["a"]["brier"]
        hits += estimate.low <= 2 / 15 <= estimate.high  # E[p (1 - p)] of beta(1, 4)
    assert 0.88 <= hits / 200 <= 0.99


def test_groups_are_drawn_whole_which_widens_the_interval():
    rng = np.random.default_rng(0)
    label_of_group = rng.random(100) < 0.5
    groups = np.repeat(np.arange(100), 20)
    y_true, y_pred = label_of_group[groups].astype(int), np.full(2000, 0.5)
    settings = dict(predictions={"a": y_pred}, metrics={"mean": mean_label}, resamples=200)
    by_row = bootstrap(y_true, **settings)["a"]["mean"]
    by_group = bootstrap(y_true, groups=groups.astype(str), **settings)["a"]["mean"]
    assert (by_group.high - by_group.low) / (by_row.high - by_row.low) == pytest.approx(np.sqrt(20), rel=0.3)


def test_calibration_error_is_reflected_because_resamples_are_further_off():
    y_true, y_pred = rows(0, 3000)
    metrics = {
        "ece": expected_calibration_error,
        "bins": functools.partial(expected_calibration_error, bins=5),
    }
    result = bootstrap(y_true, {"a": y_pred}, metrics, resamples=100)
    for name in metrics:
        estimate = result["a"][name]
        assert result.draws["a"][name].mean() > estimate.value
        assert 0 <= estimate.low <= estimate.value <= estimate.high
        assert estimate.high - estimate.value < estimate.value - estimate.low + 0.01


def test_card_precision_is_drawn_by_card():
    y_true, y_pred = rows(0)
    rng = np.random.default_rng(1)
    day, card = rng.integers(0, 4, 1000), rng.integers(0, 100, 1000)
    metrics = {"cp": functools.partial(card_precision_at_k, day=day, card=card, k=10)}
    estimate = bootstrap(y_true, {"a": y_pred}, metrics, groups=card, resamples=60)["a"]["cp"]
    assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1 and estimate.low < estimate.high
    with pytest.raises(ValueError, match="groups=card"):
        bootstrap(y_true, {"a": y_pred}, metrics, resamples=5)


def test_a_metric_that_most_resamples_lack_has_no_interval():
    values, draws = {"a": {"auc": 0.7}}, {"a": {"auc": np.array([0.6, np.nan, np.nan, np.nan])}}
    estimate = Bootstrap(values, draws, level=0.95, wanted=4)["a"]["auc"]
    assert estimate.value == 0.7 and np.isnan(estimate.low) and np.isnan(estimate.high)


def test_groups_of_another_length_are_refused():
    with pytest.raises(ValueError, match="one group for each of 4 rows"):
        bootstrap(np.array([0, 1, 0, 1]), {"a": np.ones(4)}, {"b": brier}, groups=[1, 2])


def test_very_large_tables_get_fewer_resamples_but_not_too_few(monkeypatch):
    y_true, y_pred = rows(0, 200)
    monkeypatch.setattr("shared.intervals.WORK", 200 * 150)
    result = bootstrap(y_true, {"a": y_pred}, {"b": brier}, resamples=400)
    assert (result.resamples, result.wanted) == (150, 400)
    monkeypatch.setattr("shared.intervals.WORK", 1)
    assert bootstrap(y_true, {"a": y_pred}, {"b": brier}, resamples=400).resamples == FEWEST


def test_fifteen_resamples_of_60_000_rows_cost_a_few_plain_passes_as_each_metric_sorts_once():
    y_true, y_pred = rows(0, 60_000)
    predictions = {f"model {i}": y_pred ** (1 + i / 8) for i in range(8)}
    metrics = {"ap": average_precision, "auc": roc_auc, "ll": log_loss, "brier": brier}
    groups = np.arange(60_000) // 12
    ratios = []
    for _ in range(3):  # both in one breath, and the best of three: a busy machine slows both
        begin = time.process_time()
        for scores in predictions.values():
            for function in metrics.values():
                function(y_true, scores)
        middle = time.process_time()
        bootstrap(y_true, predictions, metrics, groups=groups, resamples=15)
        ratios.append((time.process_time() - middle) / (middle - begin))
    assert min(ratios) < 8  # about 2; sorting again in each resample would be 16


def test_fold_summary_is_the_t_interval():
    values = [0.61, 0.64, 0.66, 0.60, 0.65]
    summary = fold_summary(values)
    low, high = stats.t.interval(0.95, 4, np.mean(values), stats.sem(values))
    assert (summary.low, summary.high) == pytest.approx((low, high))
    assert summary.mean == pytest.approx(np.mean(values)) and summary.spread == pytest.approx(
        np.std(values, ddof=1)
    )
    assert summary.p_value is None and summary.folds == 5


def test_one_fold_has_no_spread():
    assert np.isnan(fold_summary([0.6]).low) and fold_summary([0.6]).mean == 0.6


def test_corrected_test_without_overlap_is_the_paired_t_test():
    rng = np.random.default_rng(0)
    a, b = rng.normal(0.7, 0.02, 6), rng.normal(0.68, 0.02, 6)
    assert corrected_t_test(a, b, test_share=0).p_value == pytest.approx(stats.ttest_rel(a, b).pvalue)


def test_corrected_test_knows_that_folds_share_training_rows():
    rng = np.random.default_rng(0)
    a, b = rng.normal(0.7, 0.02, 5), rng.normal(0.68, 0.02, 5)
    plain, corrected = (corrected_t_test(a, b, test_share=share) for share in (0, 0.25))
    wider = (corrected.high - corrected.low) / (plain.high - plain.low)
    assert wider == pytest.approx(np.sqrt((1 / 5 + 1 / 4) / (1 / 5))) and corrected.p_value > plain.p_value
    with pytest.raises(ValueError, match="same folds"):
        corrected_t_test([1, 2], [1], test_share=0.25)


def test_equal_models_do_not_differ():
    assert corrected_t_test([0.1, 0.2], [0.1, 0.2], test_share=0.25).p_value == 1


def test_predictions_of_several_classes_are_resampled_row_by_row():
    rng = np.random.default_rng(0)
    code, p = rng.integers(0, 3, 200), rng.dirichlet(np.ones(3), 200)

    @metric
    def right(y_true, y_pred):
        hit = (y_pred.argmax(axis=1) == y_true).astype(float)
        return lambda weights=None: float(np.average(hit, weights=weights))

    def plain(y_true, y_pred):
        return float((y_pred.argmax(axis=1) == y_true).mean())

    def weighted(y_true, y_pred, weights=None):
        return float(np.average(y_pred.argmax(axis=1) == y_true, weights=weights))

    metrics = {"right": right, "plain": plain, "weighted": weighted}
    groups = np.repeat(np.arange(50), 4)
    found = bootstrap(code, {"a": p, "b": np.roll(p, 1, axis=1)}, metrics, groups=groups, resamples=100)
    assert found.values["a"]["right"] == pytest.approx((p.argmax(axis=1) == code).mean())
    for name in ("plain", "weighted"):
        for model in ("a", "b"):
            np.testing.assert_allclose(found.draws[model]["right"], found.draws[model][name])


def test_one_column_of_predictions_is_a_score_and_no_class():
    y_true, y_pred = rows(0, 100)
    whole = bootstrap(y_true, {"a": y_pred[:, None]}, {"auc": roc_auc}, resamples=100)
    assert np.array_equal(
        whole.draws["a"]["auc"],
        bootstrap(y_true, {"a": y_pred}, {"auc": roc_auc}, resamples=100).draws["a"]["auc"],
    )
