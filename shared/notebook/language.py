"""Words and number formats of a notebook in one language: those of the report, and its own."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from shared.pipeline import Pipeline
from shared.report.figures import Figures
from shared.report.words import Words


@cache
def texts() -> dict[str, dict[str, str]]:
    """The entries of words.toml as `{"section.key": {"en": ..., "zh": ...}}`.

    Example:
        >>> texts()["notebook.value"]
        {'en': 'Value', 'zh': '取值'}
    """
    tables = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
    return {f"{table}.{key}": text for table, entries in tables.items() for key, text in entries.items()}


def of_run(metrics: Mapping, lang: str) -> tuple[Words, Figures]:
    """Words and figures for what a run found.

    Args:
        metrics: The content of `metrics.json`.
        lang: "en" or "zh".
    Raises:
        ValueError: If `lang` is neither.
    Example:
        >>> words, figures = of_run({"decision": {"currency": "CNY"}}, "zh")
        >>> words("notebook.value"), figures.money(5)
        ('取值', 'CNY 5')
    """
    found = (metrics.get(key) or {} for key in ("decision", "inventory"))
    currency = next((each["currency"] for each in found if each.get("currency")), None)
    words = Words(lang, {**texts(), **(metrics.get("words") or {})}, metrics.get("kind"))
    return words, Figures(lang, currency)


def of_pipeline(pipeline: Pipeline, lang: str, *, kind: str | None = None) -> tuple[Words, Figures]:
    """Words and figures for a solution's table and settings.

    Args:
        pipeline: Its own words go before those of the report.
        lang: "en" or "zh".
        kind: "diagnosis", "forecast" or "inspection", whose words go before those of other reports.
    Raises:
        ValueError: If `lang` is neither.
    Example:
        >>> from shared.config import Settings
        >>> class Shop(Pipeline):
        ...     Config = Settings
        >>> of_pipeline(Shop(), "en")[0]("notebook.value")
        'Value'
    """
    currency = getattr(pipeline.config, "currency", None)
    return Words(lang, {**texts(), **pipeline.words()}, kind), Figures(lang, currency)
