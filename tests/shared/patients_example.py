"""A pipeline on patients that guesses instead of fitting a network: what it says is the truth, blurred."""

from dataclasses import dataclass
from typing import Any

import numpy as np


def guessing(cls, *, knows=1.2):
    """The pipeline with made-up logits in the place of a network; the more it knows the better they are."""
    from shared.fit_settings import History

    class Guessing(cls):
        def _fit_networks(self, inputs, code, folds, folder, stages):
            rng = np.random.default_rng(self.config.seed)
            logits = rng.normal(size=(len(code), 2, len(self.names)))
            logits[np.arange(len(code)), :, np.maximum(code, 0)] += knows
            self.logits, self.seconds = logits, 1.0
            self.history = History(epochs=[{"epoch": 1, "loss": 1.0, "seconds": 1.0}], best_epoch=1)
            return logits[np.concatenate([held for _, held in folds])]

        def probability(self, prepared, rows=None):
            from shared.diagnostic_networks import probabilities
            from shared.patients.calibration import calibrated_patients

            raw = self.logits if rows is None else self.logits[rows]
            return calibrated_patients(self.calibrator, probabilities(raw))

    return Guessing


@dataclass
class Judged:
    """A run without a network, from a table to metrics.json."""

    pipeline: Any
    table: Any
    prepared: Any
    splits: list
    scored: Any
    metrics: dict[str, Any] | None = None
    predictions: Any = None


def scored(cls, frame, mapping, *, loaded=False, **settings) -> Judged:
    """All folds scored, by the model and by the rivals."""
    from shared.contract import raw_table
    from shared.diagnostic_scoring import Diagnosed, score_loaded_patients, score_patients
    from shared.stages import Stages

    pipeline = cls(cls.Config(**{"inner_folds": 2, "fewest": 5} | settings), mapping)
    table = pipeline.check(raw_table(frame))
    splits, found = pipeline.splits(table), Diagnosed()
    for number, split in enumerate(splits):
        prepared = pipeline.fit(table, split)
        score = score_loaded_patients if loaded else score_patients
        score(pipeline, prepared, split, number, found, Stages())
    return Judged(pipeline, table, prepared, splits, found)


def judged(cls, frame, mapping, **settings) -> Judged:
    """The same, with the entries of metrics.json and the predictions."""
    from shared.diagnostic_verdicts import judge_patients
    from shared.stages import Stages

    found = scored(cls, frame, mapping, **settings)
    found.metrics, found.predictions = judge_patients(
        found.pipeline, found.prepared, found.splits, found.scored, Stages()
    )
    return found


def few_rivals():
    """Rivals that are fitted in no time."""
    return {"prior": ("nothing", [{}]), "logistic_regression": ("scaled", [{"C": 0.1}])}
