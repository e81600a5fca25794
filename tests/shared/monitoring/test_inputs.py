import numpy as np
import pandas as pd
import pytest

from shared.contract import Mapping, Role, check
from shared.monitoring.inputs import input_columns, score_columns, shown_name

ROLES = (
    Role(name="time", kind="time"),
    Role(name="amount", kind="number"),
    Role(name="income", kind="number", private=True),
    Role(name="card", kind="key"),
    Role(name="site", kind="category", predict=False),
    Role(name="label", kind="label", predict=False),
)


class Solution:
    roles = ROLES


@pytest.fixture
def table():
    frame = pd.DataFrame(
        {
            "time": pd.date_range("2024-01-01", periods=4).astype(str),
            "amount": [1.0, 2.0, 3.0, 4.0],
            "income": [10.0, 20.0, 30.0, 40.0],
            "card": ["a", "b", "a", "c"],
            "site": ["x", "y", "x", "y"],
            "label": [0, 1, 0, 1],
            "age": [30, 40, 50, 60],
            "channel": ["web", "shop", "web", "web"],
        }
    )
    mapping = Mapping(numeric=["age"], categorical=["channel"], groups=["age"])
    return check(frame, ROLES, mapping, solution="finance.fraud")


def test_only_what_the_model_reads_is_counted_and_private_columns_only_as_keys(table):
    found = input_columns(Solution, table, np.arange(4))
    kinds = {name: column.kind for name, column in found.items()}
    assert kinds == {
        "amount": "number",
        "income": "key",
        "card": "key",
        "numeric/age": "number",
        "categorical/channel": "category",
    }


def test_only_the_rows_asked_for_are_counted(table):
    found = input_columns(Solution, table, np.array([1, 3]))
    assert found["amount"].cells.tolist() == [2.0, 4.0]
    assert list(found["categorical/channel"].cells) == ["shop", "web"]


def test_scores_are_those_of_the_answers():
    assert score_columns(None) == {}
    assert list(score_columns(pd.DataFrame({"date": [1], "mean": [2.0]}))) == []


def test_columns_are_called_as_the_customer_calls_them():
    mapping = Mapping(columns={"amount": ["TX_AMT", "AMT"]})
    names = ("amount", "categorical/channel", "scores/score", "photo/brightness")
    assert [shown_name(name, mapping) for name in names] == ["TX_AMT", "channel", "score", "photo/brightness"]
