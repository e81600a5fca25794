"""The entries of metrics.json that come from the test origins: figures, orders replayed, slices, pictures."""

from typing import Any

import numpy as np
import pandas as pd

from shared.forecast import ForecastPipeline, PreparedSeries
from shared.forecast_scoring import Forecasts
from shared.forecast_sentences import accuracy_verdict, money_verdict
from shared.scoring import speeds
from shared.series import judging
from shared.series.examples import examples_of
from shared.series.forecasting import season_of
from shared.series.metrics import at_or_below
from shared.series.orders import replay_orders
from shared.series.panel import Panel
from shared.splits import Split
from shared.stages import Stages

STEPS_SHOWN = 400  # points of the error-by-step chart


def judge_forecasts(
    fitted: ForecastPipeline, prepared: PreparedSeries, splits: list[Split], scored: Forecasts, stages: Stages
) -> tuple[dict[str, Any], pd.DataFrame]:
    """The entries of metrics.json that come from the test origins, and the table of predictions."""
    panel, config = prepared.panel, fitted.config
    with stages("judge"):
        found = _found(panel, config, scored)
        weights = judging.resampled(len(panel), len(scored.origins), config.seed)
        drawn = judging.drawn(found, weights)
        rivals = [name for name in found if name != "model"]
        names = list(found["model"])
        out: dict[str, Any] = {
            "results": {name: {key: value.to_dict() for key, value in drawn[name].items()} for name in found},
            "differences": {
                rival: {key: drawn.difference("model", rival, key).to_dict() for key in names}
                for rival in rivals
            },
            "better": judging.BETTER,
            "primary_metric": fitted.primary,
            "curves": {},
        }
        accuracy = accuracy_verdict(drawn, rivals, fitted.primary)
        out["inventory"], money = _money(fitted, panel, scored)
        out["verdict"] = money | {"accuracy": accuracy["sentence"], "accuracy_choice": accuracy["choice"]}
        for name, entry in out["inventory"]["costs_by_method"].items():
            out["results"][name]["cost"] = entry
        out["by_step"] = _by_step(scored, config)
        out["coverage"] = _coverage(scored, config)
        out["slices"] = _slices(fitted, panel, scored, found["model"], weights)
        out["origins"] = _origins(panel, found, len(scored.origins), scored)
        out["timing"] = speeds(scored.timing)
        out["notes"] = scored.notes
        out["correction"] = {
            "method": "conformal" if config.conformal else "none"
        } | fitted.correction.to_dict()
    last = scored.origins[-1]
    tables = [fitted.answers(panel, each.step, each.forecasts["model"]) for each in scored.origins]
    predictions = pd.concat(
        [
            table.assign(origin=panel.dates[each.step].astype("datetime64[us]"))
            for table, each in zip(tables, scored.origins)
        ],
        ignore_index=True,
    )
    out["examples"] = examples_of(
        panel, last, season_of(panel, config), config.quantiles, _best_rival(out, rivals)
    )
    return out, predictions


def explain_forecasts(fitted, prepared, split, predictions) -> dict[str, Any]:
    """Nothing beyond the pictures: what drives a forecast is the past that they show."""
    return {}


def _best_rival(metrics: dict[str, Any], rivals: list[str]) -> str | None:
    loss = {name: metrics["results"][name]["weighted_quantile_loss"]["value"] for name in rivals}
    return min(loss, key=loss.get) if loss else None


def _found(panel: Panel, config, scored: Forecasts) -> dict[str, dict[str, Any]]:
    """Every metric of every method, by series at origins."""
    season = season_of(panel, config)
    found: dict[str, dict[str, Any]] = {}
    for name in scored.origins[0].forecasts:
        parts = [
            judging.figures(
                origin.truth,
                origin.forecasts[name],
                config.quantiles,
                history=panel.target[:, : origin.step],
                reference=origin.reference,
                season=season,
            )
            for origin in scored.origins
        ]
        found[name] = {metric: judging.joined([part[metric] for part in parts]) for metric in parts[0]}
    return found


def _money(fitted: ForecastPipeline, panel: Panel, scored: Forecasts):
    """What every method's orders would have cost over the test period, and the verdict on it."""
    config = fitted.config
    short, over = fitted.costs(panel)
    policies, costs = [], {}
    for name in scored.origins[0].forecasts:
        totals, by_series = replay_orders(scored.origins, name, config, short, over)
        policies.append({"name": name, **totals})
        costs[name] = by_series
    # A series is replayed through all origins, its stock goes on: as if they were one.
    whole = judging.resampled(len(panel), 1, config.seed)
    drawn = judging.totals(costs, whole)
    estimates = {name: drawn.estimate(name, "cost").to_dict() for name in costs}
    for policy in policies:
        policy["cost"] = estimates[policy["name"]]
    entry = {
        "currency": config.currency,
        "lead_time": config.lead_time,
        "periods": len(scored.origins) * config.horizon,
        "series": len(panel),
        "fractile": float(np.median(short / (short + over))),
        "costs": {"short_cost": float(np.median(short)), "over_cost": float(np.median(over))},
        "policies": policies,
        "costs_by_method": estimates,
    }
    verdict = money_verdict(drawn, [name for name in costs if name != "model"], config.currency)
    if verdict["rival"]:
        saved = drawn.difference(verdict["rival"], "model", "cost")
        share = drawn.draws[verdict["rival"]]["cost"] - drawn.draws["model"]["cost"]
        with np.errstate(invalid="ignore", divide="ignore"):
            share = share / drawn.draws[verdict["rival"]]["cost"]
        of = drawn.values[verdict["rival"]]["cost"]  # noqa: PD011
        low, high = np.nanquantile(share, [0.025, 0.975])
        value = saved.value / of if of else 0.0
        entry |= {
            "saved": saved.to_dict(),
            "saved_against": verdict["rival"],
            "saved_share": {"value": value, "low": float(min(low, value)), "high": float(max(high, value))},
        }
    return entry, verdict


def _by_step(scored: Forecasts, config) -> dict[str, Any]:
    """The quantile loss of each step ahead by method, and what the model's interval covers there."""
    steps = np.unique(np.linspace(0, config.horizon - 1, min(config.horizon, STEPS_SHOWN)).astype(int))
    truth = np.concatenate([origin.truth for origin in scored.origins])
    values, covered = {}, []
    for name in scored.origins[0].forecasts:
        forecast = np.concatenate([origin.forecasts[name] for origin in scored.origins])
        values[name] = []
        for step in steps:
            cut = slice(step, step + 1)
            part = judging.metrics.weighted_quantile_loss(
                truth[:, cut], forecast[:, cut], quantiles=config.quantiles
            )
            values[name].append(part.value())
            if name == "model" and {0.1, 0.9} <= set(config.quantiles):
                inside = judging.metrics.coverage(truth[:, cut], forecast[:, cut], quantiles=config.quantiles)
                covered.append(inside.value())
    out = {"metric": "weighted_quantile_loss", "steps": (steps + 1).tolist(), "values": values}
    return out | ({"coverage_80": covered} if covered else {})


def _coverage(scored: Forecasts, config) -> dict[str, Any]:
    """The share of outcomes at or below each quantile, with the correction and before it."""
    truth = np.concatenate([origin.truth for origin in scored.origins])
    out: dict[str, Any] = {"levels": list(config.quantiles), "observed": {}, "before": {}}
    for key, said in (
        ("observed", [origin.forecasts["model"] for origin in scored.origins]),
        ("before", [origin.before for origin in scored.origins]),
    ):
        shares = at_or_below(truth, np.concatenate(said), quantiles=config.quantiles)
        out[key]["model"] = [share.value() for share in shares]
    return out


def _slices(
    fitted, panel: Panel, scored: Forecasts, found: dict[str, Any], weights: np.ndarray
) -> list[dict]:
    """The model on parts of the series, each figure with its interval."""
    parts: dict[str, list[np.ndarray]] = {}
    for origin in scored.origins:
        for kind, names in fitted.parts(panel, origin.step).items():
            parts.setdefault(kind, []).append(names)
    out = []
    for kind, each in parts.items():
        names = np.concatenate(each)
        for name in pd.unique(names):
            rows = np.flatnonzero(names == name)
            shown = ("weighted_quantile_loss", "mase", "coverage_80", "bias")
            figures = {
                key: judging.estimate(found[key][rows], weights[:, rows]) for key in shown if key in found
            }
            out.append({"slice": kind, "value": str(name), "rows": len(rows), "metrics": figures})
    return out


def _origins(panel: Panel, found: dict[str, dict[str, Any]], count: int, scored: Forecasts) -> list[dict]:
    """The quantile loss of each method, origin by origin: what the spread between periods is."""
    out = []
    for number in range(count):
        rows = np.arange(number * len(panel), (number + 1) * len(panel))
        loss = {name: by["weighted_quantile_loss"][rows].value() for name, by in found.items()}
        date = str(panel.dates[scored.origins[number].step].astype("datetime64[D]"))
        out.append({"origin": date, "weighted_quantile_loss": loss})
    return out
