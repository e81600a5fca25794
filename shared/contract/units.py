"""Units of plausible ranges: numbers outside one, and whether they are written in another unit."""

import unicodedata

import numpy as np
import pyarrow as pa

from shared.contract.mapping import Number
from shared.contract.parsing import Reading, are_hidden, bad_cells, count

# Slope and offset to the first unit of each quantity; a mass and an amount of substance need its molar mass.
QUANTITIES: tuple[tuple[str, dict[str, tuple[float, float]]], ...] = (
    ("", {"°C": (1, 0), "°F": (5 / 9, -160 / 9), "K": (1, -273.15)}),
    ("", {"kg": (1, 0), "lb": (0.45359237, 0), "g": (0.001, 0)}),
    ("", {"cm": (1, 0), "m": (100, 0), "in": (2.54, 0), "ft": (30.48, 0), "mm": (0.1, 0)}),
    ("", {"mmHg": (1, 0), "kPa": (1 / 0.133322387415, 0)}),
    ("", {"years": (1, 0), "months": (1 / 12, 0), "days": (1 / 365.25, 0)}),
    ("", {"g/L": (1, 0), "g/dL": (10, 0)}),
    ("glucose", {"mmol/L": (1, 0), "mg/dL": (1 / 18.016, 0)}),
    ("cholesterol", {"mmol/L": (1, 0), "mg/dL": (1 / 38.67, 0)}),
    ("creatinine", {"µmol/L": (1, 0), "mg/dL": (88.42, 0)}),
    ("bilirubin", {"µmol/L": (1, 0), "mg/dL": (17.1, 0)}),
)
SPELLINGS = {
    "°C": "C, degC, degree Celsius, degrees Celsius, Celsius, 摄氏度, 度",
    "°F": "F, degF, degree Fahrenheit, degrees Fahrenheit, Fahrenheit, 华氏度",
    "K": "kelvin, 开尔文, 开",
    "kg": "kgs, kilo, kilogram, kilograms, kilogramme, kilogrammes, 公斤, 千克",
    "lb": "lbs, pound, pounds, 磅",
    "g": "gram, grams, gramme, grammes, gm, 克",
    "cm": "centimetre, centimetres, centimeter, centimeters, 厘米, 公分",
    "m": "metre, metres, meter, meters, 米, 公尺",
    "in": 'inch, inches, ", 英寸, 吋',
    "ft": "foot, feet, ', 英尺, 呎",
    "mm": "millimetre, millimetres, millimeter, millimeters, 毫米",
    "mmHg": "mm[Hg], torr, 毫米汞柱, 毫米水银柱",
    "kPa": "kilopascal, kilopascals, 千帕",
    "years": "year, yr, yrs, y, a, 岁, 周岁, 年",
    "months": "month, mo, mos, mth, 月, 个月, 月龄",
    "days": "day, d, 天, 日, 日龄",
    "g/L": "g/litre, g/liter, gpl, 克/升",
    "g/dL": "g/100mL, g%, gm/dL, 克/分升",
    "mmol/L": "mmol/litre, mmol/liter, 毫摩尔/升, 毫摩/升",
    "mg/dL": "mg/100mL, mg%, 毫克/分升",
    "µmol/L": "umol/L, mcmol/L, 微摩尔/升, 微摩/升",
}
OTHERWISE = ("G/L", "MM")  # thousands of millions per litre and the like, which differ in capitals alone
SURE = 10  # values that settle the unit of a column, whatever is to be done with those outside


def _folded(text: str) -> str:
    text = text.replace("º", "°").replace("˚", "°")
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


KNOWN = {_folded(text): unit for unit, others in SPELLINGS.items() for text in (unit, *others.split(", "))}


def likely_unit(value: float, unit: str, low: float | None, high: float | None) -> tuple[str, float] | None:
    """The unit in which a value outside a plausible range may have been written, if it would then lie inside.

    Args:
        value: The number.
        unit: Of the range, in any usual spelling, such as `°C`, `degC` or `摄氏度`.
        low, high: The plausible range, inclusive; None is open.
    Returns:
        The other unit of the same quantity, of a concentration with the substance whose molar mass was
        taken, and the value in `unit`; None where the value is inside, or no other unit explains it.
    Source: Factors of the International System (NIST SP 811, 2008, appendix B); molar masses of glucose
        18.016, cholesterol 38.67, creatinine 88.42 and bilirubin 17.1, as laboratories convert them.
    Example:
        >>> unit, value = likely_unit(98.6, "C", 30, 45)
        >>> unit, round(value, 3)
        ('°F', 37.0)
        >>> likely_unit(108, "mmol/L", 2, 30)[0], likely_unit(37.2, "°C", 30, 45)
        ('mg/dL (glucose)', None)
    """
    values = np.array([value], np.float64)
    name, converted = likely_units(values, unit, low, high) if _outside(values, low, high).any() else ("", [])
    return (name, float(converted[0])) if name else None


def likely_units(
    values: np.ndarray, unit: str, low: float | None, high: float | None
) -> tuple[str, np.ndarray]:
    """The other unit that explains most of some values outside a range, and the values in `unit`.

    Returns:
        The unit, "" where none explains any; the values, NaN where it does not explain them.
    Example:
        >>> likely_units(np.array([1.75, 1.6, 7.0]), "cm", 100, 250)
        ('m', array([175., 160.,  nan]))
    """
    mine = None if unit.strip() in OTHERWISE else KNOWN.get(_folded(unit))
    best, found = "", np.full(len(values), np.nan)
    for substance, scales in QUANTITIES:
        for other, (slope, offset) in scales.items() if mine in scales else ():
            to_slope, to_offset = scales[mine]
            converted = (slope * values + offset - to_offset) / to_slope
            converted[_outside(converted, low, high)] = np.nan
            if other != mine and np.isfinite(converted).sum() > np.isfinite(found).sum():
                best, found = f"{other} ({substance})" if substance else other, converted
    return best, found


def _outside(values: np.ndarray, low: float | None, high: float | None) -> np.ndarray:
    below = np.less(values, -np.inf if low is None else low)
    return below | np.greater(values, np.inf if high is None else high)


def out_of_range(
    values: np.ndarray, cells: pa.ChunkedArray, number: Number, *, way_out: str = ""
) -> list[tuple[str, int | None]]:
    """The faults of the numbers outside a range, with the unit that they seem to be in.

    Args:
        values: The numbers, NaN where not known.
        cells: As they are written, for messages.
        number: The range and its unit.
        way_out: Another cure than to convert the numbers, such as `correct [numbers]`.
    Example:
        >>> cells = pa.chunked_array([[36.8, 98.6, 37.1]])
        >>> out_of_range(cells.to_numpy(), cells, Number(unit="°C", low=30, high=45))
        [('`98.6` is above 45 °C; read as °F it would be 37.0 °C. Convert it', 2)]
    """
    rows = np.flatnonzero(_outside(values, number.low, number.high))
    if not len(rows):
        return []
    other, read = likely_units(values[rows], number.unit, number.low, number.high)
    explained, known = np.isfinite(read), int((~np.isnan(values)).sum())
    unit = f" {number.unit}" if number.unit else ""
    faults: list[tuple[str, int | None]] = []
    if explained.sum() > max(1, known / 2):
        cure = f"Convert the column{f', or {way_out}' if way_out else ''}"
        faults.append((f"{explained.sum():,} of {known:,} values look like {other}, not{unit}. {cure}", None))
        rows, read = rows[~explained], read[~explained]
    for bound, beyond, words in (
        (number.low, np.less, ("below", "lowest")),
        (number.high, np.greater, ("above", "highest")),
    ):
        at = np.flatnonzero(beyond(values[rows], bound)) if bound is not None else []
        if len(at):
            what = f"is {words[0]} {bound:,g}{unit}" + (
                f", the {words[1]} plausible value" if way_out else ""
            )
            faults.append(bad_cells(rows[at], cells, what + _hint(other, read[at[0]], unit, way_out)))
    return faults


def _hint(other: str, value: float, unit: str, way_out: str) -> str:
    if np.isnan(value) or are_hidden():
        return f". Correct the cell, or {way_out}" if way_out else ""
    cure = f"Convert it{f', or {way_out}' if way_out else ''}"
    return f"; read as {other} it would be {_short(value)}{unit}. {cure}"


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:#.3g}".removesuffix(".")


def keep_plausible(reading: Reading, cells: pa.ChunkedArray, number: Number) -> Reading:
    """A column whose numbers outside the plausible range are faults, or are taken as not known and noted.

    Where most of the values seem to be in another unit, that is a fault in any case: the column would be lost.

    Example:
        >>> number = Number(unit="°C", low=30, high=45, outside="missing")
        >>> reading = keep_plausible(Reading(np.array([36.8, 0.0])), pa.chunked_array([[36.8, 0.0]]), number)
        >>> reading.data, reading.notes
        (array([36.8,  nan]), ['1 cell below 30 or above 45 °C taken as not known'])
    """
    if reading.faults or reading.data is None:
        return reading
    outside = _outside(reading.data, number.low, number.high)
    if not outside.any():
        return reading
    if number.outside == "error":
        reading.faults += out_of_range(reading.data, cells, number, way_out="correct [numbers]")
        return reading
    other, read = likely_units(reading.data[outside], number.unit, number.low, number.high)
    explained, known = int(np.isfinite(read).sum()), int((~np.isnan(reading.data)).sum())
    if explained >= SURE and explained > known / 2:
        text = f"{explained:,} of {known:,} values look like {other}, not {number.unit}, and would be lost"
        reading.faults.append((f"{text}. Convert the column, or correct [numbers]", None))
        return reading
    reading.data[outside] = np.nan
    bounds = [
        f"{word} {bound:,g}"
        for word, bound in (("below", number.low), ("above", number.high))
        if bound is not None
    ]
    unit, seen = (
        f" {number.unit}" if number.unit else "",
        f"; {explained:,} look like {other}" if explained else "",
    )
    reading.notes.append(
        f"{count(int(outside.sum()), 'cell')} {' or '.join(bounds)}{unit} taken as not known{seen}"
    )
    return reading
