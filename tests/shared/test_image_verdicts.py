"""What is said of test photos: shares counted by hand, slices by line, and which photos are shown."""

import base64
import io
import json
import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contract import raw_table
from shared.image_scoring import Photographed, score_loaded_photos
from shared.image_verdicts import _chosen, _share, explain_photos, judge_photos
from shared.images.thresholds import Inspection
from shared.stages import Stages
from shared.testing import tiny_config
from verticals.manufacturing import DefectPipeline

Guessing = runpy.run_path(str(Path(__file__).with_name("inspection_example.py")))["guessing"](
    DefectPipeline, error=0.7
)


@pytest.fixture(scope="module")
def parts():
    return DefectPipeline.sample(parts=100, side=64, seed=2)


def judged(parts, **changes):
    frame, mapping = parts
    made = Guessing(tiny_config(Guessing).model_copy(update=changes), mapping)
    table = made.check(raw_table(frame))
    splits, scored = made.splits(table), Photographed()
    for number, split in enumerate(splits):
        prepared = made.fit(table, split)
        score_loaded_photos(made, prepared, split, number, scored, Stages())
    metrics, predictions = judge_photos(made, prepared, splits, scored, Stages())
    return made, table, prepared, splits, metrics, predictions


@pytest.fixture(scope="module")
def one(parts):
    return judged(parts)


def test_escapes_and_false_rejects_are_those_counted_by_hand(one):
    *_, metrics, predictions = one
    entry = metrics["inspection"]
    good, decision = predictions["label"] == 0, predictions["decision"]
    for name, hit, of in (
        ("escape", ~good & (decision == "accept"), (~good).sum()),
        ("false_reject", good & (decision == "reject"), good.sum()),
        ("again", decision == "again", len(good)),
    ):
        assert (entry[name]["count"], entry[name]["of"]) == (hit.sum(), of)
        assert entry[name]["value"] == pytest.approx(hit.sum() / of)
        assert entry[name]["low"] <= entry[name]["value"] <= entry[name]["high"]


def test_figures_are_those_of_scikit_learn(one):
    from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

    *_, metrics, predictions = one
    label, score = predictions["label"], predictions["score"]
    results = metrics["results"]["model"]
    assert results["average_precision"]["value"] == pytest.approx(average_precision_score(label, score))
    assert results["roc_auc"]["value"] == pytest.approx(roc_auc_score(label, score))
    macro = f1_score(predictions["truth"], predictions["class"], average="macro")
    assert metrics["inspection"]["macro_f1"]["model"]["value"] == pytest.approx(macro)
    assert metrics["better"]["escape_at_1_percent"] == "lower" and metrics["kind"] == "inspection"


def test_heatmaps_are_judged_where_there_are_masks_and_not_where_there_are_none(one, parts):
    *_, splits, metrics, _ = one
    pixel = metrics["inspection"]["pixel"]
    assert pixel["photos"] == len(splits[0].test) and pixel["roc_auc"] > 0.9 and 0 <= pixel["pro"] <= 1
    frame, mapping = parts
    *_, metrics, _ = judged((frame.assign(mask=""), mapping))
    assert "pixel" not in metrics["inspection"]


def test_each_line_is_a_slice_with_its_own_photos(one):
    _, table, *_, metrics, predictions = one
    lines = table.frame["line"].astype(str).to_numpy()[predictions["position"]]
    found = {each["value"]: each for each in metrics["slices"] if each["slice"] == "line"}
    assert set(found) == set(lines)
    for name, each in found.items():
        assert each["rows"] == (lines == name).sum()
        assert each["positives"] == predictions["label"][lines == name].sum()
    assert {each["slice"] for each in metrics["slices"]} == {"line", "day"}


def test_without_line_and_time_there_are_no_slices(parts):
    frame, mapping = parts
    columns = {name: name for name in ("image", "label", "mask", "part")}
    bare = frame[list(columns)], mapping.model_copy(update={"columns": columns})
    assert judged(bare)[-2]["slices"] == []


def test_photos_whose_class_is_not_known_are_not_judged(parts):
    frame, mapping = parts
    label = frame["label"].where(np.arange(len(frame)) % 9 > 0)
    split = np.where(np.arange(len(frame)) % 3 == 0, "test", "train")
    columns = mapping.columns | {"split": "split"}
    given = frame.assign(label=label, split=split), mapping.model_copy(update={"columns": columns})
    _, _, _, splits, metrics, predictions = judged(given)
    known = label.notna().to_numpy()
    assert np.array_equal(predictions["position"], np.flatnonzero(known & (split == "test")))
    assert metrics["inspection"]["again"]["of"] == len(predictions) == len(splits[0].test)


def test_of_several_folds_each_photo_is_judged_once_and_the_folds_are_told_apart(parts):
    _, table, _, _, metrics, predictions = judged(parts, folds=5)
    assert sorted(predictions["position"]) == list(range(len(table)))
    assert len(metrics["folds"]["model"]) == 5
    assert metrics["results"]["model"]["average_precision"]["value"] == pytest.approx(
        np.mean(metrics["folds"]["model"])
    )


def test_after_good_parts_alone_there_is_neither_a_class_table_nor_a_calibration(parts):
    *_, metrics, predictions = judged(parts, mode="good_only")
    assert "classes" not in metrics and "calibration" not in metrics["curves"]
    assert metrics["inspection"]["mode"] == "good_only"
    assert set(predictions["class"]) <= {"good", "defect"}
    assert ((predictions["class"] == "good") == (predictions["decision"] == "accept")).all()


def test_what_is_judged_and_shown_is_plain_json_and_the_gallery_holds_pictures(one):
    from PIL import Image

    made, _, prepared, splits, metrics, predictions = one
    predictions = predictions.copy()
    found = explain_photos(made, prepared, splits[0], predictions)
    json.dumps([found, {name: metrics[name] for name in ("inspection", "slices", "classes", "results")}])
    assert 3 <= len(found["gallery"]) <= made.config.gallery
    for each in found["gallery"]:
        assert each["kind"] in ("wrong", "doubtful", "right") and "/" not in each["name"]
        sizes = [Image.open(io.BytesIO(base64.b64decode(each[name]))).size for name in ("photo", "overlay")]
        assert sizes[0] == sizes[1] and max(sizes[0]) <= 300


def test_without_a_gallery_nothing_is_shown(one):
    made, _, prepared, splits, _, predictions = one
    bare = type(made)(made.config.model_copy(update={"gallery": 0}), made.mapping)
    bare.state, bare.thresholds = made.state, made.thresholds
    assert explain_photos(bare, prepared, splits[0], predictions.copy())["gallery"] == []


def test_a_share_of_nothing_is_not_a_number_and_tells_nothing():
    none = _share(np.zeros(3, bool), np.zeros(3, bool))
    assert np.isnan(none["value"]) and (none["low"], none["high"], none["of"]) == (0.0, 1.0, 0)


# -- which photos are shown

LIMITS = Inspection(again=0.4, reject=0.6)


def answers(label, score):
    label, score = np.asarray(label), np.asarray(score, float)
    truth = np.where(label == 1, np.resize(["pit", "crack"], len(label)), "good")
    return pd.DataFrame(
        {"label": label, "score": score, "decision": LIMITS.decide(score), "truth": truth.astype(object)}
    )


def test_the_worst_mistakes_come_first_then_the_nearest_to_a_threshold():
    last = answers([1, 1, 0, 0, 0, 1], [0.05, 0.3, 0.95, 0.41, 0.1, 0.9])
    found = _chosen(last, 6, 0, LIMITS)
    assert [place for kind, place in found if kind == "wrong"] == [2, 0]
    assert [place for kind, place in found if kind == "doubtful"] == [3, 1]
    assert sorted(place for kind, place in found if kind == "right") == [4, 5]


def test_right_photos_are_of_each_class_in_turn():
    last = answers([0] * 20 + [1] * 4, [0.1] * 20 + [0.9] * 4)
    right = [place for kind, place in _chosen(last, 9, 0, LIMITS) if kind == "right"]
    assert set(last["truth"].iloc[right]) == {"good", "pit", "crack"}


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(1, 40), most=st.integers(0, 60))
def test_no_photo_is_shown_twice_and_never_more_than_asked_for(seed, rows, most):
    rng = np.random.default_rng(seed)
    last = answers(rng.integers(0, 2, rows), rng.random(rows))
    found = _chosen(last, most, seed, LIMITS)
    places = [place for _, place in found]
    assert len(set(places)) == len(places) <= most
    wrong = ((last["label"] == 1) & (last["decision"] == "accept")) | (
        (last["label"] == 0) & (last["decision"] == "reject")
    )
    assert all(wrong[place] for kind, place in found if kind == "wrong")
    assert not any(wrong[place] for kind, place in found if kind == "right")
    assert found == _chosen(last, most, seed, LIMITS)
