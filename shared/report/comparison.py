"""The sections that compare: the model beside its rivals, and the model on parts of the test data."""

from collections.abc import Mapping

from shared.report.cells import Cells
from shared.report.figures import kind_of, parts
from shared.report.ranking import marks, target_of
from shared.report.scales import limits

MOST_SLICES = 120


class Comparison(Cells):
    """Prepares the tables of methods, of paired differences and of slices."""

    def rivals(self) -> dict:
        """Table of methods by metrics, with what was trained how fast, and the paired differences."""
        results = self.metrics.get("results") or {}
        if not results:
            return {}
        primary = self.metrics.get("primary_metric")
        names = list(dict.fromkeys(name for each in results.values() for name in each or {}))
        names.sort(key=lambda name: name != primary)
        awards = {name: marks(self.metrics, name) for name in names}
        timing = self.metrics.get("timing") or {}
        times = [
            key
            for key in ("fit_seconds", "rows_per_second")
            if any((t or {}).get(key) for t in timing.values())
        ]
        rows = []
        for method in sorted(results, key=lambda each: each != "model"):
            cells = [
                self.awarded(name, (results[method] or {}).get(name), awards[name].get(method))
                for name in names
            ]
            spent = [self.figures.raw((timing.get(method) or {}).get(key)) for key in times]
            label = self.words.name("method_name", method)
            rows.append({"name": method, "label": label, "cells": cells, "times": spent})
        heads = [self.head(name) for name in names]
        heads += [{"label": self.words(f"column.{key}"), "arrow": ""} for key in times]
        return {"heads": heads, "rows": rows, "differences": self.differences(names)}

    def awarded(self, name: str, figure, award: str | None) -> dict:
        """A figure with its mark, "best" or "tie"."""
        label = self.words(f"rivals.{award}") if award else ""
        return {**self.interval(name, figure), "award": award, "award_label": label}

    def differences(self, names: list[str]) -> dict:
        """Model minus each rival, as marks about zero on one scale per metric; a metric with a target is
        left out, because a difference in it is neither good nor bad."""
        found = {rival: each for rival, each in (self.metrics.get("differences") or {}).items() if each}
        shown = [
            name
            for name in names
            if target_of(self.metrics, name) is None
            and any(parts(each.get(name))[1] is not None for each in found.values())
        ]
        rows = [{"label": self.words.name("method_name", rival), "cells": []} for rival in found]
        for name in shown:
            reach = reach_of([each.get(name) for each in found.values()])
            for row, each in zip(rows, found.values()):
                figure, title = each.get(name), f"{self.words.name('metric', name)}, {row['label']}"
                cell = self.interval(name, figure, sign=True)
                cell["mark"] = self.mark(figure, title, domain=(-reach, reach), zero=True)
                row["cells"].append(cell)
        heads = [self.head(name) for name in shown]
        return {"heads": heads, "rows": rows} if shown else {}

    def slices(self) -> dict:
        """Slices in groups, each metric with an interval drawn beside the value over all test data, or
        beside the value that it should have."""
        found = [each for each in self.metrics.get("slices") or [] if each]
        names = list(dict.fromkeys(name for each in found for name in each.get("metrics") or {}))
        cold = self.cold_start()
        if not found:
            return {"cold": cold} if cold else {}
        keys = [key for key in ("rows", "positives") if any(each.get(key) is not None for each in found)]
        whole = (self.metrics.get("results") or {}).get("model") or {}
        domains = {name: self.slice_domain(found, name, whole.get(name)) for name in names}
        groups: dict[str, list] = {}
        for each in found[:MOST_SLICES]:
            group = groups.setdefault(self.words.name("slice", each.get("slice")), [])
            group.append(self.slice_row(each, keys, domains, whole))
        test = ((self.metrics.get("split") or {}).get("parts") or {}).get("test") or {}
        known = any(parts(whole.get(name))[0] is not None for name in names)
        return {
            "heads": [self.head(name)["label"] for name in names],
            "groups": groups,
            "keys": keys,
            "counts": [self.figures.count(test.get(key)) for key in keys],
            "overall": [self.interval(name, whole.get(name)) for name in names] if known else [],
            "more": len(found) > MOST_SLICES,
            "cold": cold,
        }

    def cold_start(self) -> str:
        """How well series without any past were forecast, in a sentence."""
        cold = self.metrics.get("cold_start") or {}
        shown = [
            self.words(
                "slices.cold_figure",
                metric=self.words.within(self.words.name("metric", name)),
                value=self.figures.interval(figure, kind_of(name)),
            )
            for name, figure in cold.items()
            if name != "series" and parts(figure)[0] is not None
        ]
        if not shown:
            return ""
        count = self.figures.count(cold.get("series"))
        return self.words("slices.cold", series=count, figures=self.words("slices.and").join(shown))

    def slice_row(self, each: Mapping, keys: list[str], domains: Mapping, whole: Mapping) -> dict:
        label, cells = self.words.value("slice_value", each.get("value")), []
        for name, domain in domains.items():
            figure, title = (
                (each.get("metrics") or {}).get(name),
                f"{self.words.name('metric', name)}, {label}",
            )
            target = target_of(self.metrics, name)
            beside = parts(whole.get(name))[0] if target is None else target
            mark = self.mark(figure, title, domain=domain, mark=beside)
            cells.append({**self.interval(name, figure), "mark": mark})
        return {"label": label, "counts": [self.figures.count(each.get(key)) for key in keys], "cells": cells}

    def slice_domain(self, found: list, name: str, whole) -> tuple[float, float]:
        figures = [(each.get("metrics") or {}).get(name) for each in found] + [whole]
        seen = [part for each in figures for part in parts(each) if part is not None]
        target = target_of(self.metrics, name)
        if target is not None:
            reach = max((abs(each - target) for each in seen), default=0) * 1.05 or 1.0
            return target - reach, target + reach
        low, high = limits(seen, zero=True)
        return (0, 1) if 0.5 < high <= 1 and low >= 0 else (low, high)


def reach_of(figures: list) -> float:
    """How far a scale about zero reaches: over all intervals, but no further than four times the median
    one, so that a trivial rival far off does not squeeze the others into a dot."""
    found = sorted(
        max((abs(part) for part in parts(each) if part is not None), default=0) for each in figures
    )
    return (min(found[-1], 4 * found[len(found) // 2]) or found[-1] or 1.0) * 1.1
