"""Dates on the axis of a chart: as numbers of days, and the round dates that are written beneath it."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from shared.report.figures import MONTHS, finite

ZERO = datetime(1970, 1, 5)  # a Monday, so that ticks every 7 or 14 days fall on Mondays
HOURS, DAYS, MONTH_STEPS = (1, 3, 6, 12), (1, 2, 7, 14, 28), (1, 2, 3, 6, 12, 24, 60, 120, 240)


def day_of(text) -> float | None:
    """Days since Monday, 5 January 1970 of an ISO date, month or time; None of anything else.

    Example:
        >>> day_of("1970-01-06T12:00"), day_of("1970-02"), day_of("week 3")
        (1.5, 27.0, None)
    """
    text = str(text)
    try:
        moment = datetime.fromisoformat(f"{text}-01" if len(text) == 7 else text)
    except ValueError:
        return None
    return (moment.replace(tzinfo=None) - ZERO).total_seconds() / 86400


def days_of(dates: Sequence | None) -> list[float | None]:
    """`day_of` of each, None where there is no date."""
    return [day_of(each) for each in dates or []]


def calendar_ticks(low: float, high: float, lang: str = "en", count: int = 5) -> list[tuple[float, str]]:
    """At most about `count` round dates between two numbers of days, each with its label.

    The year is written where it changes; labels of one chart have one format.

    Example:
        >>> calendar_ticks(day_of("2024-03-01"), day_of("2024-03-30"))[:2]
        [(19782.0, '4 Mar 2024'), (19789.0, '11 Mar')]
    """
    low, high = finite(low), finite(high)
    if low is None or high is None or not low < high:
        return []
    span = high - low
    for hours in (*HOURS, *(24 * days for days in DAYS)):
        if span * 24 / hours <= count:
            return labelled(
                [n * hours / 24 for n in whole_between(low * 24 / hours, high * 24 / hours)], lang
            )
    months = next((each for each in MONTH_STEPS if span / (30.44 * each) <= count), MONTH_STEPS[-1])
    first, last = date_of(low), date_of(high)
    numbers = range(first.year * 12 // months * months, last.year * 12 + 12, months)
    found = [(datetime(n // 12, n % 12 + 1, 1) - ZERO).days for n in numbers]
    return [(at, month_label(date_of(at), months, lang)) for at in found if low <= at <= high]


def whole_between(low: float, high: float) -> range:
    """The whole numbers from `low` to `high`, both included."""
    return range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1)


def date_of(days: float) -> datetime:
    """The moment that is so many days after Monday, 5 January 1970, to the minute."""
    return ZERO + timedelta(minutes=round(days * 1440))


def labelled(places: list[float], lang: str) -> list[tuple[float, str]]:
    """Ticks within days or weeks; where hours are shown, midnight bears the date."""
    found, year = [], None
    for place in places:
        moment = date_of(place)
        label = f"{moment.month}月{moment.day}日" if lang == "zh" else f"{moment.day} {short(moment)}"
        if moment.hour or moment.minute:
            label = f"{moment:%H:%M}"
        elif moment.year != year:
            label = f"{moment.year}年{label}" if lang == "zh" else f"{label} {moment.year}"
            year = moment.year
        found.append((place, label))
    return found


def month_label(moment: datetime, months: int, lang: str) -> str:
    """`Mar 2024` or, where ticks are whole years, `2024`."""
    if months >= 12:
        return f"{moment.year}年" if lang == "zh" else str(moment.year)
    return f"{moment.year}年{moment.month}月" if lang == "zh" else f"{short(moment)} {moment.year}"


def short(moment: datetime) -> str:
    """The month's English name in three letters."""
    return MONTHS[moment.month - 1][:3]
