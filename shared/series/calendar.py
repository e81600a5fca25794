"""Dates to periods: hours, days, weeks from Monday, months; and which of them a table's dates are."""

import numpy as np

DAY = 86_400_000_000  # microseconds, as the times of a checked table
HOUR = DAY // 24
SEASONS = {"H": 24, "D": 7, "W": 52, "M": 12}
WORDS = {"H": "hourly", "D": "daily", "W": "weekly", "M": "monthly"}
FEWEST = 3  # dates that all lie on Mondays, or on the first of a month, before that is taken for a rule


def season(frequency: str) -> int:
    """Steps of the main season: a day of hours, a week of days, a year of weeks or months.

    Example:
        >>> season("W")
        52
    """
    return SEASONS[frequency]


def periods(times: np.ndarray, frequency: str) -> np.ndarray:
    """Number of the period that each moment lies in, int64: periods in a row have numbers in a row.

    Args:
        times: datetime64, none of them NaT.
    Example:
        >>> days = np.array(["2024-01-07", "2024-01-08", "2024-01-14"], "datetime64[us]")  # Sunday, Monday, Sunday
        >>> (periods(days, "W") - periods(days, "W")[0]).tolist()
        [0, 1, 1]
    """
    moments = np.asarray(times, "datetime64[us]")
    if frequency == "M":
        return moments.astype("datetime64[M]").astype(np.int64)
    if frequency == "H":
        return moments.astype(np.int64) // HOUR
    days = moments.astype(np.int64) // DAY
    return days if frequency == "D" else (days + 3) // 7  # day 0, 1 January 1970, was a Thursday


def starts(numbers: np.ndarray | int, frequency: str) -> np.ndarray:
    """The moment at which each period begins, datetime64[s]: the way back from `periods`.

    Example:
        >>> str(starts(periods(np.array(["2024-01-14"], "datetime64[us]"), "W"), "W")[0])
        '2024-01-08T00:00:00'
    """
    numbers = np.asarray(numbers, np.int64)
    if frequency == "M":
        return numbers.astype("datetime64[M]").astype("datetime64[s]")
    if frequency == "H":
        return numbers.astype("datetime64[h]").astype("datetime64[s]")
    days = numbers if frequency == "D" else numbers * 7 - 3
    return days.astype("datetime64[D]").astype("datetime64[s]")


def written(number: int, frequency: str) -> str:
    """A period as a message shows it: its first day, with the hour where it has one.

    Example:
        >>> written(0, "D"), written(0, "H")
        ('1970-01-01', '1970-01-01 00:00')
    """
    text = str(starts(number, frequency))
    return f"{text[:10]} {text[11:16]}" if frequency == "H" else text[:10]


def grid(times: np.ndarray) -> str | None:
    """The coarsest frequency on whose grid all times lie, None where they lie anywhere in the day.

    On a grid, all times stand at the same place in their period: at the same minute of the hour, the same
    time of day, the same weekday, the same day of the month or its last one.

    Example:
        >>> grid(np.arange("2024-01-01", "2024-03-01", 7, "datetime64[D]"))
        'W'
        >>> grid(np.array(["2024-01-01T08:15", "2024-01-02T17:40"], "datetime64[us]")) is None
        True
    """
    moments = np.asarray(times, "datetime64[us]").astype(np.int64)
    if not _alike(moments % DAY):
        return "H" if _alike(moments % HOUR) else None
    days = np.unique(moments // DAY)
    if len(days) < FEWEST:
        return "D"
    dates = days.astype("datetime64[D]")
    next_months = (dates + 1).astype("datetime64[M]")
    if _alike(dates - dates.astype("datetime64[M]")) or (dates + 1 == next_months).all():
        return "M"  # all on the same day of the month, or all on its last one
    return "W" if _alike(days % 7) else "D"


def _alike(values: np.ndarray) -> bool:
    return len(values) > 0 and bool((values == values[0]).all())


def whole(times: np.ndarray, frequency: str) -> tuple[bool, bool]:
    """Whether the first and the last week or month are covered whole by the lines.

    A day that is missing at the edge counts only if the shop trades on such a weekday, that is in at least
    half of the weeks: where it never opens on a Sunday, a week ends on Saturday.

    Example:
        >>> days = np.arange("2024-01-03", "2024-02-05", dtype="datetime64[D]")  # Wednesday to Sunday
        >>> whole(days, "W")
        (False, True)
    """
    days = np.unique(np.asarray(times, "datetime64[us]").astype(np.int64) // DAY)
    weeks = len(np.unique((days + 3) // 7))
    traded = np.bincount((days + 3) % 7, minlength=7) * 2 >= weeks
    number = periods(days.astype("datetime64[D]"), frequency)
    begin = starts(number[0], frequency).astype("datetime64[D]").astype(np.int64)
    end = starts(number[-1] + 1, frequency).astype("datetime64[D]").astype(np.int64)
    before, after = np.arange(begin, days[0]), np.arange(days[-1] + 1, end)
    return not traded[(before + 3) % 7].any(), not traded[(after + 3) % 7].any()
