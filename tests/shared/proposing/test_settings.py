"""Settings that a table asks for."""

import numpy as np
import pytest

from shared.proposing.profile import Column
from shared.proposing.settings import settings_for, told_missing

FRAUD = {"test_days": 7, "label_delay": 7, "split": "time", "folds": 1}
DEMAND = {"horizon": 28, "origins": 3, "valid_origins": 2, "lookback": 84, "cancelled": ()}


def dates(days, step=1.0):
    seconds = np.arange(0, days, step) * 86_400 + 1.7e9 // 86_400 * 86_400
    return Column("when", "time", len(seconds), len(seconds), len(seconds), numbers=seconds, rising=True)


@pytest.mark.parametrize(("days", "wanted"), [(183, {}), (2, {"split": "stratified", "folds": 5})])
def test_parts_by_time_fit_the_span(days, wanted):
    found, _ = settings_for({"time": dates(days, 0.1)}, FRAUD)
    assert {name: each.value for name, each in found.items()} == wanted


def test_a_short_span_has_few_days_that_judge():
    found, _ = settings_for({"time": dates(20)}, FRAUD)
    assert found["test_days"].value * 3 + 2 * found["label_delay"].value < 20


@pytest.mark.parametrize("days", [60, 150, 400, 1000])
def test_a_horizon_leaves_room_to_look_back_and_to_judge(days):
    found, _ = settings_for({"date": dates(days)}, DEMAND)
    chosen = {name: found[name].value if name in found else DEMAND[name] for name in ("horizon", "lookback")}
    assert chosen["horizon"] >= 1
    assert chosen["horizon"] * 5 + chosen["lookback"] <= days


def test_weeks_have_a_horizon_of_weeks():
    weeks = dates(7 * 120, 7.0)
    assert settings_for({"date": weeks}, DEMAND)[0]["horizon"].value == 8


def test_settings_that_a_solution_has_not_are_not_set():
    assert settings_for({"time": dates(2)}, {"epochs": 3}) == ({}, [])


def test_texts_for_not_known_are_listed_once():
    columns = [Column(name, "number", 9, 9, 9, missing=("?", "不详")) for name in "ab"]
    assert told_missing(columns) == ["?", "不详"]
