"""The sections on a diagnosis: what it is for, whose data, where the threshold lies and what follows from it."""

from collections.abc import Mapping

from shared.report.cells import Cells
from shared.report.curves import percent
from shared.report.entries import entry, known, listed, mapping
from shared.report.figures import DASH, clip, finite, parts
from shared.report.inspection import Inspection
from shared.report.pictogram import COLORS, HOLLOW, pictogram, squares_of
from shared.report.shares import scale_of, share_cell

KIND = "diagnosis"
PARTS = ("train", "valid", "test")
RATES = ("sensitivity", "specificity", "ppv", "npv")
RULES = ("sensitivity", "specificity")
SOURCES = ("site", "test", "training")  # of prevalences, the one to be drawn first
MOST_NOTES, MOST_BYTES = 40, 1_000_000  # notes, and pictures of one page
ALMOST = 0.999


class Diagnosis(Cells):
    """Prepares the sections on purpose, patients, threshold and images.

    Example:
        >>> from shared.report.figures import Figures
        >>> from shared.report.words import Words
        >>> metrics = {"kind": "diagnosis", "diagnosis": {"classes": ["benign", "malignant"]}}
        >>> shown = Diagnosis(metrics, Words("en", kind="diagnosis"), Figures("en")).intended()
        >>> shown["facts"]
        {'Answers': 'benign (reference), malignant'}
    """

    @property
    def found(self) -> Mapping:
        """The entry of the metrics that only a diagnosis has."""
        return mapping(self.metrics.get("diagnosis"))

    def intended(self) -> dict:
        """What the model is for and what it is not for; always with the sentence on its legal state."""
        if self.metrics.get("kind") != KIND:
            return {}
        words, names = self.words, self.found.get("classes")
        names = (
            [self.class_name(name) for name in names if name is not None] if isinstance(names, list) else []
        )
        if names:
            names[0] = words("intended.reference", name=names[0])
        read = [words.name("modality", each) for each in listed(self.found.get("modalities"))]
        facts = {"answers": names, "reads": read}
        return {
            "use": words.local(self.found.get("intended_use")),
            "not_for": words.local(self.found.get("not_for")),
            "facts": {
                words(f"intended.{key}"): words("page.comma").join(each)
                for key, each in facts.items()
                if each
            },
        }

    def class_name(self, name) -> str:
        return clip(self.words.value("class_name", name), 40)

    def population(self) -> dict:
        """From the rows delivered to the parts, and what in the data calls for a second look."""
        given = [mapping(each) for each in listed(self.found.get("flow"))]
        steps = {str(each["step"]): each for each in given if each.get("step") and known(each.get("rows"))}
        groups = {
            "delivered": [name for name in steps if name == "delivered"],
            "excluded": [name for name in steps if name not in ("delivered", *PARTS)],
            "parts": [name for name in PARTS if name in steps],
        }
        flow = {key: [self.box(name, steps[name]) for name in names] for key, names in groups.items()}
        leaks = [self.leak(each) for each in listed(self.found.get("leaks"))]
        rare = [
            self.words("population.rare", name=self.class_name(name), rows=self.figures.count(each["rows"]))
            for each in map(mapping, listed(self.found.get("rare")))
            if (name := each.get("name")) and finite(each.get("rows")) is not None
        ]
        out = {"flow": flow if steps else {}, "leaks": leaks[:MOST_NOTES], "rare": rare[:MOST_NOTES]}
        return {**out, "flow_hint": self.flow_hint(steps)} if any(out.values()) else {}

    def flow_hint(self, steps: Mapping) -> str:
        """What a record is, and whether one patient may stand on both sides."""
        said = [self.words("population.flow_hint")]
        told_apart = any(known(each.get("patients")) for each in steps.values())
        said.append(self.words("population.grouped" if told_apart else "population.ungrouped"))
        return self.words.join(said)

    def box(self, name: str, each: Mapping) -> dict:
        """One box of the flow: its name and its numbers."""
        counts = [
            self.words(f"population.{key}", count=self.figures.count(each.get(key)))
            for key in ("patients", "positives")
            if finite(each.get(key)) is not None
        ]
        rows = self.words("population.rows", count=self.figures.count(each["rows"]))
        return {"label": self.words.name("flow", name), "rows": rows, "counts": counts}

    def leak(self, each) -> str:
        """One column that may give the answer away, in a sentence."""
        if not isinstance(each, Mapping) or "name" not in each:
            return clip(self.words.local(each), 400)
        name, how = self.figures.raw(each["name"]), clip(self.words.local(each.get("how")), 300)
        return self.words("population.leak", name=name, how=how or DASH)

    def threshold(self) -> dict:
        """How the threshold was chosen, what it reaches, and what that means for 1,000 patients."""
        found, words = mapping(self.found.get("threshold")), self.words
        per_1000 = self.per_thousand()
        rule = found.get("rule") if found.get("rule") in RULES else None
        value = finite(found.get("value"))
        test = mapping(found.get("test"))
        out = {
            "calls": words("threshold.calls", value=self.figures.score(value)) if value is not None else "",
            "rule": self.rule(found, rule) if rule else "",
            "state": self.state(found, rule) if rule else {},
            "test_state": self.test_state(found, rule) if rule else {},
            "rates": [self.rate(name, test[name]) for name in RATES if known(test.get(name))],
            "parts": self.threshold_parts(found),
            "thousand": per_1000,
        }
        return out if any(out.values()) else {}

    def rule(self, found: Mapping, rule: str) -> str:
        """The rule by which the threshold was chosen, in a sentence."""
        demanded, confidence = finite(found.get("demanded")), finite(found.get("confidence"))
        if demanded is None:
            return ""
        written = percent(self.figures)
        values = {"demanded": written(demanded)}
        if confidence is None:
            return self.words(f"threshold.{rule}_mean", **values)
        return self.words(f"threshold.{rule}_sure", **values, confidence=written(confidence))

    def state(self, found: Mapping, rule: str) -> dict:
        """Whether the demand could be shown on the validation patients, and how many that takes."""
        reached, written = found.get("reached"), self.figures.count
        if not isinstance(reached, bool):
            return {}
        count = finite(found.get("cases" if rule == "sensitivity" else "controls"))
        needed = finite(found.get("needed"))
        said = [self.words(f"threshold.{'reached' if reached else 'not_reached'}")]
        if count is not None:
            said.append(self.words(f"threshold.{rule}_counted", count=written(count)))
        if needed is not None and (count is None or not reached):
            said.append(self.words(f"threshold.{rule}_needed", needed=written(needed)))
        return {"kind": "ok" if reached else "warning", "text": self.words.join(said)}

    def test_state(self, found: Mapping, rule: str) -> dict:
        """Whether the test patients bear the demand out."""
        demanded = finite(found.get("demanded"))
        value, low, _ = parts(mapping(found.get("test")).get(rule))
        if demanded is None or value is None:
            return {}
        shown = low is not None and low >= demanded
        name = "confirmed" if shown else "met" if value >= demanded else "missed"
        measure = self.words.within(self.words.name("metric", rule))
        values = {
            "measure": measure,
            "value": self.figures.interval(mapping(found["test"])[rule], "percent"),
            "demanded": percent(self.figures)(demanded),
        }
        kind = "warning" if name == "missed" else "ok" if name == "confirmed" else "plain"
        return {"kind": kind, "text": self.words(f"threshold.test_{name}", **values)}

    def rate(self, name: str, figure) -> dict:
        """One rate in large figures, and in a sentence whom it counts."""
        counts = {key: finite(mapping(figure).get(key)) for key in ("count", "of")}
        shown = {key: self.figures.count(value) for key, value in counts.items()}
        return {
            "name": name,
            "label": self.words.name("metric", name),
            "value": self.figures.value(figure, "percent"),
            "bounds": self.figures.bounds(figure, "percent"),
            "meaning": "" if None in counts.values() else self.words(f"threshold.{name}_meaning", **shown),
        }

    def threshold_parts(self, found: Mapping) -> list[dict]:
        """Sensitivity and specificity where the threshold was chosen and where it was judged."""
        given = {name: [entry(found, f"{part}.{name}") for part in ("valid", "test")] for name in RULES}
        rows, scale = [], scale_of([each for figures in given.values() for each in figures])
        for name, figures in given.items():
            if all(map(known, figures)):
                label, demanded = self.words.name("metric", name), finite(found.get("demanded"))
                mark = demanded if found.get("rule") == name else None
                cells = [share_cell(self, each, label, mark=mark, domain=scale) for each in figures]
                rows.append({"label": label, "cells": cells})
        return rows

    def per_thousand(self) -> dict:
        """1,000 patients as squares at the likeliest prevalence, and a table over several."""
        found = [mapping(each) for each in listed(self.found.get("per_1000"))]
        found = [each for each in found if known(each.get("prevalence"))]
        if not found:
            return {}
        drawn = next((each for where in SOURCES for each in found if each.get("where") == where), found[0])
        values = {name: self.people(drawn.get(name)) for name in ("sick", *COLORS)}
        values |= {name: self.nearly(drawn.get(name)) for name in ("ppv", "npv")}
        values["prevalence"] = percent(self.figures)(drawn["prevalence"])
        complete = DASH not in values.values()
        squares, sentence = squares_of(drawn), self.words("thousand.sentence", **values) if complete else ""
        title = self.words("thousand.title")
        return {
            "title": title,
            "sentence": sentence,
            "picture": pictogram(squares, title=title, desc=sentence) if squares else "",
            "legend": [
                {
                    "color": color,
                    "hollow": name == HOLLOW,
                    "text": self.words(f"thousand.{name}", count=values[name]),
                }
                for name, color in COLORS.items()
            ],
            "rows": [self.prevalence_row(each, each is drawn) for each in found],
        }

    def prevalence_row(self, each: Mapping, drawn: bool) -> dict:
        where = each.get("where") if each.get("where") in SOURCES else "assumed"
        cells = [self.people(each.get(name)) for name in ("sick", *COLORS)]
        cells += [self.nearly(each.get(name)) for name in ("ppv", "npv")]
        named = {"label": percent(self.figures)(each["prevalence"]), "own": drawn}
        return {**named, "where": self.words.name("prevalence_from", where), "cells": cells}

    def people(self, value) -> str:
        """A number of patients: whole, but below ten with one decimal place, so that few are not none."""
        number = finite(value)
        return self.figures.fixed(number, 1 if number and number < 10 and number % 1 else 0)

    def nearly(self, value) -> str:
        """A share with one decimal place; what is not quite all of them never reads as 100 %."""
        number = finite(value)
        short = number is not None and ALMOST < number < 1
        return ("> " if short else "") + self.figures.percent(ALMOST if short else number, places=1)

    def images(self) -> dict:
        """Images beside their heatmaps, named by their rows and never by their files."""
        shown, size, given = [], 0, [mapping(each) for each in listed(self.metrics.get("gallery"))]
        for each in given:
            size += sum(len(each[key]) for key in ("photo", "overlay") if isinstance(each.get(key), str))
            if size <= MOST_BYTES:
                row = self.figures.fixed(each.get("row"), 0).replace(",", "")
                named = {"name": self.words("images.row", row=row), "class": each.get("answer")}
                keys = ("kind", "truth", "score", "photo", "overlay", "outline")
                shown.append({**{key: each.get(key) for key in keys}, **named})
        gallery = Inspection({"gallery": shown}, self.words, self.figures).gallery()
        return {**gallery, "more": gallery["more"] or len(shown) < len(given)} if gallery else {}
