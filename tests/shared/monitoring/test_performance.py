import json

import numpy as np
import pandas as pd
import pytest

from shared import judging
from shared.monitoring.findings import Alarms, settled
from shared.monitoring.performance import decay, measured


def judged(rows: int, seed: int, *, noise: float = 1.0, offset: float = 0.0) -> dict:
    """What `measured` keeps of made-up rows whose scores are right, but for what is asked for."""
    rng = np.random.default_rng(seed)
    signal = rng.normal(size=rows)
    label = (rng.random(rows) < 1 / (1 + np.exp(2 - 2 * signal))).astype(float)
    seen = signal if noise == 1 else rng.normal(size=rows)
    score = 1 / (1 + np.exp(2 + offset - 2 * seen))
    metrics, _ = judging.judge(label, {"model": score}, primary="roc_auc")
    metrics["curves"] = {"calibration": {}}
    return measured(metrics, pd.DataFrame({"score": score, "label": label}), None)


def states(then: dict, now: dict) -> dict[str, str]:
    return {each.name: each.state for each in settled(decay(then, now), Alarms())}


def test_unchanged_rows_show_no_decay():
    then = judged(1500, 0)
    alarms = sum(set(states(then, judged(600, seed)).values()) != {"steady"} for seed in range(1, 13))
    assert alarms <= 2


def test_a_model_that_ranks_no_more_is_to_act_on():
    found = states(judged(1500, 0), judged(800, 1, noise=0))
    assert found["roc_auc"] == "act" and found["average_precision"] == "look"


def test_promises_that_are_too_high_are_found_though_the_order_is_as_good():
    found = states(judged(3000, 0), judged(3000, 1, offset=-1.0))
    assert found["roc_auc"] == "steady" and found["calibration"] in ("look", "act")


def test_a_better_figure_is_no_alarm():
    figures = [{"value": value, "low": value - 0.01, "high": value + 0.01} for value in (0.7, 0.9)]
    then, now = (
        {"primary": "auc", "better": {"auc": "higher"}, "rows": 500, "figures": {"auc": each}}
        for each in figures
    )
    assert states(then, now) == {"auc": "steady"} and states(now, then) == {"auc": "act"}


def test_of_a_loss_more_is_worse():
    figures = [{"value": value, "low": value - 0.01, "high": value + 0.01} for value in (0.2, 0.4)]
    then, now = (
        {"primary": "x", "better": {"loss": "lower"}, "rows": 500, "figures": {"loss": each}}
        for each in figures
    )
    assert states(then, now) == {"loss": "look"} and states(now, then) == {"loss": "steady"}


@pytest.mark.parametrize("hole", [None, float("nan")])
def test_a_figure_without_an_interval_is_not_tested(hole):
    results = {"results": {"model": {"auc": {"value": 0.9, "low": hole, "high": hole}}}}
    kept = measured(
        results | {"primary_metric": "auc", "better": {"auc": "higher"}}, pd.DataFrame(index=range(99)), None
    )
    assert json.dumps(kept, allow_nan=False) and states(kept, kept) == {"auc": "few"}


def test_few_labelled_rows_say_nothing():
    assert judged(600, 0)["rows"] == 600
    now = judged(600, 1, noise=0) | {"rows": 29}
    assert states(judged(600, 0), now)["roc_auc"] == "few"
