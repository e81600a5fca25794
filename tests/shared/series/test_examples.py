"""Examples: one series of each kind, none twice, its numbers as they are."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from shared.series import metrics
from shared.series.examples import PAST, examples_of, plain
from shared.series.panel import Panel

LEVELS = (0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95)
SERIES, NOW, HORIZON = 12, 60, 5
STEP = NOW - HORIZON


@pytest.fixture
def case():
    """Nine steady series forecast ever worse, two that rarely sell, a new one."""
    rng = np.random.default_rng(0)
    target = rng.poisson(np.linspace(20, 60, SERIES)[:, None], (SERIES, NOW)).astype(np.float32)
    target[9:11] = (rng.random((2, NOW)) < 0.2) * np.array([[3], [8]])
    target[11, :STEP] = np.nan
    start = np.zeros(SERIES, np.int64)
    start[11], start[1] = STEP, 50
    target[1, :50] = np.nan
    keys = {"item": pd.Categorical([f"{number:03}" for number in range(SERIES)])}
    panel = Panel(target, start, NOW, np.datetime64("2024-01-01", "s"), "D", keys=keys)
    truth = target[:, STEP:].astype(np.float64)
    spread = np.linspace(-1, 1, len(LEVELS))
    model = truth[..., None] + np.arange(SERIES)[:, None, None] + spread
    origin = SimpleNamespace(step=STEP, truth=truth, forecasts={"model": model, "naive": model + 100})
    return panel, origin


def found(panel, origin, rival="naive"):
    return {entry["kind"]: entry for entry in examples_of(panel, origin, 7, LEVELS, rival)}


def test_each_kind_is_what_it_is_called(case):
    panel, origin = case
    made = found(panel, origin)
    assert set(made) == {"typical", "typical_2", "best", "worst", "intermittent", "new"}
    names = [entry["name"] for entry in made.values()]
    assert len(set(names)) == len(names)
    error = metrics.mase(
        origin.truth, origin.forecasts["model"], history=panel.target[:, :STEP], season=7, quantiles=LEVELS
    ).by_series
    steady = error[:9]
    assert made["best"]["name"] == f"{np.argmin(steady):03}"
    assert made["worst"]["name"] == f"{np.argmax(steady):03}"
    assert made["intermittent"]["name"] in ("009", "010") and made["new"]["name"] == "011"
    assert made["new"]["mase"] is None
    typical = int(made["typical"]["name"])
    assert steady.min() < steady[typical] < steady.max()
    assert made["typical"]["mase"] == pytest.approx(steady[typical])


def test_the_numbers_are_those_of_the_series(case):
    panel, origin = case
    for kind, entry in found(panel, origin).items():
        place = int(entry["name"])
        past = panel.target[place, STEP - PAST * HORIZON : STEP]
        begun = max(int(panel.start[place]), STEP - PAST * HORIZON)
        assert entry["history"]["values"] == plain(panel.target[place, begun:STEP]), kind
        assert len(entry["history"]["dates"]) == len(entry["history"]["values"]) <= len(past)
        assert entry["actual"] == origin.truth[place].tolist()
        assert entry["dates"][0].startswith("2024-02-25") and len(entry["dates"]) == HORIZON
        assert entry["quantiles"] == [0.1, 0.5, 0.9]
        assert np.allclose(entry["forecast"], origin.forecasts["model"][place][:, [1, 3, 5]], rtol=1e-3)
        assert np.allclose(entry["rival_forecast"], origin.forecasts["naive"][place][:, 3], rtol=1e-3)
        assert entry["rival"] == "naive"
    json.dumps(found(panel, origin), allow_nan=False)


def test_without_a_rival_none_is_drawn(case):
    assert all(
        "rival" not in entry and "rival_forecast" not in entry for entry in found(*case, None).values()
    )


def test_a_rival_without_quantiles_is_its_own_median(case):
    panel, origin = case
    origin.forecasts["naive"] = origin.truth + 1
    entry = found(panel, origin)["best"]
    assert np.allclose(entry["rival_forecast"], np.array(entry["actual"]) + 1, rtol=1e-3)


def test_series_whose_outcomes_are_not_all_known_are_not_shown_but_new_ones(case):
    panel, origin = case
    origin.truth[:9, 0], origin.truth[9, 1] = np.nan, np.nan
    origin.truth[11, 0] = np.nan
    made = found(panel, origin)
    assert {kind: entry["name"] for kind, entry in made.items()} == {"intermittent": "010", "new": "011"}
    assert made["new"]["actual"][0] is None


def test_few_series_give_few_examples_and_none_gives_none(case):
    panel, origin = case
    one = SimpleNamespace(
        step=STEP,
        truth=origin.truth[:1],
        forecasts={name: each[:1] for name, each in origin.forecasts.items()},
    )
    made = examples_of(panel.take([0]), one, 7, LEVELS, None)
    assert [entry["kind"] for entry in made] == ["typical"]
    dead = replace(panel, target=np.zeros_like(panel.target))
    origin.truth[:] = 0
    assert examples_of(dead, origin, 7, LEVELS, "naive") == []


def test_numbers_have_four_digits_and_none_where_there_is_none():
    assert plain(np.array([0.0, 123456.0, 0.000123456, -9.87654, np.nan, np.inf], np.float32)) == [
        0.0, 123500.0, 0.0001235, -9.877, None, None,
    ]  # fmt: skip
