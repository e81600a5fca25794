"""Intervals that cover what they say: quantiles are moved until the validation origins agree with them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FEWEST = 30  # outcomes below which nothing is corrected


@dataclass(frozen=True)
class Conformal:
    """How far each pair of quantiles is spread, in units of the forecast's own width.

    The quantiles at q and 1 - q are an interval that claims to hold 1 - 2q of the outcomes. Both ends are
    moved outward (or inward) by `shift x unit`, the unit being half the width between the quantiles nearest to
    .1 and .9, and the shift the quantile at level 1 - 2q of `max(low - outcome, outcome - high) / unit` over the
    validation outcomes. The median stays: the outcomes of one origin have the luck of one period in common,
    and to move all forecasts by it makes the next ones worse.

    Args:
        quantiles: Levels of the forecast.
        shift: One for each quantile, below 0 where it moves down; None: nothing is moved.
        outcomes: Number of validation outcomes it was learnt from.
    Reference:
        Romano, Patterson & Candes, Conformalized Quantile Regression, 2019, equations 6 to 8,
        https://arxiv.org/abs/1905.03222
    Example:
        >>> forecast = np.tile([[0.0, 10.0, 20.0]], (400, 1))[:, None, :]
        >>> truth = np.random.default_rng(0).normal(10, 2, (400, 1))     # far less spread than was forecast
        >>> narrow = fit_conformal(truth, forecast, (0.1, 0.5, 0.9))(forecast)[0, 0]
        >>> bool(7 < narrow[0] < 8 and narrow[1] == 10 and 12 < narrow[2] < 13)
        True
    """

    quantiles: tuple[float, ...]
    shift: list[float] | None = None
    outcomes: int = 0

    def __call__(self, forecast: np.ndarray, *, lowest: float | None = None) -> np.ndarray:
        """The corrected quantiles, `(series, steps, quantiles)`, rising.

        Args:
            lowest: Least value there can be, such as 0 of demand.
        """
        if self.shift is not None:
            moved = forecast + np.asarray(self.shift) * _unit(forecast, self.quantiles)
            forecast = _apart(moved, forecast, self.quantiles)
        forecast = np.sort(forecast, axis=-1)
        return forecast if lowest is None else np.maximum(forecast, lowest)

    def to_dict(self) -> dict:
        """Plain JSON."""
        return {"quantiles": list(self.quantiles), "shift": self.shift, "outcomes": self.outcomes}

    @classmethod
    def from_dict(cls, state: dict) -> "Conformal":
        """What `to_dict` wrote."""
        return cls(tuple(state["quantiles"]), state["shift"], state["outcomes"])


def fit_conformal(truth: np.ndarray, forecast: np.ndarray, quantiles: Sequence[float]) -> Conformal:
    """The correction that the outcomes of the validation origins ask for.

    A quantile without its opposite among the levels stays where it is.

    Args:
        truth: What came, `(series, steps)`; NaN: not known.
        forecast: `(series, steps, quantiles)`.
    """
    levels = tuple(float(level) for level in quantiles)
    known = np.isfinite(truth)
    count = int(known.sum())
    if count < FEWEST:
        return Conformal(levels, None, count)
    outcome, said = truth[known], forecast[known]
    unit = _unit(said, levels)[..., 0]
    shift = np.zeros(len(levels))
    for low, level in enumerate(levels):
        high = next((at for at, other in enumerate(levels) if abs(1 - level - other) < 1e-9), None)
        if high is None or high <= low:
            continue
        beyond = np.maximum(said[:, low] - outcome, outcome - said[:, high]) / unit
        wanted = min(1.0, (levels[high] - level) * (count + 1) / count)
        shift[high] = np.quantile(beyond, wanted)
        shift[low] = -shift[high]
    return Conformal(levels, shift.round(9).tolist(), count)


def _apart(moved: np.ndarray, forecast: np.ndarray, quantiles: tuple[float, ...]) -> np.ndarray:
    """Ends that moved inward past the median stop there: sorting would put them in its place."""
    if 0.5 not in quantiles:
        return moved
    levels, middle = np.asarray(quantiles), forecast[..., quantiles.index(0.5), None]
    moved = np.where(levels < 0.5, np.minimum(moved, middle), moved)
    return np.where(levels > 0.5, np.maximum(moved, middle), moved)


def _unit(forecast: np.ndarray, quantiles: tuple[float, ...]) -> np.ndarray:
    """Half the width between the quantiles nearest to .1 and .9, never nothing, `(..., 1)`."""
    levels = np.asarray(quantiles)
    low, middle, high = (np.abs(levels - level).argmin() for level in (0.1, 0.5, 0.9))
    width = (forecast[..., high] - forecast[..., low])[..., None] / 2
    return np.maximum(width, 1e-3 * np.abs(forecast[..., middle])[..., None] + 1e-9)
