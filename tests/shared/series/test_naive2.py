"""Naive 2 against the steps of M4's R code, written out for one series, and against M4's own forecasts."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from shared.series.naive2 import is_seasonal, naive2, seasonal_figure


def by_hand(values, season, horizon):
    """`SeasonalityTest` and `decompose` of R for one series, step by step."""
    count, off = len(values), values - values.mean()
    if count < 3 * season:
        return np.full(horizon, values[-1])
    correlation = [np.sum(off[lag:] * off[:-lag]) / np.sum(off**2) for lag in range(1, season + 1)]
    limit = 1.645 * np.sqrt((1 + 2 * sum(r**2 for r in correlation[:-1])) / count)
    if abs(correlation[-1]) <= limit:
        return np.full(horizon, values[-1])
    weights = np.ones(season) / season
    if season % 2 == 0:
        weights = np.r_[0.5, np.ones(season - 1), 0.5] / season
    half = len(weights) // 2
    ratio = np.full(count, np.nan)
    for at in range(half, count - half):
        ratio[at] = values[at] / np.sum(weights * values[at - half : at + half + 1])
    figure = np.array([np.nanmean(ratio[place::season]) for place in range(season)])
    figure /= figure.mean()
    last = values[-1] / figure[(count - 1) % season]
    return np.array([last * figure[(count + step) % season] for step in range(horizon)])


@pytest.mark.parametrize("season", [4, 7, 24])
def test_naive2_equals_the_r_code_for_each_length(season):
    rng = np.random.default_rng(season)
    history = np.full((20, 150), np.nan)
    for row, length in enumerate(rng.integers(2, 151, 20)):
        wave = 1 + (row % 3) / 3 * np.sin(2 * np.pi * np.arange(length) / season)
        history[row, 150 - length :] = 20 * wave + rng.normal(0, 2, length)
    expected = [by_hand(row[np.isfinite(row)], season, 10) for row in history]
    np.testing.assert_allclose(naive2(history, season, 10), expected, rtol=1e-9)
    assert 0 < is_seasonal(history, season).sum() < 20


def test_naive2_without_a_season_is_the_last_known_value():
    assert naive2(np.array([[1.0, 5.0, np.nan]]), 1, 2).tolist() == [[5, 5]]
    assert np.isnan(naive2(np.full((1, 5), np.nan), 2, 2)).all()
    assert np.isnan(naive2(np.empty((1, 0)), 2, 2)).all()


def test_naive2_of_days_without_sales_stays_finite():
    week = np.array([5.0, 6, 5, 7, 9, 0, 0])  # closed at the weekend, when the history ends
    found = naive2(np.tile(week, 20)[None], 7, 7)
    np.testing.assert_allclose(found[0], week, atol=1e-9)
    assert naive2(np.zeros((1, 100)), 7, 2).tolist() == [[0, 0]]


def test_seasonal_figure_has_mean_one():
    history = np.random.default_rng(0).gamma(5, 1, (4, 60))
    np.testing.assert_allclose(seasonal_figure(history, 6).mean(axis=1), 1)


def test_naive2_is_that_of_the_m4_competition():
    if "VERTICALS_DATA" not in os.environ:
        pytest.skip("VERTICALS_DATA is not set: see data/README.md")
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
    from m4_naive2 import PUBLISHED, measured

    found = measured(Path(os.environ["VERTICALS_DATA"]))
    for name, published in PUBLISHED.items():
        for metric, value in published.items():
            assert found[name]["published_forecasts"][metric] == pytest.approx(value, abs=6e-4), metric
            assert found[name]["own_forecasts"][metric] == pytest.approx(value, abs=6e-4), metric
        assert found[name]["own_forecasts"]["largest_difference"] < 1e-6
