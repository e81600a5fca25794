"""`DiagnosticPipeline`: each patient gets the probability of each class, from a table, a photo, a signal, or several.

It is a `BinaryPipeline` whose score is the risk, 1 less the probability of the first class (healthy, negative):
intervals and verdict are those of any yes-or-no question. What it adds: two or more classes, modalities that may be
missing, networks fitted on inner folds, and a protocol of what is done with a probability.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from shared import encoding
from shared.baselines import Matrix, feature_matrix
from shared.binary import BinaryPipeline, Prepared
from shared.calibration import Identity, calibrated, calibrator_from_dict
from shared.contract import CATEGORICAL, NUMERIC, Table, raw_table
from shared.diagnostic_checks import faults_of, nothing_mapped
from shared.diagnostic_networks import fit_networks, probabilities
from shared.encoding import Features
from shared.errors import ContractError, Fault, SplitError
from shared.fit_settings import History, Score
from shared.history import group_codes
from shared.images.store import FolderStore
from shared.inputs import Arrays
from shared.patients.columns import (
    any_value,
    taken_twice,
    without_identifiers,
)
from shared.patients.inputs import PatientInputs
from shared.patients.parts import given_parts, inner_folds, patient_splits
from shared.patients.photos import PatientPhotos
from shared.patients.reading import cells_of, parts_of, photos_of, read_patients, refuse, signals_of
from shared.protocol import NEGATIVE, POSITIVE, REFER, Protocol, fit_protocol
from shared.signals.reading import signal_columns
from shared.signals.signals import Signals, cut_signals, encode_signals, learn_signals
from shared.splits import Split
from shared.stages import Stages
from shared.trust.class_calibration import class_calibrator_from_dict, fit_class_calibrator
from shared.trust.prevalence import at_prevalence

MANY = 20_000  # training rows from which one network is enough
SMALLEST = 1e-12


@dataclass
class PatientFeatures(Features):
    """The table's features, and the photos and signals beside them."""

    photos: PatientPhotos | None = None
    signals: Signals | None = None

    def __len__(self) -> int:
        return super().__len__() if self.names else 0


class DiagnosticPipeline(BinaryPipeline):
    """One solution on patients, from a table, arrays or files to a calibrated answer that may be "refer".

    A solution gives the class attributes and `build`; the roles are `label`, and as far as they are there
    `patient`, `time`, `site`, `split`, `image`, `signal`.
    """

    primary: ClassVar[str] = "roc_auc"

    def __init__(self, config=None, mapping=None):
        super().__init__(config, mapping)
        self.names: list[str] = []
        self.prior: list[float] = []
        self.folds: list[tuple[np.ndarray, np.ndarray]] = []
        self.seconds = 0.0

    # -- hooks

    def build(self, inputs: PatientInputs, prior: Sequence[float]):
        """The network, not compiled: logits `(batch, members, classes)`.

        Args:
            prior: Share of each class in the training rows.
        """
        raise NotImplementedError

    def start(
        self, model, inputs: PatientInputs, code: np.ndarray, rows: np.ndarray, held: np.ndarray
    ) -> None:
        """Gives a network that was just built better weights to start from than chance; none by default."""

    def usual(self, modalities: Sequence[str], rows: int) -> dict[str, Any]:
        """Settings that suit these modalities and so many training rows; what the customer sets goes before them."""
        return {}

    def changed(self, arrays: Arrays, number: int) -> Arrays:
        """A batch of rows held out as calibration reads it; a solution may show its photos a little otherwise.

        Validation photos are often taken like those that taught, on one machine or of the same patients; promises
        that were calibrated on these break at the next machine.

        Args:
            number: Of the batch, for draws that are the same again.
        """
        return arrays

    def class_maps(self, inputs: PatientInputs, rows: np.ndarray) -> np.ndarray | None:
        """What each place of a photo says for each class, `(rows, height, width, classes)`; None: there are none."""
        return None

    # -- reading and checking

    @classmethod
    def read(cls, path, format=None, *, predict=False):
        return read_patients(path, format, predict=predict)

    def check(self, raw, *, predict: bool = False, earlier=None, later=None) -> Table:
        """The table with its photos and signals; whatever cannot be used is named, all at once."""
        raw, later = (raw_table(each) if isinstance(each, pd.DataFrame) else each for each in (raw, later))
        try:
            raw, later = (self._with_signals(each) for each in (raw, later))
            table = super().check(raw, predict=predict, later=later)
        except ContractError as error:
            raise without_identifiers(error, [raw, later], self.mapping, self.roles) from None
        config, raws = self.config, [raw, later]
        stores = [getattr(each, "store", None) or FolderStore(Path()) for each in raws]
        label = [None] * len(table)
        if not predict and "label" in table.frame:
            classes = [*self.class_names(table), None]
            label = [classes[code] for code in self.codes(table)]
        photos, faults, notes = photos_of(
            table,
            stores,
            labels=label,
            most_pixels=int(config.most_megapixels * 1e6),
            workers=config.workers,
        )
        signals, more, told = signals_of(table, raws, stores, workers=config.workers)
        faults += more
        table.notes.extend([*notes, *told])
        table = replace(table, photos=photos, signals=signals)
        if not predict:
            faults += faults_of(self, table)
        elif not faults:
            faults += nothing_mapped(self, table)
        refuse(table, self.name, faults)
        return table

    def _with_signals(self, raw):
        if raw is None or self.mapping.signal is None or getattr(raw, "signals", None) is not None:
            return raw
        faults = taken_twice(raw.data.column_names, self.mapping, [role.name for role in self.roles])
        if faults:
            raise ContractError(f"{raw.source} does not fit [signal]", faults)
        return signal_columns(raw, self.mapping.signal, self.mapping.format)

    # -- classes

    def class_names(self, table: Table) -> list[str]:
        """The name of each class, the reference first: as set, else the texts of [labels], else the numbers."""
        if self.names:
            return self.names
        known = table.frame["label"].to_numpy(np.float64) if "label" in table.frame else np.empty(0)
        count = int(max(np.nanmax(known, initial=0), max(self.mapping.labels.values(), default=0), 1)) + 1
        if len(self.config.class_names) == count:  # else a fault, see `faults_of`
            return list(self.config.class_names)
        names = [str(place) for place in range(count)]
        for text, place in reversed(self.mapping.labels.items()):
            names[place] = text
        return names

    def codes(self, table: Table) -> np.ndarray:
        """Number of each row's class; -1: not known."""
        if "label" not in table.frame:
            return np.full(len(table), -1, np.int64)
        label = table.frame["label"].to_numpy(np.float64)
        return np.where(np.isnan(label), -1, label).astype(np.int64)

    def label(self, table: Table) -> np.ndarray:
        """1 for any class but the first, 0 for that one, NaN where it is not known."""
        code = self.codes(table)
        return np.where(code < 0, np.nan, code > 0)

    def groups(self, table: Table) -> np.ndarray | None:
        return group_codes(table.frame["patient"]) if "patient" in table.frame else None

    # -- parts

    def networks(self, table: Table) -> int:
        """How many networks are fitted, each with other rows held out."""
        if any(part == "valid" for part in parts_of(table)):
            return 1
        if self.config.inner_folds != "auto":
            return int(self.config.inner_folds)
        return 1 if table.photos is not None or (self.codes(table) >= 0).sum() > MANY else 5

    def splits(self, table: Table) -> list[Split]:
        config, code, groups = self.config, self.codes(table), self.groups(table)
        parts, inner = parts_of(table), self.networks(table) > 1
        if any(part is not None for part in parts):
            return [
                given_parts(
                    parts,
                    code,
                    groups,
                    valid_share=config.valid_share,
                    test_share=config.test_share,
                    inner=inner,
                    seed=config.seed,
                )
            ]
        return patient_splits(
            config,
            code,
            repeats=config.repeats,
            inner=inner,
            groups=groups,
            time=table.frame["time"].to_numpy() if "time" in table.frame else None,
            site=cells_of(table, "site"),
        )

    def judged(self, table: Table, *, same: bool) -> Split:
        if same:
            return self.splits(table)[-1]
        none = np.array([], np.int64)
        return Split("all rows", none, none, np.flatnonzero(self.codes(table) >= 0), {})

    # -- stages

    def features(self, table: Table) -> PatientFeatures:
        numbers, categories = {}, {}
        for name in table.frame:
            if name.startswith(NUMERIC):
                numbers[name.removeprefix(NUMERIC)] = table.frame[name].to_numpy(np.float64)
            elif name.startswith(CATEGORICAL):
                categories[name.removeprefix(CATEGORICAL)] = table.frame[name]
        return PatientFeatures(numbers, categories, table.photos, table.signals)

    def learn(self, features: PatientFeatures, rows: np.ndarray, label: np.ndarray) -> dict[str, Any]:
        state = encoding.learn(features, rows, most_categories=50) if features.names else {}
        if features.photos is not None and features.photos.present[rows].any():
            state["photo"] = features.photos.learn(rows, side=self.config.side, channels=self.config.channels)
        if features.signals is not None and features.signals.present[rows].any():
            state["signal"] = learn_signals(features.signals, rows, most_steps=self.config.most_steps)
        if not state:
            text = "no training row has a photo or a signal, and there is no table to learn from. Give some"
            raise SplitError("nothing can be learnt", [Fault(text=text)])
        return state

    def modalities_of(self, features: PatientFeatures) -> list[str]:
        """What there is of a patient, in the order of the input `presence`; of a fitted one, what it learnt from."""
        if self.state is not None:
            found = {"table": "numbers" in self.state, "photo": "photo" in self.state}
            found["signal"] = "signal" in self.state
        else:
            beside = {"photo": features.photos, "signal": features.signals}
            found = {"table": any_value(features)}
            found |= {name: each is not None and bool(each.present.any()) for name, each in beside.items()}
        return [name for name, there in found.items() if there]

    @property
    def modalities(self) -> list[str]:
        """What a fitted pipeline reads of a patient."""
        return self.modalities_of(PatientFeatures({}))

    def encode(self, features: PatientFeatures, table: Table) -> PatientInputs:
        state, config, rows = self.state, self.config, len(table)
        arrays = encoding.encode(features, state) if "numbers" in state else {}
        there = {"table": np.ones(rows, bool)}
        photos, at = None, None
        if "photo" in state:
            seen = features.photos
            there["photo"] = np.zeros(rows, bool) if seen is None else seen.present
            at = np.full(rows, -1) if seen is None else seen.index
            seen = seen or PatientPhotos([], None, at)
            photos = seen.inputs(
                state["photo"], fit=config.fit, workers=config.workers, memory_mb=config.memory_mb
            )
        if "signal" in state:
            signals = features.signals or Signals([None] * rows)
            there["signal"] = signals.present
            arrays["signal"] = encode_signals(signals, state["signal"])
            cut = cut_signals(signals, state["signal"])
            if cut:
                table.notes.append(f"signals longer than any of training, cut at the end: {cut:,}")
        arrays["presence"] = np.stack([there[name] for name in self.modalities], axis=1).astype(np.float32)
        return PatientInputs(arrays, photos, at)

    def matrix(self, prepared: Prepared) -> Matrix | None:
        """The table as rivals read it; None where there is none."""
        if "numbers" not in self.state:
            return None
        return feature_matrix(prepared.features, prepared.inputs.arrays)

    def places(self) -> dict[str, list[tuple[str, int | None]]]:
        found = encoding.places(self.state) if "numbers" in self.state else {}
        for place, name in enumerate(self.modalities):
            if name != "table":
                found[name] = [(name, None), ("presence", place)]
        return found

    def loss(self):
        """The cross-entropy of each member."""
        import keras

        from shared.losses import MemberLoss

        return MemberLoss(keras.losses.SparseCategoricalCrossentropy(from_logits=True))

    def score(self) -> Score:
        """Log loss of the members' mean on the rows held out."""

        def log_loss(y_true, raw) -> float:
            p = probabilities(raw)[np.arange(len(y_true)), np.asarray(y_true).reshape(-1).astype(np.int64)]
            return float(-np.log(np.maximum(p, SMALLEST)).mean())

        return Score("log_loss", log_loss, "min")

    def fit(
        self, table: Table, split: Split, *, features=None, folder=None, stages: Stages | None = None
    ) -> Prepared:
        stages = stages or Stages()
        self.mapping, self.names = table.mapping, self.class_names(table)
        code, groups = self.codes(table), self.groups(table)
        with stages("prepare"):
            features = features if features is not None else self.features(table)
            self.state = self.learn(features, split.train, self.label(table)[split.train])
            unset = {
                name: value
                for name, value in self.usual(self.modalities, len(split.train)).items()
                if name not in self.config.model_fields_set
            }
            self.config = self.config.model_copy(update=unset)
            prepared = Prepared(table, features, self.encode(features, table))
        counts = np.bincount(code[split.train], minlength=len(self.names))
        self.prior = ((counts + 1e-3) / (counts + 1e-3).sum()).tolist()
        folds = [(split.train, split.valid)]
        if not len(split.valid):
            folds = inner_folds(
                split.train,
                code,
                folds=max(2, self.networks(table)),
                seed=self.config.seed,
                groups=groups,
            )
        with stages("fit"):
            raw = self._fit_networks(prepared.inputs, code, folds, folder, stages)
        with stages("decide"):
            held = np.concatenate([rows for _, rows in folds])
            self.folds = folds
            p = probabilities(raw)
            self.calibrator = self.fit_calibration(code[held], p)
            self.thresholds = self.protocol(table, held, self.calibrate(self.calibrator, p))
        return prepared

    def _fit_networks(self, inputs, code, folds, folder, stages: Stages) -> np.ndarray:
        """What each network said of the rows it did not see; see `fit_networks`."""
        return fit_networks(self, inputs, code, folds, folder=folder, stages=stages)

    # -- probabilities and what is done with them

    def fit_calibration(self, code: np.ndarray, p: np.ndarray):
        """A calibrator from rows held out: of the risk where there are two classes, else of all classes."""
        if len(self.names) == 2:
            if min(np.bincount(code, minlength=2)) == 0:
                return Identity()
            return calibrated((code > 0).astype(np.float64), 1 - p[:, 0], self.config.calibration)
        method = "none" if self.config.calibration == "none" else "auto"
        return fit_class_calibrator(code, p, method)

    def calibrate(self, calibrator, p: np.ndarray) -> np.ndarray:
        """Probabilities `(rows, classes)` after the calibrator."""
        if len(self.names) > 2:
            return calibrator(p)
        risk = calibrator(1 - p[:, 0])
        return np.stack([1 - risk, risk], axis=1)

    def protocol(self, table: Table, rows: np.ndarray, p: np.ndarray) -> Protocol:
        """What is done with a probability, decided on `rows` held out, whose probabilities are `p`."""
        groups = self.groups(table)
        config = self.config
        return fit_protocol(
            self.codes(table)[rows],
            p,
            self.names,
            rule=config.rule,
            demanded=config.demanded,
            confidence=config.confidence,
            refer=config.refer,
            level=config.level,
            groups=None if groups is None else groups[rows],
            seed=config.seed,
        )

    def probability(self, prepared: Prepared, rows: np.ndarray | None = None) -> np.ndarray:
        """Calibrated probability of each class, `(rows, classes)`, float64."""
        from shared import training

        raw = training.predict(self.model, prepared.inputs, rows)
        return self.calibrate(self.calibrator, probabilities(raw))

    def decode(self, raw: np.ndarray) -> np.ndarray:
        """Raw outputs -> the calibrated risk `(rows,)`."""
        return 1 - self.calibrate(self.calibrator, probabilities(raw))[:, 0]

    def scores(self, prepared: Prepared, rows: np.ndarray | None = None) -> np.ndarray:
        return 1 - self.probability(prepared, rows)[:, 0]

    def predict(self, table: Table, rows: Sequence[int] | None = None, *, folder=None) -> pd.DataFrame:
        """Risk, class, decision and prediction set of each row, with its number in the customer's file."""
        prepared = self.prepare(table)
        rows = np.arange(len(table)) if rows is None else np.asarray(rows)
        return self.answers(table, rows, self.probability(prepared, rows))

    def answers(self, table: Table, rows: np.ndarray, p: np.ndarray) -> pd.DataFrame:
        """The columns of `predictions.parquet`.

        Score, decision and set are as they were judged; where the site's prevalence is set, `score_at_site` is the risk
        there.
        """
        protocol, names = self.thresholds, np.array(self.names, object)
        found = {
            "row": table.rows[rows],
            "score": 1 - p[:, 0],
            "decision": protocol.decide(p),
            "positive": protocol.called(p),
            "class": names[p.argmax(axis=1)],
            "set": [" | ".join(names[each]) for each in protocol.sets(p)],
        }
        if len(names) > 2:
            found |= {f"p_{name}": p[:, place] for place, name in enumerate(names)}
        if self.config.site_prevalence is not None:
            found["score_at_site"] = self._at_site(p)
        return pd.DataFrame(found)

    def _at_site(self, p: np.ndarray) -> np.ndarray:
        """The risk where the ill are as frequent as at the site, among themselves as in training."""
        prior, site = np.asarray(self.prior), self.config.site_prevalence
        there = np.concatenate([[1 - site], prior[1:] / prior[1:].sum() * site])
        return 1 - at_prevalence(p, prior, there)[:, 0]

    def summary(self, answers: pd.DataFrame) -> str:
        counts = answers["decision"].value_counts().items()
        rows = "1 patient row" if len(answers) == 1 else f"{len(answers):,} patient rows"
        words = {POSITIVE: "positive", NEGATIVE: "negative", REFER: "referred"}
        return f"{rows}: {', '.join(f'{count:,} {words.get(name, name)}' for name, count in counts)}"

    def describe(self, table: Table, splits: Sequence[Split]) -> dict[str, Any]:
        return super().describe(table, splits) | {"limits": self.limits()}

    def limits(self) -> list[dict[str, str]]:
        """What the report warns of."""
        kinds = ("limit.", *(f"{name}_limit." for name in self.modalities))
        return [text for key, text in self.words().items() if key.startswith(kinds)]

    # -- what a bundle keeps

    def learnt(self) -> dict[str, Any]:
        history = self.history.to_dict() if self.history else None
        return {
            "state": self.state,
            "history": history,
            "classes": self.names,
            "prior": self.prior,
            "calibration": self.calibrator.to_dict(),
            "decision": self.thresholds.to_dict(),
        }

    def restore(self, content: dict[str, Any]) -> None:
        self.state, self.names, self.prior = content["state"], content["classes"], content["prior"]
        self.history = History(**content["history"]) if content["history"] else None
        read = calibrator_from_dict if len(self.names) == 2 else class_calibrator_from_dict
        self.calibrator = read(content["calibration"])
        self.thresholds = Protocol.from_dict(content["decision"])
