"""Gaps are bridged by what came before them, and quantiles of errors are those of a sorted list."""

import numpy as np
import pytest

from shared.series.gaps import filled, known_before, seasonal_differences
from shared.series.residuals import recent_level, sorted_quantiles


@pytest.mark.parametrize("season", [1, 3, 7])
def test_filled_equals_a_loop(season):
    rng = np.random.default_rng(season)
    history = rng.normal(size=(8, 31))
    history[rng.random(history.shape) < 0.5] = np.nan
    found = filled(history, season)
    for row, values in zip(found, history):
        for step in range(31):
            same = [values[at] for at in range(step % season, step + 1, season) if np.isfinite(values[at])]
            whole = [row[at] for at in range(step) if np.isfinite(row[at])]
            expected = same[-1] if same else whole[-1] if whole else np.nan
            np.testing.assert_equal(row[step], expected)


def test_steps_before_the_start_are_not_known():
    target = np.ones((2, 4), np.float32)
    assert np.isfinite(known_before(target, np.array([0, 5]), 3)).sum(axis=1).tolist() == [3, 0]
    assert (target == 1).all()


def test_differences_of_a_history_shorter_than_the_season_are_none():
    assert seasonal_differences(np.ones((2, 3)), 5).shape == (2, 0)


def test_sorted_quantiles_equal_those_of_numpy():
    values = np.sort(np.random.default_rng(0).normal(size=(3, 40)), axis=1)
    levels = np.array([0.1, 0.5, 0.77])
    expected = np.quantile(values, levels, axis=1, method="weibull").T
    np.testing.assert_allclose(sorted_quantiles(values, levels), expected)


def test_recent_level_reads_the_latest_known_steps():
    history = np.array([[100.0, 1, np.nan, 3], [np.nan, np.nan, np.nan, 5]])
    assert recent_level(history, span=2).tolist() == [2, 5]
