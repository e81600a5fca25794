"""What metrics.json says of the data, the split and the training."""

import json

import numpy as np
import pandas as pd
import pytest

from shared.contract import Mapping
from shared.facts import data_summary, learning_curve, provenance, run_facts
from shared.fit_settings import History
from shared.splits import Split
from verticals.finance import FraudPipeline

FRAME = pd.DataFrame(
    {
        "when": pd.to_datetime(
            ["2025-01-03 10:00", "2025-01-01 09:00", "2025-01-02 08:00", "2025-02-01 00:00"]
        ),
        "amount": [1.0, 1234567.891, 3.0, 10.0],
        "label": [0, 1, 0, 1],
        "card": ["SECRET-1", "SECRET-2", None, "SECRET-1"],
        "age": [20.0, np.nan, 40.0, 60.0],
        "country": ["ATLANTIS", "UTOPIA", "ATLANTIS", None],
    }
)
MAPPING = Mapping(columns={"time": "when"}, numeric=["age"], categorical=["country"], simulated=True)
SPLIT = Split("time", np.array([1, 2]), np.array([0]), np.array([3]), {"label_delay": 7})


@pytest.fixture(scope="module")
def pipeline():
    return FraudPipeline(FraudPipeline.Config(seed=3), MAPPING)


@pytest.fixture(scope="module")
def table(pipeline):
    return pipeline.check(FRAME)


def column(summary, name):
    return next(entry for entry in summary["columns"] if entry["name"] == name)


def test_the_summary_counts_rows_positives_and_days(pipeline, table):
    summary = data_summary(table, pipeline)
    assert (summary["rows"], summary["positives"]) == (4, 2)
    assert summary["period"] == ["2025-01-01", "2025-02-01"]
    assert summary["sha256"] == table.sha256 and summary["notes"] == table.notes


def test_columns_are_told_by_the_customers_names_their_roles_and_ranges(pipeline, table):
    summary = data_summary(table, pipeline)
    assert column(summary, "when") == {"name": "when", "role": "time", "kind": "time", "missing": 0.0}
    amount = column(summary, "amount")
    assert (amount["min"], amount["median"], amount["max"]) == (1.0, 6.5, 1234570.0)
    age = column(summary, "age")
    assert (age["role"], age["kind"], age["missing"], age["median"]) == (None, "number", 0.25, 40.0)
    assert column(summary, "card") == {
        "name": "card",
        "role": "card",
        "kind": "key",
        "missing": 0.25,
        "distinct": 2,
    }
    assert column(summary, "country")["distinct"] == 2


def test_no_value_of_a_key_or_a_category_is_told(pipeline, table):
    told = json.dumps(run_facts(pipeline, table, [SPLIT]), ensure_ascii=False)
    assert not [word for word in ("SECRET", "ATLANTIS", "UTOPIA") if word in told]


def test_a_table_to_score_without_labels_and_an_empty_column_have_a_summary_too(pipeline):
    frame = FRAME.drop(columns="label").assign(age=np.nan)
    summary = data_summary(pipeline.check(frame, predict=True), pipeline)
    assert summary["positives"] == 0
    age = column(summary, "age")
    assert (age["missing"], age["min"], age["median"]) == (1.0, None, None)


def test_facts_of_a_run_are_plain_json_with_split_seed_and_versions(pipeline, table):
    facts = json.loads(json.dumps(run_facts(pipeline, table, [SPLIT, SPLIT]), allow_nan=False))
    assert facts["split"]["folds"] == 2 and facts["split"]["detail"] == {"label_delay": 7}
    assert facts["split"]["parts"]["train"] == {
        "rows": 2,
        "positives": 1,
        "from": "2025-01-01",
        "to": "2025-01-02",
    }
    assert facts["seed"] == 3 == facts["config"]["seed"]
    assert facts["simulated"] is True and facts["solution"] == "finance.fraud"
    assert {"keras-verticals", "python", "numpy", "keras"} <= set(facts["versions"])
    assert "training" not in facts  # it is not fitted


def test_a_bundle_keeps_the_source_its_hash_and_each_folds_split(table):
    kept = provenance(table, [SPLIT, SPLIT])
    assert (kept["sha256"], kept["rows"]) == (table.sha256, 4)
    assert kept["split"] == {"method": "time", "folds": 2, "detail": [{"label_delay": 7}] * 2}


def test_the_learning_curve_has_a_point_for_each_epoch():
    epochs = [
        {"epoch": 1, "loss": 0.5, "valid_loss": 0.6, "valid_average_precision": 0.2, "seconds": 1.0},
        {"epoch": 2, "loss": 0.4, "valid_loss": 0.5, "valid_average_precision": 0.3, "seconds": 1.0},
    ]
    curve = learning_curve(History(epochs=epochs, best_epoch=2, score="valid_average_precision"))
    assert curve == {
        "epoch": [1, 2],
        "loss": [0.5, 0.4],
        "valid_loss": [0.6, 0.5],
        "valid_score": [0.2, 0.3],
        "best_epoch": 2,
        "score_name": "average_precision",
    }
