"""The scoring pipeline: from odds to probabilities, and rows that were given to judge (`--test`)."""

import json

import numpy as np
import pandas as pd
import pytest

from shared.binary import BinaryPipeline
from shared.contract import Mapping, raw_table
from shared.errors import VerticalsError
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
