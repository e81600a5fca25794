"""Texts of a label to classes: which is the positive one, which stand for not known, which name means good."""

import re
from dataclasses import dataclass

from shared.proposing.profile import Column
from shared.proposing.vocabulary import folded, words

Text = dict[str, str]


@dataclass(frozen=True)
class Classes:
    """How the texts of a label are to be read.

    Args:
        labels: Class by text; {} where 0, 1, true and false need no words.
        missing: Texts that stand for not known.
        doubt: What a person should look at, or None.
    """

    labels: dict[str, int]
    missing: tuple[str, ...] = ()
    doubt: Text | None = None


def classes(column: Column, *, two: bool = False) -> Classes:
    """The classes of a label: of two, the one that means yes, or else the rarer, is 1.

    Args:
        column: Of `profile`.
        two: Whether there must be no more than two; of more texts those are read that say yes or no, and the
            check names the others.
    Example:
        >>> classes(Column("sick", "text", 9, 9, 2, values={"否": 7, "是": 2})).labels
        {'否': 0, '是': 1}
        >>> classes(Column("sick", "text", 9, 9, 2, values={"0": 7, "1": 2})).labels
        {}
    """
    counts = {text: number for text, number in column.values.items() if text}
    unknown = tuple(
        text for text in counts if folded(text) in words("answers", "missing") and not _answers(text)
    )
    if len(counts) - len(unknown) >= 2:
        counts = {text: number for text, number in counts.items() if text not in unknown}
    else:
        unknown = ()
    if set(counts) <= {"0", "1"} or set(counts) <= {"true", "false"}:
        return Classes({}, unknown)
    if two and len(counts) > 2:
        counts = {text: number for text, number in counts.items() if _answers(text)} or counts
        if set(counts) <= {"0", "1"} or set(counts) <= {"true", "false"}:
            return Classes({}, unknown)
    if len(counts) == 2:
        return _two(column.name, counts, unknown)
    return _many(column.name, counts, unknown)


def _answers(text: str) -> str:
    """`yes`, `no` or "" of a text; numbers but 0 and 1 say nothing."""
    return next((answer for answer in ("yes", "no") if folded(text) in words("answers", answer)), "")


def _two(name: str, counts: dict[str, int], unknown: tuple[str, ...]) -> Classes:
    common, rare = sorted(counts, key=lambda text: (-counts[text], text))
    said = {text: _answers(text) for text in counts}
    numbers = all(re.fullmatch(r"-?\d+", text) for text in counts)
    if numbers and set(counts) == {"-1", "1"}:
        return Classes({"-1": 0, "1": 1}, unknown)
    no = next((text for text in counts if said[text] == "no"), None)
    yes = next((text for text in counts if said[text] == "yes"), None)
    if not numbers and (no or yes) and no != yes and len(set(said.values())) == 2:
        positive = yes or next(text for text in counts if text != no)
        negative = next(text for text in counts if text != positive)
        return Classes({negative: 0, positive: 1}, unknown)
    en = f"`{name}`: which of its two values is 1? The rarer, `{rare}`, is taken"
    zh = f"“{name}”：两个取值中哪个为 1？暂取较少的“{rare}”"
    return Classes({common: 0, rare: 1}, unknown, {"en": en, "zh": zh})


def _many(name: str, counts: dict[str, int], unknown: tuple[str, ...]) -> Classes:
    numbers = all(re.fullmatch(r"-?\d+", text) for text in counts)
    order = sorted(counts, key=lambda text: int(text) if numbers else -counts[text])
    healthy = next((text for text in order if _answers(text) == "no"), None)
    first = healthy if healthy is not None else order[0]
    labels = {text: place for place, text in enumerate([first, *(text for text in order if text != first)])}
    if healthy is not None:
        return Classes(labels, unknown)
    en = f"`{name}`: which of its {len(counts)} values is the reference, class 0? `{first}` is taken"
    zh = f"“{name}”：{len(counts)} 个取值中哪个是参照（0 类）？暂取“{first}”"
    return Classes(labels, unknown, {"en": en, "zh": zh})


def good_names(column: Column) -> tuple[list[str], Text | None]:
    """The texts of a class column that mean a good part; without any, the commonest, as a doubt.

    Example:
        >>> good_names(Column("class", "text", 9, 9, 2, values={"OK": 7, "crack": 2}))
        (['OK'], None)
    """
    known = [text for text in column.values if folded(text) in words("answers", "good")]
    if known or not column.values:
        return known, None
    first = max(column.values, key=lambda text: column.values[text])
    en = f"`{column.name}`: which class is good? The commonest, `{first}`, is taken"
    zh = f"“{column.name}”：哪一类是良品？暂取最常见的“{first}”"
    return [first], {"en": en, "zh": zh}
