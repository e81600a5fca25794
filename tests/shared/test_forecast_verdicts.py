"""From forecasts at the origins to metrics.json: figures, money, slices, pictures, the table of predictions."""

import json

import numpy as np
import pandas as pd
import pytest

from shared.forecast_verdicts import explain_forecasts
from shared.run import jsonable
from shared.series import judging, metrics
from shared.series.orders import replay_orders

NAMES = ["model", "naive", "seasonal_naive", "moving_average"]


def joined(judged, name):
    """Outcomes and one method's forecasts of all origins, one after the other."""
    origins = judged.scored.origins
    return (
        np.concatenate([origin.truth for origin in origins]),
        np.concatenate([origin.forecasts[name] for origin in origins]),
    )


def test_every_method_has_every_figure_with_its_interval(judged):
    results = judged.metrics["results"]
    assert list(results) == NAMES
    for name, result in results.items():
        assert set(result) == set(judging.BETTER), name
        for figure in result.values():
            assert figure["low"] <= figure["value"] <= figure["high"]


def test_the_figures_are_those_of_all_origins_together(judged):
    quantiles = judged.pipeline.config.quantiles
    for name in NAMES:
        truth, forecast = joined(judged, name)
        loss = metrics.weighted_quantile_loss(truth, forecast, quantiles=quantiles).value()
        inside = metrics.coverage(truth, forecast, quantiles=quantiles).value()
        result = judged.metrics["results"][name]
        assert result["weighted_quantile_loss"]["value"] == pytest.approx(loss)
        assert result["coverage_80"]["value"] == pytest.approx(inside)
    assert judged.metrics["primary_metric"] == judged.pipeline.primary in judged.metrics["results"]["model"]


def test_differences_are_of_the_same_resamples(judged):
    results = judged.metrics["results"]
    assert list(judged.metrics["differences"]) == NAMES[1:]
    for rival, entries in judged.metrics["differences"].items():
        for metric, entry in entries.items():
            apart = results["model"][metric]["value"] - results[rival][metric]["value"]
            assert entry["value"] == pytest.approx(apart) and entry["low"] <= entry["high"]


def test_the_money_is_that_of_the_orders_replayed(judged):
    pipeline, inventory = judged.pipeline, judged.metrics["inventory"]
    short, over = pipeline.costs(judged.panel)
    policies = {policy["name"]: policy for policy in inventory["policies"]}
    assert list(policies) == NAMES
    for name, policy in policies.items():
        totals, costs = replay_orders(judged.scored.origins, name, pipeline.config, short, over)
        assert policy["cost"]["value"] == pytest.approx(costs.sum())
        assert {key: policy[key] for key in totals} == pytest.approx(totals)
        assert judged.metrics["results"][name]["cost"] == policy["cost"]
    assert inventory["periods"] == 2 * pipeline.config.horizon and inventory["series"] == len(judged.panel)
    assert inventory["fractile"] == pytest.approx(np.median(short / (short + over)))


def test_what_is_saved_is_against_the_cheapest_rival(judged):
    inventory, verdict = judged.metrics["inventory"], judged.metrics["verdict"]
    cost = {policy["name"]: policy["cost"]["value"] for policy in inventory["policies"]}
    cheapest = min(NAMES[1:], key=cost.get)
    assert inventory["saved_against"] == verdict["rival"] == cheapest
    saved, share = inventory["saved"], inventory["saved_share"]
    assert saved["value"] == pytest.approx(cost[cheapest] - cost["model"])
    assert share["value"] == pytest.approx(saved["value"] / cost[cheapest])
    assert share["low"] <= share["value"] <= share["high"]
    assert verdict["choice"] == verdict["accuracy_choice"] == "model"  # it knows what comes
    assert verdict["difference"]["value"] == pytest.approx(-saved["value"])
    assert set(verdict["sentence"]) == set(verdict["accuracy"]) == {"en", "zh"}


def test_each_step_ahead_has_its_loss_and_coverage(judged):
    entry, config = judged.metrics["by_step"], judged.pipeline.config
    assert entry["steps"] == list(range(1, config.horizon + 1)) and list(entry["values"]) == NAMES
    truth, forecast = joined(judged, "naive")
    for step in range(config.horizon):
        part = metrics.weighted_quantile_loss(
            truth[:, [step]], forecast[:, [step]], quantiles=config.quantiles
        ).value()
        assert entry["values"]["naive"][step] == pytest.approx(part)
    truth, forecast = joined(judged, "model")
    inside = (forecast[:, 0, 1] <= truth[:, 0]) & (truth[:, 0] <= forecast[:, 0, 9])
    assert entry["coverage_80"][0] == pytest.approx(inside[np.isfinite(truth[:, 0])].mean())


def test_coverage_is_shown_before_and_after_the_correction(judged):
    entry, quantiles = judged.metrics["coverage"], judged.pipeline.config.quantiles
    truth, forecast = joined(judged, "model")
    before = np.concatenate([origin.before for origin in judged.scored.origins])
    known = np.isfinite(truth)
    assert entry["levels"] == list(quantiles)
    for key, said in (("observed", forecast), ("before", before)):
        shares = [(truth <= said[..., place])[known].mean() for place in range(len(quantiles))]
        assert entry[key]["model"] == pytest.approx(shares)


def test_slices_part_the_series_at_origins(judged):
    rows = len(judged.panel) * len(judged.scored.origins)
    slices = pd.DataFrame(judged.metrics["slices"])
    assert set(slices["slice"]) >= {"volume", "pattern", "category"}
    assert (slices.groupby("slice")["rows"].sum() == rows).all()
    truth, forecast = joined(judged, "model")
    group = np.tile(np.asarray(judged.panel.statics["category"].astype(str)), 2)
    for entry in judged.metrics["slices"]:
        if entry["slice"] == "category":
            part = group == entry["value"]
            loss = metrics.weighted_quantile_loss(
                truth[part], forecast[part], quantiles=judged.pipeline.config.quantiles
            ).value()
            assert entry["metrics"]["weighted_quantile_loss"]["value"] == pytest.approx(loss)


def test_each_origin_has_the_loss_of_each_method(judged):
    for entry, origin in zip(judged.metrics["origins"], judged.scored.origins):
        assert entry["origin"] == str(judged.panel.dates[origin.step])[:10]
        for name, loss in entry["weighted_quantile_loss"].items():
            part = metrics.weighted_quantile_loss(
                origin.truth, origin.forecasts[name], quantiles=judged.pipeline.config.quantiles
            ).value()
            assert loss == pytest.approx(part)


def test_the_predictions_are_the_answers_at_each_origin(judged):
    predictions, config = judged.predictions, judged.pipeline.config
    assert len(predictions) == 2 * len(judged.panel) * config.horizon
    assert {"item", "store", "date", "step", "mean", "q50", "order", "note", "actual", "origin"} <= set(
        predictions
    )
    truth, forecast = joined(judged, "model")
    np.testing.assert_array_equal(predictions["actual"], truth.ravel())
    np.testing.assert_array_equal(predictions["q50"], forecast[..., 5].ravel())
    ahead = (predictions["date"] - predictions["origin"]).dt.days + 1
    assert (ahead == predictions["step"]).all()


def test_the_pictures_are_of_the_last_origin_beside_the_best_rival(judged):
    examples = judged.metrics["examples"]
    loss = {name: judged.metrics["results"][name]["weighted_quantile_loss"]["value"] for name in NAMES[1:]}
    assert {entry["rival"] for entry in examples} == {min(loss, key=loss.get)}
    first = str(judged.panel.dates[judged.scored.origins[-1].step])[:10]
    assert all(entry["dates"][0].startswith(first) for entry in examples)


def test_times_are_told(judged):
    for name in NAMES:
        entry = judged.metrics["timing"][name]
        assert entry["fit_seconds"] > 0 and entry["rows_per_second"] > 0


def test_all_entries_are_plain_json(judged):
    text = json.dumps(jsonable(judged.metrics), allow_nan=False)
    assert json.loads(text)["better"] == judging.BETTER
    assert explain_forecasts(judged.pipeline, judged.prepared, judged.splits[-1], judged.predictions) == {}


def test_a_loaded_model_is_judged_without_a_verdict(judge):
    found = judge(loaded=True, origins=1)
    assert list(found.metrics["results"]) == ["model"] and found.metrics["differences"] == {}
    assert found.metrics["verdict"]["choice"] == "undecided" and found.metrics["verdict"]["rival"] is None
    assert "No rival" in found.metrics["verdict"]["sentence"]["en"]
    assert "saved" not in found.metrics["inventory"]
    assert all("rival" not in entry for entry in found.metrics["examples"])
    json.dumps(jsonable(found.metrics), allow_nan=False)


def test_a_lead_time_and_other_levels_are_judged_too(judge):
    found = judge(loaded=True, origins=1, lead_time=2, quantiles=(0.25, 0.5, 0.75))
    assert "coverage_80" not in found.metrics["results"]["model"]
    assert "coverage_80" not in found.metrics["by_step"]
    assert found.metrics["inventory"]["lead_time"] == 2
    assert found.metrics["coverage"]["levels"] == [0.25, 0.5, 0.75]
