from shared.contract import Mapping, Number, Role
from shared.contract.plan import reading_plan

ROLES = (
    Role(name="amount", kind="number", low=0),
    Role(name="card", kind="key", required=False, missing=True),
    Role(name="label", kind="label", predict=False),
)


def entries(mapping):
    return {entry["target"]: entry for entry in reading_plan(ROLES, mapping)["columns"]}


def test_the_stricter_bound_of_role_and_mapping_holds():
    found = entries(Mapping(columns={"amount": "SUM"}, numbers={"SUM": Number(low=-5, high=99)}))["amount"]
    assert (found["low"], found["high"]) == (0, 99)


def test_labels_need_not_be_there_and_optional_alternatives_neither():
    found = entries(Mapping(columns={"amount": "SUM", "card": ["CARD", "IBAN"], "label": "FRAUD"}))
    assert {name: entry["needed"] for name, entry in found.items()} == {
        "amount": True,
        "card": False,
        "label": False,
    }
    assert {name: entry["filled"] for name, entry in found.items()} == {
        "amount": True,
        "card": False,
        "label": False,
    }


def test_roles_without_a_column_are_told_apart():
    assert reading_plan(ROLES, Mapping(columns={"amount": "SUM"}))["unmapped"] == ["card", "label"]


def test_labels_are_known_by_their_one_text():
    assert reading_plan(ROLES, Mapping(labels={"1.0": 1, " no ": 0}))["labels"] == {"1": 1, "no": 0}
