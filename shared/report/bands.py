"""Filled areas between two lines of a chart: the range that a forecast gives."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.report.figures import finite
from shared.report.scales import Scale


@dataclass
class Band:
    """The area between two lines, drawn under all lines; where a number is missing it is broken."""

    x: Sequence
    low: Sequence
    high: Sequence
    color: str
    opacity: float = 0.18


def runs(*columns: Sequence) -> list[list[tuple[float, ...]]]:
    """The rows of the columns in unbroken stretches: a row in which a number is missing ends one.

    Example:
        >>> runs([1, 2, 3, 4], [5, None, 7, 8])
        [[(1.0, 5.0)], [(3.0, 7.0), (4.0, 8.0)]]
    """
    found: list[list] = [[]]
    for row in zip(*columns):
        numbers = tuple(map(finite, row))
        if None not in numbers:
            found[-1].append(numbers)
        elif found[-1]:
            found.append([])
    return [each for each in found if each]


def draw_band(band: Band, x: Scale, y: Scale) -> str:
    """The filled area of a band; a single step becomes an upright bar."""
    out = []
    for run in runs(band.x, band.low, band.high):
        if len(run) == 1:
            run = [(x(run[0][0]) + side, *run[0][1:]) for side in (-5, 5)]
        else:
            run = [(x(at), low, high) for at, low, high in run]
        edge = [f"{px:g} {y(high):g}" for px, _, high in run]
        edge += [f"{px:g} {y(low):g}" for px, low, _ in reversed(run)]
        path = f'd="M{"L".join(edge)}Z"'
        out.append(f'<path {path} fill="{band.color}" fill-opacity="{band.opacity:g}" stroke="none"/>')
    return "".join(out)
