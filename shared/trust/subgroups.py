"""Whether the model is as good for each group of patients: figures of each part, and gaps tested."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from shared.intervals import Estimate, bootstrap
from shared.metrics import metric, roc_auc
from shared.ranking import checked, running
from shared.trust.shares import share_estimate

METRICS = ("sensitivity", "specificity", "roc_auc", "calibration")
FEWEST_OF_LABEL = 5  # cases (controls) below which a part's sensitivity (specificity) says nothing of a gap
DRAWS_A_TEST = 40  # so that after Holm's correction the smallest p-value there can be is 1/40


@dataclass(frozen=True)
class _Rows:
    """Test rows; `part` is the code of each row's part, -1 for rows that no gap counts."""

    label: np.ndarray
    score: np.ndarray
    called: np.ndarray
    patient: np.ndarray
    part: np.ndarray

    def take(self, rows: np.ndarray) -> "_Rows":
        return _Rows(*(each[rows] for each in vars(self).values()))


def judge_subgroups(
    label,
    score,
    called,
    parts: Mapping[str, Any],
    *,
    patients=None,
    fewest: int = 20,
    seed: int = 0,
    permutations: int = 500,
) -> list[dict[str, Any]]:
    """Sensitivity, specificity, AUC and calibration of each part, and whether the parts differ.

    A gap is the largest minus the smallest figure of the parts that are known and not small (for sensitivity,
    specificity and AUC: that hold 5 cases and controls, as far as the figure needs them). Its p-value is that of a
    permutation test: names of parts are dealt anew over the patients; for sensitivity and specificity over those
    of cases and of controls, for AUC within each. All tests are adjusted together (Holm), and so many
    permutations are drawn, 40 a test at least, that a gap can still be found.

    Args:
        label: 1 for a case, 0 for a control, `(rows,)`.
        score: Risk, `(rows,)`.
        called: Whether each row is called positive, `(rows,)`.
        parts: For each group, such as sex, the part of each row, `(rows,)`; a missing one is the part "".
        patients: Patient of each row; None: each row is of another.
        fewest: Patients below which a part is `small`: shown, but not compared.
        permutations: Of each test, at least.
    Returns:
        The entry `subgroups` of metrics.json, for each group: `group`; `gap`, by metric
        `{value, p_value, p_adjusted}`, NaN with fewer than two parts to compare; `parts`, a Categorical's in
        its order, with `value`, `rows`, `patients`, `positives`, `small` and `metrics`, by metric
        `{value, low, high}`. Calibration is the mean label less the mean score: above 0 the risk is too low.
    Reference:
        Holm, Scandinavian Journal of Statistics 6, 1979; permutation of group names: DiCiccio et al.,
        Evaluating Fairness Using Permutation Tests, KDD 2020
    Example:
        >>> label, score = np.tile([0, 1], 100), np.tile([0.2, 0.8], 100)
        >>> called = (score > 0.5) & (np.arange(200) < 150)          # half of the cases of "b" are missed
        >>> found = judge_subgroups(label, score, called, {"ward": np.repeat(["a", "b"], 100)})[0]
        >>> found["gap"]["sensitivity"]["value"], found["gap"]["sensitivity"]["p_adjusted"] < 0.05
        (0.5, True)
    """
    label, score = checked(label, score)
    called = np.asarray(called, bool).reshape(-1)
    patients = np.arange(len(label)) if patients is None else np.asarray(patients).reshape(-1)
    patient = np.unique(patients, return_inverse=True)[1]
    draws = max(permutations, DRAWS_A_TEST * len(parts) * len(METRICS))
    out = []
    for place, (group, names) in enumerate(parts.items()):
        values, part = _parts(names)
        rows = _Rows(label, score, called, patient, part)
        found = [_judge(value, rows.take(part == code), fewest, seed) for code, value in enumerate(values)]
        compared = [code for code, each in enumerate(found) if each["value"] and not each["small"]]
        rng = np.random.default_rng((seed, place))
        gap = {name: _gap(name, rows, compared, draws, rng) for name in METRICS}
        out.append({"group": str(group), "gap": gap, "parts": found})
    _adjust([test for each in out for test in each["gap"].values()])
    return out


def _parts(names) -> tuple[list[str], np.ndarray]:
    """The parts that occur, "" last, and the code of each row's."""
    order = getattr(getattr(names, "cat", names), "categories", None)
    values = np.asarray(names, object).reshape(-1)
    values = np.where(pd.isna(values), "", values).astype(str)
    present = set(values)
    ranked = sorted(present) if order is None else [str(each) for each in order if str(each) in present]
    ranked = [each for each in ranked if each] + [""] * ("" in present)
    codes = {value: code for code, value in enumerate(ranked)}
    return ranked, np.array([codes[value] for value in values], np.int16)


def _judge(value: str, rows: _Rows, fewest: int, seed: int) -> dict[str, Any]:
    """The figures of one part."""
    case, count = rows.label == 1, len(np.unique(rows.patient))
    settings = {"groups": rows.patient, "seed": seed}
    drawn = bootstrap(
        rows.label,
        {"model": rows.score},
        {"roc_auc": roc_auc, "calibration": _calibration},
        resamples=200,
        **settings,
    )["model"]
    figures: dict[str, Estimate] = {
        "sensitivity": share_estimate(rows.called, case, **settings),
        "specificity": share_estimate(~rows.called, ~case, **settings),
        **drawn,
    }
    return {
        "value": value,
        "rows": len(rows.label),
        "patients": count,
        "positives": int(case.sum()),
        "small": count < fewest,
        "metrics": {name: figures[name].to_dict() for name in METRICS},
    }


@metric
def _calibration(y_true, y_pred):
    off = y_true - y_pred
    return lambda weights: float(off.mean() if weights is None else off @ weights / np.sum(weights))


def _gap(name: str, rows: _Rows, compared: list[int], draws: int, rng) -> dict[str, float]:
    """The gap of one metric over the parts compared, and how often chance makes one as large."""
    nothing = {"value": float("nan"), "p_value": float("nan"), "p_adjusted": float("nan")}
    needed = {"sensitivity": (1,), "specificity": (0,), "roc_auc": (0, 1), "calibration": ()}[name]
    of_label = [np.bincount(rows.part[rows.label == kind], minlength=rows.part.max() + 1) for kind in needed]
    compared = [code for code in compared if all(count[code] >= FEWEST_OF_LABEL for count in of_label)]
    if len(compared) < 2:
        return nothing
    among = np.isin(rows.part, compared)
    if len(needed) == 1:
        among &= rows.label == needed[0]
    rows = rows.take(np.flatnonzero(among)[np.argsort(rows.score[among], kind="stable")])
    observed = _spread(name, rows, rows.part)
    # A patient whose rows lie in two parts counts as one in each.
    unit, first, of_row = _units(rows)
    stratum = np.zeros(len(unit), np.int64)
    if name == "roc_auc":
        np.maximum.at(stratum, of_row, rows.label.astype(np.int64))
    base, part = np.argsort(stratum, kind="stable"), rows.part[first]
    dealt, as_large = np.empty_like(part), 0
    for _ in range(draws):
        dealt[base] = part[np.lexsort((rng.random(len(unit)), stratum))]
        as_large += _spread(name, rows, dealt[of_row]) >= observed - 1e-12
    return {**nothing, "value": observed, "p_value": (1 + as_large) / (1 + draws)}


def _units(rows: _Rows) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each patient in each part: its key, its first row, and the place of each row's among them."""
    key = rows.patient.astype(np.int64) * (int(rows.part.max()) + 1) + rows.part
    return np.unique(key, return_index=True, return_inverse=True)


def _spread(name: str, rows: _Rows, part: np.ndarray) -> float:
    """The largest minus the smallest figure of the parts; rows rise in score."""
    if name == "roc_auc":
        figures = _aucs(rows, part)
    else:
        right = {"sensitivity": rows.called, "specificity": ~rows.called}.get(name, rows.label - rows.score)
        size = np.bincount(part)
        figures = np.bincount(part, right)[size > 0] / size[size > 0]
    return float(np.nanmax(figures) - np.nanmin(figures))


def _aucs(rows: _Rows, part: np.ndarray) -> np.ndarray:
    """The AUC of each part by ranks within it, all in one pass."""
    order = np.argsort(part, kind="stable")
    part, score, label = part[order], rows.score[order], rows.label[order]
    new_part = np.r_[True, part[1:] != part[:-1]]
    starts = np.flatnonzero(new_part | np.r_[True, score[1:] != score[:-1]])  # of each tie
    below = running(1 - label)  # controls before each row
    tie = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(part)]))
    above, up_to = below[starts][tie], below[np.r_[starts[1:], len(part)]][tie]
    place = np.cumsum(new_part) - 1
    lowest = below[np.flatnonzero(new_part)][place]
    cases = np.bincount(place, label)
    pairs = cases * np.bincount(place, 1 - label)
    won = np.bincount(place, label * ((above + up_to) / 2 - lowest))
    return np.divide(won, pairs, out=np.full(len(pairs), np.nan), where=pairs > 0)


def _adjust(tests: list[dict[str, float]]) -> None:
    """Holm's step-down correction, written into the tests that have a p-value."""
    known = sorted((test for test in tests if np.isfinite(test["p_value"])), key=lambda test: test["p_value"])
    least = 0.0
    for place, test in enumerate(known):
        least = max(least, min(1.0, (len(known) - place) * test["p_value"]))
        test["p_adjusted"] = least
