"""Why a row got its score: Shapley values of the log odds against one typical row.

Baseline Shapley (Sundararajan & Najmi 2020, https://proceedings.mlr.press/v119/sundararajan20b.html): each feature is
turned from what is typical to what the row has. The typical row is made of what the encoder learnt alone: numbers at
their mean, categories at the most frequent value, and no past.
"""

from typing import Any

import numpy as np
import pandas as pd

from shared import encoding
from shared.binary import BinaryPipeline, Prepared
from shared.cases import log_odds
from shared.diagnostic import DiagnosticPipeline
from shared.encoding import FIRST, MISSING
from shared.explain import Places, shapley_values
from shared.imaging import ImagePipeline
from shared.inputs import Arrays, Inputs
from shared.patients.inputs import most_rows
from shared.pipeline import Pipeline

MOST_ROWS = 100  # of a request that asks for reasons
SAMPLES = 64


def tells_reasons(pipeline: Pipeline) -> bool:
    """Whether its scores rest on a table whose features can be credited with them."""
    if isinstance(pipeline, ImagePipeline) or not isinstance(pipeline, BinaryPipeline):
        return False
    return "numbers" in (pipeline.state or {})


def typical_row(row: Arrays, state: dict[str, Any]) -> Arrays:
    """What a row is compared with; what is no part of the table, such as a signal, stays the row's own.

    Args:
        row: Arrays of one row, as the network reads them.
        state: Of `shared.encoding.learn`.
    Example:
        >>> row = {"number": np.ones((1, 2)), "category": np.array([[5, 6]]), "history": np.ones((1, 3, 2))}
        >>> typical = typical_row(row, {"numbers": {}, "categories": {"country": ["DE"], "shop": []}})
        >>> typical["number"].tolist(), typical["category"].tolist(), typical["history"][0].tolist()
        ([[0.0, 0.0]], [[2, 0]], [[0.0, 0.0], [0.0, 0.0], [0.0, 1.0]])
    """
    typical = {name: array.copy() for name, array in row.items()}
    if "number" in typical:
        typical["number"][:] = 0
    if "category" in typical:
        typical["category"][:] = [FIRST if values else MISSING for values in state["categories"].values()]
    if "history" in typical:  # the row itself is its last step, and the last entry says that there is one
        typical["history"][:] = 0
        typical["history"][:, -1, -1] = 1
    return typical


def reasons_of(
    pipeline: BinaryPipeline, prepared: Prepared, rows: np.ndarray, *, most: int, lang: str = "en"
) -> list[list[dict[str, Any]]]:
    """The features that moved each row's score most, the strongest first.

    Args:
        prepared: Of `pipeline.prepare`.
        rows: Positions.
        most: Features of each row.
        lang: Of their texts.
    Returns:
        For each row `feature`, `text`, `value` (its own, in the customer's units; None where there is none) and
        `effect`, in log odds.
    """
    places, words = _places(pipeline), pipeline.words()
    found = []
    for row in rows:
        arrays = prepared.inputs.take(np.array([row]))
        credit = shapley_values(
            arrays, typical_row(arrays, pipeline.state), places, _scorer(pipeline), samples=SAMPLES
        )
        strongest = sorted(credit.items(), key=lambda item: -abs(item[1]))[:most]
        found.append(
            [
                {
                    "feature": name,
                    "text": words.get(f"feature.{name}", {}).get(lang, name),
                    "value": _value(prepared.features, name, row),
                    "effect": effect,
                }
                for name, effect in strongest
            ]
        )
    return found


def _places(pipeline: BinaryPipeline) -> Places:
    """Where the features of the table stand; of a diagnosis photos and signals are left as they are."""
    return encoding.places(pipeline.state) if isinstance(pipeline, DiagnosticPipeline) else pipeline.places()


def _scorer(pipeline: BinaryPipeline):
    from shared import training

    def score(arrays: Arrays) -> np.ndarray:
        inputs = Inputs(arrays)
        inputs.most_rows = most_rows(arrays)
        return log_odds(pipeline.decode(training.predict(pipeline.model, inputs)))

    return score


def _value(features, name: str, row: int) -> float | str | None:
    if name in features.numbers:
        number = float(features.numbers[name][row])
        return number if np.isfinite(number) else None
    if name in features.categories:
        value = np.asarray(features.categories[name], object)[row]
        return None if pd.isna(value) else str(value)
    return None  # a history has none
