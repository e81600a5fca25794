"""Exponential smoothing and the theta method, where `statsforecast` is installed."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import shared.series.rivals_statistical as statistical
from shared.errors import MissingExtraError
from shared.series.rivals import Naive, default_rivals
from shared.series.rivals_statistical import AutoETS, AutoTheta

panels = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("rival_panels.py"))))

KINDS = [AutoETS, AutoTheta]


@pytest.fixture
def installed():
    pytest.importorskip("statsforecast")


def test_missing_package_is_named_when_the_rival_is_made(monkeypatch):
    monkeypatch.setattr(statistical, "find_spec", lambda name: None)
    for make in (*KINDS, default_rivals):
        with pytest.raises(MissingExtraError, match=r"keras-verticals\[forecast\]"):
            make()


@pytest.mark.parametrize("kind", KINDS)
def test_rival_keeps_what_every_rival_must(installed, kind):
    panels.check_rival(kind)


def test_rival_forecasts_below_zero_where_the_history_is(installed):
    panels.check_below_zero(AutoTheta)


def fitted(rival, panel, origin=panels.ORIGIN):
    rival.fit(panel, origin=origin, **panels.ARGUMENTS)
    return rival.forecast(panel, origin=origin)


@pytest.mark.parametrize("kind", KINDS)
def test_forecast_is_that_of_the_model_itself(installed, kind):
    panel, rival = panels.panel_of(), kind()
    forecast = fitted(rival, panel)
    own = rival.model(7).forecast(panel.target[7, : panels.ORIGIN].astype(float), 6, level=[40, 80])
    np.testing.assert_allclose(forecast[7, :, 2], own["mean"], rtol=1e-6)
    np.testing.assert_allclose(
        forecast[7, :, [0, 1, 3, 4]], [own[name] for name in ("lo-80", "lo-40", "hi-40", "hi-80")], rtol=1e-5
    )
    assert rival.failed <= 1


@pytest.mark.parametrize("kind", KINDS)
def test_series_that_cannot_be_fitted_get_the_naive_forecast(installed, kind, monkeypatch):
    class Broken:
        def forecast(self, *arguments, **options):
            raise ZeroDivisionError

    panel, rival = panels.panel_of(), kind()
    monkeypatch.setattr(kind, "model", lambda self, season: Broken())
    np.testing.assert_array_equal(fitted(rival, panel), fitted(Naive(), panel))
    assert rival.failed > 8


def test_hardly_any_history_is_enough(installed):
    for origin in (1, 5):
        assert np.isfinite(fitted(AutoTheta(), panels.panel_of(), origin)).all()
