"""The promises of forecasters notice each one that is broken."""

import copy
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from shared.series.rivals import Naive
from shared.series.windows import Windows
from shared.testing import series
from shared.testing.series import SERIES_PROMISES, SeriesTrial

CHEAP = [check for check in SERIES_PROMISES if check is not series.check_seed_decides_forecasts]


def broken(trial: SeriesTrial, **changed) -> SeriesTrial:
    """The trial of a fitted pipeline with other methods from now on."""
    of = type("Broken", (type(trial.pipeline),), changed)
    pipeline = copy.copy(trial.pipeline)
    pipeline.__class__ = of
    return replace(trial, pipeline=pipeline)


def inherited(trial: SeriesTrial):
    return type(trial.pipeline)


@pytest.mark.parametrize("check", CHEAP, ids=lambda check: check.__name__)
def test_the_demand_pipeline_breaks_none_of_them(forecaster, check):
    check(forecaster)


def test_the_trial_plans_a_horizon_for_each_series_that_goes_on(forecaster):
    quantity = forecaster.rows[forecaster.column("quantity")]
    assert quantity.isna().sum() == len(forecaster.panel) * forecaster.pipeline.config.horizon
    assert forecaster.column("item") == "item" and forecaster.column("no such role") == "no such role"


def moved(windows: Windows, by: int) -> Windows:
    return Windows(
        windows.panel, windows.series, windows.origins + by, lookback=windows.lookback,
        horizon=windows.horizon, state=windows.state, static=windows.static,
    )  # fmt: skip


def test_windows_that_read_the_future_are_noticed(forecaster):
    cls = inherited(forecaster)
    greedy = broken(forecaster, windows=lambda self, *given: moved(cls.windows(self, *given), 1))
    with pytest.raises(AssertionError, match="input `past` reads what comes after"):
        series.check_forecasts_read_no_future(greedy)


def test_forecasts_that_read_the_future_are_noticed(forecaster):
    cls = inherited(forecaster)

    def raw_forecast(self, panel, origin):
        return cls.raw_forecast(self, panel, origin) + np.nanmean(panel.target)

    with pytest.raises(AssertionError, match="forecasts read what comes after"):
        series.check_forecasts_read_no_future(broken(forecaster, raw_forecast=raw_forecast))


def test_a_rival_that_reads_the_future_is_noticed(forecaster):
    class Seer(Naive):
        name = "seer"

        def forecast(self, panel, *, origin):
            return super().forecast(panel, origin=origin) + np.nanmean(panel.target)

    with pytest.raises(AssertionError, match="rival `seer` reads what comes after"):
        series.check_forecasts_read_no_future(broken(forecaster, rivals=lambda self: [Seer()]))


@pytest.mark.parametrize("part, by, words", [
    ("train", 2, "reach into what validates"), ("valid", 1, "reach into what judges"), ("test", 1, "beyond the data"),
])  # fmt: skip
def test_parts_that_touch_are_noticed(forecaster, part, by, words):
    cls = inherited(forecaster)

    def splits(self, table):
        found = cls.splits(self, table)
        parts = [{**split.parts, part: split.parts[part] + by} for split in found]  # so many steps later
        # Drawn training windows need not end where they might: as many as there are, they do.
        if part == "train":
            last = min(found[-1].detail["valid_steps"]) - self.config.horizon
            parts[-1]["train"] = np.array([last + by])
        return [replace(split, **each) for split, each in zip(found, parts)][-1:]

    with pytest.raises(AssertionError, match=words):
        series.check_parts_do_not_touch(broken(forecaster, splits=splits))


def test_an_example_that_counts_twice_is_noticed(forecaster):
    cls = inherited(forecaster)

    def splits(self, table):
        return [replace(split, test=split.test.repeat(2)) for split in cls.splits(self, table)]

    with pytest.raises(AssertionError, match="counts twice"):
        series.check_parts_do_not_touch(broken(forecaster, splits=splits))


def test_series_that_depend_on_later_records_or_on_the_order_are_noticed(forecaster):
    cls = inherited(forecaster)

    def by_length(self, raw, **given):
        table = cls.check(self, raw, **given)
        table.panel.target[:] *= len(table)
        return table

    def by_order(self, raw, **given):
        table = cls.check(self, raw, **given)
        table.panel.target[:] += not table.frame["date"].is_monotonic_increasing
        return table

    fitted_on = broken(forecaster, check=by_length)
    with pytest.raises(AssertionError, match="later records are dropped"):
        series.check_the_past_of_a_table_stays(fitted_on)
    with pytest.raises(AssertionError, match="order of the rows"):
        series.check_the_past_of_a_table_stays(broken(forecaster, check=by_order))


def test_learning_from_later_steps_is_noticed(forecaster):
    cls = inherited(forecaster)
    greedy = broken(forecaster, learn=lambda self, panel, origin: cls.learn(self, panel, panel.now))
    with pytest.raises(AssertionError, match="depends on later steps"):
        series.check_only_the_past_teaches(greedy)


def test_a_state_that_json_changes_is_noticed(forecaster):
    cls = inherited(forecaster)
    odd = broken(forecaster, learn=lambda self, *given: cls.learn(self, *given) | {"pair": (1, 2)})
    with pytest.raises(AssertionError, match="not plain JSON"):
        series.check_only_the_past_teaches(odd)


def test_inputs_and_forecasts_that_are_no_numbers_are_noticed(forecaster):
    cls = inherited(forecaster)
    blank = SimpleNamespace(take=lambda rows: {"past": np.array([np.nan])})
    with pytest.raises(AssertionError, match="input `past` holds NaN"):
        series.check_windows_are_finite(broken(forecaster, windows=lambda self, *given: blank))
    with pytest.raises(AssertionError, match="a forecast is no number"):
        series.check_windows_are_finite(
            broken(forecaster, forecast=lambda self, *given: cls.forecast(self, *given) * np.nan)
        )


def test_quantiles_that_cross_are_noticed(forecaster):
    cls = inherited(forecaster)
    crossed = broken(forecaster, forecast=lambda self, *given: cls.forecast(self, *given)[..., ::-1])
    with pytest.raises(AssertionError, match="quantiles cross"):
        series.check_windows_are_finite(crossed)


def test_a_network_or_a_correction_without_a_seed_is_noticed(forecaster):
    cls, fitted = inherited(forecaster), forecaster.pipeline

    def fit(change):
        def fitting(self, table, split):
            weights = [weight + change["weight"] for weight in fitted.model.get_weights()]
            self.model, self.state = SimpleNamespace(get_weights=lambda: weights), fitted.state
            self.correction = replace(
                fitted.correction, outcomes=fitted.correction.outcomes + change["outcomes"]
            )

        return fitting

    for change, words in (
        ({"weight": 1, "outcomes": 0}, "different weights"),
        ({"weight": 0, "outcomes": 1}, "correct differently"),
    ):
        with pytest.raises(AssertionError, match=words):
            series.check_seed_decides_forecasts(broken(forecaster, fit=fit(change)))
    series.check_seed_decides_forecasts(broken(forecaster, fit=fit({"weight": 0, "outcomes": 0})))
    assert type(forecaster.pipeline) is cls


def test_answers_that_lack_a_line_a_number_or_the_mark_of_a_new_item_are_noticed(forecaster):
    cls = inherited(forecaster)

    def answers(change):
        return broken(forecaster, answers=lambda self, *given: change(cls.answers(self, *given)))

    def unknown(table):
        return table.assign(q50=table["q50"].where(table["note"] != "new item"))

    for change, words in (
        (lambda table: table.iloc[1:], "not every series has an answer"),
        (lambda table: table.assign(note=""), "not marked as new"),
        (unknown, "has no forecast"),
    ):
        with pytest.raises(AssertionError, match=words):
            series.check_anything_can_be_forecast(answers(change))
