"""What columns are, by their cells."""

import time

import numpy as np
import pyarrow as pa
import pytest

from shared.contract import RawTable
from shared.proposing.profile import LOOKED_AT, profile


def one(cells, name="x"):
    return profile(RawTable(pa.table({name: cells}), "a.csv"))[0]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["2024-01-31", "2024-02-01"], "time"),
        (["31.01.2024", "01.02.2024"], "time"),
        (["20240131", "20240201"], "time"),
        (["1", "2"], "number"),
        (["1.234,50 €", "12,5"], "number"),
        ([1.5, None], "number"),
        (["a", "b"], "text"),
        (["", ""], "empty"),
        ([True, False], "text"),
        (["00123", "00456"], "number"),
        (["79323P", "C1", "22041"], "text"),
    ],
)
def test_kinds_are_read_from_the_cells(cells, kind):
    assert one(cells).kind == kind


def test_texts_for_not_known_are_told_apart_from_words_among_numbers():
    column = one(["1", "2", "不详"] * 20)
    assert (column.missing, column.odd, column.known) == (("不详",), 0, 40)
    column = one(["1", "2"] * 20 + ["see note"])
    assert (column.missing, column.odd, column.odd_row) == ((), 1, 41)


def test_unknown_among_texts_is_a_category():
    assert one(["a", "unknown"]).missing == ()


def test_dates_that_two_formats_read_are_taken_in_the_order_that_rises():
    days = [f"{day:02d}/{month:02d}/2024" for month in (1, 2, 3) for day in range(1, 13)]
    column = one(days)
    assert (column.kind, column.date_format, column.sure, column.rising) == ("time", "%d/%m/%Y", True, True)
    column = one(["01/02/2024", "03/04/2024"])
    assert column.date_format and not column.sure


def test_a_date_that_is_none_is_odd_and_its_row_is_named():
    column = one(["2024-01-01"] * 20 + ["tomorrow"])
    assert (column.kind, column.odd, column.odd_row) == ("time", 1, 21)


def test_decimal_marks_are_told():
    marks = {text: one([text, text]).decimal for text in ("1,5", "1.5", "1,234", "1.234", "12")}
    assert marks == {"1,5": ",", "1.5": ".", "1,234": "?", "1.234": "~", "12": ""}


def test_the_letter_of_cancelled_invoices_is_found():
    column = one([str(489434 + at) for at in range(95)] + [f"C{at}" for at in range(5)])
    assert (column.kind, column.mark) == ("number", "C")


def test_what_counts_rows_is_of_all_rows_not_of_those_looked_at():
    cells = ["0"] * (3 * LOOKED_AT)
    cells[1] = "1"
    column = one(cells)
    assert column.values == {"0": 3 * LOOKED_AT - 1, "1": 1}
    assert len(column.numbers) == LOOKED_AT


def test_names_of_files_are_seen():
    assert one(["a.PNG", "b.jpg"]).files == "image" and one(["a.npy", "b.npy"]).files == "signal"


def test_a_column_of_lists_plays_no_part():
    assert one([[1], [2]]).kind == "text"


def test_a_million_rows_are_profiled_while_one_waits():
    rng = np.random.default_rng(0)
    rows = 1_000_000
    stamps = (np.datetime64("2024-01-01") + np.sort(rng.integers(0, 10**7, rows)).astype("m8[s]")).astype(str)
    table = pa.table(
        {
            "time": pa.array(stamps),
            "card": pa.array(np.char.add("C", rng.integers(0, 50_000, rows).astype(str))),
            "amount": pa.array(rng.gamma(2, 30, rows).round(2).astype(str)),
            "country": pa.array(rng.choice(["DE", "FR", "CN"], rows)),
            "fraud": pa.array(rng.choice(["0", "1"], rows, p=[0.99, 0.01])),
        }
    )
    start = time.perf_counter()
    columns = profile(RawTable(table, "a.csv"))
    assert time.perf_counter() - start < 40  # 2 s on an idle core
    assert [column.kind for column in columns] == ["time", "text", "number", "text", "number"]


@pytest.mark.parametrize(
    "cells",
    [
        ["EUR 1.50", "EUR 2.25"],
        ["￥1,234.50", "￥0.99"],
        ["US$ 5", "- $ 7.5"],
        ["１２", "３．５"],
        ["12,50 CHF", "3,00 CHF"],
    ],
)
def test_amounts_with_any_currency_that_check_reads_are_numbers(cells):
    column = one(cells * 20)
    assert column.kind == "number" and not column.odd


def test_one_cell_in_another_form_leaves_the_form_of_dates_sure_also_where_they_are_not_in_order():
    days = np.random.default_rng(0).permutation(np.arange("2025-01-01", "2026-12-01", dtype="datetime64[D]"))
    cells = days.astype(str).tolist()
    cells[5] = "31/02/2025"
    column = one(cells)
    assert (column.kind, column.date_format, column.sure) == ("time", "%Y-%m-%d", True)
    assert (column.odd, column.odd_row) == (1, 6) and len(column.seen) == len(cells) - 1
