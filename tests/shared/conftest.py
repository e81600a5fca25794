"""One small fitted forecaster and one judged run of a stand-in, shared by the tests of forecasting."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest


def naive_rivals() -> list:
    """The rivals that are fitted in no time."""
    from shared.series.rivals import MovingAverage, Naive, SeasonalNaive

    return [Naive(), SeasonalNaive(), MovingAverage()]


@pytest.fixture(scope="session")
def quick_demand() -> type:
    """`DemandPipeline` with the cheap rivals."""
    from verticals.retail import DemandPipeline

    class QuickDemand(DemandPipeline):
        def rivals(self):
            return naive_rivals()

    return QuickDemand


@pytest.fixture(scope="session")
def tiny(quick_demand):
    """Settings of a network that is fitted in seconds, changed; settings that are no more are left out."""
    from shared.testing import tiny_config

    def config(**changes):
        known = {name: value for name, value in changes.items() if name in quick_demand.Config.model_fields}
        chosen = tiny_config(quick_demand).model_dump() | known
        return quick_demand.Config.model_validate(chosen)

    return config


@pytest.fixture(scope="session")
def sales(quick_demand) -> tuple[pd.DataFrame, Any]:
    """About 3,500 simulated sales of 12 series in 320 days, two of them late; and their mapping."""
    return quick_demand.sample(**quick_demand.small)


@pytest.fixture(scope="session")
def forecaster(quick_demand, tiny, sales):
    """A `SeriesTrial`: the pipeline, fitted with two members, and what it was fitted on."""
    from shared.testing.series import SeriesTrial

    frame, mapping = sales
    return SeriesTrial.begin(quick_demand, tiny(), mapping, frame)


@dataclass
class Judged:
    """A run without a network, from a table to metrics.json."""

    pipeline: Any
    table: Any
    panel: Any
    splits: list
    prepared: Any
    scored: Any
    metrics: dict[str, Any]
    predictions: pd.DataFrame


@pytest.fixture(scope="session")
def stand_in(quick_demand) -> type:
    """A pipeline that knows what will come, with noise, so that no network is needed."""
    from shared.fit_settings import History
    from shared.forecast import PreparedSeries, truth_at

    class StandIn(quick_demand):
        def fit(self, table, split, *, features=None, folder=None, stages=None):
            panel, valid_steps = self.series_of(table), split.detail["valid_steps"]
            self.state = self.learn(panel, min(valid_steps))
            self.history = History(epochs=[{"epoch": 1, "loss": 1.0, "seconds": 2.0}], best_epoch=1)
            self._correct(panel, valid_steps)
            return PreparedSeries(table, panel)

        def raw_forecast(self, panel, origin):
            rng = np.random.default_rng(origin)
            truth = np.nan_to_num(truth_at(panel, origin, self.config.horizon), nan=1.0)
            spread = rng.gamma(2, 0.3, (*truth.shape, len(self.config.quantiles))).cumsum(axis=-1)
            middle = spread[..., [self.config.quantiles.index(0.5)]]
            return truth[..., None] + spread - middle + 0.3 * rng.normal(size=middle.shape)

    return StandIn


@pytest.fixture(scope="session")
def judge(stand_in, tiny, sales):
    """Judges a stand-in with such settings."""
    from shared.contract import raw_table
    from shared.stages import Stages
    from shared.tasks import task_of

    def run(loaded: bool = False, **changes) -> Judged:
        frame, mapping = sales
        pipeline = stand_in(tiny(**changes), mapping)
        table = pipeline.check(raw_table(frame))
        splits, task, stages = pipeline.splits(table), task_of(pipeline), Stages()
        scored = task.scored()
        for number, split in enumerate(splits):
            prepared = pipeline.fit(table, split)
            (task.loaded if loaded else task.fold)(pipeline, prepared, split, number, scored, stages)
        metrics, predictions = task.judge(pipeline, prepared, splits, scored, stages)
        return Judged(pipeline, table, prepared.panel, splits, prepared, scored, metrics, predictions)

    return run


@pytest.fixture(scope="session")
def judged(judge) -> Judged:
    """Two origins, judged beside the cheap rivals."""
    return judge(origins=2)
