"""Drawings of a labelled table: how often rows are positive, by hour, by a number, over time."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from shared.contract import Table
from shared.images.metrics import share_interval
from shared.notebook import language
from shared.notebook.drawings import drawing
from shared.notebook.outputs import Outputs, paragraph
from shared.pipeline import Pipeline
from shared.report.bars import Bar, bar_chart
from shared.report.calendar_ticks import calendar_ticks, day_of
from shared.report.charts import Axis, Dot, Frame, Line, line_chart
from shared.report.figures import Figures
from shared.report.words import Words

HOURS = 3  # of a bar
EDGES = (0.25, 0.5, 0.75, 0.9, 0.97, 0.995)  # quantiles that part a number; what is rare lies in its tail


def plot_rates(
    pipeline: Pipeline, table: Table, *, numbers: Sequence[str] = ("amount",), lang: str = "en"
) -> Outputs:
    """Share of positive rows by hour of the day and by size of a number, as bars with intervals.

    Args:
        pipeline: Of a solution that labels rows with 0 and 1.
        table: The checked table.
        numbers: Roles or further numeric columns; those that the table lacks are left out.
        lang: "en" or "zh".
    Raises:
        ValueError: If `lang` is neither.
    Example:
        >>> from shared.contract import Role
        >>> from shared.contract.tables import raw_table
        >>> class Shop(Pipeline):
        ...     name, Config = "shop", type("Config", (), {})
        ...     roles = (Role(name="amount", kind="number"), Role(name="label", kind="label"))
        ...     label = lambda self, table: table.frame["label"].to_numpy(float)
        >>> table = Shop().check(raw_table(pd.DataFrame({"amount": [1.0, 2, 3, 4], "label": [0, 0, 1, 1]})))
        >>> plot_rates(Shop(), table).parts[0]
        [Share of positives by amount]
    """
    words, figures = language.of_pipeline(pipeline, lang)
    if "label" not in table.frame:
        return Outputs(paragraph(words("plot.no_label")))
    label, charts = pipeline.label(table), []
    if "time" in table.frame:
        charts.append((words("plot.rate_by_hour"), _bars(_hours(table), label, figures)))
    for name in numbers:
        column = name if name in table.frame else f"numeric/{name}"
        if column in table.frame:
            title = words("plot.rate_by_number", name=words.within(_named(words, name)))
            groups = _sizes(table.frame[column].to_numpy(np.float64), figures)
            charts.append((title, _bars(groups, label, figures)))
    return Outputs(drawing(charts), paragraph(words("plot.rate_hint")) if charts else None)


def _named(words: Words, name: str) -> str:
    """A role or feature in the solution's words."""
    return words.value("role" if words.known(f"role.{name}") else "feature", name)


def _hours(table: Table) -> Iterator[tuple[str, np.ndarray]]:
    hour = table.frame["time"].dt.hour.to_numpy()
    for start in range(0, 24, HOURS):
        yield f"{start:02d}:00–{start + HOURS:02d}:00", (hour >= start) & (hour < start + HOURS)


def _sizes(values: np.ndarray, figures: Figures) -> Iterator[tuple[str, np.ndarray]]:
    """Groups of a number between its quantiles, rounded so that they can be read."""
    known = values[np.isfinite(values)]
    edges = np.unique([float(f"{edge:.2g}") for edge in np.quantile(known, EDGES)]) if len(known) else []
    lows, highs = [-np.inf, *edges], [*edges, np.inf]
    for low, high in zip(lows, highs):
        ends = ["" if np.isinf(end) else figures.raw(float(end)) for end in (low, high)]
        name = f"< {ends[1]}" if not ends[0] else f"≥ {ends[0]}" if not ends[1] else f"{ends[0]}–{ends[1]}"
        yield name, (values >= low) & (values < high)


def _bars(groups: Iterator[tuple[str, np.ndarray]], label: np.ndarray, figures: Figures) -> str:
    """One bar a group that has rows."""
    bars = []
    for name, rows in groups:
        rate = share(label[rows])
        if rate is not None:
            bars.append(Bar(name, rate, figures.percent(rate["value"], places=1)))
    return bar_chart(bars, title="") if bars else ""


def share(label: np.ndarray) -> dict[str, float] | None:
    """Share of ones among what is known, with its exact 95 % interval; None where nothing is known.

    Example:
        >>> {name: round(float(value), 3) for name, value in share(np.array([0, 1, 1, 1, np.nan])).items()}
        {'value': 0.75, 'low': 0.194, 'high': 0.994}
    """
    known = label[np.isfinite(label)]
    return share_interval(int(known.sum()), len(known)).to_dict() if len(known) else None


def plot_rates_over_time(pipeline: Pipeline, table: Table, *, lang: str = "en") -> Outputs:
    """Share of positive rows in each week, with intervals.

    Args:
        pipeline: Of a solution that labels rows with 0 and 1.
        table: The checked table.
        lang: "en" or "zh".
    Raises:
        ValueError: If `lang` is neither.
    """
    words, figures = language.of_pipeline(pipeline, lang)
    for role, said in (("time", "plot.no_time"), ("label", "plot.no_label")):
        if role not in table.frame:
            return Outputs(paragraph(words(said)))
    label, week = pipeline.label(table), table.frame["time"].dt.to_period("W").dt.start_time
    found = [(day_of(start.isoformat()), share(label[rows])) for start, rows in _rows_of(week)]
    dots = [Dot(day, rate["value"], low=rate["low"], high=rate["high"]) for day, rate in found if rate]
    if not dots:
        return Outputs(paragraph(words("plot.no_label")))
    title, x = words("plot.rate_over_time"), [dot.x for dot in dots]
    top = max(dot.high for dot in dots) * 1.05
    low, high = (min(x), max(x)) if len(x) > 1 else (x[0] - 7, x[0] + 7)
    frame = Frame(
        Axis("", low, high, marks=calendar_ticks(low, high, lang)),
        Axis(words("plot.share"), 0, top, lambda value: figures.percent(value, places=1)),
        dots=dots,
        size=(640, 230),
    )
    line = Line("", x, [dot.y for dot in dots], width=1.2)
    return Outputs(drawing([(title, line_chart([line], frame, title=title))]))


def _rows_of(values: pd.Series) -> Iterator[tuple[pd.Timestamp, np.ndarray]]:
    """Each value that occurs, in order, and where it stands."""
    array = values.to_numpy()
    for value in np.unique(array[~pd.isna(array)]):
        yield pd.Timestamp(value), array == value
