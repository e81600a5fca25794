"""What drives the answers of a diagnosis: importance, three cases, photos with class maps, signals with what spoke."""

import base64
import itertools
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from shared import explain
from shared.binary import Prepared
from shared.cases import case_of, log_odds
from shared.diagnostic import DiagnosticPipeline
from shared.images.overlays import pictures_of
from shared.inputs import Inputs
from shared.metrics import roc_auc
from shared.patients.inputs import most_rows
from shared.splits import Split

IMPORTANCE_ROWS, BACKGROUND, PICTURE = 2000, 300, 200
WINDOWS = 20  # stretches of a signal that are taken out in turn


def explain_patients(
    fitted: DiagnosticPipeline, prepared: Prepared, split: Split, predictions: pd.DataFrame
) -> dict[str, Any]:
    """Importance over test rows of the last fold, and some of its cases, told by what moved their risk."""
    last = predictions[predictions["fold"] == predictions["fold"].max()].reset_index(drop=True)
    positions = last["position"].to_numpy()
    label = last["label"].to_numpy(np.float64)
    risk = partial(_risk, fitted)
    importance = []
    if 0 < label.sum() < len(label):
        picked, weights = explain.label_rows(label, most=IMPORTANCE_ROWS)
        importance = explain.permutation_importance(
            prepared.inputs.take(positions[picked]),
            label[picked],
            fitted.places(),
            risk,
            roc_auc,
            weights=weights,
        )
    chosen = _chosen(last)
    background = prepared.inputs.take(split.train[:: max(1, len(split.train) // BACKGROUND)])
    cases = [
        case_of(
            kind,
            last.iloc[place],
            prepared.features,
            positions[place],
            explain.shapley_values(
                prepared.inputs.take(positions[[place]]),
                background,
                fitted.places(),
                lambda arrays: log_odds(risk(arrays)),
                samples=32 if "photo" in fitted.modalities else 64,
            ),
        )
        for kind, place in chosen.items()
    ]
    shown = _shown(last, fitted.config.gallery)
    found = {"importance": importance, "importance_metric": "roc_auc", "cases": cases}
    if "photo" in fitted.modalities:
        found["gallery"] = _gallery(fitted, prepared, last, shown)
    if "signal" in fitted.modalities:
        found["signals"] = _signals(fitted, prepared, last, shown)
    return found


def _risk(fitted: DiagnosticPipeline, arrays) -> np.ndarray:
    from shared import training

    inputs = Inputs(arrays)
    inputs.most_rows = most_rows(arrays)
    return fitted.decode(training.predict(fitted.model, inputs))


def _right(last: pd.DataFrame) -> np.ndarray:
    """1 right, 0 wrong, -1 referred, for each answer."""
    decision, truth = last["decision"].to_numpy(object), last["truth"].to_numpy(object)
    expected = np.where(
        np.isin(decision, ["positive", "negative"]),
        np.where(last["label"] == 1, "positive", "negative"),
        truth,
    )
    return np.where(decision == "refer", -1, decision == expected)


def _chosen(last: pd.DataFrame) -> dict[str, int]:
    """Places of a case that is right, one that is wrong and one in doubt."""
    right, score = _right(last), last["score"].to_numpy()
    found, label = {}, last["label"].to_numpy()
    if ((right == 1) & (label == 1)).any():
        found["right"] = int(np.argmax(np.where((right == 1) & (label == 1), score, -1)))
    if (right == 0).any():
        off = np.where(label == 1, 1 - score, score)
        found["wrong"] = int(np.argmax(np.where(right == 0, off, -1)))
    doubt = np.flatnonzero(right == -1)
    if len(doubt):
        middle = np.median(score[doubt])
        found["doubtful"] = int(doubt[np.argmin(np.abs(score[doubt] - middle))])
    return found


def _shown(last: pd.DataFrame, most: int) -> list[tuple[str, int]]:
    """Places of wrong, doubtful and right answers, a third each; of the wrong ones the worst, of the rest any."""
    right, score, label = _right(last), last["score"].to_numpy(), last["label"].to_numpy()
    rng, each = np.random.default_rng(0), max(1, most // 3) if most else 0
    wrong = np.flatnonzero(right == 0)
    off = np.where(label == 1, 1 - score, score)
    found = [("wrong", int(place)) for place in wrong[np.argsort(-off[wrong], kind="stable")][:each]]
    for kind, value in (("doubtful", -1), ("right", 1)):
        places = rng.permutation(np.flatnonzero(right == value))
        both = [places[label[places] == answer] for answer in (1, 0)]  # of each kind in turn
        turns = [place for pair in zip(*both) for place in pair] + list(max(both, key=len))
        found += [(kind, int(place)) for place in dict.fromkeys(turns)][:each]
    return found[:most]


def _entry(kind: str, answer: pd.Series) -> dict[str, Any]:
    decision = str(answer["decision"])
    return {
        "kind": kind,
        "row": int(answer["row"]),
        "truth": str(answer["truth"]),
        "answer": "refer"
        if decision == "refer"
        else str(answer["class"])
        if decision not in ("positive", "negative")
        else decision,
        "score": float(answer["score"]),
    }


def _gallery(fitted, prepared: Prepared, last: pd.DataFrame, shown) -> list[dict[str, Any]]:
    """Photos beside what in them spoke for the illness."""
    inputs, found = prepared.inputs, []
    for kind, place in shown:
        row = int(last["position"].iloc[place])
        if inputs.index[row] < 0:
            continue
        maps = fitted.class_maps(inputs, np.array([row]))
        if maps is None:
            return []
        against = maps[0, ..., 1:].max(axis=-1) - maps[0, ..., 0]
        heat = np.maximum(against, 0)
        heat = heat / heat.max() if heat.max() > 0 else heat
        photo, over = pictures_of(inputs.photos, int(inputs.index[row]), heat, longest=PICTURE)
        coded = {
            name: base64.b64encode(each).decode() for name, each in (("photo", photo), ("overlay", over))
        }
        found.append(_entry(kind, last.iloc[place]) | coded)
    return found


def _signals(fitted, prepared: Prepared, last: pd.DataFrame, shown) -> list[dict[str, Any]]:
    """Signals, and how much the log odds fall when a stretch of them is levelled to the mean."""
    inputs, signals, found = prepared.inputs, prepared.features.signals, []
    for kind, place in shown:
        row = int(last["position"].iloc[place])
        if not signals.present[row]:
            continue
        arrays = inputs.take(np.full(WINDOWS + 1, row))
        true = int(arrays["signal"][0, :, -1].sum())
        cuts = np.linspace(0, true, WINDOWS + 1).round().astype(int)
        for window, (start, stop) in enumerate(itertools.pairwise(cuts)):
            arrays["signal"][window, start:stop, :-1] = 0.0
        odds = log_odds(_risk(fitted, arrays))
        importance = np.repeat(np.abs(odds[-1] - odds[:-1]), np.diff(cuts))
        values = arrays["signal"][-1, :true, 0]
        step = -(-true // 400)
        found.append(
            _entry(kind, last.iloc[place])
            | {
                "values": [round(float(value), 4) for value in values[::step]],
                "importance": [round(float(value), 5) for value in importance[::step]],
            }
        )
    return found
