"""The simulator keeps to its published rules."""

import time

import numpy as np
import pandas as pd
import pytest

from shared.simulators.payments import simulate_payments

SIZE = dict(cards=500, terminals=1500, days=60)


@pytest.fixture(scope="module")
def payments() -> pd.DataFrame:
    return simulate_payments(**SIZE, seed=1)


@pytest.fixture(scope="module")
def honest() -> pd.DataFrame:
    return simulate_payments(**SIZE, seed=1, frauds=False)


def test_the_table_is_sorted_complete_and_typed(payments):
    assert payments["time"].is_monotonic_increasing
    assert not payments.isna().any().any()
    assert payments["transaction_id"].tolist() == list(range(len(payments)))
    assert (
        payments["card"].str.fullmatch(r"C\d{5}").all()
        and payments["terminal"].str.fullmatch(r"T\d{5}").all()
    )
    assert payments["time"].min() >= pd.Timestamp("2025-01-01")
    assert payments["time"].max() < pd.Timestamp("2025-01-01") + pd.Timedelta(days=60)
    assert set(payments["fraud"]) == {0, 1} and set(payments["scenario"]) == {0, 1, 2, 3}


def test_one_seed_gives_one_table_and_another_gives_another(payments):
    pd.testing.assert_frame_equal(payments, simulate_payments(**SIZE, seed=1))
    assert not payments["amount"].equals(simulate_payments(**SIZE, seed=2)["amount"])


def test_without_frauds_the_same_payments_remain(payments, honest):
    assert honest["fraud"].sum() == 0 and honest["scenario"].sum() == 0
    same = ["transaction_id", "time", "card", "terminal"]
    pd.testing.assert_frame_equal(payments[same], honest[same])


def test_numbers_times_and_amounts_follow_the_description(honest):
    assert len(honest) == pytest.approx(500 * 60 * 2 * 0.969, rel=0.1)
    second = (honest["time"] - honest["time"].dt.floor("D")).dt.total_seconds()
    assert second.mean() == pytest.approx(43_200, abs=500)
    assert second.std() == pytest.approx(18_400, rel=0.03)  # 20,000 cut at the ends of the day
    assert honest["amount"].min() > 0 and np.allclose(honest["amount"], honest["amount"].round(2))
    of_card = honest.groupby("card")["amount"].agg(["mean", "size"])
    of_card = of_card[of_card["size"] > 50]
    assert of_card["mean"].min() > 4 and of_card["mean"].max() < 115


def test_a_card_pays_at_terminals_near_it(honest):
    seen = honest.groupby("card")["terminal"].nunique()
    assert seen.max() <= 40  # 1,500 terminals x pi 5^2 / 100^2 = 12 on average
    far = simulate_payments(**SIZE, seed=1, radius=200, frauds=False)
    assert far.groupby("card")["terminal"].nunique().max() > 100


def test_cards_without_a_terminal_make_no_payment():
    assert simulate_payments(cards=100, terminals=5, days=20, radius=5)["card"].nunique() < 30
    assert len(simulate_payments(cards=20, terminals=3, days=5, radius=0)) == 0


@pytest.mark.parametrize("seed", range(3))
def test_about_one_percent_is_fraud_at_every_size(seed):
    for size in (dict(cards=400, terminals=1000, days=65), dict(cards=1500, terminals=3000, days=30)):
        assert 0.005 < simulate_payments(**size, seed=seed)["fraud"].mean() < 0.015


def test_the_share_of_frauds_is_as_high_at_the_start_as_later():
    many = pd.concat([simulate_payments(cards=4000, terminals=8000, days=42, seed=seed) for seed in range(2)])
    early = many["time"] < pd.Timestamp("2025-01-15")
    assert many["fraud"][early].mean() == pytest.approx(many["fraud"][~early].mean(), rel=0.25)


def test_every_large_amount_is_fraud(payments, honest):
    large = honest["amount"] > 220
    assert large.any() and payments.loc[large.to_numpy(), "fraud"].all()
    assert (payments.loc[payments["scenario"] == 1, "amount"] > 220).all()


def test_a_compromised_terminal_is_fraud_for_up_to_28_days_in_a_row(payments):
    day = (payments["time"] - pd.Timestamp("2025-01-01")).dt.days
    bad = payments[payments["scenario"] == 2].assign(day=day)
    spans = bad.groupby("terminal")["day"].agg(["min", "max"])
    assert len(spans) >= 5
    for terminal, (first, last) in spans.iterrows():
        inside = payments[(payments["terminal"] == terminal) & day.between(first, last)]
        if last - first < 28:  # longer ones were compromised twice
            assert inside["fraud"].all()
    assert (spans["max"] - spans["min"] < 28).mean() > 0.8


def test_a_third_of_a_compromised_cards_payments_are_five_times_as_large(payments, honest):
    stolen = (payments["scenario"] == 3).to_numpy()
    assert np.allclose(payments["amount"][stolen], honest["amount"][stolen] * 5)
    assert payments["amount"][~stolen].equals(honest["amount"][~stolen])
    day = (payments["time"] - pd.Timestamp("2025-01-01")).dt.days
    spans = payments[stolen].assign(day=day).groupby("card")["day"].agg(["min", "max", "size"])
    spans = spans[(spans["size"] > 5) & (spans["max"] - spans["min"] < 14)]
    shares = [
        stolen[((payments["card"] == card) & day.between(row["min"], row["max"])).to_numpy()].mean()
        for card, row in spans.iterrows()
    ]
    assert np.mean(shares) == pytest.approx(0.4, abs=0.1)  # above 1/3, as spans begin and end with one


def test_more_can_be_compromised():
    many = simulate_payments(**SIZE, seed=1, compromised_terminals=3, compromised_cards=0)
    assert (many["scenario"] == 3).sum() == 0 and (many["scenario"] == 2).mean() > 0.03


def test_fifty_thousand_payments_take_less_than_a_second():
    begin = time.process_time()
    assert len(simulate_payments(cards=400, terminals=1000, days=65)) > 45_000
    assert time.process_time() - begin < 1
