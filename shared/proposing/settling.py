"""A proposal, tried: what the check of the solution refuses is taken out, with the reason, until it fits."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from shared.contract import RawTable, Table
from shared.contract.duplicates import equal_rows
from shared.contract.roles import GROUP
from shared.errors import Fault, FaultsError
from shared.proposing.draft import Draft
from shared.proposing.features import Feature

ROUNDS = 4
KEPT = "keep"


def settle(made: Draft, raw: RawTable, attempt: Callable[[Draft], Table]) -> FaultsError | None:
    """Tries a proposal on the whole table and mends it where it can be mended.

    Features that cannot be read, or that tell the label, are set aside; optional roles that cannot be read are left
    out; ranges that do not hold are dropped; equal rows are kept. Faults of required roles stay.

    Args:
        made: Changed in place.
        attempt: Checks the table as the proposal says, or raises every fault.
    Returns:
        The faults that a person has to cure, or None.
    """
    given, made.format = made.format, {**made.format, "duplicates": KEPT}
    error: FaultsError | None = None
    for _ in range(ROUNDS):
        try:
            table = attempt(made)
        except FaultsError as found:
            error = found
            if any([_mended(made, fault) for fault in found.faults]):
                continue
            break
        error = None
        same = _equal_rows(raw, table)
        if not len(same):
            made.format = {name: value for name, value in made.format.items() if name != "duplicates"}
        else:
            made.doubts.append(_of_equal_rows(same))
        return None
    made.format = {**given, **{name: made.format[name] for name in made.format if name != "duplicates"}}
    return error


def _equal_rows(raw: RawTable, table: Table) -> np.ndarray:
    """Pairs of rows for which the check would refuse a table; of a wide one, which is melted, it would not."""
    if table.mapping.wide is not None or raw.listed or len(raw) != len(table):
        return np.empty((0, 2), np.int64)
    names = [name for name in table.frame if not name.startswith(GROUP)]
    parts: list[np.ndarray | pd.Categorical] = []
    for name in names:
        values = table.frame[name]
        parts.append(values.array if isinstance(values.dtype, pd.CategoricalDtype) else values.to_numpy())
    return equal_rows(raw.data, parts)


def _of_equal_rows(same: np.ndarray) -> dict[str, str]:
    again, first = (int(row) + 1 for row in same[0])
    en = f"{len(same):,} rows are equal to an earlier one in all columns, the first is row {again:,} (as row {first:,})"
    zh = f"有 {len(same):,} 行与前面的行完全相同，首个为第 {again:,} 行（同第 {first:,} 行）"
    return {
        "en": f'{en}: duplicates = "keep" keeps them, "drop" drops them',
        "zh": f'{zh}：duplicates = "keep" 保留，"drop" 删除',
    }


def _mended(made: Draft, fault: Fault) -> bool:
    """Whether something was taken out for a fault."""
    if fault.column is None:
        return False
    for place, feature in enumerate(made.features):
        if feature.name == fault.column and feature.use in ("numeric", "categorical"):
            return _mend_feature(made, place, feature, fault)
    for place, choice in enumerate(made.choices):
        if choice.column == fault.column and not choice.role.required:
            where = {"en": _where(fault, "en"), "zh": _where(fault, "zh")}
            made.choices[place] = replace(choice, column=None, sure=0.0, why=where)
            made.doubts.append(
                {
                    "en": f"`{fault.column}` was left out as {choice.role.name}: {where['en']}",
                    "zh": f"“{fault.column}”未用作 {choice.role.name}：{where['zh']}",
                }
            )
            return True
    return False


def _mend_feature(made: Draft, place: int, feature: Feature, fault: Fault) -> bool:
    name = feature.name
    entry = made.numbers.get(name, {})
    ranged = "plausible" in fault.text or "look like" in fault.text
    if ranged and {"low", "high"} & set(entry):
        made.numbers[name] = {key: value for key, value in entry.items() if key == "missing"}
        if not made.numbers[name]:
            del made.numbers[name]
        made.doubts.append(
            {
                "en": f"`{name}`: the usual range is not kept, {_where(fault, 'en')}; [numbers] says nothing of it",
                "zh": f"“{name}”：超出常见范围（{_where(fault, 'zh')}），[numbers] 中未写范围",
            }
        )
        return True
    leak = "tells the label alone" in fault.text
    en = "it tells the label alone" if leak else _where(fault, "en")
    zh = "单凭该列即可判断标签" if leak else _where(fault, "zh")
    made.features[place] = replace(feature, use="leak" if leak else "ignored", why={"en": en, "zh": zh})
    made.numbers.pop(name, None)
    made.groups = [group for group in made.groups if group != name]
    return True


def _where(fault: Fault, language: str) -> str:
    """The place of a fault, without the cell that is in its text."""
    outside = " is below " in fault.text or " is above " in fault.text
    if language == "zh":
        what = "的值超出允许范围" if outside else "无法按此读取"
        return f"第 {fault.row:,} 行{what}" if fault.row else what
    what = "is outside what is allowed" if outside else "cannot be read so"
    return f"row {fault.row:,} {what}" if fault.row else f"it {what}"
