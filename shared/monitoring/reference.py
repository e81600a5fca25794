"""What a run puts into its bundle for later monitoring, and how a loaded pipeline answers rows again for it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from shared.contract import Table
from shared.diagnostic import DiagnosticPipeline
from shared.forecast import ForecastPipeline
from shared.monitoring.inputs import input_columns, score_columns
from shared.monitoring.performance import measured
from shared.monitoring.profile import Profile
from shared.splits import Split


def reference_profile(
    pipeline, table: Table, split: Split, answers: pd.DataFrame | None, tested: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The entry `profile` of a bundle, as plain JSON.

    Args:
        pipeline: Fitted on the training part of `split`.
        answers: To rows that were held out, with `score` or the probability of each class; None: there are none.
        tested: Of `test_figures`; None: the test rows were not looked at.
    """
    rows = training_rows(pipeline, table, split)
    profile = Profile.learn(input_columns(pipeline, table, rows) | score_columns(answers)).to_dict()
    if isinstance(pipeline, ForecastPipeline):
        profile["until"] = str(table.frame["date"].iloc[rows].max())
    return profile if tested is None else profile | {"test": tested}


def training_rows(pipeline, table: Table, split: Split) -> np.ndarray:
    """Positions of the rows that taught; of series, the rows before the origin that is judged."""
    if not isinstance(pipeline, ForecastPipeline):
        return np.asarray(split.train)
    panel = pipeline.series_of(table)
    return np.flatnonzero(table.frame["date"].to_numpy() < panel.dates[split.detail["step"]])


def answers_to(pipeline, prepared: Any, rows: np.ndarray) -> pd.DataFrame | None:
    """The scores of some rows of a prepared table, without pictures; None: there are no rows, or the task has none."""
    if isinstance(pipeline, ForecastPipeline) or not len(rows):
        return None
    if isinstance(pipeline, DiagnosticPipeline):
        return pipeline.answers(prepared.table, rows, pipeline.probability(prepared, rows))
    return pd.DataFrame({"score": pipeline.scores(prepared, rows)})


def test_figures(
    pipeline, table: Table, splits: Sequence[Split], metrics: dict[str, Any], predictions: pd.DataFrame
) -> dict[str, Any]:
    """The entry `test` of a profile: how good the model was on the test rows, each figure with its interval."""
    return measured(metrics, predictions, groups_of(pipeline, table, splits, predictions))


def groups_of(
    pipeline, table: Table, splits: Sequence[Split], predictions: pd.DataFrame
) -> np.ndarray | None:
    """The group of each row of the predictions; None where rows stand alone."""
    if isinstance(pipeline, ForecastPipeline):
        return None
    groups = pipeline.groups(table)
    if groups is None:
        return None
    tested = np.concatenate([split.test for split in splits])
    return groups[predictions["position"].to_numpy() if "position" in predictions else tested]


def last_fold(predictions: pd.DataFrame) -> pd.DataFrame:
    """The answers of the model that is kept: those of the last fold.

    Example:
        >>> last_fold(pd.DataFrame({"fold": [0, 1, 1], "score": [0.1, 0.2, 0.3]}))["score"].tolist()
        [0.2, 0.3]
    """
    return (
        predictions[predictions["fold"] == predictions["fold"].max()]
        if "fold" in predictions
        else predictions
    )
