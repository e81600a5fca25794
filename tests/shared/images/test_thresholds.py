"""Thresholds of an inspection against all thresholds tried one by one."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.images.thresholds import (
    Inspection,
    few_good,
    inspection_thresholds,
    known_false_rejects,
    threshold_by_cost,
    threshold_for_escapes,
    threshold_for_false_rejects,
)


def drawn(seed, *, fewest=1):
    """Labels of both kinds and scores, now distinct, now full of ties."""
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(fewest + 1, 40))
    label = (rng.random(rows) < 0.4).astype(float)
    label[:2] = 0, 1
    return label, [rng.random(rows), rng.integers(0, 6, rows) / 5][int(rng.integers(2))]


def rates(label, score, threshold):
    return (score[label == 1] < threshold).mean(), (score[label == 0] >= threshold).mean()


each = settings(max_examples=200, deadline=None)
seeds, limits = st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.01, 0.1, 0.3, 0.9])


@each
@given(seed=seeds, most=limits)
def test_false_reject_limit_is_kept_and_no_threshold_within_it_catches_more(seed, most):
    label, score = drawn(seed)
    escapes, rejects = rates(label, score, threshold_for_false_rejects(label, score, most))
    assert rejects <= most + 1e-9
    others = [rates(label, score, other) for other in [*np.unique(score), 2.0]]
    assert escapes == min(escape for escape, reject in others if reject <= most + 1e-9)


@each
@given(seed=seeds, most=limits)
def test_escape_limit_is_kept_and_no_threshold_within_it_wastes_less(seed, most):
    label, score = drawn(seed)
    escapes, rejects = rates(label, score, threshold_for_escapes(label, score, most))
    assert escapes <= most + 1e-9
    others = [rates(label, score, other) for other in [*np.unique(score), 2.0]]
    assert rejects == min(reject for escape, reject in others if escape <= most + 1e-9)


@each
@given(seed=seeds, costs=st.tuples(*[st.integers(0, 50)] * 3))
def test_cost_rule_finds_the_cheapest_thresholds_with_and_without_a_second_look(seed, costs):
    label, score = drawn(seed)
    escape, reject, again = costs
    edges = [0.0, *np.unique(score), 2.0]

    def spent(found):
        answer = found.decide(score)
        return (
            escape * ((answer == "accept") & (label == 1)).sum()
            + reject * ((answer == "reject") & (label == 0)).sum()
            + again * (answer == "again").sum()
        )

    settings_ = {"rule": "cost", "escape_cost": escape, "false_reject_cost": reject}
    one = inspection_thresholds(label, score, **settings_)
    two = inspection_thresholds(label, score, **settings_, look_again_cost=again)
    assert one.again == one.reject == threshold_by_cost(label, score, escape, reject)
    assert spent(one) == min(spent(Inspection(edge, edge)) for edge in edges)
    assert spent(two) == min(spent(Inspection(low, high)) for high in edges for low in edges if low <= high)


@each
@given(seed=seeds, rule=st.sampled_from(["false_rejects", "escapes"]), most=st.tuples(limits, limits))
def test_with_a_second_look_both_limits_are_kept(seed, rule, most):
    label, score = drawn(seed)
    found = inspection_thresholds(
        label, score, rule=rule, most_false_rejects=most[0], most_escapes=most[1], look_again_cost=1.0
    )
    answer = found.decide(score)
    assert found.again <= found.reject
    assert (answer[label == 0] == "reject").mean() <= most[0] + 1e-9
    assert (answer[label == 1] == "accept").mean() <= most[1] + 1e-9


def test_where_scores_part_the_classes_nobody_looks_again():
    label, score = np.array([0, 0, 0, 1, 1]), np.array([0.1, 0.2, 0.3, 0.7, 0.9])
    for rule in ("false_rejects", "escapes", "cost"):
        found = inspection_thresholds(label, score, rule=rule, look_again_cost=1.0)
        assert "again" not in found.decide(score)
        assert found.reject == pytest.approx(0.5)


@pytest.mark.parametrize("again", [None, 1.0])
def test_good_photos_alone_give_a_reject_threshold(again):
    score = np.linspace(0, 0.5, 201)
    found = inspection_thresholds(np.zeros(201), score, look_again_cost=again)
    assert found.again == found.reject
    assert (score >= found.reject).sum() == 2
    assert found.known == known_false_rejects(score, found.reject)


def test_with_few_good_photos_the_threshold_lies_above_all_of_them_and_says_what_it_keeps():
    score = np.linspace(0, 0.5, 30)
    found = inspection_thresholds(np.zeros(30), score)
    assert not (score >= found.reject).any() and found.decide([0.6]) == "reject"
    assert found.known == pytest.approx(1 - 0.05 ** (1 / 30))  # none of 30
    assert "30" in few_good(np.zeros(30), 0.01)["en"] and "100" in few_good(np.zeros(30), 0.01)["zh"]
    assert few_good(np.zeros(100), 0.01) is None


def test_the_known_rate_is_kept_nineteen_times_in_twenty():
    """Thresholds chosen on 60 good photos of which the true rate is known."""
    rng, kept = np.random.default_rng(0), []
    for _ in range(1500):
        score = rng.random(60)
        found = inspection_thresholds(np.zeros(60), score, most_false_rejects=0.05)
        kept.append(1 - found.reject <= found.known)
    assert np.mean(kept) > 0.94


def test_photos_without_a_known_class_do_not_count():
    label, score = np.array([0, 0, 1, np.nan]), np.array([0.1, 0.2, 0.8, 0.21])
    assert threshold_for_false_rejects(label, score, 0) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("label", "score", "rule", "text"),
    [
        ([1, 1], [0.1, 0.2], "false_rejects", "good parts"),
        ([0, 0], [0.1, 0.2], "escapes", "defects"),
        ([0, 1], [0.1, 1.2], "cost", r"\[0, 1\]"),
        ([0, 1], [0.1], "cost", "as many"),
        ([np.nan], [0.1], "cost", "known"),
        ([0, 1], [0.1, 0.2], "best", "expected the rule"),
    ],
)
def test_what_no_threshold_can_be_chosen_on_is_refused(label, score, rule, text):
    with pytest.raises(ValueError, match=text):
        inspection_thresholds(np.array(label), np.array(score), rule=rule)


def test_thresholds_survive_json_unrounded():
    found = inspection_thresholds(np.zeros(7), np.linspace(0, 1 / 3, 7))
    assert Inspection.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def test_neighbours_in_floating_point_are_still_parted():
    low = 0.3
    label, score = np.array([0, 1]), np.array([low, np.nextafter(low, 1)])
    for threshold in (threshold_for_false_rejects(label, score, 0), threshold_for_escapes(label, score, 0)):
        assert rates(label, score, threshold) == (0, 0)
