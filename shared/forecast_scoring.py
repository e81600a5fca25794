"""Forecasts of the model and of every rival at every origin: the same series, the same correction."""

import time
from dataclasses import dataclass, field
from importlib.util import find_spec

import numpy as np

from shared.errors import MissingExtraError
from shared.forecast import ForecastPipeline, PreparedSeries, truth_at
from shared.series.conformal import Conformal, fit_conformal
from shared.series.forecasting import season_of
from shared.series.inventory import error_correlation
from shared.series.naive2 import naive2
from shared.series.panel import Panel
from shared.splits import Split
from shared.stages import Stages


@dataclass
class Origin:
    """One origin of the test: what came, and what each method said beforehand.

    Args:
        step: Number of the first step that is forecast.
        truth: `(series, horizon)`; NaN: not known, not judged.
        forecasts: `(series, horizon, quantiles)` by method, the model under `model`.
        before: The model's before the conformal correction.
        reference: Naive 2, `(series, horizon)`.
        correlation: Of the errors of different steps, by method, `(horizon, horizon)`.
    """

    step: int
    truth: np.ndarray
    reference: np.ndarray
    forecasts: dict[str, np.ndarray] = field(default_factory=dict)
    before: np.ndarray | None = None
    correlation: dict[str, np.ndarray] = field(default_factory=dict)


@dataclass
class Forecasts:
    """All origins, one after the other, and what each method took."""

    origins: list[Origin] = field(default_factory=list)
    timing: dict[str, dict[str, float]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def time(self, name: str, *, fit: float, forecast: float, series: int) -> None:
        entry = self.timing.setdefault(name, {"fit_seconds": 0.0, "rows": 0, "seconds": 0.0})
        entry["fit_seconds"] += fit
        entry["rows"] += series
        entry["seconds"] += forecast


def forecast_loaded(
    fitted: ForecastPipeline,
    prepared: PreparedSeries,
    split: Split,
    number: int,
    scored: Forecasts,
    stages: Stages,
) -> Origin:
    """The model's forecasts at the split's origin, no rival beside them."""
    panel, config = prepared.panel, fitted.config
    step = split.detail["step"]
    with stages("score"):
        history = panel.target[:, :step].astype(np.float64)
        season = season_of(panel, config)
        truth = truth_at(panel, step, config.horizon)
        origin = Origin(step, truth, naive2(history, season, config.horizon))
        begun = time.perf_counter()
        origin.before = fitted.raw_forecast(panel, step)
        origin.forecasts["model"] = fitted.correction(origin.before, lowest=fitted.state["lowest"])
        origin.correlation["model"] = np.asarray(fitted.state["correlation"])
        seconds = time.perf_counter() - begun
        spent = sum(entry["seconds"] for entry in fitted.history.epochs) * config.members
        scored.time("model", fit=spent, forecast=seconds, series=len(panel))
    scored.origins.append(origin)
    return origin


def forecast_fold(
    fitted: ForecastPipeline,
    prepared: PreparedSeries,
    split: Split,
    number: int,
    scored: Forecasts,
    stages: Stages,
) -> None:
    """Forecasts of the model and of every rival at the split's origin.

    A rival learns the correction of its quantiles as the model does, at the validation origins, and is then
    fitted again on everything before the origin; the model is not.
    """
    origin = forecast_loaded(fitted, prepared, split, number, scored, stages)
    with stages("rivals"):
        for rival in fitted.rivals():
            stages.say(rival.name)
            _rival(fitted, prepared.panel, split, rival, origin, scored)
    if find_spec("statsforecast") is None and not scored.notes:
        purpose = "judging AutoETS and AutoTheta beside the model"
        scored.notes.append(str(MissingExtraError("statsforecast", extra="forecast", purpose=purpose)))


def _rival(fitted, panel: Panel, split: Split, rival, origin: Origin, scored: Forecasts) -> None:
    config, step = fitted.config, split.detail["step"]
    valid = split.detail["valid_steps"]
    settings = {"horizon": config.horizon, "quantiles": config.quantiles, "seed": config.seed}
    settings["season"] = season_of(panel, config)
    begun = time.perf_counter()
    truth, said = [], []
    rival.fit(panel, origin=min(valid), **settings)
    for each in valid:
        truth.append(truth_at(panel, each, config.horizon))
        said.append(rival.forecast(panel, origin=each))
    truth, said = np.concatenate(truth), np.concatenate(said)
    lowest = fitted.state["lowest"]
    correct = (
        fit_conformal(truth, said, config.quantiles) if config.conformal else Conformal(config.quantiles)
    )
    said = correct(said, lowest=lowest)
    rival.fit(panel, origin=step, **settings)
    spent = time.perf_counter() - begun
    begun = time.perf_counter()
    origin.forecasts[rival.name] = correct(rival.forecast(panel, origin=step), lowest=lowest)
    origin.correlation[rival.name] = error_correlation(truth, said, config.quantiles)
    scored.time(rival.name, fit=spent, forecast=time.perf_counter() - begun, series=len(panel))
