"""The section on subgroups: the model judged on parts of the patients, and whether gaps are chance."""

from collections.abc import Mapping

from shared.report.cells import Cells
from shared.report.entries import entry, known, listed, mapping
from shared.report.figures import clip, finite, parts
from shared.report.scales import limits
from shared.report.shares import share_cell

KINDS = {"roc_auc": "score", "sensitivity": "percent", "specificity": "percent", "calibration": "percent"}
COUNTS = ("rows", "patients", "positives")
MOST_PARTS, LEAST, SURE = 120, 0.001, 0.05


class Subgroups(Cells):
    """Prepares the table of subgroups.

    Example:
        >>> from shared.report.figures import Figures
        >>> from shared.report.words import Words
        >>> part = {"value": "F", "rows": 90, "metrics": {"sensitivity": {"value": 0.9}}}
        >>> metrics = {"diagnosis": {"subgroups": [{"group": "sex", "parts": [part]}]}}
        >>> shown = Subgroups(metrics, Words("en", kind="diagnosis"), Figures("en")).subgroups()
        >>> shown["groups"][0]["title"], shown["groups"][0]["rows"][0]["cells"][0]["value"]
        ('Sex', '90.0 %')
    """

    def subgroups(self) -> dict:
        """Groups with their parts as rows, each measure as value and mark, the gap and its test below."""
        found = [mapping(each) for each in listed(entry(self.metrics, "diagnosis.subgroups"))]
        given = [part for each in found for part in map(mapping, listed(each.get("parts")))]
        names = [name for name in KINDS if any(known(entry(part, f"metrics.{name}")) for part in given)]
        if not names:
            return {}
        counts = [key for key in COUNTS if any(finite(part.get(key)) is not None for part in given)]
        domains = {name: self.domain(given, name) for name in names}
        groups, shown = [], 0
        for each in found:
            rows = [self.row(part, counts, domains) for part in map(mapping, listed(each.get("parts")))]
            rows = rows[: MOST_PARTS - shown]
            shown += len(rows)
            title = self.words.name("slice", each.get("group"))
            if rows:
                gap = self.gap(mapping(each.get("gap")), names)
                groups.append({"title": title, "rows": rows, "gap": gap})
        return {
            "heads": [self.words.name("metric", name) for name in names],
            "counts": [self.words(f"column.{key}") for key in counts],
            "groups": groups,
            "few": any(part.get("small") is True for part in given),
            "more": shown < len(given),
        }

    def domain(self, given: list, name: str) -> tuple[float, float]:
        """The scale of a column: up to 1 for rates, about zero for calibration."""
        figures = [entry(each, f"metrics.{name}") for each in given]
        values = [part for figure in figures for part in parts(figure) if part is not None]
        if name == "calibration":
            reach = max(map(abs, values), default=0) * 1.05 or 1.0
            return -reach, reach
        return min(limits(values)[0], 0.9), 1.0

    def row(self, part: Mapping, counts: list[str], domains: Mapping) -> dict:
        """One part of a group."""
        value, words = part.get("value"), self.words
        unknown = value in ("", None)
        label = words("subgroups.unknown") if unknown else words.value("slice_value", value)
        cells = []
        for name, domain in domains.items():
            title = f"{words.name('metric', name)}, {clip(label, 40)}"
            signed, mark = name == "calibration", 0 if name == "calibration" else self.overall(name)
            options = {"domain": domain, "mark": mark, "kind": KINDS[name], "sign": signed}
            cells.append(share_cell(self, entry(part, f"metrics.{name}"), title, **options))
        counted = [self.figures.count(part.get(key)) for key in counts]
        return {"label": label, "few": part.get("small") is True, "counts": counted, "cells": cells}

    def overall(self, name: str) -> float | None:
        """The value over all test patients."""
        path = "results.model.roc_auc" if name == "roc_auc" else f"diagnosis.threshold.test.{name}"
        return parts(entry(self.metrics, path))[0]

    def gap(self, found: Mapping, names: list[str]) -> list[dict]:
        """The largest gap of each measure with its p-value; empty if none was tested."""
        if not any(known(found.get(name)) for name in names):
            return []
        cells = []
        for name in names:
            each = found.get(name) if isinstance(found.get(name), Mapping) else {"value": found.get(name)}
            said = [
                self.words(f"subgroups.{key}", value=self.p_value(number))
                for key in ("p_value", "p_adjusted")
                if (number := finite(each.get(key))) is not None
            ]
            adjusted = finite(each.get("p_adjusted"))
            value = self.figures.value({"value": each.get("value")}, KINDS[name])
            cells.append({"value": value, "tests": said, "sure": adjusted is not None and adjusted < SURE})
        return cells

    def p_value(self, number: float) -> str:
        """A p-value; a very small one only as an upper bound, since a permutation test cannot say more."""
        low = number < LEAST
        return ("< " if low else "= ") + self.figures.score(LEAST if low else number, places=3)
