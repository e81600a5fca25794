"""What a person is told to look at in keys, identifiers and times."""

import numpy as np
import pandas as pd
import pytest

from shared.contract import raw_table
from shared.proposing.doubts import mostly_empty, repeated, time_apart
from shared.proposing.profile import found, profile


def columns_of(**cells):
    raw = raw_table(pd.DataFrame(cells))
    return raw, profile(raw)


def test_a_key_that_is_mostly_empty_is_a_doubt_with_its_numbers():
    _, columns = columns_of(
        card=["A", "", "", "", "B", "", "", ""], shop=["x", "x", "y", "y", "x", "y", "x", ""]
    )
    doubt = mostly_empty(columns[0])
    assert "`card`: 6 of 8 cells are empty" in doubt["en"] and "8 个单元格中有 6 个为空" in doubt["zh"]
    assert mostly_empty(columns[1]) is None


def test_files_that_most_rows_lack_and_columns_without_a_cell_are_none():
    _, columns = columns_of(mask=["a.png", "", "", ""], part=["", "", "", ""])
    assert [mostly_empty(column) for column in columns] == [None, None]


def test_a_repeated_identifier_names_both_rows_and_never_the_cell():
    raw, columns = columns_of(payment_id=[*(f"P{at}" for at in range(60)), "P17", "P17", ""], note=["x"] * 63)
    doubt = repeated(raw, columns[0])
    assert "2 rows repeat an identifier, the first is row 61 (as row 18)" in doubt["en"]
    assert "2 行的标识符重复，首个为第 61 行（同第 18 行）" in doubt["zh"] and "P17" not in doubt["en"]


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("payment_id", list(range(60))),  # none repeats
        ("invoice_no", [at // 10 for at in range(60)]),  # many lines each
        ("amount", [*range(59), 3]),  # no identifier by its name
    ],
)
def test_other_columns_repeat_as_they_like(name, cells):
    raw, columns = columns_of(**{name: cells})
    assert repeated(raw, columns[0]) is None


@pytest.mark.parametrize(
    "times", [["10:15", "7:00", ""], ["10:15:30", "07:00:00", None], ["3:15 PM", "7:00 AM", ""]]
)
def test_times_of_day_apart_from_their_days_are_a_doubt(times):
    raw, columns = columns_of(day=["2025-01-01", "2025-01-02", "2025-01-03"], at=times)
    assert "`at` holds times of day, and `day` days alone" in time_apart(raw, columns[0], columns[1:])["en"]


def test_moments_with_hours_need_no_other_column():
    cells = {"day": ["2025-01-01 10:15", "2025-01-02 07:00"], "at": ["10:15", "7:00"]}
    raw, columns = columns_of(**cells)
    assert time_apart(raw, found(columns, "day"), columns[1:]) is None
    raw, columns = columns_of(day=["2025-01-01", "2025-01-02"], at=["1:4", "2:0"], n=np.arange(2))
    assert time_apart(raw, columns[0], columns[1:]) is None and time_apart(raw, None, columns) is None
