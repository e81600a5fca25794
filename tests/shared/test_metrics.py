"""Each metric against scikit-learn, a loop, or the rows repeated."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from shared import metrics
from shared.metrics import (
    average_precision,
    brier,
    card_precision_at_k,
    confusion,
    expected_calibration_error,
    log_loss,
    metric,
    precision_recall_curve,
    recall_at_precision,
    reliability_curve,
    roc_auc,
    total_cost,
)


def rows(seed: int, size: int = 400, decimals: int = 2):
    """Labels, tied scores and whole-number weights, zeros among them."""
    rng = np.random.default_rng(seed)
    y_pred = np.round(rng.beta(0.6, 3, size), decimals)
    y_true = (rng.random(size) < y_pred * 0.8 + 0.05).astype(int)
    return y_true, y_pred, rng.integers(0, 4, size).astype(float)


ORACLES = [
    (average_precision, sk.average_precision_score),
    (roc_auc, sk.roc_auc_score),
    (log_loss, sk.log_loss),
    (brier, sk.brier_score_loss),
]


@pytest.mark.parametrize("ours, theirs", ORACLES)
@pytest.mark.parametrize("decimals", [1, 2, 9])
def test_metric_equals_scikit_learn_with_ties_and_weights(ours, theirs, decimals):
    for seed in range(5):
        y_true, y_pred, weights = rows(seed, decimals=decimals)
        assert ours(y_true, y_pred) == pytest.approx(theirs(y_true, y_pred), abs=1e-12)
        assert ours(y_true, y_pred, weights) == pytest.approx(
            theirs(y_true, y_pred, sample_weight=weights), abs=1e-12
        )


@pytest.mark.parametrize(
    "ours", [average_precision, roc_auc, log_loss, brier, expected_calibration_error, recall_at_precision]
)
def test_whole_number_weights_equal_repeated_rows(ours):
    for seed in range(5):
        y_true, y_pred, weights = rows(seed)
        again = np.repeat(np.arange(len(y_true)), weights.astype(int))
        repeated = ours(y_true[again], y_pred[again])
        assert ours(y_true, y_pred, weights) == pytest.approx(repeated, abs=1e-12)
        assert ours.prepare(y_true, y_pred)(weights) == pytest.approx(repeated, abs=1e-12)


def test_a_constant_score_has_the_precision_of_chance():
    y_true = np.array([0, 1, 0, 0])
    assert average_precision(y_true, np.full(4, 0.3)) == 0.25
    assert roc_auc(y_true, np.full(4, 0.3)) == 0.5


def test_a_metric_without_a_value_is_nan():
    assert np.isnan(average_precision(np.zeros(3), np.arange(3) / 3))
    assert np.isnan(roc_auc(np.ones(3), np.arange(3) / 3))
    assert np.isnan(recall_at_precision(np.zeros(3), np.arange(3) / 3))


@pytest.mark.parametrize(
    "y_true, y_pred, words",
    [
        ([0, 1], [0.1, np.nan], "finite"),
        ([0, 2], [0.1, 0.2], "0 or 1"),
        ([0, 1], [0.1], "as many"),
        ([], [], "as many"),
    ],
)
def test_metrics_refuse_arrays_that_make_no_sense(y_true, y_pred, words):
    with pytest.raises(ValueError, match=words):
        average_precision(np.array(y_true), np.array(y_pred))


def test_recall_at_precision_is_the_best_over_all_thresholds():
    for seed in range(5):
        y_true, y_pred, _ = rows(seed)
        best = 0.0
        for threshold in np.unique(y_pred):
            alarm = y_pred >= threshold
            if y_true[alarm].mean() >= 0.6:
                best = max(best, y_true[alarm].sum() / y_true.sum())
        assert recall_at_precision(y_true, y_pred, precision=0.6) == pytest.approx(best)


def binned_by_hand(y_true, y_pred, bin_of):
    off = [abs((y_true - y_pred)[bin_of == b].sum()) for b in np.unique(bin_of)]
    return sum(off) / len(y_true)


def test_calibration_error_of_untied_scores_is_that_of_equal_slices():
    rng = np.random.default_rng(0)
    y_pred = np.sort(rng.random(300))
    y_true = (rng.random(300) < y_pred**2).astype(int)
    by_hand = binned_by_hand(y_true, y_pred, np.arange(300) * 10 // 300)
    assert expected_calibration_error(y_true, y_pred, bins=10) == pytest.approx(by_hand)


def test_calibration_error_of_equal_widths_is_that_of_a_loop():
    y_true, y_pred, _ = rows(3, decimals=9)
    by_hand = binned_by_hand(y_true, y_pred, (y_pred * 10).astype(int))
    assert expected_calibration_error(y_true, y_pred, bins=10, equal_mass=False) == pytest.approx(by_hand)


@given(st.integers(0, 10**6), st.integers(2, 30))
@settings(max_examples=50, deadline=None)
def test_calibration_error_does_not_depend_on_the_order_of_rows(seed, bins):
    y_true, y_pred, _ = rows(seed, size=80, decimals=1)
    mixed = np.random.default_rng(seed + 1).permutation(80)
    one = expected_calibration_error(y_true, y_pred, bins=bins)
    assert one == pytest.approx(expected_calibration_error(y_true[mixed], y_pred[mixed], bins=bins))
    assert 0 <= one <= 1


def test_reliability_curve_counts_every_row_and_agrees_with_the_error():
    y_true, y_pred, _ = rows(1)
    curve = reliability_curve(y_true, y_pred, bins=8)
    assert curve["rows"].sum() == len(y_true)
    assert (curve["low"] <= curve["observed"]).all() and (curve["observed"] <= curve["high"]).all()
    error = np.abs(curve["observed"] - curve["predicted"]) @ curve["rows"] / len(y_true)
    assert error == pytest.approx(expected_calibration_error(y_true, y_pred, bins=8))


def test_precision_recall_curve_is_thinned_but_keeps_its_ends():
    y_true, y_pred, _ = rows(0, size=20_000, decimals=9)
    whole, thin = precision_recall_curve(y_true, y_pred, points=10**6), precision_recall_curve(y_true, y_pred)
    assert len(thin["recall"]) <= 200 < len(whole["recall"])
    assert thin["recall"][[0, -1]].tolist() == whole["recall"][[0, -1]].tolist()
    for name in ("threshold", "precision", "recall"):
        assert np.isin(thin[name], whole[name]).all()
    assert np.diff(thin["recall"]).max() < 0.02


def test_precision_recall_curve_equals_scikit_learn():
    y_true, y_pred, _ = rows(2)
    curve = precision_recall_curve(y_true, y_pred, points=10**6)
    precision, recall, threshold = sk.precision_recall_curve(y_true, y_pred)
    theirs = {t: (p, r) for p, r, t in zip(precision, recall, threshold)}
    for t, p, r in zip(curve["threshold"], curve["precision"], curve["recall"]):
        assert theirs[t] == pytest.approx((p, r))


def test_confusion_and_cost_count_alarms_at_the_threshold():
    y_true, y_pred = np.array([1, 1, 0, 0, 1]), np.array([0.9, 0.5, 0.5, 0.1, 0.2])
    assert confusion(y_true, y_pred, threshold=0.5) == dict(
        true_alarms=2, false_alarms=1, missed=1, true_passes=1
    )
    amount = np.array([10.0, 20, 30, 40, 50])
    cost = total_cost(y_true, y_pred, threshold=0.5, missed=amount, false_alarm=3, true_alarm=1)
    assert cost == 50 + 3 + 2
    weights = np.array([1.0, 0, 2, 1, 3])
    assert total_cost(y_true, y_pred, weights, threshold=0.5, missed=amount, false_alarm=3) == 150 + 6


def card_precision_by_loop(y_true, y_pred, day, card, k):
    """The definition, day by day and card by card."""
    found, shares = set(), []
    for d in sorted(set(day)):
        of_card = {}
        for i in np.flatnonzero(day == d):
            if card[i] not in found:
                score, label = of_card.get(card[i], (-1, 0))
                of_card[card[i]] = (max(score, y_pred[i]), max(label, y_true[i]))
        top = sorted(of_card, key=lambda c: (-of_card[c][0], c))[:k]
        hits = [c for c in top if of_card[c][1]]
        found |= set(hits)
        shares.append(len(hits) / k)
    return np.mean(shares)


@pytest.mark.parametrize("seed", range(6))
def test_card_precision_is_that_of_the_definition(seed):
    rng = np.random.default_rng(seed)
    y_true, y_pred, _ = rows(seed, size=600, decimals=1 + seed % 2)
    day, card = rng.integers(0, 5, 600), rng.choice([f"c{i}" for i in range(60)], 600)
    for k in (1, 5, 20, 200):
        by_loop = card_precision_by_loop(y_true, y_pred, day, card, k)
        assert card_precision_at_k(y_true, y_pred, day=day, card=card, k=k) == pytest.approx(by_loop)


def test_card_precision_of_a_weighted_card_is_that_of_the_card_copied():
    rng = np.random.default_rng(0)
    y_true, y_pred, _ = rows(0, size=500, decimals=9)
    day, card = rng.integers(0, 4, 500), rng.integers(0, 80, 500)
    times = rng.integers(0, 3, 80)
    again = np.repeat(np.arange(500), times[card])
    copy = np.concatenate([np.arange(times[c]) for c in card])
    copied = card_precision_by_loop(y_true[again], y_pred[again], day[again], card[again] + copy / 10, 15)
    weighted = card_precision_at_k(y_true, y_pred, times[card].astype(float), day=day, card=card, k=15)
    # A place that ends within copies of one card is shared alike by both ways, as all copies score the same;
    # but only by copies do the rest come back the next day, so the two may differ by such a card a day.
    assert weighted == pytest.approx(copied, abs=1 / 15)


def test_card_precision_refuses_weights_that_differ_within_a_card():
    with pytest.raises(ValueError, match="groups=card"):
        card_precision_at_k(
            np.array([0, 1]), np.array([0.1, 0.2]), np.array([1.0, 2]), day=[0, 0], card=["a", "a"]
        )


def test_metric_makes_a_documented_function_with_a_prepared_form():
    assert "Mean precision" in average_precision.__doc__
    for name in ("average_precision", "roc_auc", "brier", "log_loss"):
        assert callable(getattr(metrics, name).prepare)
    double = metric(lambda y_true, y_pred: lambda weights: 2.0 * len(y_true))
    assert double(np.zeros(3), np.zeros(3)) == 6.0
