"""The sections of an inspection: what escapes and what is wrongly rejected, class by class, and photos."""

import re
from collections.abc import Mapping

from shared.report.bars import Bar, bar_chart
from shared.report.cells import Cells
from shared.report.figures import clip, finite, kind_of, parts

ANSWERS = ("accept", "again", "reject")
KINDS = ("right", "wrong", "doubtful")
RATES = ("escape", "false_reject", "again")
PIXEL = ("roc_auc", "average_precision", "pro")
MOST_CLASSES, MOST_BYTES = 30, 4_000_000  # of photos in one page
BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")


class Inspection(Cells):
    """Prepares the sections on rates, classes and photos.

    Example:
        >>> from shared.report.figures import Figures
        >>> from shared.report.words import Words
        >>> found = {"escape": {"value": 0.02, "low": 0.0, "high": 0.1, "count": 1, "of": 50}}
        >>> cells = Inspection({"inspection": found}, Words("en", kind="inspection"), Figures("en"))
        >>> cells.inspection()["rates"][0]["value"], cells.classes(), cells.gallery()
        ('2.00 %', {}, {})
    """

    def inspection(self) -> dict:
        """Rates as large figures, thresholds in words, escapes by method, figures of pixels."""
        found, words = self.metrics.get("inspection") or {}, self.words
        rates = [self.rate(name, found[name]) for name in RATES if parts(found.get(name))[0] is not None]
        out = {
            "rates": rates,
            "bands": self.bands(found),
            "rule": words.name("inspection_rule", found["rule"]) if found.get("rule") else "",
            "mode": words.name("inspection_mode", found["mode"]) if found.get("mode") else "",
            "methods": self.methods(found.get("at_one_percent") or {}, found.get("macro_f1") or {}),
            "pixel": self.pixel(found.get("pixel") or {}),
        }
        return out if any(out[key] for key in ("rates", "bands", "methods", "pixel")) else {}

    def rate(self, name: str, figure: Mapping) -> dict:
        """One rate in large figures, and in a sentence what it means on the line."""
        words, figures = self.words, self.figures
        high = parts(figure)[2]
        counted = finite(figure.get("count")) is not None and finite(figure.get("of")) is not None
        counts = {key: figures.count(figure.get(key)) for key in ("count", "of")}
        said = words(f"inspection.{name}_{'none' if counts['count'] == '0' else 'some'}", **counts)
        meaning = [said] if counted else []
        if high is not None and name != "again":
            places = figures.places(figure, "percent")
            meaning.append(words("inspection.at_worst", high=figures.percent(high, places=places)))
        return {
            "name": name,
            "label": words(f"inspection.{name}"),
            "value": figures.value(figure, "percent"),
            "bounds": figures.bounds(figure, "percent"),
            "meaning": words.join(meaning),
        }

    def bands(self, found: Mapping) -> list[dict]:
        """Accept, look again and reject with the scores they begin and end at."""
        again, reject = finite(found.get("again_threshold")), finite(found.get("reject_threshold"))
        starts = [(name, at) for name, at in (("again", again), ("reject", reject)) if at is not None]
        if len(starts) == 2 and again >= reject:
            starts = starts[1:]
        if not starts:
            return []
        words, write = self.words, self.figures.score
        bands = [("accept", words("money.below", value=write(starts[0][1])))]
        for place, (name, low) in enumerate(starts):
            high = starts[place + 1][1] if place + 1 < len(starts) else None
            text = words("money.above", value=write(low))
            bands.append(
                (name, text if high is None else words("money.between", low=write(low), high=write(high)))
            )
        return [{"name": name, "label": words.name("decision", name), "scores": said} for name, said in bands]

    def methods(self, found: Mapping, f1: Mapping) -> list[dict]:
        """Escape rate of each method at one per cent of false rejects, the model first; macro F1 beside it."""
        rows = []
        for name in sorted(found, key=lambda name: name != "model"):
            label = self.words.name("method_name", name)
            mark = self.mark(found[name], label, domain=(0, 1))
            cells = [{**self.interval("escape_rate", found[name]), "mark": mark}]
            cells += [self.interval("macro_f1", f1.get(name))] if f1 else []
            rows.append({"name": name, "label": label, "cells": cells})
        return rows

    def pixel(self, found: Mapping) -> dict[str, str]:
        """How well the heatmap lies on the defect."""
        figures, words = self.figures, self.words
        out = {
            words(f"pixel.{name}"): figures.interval(found[name], kind_of(name))
            for name in PIXEL
            if parts(found.get(name))[0] is not None
        }
        counts = ("photos", "regions") if out else ()
        known = [name for name in counts if finite(found.get(name)) is not None]
        return out | {words(f"pixel.{name}"): figures.count(found[name]) for name in known}

    def classes(self) -> dict:
        """The confusion matrix with shaded cells, recall and precision of each class as bars."""
        found, words = self.metrics.get("classes") or {}, self.words
        names = [self.class_name(name) for name in found.get("names") or []]
        counts = found.get("counts") or []
        if not names or len(counts) != len(names) or any(len(row) != len(names) for row in counts):
            return {}
        shown = slice(MOST_CLASSES)
        overall = {
            words(f"metric.{name}"): self.figures.interval(found[name])
            for name in ("accuracy", "macro_f1")
            if parts(found.get(name))[0] is not None
        }
        return {
            "heads": names[shown],
            "rows": [self.class_row(place, names[place], row) for place, row in enumerate(counts)][shown],
            "overall": overall,
            "charts": [
                {"title": words(f"classes.{key}"), "svg": drawing, "hint": words(f"classes.{key}_hint")}
                for key in ("recall", "precision")
                if (drawing := self.class_bars(key, found.get(key) or []))
            ],
            "more": len(names) > MOST_CLASSES,
        }

    def class_row(self, place: int, name: str, row: list) -> dict:
        """One true class: its counts, each shaded by its share of the row."""
        whole = sum(finite(each) or 0 for each in row)
        cells = [
            {
                "count": self.figures.count(count),
                "right": at == place,
                "shade": f"{0.75 * (finite(count) or 0) / whole:.2f}" if whole else "0",
            }
            for at, count in enumerate(row[:MOST_CLASSES])
        ]
        return {"label": name, "cells": cells, "rows": self.figures.count(whole)}

    def class_bars(self, key: str, found: list):
        bars = [
            Bar(self.class_name(each.get("name")), each, self.figures.interval(each, "percent"))
            for each in found[:MOST_CLASSES]
            if parts(each)[0] is not None
        ]
        title = self.words(f"classes.{key}")
        return bar_chart(bars, title=title, desc=self.words(f"classes.{key}_hint")) if bars else ""

    def class_name(self, name) -> str:
        return clip(self.words.value("class_name", name), 40)

    def gallery(self) -> dict:
        """Photos beside their heatmaps, in groups; those beyond four megabytes are left out."""
        found = [each for each in self.metrics.get("gallery") or [] if each]
        groups: dict[str, list] = {kind: [] for kind in KINDS}
        size = shown = 0
        for each in found:
            pictures = [picture(each.get(key)) for key in ("photo", "overlay")]
            size += sum(map(len, pictures))
            if each.get("kind") in groups and pictures[0] and size <= MOST_BYTES:
                groups[each["kind"]].append(self.card(each, *pictures))
                shown += 1
        if not shown:
            return {}
        outline = any(card["outline"] for cards in groups.values() for card in cards)
        hint = [self.words("gallery.hint")] + ([self.words("gallery.outline")] if outline else [])
        return {
            "groups": [
                {"kind": kind, "title": self.words(f"gallery.{kind}"), "cards": cards}
                for kind, cards in groups.items()
                if cards
            ],
            "hint": self.words.join(hint),
            "more": shown < len(found),
        }

    def card(self, each: Mapping, photo: str, overlay: str) -> dict:
        """One photo, its heatmap, and what was said of it."""
        words = self.words
        facts = {
            "truth": self.class_name(each.get("truth")) if each.get("truth") is not None else "",
            "answer": words.name("decision", each["answer"]) if each.get("answer") in ANSWERS else "",
            "class": self.class_name(each.get("class")) if each.get("class") is not None else "",
            "score": "" if finite(each.get("score")) is None else self.figures.score(each["score"]),
        }
        return {
            "kind": each["kind"],
            "title": clip(str(each.get("name") or ""), 80),
            "photo": photo,
            "overlay": overlay,
            "facts": {words(f"gallery.{key}"): text for key, text in facts.items() if text},
            "outline": bool(each.get("outline")),
        }


def picture(content) -> str:
    """A picture as an address that holds it, from its bytes in base64; empty if they are no JPEG or PNG.

    Example:
        >>> picture("/9j/4AAQ"), picture("javascript:")
        ('data:image/jpeg;base64,/9j/4AAQ', '')
    """
    content = content if isinstance(content, str) else ""
    starts = {"/9j/": "jpeg", "iVBORw0KGgo": "png"}
    kind = next((kind for start, kind in starts.items() if content.startswith(start)), None)
    if kind is None or len(content) % 4 or not BASE64.fullmatch(content):
        return ""
    return f"data:image/{kind};base64,{content}"
