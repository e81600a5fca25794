"""Test patients of all folds: what the model and every rival say of them, each under a protocol of its own."""

import time
from dataclasses import dataclass, field

import numpy as np

from shared.binary import Prepared
from shared.class_rivals import Views, fit_class_rivals
from shared.diagnostic import DiagnosticPipeline
from shared.patients.calibration import calibrated_patients, fit_patient_calibration
from shared.protocol import Protocol
from shared.scoring import Scored
from shared.signals.signals import matrix_of_signals
from shared.splits import Split
from shared.stages import Stages


@dataclass
class Diagnosed(Scored):
    """As `Scored`, with probabilities of all classes and what each protocol makes of them.

    Args:
        probability: Of each class, `(rows, classes)`, by model.
        called: Whether the risk reaches the threshold, by model.
        kept: Whether the model answers, and does not refer.
        answer: What a row that is kept is called.
        sets, class_sets: Which classes are in the model's prediction sets.
        thresholds: From which risk on each fold calls a row positive, by model.
        photos: What a linear probe reads of every photo, taken once for all folds.
    """

    probability: dict[str, list[np.ndarray]] = field(default_factory=dict)
    called: dict[str, list[np.ndarray]] = field(default_factory=dict)
    kept: dict[str, list[np.ndarray]] = field(default_factory=dict)
    answer: dict[str, list[np.ndarray]] = field(default_factory=dict)
    thresholds: dict[str, list[float]] = field(default_factory=dict)
    sets: list[np.ndarray] = field(default_factory=list)
    class_sets: list[np.ndarray] = field(default_factory=list)
    photos: np.ndarray | None = None

    def diagnosed(self, name: str, p: np.ndarray, protocol: Protocol) -> None:
        """Takes the probabilities that a model gives the test rows of a fold."""
        self.add(name, 1 - p[:, 0], _Decided(protocol.decide(p)))
        entries = {"called": protocol.called(p), "kept": ~protocol.referred(p), "answer": protocol.kept(p)}
        for kind, values in {"probability": p, **entries}.items():
            getattr(self, kind).setdefault(name, []).append(values)
        self.thresholds.setdefault(name, []).append(protocol.operating.threshold)
        if name == "model":
            self.sets.append(protocol.sets(p))
            self.class_sets.append(protocol.class_sets(p))

    def of(self, kind: str, name: str = "model") -> np.ndarray:
        """The rows of all folds of one entry."""
        return np.concatenate(getattr(self, kind)[name])


class _Decided:
    """Decisions that are made already, for `Scored.add`."""

    def __init__(self, decisions: np.ndarray):
        self.decisions = decisions

    def decide(self, score: np.ndarray) -> np.ndarray:
        return self.decisions


def score_patients(
    fitted: DiagnosticPipeline,
    prepared: Prepared,
    split: Split,
    number: int,
    scored: Diagnosed,
    stages: Stages,
) -> None:
    """Answers of the model to the test rows, and of each rival that was fitted on the same ones."""
    score_loaded_patients(fitted, prepared, split, number, scored, stages)
    code, classes = fitted.codes(prepared.table), len(fitted.names)
    with stages("rivals"):
        held = np.concatenate([rows for _, rows in fitted.folds])
        rivals = fit_class_rivals(
            _views(fitted, prepared, scored, stages),
            code,
            fitted.folds,
            classes=classes,
            train=split.train,
            seed=fitted.config.seed,
            on_fitted=stages.say,
        )
        for name, rival in rivals.items():
            begun = time.perf_counter()
            p = rival.score(split.test)
            seconds = time.perf_counter() - begun
            scored.time(name, fit=rival.fit_seconds, score=seconds, rows=len(p))
            calibrator = fit_patient_calibration(code[held], rival.valid, fitted.config.calibration)
            valid = calibrated_patients(calibrator, rival.valid)
            protocol = fitted.protocol(prepared.table, held, valid)
            scored.diagnosed(name, calibrated_patients(calibrator, p), protocol)


def score_loaded_patients(
    fitted: DiagnosticPipeline,
    prepared: Prepared,
    split: Split,
    number: int,
    scored: Diagnosed,
    stages: Stages,
) -> None:
    """Answers of the model alone."""
    scored.rows.append(split.test)
    scored.fold.append(np.full(len(split.test), number))
    with stages("score"):
        begun = time.perf_counter()
        p = fitted.probability(prepared, split.test)
        scored.time("model", fit=fitted.seconds, score=time.perf_counter() - begun, rows=len(p))
        scored.diagnosed("model", p, fitted.thresholds)


def _views(fitted: DiagnosticPipeline, prepared: Prepared, scored: Diagnosed, stages: Stages) -> Views:
    signal, photo = None, None
    if "signal" in fitted.state:
        signal = matrix_of_signals(prepared.features.signals, fitted.state["signal"])
    if "photo" in fitted.state:
        if scored.photos is None:
            stages.say("photos for the linear probe")
            rows = np.arange(len(prepared.table))
            scored.photos = prepared.features.photos.matrix(prepared.inputs.photos, rows)
        photo = scored.photos
    return Views(fitted.matrix(prepared), signal, photo)
