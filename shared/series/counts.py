"""Quantiles of counted demand from the parameters that a network gives for it."""

from collections.abc import Sequence

import numpy as np

from shared.series.negative_binomial import negative_binomial_quantile


def count_quantiles(parameters: np.ndarray, levels: Sequence[float]) -> np.ndarray:
    """Quantiles of a (zero-inflated) negative binomial, averaged over the members.

    Args:
        parameters: `(series, members, steps, 2)`: mean and shape alpha (variance = mean + alpha mean^2), or
            with a third number the logit of the share of zeros beyond it.
        levels: Levels in (0, 1), rising.
    Returns:
        `(series, steps, levels)`, in pieces, float64.
    Reference:
        Salinas et al., DeepAR, 2020, section 3.1; Lambert, 1992 (zero inflation)
    Example:
        >>> count_quantiles(np.array([[[[4.0, 0.5]]]]), [0.1, 0.5, 0.9])[0, 0].tolist()
        [0.0, 3.0, 9.0]
    """
    parameters = np.asarray(parameters, np.float64)
    mean, alpha = np.maximum(parameters[..., 0], 1e-9), np.maximum(parameters[..., 1], 1e-6)
    share = 1 / (1 + np.exp(-parameters[..., 2])) if parameters.shape[-1] == 3 else np.zeros_like(mean)
    out = []
    for level in levels:
        # Of those beyond the extra zeros, the quantile at what is left of the level.
        rest = np.clip((level - share) / np.maximum(1 - share, 1e-9), 0, 1 - 1e-9)
        number = negative_binomial_quantile(np.maximum(rest, 1e-12), mean, alpha)
        found = np.where(rest > 0, number, 0)
        out.append(found.mean(axis=1))
    return np.stack(out, axis=-1)


def mean_of(forecast: np.ndarray, levels: Sequence[float]) -> np.ndarray:
    """The mean of a distribution that is known by its quantiles: the area under them, `(series, steps)`.

    Beyond the outermost quantiles it is taken to go on as steeply as between the last two.

    Example:
        >>> mean_of(np.array([[[10.0, 20.0, 30.0]]]), [0.1, 0.5, 0.9]).tolist()
        [[20.0]]
    """
    levels = np.asarray(levels)
    inner = np.diff(levels)
    area = ((forecast[..., 1:] + forecast[..., :-1]) / 2 * inner).sum(axis=-1)
    low = forecast[..., 0] - (forecast[..., 1] - forecast[..., 0]) / inner[0] * levels[0] / 2
    high = forecast[..., -1] + (forecast[..., -1] - forecast[..., -2]) / inner[-1] * (1 - levels[-1]) / 2
    low = np.where(forecast[..., 0] >= 0, np.maximum(low, 0), low)  # demand does not go below nothing
    return area + low * levels[0] + high * (1 - levels[-1])
