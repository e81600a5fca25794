"""The forecasting pipeline: what it learns from, what it says, and that it says it again."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from shared import bundle
from shared import forecast as forecasting
from shared.contract import raw_table
from shared.errors import SplitError
from shared.fit_settings import History
from shared.forecast import truth_at
from shared.series.origins import examples
from shared.series.panel import Panel
from shared.stages import Stages

STOPPED = 2  # lines of progress until the fit is stopped by hand


def fitted(quick_demand, tiny, sales, **changes):
    """A pipeline of one network, and its panel."""
    frame, mapping = sales
    pipeline = quick_demand(tiny(members=1, refit=False, **changes), mapping)
    table = pipeline.check(raw_table(frame))
    return pipeline, pipeline.fit(table, pipeline.splits(table)[-1]).panel


def members_of(trial, origin):
    """What each network says at an origin, and the windows it reads."""
    from shared import training

    series = np.arange(len(trial.panel))
    windows = trial.pipeline.windows(trial.panel, series, np.full(len(series), origin))
    return training.predict(trial.pipeline.model, windows), windows


# -- what it says


@pytest.mark.parametrize("back", [0, 7, 150])
def test_forecasts_rise_are_never_below_nothing_and_have_all_series_steps_and_quantiles(forecaster, back):
    config, panel = forecaster.pipeline.config, forecaster.panel
    found = forecaster.pipeline.forecast(panel, panel.now - back)
    assert found.shape == (len(panel), config.horizon, len(config.quantiles))
    assert np.isfinite(found).all() and found.min() >= 0 and (np.diff(found, axis=-1) >= 0).all()
    if not back:
        np.testing.assert_array_equal(found, forecaster.pipeline.forecast(panel))


def test_members_are_averaged_and_then_turned_into_the_customers_unit(forecaster):
    raw, windows = members_of(forecaster, 300)
    assert raw.shape[1] == forecaster.pipeline.config.members == 2
    assert not np.allclose(raw[:, 0], raw[:, 1])  # from different seeds
    rows = np.arange(len(raw))
    mean = windows.in_units(rows, (raw[:, 0] + raw[:, 1]) / 2)
    found = forecaster.pipeline.raw_forecast(forecaster.panel, 300)
    np.testing.assert_allclose(found, np.sort(mean, axis=-1), rtol=1e-5, atol=1e-5)


def test_forecasts_are_the_networks_corrected(forecaster):
    pipeline, panel = forecaster.pipeline, forecaster.panel
    assert pipeline.correction.shift is not None
    raw = pipeline.raw_forecast(panel, 300)
    np.testing.assert_array_equal(pipeline.forecast(panel, 300), pipeline.correction(raw, lowest=0.0))


def test_a_series_is_forecast_alike_beside_others_and_alone(forecaster):
    pipeline, panel = forecaster.pipeline, forecaster.panel
    whole = pipeline.forecast(panel)
    np.testing.assert_allclose(pipeline.forecast(panel.take([5, 2])), whole[[5, 2]], rtol=1e-4, atol=1e-4)


WAYS = [
    {"network": "nhits", "head": "quantiles", "transform": "log", "center": "last", "read_keys": True},
    {"network": "lstm", "head": "negative_binomial", "conformal": False},
    {"network": "tide", "head": "zero_inflated", "transform": "none", "unit": "change", "weight": "volume"},
    {"network": "tsmixer", "head": "quantiles", "baseline": "season", "read_sizes": False},
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: f"{way['network']}-{way['head']}")
def test_every_network_and_every_head_is_fitted_and_forecasts(quick_demand, tiny, sales, way):
    pipeline, panel = fitted(quick_demand, tiny, sales, **way)
    found = pipeline.forecast(panel)
    assert found.shape == (len(panel), pipeline.config.horizon, len(pipeline.config.quantiles))
    assert np.isfinite(found).all() and found.min() >= 0 and (np.diff(found, axis=-1) >= 0).all()
    raw = pipeline.raw_forecast(panel, panel.now)
    counted = pipeline.config.head != "quantiles"
    assert np.array_equal(raw, np.round(raw)) == counted  # of one member a quantile is whole pieces
    assert (pipeline.correction.shift is None) == (not pipeline.config.conformal)
    assert set(pipeline.state["statics"]) == {"category", *(panel.keys if "read_keys" in way else ())}
    targets = pipeline.targets(pipeline.windows(panel, np.arange(3), np.full(3, 300)))
    truth = truth_at(panel, 300, pipeline.config.horizon)[:3]
    assert np.array_equal(targets, truth.astype(np.float32), equal_nan=True) == counted


def test_the_answers_are_a_line_for_each_series_and_step_with_what_to_order(forecaster):
    answers, config = forecaster.scored(forecaster.rows), forecaster.pipeline.config
    assert len(answers) == len(forecaster.panel) * config.horizon and "actual" not in answers
    assert {"item", "store", "date", "step", "mean", "q05", "q50", "q95", "note", "order"} <= set(answers)
    last = pd.Timestamp(forecaster.panel.dates[forecaster.panel.now - 1])
    assert answers["date"].min() == last + pd.Timedelta(days=1)
    words = forecaster.pipeline.summary(answers)
    assert words.startswith(f"{len(forecaster.panel)} series, {answers['date'].min():%Y-%m-%d} to ")


def test_what_came_stands_beside_the_answers_of_the_past(forecaster):
    panel, step = forecaster.panel, forecaster.split.detail["step"]
    answers = forecaster.pipeline.answers(panel, step, forecaster.pipeline.forecast(panel, step))
    truth = truth_at(panel, step, forecaster.pipeline.config.horizon)
    np.testing.assert_array_equal(answers["actual"], truth.ravel())


# -- again


def test_what_is_saved_says_the_same_when_it_is_loaded(forecaster, quick_demand, tmp_path):
    loaded = bundle.load(bundle.save(forecaster.pipeline, tmp_path / "bundle"), quick_demand)
    for origin in (1, 200, None):
        np.testing.assert_array_equal(
            loaded.forecast(forecaster.panel, origin), forecaster.pipeline.forecast(forecaster.panel, origin)
        )
    assert loaded.correction == forecaster.pipeline.correction
    assert loaded.learnt() == json.loads(json.dumps(forecaster.pipeline.learnt()))
    pd.testing.assert_frame_equal(
        forecaster.scored(forecaster.rows, loaded), forecaster.scored(forecaster.rows), check_exact=True
    )


class Impatient(Stages):
    """Stopped by hand as soon as the second network has an epoch behind it."""

    told = 0

    def say(self, text):
        self.told += text.startswith("network")
        if self.told == STOPPED:
            raise KeyboardInterrupt


def test_a_fit_that_was_stopped_goes_on_and_ends_as_if_it_had_never_been(forecaster, quick_demand, tmp_path):
    trial, folder = forecaster, tmp_path / "fit0"
    pipeline = quick_demand(trial.pipeline.config, trial.table.mapping)
    with pytest.raises(KeyboardInterrupt):
        pipeline.fit(trial.table, trial.split, folder=folder, stages=Impatient())
    left = sorted(path.name for path in tmp_path.glob("fit*/training.npz"))
    assert len(left) == STOPPED and all(path.name.startswith("fit0") for path in tmp_path.iterdir())
    again = quick_demand(trial.pipeline.config, trial.table.mapping)
    again.fit(trial.table, trial.split, folder=folder)
    assert again.history.resumed_from >= 1
    # TensorFlow adds up the gradients of what several blocks read in an order of its own: see the tolerance.
    weights = trial.pipeline.model.get_weights()
    for mine, other in zip(again.model.get_weights(), weights, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-5, atol=1e-7)
    assert again.correction.shift == pytest.approx(trial.pipeline.correction.shift, abs=1e-4)
    np.testing.assert_allclose(again.state["correlation"], trial.pipeline.state["correlation"], atol=1e-4)
    assert again.state | {"correlation": 0} == trial.pipeline.state | {"correlation": 0}
    assert again.history.notes == trial.pipeline.history.notes


# -- what it learns from


@pytest.mark.parametrize("refit", [False, True])
def test_no_window_of_any_fit_reaches_into_what_judges(quick_demand, tiny, sales, monkeypatch, refit):
    read = []

    class Recorded(quick_demand):
        def _fit_members(self, windows, trained, *_):
            read.append((windows.origins[:trained].max(), windows.origins.max(), self.state))
            return [], History()

        def _correct(self, panel, valid_steps):
            self.state["correlation"] = [[1.0]]

    monkeypatch.setattr(forecasting, "side_by_side", lambda members: None)
    frame, mapping = sales
    pipeline = Recorded(tiny(refit=refit), mapping)
    table = pipeline.check(raw_table(frame))
    split, panel, horizon = pipeline.splits(table)[0], table.panel, pipeline.config.horizon
    pipeline.fit(table, split)
    step, valid = split.detail["step"], min(split.detail["valid_steps"])
    taught, chosen, state = read[0]
    assert taught + horizon <= valid and chosen + horizon <= step
    assert {name: state[name] for name in pipeline.learn(panel, valid)} == pipeline.learn(panel, valid)
    assert len(read) == 1 + refit * hasattr(pipeline.config, "refit")
    for taught, _, state in read[1:]:
        assert step - horizon < taught + horizon <= step  # drawn from all that is known by then
        assert {name: state[name] for name in pipeline.learn(panel, step)} == pipeline.learn(panel, step)
    assert pipeline.state["correlation"] == [[1.0]]


def test_statics_are_learnt_from_series_that_have_begun(quick_demand, tiny, sales):
    frame, mapping = sales
    pipeline = quick_demand(tiny(read_keys=True), mapping)
    panel = pipeline.check(raw_table(frame)).panel
    late = panel.start > 100
    assert late.any() and not late.all()
    known = pipeline.learn(panel, 100)["statics"]["item"]
    assert set(known) == set(panel.keys["item"][~late])
    assert "item" not in quick_demand(tiny(read_keys=False), mapping).learn(panel, 100)["statics"]


def test_only_series_that_never_went_below_nothing_are_kept_above_it(forecaster):
    pipeline, panel = forecaster.pipeline, forecaster.panel
    assert pipeline.learn(panel, 200)["lowest"] == 0
    below = panel.target.copy()
    below[0, 250] = -1.0
    changed = replace(panel, target=below)
    assert pipeline.learn(changed, 250)["lowest"] == 0 and pipeline.learn(changed, 251)["lowest"] is None


# -- what it is judged on


def test_splits_are_rolling_origins_of_the_settings(forecaster):
    config, panel = forecaster.pipeline.config, forecaster.panel
    splits = forecaster.pipeline.splits(forecaster.table)
    steps = [split.detail["step"] for split in splits]
    assert steps == [panel.now - back * config.horizon for back in range(config.origins, 0, -1)]
    assert all(len(split.train) <= config.most_windows for split in splits)


def test_what_came_is_not_known_beyond_the_data():
    panel = Panel(np.arange(6, dtype=np.float32)[None], np.array([0]), 4, np.datetime64("2024-01-01"), "D")
    assert truth_at(panel, 1, 2).tolist() == [[1, 2]]
    np.testing.assert_array_equal(truth_at(panel, 3, 3), [[3, np.nan, np.nan]])
    assert np.isnan(truth_at(panel, 4, 2)).all() and truth_at(panel, 0, 1).dtype == np.float64


def with_test(quick_demand, tiny, sales, periods, **changes):
    """The table before the last `periods` days, and these as `--test`."""
    frame, mapping = sales
    pipeline = quick_demand(tiny(**changes), mapping)
    date = pd.to_datetime(frame["date"])
    later = date > date.max() - pd.Timedelta(days=periods)
    return pipeline, pipeline.check(raw_table(frame[~later]), later=raw_table(frame[later]))


def test_a_test_table_of_the_right_length_is_what_is_judged(quick_demand, tiny, sales):
    pipeline, table = with_test(quick_demand, tiny, sales, 14, horizon=7, origins=2)
    whole = pipeline.check(raw_table(sales[0]))
    assert table.tested and table.own < len(table) == len(whole)
    np.testing.assert_array_equal(table.panel.target, whole.panel.target)
    for split, other in zip(pipeline.splits(table), pipeline.splits(whole)):
        assert split.detail == other.detail
        assert all(np.array_equal(split.parts[name], other.parts[name]) for name in split.parts)
        _, origins = examples(table.panel, np.concatenate([split.train, split.valid]))
        first = table.panel.now - 14
        assert split.detail["step"] >= first and (split.detail["fold"] > 1 or origins.max() + 7 <= first)


@pytest.mark.parametrize("periods", [7, 13, 15, 28])
def test_a_test_table_of_another_length_is_refused_with_the_way_out(quick_demand, tiny, sales, periods):
    pipeline, table = with_test(quick_demand, tiny, sales, periods, horizon=7, origins=2)
    with pytest.raises(SplitError) as caught:
        pipeline.splits(table)
    for words in ("--test of table", f"it has {periods} periods from 20", "2 x 7", "[settings]"):
        assert words in str(caught.value)


def test_a_loaded_pipeline_is_judged_on_the_last_horizon(forecaster):
    pipeline, panel = forecaster.pipeline, forecaster.panel
    split = pipeline.judged(forecaster.table, same=True)
    series, origins = examples(panel, split.test)
    assert series.tolist() == list(range(len(panel)))
    assert set(origins) == {split.detail["step"]} == {panel.now - pipeline.config.horizon}
    short = replace(forecaster.table, panel=panel.until(pipeline.config.horizon))
    with pytest.raises(SplitError, match="too short to be judged"):
        pipeline.judged(short, same=False)


def test_the_facts_name_the_parts_by_their_dates(forecaster):
    pipeline, table, panel = forecaster.pipeline, forecaster.table, forecaster.panel
    facts = pipeline.describe(table, pipeline.splits(table))
    dates = panel.dates.astype("datetime64[D]").astype(str)
    assert facts["kind"] == "forecast" and facts["aggregation"]["frequency"] == "D"
    assert facts["parts"]["test"] == {
        "rows": len(panel),
        "from": dates[panel.now - pipeline.config.horizon],
        "to": dates[panel.now - 1],
    }
    assert facts["parts"]["train"]["to"] < facts["parts"]["valid"]["from"] or (
        facts["parts"]["train"]["to"] < facts["parts"]["test"]["from"]
    )
    json.dumps(facts)


@pytest.mark.parametrize("statistical", [False, "auto"])
def test_rivals_are_those_that_are_asked_for(tiny, statistical):
    from importlib.util import find_spec

    from verticals.retail import DemandPipeline

    names = [rival.name for rival in DemandPipeline(tiny(statistical_rivals=statistical)).rivals()]
    assert {"naive", "seasonal_naive", "gradient_boosting"} <= set(names) and len(set(names)) == len(names)
    installed = find_spec("statsforecast") is not None
    assert ("auto_ets" in names) == (statistical == "auto" and installed)
