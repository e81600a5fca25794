"""Axes of charts: where a value lies in pixels, and which ticks are drawn."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from shared.report.figures import finite


@dataclass(frozen=True)
class Scale:
    """Maps values in [low, high] to pixels in [start, stop], linearly or by logarithm.

    Example:
        >>> Scale(0, 10, 100, 200)(2.5)
        125.0
        >>> Scale(.01, 1, 0, 100, log=True)(.1)
        50.0
    """

    low: float
    high: float
    start: float
    stop: float
    log: bool = False

    def __call__(self, value: float) -> float:
        low, high = self.low, self.high
        if self.log:
            low, high, value = math.log10(low), math.log10(high), math.log10(max(value, self.low))
        share = (value - low) / ((high - low) or 1)
        return round(self.start + share * (self.stop - self.start), 1)

    def ticks(self, count: int = 5) -> list[float]:
        """At most about `count` round values within the scale."""
        if self.log:
            exponents = range(
                math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9) + 1
            )
            step = max(1, math.ceil(len(exponents) / (count + 1)))
            found = [10.0**exponent for exponent in exponents[::step]]
            if len(found) < 3:
                found = [mark * 10.0**e for e in (exponents or [0]) for mark in (1, 2, 5)]
                found += [mark * 10.0 ** ((exponents or [0])[0] - 1) for mark in (2, 5)]
            return sorted(
                value for value in found if self.low <= value * 1.000001 and value <= self.high * 1.000001
            )
        step = nice_step(self.high - self.low, count)
        first = math.ceil(self.low / step - 1e-9)
        return [round(n * step, 12) for n in range(first, math.floor(self.high / step + 1e-9) + 1)]


def nice_step(span: float, count: int = 5) -> float:
    """The smallest of 1, 2, 5 times a power of ten that parts `span` into at most `count` steps.

    Example:
        >>> nice_step(1.0), nice_step(730)
        (0.2, 200.0)
    """
    rough = (span or 1.0) / count
    power = 10.0 ** math.floor(math.log10(rough))
    return next(mark * power for mark in (1, 2, 5, 10) if mark * power >= rough * (1 - 1e-9))


def limits(values: Sequence, *, zero: bool = False) -> tuple[float, float]:
    """Least and greatest finite value, widened if they are equal; `zero` takes 0 in."""
    found = [number for number in map(finite, values) if number is not None] or [0.0, 1.0]
    if zero:
        found.append(0.0)
    low, high = min(found), max(found)
    return (low, high) if high > low else (low - (abs(low) / 2 or 0.5), high + (abs(high) / 2 or 0.5))


def crowded_at_zero(values: Sequence) -> bool:
    """Whether most of the values lie so near zero that only a logarithmic axis can show them.

    Example:
        >>> crowded_at_zero([.001, .002, .004, .01, .8]), crowded_at_zero([.1, .3, .5])
        (True, False)
    """
    found = sorted(number for number in map(finite, values) if number is not None and number > 0)
    return len(found) >= 4 and found[len(found) // 2] < found[-1] / 20


def log_floor(values: Sequence) -> float:
    """The power of ten at or below the least positive value, no further than four decades down."""
    found = [number for number in map(finite, values) if number is not None and number > 0]
    least, greatest = min(found, default=0.1), max(found, default=1.0)
    return 10.0 ** max(math.floor(math.log10(least) + 1e-9), math.floor(math.log10(greatest) - 1e-9) - 3)
