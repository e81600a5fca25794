"""The section on patients whom the model leaves to a clinician, and on sets of classes instead of one."""

from collections.abc import Mapping

from shared.report.cells import Cells
from shared.report.curves import percent
from shared.report.diagnosis_charts import coverage_error
from shared.report.entries import entry, known, listed, mapping
from shared.report.figures import clip, finite, parts
from shared.report.shares import scale_of, share_cell

CARDS = ("referred", "error_all", "error_kept", "ratio")
EFFECTS = ("error", "sensitivity", "specificity")
METHODS = ("split", "per_class")
SIZES = ("single", "several", "empty")
MOST_CLASSES = 30


class Referrals(Cells):
    """Prepares the section on referrals and prediction sets.

    Example:
        >>> from shared.report.figures import Figures
        >>> from shared.report.words import Words
        >>> found = {"referral": {"share": 0.2, "referred": {"value": 0.19}}}
        >>> cells = Referrals({"diagnosis": found}, Words("en", kind="diagnosis"), Figures("en"))
        >>> cells.referrals()["cards"]
        [{'label': 'Referred to a clinician', 'value': '19.0 %', 'bounds': ''}]
    """

    def referrals(self) -> dict:
        """The effect in numbers, error against the share answered, prediction sets."""
        found = mapping(entry(self.metrics, "diagnosis.referral"))
        out = {
            "cards": [self.card(name, found[name]) for name in CARDS if known(found.get(name))],
            "sentence": self.sentence(found),
            "sure": self.sure(found),
            "effects": self.effects(found),
            "chart": coverage_error(found, self.words, self.figures),
            "sets": self.sets(mapping(entry(self.metrics, "diagnosis.sets"))),
        }
        return out if any(out.values()) else {}

    def card(self, name: str, figure) -> dict:
        value, bounds = self.figures.value(figure, "percent"), self.figures.bounds(figure, "percent")
        return {"label": self.words(f"referrals.{name}"), "value": value, "bounds": bounds}

    def sentence(self, found: Mapping) -> str:
        """The effect in one sentence."""
        values = {key: parts(found.get(key))[0] for key in ("referred", "error_all", "error_kept")}
        if None in values.values():
            return ""
        shown = {key: self.figures.percent(value) for key, value in values.items()}
        return self.words("referrals.sentence", **shown)

    def sure(self, found: Mapping) -> str:
        """Whether the error falls by more than chance."""
        _, low, high = parts(found.get("ratio"))
        if low is None or high is None:
            return ""
        return self.words(f"referrals.{'proven' if high < 1 else 'worse' if low > 1 else 'unproven'}")

    def effects(self, found: Mapping) -> list[dict]:
        """Error, sensitivity and specificity over all patients and among those not referred."""
        rows = []
        for name in EFFECTS:
            pair = [found.get(f"{name}_{part}") for part in ("all", "kept")]
            if all(map(known, pair)):
                label = self.words.name("metric", name)
                rows.append({"label": label, "cells": [share_cell(self, each, label) for each in pair]})
        return rows

    def sets(self, found: Mapping) -> dict:
        """Prediction sets by each method: how often they hold the truth, how large they are, class by class."""
        methods = {name: mapping(found.get(name)) for name in METHODS if mapping(found.get(name))}
        level = finite(found.get("level"))
        given = [each for found in methods.values() for each in listed(found.get("by_class"))]
        scale = scale_of([*given, *(each.get("coverage") for each in methods.values())])
        drawn = {"mark": level, "domain": scale}
        rows = [self.coverage_row(methods, drawn), self.size_row(methods)]
        rows += [self.share_row(name, methods) for name in SIZES]
        rows = [row for row in rows if row]
        classes = self.class_rows(methods, drawn)
        if not rows and not classes:
            return {}
        demanded = percent(self.figures)(level) if level is not None else ""
        return {
            "promise": self.words("sets.promise", level=demanded) if demanded else "",
            "heads": [self.words(f"sets.{name}") for name in methods],
            "rows": rows,
            "classes": classes,
            "meanings": [(self.words(f"sets.{name}"), self.words(f"sets.{name}_means")) for name in SIZES],
        }

    def coverage_row(self, methods: Mapping, drawn: Mapping) -> dict:
        label = self.words("sets.coverage")
        figures = [each.get("coverage") for each in methods.values()]
        cells = [share_cell(self, figure, label, **drawn) for figure in figures]
        return {"label": label, "cells": cells} if any(map(known, figures)) else {}

    def size_row(self, methods: Mapping) -> dict:
        sizes = [each.get("mean_size") for each in methods.values()]
        cells = [{**self.interval("mean_size", size), "mark": ""} for size in sizes]
        return {"label": self.words("sets.mean_size"), "cells": cells} if any(map(known, sizes)) else {}

    def share_row(self, name: str, methods: Mapping) -> dict:
        shares = [each.get(name) for each in methods.values()]
        cells = [share_cell(self, share, "") | {"mark": ""} for share in shares]
        return {"label": self.words(f"sets.{name}"), "cells": cells} if any(map(known, shares)) else {}

    def class_rows(self, methods: Mapping, drawn: Mapping) -> list[dict]:
        """How often the set holds the truth among the patients of each class."""
        by_method = [
            {
                str(each["name"]): each
                for each in map(mapping, listed(found.get("by_class")))
                if each.get("name")
            }
            for found in methods.values()
        ]
        names = list(dict.fromkeys(name for found in by_method for name in found))
        rows = []
        for name in names[:MOST_CLASSES]:
            label = clip(self.words.value("class_name", name), 40)
            counts = [finite(mapping(found.get(name)).get("rows")) for found in by_method]
            count = next((each for each in counts if each is not None), None)
            cells = [share_cell(self, found.get(name), label, **drawn) for found in by_method]
            rows.append({"label": label, "rows": self.figures.count(count), "cells": cells})
        return rows
