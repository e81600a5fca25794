"""Promises on what is learnt, and on the answers that come of it."""

import json

import numpy as np
import pandas as pd

from shared.encoding import Features
from shared.testing.trial import Trial


def check_only_training_rows_teach(trial: Trial) -> None:
    """What is learnt is plain JSON, and comes from training rows alone."""
    pipeline, features, split = trial.pipeline, trial.prepared.features, trial.split
    text = json.dumps(pipeline.state, allow_nan=False)
    assert json.loads(text) == pipeline.state, (
        "the learnt state is not plain JSON: it changes when it is saved"
    )
    other = np.setdiff1d(np.arange(len(trial.table)), split.train)
    changed = Features(
        {name: _put(values, other, 12345.0) for name, values in features.numbers.items()},
        {name: _missing(values, other) for name, values in features.categories.items()},
    )
    label = pipeline.label(trial.table)[split.train]
    again = pipeline.learn(changed, split.train, label)
    assert json.dumps(again) == text, "what is learnt depends on rows that do not train"


def check_inputs_are_finite(trial: Trial) -> None:
    """The network is given no NaN and no infinity."""
    for start in range(0, len(trial.table), 4096):
        rows = np.arange(start, min(start + 4096, len(trial.table)))
        for name, array in trial.prepared.inputs.take(rows).items():
            assert np.isfinite(array).all(), f"input `{name}` holds NaN or infinity"


def check_seed_decides(trial: Trial) -> None:
    """One seed gives one network, weight by weight."""
    twin = type(trial.pipeline)(trial.pipeline.config, trial.pipeline.mapping)
    twin.fit(trial.table, trial.split)
    assert twin.state == trial.pipeline.state, "two fits on the same rows learn different states"
    for mine, other in zip(trial.pipeline.model.get_weights(), twin.model.get_weights(), strict=True):
        assert np.array_equal(mine, other), "two fits with one seed give different weights"
    assert twin.thresholds == trial.pipeline.thresholds, "two fits with one seed give different thresholds"


def check_anything_can_be_scored(trial: Trial) -> None:
    """Rows without labels, one row, unseen keys and categories."""
    unlabelled = trial.unlabelled
    _well_formed(trial.scored(unlabelled), len(unlabelled), "rows without labels")
    _well_formed(trial.scored(unlabelled.tail(1)), 1, "a single row")
    unseen = unlabelled.copy()
    for name in trial.columns("key", "category"):
        unseen[name] = [f"never seen {number}" for number in range(len(unseen))]
    _well_formed(trial.scored(unseen), len(unseen), "unseen keys and categories")


def check_order_is_kept(trial: Trial) -> None:
    """Answers come in the order of the file, with the number of each row."""
    order = np.random.default_rng(2).permutation(len(trial.frame))
    straight, mixed = trial.scored(trial.unlabelled), trial.scored(trial.unlabelled.iloc[order])
    assert mixed["row"].tolist() == list(range(1, len(order) + 1)), (
        "`row` does not count the rows of the file"
    )
    same = np.isclose(mixed["score"], straight["score"].to_numpy()[order], rtol=1e-3, atol=1e-4)
    assert same.mean() > 0.999, "answers do not follow the order of the file"


def check_optional_roles_may_lack(trial: Trial) -> None:
    """A table without an optional role is learnt from; its model answers alike when the role comes to predict."""
    pipeline = trial.pipeline
    for role in pipeline.roles:
        column = trial.column(role.name)
        if role.required or column not in trial.frame:
            continue
        columns = {name: other for name, other in pipeline.mapping.columns.items() if name != role.name}
        mapping = pipeline.mapping.model_copy(update={"columns": columns})
        plain = Trial.begin(type(pipeline), pipeline.config, mapping, trial.frame.drop(columns=column))
        without = plain.scored(plain.unlabelled)
        _well_formed(without, len(plain.frame), f"rows without `{column}`")
        assert plain.scored(trial.unlabelled.rename(columns={column: role.name})).equals(without), (
            f"a model that was fitted without `{role.name}` reads it when it comes to predict"
        )


def _well_formed(answers: pd.DataFrame, rows: int, what: str) -> None:
    assert len(answers) == rows, f"{what}: {len(answers)} answers to {rows} rows"
    score = answers["score"].to_numpy()
    assert np.isfinite(score).all(), f"{what}: a score is no number"
    assert answers["decision"].notna().all(), f"{what}: a row has no decision"


def _put(values: np.ndarray, rows: np.ndarray, value: float) -> np.ndarray:
    changed = values.copy()
    changed[rows] = value
    return changed


def _missing(values: pd.Series, rows: np.ndarray) -> pd.Series:
    changed = values.copy()
    changed.iloc[rows] = None
    return changed
