"""From the metrics to one HTML file: a pure function, so no figure can stand in it that the metrics lack."""

import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from shared.bundle_files import write_text
from shared.report.comparison import Comparison
from shared.report.curves import all_curves
from shared.report.diagnosis import Diagnosis
from shared.report.diagnosis_charts import decision_curve
from shared.report.figures import Figures
from shared.report.forecast_charts import forecast_charts
from shared.report.forecasts import Forecasts
from shared.report.inspection import Inspection
from shared.report.inventory import Inventory
from shared.report.provenance import Provenance
from shared.report.referrals import Referrals
from shared.report.sections import Sections
from shared.report.signals import Signals
from shared.report.subgroups import Subgroups
from shared.report.tripod import tripod
from shared.report.words import Words

NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(metrics: Mapping, lang: str = "en") -> str:
    """The report as one HTML page that needs nothing from outside: styles and drawings are inside.

    Each section is rendered only if the metrics hold something for it. The page is well-formed XML.

    Args:
        metrics: The content of `metrics.json`; `kind` "diagnosis", "forecast" or "inspection" picks the
            texts of such reports. A solution may add `words`, texts that replace those of the report:
            `{"column.missed": {"en": "Missed frauds", "zh": "漏掉的欺诈"}}`.
        lang: "en" or "zh".
    Raises:
        ValueError: If `lang` is neither.
    Example:
        >>> page = render({"title": {"en": "Card payment fraud"}, "simulated": True})
        >>> "<h1>Card payment fraud</h1>" in page, "Simulated data" in page
        (True, True)
    """
    metrics = cleaned(metrics)
    words = Words(lang, metrics.get("words"), metrics.get("kind"))
    found = (metrics.get(key) or {} for key in ("decision", "inventory"))
    figures = Figures(lang, next((each["currency"] for each in found if each.get("currency")), None))
    found = sections_of(metrics, words, figures)
    return template().render(
        lang="zh-CN" if lang == "zh" else "en",
        w=words,
        style=stylesheet(),
        title=words.local(metrics.get("title")) or words("page.report"),
        solution=metrics.get("solution") or "",
        created=figures.date(metrics["created"]) if metrics.get("created") else "",
        simulated=bool(metrics.get("simulated")),
        sections=found,
        shown=[name for name, content in found.items() if content],
    )


def sections_of(metrics: Mapping, words: Words, figures: Figures) -> dict:
    """What each section shows, by its name, in the order of the page; empty where there is nothing."""
    makers = (Sections, Comparison, Provenance, Inventory, Forecasts, Inspection, Diagnosis)
    sections, comparison, provenance, inventory, forecasts, inspection, diagnosis = (
        each(metrics, words, figures) for each in makers
    )
    clinical = metrics.get("kind") == "diagnosis"  # images stand late, and two classes need no matrix
    found = {
        "verdict": sections.verdict(),
        "intended": diagnosis.intended(),
        "population": diagnosis.population(),
        "inspection": inspection.inspection(),
        "money": sections.money(),
        "inventory": inventory.inventory(),
        "rivals": comparison.rivals(),
        "classes": {} if clinical and class_count(metrics) < 3 else inspection.classes(),
        "threshold": diagnosis.threshold(),
        "referrals": Referrals(metrics, words, figures).referrals(),
        "gallery": {} if clinical else inspection.gallery(),
        "examples": forecasts.examples(),
        "charts": charts_of(metrics, words, figures),
        "subgroups": Subgroups(metrics, words, figures).subgroups(),
        "slices": comparison.slices(),
        "drivers": sections.drivers(),
        "images": diagnosis.images() if clinical else {},
        "signals": Signals(metrics, words, figures).signals(),
        "tripod": {},
        "limits": [words.local(each) for each in metrics.get("limits") or [] if each],
        "data": provenance.data(),
        "method": provenance.method(),
    }
    found["tripod"] = tripod(metrics, [name for name, content in found.items() if content], words)
    return found


def class_count(metrics: Mapping) -> int:
    """How many classes the confusion matrix has."""
    return len((metrics.get("classes") or {}).get("names") or [])


def charts_of(metrics: Mapping, words: Words, figures: Figures) -> list[dict]:
    """Every chart of the section of charts, those of the training last."""
    charts = forecast_charts(metrics, words, figures) + all_curves(metrics, words, figures)
    charts += decision_curve(metrics, words, figures)
    return sorted(charts, key=lambda chart: chart["name"].startswith("learning"))


def write_report(metrics: Mapping, path: str | os.PathLike, lang: str = "en") -> Path:
    """Renders the report and writes it to `path`, whole or not at all; returns the path."""
    return write_text(path, render(metrics, lang))


@cache
def template(name: str = "template.html.j2", folder: Path | None = None):
    """A page's Jinja template, escaping everything that is not marked as safe.

    Args:
        name: Of its file; the report's own by default.
        folder: Where it lies, if not here; it may take the macros that lie here.
    """
    from jinja2 import Environment, FileSystemLoader

    here = Path(__file__).parent
    loader = FileSystemLoader([folder or here, here], encoding="utf-8")
    options = {"autoescape": True, "trim_blocks": True, "lstrip_blocks": True}
    return Environment(loader=loader, **options).get_template(name)


@cache
def stylesheet():
    """The page's styles, to stand inside it."""
    from markupsafe import Markup

    return Markup(Path(__file__).with_name("style.css").read_text(encoding="utf-8"))


def cleaned(value):
    """The same structure without characters that no page may hold; keys become texts."""
    if isinstance(value, str):
        return NOT_IN_XML.sub("\ufffd", value)
    if isinstance(value, Mapping):
        return {cleaned(str(key)): cleaned(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [cleaned(each) for each in value]
    return value
