"""Values of lines to cells of a panel: sums and means that do not depend on the order of the lines."""

import numpy as np


def exact_sums(cells: np.ndarray, values: np.ndarray, size: int) -> np.ndarray:
    """Sums of the values in each cell, float64, equal whatever the order of the lines.

    A sum of floats depends on its order. Each value is rounded to a multiple of one power of two, so small
    that nothing of a float64 sum is lost and so large that every partial sum is exact (Kulisch's fixed-point
    accumulator, cut to 53 bits): whole numbers stay exact.

    Args:
        cells: Number of each value's cell, `(lines,)`.
        values: Finite numbers, `(lines,)`.
        size: Number of cells.
    Reference:
        Kulisch, Very fast and exact accumulation of products, 2011, https://doi.org/10.1007/s00607-010-0127-7
    Example:
        >>> exact_sums(np.array([0, 1, 0]), np.array([0.1, 5.0, 0.2]), 2).round(9).tolist()
        [0.3, 5.0]
    """
    values = np.asarray(values, np.float64)
    largest = float(np.abs(values).max(initial=0))
    if largest == 0:
        return np.zeros(size)
    most = int(np.bincount(cells).max())
    power = 52 - int(np.ceil(np.log2(largest))) - int(np.ceil(np.log2(most)))
    scaled = np.rint(np.ldexp(values, power))
    return np.ldexp(np.bincount(cells, weights=scaled, minlength=size), -power)


def exact_means(cells: np.ndarray, values: np.ndarray, size: int) -> np.ndarray:
    """Means of the known values in each cell, float64, NaN of a cell without any.

    Example:
        >>> exact_means(np.array([0, 0, 1]), np.array([1.0, 2.0, np.nan]), 2).tolist()
        [1.5, nan]
    """
    known = np.isfinite(values)
    if not known.all():
        cells, values = cells[known], values[known]
    number = np.bincount(cells, minlength=size)
    with np.errstate(invalid="ignore"):
        return np.where(number > 0, exact_sums(cells, values, size) / number, np.nan)


def highest(cells: np.ndarray, values: np.ndarray, size: int) -> np.ndarray:
    """Highest known value in each cell, float64, NaN of a cell without any.

    Example:
        >>> highest(np.array([0, 0]), np.array([1.0, 0.0]), 2).tolist()
        [1.0, nan]
    """
    known = np.isfinite(values)
    out = np.full(size, -np.inf)
    np.maximum.at(out, cells[known], values[known])
    out[out == -np.inf] = np.nan
    return out


def carried_forward(values: np.ndarray) -> np.ndarray:
    """Rows in which NaN is the last known value before it; what comes before the first one stays NaN.

    Example:
        >>> carried_forward(np.array([[np.nan, 2.0, np.nan]])).tolist()
        [[nan, 2.0, 2.0]]
    """
    last = np.where(np.isfinite(values), np.arange(values.shape[1], dtype=np.int32), np.int32(0))
    np.maximum.accumulate(last, axis=1, out=last)
    return np.take_along_axis(values, last, axis=1)
