"""Calibration of three and more classes, against logistic regression and against what was put in."""

import json

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from sklearn.metrics import log_loss

from shared.calibration import Identity, fit_calibrator
from shared.metrics import expected_calibration_error
from shared.trust.class_calibration import (
    ClassTemperature,
    class_calibrator_from_dict,
    classwise_calibration_error,
    fit_class_calibrator,
)


def drawn(seed, rows=2000, concentration=(1.0, 1.0, 1.0)):
    """Calibrated probabilities, and classes drawn from them."""
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(concentration, rows)
    return (p.cumsum(axis=1) < rng.random((rows, 1))).sum(axis=1).clip(0, 2), p


def test_the_temperature_is_that_of_the_least_log_loss():
    code, p = drawn(0, 300)
    too_sure = ClassTemperature(scale=3.0)(p)
    found = fit_class_calibrator(code, too_sure, "temperature")
    best = minimize_scalar(
        lambda scale: log_loss(code, ClassTemperature(scale=scale)(too_sure)),
        bounds=(0.01, 5),
        method="bounded",
    )
    assert found.scale == pytest.approx(best.x, rel=1e-3) and found.biases == ()


def test_with_two_classes_the_temperature_is_that_of_the_calibration_of_two():
    rng = np.random.default_rng(1)
    p = rng.random(500)
    label, too_sure = rng.random(500) < p, ClassTemperature(scale=3.0)(np.stack([1 - p, p], axis=1))
    found = fit_class_calibrator(label, too_sure, "temperature")
    wanted = fit_calibrator(label, too_sure[:, 1], "temperature")
    assert found.scale == pytest.approx(wanted.scale, rel=1e-3)
    np.testing.assert_allclose(found(too_sure)[:, 1], wanted(too_sure[:, 1]), atol=1e-4)


def test_scale_and_biases_undo_what_was_done():
    code, p = drawn(2, 4000)
    moved = ClassTemperature(scale=2.0, biases=(1.0, -0.4, -0.6))(p)
    found = fit_class_calibrator(code, moved)
    assert found.method == "vector"
    assert found.scale == pytest.approx(0.5, abs=0.05)
    assert found.biases == pytest.approx((-0.5, 0.2, 0.3), abs=0.12)
    assert classwise_calibration_error(code, found(moved)) < 0.4 * classwise_calibration_error(code, moved)


def test_auto_takes_the_simplest_that_is_good():
    code, p = drawn(3, 1500)
    assert fit_class_calibrator(code, p).method == "none"
    assert fit_class_calibrator(code, ClassTemperature(scale=2.5)(p)).method == "temperature"
    biased = fit_class_calibrator(code, ClassTemperature(biases=(1.0, 0.0, -1.0))(p))
    assert biased.method == "vector" and set(biased.detail["log_loss"]) == {"none", "temperature", "vector"}


def test_with_few_rows_of_a_class_no_biases_are_learnt_and_with_few_rows_nothing():
    code, p = drawn(4, 600, (3.0, 3.0, 0.05))
    rare = np.flatnonzero(code == 2)[9:]
    keep = np.setdiff1d(np.arange(600), rare)
    moved = ClassTemperature(scale=3.0, biases=(1.5, -1.5, 0.0))(p)
    found = fit_class_calibrator(code[keep], moved[keep])
    assert found.method == "temperature" and "rarest class" in found.detail["reason"]
    assert fit_class_calibrator(code[:19], moved[:19]).method == "none"
    assert fit_class_calibrator(code[:19], moved[:19], "vector").method == "vector"


def test_the_penalty_keeps_the_bias_of_a_class_without_rows_in_bounds():
    code, p = drawn(5, 200)
    two = code < 2
    found = fit_class_calibrator(code[two], p[two], "vector")
    assert -10 < found.biases[2] < -1 and sum(found.biases) == pytest.approx(0, abs=1e-9)


def test_probabilities_sum_to_one_and_a_temperature_keeps_the_order():
    rng = np.random.default_rng(6)
    p = np.vstack([rng.dirichlet([0.1] * 4, 200), np.eye(4)])
    for calibrator in (
        ClassTemperature(scale=0.3),
        ClassTemperature(scale=5.0, biases=(0.5, 0.0, 0.0, -0.5)),
    ):
        said = calibrator(p)
        assert np.isfinite(said).all() and np.allclose(said.sum(axis=1), 1)
    assert (ClassTemperature(scale=0.3)(p).argmax(axis=1) == p.argmax(axis=1)).all()


def test_rows_without_a_class_teach_nothing():
    code, p = drawn(7, 300)
    unknown = np.where(np.arange(300) < 100, -1, code)
    assert fit_class_calibrator(unknown, p, "vector") == fit_class_calibrator(code[100:], p[100:], "vector")


def test_what_does_not_fit_is_refused():
    code, p = drawn(8, 50)
    with pytest.raises(ValueError, match="unknown calibration"):
        fit_class_calibrator(code, p, "platt")
    with pytest.raises(ValueError, match="shape"):
        fit_class_calibrator(code, p[:, 0])
    with pytest.raises(ValueError, match="codes below 3"):
        fit_class_calibrator(code + 1, p)
    with pytest.raises(ValueError, match="rows whose class"):
        fit_class_calibrator(np.full(50, -1), p, "vector")
    with pytest.raises(ValueError, match="unknown calibration"):
        class_calibrator_from_dict({"method": "isotonic"})


def test_what_is_written_is_read_again():
    code, p = drawn(9, 300)
    for method in ("auto", "none", "temperature", "vector"):
        found = fit_class_calibrator(code, p, method)
        again = class_calibrator_from_dict(json.loads(json.dumps(found.to_dict(), allow_nan=False)))
        assert again == found and again.detail == found.detail
        np.testing.assert_array_equal(again(p), found(p))
    assert isinstance(fit_class_calibrator(code, p, "none"), Identity)


def test_the_classwise_error_is_the_mean_of_the_errors_of_the_classes_and_takes_weights():
    code, p = drawn(10, 400)
    p = ClassTemperature(scale=2.0)(p)
    wanted = np.mean([expected_calibration_error(code == k, p[:, k], bins=10) for k in range(3)])
    assert classwise_calibration_error(code, p, bins=10) == pytest.approx(wanted)
    weights = np.random.default_rng(0).integers(0, 3, 400)
    repeated = np.repeat(np.arange(400), weights)
    assert classwise_calibration_error.prepare(code, p)(weights.astype(float)) == pytest.approx(
        classwise_calibration_error(code[repeated], p[repeated])
    )
    assert classwise_calibration_error.biased
    with pytest.raises(ValueError, match="shape"):
        classwise_calibration_error(code, p[:, 0])
