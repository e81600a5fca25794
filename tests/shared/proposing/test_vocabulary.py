"""Names to words, in English and Chinese."""

import pytest

from shared.contract import Role
from shared.proposing.vocabulary import alike, has_word, name_score, tokens
from verticals.finance.fraud import FraudPipeline


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("TX_AMT", ("transaction", "amount")),
        ("customerID", ("customer", "id")),
        ("HTTPCode", ("http", "code")),
        ("客户编号", ("customer", "id")),
        ("交易金额", ("transaction", "amount")),
        ("ＩＤ", ("id",)),
        ("", ()),
    ],
)
def test_a_name_is_cut_into_the_words_that_count(name, wanted):
    assert tokens(name) == wanted


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("trx_dttm", "time"),
        ("交易日期", "time"),
        ("PaymentAmt", "amount"),
        ("amonut", "amount"),
        ("消费金额", "amount"),
        ("IsFraud", "label"),
        ("欺诈标签", "label"),
        ("cust_no", "card"),
        ("持卡人", "card"),
        ("merch_id", "terminal"),
        ("收款方", "terminal"),
    ],
)
def test_abbreviations_slips_and_chinese_lead_to_the_role(name, role):
    scores = {each.name: name_score(name, each)[0] for each in FraudPipeline.roles}
    assert max(scores, key=scores.get) == role and scores[role] > 0.6


def test_more_words_make_a_name_less_like_a_role():
    card = next(role for role in FraudPipeline.roles if role.name == "card")
    scores = [
        name_score(name, card)[0] for name in ("customer_id", "customer_id_risk", "customer_id_risk_7_days")
    ]
    assert scores == sorted(scores, reverse=True) and scores[-1] < 0.4


def test_words_that_say_little_make_no_name_alike():
    assert alike("transaction_id", "card_id") == 0
    assert alike("id", "terminal_id") == 0


def test_a_weak_name_counts_for_half():
    assert name_score("id", Role(name="patient", kind="key"))[0] == 0.55


def test_lists_are_met_by_single_words():
    assert has_word("chargeback_flag", "afterwards") and has_word("出院日期", "afterwards")
    assert not has_word("age", "afterwards")
