"""`FraudPipeline` on a customer's table: what it reads again at predict, its split, groups, slices and files."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from shared.config import load_project
from shared.contract import Mapping, Table, raw_table
from shared.decisions import PASS
from shared.errors import ConfigError, ContractError
from shared.testing import tiny_config
from verticals.finance import FraudPipeline
from verticals.finance.fraud import data
from verticals.finance.fraud.config import FraudConfig

ROOT = Path(__file__).resolve().parents[2]
DAY = pd.Timedelta(days=1)


def checked(frame: pd.DataFrame, mapping: Mapping | None = None, **settings) -> tuple[FraudPipeline, Table]:
    config = tiny_config(FraudPipeline).model_copy(update=settings)
    pipeline = FraudPipeline(config, mapping or Mapping(columns={"label": "fraud"}))
    return pipeline, pipeline.check(raw_table(frame, "payments.csv"))


def fitted(frame: pd.DataFrame) -> FraudPipeline:
    pipeline, table = checked(frame)
    pipeline.fit(table, pipeline.splits(table)[-1])
    return pipeline


def scores(pipeline: FraudPipeline, frame: pd.DataFrame) -> pd.DataFrame:
    return pipeline.predict(pipeline.check(raw_table(frame), predict=True))


@pytest.fixture(scope="module")
def few() -> pd.DataFrame:
    """240 payments of 5 cards at 6 terminals in 60 days, in no order: some at one moment, some without a key."""
    rng = np.random.default_rng(4)
    size = 240
    frame = pd.DataFrame(
        {
            "time": pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.integers(0, 8640, size) * 600, unit="s"),
            "amount": np.round(rng.lognormal(3.5, 1, size), 2),
            "card": rng.choice([*"ABCDE", None], size),
            "terminal": rng.choice([*"uvwxyz", None], size),
            "fraud": (rng.random(size) < 0.2).astype(int),
        }
    )
    frame.loc[100:110, "time"] = frame.loc[100, "time"]
    return frame


# -- features that compare a payment with the habits of its card


def earlier(frame: pd.DataFrame, at: int, key: str, days: float) -> pd.DataFrame:
    row = frame.iloc[at]
    age = row["time"] - frame["time"]
    return frame[(frame[key] == row[key]) & (age > pd.Timedelta(0)) & (age <= days * DAY)]


def by_hand(frame: pd.DataFrame, value) -> np.ndarray:
    found = np.array([value(at) for at in range(len(frame))], np.float64)
    assert np.nanmax(np.abs(found)) > 0, "a table on which the feature is 0 tests nothing"
    return found


def test_unusual_and_high_payments_are_those_above_the_habits_of_the_card(few):
    pipeline, table = checked(few)
    found = pipeline.features(table).numbers
    log = np.log1p(few["amount"])
    usual = [log[earlier(few, at, "card", 30).index].mean() for at in range(len(few))]
    frame = few.assign(unusual=np.nan_to_num(log - usual))
    frame["high"] = frame["unusual"] > data.HIGH

    def share(at, key, days):
        before = earlier(frame, at, key, days)
        return before["high"].sum() / (len(before) + 1)

    def spread(at):
        month = earlier(frame, at, "card", 30)["amount"]
        return np.clip((frame["amount"][at] - month.mean()) / (month.std(ddof=0) + 1), -20, 20)

    expected = {
        "card_high_3d": lambda at: np.log1p(earlier(frame, at, "card", 3)["high"].sum()),
        "card_high_14d": lambda at: np.log1p(earlier(frame, at, "card", 14)["high"].sum()),
        "card_high_share": lambda at: share(at, "card", 14),
        "card_unusual_7d": lambda at: (earlier(frame, at, "card", 7)["unusual"].clip(lower=0) ** 2).mean(),
        "terminal_high_share": lambda at: share(at, "terminal", 7),
        "terminal_unusual_30d": lambda at: earlier(frame, at, "terminal", 30)["unusual"].mean(),
        "amount_to_card_spread": spread,
    }
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], by_hand(frame, value), rtol=2e-5, atol=1e-5, err_msg=name)


def test_a_fraud_counts_for_its_terminal_from_the_moment_it_is_reported():
    moments = ["2025-01-01 12:00", "2025-01-08 11:59", "2025-01-08 12:01", "2025-01-20 00:00"]
    frame = pd.DataFrame({"time": moments, "amount": 10.0, "terminal": "t", "fraud": [1, 0, 0, 0]})
    pipeline, table = checked(frame, label_delay=7)
    found = pipeline.features(table).numbers
    assert found["terminal_risk_1d"].tolist() == [0, 0, 0.5, 0]
    assert found["terminal_risk_30d"].tolist() == [0, 0, 0.5, 0.25]
    assert found["terminal_count_7d"][1] == pytest.approx(
        np.log(2)
    )  # that it was paid there is known at once


def test_a_customers_column_may_be_called_like_a_feature(few):
    frame = few.assign(night=np.arange(len(few)) * 1.0, hour_sin=["day", "dusk"] * (len(few) // 2))
    mapping = Mapping(columns={"label": "fraud"}, numeric=["night"], categorical=["hour_sin"])
    pipeline, table = checked(frame, mapping)
    found = pipeline.features(table)
    assert set(found.numbers["night"]) == {0, 1} and found.numbers["numeric/night"][-1] == len(few) - 1
    assert found.categories["categorical/hour_sin"].iloc[0] == "day" and "hour_sin" in found.numbers


# -- what was settled in training holds at predict


def test_a_model_without_a_card_ignores_cards_that_come_later(payments):
    pipeline = fitted(payments.drop(columns="card"))
    new = payments.drop(columns="fraud").tail(300)
    pd.testing.assert_frame_equal(
        scores(pipeline, new), scores(pipeline, new.drop(columns="card")), check_exact=True
    )


def test_a_model_that_knows_cards_asks_for_them(payments):
    pipeline = fitted(payments)
    with pytest.raises(ContractError, match="column `card`"):
        scores(pipeline, payments.drop(columns=["fraud", "card"]).tail(10))


def test_dates_are_read_as_they_were_in_training(payments):
    frame = payments.assign(time=payments["time"].dt.strftime("%d/%m/%Y %H:%M:%S"))
    pipeline = fitted(frame)
    new = frame.drop(columns="fraud").tail(1).assign(time="03/04/2025 10:00:00")
    table = pipeline.check(raw_table(new), predict=True)  # alone, it could be in March or in April
    assert table.frame["time"].iloc[0] == pd.Timestamp("2025-04-03 10:00")


# -- groups, slices, alerts


def test_payments_without_a_card_are_not_taken_for_one_card(few):
    pipeline, table = checked(few)
    groups, missing = pipeline.groups(table), few["card"].isna().to_numpy()
    assert missing.sum() > 5 and len(set(groups[missing])) == missing.sum()
    assert len(set(groups)) == 5 + missing.sum()
    plain, rows = checked(few.drop(columns="card"))
    assert plain.groups(rows) is None and plain.extra_metrics(rows, np.arange(5)) == {}


def test_slices_part_the_test_rows_by_amount_hour_and_card(few):
    pipeline, table = checked(few)
    rows = np.arange(20, 80)
    parts = pipeline.slices(table, pipeline.features(table), rows)
    assert set(parts) == {"amount band", "hour", "card"}
    for at, row in enumerate(rows):
        low, _, high = parts["amount band"][at].rstrip("+").partition("-")
        assert float(low) <= few["amount"][row] < float(high or "inf")
        start, end = map(int, parts["hour"][at].split("-"))
        assert start <= few["time"][row].hour < end
        assert (parts["card"][at] == "first payment") == (len(earlier(few, row, "card", 999)) == 0)


def test_an_alert_budget_holds_back_reviews_that_would_pay_off(payments):
    pipeline, table = checked(payments, alerts_per_day=2)
    rows, days = np.arange(len(table)), table.frame["time"].dt.floor("D").nunique()
    score = (pipeline.label(table) + np.random.default_rng(0).random(len(rows))) / 2
    stopped = pipeline.decide(table, rows, score).decide(score) != PASS
    assert 0 < stopped.sum() <= 2 * days
    free = checked(payments)[0].decide(table, rows, score).decide(score) != PASS
    assert free.sum() == payments["fraud"].sum() > 2 * days  # every fraud, as the scores are right


# -- the split and the files


def test_the_split_leaves_the_delay_out_and_keeps_cards_whole(payments):
    pipeline, table = checked(payments)
    (split,) = pipeline.splits(table)
    day, card = table.frame["time"].dt.floor("D"), table.frame["card"].to_numpy()
    assert (day[split.test].min() - day[split.train].max()).days == 8
    assert day[split.test].nunique() == 7
    assert not set(card[split.train]) & set(card[split.valid])
    frauds = table.frame[(table.frame["label"] == 1) & (day <= day[split.train].max())]
    assert not set(card[split.test]) & set(frauds["card"])  # known by then, so blocked
    kept = checked(payments, drop_known=False)[0].splits(table)[0]
    assert len(kept.test) > len(split.test)


def test_the_first_test_day_may_be_a_date_of_toml(tmp_path):
    path = tmp_path / "acme.toml"
    path.write_text("[settings]\ntest_start = 2025-01-31\n", encoding="utf-8")
    assert load_project(path, FraudConfig, FraudPipeline.roles).settings.test_start == "2025-01-31"
    assert FraudConfig(test_start=date(2025, 1, 31)) == FraudConfig(test_start="2025-01-31")
    path.write_text('[settings]\ntest_start = "tomorrow"\n', encoding="utf-8")
    with pytest.raises(
        ConfigError, match="`test_start`: found `tomorrow`, expected a date such as 2025-01-31"
    ):
        load_project(path, FraudConfig, FraudPipeline.roles)


OWN = [
    path for path in sorted(ROOT.glob("data/mappings/*.toml")) if "finance.fraud" in path.read_text("utf-8")
]


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_the_mappings_that_ship_fit_the_solution(path):
    project = load_project(path, FraudConfig, FraudPipeline.roles)
    assert project.solution in (None, "finance.fraud")
    assert {"time", "amount", "label"} <= set(project.mapping.columns)
