"""The names of columns are found below titles and groups, and never in the place of a row of data."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contract.formats import Format
from shared.contract.headers import Row, find_header, is_value
from shared.errors import ContractError

DATA = [["2025-01-02", "12,50", "A"], ["2025-01-03", "3,00", "B"], ["2025-01-04", "4,25", "C"]]
NAMES = ["time", "amount", "card"]


def found(*lines, **format):
    return find_header([Row(at, cells) for at, cells in enumerate(lines, 1)], Format(**format), "a.csv")


@pytest.mark.parametrize(
    "above",
    [
        [["Payments of 2025"]],
        [["Payments of 2025", "", ""]],
        [["Payments of 2025", "", ""], ["", "", ""]],
        [["Payment", "", "Customer"]],
        [["付款", "", "客户"]],
        [["Report"], ["Date:", "2025-02-01"], ["Payment", "", "Customer"]],
    ],
)
def test_titles_and_names_of_groups_above_the_header_are_left_out_with_a_note(above):
    header = found(*above, NAMES, *DATA)
    assert header.names == NAMES and header.first == len(above) + 1
    assert f"above the names of columns in row {len(above) + 1}" in header.notes[0]


def test_a_title_is_told_by_its_one_cell_where_all_data_are_texts():
    header = found(["Photos"], ["image", "label"], ["a.png", "good"], ["b.png", "crack"])
    assert header.names == ["image", "label"]
    assert (
        found(["label"], ["Hello", "world"], ["see", "you", "soon"], ["well"]).at == 0
    )  # sentences, unquoted


@pytest.mark.parametrize(
    "lines",
    [
        [NAMES, *DATA],
        [
            ["", "city", "colour"],
            ["first", "Paris", "red"],
            ["second", "Rome", "blue"],
        ],  # an index without a name
        [["", "city", "age"], ["0", "Paris", "31"], ["1", "Rome", "42"]],
        [["city", "age"], ["1", "Paris", "31"], ["2", "Rome", "42"]],  # names of rows, as R writes them
        [["2024-01-01", "2024-01-02"], ["4", "5"], ["6", "7"]],
        [["name", ""], ["Anna", "x"], ["Ben", "y"]],
    ],
)
def test_the_first_row_is_the_header_where_nothing_speaks_against_it(lines):
    assert found(*lines).at == 0


texts = st.text(string.ascii_letters + string.digits + " .,-/", min_size=1, max_size=6).filter(str.strip)


@given(
    st.integers(1, 5).flatmap(
        lambda n: st.lists(st.lists(texts, min_size=n, max_size=n), min_size=1, max_size=9)
    )
)
def test_a_header_without_holes_stays_the_header_and_every_row_below_stays_data(lines):
    header = found(*lines)
    assert (header.at, header.first, header.names) == (0, 1, [name.strip() for name in lines[0]])
    assert header.notes == []


def test_the_customer_says_where_names_and_data_are():
    lines = [["Zeit", "Betrag", "Karte"], NAMES, ["UTC", "EUR", "no"], *DATA]
    header = found(*lines, header_row=2, first_row=4)
    assert header.names == NAMES and header.first == 3 and header.faults == []
    assert header.notes == [
        "1 row above the names of columns in row 2 is left out",
        "1 row below the names of columns is left out",
    ]


def test_a_second_line_of_the_header_is_a_fault_with_three_ways_out():
    lines = [NAMES, ["UTC", "EUR", "no"], *DATA]
    [fault] = found(*lines).faults
    assert fault.row == 1
    for part in ("`time`, `amount`", "first_row = 3", "header_row = 2", "first_row = 2"):
        assert part in fault.text
    assert found(*lines, first_row=2).faults == found(*lines, first_row=3).faults == []


@pytest.mark.parametrize(
    "row",
    [
        ["2025-01-01", "not told", "A"],  # one cell is wrong: its column says so
        ["n/a", "NA", "A"],  # not known
        ["?", "?", "A"],  # not known, by the format
        ["", "", "A"],
    ],
)
def test_a_first_row_with_few_texts_is_data(row):
    assert found(NAMES, row, *DATA, missing=["?"]).faults == []


def test_a_row_that_the_file_has_not_is_named():
    with pytest.raises(ContractError, match=r"header_row = 9: expected one of the first 100 rows"):
        found(NAMES, *DATA, header_row=9)
    with pytest.raises(ContractError, match=r"first_row = 3 is not below the names of columns in row 3"):
        found(["Title"], ["of"], NAMES, *DATA, first_row=3)
    with pytest.raises(ValueError, match=r"first_row = 2 is not below the names of columns in row 2"):
        Format(header_row=2, first_row=2)


def test_names_are_as_many_as_cells_where_only_empty_ones_differ():
    assert found([*NAMES, "", ""], *DATA).names == NAMES
    assert found(NAMES, *([*row, "", " "] for row in DATA)).names == [*NAMES, "", ""]
    assert found(NAMES, *([*row, "x"] for row in DATA)).names == NAMES
    assert found([*NAMES, "more"], *DATA).names == [*NAMES, "more"]
    assert found(["a", "b", ""]).names == ["a", "b", ""]


@pytest.mark.parametrize(
    "cell", ["1", "-1,5", "€ 3", "120 kg", "31.12.2025 10:00", "1e5", "2025年1月2日", "12%"]
)
def test_numbers_and_dates_are_values(cell):
    assert is_value(cell)


@pytest.mark.parametrize("cell", ["", "-", "V1", "V12", "time", "金额", "Q1 2025 plan", "t0"])
def test_names_are_no_values(cell):
    assert not is_value(cell)


PLAIN = [["P1", "2025-01-02", "C1", "T1", "3.5"], ["P2", "2025-01-03", "C2", "T1", "4.5"]] * 2


def test_names_in_two_rows_as_merged_cells_leave_them_are_read_from_both():
    header = found(["id", "time", "parties", "", "amount"], ["", "", "card", "shop", ""], *PLAIN)
    assert header.names == ["id", "time", "card", "shop", "amount"] and header.first == 2
    assert header.notes == ["the names of columns are in rows 1 and 2, as merged cells leave them"]


def test_a_title_may_stand_above_names_in_two_rows():
    lines = [
        ["Payments of 2025"],
        ["id", "time", "parties", "", "amount"],
        ["", "", "card", "shop", ""],
        *PLAIN,
    ]
    header = found(*lines)
    assert header.names == ["id", "time", "card", "shop", "amount"]
    assert header.notes[0] == "1 row above the names of columns in row 2 is left out"


@pytest.mark.parametrize(
    ("upper", "lower"),
    [
        (["id", "time", "card", "", ""], ["P0", "2025-01-01", "C0", "T0", "1.5"]),  # data without two names
        (["id", "time", "card", "", "amount"], ["", "", "C0", "7", ""]),  # a number is no name
        (
            ["id", "time", "card", "", "amount"],
            ["", "", "", "T0", ""],
        ),  # the name of the group has none below it
        (["id", "time", "card", "", "amount"], ["P0", "", "C0", "T0", ""]),  # a cell below a name of its own
        (["id", "time", "card", "", "amount"], ["", "", "id", "shop", ""]),  # two columns of one name
    ],
)
def test_a_sparse_row_below_the_names_is_none_of_them(upper, lower):
    assert found(upper, lower, *PLAIN).first == 1


def test_the_customer_may_say_that_one_row_alone_holds_the_names():
    lines = [["id", "time", "parties", "", "amount"], ["", "", "card", "shop", ""], *PLAIN]
    assert found(*lines, header_row=1).first == 1
    assert found(*lines, first_row=2).first == 1
