"""Referrals against all bands tried one by one, and curves against their definition."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logit
from sklearn.metrics import recall_score

from shared.trust.abstention import (
    Referral,
    abstention_curve,
    certainty,
    fit_referral,
    kept_effect,
    matched_error,
    referral_effect,
)


def drawn(seed, *, most=14):
    """Labels of both kinds and risks that know something of them, now distinct, now full of ties."""
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(2, most))
    label = (rng.random(rows) < 0.4).astype(int)
    label[:2] = 0, 1
    risk = np.clip(0.3 * label + rng.normal(0.35, 0.2, rows), 0, 1)
    return label, [risk, np.round(risk, 1)][int(rng.integers(2))]


def outcome(label, risk, referral):
    """Errors and sensitivity among the rows kept, and how many are referred."""
    refer, positive = referral.decide(risk), referral.positive(risk)
    kept = ~refer
    ill = kept & (label == 1)
    return (positive != (label == 1))[kept].sum(), positive[ill].mean() if ill.any() else np.nan, refer.sum()


def all_bands(risk):
    edges = [*np.unique(risk), 2.0]
    return [Referral(low, high) for low in edges for high in edges if high >= low]


@settings(max_examples=400, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    share=st.sampled_from([0, 0.1, 0.2, 0.5]),
    sensitivity=st.sampled_from([None, 0.5, 0.8, 1.0]),
)
def test_no_band_within_the_share_that_keeps_the_sensitivity_makes_fewer_errors(seed, share, sensitivity):
    label, risk = drawn(seed)
    found = outcome(label, risk, fit_referral(label, risk, share=share, sensitivity=sensitivity))
    others = [outcome(label, risk, band) for band in all_bands(risk)]
    good = [
        each
        for each in others
        if (sensitivity is None or each[1] >= sensitivity - 1e-9) and each[2] <= share * len(label) + 1e-9
    ]
    assert found[0] == min(each[0] for each in good)
    assert sensitivity is None or found[1] >= sensitivity - 1e-9
    assert found[2] <= share * len(label) + 1e-9


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), threshold=st.floats(0, 1))
def test_the_sensitivity_of_the_threshold_is_kept_and_its_errors_do_not_rise(seed, threshold):
    label, risk = drawn(seed, most=60)
    errors, sensitivity, _ = outcome(label, risk, fit_referral(label, risk, threshold=threshold))
    wanted = (risk[label == 1] >= threshold).mean()
    assert wanted == 0 or sensitivity >= wanted - 1e-9
    assert errors <= ((risk >= threshold) != label).sum()


def test_of_equal_bands_the_middle_one_is_taken():
    label, risk = np.repeat([0, 1], 50), np.r_[np.linspace(0, 0.4, 50), np.linspace(0.6, 1, 50)]
    band = fit_referral(label, risk, share=0.2, threshold=0.5)
    assert band.low < 0.4 < 0.6 < band.high
    assert band.low + band.high == pytest.approx(1, abs=0.02)


def test_a_referral_halves_the_errors_of_rows_it_was_not_learnt_on():
    rng = np.random.default_rng(0)

    def rows():
        label = (rng.random(4000) < 0.4).astype(int)
        return label, 1 / (1 + np.exp(-rng.normal(3.6 * label - 1.8, 1)))

    band = fit_referral(*rows(), share=0.2, threshold=0.3)
    found = referral_effect(*rows(), band, 0.3)
    assert found["share"]["value"] == pytest.approx(0.2, abs=0.03)
    assert found["ratio"]["high"] < 0.5
    assert found["sensitivity_kept"]["value"] > found["sensitivity_all"]["value"] - 0.02


def test_the_effect_is_counted_by_hand():
    label, risk = np.array([0, 0, 0, 1, 1, 1, 0, 1]), np.array([0.1, 0.2, 0.35, 0.3, 0.45, 0.7, 0.8, 0.9])
    found = referral_effect(label, risk, Referral(0.25, 0.5), 0.4)
    assert {name: each["value"] for name, each in found.items()} == {
        "share": 3 / 8,
        "error_all": 2 / 8,
        "error_kept": 1 / 5,
        "ratio": pytest.approx(0.8),
        "sensitivity_all": 3 / 4,
        "sensitivity_kept": 1.0,
        "specificity_all": 3 / 4,
        "specificity_kept": 2 / 3,
    }
    assert all(each["low"] <= each["value"] <= each["high"] for each in found.values())


def test_the_rows_of_a_patient_stay_together_in_the_intervals():
    rng = np.random.default_rng(1)
    label, risk = np.repeat((rng.random(40) < 0.5).astype(int), 6), np.repeat(rng.random(40), 6)
    band, patients = Referral(0.4, 0.6), np.repeat(np.arange(40), 6)
    rows, grouped = (referral_effect(label, risk, band, 0.5, groups=each) for each in (None, patients))
    for name in ("error_all", "ratio"):
        assert rows[name]["value"] == grouped[name]["value"]
        assert grouped[name]["high"] - grouped[name]["low"] > 1.5 * (rows[name]["high"] - rows[name]["low"])


def test_with_more_classes_the_least_likely_answers_are_referred():
    rng = np.random.default_rng(2)
    logits = rng.normal(size=(2000, 3))
    code = np.array([rng.choice(3, p=np.exp(row) / np.exp(row).sum()) for row in logits])
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    rule = fit_referral(code, p, share=0.2)
    assert rule.low is None and rule.decide(p).sum() == 400
    assert p.max(axis=1)[rule.decide(p)].max() < p.max(axis=1)[~rule.decide(p)].min()
    found = referral_effect(code, p, rule)
    wrong = p.argmax(axis=1) != code
    assert found["error_kept"]["value"] == wrong[~rule.decide(p)].mean() < found["error_all"]["value"]
    assert found["ratio"]["high"] < 1 and "sensitivity_all" not in found


def test_ties_at_the_edge_are_not_referred_and_nobody_is_where_the_share_is_none():
    p = np.array([[0.4, 0.3, 0.3]] * 3 + [[0.9, 0.1, 0.0]] * 7)
    assert fit_referral(np.zeros(10), p, share=0.2).decide(p).sum() == 0
    assert fit_referral(np.zeros(10), p, share=0.3).decide(p).tolist() == [True] * 3 + [False] * 7
    assert fit_referral(np.zeros(10), p, share=0).decide(p).sum() == 0
    label, risk = drawn(3)
    assert not fit_referral(label, risk, share=0).decide(risk).any()


def test_risks_and_probabilities_of_two_classes_are_referred_alike():
    label, risk = drawn(11, most=60)
    p = np.stack([1 - risk, risk], axis=1)
    band = fit_referral(label, risk, threshold=0.4)
    other = fit_referral(label, p, threshold=0.4)
    assert (other.low, other.high) == pytest.approx((band.low, band.high))
    assert (band.decide(p) == band.decide(risk)).all()
    assert np.allclose(certainty(p), certainty(risk)) and np.allclose(certainty(p, 0.3), certainty(risk, 0.3))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), sensitivity=st.sampled_from([0.5, 0.8, 1.0]))
def test_matched_errors_are_the_least_there_are(seed, sensitivity):
    label, risk = drawn(seed)
    found = matched_error(label, risk, sensitivity=sensitivity, share=0.3)
    tried = [outcome(label, risk, band) for band in all_bands(risk)]
    good = [each for each in tried if each[1] >= sensitivity - 1e-9]
    rows = len(label)
    assert found["error_all"] == pytest.approx(min(each[0] for each in good if each[2] == 0) / rows)
    least = min(each[0] for each in good if each[2] <= 0.3 * rows + 1e-9)
    assert found["error_kept"] * (1 - found["share"]) * rows == pytest.approx(least)
    assert min(found["sensitivity_all"], found["sensitivity_kept"]) >= sensitivity - 1e-9
    assert found["share"] <= 0.3 + 1e-9


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_area_is_the_mean_error_over_all_orders_of_ties(seed):
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(1, 30))
    wrong, sure = rng.integers(0, 2, rows), rng.integers(0, 5, rows) / 5
    curve = abstention_curve(wrong, sure, points=rows)
    errors = []
    for kept in range(1, rows + 1):
        limit = np.sort(sure)[::-1][kept - 1]
        above, at = sure > limit, sure == limit
        errors.append((wrong[above].sum() + wrong[at].mean() * (kept - above.sum())) / kept)
    assert curve["area"] == pytest.approx(np.mean(errors))
    np.testing.assert_allclose(curve["error"], errors[::-1])
    np.testing.assert_allclose(curve["coverage"], np.arange(rows, 0, -1) / rows)


def test_the_curve_has_as_many_points_as_asked_and_starts_with_all_rows():
    rng = np.random.default_rng(0)
    curve = abstention_curve(rng.integers(0, 2, 1000), rng.random(1000), points=50)
    assert len(curve["coverage"]) == 50 and curve["coverage"][0] == 1 and curve["coverage"][-1] == 0.02
    assert (np.diff(curve["coverage"]) < 0).all()


def test_certainty_rises_to_both_sides_of_the_threshold():
    risk = np.linspace(0.01, 0.99, 99)
    sure = certainty(risk, 0.2)
    np.testing.assert_allclose(sure, np.abs(logit(risk) - logit(0.2)), atol=1e-12)
    assert (np.diff(sure[:20]) < 0).all() and (np.diff(sure[20:]) > 0).all()
    assert np.isfinite(certainty(np.array([0.0, 1.0]), 0.5)).all()
    assert certainty(np.array([[0.2, 0.5, 0.3]]), 0.2).tolist() == [0.5]


def test_what_does_not_fit_is_refused():
    for bad in (1.0, -0.1):
        with pytest.raises(ValueError, match="share"):
            fit_referral([0, 1], [0.2, 0.8], share=bad)
    with pytest.raises(ValueError, match="both classes"):
        fit_referral([1, 1], [0.2, 0.8])
    with pytest.raises(ValueError, match="both classes"):
        matched_error([0, 0], [0.2, 0.8], sensitivity=0.9)
    with pytest.raises(ValueError, match="sensitivity above 0"):
        matched_error([0, 1], [0.2, 0.8], sensitivity=0.0)


def test_what_is_written_is_read_again():
    for referral in (Referral(low=0.25, high=2.0), Referral(least=0.7)):
        assert Referral.from_dict(json.loads(json.dumps(referral.to_dict()))) == referral


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), classes=st.integers(2, 3))
def test_the_effect_of_referrals_is_counted_by_hand(seed, classes):
    rng = np.random.default_rng(seed)
    label, answer, other = rng.integers(0, classes, (3, 60))
    label[:classes], kept = np.arange(classes), rng.random(60) < 0.7
    kept[:classes] = True
    found = kept_effect(label, answer, other, kept)
    value = {name: estimate["value"] for name, estimate in found.items()}
    assert value["share"] == pytest.approx(1 - kept.mean())
    assert value["error_all"] == pytest.approx((answer != label).mean())
    assert value["error_kept"] == pytest.approx((other != label)[kept].mean())
    assert value["ratio"] == pytest.approx(value["error_kept"] / value["error_all"])
    assert ("sensitivity_all" in value) == (classes == 2 or max(label.max(), answer.max()) < 2)
    if classes == 2:
        assert value["sensitivity_all"] == pytest.approx(recall_score(label, answer))
        assert value["sensitivity_kept"] == pytest.approx(recall_score(label[kept], other[kept]))
        assert value["specificity_kept"] == pytest.approx(recall_score(1 - label[kept], 1 - other[kept]))
    assert all(each["low"] <= each["value"] <= each["high"] for each in found.values())


def test_answers_of_rows_that_are_referred_are_not_read():
    label, answer, kept = np.tile([0, 1], 30), np.tile([0, 1, 1], 20), np.arange(60) % 4 > 0
    found = kept_effect(label, answer, answer, kept)
    assert found == kept_effect(label, answer, np.where(kept, answer, 1 - answer), kept)


def test_the_effect_of_folds_with_limits_of_their_own_is_that_of_one_where_they_are_equal():
    label, risk = drawn(3, most=60)
    referral = fit_referral(label, risk, share=0.3, threshold=0.5)
    whole = referral_effect(label, risk, referral, 0.5)
    parts = [slice(0, len(label) // 2), slice(len(label) // 2, None)]
    joined = [
        np.concatenate(each)
        for each in zip(
            *((risk[p] >= 0.5, referral.positive(risk[p]), ~referral.decide(risk[p])) for p in parts)
        )
    ]
    assert kept_effect(label, *joined) == whole


def test_rows_of_a_patient_are_resampled_together_in_the_effect():
    label, answer = np.tile([0, 1], 40), np.tile([0, 1, 1, 1], 20)
    label, answer, groups = np.repeat(label, 4), np.repeat(answer, 4), np.repeat(np.arange(80), 4)
    kept = np.ones(320, bool)
    alone, together = (
        kept_effect(label, answer, answer, kept, groups=each)["error_all"] for each in (None, groups)
    )
    assert together["high"] - together["low"] > 1.5 * (alone["high"] - alone["low"])
