"""Columns that give the label away by their values, on rows of all classes; statics of a series."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from shared.contract import Format, RawTable
from shared.contract.categories import read_categories, read_labels
from shared.contract.parsing import read_numbers
from shared.encoding import Features
from shared.proposing.features import Feature
from shared.proposing.profile import plain
from shared.trust.leaks import leaking_features

OF_EACH = 5_000  # rows of a class that are looked at
FEWEST = 50  # of each of two classes, before one column is said to part them
PARTED = 0.995  # area under the ROC curve of one column alone
FEWEST_OF_VALUE, PURE = (
    20,
    0.98,
)  # rows of the rarer class with one value, and their share of the value's rows
CHANGING = 0.02  # share of rows whose item has several values, up to which a category is one of the item


def without_leaks(
    raw: RawTable, features: Sequence[Feature], label: str, format: Format, labels: dict[str, int]
) -> list[Feature]:
    """The features, those set aside that tell the label alone: without a mistake, or nearly so.

    Up to 5,000 rows of each class are looked at. A label that cannot be read leaves all as they are.

    Example:
        >>> table = pa.table({"sick": [0, 1] * 60, "dose": [0.0, 20.0] * 60})
        >>> dose = Feature("dose", "numeric", {"en": "", "zh": ""})
        >>> without_leaks(RawTable(table, "a.csv"), [dose], "sick", Format(), {})[0].use
        'leak'
    """
    names = [name.strip().strip("\ufeff") for name in raw.data.column_names]
    reading = read_labels(plain(raw.data.column(names.index(label))), format, labels)
    if reading.faults or reading.data is None:
        return list(features)
    code = np.where(np.isnan(reading.data), -1, reading.data).astype(np.int64)
    rows = np.sort(
        np.concatenate([_some(np.flatnonzero(code == each)) for each in np.unique(code[code >= 0])])
    )
    numbers, categories = {}, {}
    for feature in features:
        cells = plain(raw.data.column(names.index(feature.name)).take(pa.array(rows)))
        if feature.use == "numeric":
            numbers[feature.name] = read_numbers(cells, format).data
        elif feature.use == "categorical":
            categories[feature.name] = _series(read_categories(cells, format).data)
    readable = Features(
        {name: values for name, values in numbers.items() if values is not None},
        {name: values for name, values in categories.items() if values is not None},
    )
    found = {leak.name for leak in leaking_features(readable, code[rows])}
    near = {name for name, values in readable.numbers.items() if _area(values, code[rows]) >= PARTED}
    weight = np.bincount(code[code >= 0]) / np.maximum(np.bincount(code[rows]), 1)
    pure = {name for name, values in readable.categories.items() if _gives_away(values, code[rows], weight)}
    return [_judged(feature, found, near, pure) for feature in features]


def _some(rows: np.ndarray) -> np.ndarray:
    return rows[:: max(1, len(rows) // OF_EACH)][:OF_EACH]


def _series(values):
    import pandas as pd

    return None if values is None else pd.Series(values)


def _gives_away(values, code: np.ndarray, weight: np.ndarray) -> bool:
    """Whether one value of a category comes with the rarer of two classes alone, or holds all rows of it.

    The latter tells where the rows come from, such as a source that frauds were taken of. A category of two values,
    or a value of most rows, may hold them all for a good reason: one sex, one kind of payment.
    """
    if (
        len(weight) != 2
        or weight[1] * (code == 1).sum() > 0.5 * (weight * np.bincount(code, minlength=2)).sum()
    ):
        return False
    known, codes = values.cat.codes.to_numpy() >= 0, values.cat.codes.to_numpy().astype(np.int64)
    ones, zeros = (
        np.bincount(codes[known & (code == each)], minlength=len(values.cat.categories)) for each in (1, 0)
    )
    share = ones * weight[1] / np.maximum(ones * weight[1] + zeros * weight[0], 1e-9)
    rows = ones * weight[1] + zeros * weight[0]
    gathered = (ones > 0).sum() == 1 and len(ones) > 2 and ones.sum() >= FEWEST
    gathered = gathered and rows[ones.argmax()] < 0.5 * rows.sum()
    return bool(gathered or ((ones >= FEWEST_OF_VALUE) & (share >= PURE)).any())


def _judged(feature: Feature, found: set[str], near: set[str], pure: set[str]) -> Feature:
    if feature.name in found:
        why = {"en": "it tells the label alone, without a mistake", "zh": "单凭该列即可无误判断标签"}
    elif feature.name in near:
        why = {"en": "it tells the label alone, nearly without a mistake", "zh": "单凭该列几乎可判断标签"}
    elif feature.name in pure:
        why = {
            "en": "one of its values and the rarer class go together",
            "zh": "某一取值与较少的类别总是同时出现",
        }
    else:
        return feature
    return replace(feature, use="leak", why=why)


def _area(values: np.ndarray, code: np.ndarray) -> float:
    """Area under the ROC curve of one column for class 1 and above, whichever way round; 0 of too few rows."""
    from scipy.stats import rankdata

    known = np.isfinite(values)
    positive = code[known] > 0
    ones, zeros = int(positive.sum()), int((~positive).sum())
    if min(ones, zeros) < FEWEST:
        return 0.0
    area = (rankdata(values[known])[positive].sum() - ones * (ones + 1) / 2) / (ones * zeros)
    return float(max(area, 1 - area))


def of_items(raw: RawTable, features: Sequence[Feature], item: str | None) -> list[Feature]:
    """The features of a forecast: categories that are not one an item are ignored.

    Example:
        >>> table = pa.table({"sku": ["a", "a", "b"], "city": ["x", "y", "x"]})
        >>> city = Feature("city", "categorical", {"en": "", "zh": ""})
        >>> of_items(RawTable(table, "a.csv"), [city], "sku")[0].use
        'ignored'
    """
    names = [name.strip().strip("\ufeff") for name in raw.data.column_names]
    why = {"en": "it is not one value an item", "zh": "同一商品有多个取值"}
    if item is None:
        return [
            replace(each, use="ignored", why=why) if each.use == "categorical" else each for each in features
        ]
    keys = read_categories(plain(raw.data.column(names.index(item))), Format()).data.codes
    found = []
    for feature in features:
        if feature.use == "categorical":
            cells = read_categories(plain(raw.data.column(names.index(feature.name))), Format())
            codes = cells.data.codes.astype(np.int64)
            low = np.full(keys.max() + 2, np.iinfo(np.int64).max)
            high = np.full(keys.max() + 2, -1)
            known = (codes >= 0) & (keys >= 0)
            np.minimum.at(low, keys[known], codes[known])
            np.maximum.at(high, keys[known], codes[known])
            changing = np.mean((low != high)[keys[known]]) if known.any() else 0
            feature = replace(feature, use="ignored", why=why) if changing > CHANGING else feature
        found.append(feature)
    return found
