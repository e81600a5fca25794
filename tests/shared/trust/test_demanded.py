"""Demanded thresholds against all thresholds tried one by one, and their promise on samples drawn again."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, norm

from shared.trust.demanded import Operating, cases_needed, demanded_threshold


def drawn(seed):
    """Labels of both kinds and scores, now distinct, now full of ties."""
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(2, 120))
    label = (rng.random(rows) < rng.choice([0.3, 0.7])).astype(float)
    label[:2] = 0, 1
    return label, [rng.random(rows), rng.integers(0, 12, rows) / 11][int(rng.integers(2))]


def bound(count, of, confidence):
    """One-sided exact lower bound by scipy's own test."""
    return binomtest(count, of, alternative="greater").proportion_ci(confidence, method="exact").low


@settings(max_examples=50, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    demanded=st.sampled_from([0.5, 0.8, 0.95]),
    confidence=st.sampled_from([0.5, 0.9, 0.95]),
)
def test_no_higher_threshold_keeps_the_bound(seed, demanded, confidence):
    label, score = drawn(seed)
    found = demanded_threshold(label, score, demanded=demanded, confidence=confidence)
    cases = score[label == 1]
    bounds = {t: bound(int((cases >= t).sum()), len(cases), confidence) for t in np.unique(cases)}
    good = [t for t, low in bounds.items() if low >= demanded]
    assert found.reached == bool(good)
    if good:
        below = score[score < max(good)]
        assert found.threshold == ((below.max() + max(good)) / 2 if len(below) else max(good))
    assert found.sensitivity["value"] == (cases >= found.threshold).mean()
    assert found.specificity["value"] == (score[label == 0] < found.threshold).mean()
    assert (found.cases, found.controls) == (len(cases), len(score) - len(cases))


@settings(max_examples=50, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    demanded=st.sampled_from([0.5, 0.8, 0.95]),
    confidence=st.sampled_from([None, 0.9]),
)
def test_a_specificity_is_the_sensitivity_of_the_mirrored_rows(seed, demanded, confidence):
    label, score = drawn(seed)
    wanted = {"demanded": demanded, "confidence": confidence}
    found = demanded_threshold(label, score, rule="specificity", **wanted)
    mirrored = demanded_threshold(1 - label, 1 - score, **wanted)
    assert found.specificity == mirrored.sensitivity and found.sensitivity == mirrored.specificity
    assert found.reached == mirrored.reached and found.rule == "specificity"
    assert found.threshold == pytest.approx(1 - mirrored.threshold, abs=1e-12)


@pytest.mark.parametrize("rule", ["sensitivity", "specificity"])
def test_the_bound_holds_in_as_many_samples_as_it_says(rule):
    """Scores of known distributions, so that the true sensitivity of each threshold is known."""
    rng = np.random.default_rng(0)
    kept = []
    for _ in range(1000):
        case, control = norm.cdf(rng.normal(1, 1, 80)), norm.cdf(rng.normal(-1, 1, 80))
        found = demanded_threshold(
            np.repeat([1, 0], 80), np.r_[case, control], rule=rule, demanded=0.9, confidence=0.9
        )
        at = norm.ppf(found.threshold)
        kept.append((norm.sf(at - 1) if rule == "sensitivity" else norm.cdf(at + 1)) >= 0.9)
    assert 0.89 < np.mean(kept) < 0.98


@pytest.mark.parametrize("cases,demanded", [(25, 0.9), (40, 0.95), (9, 0.9)])
def test_without_confidence_the_sensitivity_is_kept_on_average(cases, demanded):
    rng = np.random.default_rng(1)
    found = []
    for _ in range(1500):
        score = norm.cdf(np.r_[rng.normal(1, 1, cases), rng.normal(-1, 1, 300)])
        label = np.r_[np.ones(cases), np.zeros(300)]
        result = demanded_threshold(label, score, demanded=demanded, confidence=None)
        assert result.reached
        found.append(norm.sf(norm.ppf(result.threshold) - 1))
    assert demanded - 0.006 < np.mean(found) < demanded + 0.05


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), demanded=st.sampled_from([0.5, 0.8, 0.9]))
def test_without_confidence_the_lowest_case_called_is_an_order_statistic(seed, demanded):
    label, score = drawn(seed)
    found = demanded_threshold(label, score, demanded=demanded, confidence=None)
    cases = np.sort(score[label == 1])
    place = (len(cases) + 1) * round((1 - demanded) * 10) // 10
    assert found.reached == (place >= 1)
    assert cases[cases >= found.threshold][0] == cases[max(0, place - 1)]


def test_with_too_few_cases_the_plain_order_statistic_is_taken_and_said_so():
    rng = np.random.default_rng(2)
    label, score = np.repeat([1, 0], 58), rng.random(116)
    few = demanded_threshold(label, score)
    plain = demanded_threshold(label, score, confidence=None)
    assert not few.reached and plain.reached and few.threshold == plain.threshold
    assert few.sensitivity["count"] == 57
    enough = demanded_threshold(np.r_[label, 1], np.r_[score, 0.5])
    assert enough.reached and enough.sensitivity["count"] == 59


@pytest.mark.parametrize(
    "demanded,confidence", [(0.95, 0.95), (0.9, 0.95), (0.99, 0.5), (0.5, 0.5), (0.8, 0.9)]
)
def test_the_cases_needed_are_the_fewest_with_which_the_bound_can_be_reached(demanded, confidence):
    count = cases_needed(demanded, confidence)
    assert bound(count, count, confidence) >= demanded - 1e-9
    assert count == 1 or bound(count - 1, count - 1, confidence) < demanded
    score = np.linspace(0, 1, count)
    assert demanded_threshold(np.ones(count), score, demanded=demanded, confidence=confidence).reached


def test_a_tie_is_called_whole():
    label, score = np.r_[np.ones(99), 0], np.r_[np.full(30, 0.25), np.full(69, 0.75), 0.0]
    found = demanded_threshold(label, score, demanded=0.8, confidence=0.9)
    assert found.threshold == 0.125 and found.sensitivity["value"] == 1


def test_scores_next_to_each_other_are_parted_and_a_single_score_is_called():
    low = 0.5
    score = np.array([low, np.nextafter(low, 1)])
    found = demanded_threshold(np.array([0, 1]), score, demanded=0.5, confidence=None)
    assert found.decide(score).tolist() == [False, True]
    nobody = demanded_threshold(
        np.array([0, 0]), np.ones(2), rule="specificity", demanded=0.5, confidence=None
    )
    assert not nobody.decide(np.ones(2)).any()
    assert nobody.sensitivity == {"value": None, "low": None, "high": None, "count": 0, "of": 0}


def test_rows_without_a_label_are_left_out():
    label, score = drawn(5)
    unknown = np.r_[label, np.nan, np.nan], np.r_[score, 0.0, 1.0]
    assert demanded_threshold(*unknown) == demanded_threshold(label, score)


@pytest.mark.parametrize(
    "bad", [{"demanded": 1.0}, {"demanded": 0.0}, {"confidence": 1.0}, {"confidence": 0}, {"rule": "recall"}]
)
def test_settings_out_of_range_are_refused(bad):
    with pytest.raises(ValueError, match="expected"):
        demanded_threshold([0, 1], [0.2, 0.8], **bad)


def test_rows_that_cannot_teach_are_refused():
    for label, score in (([0, 0], [0.1, 0.2]), ([0, 2], [0.1, 0.2]), ([0, 1], [0.1, 1.2]), ([1], [0.1, 0.2])):
        with pytest.raises(ValueError):
            demanded_threshold(label, score)
    with pytest.raises(ValueError, match="needs controls"):
        demanded_threshold([1, 1], [0.1, 0.2], rule="specificity")


def test_what_is_written_is_read_again():
    for confidence in (0.9, None):
        found = demanded_threshold(*drawn(7), demanded=0.8, confidence=confidence)
        again = Operating.from_dict(json.loads(json.dumps(found.to_dict(), allow_nan=False)))
        assert again == found
