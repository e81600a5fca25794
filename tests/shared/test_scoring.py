"""From test scores to what metrics.json says, with a stand-in for the network: scoring, verdicts, cases, facts."""

import json

import numpy as np
import pandas as pd
import pytest

from shared import cases
from shared.binary import Prepared
from shared.calibration import fit_calibrator
from shared.decisions import Thresholds
from shared.encoding import Features
from shared.facts import data_summary, learning_curve, provenance, run_facts
from shared.fit_settings import History
from shared.metrics import average_precision, card_precision_at_k
from shared.scoring import Scored, score_fold
from shared.stages import Stages
from shared.verdicts import judge_run
from verticals.finance import FraudPipeline

CONFIG = FraudPipeline.Config(bins=0, folds=2, fold_days=7, calibration="platt", rule_amount=100.0)


class StandIn(FraudPipeline):
    """Knows the label, with noise, so that no network is needed."""

    rivals = {"amount": [{"feature": "amount"}], "logistic_regression": [{"C": 0.1}]}

    def scores(self, prepared, rows=None):
        rows = np.arange(len(prepared.table)) if rows is None else rows
        noise = np.random.default_rng(0).random(len(prepared.table))
        return np.clip(0.5 * self.label(prepared.table) + 0.5 * noise, 0, 1)[rows]


class Run:
    """Two folds scored and judged."""

    def __init__(self):
        frame, mapping = StandIn.sample(cards=200, days=60)
        self.pipeline = StandIn(CONFIG, mapping)
        self.table = self.pipeline.check(frame)
        self.splits = self.pipeline.splits(self.table)
        features = self.pipeline.features(self.table)
        self.label = self.pipeline.label(self.table)
        self.scored = Scored()
        for number, split in enumerate(self.splits):
            self.pipeline.state = self.pipeline.learn(features, split.train, self.label[split.train])
            inputs = self.pipeline.encode(features, self.table)
            self.prepared = Prepared(self.table, features, inputs)
            self.pipeline.history = History(
                epochs=[
                    {
                        "epoch": 1,
                        "loss": 0.5,
                        "valid_loss": 0.6,
                        "valid_average_precision": 0.7,
                        "seconds": 2.0,
                    }
                ],
                best_epoch=1,
                score="valid_average_precision",
            )
            valid = self.pipeline.scores(self.prepared, split.valid)
            self.pipeline.thresholds = self.pipeline.decide(self.table, split.valid, valid)
            score_fold(self.pipeline, self.prepared, split, number, self.scored, Stages())
        self.metrics, self.predictions = judge_run(
            self.pipeline, self.prepared, self.splits, self.scored, Stages()
        )


@pytest.fixture(scope="module")
def run():
    return Run()


def test_every_model_and_the_blend_score_the_test_rows_of_all_folds(run):
    rows, fold, scores, decisions = run.scored.joined()
    assert list(scores) == ["model", "amount", "logistic_regression", "blend"] == list(decisions)
    assert rows.tolist() == np.concatenate([split.test for split in run.splits]).tolist()
    assert fold.tolist() == np.repeat([0, 1], [len(split.test) for split in run.splits]).tolist()
    assert all(len(score) == len(rows) for score in scores.values())
    assert all(((score >= 0) & (score <= 1)).all() for score in scores.values())
    np.testing.assert_array_equal(scores["model"], run.pipeline.scores(run.prepared, rows))


def calibrated_rival(run):
    """The logistic regression of the last fold, fitted and calibrated anew."""
    from shared.baselines import fit_rivals

    split = run.splits[-1]
    rival = fit_rivals(
        run.pipeline.matrix(run.prepared),
        run.label,
        train=split.train,
        valid=split.valid,
        grids={"logistic_regression": [{"C": 0.1}]},
    )["logistic_regression"]
    return rival, fit_calibrator(run.label[split.valid], rival.score(split.valid), "platt")


def test_a_rival_is_calibrated_and_cut_on_the_validation_rows_as_the_model_is(run):
    split, table = run.splits[-1], run.table
    rival, calibrator = calibrated_rival(run)
    score = calibrator(rival.score(split.test))
    np.testing.assert_allclose(run.scored.scores["logistic_regression"][-1], score)
    chosen = run.pipeline.decide(table, split.valid, calibrator(rival.score(split.valid)))
    assert run.scored.decisions["logistic_regression"][-1].tolist() == chosen.decide(score).tolist()


def test_the_figures_are_means_over_the_folds_and_those_of_each_fold_are_kept(run):
    rows, fold, scores, _ = run.scored.joined()
    each = [average_precision(run.label[rows][fold == n], scores["model"][fold == n]) for n in range(2)]
    assert run.metrics["folds"]["model"] == pytest.approx(each)
    assert run.metrics["results"]["model"]["average_precision"]["value"] == pytest.approx(np.mean(each))


def test_a_solutions_own_metric_is_meaned_over_the_folds_too(run):
    rows, fold, scores, _ = run.scored.joined()
    day = run.table.frame["time"].dt.floor("D").to_numpy()[rows]
    card = run.pipeline.groups(run.table)[rows]
    each = [
        card_precision_at_k(run.label[rows][f], scores["model"][f], day=day[f], card=card[f], k=100)
        for f in (fold == 0, fold == 1)
    ]
    assert run.metrics["results"]["model"]["card_precision_100"]["value"] == pytest.approx(np.mean(each))


def test_the_money_is_that_of_the_decisions_and_the_rule_stands_beside_them(run):
    rows, _, _, decisions = run.scored.joined()
    costs, decision = run.pipeline.costs(run.table).take(rows), run.metrics["decision"]
    policies = {policy["name"]: policy for policy in decision["policies"]}
    assert list(policies) == ["rule", "model", "amount", "logistic_regression", "blend"]
    for name, found in decisions.items():
        assert policies[name]["cost"]["value"] == pytest.approx(costs.of(found).sum())
    amount = run.table.frame["amount"].to_numpy()[rows]
    by_rule = np.where(amount > 100, costs.reviewed, costs.passed).sum()
    assert policies["rule"]["cost"]["value"] == pytest.approx(by_rule)
    saved = by_rule - policies["model"]["cost"]["value"]
    assert decision["saved"]["value"] == pytest.approx(saved) and decision["days"] == 14
    assert decision["rule"]["en"] == "payments above 100 EUR are reviewed"


def test_the_predictions_are_one_line_for_each_test_row(run):
    rows, _, _, decisions = run.scored.joined()
    assert list(run.predictions) == ["row", "fold", "score", "decision", "label"]
    assert run.predictions["row"].tolist() == (rows + 1).tolist()
    assert run.predictions["label"].tolist() == run.label[rows].tolist()
    assert run.predictions["decision"].tolist() == decisions["model"].tolist()


def test_all_entries_are_plain_json_and_hold_no_key_of_a_customer(run):
    entries = run.metrics | run_facts(run.pipeline, run.table, run.splits)
    entries["learning"] = learning_curve(run.pipeline.history)
    text = json.dumps(entries)
    for name in ("card", "terminal"):
        assert not [key for key in run.table.frame[name].astype(str).unique() if key in text]
    assert entries["learning"]["valid_score"] == [0.7]
    assert entries["learning"]["score_name"] == "average_precision"
    assert entries["training"]["best_epoch"] == 1 and "epochs" not in entries["training"]


def test_the_facts_name_the_split_and_the_data(run):
    facts = run_facts(run.pipeline, run.table, run.splits)
    assert facts["split"]["folds"] == 2 and facts["split"]["parts"]["test"]["rows"] == len(
        run.splits[-1].test
    )
    assert facts["simulated"] is True and facts["seed"] == 0
    kept = provenance(run.table, run.splits)
    assert kept["rows"] == len(run.table) and len(kept["split"]["detail"]) == 2


def test_the_summary_of_the_data_counts_and_ranges(run):
    columns = {column["name"]: column for column in data_summary(run.table, run.pipeline)["columns"]}
    frame = run.table.frame
    assert columns["amount"]["max"] == pytest.approx(frame["amount"].max(), rel=1e-5)
    assert columns["card"] == {
        "name": "card",
        "role": "card",
        "kind": "key",
        "missing": 0.0,
        "distinct": frame["card"].nunique(),
    }
    summary = data_summary(run.table, run.pipeline)
    assert summary["positives"] == run.label.sum()
    assert summary["period"] == [str(frame["time"].min().date()), str(frame["time"].max().date())]


def test_the_rivals_read_the_features_even_where_the_network_reads_sequences_alone(run):
    pipeline = StandIn(CONFIG.model_copy(update={"network": "history"}), run.pipeline.mapping)
    pipeline.state = run.pipeline.state
    prepared = pipeline.prepare(run.table)
    assert set(prepared.inputs.arrays) == {"history"}
    np.testing.assert_array_equal(pipeline.matrix(prepared).scaled, run.pipeline.matrix(run.prepared).scaled)


def test_payments_without_a_card_are_cards_of_their_own():
    """One known fraud among them used to drop them all from the test rows."""
    frame, mapping = StandIn.sample(cards=200, days=60)
    frame["card"] = frame["card"].where(np.arange(len(frame)) % 10 > 0)
    pipeline = StandIn(CONFIG.model_copy(update={"folds": 1}), mapping)
    table = pipeline.check(frame)
    (split,) = pipeline.splits(table)
    without = table.frame["card"].isna().to_numpy()
    assert pipeline.label(table)[split.train][without[split.train]].sum() > 0
    assert without[split.test].mean() > 0.08
    rows = split.test
    metric = pipeline.extra_metrics(table, rows)["card_precision_100"]
    group = np.unique(pipeline.groups(table), return_inverse=True)[1]
    weights = np.random.default_rng(0).integers(0, 3, len(table))[group][rows]
    assert (
        0
        <= metric(pipeline.label(table)[rows], pipeline.scores(Prepared(table, None, None), rows), weights)
        <= 1
    )


def test_times_add_up_over_the_folds(run):
    assert run.scored.timing["model"]["fit_seconds"] == 4.0
    assert run.scored.timing["model"]["rows"] == sum(len(split.test) for split in run.splits)


def test_slices_and_curves_are_of_the_test_rows(run):
    rows, *_ = run.scored.joined()
    bands = [row for row in run.metrics["slices"] if row["slice"] == "amount band"]
    assert sum(row["rows"] for row in bands) == len(rows)
    assert set(run.metrics["curves"]) == {"precision_recall", "calibration", "alerts_per_day", "cost"}
    assert set(run.metrics["curves"]["precision_recall"]) == {"model", "logistic_regression", "blend"}


def answers(*lines):
    return pd.DataFrame(lines, columns=["row", "score", "decision", "label"])


def test_the_cases_are_the_surest_hit_the_worst_alarm_and_the_nearest_to_the_threshold():
    found = cases._cases(
        answers(
            (1, 0.9, "block", 1),
            (2, 0.8, "block", 0),
            (3, 0.5, "review", 0),
            (4, 0.45, "pass", 0),
            (5, 0.1, "pass", 1),
        )
    )
    assert found == {"right": 0, "wrong": 1, "doubtful": 2}


def test_without_a_false_alarm_the_worst_miss_is_the_wrong_case():
    found = cases._cases(
        answers((1, 0.9, "block", 1), (2, 0.4, "pass", 1), (3, 0.1, "pass", 1), (4, 0.8, "pass", 0))
    )
    assert (found["right"], found["wrong"], found["doubtful"]) == (0, 2, 3)


def test_where_nothing_is_stopped_and_nothing_is_missed_there_is_no_case():
    assert cases._cases(answers((1, 0.1, "pass", 0), (2, 0.2, "pass", 0))) == {}
    assert cases._cases(answers((1, 0.9, "block", 1))) == {"right": 0}


def test_a_case_is_told_by_its_strongest_features_in_the_customers_units():
    features = Features(
        {"amount": np.array([1.0, np.nan, 250.0]), "far": np.array([0.0, 0.0, np.inf])},
        {"shop": pd.Series(["x", None, "y"]).astype("category")},
    )
    credit = {"amount": 2.0, "shop": -3.0, "past": 0.5, "far": 0.1}
    case = cases.case_of("right", answers((7, 0.9, "block", 1)).iloc[0], features, 2, credit)
    assert [entry["feature"] for entry in case["attributions"]] == ["shop", "amount", "past", "far"]
    assert case["values"] == {"shop": "y", "amount": 250.0, "far": None}
    assert "value" not in case["attributions"][2]  # a history has none
    assert (case["row"], case["label"], case["decision"]) == (7, 1, "block")
    json.dumps(case, allow_nan=False)
    assert (
        cases.case_of("right", answers((7, 0.9, "block", 1)).iloc[0], features, 1, credit)["values"]["amount"]
        is None
    )


def test_scores_of_folds_are_joined_in_the_order_they_were_added():
    scored = Scored()
    for number in range(2):
        scored.rows.append(np.array([number]))
        scored.fold.append(np.array([number]))
        scored.add("model", np.array([0.3 + number / 2]), Thresholds(0.5, 0.7))
    rows, fold, scores, decisions = scored.joined()
    assert rows.tolist() == fold.tolist() == [0, 1]
    assert scores["model"].tolist() == [0.3, 0.8] and decisions["model"].tolist() == ["pass", "block"]


def test_the_blend_is_the_mean_of_the_model_and_the_best_rival_calibrated_in_turn(run):
    split, label = run.splits[-1], run.label
    rival, calibrator = calibrated_rival(run)
    valid, test = (
        (run.pipeline.scores(run.prepared, rows) + calibrator(rival.score(rows))) / 2
        for rows in (split.valid, split.test)
    )
    expected = fit_calibrator(label[split.valid], valid, "platt")(test)
    np.testing.assert_allclose(run.scored.scores["blend"][-1], expected)


def test_the_labels_of_the_test_rows_change_no_score_of_a_rival(run):
    split, scored = run.splits[-1], Scored()
    changed = StandIn(CONFIG, run.pipeline.mapping)
    changed.state, changed.history = run.pipeline.state, run.pipeline.history
    changed.thresholds = run.pipeline.thresholds
    label = run.label.copy()
    label[split.test] = 1 - label[split.test]
    changed.label = lambda table: label
    score_fold(changed, run.prepared, split, 1, scored, Stages())
    assert not np.array_equal(
        scored.scores["model"][-1], run.scored.scores["model"][-1]
    )  # it knows the label
    for name in changed.rivals:
        np.testing.assert_array_equal(scored.scores[name][-1], run.scored.scores[name][-1])
        assert scored.decisions[name][-1].tolist() == run.scored.decisions[name][-1].tolist()
