"""The sketch of new rows beside the profile of the training rows, column by column."""

import math
from typing import Any

from shared.monitoring import distances
from shared.monitoring.bins import BLOCK, Bins
from shared.monitoring.findings import FEW, FEWEST, STEADY, Alarms, Finding
from shared.monitoring.profile import SCORES, Profile
from shared.monitoring.sketch import Sketch
from shared.monitoring.tally import Tally


def compare(profile: Profile, sketch: Sketch, alarms: Alarms | None = None) -> list[Finding]:
    """One finding for each figure of each column that both have, not yet settled.

    Example:
        >>> import numpy as np
        >>> from shared.monitoring.findings import settled
        >>> from shared.monitoring.profile import Column
        >>> amount = np.linspace(1, 100, 500)
        >>> profile = Profile.learn({"amount": Column("number", amount)})
        >>> found = compare(profile, profile.sketch({"amount": amount * 2}))
        >>> [(each.figure, each.state) for each in settled(found, Alarms())]
        [('missing', 'steady'), ('psi', 'act')]
    """
    alarms = alarms or Alarms()
    found = []
    for name, now in sketch.tallies.items():
        bins, then = profile.bins.get(name), profile.known.tallies.get(name)
        if bins is not None and then is not None and then.rows:
            found += _compared(name, bins, then, now, alarms)
    return found


def _compared(name: str, bins: Bins, then: Tally, now: Tally, alarms: Alarms) -> list[Finding]:
    if name.startswith(SCORES):  # every row has one
        return [_drift(name, then, now, alarms)]
    found = [_rate("missing", name, (then.missing, then.rows), (now.missing, now.rows), alarms.missing)]
    if bins.kind == "key":
        return [*found, _distinct(name, then, now, alarms)]
    if bins.kind == "category":
        then_rate, now_rate = ((int(each.counts[-1]), each.known) for each in (then, now))
        found.append(_rate("unseen", name, then_rate, now_rate, alarms.unseen, more=True))
    return [*found, _drift(name, then, now, alarms)]


def _rate(
    figure, name, then: tuple[int, int], now: tuple[int, int], limits, *, more: bool = False
) -> Finding:
    """A share of rows; where only a rise counts, a fall has the size 0."""
    shares = [count / rows if rows else float("nan") for count, rows in (then, now)]
    entry = {
        "name": name,
        "figure": figure,
        "then": _plain(shares[0]),
        "now": _plain(shares[1]),
        "limits": limits,
    }
    if min(then[1], now[1]) < FEWEST:
        return Finding(**entry, size=0.0, p=1.0, state=FEW)
    change = shares[1] - shares[0]
    size = max(0.0, change) if more else abs(change)
    return Finding(**entry, size=size, p=distances.same_rate(*then, *now, more=more))


def _distinct(name: str, then: Tally, now: Tally, alarms: Alarms) -> Finding:
    """Distinct keys in 1,000 rows."""
    means = [each.counts[1] / each.counts[0] if each.counts[0] else float("nan") for each in (then, now)]
    few = min(then.counts[0], now.counts[0]) < 3
    size = 0.0 if few else abs(math.log(max(means[1], 0.5) / max(means[0], 0.5)))
    return Finding(
        name,
        "distinct",
        _plain(means[0] * 1000 / BLOCK),
        _plain(means[1] * 1000 / BLOCK),
        size=size,
        limits=alarms.distinct,
        p=1.0 if few else distances.same_mean(then.counts, now.counts),
        state=FEW if few else STEADY,
    )


def _drift(name: str, then: Tally, now: Tally, alarms: Alarms) -> Finding:
    """The shares of the bins. What chance alone would bring is taken off before the size is held against limits."""
    if min(then.known, now.known) < FEWEST:
        return Finding(name, "psi", None, None, size=0.0, limits=alarms.psi, p=1.0, state=FEW)
    psi = distances.population_stability_index(then.counts, now.counts)
    chance = distances.chance_level(then.counts, now.counts)
    detail = {"jensen_shannon": distances.jensen_shannon(then.counts, now.counts), "chance": float(chance)}
    p = distances.same_shares(then.counts, now.counts)
    size = max(0.0, float(psi - chance))
    return Finding(name, "psi", 0.0, psi, size=size, limits=alarms.psi, p=p, detail=detail)


def shares(tally: Tally) -> list[float]:
    """The share of each bin among the known values, as plain numbers.

    Example:
        >>> import numpy as np
        >>> shares(Tally(5, 1, np.array([3, 1])))
        [0.75, 0.25]
    """
    return [float(f"{share:.4g}") for share in tally.counts / max(1, tally.known)]


def _plain(value: Any) -> float | None:
    return float(value) if math.isfinite(value) else None
