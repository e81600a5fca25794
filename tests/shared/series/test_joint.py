"""Any level of a forecast, and sums of several steps, against what is known of normal and exponential demand."""

import numpy as np
import pytest
from scipy.stats import expon, gamma, norm

from shared.series import joint
from shared.series.joint import expected, interpolated, sums

QUANTILES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
DENSE = tuple(np.r_[0.005, np.arange(1, 100) / 100, 0.995].tolist())


def normal(steps, mean=100.0, spread=10.0, quantiles=DENSE, series=1):
    return np.tile(norm.ppf(quantiles, mean, spread), (series, steps, 1))


def some(series=40, steps=6, seed=0):
    """Rising forecasts of all kinds, some of them flat."""
    rng = np.random.default_rng(seed)
    rises = rng.exponential(1, (series, steps, len(QUANTILES))) * rng.integers(0, 2, (series, steps, 1))
    return rng.uniform(0, 5, (series, steps, 1)) + rises.cumsum(axis=2)


def test_the_quantiles_themselves_and_the_lines_between_them_are_met():
    forecast = some()
    for place, level in enumerate(QUANTILES):
        assert np.allclose(interpolated(QUANTILES, forecast, level), forecast[..., place])
    middle = interpolated(QUANTILES, forecast, 0.55)
    assert np.allclose(middle, forecast[..., 5:7].mean(axis=-1))


def test_the_forecast_never_falls_as_the_level_rises():
    levels = np.r_[1e-6, np.linspace(0.001, 0.999, 200), 1 - 1e-6]
    values = np.stack([interpolated(QUANTILES, some(), level) for level in levels])
    assert (np.diff(values, axis=0) >= -1e-12).all()


def test_tails_are_exact_for_exponential_demand_and_close_for_normal_demand():
    forecast = expon.ppf(QUANTILES)[None, None, :]
    assert interpolated(QUANTILES, forecast, 0.999)[0, 0] == pytest.approx(expon.ppf(0.999))
    bell = normal(1, quantiles=QUANTILES)
    assert interpolated(QUANTILES, bell, 0.99)[0, 0] == pytest.approx(norm.ppf(0.99, 100, 10), abs=2)
    assert interpolated(QUANTILES, bell, 0.01)[0, 0] == pytest.approx(norm.ppf(0.01, 100, 10), abs=2)


def test_each_series_can_have_its_own_level_and_nothing_is_below_the_lowest():
    forecast = some(series=3)
    found = interpolated(QUANTILES, forecast, np.array([0.02, 0.33, 0.97]))
    for row, level in enumerate((0.02, 0.33, 0.97)):
        assert np.array_equal(found[row], interpolated(QUANTILES, forecast[row : row + 1], level)[0])
    assert interpolated(QUANTILES, forecast - 50, 0.5, lowest=0.0).min() == 0


def test_what_does_not_fit_is_said():
    forecast = some()
    with pytest.raises(ValueError, match=r"levels must lie within \(0, 1\), found 1.0"):
        interpolated(QUANTILES, forecast, 1.0)
    with pytest.raises(ValueError, match=r"forecast must be `\(series, horizon, 11\)`"):
        interpolated(QUANTILES, forecast[0], 0.5)
    with pytest.raises(ValueError, match="rise within"):
        interpolated((0.5, 0.1), forecast, 0.5)
    with pytest.raises(ValueError, match="steps must be 1 to 6"):
        sums(forecast, QUANTILES, np.eye(6), 7)
    with pytest.raises(ValueError, match="draws must be at least 8"):
        sums(forecast, QUANTILES, np.eye(6), 6, draws=7)
    with pytest.raises(ValueError, match="correlation must be"):
        sums(forecast, QUANTILES, np.eye(4), 6)


@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.8])
def test_sums_of_normal_demand_have_the_known_spread(correlation):
    matrix = np.full((8, 8), correlation) + (1 - correlation) * np.eye(8)
    levels = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
    found = sums(normal(8), DENSE, matrix, 8, levels=levels, draws=1024)[0]
    spread = 10 * np.sqrt(8 + 56 * correlation)
    assert np.allclose(found, norm.ppf(levels, 800, spread), atol=0.1 * spread)
    few = np.mean(
        [sums(normal(8), DENSE, matrix, 8, levels=levels, seed=seed)[0] for seed in range(8)], axis=0
    )
    assert np.allclose(few, norm.ppf(levels, 800, spread), atol=0.08 * spread)


def test_steps_that_always_go_together_add_up_quantile_by_quantile():
    forecast = some()
    found = sums(forecast, QUANTILES, np.ones((6, 6)), 6, draws=2000)
    assert np.allclose(found, forecast.sum(axis=1), rtol=1e-2, atol=1e-2)


def test_sums_of_independent_exponential_demand_are_gamma():
    forecast = np.tile(expon.ppf(DENSE), (1, 5, 1))
    found = sums(forecast, DENSE, np.eye(5), 5, levels=(0.2, 0.5, 0.8, 0.95), draws=2048)[0]
    assert np.allclose(found, gamma.ppf((0.2, 0.5, 0.8, 0.95), 5), rtol=0.05)


def test_one_step_is_its_own_sum_and_steps_can_be_chosen():
    forecast, matrix = some(), np.full((6, 6), 0.5) + 0.5 * np.eye(6)
    for level in (0.1, 0.5, 0.85):
        alone = sums(forecast, QUANTILES, matrix, [3], levels=[level], draws=512)[:, 0]
        assert np.allclose(alone, interpolated(QUANTILES, forecast, level)[:, 3], atol=0.05)
    assert np.array_equal(
        sums(forecast, QUANTILES, matrix, slice(2, 5)), sums(forecast, QUANTILES, matrix, [2, 3, 4])
    )
    assert np.array_equal(sums(forecast, QUANTILES, matrix, 2), sums(forecast, QUANTILES, matrix, [0, 1]))


def test_sums_rise_with_the_level_and_are_the_same_each_time():
    forecast = some()
    found = sums(forecast, QUANTILES, np.eye(6), 6, levels=np.linspace(0.01, 0.99, 50))
    assert (np.diff(found, axis=1) >= 0).all() and found.min() >= 0
    assert np.array_equal(found, sums(forecast, QUANTILES, np.eye(6), 6, levels=np.linspace(0.01, 0.99, 50)))


def test_series_a_few_at_a_time_give_the_same_sums_and_means(monkeypatch):
    forecast = some(series=101)
    whole = sums(forecast, QUANTILES, np.eye(6), 6), expected(QUANTILES, forecast)
    monkeypatch.setattr(joint, "AT_ONCE", 256 * 7)
    parts = sums(forecast, QUANTILES, np.eye(6), 6), expected(QUANTILES, forecast)
    assert all(np.allclose(one, other, rtol=1e-12) for one, other in zip(whole, parts))


def test_the_memory_in_use_does_not_grow_with_the_draws_of_all_series():
    import tracemalloc

    forecast = np.ones((20_000, 3, 3), np.float32) * np.arange(3, dtype=np.float32)
    tracemalloc.start()
    sums(forecast, (0.1, 0.5, 0.9), np.eye(3), 3, levels=[0.9])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * 20_000 * 256  # of one array, were all series drawn at once; there would be three


def test_the_mean_is_that_of_the_distribution():
    assert expected(DENSE, normal(2))[0, 1] == pytest.approx(100, abs=0.05)
    assert expected(DENSE, np.tile(expon.ppf(DENSE), (1, 1, 1)))[0, 0] == pytest.approx(1, abs=0.01)
    assert (expected(QUANTILES, some() - 100) >= 0).all()
