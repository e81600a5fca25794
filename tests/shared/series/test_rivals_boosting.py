"""Gradient boosting on small panels: it learns what there is to learn, and reads nothing ahead."""

import runpy
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from shared.series.lag_features import LagFeatures, learn_categories
from shared.series.metrics import weighted_quantile_loss
from shared.series.rivals import MovingAverage
from shared.series.rivals_boosting import GRID, GradientBoosting

panels = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("rival_panels.py"))))

small = partial(GradientBoosting, most_rows=2000, grid=({**GRID[0], "max_iter": 20},))


def test_rival_keeps_what_every_rival_must():
    panels.check_rival(small)


def test_rival_copes_with_hardly_any_history_and_values_below_zero():
    panels.check_short(small)
    panels.check_below_zero(small)


def test_rival_learns_season_and_promotions():
    panel = panels.panel_of(60)
    losses = []
    for rival in (small(), MovingAverage()):
        rival.fit(panel, origin=panels.ORIGIN, **panels.ARGUMENTS)
        forecast = rival.forecast(panel, origin=panels.ORIGIN)
        losses.append(
            weighted_quantile_loss(
                panel.target[:, panels.ORIGIN :], forecast, quantiles=panels.QUANTILES
            ).value()
        )
    assert losses[0] < 0.8 * losses[1]


def test_known_ahead_covariates_of_the_plan_are_read():
    panel = panels.panel_of(60)
    rival = small()
    rival.fit(panel, origin=panels.ORIGIN, **panels.ARGUMENTS)
    plain, promoted = panels.panel_of(60), panels.panel_of(60)
    plain.known["promotion"][:, panels.ORIGIN :], promoted.known["promotion"][:, panels.ORIGIN :] = 0, 1
    low, high = (rival.forecast(each, origin=panels.ORIGIN)[..., 2].sum() for each in (plain, promoted))
    assert high > 1.15 * low


def test_categories_that_were_not_learnt_are_missing():
    panel = panels.panel_of()
    rival = small()
    rival.fit(panel, origin=panels.ORIGIN, **panels.ARGUMENTS)
    other = panels.panel_of()
    names = {f"{at:05d}": f"new {at}" for at in range(14)}
    other.keys["item"] = other.keys["item"].rename_categories(names)
    assert np.isfinite(rival.forecast(other, origin=panels.ORIGIN)).all()


@pytest.mark.parametrize("origin", [40, 41])
def test_features_of_an_origin_do_not_depend_on_later_targets(origin):
    panel, later = panels.panel_of(), panels.panel_of()
    later.target[:, origin:] = 77
    rows = np.arange(14), np.full(14, origin), np.arange(14) % 6
    tables = []
    for each in (panel, later):
        features = LagFeatures(each, origin=panels.ORIGIN, season=7, categories=learn_categories(each))
        tables.append((features.table(*rows), features.scale(*rows[:2]), features.reference("season", *rows)))
    for one, other in zip(*tables):
        np.testing.assert_array_equal(one, other)


def test_features_are_the_same_from_a_longer_history():
    panel = panels.panel_of()
    rows = np.arange(14), np.full(14, 60), np.arange(14) % 6
    tables = [
        LagFeatures(panel, origin=origin, season=7, categories=learn_categories(panel)).table(*rows)
        for origin in (60, panels.ORIGIN)
    ]
    np.testing.assert_allclose(*tables, rtol=1e-6, atol=1e-6)
