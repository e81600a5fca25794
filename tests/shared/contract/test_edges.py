"""A total and empty rows at the end, and columns without a name, are no data; nothing else is taken away."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contract.edges import ending, named
from shared.contract.formats import Format
from shared.contract.tables import raw_table


def end(columns, **format):
    frame = pd.DataFrame(columns)
    return ending(raw_table(frame).data, list(frame.columns), Format(**format))


TEXTS = pa.schema([("k", pa.string()), ("v", pa.string())])


@pytest.mark.parametrize(
    "word", ["Total", "TOTAL:", " Grand total", "Summe", "合计", "合 计", "总计：", "平均", "Σ"]
)
def test_a_total_in_the_first_filled_cell_is_a_fault_and_no_data(word):
    found = end({"day": ["1", "2", word], "amount": ["5", "7", "12"]})
    [fault] = found.faults
    assert found.rows == 2 and fault.row == 3 and fault.column == "day"
    assert f"`{word.strip()}` looks like a total" in fault.text
    assert 'total_row = "drop" leaves it out, and "keep" takes it as data' in fault.text


def test_the_word_may_stand_in_a_later_column():
    [fault] = end({"no": ["1", "2", ""], "item": ["a", "b", "Total"], "amount": ["5", "7", "12"]}).faults
    assert fault.column == "item"


def test_totals_are_left_out_with_notes_or_kept_as_the_format_says():
    columns = {"day": ["1", "2", "Subtotal", "Total", ""], "amount": ["1", "2", "3", "3", ""]}
    found = end(columns, total_row="drop")
    assert found.rows == 2 and found.faults == []
    assert found.notes == [
        "1 empty row at the end is left out",
        "row 4 is left out: `Total` looks like a total of the rows above",
        "row 3 is left out: `Subtotal` looks like a total of the rows above",
    ]
    assert end(columns, total_row="keep").rows == 4
    assert end(columns).rows == 3 and end(columns).faults[0].row == 4


def test_a_word_that_stands_elsewhere_in_the_column_is_a_category():
    found = end({"station": ["Total", "Shell", "Total"], "amount": ["5", "7", "12"]})
    assert found.rows == 3 and found.faults == []


@pytest.mark.parametrize("numbers", [["1.234,50", "2,25", "0,25", "1.237,00"], ["1", "2", "3", "6"]])
def test_sums_beside_an_empty_key_are_a_total(numbers):
    found = end({"day": ["a", "b", "c", ""], "amount": numbers, "price": ["1", "1", "1", ""]})
    [fault] = found.faults
    assert found.rows == 3 and fault.column == "amount" and fault.row == 4
    assert "it is the sum of the rows above, and `day` is empty" in fault.text


def test_typed_columns_have_totals_too():
    found = end({"day": ["a", "b", "c", None], "amount": [1.5, 2.5, np.nan, 4.0]})
    assert found.rows == 3 and len(found.faults) == 1


@pytest.mark.parametrize(
    "columns",
    [
        {"day": ["a", "b", "c", ""], "amount": ["1", "2", "3", "7"]},  # no sum
        {"day": ["a", "", "c", ""], "amount": ["1", "2", "3", "6"]},  # the column has other empty cells
        {"day": ["a", "b", "c", "d"], "amount": ["1", "2", "3", "6"]},  # a key
        {"day": ["a", "b", "c", ""], "amount": ["0", "0", "0", "0"]},
        {"day": ["a", "b", "c", ""], "amount": ["0", "0", "5", "5"]},  # the sum of one number
        {"day": ["a", "b", "c", ""], "amount": ["1", "2", "3", "6"], "note": ["x", "y", "z", "late"]},
        {"total": ["1", "2", "3"]},
        {"day": ["Total"], "amount": ["5"]},  # the only row
        {"day": ["a", "b", "Totals of May"], "amount": ["5", "6", "7"]},
    ],
)
def test_what_may_be_data_stays(columns):
    found = end(columns)
    assert found.rows == len(next(iter(columns.values()))) and found.faults == []


def test_empty_rows_go_at_the_end_and_stay_within():
    found = end({"a": ["1", "", "3", " ", ""], "b": ["x", "", "z", "", ""]})
    assert found.rows == 3 and found.notes == ["2 empty rows at the end are left out"]
    assert end({"a": ["", " "]}).rows == 0


@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", ""]), st.sampled_from(["7", "1.5", "x", ""])), max_size=8)
)
def test_only_empty_rows_and_sums_are_ever_taken_away(cells):
    table = pa.table({"k": [key for key, _ in cells], "v": [value for _, value in cells]}, schema=TEXTS)
    found = ending(table, ["k", "v"], Format(total_row="keep"))
    assert all(not "".join(row) for row in cells[found.rows :])
    assert not found.rows or "".join(cells[found.rows - 1])


def test_columns_without_name_and_cells_go_and_others_are_called_by_their_place():
    data = pa.table(
        [pa.array(["1"]), pa.array([" "]), pa.array([None], pa.float64()), pa.array([5])], names=list("abcd")
    )
    table, notes = named(data, ["", "", "", "column 1"])
    assert table.to_pydict() == {"column 1*": ["1"], "column 1": [5]}
    assert notes == [
        "2 columns without name and cells are left out",
        "column 1 has no name; it is called `column 1*`",
    ]
    assert named(data, list("wxyz"))[1] == []


ROWS = {"day": ["1", "2", "3", "4", "5"], "amount": ["5", "7", "1", "2", "3"], "card": list("abcde")}


def with_rows(*rows):
    return {name: [*cells, *(row[at] for row in rows)] for at, (name, cells) in enumerate(ROWS.items())}


def test_a_note_below_the_table_is_a_fault_and_no_data():
    found = end(with_rows(["Exported on 2 February", "", ""]))
    [fault] = found.faults
    assert found.rows == 5 and (fault.column, fault.row) == ("day", 6)
    assert "`Exported on 2 February` stands alone in its row" in fault.text
    assert 'total_row = "drop" leaves it out, and "keep" takes it as data' in fault.text


def test_notes_and_a_total_above_them_are_left_out_with_notes():
    columns = with_rows(["Total", "18", ""], ["", "", ""], ["来源：财务部", "", ""], ["", "(c) 2025", ""])
    found = end(columns, total_row="drop")
    assert found.rows == 5 and found.notes == [
        "rows 8 to 9 are left out: `来源：财务部` stands alone in its row, as a note below a table does",
        "row 6 is left out: `Total` looks like a total of the rows above",
    ]
    assert end(columns, total_row="keep").rows == 9


@pytest.mark.parametrize(
    "row",
    [
        ["P0013", "", ""],  # perhaps cut off in transfer
        ["2025-01-02 10:15", "", ""],
        ["Exported on 2 February", "by SAP", ""],
    ],
)
def test_a_last_row_with_little_in_it_stays(row):
    assert end(with_rows(row)).rows == 6


def test_a_text_alone_is_no_note_where_other_rows_hold_no_more():
    columns = {"a": ["x y"] * 9, "b": ["1", "", "1", "", "1", "1", "1", "1", ""], "c": [""] * 9}
    assert end(columns).rows == 9 and end(columns).faults == []
