"""Probabilities of classes that hold what they promise: of two classes the risk is calibrated, of more all of them."""

from typing import Any

import numpy as np

from shared.calibration import Identity, calibrated, calibrator_from_dict
from shared.trust.class_calibration import class_calibrator_from_dict, fit_class_calibrator


def probabilities(raw: np.ndarray) -> np.ndarray:
    """Logits `(rows, members, classes)` -> probabilities `(rows, classes)`, the mean over the members, float64.

    Example:
        >>> probabilities(np.zeros((1, 3, 2))).tolist()
        [[0.5, 0.5]]
    """
    raw = np.asarray(raw, np.float64)
    raw = raw if raw.ndim == 3 else raw[:, None, :]
    odds = np.exp(raw - raw.max(axis=-1, keepdims=True))
    return (odds / odds.sum(axis=-1, keepdims=True)).mean(axis=1)


def fit_patient_calibration(code: np.ndarray, p: np.ndarray, method: str = "auto"):
    """A calibrator from rows held out: of the risk where there are two classes, else of all classes.

    Args:
        code: Class of each row.
        p: Probability of each class, `(rows, classes)`.
        method: As in `DiagnosticSettings.calibration`; of three or more classes "none" or else "auto".
    Returns:
        A calibrator for `calibrated_patients`; with one kind of rows alone it leaves the risk as it is.
    Example:
        >>> risk = np.linspace(0.01, 0.99, 200)
        >>> code = (risk > 0.5).astype(int)
        >>> fit_patient_calibration(code, np.stack([1 - risk, risk], axis=1), "platt").method
        'platt'
    """
    if p.shape[1] > 2:
        return fit_class_calibrator(code, p, "none" if method == "none" else "auto")
    if min(np.bincount(code, minlength=2)) == 0:
        return Identity()
    return calibrated((code > 0).astype(np.float64), 1 - p[:, 0], method)


def calibrated_patients(calibrator, p: np.ndarray) -> np.ndarray:
    """Probabilities `(rows, classes)` after a calibrator of `fit_patient_calibration`.

    Example:
        >>> calibrated_patients(lambda risk: risk / 2, np.array([[0.2, 0.8]])).tolist()
        [[0.6, 0.4]]
    """
    if p.shape[1] > 2:
        return calibrator(p)
    risk = calibrator(1 - p[:, 0])
    return np.stack([1 - risk, risk], axis=1)


def patient_calibrator_from_dict(state: dict[str, Any], classes: int):
    """What the calibrator's `to_dict` wrote.

    Example:
        >>> patient_calibrator_from_dict(Identity().to_dict(), 2).method
        'none'
    """
    return (calibrator_from_dict if classes == 2 else class_calibrator_from_dict)(state)
