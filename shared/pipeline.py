"""`Pipeline`, the one class a solution derives from: the mechanism here, the decisions there."""

import inspect
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from shared import encoding
from shared.baselines import GRIDS, Matrix, feature_matrix
from shared.calibration import Calibrator, Identity, fit_calibrator
from shared.config import Settings
from shared.contract import Mapping, Role, Table, check
from shared.decisions import PASS, Costs, Thresholds
from shared.encoding import Features
from shared.errors import SplitError
from shared.fit_settings import FitSettings, History, Score
from shared.inputs import Inputs
from shared.metrics import average_precision
from shared.splits import Split
from shared.stages import Stages

Text = dict[str, str]
"""A text in each language: `{"en": ..., "zh": ...}`."""


@dataclass
class Prepared:
    """A table on its way to the network.

    Args:
        table: What passed the check.
        features: One value per row and feature, read from the row's past only.
        inputs: What the network reads.
    """

    table: Table
    features: Features
    inputs: Inputs


class Pipeline:
    """One solution, from a checked table to a decision for each row.

    A solution gives the class attributes and overrides the hooks; the stages (`fit`, `predict`) are the same
    for all and call the hooks in this order: `features`, `learn`, `encode`, `build`, `score`, `decode`, `decide`.

    Args:
        config: Settings of the solution; None: its defaults.
        mapping: The customer's columns; None: named like the roles.
    """

    name: ClassVar[str]
    title: ClassVar[Text]
    task: ClassVar[Text]
    roles: ClassVar[tuple[Role, ...]]
    Config: ClassVar[type[Settings]]
    primary: ClassVar[str] = "average_precision"
    rivals: ClassVar[dict[str, list[dict[str, Any]]]] = GRIDS
    small: ClassVar[dict[str, int]] = {}  # arguments of `sample` that make it just large enough to be split

    def __init__(self, config: Settings | None = None, mapping: Mapping | None = None):
        self.config = config if config is not None else self.Config()
        self.mapping = mapping if mapping is not None else Mapping()
        self.state: dict[str, Any] | None = None
        self.model = None
        self.calibrator: Calibrator = Identity()
        self.thresholds: Thresholds | None = None
        self.history: History | None = None

    @classmethod
    def measured(cls) -> list[str]:
        """One line for each data set that this solution was measured on; kept in `measured.json` beside it."""
        path = Path(inspect.getfile(cls)).with_name("measured.json")
        return [entry["line"] for entry in json.loads(path.read_text("utf-8"))] if path.exists() else []

    @classmethod
    def words(cls) -> dict[str, Text]:
        """The report's words that are the solution's own, of `words.toml` beside it: `section.key` -> texts."""
        path = Path(inspect.getfile(cls)).with_name("words.toml")
        tables = tomllib.loads(path.read_text("utf-8")) if path.exists() else {}
        return {f"{table}.{key}": text for table, entries in tables.items() for key, text in entries.items()}

    # -- hooks: what a delivery team changes for a customer

    @classmethod
    def sample(cls, **size: int) -> tuple[pd.DataFrame, Mapping]:
        """The built-in sample and its mapping."""
        raise NotImplementedError

    def splits(self, table: Table) -> list[Split]:
        """Row positions of train / valid / test; several for folds. The model of the last one is kept."""
        raise NotImplementedError

    def features(self, table: Table) -> Features:
        """One value per row and feature, read from the row and its past only; nothing learnt."""
        raise NotImplementedError

    def learn(self, features: Features, rows: np.ndarray, label: np.ndarray) -> dict[str, Any]:
        """Vocabularies, means, spreads of the training `rows` (whose labels are given), as plain JSON."""
        return encoding.learn(features, rows, most_categories=self.config.most_categories)

    def encode(self, features: Features, table: Table) -> Inputs:
        """Features and state -> what the network reads."""
        return Inputs(encoding.encode(features, self.state))

    def matrix(self, prepared: Prepared) -> Matrix:
        """The same features for the rivals."""
        arrays = prepared.inputs.arrays
        if not arrays.keys() & {"number", "category"}:  # a network that reads sequences alone
            arrays = encoding.encode(prepared.features, self.state)
        return feature_matrix(prepared.features, arrays)

    def places(self) -> dict[str, list[tuple[str, int | None]]]:
        """Where each feature stands in the network's inputs; see `shared.explain`."""
        return encoding.places(self.state)

    def build(self, inputs: Inputs, label: np.ndarray):
        """The network, not compiled; `inputs` and `label` of the training rows give shapes and priors."""
        raise NotImplementedError

    def loss(self):
        """What is minimised: the binary cross-entropy of each member, from log odds."""
        import keras

        from shared.losses import MemberLoss

        return MemberLoss(keras.losses.BinaryCrossentropy(from_logits=True))

    def score(self) -> Score:
        """The validation metric that stops training and picks the weights."""
        return Score("average_precision", lambda y_true, raw: average_precision(y_true, self.decode(raw)))

    def decode(self, raw: np.ndarray) -> np.ndarray:
        """Raw outputs `(rows, members)` -> probability `(rows,)`, the mean over the members."""
        odds = np.exp(-np.abs(raw.astype(np.float64)))
        return np.where(raw >= 0, 1 / (1 + odds), odds / (1 + odds)).reshape(len(raw), -1).mean(axis=1)

    def decide(self, table: Table, rows: np.ndarray, scores: np.ndarray) -> Thresholds:
        """Thresholds from validation rows and the customer's costs."""
        raise NotImplementedError

    def costs(self, table: Table) -> Costs | None:
        """What each answer costs on each row; None: the solution has no money in it."""
        return None

    def prices(self) -> dict[str, float]:
        """The settings that the costs are made of, for the report; `words` may name them under `cost`."""
        return {}

    def rule(self, table: Table) -> tuple[np.ndarray, Text]:
        """What is decided today on each row, without a model, and its words."""
        return np.full(len(table), PASS), {"en": "every row passes", "zh": "全部放行"}

    def slices(self, table: Table, features: Features, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Parts of the test rows to judge apart: by kind of slice, the part each of `rows` is in."""
        return {}

    def extra_metrics(self, table: Table, rows: np.ndarray) -> dict[str, Any]:
        """The solution's own metrics of the test `rows`, besides those of `shared.judging`."""
        return {}

    # -- stages: the same for every solution

    def check(self, raw, *, predict: bool = False) -> Table:
        """The table in the solution's roles (once fitted: those it was fitted on), or every fault at once."""
        known = [role for role in self.roles if role.required or role.name in self.mapping.columns]
        roles = self.roles if self.state is None else known
        return check(raw, roles, self.mapping, solution=self.name, predict=predict)

    def label(self, table: Table) -> np.ndarray:
        """0, 1 or NaN (not known) for each row."""
        return table.frame["label"].to_numpy(np.float64)

    def groups(self, table: Table) -> np.ndarray | None:
        """What is resampled whole for intervals (cards, patients); None: rows."""
        return None

    def fit(
        self,
        table: Table,
        split: Split,
        *,
        features: Features | None = None,
        folder=None,
        stages: Stages | None = None,
    ) -> Prepared:
        """Learns from the training rows, chooses on the validation rows; the test rows are not looked at.

        Args:
            features: Of `self.features(table)`, where they are at hand already.
            folder: Where an interrupted fit keeps what it needs to go on.
        """
        from shared import training

        stages = stages or Stages()
        self.mapping = table.mapping  # with the decimal mark and the date format that were detected
        label = self.label(table)
        _refuse_single_class(self.name, label, split)
        with stages("prepare"):
            features = features if features is not None else self.features(table)
            self.state = self.learn(features, split.train, label[split.train])
            prepared = Prepared(table, features, self.encode(features, table))
        with stages("fit"):
            settings = self.config if isinstance(self.config, FitSettings) else FitSettings()
            training.set_seed(settings.seed)
            with training.strategy_scope(settings), training.precision_policy(settings):
                self.model = self.build(prepared.inputs, label[split.train])
            self.history = training.fit(
                self.model,
                prepared.inputs,
                np.nan_to_num(label),
                train=split.train,
                valid=split.valid,
                loss=self.loss(),
                settings=settings,
                score=self.score(),
                folder=folder,
                on_epoch=lambda epoch, epochs, logs: stages.say(_progress(epoch, epochs, logs)),
            )
        with stages("decide"):
            self.calibrator = Identity()
            raw = self.scores(prepared, split.valid)
            self.calibrator = fit_calibrator(label[split.valid], raw, self.config.calibration)
            self.thresholds = self.decide(table, split.valid, self.calibrator(raw))
        return prepared

    def prepare(self, table: Table) -> Prepared:
        """The same road for prediction and serving as for training."""
        features = self.features(table)
        return Prepared(table, features, self.encode(features, table))

    def scores(self, prepared: Prepared, rows: np.ndarray | None = None) -> np.ndarray:
        """Calibrated probability of each of `rows`, `(rows,)`, float64."""
        from shared import training

        return self.calibrator(self.decode(training.predict(self.model, prepared.inputs, rows)))

    def predict(self, table: Table, rows: np.ndarray | None = None) -> pd.DataFrame:
        """Score and decision of each row, with the row's number in the customer's file."""
        prepared = self.prepare(table)
        rows = np.arange(len(table)) if rows is None else rows
        return self.answers(table, rows, self.scores(prepared, rows))

    def answers(self, table: Table, rows: np.ndarray, scores: np.ndarray) -> pd.DataFrame:
        """The columns `row`, `score`, `decision` of `predictions.parquet`."""
        return pd.DataFrame(
            {"row": table.rows[rows], "score": scores, "decision": self.thresholds.decide(scores)}
        )


def _progress(epoch: int, epochs: int, logs: dict[str, float]) -> str:
    figures = "  ".join(
        f"{name} {logs[name]:.4f}"
        for name in logs
        if name == "loss" or (name.startswith("valid_") and not name.endswith("seconds"))
    )
    return f"epoch {epoch}/{epochs}  {figures}"


def _refuse_single_class(name: str, label: np.ndarray, split: Split) -> None:
    from shared.errors import Fault

    faults = []
    for part, rows in {"train": split.train, "valid": split.valid}.items():
        positives = int(np.nansum(label[rows]))
        if positives == 0 or positives == len(rows):
            faults.append(
                Fault(
                    text=f"the {part} part has {len(rows):,} rows and {positives:,} positive ones; it needs both "
                    "kinds. Give more rows, or other days under [settings]"
                )
            )
    if faults:
        raise SplitError(f"`{name}` cannot learn from this split", faults)
