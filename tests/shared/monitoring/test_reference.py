import json

import numpy as np
import pandas as pd
import pytest

from shared.monitoring.profile import Profile
from shared.monitoring.reference import answers_to, last_fold, training_rows
from shared.splits import Split


@pytest.fixture(scope="module")
def content(finished):
    return json.loads((finished.folder / "bundle" / "bundle.json").read_text("utf-8"))


def test_a_run_keeps_the_profile_of_its_training_rows_and_of_the_scores_of_its_test_rows(content, finished):
    profile = Profile.from_dict(content["profile"])
    metrics = json.loads((finished.folder / "metrics.json").read_text("utf-8"))
    parts = metrics["split"]["parts"]
    assert profile.known.tallies["amount"].rows == parts["train"]["rows"]
    assert profile.known.tallies["scores/score"].rows == parts["test"]["rows"]
    assert profile.bins["card"].kind == "key"


def test_a_run_keeps_the_test_figures_with_their_intervals(content, finished):
    metrics = json.loads((finished.folder / "metrics.json").read_text("utf-8"))
    kept = content["profile"]["test"]
    for bound in ("value", "low", "high"):
        figure = kept["figures"][kept["primary"]][bound]
        assert figure == pytest.approx(metrics["results"]["model"][kept["primary"]][bound], rel=1e-5)
    assert kept["calibration"]["ratio"]["value"] > 0


def test_no_key_of_a_customer_is_in_the_bundle(content, payments):
    kept = json.dumps(content["profile"])
    assert not [key for key in payments["transaction_id"].astype(str)[:50] if f'"{key}"' in kept]
    assert "values" not in json.dumps(content["profile"]["columns"]["card"])


def test_the_rows_that_taught_are_the_training_part():
    split = Split("time", np.array([0, 2]), np.array([3]), np.array([4]), {})
    assert training_rows(object(), None, split).tolist() == [0, 2]


def test_without_rows_there_are_no_answers():
    assert answers_to(object(), None, np.array([], np.int64)) is None
    assert last_fold(pd.DataFrame({"mean": [1.0]}))["mean"].tolist() == [1.0]
