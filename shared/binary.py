"""`BinaryPipeline`: each row gets the probability that it is a positive one, and a decision at the customer's costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from shared import encoding
from shared.baselines import GRIDS, Matrix, feature_matrix
from shared.calibration import Calibrator, Identity, calibrator_from_dict, fit_calibrator, mean_probability
from shared.config import Settings
from shared.contract import Mapping, Table
from shared.decisions import PASS, Costs, Thresholds
from shared.encoding import Features
from shared.features import Columns, gathered, latest_rows
from shared.fit_settings import FitSettings, Score, progress
from shared.history import group_codes
from shared.inputs import Inputs
from shared.metrics import average_precision, card_precision_at_k
from shared.money import RULE, alert_budget, choose_thresholds
from shared.pipeline import Pipeline, Text
from shared.split_checks import check_both_classes
from shared.split_settings import make_splits
from shared.splits import Split
from shared.stages import Stages


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


class BinaryPipeline(Pipeline):
    """One solution that scores rows, from a checked table to a decision for each row.

    A solution gives the class attributes, `sample`, `columns`, `build` and `costs`, and overrides what else is its
    own; the stages (`fit`, `predict`) are the same for all and call the hooks in this order: `features`, `learn`,
    `encode`, `build`, `score`, `decode`, `decide`. Of its `Config` these are read where they are there:

    - `network`: "tabular" reads a row's features, "history" those of the latest `history` rows of its key, "fused"
      both;
    - `bins`: of the numbers' piecewise-linear embedding, learnt as `state["edges"]`;
    - `alerts_per_day`: most rows that the thresholds stop.
    """

    primary: ClassVar[str] = "average_precision"
    rivals: ClassVar[dict[str, list[dict[str, Any]]]] = GRIDS
    key_role: ClassVar[str | None] = None  # whose rows belong together: a card, a customer, a machine
    top_a_day: ClassVar[int | None] = (
        None  # keys a day that can be looked at: the share of positive ones is judged
    )

    def __init__(self, config: Settings | None = None, mapping: Mapping | None = None):
        super().__init__(config, mapping)
        self.calibrator: Calibrator = Identity()
        self.thresholds: Thresholds | None = None

    # -- hooks: what a delivery team changes for a customer

    def columns(self, table: Table) -> Columns:
        """The solution's own features: one value per row, read from the row and its past only; nothing learnt."""
        return {}

    def features(self, table: Table) -> Features:
        """These, and the further columns that the customer named."""
        return gathered(self.columns(table), table.frame, [role.name for role in self.roles])

    def learn(self, features: Features, rows: np.ndarray, label: np.ndarray) -> dict[str, Any]:
        """Vocabularies, means, spreads, bins of the training `rows` (whose labels are given), as plain JSON."""
        state = encoding.learn(features, rows, most_categories=self.config.most_categories)
        bins = getattr(self.config, "bins", None)
        if bins is not None:
            from shared.builders import tree_edges

            columns = {name: values[rows] for name, values in features.numbers.items()}
            numbers = encoding.encode_numbers(columns, state["numbers"])
            state["edges"] = tree_edges(numbers, label, bins=bins) if bins else []
        return state

    def encode(self, features: Features, table: Table) -> Inputs:
        """Features and state -> what the network reads."""
        arrays = encoding.encode(features, self.state)
        if self._reads == "tabular":
            return Inputs(arrays)
        alone = self._reads == "history"
        return latest_rows(arrays, table.frame, self.key_role, window=self.config.history, alone=alone)

    def matrix(self, prepared: Prepared) -> Matrix:
        """The same features for the rivals."""
        arrays = prepared.inputs.arrays
        if not arrays.keys() & {"number", "category"}:  # a network that reads sequences alone
            arrays = encoding.encode(prepared.features, self.state)
        return feature_matrix(prepared.features, arrays)

    def places(self) -> dict[str, list[tuple[str, int | None]]]:
        """Where each feature stands in the network's inputs; see `shared.explain`."""
        row = {} if self._reads == "history" else encoding.places(self.state)
        return row if self._reads == "tabular" else row | {f"{self.key_role}_history": [("history", None)]}

    @property
    def _reads(self) -> str:
        return getattr(self.config, "network", "tabular")

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
        return mean_probability(raw)

    def decide(self, table: Table, rows: np.ndarray, scores: np.ndarray) -> Thresholds:
        """The cheapest thresholds on validation rows, within the alerts that a day may bring."""
        alerts, costs = getattr(self.config, "alerts_per_day", None), self.costs(table)
        if costs is None:
            raise NotImplementedError(f"`{self.name}` has no `costs`: give them, or another `decide`")
        budget = None if alerts is None else alert_budget(alerts, table.frame["time"])
        return choose_thresholds(scores, costs.take(rows), budget=budget)

    def costs(self, table: Table) -> Costs | None:
        """What each answer costs on each row; None: the solution has no money in it."""
        return None

    def prices(self) -> dict[str, float]:
        """The settings that the costs are made of, for the report; `words` may name them under `cost`."""
        return {}

    def rule(self, table: Table) -> tuple[np.ndarray, Text]:
        """What is decided today on each row, without a model, and its words."""
        return np.full(len(table), PASS), RULE["rule.none"]

    def slices(self, table: Table, features: Features, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Parts of the test rows to judge apart: by kind of slice, the part each of `rows` is in."""
        return {}

    def extra_metrics(self, table: Table, rows: np.ndarray) -> dict[str, Any]:
        """The solution's own metrics of the test `rows`, besides those of `shared.judging`."""
        if self.top_a_day is None or self.key_role not in table.frame:
            return {}
        day = table.frame["time"].dt.floor("D").to_numpy()[rows]
        key = self.groups(table)[rows]
        measure = partial(card_precision_at_k, day=day, card=key, k=self.top_a_day)
        return {f"{self.key_role}_precision_{self.top_a_day}": measure}

    # -- stages: the same for every solution

    def label(self, table: Table) -> np.ndarray:
        """0, 1 or NaN (not known) for each row."""
        return table.frame["label"].to_numpy(np.float64)

    def groups(self, table: Table) -> np.ndarray | None:
        """What is kept whole in splits and resampled whole for intervals: the rows of a key; None: each row alone."""
        return group_codes(table.frame[self.key_role]) if self.key_role in table.frame else None

    def splits(self, table: Table) -> list[Split]:
        time = table.frame["time"].to_numpy() if "time" in table.frame else None
        return make_splits(
            self.config,
            self.label(table),
            time=time,
            groups=self.groups(table),
            seed=self.config.seed,
            given=table.own if table.tested else None,
        )

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
        check_both_classes({"train": split.train, "valid": split.valid}, label, solution=self.name)
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
                on_epoch=lambda epoch, epochs, logs: stages.say(progress(epoch, epochs, logs)),
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

    def judged(self, table: Table, *, same: bool) -> Split:
        none = np.array([], np.int64)
        return self.splits(table)[-1] if same else Split("all rows", none, none, np.arange(len(table)), {})

    def predict(self, table: Table, rows: Sequence[int] | None = None, *, folder=None) -> pd.DataFrame:
        """Score and decision of each row, with the row's number in the customer's file."""
        prepared = self.prepare(table)
        rows = np.arange(len(table)) if rows is None else np.asarray(rows)
        return self.answers(table, rows, self.scores(prepared, rows))

    def answers(self, table: Table, rows: np.ndarray, scores: np.ndarray) -> pd.DataFrame:
        """The columns `row`, `score`, `decision` of `predictions.parquet`."""
        return pd.DataFrame(
            {"row": table.rows[rows], "score": scores, "decision": self.thresholds.decide(scores)}
        )

    def summary(self, answers: pd.DataFrame) -> str:
        counts = answers["decision"].value_counts().items()
        rows = "1 row" if len(answers) == 1 else f"{len(answers):,} rows"
        return f"{rows}: {', '.join(f'{count:,} {name}' for name, count in counts)}"

    def learnt(self) -> dict[str, Any]:
        return super().learnt() | {
            "calibration": self.calibrator.to_dict(),
            "decision": self.thresholds.to_dict(),
        }

    def restore(self, content: dict[str, Any]) -> None:
        super().restore(content)
        self.calibrator = calibrator_from_dict(content["calibration"])
        self.thresholds = Thresholds.from_dict(content["decision"])

    def describe(self, table: Table, splits: Sequence[Split]) -> dict[str, Any]:
        label = self.label(table)
        time = table.frame["time"].to_numpy() if "time" in table.frame else None
        return {
            "parts": splits[-1].describe(label, time),
            "calibration": self.calibrator.to_dict(),
        }
