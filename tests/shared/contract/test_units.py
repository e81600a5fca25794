"""A number outside its plausible range is named with the unit that it seems to be in."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contract.mapping import Number
from shared.contract.parsing import Reading
from shared.contract.units import keep_plausible, likely_unit, likely_units, out_of_range


def column(values):
    return pa.chunked_array([np.asarray(values, np.float64)])


def faults(values, **number):
    cells = column(values)
    return out_of_range(cells.to_numpy(), cells, Number(**number), way_out="correct [numbers]")


# Of tables of conversion that laboratories and clinics print, not of the factors in the module.
PRINTED = [
    (98.6, "°C", 30, 45, "°F", 37.0),
    (310.15, "°C", 30, 45, "K", 37.0),
    (37.0, "°F", 85, 115, "°C", 98.6),
    (154.3, "kg", 30, 120, "lb", 70.0),
    (70_000, "kg", 30, 200, "g", 70.0),
    (3_200, "kg", 0.5, 8, "g", 3.2),
    (1.75, "cm", 100, 250, "m", 175.0),
    (68.9, "cm", 100, 250, "in", 175.0),
    (5.74, "cm", 100, 250, "ft", 175.0),
    (1_750, "cm", 300, 999_999, None, None),
    (1_750, "cm", 100, 250, "mm", 175.0),
    (175, "m", 1, 2.5, "cm", 1.75),
    (16.0, "mmHg", 50, 260, "kPa", 120.0),
    (120, "kPa", 6, 35, "mmHg", 16.0),
    (108, "mmol/L", 2, 30, "mg/dL (glucose)", 6.0),
    (6.0, "mg/dL", 40, 600, "mmol/L (glucose)", 108.1),
    (232, "mmol/L", 2, 9, "mg/dL (cholesterol)", 6.0),
    (1.0, "µmol/L", 20, 1500, "mg/dL (creatinine)", 88.4),
    (140, "g/dL", 3, 25, "g/L", 14.0),
    (14, "g/L", 30, 250, "g/dL", 140.0),
    (480, "years", 0, 120, "months", 40.0),
    (20_000, "years", 0, 120, "days", 54.8),
    (37.2, "°C", 30, 45, None, None),
    (400, "kg/m2", 10, 80, None, None),
    (1e9, "°C", 30, 45, None, None),
    (float("nan"), "°C", 30, 45, None, None),
]


@pytest.mark.parametrize(("value", "unit", "low", "high", "other", "converted"), PRINTED)
def test_the_other_unit_is_the_one_of_printed_tables(value, unit, low, high, other, converted):
    found = likely_unit(value, unit, low, high)
    if other is None:
        assert found is None
    else:
        assert found[0] == other and found[1] == pytest.approx(converted, rel=0.005)


def test_the_bounds_themselves_are_plausible():
    assert likely_unit(45, "°C", 30, 45) is None and likely_unit(30, "°C", 30, 45) is None


def test_an_open_range_is_read_as_open():
    assert likely_unit(98.6, "°C", None, 45)[0] == "°F"
    assert likely_unit(1.75, "cm", 100, None)[0] == "m"
    assert likely_unit(1e9, "cm", None, None) is None


@pytest.mark.parametrize(
    ("spellings", "value", "low", "high", "other"),
    [
        ("C|c|℃|º C|° C|degC|deg C|Celsius|摄氏度", 98.6, 30, 45, "°F"),
        ("kg|KG|公斤|千克|kilograms", 400, 30, 300, "lb"),
        ("cm|CM|厘米|公分|ｃｍ|centimeters", 1.75, 100, 250, "m"),
        ("mmHg|mm Hg|MMHG|毫米汞柱", 16, 50, 260, "kPa"),
        ("µmol/L|μmol/l|umol/L|微摩尔/升", 1, 20, 1500, "mg/dL (creatinine)"),
        ("y|yr|years|岁", 480, 0, 120, "months"),
    ],
)
def test_usual_spellings_of_a_unit_are_understood(spellings, value, low, high, other):
    for unit in spellings.split("|"):
        assert likely_unit(value, unit, low, high)[0] == other, unit


def test_cell_counts_in_giga_are_no_grams():
    assert likely_unit(0.5, "G/L", 1, 100) is None and likely_unit(0.5, "g/L", 1, 100)[0] == "g/dL"


def test_of_several_substances_the_one_that_explains_most_values_is_named():
    name, converted = likely_units(np.array([150.0, 200.0, 300.0]), "mmol/L", 2, 9)
    assert name == "mg/dL (cholesterol)" and np.isfinite(converted).all()


@given(
    st.sampled_from([("°C", "°F"), ("kg", "lb"), ("cm", "in"), ("mmHg", "kPa"), ("years", "months")]),
    st.floats(1, 1000),
)
def test_a_value_written_in_another_unit_is_found_again(units, value):
    one, other = units
    low, high = value * 0.999, value * 1.001
    written = _other_way(value, one, other)
    if not low <= written <= high:  # -40 and the like are one number in both
        found = likely_unit(written, one, low, high)
        assert found[0] == other and found[1] == pytest.approx(value, rel=1e-6)


def _other_way(value, one, other):
    """What `value` of `one` is in `other`, by formulas of their own."""
    return {
        ("°C", "°F"): lambda x: x * 1.8 + 32,
        ("kg", "lb"): lambda x: x * 2.2046226218,
        ("cm", "in"): lambda x: x / 2.54,
        ("mmHg", "kPa"): lambda x: x * 0.1333223874,
        ("years", "months"): lambda x: x * 12,
    }[one, other](value)


def test_a_fault_names_the_value_the_bound_the_unit_and_the_way_out():
    assert faults([36.8, 98.6, 37, 98.6, 36, 36], unit="°C", low=30, high=45) == [
        (
            "`98.6` is above 45 °C, the highest plausible value; read as °F it would be 37.0 °C. "
            "Convert it, or correct [numbers] (and 1 more row: 4)",
            2,
        )
    ]


def test_a_fault_without_another_unit_says_so_too():
    assert faults([1, 2, 300, -5], low=0, high=100) == [
        ("`-5.0` is below 0, the lowest plausible value. Correct the cell, or correct [numbers]", 4),
        ("`300.0` is above 100, the highest plausible value. Correct the cell, or correct [numbers]", 3),
    ]


def test_most_of_a_column_in_another_unit_is_said_once():
    found = faults([98.6] * 312 + [37.0] * 7 + [1000.0], unit="°C", low=30, high=45)
    assert found[0] == (
        "312 of 320 values look like °F, not °C. Convert the column, or correct [numbers]",
        None,
    )
    assert len(found) == 2 and found[1][0].startswith("`1000.0` is above 45 °C") and found[1][1] == 320


def test_a_single_value_is_no_column_in_another_unit():
    assert faults([98.6], unit="°C", low=30, high=45)[0][1] == 1


def test_empty_cells_are_neither_outside_nor_counted():
    found = faults([98.6, 98.6, np.nan, np.nan, np.nan, np.nan], unit="°C", low=30, high=45)
    assert found[0][0].startswith("2 of 2 values")


def kept(values, **number):
    return keep_plausible(Reading(np.array(values, np.float64)), column(values), Number(**number))


def test_values_outside_are_taken_as_not_known_where_asked_for():
    reading = kept([5, 20, 90, 80, 10], unit="kg/m2", low=10, high=80, outside="missing")
    np.testing.assert_array_equal(reading.data, [np.nan, 20, np.nan, 80, 10])
    assert reading.notes == ["2 cells below 10 or above 80 kg/m2 taken as not known"] and not reading.faults


def test_their_note_tells_the_unit_that_they_look_like():
    reading = kept([37] * 5 + [98.6, 0], unit="°C", low=30, high=45, outside="missing")
    assert reading.notes == ["2 cells below 30 or above 45 °C taken as not known; 1 look like °F"]


def test_a_column_in_another_unit_is_never_dropped_in_silence():
    reading = kept([98.6] * 30 + [37.0], unit="°C", low=30, high=45, outside="missing")
    assert reading.faults[0][0].startswith("30 of 31 values look like °F, not °C, and would be lost")


def test_a_column_within_its_range_stays_as_it_is():
    reading = kept([10, 80, np.nan], low=10, high=80)
    assert not reading.faults and not reading.notes and np.isnan(reading.data[2])
