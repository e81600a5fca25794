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


PATIENT_ROLES = [
    Role(name="patient", kind="key", private=True),
    Role(name="age", kind="number", unit="years", low=0, high=120, required=False, missing=True),
    Role(name="weight", kind="number", required=False),
    Role(name="sex", kind="category", required=False, missing=True),
    Role(name="label", kind="label", predict=False),
]
PATIENTS = pd.DataFrame(
    {
        "id": [f"secret-{at:03d}" for at in range(20)],
        "Alter": [*range(30, 49), -9],
        "sex": ["F", "M"] * 10,
        "bmi": [21.5 + at / 4 for at in range(19)] + [2.0],
        "site": [1, 2, 3, 4] * 5,
        "steps": [str(100 * at) for at in range(20)],
        "y": [0, 1] * 10,
    }
)


def patients(frame=PATIENTS, predict=False, **mapping):
    columns = {"patient": "id", "age": "Alter", "label": "y"}
    numbers = {"Alter": {"missing": [-9]}, **mapping.pop("numbers", {})}
    mapping = {"numeric": ["bmi"], "columns": columns, **mapping, "numbers": numbers}
    return check(frame, PATIENT_ROLES, Mapping(**mapping), solution="demo", predict=predict)


def refused(frame=PATIENTS, **mapping):
    with pytest.raises(ContractError) as caught:
        patients(frame, **mapping)
    return str(caught.value)


def test_numbers_hold_of_the_columns_of_roles_and_of_features():
    numbers = {"Alter": {"missing": [-9]}, "bmi": {"low": 10, "high": 80, "outside": "missing"}}
    table = patients(numbers=numbers)
    assert table.frame["age"].isna().sum() == 1 and table.frame["numeric/bmi"].isna().sum() == 1
    assert "column `Alter`: codes taken as not known: -9 in 1 of 20 cells" in table.notes
    assert "column `bmi`: 1 cell below 10 or above 80 taken as not known" in table.notes
    assert table.mapping.numbers == Mapping(numbers=numbers).numbers


def test_a_value_out_of_the_plausible_range_is_a_fault_with_its_row():
    message = refused(numbers={"bmi": {"unit": "kg/m2", "low": 10, "high": 80}})
    assert (
        "column `bmi`, row 20: `2.0` is below 10 kg/m2, the lowest plausible value. "
        "Correct the cell, or correct [numbers]" in message
    )


def test_the_range_of_the_role_stays_beside_that_of_the_column():
    message = refused(PATIENTS.assign(Alter=[*range(30, 49), 480]))
    assert (
        "column `Alter` (role `age`), row 20: `480` is above 120 years; "
        "read as months it would be 40.0 years. Convert it" in message
    )


def test_a_code_in_a_role_that_must_be_filled_is_called_so():
    frame = PATIENTS.assign(kg=[70] * 19 + [-9])
    columns = {"patient": "id", "age": "Alter", "label": "y", "weight": "kg"}
    message = refused(frame, columns=columns, numbers={"kg": {"missing": [-9]}})
    assert "the cell is empty, or taken as not known by [numbers]. Fill it in" in message


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("bmii", "[numbers] `bmii`: no column of that name is read as a number. Did you mean `bmi`?"),
        ("sex", "[numbers] `sex`: no column of that name is read as a number. Known are: Alter, bmi, weight"),
        ("age", "[numbers] `age`: no column of that name is read as a number."),
        ("id", "[numbers] `id`: no column of that name is read as a number."),
    ],
)
def test_numbers_of_what_is_no_number_are_a_fault(name, hint):
    assert hint in refused(numbers={name: {"low": 1}})


def test_numbers_may_name_an_alternative_or_an_optional_role_that_is_not_there():
    columns = {"patient": "id", "age": ["Age", "Alter"], "label": "y"}
    numbers = {"Age": {"missing": [-9]}, "Alter": {"missing": [-9]}, "weight": {"low": 2}}
    assert patients(columns=columns, numbers=numbers).frame["age"].isna().sum() == 1


def test_a_missing_column_is_told_once_even_if_it_has_numbers():
    message = refused(PATIENTS.drop(columns="bmi"), numbers={"bmi": {"low": 10}})
    assert message.count("bmi") == 1 and "column `bmi` is missing" in message


def test_groups_may_be_roles_and_features_too():
    table = patients(groups=["Alter", "sex", "bmi", "y"], categorical=["site"])
    frame = table.frame
    pd.testing.assert_series_equal(frame["group/Alter"], frame["age"], check_names=False)
    pd.testing.assert_series_equal(frame["group/bmi"], frame["numeric/bmi"], check_names=False)
    pd.testing.assert_series_equal(frame["group/sex"], frame["sex"], check_names=False)
    assert frame["group/y"].tolist() == ["0", "1"] * 10
    assert list(frame)[-4:] == ["group/Alter", "group/sex", "group/bmi", "group/y"]
    assert sum("Alter" in note for note in table.notes) == 1


def test_groups_alone_are_numbers_only_if_they_have_many_values():
    frame = patients(groups=["site", "steps", "site"]).frame
    assert frame["group/steps"].tolist() == [100.0 * at for at in range(20)]
    assert frame["group/site"].tolist() == ["1", "2", "3", "4"] * 5
    mixed = PATIENTS.assign(steps=[*map(str, range(19)), "x"])
    assert patients(mixed, groups=["steps"]).frame["group/steps"].iloc[19] == "x"


def test_a_category_stays_one_as_a_group_however_many_numbers_it_has():
    frame = patients(groups=["steps"], categorical=["steps"]).frame
    assert frame["group/steps"].dtype == "category"


def test_numbers_make_a_group_a_number():
    frame = patients(groups=["site"], numbers={"site": {"missing": [4]}}).frame
    assert frame["group/site"].isna().sum() == 5 and frame["group/site"].dtype == "float64"


def test_a_group_that_is_not_there_is_missed_where_it_is_needed():
    assert "column `sexx` is missing. Did you mean `sex`?" in refused(groups=["sexx"])
    assert "group/sexx" not in patients(predict=True, groups=["sexx"]).frame
    message = refused(PATIENTS.drop(columns="bmi"), groups=["bmi"])
    assert message.count("column `bmi` is missing") == 1


def test_numbers_of_a_group_that_is_not_there_are_no_fault_in_prediction():
    assert len(patients(predict=True, groups=["gone"], numbers={"gone": {"low": 1}})) == 20


def test_identifiers_are_no_groups():
    message = refused(groups=["id"])
    assert (
        "column `id` (role `patient`): identifies someone, and is no group. Take it out of [features] groups"
        in message
    )
