"""Rows to be answered look like a checked table to the code that prepares them."""

import numpy as np

from shared.contract import Mapping
from shared.light.frame import Frame
from shared.light.tables import Columns, records, table_of


def test_columns_are_found_as_by_the_mapping():
    mapping = Mapping(columns={"item": ["StockCode", "Description"], "date": "day"})
    ours = Columns(mapping.to_dict())
    for role, names in (
        ("item", None),
        ("item", ["Description"]),
        ("item", ["x"]),
        ("date", None),
        ("store", None),
    ):
        assert ours.column(role, names) == mapping.column(role, names)
    assert ours.wide is None and ours.signal is None and ours.format.duplicates == "error"


def test_rows_are_numbered_from_one():
    table = table_of(Frame({}, 3), {})
    assert table.rows.tolist() == [1, 2, 3] and len(table) == 3 and table.own is None


def test_records_hold_plain_values_in_the_order_of_the_columns():
    found = records({"row": np.array([1]), "score": np.array([0.5]), "set": ["a"], "ill": np.array([True])})
    assert found == [{"row": 1, "score": 0.5, "set": "a", "ill": True}]
    assert [type(value) for value in found[0].values()] == [int, float, str, bool]
