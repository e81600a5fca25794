"""From monitor.json to one HTML page, in English or Chinese, that needs nothing from outside."""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from shared.bundle_files import write_text
from shared.monitoring.findings import ACT, FEWEST, LOOK, worst
from shared.monitoring.sentences import ORDER, chance_of, counts_of, name_of, shown, words_of
from shared.report.charts import INK, MODEL, MUTED, fit_text, stroke, svg, text, text_width
from shared.report.figures import DASH, Figures
from shared.report.render import cleaned, stylesheet, template
from shared.report.words import Words

MOST_CHARTS, STEADY_CHARTS, MOST_COLUMNS, MOST_FINDINGS, MOST_BARS = 24, 8, 200, 100, 13
THEN, NOW, CHANGED = "#9aa5b1", MODEL, "#D55E00"


def render_monitor(content: Mapping[str, Any], lang: str = "en") -> str:
    """The page; well-formed XML, like the report of a run.

    Args:
        content: Of monitor.json.
        lang: "en" or "zh".
    """
    content = cleaned(content)
    words, figures = words_of(content, lang), Figures(lang)
    state = content["state"]
    changed = [each for each in content["findings"] if each["state"] in (ACT, LOOK)]
    changed.sort(key=lambda each: ORDER.index(each["state"]))
    values = counts_of(content) | {"fewest": FEWEST}
    charts = charts_of(content, words, figures)
    columns = table_of(content, words, figures)
    return template("page.html.j2", Path(__file__).parent).render(
        lang="zh-CN" if lang == "zh" else "en",
        w=words,
        style=stylesheet(),
        title=words.local(content.get("title")) or content["solution"],
        solution=content["solution"],
        created=figures.date(content["created"]),
        simulated=bool(content.get("simulated")),
        state=state,
        sentence=words(f"monitor.sentence_{state}", **values),
        explain=words("monitor.explain", false=_share(content["alarms"]["false"], figures)),
        cards=_cards(content, words, figures),
        findings=[_row(each, words, figures) for each in changed[:MOST_FINDINGS]],
        performance=_performance(content, words, figures),
        charts=charts,
        columns=columns[:MOST_COLUMNS],
        more=max(0, len(columns) - MOST_COLUMNS),
        method=_method(content, words, figures),
        notes=content.get("notes") or [],
    )


def write_page(content: Mapping[str, Any], path: Path, lang: str = "en") -> Path:
    """Renders the page and writes it, whole or not at all; returns the path."""
    return write_text(path, render_monitor(content, lang))


def _cards(content: Mapping, words: Words, figures: Figures) -> list[dict[str, str]]:
    counts = counts_of(content)
    entries = {key: content["data"][key] for key in ("rows", "training_rows")} | counts
    css = {"act": "loss" if counts["act"] else "", "look": ""}
    return [
        {"label": words(f"monitor_card.{key}"), "value": figures.count(value), "css": css.get(key, "")}
        for key, value in entries.items()
    ]


def _row(finding: Mapping, words: Words, figures: Figures) -> dict[str, str]:
    return {
        "name": name_of(finding, words),
        "figure": words(f"monitor_figure.{finding['figure']}"),
        "then": DASH if finding["figure"] == "psi" else shown(finding, "then", figures),
        "now": shown(finding, "now", figures),
        "chance": chance_of(finding, figures),
        "state": finding["state"],
    }


def _performance(content: Mapping, words: Words, figures: Figures) -> dict[str, Any]:
    """The figures of the labelled rows, beside those of the test rows where a bundle keeps them."""
    found = content.get("performance")
    if not found:
        return {}
    judged = [each for each in content["findings"] if each["figure"] in ("metric", "calibration")]
    rows = [_row(each, words, figures) for each in judged]
    if not judged:
        rows = [
            {
                "name": words.name("metric", name),
                "then": DASH,
                "now": figures.interval(figure),
                "chance": DASH,
            }
            for name, figure in found["now"]["figures"].items()
        ]
    sums = found["now"].get("calibration")
    line = ""
    if sums:
        of = {"then": DASH, "now": figures.interval(sums["ratio"])}
        of["then"] = figures.interval(((found["then"] or {}).get("calibration") or {}).get("ratio"))
        of |= {key: figures.count(sums[key]) for key in ("observed", "expected")}
        line = words("monitor_line.calibration", **of)
    return {"rows": rows, "calibration": line[:1].upper() + line[1:], "test": found["then"] is not None}


def _method(content: Mapping, words: Words, figures: Figures) -> dict[str, str]:
    """The file and the limits that were held against."""
    facts = {words("monitor_text.data"): content["data"].get("source") or DASH}
    facts[words("monitor_text.false")] = _share(content["alarms"]["false"], figures)
    for name, limits in content["alarms"].items():
        if name != "false":
            label = f"{words('monitor_text.limits')}: {words('monitor_figure.' + name)}"
            facts[label] = ", ".join(figures.score(each) for each in limits)
    return facts


def _share(value: float, figures: Figures) -> str:
    return figures.percent(value, places=0 if round(value * 100) == value * 100 else 1)


def by_column(content: Mapping) -> dict[str, dict[str, Mapping]]:
    """The findings of each column, by figure.

    Example:
        >>> by_column({"findings": [{"name": "amount", "figure": "psi"}]})
        {'amount': {'psi': {'name': 'amount', 'figure': 'psi'}}}
    """
    found: dict[str, dict[str, Mapping]] = {}
    for finding in content["findings"]:
        found.setdefault(finding["name"], {})[finding["figure"]] = finding
    return found


def table_of(content: Mapping, words: Words, figures: Figures) -> list[dict[str, Any]]:
    """Every column with its figures, the gravest first."""
    found, out = by_column(content), []
    for column in content["columns"]:
        of = found.get(column["name"], {})
        cells = []
        for key in ("psi", "jensen_shannon", "missing", "unseen", "distinct"):
            finding = of.get("psi" if key == "jensen_shannon" else key)
            if finding is None or finding["now"] is None:
                cells.append(DASH)
            elif key == "psi":
                cells.append(shown(finding, "now", figures))
            elif key == "jensen_shannon":
                cells.append(figures.score(finding["detail"].get(key), places=3))
            else:
                cells.append(f"{shown(finding, 'then', figures)} → {shown(finding, 'now', figures)}")
        state = worst(each["state"] for each in of.values())
        label = name_of({**column, "figure": "psi"}, words)
        out.append({"name": label, "cells": cells, "state": state, "size": _size(of)})
    return sorted(out, key=lambda row: (ORDER.index(row["state"]), -row["size"]))


def _size(of: Mapping) -> float:
    return float((of.get("psi") or {}).get("size") or 0.0)


def charts_of(content: Mapping, words: Words, figures: Figures) -> list[dict[str, Any]]:
    """Charts of the columns that moved most; of steady ones no more than make `STEADY_CHARTS` in all."""
    found, out = by_column(content), []
    for column in content["columns"]:
        of = found.get(column["name"], {})
        if column["kind"] != "key" and "psi" in of:
            out.append((ORDER.index(of["psi"]["state"]), -_size(of), column, of["psi"]))
    out.sort(key=lambda each: each[:2])
    charts = []
    changed = sum(finding["state"] in (ACT, LOOK) for _, _, _, finding in out)
    for _, _, column, finding in out[: min(MOST_CHARTS, max(changed, STEADY_CHARTS))]:
        title = name_of(finding, words)
        shown_psi = f"{title} · PSI {shown(finding, 'now', figures)}"
        drawing = share_chart(
            _bars(column, words, figures), title=title, changed=finding["state"] in (ACT, LOOK)
        )
        charts.append({"title": shown_psi, "state": finding["state"], "svg": drawing})
    return charts


def _bars(column: Mapping, words: Words, figures: Figures) -> list[tuple[str, float, float]]:
    """The name and the two shares of each bin; of categories the rarest are put together."""
    pairs = list(zip(column["then"], column["now"]))
    if column["kind"] == "number":
        edges = [figures.raw(edge) for edge in column["edges"]]
        if not edges:
            return [(words("monitor_text.other"), *pairs[0])]
        names = [f"≤ {edges[0]}", *(f"{low} – {high}" for low, high in pairwise(edges)), f"> {edges[-1]}"]
        return [(name, *pair) for name, pair in zip(names, pairs)]
    values = column["values"][: MOST_BARS - 1]
    rest = [sum(pair[side] for pair in pairs[len(values) :]) for side in (0, 1)]
    return [*((name, *pair) for name, pair in zip(values, pairs)), (words("monitor_text.other"), *rest)]


def share_chart(bars: list[tuple[str, float, float]], *, title: str, changed: bool = False):
    """Two bars for each bin, one above the other: the share at training, and the share now.

    Example:
        >>> str(share_chart([("web", 0.5, 0.7), ("shop", 0.5, 0.3)], title="Channel")).count("<rect")
        4
    """
    width, row = 400, 22
    side = min(max((text_width(name) for name, _, _ in bars), default=0) + 10, 150)
    most = max([share for _, *pair in bars for share in pair] + [0.01])
    scale = (width - side - 52) / most
    body = []
    for place, (name, then, now) in enumerate(bars):
        top = place * row + 3
        body.append(text(side - 8, top + 12, fit_text(name, side - 8), anchor="end", fill=INK))
        for share, offset, color in ((then, 0, THEN), (now, 8, CHANGED if changed else NOW)):
            size = f'width="{share * scale:.1f}" height="7"'
            body.append(f'<rect x="{side:g}" y="{top + offset:g}" {size} fill="{color}"/>')
        body.append(text(width, top + 12, f"{now:.1%}", anchor="end"))
    tall = len(bars) * row + 4
    body.append(stroke(side, 0, side, tall, color=MUTED))
    return svg(width, tall, title, "".join(body))
