"""Rivals for demand that comes now and then: sizes and gaps are smoothed apart."""

import numpy as np

from shared.series.residuals import Points
from shared.series.rivals import PointRival, flat

SMOOTHING = (0.1, 0.05, 0.2, 0.3)


class Croston(PointRival):
    """Croston's method with the correction of Syntetos and Boylan: size over interval, both smoothed.

    A step whose demand is not known is left out. The smoothing is chosen on the history, one for all series.

    Args:
        smoothing: Weights of the latest demand that are tried.
    Reference:
        Croston, Forecasting and stock control for intermittent demands, 1972; Syntetos & Boylan, The accuracy
        of intermittent demand estimates, 2005, equation 6, https://doi.org/10.1016/j.ijforecast.2004.10.001
    """

    name = "croston"

    def __init__(self, smoothing: tuple[float, ...] = SMOOTHING):
        super().__init__(smoothing)

    def points(self, history: np.ndarray, option: float) -> Points:
        """The corrected level before each origin."""
        levels = np.full((len(history), history.shape[1] + 1), np.nan)
        size, interval, since = (np.zeros(len(history)) for _ in range(3))
        for step in range(history.shape[1]):
            value = history[:, step]
            since += np.isfinite(value)
            came = np.isfinite(value) & (value != 0)
            first = came & (interval == 0)
            weight = np.where(first, 1.0, option * came)
            size += weight * (np.where(came, value, 0) - size)
            interval += weight * (since - interval)
            since[came] = 0
            level = (1 - option / 2) * size / np.maximum(interval, 1)
            levels[:, step + 1] = np.where((interval > 0) | (since > 0), level, np.nan)
        return flat(levels)


class TSB(PointRival):
    """Size times probability of demand, both smoothed; it falls while nothing sells, unlike Croston's method.

    A step whose demand is not known is left out. Both smoothings are chosen on the history, for all series.

    Args:
        smoothing: Pairs for the size and the probability that are tried.
    Reference:
        Teunter, Syntetos & Babai, Intermittent demand: linking forecasting to inventory obsolescence, 2011,
        section 3, https://doi.org/10.1016/j.ejor.2011.05.018
    """

    name = "tsb"

    def __init__(self, smoothing: tuple[tuple[float, float], ...] | None = None):
        super().__init__(smoothing or [(size, chance) for size in (0.1, 0.3) for chance in (0.05, 0.1, 0.2)])

    def points(self, history: np.ndarray, option: tuple[float, float]) -> Points:
        """The level before each origin."""
        levels = np.full((len(history), history.shape[1] + 1), np.nan)
        size, chance = np.zeros(len(history)), np.full(len(history), np.nan)
        started = np.zeros(len(history), bool)
        for step in range(history.shape[1]):
            value = history[:, step]
            known = np.isfinite(value)
            came = known & (value != 0)
            smoothed = chance + option[1] * (came - chance)
            chance = np.where(known, np.where(np.isnan(chance), came, smoothed), chance)
            weight = np.where(came & ~started, 1.0, option[0] * came)
            size += weight * (np.where(came, value, 0) - size)
            started |= came
            levels[:, step + 1] = size * chance
        return flat(levels)
