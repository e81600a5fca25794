"""Answers to test photos: the same rows for model and rivals, and pixels against their masks."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from shared.contract import raw_table
from shared.image_scoring import Photographed, _ranked, score_loaded_photos, score_photos
from shared.stages import Stages
from shared.testing import tiny_config
from verticals.manufacturing import DefectPipeline

Guessing = runpy.run_path(str(Path(__file__).with_name("inspection_example.py")))["guessing"](DefectPipeline)


@pytest.fixture(scope="module")
def parts():
    return DefectPipeline.sample(parts=100, side=64, seed=1)


def fitted(parts, **settings):
    frame, mapping = parts
    made = Guessing(tiny_config(Guessing).model_copy(update=settings), mapping)
    table = made.check(raw_table(frame))
    splits = made.splits(table)
    return made, table, splits, made.fit(table, splits[0])


def test_the_model_answers_the_test_photos_and_its_heatmaps_are_held_against_the_masks(parts):
    made, table, splits, prepared = fitted(parts)
    scored, test = Photographed(), splits[0].test
    score_loaded_photos(made, prepared, splits[0], 0, scored, Stages())
    rows, fold, scores, decisions = scored.joined()
    assert np.array_equal(rows, test) and not fold.any() and list(scores) == ["model"]
    found = made.outputs(prepared.inputs, test)
    assert np.allclose(scores["model"], found["score"])
    assert np.array_equal(decisions["model"], made.thresholds.decide(scores["model"]))
    assert np.allclose(scored.probability["model"][0], found["probability"])
    assert scored.masked == scored.pixels.photos == len(test)
    assert scored.pixels.regions >= made.label(table)[test].sum()
    assert scored.pixels.roc_auc() > 0.9
    assert scored.timing["model"]["fit_seconds"] == 2.0 and scored.timing["model"]["rows"] == len(test)


def test_photos_without_a_mask_are_not_held_against_one(parts):
    frame, mapping = parts
    made, table, splits, prepared = fitted((frame.assign(mask=""), mapping))
    scored = Photographed()
    score_loaded_photos(made, prepared, splits[0], 0, scored, Stages())
    assert scored.masked == (made.label(table)[splits[0].test] == 0).sum()
    assert scored.pixels.regions == 0


def test_folds_are_gathered_one_after_the_other(parts):
    made, table, splits, prepared = fitted(parts, folds=5)
    scored = Photographed()
    for number, split in enumerate(splits):
        score_loaded_photos(made, prepared, split, number, scored, Stages())
    rows, fold, scores, _ = scored.joined()
    assert np.array_equal(np.sort(rows), np.arange(len(table)))
    assert np.array_equal(np.unique(fold), np.arange(5)) and len(scores["model"]) == len(table)
    assert scored.timing["model"]["fit_seconds"] == 10.0


class Rival:
    """Knows the class of each photo, and hides it from no one."""

    fit_seconds = 3.0

    def __init__(self, codes):
        self.codes = codes

    def probability(self, rows):
        return 0.9 * np.eye(self.codes.max() + 1)[self.codes[rows]] + 0.1 / (self.codes.max() + 1)


def test_labelled_rivals_answer_the_same_photos_and_what_they_read_is_taken_once(parts, monkeypatch):
    told = {}

    def fit_rivals(views, codes, **options):
        told.update(options, views=views, codes=codes)
        return {"hog_svm": Rival(codes)}

    monkeypatch.setattr("shared.image_scoring.fit_image_rivals", fit_rivals)
    made, table, splits, prepared = fitted(parts)
    scored, split = Photographed(), splits[0]
    score_photos(made, prepared, split, 0, scored, Stages())
    rows, _, scores, decisions = scored.joined()
    assert set(scores) == {"model", "hog_svm"} and scored.timing["hog_svm"]["fit_seconds"] == 3.0
    assert np.array_equal(told["train"], split.train) and np.array_equal(told["valid"], split.valid)
    assert set(told["views"]) == {"hog", "statistics"} and told["good"] == 0
    assert {len(view) for view in told["views"].values()} == {len(table)}
    label = made.label(table)[rows]
    assert scores["hog_svm"][label == 0].max() < scores["hog_svm"][label == 1].min()
    assert ((decisions["hog_svm"] == "accept") == (label == 0)).all()
    assert np.allclose(scored.probability["hog_svm"][0], Rival(told["codes"]).probability(rows))
    views = scored.views
    score_photos(made, prepared, split, 1, scored, Stages())
    assert told["views"] is views


def test_rivals_of_the_good_only_mode_answer_too(parts):
    made, _, splits, prepared = fitted(parts, mode="good_only")
    scored = Photographed()
    score_photos(made, prepared, splits[0], 0, scored, Stages())
    rows, _, scores, decisions = scored.joined()
    assert len(scores) > 1 and not scored.probability
    for name, score in scores.items():
        assert score.shape == rows.shape and ((score >= 0) & (score < 1)).all(), name
        assert set(decisions[name]) <= {"accept", "again", "reject"}


def test_ranked_scores_keep_their_order_and_put_the_middle_of_good_photos_at_one_half():
    reference = np.array([1.0, 2.0, 4.0])
    found = _ranked(reference, np.array([-50.0, 2.0, 3.0, 1e6]))
    assert found[1] == 0.5 and (np.diff(found) > 0).all() and found.min() > 0 and found.max() < 1
    assert np.isfinite(_ranked(np.ones(4), np.array([0.0, 1.0, 2.0]))).all()
