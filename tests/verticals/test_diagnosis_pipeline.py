"""`healthcare.diagnosis` keeps the promises of a pipeline on patients, whatever their table, photos and signals."""

import pytest

from shared.contract import Mapping
from shared.simulators.patients import patients_mapping, simulate_patients, write_xrays
from shared.testing import check_pipeline, tiny_config
from shared.testing.patient_trial import PatientTrial
from shared.testing.patients import check_any_patient_is_answered, check_order_is_kept
from verticals.healthcare import DiagnosisPipeline


def one_network():
    """With a validation part instead of inner folds."""
    return DiagnosisPipeline.Config(**tiny_config(DiagnosisPipeline).model_dump() | {"inner_folds": 1})


@pytest.fixture(scope="module")
def photographed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("xrays")
    table = write_xrays(folder, simulate_patients(patients=100, steps=16, seed=1), side=32)
    table["image"] = [str(folder / name) if name else "" for name in table["image"]]
    return table


def test_the_sample_keeps_the_promises():
    check_pipeline(DiagnosisPipeline)


def test_three_classes_from_a_table_and_signals_of_patients_who_come_again_keep_the_promises():
    table, settings = (
        simulate_patients(patients=120, steps=16),
        {"config": one_network(), "fresh_process": False},
    )
    check_pipeline(DiagnosisPipeline, table=table, mapping=patients_mapping(), **settings)


def test_photos_beside_table_and_signals_keep_the_promises(photographed):
    settings = {"mapping": patients_mapping(), "config": one_network()}
    check_pipeline(DiagnosisPipeline, table=photographed, fresh_process=False, **settings)


def test_photos_alone_of_two_classes_are_learnt_from_and_rows_without_one_are_answered(photographed):
    table = photographed[["label", "image"]].assign(label=(photographed["label"] != "healthy").astype(int))
    mapping = Mapping(columns={"label": "label", "image": "image"}, format={"duplicates": "keep"})
    trial = PatientTrial.begin(DiagnosisPipeline, one_network(), mapping, table)
    assert trial.pipeline.modalities == ["photo"] and trial.pipeline.names == ["0", "1"]
    check_any_patient_is_answered(trial)
    check_order_is_kept(trial)
    missing = table["image"] == ""
    risk = trial.scored(trial.unlabelled)["score"]
    assert missing.any() and risk[missing].nunique() == 1 and risk[~missing].nunique() > 1
