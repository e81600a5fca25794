"""A table as a proposal starts from it: what its layout leaves open is settled, and told as a doubt."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shared.contract import RawTable, Role
from shared.contract.formats import Format
from shared.contract.parsing import shown
from shared.contract.workbooks import NOT_READ, sheet_titles
from shared.errors import ContractError, Fault
from shared.proposing.profile import Column, profile
from shared.proposing.proposal import choose

Text = dict[str, str]


@dataclass
class Opened:
    """A table that was read.

    Args:
        raw: The table.
        format: Entries of [format] by which it was read, besides what is detected by itself.
        doubts: What was settled, for a person to look at.
        columns: Of `profile`.
    """

    raw: RawTable
    format: dict[str, Any] = field(default_factory=dict)
    doubts: list[Text] = field(default_factory=list)
    columns: list[Column] = field(default_factory=list, repr=False)


def opened(read: Callable[[Format], RawTable], given: Mapping[str, Any] | None = None) -> Opened:
    """Reads a table; a total or note below it, and a second line of its header, are left out and told.

    Args:
        read: What reads it by a format.
        given: Entries of [format] that a person has decided.
    Raises:
        ContractError: If it cannot be read.
    Example:
        >>> import pyarrow as pa
        >>> made = opened(lambda format: RawTable(pa.table({"amount": ["1", "2"]}), "a.csv"), {"decimal": "."})
        >>> made.format, [column.name for column in made.columns]
        ({'decimal': '.'}, ['amount'])
    """
    format, doubts = dict(given or {}), []
    while True:
        refusal: ContractError | None = None
        try:
            raw = read(Format(**format))
            faults: Sequence[Fault] = raw.faults
        except ContractError as error:
            refusal, faults = error, error.faults
        cure = next((found for fault in faults if (found := _cure(fault, format))), None)
        if cure is None:
            break
        name, value, doubt = cure
        format[name] = value
        doubts.append(doubt)
    if refusal is not None:
        raise refusal
    return Opened(raw, format, [_with_totals(doubt, raw.notes) for doubt in doubts], profile(raw))


def opened_for(
    roles: Sequence[Role],
    read: Callable[[Format], RawTable],
    path: Path,
    given: Mapping[str, Any] | None = None,
) -> Opened:
    """Reads a table for a solution: of a workbook, the first sheet that has all that the solution must have.

    Args:
        roles: What the solution asks for.
        read: What reads the table by a format.
        path: The file.
        given: Entries of [format] that a person has decided.
    Raises:
        ContractError: If it cannot be read.
    """
    given = dict(given or {})
    first = opened(read, given)
    titles = sheet_titles(path)
    if "sheet" in first.format or _complete(first, roles):
        return _telling_others(first, titles)
    for title in titles:
        try:
            other = opened(read, {**given, "sheet": title})
        except ContractError:  # an empty sheet
            continue
        if _complete(other, roles):
            en = f'the sheet `{title}` is read, as the first one lacks what is needed: sheet = "{title}"'
            zh = f'第一个工作表缺少所需的列，改读“{title}”：sheet = "{title}"'
            other.doubts.insert(0, {"en": en, "zh": zh})
            return other
    return first


def _telling_others(made: Opened, titles: Sequence[str]) -> Opened:
    """The table, with a doubt for sheets that are not hidden, and not read: of many months, one is no whole year."""
    note = next((note for note in made.raw.notes if NOT_READ in note), "")
    others = [title for title in titles if shown(title) in note.partition(NOT_READ)[2]]
    if others and "sheet" not in made.format:
        listed = ", ".join(map(shown, others))
        en = f"of the workbook, {listed} are not read. One sheet is one table: join them, or name one by sheet = ..."
        zh = f"工作簿中未读取：{listed}。一个工作表为一个表格：请合并，或用 sheet = ... 指定"
        made.doubts.append({"en": en, "zh": zh})
    return made


def _complete(made: Opened, roles: Sequence[Role]) -> bool:
    return all(each.column is not None for each in choose(made.columns, roles) if each.role.required)


def _cure(fault: Fault, format: Mapping[str, Any]) -> tuple[str, Any, Text] | None:
    """The entry of [format] that a fault of the layout asks for, and how it is told; each is made once."""
    second = re.search(r"first_row = (\d+) leaves it out", fault.text)
    if second and "first_row" not in format:
        en = f"the row below the names looks like a second line of the header: first_row = {second[1]} leaves it out"
        zh = f"列名下一行似为表头的第二行：first_row = {second[1]} 将其略去"
        return "first_row", int(second[1]), {"en": en, "zh": zh}
    if 'total_row = "drop"' in fault.text and "total_row" not in format:
        row = f" (row {fault.row:,})" if fault.row else ""
        en, zh = ("a total", "合计") if "a total" in fault.text else ("a note", "附注")
        told = {
            "en": f'the last row looks like {en}: total_row = "drop" leaves it out{row}',
            "zh": f'最后一行似为{zh}：total_row = "drop" 将其略去{row}',
        }
        return "total_row", "drop", told
    return None


def _with_totals(doubt: Text, notes: Sequence[str]) -> Text:
    """The doubt on a note below a table, which may stand below a total that is left out with it."""
    if "a note:" not in doubt["en"] or not any("a total" in note and "left out" in note for note in notes):
        return doubt
    en, zh = doubt["en"].replace("a note:", "a note, and one above it like a total:"), doubt["zh"]
    return {
        "en": en.replace("leaves it out", "leaves both out"),
        "zh": zh.replace("附注", "附注，其上一行似为合计"),
    }
