"""The road of photos from a folder to answers: modes, classes, parts, faults, heatmaps, and back from a bundle."""

import json
import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from shared.contract import raw_table
from shared.errors import ContractError, SplitError
from shared.images.thresholds import Inspection
from shared.imaging import ImagePipeline, _chunks, _typical
from shared.testing import tiny_config
from verticals.manufacturing import DefectPipeline

EXAMPLE = runpy.run_path(str(Path(__file__).with_name("inspection_example.py")))
write_folder, guessing = EXAMPLE["write_folder"], EXAMPLE["guessing"]


def pipeline(of=DefectPipeline, **settings):
    return of(tiny_config(of).model_copy(update=settings))


def checked(root, of=DefectPipeline, predict=False, **settings):
    made = pipeline(of, **settings)
    return made, made.check(made.read(root), predict=predict)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_folder(tmp_path_factory.mktemp("parts"), scratch=8, good=20, dent=8)


@pytest.fixture(scope="module")
def good_folder(tmp_path_factory):
    return write_folder(tmp_path_factory.mktemp("good"), good=20)


@pytest.fixture(scope="module")
def manifest(folder):
    """The same photos as a table, with columns to be added."""
    data = DefectPipeline.read(folder).data.to_pandas()
    data["image"] = [str(folder / name) for name in data["image"]]
    return data.drop(columns="mask")


def from_frame(frame, **settings):
    made = pipeline(**settings)
    return made, made.check(raw_table(frame))


# -- modes and classes


def test_the_mode_is_chosen_by_the_classes_there_are(folder, good_folder):
    for root, mode in ((folder, "labelled"), (good_folder, "good_only")):
        made, table = checked(root)
        assert made.mode(table) == mode


def test_the_mode_that_is_set_wins(folder):
    made, table = checked(folder, mode="good_only")
    assert made.mode(table) == "good_only"


def test_the_good_class_is_first_and_the_others_stand_by_name(folder):
    made, table = checked(folder)
    assert made.classes(table) == ["good", "dent", "scratch"]
    names = table.frame["label"].astype(str).to_numpy()
    assert np.array_equal(np.array(made.classes(table))[made.codes(table)], names)
    assert np.array_equal(made.label(table), (names != "good").astype(float))


def test_a_good_class_of_another_name_can_be_told(tmp_path):
    made, table = checked(write_folder(tmp_path, MT_Free=6, crack=6), good=("MT_Free",))
    assert made.classes(table) == ["MT_Free", "crack"]


def test_a_photo_without_a_class_has_no_code_and_no_label(manifest):
    frame = manifest.copy()
    frame.loc[3, "label"] = None
    made, table = from_frame(frame)
    assert made.codes(table)[3] == -1 and np.isnan(made.label(table)[3])
    assert (np.delete(made.codes(table), 3) >= 0).all()


def test_a_class_that_was_not_learnt_has_no_code_but_is_a_defect(folder):
    made, table = checked(folder)
    made.state = {"classes": ["good", "dent"], "mode": "labelled"}
    scratch = (table.frame["label"].astype(str) == "scratch").to_numpy()
    assert (made.codes(table)[scratch] == -1).all() and (made.label(table)[scratch] == 1).all()


# -- faults


def faults(root, **settings):
    with pytest.raises(ContractError) as caught:
        checked(root, **settings)
    return str(caught.value)


def test_each_class_of_fewer_than_five_photos_is_named(tmp_path):
    text = faults(write_folder(tmp_path, good=3, crack=4, dent=5))
    assert "`good` has 3 photos" in text and "`crack` has 4 photos" in text and "`dent`" not in text


def test_where_good_parts_alone_teach_a_rare_defect_is_no_fault(tmp_path):
    made, table = checked(write_folder(tmp_path, good=8, crack=2), mode="good_only")
    assert made.label(table).sum() == 2


def test_one_class_alone_cannot_be_labelled_and_the_other_mode_is_offered(good_folder):
    text = faults(good_folder, mode="labelled")
    assert "all photos are of class `good`" in text and 'mode = "good_only"' in text


def test_without_a_good_class_the_setting_is_named_that_tells_it(tmp_path):
    text = faults(write_folder(tmp_path, crack=6, dent=6))
    assert "`crack`, `dent`" in text and 'good = ["..."]' in text


def test_photos_without_any_class_are_refused_to_learn_from_but_can_be_answered(tmp_path):
    write_folder(tmp_path, good=6)
    for path in list((tmp_path / "good").iterdir()):
        path.rename(tmp_path / path.name)
    (tmp_path / "good").rmdir()
    assert "no photo has a class" in faults(tmp_path)
    _, table = checked(tmp_path, predict=True)
    assert len(table) == 6


def test_broken_files_and_rare_classes_are_told_at_once(tmp_path):
    write_folder(tmp_path, good=6, crack=6, dent=2)
    (tmp_path / "good" / "00.png").write_bytes(b"")
    (tmp_path / "crack" / "01.png").write_bytes(b"no photo")
    text = faults(tmp_path)
    assert "good/00.png" in text and "crack/01.png" in text and "`dent` has 2" in text


# -- splits


def apart(split, rows):
    parts = np.concatenate(list(split.parts.values()))
    assert len(np.unique(parts)) == len(parts) == rows
    assert all(len(part) for part in split.parts.values())


def test_a_fifth_judges_and_each_class_is_in_each_part(folder):
    made, table = checked(folder)
    (split,) = made.splits(table)
    apart(split, len(table))
    assert len(split.test) == pytest.approx(len(table) / 5, abs=2)
    for part in split.parts.values():
        assert set(made.codes(table)[part]) == {0, 1, 2}


def test_five_folds_judge_each_photo_once(folder):
    made, table = checked(folder, folds=5)
    judged = np.concatenate([split.test for split in made.splits(table)])
    assert np.array_equal(np.sort(judged), np.arange(len(table)))


def test_photos_of_one_part_stay_together_and_those_without_a_number_stand_alone(manifest):
    pairs = [f"p{row // 2 if label == 'good' else row + 100}" for row, label in enumerate(manifest["label"])]
    frame = manifest.assign(part=pairs)
    frame.loc[[0, 1], "part"] = None
    made, table = from_frame(frame)
    groups = made.groups(table)
    assert groups[0] != groups[1] and groups[8] == groups[9] != groups[10]
    for seed in range(5):
        made.config = made.config.model_copy(update={"seed": seed})
        (split,) = made.splits(table)
        apart(split, len(table))
        sides = [set(groups[part]) for part in split.parts.values()]
        assert not sides[0] & sides[1] and not sides[0] & sides[2] and not sides[1] & sides[2]


def test_a_given_split_is_taken_by_any_of_its_names(manifest):
    given = np.resize(["train", "train", "Val", "test", "validation", "TRAIN"], len(manifest))
    made, table = from_frame(manifest.assign(split=given))
    (split,) = made.splits(table)
    assert split.method == "given"
    part = pd.Series(given).str.lower()
    assert np.array_equal(split.test, np.flatnonzero(part == "test"))
    assert np.array_equal(split.valid, np.flatnonzero(part.isin(["val", "validation"])))
    assert np.array_equal(split.train, np.flatnonzero(part == "train"))


def test_where_no_photo_validates_a_share_of_the_training_ones_does(manifest):
    given = np.where(np.arange(len(manifest)) % 4 == 0, "test", "train")
    made, table = from_frame(manifest.assign(split=given))
    (split,) = made.splits(table)
    apart(split, len(table))
    assert np.array_equal(split.test, np.flatnonzero(given == "test"))
    assert set(made.codes(table)[split.valid]) == {0, 1, 2}


def test_good_parts_alone_teach_and_validate_and_every_defect_judges(folder):
    made, table = checked(folder, mode="good_only")
    (split,) = made.splits(table)
    apart(split, len(table))
    label = made.label(table)
    assert not label[split.train].any() and not label[split.valid].any()
    assert set(np.flatnonzero(label)) < set(split.test)


def test_a_given_split_of_the_good_only_mode_leaves_defects_out_of_training(manifest):
    given = np.where(np.arange(len(manifest)) % 3 == 0, "test", "train")
    made, table = from_frame(manifest.assign(split=given), mode="good_only")
    (split,) = made.splits(table)
    assert not made.label(table)[np.r_[split.train, split.valid]].any()
    assert np.array_equal(split.test, np.flatnonzero(given == "test"))


def test_photos_that_cannot_be_parted_are_refused(tmp_path):
    made, table = checked(write_folder(tmp_path, good=5), test_share=0.01)
    with pytest.raises(SplitError, match="test part has no photo"):
        made.splits(table)


@pytest.mark.parametrize("given", [None, "test"])
def test_photos_whose_class_is_not_known_teach_nothing(manifest, given):
    frame = manifest.copy()
    frame.loc[::6, "label"] = None
    if given:
        frame["split"] = np.where(np.arange(len(frame)) % 4 == 1, "test", "train")
    made, table = from_frame(frame)
    (split,) = made.splits(table)
    assert (made.codes(table)[np.r_[split.train, split.valid]] >= 0).all()


# -- features


def test_grey_photos_have_one_channel_unless_three_are_asked_for(folder):
    made, table = checked(folder)
    photos = made.features(table)
    assert (photos.channels, photos.side, photos.dtype, photos.good) == (1, 32, "uint8", "good")
    made, table = checked(folder, channels=3)
    assert made.features(table).take(np.array([0]))["photo"].shape == (1, 32, 32, 3)


def test_draem_reads_its_own_side(good_folder):
    made, table = checked(good_folder, detector="draem", draem_side=48)
    assert made.features(table).side == 48


# -- answers


@pytest.fixture(scope="module")
def guesser(folder):
    made, table = checked(folder, guessing(DefectPipeline))
    return made, table, made.fit(table, made.splits(table)[0])


def test_each_photo_gets_a_score_a_decision_and_the_most_likely_class(guesser):
    made, table, prepared = guesser
    answers = made.predict(table)
    assert answers.columns.tolist() == ["row", "image", "score", "decision", "class"]
    found = made.outputs(prepared.inputs, np.arange(len(table)))
    assert np.allclose(answers["score"], found["score"])
    assert answers["class"].tolist() == [
        made.state["classes"][k] for k in found["probability"].argmax(axis=1)
    ]
    assert np.array_equal(answers["decision"], made.thresholds.decide(answers["score"]))
    assert answers["image"].tolist() == table.frame["image"].astype(str).tolist()


def test_only_the_rows_that_are_asked_for_are_answered(guesser):
    made, table, _ = guesser
    whole, some = made.predict(table), made.predict(table, rows=[7, 2])
    assert some["row"].tolist() == [8, 3]
    assert np.allclose(some["score"], whole["score"].to_numpy()[[7, 2]])


def test_chunks_of_photos_make_one_answer(guesser, monkeypatch):
    made, table, _ = guesser
    whole = made.predict(table)
    monkeypatch.setattr("shared.imaging.CHUNK", 5)
    assert [len(part) for part in _chunks(np.arange(12))] == [5, 5, 2]
    pd.testing.assert_frame_equal(made.predict(table), whole)


def test_a_heatmap_of_each_photo_is_written_where_a_folder_is_given(guesser, tmp_path):
    from PIL import Image

    made, table, _ = guesser
    answers = made.predict(table, rows=[0, 9, 30], folder=tmp_path / "heatmaps")
    assert sorted(answers["heatmap"]) == sorted(path.name for path in (tmp_path / "heatmaps").iterdir())
    assert {Image.open(tmp_path / "heatmaps" / name).size for name in answers["heatmap"]} == {(48, 48)}


def test_distances_come_onto_the_unit_interval_with_the_limit_of_good_photos_at_one_half():
    made = pipeline()
    made.state = {"mode": "good_only", "typical": 4.0}
    assert made.decode(np.array([0.0, 4.0, 12.0])).tolist() == [0, 0.5, 0.75]
    made.state = {"mode": "labelled"}
    assert made.decode(np.array([0.2])).tolist() == [0.2]
    assert _typical(np.arange(101.0), 0.1) == 90 and _typical(np.zeros(3), 0.01) > 0


def test_after_good_parts_alone_a_photo_is_good_or_a_defect():
    made = pipeline()
    made.state = {"classes": ["ok"]}
    named = made.named({}, np.array(["accept", "again", "reject"]))
    assert named.tolist() == ["ok", "defect", "defect"]


def test_what_was_learnt_comes_back_from_plain_json(guesser):
    made, table, _ = guesser
    content = json.loads(json.dumps(made.learnt()))
    again = type(made)(made.config)
    again.restore(content)
    assert again.state == made.state and again.thresholds == made.thresholds
    assert isinstance(again.thresholds, Inspection)
    pd.testing.assert_frame_equal(again.predict(table), made.predict(table))


def test_a_pipeline_says_what_it_must_be_given():
    with pytest.raises(NotImplementedError):
        ImagePipeline.build(None, (32, 32, 1), 2, "uint8")
    with pytest.raises(NotImplementedError):
        ImagePipeline.detector(None, (32, 32, 1), "uint8")


class Head(DefectPipeline):
    """Only the head learns, as on a pretrained encoder: nothing is compiled."""

    def build(self, shape, classes, dtype):
        return super().build(shape, classes, dtype)[0], True


def test_a_network_is_fitted_and_its_probabilities_are_calibrated(folder):
    made, table = checked(folder, Head, units=16, mask_epochs=0, head_views=1)
    split = made.splits(table)[0]
    prepared = made.fit(table, split)
    found = made.outputs(prepared.inputs, split.test)
    assert found["probability"].shape == (len(split.test), 3)
    assert np.allclose(found["probability"].sum(axis=1), 1, atol=1e-5)
    assert np.allclose(found["score"], 1 - found["probability"][:, 0])
    scores = made.scores(prepared, split.test)
    assert np.allclose(scores, made.calibrator(found["score"])) and made.history.epochs
    assert json.loads(json.dumps(made.state)) == made.state


def test_scores_that_validation_tells_apart_without_a_mistake_keep_their_order():
    from shared.imaging import calibrated

    label = np.repeat([0.0, 1.0], [114, 47])
    scores = np.where(label == 1, np.linspace(0.6, 0.999, 161), np.linspace(1e-6, 0.4, 161))
    found = calibrated(label, scores, "auto")(np.linspace(0.001, 0.999, 50))
    assert (np.diff(found) > 0).all() and found[0] > 0 and found[-1] < 1
