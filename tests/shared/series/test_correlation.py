"""Correlations of past errors: found where they are, not found where they are not, always usable."""

import numpy as np
import pytest
from scipy.stats import norm, poisson

from shared.series.correlation import error_correlation

QUANTILES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


def drawn(rows=3000, steps=5, memory=0.7, seed=0):
    """Outcomes of normal forecasts, with a correlation of memory^|i - j|."""
    rng = np.random.default_rng(seed)
    matrix = memory ** np.abs(np.subtract.outer(np.arange(steps), np.arange(steps)))
    scores = rng.multivariate_normal(np.zeros(steps), matrix, rows)
    mean, spread = rng.uniform(50, 500, (rows, steps)), rng.uniform(5, 20, (rows, steps))
    forecast = mean[..., None] + spread[..., None] * norm.ppf(QUANTILES)
    return mean + spread * scores, forecast, matrix


@pytest.mark.parametrize("memory", [0.0, 0.4, 0.9])
def test_the_correlation_that_is_there_is_found(memory):
    truth, forecast, matrix = drawn(memory=memory)
    assert np.allclose(error_correlation(truth, forecast, QUANTILES), matrix, atol=0.06)


def test_unknown_outcomes_are_left_out():
    truth, forecast, matrix = drawn()
    truth[np.random.default_rng(1).random(truth.shape) < 0.4] = np.nan
    assert np.allclose(error_correlation(truth, forecast, QUANTILES), matrix, atol=0.08)


def test_few_outcomes_lead_to_little_correlation():
    for rows in (0, 1, 2, 12):
        truth, forecast, _ = drawn(rows=rows, memory=0.0)
        found = error_correlation(truth, forecast, QUANTILES)
        assert np.abs(found - np.eye(5)).max() < 0.5
    truth, forecast, _ = drawn(rows=1)
    assert np.array_equal(error_correlation(truth, forecast, QUANTILES), np.eye(5))


@pytest.mark.parametrize("rows", [3, 10, 40])
def test_the_matrix_is_always_positive_definite(rows):
    for seed in range(5):
        truth, forecast, _ = drawn(rows=rows, steps=28, memory=0.98, seed=seed)
        truth[np.random.default_rng(seed).random(truth.shape) < 0.3] = np.nan
        found = error_correlation(truth, forecast, QUANTILES)
        assert np.linalg.eigvalsh(found)[0] > 0 and np.allclose(np.diag(found), 1)
        assert np.array_equal(found, found.T)


def test_outcomes_far_outside_and_flat_forecasts_are_taken():
    truth = np.array([[0.0, 1e9], [5.0, -1e9], [0.0, 0.0]] * 20)
    forecast = np.zeros((60, 2, 11))
    forecast[:30] += np.arange(11)
    found = error_correlation(truth, forecast, QUANTILES)
    assert np.isfinite(found).all()


def test_rare_sales_that_go_together_are_seen_to():
    rng = np.random.default_rng(0)
    busy = rng.gamma(0.5, 2.0, (4000, 1))
    truth = rng.poisson(np.broadcast_to(busy, (4000, 3))).astype(float)
    alone = rng.permuted(truth, axis=0)
    values = poisson.ppf(np.arange(1, 4000)[:, None] / 4000, rng.gamma(0.5, 2.0, (1, 50)))
    forecast = np.tile(np.quantile(values, QUANTILES), (4000, 3, 1))
    assert error_correlation(truth, forecast, QUANTILES)[0, 1] > 0.3
    assert abs(error_correlation(alone, forecast, QUANTILES)[0, 1]) < 0.05


def test_another_shape_is_refused():
    truth, forecast, _ = drawn(rows=5)
    with pytest.raises(ValueError, match="y_true must be"):
        error_correlation(truth[:, :3], forecast, QUANTILES)
