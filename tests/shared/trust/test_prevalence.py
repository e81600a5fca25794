"""Risks at another prevalence against Bayes' rule on known densities, and against tables counted."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from shared.trust.prevalence import at_prevalence, estimate_prevalence, per_thousand, predictive_values

MEANS = np.array([-1.0, 0.5, 2.0])


def posterior(x, share):
    """Bayes' rule for three normal classes."""
    joint = np.asarray(share) * norm.pdf(x[:, None], MEANS)
    return joint / joint.sum(axis=1, keepdims=True)


def drawn(rng, rows, share):
    code = rng.choice(3, rows, p=share)
    return code, rng.normal(MEANS[code])


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_moved_probabilities_are_those_that_bayes_rule_gives_there(seed):
    rng = np.random.default_rng(seed)
    x, (prior, site) = rng.normal(0, 2, 40), rng.dirichlet([2, 2, 2], 2)
    np.testing.assert_allclose(at_prevalence(posterior(x, prior), prior, site), posterior(x, site), atol=1e-9)


def test_a_moved_risk_is_a_shift_of_the_log_odds():
    risk = np.linspace(0.01, 0.99, 50)
    moved = at_prevalence(risk, 0.4, 0.05)

    def logit(p):
        return np.log(p / (1 - p))

    np.testing.assert_allclose(logit(moved) - logit(risk), logit(0.05) - logit(0.4))
    both = at_prevalence(np.stack([1 - risk, risk], axis=1), [0.6, 0.4], [0.95, 0.05])
    np.testing.assert_allclose(both[:, 1], moved)
    np.testing.assert_allclose(at_prevalence(both, 0.05, 0.4)[:, 1], risk)
    np.testing.assert_allclose(at_prevalence(risk, 0.4, 0.4), risk)


def test_certain_risks_stay_certain_and_a_class_that_does_not_occur_is_ruled_out():
    assert at_prevalence(np.array([0.0, 1.0]), 0.5, 0.01).tolist() == [0, 1]
    moved = at_prevalence(np.array([[0.2, 0.3, 0.5], [0.0, 0.0, 1.0]]), [0.3, 0.3, 0.4], [0.5, 0.5, 0.0])
    np.testing.assert_allclose(moved, [[0.4, 0.6, 0], [0.5, 0.5, 0]])


@pytest.mark.parametrize("site", [(0.8, 0.15, 0.05), (0.1, 0.2, 0.7), (0.4, 0.3, 0.3)])
def test_the_prevalence_of_unlabelled_rows_is_found(site):
    rng = np.random.default_rng(0)
    code, x = drawn(rng, 20_000, site)
    prior = np.array([0.4, 0.3, 0.3])
    found = estimate_prevalence(posterior(x, prior), prior)
    assert found.sum() == pytest.approx(1)
    np.testing.assert_allclose(found, np.bincount(code) / len(code), atol=0.03)


def test_the_estimate_has_the_highest_likelihood():
    """EM ends where no other prevalence makes the rows likelier: tried on a grid."""
    rng = np.random.default_rng(1)
    x = rng.normal(np.where(rng.random(400) < 0.1, 1.0, -1.0))
    risk = 1 / (1 + np.exp(-2 * x))
    found = estimate_prevalence(risk, 0.5, steps=5000)[1]
    grid = np.linspace(0.001, 0.999, 999)
    likelihood = [np.log(q * risk + (1 - q) * (1 - risk)).sum() for q in grid]
    assert found == pytest.approx(grid[np.argmax(likelihood)], abs=0.001)


@settings(max_examples=50, deadline=None)
@given(cells=st.lists(st.integers(1, 500), min_size=4, max_size=4))
def test_predictive_values_and_numbers_of_a_thousand_are_those_of_the_table(cells):
    found, missed, alarms, cleared = cells
    rows, sick = sum(cells), found + missed
    given = found / sick, cleared / (alarms + cleared), sick / rows
    ppv, npv = predictive_values(*given)
    assert ppv == pytest.approx(found / (found + alarms)) and npv == pytest.approx(
        cleared / (cleared + missed)
    )
    thousand = per_thousand(*given)
    for name, count in {
        "sick": sick,
        "found": found,
        "missed": missed,
        "false_alarms": alarms,
        "cleared": cleared,
    }.items():
        assert thousand[name] == pytest.approx(1000 * count / rows)


def test_predictive_values_take_arrays_and_have_no_value_without_calls():
    ppv, npv = predictive_values(0.9, 0.8, np.array([0.0, 0.5, 1.0]))
    np.testing.assert_allclose(ppv, [0, 0.45 / 0.55, 1])
    np.testing.assert_allclose(npv, [1, 0.4 / 0.45, 0])
    ppv, npv = predictive_values(0.0, 1.0, 0.1)
    assert np.isnan(ppv) and npv == pytest.approx(0.9)


def test_shares_that_are_none_are_refused():
    risk, p = np.array([0.2]), np.array([[0.2, 0.3, 0.5]])
    for bad in ((risk, 0.0, 0.1), (risk, 0.5, 1.1), (p, 0.5, 0.1), (p, [0.3, 0.3, 0.3], [0.2, 0.3, 0.5])):
        with pytest.raises(ValueError):
            at_prevalence(*bad)
    with pytest.raises(ValueError, match="probabilities"):
        at_prevalence(np.array([1.2]), 0.5, 0.5)
    with pytest.raises(ValueError, match="rows"):
        estimate_prevalence(np.empty((0, 3)), [0.3, 0.3, 0.4])
    with pytest.raises(ValueError, match="share"):
        per_thousand(1.2, 0.5, 0.5)
