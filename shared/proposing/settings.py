"""Settings that a table asks for: parts by time that fit its span, cancelled lines, the good class, the horizon."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from shared.proposing.fitting import cancelled_texts, clock
from shared.proposing.labels import good_names
from shared.proposing.profile import Column
from shared.proposing.vocabulary import folded
from shared.series.calendar import grid

Text = dict[str, str]
STEP_DAYS = {"H": 1 / 24, "D": 1.0, "W": 7.0, "M": 30.4}
USUAL = {"H": 48, "D": 28, "W": 8, "M": 6}  # steps of a forecast


@dataclass(frozen=True)
class Setting:
    """A value of [settings], and why it is not left at its default."""

    value: Any
    why: Text


def settings_for(
    roles: Mapping[str, Column], defaults: Mapping[str, Any]
) -> tuple[dict[str, Setting], list[Text]]:
    """The settings to be changed, and what is doubtful about them.

    Args:
        roles: The column of each role that has one.
        defaults: Of the solution's settings; only these are set.
    Example:
        >>> status = Column("Invoice", "text", 9, 9, 9, mark="C")
        >>> settings_for({"status": status}, {"cancelled": ()})[0]["cancelled"].value
        ['C*']
    """
    found: dict[str, Setting] = {}
    doubts: list[Text] = []
    if "cancelled" in defaults and "status" in roles:
        texts = cancelled_texts(roles["status"])
        if texts:
            why = {"en": "lines with such a status are cancelled", "zh": "此类状态的订单行视为已取消"}
            found["cancelled"] = Setting(texts, why)
    if "good" in defaults and "label" in roles:
        names, doubt = good_names(roles["label"])
        if names and not set(names) & set(defaults["good"]):
            found["good"] = Setting(names, {"en": "what the good class is called", "zh": "良品类别的名称"})
        doubts += [doubt] if doubt else []
    if "test_days" in defaults and "time" in roles and defaults.get("split") == "time":
        found |= _parts(roles, defaults)
    if "horizon" in defaults and "date" in roles:
        found |= _horizon(roles["date"], defaults)
    return found, doubts


def days_of(column: Column) -> float:
    """Days from the first time to the last."""
    seen = column.seen
    if column.kind == "time":
        return float(seen.max() - seen.min()) / 86_400 if len(seen) else 0.0
    counted = clock(column)
    return counted.days if counted else 0.0


def _parts(roles: Mapping[str, Column], defaults: Mapping[str, Any]) -> dict[str, Setting]:
    """Parts by time need three times the days that judge and those of the delay; else folds at random."""
    days = days_of(roles["time"])
    wanted = 3 * (defaults["test_days"] or 7) + 2 * defaults.get("label_delay", 0)
    if days >= wanted:
        return {}
    if days < 5:
        why = {
            "en": f"{days:.1f} days are too few for past and future",
            "zh": f"仅 {days:.1f} 天，不足以按时间划分",
        }
        folds = {"en": "each row judges once", "zh": "每行各评估一次"}
        return {"split": Setting("stratified", why), "folds": Setting(5, folds)}
    why = {"en": f"the table spans {days:.0f} days", "zh": f"数据跨度为 {days:.0f} 天"}
    test = max(1, int(days // 5))
    return {
        "test_days": Setting(test, why),
        "label_delay": Setting(min(defaults.get("label_delay", 0), int(days // 8)), why),
    }


def _horizon(column: Column, defaults: Mapping[str, Any]) -> dict[str, Setting]:
    """Steps of a forecast that leave enough of the past to learn from."""
    seen = column.seen
    if column.kind != "time" or not len(seen):
        return {}
    times = np.unique(seen).astype("datetime64[s]").astype("datetime64[us]")
    step = grid(times) or "D"
    steps = days_of(column) / STEP_DAYS[step]
    horizon = int(max(1, min(USUAL[step], steps // 12)))
    found = {}
    why = {"en": f"the table spans about {steps:,.0f} periods", "zh": f"数据约有 {steps:,.0f} 个周期"}
    if horizon != defaults["horizon"]:
        found["horizon"] = Setting(horizon, why)
    judged = horizon * (defaults.get("origins", 1) + defaults.get("valid_origins", 1))
    room = int(steps - judged) // 2
    if "lookback" in defaults and room < defaults["lookback"]:
        found["lookback"] = Setting(max(1, room), why)
    return found


def told_missing(columns: Sequence[Column]) -> list[str]:
    """Texts for not known that stand among numbers and dates, each once.

    Example:
        >>> told_missing([Column("a", "number", 9, 8, 8, missing=("?",)), Column("b", "number", 9, 9, 9)])
        ['?']
    """
    texts = {text for column in columns for text in column.missing}
    return sorted(texts, key=lambda text: (folded(text), text))
