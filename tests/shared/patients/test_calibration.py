"""Probabilities of classes are calibrated on rows held out, and what was learnt is read again."""

import json

import numpy as np
import pytest

from shared.calibration import Identity
from shared.patients.calibration import (
    calibrated_patients,
    fit_patient_calibration,
    patient_calibrator_from_dict,
)


def boasting(classes, rows=600):
    """Codes, and probabilities that are far surer than they are right."""
    rng = np.random.default_rng(0)
    code = rng.permutation(np.arange(rows) % classes)
    logits = rng.normal(size=(rows, classes))
    logits[np.arange(rows), code] += 1.0
    p = np.exp(4 * logits)
    return code, p / p.sum(axis=1, keepdims=True)


def loss(code, p):
    return -np.log(np.maximum(p[np.arange(len(code)), code], 1e-9)).mean()


@pytest.mark.parametrize("classes", [2, 3])
def test_probabilities_become_honest_and_sum_to_one_and_the_calibrator_is_read_again(classes):
    code, p = boasting(classes)
    calibrator = fit_patient_calibration(code, p)
    found = calibrated_patients(calibrator, p)
    assert loss(code, found) < 0.8 * loss(code, p)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    again = patient_calibrator_from_dict(json.loads(json.dumps(calibrator.to_dict())), classes)
    np.testing.assert_array_equal(calibrated_patients(again, p), found)


@pytest.mark.parametrize("classes", [2, 3])
def test_without_calibration_they_stay_as_they_are(classes):
    code, p = boasting(classes)
    np.testing.assert_allclose(
        calibrated_patients(fit_patient_calibration(code, p, "none"), p), p, atol=1e-12
    )


def test_two_classes_take_the_method_that_is_set_and_rows_of_one_kind_teach_nothing():
    code, p = boasting(2)
    assert fit_patient_calibration(code, p, "isotonic").method == "isotonic"
    assert isinstance(fit_patient_calibration(np.zeros(5, int), p[:5]), Identity)
