"""The rivals every report must show: the same rows, the same features, well set up.

Each rival comes with a few settings; the one with the best validation score is kept, as a user of
that method would do. All of them are scikit-learn's.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from shared.encoding import FIRST, Features
from shared.inputs import Arrays
from shared.metrics import average_precision

Settings = dict[str, Any]

GRIDS: dict[str, list[Settings]] = {
    "prior": [{}],
    "logistic_regression": [{"C": 0.01}, {"C": 0.1}, {"C": 1.0}],
    "random_forest": [{"min_samples_leaf": 1}, {"min_samples_leaf": 4}],
    "gradient_boosting": [
        {"learning_rate": 0.1, "max_leaf_nodes": 31},
        {"learning_rate": 0.05, "max_leaf_nodes": 15, "l2_regularization": 1.0},
        {"learning_rate": 0.05, "max_leaf_nodes": 6, "min_samples_leaf": 40},
    ],
}

LEARNT = {name: grid for name, grid in GRIDS.items() if name != "prior"}
"""Without the share of positives, for solutions that bring a trivial rival of their own."""


@dataclass(frozen=True)
class Matrix:
    """Features as trees and linear models read them.

    Args:
        raw: `(rows, columns)`, float32: numbers as they are (missing is NaN), category codes as numbers.
        scaled: `(rows, inputs)`, float32: numbers as the network sees them, no NaN, and one column for each of
            the most frequent values of each category column.
        names: Names of the columns of `raw`.
        categorical: Which columns of `raw` are category codes.
    """

    raw: np.ndarray
    scaled: np.ndarray
    names: list[str]
    categorical: list[int]


def feature_matrix(features: Features, arrays: Arrays) -> Matrix:
    """The features as rivals read them: the very arrays of the network, and the raw numbers for trees.

    Args:
        features: Of all rows.
        arrays: Of `shared.encoding.encode`.
    """
    codes = arrays.get("category", np.empty((len(features), 0), np.int32))
    raw = np.column_stack([*features.numbers.values(), codes]).astype(np.float32)
    numbers = arrays.get("number", np.empty((len(features), 0), np.float32))
    scaled = np.concatenate([numbers, one_hot(codes)], axis=1, dtype=np.float32)
    categorical = list(range(len(features.numbers), raw.shape[1]))
    return Matrix(raw, scaled, features.names, categorical)


def one_hot(codes: np.ndarray, *, most: int = 20) -> np.ndarray:
    """One column for each code that occurs: missing, unseen, and the `most` frequent values of training.

    All rarer values share the row of zeros, as a linear model cannot learn much of each.

    Args:
        codes: `(rows, columns)`, of `shared.encoding.encode_categories`: the frequent values come first.
    Output shape: `(rows, inputs)`, float32, at most `most + 2` inputs a column.
    Example:
        >>> one_hot(np.array([[0], [2], [3]]), most=1).tolist()    # missing, the most frequent, a rarer one
        [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]
    """
    known = [np.arange(min(FIRST + most, column.max(initial=-1) + 1)) for column in codes.T]
    parts = [column[:, None] == values for column, values in zip(codes.T, known)]
    return np.concatenate(parts, axis=1, dtype=np.float32) if parts else np.empty((len(codes), 0), np.float32)


@dataclass(frozen=True)
class Rival:
    """A fitted rival: what it was set to, how long it took, and how it scores rows."""

    name: str
    settings: Settings
    fit_seconds: float
    score: Callable[[np.ndarray], np.ndarray]


def fit_rivals(
    matrix: Matrix,
    label: np.ndarray,
    *,
    train: np.ndarray,
    valid: np.ndarray,
    seed: int = 0,
    grids: Mapping[str, list[Settings]] = GRIDS,
    on_fitted: Callable[[str], None] = lambda name: None,
) -> dict[str, Rival]:
    """Fits each rival on the training rows with each of its settings and keeps what validates best.

    Args:
        matrix: Features of all rows of the table.
        label: 0 or 1 for each row.
        train, valid: Row numbers.
        grids: Settings to try, by rival; the keys choose the rivals.
    Example:
        >>> x = np.random.default_rng(0).normal(size=(300, 2)).astype("float32")
        >>> y = (x[:, 0] > 0).astype(float)
        >>> rivals = fit_rivals(Matrix(x, x, ["a", "b"], []), y, train=np.arange(200), valid=np.arange(200, 300),
        ...                     grids={"logistic_regression": GRIDS["logistic_regression"]})
        >>> average_precision(y[200:], rivals["logistic_regression"].score(np.arange(200, 300))) > 0.95
        True
    """
    rivals = {}
    for name, grid in grids.items():
        tried = [_fit(name, settings, matrix, label, train, valid, seed) for settings in grid]
        if len(tried) > 1:
            tried.sort(key=lambda rival: -average_precision(label[valid], rival.score(valid)))
        rivals[name] = tried[0]
        on_fitted(name)
    return rivals


def _fit(name, settings, matrix, label, train, valid, seed) -> Rival:
    if "feature" in settings:  # nothing to fit: rows are ranked by one feature, laid onto (0, 1)
        values = np.nan_to_num(matrix.raw[:, matrix.names.index(settings["feature"])].astype(np.float64))
        middle = np.median(np.abs(values[train])) or 1.0
        return Rival(name, settings, 0.0, lambda rows: 0.5 + np.arctan(values[rows] / middle) / np.pi)
    estimator, values = _estimator(name, settings, matrix, seed)
    start = time.perf_counter()
    extra = {"X_val": values[valid], "y_val": label[valid]} if name == "gradient_boosting" else {}
    if extra and label[valid].min() == label[valid].max():
        extra = {}
        estimator.set_params(early_stopping=False)
    estimator.fit(values[train], label[train], **extra)
    seconds = time.perf_counter() - start
    positive = int(np.flatnonzero(estimator.classes_ == 1)[0])
    return Rival(name, settings, seconds, lambda rows: estimator.predict_proba(values[rows])[:, positive])


def _estimator(name: str, settings: Settings, matrix: Matrix, seed: int):
    """The estimator and the matrix that suits it."""
    from sklearn.dummy import DummyClassifier
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression

    if name == "prior":
        return DummyClassifier(strategy="prior"), np.zeros((len(matrix.scaled), 1))
    if name == "logistic_regression":
        return LogisticRegression(max_iter=1000, **settings), matrix.scaled
    if name == "random_forest":
        forest = RandomForestClassifier(200, n_jobs=-1, random_state=seed, **settings)
        return forest, np.nan_to_num(matrix.raw, nan=-1.0)
    if name == "gradient_boosting":
        boosting = HistGradientBoostingClassifier(
            max_iter=400,
            early_stopping=True,
            n_iter_no_change=20,
            categorical_features=_few_valued(matrix) or None,
            random_state=seed,
            **settings,
        )
        return boosting, matrix.raw
    raise ValueError(f"there is no rival `{name}`; known are {', '.join(GRIDS)}")


def _few_valued(matrix: Matrix) -> list[int]:
    """Category columns that histogram boosting can take as such (at most 255 values); others stay ordinal."""
    return [place for place in matrix.categorical if matrix.raw[:, place].max(initial=0) < 255]
