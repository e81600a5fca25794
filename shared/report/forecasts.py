"""Single forecasts as charts: what was known, what was forecast with its range, what then happened."""

from collections.abc import Mapping, Sequence

from shared.report.bands import Band, runs
from shared.report.calendar_ticks import calendar_ticks, days_of
from shared.report.cells import Cells, frequency_of
from shared.report.charts import INK, LOSS, MODEL, MUTED, Axis, Frame, Line, line_chart, style_of
from shared.report.figures import clip, finite, kind_of, parts
from shared.report.scales import limits

MOST_EXAMPLES, SIZE = 24, (480, 250)


class Forecasts(Cells):
    """Prepares the section of single forecasts."""

    def examples(self) -> dict:
        """One chart an example, and one legend for all of them."""
        found = [each for each in self.metrics.get("examples") or [] if each]
        shown = [chart for chart in map(self.example, found[:MOST_EXAMPLES]) if chart]
        if not shown:
            return {}
        rivals = {each.get("rival") for each in found if each.get("rival_forecast")}
        return {
            "charts": shown,
            "legend": self.legend(found[0], rivals),
            "hint": self.words("examples.hint"),
            "more": len(found) > MOST_EXAMPLES,
        }

    def example(self, each: Mapping) -> dict:
        """Title, drawing and error of one forecast; empty if there is nothing to draw."""
        words, name = self.words, clip(str(each.get("name") or ""), 48)
        kind = words.name("example", each["kind"]) if each.get("kind") else ""
        drawn = Drawn(each, self.metrics)
        if not drawn.lines and not drawn.bands:
            return {}
        title = words("page.colon").join(filter(None, [kind, name]))
        figure, frame = each.get("mase"), drawn.frame(words, self.figures)
        error = {}
        if parts(figure)[0] is not None:
            error = {words("examples.mase"): self.figures.interval(figure, kind_of("mase"))}
        note = words("examples.clipped") if drawn.clipped else ""
        drawing = line_chart(drawn.lines, frame, title=title, desc=words("examples.hint"))
        return {"kind": kind, "title": name, "svg": drawing, "error": error, "note": note}

    def legend(self, each: Mapping, rivals: set) -> list[tuple]:
        """What the lines of the charts mean: `(colour, dashes, text)`, with "band" as dashes of an area."""
        words, levels = self.words, [finite(level) for level in each.get("quantiles") or []]
        found = [(MUTED, "", words("examples.history")), (INK, "", words("examples.actual"))]
        found.append((MODEL, "", words("examples.median")))
        for low, high in band_places(levels)[:1]:
            ends = {
                key: self.figures.percent(levels[at], places=0) for key, at in (("low", low), ("high", high))
            }
            found.append((MODEL, "band", words("examples.band", **ends)))
        if rivals:
            one = next(iter(rivals)) if len(rivals) == 1 else None
            label = words("examples.rival")
            if one:
                label = words("examples.rival_name", rival=words.within(words.name("method_name", one)))
            found.append((*rival_style(one), label))
        return found


class Drawn:
    """The lines and bands of one example over its dates, or over positions where it has no dates.

    Args:
        each: One entry of `metrics["examples"]`.
        metrics: The content of `metrics.json`.
    """

    def __init__(self, each: Mapping, metrics: Mapping):
        self.metrics = metrics
        history = each.get("history") or {}
        past, ahead = list(history.get("values") or []), list(each.get("forecast") or [])
        actual = list(each.get("actual") or [])
        horizon = max(len(ahead), len(actual))
        keep = max(3 * horizon, min(60, 4 * horizon), 24)
        before, after = days_of(history.get("dates")), days_of(each.get("dates"))
        if len(before) != len(past) or len(after) != horizon or None in [*before, *after]:
            before, after = list(range(-len(past), 0)), list(range(horizon))
            self.dated = False
        else:
            self.dated = True
        past, before = past[-keep:], before[-keep:]
        self.x = [*before, *after]
        self.origin = (before[-1] + after[0]) / 2 if before and after else None
        levels = [finite(level) for level in each.get("quantiles") or []]
        self.bands, median = fan(after, ahead, levels)
        joined = ([before[-1], *after], [past[-1], *actual]) if past else (after, actual)
        color, dash = rival_style(each.get("rival"))
        self.lines = [
            *pieces(after, median, MODEL, "", 2.4),
            *pieces(*joined, INK, "", 1.8),
            *pieces(after, each.get("rival_forecast") or [], color, dash, 1.6),
            *pieces(before, past, MUTED, "", 1.3),
        ]
        self.top, self.bottom, self.clipped = self.reach()

    def reach(self) -> tuple[float, float, bool]:
        """Upper and lower end of the chart; a range beyond three times the lines is cut."""
        lined = [y for line in self.lines for _, y in line.points]
        seen = [value for band in self.bands for value in (*band.low, *band.high)]
        low, high = limits([*lined, *seen], zero=True)
        cap = 3 * max(lined, default=0)
        clipped = 0 < cap < high
        return (cap if clipped else high) * 1.12, low * 1.05, clipped

    def frame(self, words, figures) -> Frame:
        """Axes, with the date of the forecast as a guide line."""
        low, high = limits(self.x)
        marks = calendar_ticks(low, high, figures.lang) if self.dated else []
        frequency = frequency_of(self.metrics)
        label = words("examples.y", per=words(f"per.{frequency}")) if frequency else words("examples.y_plain")
        below = "" if self.dated else words("examples.position")
        x = Axis(below, low, high, figures.raw, marks=marks)
        rulers = [] if self.origin is None else [("x", self.origin, words("examples.origin"))]
        y = Axis(label, self.bottom, self.top, figures.raw)
        return Frame(x, y, rulers=rulers, size=SIZE, bands=self.bands, named=False)


def rival_style(name) -> tuple[str, str]:
    """Colour and dashes of the rival's line: always dashed, to stand apart from the model's."""
    color, dash = style_of(name) if name else (LOSS, "")
    return color, dash or "6 3"


def band_places(levels: Sequence) -> list[tuple[int, int]]:
    """Pairs of quantiles that lie symmetrically about the median, the widest first.

    Example:
        >>> band_places([.1, .5, .9]), band_places([.05, .1, .5, .9, .95])
        ([(0, 2)], [(0, 4), (1, 3)])
    """
    if None in levels:
        return []
    return [(n, len(levels) - 1 - n) for n in range(len(levels) // 2)]


def fan(x: Sequence, ahead: Sequence, levels: Sequence) -> tuple[list[Band], list]:
    """The bands of a forecast, the widest first, and its median."""
    known = [level for level in levels if level is not None]
    if not ahead or not known or len(known) != len(levels):
        return [], []

    def column(place: int) -> list:
        return [row[place] if row and place < len(row) else None for row in ahead]

    middle = min(range(len(levels)), key=lambda n: abs(levels[n] - 0.5))
    bands = [Band(x, column(low), column(high), MODEL) for low, high in band_places(levels)]
    return bands, column(middle)


def pieces(x: Sequence, y: Sequence, color: str, dash: str, width: float) -> list[Line]:
    """One line for each unbroken stretch: an unknown value leaves a gap instead of a bridge."""
    return [Line("", *zip(*run), color, dash, width) for run in runs(x, y)]
