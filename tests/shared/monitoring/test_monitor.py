import json
import shutil

import numpy as np
import pandas as pd
import pytest

from shared import bundle
from shared.errors import BundleError
from shared.monitoring.inputs import input_columns, values_of
from shared.monitoring.monitor import monitor, profile_of
from shared.monitoring.page import render_monitor
from shared.monitoring.sentences import lines
from shared.run import jsonable


@pytest.fixture(scope="module")
def place(finished, payments, tmp_path_factory):
    """New files beside the bundle: one as in training, one in cents, one with other labels, one very short."""
    folder = tmp_path_factory.mktemp("monitored")
    payments.to_csv(folder / "same.csv", index=False)
    payments.assign(amount=payments["amount"] * 100).to_csv(folder / "cents.csv", index=False)
    payments.drop(columns="fraud").to_csv(folder / "unlabelled.csv", index=False)
    payments.head(20).to_csv(folder / "short.csv", index=False)
    return folder


def found(content, column: str, figure: str) -> dict:
    return next(each for each in content["findings"] if (each["column"], each["figure"]) == (column, figure))


def test_an_amount_in_cents_is_to_act_on_and_named(finished, place):
    content = monitor(finished.folder / "bundle", place / "cents.csv", scores=False)
    assert content["state"] == "act" and found(content, "amount", "psi")["state"] == "act"
    assert lines(content)[0].startswith("act: amount: other distribution")


def test_the_file_it_was_trained_on_shows_no_change_of_inputs(finished):
    content = monitor(finished.folder / "bundle", finished.data, scores=False)
    assert content["state"] == "steady"
    assert "the very file" in " ".join(content["notes"])


def test_answers_are_judged_only_where_there_are_labels(finished, place):
    labelled = monitor(finished.folder / "bundle", place / "same.csv")
    unlabelled = monitor(finished.folder / "bundle", place / "unlabelled.csv")
    assert labelled["performance"]["now"]["rows"] == labelled["data"]["rows"]
    assert unlabelled["performance"] is None
    kinds = {each["figure"] for each in labelled["findings"]} - {
        each["figure"] for each in unlabelled["findings"]
    }
    assert kinds == {"metric", "calibration"}
    assert found(unlabelled, "score", "psi")["now"] is not None


def test_a_very_short_file_is_too_short(finished, place):
    assert monitor(finished.folder / "bundle", place / "short.csv")["state"] == "few"


def test_sketches_say_what_the_rows_would(finished, place, tmp_path):
    pipeline = bundle.load(finished.folder / "bundle")
    table = pipeline.check(pipeline.read(place / "cents.csv", predict=True), predict=True)
    profile = profile_of(bundle.read_facts(finished.folder / "bundle"), "")
    for number, rows in enumerate(np.array_split(np.arange(len(table)), 3)):
        sketch = profile.sketch(values_of(input_columns(pipeline, table, rows)))
        sketch.save(tmp_path / f"{number}.json")
    by_rows = monitor(finished.folder / "bundle", place / "cents.csv", scores=False)
    by_sketch = monitor(finished.folder / "bundle", sketches=tmp_path)
    for column, figure in (("amount", "psi"), ("card", "missing")):
        assert found(by_sketch, column, figure) == found(by_rows, column, figure)
    assert by_sketch["notes"] == ["without new rows: score"]


def test_a_bundle_without_a_profile_says_to_fit_again(finished, place, tmp_path):
    old = tmp_path / "old"
    shutil.copytree(finished.folder / "bundle", old)
    content = json.loads((old / "bundle.json").read_text("utf-8"))
    del content["profile"]
    content.pop("sha256", None)
    (old / "bundle.json").write_text(json.dumps(content))
    with pytest.raises(BundleError, match="fit again"):
        monitor(old, place / "same.csv")


def test_no_key_is_in_what_monitoring_writes(finished, payments, place, tmp_path):
    secret = payments.assign(card=[f"zqcard{card}" for card in payments["card"]])
    secret.to_csv(tmp_path / "secret.csv", index=False)
    content = monitor(finished.folder / "bundle", tmp_path / "secret.csv")
    written = json.dumps(jsonable(content)) + render_monitor(content) + "".join(lines(content))
    assert "zqcard" not in written


def test_more_rows_than_are_scored_are_drawn_from(finished, place, monkeypatch):
    monkeypatch.setattr("shared.monitoring.monitor.MOST_SCORED", 500)
    content = monitor(finished.folder / "bundle", place / "unlabelled.csv")
    rows = {each["name"]: each["rows"] for each in content["columns"]}
    assert rows["scores/score"] == 500 and rows["amount"] == content["data"]["rows"] > 500
    assert "were scored" in " ".join(content["notes"])


def test_labels_of_one_class_alone_are_not_judged(finished, payments, tmp_path):
    pd.DataFrame(payments[payments["fraud"] == 0]).to_csv(tmp_path / "genuine.csv", index=False)
    content = monitor(finished.folder / "bundle", tmp_path / "genuine.csv")
    assert content["performance"] is None and "one class" in " ".join(content["notes"])


def test_earlier_rows_are_looked_back_on_and_not_compared(finished, payments, tmp_path):
    payments.head(4000).to_csv(tmp_path / "earlier.csv", index=False)
    payments.iloc[4000:].to_csv(tmp_path / "week.csv", index=False)
    alone = monitor(finished.folder / "bundle", tmp_path / "week.csv")
    beside = monitor(finished.folder / "bundle", tmp_path / "week.csv", history=tmp_path / "earlier.csv")
    assert alone["data"]["rows"] == beside["data"]["rows"] == len(payments) - 4000
    assert found(alone, "amount", "psi") == found(beside, "amount", "psi")
    assert found(alone, "score", "psi") != found(beside, "score", "psi")


def test_of_series_only_what_came_after_the_training_rows_is_compared():
    from types import SimpleNamespace

    from shared.forecast import ForecastPipeline
    from shared.monitoring.monitor import _new_rows

    days = pd.date_range("2024-01-01", periods=6)
    quantity = [1.0, 2.0, 3.0, np.nan, 5.0, np.nan]  # the fourth is not known, the sixth is planned
    table = SimpleNamespace(frame=pd.DataFrame({"date": days, "quantity": quantity}), own=6)
    shops = ForecastPipeline.__new__(ForecastPipeline)
    assert _new_rows(shops, table, "2024-01-02").tolist() == [2, 3, 4]
    assert _new_rows(shops, table, "2024-01-06").tolist() == [0, 1, 2, 3, 4]
    assert _new_rows(object(), table, None).tolist() == [0, 1, 2, 3, 4, 5]
