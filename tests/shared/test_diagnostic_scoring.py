"""Test patients are scored by the model and by every rival, each calibrated and cut by rows it did not see."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from shared.diagnostic_scoring import Diagnosed
from shared.protocol import fit_protocol
from shared.simulators.patients import patients_mapping, simulate_patients
from verticals.healthcare import DiagnosisPipeline

EXAMPLE = runpy.run_path(str(Path(__file__).with_name("patients_example.py")))
Guessing = EXAMPLE["guessing"](DiagnosisPipeline)


@pytest.fixture(scope="module")
def run():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("shared.class_rivals.GRIDS", EXAMPLE["few_rivals"]())
        frame = simulate_patients(patients=150, steps=8)
        yield EXAMPLE["scored"](Guessing, frame, patients_mapping(), folds=3)


def test_what_a_protocol_makes_of_probabilities_is_kept_by_model():
    rng = np.random.default_rng(0)
    code, p = np.arange(90) % 3, rng.dirichlet(np.ones(3), 90)
    protocol, found = fit_protocol(code, p, "abc", refer=0.2), Diagnosed()
    for name in ("model", "rival"):
        for part in (p[:40], p[40:]):
            found.diagnosed(name, part, protocol)
    assert np.array_equal(found.of("probability"), p) and np.array_equal(
        found.of("called"), protocol.called(p)
    )
    assert np.array_equal(found.of("kept", "rival"), ~protocol.referred(p))
    assert np.array_equal(found.of("answer"), p.argmax(axis=1))
    assert np.array_equal(np.concatenate(found.scores["model"]), 1 - p[:, 0])
    assert np.array_equal(np.concatenate(found.decisions["rival"]), protocol.decide(p))
    assert np.array_equal(np.concatenate(found.sets), protocol.sets(p)) and len(found.class_sets) == 2


def test_every_model_scores_the_same_rows_of_each_fold_once(run):
    rows, fold, scores, decisions = run.scored.joined()
    assert sorted(rows) == list(range(len(run.table))) and np.unique(fold).tolist() == [0, 1, 2]
    assert set(scores) == {"model", "prior", "logistic_regression"} == set(decisions)
    for name in scores:
        p = run.scored.of("probability", name)
        assert p.shape == (len(rows), 3) and np.allclose(p.sum(axis=1), 1)
        np.testing.assert_allclose(scores[name], 1 - p[:, 0])
    assert len(run.scored.sets) == 3


def test_the_model_is_scored_under_the_protocol_of_its_own_fold(run):
    last = run.splits[-1].test
    p = run.pipeline.probability(run.prepared, last)
    assert np.array_equal(run.scored.decisions["model"][-1], run.pipeline.thresholds.decide(p))
    assert np.array_equal(run.scored.probability["model"][-1], p)


def test_a_rival_reads_the_table_and_the_signals_and_the_prior_reads_nothing(run):
    rows, _, scores, _ = run.scored.joined()
    ill = run.pipeline.codes(run.table)[rows] > 0
    assert 0.65 < roc_auc_score(ill, scores["logistic_regression"]) < 0.97
    assert max(len(np.unique(part.round(6))) for part in run.scored.scores["prior"]) == 1


def test_times_are_kept_of_every_model(run):
    for name in ("model", "prior", "logistic_regression"):
        entry = run.scored.timing[name]
        assert entry["rows"] == len(run.table) and entry["fit_seconds"] >= 0 and entry["seconds"] >= 0
    assert run.scored.timing["model"]["fit_seconds"] == pytest.approx(3.0)


def test_a_loaded_pipeline_is_scored_alone():
    frame = simulate_patients(patients=60, steps=8)
    found = EXAMPLE["scored"](Guessing, frame, patients_mapping(), loaded=True).scored
    assert set(found.scores) == {"model"} and len(found.rows) == 1
