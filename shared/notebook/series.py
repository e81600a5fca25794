"""Drawings of sales: a few series over time, and the week."""

import numpy as np

from shared.contract import Table
from shared.forecast import ForecastPipeline
from shared.notebook import language
from shared.notebook.drawings import drawing
from shared.notebook.outputs import Outputs, paragraph
from shared.report.bars import Bar, bar_chart
from shared.report.calendar_ticks import calendar_ticks, days_of
from shared.report.charts import Axis, Frame, Line, line_chart
from shared.series.panel import Panel

MOST_POINTS = 370
SIZE = (720, 150)


def plot_series(pipeline: ForecastPipeline, table: Table, *, lang: str = "en") -> Outputs:
    """The best-selling series over time, one in the middle, and the one that sells in the fewest periods.

    Daily and hourly series are drawn as weekly sums where they are long.

    Args:
        pipeline: Of a solution that forecasts.
        table: The checked table.
        lang: "en" or "zh".
    Raises:
        ValueError: If `lang` is neither.
    """
    words, figures = language.of_pipeline(pipeline, lang, kind="forecast")
    panel = pipeline.series_of(table)
    dates, values, frequency = drawn(panel)
    names, days = panel.names(), days_of(dates.astype("datetime64[D]").astype(str).tolist())
    label = words("plot.series_y", per=words(f"per.{frequency}"))
    charts = []
    for place in chosen(panel):
        own = values[place]
        low, high = min(0.0, float(np.nanmin(own))), float(np.nanmax(own)) * 1.08 or 1.0
        x = Axis("", days[0], days[-1], marks=calendar_ticks(days[0], days[-1], lang, 8))
        line = Line("", days, [float(value) for value in own], width=1.4)
        frame = Frame(x, Axis(label, low, high, figures.raw), size=SIZE)
        charts.append((names[place], line_chart([line], frame, title=names[place])))
    return Outputs(
        drawing(charts, title=words("plot.series"), columns=1), paragraph(words("plot.series_hint"))
    )


def chosen(panel: Panel) -> list[int]:
    """Places of the best-selling series, of one in the middle, and of the one with the most periods without sale.

    Example:
        >>> sold = np.array([[9, 9, 9], [0, 0, 1], [4, 4, 4], [5, 5, 5]], np.float32)
        >>> chosen(Panel(sold, np.zeros(4, int), 3, np.datetime64("2024-01-01"), "D"))
        [0, 3, 1]
    """
    past = panel.target[:, : panel.now].astype(np.float64)
    order = np.argsort(-np.nansum(past, axis=1), kind="stable")
    whole = np.isfinite(past).mean(axis=1) > 0.5
    idle = np.where(whole, (past == 0).sum(axis=1) / np.maximum(np.isfinite(past).sum(axis=1), 1), -1)
    picked = [order[0], order[(len(order) - 1) // 2], int(np.argmax(idle))]
    return [int(place) for place in dict.fromkeys(picked)]


def drawn(panel: Panel) -> tuple[np.ndarray, np.ndarray, str]:
    """Dates, values `(series, points)` and frequency of what is drawn: weekly sums of long daily or hourly series.

    Example:
        >>> sold = np.ones((1, 400), np.float32)
        >>> dates, values, frequency = drawn(Panel(sold, np.zeros(1, int), 400, np.datetime64("2024-01-01"), "D"))
        >>> values.shape, float(values[0, 0]), frequency
        ((1, 57), 7.0, 'W')
    """
    past, dates = panel.target[:, : panel.now].astype(np.float64), panel.dates[: panel.now]
    if panel.frequency not in ("D", "H") or panel.now <= MOST_POINTS:
        return dates, past, panel.frequency
    week = (dates.astype("datetime64[D]").astype(np.int64) + 3) // 7  # 1970-01-01 was a Thursday
    _, first, length = np.unique(week, return_index=True, return_counts=True)
    whole = length == length.max()  # the first and the last week may be cut
    known = np.isfinite(past)
    sums = np.add.reduceat(np.where(known, past, 0.0), first, axis=1)
    there = np.add.reduceat(known, first, axis=1) > 0
    return dates[first][whole], np.where(there, sums, np.nan)[:, whole], "W"


def plot_week(pipeline: ForecastPipeline, table: Table, *, lang: str = "en") -> Outputs:
    """Mean sales on each day of the week, as a share of the mean day.

    Args:
        pipeline: Of a solution that forecasts.
        table: The checked table.
        lang: "en" or "zh".
    Raises:
        ValueError: If `lang` is neither.
    """
    words, figures = language.of_pipeline(pipeline, lang)
    panel = pipeline.series_of(table)
    if panel.frequency not in ("D", "H"):
        return Outputs(paragraph(words("plot.no_week")))
    bars = [
        Bar(words(f"weekday.{day}"), float(share), figures.percent(float(share), places=0))
        for day, share in enumerate(week_shares(panel))
        if np.isfinite(share)
    ]
    title = words("plot.week")
    return Outputs(drawing([(title, bar_chart(bars, title=title, width=520))]) if bars else None)


def week_shares(panel: Panel) -> np.ndarray:
    """Mean of all series on each weekday, Monday first, over their mean on all days, `(7,)`.

    Example:
        >>> sold = np.array([[1, 1, 1, 1, 1, 1, 8]], np.float32)
        >>> week_shares(Panel(sold, np.zeros(1, int), 7, np.datetime64("2024-01-01"), "D")).tolist()[5:]
        [0.5, 4.0]
    """
    past = panel.target[:, : panel.now].astype(np.float64)
    days = panel.dates[: panel.now].astype("datetime64[D]").astype(np.int64)
    weekday = (days + 3) % 7
    known = np.isfinite(past)
    sums, counts = np.where(known, past, 0).sum(axis=0), known.sum(axis=0)
    whole = sums.sum() / max(1, counts.sum())
    each = [sums[weekday == day].sum() / max(1, counts[weekday == day].sum()) for day in range(7)]
    there = np.array([counts[weekday == day].any() for day in range(7)])
    return np.where(there, np.array(each) / (whole or 1.0), np.nan)
