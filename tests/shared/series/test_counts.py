"""Quantiles of counts against drawn pieces, and means against integrals."""

import numpy as np
import pytest
from scipy.stats import nbinom, poisson

from shared.series.counts import count_quantiles, mean_of

LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)


def quantiles(*parameters, levels=LEVELS):
    """Of one series, member and step."""
    return count_quantiles(np.array([[[parameters]]]), levels)[0, 0]


@pytest.mark.parametrize("mean, alpha", [(0.2, 0.1), (0.7, 2.0), (4.0, 0.5), (30.0, 0.05), (300.0, 1.0)])
def test_quantiles_are_those_of_drawn_pieces(mean, alpha):
    rng = np.random.default_rng(0)
    pieces = rng.poisson(mean * rng.gamma(1 / alpha, alpha, 400_000))
    assert np.var(pieces) == pytest.approx(mean + alpha * mean**2, rel=0.05)
    found = quantiles(mean, alpha)
    assert np.array_equal(found, np.round(found))
    for level, quantile in zip(LEVELS, found):  # the smallest number with so many at or below it
        assert (pieces <= quantile).mean() > level - 0.003
        assert quantile == 0 or (pieces < quantile).mean() < level + 0.003


@pytest.mark.parametrize("logit, mean, alpha", [(-2.0, 5.0, 0.3), (0.0, 3.0, 1.0), (2.5, 20.0, 0.1)])
def test_zeros_beyond_those_of_the_counts_are_counted_in(logit, mean, alpha):
    rng = np.random.default_rng(1)
    pieces = rng.poisson(mean * rng.gamma(1 / alpha, alpha, 400_000))
    pieces[rng.random(len(pieces)) < 1 / (1 + np.exp(-logit))] = 0
    for level, quantile in zip(LEVELS, quantiles(mean, alpha, logit)):
        assert (pieces <= quantile).mean() > level - 0.003
        assert quantile == 0 or (pieces < quantile).mean() < level + 0.003


def test_without_further_zeros_the_two_heads_agree():
    np.testing.assert_array_equal(quantiles(5.0, 0.4, -30.0), quantiles(5.0, 0.4))
    assert quantiles(5.0, 0.4, 30.0).tolist() == [0.0] * len(LEVELS)


def test_a_shape_of_nothing_is_a_poisson():
    np.testing.assert_array_equal(quantiles(7.0, 0.0), poisson.ppf(LEVELS, 7))


def test_members_are_averaged_quantile_by_quantile():
    parameters = np.array([[[[2.0, 0.5]], [[8.0, 0.1]], [[40.0, 1.0]]]])
    each = [count_quantiles(parameters[:, [member]], LEVELS) for member in range(3)]
    np.testing.assert_allclose(count_quantiles(parameters, LEVELS), np.mean(each, axis=0))


def test_every_series_and_step_has_its_own():
    rng = np.random.default_rng(2)
    parameters = np.stack([rng.gamma(1, 5, (4, 1, 3)), rng.gamma(2, 0.3, (4, 1, 3))], axis=-1)
    found = count_quantiles(parameters, LEVELS)
    assert found.shape == (4, 3, len(LEVELS)) and found.dtype == np.float64
    for series in range(4):
        for step in range(3):
            mean, alpha = parameters[series, 0, step]
            expected = nbinom.ppf(LEVELS, 1 / alpha, 1 / (1 + alpha * mean))
            np.testing.assert_array_equal(found[series, step], expected)


@pytest.mark.parametrize("extra", [(), (-40.0,), (0.0,), (40.0,)])
def test_extreme_parameters_give_rising_numbers(extra):
    for mean in (0.0, 1e-12, 1e-3, 1e6):
        for alpha in (0.0, 1e-6, 1e-3, 5.0, 1e3):
            found = quantiles(mean, alpha, *extra)
            assert np.isfinite(found).all() and (np.diff(found) >= 0).all() and found[0] >= 0, (mean, alpha)


# -- the mean


@pytest.mark.parametrize("levels", [(0.1, 0.5, 0.9), LEVELS, (0.3, 0.5), tuple(np.linspace(0.01, 0.99, 99))])
@pytest.mark.parametrize("low, high", [(0.0, 1.0), (20.0, 80.0), (-9.0, 3.0)])
def test_the_mean_of_a_uniform_is_exact(levels, low, high):
    forecast = low + (high - low) * np.asarray(levels)
    assert mean_of(forecast[None, None], levels)[0, 0] == pytest.approx((low + high) / 2)


def test_the_mean_of_quantiles_in_straight_pieces_is_their_area():
    levels, ends = np.array([0.1, 0.3, 0.5, 0.9]), np.array([4.0, 5.0, 20.0, 21.0])
    slope = np.diff(ends) / np.diff(levels)
    at = (np.arange(100_000) + 0.5) / 100_000
    values = np.interp(at, levels, ends)
    values = np.where(at < 0.1, ends[0] + (at - 0.1) * slope[0], values)
    values = np.where(at > 0.9, ends[-1] + (at - 0.9) * slope[-1], values)
    assert mean_of(ends[None, None], levels)[0, 0] == pytest.approx(values.mean(), rel=1e-6)


def test_demand_does_not_go_below_nothing_on_the_way_down():
    steep = np.array([[[0.0, 50.0, 60.0]]])
    assert mean_of(steep, (0.2, 0.5, 0.8))[0, 0] == pytest.approx(25 * 0.3 + 55 * 0.3 + 0.2 * (60 + 10 / 3))
    below = np.array([[[-1.0, 50.0, 60.0]]])  # of what can be below nothing it goes on
    assert mean_of(below, (0.2, 0.5, 0.8))[0, 0] < mean_of(steep, (0.2, 0.5, 0.8))[0, 0] - 2


def test_the_mean_of_a_certain_forecast_is_itself_and_that_of_a_normal_its_middle():
    from scipy.stats import norm

    assert mean_of(np.full((2, 3, 3), 7.0), (0.1, 0.5, 0.9)) == pytest.approx(np.full((2, 3), 7.0))
    forecast = (100 + 10 * norm.ppf(LEVELS))[None, None]
    assert mean_of(forecast, LEVELS)[0, 0] == pytest.approx(100)
