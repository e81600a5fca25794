"""The scoring pipeline: from odds to probabilities, and rows that were given to judge (`--test`)."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from shared.binary import BinaryPipeline
from shared.contract import Mapping, Role, raw_table
from shared.decisions import PASS
from shared.errors import SplitError, VerticalsError
from shared.fit_settings import FitSettings
from shared.money import screening_costs
from shared.split_settings import SplitSettings
from shared.testing import causal, learnt
from shared.testing.trial import Trial
from verticals.finance import FraudPipeline

TINY = {"epochs": 1, "units": 8, "members": 2, "depth": 1, "bins": 0, "blend": False}
MAPPING = Mapping(columns={"label": "fraud"}, simulated=True)
LAST_DAYS = pd.Timestamp("2025-01-31")


def with_test(payments, change=lambda later: later):
    """A pipeline with a tiny network, and the payments before February, those after given to judge."""
    pipeline = FraudPipeline(FraudPipeline.Config(**TINY), MAPPING)
    late = payments["time"] >= LAST_DAYS
    later = change(payments[late].reset_index(drop=True))
    return pipeline, pipeline.check(raw_table(payments[~late]), later=raw_table(later))


def dearer(later):
    """The same payments with other labels and amounts."""
    return later.assign(fraud=1 - later["fraud"], amount=later["amount"] * 7 + 1)


@pytest.fixture(scope="module")
def fits(payments):
    """Two fits: with the given rows as they are, and with others."""
    found = []
    for change in (lambda later: later, dearer):
        pipeline, table = with_test(payments, change)
        (split,) = pipeline.splits(table)
        found.append((pipeline, table, split, pipeline.fit(table, split)))
    return found


def test_the_given_rows_judge_and_all_others_teach(fits, payments):
    _, table, split, _ = fits[0]
    before = int((payments["time"] < LAST_DAYS).sum())
    assert table.tested and table.own == before and len(table) == len(payments)
    assert split.method == "given" and split.test.tolist() == list(range(before, len(payments)))
    assert sorted([*split.train, *split.valid]) == list(range(before))
    cards = table.frame["card"].astype(str).to_numpy()
    assert not set(cards[split.train]) & set(cards[split.valid])


def test_nothing_is_learnt_from_the_given_rows(fits):
    (one, _, split, _), (other, _, again, _) = fits
    assert all(np.array_equal(a, b) for a, b in zip(split.parts.values(), again.parts.values()))
    assert json.dumps(one.learnt()["state"]) == json.dumps(other.learnt()["state"])
    for mine, theirs in zip(one.model.get_weights(), other.model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    for name in ("calibration", "decision"):
        assert one.learnt()[name] == other.learnt()[name]


def test_the_given_rows_look_back_on_the_others(fits, payments):
    pipeline, _, split, prepared = fits[0]
    alone = pipeline.check(raw_table(payments[payments["time"] >= LAST_DAYS].reset_index(drop=True)))
    scores = pipeline.scores(prepared, split.test)
    assert not np.array_equal(scores, pipeline.scores(pipeline.prepare(alone)))


def test_a_given_table_of_one_class_is_refused(payments):
    with pytest.raises(VerticalsError, match="every row is 0, expected at least two classes"):
        with_test(payments, lambda later: later.assign(fraud=0))


def test_the_command_judges_on_the_given_rows(command, payments, tmp_path, monkeypatch):
    monkeypatch.setattr(FraudPipeline, "rivals", {"amount": [{"feature": "amount"}]})
    late = payments["time"] >= LAST_DAYS
    for name, part in {"train": payments[~late], "test": payments[late]}.items():
        part.to_csv(tmp_path / f"{name}.csv", index=False)
    options = [f"--set=settings.{key}={str(value).lower()}" for key, value in TINY.items()]
    outcome = command(
        "run", "finance.fraud", "--data", tmp_path / "train.csv", "--test", tmp_path / "test.csv",
        "--set=columns.label=fraud", *options, "--out", tmp_path / "out",
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text("utf-8"))
    assert metrics["split"]["method"] == "given"
    assert metrics["split"]["parts"]["test"]["rows"] == late.sum()
    predictions = pd.read_parquet(tmp_path / "out" / "predictions.parquet")
    assert len(predictions) == late.sum()
    np.testing.assert_array_equal(predictions["label"], payments.loc[late, "fraud"])


def test_a_test_table_needs_a_table_to_learn_from(command, tmp_path):
    outcome = command("run", "finance.fraud", "--test", tmp_path / "test.csv", "--out", tmp_path / "out")
    assert outcome.code == 2 and "--test needs --data" in outcome.err and not (tmp_path / "out").exists()


def test_odds_become_probabilities_without_an_overflow():
    raw = np.array([[0.0, 0.0], [2.0, -2.0], [1e4, 1e4], [-1e4, -1e4]], np.float32)
    with np.errstate(all="raise", under="ignore"):
        found = BinaryPipeline.decode(None, raw)
    np.testing.assert_allclose(found, [0.5, 0.5, 1.0, 0.0])
    members = np.array([[1.0, 3.0]])
    assert BinaryPipeline.decode(None, members)[0] == pytest.approx((1 / (1 + np.exp(-members))).mean())


def test_the_summary_counts_the_decisions():
    answers = pd.DataFrame({"decision": ["pass"] * 1200 + ["block"]})
    assert BinaryPipeline.summary(None, answers) == "1,201 rows: 1,200 pass, 1 block"
    assert BinaryPipeline.summary(None, answers.tail(1)) == "1 row: 1 block"


# -- what a solution need not say


class LoanConfig(FitSettings, SplitSettings):
    """A solution on plain tables: no time, no past."""

    split: str = "group"
    epochs: int = 1
    most_categories: int = 10
    calibration: str = "none"


class LoanPipeline(BinaryPipeline):
    """The least that a solution must give; its features are the customer's further columns."""

    name = "finance.loan"
    roles = (
        Role(name="label", kind="label", high=1, predict=False),
        Role(name="customer", kind="key", required=False, missing=True),
    )
    Config = LoanConfig
    key_role = "customer"

    def build(self, inputs, label):
        import keras

        from shared import builders

        given = builders.named_inputs(inputs.shapes)
        x = builders.end_to_end(
            builders.row_parts(given, self.state | {"edges": []}, number_dim=2, unseen_rate=0.0)
        )
        return keras.Model(given, builders.binary_head(x.shape[1:], prior=float(label.mean()))(x))

    def costs(self, table):
        return screening_costs(self.label(table) > 0, 100.0, review=5.0, false_block=30.0)


LOANS = Mapping(numeric=["income"], categorical=["region"])


def loans(rows=400):
    rng = np.random.default_rng(0)
    income = rng.normal(size=rows)
    return pd.DataFrame(
        {
            "income": income,
            "region": rng.choice(["n", "s"], rows),
            "customer": rng.integers(0, 80, rows).astype(str),
            "label": (income + rng.normal(size=rows) < -0.8).astype(int),
        }
    )


@pytest.fixture(scope="module")
def loan_trial():
    return Trial.begin(LoanPipeline, LoanConfig(), LOANS, loans())


def test_a_solution_that_gives_a_network_and_costs_keeps_the_promises(loan_trial):
    assert loan_trial.prepared.features.names == ["income", "region"]
    assert "edges" not in loan_trial.pipeline.state
    for check in (
        causal.check_parts_are_apart,
        learnt.check_only_training_rows_teach,
        learnt.check_inputs_are_finite,
        learnt.check_seed_decides,
        learnt.check_anything_can_be_scored,
        learnt.check_order_is_kept,
        learnt.check_optional_roles_may_lack,
    ):
        check(loan_trial)


def test_rows_of_a_key_stay_together_and_without_the_key_each_row_is_alone(loan_trial):
    customer = loan_trial.table.frame["customer"].to_numpy()
    assert not set(customer[loan_trial.split.train]) & set(customer[loan_trial.split.test])
    plain = LoanPipeline(mapping=LOANS)
    table = plain.check(raw_table(loans().drop(columns="customer")))
    assert plain.groups(table) is None and len(plain.splits(table)) == 1


def test_without_a_rule_every_row_passes_and_no_metric_is_added(loan_trial):
    pipeline, table = loan_trial.pipeline, loan_trial.table
    today, words = pipeline.rule(table)
    assert set(today) == {PASS} and words.keys() == {"en", "zh"}
    assert pipeline.extra_metrics(table, np.arange(5)) == {} == pipeline.slices(table, None, np.arange(5))


def test_a_split_by_time_asks_for_the_time():
    pipeline = LoanPipeline(LoanConfig(split="time"), LOANS)
    with pytest.raises(SplitError, match="needs the role `time`"):
        pipeline.splits(pipeline.check(raw_table(loans())))


def test_a_part_of_one_class_is_refused():
    pipeline = LoanPipeline(mapping=LOANS)
    table = pipeline.check(raw_table(loans()))
    (split,) = pipeline.splits(table)
    label = pipeline.label(table)
    split = replace(split, valid=split.valid[label[split.valid] == 0])
    with pytest.raises(
        SplitError, match=r"`finance\.loan` cannot learn .*\n.*the valid part has .* 0 positive"
    ):
        pipeline.fit(table, split)


def test_a_solution_without_costs_must_decide_itself(loan_trial):
    class Free(LoanPipeline):
        def costs(self, table):
            return None

    with pytest.raises(NotImplementedError, match="has no `costs`"):
        Free(mapping=LOANS).decide(loan_trial.table, np.arange(3), np.zeros(3))


def test_a_class_that_derives_from_a_solution_elsewhere_has_its_words():
    class Own(FraudPipeline):
        pass

    assert Own.words() == FraudPipeline.words() and "rule.above" in Own.words()
    Own.__module__ = "__main__.of a notebook"
    assert Own.words() == FraudPipeline.words()
    assert LoanPipeline.words() == {}
