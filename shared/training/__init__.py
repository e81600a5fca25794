"""Compile, fit, predict, evaluate: the same for all solutions.

`fit` is `keras.Model.fit`, one epoch at a time, on batches that are gathered ahead. Between two epochs it
computes the score on the validation rows, keeps the best weights, and writes a checkpoint from which a killed
run goes on as if nothing had happened.
"""

from typing import TYPE_CHECKING, Any

from shared.lazy import lazily
from shared.quiet import quiet
from shared.training.prediction import evaluate, predict

if TYPE_CHECKING:
    from shared.errors import TrainingError
    from shared.fit_settings import FitSettings, History, Score
    from shared.training.devices import precision_policy, strategy_scope
    from shared.training.fitting import fit
    from shared.training.optimizers import compile, set_seed

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
_HOMES = {
    "TrainingError": "shared.errors",
    **dict.fromkeys(("FitSettings", "History", "Score"), "shared.fit_settings"),
    **dict.fromkeys(("precision_policy", "strategy_scope"), "shared.training.devices"),
    "fit": "shared.training.fitting",
    **dict.fromkeys(("compile", "set_seed"), "shared.training.optimizers"),
}


_find = lazily(__name__, _HOMES)


def __getattr__(name: str) -> Any:
    if _HOMES.get(name, "").startswith(__name__):
        with quiet():
            import keras  # noqa: F401  the first import is the noisy one
    return _find(name)
