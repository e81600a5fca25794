"""The rivals that every forecast must be shown beside: what a planner would do without a network.

A rival is fitted on the steps of a panel before an origin, and then forecasts from this or any later origin
with what is known there: steps before the origin, and known-ahead covariates.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from shared.series.gaps import filled, known_before
from shared.series.residuals import Points, completed, quantiles_around, recent_level

WINDOWS = (4, 8, 13, 26)  # of the moving average, in steps; multiples of the season are tried as well
SEASONS = (1, 2, 4)

NAMES: dict[str, tuple[str, str]] = {
    "naive": ("the naive forecast", "朴素预测"),
    "seasonal_naive": ("the seasonal naive forecast", "季节性朴素预测"),
    "moving_average": ("the moving average", "移动平均"),
    "croston": ("Croston's method", "Croston 法"),
    "tsb": ("the Teunter-Syntetos-Babai method", "Teunter-Syntetos-Babai 法"),
    "auto_ets": ("exponential smoothing", "指数平滑"),
    "auto_theta": ("the theta method", "Theta 法"),
    "gradient_boosting": ("gradient boosting", "梯度提升"),
}


class Rival(Protocol):
    """What every rival can do.

    Args:
        name: One of `NAMES`.
    """

    name: str

    def fit(
        self, panel: Any, *, origin: int, horizon: int, quantiles: Sequence[float], season: int, seed: int
    ) -> None:
        """Learns from the steps before `origin` alone.

        Args:
            panel: `shared.series.panel.Panel`.
            origin: First step that must not be read.
            horizon: Steps that will be forecast.
            quantiles: Levels that will be forecast, rising, each in (0, 1).
            season: Steps in the main season; 1: none.
        """

    def forecast(self, panel: Any, *, origin: int) -> np.ndarray:
        """Quantiles of the steps `origin` to `origin + horizon - 1`, from the steps before `origin`.

        Args:
            panel: That of `fit`, or one with other series of the same kind.
        Returns:
            `(series, horizon, quantiles)`, float64, in the unit of the panel; rising, never NaN, and never
            below 0 if no value of the history is. A series without any history gets the mean of the others.
        """


class PointRival:
    """A rival that forecasts a point, with the quantiles of its own past errors around it.

    What it learns is one setting for all series, tried on the last `horizon` steps before the origin.

    Args:
        options: Settings to choose from; the first is taken where nothing tells them apart.
    """

    name: str
    anchored = False

    def __init__(self, options: Sequence[Any] = (None,)):
        self.options, self.chosen = tuple(options), options[0]

    def points(self, history: np.ndarray, option: Any) -> Points:
        """Forecasts made at any origin within a history, by one setting: see `quantiles_around`."""
        raise NotImplementedError

    def choices(self, steps: int) -> tuple[Any, ...]:
        """The settings that histories of so many steps allow."""
        return self.options

    def fit(self, panel, *, origin, horizon, quantiles, season, seed) -> None:
        """Chooses the setting; see `Rival.fit`."""
        self.horizon, self.quantiles, self.season = horizon, tuple(quantiles), season
        history = known_before(panel.target, panel.start, origin)
        choices = self.choices(origin)
        self.chosen = choices[0]
        if len(choices) > 1 and origin > horizon:
            errors = [_backtest(self.points(history, choice), history, horizon) for choice in choices]
            self.chosen = choices[int(np.argmin(errors))]

    def forecast(self, panel, *, origin) -> np.ndarray:
        """See `Rival.forecast`."""
        history = known_before(panel.target, panel.start, origin)
        found = quantiles_around(
            self.points(history, self.chosen),
            history,
            quantiles=self.quantiles,
            horizon=self.horizon,
            anchored=self.anchored,
        )
        return completed(found, history)


def _backtest(points: Points, history: np.ndarray, horizon: int) -> float:
    """Error of the total over the last whole horizon, each series counted by its own scale.

    Of single steps that rarely sell, absolute errors are least for a forecast of nothing; of totals not.
    """
    origin = history.shape[1] - horizon
    scale = recent_level(history[:, :origin])
    steps = [history[:, origin + step] - points(np.array([origin]), step)[:, 0] for step in range(horizon)]
    with np.errstate(invalid="ignore", divide="ignore"):
        relative = np.abs(np.nansum(steps, axis=0)) / scale
    fine = np.isfinite(relative) & np.isfinite(steps).any(axis=0)
    return float(relative[fine].mean()) if fine.any() else 0.0


def flat(levels: np.ndarray) -> Points:
    """The forecasts of a method that forecasts one level for all steps.

    Args:
        levels: Level before each step, `(series, steps + 1)`: column t knows the steps before t.
    Example:
        >>> flat(np.array([[np.nan, 5.0, 6.0]]))(np.array([1, 2]), 3).tolist()
        [[5.0, 6.0]]
    """
    return lambda origins, step: levels[:, origins]


def _last_values(history: np.ndarray) -> np.ndarray:
    """The last known value before each step, `(series, steps + 1)`."""
    return np.concatenate([np.full((len(history), 1), np.nan), filled(history, 1)], axis=1)


class Naive(PointRival):
    """The last known value, for every step; it is the median as well.

    Reference:
        Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd edition, section 5.2
    """

    name = "naive"
    anchored = True

    def points(self, history, option):
        """The last known value before each origin."""
        return flat(_last_values(history))


class SeasonalNaive(PointRival):
    """The value one season before, gaps bridged by `filled`; the last known value where there is none.

    It is the median as well.

    Reference:
        Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd edition, section 5.2
    """

    name = "seasonal_naive"
    anchored = True

    def points(self, history, option):
        """The value of the last season before each origin that stands where the wanted step will."""
        seasonal, last, season = filled(history, self.season), _last_values(history), self.season

        def forecast(origins: np.ndarray, step: int) -> np.ndarray:
            place = origins + step - season * (step // season + 1)
            values = np.where(place >= 0, seasonal[:, np.maximum(place, 0)], np.nan)
            return np.where(np.isfinite(values), values, last[:, origins])

        return forecast


class MovingAverage(PointRival):
    """The mean of the known values among the latest steps; the window is chosen on the history.

    Tried are 4, 8, 13 and 26 steps and 1, 2 and 4 seasons, as far as half the history reaches. Where no value
    within the window is known, the last known value stands in.

    Reference:
        Silver, Pyke & Thomas, Inventory and Production Management in Supply Chains, 2017, section 3.4.1
    """

    name = "moving_average"

    def choices(self, steps):
        """The windows that fit into half the history, the shortest at least."""
        windows = sorted({*WINDOWS, *(self.season * times for times in SEASONS if self.season > 1)})
        return tuple(window for window in windows if window <= steps / 2) or (windows[0],)

    def points(self, history, option):
        """The mean over the window before each origin."""
        known = np.isfinite(history)
        total, count = _running(np.where(known, history, 0.0)), _running(known)
        steps = np.arange(history.shape[1] + 1)
        first = np.maximum(steps - option, 0)
        within = count - count[:, first]
        mean = (total - total[:, first]) / np.maximum(within, 1)
        return flat(np.where(within > 0, mean, _last_values(history)))


def _running(values: np.ndarray) -> np.ndarray:
    """Sums of all values before each step, `(series, steps + 1)`."""
    return np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1, dtype=np.float64)], axis=1)


def default_rivals(statistical: bool = True) -> list[Rival]:
    """All rivals, the cheapest first.

    Args:
        statistical: Whether exponential smoothing and the theta method are among them.
    Raises:
        MissingExtraError: If they are, and `statsforecast` is not installed.
    Example:
        >>> [rival.name for rival in default_rivals(statistical=False)][:3]
        ['naive', 'seasonal_naive', 'moving_average']
    """
    from shared.series.rivals_boosting import GradientBoosting
    from shared.series.rivals_intermittent import TSB, Croston
    from shared.series.rivals_statistical import AutoETS, AutoTheta

    kinds: list[Callable[[], Rival]] = [Naive, SeasonalNaive, MovingAverage, Croston, TSB]
    kinds += [AutoETS, AutoTheta] if statistical else []
    return [kind() for kind in [*kinds, GradientBoosting]]
