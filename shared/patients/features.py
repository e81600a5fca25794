"""What there is of patients, from a table, photos and signals: what is learnt of it, and what a network reads."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shared import encoding
from shared.contract import CATEGORICAL, NUMERIC
from shared.encoding import Features
from shared.errors import Fault, SplitError
from shared.patients.inputs import PatientInputs
from shared.patients.photos import PatientPhotos
from shared.signals.signals import Signals, cut_signals, encode_signals, learn_signals

if TYPE_CHECKING:
    from shared.contract import Table

MOST_CATEGORIES = 50  # of a column; rarer texts are as good as unseen


@dataclass
class PatientFeatures(Features):
    """The table's features, and the photos and signals beside them.

    Example:
        >>> features = PatientFeatures({"age": np.array([50.0, 61.0])}, signals=Signals([None, np.ones((9, 1))]))
        >>> len(features), modalities_of(features)
        (2, ['table', 'signal'])
    """

    photos: PatientPhotos | None = None
    signals: Signals | None = None

    def __len__(self) -> int:
        return super().__len__() if self.names else 0


def patient_features(table: "Table") -> PatientFeatures:
    """The columns under [features] by the names that the customer gave them, the photos and the signals."""
    numbers, categories = {}, {}
    for name in table.frame:
        if name.startswith(NUMERIC):
            numbers[name.removeprefix(NUMERIC)] = np.asarray(table.frame[name], np.float64)
        elif name.startswith(CATEGORICAL):
            categories[name.removeprefix(CATEGORICAL)] = table.frame[name]
    return PatientFeatures(numbers, categories, table.photos, table.signals)


def learn_patients(
    features: PatientFeatures, rows: np.ndarray, *, side: int, channels: Any, most_steps: int
) -> dict[str, Any]:
    """What the encoding needs to know, from the training rows alone; plain JSON.

    Args:
        rows: Training rows.
        side, channels: Of the squares that photos become.
        most_steps: Longer signals are averaged down to it.
    Raises:
        SplitError: If there is nothing to learn from.
    Example:
        >>> sorted(learn_patients(PatientFeatures({"age": np.array([50.0, 61.0])}), np.arange(2), side=32,
        ...     channels="auto", most_steps=100))
        ['categories', 'numbers']
    """
    state = encoding.learn(features, rows, most_categories=MOST_CATEGORIES) if features.names else {}
    if features.photos is not None and features.photos.present[rows].any():
        state["photo"] = features.photos.learn(rows, side=side, channels=channels)
    if features.signals is not None and features.signals.present[rows].any():
        state["signal"] = learn_signals(features.signals, rows, most_steps=most_steps)
    if not state:
        text = "no training row has a photo or a signal, and there is no table to learn from. Give some"
        raise SplitError("nothing can be learnt", [Fault(text=text)])
    return state


def any_value(features: Features) -> bool:
    """Whether a table holds any value at all."""
    numbers = any(np.isfinite(values).any() for values in features.numbers.values())
    return numbers or any(values.notna().any() for values in features.categories.values())


def modalities_of(features: PatientFeatures) -> list[str]:
    """What there is of any patient: `table`, `photo`, `signal`, in the order of the input `presence`.

    Example:
        >>> modalities_of(PatientFeatures({"age": np.array([np.nan, 61.0])}, signals=Signals([None, None])))
        ['table']
    """
    beside = {"photo": features.photos, "signal": features.signals}
    found = {"table": any_value(features)}
    found |= {name: each is not None and bool(each.present.any()) for name, each in beside.items()}
    return [name for name, there in found.items() if there]


def modalities_learnt(state: dict[str, Any]) -> list[str]:
    """The same of what was learnt from the training rows.

    Example:
        >>> modalities_learnt({"signal": {}, "numbers": {}, "categories": {}})
        ['table', 'signal']
    """
    kept = {"table": "numbers", "photo": "photo", "signal": "signal"}
    return [name for name, key in kept.items() if key in state]


def patient_places(state: dict[str, Any]) -> dict[str, list[tuple[str, int | None]]]:
    """Where each feature and each modality beside the table stands in the arrays, for `shared.explain`.

    Example:
        >>> patient_places({"photo": {}, "signal": {}})["signal"]
        [('signal', None), ('presence', 1)]
    """
    found = encoding.places(state) if "numbers" in state else {}
    for place, name in enumerate(modalities_learnt(state)):
        if name != "table":
            found[name] = [(name, None), ("presence", place)]
    return found


def encode_patients(
    features: PatientFeatures,
    state: dict[str, Any],
    table: "Table",
    *,
    fit: str,
    workers: int,
    memory_mb: float,
) -> PatientInputs:
    """What a network reads of each row: arrays, photos that are decoded at batch time, and which of them there are.

    What was learnt and lacks now, be it a whole modality, is encoded as missing.

    Args:
        state: Of `learn_patients`.
        table: Whose notes tell of signals that are cut.
        fit, workers, memory_mb: How photos become squares, see `DiagnosticSettings`.
    """
    rows = len(table)
    arrays = encoding.encode(features, state) if "numbers" in state else {}
    there = {"table": np.ones(rows, bool)}
    photos, index = None, None
    if "photo" in state:
        seen = features.photos or PatientPhotos([], None, np.full(rows, -1))
        there["photo"], index = seen.present, seen.index
        photos = seen.inputs(state["photo"], fit=fit, workers=workers, memory_mb=memory_mb)
    if "signal" in state:
        signals = features.signals or Signals([None] * rows)
        there["signal"] = signals.present
        arrays["signal"] = encode_signals(signals, state["signal"])
        cut = cut_signals(signals, state["signal"])
        if cut:
            table.notes.append(f"signals longer than any of training, cut at the end: {cut:,}")
    presence = [there[name] for name in modalities_learnt(state)]
    arrays["presence"] = np.stack(presence, axis=1).astype(np.float32)
    return PatientInputs(arrays, photos, index)
