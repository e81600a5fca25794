"""What drives the scores of a run: importance over its test rows, and three cases told in full."""

from typing import Any

import numpy as np
import pandas as pd

from shared import explain
from shared.binary import BinaryPipeline, Prepared
from shared.encoding import Features
from shared.inputs import Inputs
from shared.metrics import average_precision
from shared.splits import Split

IMPORTANCE_ROWS = 3000


def explain_run(
    fitted: BinaryPipeline, prepared: Prepared, split: Split, predictions: pd.DataFrame
) -> dict[str, Any]:
    """Importance over test rows of the last fold, and three of its cases: right, wrong, doubtful."""
    from shared import training

    label = fitted.label(prepared.table)
    picked, weights = explain.label_rows(label[split.test], most=IMPORTANCE_ROWS)
    rows = split.test[picked]

    def raw(arrays):
        return training.predict(fitted.model, Inputs(arrays))

    importance = explain.permutation_importance(
        prepared.inputs.take(rows),
        label[rows],
        fitted.places(),
        lambda arrays: fitted.decode(raw(arrays)),
        average_precision,
        weights=weights,
    )
    background = prepared.inputs.take(split.train[:: max(1, len(split.train) // 500)])
    last = predictions[predictions["fold"] == predictions["fold"].max()]
    cases = []
    for kind, place in _cases(last).items():
        row = split.test[place]
        credit = explain.shapley_values(
            prepared.inputs.take(np.array([row])),
            background,
            fitted.places(),
            lambda arrays: log_odds(fitted.decode(raw(arrays))),
        )
        cases.append(case_of(kind, last.iloc[place], prepared.features, row, credit))
    return {"importance": importance, "cases": cases}


def log_odds(p: np.ndarray) -> np.ndarray:
    """Log odds of probabilities, which are kept 1e-7 from 0 and 1."""
    p = np.clip(p, 1e-7, 1 - 1e-7)
    return np.log(p / (1 - p))


def _cases(predictions: pd.DataFrame) -> dict[str, int]:
    """Places of a case that is right, one that is wrong and one that is in doubt, among the predictions."""
    score, label = predictions["score"].to_numpy(), predictions["label"].to_numpy()
    stopped = predictions["decision"].to_numpy() != "pass"
    found = {}
    if (stopped & (label == 1)).any():
        found["right"] = int(np.argmax(np.where(stopped & (label == 1), score, -1)))
    wrong = stopped & (label == 0)
    if wrong.any():
        found["wrong"] = int(np.argmax(np.where(wrong, score, -1)))
    elif (~stopped & (label == 1)).any():
        found["wrong"] = int(np.argmin(np.where(~stopped & (label == 1), score, 2)))
    if stopped.any() and len(found) < len(score):
        edge = score[stopped].min()
        distance = np.abs(score - edge)
        distance[list(found.values())] = np.inf
        found["doubtful"] = int(np.argmin(distance))
    return found


def case_of(
    kind: str, answer: pd.Series, features: Features, row: int, credit: dict[str, float]
) -> dict[str, Any]:
    """One case in full: its answer, and the features that moved it most, with their values."""

    def value(name: str):
        if name in features.numbers:
            number = float(features.numbers[name][row])
            return number if np.isfinite(number) else None
        if name in features.categories:
            found = features.categories[name].iloc[row]
            return None if pd.isna(found) else str(found)

    top = sorted(credit.items(), key=lambda item: -abs(item[1]))[:8]
    told = {
        name: value(name) for name, _ in top if name in features.names
    }  # a photo or a history has no value
    return {
        "kind": kind,
        "row": int(answer["row"]),
        "score": float(answer["score"]),
        "decision": str(answer["decision"]),
        "label": int(answer["label"]),
        "values": told,
        "attributions": [
            {"feature": name, **({"value": told[name]} if name in told else {}), "contribution": gain}
            for name, gain in top
        ],
    }
