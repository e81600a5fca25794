"""Columns that tell who someone is, that are used twice or that hold codes are named; others are left alone."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from shared.contract import Mapping, RawTable, Role, SignalColumns, raw_table
from shared.encoding import Features
from shared.errors import ContractError, Fault
from shared.patients.columns import codes_for_missing, leaks_of, taken_twice, without_identifiers
from shared.trust.leaks import identifier_like

ROLES = (Role(name="patient", kind="key", private=True), Role(name="label", kind="label"))


def test_a_column_of_one_value_a_patient_is_an_identifier_however_often_they_come():
    visits = np.repeat(np.arange(60), 3)
    features = Features({}, {"case": pd.Series(visits.astype(str)).astype("category")})
    assert identifier_like(features) == [] and identifier_like(features, visits) == ["case"]
    ward = Features({}, {"ward": pd.Series((visits % 7).astype(str)).astype("category")})
    assert identifier_like(ward, visits) == []


def test_no_cell_of_a_private_column_is_left_in_an_error():
    raw = raw_table(pd.DataFrame({"patient": ["Mary Smith", "17", "x" * 60], "label": ["0", "1", "1"]}))
    texts = ["`Mary Smith` is no date", "found `ill` and `17`", f"`{'x' * 39}…` is no number"]
    error = ContractError("a.csv does not fit", [Fault(text=text, row=3) for text in texts])
    found = without_identifiers(error, [raw, None], Mapping(), ROLES)
    expected = ["a cell is no date", "found `ill` and `17`", "a cell is no number"]
    assert [fault.text for fault in found.faults] == expected and found.faults[0].row == 3
    assert without_identifiers(error, [None, None], Mapping(), ROLES).faults == error.faults


def test_headers_that_stand_twice_and_cells_that_are_lists_hide_nothing_and_break_nothing():
    twice = pa.Table.from_arrays(
        [pa.array(["Mary Smith"]), pa.array(["Ann Baker"])], names=["patient ", "patient"]
    )
    lists = pa.table({"patient": pa.array([[1, 2]])})
    error = ContractError("a.csv does not fit", [Fault(text="`Ann Baker` and `Mary Smith`")])
    found = without_identifiers(error, [RawTable(twice, "a"), RawTable(lists, "b")], Mapping(), ROLES)
    assert found.faults[0].text == "a cell and a cell"


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"numeric": ["temperature"]}, "temperature"),
        ({"groups": ["ti"]}, "ti"),
        ({"columns": {"label": "ti"}}, "ti"),
        ({}, None),
    ],
)
def test_a_sample_may_be_nothing_else(changes, column):
    mapping = Mapping(signal=SignalColumns(columns="t*"), **changes)
    found = taken_twice([" temperature", "ti", "t1", "patient"], mapping, ["patient", "label"])
    assert [fault.column for fault in found] == ([column] if column else [])


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([1.0, 2.0, -9.0, -9.0], "-9 in 2 cells"),
        ([40.0, 80.0, 999.0, 999.0, np.nan], "999 in 2 cells"),
        ([1.0, 2.0, -9.0], None),
        ([-12.0, 3.0, -9.0, -9.0], None),
        ([900.0, 80.0, 999.0, 999.0], None),
        ([-9.0, -9.0], None),
    ],
)
def test_codes_are_noted_where_they_stand_apart(values, told):
    found = codes_for_missing(Features({"weight now": np.array(values)}))
    assert bool(found) == (told is not None)
    assert all(told in note and '[numbers."weight now"]' in note for note in found)


def test_a_column_that_tells_one_of_the_ill_classes_alone_is_no_leak_and_no_class_is_told_twice():
    code = np.tile([0, 1, 2], 30)
    names, noise = ["healthy", "mild", "severe"], np.random.default_rng(0).normal(size=90) / 10
    features = Features(
        {"all": code * 9.0 + noise, "last": (code == 2) * 9 + noise, "first": (code > 0) * 9 + noise}
    )
    assert [leak.name for leak in leaks_of(features, code, names, fewest=20)] == ["all", "first"]
    unknown = np.where(np.arange(90) < 80, -1, code)
    assert leaks_of(features, unknown, names, fewest=20) == []
