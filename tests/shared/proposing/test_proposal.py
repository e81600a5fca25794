"""The best assignment of columns to roles."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from shared.contract import Role
from shared.proposing.profile import Column
from shared.proposing.proposal import FROM_OPTIONAL, FROM_REQUIRED, _scores, choose, named_at_least
from verticals.finance.fraud import FraudPipeline

RNG = np.random.default_rng(0)


def payments(**names):
    """Columns of a table of payments, under other names."""
    named = {
        "time": "time",
        "amount": "amount",
        "label": "fraud",
        "card": "card",
        "terminal": "terminal",
    } | names
    return [
        Column(named["card"], "text", 500, 500, 40),
        Column(named["terminal"], "text", 500, 500, 60),
        Column(named["time"], "time", 500, 500, 499, numbers=np.arange(500.0) * 3600, rising=True),
        Column(named["amount"], "number", 500, 500, 450, numbers=RNG.gamma(2, 30, 500).round(2)),
        Column("note", "text", 500, 500, 480, spaces=9.0),
        Column(named["label"], "number", 500, 500, 2, values={"0": 480, "1": 20}, numbers=(np.arange(500) < 20) * 1.0),
    ]  # fmt: skip


def columns_of(choices):
    return {choice.role.name: choice.column for choice in choices}


def test_plain_names_are_sure():
    choices = choose(payments(), FraudPipeline.roles)
    assert columns_of(choices) == {
        "time": "time", "amount": "amount", "label": "fraud", "card": "card", "terminal": "terminal",
    }  # fmt: skip
    assert {choice.level for choice in choices} == {"sure"}


def test_names_that_say_nothing_leave_the_required_roles_to_the_cells_as_doubts():
    names = {name: letter for name, letter in zip(("time", "amount", "label", "card", "terminal"), "abcde")}
    choices = choose(payments(**names), FraudPipeline.roles)
    found = columns_of(choices)
    assert (found["time"], found["amount"], found["label"]) == ("a", "b", "c")
    assert found["card"] is None and found["terminal"] is None
    assert all(choice.doubtful for choice in choices if choice.role.required)


def test_each_column_plays_one_role():
    columns = [Column("customer_merchant", "text", 500, 500, 40), *payments()[2:]]
    used = [name for name in columns_of(choose(columns, FraudPipeline.roles)).values() if name]
    assert len(used) == len(set(used))


def test_a_decision_of_a_person_is_kept_and_frees_the_others():
    found = columns_of(choose(payments(), FraudPipeline.roles, fixed={"card": "terminal", "terminal": None}))
    assert found["card"] == "terminal" and found["terminal"] is None


def test_two_dates_are_a_doubt_that_names_the_other_one():
    columns = [*payments(), Column("value_date", "time", 500, 500, 400, numbers=np.arange(500.0))]
    choice = choose(columns, FraudPipeline.roles)[0]
    assert choice.doubtful and choice.others == ("value_date",)


def test_no_cell_is_in_a_reason():
    columns = payments()
    columns[-1].values = {"secret": 480, "other": 20}
    assert not any(
        "secret" in choice.why["en"] + choice.why["zh"] for choice in choose(columns, FraudPipeline.roles)
    )


@pytest.mark.parametrize("seed", range(5))
def test_the_assignment_is_the_best_of_all_that_there_are(seed):
    rng = np.random.default_rng(seed)
    words = ["time", "date", "amount", "fraud", "customer", "merchant", "card amount", "fraud time", "x"]
    names = rng.choice(words, 5, replace=False)
    columns = [
        Column(str(name), "number", 90, 90, 2 + at, values={"0": 80, "1": 10} if at % 2 else {}, rising=at % 3 == 0,
               numbers=rng.permutation(90) % (2 + at) / 1.0)
        for at, name in enumerate(names)
    ]  # fmt: skip
    roles = list(FraudPipeline.roles)
    scores = _scores(columns, roles, columns, "")

    def gain(places):
        total = 0.0
        for row, place in enumerate(places):
            if place is not None:
                least = FROM_REQUIRED if roles[row].required else FROM_OPTIONAL
                score = scores[row][place].total
                total += score - least + 0.1 * roles[row].required if score >= least else -9
        return total

    ways = itertools.product([None, *range(5)], repeat=len(roles))
    best = max(
        gain(way) for way in ways if len({p for p in way if p is not None}) == sum(p is not None for p in way)
    )
    found = columns_of(choose(columns, roles)).values()
    places = [None if name is None else [column.name for column in columns].index(name) for name in found]
    assert gain(places) == pytest.approx(best)


def test_a_generic_table_needs_no_more_than_a_label():
    columns = [
        Column("visits", "number", 90, 90, 30, numbers=np.arange(90.0) % 30),
        Column("weekend", "text", 90, 90, 2, values={"false": 60, "true": 30}),
        Column("bought", "text", 90, 90, 2, values={"false": 75, "true": 15}),
    ]
    assert choose(columns, [Role(name="label", kind="label")])[0].column == "bought"


def test_a_required_role_takes_the_column_of_its_name_whatever_its_cells_so_that_its_faults_are_told():
    columns = payments()
    columns[-1] = Column("fraud", "text", 500, 500, 3, values={"0": 400, "1": 20, "pending": 80})
    choices = choose(columns, FraudPipeline.roles)
    assert columns_of(choices)["label"] is None
    told = {choice.role.name: choice for choice in named_at_least(choices, columns)}["label"]
    assert told.column == "fraud" and told.doubtful and "its cells do not suit" in told.why["en"]


def test_a_role_that_a_person_left_out_and_names_that_are_only_alike_stay_without_a_column():
    columns = payments(label="fraud")
    columns[-1] = Column("fraud", "text", 500, 500, 3, values={"0": 400, "1": 20, "pending": 80})
    choices = named_at_least(choose(columns, FraudPipeline.roles, fixed={"label": None}), columns)
    assert columns_of(choices)["label"] is None
    columns[-1] = Column("scoring", "text", 500, 500, 400)
    assert columns_of(named_at_least(choose(columns, FraudPipeline.roles), columns))["label"] is None


def test_of_a_suspicion_and_what_was_found_the_latter_is_the_label():
    suspected = payments(label="fraud_suspected")
    confirmed = replace(suspected[-1], name="fraud_confirmed", values={"0": 485, "1": 15})
    assert columns_of(choose([*suspected, confirmed], FraudPipeline.roles))["label"] == "fraud_confirmed"


def test_names_as_sap_and_german_tables_have_them_are_known():
    for names in (
        ("BUDAT", "WRBTR", "KUNNR", "LIFNR"),
        ("Buchungsdatum", "Betrag", "Kartennummer", "Händler"),
    ):
        named = dict(zip(("time", "amount", "card", "terminal"), names))
        choices = choose(payments(**named), FraudPipeline.roles)
        assert {choice.role.name: choice.column for choice in choices if choice.level == "sure"} == {
            **named,
            "label": "fraud",
        }
