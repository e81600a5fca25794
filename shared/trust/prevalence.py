"""A disease more or less frequent than in training: risks moved there, and what a call then means."""

import numpy as np


def at_prevalence(p, prior, site) -> np.ndarray:
    """Probabilities as they would be where the classes have other shares, but look the same within each class.

    Args:
        p: Risk, `(rows,)`, or probability of each class, `(rows, classes)`.
        prior: Prevalence that the model learnt from; for classes the share of each, `(classes,)`. One number is
            enough for two classes.
        site: The same where the model is used; 0 for a class that does not occur there.
    Returns:
        float64 of the shape of `p`.
    Raises:
        ValueError: If shares are out of range, do not fit the classes or do not sum to 1.
    Reference:
        Elkan, The Foundations of Cost-Sensitive Learning, 2001, theorem 2; classes: Saerens, Latinne &
        Decaestecker, Neural Computation 14, 2002, equation 2.4
    Example:
        >>> at_prevalence(np.array([0.5, 0.9]), prior=0.5, site=0.1).round(3).tolist()
        [0.1, 0.5]
    """
    p = np.asarray(p, np.float64)
    both = _columns(p)
    prior, site = _shares(prior, both.shape[1]), _shares(site, both.shape[1])
    if not (prior > 0).all():
        raise ValueError("a class that training did not hold cannot be moved to another prevalence")
    moved = _moved(both, prior, site)
    return moved[:, 1] if p.ndim == 1 else moved


def estimate_prevalence(p, prior, *, steps: int = 200) -> np.ndarray:
    """The share of each class among rows without labels, by the model's own probabilities (EM).

    It takes the probabilities to be calibrated at `prior`; where they are not, it is off.

    Args:
        p: Risk, `(rows,)`, or probability of each class, `(rows, classes)`, at the prevalence `prior`.
        prior: As in `at_prevalence`.
        steps: At most; fewer where nothing changes any more.
    Returns:
        Shares that sum to 1, `(classes,)`; of risks the two of no disease and disease.
    Reference:
        Saerens, Latinne & Decaestecker, Neural Computation 14, 2002, equation 2.9
    Example:
        >>> rng = np.random.default_rng(0)
        >>> x = rng.normal(np.where(rng.random(5000) < 0.2, 1, -1))     # a fifth is ill
        >>> estimate_prevalence(1 / (1 + np.exp(-2 * x)), prior=0.5).round(1).tolist()
        [0.8, 0.2]
    """
    both = _columns(np.asarray(p, np.float64))
    prior = _shares(prior, both.shape[1])
    if not len(both) or not (prior > 0).all():
        raise ValueError("a prevalence needs rows, and classes that training held")
    share = prior
    for _ in range(steps):
        before, share = share, _moved(both, prior, share).mean(axis=0)
        if np.abs(share - before).max() < 1e-10:
            break
    return share


def predictive_values(sensitivity, specificity, prevalence):
    """How often a positive and a negative call are right at a prevalence (Bayes): `(ppv, npv)`.

    Numbers or arrays of one shape; NaN where there are no such calls.

    Example:
        >>> ppv, npv = predictive_values(0.9, 0.9, 0.01)
        >>> round(float(ppv), 3), round(float(npv), 3)
        (0.083, 0.999)
    """
    sensitivity, specificity, prevalence = map(_share, (sensitivity, specificity, prevalence))
    found, missed = prevalence * sensitivity, prevalence * (1 - sensitivity)
    cleared, alarms = (1 - prevalence) * specificity, (1 - prevalence) * (1 - specificity)
    with np.errstate(invalid="ignore"):
        return np.float64(found) / (found + alarms), np.float64(cleared) / (cleared + missed)


def per_thousand(sensitivity: float, specificity: float, prevalence: float) -> dict[str, float]:
    """What the calls mean for 1,000 patients, as numbers of patients.

    Returns:
        `sick`, of whom `found` and `missed`; of the others `false_alarms` and `cleared`.
    Example:
        >>> per_thousand(0.9, 0.8, 0.1)
        {'sick': 100.0, 'found': 90.0, 'missed': 10.0, 'false_alarms': 180.0, 'cleared': 720.0}
    """
    sensitivity, specificity, prevalence = (
        float(_share(each)) for each in (sensitivity, specificity, prevalence)
    )
    sick = 1000 * prevalence
    found, cleared = sick * sensitivity, (1000 - sick) * specificity
    out = {"sick": sick, "found": found, "missed": sick - found}
    out |= {"false_alarms": 1000 - sick - cleared, "cleared": cleared}
    return {name: round(value, 9) for name, value in out.items()}


def _moved(p: np.ndarray, prior: np.ndarray, site: np.ndarray) -> np.ndarray:
    moved = p * (site / prior)
    whole = moved.sum(axis=1, keepdims=True)
    # A row that is certain of a class that cannot occur says nothing of the others.
    return np.where(whole > 0, moved / np.where(whole > 0, whole, 1), site)


def _columns(p: np.ndarray) -> np.ndarray:
    if not ((p >= 0) & (p <= 1 + 1e-6)).all():
        raise ValueError("expected probabilities in [0, 1]")
    return np.stack([1 - p, p], axis=1) if p.ndim == 1 else p


def _shares(share, classes: int) -> np.ndarray:
    share = _share(share).reshape(-1)
    if len(share) == 1 and classes == 2:
        share = np.r_[1 - share, share]
    if len(share) != classes or abs(share.sum() - 1) > 1e-6:
        raise ValueError(f"expected {classes} shares that sum to 1, found {share.tolist()}")
    return share


def _share(value) -> np.ndarray:
    value = np.asarray(value, np.float64)
    if not ((value >= 0) & (value <= 1)).all():
        raise ValueError(f"expected a share in [0, 1], found {value}")
    return value
