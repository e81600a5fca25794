"""From scored test rows to metrics.json and the predictions, with a made-up pipeline."""

from functools import partial
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from shared.decisions import BLOCK, PASS, REVIEW, Costs, Thresholds
from shared.metrics import average_precision, card_precision_at_k, roc_auc
from shared.scoring import Scored
from shared.stages import Stages
from shared.verdicts import judge_run

ROWS, DAYS = 240, 6


class Fitted:
    """What `judge_run` asks of a fitted pipeline."""

    primary = "average_precision"
    thresholds = Thresholds(0.5, 2.0)
    config = SimpleNamespace(seed=0, currency="EUR")

    def __init__(self, *, money=True):
        rng = np.random.default_rng(0)
        self.money = money
        self.y = (rng.random(ROWS) < 0.3).astype(float)
        self.card = rng.integers(0, 30, ROWS)
        time = pd.Timestamp("2025-01-01") + pd.to_timedelta(np.arange(ROWS) * DAYS * 24 / ROWS, "h")
        self.table = SimpleNamespace(frame=pd.DataFrame({"time": time}), rows=np.arange(ROWS) + 1)
        self.score = np.clip(0.3 * self.y + rng.random(ROWS) * 0.7, 0, 1)

    def label(self, table):
        return self.y

    def groups(self, table):
        return self.card

    def extra_metrics(self, table, rows):
        day = table.frame["time"].dt.floor("D").to_numpy()[rows]
        return {"card_precision": partial(card_precision_at_k, day=day, card=self.card[rows], k=5)}

    def slices(self, table, features, rows):
        return {"half": np.where(rows < ROWS // 2, "early", "late")}

    def costs(self, table):
        if not self.money:
            return None
        return Costs(passed=10 * self.y, reviewed=np.ones(ROWS), blocked=3 * (1 - self.y))

    def prices(self):
        return {"missed": 10.0, "review": 1.0}

    def rule(self, table):
        decision = np.full(ROWS, PASS)
        decision[::2] = REVIEW
        return decision, {"en": "every second one is reviewed", "zh": "隔笔审核"}

    def answers(self, table, rows, scores):
        return pd.DataFrame({"row": table.rows[rows], "score": scores, "decision": "from one model"})


def judged_of(fitted, folds):
    """The rival scores at random, `amount` is a trivial one; the model blocks from .8 on in the second fold."""
    scored, rng = Scored(), np.random.default_rng(1)
    for number, rows in enumerate(folds):
        scored.rows.append(rows)
        scored.fold.append(np.full(len(rows), number))
        scored.add("model", fitted.score[rows], Thresholds(0.5, 0.8 if number else 2.0))
        scored.add("amount", rng.random(len(rows)), Thresholds(0.9, 2.0))
        scored.add("random_forest", rng.random(len(rows)), Thresholds(0.9, 2.0))
        scored.time("model", fit=2.0, score=0.5, rows=len(rows))
    prepared = SimpleNamespace(table=fitted.table, features=None)
    return judge_run(fitted, prepared, folds, scored, Stages())


HALF, WHOLE = [np.arange(120, 240)], [np.arange(0, 120), np.arange(100, 240)]


@pytest.fixture(scope="module")
def one():
    fitted = Fitted()
    return fitted, *judged_of(fitted, HALF)


@pytest.fixture(scope="module")
def two():
    fitted = Fitted()
    return fitted, *judged_of(fitted, WHOLE)


def test_a_metric_is_that_of_the_test_rows_and_lies_in_its_interval(one):
    fitted, judged, _ = one
    rows = HALF[0]
    found = judged["results"]["model"]["roc_auc"]
    assert found["value"] == pytest.approx(roc_auc(fitted.y[rows], fitted.score[rows]))
    assert found["low"] < found["value"] < found["high"]
    assert set(judged["results"]) == {"model", "amount", "random_forest"}
    assert "folds" not in judged


def test_over_folds_each_metric_is_the_mean_of_the_folds_also_one_with_its_own_columns(two):
    fitted, judged, _ = two
    each = [average_precision(fitted.y[rows], fitted.score[rows]) for rows in WHOLE]
    assert judged["folds"]["model"] == pytest.approx(each)
    assert judged["results"]["model"]["average_precision"]["value"] == pytest.approx(np.mean(each))
    cards = [
        fitted.extra_metrics(fitted.table, rows)["card_precision"](fitted.y[rows], fitted.score[rows])
        for rows in WHOLE
    ]
    assert judged["results"]["model"]["card_precision"]["value"] == pytest.approx(np.mean(cards))


def test_predictions_have_one_line_a_test_row_in_the_order_of_the_folds(two):
    fitted, _, predictions = two
    rows = np.concatenate(WHOLE)
    assert list(predictions.columns) == ["row", "fold", "score", "decision", "label"]
    assert predictions["row"].tolist() == (rows + 1).tolist()
    assert predictions["fold"].tolist() == [0] * 120 + [1] * 140
    assert predictions["label"].tolist() == fitted.y[rows].tolist()
    np.testing.assert_array_equal(predictions["score"], fitted.score[rows])


def test_decisions_are_those_of_each_folds_own_model(two):
    fitted, _, predictions = two
    first = Thresholds(0.5, 2.0).decide(fitted.score[WHOLE[0]])
    second = Thresholds(0.5, 0.8).decide(fitted.score[WHOLE[1]])
    assert predictions["decision"].tolist() == [*first, *second]
    assert BLOCK in second


def test_money_is_counted_on_the_test_rows_and_saved_is_todays_rule_minus_the_model(one):
    fitted, judged, predictions = one
    rows, entry = HALF[0], judged["decision"]
    costs = fitted.costs(None).take(rows)
    spent = {
        "rule": costs.of(fitted.rule(None)[0][rows]).sum(),
        "model": costs.of(predictions["decision"].to_numpy()).sum(),
    }
    policies = {policy["name"]: policy for policy in entry["policies"]}
    assert list(policies) == ["rule", "model", "amount", "random_forest"]
    for name, cost in spent.items():
        assert policies[name]["cost"]["value"] == pytest.approx(cost)
    assert entry["saved"]["value"] == pytest.approx(spent["rule"] - spent["model"])
    assert entry["days"] == 3 and entry["rule"]["zh"] == "隔笔审核"
    assert (entry["review_threshold"], entry["block_threshold"]) == (0.5, 1.0)  # never is shown as 1
    assert (entry["currency"], entry["costs"]) == ("EUR", {"missed": 10.0, "review": 1.0})
    assert {"alerts_per_day", "cost"} <= set(judged["curves"])


def test_a_solution_without_costs_has_no_money_in_its_report():
    judged, _ = judged_of(Fitted(money=False), HALF)
    assert "decision" not in judged and set(judged["curves"]) == {"precision_recall", "calibration"}


def test_trivial_rivals_have_figures_but_no_curve(one):
    _, judged, _ = one
    assert set(judged["curves"]["precision_recall"]) == {"model", "random_forest"}
    assert set(judged["differences"]) == {"amount", "random_forest"}


def test_slices_part_the_test_rows(two):
    fitted, judged, _ = two
    found = {entry["value"]: entry for entry in judged["slices"]}
    assert {name: entry["rows"] for name, entry in found.items()} == {"early": 140, "late": 120}
    late = WHOLE[1][WHOLE[1] >= 120]
    assert found["late"]["positives"] == fitted.y[late].sum()


def test_speed_is_rows_over_seconds_of_all_folds(two):
    assert two[1]["timing"]["model"] == {"fit_seconds": 4.0, "rows_per_second": pytest.approx(260.0)}
