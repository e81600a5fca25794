"""What a clinic measures: unit and plausible range by name and cells; numbers that stand for not known."""

from typing import Any

import numpy as np

from shared.proposing.profile import Column
from shared.proposing.vocabulary import listed, tokens

RANGES: dict[str, list[tuple[str, float, float, float, float]]] = {
    "age": [("years", 0, 120, 1, 100)],
    "bmi": [("kg/m2", 10, 100, 15, 45)],
    "temperature": [("°C", 30, 45, 35, 40), ("°F", 86, 113, 95, 104)],
    "systolic": [("mmHg", 40, 300, 90, 180)],
    "diastolic": [("mmHg", 20, 200, 50, 110)],
    "pulse": [("1/min", 20, 300, 50, 120)],
    "glucose": [("mg/dL", 20, 1000, 60, 300), ("mmol/L", 1, 55, 3, 16)],
    "height": [("cm", 30, 250, 60, 200), ("m", 0.3, 2.5, 0.6, 2.0)],
    "weight": [("kg", 0.5, 400, 3, 150)],
    "saturation": [("%", 30, 100, 80, 100)],
    "creatinine": [("mg/dL", 0.1, 40, 0.3, 4), ("µmol/L", 10, 3500, 30, 350)],
    "cholesterol": [("mg/dL", 40, 1000, 100, 350), ("mmol/L", 1, 26, 2.5, 9)],
    "haemoglobin": [("g/dL", 2, 25, 6, 19), ("g/L", 20, 250, 60, 190)],
}
"""Of each quantity: unit, least and greatest plausible value, and between what the middle value lies."""

CODES = (-9.0, -99.0, -999.0, -9999.0, -99999.0, 999.0, 9999.0, 99999.0, 999999.0)
OFTEN = 3  # cells of one number outside the range before it is taken for a code


def quantity(name: str) -> str | None:
    """Which quantity a column's name means, if any.

    Example:
        >>> quantity("avg_glucose_level"), quantity("收缩压"), quantity("stage")
        ('glucose', 'systolic', None)
    """
    mine = set(tokens(name))
    for what, phrases in listed("quantities").items():
        if any(set(tokens(phrase)) <= mine for phrase in phrases):
            return what
    return None


def number_entry(column: Column, *, clinical: bool) -> dict[str, Any]:
    """The entry of a column under [numbers]: unit, range and codes, as far as the cells bear it out; {} if none.

    Args:
        clinical: Whether the table is of patients; elsewhere only codes are looked for.
    Example:
        >>> values = np.array([22.5, 31.0, 27.3, 24.1, 29.9] * 3 + [2.0] * 3)
        >>> number_entry(Column("bmi", "number", 18, 18, 6, numbers=values), clinical=True)
        {'unit': 'kg/m2', 'low': 10, 'high': 100, 'missing': [2.0]}
    """
    what = quantity(column.name) if clinical else None
    seen = column.seen
    if not len(seen):
        return {}
    for unit, low, high, usual_low, usual_high in RANGES.get(what or "", []):
        if not usual_low <= np.median(seen) <= usual_high:
            continue
        values, counts = np.unique(seen[(seen < low) | (seen > high)], return_counts=True)
        if counts.sum() > 0.3 * len(seen) or len(values) > 2 or (counts < OFTEN).any():
            return {}
        entry: dict[str, Any] = {"unit": unit, "low": low, "high": high}
        return entry | ({"missing": values.tolist()} if len(values) else {})
    codes = coded(seen)
    return {"missing": codes} if codes else {}


def coded(seen: np.ndarray) -> list[float]:
    """Numbers such as -9 or 9999 that lie apart from all others, and so stand for not known.

    Example:
        >>> coded(np.array([1.0, 2, 3, 2, 1, -9, -9, -9])), coded(np.array([-9.0, -9, -9, -8, -7, 1, 2]))
        ([-9.0], [])
    """
    rest, found = seen, []
    for code in sorted(CODES, key=abs, reverse=True):
        held = rest == code
        others = rest[~(np.isin(rest, CODES) & (rest < 0) if code < 0 else held)]
        if held.sum() < OFTEN or len(others) < OFTEN:
            continue
        low, high = others.min(), others.max()
        apart = low >= 0 if code < 0 else code > high + max(high - low, 1)
        if apart:
            found.append(code)
            rest = rest[~held]
    return found
