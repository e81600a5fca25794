"""How well cells suit roles."""

import numpy as np
import pytest

from shared.contract import Role
from shared.proposing.fitting import cancelled_texts, clock, fit, hint
from shared.proposing.profile import Column


def numbers(values, name="x", **more):
    values = np.asarray(values, float)
    return Column(name, "number", len(values), len(values), len(np.unique(values)), numbers=values, **more)


@pytest.mark.parametrize(("unit", "scale"), [("s", 1), ("ms", 1e3), ("us", 1e6), ("ns", 1e9)])
def test_numbers_since_1970_are_times_in_their_unit(unit, scale):
    found = clock(numbers(np.linspace(1.6e9, 1.7e9, 50) * scale))
    assert (found.unit, found.origin, found.sure) == (unit, "1970-01-01", True)
    assert found.days == pytest.approx(1e8 / 86_400)


def test_numbers_that_rise_are_times_only_if_they_are_named_so():
    values = np.arange(100.0) * 60
    assert clock(numbers(values, "elapsed time", rising=True)).unit == "s"
    assert clock(numbers(values, "mileage", rising=True)) is None
    assert clock(numbers(values, "time")) is None


def test_days_of_a_spreadsheet_are_seen():
    assert clock(numbers([45000.25, 45001.5], "date")).origin == "1899-12-30"


def test_cells_rule_roles_out():
    label = Role(name="label", kind="label", high=1)
    assert fit(numbers(np.arange(50.0)), label) == 0
    assert fit(Column("x", "text", 9, 9, 9), Role(name="amount", kind="number")) == 0
    assert fit(numbers([0.5, 1.5, 2.5]), Role(name="card", kind="key")) == 0
    assert fit(numbers([0, 1, 7]), Role(name="stockout", kind="number", low=0, high=1, required=False)) == 0


def test_a_split_holds_words_for_parts_only():
    role = Role(name="split", kind="category", required=False)
    assert fit(Column("set", "text", 9, 9, 2, values={"train": 5, "测试": 4}), role) == 1
    assert fit(Column("set", "text", 9, 9, 2, values={"train": 5, "b": 4}), role) == 0


def test_a_card_whose_every_row_differs_is_less_likely_than_one_that_comes_again():
    role = Role(name="card", kind="key", missing=True)
    assert fit(numbers(np.arange(100)), role) < fit(numbers(np.arange(100) % 9), role)


def test_cancelled_lines_are_told_by_a_letter_or_a_word():
    assert cancelled_texts(Column("i", "number", 9, 9, 9, mark="C")) == ["C*"]
    assert cancelled_texts(Column("s", "text", 9, 9, 2, values={"已发货": 8, "已取消": 1})) == ["已取消"]
    assert cancelled_texts(Column("s", "text", 9, 9, 2, values={"paid": 8, "open": 1})) == []


def test_the_last_column_and_the_name_of_the_file_speak_for_a_label():
    role, column = (
        Role(name="label", kind="label"),
        Column("stroke", "text", 99, 99, 2, values={"0": 90, "1": 9}),
    )
    plain = hint(column, role, last=False, stem="", times=0)
    assert plain < hint(column, role, last=False, stem="stroke_2024", times=0) < 1
    assert plain < hint(column, role, last=True, stem="", times=0)
