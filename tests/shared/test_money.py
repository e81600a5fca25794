"""Costs of five rows, by hand."""

import numpy as np
import pandas as pd
import pytest

from shared.decisions import NEVER, Costs, Thresholds, cheapest_thresholds
from shared.money import (
    alert_budget,
    alert_curve,
    choose_thresholds,
    cost_curve,
    judge_decisions,
    review_above,
    screening_costs,
)

LABEL = np.array([0, 0, 1, 1, 0])
SCORE = np.array([0.1, 0.2, 0.3, 0.9, 0.8])
COSTS = Costs(
    passed=np.array([0.0, 0, 100, 200, 0]),
    reviewed=np.full(5, 5.0),
    blocked=np.array([30.0, 30, 0, 0, 30]),
)
DECISIONS = {
    "rule": np.array(["pass"] * 5),  # 100 + 200
    "model": np.array(["pass", "review", "review", "block", "block"]),  # 5 + 5 + 0 + 30
}


def test_costs_counts_and_what_is_saved_are_those_worked_out_by_hand():
    found = judge_decisions(LABEL, DECISIONS, COSTS, days=2)
    rule, model = found["policies"]
    assert (rule["cost"]["value"], model["cost"]["value"]) == (300, 40)
    assert found["saved"]["value"] == 260 and found["saved_per_day"]["value"] == 130
    counts = {key: value for key, value in model.items() if key not in ("cost", "name")}
    assert counts == {"caught": 2, "missed": 0, "false_alarms": 2, "blocked": 2, "alerts_per_day": 2.0}
    assert (rule["caught"], rule["missed"], rule["false_alarms"]) == (0, 2, 0)


def test_what_is_saved_has_an_interval_of_whole_groups():
    label, costs = np.tile(LABEL, 40), Costs(*(np.tile(c, 40) for c in vars(COSTS).values()))
    decisions = {name: np.tile(decision, 40) for name, decision in DECISIONS.items()}
    saved = judge_decisions(label, decisions, costs, days=1)["saved"]
    assert saved["low"] < 260 * 40 < saved["high"] and saved["low"] > 0
    whole = judge_decisions(label, decisions, costs, days=1, groups=np.repeat(np.arange(40), 5))["saved"]
    assert whole["low"] == whole["value"] == whole["high"]  # each group of five saves 260


def test_without_a_budget_the_cheapest_thresholds_are_chosen():
    assert choose_thresholds(SCORE, COSTS) == cheapest_thresholds(SCORE, COSTS)


@pytest.mark.parametrize("budget", [0.0, 0.1, 0.2, 0.4, 0.5, 1.0])
def test_a_budget_is_never_exceeded_and_never_costs_more_than_to_stop_nothing(budget):
    chosen = choose_thresholds(SCORE, COSTS, budget=budget)
    decision = chosen.decide(SCORE)
    assert (decision != "pass").mean() <= budget
    assert COSTS.of(decision).sum() <= COSTS.passed.sum()
    if budget < 0.2:
        assert chosen == Thresholds(NEVER, NEVER)


def test_the_cost_curve_passes_through_the_chosen_threshold():
    chosen = Thresholds(0.25, 0.85)
    curve = cost_curve(SCORE, COSTS, chosen)
    assert curve["chosen"] == {"x": 0.25, "y": 10.0}  # two reviews, one block that is right
    at = curve["model"]["x"].index(0.25)
    assert curve["model"]["y"][at] == 10.0
    assert curve["model"]["y"][0] == 20.0  # four reviews: all rows but the blocked one


def test_the_alert_curve_is_the_share_of_positives_caught():
    curve = alert_curve(LABEL, {"model": SCORE}, days=2)["model"]
    assert curve == {"x": [0.5, 1.0, 1.5, 2.0, 2.5], "y": [0.5, 0.5, 1.0, 1.0, 1.0]}
    assert alert_curve(np.array([1]), {"model": np.array([0.3])}, days=1)["model"] == {"x": [1.0], "y": [1.0]}


def test_screening_costs_are_those_of_a_missed_positive_a_review_and_a_refused_negative():
    found = screening_costs(np.array([True, False]), np.array([70.0, 45.0]), review=3.0, false_block=40.0)
    assert found.passed.tolist() == [70, 0]
    assert found.reviewed.tolist() == [3, 3]
    assert found.blocked.tolist() == [0, 40]


def test_a_budget_is_the_share_of_rows_that_the_days_bring_and_never_more_than_all():
    time = pd.Series(
        pd.to_datetime(["2025-01-01 01:00", "2025-01-01 23:00", "2025-01-02 12:00", "2025-01-05 00:00"])
    )
    assert alert_budget(1, time) == 0.75
    assert alert_budget(2, time) == 1.0


WORDS = {
    "rule.none": {"en": "all pass", "zh": "全部放行"},
    "rule.above": {"en": "above {limit} {currency}", "zh": "超过 {limit} {currency}，{other}"},
}


def test_what_is_above_the_limit_is_reviewed_and_the_words_name_it():
    today, text = review_above(pd.Series([219.0, 220.0, 220.01]), 220.0, WORDS, currency="CNY")
    assert today.tolist() == ["pass", "pass", "review"]
    assert text == {"en": "above 220 CNY", "zh": "超过 220 CNY，{other}"}


def test_without_a_limit_every_row_passes():
    today, text = review_above(pd.Series([1.0, 1e9]), None, WORDS)
    assert today.tolist() == ["pass", "pass"] and text == WORDS["rule.none"]


def test_a_rule_without_words_of_its_own_is_told_of_rows():
    _, text = review_above(pd.Series([1.0]), 5, {}, currency="EUR")
    assert text == {"en": "rows above 5 EUR are reviewed", "zh": "超过 5 EUR 的记录进入人工审核"}
    assert review_above(pd.Series([1.0]), None, {})[1] == {"en": "every row passes", "zh": "全部放行"}
