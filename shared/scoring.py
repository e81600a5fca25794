"""Test scores of the model, of every rival and of the blend: the same rows, the same treatment."""

import time
from dataclasses import dataclass, field

import numpy as np

from shared.baselines import Rival, fit_rivals
from shared.binary import BinaryPipeline, Prepared
from shared.calibration import Calibrator, fit_calibrator
from shared.decisions import Thresholds
from shared.metrics import average_precision
from shared.splits import Split
from shared.stages import Stages

BLENDED = ("logistic_regression", "random_forest", "gradient_boosting")


@dataclass
class Scored:
    """Test rows of all folds, one after the other, with what every model says of them.

    Args:
        rows: Row positions.
        fold: Number of the fold of each row.
        scores: Calibrated probability by model name.
        decisions: pass / review / block by model name.
        timing: Seconds and rows a second by model name.
    """

    rows: list[np.ndarray] = field(default_factory=list)
    fold: list[np.ndarray] = field(default_factory=list)
    scores: dict[str, list[np.ndarray]] = field(default_factory=dict)
    decisions: dict[str, list[np.ndarray]] = field(default_factory=dict)
    timing: dict[str, dict[str, float]] = field(default_factory=dict)

    def add(self, name: str, score: np.ndarray, thresholds: Thresholds) -> None:
        self.scores.setdefault(name, []).append(score)
        self.decisions.setdefault(name, []).append(thresholds.decide(score))

    def time(self, name: str, *, fit: float, score: float, rows: int) -> None:
        entry = self.timing.setdefault(name, {"fit_seconds": 0.0, "rows": 0, "seconds": 0.0})
        entry["fit_seconds"] += fit
        entry["rows"] += rows
        entry["seconds"] += score

    def joined(self) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray], dict[str, np.ndarray]]:
        join = np.concatenate
        scores = {name: join(parts) for name, parts in self.scores.items()}
        decisions = {name: join(parts) for name, parts in self.decisions.items()}
        return join(self.rows), join(self.fold), scores, decisions


def score_fold(
    fitted: BinaryPipeline, prepared: Prepared, split: Split, number: int, scored: Scored, stages: Stages
):
    """Test scores of the model, of every rival and of the blend; each calibrated and cut the same way."""
    table, config = prepared.table, fitted.config
    label = fitted.label(table)
    scored.rows.append(split.test)
    scored.fold.append(np.full(len(split.test), number))
    with stages("score"):
        clock = _Clock()
        mine = fitted.scores(prepared, split.test)
        scored.time(
            "model", fit=sum(e["seconds"] for e in fitted.history.epochs), score=clock(), rows=len(mine)
        )
        scored.add("model", mine, fitted.thresholds)
    with stages("rivals"):
        matrix = fitted.matrix(prepared)
        rivals = fit_rivals(
            matrix,
            label,
            train=split.train,
            valid=split.valid,
            seed=config.seed,
            grids=fitted.rivals,
            on_fitted=stages.say,
        )
        valid: dict[str, np.ndarray] = {}
        for name, rival in rivals.items():
            clock = _Clock()
            raw = rival.score(split.test)
            scored.time(name, fit=rival.fit_seconds, score=clock(), rows=len(raw))
            valid[name] = _add_calibrated(
                fitted, prepared, split, name, rival.score(split.valid), raw, scored
            )
        _blend(fitted, prepared, split, rivals, valid, mine, scored)


def score_loaded(
    fitted: BinaryPipeline, prepared: Prepared, split: Split, number: int, scored: Scored, stages: Stages
) -> None:
    """Test scores of a loaded model alone: nothing is fitted, so no rival stands beside it."""
    scored.rows.append(split.test)
    scored.fold.append(np.full(len(split.test), number))
    with stages("score"):
        scored.add("model", fitted.scores(prepared, split.test), fitted.thresholds)


def _add_calibrated(fitted, prepared, split, name, valid_raw, test_raw, scored) -> np.ndarray:
    """Gives a rival the model's own treatment: calibrated, then cut, on the validation rows."""
    label = fitted.label(prepared.table)[split.valid]
    calibrator: Calibrator = fit_calibrator(label, valid_raw, fitted.config.calibration)
    valid = calibrator(valid_raw)
    scored.add(name, calibrator(test_raw), fitted.decide(prepared.table, split.valid, valid))
    return valid


def _blend(fitted, prepared, split, rivals: dict[str, Rival], valid, mine, scored) -> None:
    """The mean of the model and the rival that validates best."""
    label = fitted.label(prepared.table)[split.valid]
    candidates = [name for name in rivals if name in BLENDED]
    if not candidates or not getattr(fitted.config, "blend", False):
        return
    best = max(candidates, key=lambda name: average_precision(label, valid[name]))
    model_valid = fitted.scores(prepared, split.valid)
    _add_calibrated(
        fitted,
        prepared,
        split,
        "blend",
        (model_valid + valid[best]) / 2,
        (mine + scored.scores[best][-1]) / 2,
        scored,
    )


def speeds(timing: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """The entry `timing` of metrics.json: seconds of the fits and rows a second by model name.

    Example:
        >>> speeds({"model": {"fit_seconds": 3.0, "rows": 10, "seconds": 2.0}})
        {'model': {'fit_seconds': 3.0, 'rows_per_second': 5.0}}
    """
    return {
        name: {"fit_seconds": of["fit_seconds"], "rows_per_second": of["rows"] / max(of["seconds"], 1e-9)}
        for name, of in timing.items()
    }


class _Clock:
    """Seconds since it was made."""

    def __init__(self):
        self._start = time.perf_counter()

    def __call__(self) -> float:
        return time.perf_counter() - self._start
