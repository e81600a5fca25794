"""The sections an engineer checks: what the data were, and how the result was obtained."""

import json
from collections.abc import Mapping

from shared.report.bars import Bar, bar_chart
from shared.report.cells import Cells
from shared.report.figures import DASH, clip, finite

MOST_COLUMNS, MOST_NOTES, MOST_SETTINGS = 150, 40, 200


class Provenance(Cells):
    """Prepares the sections on data and method."""

    def data(self) -> dict:
        """Size and period, columns, notes of the reader, split."""
        data, split = self.metrics.get("data") or {}, self.metrics.get("split") or {}
        counted = self.counted()
        if not data and not split and not counted:
            return {}
        facts = {
            "source": data.get("source"),
            "rows": self.count(data.get("rows")),
            "positives": self.count(data.get("positives")),
            "period": self.span(data.get("period")),
        }
        columns = data.get("columns") or []
        notes = data.get("notes") or []
        return {
            "facts": {self.words(f"data.{key}"): value for key, value in facts.items() if value},
            "columns": [self.column(each) for each in columns[:MOST_COLUMNS]],
            "notes": [clip(self.words.local(note), 400) for note in notes[:MOST_NOTES]],
            "split": self.split(split),
            "counted": counted,
            "more_columns": len(columns) > MOST_COLUMNS,
            "more_notes": len(notes) > MOST_NOTES,
        }

    def counted(self) -> dict[str, str]:
        """What was counted while lines became series."""
        words, found = self.words, self.metrics.get("aggregation") or {}
        return {
            words(f"counted.{key}"): words.name("frequency", value)
            if key == "frequency"
            else self.figures.raw(value)
            for key, value in list(found.items())[:MOST_NOTES]
            if isinstance(value, str) or finite(value) is not None
        }

    def correction(self) -> str:
        """How the ranges of the forecasts were corrected, and by how much at least and at most."""
        found, words = self.metrics.get("correction") or {}, self.words
        if not found.get("method"):
            return ""
        name, factor = words.name("correction", found["method"]), found.get("factor")
        factor = factor if isinstance(factor, list) else [factor]
        known = [each for each in map(finite, factor) if each is not None]
        if not known:
            return name
        figure = {"value": min(known), "low": min(known), "high": max(known)}
        shown = self.figures.bounds(figure) if min(known) < max(known) else self.figures.score(known[0])
        return words("method.with", name=name, detail=words("method.factor", value=shown))

    def count(self, value) -> str:
        return "" if finite(value) is None else self.figures.count(value)

    def span(self, period) -> str:
        if not period or len(period) != 2:
            return ""
        low, high = (self.figures.date(each) for each in period)
        return self.words("data.span", low=low, high=high)

    def column(self, each: Mapping) -> dict:
        role, kind = (self.words.name(key, each[key]) if each.get(key) else DASH for key in ("role", "kind"))
        missing = finite(each.get("missing"))
        shown = "0" if missing == 0 else self.figures.percent(missing)
        spread = [self.extreme(each.get(key)) for key in ("min", "median", "max", "distinct")]
        return {
            "name": self.figures.raw(each.get("name")),
            "role": role,
            "kind": kind,
            "cells": [shown, *spread],
        }

    def extreme(self, value) -> str:
        """A smallest, median or largest value: a number, a date, or a text."""
        text = str(value)
        is_date = isinstance(value, str) and len(text) >= 10 and text[4:5] == "-" and text[7:8] == "-"
        return text.replace("T", " ")[:16] if is_date else self.figures.raw(value)

    def split(self, split: Mapping) -> dict:
        if not split:
            return {}
        rows = []
        parts = {name: part or {} for name, part in (split.get("parts") or {}).items()}
        writers = dict.fromkeys(("rows", "positives", "series", "origins"), self.figures.count)
        writers |= dict.fromkeys(("from", "to"), self.figures.date)
        keys = [key for key in writers if any(part.get(key) is not None for part in parts.values())]
        for name, part in parts.items():
            cells = [writers[key](part.get(key)) for key in keys]
            rows.append({"label": self.words.name("part", name), "cells": cells})
        method = self.words.name("split", split["method"]) if split.get("method") else ""
        return {
            "method": method,
            "detail": self.details("split", split.get("detail")),
            "keys": keys,
            "rows": rows,
        }

    def details(self, section: str, values) -> dict[str, str]:
        pairs = list(flat(values or {}).items())[:MOST_SETTINGS]
        return {self.words.name(section, key): clip(self.setting(value), 200) for key, value in pairs}

    def setting(self, value) -> str:
        """A setting as an engineer would write it: numbers unrounded."""
        if isinstance(value, list | tuple):
            return json.dumps(value, ensure_ascii=False, default=str)
        if isinstance(value, float):
            return DASH if finite(value) is None else f"{value:.6g}"
        return self.figures.raw(value) if isinstance(value, bool) or value is None else str(value)

    def method(self) -> dict:
        """Command, seed, hash, settings, stages, versions."""
        metrics, words = self.metrics, self.words
        config = flat(metrics.get("config") or {})
        settings = {
            clip(str(k), 80): clip(self.setting(v), 120) for k, v in list(config.items())[:MOST_SETTINGS]
        }
        calibration = metrics.get("calibration") or {}
        parameters = self.details("parameter", calibration.get("parameters"))
        joined = "; ".join(f"{key} {value}" for key, value in parameters.items())
        named = words.name("calibration", calibration["method"]) if calibration.get("method") else ""
        facts = {
            "seed": "" if metrics.get("seed") is None else str(metrics["seed"]),
            "split": (self.split(metrics.get("split") or {}) or {}).get("method"),
            "calibration": words("method.with", name=named, detail=joined) if joined else named,
            "correction": self.correction(),
            "sha256": (metrics.get("data") or {}).get("sha256"),
            "format": str(metrics["format"]) if metrics.get("format") else "",
        }
        out = {
            "command": metrics.get("command") or "",
            "facts": {words(f"method.{key}"): value for key, value in facts.items() if value},
            "settings": settings,
            "more_settings": len(config) > MOST_SETTINGS,
            "versions": {str(key): str(value) for key, value in (metrics.get("versions") or {}).items()},
            **self.stages(),
        }
        shown = ("command", "settings", "versions", "stages")
        return out if any(out[key] for key in shown) or len(out["facts"]) > 1 else {}

    def stages(self) -> dict:
        rows, bars = [], []
        for name, stage in (self.metrics.get("stages") or {}).items():
            label, stage = self.words.name("stage", name), stage or {}
            seconds = self.figures.raw(stage.get("seconds"))
            rows.append(
                {"label": label, "cells": [seconds, self.figures.count(round_whole(stage.get("peak_mb")))]}
            )
            if finite(stage.get("seconds")) is not None and name != "total":
                bars.append(Bar(label, stage["seconds"], seconds))
        title = self.words("method.stages")
        chart = bar_chart(bars, title=title, desc=self.words("column.seconds")) if bars else ""
        return {"stages": rows, "stage_chart": chart}


def round_whole(value) -> int | None:
    """The nearest whole number; None of what is no number."""
    number = finite(value)
    return None if number is None else round(number)


def flat(values: Mapping, prefix: str = "") -> dict:
    """Nested settings as one level: `{"a": {"b": 1}}` becomes `{"a.b": 1}`.

    Example:
        >>> flat({"seed": 0, "costs": {"review": 4.0}})
        {'seed': 0, 'costs.review': 4.0}
    """
    out = {}
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            out |= flat(value, f"{prefix}{key}.")
        else:
            out[f"{prefix}{key}"] = value
    return out
