"""Importance and three cases of a run, with a made-up model in the place of a network."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import shared
from shared.cases import explain_run
from shared.decisions import Thresholds
from shared.encoding import Features
from shared.inputs import Inputs
from shared.splits import Split

ROWS = 300
TRAIN, TEST = np.arange(200), np.arange(200, ROWS)


class Fitted:
    """What `explain_run` asks of a fitted pipeline; raw outputs are the log odds `2 a + country`."""

    def __init__(self):
        rng = np.random.default_rng(0)
        self.a, self.unused = rng.normal(size=ROWS), rng.normal(size=ROWS)
        self.code = rng.integers(0, 3, ROWS)
        self.y = (rng.random(ROWS) < 1 / (1 + np.exp(-2 * self.a))).astype(float)
        self.features = Features(
            {"a": np.where(self.code == 0, np.nan, self.a), "unused": self.unused},
            {"country": pd.Series(pd.Categorical.from_codes(self.code - 1, ["DE", "FR"]))},
        )
        number = np.column_stack([self.a, self.unused])
        self.inputs = Inputs({"number": number, "category": self.code[:, None]})

    def model(self, arrays):
        return (2 * arrays["number"][:, 0] + arrays["category"][:, 0])[:, None]

    def label(self, table):
        return self.y

    def places(self):
        return {"a": [("number", 0)], "unused": [("number", 1)], "country": [("category", 0)]}

    def decode(self, raw):
        return 1 / (1 + np.exp(-raw[:, 0].astype(float)))


@pytest.fixture(autouse=True)
def made_up_training(monkeypatch):
    """Keras takes seconds to load, and nothing here needs it."""
    predict = SimpleNamespace(predict=lambda model, inputs: model(inputs.take(np.arange(len(inputs)))))
    monkeypatch.setattr(shared, "training", predict, raising=False)


def explained(fitted, *, review=0.6, **changes):
    score = fitted.decode(fitted.model(fitted.inputs.take(TEST)))
    decision = Thresholds(review, 2.0).decide(score)
    columns = {"row": TEST + 1, "fold": 0, "score": score, "decision": decision, "label": fitted.y[TEST]}
    predictions = pd.DataFrame({**columns, **changes})
    earlier = predictions.assign(fold=-1, score=0.99, decision="block", row=0)  # only the last fold is told
    prepared = SimpleNamespace(table=None, features=fitted.features, inputs=fitted.inputs)
    split = Split("time", TRAIN, TRAIN[:0], TEST)
    return explain_run(
        fitted, prepared, split, pd.concat([earlier, predictions], ignore_index=True)
    ), predictions


def test_importance_puts_the_driver_first_and_an_unused_feature_at_exactly_zero():
    importance = explained(Fitted())[0]["importance"]
    found = {entry["feature"]: entry for entry in importance}
    assert importance[0]["feature"] == "a" and found["a"]["low"] > 0
    assert found["unused"] == {"feature": "unused", "value": 0.0, "low": 0.0, "high": 0.0}


def test_the_three_cases_are_the_surest_hit_the_surest_false_alarm_and_the_nearest_to_the_threshold():
    told, predictions = explained(Fitted())
    stopped = predictions[predictions["decision"] != "pass"]
    hits, alarms = stopped[stopped["label"] == 1], stopped[stopped["label"] == 0]
    cases = {case["kind"]: case for case in told["cases"]}
    assert cases["right"]["row"] == hits.loc[hits["score"].idxmax(), "row"]
    assert cases["wrong"]["row"] == alarms.loc[alarms["score"].idxmax(), "row"]
    assert cases["doubtful"]["score"] == stopped["score"].min()
    assert len({case["row"] for case in cases.values()}) == 3


def test_without_false_alarms_the_wrong_case_is_the_miss_that_looked_safest():
    fitted = Fitted()
    fitted.y[TEST] = np.where(fitted.decode(fitted.model(fitted.inputs.take(TEST))) >= 0.6, 1, fitted.y[TEST])
    told, predictions = explained(fitted)
    missed = predictions[(predictions["decision"] == "pass") & (predictions["label"] == 1)]
    wrong = next(case for case in told["cases"] if case["kind"] == "wrong")
    assert wrong["row"] == missed.loc[missed["score"].idxmin(), "row"]


def test_where_nothing_is_stopped_only_a_miss_is_told():
    told, _ = explained(Fitted(), review=2.0)
    assert [case["kind"] for case in told["cases"]] == ["wrong"]


def test_a_case_shows_the_values_of_its_row_and_contributions_that_add_up_to_its_log_odds():
    fitted = Fitted()
    told, predictions = explained(fitted)
    for case in told["cases"]:
        row = case["row"] - 1
        assert case["score"] == pytest.approx(predictions.loc[predictions["row"] == row + 1, "score"].item())
        country = [None, "DE", "FR"][fitted.code[row]]
        assert case["values"]["country"] == country
        assert case["values"]["a"] == (None if fitted.code[row] == 0 else pytest.approx(fitted.a[row]))
        credit = {entry["feature"]: entry["contribution"] for entry in case["attributions"]}
        assert credit["unused"] == 0.0
        # The background is a random sample of the training rows, so their mean is met only roughly.
        mean = (2 * fitted.a + fitted.code)[TRAIN]
        expected = 2 * fitted.a[row] + fitted.code[row] - mean.mean()
        assert sum(credit.values()) == pytest.approx(expected, abs=4 * mean.std() / np.sqrt(64))
        sizes = [abs(entry["contribution"]) for entry in case["attributions"]]
        assert sizes == sorted(sizes, reverse=True)
