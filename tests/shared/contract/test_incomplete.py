"""Rows in which a required cell is empty are a fault, or left out where the customer says so."""

import numpy as np
import pandas as pd
import pytest

from shared.contract import Mapping, Role, check
from shared.contract.formats import Format
from shared.contract.incomplete import empty_cells, must_be_filled
from shared.errors import ContractError

ROLES = (
    Role(name="amount", kind="number", low=0),
    Role(name="label", kind="label", high=1, predict=False),
    Role(name="card", kind="key", required=False, missing=True),
)
FRAME = pd.DataFrame(
    {
        "amount": ["1", "", "3", "see letter", "5"],
        "label": ["0", "1", "", "0", "1"],
        "card": ["a", "b", "c", "d", ""],
    }
)


def checked(frame=FRAME, *, predict=False, **format):
    return check(frame, ROLES, Mapping(format=Format(**format)), solution="demo", predict=predict)


def refusal(frame=FRAME, **arguments):
    with pytest.raises(ContractError) as caught:
        checked(frame, **arguments)
    return str(caught.value)


def test_each_empty_required_cell_names_its_row_and_the_way_out():
    message = refusal(missing=["see letter"])
    assert "column `amount` (role `amount`), row 2: the cell is empty (and 1 more row: 4)" in message
    assert "column `label` (role `label`), row 3: the cell is empty" in message
    assert message.count('incomplete = "drop" under [format] leaves out all such rows') == 2


def test_following_the_way_out_leaves_these_rows_out_and_keeps_the_numbers_of_the_others():
    table = checked(missing=["see letter"], incomplete="drop")
    assert table.frame["amount"].tolist() == [1.0, 5.0] and table.rows.tolist() == [1, 5]
    assert "3 rows with an empty required cell are left out: `amount` 2, `label` 1" in table.notes


def test_a_text_among_numbers_names_both_settings_that_leave_its_row_out():
    message = refusal(incomplete="error")
    assert "row 4: `see letter` is no number" in message
    assert (
        'list it in missing under [format] if it means: not known, with incomplete = "drop" to leave'
        in message
    )


def test_equal_rows_and_incomplete_ones_go_together():
    frame = pd.concat([FRAME.iloc[[0, 0, 1, 4]]], ignore_index=True)
    table = checked(frame, incomplete="drop", duplicates="drop")
    assert table.rows.tolist() == [1, 4]


def test_a_table_to_be_scored_is_never_shortened():
    message = refusal(FRAME.iloc[:3], predict=True, incomplete="drop")
    assert (
        "row 2: the cell is empty. Fill it in or leave the row out" in message and "incomplete" not in message
    )
    assert len(checked(FRAME.iloc[[0, 2]], predict=True, incomplete="drop")) == 2


def test_a_label_of_one_class_is_refused_after_the_others_are_left_out():
    assert "every row is 0" in refusal(FRAME.iloc[[0, 2]], incomplete="drop")


def test_which_cells_are_empty_and_which_must_not_be():
    assert empty_cells(np.array(["2025-01-01", "NaT"], "datetime64[D]")).tolist() == [False, True]
    assert [must_be_filled(role, predict=False) for role in ROLES] == [True, True, False]
    assert [must_be_filled(role, predict=True) for role in ROLES] == [True, False, False]
