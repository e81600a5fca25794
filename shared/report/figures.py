"""How figures are written: three significant digits, separators, currency, intervals, dates."""

import math
import re
from collections.abc import Mapping
from datetime import datetime

DASH = "–"
MONTHS = ("January", "February", "March", "April", "May", "June", "July")
MONTHS += ("August", "September", "October", "November", "December")


def finite(value) -> float | None:
    """`value` as a float, or None if it is no finite number.

    Example:
        >>> finite("7"), finite(float("nan")), finite(2)
        (None, None, 2.0)
    """
    if type(value) is float:
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | bytes | Mapping | list | tuple):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def parts(figure) -> tuple[float | None, float | None, float | None]:
    """Value, low and high of `{"value", "low", "high"}` or of a bare number."""
    if isinstance(figure, Mapping):
        return finite(figure.get("value")), finite(figure.get("low")), finite(figure.get("high"))
    return finite(figure), None, None


def decimals(*values: float | None, digits: int = 3) -> int:
    """Decimal places that show the first value which is not zero with `digits` significant digits.

    Example:
        >>> decimals(.67), decimals(.0512), decimals(41.25), decimals(0., .02)
        (3, 4, 1, 4)
    """
    size = next((abs(value) for value in values if value), 1.0)
    return min(max(digits - 1 - math.floor(math.log10(size)), 0), 6)


def kind_of(metric: str) -> str:
    """How a metric is written: "money", "percent" or "score"."""
    name = metric.lower()
    if name == "cost" or name.endswith("_cost") or name.startswith(("cost_", "saved")):
        return "money"
    shares = name.endswith(("_share", "_rate")) or name in ("share", "service", "bias")
    return "percent" if shares or name.startswith("coverage") else "score"


class Figures:
    """Writes numbers for one language and currency; what is no finite number becomes a dash.

    Args:
        lang: "en" drops the zero before the decimal point of scores, "zh" keeps it.
        currency: Code that stands before amounts of money.
    Example:
        >>> Figures("en").interval({"value": .67, "low": .612, "high": .721})
        '.670 (.612 to .721)'
        >>> Figures("zh", "CNY").money(-12345.6)
        'CNY −12,346'
    """

    def __init__(self, lang: str = "en", currency: str | None = None):
        self.lang, self.currency = lang, currency or ""

    def fixed(self, value, places: int, *, sign: bool = False) -> str:
        """`value` with that many decimal places."""
        number = finite(value)
        if number is None:
            return DASH
        if number and abs(number) < 10.0**-places / 2 and places >= 6:
            text = f"{abs(number):.1e}"
        else:
            text = f"{abs(number):,.{places}f}"
        zero = not re.search("[1-9]", text)
        if zero:
            text = "0"
        mark = "" if zero else "−" if number < 0 else "+" if sign else ""
        return mark + text

    def score(self, value, *, places: int | None = None, sign: bool = False) -> str:
        number = finite(value)
        text = self.fixed(number, decimals(number) if places is None else places, sign=sign)
        return re.sub(r"(?<!\d)0\.", ".", text) if self.lang == "en" else text

    def count(self, value) -> str:
        """A number of things: whole if it is whole, else one decimal place."""
        number = finite(value)
        return self.fixed(number, 0 if number is None or number == round(number) else 1)

    def percent(self, value, *, places: int | None = None, sign: bool = False) -> str:
        number = finite(value)
        if number is None:
            return DASH
        shown = decimals(number * 100) if places is None else places
        return self.fixed(number * 100, min(shown, 2), sign=sign) + ("%" if self.lang == "zh" else " %")

    def money(self, value, *, places: int | None = None, sign: bool = False, code: bool = True) -> str:
        """An amount, with the currency's code unless `code` is false."""
        number = finite(value)
        if number is None:
            return DASH
        if places is None:
            places = 2 if abs(number) < 100 and number != round(number) else 0
        text = self.fixed(number, places, sign=sign)
        return f"{self.currency} {text}" if code and self.currency else text

    def write(self, value, kind: str = "score", **options) -> str:
        """`value` as "score", "money", "percent" or "count"."""
        return getattr(self, kind)(value, **options)

    def places(self, figure, kind: str) -> int:
        """Decimal places shared by a value and its interval."""
        value, low, high = parts(figure)
        spread = [abs(bound) for bound in (low, high) if bound is not None]
        if kind == "money":
            return 2 if abs(value or max(spread, default=0)) < 100 else 0
        scale = 100 if kind == "percent" else 1
        found = decimals((value or 0) * scale, max(spread, default=0) * scale)
        return min(found, 2 if kind == "percent" else 5)

    def value(self, figure, kind: str = "score", *, sign: bool = False, code: bool = True) -> str:
        """The value of a figure alone; `code` false leaves out the currency."""
        number, _, _ = parts(figure)
        options = {"places": self.places(figure, kind), "sign": sign}
        if kind == "money":
            options["code"] = code
        return self.write(number, kind, **options)

    def bounds(self, figure, kind: str = "score", *, sign: bool = False) -> str:
        """The interval of a figure alone, empty if it has none."""
        _, low, high = parts(figure)
        if low is None or high is None:
            return ""
        options = {"places": self.places(figure, kind), "sign": sign}
        if kind == "money":
            options["code"] = False
        ends = self.write(low, kind, **options), self.write(high, kind, **options)
        return f"{ends[0]} 至 {ends[1]}" if self.lang == "zh" else f"{ends[0]} to {ends[1]}"

    def interval(self, figure, kind: str = "score", *, sign: bool = False) -> str:
        """Value and interval."""
        text, bounds = self.value(figure, kind, sign=sign), self.bounds(figure, kind, sign=sign)
        if not bounds:
            return text
        return f"{text}（{bounds}）" if self.lang == "zh" else f"{text} ({bounds})"

    def date(self, value) -> str:
        """An ISO date or time as people write it; anything else stays as it is."""
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            return DASH if value is None else str(value)
        if self.lang == "zh":
            text = f"{moment.year}年{moment.month}月{moment.day}日"
        else:
            text = f"{moment.day} {MONTHS[moment.month - 1]} {moment.year}"
        clock = f"{moment.hour:02d}:{moment.minute:02d}"
        if len(str(value)) <= 10 or clock == "00:00":
            return text
        return f"{text} {clock}" if self.lang == "zh" else f"{text}, {clock}"

    def raw(self, value) -> str:
        """A value of a table: numbers with four significant digits, texts cut to 60 characters."""
        if isinstance(value, bool):
            return ("是" if value else "否") if self.lang == "zh" else ("yes" if value else "no")
        number = finite(value)
        if number is None:
            missing = value is None or isinstance(value, float)
            return DASH if missing else clip(str(value), 60)
        if number == round(number):
            return self.fixed(number, 0)
        text = self.fixed(number, decimals(number, digits=4))
        return text if "e" in text else re.sub(r"(\.\d*?)0+$", r"\1", text).rstrip(".")


def clip(text: str, length: int) -> str:
    """`text`, cut with an ellipsis if it is longer than `length`."""
    return text if len(text) <= length else text[: length - 1] + "…"
