"""Compile, fit, predict, evaluate: the same for all solutions.

`fit` is `keras.Model.fit`, one epoch at a time, on batches that are gathered ahead. Between two epochs it
computes the score on the validation rows, keeps the best weights, and writes a checkpoint from which a killed
run goes on as if nothing had happened.
"""

import logging
import os

from shared.quiet import quiet

with quiet():
    import keras  # noqa: F401  the first import is the noisy one

if not os.environ.get(
    "VERTICALS_DEBUG"
):  # several networks in a row are traced several times, as they must be
    logging.getLogger("tensorflow").setLevel(logging.ERROR)

from shared.errors import TrainingError
from shared.fit_settings import FitSettings, History, Score
from shared.training.devices import precision_policy, strategy_scope
from shared.training.fitting import fit
from shared.training.optimizers import compile, set_seed
from shared.training.prediction import evaluate, predict

__all__ = [
    "FitSettings",
    "History",
    "Score",
    "TrainingError",
    "compile",
    "evaluate",
    "fit",
    "precision_policy",
    "predict",
    "set_seed",
    "strategy_scope",
]
