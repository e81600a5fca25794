"""Rows in the customer's columns become the columns of the checked table, or are left to the contract."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contract import Mapping, Number, Role, check
from shared.contract.cells import Unread
from shared.contract.plan import reading_plan
from shared.errors import ContractError
from shared.light.reader import UnreadRow, read_rows

ROLES = (
    Role(name="time", kind="time"),
    Role(name="amount", kind="number", low=0),
    Role(name="label", kind="label", predict=False, high=1),
    Role(name="card", kind="key", required=False, missing=True),
)
MAPPING = Mapping(
    columns={"time": "WHEN", "amount": "SUM", "label": "FRAUD", "card": ["CARD", "IBAN"]},
    numeric=["age"],
    categorical=["shop"],
    numbers={"age": Number(low=0, high=120, missing=[-1.0])},
    labels={"yes": 1, "no": 0},
)
PLAN = reading_plan(ROLES, MAPPING)
ROW = {"WHEN": "2025-01-31 08:00", "SUM": "12.5", "CARD": "a", "age": 40, "shop": "x"}

cells = {
    "WHEN": st.sampled_from(["2025-01-31", "2025-02-01T10:00:00", "31/01/2025", "", "2025-13-01"]),
    "SUM": st.sampled_from(["1", "2.5", 3, -1, "", "1,5", "x", None, 1e300]),
    "CARD": st.sampled_from(["a", "b ", None, 7, "7.0", ""]),
    "age": st.sampled_from([40, -1, "120", 121, None, "NA"]),
    "shop": st.sampled_from(["x", "TRUE", 1.0, None, "NA"]),
}


def checked(rows):
    return check(pd.DataFrame(rows), ROLES, MAPPING, solution="finance.fraud", predict=True)


@given(st.lists(st.fixed_dictionaries(cells), min_size=1, max_size=3))
def test_what_is_read_is_what_the_contract_reads(rows):
    try:
        frame = read_rows(rows, PLAN)
    except Unread:
        return
    try:
        table = checked(rows).frame
    except ContractError as error:
        assert "equal in all columns" in str(error)  # of a table; single rows have no equals
        return
    assert set(frame) == set(table) - {"label"}
    for name in frame:
        if frame[name].dtype == object:
            assert frame[name].tolist() == [None if pd.isna(each) else each for each in table[name]]
        else:
            np.testing.assert_array_equal(frame[name], table[name].to_numpy())


@pytest.mark.parametrize(
    ("change", "column", "told"),
    [
        ({"SUM": -3}, "SUM", "out of bounds"),
        ({"SUM": ""}, "SUM", "empty"),
        ({"WHEN": None}, "WHEN", "empty"),
        ({"WHEN": "tomorrow"}, "WHEN", "no plain date"),
        ({"age": 130}, "age", "out of bounds"),
        ({"SUM": [1]}, "SUM", "no number"),
    ],
)
def test_what_the_contract_would_refuse_or_must_decide_is_named_by_column_and_row(change, column, told):
    with pytest.raises(UnreadRow, match=told) as caught:
        read_rows([ROW, ROW | change], PLAN)
    assert (caught.value.column, caught.value.row) == (column, 2)


def test_a_column_that_is_missing_is_named():
    with pytest.raises(UnreadRow, match="`age`, row 1: is missing"):
        read_rows([{name: cell for name, cell in ROW.items() if name != "age"}], PLAN)


def test_of_alternatives_the_first_that_is_there_is_read():
    row = {name: cell for name, cell in ROW.items() if name != "CARD"} | {"IBAN": "z"}
    assert read_rows([row], PLAN)["card"].tolist() == ["z"]


def test_codes_for_not_known_are_no_numbers():
    assert np.isnan(read_rows([ROW | {"age": -1}], PLAN)["numeric/age"])


def test_labels_are_read_only_where_they_are_asked_for():
    rows = [ROW | {"FRAUD": "yes"}, ROW | {"FRAUD": ""}]
    assert "label" not in read_rows(rows, PLAN)
    np.testing.assert_array_equal(read_rows(rows, PLAN, labels=True)["label"], [1.0, np.nan])
    with pytest.raises(UnreadRow, match="no known label"):
        read_rows([ROW | {"FRAUD": "perhaps"}], PLAN, labels=True)


def test_a_column_that_would_be_taken_for_a_role_is_left_to_the_contract():
    plan = reading_plan((*ROLES, Role(name="terminal", kind="key", required=False)), MAPPING)
    with pytest.raises(Unread, match="`terminal` would be taken"):
        read_rows([ROW | {"terminal": "t"}], plan)


def test_no_rows_are_left_to_the_contract():
    with pytest.raises(Unread):
        read_rows([], PLAN)
