"""A role may name several columns, of which the first that a table has is read."""

import pandas as pd
import pytest

from shared.contract import Mapping, Role, check
from shared.errors import ContractError

ROLES = [
    Role(name="item", kind="key"),
    Role(name="status", kind="category", required=False),
    Role(name="label", kind="label", predict=False),
]
MAPPING = Mapping(
    columns={
        "item": ["StockCode", "Description"],
        "status": ["Invoice", "InvoiceNo"],
        "label": ["y", "target"],
    }
)


def read(**columns):
    predict = columns.pop("predict", False)
    return check(pd.DataFrame(columns), ROLES, MAPPING, solution="demo", predict=predict)


def test_the_first_that_is_there_is_read():
    table = read(Description=["a", "b"], StockCode=["1", "2"], InvoiceNo=["C1", "2"], target=[0, 1])
    assert table.frame["item"].tolist() == ["1", "2"] and table.frame["status"].tolist() == ["C1", "2"]
    assert any("not used: Description" in note for note in table.notes)


def test_the_settled_mapping_names_the_one_that_was_found_first():
    table = read(Description=["a", "b"], y=[0, 1])
    assert table.mapping.columns["item"] == ["Description", "StockCode"]
    assert table.mapping.column("item") == "Description"
    other = check(pd.DataFrame({"StockCode": ["1"]}), ROLES, table.mapping, solution="demo", predict=True)
    assert other.frame["item"].tolist() == ["1"]


def test_an_optional_role_without_any_is_noted():
    table = read(Description=["a", "b"], y=[0, 1])
    assert "status" not in table.frame
    assert "role `status` is left out: the table has none of `Invoice`, `InvoiceNo`" in table.notes


def test_a_required_role_without_any_is_a_fault_that_names_all():
    with pytest.raises(
        ContractError, match=r"none of the columns `StockCode`, `Description` \(role `item`\) is there"
    ):
        read(Code=["a", "b"], y=[0, 1])


def test_what_is_not_needed_to_predict_may_be_absent_then():
    assert "label" not in read(StockCode=["1"], predict=True).frame


def test_a_single_name_of_an_optional_role_must_still_be_there():
    mapping = Mapping(columns={"item": "a", "status": "gone", "label": "y"})
    with pytest.raises(ContractError, match="column `gone`"):
        check(pd.DataFrame({"a": ["1", "2"], "y": [0, 1]}), ROLES, mapping, solution="demo")


def test_an_alternative_is_never_taken_for_another_role():
    mapping = Mapping(columns={"item": ["code", "status"], "label": "y"})
    table = check(
        pd.DataFrame({"code": ["1", "2"], "status": ["a", "b"], "y": [0, 1]}), ROLES, mapping, solution="demo"
    )
    assert "status" not in table.frame


@pytest.mark.parametrize("columns", [3, [], ["a", 1]])
def test_anything_else_is_refused_with_both_forms_named(columns):
    with pytest.raises(ValueError, match="name of a column, or a list of names") as error:
        Mapping(columns={"item": columns})
    assert len(error.value.errors()) == 1


def test_a_column_by_its_own_name():
    assert MAPPING.column("date") == "date"
    assert MAPPING.column("item", ["Description"]) == "Description"
    assert MAPPING.column("item", ["other"]) == "StockCode"
