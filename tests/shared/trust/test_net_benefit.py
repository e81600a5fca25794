"""Decision curves against the definition, counted row by row."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.trust.net_benefit import decision_curve, default_thresholds, net_benefit


def drawn(seed, rows=60):
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, rows)
    return label, [rng.random(rows), rng.integers(0, 5, rows) / 5][int(rng.integers(2))]


def counted(label, score, threshold, weights):
    found = sum(w for y, p, w in zip(label, score, weights) if y == 1 and p >= threshold)
    alarms = sum(w for y, p, w in zip(label, score, weights) if y == 0 and p >= threshold)
    return (found - alarms * threshold / (1 - threshold)) / sum(weights)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_net_benefit_is_that_of_the_definition(seed):
    label, score = drawn(seed)
    weights = np.random.default_rng(seed).integers(0, 4, len(label)) + 0.5
    thresholds = [0.0, 0.2, 0.37, 0.4, 0.8, 0.99]
    for w in (None, weights):
        found = net_benefit(label, score, thresholds, weights=w)
        wanted = [counted(label, score, t, np.ones(len(label)) if w is None else w) for t in thresholds]
        np.testing.assert_allclose(found, wanted, atol=1e-9)


def test_treating_all_breaks_even_at_the_prevalence_and_none_is_nothing():
    label = np.repeat([0, 1], [70, 30])
    found = decision_curve(label, {"model": label.astype(float)}, thresholds=[0.1, 0.3, 0.5])
    np.testing.assert_allclose(found["curves"]["treat_all"], [0.3 - 0.7 / 9, 0, -0.4], atol=1e-12)
    assert found["curves"]["treat_none"] == [0, 0, 0]
    np.testing.assert_allclose(found["curves"]["model"], [0.3] * 3)


def test_a_calibrated_model_is_nowhere_worse_than_all_or_none():
    rng = np.random.default_rng(0)
    risk = rng.beta(1, 3, 20_000)
    curves = decision_curve(rng.random(20_000) < risk, {"model": risk}, resamples=2)["curves"]
    best = np.maximum(curves["treat_all"], 0)
    assert (np.array(curves["model"]) > best - 0.003).all()
    assert (np.array(curves["model"]) > best + 0.02).any()


def test_intervals_hold_the_curve_and_widen_where_patients_repeat():
    rng = np.random.default_rng(1)
    risk = np.repeat(rng.random(40), 6)
    label = np.repeat((rng.random(40) < risk[::6]).astype(int), 6)
    widths = []
    for groups in (None, np.repeat(np.arange(40), 6)):
        found = decision_curve(
            label, {"other": 1 - risk, "model": risk}, thresholds=[0.2, 0.5], groups=groups
        )
        low, curve, high = np.array(found["low"]), np.array(found["curves"]["model"]), np.array(found["high"])
        assert (low < curve).all() and (curve < high).all()
        widths.append((high - low).mean())
    assert widths[1] > 1.7 * widths[0]


def test_every_model_has_its_curve_and_json_can_hold_them():
    label, score = drawn(0)
    found = decision_curve(label, {"model": score, "rival": 1 - score}, resamples=5)
    assert set(found["curves"]) == {"model", "rival", "treat_all", "treat_none"}
    assert {len(curve) for curve in found["curves"].values()} == {len(found["threshold"]), len(found["low"])}
    json.dumps(found, allow_nan=False)
    np.testing.assert_allclose(
        decision_curve(label, {"rival": 1 - score}, resamples=5)["curves"]["rival"], found["curves"]["rival"]
    )


@pytest.mark.parametrize("prevalence,top", [(0.02, 0.2), (0.25, 0.5), (0.7, 0.8)])
def test_the_thresholds_reach_as_far_as_the_prevalence_makes_sense_of(prevalence, top):
    found = default_thresholds(np.arange(100) < 100 * prevalence)
    assert found[0] == 0.01 and found[-1] == pytest.approx(top) and len(found) == 50


def test_a_threshold_of_one_is_refused():
    with pytest.raises(ValueError, match="thresholds"):
        net_benefit([0, 1], [0.1, 0.9], [0.5, 1.0])
