"""How well the cells of a column suit a role, whatever it is called."""

from dataclasses import dataclass

import numpy as np

from shared.contract import Role
from shared.images.parts import PARTS
from shared.proposing.profile import Column
from shared.proposing.vocabulary import folded, tokens, words

EPOCHS = {"s": 1e9, "ms": 1e12, "us": 1e15, "ns": 1e18}  # 2001 to 2033 in each unit
MOST_CLASSES = 20
FEW_DISTINCT = 1000
STATES = ("status", "state", "cancelled", "canceled", "returned", "已取消", "取消", "退货")


@dataclass(frozen=True)
class Clock:
    """How a column of numbers may be read as times.

    Args:
        unit: As `Format.time_unit`.
        origin: The moment it counts from; `sure` says whether the numbers tell it.
        days: From the first to the last.
    """

    unit: str
    origin: str
    sure: bool
    days: float


def clock(column: Column) -> Clock | None:
    """The times that numbers may be: since 1970, days of a spreadsheet, or counted from an unknown start.

    Example:
        >>> column = Column("t", "number", 3, 3, 3, numbers=np.array([1.6e9, 1.61e9, 1.62e9]))
        >>> clock(column).unit, clock(column).origin
        ('s', '1970-01-01')
    """
    seen = column.seen
    if not len(seen) or column.distinct < 2:
        return None
    low, high = float(seen.min()), float(seen.max())
    for unit, start in EPOCHS.items():
        if start * 0.3 <= low and high <= start * 2.5:
            return Clock(unit, "1970-01-01", True, (high - low) / (start / 1e9) / 86_400)
    dated = has_word_of(column.name, ("time", "date"))
    if dated and low >= 20_000 and high <= 80_000 and not column.whole:
        return Clock("D", "1899-12-30", True, high - low)
    if dated and low >= 0 and column.rising:
        days = has_word_of(column.name, ("date",)) and column.whole and high < 20_000
        return (
            Clock("D", "2000-01-01", False, high - low)
            if days
            else Clock("s", "2000-01-01", False, (high - low) / 86_400)
        )
    return None


def has_word_of(name: str, wanted: tuple[str, ...]) -> bool:
    """Whether one of the words of a name is wanted."""
    return bool(set(tokens(name)) & set(wanted))


def fit(column: Column, role: Role) -> float:
    """0: the cells cannot play the role; 1: they are as such cells are.

    Example:
        >>> column = Column("x", "number", 90, 90, 2, values={"0": 80, "1": 10}, numbers=np.zeros(90))
        >>> fit(column, Role(name="label", kind="label", high=1)), fit(column, Role(name="t", kind="time"))
        (1.0, 0.0)
    """
    if column.kind == "empty":
        return 0.3 if role.missing and not role.required else 0.0
    special = {"image": _file, "mask": _file, "signal": _file, "split": _part, "status": _state}
    if role.name in special:
        return special[role.name](column, role)
    return {"time": _time, "number": _number, "label": _label, "category": _category, "key": _key}[role.kind](
        column, role
    )


def _time(column: Column, role: Role) -> float:
    if column.kind == "time":
        return (1.0 if column.empty < 0.01 or role.missing else 0.6) - (0.3 if column.distinct < 2 else 0)
    found = clock(column) if column.kind == "number" else None
    return 0.0 if found is None else 0.9 if found.sure else 0.5


def _number(column: Column, role: Role) -> float:
    if column.kind != "number":
        return 0.3 if set(column.values) == {"true", "false"} and role.high == 1 else 0.0
    seen = column.seen
    if not len(seen):
        return 0.0
    low = -np.inf if role.low is None else role.low
    high = np.inf if role.high is None else role.high
    outside = float(np.mean((seen < low) | (seen > high)))
    if outside > 0.05:
        return 0.2 if role.required else 0.0
    score = 1.0 if not outside else 0.8
    score = min(score, 0.6) if column.odd else score
    score = min(score, 0.6) if column.distinct <= 2 and role.high != 1 else score
    score = min(score, 0.4) if column.rising and column.own > 0.9 else score
    if role.unit == "currency" and not column.money:
        score = min(score, 0.9)
    return score


def _label(column: Column, role: Role) -> float:
    classes = [text for text in column.values if folded(text) not in words("answers", "missing")]
    if column.kind == "time" or not column.values:
        return 0.0
    if len(classes) < 2:
        return 0.2 if column.distinct == 1 else 0.5 if len(column.values) == 2 else 0.0
    if len(classes) == 2:
        return 1.0
    if role.high == 1 or len(classes) > MOST_CLASSES or (column.kind == "number" and not column.whole):
        return 0.0
    return 0.7


def _category(column: Column, role: Role) -> float:
    if column.kind == "time" or (column.kind == "number" and not column.whole):
        return 0.0
    if column.distinct > FEW_DISTINCT or (column.own > 0.5 and column.rows > 50):
        return 0.2
    return 0.5 if column.distinct < 2 else 1.0


def _key(column: Column, role: Role) -> float:
    if column.kind == "time" or (column.kind == "number" and not column.whole and not column.odd):
        return 0.0
    if column.spaces > 8:
        return 0.2
    if column.distinct <= 2:
        return 0.4
    repeats = 1.0 if role.private or column.own < 0.9 else 0.4
    return repeats if column.empty < 0.01 or role.missing else 0.5


def _file(column: Column, role: Role) -> float:
    wanted = "signal" if role.name == "signal" else "image"
    if column.files == wanted:
        return 1.0
    return 0.3 if column.kind == "text" and not column.files and role.required and column.own > 0.5 else 0.0


def _part(column: Column, role: Role) -> float:
    known = [text for text in column.values if folded(text) in PARTS]
    return 1.0 if known and len(known) == len(column.values) else 0.0


def _state(column: Column, role: Role) -> float:
    """A status tells cancelled lines: by a letter before the number, or by a word."""
    if column.mark:
        return 1.0
    few = column.kind == "text" and 1 < len(column.values) <= MOST_CLASSES
    return 1.0 if few and cancelled_texts(column) else 0.6 if few else 0.0


def cancelled_texts(column: Column) -> list[str]:
    """The values, or the pattern, that say a line was cancelled.

    Example:
        >>> cancelled_texts(Column("state", "text", 9, 9, 2, values={"paid": 8, "cancelled": 1}))
        ['cancelled']
    """
    if column.mark:
        return [f"{column.mark}*"]
    return [text for text in column.values if any(word in folded(text) for word in STATES[2:])]


def hint(column: Column, role: Role, *, last: bool, stem: str, times: int) -> float:
    """What else speaks for a column, 0 to 1: its place, its rarer value, the name of the file."""
    if role.kind == "label":
        counts = sorted(column.values.values())
        rare = len(counts) == 2 and counts[0] < 0.3 * sum(counts) and counts[0] >= 5
        named = bool(stem) and column.name.casefold() in stem.casefold()
        return 0.6 * last + 0.25 * rare + 0.15 * named
    if role.kind == "time":
        return 1.0 if column.kind == "time" and times == 1 else 0.5 if column.kind == "time" else 0.0
    if role.unit == "currency":
        return 1.0 if column.money else 0.3
    if role.kind == "number":
        return 0.5
    return 0.0
