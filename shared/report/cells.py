"""What the sections share: a figure as a table cell, the head of its column, its interval as a mark."""

from collections.abc import Mapping

from shared.report.bars import interval_mark
from shared.report.figures import Figures, kind_of, parts
from shared.report.ranking import target_of
from shared.report.scales import limits
from shared.report.words import Words


class Cells:
    """Writes the figures of one report into cells.

    Args:
        metrics: The content of `metrics.json`.
        words, figures: Texts and number formats of the report's language.
    """

    def __init__(self, metrics: Mapping, words: Words, figures: Figures):
        self.metrics, self.words, self.figures = metrics, words, figures

    def interval(self, name: str, figure, **options) -> dict:
        """Value and bounds as texts for one cell of a table; the currency stands in the table's head."""
        kind = kind_of(name)
        if (self.metrics.get("better") or {}).get(name) == "zero":
            options["sign"] = True
        value = self.figures.value(figure, kind, code=False, **options)
        bounds = self.figures.bounds(figure, kind, **options)
        return {"value": value, "bounds": bounds, "award": "", "mark": ""}

    def head(self, name: str) -> dict:
        """The head of a column of figures: name, currency, and which direction or value is better."""
        label = self.words.name("metric", name)
        if kind_of(name) == "money":
            label = self.words.priced(label, self.figures.currency)
        arrow = {"higher": "↑", "lower": "↓"}.get((self.metrics.get("better") or {}).get(name), "")
        target = target_of(self.metrics, name)
        if target is not None:
            arrow = "→ " + (self.figures.percent(target, places=0) if target else "0")
        return {"label": label, "arrow": arrow}

    def mark(self, figure, title: str, *, domain=None, zero: bool = False, width: int = 100, **options):
        """An interval drawn for a cell; with `zero`, about a vertical line at 0."""
        bounds = domain or limits([each for each in parts(figure) if each is not None], zero=zero)
        if zero and domain is None:
            reach = max(map(abs, bounds)) * 1.1
            bounds = (-reach, reach)
        if zero:
            options["mark"] = 0
        return interval_mark(figure, bounds, title=title, width=width, **options)


def frequency_of(metrics: Mapping) -> str:
    """ "H", "D", "W" or "M"; empty where it is not known."""
    found = str((metrics.get("aggregation") or {}).get("frequency") or "")
    return found if found in ("H", "D", "W", "M") else ""
