"""A binary solution scored without pandas answers as its pipeline does."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from shared import bundle
from shared.contract import raw_table
from shared.contract.plan import reading_plan
from shared.history import FEW, History, key_codes
from shared.light.reader import read_rows
from shared.light.rows import RowScorer
from verticals.finance.fraud import FraudPipeline, data

KEPT = Path(__file__).parents[2] / "fixtures" / "bundles" / "finance_fraud"


@pytest.fixture(scope="module")
def pipeline():
    return bundle.load(KEPT / "bundle")


@pytest.fixture(scope="module")
def scorer(pipeline):
    content = json.loads((KEPT / "bundle" / "bundle.json").read_text("utf-8"))
    roles = {"roles": [role.name for role in pipeline.roles], "key_role": "card"}
    return RowScorer(content | roles, pipeline.model, data.columns)


def test_rows_with_a_past_are_answered_as_the_pipeline_answers_them(pipeline, scorer):
    frame, _ = FraudPipeline.sample(cards=30, days=20, seed=3)
    rows, before = frame.tail(40), frame.iloc[-300:-40]
    plan = reading_plan(pipeline.roles, pipeline.mapping)
    asked = read_rows(rows.astype({"time": str}).to_dict("records"), plan)
    history = read_rows(before.astype({"time": str}).to_dict("records"), plan, labels=True)
    table = pipeline.check(raw_table(rows.drop(columns="fraud")), predict=True, earlier=raw_table(before))
    expected = pipeline.predict(table, range(len(rows)))
    found = scorer.answer(asked, history=history)
    assert [answer["score"] for answer in found] == expected["score"].tolist()
    assert [answer["decision"] for answer in found] == expected["decision"].tolist()


def test_kept_answers_are_given_again(pipeline, scorer):
    with open(KEPT / "rows.csv", encoding="utf-8") as file:
        rows = read_rows(list(csv.DictReader(file)), reading_plan(pipeline.roles, pipeline.mapping))
    with open(KEPT / "answers.csv", encoding="utf-8") as file:
        kept = list(csv.DictReader(file))
    found = scorer.answer(rows)
    np.testing.assert_allclose([a["score"] for a in found], [float(a["score"]) for a in kept], atol=1e-6)
    assert [a["decision"] for a in found] == [a["decision"] for a in kept]


@pytest.mark.parametrize("size", [300, FEW + 500])
def test_texts_and_categoricals_give_the_same_past_to_the_last_bit(size):
    import pandas as pd

    rng = np.random.default_rng(size)
    card = rng.integers(0, 40, size).astype(str).astype(object)
    card[rng.random(size) < 0.1] = None
    time, values = (
        rng.integers(0, 10**6, size).astype(float),
        rng.normal(size=size) * 10.0 ** rng.integers(0, 9, size),
    )
    values[rng.random(size) < 0.1] = np.nan
    one, other = History(key_codes(card), time), History(key_codes(pd.Series(card).astype("category")), time)
    for ask in (
        lambda past: past.total(values, 5e4),
        lambda past: past.mean(values, 9e4, delay=10.0),
        lambda past: past.count(3e4),
        lambda past: past.seconds_since_last(),
    ):
        np.testing.assert_array_equal(ask(one), ask(other))
