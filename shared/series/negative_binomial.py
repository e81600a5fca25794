"""Quantiles of the negative binomial distribution in NumPy alone."""

import numpy as np

MOST_TERMS = 20_000  # of a continued fraction; it takes about the root of the larger parameter
SHIFT = 10.0  # from which on Stirling's series has all digits


def negative_binomial_quantile(level: np.ndarray, mean: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """The least whole number that is not exceeded with the chance `level`.

    Args:
        level: Within (0, 1).
        mean: Above 0.
        alpha: Above 0; the variance is `mean + alpha * mean ** 2`.
    Returns:
        float64 in the shape that the three have together.
    Reference:
        The bracket in which the number is looked for is Cantelli's inequality, 1928.
    Example:
        >>> negative_binomial_quantile(np.array([0.1, 0.5, 0.9]), np.array(4.0), np.array(0.5)).tolist()
        [0.0, 3.0, 9.0]
    """
    shape = np.broadcast_shapes(np.shape(level), np.shape(mean), np.shape(alpha))
    level, mean, alpha = (
        np.broadcast_to(np.asarray(values, np.float64), shape).ravel() for values in (level, mean, alpha)
    )
    spread = np.sqrt(mean + alpha * mean**2)
    low = np.maximum(np.ceil(mean - spread * np.sqrt((1 - level) / level)) - 2, -1)
    high = np.ceil(mean + spread * np.sqrt(level / (1 - level))) + 1
    open_ = np.flatnonzero(high - low > 1)
    while len(open_):
        middle = np.floor((low[open_] + high[open_]) / 2)
        reached = not_exceeded(middle, mean[open_], alpha[open_]) >= level[open_]
        high[open_[reached]], low[open_[~reached]] = middle[reached], middle[~reached]
        open_ = open_[high[open_] - low[open_] > 1]
    return high.reshape(shape)


def not_exceeded(number: np.ndarray, mean: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """The chance of at most `number` pieces, whole and at least 0; all of one shape `(n,)`.

    Example:
        >>> one = np.ones(1)
        >>> not_exceeded(0 * one, one, one).round(12).tolist()      # 1 / (1 + alpha * mean)
        [0.5]
    """
    size, odds = 1 / alpha, alpha * mean
    return _incomplete_beta(size, number + 1, 1 / (1 + odds), odds / (1 + odds))


def _incomplete_beta(a: np.ndarray, b: np.ndarray, x: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """The regularised incomplete beta function at `x`; `rest` is `1 - x`.

    Reference:
        Press et al., Numerical Recipes, 3rd edition, section 6.4
    """
    front = np.exp(_log_gamma(a + b) - _log_gamma(a) - _log_gamma(b) + a * np.log(x) + b * np.log(rest))
    left = x < (a + 1) / (a + b + 2)
    one, other, at = np.where(left, a, b), np.where(left, b, a), np.where(left, x, rest)
    part = front * _fraction(one, other, at) / one
    return np.where(left, part, 1 - part)


def _fraction(a: np.ndarray, b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Its continued fraction, by Lentz's method."""
    out = np.empty_like(a)
    place = np.arange(len(a))
    c, d = np.ones_like(a), 1 / _apart(1 - (a + b) * x / (a + 1))
    found = d.copy()
    for m in range(1, MOST_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d, c = 1 / _apart(1 + even * d), _apart(1 + even / c)
        found *= d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d, c = 1 / _apart(1 + odd * d), _apart(1 + odd / c)
        found *= d * c
        settled = np.abs(d * c - 1) < 1e-15
        if settled.any():
            out[place[settled]] = found[settled]
            going = ~settled
            place, a, b, x, c, d, found = (each[going] for each in (place, a, b, x, c, d, found))
            if not len(place):
                break
    out[place] = found
    return out


def _apart(values: np.ndarray) -> np.ndarray:
    """Values that can be divided by."""
    return np.where(np.abs(values) < 1e-300, 1e-300, values)


def _log_gamma(z: np.ndarray) -> np.ndarray:
    """The logarithm of the gamma function, for numbers above 0, by Stirling's series."""
    small = z < SHIFT
    steps = np.where(small, z, SHIFT)[..., None] + np.arange(SHIFT)
    large = np.where(small, z + SHIFT, z)
    square = 1 / large**2
    series = (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188)))) / large
    found = (large - 0.5) * np.log(large) - large + 0.5 * np.log(2 * np.pi) + series
    return np.where(small, found - np.log(steps).sum(axis=-1), found)
