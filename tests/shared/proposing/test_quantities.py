"""Units, ranges and codes of what a clinic measures."""

import numpy as np
import pytest

from shared.proposing.profile import Column
from shared.proposing.quantities import coded, number_entry, quantity

RNG = np.random.default_rng(0)


def column(name, values):
    return Column(
        name, "number", len(values), len(values), len(np.unique(values)), numbers=np.asarray(values, float)
    )


@pytest.mark.parametrize(
    ("name", "centre", "unit"),
    [
        ("body_temp", 37, "°C"), ("temp_f", 98.6, "°F"), ("空腹血糖", 5.4, "mmol/L"), ("Glucose", 105, "mg/dL"),
        ("身高", 168, "cm"), ("height", 1.7, "m"), ("SBP", 130, "mmHg"), ("age_at_visit", 55, "years"),
    ],
)  # fmt: skip
def test_the_unit_is_the_one_in_which_the_middle_value_is_usual(name, centre, unit):
    entry = number_entry(column(name, RNG.normal(centre, centre * 0.01, 50)), clinical=True)
    assert entry["unit"] == unit and entry["low"] < centre < entry["high"]


def test_no_unit_is_given_where_the_cells_do_not_bear_it_out():
    assert number_entry(column("temp", RNG.normal(300, 5, 50)), clinical=True) == {}
    assert number_entry(column("age", RNG.normal(50, 9, 50)), clinical=False) == {}
    assert quantity("stage") is None


def test_one_value_outside_the_range_that_comes_often_is_a_code():
    values = np.append(RNG.normal(27, 4, 100).clip(15, 60), [0.0] * 8)
    assert number_entry(column("bmi", values), clinical=True)["missing"] == [0.0]


def test_several_values_outside_the_range_leave_it_unsaid():
    values = np.append(RNG.normal(27, 4, 100).clip(15, 60), [1.0, 2.0, 3.0, 4.0])
    assert number_entry(column("bmi", values), clinical=True) == {}


def test_codes_lie_apart_from_all_other_numbers():
    ages = RNG.integers(18, 90, 200).astype(float)
    assert coded(np.append(ages, [999.0] * 5)) == [999.0]
    assert coded(np.append(ages, [-9.0] * 5 + [-99.0] * 5)) == [-99.0, -9.0]
    assert coded(np.append(ages, [999.0] * 2)) == []
    assert coded(np.append(RNG.normal(0, 20, 200), [-9.0] * 5)) == []
    assert coded(RNG.integers(0, 1200, 5000).astype(float)) == []
