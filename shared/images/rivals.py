"""The rivals that every report on photos must show: the same rows, and features that need no network.

Each rival comes with a few settings; the one with the best validation score is kept, as a user of that method
would do. All of them are scikit-learn's.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from shared.metrics import average_precision

Settings = dict[str, Any]
Views = Mapping[str, np.ndarray]

# View that each rival reads, and the settings that are tried. A rival whose view is absent is left out.
GRIDS: dict[str, tuple[str | None, list[Settings]]] = {
    "prior": (None, [{}]),
    "hog_svm": ("hog", [{"C": 1e-4}, {"C": 1e-3}, {"C": 1e-2}]),
    "backbone_logistic": ("backbone", [{"C": 0.01}, {"C": 0.1}, {"C": 1.0}]),
    "statistics_boosting": (
        "statistics",
        [
            {"learning_rate": 0.1, "max_leaf_nodes": 31},
            {"learning_rate": 0.05, "max_leaf_nodes": 15, "l2_regularization": 1.0},
            {"learning_rate": 0.05, "max_leaf_nodes": 6, "min_samples_leaf": 10},
        ],
    ),
}
NEIGHBOURS = 2  # good photos that `backbone_distance` compares with, as in the paper


@dataclass(frozen=True)
class ImageRival:
    """A fitted rival: what it was set to, how long it took, and how it answers.

    Args:
        fit_seconds: To fit it with the settings that were kept.
        probability: Row numbers of the views -> `(rows, classes)`; each row sums to 1, columns in code order.
    """

    name: str
    settings: Settings
    fit_seconds: float
    probability: Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class GoodOnlyRival:
    """A rival that has seen good parts only; called with row numbers of the views, it scores them.

    Args:
        score: Row numbers -> `(rows,)`, higher is less like a good part. A row it was fitted on scores too low.
    """

    name: str
    settings: Settings
    fit_seconds: float
    score: Callable[[np.ndarray], np.ndarray]

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        return self.score(rows)


def fit_image_rivals(
    views: Views,
    label: np.ndarray,
    *,
    good: int,
    train: np.ndarray,
    valid: np.ndarray,
    seed: int = 0,
    on_fitted: Callable[[str], None] = lambda name: None,
) -> dict[str, ImageRival]:
    """Fits each rival on the training rows with each of its settings and keeps what validates best.

    - **prior**: shares of the classes in training, the same for each photo.
    - **hog_svm**: a linear support vector machine, one class against the rest, on standardised histograms of
      gradients; its values become probabilities by a sigmoid learnt on the validation rows.
    - **backbone_logistic**: logistic regression on standardised features of a pretrained encoder at rest.
    - **statistics_boosting**: gradient boosting on simple numbers of each photo.

    The best is the one with the highest average precision of `1 - p(good)` on the validation rows. Where only
    one class is among the training rows, each rival answers as the prior.

    Args:
        views: `hog`, `statistics` and `backbone`, each `(photos, features)`. A rival without its view is left
            out.
        label: Class codes from 0 for each photo; the highest says how many classes there are.
        good: Code of the class without a defect.
        train, valid: Row numbers.
        on_fitted: Called with the name of each rival when it is ready.
    Reference:
        Dalal & Triggs, Histograms of oriented gradients for human detection, CVPR 2005, section 3; Platt,
        Probabilistic outputs for support vector machines, 1999, section 2.2
    Example:
        >>> x = np.random.default_rng(0).normal(size=(300, 4))
        >>> code = (x[:, 0] > 0).astype(int)
        >>> rivals = fit_image_rivals({"hog": x}, code, good=0, train=np.arange(200), valid=np.arange(200, 300))
        >>> list(rivals), rivals["hog_svm"].probability(np.arange(5)).shape
        (['prior', 'hog_svm'], (5, 2))
    """
    label, train, valid = np.asarray(label), np.asarray(train), np.asarray(valid)
    classes = max(int(label.max()), good) + 1
    rivals = {}
    for name, (view, grid) in GRIDS.items():
        if view is not None and view not in views:
            continue
        values = np.zeros((len(label), 1)) if view is None else _finite(views[view])
        tried = [_fit(name, settings, values, label, train, valid, classes, seed) for settings in grid]
        if len(tried) > 1:
            tried.sort(key=lambda rival: -_validated(rival, label, valid, good))
        rivals[name] = tried[0]
        on_fitted(name)
    return rivals


def fit_good_only_rivals(views: Views, *, train: np.ndarray, seed: int = 0) -> dict[str, GoodOnlyRival]:
    """Rivals of a detector that learns from good parts alone.

    - **prior**: each photo scores the same.
    - **statistics_forest**: an isolation forest on simple numbers of each photo.
    - **backbone_distance**: mean distance to the 2 nearest good photos, in features of a pretrained encoder.

    Args:
        views: `statistics` and `backbone`, each `(photos, features)`. A rival without its view is left out.
        train: Row numbers of good photos.
    Reference:
        Liu, Ting & Zhou, Isolation forest, ICDM 2008, sections 3 and 4; Bergman, Cohen & Hoshen, Deep nearest
        neighbor anomaly detection, 2020, section 3, https://arxiv.org/abs/2002.10445
    Example:
        >>> x = np.random.default_rng(0).normal(size=(101, 3))
        >>> x[100] = 9.0
        >>> rivals = fit_good_only_rivals({"statistics": x, "backbone": x}, train=np.arange(80))
        >>> [int(rival(np.arange(80, 101)).argmax()) for rival in rivals.values()]
        [0, 20, 20]
    """
    train = np.asarray(train)
    rivals = {"prior": GoodOnlyRival("prior", {}, 0.0, lambda rows: np.full(len(rows), 0.5))}
    if "statistics" in views:
        rivals["statistics_forest"] = _forest(_finite(views["statistics"]), train, seed)
    if "backbone" in views:
        rivals["backbone_distance"] = _distance(_finite(views["backbone"]), train)
    return rivals


def _forest(values: np.ndarray, train: np.ndarray, seed: int) -> GoodOnlyRival:
    from sklearn.ensemble import IsolationForest

    settings = {"n_estimators": 200}
    start = time.perf_counter()
    forest = IsolationForest(random_state=seed, **settings).fit(values[train])
    seconds = time.perf_counter() - start
    return GoodOnlyRival(
        "statistics_forest", settings, seconds, lambda rows: -forest.score_samples(values[rows])
    )


def _distance(values: np.ndarray, train: np.ndarray) -> GoodOnlyRival:
    from sklearn.neighbors import NearestNeighbors

    settings = {"neighbours": min(NEIGHBOURS, len(train))}
    start = time.perf_counter()
    nearest = NearestNeighbors(n_neighbors=settings["neighbours"], algorithm="brute").fit(values[train])
    seconds = time.perf_counter() - start
    return GoodOnlyRival(
        "backbone_distance", settings, seconds, lambda rows: nearest.kneighbors(values[rows])[0].mean(axis=1)
    )


def _validated(rival: ImageRival, label: np.ndarray, valid: np.ndarray, good: int) -> float:
    """Average precision of a defect; 0 where the validation rows have none, so that the first settings stay."""
    if not len(valid):
        return 0.0
    found = average_precision(label[valid] != good, 1 - rival.probability(valid)[:, good])
    return float(found) if np.isfinite(found) else 0.0


def _fit(name, settings, values, label, train, valid, classes, seed) -> ImageRival:
    # No method but the prior can be fitted to a single class.
    method = name if len(np.unique(label[train])) > 1 else "prior"
    estimator = _estimator(method, settings, seed)
    valid = valid[
        np.isin(label[valid], label[train])
    ]  # scikit-learn refuses classes that it was not fitted on
    extra = {}
    if method == "statistics_boosting":
        if len(np.unique(label[valid])) > 1:
            extra = {"X_val": values[valid], "y_val": label[valid]}
        else:
            estimator.set_params(early_stopping=False, max_iter=100)
    start = time.perf_counter()
    estimator.fit(values[train], label[train], **extra)
    answer = estimator.predict_proba if method != "hog_svm" else None
    if answer is None:
        rows = valid if len(valid) else train
        answer = _sigmoids(estimator, values[rows], label[rows])
    seconds = time.perf_counter() - start

    def probability(rows: np.ndarray) -> np.ndarray:
        whole = np.zeros((len(rows), classes))
        if len(rows):
            whole[:, estimator.classes_] = answer(values[rows])
        return whole

    return ImageRival(name, settings, seconds, probability)


def _estimator(name: str, settings: Settings, seed: int):
    from sklearn.dummy import DummyClassifier
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import LinearSVC

    if name == "prior":
        return DummyClassifier(strategy="prior")
    if name == "hog_svm":
        return make_pipeline(StandardScaler(), LinearSVC(random_state=seed, max_iter=5000, **settings))
    if name == "backbone_logistic":
        return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000, **settings))
    return HistGradientBoostingClassifier(
        max_iter=400, early_stopping=True, n_iter_no_change=20, random_state=seed, **settings
    )


def _sigmoids(machine, values, label) -> Callable[[np.ndarray], np.ndarray]:
    """Platt's sigmoid for each class against the rest, then normed to sum 1.

    Targets are (n+ + 1) / (n+ + 2) and 1 / (n- + 2), so that a class with one row gives no certainty.
    """
    from scipy.special import expit
    from sklearn.linear_model import LogisticRegression

    def margins(values: np.ndarray) -> np.ndarray:
        found = machine.decision_function(values)
        return np.column_stack([-found, found]) if found.ndim == 1 else found

    curves = []
    for code, margin in zip(machine.classes_, margins(values).T):
        hit = label == code
        target = np.where(hit, (hit.sum() + 1) / (hit.sum() + 2), 1 / ((~hit).sum() + 2))
        # A soft target is one row of each kind, weighted by it.
        twice, kind = np.tile(margin, 2)[:, None], np.repeat([1, 0], len(label))
        curve = LogisticRegression(C=1e4).fit(twice, kind, sample_weight=np.concatenate([target, 1 - target]))
        curves.append((curve.coef_.item(), curve.intercept_.item()))
    slope, offset = np.array(curves).T

    def answer(values: np.ndarray) -> np.ndarray:
        share = np.maximum(expit(slope * margins(values) + offset), 1e-9)
        return share / share.sum(axis=1, keepdims=True)

    return answer


def _finite(values: np.ndarray) -> np.ndarray:
    return np.nan_to_num(np.asarray(values, np.float64), posinf=0.0, neginf=0.0)
