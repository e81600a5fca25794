"""`DiagnosticPipeline`: each patient gets the probability of each class, from a table, a photo, a signal, or several.

It is a `BinaryPipeline` whose score is the risk, 1 less the probability of the first class (healthy, negative):
intervals and verdict are those of any yes-or-no question. What it adds: two or more classes, modalities that may be
missing, networks fitted on inner folds, and a protocol of what is done with a probability.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from shared.baselines import Matrix, feature_matrix
from shared.binary import BinaryPipeline, Prepared
from shared.contract import Table, raw_table
from shared.diagnostic_checks import with_files, with_signals
from shared.diagnostic_networks import (
    class_maps,
    fit_networks,
    fold_rows,
    log_loss,
    network_count,
)
from shared.diagnostic_start import start_from_logistic_regression
from shared.errors import ContractError
from shared.fit_settings import History, Score
from shared.history import group_codes
from shared.patients.calibration import (
    calibrated_patients,
    fit_patient_calibration,
    patient_calibrator_from_dict,
    probabilities,
)
from shared.patients.classes import class_codes, class_names, class_shares
from shared.patients.columns import without_identifiers
from shared.patients.features import (
    PatientFeatures,
    encode_patients,
    learn_patients,
    modalities_learnt,
    modalities_of,
    patient_features,
    patient_places,
)
from shared.patients.inputs import PatientInputs
from shared.patients.parts import splits_of
from shared.patients.reading import read_patients
from shared.protocol import NEGATIVE, POSITIVE, REFER, Protocol, fit_protocol, patient_columns
from shared.splits import Split
from shared.stages import Stages


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
    ) -> bool:
        """Better weights for a network that was just built to start from; returns whether there were any."""
        return start_from_logistic_regression(model, inputs, code, rows, held)

    def usual(self, modalities: Sequence[str], rows: int) -> dict[str, Any]:
        """Settings that suit these modalities and so many training rows; what the customer sets goes before them."""
        return {}

    def photo_changes(self, *, seed: int) -> list:
        """Layers that change photos of rows held out before calibration reads them; none by default.

        Validation photos are often taken like those that taught, on one machine or of the same patients; promises
        that were calibrated on these break at the next machine.

        Args:
            seed: For draws that are the same again.
        """
        return []

    def class_maps(self, inputs: PatientInputs, rows: np.ndarray) -> np.ndarray | None:
        """What each place of a photo says for each class, `(rows, height, width, classes)`; None: there are none."""
        return class_maps(self.model, inputs, rows)

    # -- reading and checking

    @classmethod
    def read(cls, path, format=None, *, predict=False):
        return read_patients(path, format, predict=predict)

    def check(self, raw, *, predict: bool = False, earlier=None, later=None) -> Table:
        """The table with its photos and signals; whatever cannot be used is named, all at once."""
        raws = [raw_table(each) if isinstance(each, pd.DataFrame) else each for each in (raw, later)]
        try:
            raws = [with_signals(each, self.mapping, self.roles) for each in raws]
            table = super().check(raws[0], predict=predict, later=raws[1])
        except ContractError as error:
            raise without_identifiers(error, raws, self.mapping, self.roles) from None
        return with_files(self, table, raws, predict=predict)

    # -- classes

    def class_names(self, table: Table) -> list[str]:
        """The name of each class, the reference first: as set, else the texts of [labels], else the numbers."""
        if self.names:
            return self.names
        return class_names(self.codes(table), self.mapping.labels, self.config.class_names)

    def codes(self, table: Table) -> np.ndarray:
        """Number of each row's class; -1: not known."""
        return class_codes(table)

    def label(self, table: Table) -> np.ndarray:
        """1 for any class but the first, 0 for that one, NaN where it is not known."""
        code = self.codes(table)
        return np.where(code < 0, np.nan, code > 0)

    def groups(self, table: Table) -> np.ndarray | None:
        return group_codes(table.frame["patient"]) if "patient" in table.frame else None

    # -- parts

    def networks(self, table: Table) -> int:
        """How many networks are fitted, each with other rows held out."""
        return network_count(table, self.codes(table), self.config.inner_folds)

    def splits(self, table: Table) -> list[Split]:
        code, groups, inner = self.codes(table), self.groups(table), self.networks(table) > 1
        return splits_of(table, self.config, code, groups, repeats=self.config.repeats, inner=inner)

    def judged(self, table: Table, *, same: bool) -> Split:
        found = super().judged(table, same=same)
        return found if same else replace(found, test=np.flatnonzero(self.codes(table) >= 0))

    # -- stages

    def features(self, table: Table) -> PatientFeatures:
        return patient_features(table)

    def learn(self, features: PatientFeatures, rows: np.ndarray, label: np.ndarray) -> dict[str, Any]:
        config = self.config
        squares = {"side": config.side, "channels": config.channels}
        return learn_patients(features, rows, **squares, most_steps=config.most_steps)

    def modalities_of(self, features: PatientFeatures) -> list[str]:
        """What there is of a patient, in the order of the input `presence`; of a fitted one, what it learnt from."""
        return modalities_of(features) if self.state is None else modalities_learnt(self.state)

    @property
    def modalities(self) -> list[str]:
        """What a fitted pipeline reads of a patient."""
        return self.modalities_of(PatientFeatures({}))

    def encode(self, features: PatientFeatures, table: Table) -> PatientInputs:
        config = self.config
        squares = {"fit": config.fit, "workers": config.workers, "memory_mb": config.memory_mb}
        return encode_patients(features, self.state, table, **squares)

    def matrix(self, prepared: Prepared) -> Matrix | None:
        """The table as rivals read it; None where there is none."""
        if "numbers" not in self.state:
            return None
        return feature_matrix(prepared.features, prepared.inputs.arrays)

    def places(self) -> dict[str, list[tuple[str, int | None]]]:
        return patient_places(self.state)

    def loss(self):
        """The cross-entropy of each member."""
        import keras

        from shared.losses import MemberLoss

        return MemberLoss(keras.losses.SparseCategoricalCrossentropy(from_logits=True))

    def score(self) -> Score:
        """Log loss of the members' mean on the rows held out."""
        return Score("log_loss", log_loss, "min")

    def fit(
        self, table: Table, split: Split, *, features=None, folder=None, stages: Stages | None = None
    ) -> Prepared:
        stages = stages or Stages()
        self.mapping, self.names = table.mapping, self.class_names(table)
        code = self.codes(table)
        with stages("prepare"):
            features = features if features is not None else self.features(table)
            self.state = self.learn(features, split.train, self.label(table)[split.train])
            self.config = self.config.with_usual(self.usual(self.modalities, len(split.train)))
            prepared = Prepared(table, features, self.encode(features, table))
        self.prior = class_shares(code[split.train], len(self.names))
        networks, seed = self.networks(table), self.config.seed
        self.folds = fold_rows(split, code, self.groups(table), networks=networks, seed=seed)
        with stages("fit"):
            raw = self._fit_networks(prepared.inputs, code, self.folds, folder, stages)
        with stages("decide"):
            held, p = np.concatenate([rows for _, rows in self.folds]), probabilities(raw)
            self.calibrator = fit_patient_calibration(code[held], p, self.config.calibration)
            self.thresholds = self.protocol(table, held, calibrated_patients(self.calibrator, p))
        return prepared

    def _fit_networks(self, inputs, code, folds, folder, stages: Stages) -> np.ndarray:
        """What each network said of the rows it did not see; see `fit_networks`."""
        return fit_networks(self, inputs, code, folds, folder=folder, stages=stages)

    # -- probabilities and what is done with them

    def protocol(self, table: Table, rows: np.ndarray, p: np.ndarray) -> Protocol:
        """What is done with a probability, decided on `rows` held out, whose probabilities are `p`."""
        groups, config = self.groups(table), self.config
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
        return calibrated_patients(self.calibrator, probabilities(raw))

    def decode(self, raw: np.ndarray) -> np.ndarray:
        """Raw outputs -> the calibrated risk `(rows,)`."""
        return 1 - calibrated_patients(self.calibrator, probabilities(raw))[:, 0]

    def scores(self, prepared: Prepared, rows: np.ndarray | None = None) -> np.ndarray:
        return 1 - self.probability(prepared, rows)[:, 0]

    def predict(self, table: Table, rows: Sequence[int] | None = None, *, folder=None) -> pd.DataFrame:
        """Risk, class, decision and prediction set of each row, with its number in the customer's file."""
        prepared = self.prepare(table)
        rows = np.arange(len(table)) if rows is None else np.asarray(rows)
        return self.answers(table, rows, self.probability(prepared, rows))

    def answers(self, table: Table, rows: np.ndarray, p: np.ndarray) -> pd.DataFrame:
        """The columns of `predictions.parquet`.

        They are as they were judged; where the site's prevalence is set, `score_at_site` is the risk there.
        """
        share = self.config.site_prevalence
        columns = patient_columns(self.thresholds, table.rows[rows], p, prior=self.prior, share=share)
        return pd.DataFrame(columns)

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
        return super().learnt() | {"classes": self.names, "prior": self.prior}

    def restore(self, content: dict[str, Any]) -> None:
        self.state, self.names, self.prior = content["state"], content["classes"], content["prior"]
        self.history = History(**content["history"]) if content["history"] else None
        self.calibrator = patient_calibrator_from_dict(content["calibration"], len(self.names))
        self.thresholds = Protocol.from_dict(content["decision"])
