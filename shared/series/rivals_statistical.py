"""Rivals of `statsforecast`: exponential smoothing and the theta method, chosen for each series by itself."""

import warnings
from importlib.util import find_spec

import numpy as np

from shared.errors import MissingExtraError
from shared.series.gaps import filled, known_before
from shared.series.residuals import completed
from shared.series.rivals import Naive

LONGEST_SEASON = 24  # beyond it exponential smoothing has more seasonal states than it can learn


class Statistical:
    """A model of `statsforecast` for each series, fitted anew at every origin to the steps before it.

    The median is the model's mean, the other quantiles are its own prediction intervals. Gaps are bridged by
    `filled`. Only the latest steps are read, as many as `latest` says. A series that the model cannot fit, or
    of fewer than `SHORTEST` steps, gets the naive forecast.

    Args:
        latest: Steps that are read at most, or four seasons if these are more; it bounds the time.
    Raises:
        MissingExtraError: If `statsforecast` is not installed.
    """

    name: str
    SHORTEST = 8

    def __init__(self, latest: int = 300):
        if find_spec("statsforecast") is None:
            raise MissingExtraError("statsforecast", extra="forecast", purpose=f"the rival `{self.name}`")
        self.latest, self.naive, self.failed = latest, Naive(), 0

    def model(self, season: int):
        """The model of one series, unfitted."""
        raise NotImplementedError

    def fit(self, panel, *, origin, horizon, quantiles, season, seed) -> None:
        """Learns nothing yet: each origin has models of its own; see `Rival.fit`."""
        self.horizon, self.quantiles, self.season = horizon, tuple(quantiles), season
        arguments = {"horizon": horizon, "quantiles": quantiles, "season": season, "seed": seed}
        self.naive.fit(panel, origin=origin, **arguments)

    def forecast(self, panel, *, origin) -> np.ndarray:
        """See `Rival.forecast`; `failed` then says how many series got the naive forecast instead."""
        history = known_before(panel.target, panel.start, origin)
        out, model, self.failed = self.naive.forecast(panel, origin=origin), self.model(self.season), 0
        bridged = filled(history, self.season)[:, -max(self.latest, 4 * self.season) :]
        for row, values in enumerate(bridged):
            values = values[np.isfinite(values)]
            if not len(values) or values.min() == values.max():
                continue  # a constant goes on as it is
            own = self._one(model, values)
            self.failed += own is None
            out[row] = out[row] if own is None else own
        return completed(out, history)

    def _one(self, model, values: np.ndarray) -> np.ndarray | None:
        """Quantiles of one series, `(horizon, quantiles)`; None where the model fails."""
        levels = sorted({_level(each) for each in self.quantiles if each != 0.5})
        if len(values) < self.SHORTEST:
            return None
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                found = model.forecast(values, self.horizon, level=levels or None)
        except Exception:  # whatever a fit stumbles over, the rival still owes a forecast
            return None
        own = np.stack([found[_key(each)] for each in self.quantiles], axis=1).astype(np.float64)
        size = np.abs(values).max()  # an exploded fit is a failed one
        return own if np.isfinite(own).all() and np.abs(own).max() <= 100 * size else None


def _level(quantile: float) -> float:
    """The prediction interval, in per cent, that ends at a quantile."""
    return round(abs(1 - 2 * quantile) * 100, 6)


def _key(quantile: float) -> str:
    """The name of a quantile in what `statsforecast` returns."""
    level = _level(quantile)
    if level == 0:
        return "mean"
    return f"{'lo' if quantile < 0.5 else 'hi'}-{level}"


class AutoETS(Statistical):
    """Exponential smoothing: kind of error, trend and season chosen by the corrected information criterion.

    A season of more than 24 steps is left out.

    Reference:
        Hyndman et al., A state space framework for automatic forecasting, 2002,
        https://doi.org/10.1016/S0169-2070(01)00110-8
    """

    name = "auto_ets"

    def model(self, season):
        """`statsforecast.models.AutoETS`."""
        from statsforecast.models import AutoETS as Model

        return Model(season_length=season if season <= LONGEST_SEASON else 1)


class AutoTheta(Statistical):
    """The theta method: standard, optimised and their dynamic kinds; the one that fits the history best.

    Reference:
        Fiorucci et al., Models for optimising the theta method, 2016,
        https://doi.org/10.1016/j.ijforecast.2016.02.005
    """

    name = "auto_theta"

    def model(self, season):
        """`statsforecast.models.AutoTheta`."""
        from statsforecast.models import AutoTheta as Model

        return Model(season_length=season)
