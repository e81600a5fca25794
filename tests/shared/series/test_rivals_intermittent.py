"""Croston's method and TSB against `statsforecast`, where it is installed, and against loops."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from shared.series.rivals_intermittent import TSB, Croston

panels = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("rival_panels.py"))))


@pytest.mark.parametrize("kind", [Croston, TSB])
def test_rival_keeps_what_every_rival_must(kind):
    panels.check_rival(kind)
    panels.check_short(kind)
    panels.check_below_zero(kind)


def histories():
    rng = np.random.default_rng(0)
    return rng.poisson(0.4, (10, 60)) * rng.integers(1, 9, (10, 60)).astype(float)


def level(rival, history, option):
    return rival.points(history, option)(np.array([history.shape[1]]), 3)[:, 0]


def test_croston_equals_statsforecast():
    models = pytest.importorskip("statsforecast.models")
    expected = [models.CrostonSBA().forecast(row, 1)["mean"][0] for row in histories()]
    np.testing.assert_allclose(level(Croston(), histories(), 0.1), expected)


def test_tsb_equals_statsforecast():
    models = pytest.importorskip("statsforecast.models")
    expected = [models.TSB(0.3, 0.1).forecast(row, 1)["mean"][0] for row in histories()]
    np.testing.assert_allclose(level(TSB(), histories(), (0.3, 0.1)), expected)


def test_croston_by_hand():
    history = np.array([[0.0, 0, 6, 0, 2, 0]])  # sizes 6, 2; intervals 3, 2
    size, interval = 6 + 0.5 * (2 - 6), 3 + 0.5 * (2 - 3)
    assert level(Croston(), history, 0.5)[0] == pytest.approx(0.75 * size / interval)


def test_steps_that_are_not_known_are_left_out():
    history = histories()
    wide = np.full((10, 120), np.nan)
    wide[:, ::2] = history
    for rival, option in ((Croston(), 0.2), (TSB(), (0.1, 0.05))):
        np.testing.assert_allclose(level(rival, wide, option), level(rival, history, option))


def test_level_before_a_step_reads_the_steps_before_it_only():
    history = histories()
    for rival, option in ((Croston(), 0.2), (TSB(), (0.1, 0.05))):
        early = rival.points(history, option)(np.array([20]), 0)
        np.testing.assert_array_equal(early[:, 0], level(rival, history[:, :20], option))


def test_tsb_falls_while_nothing_sells_and_croston_does_not():
    history = np.concatenate([np.tile([0.0, 4.0], (1, 20)), np.zeros((1, 40))], axis=1)
    assert level(TSB(), history, (0.1, 0.1))[0] < 0.05
    assert level(Croston(), history, 0.1)[0] > 1.5
