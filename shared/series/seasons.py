"""Where a step stands in the day, the week and the year, as smooth numbers."""

from collections.abc import Sequence

import numpy as np

HOUR, DAY, YEAR = 3600, 86_400, 365.2425 * 86_400
CYCLES = {"H": (DAY, 7 * DAY), "D": (7 * DAY, YEAR), "W": (YEAR,), "M": (YEAR,)}


def cycles_seen(dates: np.ndarray, frequency: str) -> list[float]:
    """The cycles that so many dates hold twice at least, in seconds.

    From less, what belongs to a season cannot be told from what belongs to that one year: a network that reads
    the time of the year then takes its growth for a season.

    Example:
        >>> cycles_seen(np.arange("2024-01-01", "2025-06-01", dtype="datetime64[D]"), "D") == [7 * DAY]
        True
    """
    dates = np.asarray(dates, "datetime64[s]").astype(np.int64)
    span = int(dates[-1] - dates[0]) if len(dates) else 0
    return [cycle for cycle in CYCLES[frequency] if span >= 2 * cycle - 31 * DAY]


def calendar_features(dates: np.ndarray, frequency: str, cycles: Sequence[float] | None = None) -> np.ndarray:
    """Sine and cosine of each cycle that the frequency can see.

    Weekly and yearly cycles get a second harmonic: Saturday is not halfway between Wednesday and Sunday.

    Args:
        dates: Start of each step, datetime64, `(steps,)`.
        frequency: "H", "D", "W" or "M".
        cycles: Those to tell, in seconds; None: all of the frequency.
    Returns:
        `(steps, features)`, float32, each within -1 to 1.
    Example:
        >>> days = np.arange("2024-01-01", "2024-01-15", dtype="datetime64[D]")
        >>> week = calendar_features(days, "D")
        >>> week.shape, bool(np.allclose(week[0, :4], week[7, :4]))
        ((14, 8), True)
    """
    moment = np.asarray(dates, "datetime64[s]").astype(np.int64) + 3 * DAY  # weeks then start on a Monday
    columns = [np.empty((len(moment), 0))]
    for cycle in CYCLES[frequency] if cycles is None else cycles:
        for harmonic in (1, 2):
            angle = 2 * np.pi * harmonic * (moment % cycle) / cycle
            columns += [np.stack([np.sin(angle), np.cos(angle)], axis=1)]
    return np.concatenate(columns, axis=1).astype(np.float32)


def dates_from(first: np.datetime64, frequency: str, steps: int) -> np.ndarray:
    """The start of each of so many steps, datetime64[s].

    Example:
        >>> dates_from(np.datetime64("2024-01-31", "s"), "M", 2).astype("datetime64[D]").tolist()[1].isoformat()
        '2024-02-01'
    """
    if frequency == "M":
        months = np.datetime64(first, "M") + np.arange(steps)
        return months.astype("datetime64[s]")
    length = {"H": HOUR, "D": DAY, "W": 7 * DAY}[frequency]
    return np.datetime64(first, "s") + (np.arange(steps) * length).astype("timedelta64[s]")
