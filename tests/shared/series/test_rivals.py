"""Naive, seasonal naive and moving average by hand, and what holds for every rival."""

import inspect
import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import shared.series.rivals as rivals
from shared.series.rivals import NAMES, MovingAverage, Naive, SeasonalNaive, default_rivals

panels = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("rival_panels.py"))))

KINDS = [Naive, SeasonalNaive, MovingAverage]


@pytest.mark.parametrize("kind", KINDS)
def test_rival_keeps_what_every_rival_must(kind):
    panels.check_rival(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_rival_copes_with_hardly_any_history(kind):
    panels.check_short(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_rival_forecasts_below_zero_where_the_history_is(kind):
    panels.check_below_zero(kind)


def fitted(kind, panel, **changes):
    rival = kind()
    rival.fit(panel, origin=panels.ORIGIN, **{**panels.ARGUMENTS, **changes})
    return rival, rival.forecast(panel, origin=panels.ORIGIN)


def test_median_of_the_naive_forecast_is_the_last_known_value():
    panel = panels.panel_of()
    _, forecast = fitted(Naive, panel)
    expected = panel.target[:, panels.ORIGIN - 1].copy()
    expected[3] = panel.target[3, panels.ORIGIN - 11]
    known = np.array([0, 1, 3, 4, 6, 7, 8])
    np.testing.assert_array_equal(
        forecast[known][..., 2], np.repeat(expected[known, None], panels.HORIZON, axis=1)
    )


@pytest.mark.parametrize("season", [2, 4, 7])
def test_median_of_the_seasonal_naive_forecast_is_the_value_one_season_before(season):
    panel = panels.panel_of()
    _, forecast = fitted(SeasonalNaive, panel, season=season)
    for row in (4, 6, 13):
        expected = [
            panel.target[row, panels.ORIGIN + step - season * (step // season + 1)]
            for step in range(panels.HORIZON)
        ]
        np.testing.assert_array_equal(forecast[row, :, 2], expected)


def test_seasonal_naive_is_naive_where_there_is_less_than_a_season():
    panel = panels.panel_of()
    _, forecast = fitted(SeasonalNaive, panel)
    early = panel.target[1, panels.ORIGIN - 3 : panels.ORIGIN]  # three days: the week before has four more
    expected = [early[-1]] * 4 + list(early[:2])
    np.testing.assert_array_equal(forecast[1, :, 2], expected)


def test_moving_average_is_the_mean_of_the_window_it_chose():
    panel = panels.panel_of()
    rival, forecast = fitted(MovingAverage, panel)
    assert rival.chosen in (4, 7, 8, 13, 14, 26, 28)
    mean = panel.target[6, panels.ORIGIN - rival.chosen : panels.ORIGIN].mean()
    assert forecast[6, 0, 0] < mean < forecast[6, 0, -1]


def test_moving_average_takes_a_short_window_after_a_jump_and_a_long_one_of_noise():
    panel = panels.panel_of()
    panel.target[:] = np.random.default_rng(0).poisson(20, panel.target.shape)
    panel.start[:] = 0
    assert fitted(MovingAverage, panel)[0].chosen >= 13
    panel.target[:, panels.ORIGIN - panels.HORIZON - 5 :] += 100
    assert fitted(MovingAverage, panel)[0].chosen == 4


def test_quantiles_hold_their_share_of_what_comes():
    rng = np.random.default_rng(0)
    panel = panels.panel_of(400)
    panel.target[:] = rng.poisson(20, panel.target.shape)
    panel.start[:] = 0
    for kind in KINDS:
        _, forecast = fitted(kind, panel)
        truth = panel.target[:, panels.ORIGIN :, None]
        assert np.abs((truth < forecast).mean(axis=(0, 1)) - panels.ARGUMENTS["quantiles"]).max() < 0.08, kind


def test_default_rivals_have_names_in_two_languages():
    names = [rival.name for rival in default_rivals(statistical=False)]
    assert len(names) == 6 and "gradient_boosting" in names and set(names) <= set(NAMES)
    assert all(len(pair) == 2 and all(pair) for pair in NAMES.values())


def test_every_rival_has_the_same_arguments():
    wanted = {
        name: list(inspect.signature(getattr(rivals.Rival, name)).parameters) for name in ("fit", "forecast")
    }
    for rival in default_rivals(statistical=False):
        for name, parameters in wanted.items():
            assert ["self", *inspect.signature(getattr(rival, name)).parameters] == parameters
