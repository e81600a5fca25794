"""The rivals of a model that tells two or more classes apart from a table, a signal and an image.

The setting with the least log loss on held-out rows is kept. All but the nearest neighbour are scikit-learn's.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from shared import baselines

# What each rival reads, and the settings that are tried. A rival whose view is absent is left out.
NEIGHBOURS = [{"distance": name, "neighbours": k} for name in ("euclidean", "dtw") for k in (1, 3, 5)]
GRIDS: dict[str, tuple[str, list[baselines.Settings]]] = {
    "prior": ("nothing", [{}]),
    "logistic_regression": ("scaled", [{"C": 0.01}, {"C": 0.1}, {"C": 1.0}, {"C": 10.0}]),
    "random_forest": ("raw", baselines.GRIDS["random_forest"]),
    "gradient_boosting": ("raw", baselines.GRIDS["gradient_boosting"]),
    "nearest_neighbour": ("signal", NEIGHBOURS),
    "linear_probe": ("image", [{"C": 0.001}, {"C": 0.01}, {"C": 0.1}, {"C": 1.0}]),
}
FEW = 20_000  # rows below which threads of boosting wait for each other longer than they work
LEAST = 1e-6  # probability that every class keeps, so that one surprise does not decide a log loss
ALONE, BESIDE = 200, 64  # components of a signal or image that is the only view, or one of several
BLOCK = 8192  # signals that are warped at once: fewer calls, and still in the cache of a core


@dataclass(frozen=True)
class Views:
    """What rivals read of each row; a view that no row has is None.

    Args:
        table: Of `shared.baselines.feature_matrix`.
        signal, image: `(rows, samples)` and `(rows, features)`; a row with a NaN anywhere counts as missing.
    """

    table: baselines.Matrix | None = None
    signal: np.ndarray | None = None
    image: np.ndarray | None = None


@dataclass(frozen=True)
class ClassRival:
    """A fitted rival: what it was set to, how long it took, and how it answers.

    Args:
        settings: Those kept; boosting adds the number of rounds that the held-out rows asked for.
        fit_seconds: To fit the model that answers.
        valid: `(held-out rows, classes)`, each row by a model that had not seen it; in the order of the folds.
        score: Row numbers of the views -> `(rows, classes)`; each row sums to 1, columns in code order.
    """

    name: str
    settings: baselines.Settings
    fit_seconds: float
    valid: np.ndarray
    score: Callable[[np.ndarray], np.ndarray]


def fit_class_rivals(
    views: Views,
    code: np.ndarray,
    folds: Sequence[tuple[np.ndarray, np.ndarray]],
    *,
    classes: int,
    train: np.ndarray,
    seed: int = 0,
    on_fitted: Callable[[str], None] = lambda name: None,
) -> dict[str, ClassRival]:
    """Fits each rival with each of its settings, and keeps what does best on rows held out.

    - **prior**: shares of the classes in training; **linear_probe**: logistic regression on the image.
    - **logistic_regression**, **random_forest**, **gradient_boosting**: on all views side by side. Of a wide
      signal or image they read principal components (200, or 64 beside another view).
    - **nearest_neighbour**: votes of the 1, 3 or 5 nearest signals, by Euclidean distance or time warping.

    All that is learnt is learnt from the training rows of its fold; boosting stops by the rows held out. The
    least log loss of all held-out rows wins, then accuracy. With several folds the winner is fitted again on
    `train`. A row without the signal or image that a rival reads gets the shares of training.

    Args:
        code: Class codes from 0 for each row; read at training and held-out rows only.
        folds, train: Row numbers: pairs (fitted on, held out), one or several, and all that may be seen.
        on_fitted: Called with the name of each rival when it is ready.
    Raises:
        ValueError: If views differ in rows, a fold fits on none or on rows held out, or a code is too high.
    Example:
        >>> signal = np.random.default_rng(0).normal(size=(60, 8)).cumsum(axis=1)
        >>> code, fold = (signal[:, -1] > 0).astype(int), (np.arange(40), np.arange(40, 50))
        >>> rivals = fit_class_rivals(Views(signal=signal), code, [fold], classes=2, train=fold[0])
        >>> rivals["nearest_neighbour"].valid.shape, rivals["prior"].score(np.arange(50, 60)).shape
        ((10, 2), (10, 2))
    """
    _check(views, code, [*folds, (train, train[:0])], classes)
    seen = [_Seen(views, code, rows, classes, seed) for rows, _ in folds]
    whole = seen[0] if len(folds) == 1 else _Seen(views, code, train, classes, seed)
    truth, rivals = code[np.concatenate([held for _, held in folds])], {}
    for name, (view, grid) in GRIDS.items():
        if view not in whole.values:
            continue
        tried = [[each.fit(name, setting, held) for each, (_, held) in zip(seen, folds)] for setting in grid]
        valid = [np.concatenate([fitted.valid for fitted in each]) for each in tried]
        best = min(range(len(grid)), key=lambda at: _loss(truth, valid[at]))
        kept = tried[best][0]
        if len(folds) > 1:
            rounds = [each.settings["max_iter"] for each in tried[best] if "max_iter" in each.settings]
            settings = grid[best] | ({"max_iter": round(float(np.mean(rounds)))} if rounds else {})
            kept = whole.fit(name, settings, train[:0])
        rivals[name] = replace(kept, valid=valid[best])
        on_fitted(name)
    return rivals


def joined(views: Views) -> tuple[np.ndarray, np.ndarray]:
    """All views side by side, for trees and for linear models.

    Output shape: `(rows, columns)` twice, the columns of the table first: raw values; and scaled values with a
        column behind each signal or image that is 1 where it is there. Missing is NaN in both.
    Example:
        >>> raw, scaled = joined(Views(signal=np.array([[1.0, 2.0], [np.nan, np.nan]])))
        >>> raw.tolist(), scaled.tolist()
        ([[1.0, 2.0], [nan, nan]], [[1.0, 2.0, 1.0], [nan, nan, 0.0]])
    """
    raw, scaled = ([views.table.raw], [views.table.scaled]) if views.table else ([], [])
    for view in (views.signal, views.image):
        if view is not None:
            raw, scaled = [*raw, view], [*scaled, view, _there(view)[:, None]]
    return np.concatenate(raw, axis=1, dtype=np.float64), np.concatenate(scaled, axis=1, dtype=np.float64)


def dtw_distances(a: np.ndarray, b: np.ndarray, *, window: float = 0.05) -> np.ndarray:
    """Distance of each signal of `a` to each of `b` by dynamic time warping, in a band around the diagonal.

    Args:
        a, b: `(signals, samples)`, of the same length.
        window: Share of the samples by which two points that are matched may lie apart; 1 sample at least.
    Output shape: `(signals of a, signals of b)`, float32: root of the summed squares on the cheapest path.
    Reference:
        Sakoe & Chiba, Dynamic programming algorithm optimization for spoken word recognition, 1978, section II
    Example:
        >>> early, late = np.array([[0.0, 1, 0, 0, 0]]), np.array([[0.0, 0, 1, 0, 0]])
        >>> dtw_distances(early, late).item()
        0.0
    """
    a, b = np.asarray(a, np.float32), np.asarray(b, np.float32)
    reach, found = max(1, round(window * a.shape[1])), np.empty((len(a), len(b)), np.float32)
    for start in range(0, len(b), BLOCK):
        backward = np.ascontiguousarray(b[start : start + BLOCK].T[::-1])
        for row, signal in enumerate(a):
            found[row, start : start + BLOCK] = _warped(signal[:, None], backward, reach)
    return np.sqrt(found)


def _warped(signal: np.ndarray, backward: np.ndarray, reach: int) -> np.ndarray:
    """Summed squares of one signal `(samples, 1)` to many `(samples, signals)`, whose time runs backward.

    Cells of one antidiagonal do not depend on each other. `band[k + reach + 1]` holds the newest cell with
    `i - j = k`, so its neighbours in the band are the cells above and to the left, and itself the one between.
    """
    last, band = len(signal) - 1, np.full((2 * reach + 3, backward.shape[1]), np.inf, np.float32)
    band[reach + 1] = 0
    for diagonal in range(2 * last + 1):
        side = min(reach, diagonal, 2 * last - diagonal)
        side -= (side - diagonal) % 2  # i - j is as odd as i + j
        low, first, back = reach + 1 - side, (diagonal - side) // 2, last - (diagonal + side) // 2
        cells, left, right = (band[low + by : low + by + 2 * side + 1 : 2] for by in (0, -1, 1))
        gap = signal[first : first + side + 1] - backward[back : back + side + 1]
        np.minimum(np.minimum(cells, left, out=cells), right, out=cells)
        np.add(cells, np.multiply(gap, gap, out=gap), out=cells)
    return band[reach + 1]


class _Seen:
    """The views as they are read by who may learn from some training rows only."""

    def __init__(self, views: Views, code: np.ndarray, train: np.ndarray, classes: int, seed: int):
        self.code, self.train, self.classes, self.seed = code, train, classes, seed
        self.share = np.bincount(code[train], minlength=classes) / len(train)
        self.near, self.values = {}, {"nothing": np.empty((len(code), 0))}
        table, signal, image = views.table, views.signal, views.image
        most = ALONE if [table is None, signal is None, image is None].count(False) == 1 else BESIDE
        if signal is not None:
            self.values["signal"], signal = signal, self._components(signal, most)
        if image is not None:
            self.values["image"] = self._components(_standardised(image, train), ALONE)
            image = self.values["image"][:, :most]
        raw, scaled = joined(Views(table, signal, image))
        raw[:, np.isnan(raw[train]).all(axis=0)] = 0  # boosting takes no column without a value
        self.values |= {"raw": raw, "scaled": np.nan_to_num(_standardised(scaled, train))}
        coded = table.categorical if table else []
        self.coded = [place for place in coded if raw[train, place].max() < 255]  # as much as boosting takes

    def fit(self, name: str, settings: baselines.Settings, held: np.ndarray) -> ClassRival:
        """One rival with one setting, and its answers to the rows held out."""
        start, values = time.perf_counter(), self.values[GRIDS[name][0]]
        there = np.ones(len(values), bool) if GRIDS[name][0] in ("raw", "scaled") else _there(values)
        rows = self.train[there[self.train]]
        if not values.shape[1] or len(np.unique(self.code[rows])) < 2:
            there = np.zeros_like(there)  # nothing to tell classes apart by: as the prior
        elif name == "nearest_neighbour":
            known, answer = np.arange(self.classes), lambda asked: self._votes(rows, asked, **settings)
        else:
            estimator, watched = self._estimator(name, settings, values, held)
            with threadpool_limits(1 if len(rows) < FEW else None, user_api="openmp"):
                estimator.fit(values[rows], self.code[rows], **watched)
            if name == "random_forest":
                estimator.set_params(n_jobs=1)  # several threads would add up the trees in any order
            settings = settings | ({"max_iter": estimator.n_iter_} if name == "gradient_boosting" else {})
            known, answer = estimator.classes_, lambda asked: estimator.predict_proba(values[asked])

        def score(asked: np.ndarray) -> np.ndarray:
            whole = np.tile(self.share, (len(asked), 1))
            here = np.flatnonzero(there[asked])
            if len(here):
                whole[here] = 0
                with threadpool_limits(1, user_api="openmp"):
                    whole[np.ix_(here, known)] = answer(asked[here])
            whole = np.maximum(whole, LEAST)
            return whole / whole.sum(axis=1, keepdims=True)

        return ClassRival(name, settings, time.perf_counter() - start, score(held), score)

    def _estimator(self, name: str, settings: baselines.Settings, values: np.ndarray, held: np.ndarray):
        """What is fitted, and the rows that it is fitted with to tell when to stop."""
        from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
        from sklearn.linear_model import LogisticRegression

        if name == "random_forest":
            return RandomForestClassifier(200, n_jobs=-1, random_state=self.seed, **settings), {}
        if name != "gradient_boosting":
            return LogisticRegression(max_iter=1000, **settings), {}
        held = held[np.isin(self.code[held], self.code[self.train])]  # scikit-learn takes no other classes
        stops = len(np.unique(self.code[held])) > 1
        own = {"max_iter": 400 if stops else 100, "early_stopping": stops, "n_iter_no_change": 20} | settings
        own |= {"categorical_features": self.coded or None, "random_state": self.seed}
        watched = {"X_val": values[held], "y_val": self.code[held]} if stops else {}
        return HistGradientBoostingClassifier(**own), watched

    def _votes(self, rows: np.ndarray, asked: np.ndarray, distance: str, neighbours: int) -> np.ndarray:
        """Votes of the nearest, and one more that all classes share; not yet of sum 1."""
        key = (distance, asked.tobytes())  # settings that differ in their number of neighbours share these
        if key not in self.near:
            self.near[key] = _nearest(self.values["signal"], asked, rows, distance)
        near = self.code[self.near[key][:, :neighbours]]
        return (near[:, :, None] == np.arange(self.classes)).sum(axis=1) + 1 / self.classes

    def _components(self, values: np.ndarray, most: int) -> np.ndarray:
        """The values themselves, or at most `most` principal components of them; nothing if no two are known."""
        from sklearn.decomposition import PCA

        there = _there(values)
        if len(rows := self.train[there[self.train]]) < 2:
            return np.empty((len(values), 0))
        if values.shape[1] > most:
            found = PCA(min(most, len(rows) - 1), random_state=self.seed).fit(values[rows])
            real = found.explained_variance_ > 1e-9 * found.explained_variance_[0]  # others are rounding
            values = found.transform(np.where(there[:, None], values, 0))[:, real]
        return np.where(there[:, None], values, np.nan)


def _nearest(signals: np.ndarray, asked: np.ndarray, rows: np.ndarray, distance: str) -> np.ndarray:
    """Row numbers of the 5 nearest training rows, `(asked, 5)`, the nearest first."""
    from scipy.spatial.distance import cdist

    measure, found = cdist if distance == "euclidean" else dtw_distances, []
    for start in range(0, len(asked), 256):
        far = measure(signals[asked[start : start + 256]], signals[rows])
        found.append(rows[np.argsort(far, axis=1, kind="stable")[:, :5]])
    return np.concatenate(found)


def _there(values: np.ndarray) -> np.ndarray:
    return np.isfinite(values).all(axis=1)


def _standardised(values: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Mean 0 and spread 1 in the training rows; NaN stays. A constant column becomes 0."""
    known = np.ma.masked_invalid(values[train].astype(np.float64))
    middle, spread = known.mean(axis=0).filled(0.0), known.std(axis=0).filled(0.0)
    return (values - middle) / np.where(spread > 1e-9 * np.abs(middle), spread, 1.0)


def _loss(truth: np.ndarray, probability: np.ndarray) -> tuple[float, float]:
    """Summed log loss and, to break ties, number of wrong answers."""
    surprise = -np.log(probability[np.arange(len(truth)), truth])
    return float(surprise.sum()), float((probability.argmax(axis=1) != truth).sum())


def _check(views: Views, code: np.ndarray, folds: Sequence, classes: int) -> None:
    found = (views.table and views.table.raw, views.signal, views.image)
    if {len(view) for view in found if view is not None} != {len(code)}:
        raise ValueError(f"there must be views, all of {len(code)} rows, as there are class codes")
    for fitted, held in folds:
        if not len(fitted) or np.isin(held, fitted).any():
            raise ValueError("each fold needs rows to fit on, and may hold out none of them")
        if not np.isin(code[np.concatenate([fitted, held])], np.arange(classes)).all():
            raise ValueError(f"class codes are whole numbers from 0 to {classes - 1}")
