"""The columns that play no role: numeric, categorical, ignored, or set aside since they give the answer away."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from shared.proposing.fitting import has_word_of
from shared.proposing.profile import Column
from shared.proposing.vocabulary import has_word

Text = dict[str, str]
MANY = 50  # rows from which a column of distinct values is an identifier
DISTINCT = 0.9
MOST_CATEGORIES, ROWS_OF_EACH = 200, 50  # values; beyond, rows that each must have on average
MOST_CODES, FEW_CODES = 100, 6
LONG = 4  # spaces in a cell, on average, from which it is a sentence
ALONG = 0.99  # rank correlation from which a column is the time again


@dataclass(frozen=True)
class Feature:
    """What a column is good for, and why."""

    name: str
    use: Literal["numeric", "categorical", "ignored", "leak"]
    why: Text


@dataclass(frozen=True)
class Purpose:
    """What the solution makes of further columns.

    Args:
        time: The column of times, if there is one.
        item: The column that names a series, for solutions that forecast; `series` says whether it is one.
        photos: Whether the solution reads photos alone.
        labelled: Whether there is an answer that a column might give away.
        skipped: Columns that play a role, or are steps or samples.
    """

    time: Column | None = None
    item: str | None = None
    series: bool = False
    photos: bool = False
    labelled: bool = True
    skipped: frozenset[str] = field(default_factory=frozenset)


def _is(name: str, use: Literal["numeric", "categorical", "ignored", "leak"], en: str, zh: str) -> Feature:
    return Feature(name, use, {"en": en, "zh": zh})


def sorted_features(columns: Sequence[Column], purpose: Purpose) -> list[Feature]:
    """What each column that plays no role is good for.

    Example:
        >>> columns = [Column("id", "number", 90, 90, 90, numbers=np.arange(90.0), rising=True),
        ...            Column("bmi", "number", 90, 90, 60, numbers=np.arange(90) / 3)]
        >>> [feature.use for feature in sorted_features(columns, Purpose())]
        ['ignored', 'numeric']
    """
    free = [column for column in columns if column.name not in purpose.skipped]
    names = [column.name for column in columns]
    found = []
    for column in free:
        if names.count(column.name) > 1:
            twice = ("its name stands more than once in the header", "表头中列名重复")
            found.append(_is(column.name, "ignored", *twice))
            continue
        feature = _unusable(column, purpose) or _usable(column)
        found.append(_of_series(feature, column) if purpose.series else feature)
    return _once(found)


def _once(features: Sequence[Feature]) -> list[Feature]:
    """The features, of equal names the first."""
    return list({feature.name: feature for feature in reversed(features)}.values())[::-1]


def _unusable(column: Column, purpose: Purpose) -> Feature | None:
    name = column.name
    if not name or name.lower().startswith("unnamed"):
        return _is(name, "ignored", "it has no name", "没有列名")
    if column.kind == "empty":
        return _is(name, "ignored", "it is empty", "空列")
    if column.distinct < 2:
        return _is(name, "ignored", "it holds one value", "只有一个取值")
    if purpose.photos:
        return _is(name, "ignored", "this solution reads the photos alone", "该方案只读取照片")
    if has_word(name, "person"):
        return _is(name, "ignored", "it tells who somebody is", "可识别个人身份")
    if purpose.labelled and has_word(name, "afterwards"):
        return _is(name, "leak", "its name says: known only afterwards", "列名表明事后才可知")
    if column.kind == "time":
        return _is(name, "ignored", "a further date", "另一日期列")
    if column.files:
        return _is(name, "ignored", "names of files", "文件名")
    if _along(column, purpose.time):
        return _is(
            name,
            "ignored",
            "it runs with time, and is new in every new row",
            "随时间递增，新数据均超出已学范围",
        )
    if column.odd and column.kind == "number":
        en = f"{column.odd:,} of the cells looked at are no numbers, the first in row {column.odd_row}"
        return _is(
            name, "ignored", en, f"所查单元格中有 {column.odd} 个不是数字，首个在第 {column.odd_row} 行"
        )
    return _identifier(column)


def _along(column: Column, time: Column | None) -> bool:
    """Whether numbers rise with the rows, or with the time."""
    if column.kind != "number":
        return False
    if column.rising and column.whole and column.own > DISTINCT and column.rows >= MANY:
        return True
    if time is None or time.numbers is None or time.name == column.name or column.distinct < 10:
        return False
    both = ~np.isnan(column.numbers) & ~np.isnan(time.numbers)
    if both.sum() < MANY:
        return False
    from scipy.stats import rankdata

    ranks = [rankdata(values[both]) for values in (column.numbers, time.numbers)]
    return abs(np.corrcoef(*ranks)[0, 1]) >= ALONG


def _identifier(column: Column) -> Feature | None:
    name, many = column.name, column.rows >= MANY
    texts, codes = column.kind == "text", has_word_of(column.name, ("id", "number", "code", "serial"))
    if texts and column.spaces >= LONG and column.own > 0.2:
        return _is(name, "ignored", "free text", "自由文本")
    if many and column.own > DISTINCT and (texts or (column.whole and codes)):
        return _is(
            name,
            "ignored",
            "nearly each row has a value of its own: an identifier",
            "几乎每行取值不同：标识符",
        )
    beyond = column.distinct > MOST_CATEGORIES and column.known < ROWS_OF_EACH * column.distinct
    if (texts or (column.whole and codes)) and (beyond or column.distinct > 1000):
        en = f"a key of {column.distinct:,} values, too few rows each"
        return _is(name, "ignored", en, f"键值过多（{column.distinct:,} 个），每个取值的行数太少")
    return None


def _usable(column: Column) -> Feature:
    name = column.name
    if column.kind == "text":
        return _is(
            name, "categorical", f"texts, {column.distinct} distinct", f"文本，{column.distinct} 个取值"
        )
    counted = has_word(name, "counted")
    if column.whole and column.distinct == 2:
        return _is(name, "categorical", "two values", "两个取值")
    coded = has_word(name, "coded") or has_word_of(name, ("id", "code"))
    if column.whole and coded and column.distinct <= MOST_CODES and not counted:
        return _is(name, "categorical", "its name says: codes, not amounts", "列名表明为代码而非数量")
    few = column.whole and column.distinct <= FEW_CODES and not counted and column.seen.min() in (0, 1)
    if few and column.seen.max() < 10 and column.known > 10 * column.distinct:
        return _is(
            name,
            "categorical",
            f"{column.distinct} whole numbers: codes?",
            f"{column.distinct} 个整数取值：可能是代码",
        )
    kind = ("whole numbers", "整数") if column.whole else ("numbers with decimals", "小数")
    return _is(name, "numeric", *kind)


def _of_series(feature: Feature, column: Column) -> Feature:
    """A forecast reads numbers that are known ahead, and categories that each item has one of."""
    if feature.use == "numeric" and not has_word(column.name, "ahead"):
        en = "whether it is known ahead is not said; if so name it under numeric, else also under past_known"
        return _is(
            column.name, "ignored", en, "无法判断是否事先已知；若是请写入 numeric，否则另加 past_known"
        )
    if feature.use == "categorical" and column.kind == "number" and has_word(column.name, "ahead"):
        return _is(column.name, "numeric", "its name says: known ahead", "列名表明事先已知")
    return feature
