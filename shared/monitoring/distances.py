"""How far two sets of counts lie apart, and how often chance alone would part them as far."""

import numpy as np

FEWEST_EXPECTED = 5.0  # counts below which a bin is counted with its like, as the chi-squared law needs


def population_stability_index(then: np.ndarray, now: np.ndarray) -> float:
    """PSI, the sum over the bins of (q - p) ln(q / p); half a row is added to each bin, so that none is empty.

    Conventional reading: below 0.1 alike, 0.1 to 0.25 to look at, above another population.

    Args:
        then, now: Counts by bin.
    Example:
        >>> population_stability_index(np.array([50, 50]), np.array([50, 50]))
        0.0
        >>> round(population_stability_index(np.array([500, 500]), np.array([300, 700])), 3)
        0.169
    """
    p, q = ((counts + 0.5) / (counts.sum() + 0.5 * len(counts)) for counts in (then, now))
    return float(((q - p) * np.log(q / p)).sum())


def chance_level(then: np.ndarray, now: np.ndarray) -> float:
    """The PSI that two samples of one population have on average, (bins - 1) (1 / N + 1 / n).

    Of such samples PSI n N / (n + N) is about chi-squared with bins - 1 degrees of freedom.

    Reference:
        Yurdakul & Naranjo, Statistical properties of the population stability index, Journal of Risk Model
        Validation 14(4), 2020, https://doi.org/10.21314/JRMV.2020.227
    Example:
        >>> round(chance_level(np.array([250] * 4), np.array([25] * 4)), 3)
        0.033
    """
    met = int(((then + now) > 0).sum())
    return float(max(0, met - 1) * (1 / then.sum() + 1 / now.sum()))


def jensen_shannon(then: np.ndarray, now: np.ndarray) -> float:
    """Jensen-Shannon divergence in bits: 0 of equal shares, 1 of shares that nowhere overlap.

    Reference:
        Lin, Divergence measures based on the Shannon entropy, 1991, https://doi.org/10.1109/18.61115
    Example:
        >>> jensen_shannon(np.array([10, 0]), np.array([0, 3]))
        1.0
    """
    p, q = then / then.sum(), now / now.sum()
    middle = (p + q) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        each = [np.where(share > 0, share * np.log2(share / middle), 0).sum() for share in (p, q)]
    return float(np.clip(sum(each) / 2, 0, 1))


def pooled(then: np.ndarray, now: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same counts with the rarest bins put together until each is expected to hold `FEWEST_EXPECTED` of both.

    Example:
        >>> pooled(np.array([90, 5, 1, 4]), np.array([88, 6, 2, 4]))
        (array([ 5,  5, 90]), array([ 6,  6, 88]))
    """
    both = then + now
    least = both * (min(then.sum(), now.sum()) / max(1, both.sum()))
    order = np.argsort(both, kind="stable")
    reached = np.cumsum(least[order])
    rare = least[order] < FEWEST_EXPECTED
    cut = int(rare.sum())
    while cut and cut < len(order) and reached[cut - 1] < FEWEST_EXPECTED:
        cut += 1
    parts = [order[:cut], *([place] for place in order[cut:])] if cut else [[place] for place in order]
    return tuple(np.array([counts[part].sum() for part in parts]) for counts in (then, now))


def same_shares(then: np.ndarray, now: np.ndarray) -> float:
    """Chance that two samples of one population differ as much: Pearson's chi-squared test on pooled bins.

    To the first order the statistic is PSI n N / (n + N), but rare bins do not make it explode.

    Returns:
        The p-value; 1 where fewer than two bins are filled.
    Reference:
        Potgieter, van Zyl, Schutte & Lombard, The Population Resemblance Statistic: a chi-square measure of fit
        for banking, https://arxiv.org/abs/2307.11878
    Example:
        >>> same_shares(np.array([50, 50]), np.array([48, 52])) > 0.5
        True
        >>> same_shares(np.array([500, 500]), np.array([300, 700])) < 1e-6
        True
    """
    from scipy.special import chdtrc

    then, now = pooled(then, now)
    both, whole = then + now, then.sum() + now.sum()
    if (both > 0).sum() < 2:
        return 1.0
    both, then, now = (counts[both > 0] for counts in (both, then, now))
    statistic = 0.0
    for counts in (then, now):
        expected = both * (counts.sum() / whole)
        statistic += float(((counts - expected) ** 2 / expected).sum())
    return float(chdtrc(len(both) - 1, statistic))


def same_rate(then: int, then_rows: int, now: int, now_rows: int, *, more: bool = False) -> float:
    """Chance that two samples of one rate differ as much: Fisher's exact test.

    Args:
        then, now: Rows that count, of `then_rows` and `now_rows`.
        more: Whether only a rise counts.
    Returns:
        The p-value, two-sided as twice the smaller tail, never above 1.
    Example:
        >>> same_rate(0, 1000, 0, 100), same_rate(0, 1000, 5, 100) < 0.001
        (1.0, True)
    """
    from scipy.stats import hypergeom

    if then + now == 0:
        return 1.0
    law = then_rows + now_rows, then + now, now_rows
    above = float(hypergeom.sf(now - 1, *law))
    return min(1.0, above) if more else min(1.0, 2 * min(above, float(hypergeom.cdf(now, *law))))


def same_mean(then: np.ndarray, now: np.ndarray) -> float:
    """Chance that two samples of one mean differ as much: Welch's t test.

    Args:
        then, now: Number of values, their sum, the sum of their squares.
    Returns:
        The p-value; 1 where one has fewer than three values.
    Example:
        >>> same_mean(np.array([4, 40, 402]), np.array([4, 41, 422])) > 0.1
        True
    """
    from scipy.special import stdtr

    if min(then[0], now[0]) < 3:
        return 1.0
    means = [counts[1] / counts[0] for counts in (then, now)]
    errors = [
        max(0.0, counts[2] - counts[0] * mean**2) / (counts[0] - 1) / counts[0]
        for counts, mean in zip((then, now), means)
    ]
    error = sum(errors)
    if error == 0:
        return float(means[0] == means[1])
    freedom = error**2 / sum(each**2 / (counts[0] - 1) for each, counts in zip(errors, (then, now)))
    return float(2 * stdtr(freedom, -abs(means[1] - means[0]) / error**0.5))
