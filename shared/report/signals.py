"""The section of single signals: the curve as it was read, shaded where the model looked."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from shared.report.bands import Band, runs
from shared.report.cells import Cells
from shared.report.charts import INK, LOSS, Axis, Frame, Line, line_chart
from shared.report.entries import listed, mapping
from shared.report.figures import clip, finite
from shared.report.scales import limits

KINDS = ("right", "wrong", "doubtful")
MOST_SIGNALS, MOST_STEPS, SIZE = 24, 160, (310, 170)
LEVELS, OPACITY = (0.25, 0.5, 0.75), 0.17  # of the greatest importance; the shades lie upon each other


class Signals(Cells):
    """Prepares the section of signals.

    Example:
        >>> from shared.report.figures import Figures
        >>> from shared.report.words import Words
        >>> each = {"kind": "right", "row": 7, "truth": "ill", "values": [0, 2, 1], "importance": [0, 1, 0]}
        >>> shown = Signals({"signals": [each]}, Words("en", kind="diagnosis"), Figures("en")).signals()
        >>> shown["groups"][0]["cards"][0]["title"]
        'Row 7'
    """

    def signals(self) -> dict:
        """Drawings in groups: right, wrong, doubtful."""
        found = [mapping(each) for each in listed(self.metrics.get("signals"))]
        groups: dict[str, list] = {kind: [] for kind in KINDS}
        for each in found[:MOST_SIGNALS]:
            card = self.card(each)
            if card and each.get("kind") in KINDS:
                groups[each["kind"]].append(card)
        shown = [
            {"kind": kind, "title": self.words(f"gallery.{kind}"), "cards": cards}
            for kind, cards in groups.items()
            if cards
        ]
        return {"groups": shown, "more": len(found) > MOST_SIGNALS} if shown else {}

    def card(self, each: Mapping) -> dict:
        """One signal: its row, what was said of it, the drawing; empty if there is nothing to draw."""
        words = self.words
        title = words("images.row", row=self.figures.fixed(each.get("row"), 0).replace(",", ""))
        drawing = self.drawing(each, title)
        named = {"truth": each.get("truth"), "class": each.get("answer")}
        facts = {
            words(f"gallery.{key}"): clip(words.value("class_name", name), 40)
            for key, name in named.items()
            if name is not None
        }
        if finite(each.get("score")) is not None:
            facts[words("gallery.score")] = self.figures.score(each["score"])
        return {"kind": each.get("kind"), "title": title, "svg": drawing, "facts": facts} if drawing else {}

    def drawing(self, each: Mapping, title: str):
        values = each.get("values") if isinstance(each.get("values"), list) else []
        lines = [Line("", *zip(*run), INK, "", 1.5) for run in runs(range(1, len(values) + 1), values)]
        if not lines:
            return ""
        low, high = limits(values)
        margin = (high - low) * 0.08
        low, high = low - margin, high + margin
        importance = each.get("importance") if isinstance(each.get("importance"), list) else []
        x = Axis(self.words("signals.x"), 0.5, len(values) + 0.5, self.figures.raw)
        frame = Frame(
            x,
            Axis(self.words("signals.y"), low, high, self.figures.raw),
            bands=[
                Band(places, [low] * len(places), [high] * len(places), LOSS, OPACITY)
                for places in shades(importance, len(values))
            ],
            size=SIZE,
            named=False,
        )
        return line_chart(lines, frame, title=title, desc=self.words("signals.hint"))


def shades(importance: Sequence, length: int) -> list[list[float | None]]:
    """For each level, where the importance lies above it: pairs of start and end, parted by None.

    Args:
        importance: Any number of values over the whole signal; below zero counts as none.
        length: Samples of the signal; its first stands at 1.
    Example:
        >>> shades([0, 0, 1, 0.6], 4)
        [[2.5, 4.5, None], [2.5, 4.5, None], [2.5, 3.5, None]]
    """
    values = [max(finite(each) or 0.0, 0.0) for each in importance]
    steps = min(len(values), MOST_STEPS)
    edges = [round(step * len(values) / steps) for step in range(steps + 1)] if steps else []
    peaks = [max(values[start:stop]) for start, stop in pairwise(edges)]
    if not peaks or max(peaks) <= 0:
        return []
    out = []
    for level in LEVELS:
        found: list[float | None] = []
        for place, peak in enumerate(peaks):
            if peak > level * max(peaks):
                start, stop = (0.5 + edges[at] * length / len(values) for at in (place, place + 1))
                if found and found[-2] == start:  # the stretch goes on
                    found[-2] = stop
                else:
                    found += [start, stop, None]
        out.append(found)
    return out
