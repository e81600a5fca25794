"""Findings in words, the same on the terminal and on the page."""

from collections.abc import Mapping
from typing import Any

from shared.monitoring.findings import ACT, FEW, LOOK, STEADY
from shared.report.figures import DASH, Figures
from shared.report.words import Words, texts

ORDER = (ACT, LOOK, FEW, STEADY)


def words_of(content: Mapping[str, Any], lang: str) -> Words:
    """The texts of a monitoring report in one language.

    Args:
        content: Of monitor.json; its `words` are the solution's own.
        lang: "en" or "zh".
    Example:
        >>> words_of({}, "en")("monitor.steady")
        'Steady'
    """
    return Words(lang, {**texts("words_monitor"), **(content.get("words") or {})})


def name_of(finding: Mapping[str, Any], words: Words) -> str:
    """What a finding is about: a column by the customer's name, a metric or a score by its own.

    Example:
        >>> name_of({"name": "amount", "column": "TX_AMOUNT", "figure": "psi"}, words_of({}, "en"))
        'TX_AMOUNT'
    """
    if finding["figure"] == "metric":
        return words.name("metric", finding["name"])
    key = f"monitor_name.{finding['name'].removeprefix('scores/').replace('/', '_')}"
    own = finding["name"].startswith(("scores/", "photo/", "signal/", "calibration"))
    return words(key) if own and words.known(key) else str(finding["column"])


def shown(finding: Mapping[str, Any], when: str, figures: Figures) -> str:
    """The figure `then` or `now`, written by its kind.

    Example:
        >>> shown({"figure": "missing", "now": 0.125}, "now", Figures("en"))
        '12.5 %'
    """
    value = finding[when]
    if value is None:
        return DASH
    if finding["figure"] in ("missing", "unseen"):
        return figures.percent(value, places=1)
    if finding["figure"] == "distinct":
        return figures.fixed(value, 0)
    return figures.interval(value) if isinstance(value, Mapping) else figures.score(value, places=3)


def chance_of(finding: Mapping[str, Any], figures: Figures) -> str:
    """How often chance would do it, of all figures together.

    Example:
        >>> chance_of({"adjusted": 1e-9}, Figures("en")), chance_of({"adjusted": 0.25}, Figures("en"))
        ('< .001', '.250')
    """
    least = figures.score(0.001, places=3)
    return f"< {least}" if finding["adjusted"] < 0.001 else figures.score(finding["adjusted"], places=3)


def counts_of(content: Mapping[str, Any]) -> dict[str, int]:
    """How many figures there are, and how many of them are to be acted on or looked at.

    Example:
        >>> counts_of({"findings": [{"state": "act"}, {"state": "steady"}]})
        {'tested': 2, 'act': 1, 'look': 0}
    """
    states = [finding["state"] for finding in content["findings"]]
    return {"tested": len(states), "act": states.count(ACT), "look": states.count(LOOK)}


def sentence(finding: Mapping[str, Any], words: Words, figures: Figures) -> str:
    """One finding as a line."""
    name, figure = name_of(finding, words), finding["figure"]
    detail = finding.get("detail") or {}
    values = {"then": shown(finding, "then", figures), "now": shown(finding, "now", figures), "name": name}
    values |= {"chance": figures.score(detail.get("chance"), places=3)}
    values |= {key: figures.count(detail.get(key)) for key in ("observed", "expected")}
    return words(f"monitor_line.{figure}", **values)


def lines(content: Mapping[str, Any], lang: str = "en") -> list[str]:
    """What the command prints: each finding to act on or to look at, the gravest first, and the sum of all.

    Args:
        content: Of monitor.json.
        lang: "en" or "zh".
    Example:
        >>> lines({"state": "steady", "findings": []})
        ['steady: 0 figures compared, 0 to act on, 0 to look at']
    """
    words, figures = words_of(content, lang), Figures(lang)
    found = sorted(content["findings"], key=lambda finding: ORDER.index(finding["state"]))
    said = [
        f"{words('monitor.' + finding['state']).lower()}: {sentence(finding, words, figures)}"
        for finding in found
        if finding["state"] in (ACT, LOOK)
    ]
    state = words(f"monitor.{content['state']}").lower()
    return [*said, words("monitor_line.last", state=state, **counts_of(content))]
