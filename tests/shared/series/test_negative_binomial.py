"""Quantiles of counts are whole numbers, and the same as SciPy's."""

import numpy as np
import pytest
from scipy.stats import nbinom

from shared.series.negative_binomial import negative_binomial_quantile, not_exceeded


def drawn(low, high, count=3000):
    rng = np.random.default_rng(0)
    mean = np.exp(rng.uniform(np.log(low), np.log(high), count))
    return rng.uniform(0.001, 0.999, count), mean, np.exp(rng.uniform(np.log(1e-3), np.log(10), count))


@pytest.mark.parametrize(("low", "high"), [(1e-9, 1), (1, 100), (100, 1e4)])
def test_quantiles_are_those_of_scipy(low, high):
    level, mean, alpha = drawn(low, high)
    expected = nbinom.ppf(level, 1 / alpha, 1 / (1 + alpha * mean))
    np.testing.assert_array_equal(negative_binomial_quantile(level, mean, alpha), expected)


def test_nearly_poisson_counts_have_the_quantiles_of_scipy():
    level, mean, _ = drawn(0.1, 1000)
    alpha = np.full(len(mean), 1e-6)
    expected = nbinom.ppf(level, 1 / alpha, 1 / (1 + alpha * mean))
    np.testing.assert_array_equal(negative_binomial_quantile(level, mean, alpha), expected)


def test_a_quantile_is_the_first_number_whose_chance_reaches_the_level():
    level, mean, alpha = drawn(0.5, 500)
    found = negative_binomial_quantile(level, mean, alpha)
    assert (not_exceeded(found, mean, alpha) >= level).all()
    above = found > 0
    below = not_exceeded(found[above] - 1, mean[above], alpha[above])
    assert (below < level[above]).all() and above.mean() > 0.5


def test_levels_spread_over_means_of_another_shape():
    found = negative_binomial_quantile(np.array([0.1, 0.9]), np.full((3, 1), 4.0), np.full((3, 1), 0.5))
    assert found.tolist() == [[0.0, 9.0]] * 3


def test_quantiles_of_millions_are_those_of_scipy_but_for_a_piece():
    level, mean, alpha = drawn(1e4, 1e6)
    expected = nbinom.ppf(level, 1 / alpha, 1 / (1 + alpha * mean))
    found = negative_binomial_quantile(level, mean, alpha)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert (found == expected).mean() > 0.99
