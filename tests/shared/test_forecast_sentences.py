"""The verdict in one sentence, for each of the three choices, in both languages."""

import re

import numpy as np
import pytest

from shared.forecast_sentences import NONE, accuracy_verdict, money_verdict
from shared.intervals import Bootstrap

COSTS = {
    "model": {"model": 8000.0, "naive": 12000.0, "seasonal_naive": 10000.0},
    "seasonal_naive": {"model": 12500.0, "naive": 12000.0, "seasonal_naive": 10000.0},
    "undecided": {"model": 10010.0, "naive": 12000.0, "seasonal_naive": 10000.0},
}
ORDER = {
    "model": ("Order by the model: over the test period it costs less than the seasonal", "建议按本模型订货"),
    "seasonal_naive": ("Order by the seasonal naive forecast, not by the", "建议按“季节性朴素预测”而不是本模型订货"),
    "undecided": ("cannot tell the model's orders from those of the seasonal naive", "不足以区分"),
}  # fmt: skip
ACCURATE = {
    "model": ("Its forecasts are more accurate than those of the seasonal naive", "预测精度优于“季节性朴素预测”"),
    "seasonal_naive": ("The forecasts of the seasonal naive forecast are more", "“季节性朴素预测”的预测更准确"),
    "undecided": ("In accuracy it cannot be told from the seasonal naive forecast", "无法区分"),
}  # fmt: skip


def drawn(choice, metric="cost", scale=1.0):
    """Values of each method, and resamples around them."""
    rng = np.random.default_rng(0)
    values = {name: {metric: cost * scale} for name, cost in COSTS[choice].items()}
    draws = {name: {metric: by[metric] + scale * rng.normal(0, 200, 300)} for name, by in values.items()}
    return Bootstrap(values, draws, level=0.95, wanted=300)


@pytest.mark.parametrize("choice", COSTS)
def test_the_money_speaks_for_one_or_for_none(choice):
    found = money_verdict(drawn(choice), ["naive", "seasonal_naive"], "EUR")
    assert (found["choice"], found["rival"], found["metric"]) == (choice, "seasonal_naive", "cost")
    for words, sentence in zip(ORDER[choice], (found["sentence"]["en"], found["sentence"]["zh"])):
        assert words in sentence
        assert f"EUR {COSTS[choice]['model']:,.0f}" in sentence and "EUR 10,000" in sentence
    apart = COSTS[choice]["model"] - 10000
    assert found["difference"]["value"] == apart and f"{apart:+,.0f} (" in found["sentence"]["en"]
    assert " to " in found["sentence"]["en"] and " 至 " in found["sentence"]["zh"]


@pytest.mark.parametrize("choice", COSTS)
def test_the_accuracy_speaks_for_one_or_for_none(choice):
    found = accuracy_verdict(
        drawn(choice, "weighted_quantile_loss", 1e-5), ["naive", "seasonal_naive"], "weighted_quantile_loss"
    )
    assert (found["choice"], found["rival"]) == (choice, "seasonal_naive")
    for words, sentence in zip(ACCURATE[choice], (found["sentence"]["en"], found["sentence"]["zh"])):
        assert words in sentence and "0.100" in sentence
    assert "weighted quantile loss" in found["sentence"]["en"] and "加权分位数损失" in found["sentence"]["zh"]


@pytest.mark.parametrize("choice", COSTS)
def test_the_chinese_sentences_hold_no_english(choice):
    costs = money_verdict(drawn(choice), ["seasonal_naive"], "CNY")["sentence"]["zh"]
    loss = accuracy_verdict(drawn(choice), ["seasonal_naive"], "cost")["sentence"]["zh"]
    assert not re.findall(r"[A-Za-z]+", costs.replace("CNY", "") + loss.replace("cost", ""))


def test_without_a_rival_there_is_no_verdict():
    found = money_verdict(drawn("model"), [], "EUR")
    assert found["choice"] == "undecided" and found["rival"] is None and found["sentence"] == NONE
    assert accuracy_verdict(drawn("model"), [], "cost") == {"choice": "undecided", "sentence": NONE}


def test_a_rival_of_the_customers_own_is_called_by_its_name():
    values = {"model": {"cost": 1.0}, "planner": {"cost": 9.0}}
    draws = {name: {"cost": np.full(50, by["cost"])} for name, by in values.items()}
    found = money_verdict(Bootstrap(values, draws, level=0.95, wanted=50), ["planner"], "USD")
    assert found["choice"] == "model" and "planner" in found["sentence"]["en"]
