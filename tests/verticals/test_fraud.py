"""`finance.fraud` keeps the promises; its features are what they are said to be; its networks reload exactly."""

import importlib
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from shared.bundle import load, save
from shared.contract import Mapping, raw_table
from shared.testing import causal, check_pipeline, learnt, tiny_config
from shared.testing.trial import Trial
from verticals.finance import FraudPipeline
from verticals.finance.fraud import data
from verticals.finance.fraud.config import FraudConfig

ROLES = Mapping()
DAY = pd.Timedelta(days=1)


def table_of(frame: pd.DataFrame, *, predict: bool = False, mapping: Mapping = ROLES):
    return FraudPipeline(mapping=mapping).check(raw_table(frame), predict=predict)


def features_of(table, **settings):
    return FraudPipeline(FraudConfig(**settings)).features(table)


@pytest.fixture(scope="module")
def few() -> pd.DataFrame:
    """300 payments of 6 cards at 5 terminals in 40 days: some at one moment, some without card or terminal."""
    rng = np.random.default_rng(5)
    size = 300
    minutes = rng.integers(0, 40 * 24 * 60, size)
    minutes[50:80] = minutes[20:50]  # other payments at the very same moments
    frame = pd.DataFrame(
        {
            "time": pd.Timestamp("2025-01-01") + pd.to_timedelta(minutes, "min"),
            "amount": np.round(rng.lognormal(3, 1, size), 2),
            "label": (rng.random(size) < 0.2).astype(int),
            "card": rng.choice(["a", "b", "c", "d", "e", "f"], size),
            "terminal": rng.choice(["t", "u", "v", "w", "x"], size),
        }
    )
    frame.loc[::37, "card"] = None
    frame.loc[::41, "terminal"] = None
    return frame


@pytest.fixture(scope="module")
def numbers(few) -> dict[str, np.ndarray]:
    return features_of(table_of(few)).numbers


def past(frame: pd.DataFrame, row: int, key: str, days: float = np.inf, *, delay: float = 0) -> pd.DataFrame:
    """The earlier rows of the key: slow, and obvious."""
    here = frame.iloc[row]
    same = frame[(frame[key] == here[key]) & (frame["time"] < here["time"])]
    same = same[same["time"] <= here["time"] - delay * DAY]
    return same if np.isinf(days) else same[same["time"] >= here["time"] - (delay + days) * DAY]


def by_hand(frame: pd.DataFrame, value) -> np.ndarray:
    return np.array([value(row) for row in range(len(frame))], np.float64)


def equal(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5, equal_nan=True)


@pytest.fixture(scope="module")
def trials() -> dict[str, Trial]:
    """A fitted pipeline of each network, with its table and split."""
    frame, mapping = FraudPipeline.sample(**FraudPipeline.small)
    tiny = tiny_config(FraudPipeline)
    return {
        network: Trial.begin(
            FraudPipeline, tiny.model_copy(update={"network": network, "history": 4}), mapping, frame
        )
        for network in ("tabular", "history", "fused")
    }


def test_fraud_pipeline_keeps_every_promise():
    check_pipeline(FraudPipeline, fresh_process=False)


@pytest.mark.parametrize("network", ["history", "fused"])
def test_windows_over_the_card_history_keep_the_promises_too(trials, network):
    causal.check_the_future_is_not_read(trials[network])
    causal.check_young_labels_are_not_read(trials[network])
    learnt.check_inputs_are_finite(trials[network])
    learnt.check_anything_can_be_scored(trials[network])
    learnt.check_order_is_kept(trials[network])


def test_check_pipeline_takes_a_customer_table_with_further_columns(payments):
    rng = np.random.default_rng(0)
    frame = payments.assign(
        shop=rng.choice(["food", "fuel", "travel"], len(payments)),
        limit=np.where(rng.random(len(payments)) < 0.3, np.nan, 1000.0),
    ).drop(columns=["card", "terminal"])
    mapping = Mapping(columns={"label": "fraud"}, numeric=["limit"], categorical=["shop"])
    check_pipeline(FraudPipeline, table=frame, mapping=mapping, fresh_process=False)


def test_a_renamed_copy_of_the_folder_keeps_the_promises(tmp_path, monkeypatch):
    shutil.copytree(Path(data.__file__).parent, tmp_path / "acme_fraud")
    monkeypatch.syspath_prepend(str(tmp_path))
    clone = importlib.import_module("acme_fraud.pipeline").FraudPipeline
    assert clone is not FraudPipeline
    check_pipeline(clone)


# -- features


@pytest.mark.parametrize("days", [1, 7, 30])
def test_counts_and_means_of_the_card_are_those_of_its_earlier_payments(few, numbers, days):
    equal(
        np.expm1(numbers[f"card_count_{days}d"]), by_hand(few, lambda row: len(past(few, row, "card", days)))
    )
    mean = by_hand(few, lambda row: past(few, row, "card", days)["amount"].mean())
    equal(numbers[f"card_mean_{days}d"], np.log1p(mean))


@pytest.mark.parametrize("days", [1, 7, 30])
def test_the_risk_of_a_terminal_is_read_from_labels_older_than_the_delay(few, numbers, days):
    def risk(row):
        known = past(few, row, "terminal", days, delay=7)
        return known["label"].sum() / (len(known) + 1)

    expected = by_hand(few, risk)
    assert days == 1 or (expected > 0).sum() > 20
    equal(numbers[f"terminal_risk_{days}d"], expected)
    frauds = by_hand(few, lambda row: past(few, row, "terminal", days, delay=7)["label"].sum())
    equal(np.expm1(numbers[f"terminal_frauds_{days}d"]), frauds)


def test_frauds_of_a_card_are_read_from_labels_older_than_the_delay(few, numbers):
    frauds = by_hand(few, lambda row: past(few, row, "card", 30, delay=7)["label"].sum())
    equal(np.expm1(numbers["card_frauds_30d"]), frauds)


@pytest.mark.parametrize("key", ["card", "terminal"])
def test_time_since_the_last_payment_is_missing_on_the_first(few, numbers, key):
    last = by_hand(few, lambda row: (few["time"][row] - past(few, row, key)["time"].max()).total_seconds())
    equal(numbers[f"{key}_since_last"], np.log1p(last))
    assert np.isnan(numbers[f"{key}_since_last"]).any()


def test_a_terminal_is_new_to_a_card_until_it_has_paid_there(few, numbers):
    def before(row):
        here = few.iloc[row]
        return (past(few, row, "card")["terminal"] == here["terminal"]).sum()

    count = by_hand(few, before)
    equal(np.expm1(numbers["card_at_terminal"]), count)
    equal(numbers["terminal_is_new"], count == 0)


def test_an_amount_is_measured_against_the_card_mean_of_thirty_days(few, numbers):
    mean = by_hand(few, lambda row: past(few, row, "card", 30)["amount"].mean())
    equal(numbers["amount_to_card_mean"], np.log((few["amount"] + 1) / (mean + 1)))


def test_hours_turn_in_a_circle_and_nights_and_weekends_are_marked():
    # 2025-01-03 is a Friday.
    moments = ["2025-01-03 05:59:59", "2025-01-03 06:00", "2025-01-03 18:00", "2025-01-04 00:00", "2025-01-05 23:59",
               "2025-01-06 12:00"]  # fmt: skip
    frame = pd.DataFrame(
        {"time": pd.to_datetime(moments, format="mixed"), "amount": 10.0, "label": [0, 1] * 3}
    )
    numbers = features_of(table_of(frame)).numbers
    assert numbers["night"].tolist() == [1, 0, 0, 1, 0, 0]
    assert numbers["weekend"].tolist() == [0, 0, 0, 1, 1, 0]
    equal(numbers["hour_sin"][1:4], [1, -1, 0])
    equal(numbers["hour_cos"][3:6:2], [1, -1])


def test_a_payment_without_card_or_terminal_has_no_past(few, numbers):
    for key in ("card", "terminal"):
        alone = few[key].isna().to_numpy()
        assert alone.sum() > 5
        assert (numbers[f"{key}_count_30d"][alone] == 0).all()


def test_windows_and_label_delay_follow_the_settings(few):
    numbers = features_of(table_of(few), windows=(3,), label_delay=2).numbers
    assert "card_count_7d" not in numbers and "terminal_risk_30d" not in numbers
    equal(np.expm1(numbers["card_count_3d"]), by_hand(few, lambda row: len(past(few, row, "card", 3))))
    frauds = by_hand(few, lambda row: past(few, row, "terminal", 3, delay=2)["label"].sum())
    equal(np.expm1(numbers["terminal_frauds_3d"]), frauds)


def test_without_labels_nothing_is_known_of_frauds_and_all_else_is_as_before(few, numbers):
    blind = features_of(table_of(few.drop(columns="label"), predict=True)).numbers
    for name, values in numbers.items():
        known = "risk" in name or "frauds" in name
        equal(blind[name], np.zeros(len(few)) if known else values)


def test_the_customer_columns_come_through_as_they_are():
    frame = pd.DataFrame(
        {
            "time": ["2025-01-01", "2025-01-02"],
            "amount": [1, 2],
            "label": [0, 1],
            "limit": [5.5, None],
            "shop": ["a", "b"],
        }
    )
    found = features_of(table_of(frame, mapping=Mapping(numeric=["limit"], categorical=["shop"])))
    equal(found.numbers["limit"], [5.5, np.nan])
    assert found.categories["shop"].tolist() == ["a", "b"]
    assert not any("card" in name or "terminal" in name for name in found.numbers)


# -- networks


@pytest.mark.parametrize("network", ["tabular", "history", "fused"])
def test_a_network_reads_what_it_is_named_after_and_reloads_equal(trials, network, tmp_path):
    pipeline, table = trials[network].pipeline, trials[network].table
    expected = {"tabular": {"number"}, "history": {"history"}, "fused": {"number", "history"}}[network]
    assert {tensor.name for tensor in pipeline.model.inputs} == expected
    assert pipeline.model.output_shape == (None, pipeline.config.members)
    again = load(save(pipeline, tmp_path / "bundle"))
    pd.testing.assert_frame_equal(pipeline.predict(table), again.predict(table), check_exact=True)
    assert again.config == pipeline.config and again.mapping == pipeline.mapping


@pytest.mark.parametrize("network", ["tabular", "history", "fused"])
def test_places_name_inputs_that_the_network_has(trials, network):
    pipeline, table = trials[network].pipeline, trials[network].table
    arrays = pipeline.prepare(table).inputs.take(np.arange(2))
    named = [place for places in pipeline.places().values() for place in places]
    assert {name for name, _ in named} == set(arrays)
    for name, column in named:
        assert column is None or column < arrays[name].shape[1]


def test_the_card_history_holds_the_latest_payments_of_the_card_and_no_other(trials, payments):
    pipeline, table = trials["history"].pipeline, trials["history"].table
    inputs = pipeline.prepare(table).inputs
    card = payments["card"].value_counts().index[0]
    rows = np.flatnonzero(payments["card"] == card)
    window = inputs.take(rows[5:6])["history"][0]
    assert window.shape[0] == 4
    np.testing.assert_array_equal(window[:, :-1], inputs.arrays["history"][rows[2:6]])
    first = inputs.take(rows[:1])["history"][0]
    assert (first[:-1] == 0).all() and first[-1, -1] == 1


def test_the_network_starts_from_the_share_of_frauds(payments):
    config = tiny_config(FraudPipeline)
    pipeline = FraudPipeline(config, Mapping(columns={"label": "fraud"}))
    table = pipeline.check(raw_table(payments))
    label = pipeline.label(table)
    features = pipeline.features(table)
    pipeline.state = pipeline.learn(features, np.arange(len(table)), label)
    inputs = pipeline.encode(features, table)
    model = pipeline.build(inputs, label)
    scores = pipeline.decode(np.asarray(model(inputs.take(np.arange(500)), training=False)))
    assert 0.2 * label.mean() < scores.mean() < 5 * label.mean()


# -- money and settings


def test_costs_follow_the_settings():
    frame = pd.DataFrame({"time": ["2025-01-01", "2025-01-02"], "amount": [100.0, 50.0], "label": [1, 0]})
    config = FraudConfig(missed_fraud_cost=20, amount_at_risk=0.5, review_cost=3, false_block_cost=40)
    costs = FraudPipeline(config).costs(table_of(frame))
    assert costs.passed.tolist() == [70, 0]
    assert costs.reviewed.tolist() == [3, 3]
    assert costs.blocked.tolist() == [0, 40]


def test_a_budget_of_alerts_bounds_the_reviews(trials, payments):
    pipeline, table = trials["tabular"].pipeline, trials["tabular"].table
    rows = np.arange(len(table))
    scores = np.random.default_rng(0).random(len(table))
    days = payments["time"].dt.floor("D").nunique()
    config = pipeline.config.model_copy(update={"alerts_per_day": 5, "review_cost": 0.0})
    chosen = FraudPipeline(config, pipeline.mapping).decide(table, rows, scores)
    assert 0 < (chosen.decide(scores) == "review").sum() <= 5 * days + 1


def test_today_rule_is_a_review_above_an_amount():
    frame = pd.DataFrame({"time": ["2025-01-01", "2025-01-02"], "amount": [220.0, 220.01], "label": [1, 0]})
    today, words = FraudPipeline(FraudConfig(rule_amount=220, currency="CNY")).rule(table_of(frame))
    assert (today != today[0]).tolist() == [False, True]
    assert words == {"en": "payments above 220 CNY are reviewed", "zh": "金额超过 220 CNY 的交易进入人工审核"}
    nothing, words = FraudPipeline().rule(table_of(frame))
    assert len(set(nothing)) == 1
    assert words == {"en": "no screening: every payment passes", "zh": "不做筛查：所有交易均放行"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"windows": ()},
        {"windows": (0,)},
        {"label_delay": -1},
        {"label_delay": 1.5},
        {"history": 0},
        {"network": "transformer"},
        {"dropout": 1.0},
        {"units": 0},
        {"missed_fraud_cost": -1},
        {"review_cost": float("nan")},
        {"missed_fraud_cost": float("inf")},
        {"alerts_per_day": 0},
        {"currency": ""},
        {"epoch": 3},
    ],
    ids=str,
)
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValidationError):
        FraudConfig(**wrong)


def test_the_template_file_fits_the_pipeline():
    from shared.config import load_project

    path = Path(data.__file__).with_name("fraud.toml")
    project = load_project(path, FraudConfig, FraudPipeline.roles)
    assert project.solution == FraudPipeline.name
    assert set(project.mapping.columns) == {role.name for role in FraudPipeline.roles}
    assert project.settings == FraudConfig(), "the template's settings differ from the defaults"
