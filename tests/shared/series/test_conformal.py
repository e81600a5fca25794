"""Intervals that said too little or too much cover what they say, and the median stays."""

import json

import numpy as np
import pytest
from scipy.stats import norm

from shared.series.conformal import FEWEST, Conformal, fit_conformal

LEVELS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
PAIRS = [(low, high) for low, high in zip(range(5), range(10, 5, -1))]


def drawn(series, claimed, seed=0, steps=4):
    """Outcomes with a spread of a tenth of their mean, and forecasts that claim `claimed` times as much."""
    rng = np.random.default_rng(seed)
    mean = rng.uniform(10, 1000, (series, steps))
    truth = mean * (1 + 0.1 * rng.normal(size=mean.shape))
    return truth, mean[..., None] * (1 + 0.1 * claimed * norm.ppf(LEVELS))


@pytest.mark.parametrize("claimed", [0.3, 1.0, 4.0])
def test_the_coverage_of_a_miscalibrated_forecast_becomes_what_it_says(claimed):
    correct = fit_conformal(*drawn(2000, claimed), LEVELS)
    truth, forecast = drawn(2000, claimed, seed=1)
    found = correct(forecast)
    for low, high in PAIRS:
        inside = (found[..., low] <= truth) & (truth <= found[..., high])
        assert inside.mean() == pytest.approx(LEVELS[high] - LEVELS[low], abs=0.025)


def test_with_few_outcomes_at_least_so_many_are_covered_on_average():
    """What the paper proves: the mean over many corrections is at or just above the level."""
    found = []
    for seed in range(200):
        correct = fit_conformal(*drawn(10, 0.5, seed=seed), LEVELS)
        truth, forecast = drawn(50, 0.5, seed=1000 + seed)
        said = correct(forecast)
        found.append(((said[..., 1] <= truth) & (truth <= said[..., 9])).mean())
    assert 0.78 < np.mean(found) < 0.84


@pytest.mark.parametrize("claimed", [0.3, 4.0])
def test_the_median_stays(claimed):
    _, forecast = drawn(100, claimed)
    correct = fit_conformal(*drawn(500, claimed), LEVELS)
    np.testing.assert_array_equal(correct(forecast)[..., 5], forecast[..., 5])
    assert correct.shift[5] == 0 and np.allclose(correct.shift, -np.array(correct.shift[::-1]))


def test_the_median_stays_where_an_interval_to_one_side_shrinks():
    """Of a forecast from 0 over 1 to 20, ends that move in by 9.5 would both pass the median."""
    rng = np.random.default_rng(0)
    forecast = np.tile([0.0, 1.0, 20.0], (400, 1, 1))
    correct = fit_conformal(rng.uniform(9.6, 10.4, (400, 1)), forecast, (0.1, 0.5, 0.9))
    assert correct.shift[2] < -0.9
    low, middle, high = correct(forecast)[0, 0]
    assert middle == 1 and low <= middle <= high < 12


def test_the_shift_is_the_quantile_of_how_far_outcomes_lie_beyond():
    truth, forecast = drawn(50, 0.5)
    correct = fit_conformal(truth, forecast, LEVELS)
    unit = (forecast[..., 9] - forecast[..., 1]) / 2
    for low, high in PAIRS:
        beyond = np.maximum(forecast[..., low] - truth, truth - forecast[..., high]) / unit
        wanted = (LEVELS[high] - LEVELS[low]) * 201 / 200
        assert correct.shift[high] == pytest.approx(np.quantile(beyond, wanted))
        assert correct.shift[low] == -correct.shift[high]
    np.testing.assert_allclose(correct(forecast)[..., 9], forecast[..., 9] + correct.shift[9] * unit)


def test_few_outcomes_correct_nothing():
    truth, forecast = drawn(FEWEST, 0.3, steps=2)
    truth[:, 0], truth[0, 1] = np.nan, np.nan
    correct = fit_conformal(truth, forecast, LEVELS)
    assert correct == Conformal(LEVELS, None, FEWEST - 1)
    np.testing.assert_array_equal(correct(forecast), forecast)
    truth[0, 0] = 5.0
    assert fit_conformal(truth, forecast, LEVELS).shift is not None
    nothing = fit_conformal(np.empty((0, 2)), np.empty((0, 2, 11)), LEVELS)
    assert nothing.outcomes == 0 and nothing.shift is None


def test_unknown_outcomes_are_left_out():
    truth, forecast = drawn(100, 0.5)
    more = np.concatenate([truth, np.full((50, 4), np.nan)])
    said = np.concatenate([forecast, np.full((50, 4, 11), 1e6)])
    assert fit_conformal(more, said, LEVELS) == fit_conformal(truth, forecast, LEVELS)


@pytest.mark.parametrize("seed", range(5))
def test_quantiles_never_cross(seed):
    rng = np.random.default_rng(seed)
    forecast = np.sort(rng.gamma(0.3, 5.0, (60, 3, 11)), axis=-1)
    forecast[:20] = forecast[:20, :, :1]  # said to be certain
    truth = rng.gamma(0.3, 5.0 * 10.0 ** rng.integers(-2, 2), (60, 3))
    found = fit_conformal(truth, forecast, LEVELS)(forecast, lowest=0.0)
    assert np.isfinite(found).all() and (np.diff(found, axis=-1) >= 0).all() and found.min() >= 0


def test_nothing_lies_below_the_lowest_and_without_one_it_may():
    correct = Conformal((0.1, 0.5, 0.9), [-2.0, 0.0, 2.0], 100)
    forecast = np.array([[[1.0, 2.0, 3.0]]])
    assert correct(forecast).tolist() == [[[-1.0, 2.0, 5.0]]]
    assert correct(forecast, lowest=0.0).tolist() == [[[0.0, 2.0, 5.0]]]
    assert Conformal((0.1, 0.5, 0.9))(forecast - 4, lowest=0.0).tolist() == [[[0.0, 0.0, 0.0]]]


def test_a_quantile_without_its_opposite_stays():
    levels = (0.1, 0.5, 0.75, 0.9)
    rng = np.random.default_rng(0)
    forecast = np.tile(10 + 0.3 * norm.ppf(levels), (300, 1, 1))
    correct = fit_conformal(rng.normal(10, 1, (300, 1)), forecast, levels)
    assert correct.shift[1] == correct.shift[2] == 0 and correct.shift[3] > 1


def test_a_certain_forecast_that_is_wrong_is_widened():
    truth = np.random.default_rng(0).normal(10, 1, (500, 1))
    found = fit_conformal(truth, np.full((500, 1, 3), 10.0), (0.1, 0.5, 0.9))(np.full((1, 1, 3), 10.0))
    np.testing.assert_allclose(found[0, 0], [10 - 1.28, 10, 10 + 1.28], atol=0.2)


def test_what_is_written_is_read_again():
    for correct in (fit_conformal(*drawn(100, 0.5), LEVELS), Conformal(LEVELS)):
        again = Conformal.from_dict(json.loads(json.dumps(correct.to_dict())))
        assert again == correct
        _, forecast = drawn(3, 0.5)
        np.testing.assert_array_equal(again(forecast), correct(forecast))
