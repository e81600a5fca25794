"""What drives the answers of a diagnosis, told of cases, photos and signals that are shown without a name."""

import base64
import io
import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from shared.cases import log_odds
from shared.diagnostic_cases import explain_patients
from shared.inputs import Inputs
from shared.simulators.patients import patients_mapping, simulate_patients, write_xrays
from shared.testing import tiny_config
from shared.testing.patient_trial import PatientTrial
from shared.testing.trial import KEY
from shared.training import predict
from verticals.healthcare import DiagnosisPipeline


@pytest.fixture(scope="module")
def trial(tmp_path_factory):
    folder = tmp_path_factory.mktemp("xrays")
    table = write_xrays(folder, simulate_patients(patients=120, steps=24), side=32)
    table["image"] = [str(folder / name) if name else "" for name in table["image"]]
    config = DiagnosisPipeline.Config(
        **tiny_config(DiagnosisPipeline).model_dump() | {"inner_folds": 1, "gallery": 12}
    )
    return PatientTrial.begin(DiagnosisPipeline, config, patients_mapping(), table)


@pytest.fixture(scope="module")
def predictions(trial):
    """Of the test rows, as a run judges them, with a few right, wrong and doubtful ones made sure."""
    pipeline, rows = trial.pipeline, trial.split.test
    answers = pipeline.answers(trial.table, rows, pipeline.probability(trial.prepared, rows))
    code = pipeline.codes(trial.table)[rows]
    names = np.array(pipeline.names, object)
    answers = answers.assign(fold=0, label=(code > 0).astype(int), truth=names[code], position=rows)
    decision = names[code].copy()
    decision[::5], decision[1::5] = "refer", names[(code[1::5] + 1) % 3]
    answers["decision"] = decision
    answers["class"] = np.where(decision == "refer", answers["class"], decision)
    return answers


@pytest.fixture(scope="module")
def told(trial, predictions):
    return explain_patients(trial.pipeline, trial.prepared, trial.split, predictions)


def test_it_is_json_and_names_nobody(told):
    text = json.dumps({name: entries for name, entries in told.items() if name != "gallery"}, allow_nan=False)
    assert (
        KEY.format(role="patient", number="") not in text and KEY.format(role="image", number="") not in text
    )


def test_every_feature_and_modality_has_an_importance(told):
    names = {entry["feature"] for entry in told["importance"]}
    assert names == {"age", "temperature", "heart_rate", "crp", "sex", "smoker", "photo", "signal"}


def test_cases_are_the_surest_right_one_the_worst_one_and_one_in_doubt(told, predictions):
    cases = {case["kind"]: case for case in told["cases"]}
    by_row = predictions.set_index("row")
    ill = by_row[(by_row["decision"] == by_row["truth"]) & (by_row["label"] == 1)]
    assert cases["right"]["score"] == pytest.approx(ill["score"].max())
    wrong = by_row[(by_row["decision"] != by_row["truth"]) & (by_row["decision"] != "refer")]
    off = np.where(wrong["label"] == 1, 1 - wrong["score"], wrong["score"])
    assert cases["wrong"]["row"] == wrong.index[off.argmax()]
    assert by_row["decision"][cases["doubtful"]["row"]] == "refer"


def test_a_case_has_the_values_that_stand_in_its_row(told, trial):
    for case in told["cases"]:
        row = trial.frame.iloc[case["row"] - 1]
        for name, value in case["values"].items():
            if name in ("age", "temperature", "heart_rate"):
                assert value == pytest.approx(row[name])
            elif name in ("photo", "signal"):
                assert value is None
        gains = [abs(each["contribution"]) for each in case["attributions"]]
        assert gains == sorted(gains, reverse=True)


def test_as_many_are_shown_of_each_kind_and_both_answers_among_the_right_ones(told, predictions):
    truth = predictions.set_index("row")
    for entries in (told["gallery"], told["signals"]):
        kinds = pd.Series([entry["kind"] for entry in entries]).value_counts()
        assert set(kinds.index) == {"wrong", "doubtful", "right"} and kinds.max() <= 4
        for entry in entries:
            answer = truth.loc[entry["row"]]
            assert entry["truth"] == answer["truth"] and entry["answer"] == answer["decision"]
            assert entry["kind"] != "right" or entry["truth"] == entry["answer"]
    right = [entry["truth"] == "healthy" for entry in told["signals"] if entry["kind"] == "right"]
    assert any(right) and not all(right)


def test_the_gallery_shows_the_photo_of_the_row(told, trial):
    for entry in told["gallery"]:
        photo, over = (
            np.asarray(Image.open(io.BytesIO(base64.b64decode(entry[name])))) for name in ("photo", "overlay")
        )
        assert photo.shape[:2] == over.shape[:2] and max(photo.shape[:2]) <= 200
        with Image.open(trial.frame["image"][entry["row"] - 1]) as file:
            original = np.asarray(file.convert("L").resize(photo.shape[1::-1])).astype(float)
        grey = photo if photo.ndim == 2 else photo[..., :3].mean(axis=-1)
        assert np.corrcoef(grey.ravel(), original.ravel())[0, 1] > 0.9
        assert over.ndim == 3


def test_what_spoke_in_a_signal_is_what_the_answer_loses_without_that_stretch(told, trial):
    entry = told["signals"][0]
    row = entry["row"] - 1
    place = int(np.flatnonzero(trial.table.rows == entry["row"])[0])
    arrays = trial.prepared.inputs.take(np.array([place, place]))
    true = int(arrays["signal"][0, :, -1].sum())
    assert (
        len(entry["values"])
        == len(entry["importance"])
        == true
        == trial.frame.iloc[row][[f"t{step}" for step in range(24)]].notna().sum()
    )
    np.testing.assert_allclose(entry["values"], arrays["signal"][0, :true, 0], atol=1e-4)
    cuts = np.linspace(0, true, 21).round().astype(int)
    widest = int(np.argmax(np.diff(cuts)))
    start, stop = cuts[widest], cuts[widest + 1]
    arrays["signal"][1, start:stop, :-1] = 0
    odds = log_odds(trial.pipeline.decode(predict(trial.pipeline.model, Inputs(arrays))))
    assert entry["importance"][start] == pytest.approx(abs(odds[0] - odds[1]), abs=1e-3)


def test_of_one_class_alone_nothing_is_ranked_and_no_gallery_is_made_where_none_is_wanted(trial, predictions):
    healthy = predictions[predictions["label"] == 0]
    config = trial.pipeline.config
    trial.pipeline.config = config.model_copy(update={"gallery": 0})
    try:
        found = explain_patients(trial.pipeline, trial.prepared, trial.split, healthy.head(6))
    finally:
        trial.pipeline.config = config
    assert found["importance"] == [] and found["gallery"] == [] == found["signals"]
    assert "right" not in {case["kind"] for case in found["cases"]}
