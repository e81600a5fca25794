"""`DiagnosticPipeline`: classes, parts, modalities that lack, calibration and what is kept in a bundle."""

import json
import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss

from shared.contract import Mapping, raw_table
from shared.diagnostic_networks import probabilities
from shared.errors import ContractError
from shared.patients.features import PatientFeatures
from shared.simulators.patients import patients_mapping, simulate_patients, write_xrays
from verticals.healthcare import DiagnosisPipeline

EXAMPLE = runpy.run_path(str(Path(__file__).with_name("patients_example.py")))
Guessing = EXAMPLE["guessing"](DiagnosisPipeline)


def fitted(frame, mapping=None, **settings):
    pipeline = Guessing(Guessing.Config(**{"fewest": 5, "inner_folds": 2} | settings), mapping)
    table = pipeline.check(raw_table(frame))
    pipeline.fit(table, pipeline.splits(table)[-1])
    return pipeline, table


def plain(rows=120, seed=0, **columns):
    """Two numbers, a category and a label of `classes` 0 and 1 that they tell of."""
    rng = np.random.default_rng(seed)
    label = rng.permutation(np.arange(rows) % 2)
    frame = pd.DataFrame(
        {"label": label, "crp": label + rng.normal(size=rows), "age": rng.normal(50, 9, rows)}
    )
    return frame.assign(sex=rng.choice(["f", "m"], rows), **columns)


MAPPING = Mapping(columns={"label": "label"}, numeric=["crp", "age"], categorical=["sex"])
MORE = MAPPING.model_copy(update={"labels": {"0": 0, "1": 1, "2": 2}})


@pytest.fixture(scope="module")
def visits(tmp_path_factory):
    folder = tmp_path_factory.mktemp("xrays")
    table = write_xrays(folder, simulate_patients(patients=80, steps=8), side=32)
    table["image"] = [str(folder / name) if name else "" for name in table["image"]]
    return table


@pytest.fixture(scope="module")
def three(visits):
    return fitted(visits, patients_mapping())


def test_the_score_that_picks_the_weights_is_the_log_loss_of_the_mean():
    raw, code = np.random.default_rng(0).normal(size=(40, 2, 3)), np.arange(40) % 3
    score = Guessing().score()
    assert score.function(code, raw) == pytest.approx(log_loss(code, probabilities(raw)))
    assert score.mode == "min"


# -- classes


def test_classes_are_named_by_the_texts_of_the_labels_and_the_first_of_equal_ones():
    frame = plain().assign(label=lambda rows: rows["label"].map({0: "良性", 1: "malignant"}))
    labels = {"良性": 0, "benign": 0, "malignant": 1}
    pipeline = Guessing(mapping=MAPPING.model_copy(update={"labels": labels}))
    assert pipeline.class_names(pipeline.check(raw_table(frame))) == ["良性", "malignant"]


def test_classes_without_texts_are_numbered_and_a_row_without_one_has_no_code():
    frame = plain().assign(label=lambda rows: rows["label"].astype(float))
    frame.loc[[3, 5], "label"] = np.nan
    pipeline = Guessing(mapping=MAPPING)
    table = pipeline.check(raw_table(frame))
    code = pipeline.codes(table)
    assert pipeline.class_names(table) == ["0", "1"] and np.flatnonzero(code < 0).tolist() == [3, 5]
    assert np.array_equal(np.isnan(pipeline.label(table)), code < 0)


def test_any_class_but_the_first_is_an_illness(three, visits):
    pipeline, table = three
    assert pipeline.names == ["healthy", "mild", "severe"]
    assert np.array_equal(pipeline.label(table), visits["label"] != "healthy")


# -- what is refused


def refusal(frame, mapping=MAPPING, **settings):
    with pytest.raises(ContractError) as caught:
        Guessing(Guessing.Config(**settings), mapping).check(raw_table(frame))
    return str(caught.value)


def test_a_column_that_gives_the_label_away_is_refused_unless_it_is_allowed():
    frame = plain(stage=lambda rows: rows["label"] * 10 + np.arange(len(rows)) / 1000)
    mapping = MAPPING.model_copy(update={"numeric": ["crp", "stage"]})
    error = refusal(frame, mapping)
    assert "`stage`" in error and "tells the label alone" in error and "`crp`" not in error
    for allowed in (("stage",), ("*",)):
        pipeline = Guessing(Guessing.Config(allow_leaks=allowed), mapping)
        notes = pipeline.check(raw_table(frame)).notes
        assert any("`stage` tells the label alone, and stays" in note for note in notes)


def test_a_number_of_patients_among_the_categories_is_refused_without_a_word_of_it():
    frame = plain(ward=[f"Smith{number}" for number in range(120)])
    error = refusal(frame, MAPPING.model_copy(update={"categorical": ["ward"]}))
    assert "`ward`" in error and "number of patients" in error and "Smith" not in error


def test_nothing_to_learn_from_is_refused():
    mapping = Mapping(columns={"label": "label"}, format={"duplicates": "keep"})
    assert "nothing is mapped that a diagnosis could be made of" in refusal(plain(), mapping)


def test_all_faults_come_at_once():
    frame = plain(
        ward=[f"w{number}" for number in range(120)],
        stage=lambda rows: rows["label"] * 10 + np.arange(120) / 1000,
        patient=np.repeat(np.arange(60), 2),
        split=["train", "test"] * 60,
    )
    error = refusal(frame, MAPPING.model_copy(update={"numeric": ["stage"], "categorical": ["ward"]}))
    assert all(word in error for word in ("`ward`", "`stage`", "the test part too"))


def test_a_class_with_few_rows_is_noted():
    frame = plain(seed=1)
    frame.loc[frame.index[frame["label"] == 1][6:], "label"] = 0
    pipeline = Guessing(Guessing.Config(fewest=20), MAPPING)
    assert any(
        "class `1` has 6 rows, fewer than 20" in note for note in pipeline.check(raw_table(frame)).notes
    )


# -- parts


@pytest.mark.parametrize(
    ("settings", "columns", "count"),
    [
        ({}, {}, 5),
        ({"inner_folds": 3}, {}, 3),
        ({"inner_folds": 1}, {}, 1),
        ({"inner_folds": 3}, {"split": ["valid", "train", "test", "train"] * 30}, 1),
        ({}, {"split": ["train", "train", "test", "train"] * 30}, 5),
    ],
)
def test_so_many_networks_are_fitted(settings, columns, count):
    pipeline = Guessing(Guessing.Config(**settings), MAPPING)
    table = pipeline.check(raw_table(plain(**columns)))
    assert pipeline.networks(table) == count
    (split,) = pipeline.splits(table)
    assert bool(len(split.valid)) == (count == 1)
    assert split.method == ("given" if columns else "stratified")


def test_photos_are_learnt_from_by_one_network_unless_more_are_asked_for(visits):
    for chosen, count in (("auto", 1), (4, 4)):
        pipeline = Guessing(Guessing.Config(inner_folds=chosen), patients_mapping())
        assert pipeline.networks(pipeline.check(raw_table(visits))) == count


# -- modalities


def test_presence_says_what_each_row_has_in_the_order_of_the_modalities(three, visits):
    pipeline, table = three
    assert pipeline.modalities == ["table", "photo", "signal"]
    presence = pipeline.prepare(table).inputs.arrays["presence"]
    assert presence[:, 0].all() and np.array_equal(presence[:, 1], visits["image"] != "")
    assert np.array_equal(presence[:, 2], visits["t0"].notna())


def test_a_modality_that_no_training_row_has_is_not_read(visits):
    pipeline, _ = fitted(visits.assign(image=""), patients_mapping())
    assert pipeline.modalities == ["table", "signal"] and "photo" not in pipeline.state


def test_features_without_photos_and_signals_are_encoded_as_missing(three):
    pipeline, table = three
    found = pipeline.features(table)
    inputs = pipeline.encode(PatientFeatures(found.numbers, found.categories), table)
    assert not inputs.arrays["presence"][:, 1:].any() and inputs.arrays["presence"][:, 0].all()
    assert not inputs.take(np.arange(2))["photo"].any()


def test_signals_longer_than_any_of_training_are_noted_when_they_are_cut(three, visits):
    pipeline, _ = three
    longer = visits.copy()
    for step in range(8, 12):
        longer[f"t{step}"] = longer["t7"]  # which lacks where the signal ended before
    table = pipeline.check(raw_table(longer.drop(columns="label")), predict=True)
    pipeline.prepare(table)
    assert any("cut at the end" in note for note in table.notes)


def test_places_tell_where_each_feature_and_modality_stands(three):
    found = three[0].places()
    assert found["photo"] == [("photo", None), ("presence", 1)]
    assert found["signal"] == [("signal", None), ("presence", 2)] and ("number", 0) in found["age"]


def test_rivals_have_no_table_where_there_is_none(visits):
    mapping = Mapping(
        columns={"label": "label"}, labels=patients_mapping().labels, format={"duplicates": "keep"}
    )
    pipeline, table = fitted(visits[["label", "image"]], mapping)
    assert pipeline.modalities == ["photo"] and pipeline.matrix(pipeline.prepare(table)) is None
    assert len(PatientFeatures({})) == 0


# -- what is said


def test_the_risk_of_two_classes_is_calibrated_and_all_classes_where_there_are_more(three):
    pipeline, table = fitted(plain(400), MAPPING)
    p = pipeline.probability(pipeline.prepare(table))
    raw = probabilities(pipeline.logits)
    np.testing.assert_allclose(1 - p[:, 0], pipeline.calibrator(1 - raw[:, 0]))
    np.testing.assert_allclose(pipeline.decode(pipeline.logits), 1 - p[:, 0])
    pipeline, table = three
    p = pipeline.probability(pipeline.prepare(table))
    np.testing.assert_allclose(p, pipeline.calibrator(probabilities(pipeline.logits)))
    np.testing.assert_allclose(p.sum(axis=1), 1)


def test_without_calibration_probabilities_stay_as_they_are():
    for labels in (2, 3):
        frame = plain(300).assign(label=np.arange(300) % labels)
        pipeline, table = fitted(frame, MAPPING if labels == 2 else MORE, calibration="none")
        np.testing.assert_allclose(
            pipeline.probability(pipeline.prepare(table)), probabilities(pipeline.logits), atol=1e-12
        )


def test_another_prevalence_shifts_risks_by_bayes_and_no_decision():
    answers = {}
    for site in (None, 0.05):
        pipeline, table = fitted(plain(400), MAPPING, site_prevalence=site)
        answers[site] = pipeline.answers(table, np.arange(400), pipeline.probability(pipeline.prepare(table)))
    before, after = answers[None], answers[0.05]
    for name in ("score", "decision", "positive", "set", "class"):
        assert before[name].equals(after[name])
    odds, prior = before["score"] / (1 - before["score"]), pipeline.prior[1]
    shifted = odds * (0.05 / 0.95) / (prior / (1 - prior))
    np.testing.assert_allclose(after["score_at_site"], shifted / (1 + shifted), rtol=1e-6)
    assert "score_at_site" not in before


def test_answers_hold_every_class_where_there_are_three_and_the_numbers_of_the_rows(three):
    pipeline, table = three
    rows = np.array([5, 2])
    p = pipeline.probability(pipeline.prepare(table), rows)
    answers = pipeline.answers(table, rows, p)
    assert answers["row"].tolist() == [6, 3]
    np.testing.assert_allclose(answers[[f"p_{name}" for name in pipeline.names]], p)
    assert answers["class"].tolist() == [pipeline.names[place] for place in p.argmax(axis=1)]


def test_the_summary_counts_answers():
    pipeline = Guessing()
    answers = pd.DataFrame({"decision": ["positive", "refer", "refer"]})
    assert pipeline.summary(answers) == "3 patient rows: 2 referred, 1 positive"
    assert pipeline.summary(answers.head(1)) == "1 patient row: 1 positive"


@pytest.mark.parametrize("labels", [2, 3])
def test_what_is_learnt_is_put_back_as_it_was(labels):
    frame = plain(300).assign(label=np.arange(300) % labels)
    pipeline, table = fitted(frame, MAPPING if labels == 2 else MORE)
    again = Guessing(pipeline.config, pipeline.mapping)
    again.restore(json.loads(json.dumps(pipeline.learnt())))
    again.logits = pipeline.logits
    rows = np.arange(300)
    mine, other = (
        each.answers(table, rows, each.probability(each.prepare(table))) for each in (pipeline, again)
    )
    pd.testing.assert_frame_equal(mine, other, check_exact=True)
    assert again.modalities == pipeline.modalities and again.prior == pipeline.prior


def test_a_data_frame_whose_photos_lie_in_the_working_folder_is_read(visits, monkeypatch):
    folder = Path(visits["image"][visits["image"] != ""].iloc[0]).parent
    monkeypatch.chdir(folder)
    frame = visits.assign(image=[Path(name).name if name else "" for name in visits["image"]])
    table = Guessing(mapping=patients_mapping()).check(frame)
    assert np.array_equal(table.photos.present, visits["image"] != "")


def test_classes_are_called_as_it_is_set_and_other_names_than_classes_are_a_fault():
    pipeline = Guessing(Guessing.Config(class_names=("well", "ill")), MAPPING)
    assert pipeline.class_names(pipeline.check(raw_table(plain(60)))) == ["well", "ill"]
    for wrong in (("well", "ill", "worse"), ("well", "well")):
        pipeline = Guessing(Guessing.Config(class_names=wrong), MAPPING)
        with pytest.raises(ContractError, match="class_names.*expected 2 different names"):
            pipeline.check(raw_table(plain(60)))
