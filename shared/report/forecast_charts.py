"""The charts that judge forecasts as a whole: by distance, by quantile, by date of the forecast."""

import re
from collections.abc import Mapping
from functools import partial

from shared.report.calendar_ticks import calendar_ticks, day_of, labelled
from shared.report.cells import frequency_of
from shared.report.charts import MODEL, Axis, Dot, Frame, Line, line_chart
from shared.report.curves import WIDE, draw, figure, methods, percent, share, tick, whole
from shared.report.figures import Figures, finite, kind_of
from shared.report.scales import limits
from shared.report.words import Words


def forecast_charts(metrics: Mapping, words: Words, figures: Figures) -> list[dict]:
    """Every chart for which there is something in the metrics, in the order in which they are read."""
    found = []
    for make in (by_step, coverage_by_step, coverage, origins):
        found += make(metrics, words, figures)
    return found


def step_axis(steps: list, metrics: Mapping, words: Words, figures: Figures) -> Axis:
    """The number of periods that lie between a forecast and what it is about."""
    label = words(f"ahead.{frequency_of(metrics) or 'other'}")
    return Axis(label, *limits(steps), partial(whole, figures))


def ticks_of(metric: str, figures: Figures):
    """How the ticks of an axis with that metric are written."""
    return percent(figures) if kind_of(metric) == "percent" else tick(figures)


def upper_end(lines: list[Line]) -> float:
    """The upper end of an axis of errors: all of it, but no more than three times the first line's worst."""
    tops = [max(y for _, y in line.points) for line in lines]
    cap = 3 * tops[0]
    return (min(max(tops), cap) if cap > 0 else max(tops)) * 1.08 or 1.0


def by_step(metrics: Mapping, words: Words, figures: Figures) -> list[dict]:
    """The primary metric of each method by the number of steps ahead."""
    found = metrics.get("by_step") or {}
    steps, metric = found.get("steps") or [], found.get("metric") or ""
    values = found.get("values") or {}
    lines = methods({name: {"x": steps, "y": each or []} for name, each in values.items()}, words)
    if not lines:
        return []
    label = words.name("metric", metric)
    y = Axis(label, 0, upper_end(lines), ticks_of(metric, figures))
    frame = Frame(step_axis(steps, metrics, words, figures), y, size=WIDE)
    options = {"metric": words.within(label)}
    return [figure("by_step", words, draw("by_step", lines, frame, words, **options), **options)]


def coverage_by_step(metrics: Mapping, words: Words, figures: Figures) -> list[dict]:
    """How often the model's range holds, by the number of steps ahead, beside what it promises."""
    found, charts = metrics.get("by_step") or {}, []
    for key, values in found.items():
        number = re.fullmatch(r"coverage_(\d{1,2})", key)
        line = Line("", found.get("steps") or [], values or [], MODEL, "", 2.4) if number else None
        if line is None or not line.points:
            continue
        level, seen = int(number[1]) / 100, [y for _, y in line.points]
        low = max(min(0.5, level - 0.1, min(seen) - 0.05), 0)
        x = step_axis(line.x, metrics, words, figures)
        frame = Frame(
            x,
            Axis(words("chart.coverage_by_step_y"), low, 1, share(figures)),
            dots=[Dot(*point) for point in line.points] if len(line.points) <= 31 else (),
            rulers=[("y", level, words("chart.promised"))],
            size=WIDE,
        )
        options = {"level": figures.percent(level, places=0)}
        drawing = draw("coverage_by_step", [line], frame, words, **options)
        charts.append(figure("coverage_by_step", words, drawing, **options))
    return charts


def coverage(metrics: Mapping, words: Words, figures: Figures) -> list[dict]:
    """Share of outcomes at or below each quantile, after and before the correction."""
    found = metrics.get("coverage") or {}
    levels, observed = found.get("levels") or [], found.get("observed") or {}
    after = Line(words("chart.after"), levels, observed.get("model") or [], MODEL, "", 2.4)
    before = (found.get("before") or {}).get("model") or []
    before = Line(words("chart.before"), levels, before, "#7b8794", "4 3", 1.6)
    lines = [line for line in (after, before) if line.points]
    if not lines:
        return []
    frame = Frame(
        Axis(words("chart.coverage_x"), 0, 1, share(figures)),
        Axis(words("chart.coverage_y"), 0, 1, share(figures)),
        dots=[Dot(*point) for point in after.points],
        diagonal=words("chart.ideal"),
        size=WIDE,
    )
    hints = ["coverage_before_hint"] if before.points else []
    return [figure("coverage", words, draw("coverage", lines, frame, words), hints=hints)]


def origins(metrics: Mapping, words: Words, figures: Figures) -> list[dict]:
    """One chart a metric: each method by the date of the forecast; needs two dates at least."""
    found = [each for each in metrics.get("origins") or [] if each]
    dates = [day_of(each.get("origin")) for each in found]
    dated = None not in dates
    x = dates if dated else list(range(1, len(found) + 1))
    if len(found) < 2:
        return []
    charts = []
    for metric in dict.fromkeys(key for each in found for key in each if key != "origin"):
        values = [each.get(metric) for each in found]
        values = [each if isinstance(each, Mapping) else {"model": each} for each in values]
        names = dict.fromkeys(name for each in values for name in each)
        curves = {name: {"x": x, "y": [plain(each.get(name)) for each in values]} for name in names}
        lines = methods(curves, words)
        if lines:
            charts.append(origin_chart(metric, lines, x, dated, words, figures))
    return charts


def plain(value) -> float | None:
    """The number of a figure with or without interval."""
    return finite(value.get("value") if isinstance(value, Mapping) else value)


def origin_chart(metric, lines: list[Line], x: list, dated: bool, words: Words, figures: Figures) -> dict:
    """The chart of one metric by the date of the forecast."""
    label = words.name("metric", metric)
    name = words.priced(label, figures.currency) if kind_of(metric) == "money" else label
    low, high = limits(x)
    marks = labelled(x, figures.lang) if len(x) <= 8 else calendar_ticks(low, high, figures.lang, 4)
    marks = marks if dated else []
    first = lines[0]
    frame = Frame(
        Axis(words("chart.origins_x"), low, high, partial(whole, figures), marks=marks),
        Axis(name, 0, upper_end(lines), ticks_of(metric, figures)),
        dots=[Dot(*point, color=first.color) for point in first.points],
        size=WIDE,
    )
    options = {"metric": label}
    title = words("chart.origins", **options)
    drawing = line_chart(lines, frame, title=title, desc=words("chart.origins_hint"))
    return figure("origins", words, drawing, **options)
