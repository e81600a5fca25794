"""Calibrators rise, stay in [0, 1], survive JSON, and undo what was done to a probability."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit

from shared.calibration import Identity, Isotonic, Temperature, calibrator_from_dict, fit_calibrator
from shared.metrics import average_precision, expected_calibration_error, log_loss, roc_auc

METHODS = ("none", "temperature", "platt", "isotonic", "auto")


def rows(seed: int, size: int = 4000):
    """Labels and their true probabilities, rare as fraud is."""
    rng = np.random.default_rng(seed)
    p = expit(rng.normal(-3, 1.5, size))
    return (rng.random(size) < p).astype(int), p


def distort(p, scale: float = 2.0, bias: float = 0.0):
    return expit(scale * logit(p) + bias)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10**6), st.sampled_from(METHODS), st.sampled_from([0.3, 1.0, 3.0]), st.sampled_from([0, 4])
)
def test_calibrators_rise_strictly_stay_in_bounds_and_survive_json(seed, method, scale, bias):
    y_true, p = rows(seed, 400)
    y_true[:12] = 1
    calibrator = fit_calibrator(y_true, distort(p, scale, bias), method)
    grid = np.r_[0.0, np.geomspace(1e-9, 1e-3, 100), np.linspace(0.002, 0.998, 400), 1.0]
    out = calibrator(grid)
    assert out.dtype == np.float64 and (out >= 0).all() and (out <= 1).all()
    assert (np.diff(out) >= 0).all() and (np.diff(out[:-1]) > 0).mean() > 0.9
    if method == "isotonic":
        assert (np.diff(out) > 0).all()
    again = calibrator_from_dict(json.loads(json.dumps(calibrator.to_dict())))
    assert again == calibrator and again.method == calibrator.method
    assert np.array_equal(again(grid), out)


@pytest.mark.parametrize("method", METHODS)
def test_calibration_keeps_the_ranking(method):
    y_true, p = rows(0)
    score = distort(p, 0.7, 2).astype("float32")
    calibrated = fit_calibrator(y_true, score, method)(score)
    assert average_precision(y_true, calibrated) == pytest.approx(average_precision(y_true, score), abs=1e-9)
    assert roc_auc(y_true, calibrated) == pytest.approx(roc_auc(y_true, score), abs=1e-9)


def test_temperature_finds_the_factor_that_was_applied():
    y_true, p = rows(0, 40_000)
    assert fit_calibrator(y_true, distort(p, 4), "temperature").scale == pytest.approx(0.25, rel=0.05)


def test_platt_finds_the_factor_and_the_shift_that_were_applied():
    y_true, p = rows(1, 40_000)
    calibrator = fit_calibrator(y_true, distort(p, 2, 3), "platt")
    assert calibrator.scale == pytest.approx(0.5, rel=0.05)
    assert calibrator.bias == pytest.approx(-1.5, abs=0.15)


def test_the_fit_is_where_the_log_loss_is_least():
    y_true, p = rows(2)
    score = distort(p, 2, 3)
    best = fit_calibrator(y_true, score, "platt")
    least = log_loss(y_true, best(score))
    for scale in (0.98, 1.02):
        for shift in (-0.02, 0.02):
            other = Temperature(scale=best.scale * scale, bias=best.bias + shift)
            assert log_loss(y_true, other(score)) > least


@pytest.mark.parametrize("method", ["temperature", "platt", "isotonic"])
def test_whole_number_weights_equal_repeated_rows(method):
    y_true, p = rows(3, 600)
    weights = np.random.default_rng(0).integers(0, 3, 600)
    again = np.repeat(np.arange(600), weights)
    grid = np.linspace(0.01, 0.99, 50)
    weighted = fit_calibrator(y_true, distort(p), method, weights=weights)(grid)
    np.testing.assert_allclose(
        weighted, fit_calibrator(y_true[again], distort(p)[again], method)(grid), atol=1e-6
    )


@pytest.mark.parametrize("scale, bias, chosen", [(1, 0, "none"), (3, 0, "temperature"), (1.5, 4, "platt")])
def test_auto_mostly_takes_the_simplest_that_does(scale, bias, chosen):
    taken = []
    for seed in range(9):
        y_true, p = rows(seed, 5000)
        calibrator = fit_calibrator(y_true, distort(p, scale, bias))
        assert set(calibrator.detail["log_loss"]) == {"none", "temperature", "platt", "isotonic"}
        taken.append(calibrator.method)
    assert taken.count(chosen) >= 6, taken


def test_a_first_step_of_one_row_does_not_lift_the_others():
    score = np.linspace(0.01, 0.99, 1000)
    y_true = np.resize([0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 1000)
    out = fit_calibrator(y_true, score, "isotonic")(score)
    assert out.mean() == pytest.approx(0.1, abs=0.01)


def test_auto_takes_isotonic_steps_where_no_stretching_helps():
    rng = np.random.default_rng(0)
    score = rng.random(20_000)
    y_true = rng.random(20_000) < np.where(score < 0.3, 0.02, np.where(score < 0.9, 0.4, 0.95))
    calibrator = fit_calibrator(y_true, score)
    assert isinstance(calibrator, Isotonic)
    assert (
        expected_calibration_error(y_true, calibrator(score))
        < 0.01
        < expected_calibration_error(y_true, score)
    )


def test_auto_makes_unseen_rows_better_calibrated():
    y_true, p = rows(6, 20_000)
    calibrator = fit_calibrator(y_true, distort(p, 1.5, 3))
    y_new, p_new = rows(7, 50_000)
    before, after = distort(p_new, 1.5, 3), calibrator(distort(p_new, 1.5, 3))
    assert expected_calibration_error(y_new, before) > 0.1
    assert expected_calibration_error(y_new, after) < 0.005


def test_auto_learns_nothing_from_a_handful_of_positives_and_says_so():
    y_true, p = np.zeros(500, int), np.linspace(0.01, 0.5, 500)
    y_true[:4] = 1
    calibrator = fit_calibrator(y_true, p)
    assert isinstance(calibrator, Identity) and "only 4 rows" in calibrator.detail["reason"]


def test_isotonic_keeps_unlucky_rows_from_costing_infinitely():
    y_true, p = rows(8, 1000)
    edges = fit_calibrator(y_true, p, "isotonic")(np.array([0.0, 1.0]))
    assert edges[0] > 0 and edges[1] < 1


@pytest.mark.parametrize("method", METHODS)
def test_scores_of_exactly_0_and_1_can_be_learnt_from(method):
    y_true = np.r_[np.zeros(50), np.ones(50), [0, 1]]
    p = np.r_[np.zeros(50), np.ones(50), [1, 0]]
    out = fit_calibrator(y_true, p, method)(np.array([0.0, 0.5, 1.0]))
    assert np.isfinite(out).all() and out[0] < out[1] < out[2]


@pytest.mark.parametrize("method", ["temperature", "platt", "isotonic"])
def test_perfectly_separated_and_reversed_scores_do_not_break_the_fit(method):
    y_true = np.resize([0, 1], 100)
    for score in (np.where(y_true == 1, 0.9, 0.1), np.where(y_true == 1, 0.1, 0.9)):
        out = fit_calibrator(y_true, score, method)(np.array([0.1, 0.9]))
        assert np.isfinite(out).all() and 0 <= out[0] < out[1] <= 1


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="unknown calibration `magic`"):
        fit_calibrator([0, 1], [0.1, 0.2], "magic")
    with pytest.raises(ValueError, match="both classes"):
        fit_calibrator([0, 0], [0.1, 0.2], "platt")
    with pytest.raises(ValueError, match=r"in \[0, 1\], found 1.5"):
        fit_calibrator([0, 1], [0.1, 1.5], "platt")
    with pytest.raises(ValueError, match="found nan"):
        Identity()(np.array([0.1, np.nan]))
    with pytest.raises(ValueError, match="unknown calibration"):
        calibrator_from_dict({"method": "magic"})
