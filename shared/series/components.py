"""Metrics as ratios of sums over series, so that a bootstrap can weigh the series anew."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Component:
    """A metric as one ratio over all series: the sum of its numerators over the sum of its denominators.

    Metrics that are the mean over series have a denominator of 1, and 0 for a series without a value.
    Components of further origins are added to those of the first: `hourly + later`, series by series.

    Args:
        numerator, denominator: One value a series, `(series,)`, float64, never NaN.
    Example:
        >>> both = Component(np.array([1.0, 6.0]), np.array([2.0, 2.0]))
        >>> both.value(), both.value(np.array([3, 1])), both.value(np.array([[2, 0], [0, 2]])).tolist()
        (1.75, 1.125, [0.5, 3.0])
    """

    numerator: np.ndarray
    denominator: np.ndarray

    def value(self, weights: np.ndarray | None = None) -> float | np.ndarray:
        """The metric of all series, or with each series counted as often as its weight says.

        Args:
            weights: `(series,)`, or `(resamples, series)` for a value each; None: every series once.
        Returns:
            One number, or `(resamples,)`; NaN where no series has a value.
        """
        weights = np.ones(len(self.numerator)) if weights is None else np.asarray(weights, np.float64)
        total, of = weights @ self.numerator, weights @ self.denominator
        with np.errstate(invalid="ignore", divide="ignore"):
            value = np.where(of > 0, total / of, np.nan)
        return value if weights.ndim == 2 else float(value)

    @property
    def by_series(self) -> np.ndarray:
        """The metric of each series alone, `(series,)`; NaN where it has none."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(self.denominator > 0, self.numerator / self.denominator, np.nan)

    def __getitem__(self, rows) -> "Component":
        return Component(self.numerator[rows], self.denominator[rows])

    def __add__(self, other: "Component") -> "Component":
        return Component(self.numerator + other.numerator, self.denominator + other.denominator)


@dataclass(frozen=True)
class Owa:
    """The overall weighted average: the mean of two metrics, each over what a reference reaches in it.

    Args:
        parts: Pairs of the metric and the same metric of the reference.
    """

    parts: tuple[tuple[Component, Component], ...]

    def value(self, weights: np.ndarray | None = None) -> float | np.ndarray:
        """The metric of all series; see `Component.value`."""
        with np.errstate(invalid="ignore", divide="ignore"):
            found = np.mean(
                [np.divide(own.value(weights), of.value(weights)) for own, of in self.parts], axis=0
            )
        return found if np.ndim(found) else float(found)

    def __getitem__(self, rows) -> "Owa":
        return Owa(tuple((own[rows], of[rows]) for own, of in self.parts))

    def __add__(self, other: "Owa") -> "Owa":
        pairs = zip(self.parts, other.parts)
        return Owa(tuple((own + more, of + of_more) for (own, of), (more, of_more) in pairs))


def aggregate(component: Component | Owa, weights: np.ndarray | None = None) -> float | np.ndarray:
    """The value of a metric, with its series weighed: `component.value(weights)`.

    Example:
        >>> aggregate(Component(np.array([0.0, 100.0]), np.ones(2)), np.array([1, 3]))
        75.0
    """
    return component.value(weights)
