"""Every method at every origin: the same series, the same correction, nothing read that came later."""

from dataclasses import replace

import numpy as np
import pytest

from shared import forecast_scoring
from shared.forecast import truth_at
from shared.forecast_scoring import Forecasts, forecast_fold, season_of
from shared.series.conformal import fit_conformal
from shared.series.inventory import error_correlation
from shared.series.naive2 import naive2
from shared.series.rivals import MovingAverage
from shared.stages import Stages

NAMES = ["model", "naive", "seasonal_naive", "moving_average"]


def test_every_method_forecasts_every_series_at_every_origin(judged):
    config, panel = judged.pipeline.config, judged.panel
    steps = [split.detail["step"] for split in judged.splits]
    assert [origin.step for origin in judged.scored.origins] == steps
    for origin in judged.scored.origins:
        np.testing.assert_array_equal(
            origin.truth, panel.target[:, origin.step : origin.step + config.horizon]
        )
        assert list(origin.forecasts) == NAMES == list(origin.correlation)
        for forecast in origin.forecasts.values():
            assert forecast.shape == (len(panel), config.horizon, len(config.quantiles))
            assert np.isfinite(forecast).all() and (np.diff(forecast, axis=-1) >= 0).all()
            assert forecast.min() >= 0
        history = panel.target[:, : origin.step].astype(np.float64)
        np.testing.assert_array_equal(origin.reference, naive2(history, 7, config.horizon))


def test_the_model_is_kept_before_its_correction_too(judged):
    origin = judged.scored.origins[-1]
    raw = judged.pipeline.raw_forecast(judged.panel, origin.step)
    np.testing.assert_array_equal(origin.before, raw)
    np.testing.assert_array_equal(origin.forecasts["model"], judged.pipeline.correction(raw, lowest=0.0))
    assert not np.array_equal(origin.before, origin.forecasts["model"])
    np.testing.assert_array_equal(origin.correlation["model"], judged.pipeline.state["correlation"])


@pytest.mark.parametrize("number", [0, 1])
def test_a_rival_is_corrected_on_the_validation_origins_and_fitted_again(judged, number):
    config, panel, split = judged.pipeline.config, judged.panel, judged.splits[number]
    settings = {"horizon": config.horizon, "quantiles": config.quantiles, "season": 7, "seed": config.seed}
    rival, valid = MovingAverage(), split.detail["valid_steps"]
    rival.fit(panel, origin=min(valid), **settings)
    truth = np.concatenate([truth_at(panel, step, config.horizon) for step in valid])
    said = np.concatenate([rival.forecast(panel, origin=step) for step in valid])
    correct = fit_conformal(truth, said, config.quantiles)
    rival.fit(panel, origin=split.detail["step"], **settings)
    expected = correct(rival.forecast(panel, origin=split.detail["step"]), lowest=0.0)
    origin = judged.scored.origins[number]
    np.testing.assert_allclose(origin.forecasts["moving_average"], expected)
    correlation = error_correlation(truth, correct(said, lowest=0.0), config.quantiles)
    np.testing.assert_allclose(origin.correlation["moving_average"], correlation)


def test_without_the_correction_none_is_corrected(judge):
    found = judge(origins=1, conformal=False)
    origin = found.scored.origins[0]
    np.testing.assert_array_equal(origin.forecasts["model"], np.maximum(np.sort(origin.before), 0))
    rival, config = MovingAverage(), found.pipeline.config
    settings = {"horizon": config.horizon, "quantiles": config.quantiles, "season": 7, "seed": config.seed}
    rival.fit(found.panel, origin=origin.step, **settings)
    plain = rival.forecast(found.panel, origin=origin.step)
    np.testing.assert_allclose(origin.forecasts["moving_average"], plain)
    assert found.metrics["correction"]["method"] == "none"


def test_what_came_changes_no_rival(judged):
    split = judged.splits[-1]
    target = judged.panel.target.copy()
    target[:, split.detail["step"] :] = 1000
    prepared = replace(judged.prepared, panel=replace(judged.panel, target=target))
    scored = Forecasts()
    forecast_fold(judged.pipeline, prepared, split, 0, scored, Stages())
    for name in NAMES[1:]:
        np.testing.assert_array_equal(
            scored.origins[0].forecasts[name], judged.scored.origins[-1].forecasts[name]
        )
    assert (scored.origins[0].truth == 1000).all()


def test_a_loaded_pipeline_stands_alone(judge):
    found = judge(loaded=True, origins=1)
    assert list(found.scored.origins[0].forecasts) == ["model"] and set(found.scored.timing) == {"model"}


def test_times_add_up_over_the_origins(judged):
    timing, config = judged.scored.timing, judged.pipeline.config
    assert list(timing) == NAMES
    assert all(entry["rows"] == 2 * len(judged.panel) for entry in timing.values())
    assert timing["model"]["fit_seconds"] == pytest.approx(2 * 2.0 * config.members)
    assert all(entry["seconds"] > 0 for entry in timing.values())


def test_what_is_not_installed_is_noted_once(judged, monkeypatch):
    monkeypatch.setattr(forecast_scoring, "find_spec", lambda name: None)
    scored = Forecasts()
    for number, split in enumerate(judged.splits):
        forecast_fold(judged.pipeline, judged.prepared, split, number, scored, Stages())
    (note,) = scored.notes
    assert "statsforecast" in note and "pip install" in note


def test_the_season_is_that_of_the_frequency_unless_it_is_set(judged):
    config = judged.pipeline.config
    for frequency, season in {"H": 24, "D": 7, "W": 52, "M": 12}.items():
        assert season_of(replace(judged.panel, frequency=frequency), config) == season
    assert season_of(judged.panel, config.model_copy(update={"season": 5})) == 5
