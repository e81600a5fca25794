"""Gradient boosting over lags, season, calendar and plan: the rival that wins most forecasting contests."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from shared.series.lag_features import LagFeatures, learn_categories
from shared.series.residuals import completed
from shared.series.rivals import MovingAverage

MOST_ROWS = 60_000
FEWEST_ROWS = 200  # training rows below which trees have nothing to say: the moving average stands in
TREES = 200
PATIENCE = 10  # trees without gain after which a model stops growing
GRID: tuple[dict[str, Any], ...] = (
    {"learning_rate": 0.1, "max_leaf_nodes": 31},
    {"learning_rate": 0.1, "max_leaf_nodes": 12, "min_samples_leaf": 60, "l2_regularization": 1.0},
)
STOPPED = (
    0.1,
    0.5,
    0.9,
)  # quantiles whose number of trees is looked for; the others take that of the nearest
REFERENCES = ("none", "last", "season")


class GradientBoosting:
    """Histogram gradient boosting of each quantile, one model for all series and all steps ahead.

    A row is a series, an origin and a step ahead; see `LagFeatures`. Its target, divided by the mean size of
    the last steps, is read as it is, as difference to the last value or to that of the last season: which of
    these and which trees is chosen by the pinball loss of the median at the last training origin; so is the
    number of trees of each quantile. Then all is fitted again with that origin.

    Args:
        most_rows: Training rows, drawn at random where there are more.
        grid: Settings of `HistGradientBoostingRegressor` that are tried.
    Reference:
        Makridakis, Spiliotis & Assimakopoulos, The M5 accuracy competition, 2022, section 4 (global models by
        direct steps), https://doi.org/10.1016/j.ijforecast.2021.11.013
    """

    name = "gradient_boosting"

    def __init__(self, *, most_rows: int = MOST_ROWS, grid: Sequence[dict[str, Any]] = GRID):
        self.most_rows, self.grid, self.models = most_rows, tuple(grid), []
        self.instead = MovingAverage()
        self.chosen: dict[str, Any] = {}

    def fit(self, panel, *, origin, horizon, quantiles, season, seed) -> None:
        """Chooses the settings and fits a model for each quantile; see `Rival.fit`."""
        arguments = {"horizon": horizon, "quantiles": quantiles, "season": season, "seed": seed}
        self.instead.fit(panel, origin=origin, **arguments)
        self.horizon, self.quantiles, self.season, self.models = horizon, tuple(quantiles), season, []
        self.categories = learn_categories(panel)
        features = self._features(panel, origin)
        rows = self._drawn(features, np.random.default_rng(seed))
        if len(rows[0]) < FEWEST_ROWS:
            return
        ends = rows[1] + rows[2]
        early = ends < origin - horizon
        early[np.flatnonzero(early)[self.most_rows // 2 :]] = False  # half will do to choose by
        last = _at_origin(len(features.history), origin - horizon, horizon)
        if early.sum() < FEWEST_ROWS or not _judged(features, last).any():
            early, last = ends < np.quantile(ends, 0.8), None  # a history of hardly more than a horizon
        late = last if last is not None else tuple(column[~early] for column in rows)
        late = tuple(column[_judged(features, late)] for column in late)
        with _one_thread():
            self._choose(features, tuple(column[early] for column in rows), late, seed)
            table, target = self._examples(features, rows, self.chosen["reference"])
            for quantile, trees in zip(self.quantiles, self.chosen["trees"]):
                model = self._model(features, quantile, seed, self.chosen["settings"], max_iter=trees)
                self.models.append(model.fit(table, target))

    def _choose(self, features: LagFeatures, early: tuple, late: tuple, seed: int) -> None:
        """Reference and settings by the median's loss on later rows, then the trees of each quantile."""
        scored, scale = [], features.scale(late[0], late[1])
        weight = scale / scale.sum()
        for reference in REFERENCES if self.season > 1 else REFERENCES[:2]:
            (table, target), (unseen, truth) = (
                self._examples(features, each, reference) for each in (early, late)
            )
            for settings in self.grid:
                model = self._stopped(features, 0.5, seed, settings, (table, target, unseen, truth))
                error = np.abs(truth - model.predict(unseen))
                # Half by series and half by volume: a rival must not win by the large or by the small alone.
                scored.append((error.mean() + error @ weight, reference, settings))
        _, reference, settings = min(scored, key=lambda each: each[0])
        (table, target), (unseen, truth) = (
            self._examples(features, each, reference) for each in (early, late)
        )
        grown = [
            self._stopped(features, quantile, seed, settings, (table, target, unseen, truth)).n_iter_
            for quantile in STOPPED
        ]
        trees = [grown[int(np.abs(np.array(STOPPED) - quantile).argmin())] for quantile in self.quantiles]
        self.chosen = {"reference": reference, "settings": settings, "trees": trees}

    def _model(self, features: LagFeatures, quantile: float, seed: int, settings: dict, **more):
        from sklearn.ensemble import HistGradientBoostingRegressor

        columns = self.columns
        categories = [columns + place for place in features.categorical]
        return HistGradientBoostingRegressor(
            loss="quantile",
            quantile=quantile,
            categorical_features=categories or None,
            random_state=seed,
            **{"early_stopping": False, "max_iter": TREES, **settings, **more},
        )

    def _stopped(self, features, quantile, seed, settings, data):
        """A model that stopped growing where later rows said so."""
        table, target, unseen, truth = data
        model = self._model(
            features, quantile, seed, settings, early_stopping=True, n_iter_no_change=PATIENCE
        )
        return model.fit(table, target, X_val=unseen, y_val=truth)

    def _features(self, panel, origin: int) -> LagFeatures:
        return LagFeatures(panel, origin=origin, season=self.season, categories=self.categories)

    def _examples(self, features: LagFeatures, rows: tuple, reference: str) -> tuple[np.ndarray, np.ndarray]:
        """Features and scaled targets of rows."""
        series, origins, ahead = rows
        table = features.table(series, origins, ahead)
        self.columns = table.shape[1]
        table[:, np.isnan(table).all(axis=0)] = 0  # scikit-learn cannot bin what is never known
        target = features.history[series, origins + ahead] - features.reference(reference, *rows)
        return table, target / features.scale(series, origins)

    def _drawn(self, features: LagFeatures, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        """Series, origin and step ahead of the training rows, whose targets all are known."""
        first = np.argmax(np.isfinite(features.history), axis=1) + 1  # something is known before each origin
        room = np.where(np.isfinite(features.history).any(axis=1), features.origin - first, 0)
        total = int(room.sum())
        if not total:
            return (np.empty(0, np.int64),) * 3
        many = min(self.most_rows, total * self.horizon)
        ends = np.cumsum(room)
        place = rng.integers(total, size=2 * many)
        series = np.searchsorted(ends, place, side="right")
        origins = first[series] + place - (ends - room)[series]
        ahead = rng.integers(self.horizon, size=2 * many)
        inside = origins + ahead < features.origin
        rows = tuple(column[inside] for column in (series, origins, ahead))
        return tuple(column[_judged(features, rows)][:many] for column in rows)

    def forecast(self, panel, *, origin) -> np.ndarray:
        """See `Rival.forecast`."""
        if not self.models:
            return self.instead.forecast(panel, origin=origin)
        features = self._features(panel, origin)
        rows = _at_origin(len(features.history), origin, self.horizon)
        table, scale = features.table(*rows), features.scale(rows[0], rows[1])
        with _one_thread():
            scaled = np.stack([model.predict(table) for model in self.models], axis=1)
        found = scaled * scale[:, None] + features.reference(self.chosen["reference"], *rows)[:, None]
        return completed(found.reshape(-1, self.horizon, len(self.quantiles)), features.history)


def _one_thread():
    """Keeps histogram boosting to one thread, as long as the block runs.

    It waits for all its threads at every node: beside other work on few cores, two are thirty times slower.
    """
    import sklearn.ensemble  # noqa: F401  (only what is loaded can be limited)
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1, user_api="openmp")


def _at_origin(series: int, origin: int, horizon: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The rows of all series at one origin, series by series."""
    rows = np.arange(series * horizon)
    return rows // horizon, np.full(len(rows), origin), rows % horizon


def _judged(features: LagFeatures, rows: tuple) -> np.ndarray:
    """Whether the target of each row is known, and something before its origin."""
    series, origins, ahead = rows
    if not len(series) or origins.min() < 1:
        return np.zeros(len(series), bool)
    return np.isfinite(features.history[series, origins + ahead]) & (
        features.sums["count"][series, origins] > 0
    )
