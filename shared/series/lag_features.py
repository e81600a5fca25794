"""What a table model reads of a panel: one row a series, origin and step ahead, from the past and the plan."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from shared.series.gaps import filled, known_before
from shared.series.seasons import dates_from

LAGS = 8  # latest values that are read one by one
TIMES = 4  # seasons back whose values at the place of the wanted step are meaned
RELATIVE = "price"  # read against its own recent mean: 10 % off is 10 % off, whatever the item costs
SECOND = {"H": 168, "D": 364}  # a longer season that the frequency has as well
FEW = 255  # categories that histogram boosting can take as such


class LagFeatures:
    """Features of any origin up to `origin`; nothing of the target at or after an example's origin is read.

    Values are divided by the scale of the example: the mean size of the last `span` known steps.

    Args:
        panel: `shared.series.panel.Panel`.
        origin: First step whose target must not be read.
        season: Steps in the main season; 1: none.
        categories: Values of each key and static category by number, as `learn_categories` gives them.
    """

    def __init__(self, panel: Any, *, origin: int, season: int, categories: dict[str, list[str]]):
        self.panel, self.origin, self.season, self.categories = panel, origin, season, categories
        self.span = max(2 * season, 26) if season < 52 else 52
        self.history = known_before(panel.target, panel.start, origin)
        self.bridged = filled(self.history, season)
        known = np.isfinite(self.history)
        plain = np.where(known, self.history, 0.0)
        total = _running(plain)
        self.sums = {
            "count": _running(known),
            "total": total,
            "size": _running(np.abs(plain)) if (plain < 0).any() else total,
            "square": _running(plain**2),
            "zeros": _running(known & (plain == 0)),
        }
        self.covariates = {name: (values, *_means(values)) for name, values in panel.known.items()}
        self.codes = {name: _codes(panel, name, values) for name, values in categories.items()}
        self.last_sale = _last(known & (self.history != 0))

    @property
    def windows(self) -> list[int]:
        """Steps over which means are taken."""
        return sorted({4, 13, self.season, self.span, 2 * self.span} - {1})

    def scale(self, series: np.ndarray, origins: np.ndarray) -> np.ndarray:
        """Mean size of the last `span` steps, else of all steps before, else 1; `(rows,)`."""
        near = self._over("size", series, origins, self.span)
        whole = self._over("size", series, origins, self.origin)
        scale = np.where(near > 0, near, whole)
        return np.where(scale > 0, scale, 1.0)

    def reference(self, kind: str, series, origins, ahead) -> np.ndarray:
        """What the target is read against, `(rows,)`: nothing, the last value, or that of the last season."""
        if kind == "none":
            return np.zeros(len(series))
        lag = self.season if kind == "season" else 1
        seasonal, last = self._lagged(series, origins, ahead, lag), self._value(series, origins - 1)
        return np.nan_to_num(np.where(np.isfinite(seasonal), seasonal, last))

    def table(self, series: np.ndarray, origins: np.ndarray, ahead: np.ndarray) -> np.ndarray:
        """The features, `(rows, columns)` float32; NaN where not known.

        Args:
            series, origins, ahead: Series, origin and steps after the origin (0: the origin itself) of each row.
        """
        scale = self.scale(series, origins)
        columns = [self._value(series, origins - back) / scale for back in range(1, LAGS + 1)]
        for season in sorted({self.season, SECOND.get(self.panel.frequency, self.season)} - {1}):
            lags = [
                self._lagged(series, origins, ahead, season, times) / scale for times in range(1, TIMES + 1)
            ]
            columns += [*lags[:2], _finite_mean(np.stack(lags))]
        for window in self.windows:
            mean = self._over("total", series, origins, window)
            spread = np.sqrt(np.maximum(self._over("square", series, origins, window) - mean**2, 0))
            columns += [mean / scale, spread / scale, self._over("zeros", series, origins, window)]
        age = origins - self.panel.start[series]
        columns += [np.log(scale), age, origins - self.last_sale[series, origins], ahead]
        columns += self._calendar(origins + ahead)
        for name in self.covariates:
            columns += self._covariate(name, series, origins, origins + ahead)
        columns += [codes[series] for codes in self.codes.values()]
        return np.stack([np.asarray(column, np.float32) for column in columns], axis=1)

    @property
    def categorical(self) -> list[int]:
        """Which of the last columns, counted from the end (-1, -2, ...), are categories."""
        names = list(self.codes)
        return [at - len(names) for at, name in enumerate(names) if len(self.categories[name]) < FEW]

    def _value(self, series: np.ndarray, steps: np.ndarray) -> np.ndarray:
        """The bridged values of some steps; NaN before the first."""
        inside = (steps >= 0) & (steps < self.origin)
        return np.where(inside, self.bridged[series, np.where(inside, steps, 0)], np.nan)

    def _lagged(self, series, origins, ahead, season: int, times: int = 1) -> np.ndarray:
        """The value at the place of the wanted step so many seasons before, all before the origin."""
        return self._value(series, origins + ahead - season * (ahead // season + times))

    def _over(self, name: str, series, origins, window: int) -> np.ndarray:
        """The mean of a running sum over the known steps of a window before the origin; NaN: none known."""
        first = np.maximum(origins - window, 0)
        total, count = (
            self.sums[each][series, origins] - self.sums[each][series, first] for each in (name, "count")
        )
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)

    def _calendar(self, steps: np.ndarray) -> list[np.ndarray]:
        """Hour, weekday, day, week and month, as far as the frequency tells them apart."""
        dates = dates_from(self.panel.first, self.panel.frequency, int(steps.max(initial=0)) + 1)[steps]
        days, months = dates.astype("datetime64[D]"), dates.astype("datetime64[M]")
        year = (days - dates.astype("datetime64[Y]")).astype(np.int64)
        found = {"H": [(dates - days).astype("timedelta64[h]").astype(np.int64)]}
        found["D"] = [(days.astype(np.int64) + 3) % 7, (days - months).astype(np.int64), year]
        found["W"], found["M"] = [year], [months.astype(np.int64) % 12]
        found["H"] += found["D"][:1]
        return found[self.panel.frequency]

    def _covariate(self, name: str, series, origins, steps) -> list[np.ndarray]:
        """A known-ahead covariate at the wanted step, and its mean before the origin."""
        values, total, count = self.covariates[name]
        at = np.where(steps < values.shape[1], values[series, np.minimum(steps, values.shape[1] - 1)], np.nan)
        first = np.maximum(origins - self.span, 0)
        within = count[series, origins] - count[series, first]
        mean = (total[series, origins] - total[series, first]) / np.maximum(within, 1)
        mean = np.where(within > 0, mean, np.nan)
        if name == RELATIVE:
            with np.errstate(invalid="ignore", divide="ignore"):
                return [at / mean]
        return [at, mean]


def learn_categories(panel: Any) -> dict[str, list[str]]:
    """The values of each key and static category that a panel has, by their number."""
    return {name: list(map(str, each.categories)) for name, each in {**panel.keys, **panel.statics}.items()}


def _codes(panel: Any, name: str, values: Sequence[str]) -> np.ndarray:
    """Number of each series' category, float; NaN where it was not learnt."""
    own = panel.keys.get(name, panel.statics.get(name))
    number = {value: at for at, value in enumerate(values)}
    learnt = np.array([number.get(str(value), np.nan) for value in own.categories] + [np.nan])
    return learnt[np.asarray(own.codes)]


def _running(values: np.ndarray) -> np.ndarray:
    """Sums of all values before each step, `(series, steps + 1)`."""
    kind = np.int32 if values.dtype == bool else np.float64
    sums = np.zeros((len(values), values.shape[1] + 1), kind)
    np.cumsum(values, axis=1, out=sums[:, 1:])
    return sums


def _means(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    known = np.isfinite(values)
    return _running(np.where(known, values, 0.0)), _running(known)


def _last(mark: np.ndarray) -> np.ndarray:
    """For each step the step after the last marked one before it; 0 where there is none."""
    last = np.maximum.accumulate(np.where(mark, np.arange(1, mark.shape[1] + 1), 0), axis=1)
    return np.concatenate([np.zeros((len(mark), 1), np.int64), last], axis=1)


def _finite_mean(values: np.ndarray) -> np.ndarray:
    """The mean of what is known over the first axis; NaN where nothing is."""
    fine = np.isfinite(values)
    count = fine.sum(axis=0)
    return np.where(count > 0, np.where(fine, values, 0).sum(axis=0) / np.maximum(count, 1), np.nan)
