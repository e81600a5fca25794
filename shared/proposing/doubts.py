"""What a person should look at in a table, though a proposal reads it: each as English and Chinese."""

import re
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from shared.contract import RawTable
from shared.contract.parsing import is_text
from shared.proposing.fitting import has_word_of
from shared.proposing.profile import Column, plain

Text = dict[str, str]
MOSTLY = 0.5  # share of a key's cells that are empty, from which on merged cells are suspected
NEARLY_ALL = 0.9  # share of rows with a value of their own, from which a column is an identifier
OF_DAY = re.compile(r"\d{1,2}:\d{2}(:\d{2})?( ?[AaPp]\.?[Mm]\.?)?")
DAY = 86_400


def mostly_empty(column: Column) -> Text | None:
    """A key with many empty cells: merged cells of a spreadsheet leave one filled, and empty ones below it.

    Example:
        >>> mostly_empty(Column("card", "text", 100, 10, 10))["en"][:46]
        '`card`: 90 of 100 cells are empty. If a cell s'
    """
    if column.empty <= MOSTLY or not column.known or column.files:  # most parts have no file of a mask
        return None
    empty = column.rows - column.known
    en = f"`{column.name}`: {empty:,} of {column.rows:,} cells are empty. "
    zh = f"“{column.name}”：{column.rows:,} 个单元格中有 {empty:,} 个为空。"
    return {
        "en": en + "If a cell stands for those below it, as merged cells do, fill them first",
        "zh": zh + "若一个单元格代表其下各行（合并单元格），请先填充",
    }


def repeated(raw: RawTable, column: Column) -> Text | None:
    """An identifier that some rows repeat: perhaps a row that was delivered twice, or corrected later.

    Example:
        >>> raw = RawTable(pa.table({"id": [*range(99), 7]}), "a.csv")
        >>> repeated(raw, Column("id", "number", 100, 100, 99))["en"][:59]
        '`id`: 1 row repeats an identifier, the first is row 100 (as'
    """
    few = column.known - column.distinct > 0 and column.own > NEARLY_ALL
    if not few or not has_word_of(column.name, ("id", "number", "code", "serial")):
        return None
    codes = _cells(raw, column.name).combine_chunks().dictionary_encode().indices
    codes = codes.fill_null(-1).to_numpy(zero_copy_only=False)
    first = np.full(codes.max() + 1, len(codes))
    known = np.flatnonzero(codes >= 0)
    np.minimum.at(first, codes[known], known)
    again = known[first[codes[known]] != known]
    if not len(again):
        return None
    rows = f"{again[0] + 1:,}", f"{first[codes[again[0]]] + 1:,}"
    say = "1 row repeats" if len(again) == 1 else f"{len(again):,} rows repeat"
    return {
        "en": f"`{column.name}`: {say} an identifier, the first is row {rows[0]} (as row {rows[1]}); all are kept",
        "zh": f"“{column.name}”：{len(again):,} 行的标识符重复，首个为第 {rows[0]} 行（同第 {rows[1]} 行）；均予保留",
    }


def time_apart(raw: RawTable, time: Column | None, columns: Sequence[Column]) -> Text | None:
    """Times of day in a column of their own, where the one of moments holds days alone.

    Example:
        >>> days = Column("day", "time", 2, 2, 2, numbers=np.array([0.0, 86400.0]))
        >>> raw = RawTable(pa.table({"day": ["1970-01-01", "1970-01-02"], "at": ["10:15", "7:00"]}), "a.csv")
        >>> time_apart(raw, days, [Column("at", "text", 2, 2, 2)])["en"][:36]
        '`at` holds times of day, and `day` d'
    """
    if time is None or time.kind != "time" or not len(time.seen) or np.any(np.mod(time.seen, DAY)):
        return None
    for column in columns:
        cells = _cells(raw, column.name).drop_null().slice(0, 100) if column.kind == "text" else None
        if cells is None or not len(cells):
            continue
        texts = cells.to_pylist() if is_text(cells.type) else []
        if pa.types.is_time(cells.type) or (texts and all(map(OF_DAY.fullmatch, texts))):
            return {
                "en": f"`{column.name}` holds times of day, and `{time.name}` days alone. Join them in one column, "
                "or every row counts as midnight",
                "zh": f"“{column.name}”为时刻，“{time.name}”只有日期。请合并为一列，否则全部按零点计",
            }
    return None


def _cells(raw: RawTable, name: str) -> pa.ChunkedArray:
    names = [each.strip().strip("\ufeff") for each in raw.data.column_names]
    return plain(raw.data.column(names.index(name)))
