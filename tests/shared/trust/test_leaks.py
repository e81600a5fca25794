"""Columns that give the answer away are found; findings that are only strong, or only rare, are not."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer

from shared.encoding import Features
from shared.trust.leaks import Leak, identifier_like, leaking_features


def categorical(values):
    return pd.Series(np.asarray(values, object)).astype("category")


def leaks(code, *, fewest=20, categories=None, **numbers):
    columns = {name: np.asarray(values, float) for name, values in numbers.items()}
    categories = {name: categorical(values) for name, values in (categories or {}).items()}
    return leaking_features(Features(columns, categories), np.asarray(code), fewest=fewest)


RNG = np.random.default_rng(0)
CODE = np.tile([0, 1], 30)


@pytest.mark.parametrize("rows", [20, 60, 600])
def test_a_copy_of_the_label_is_found_in_tables_of_any_size(rows):
    code = np.tile([0, 1], rows // 2)
    assert leaks(code, copy=code) == [
        Leak("copy", "every row above 0.5 is of class 1 and every other of class 0", rows)
    ]
    reversed_copy = leaks(code, copy=10 - 2 * code)
    assert reversed_copy[0].how == "every row above 9 is of class 0 and every other of class 1"
    noisy = leaks(code, copy=code + RNG.normal(0, 0.05, rows), age=RNG.normal(50, 10, rows))
    assert [leak.name for leak in noisy] == ["copy"]


def test_a_dose_that_only_the_ill_are_given_is_found():
    assert [leak.name for leak in leaks(CODE, dose=CODE * RNG.uniform(1, 10, 60))] == ["dose"]


def test_one_row_on_the_wrong_side_acquits_a_column():
    values = CODE.astype(float)
    values[0] = 1
    assert leaks(CODE, copy=values) == []
    assert leaks(CODE, categories={"copy": values}) == []


def test_values_that_touch_do_not_separate():
    code = np.repeat([0, 1], 100)
    assert leaks(code, x=np.r_[np.linspace(0, 1, 100), np.linspace(1, 2, 100)]) == []
    assert len(leaks(code, x=np.r_[np.linspace(0, 1, 100), np.linspace(1.001, 2, 100)])) == 1


def test_unknown_values_and_classes_are_left_out():
    values, code = CODE.astype(float), CODE.copy()
    values[:10], code[10:20] = np.nan, -1
    values[10:20] = 1 - values[10:20]
    assert leaks(code, copy=values)[0].rows == 40


@pytest.mark.parametrize("rows,cases,found", [(20, 5, 1), (19, 5, 0), (30, 4, 0), (30, 26, 0), (30, 25, 1)])
def test_a_column_needs_enough_rows_and_enough_of_two_classes(rows, cases, found):
    code = (np.arange(rows) < cases).astype(int)
    assert len(leaks(code, copy=code)) == found
    assert len(leaks(code, categories={"copy": code})) == found


def test_of_three_classes_all_must_lie_apart():
    code = np.repeat([0, 1, 2], 30)
    found = leaks(code, apart=code * 10 + RNG.random(90), two=np.minimum(code, 1) * 10 + RNG.random(90))
    assert [(leak.name, leak.how) for leak in found] == [
        ("apart", "the values of the 3 classes lie in ranges that do not overlap")
    ]


@pytest.mark.parametrize("kind", ["number", "category"])
def test_a_value_missing_exactly_in_one_class_is_found(kind):
    values = np.where(CODE == 1, RNG.integers(0, 3, 60), np.nan)
    words = [f"grade {value:.0f}" if value == value else None for value in values]
    found = leaks(CODE, x=values) if kind == "number" else leaks(CODE, categories={"x": words})
    assert found == [
        Leak("x", "every row without a value is of class 0 and every row with one of class 1", 60)
    ]
    values[1], words[1] = np.nan, None  # missing in one ill row too
    assert leaks(CODE, x=values) == [] and leaks(CODE, categories={"x": words}) == []


def test_a_value_that_is_hardly_ever_missing_or_always_is_no_leak():
    few = RNG.normal(size=60)
    few[[0, 2, 4, 6]] = np.nan
    assert leaks(CODE, x=few, none=np.full(60, np.nan)) == []
    assert leaks(CODE, categories={"none": [None] * 60}) == []


def test_a_category_each_of_whose_values_is_of_one_class_is_found():
    ward = np.where(CODE == 1, RNG.choice(["oncology", "surgery"], 60), RNG.choice(["eyes", "ears"], 60))
    ward[0] = "seen once"
    assert leaks(CODE, categories={"ward": ward}) == [
        Leak("ward", "each of its values occurs in rows of one class only", 59)
    ]


def test_values_of_nearly_as_many_kinds_as_rows_are_no_leak():
    names = [f"p{number // 2 if number < 6 else number}" for number in range(60)]
    assert leaks(np.repeat([0, 1], 30), categories={"patient": names}) == []


@settings(max_examples=100, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(20, 80), values=st.integers(2, 60))
def test_columns_that_know_nothing_are_not_reported(seed, rows, values):
    rng = np.random.default_rng(seed)
    code = rng.permutation(np.arange(rows) < max(5, rows // 4)).astype(int)
    columns = {"category": rng.integers(0, values, rows).astype(str)}
    assert (
        leaks(code, number=rng.integers(0, values, rows), noise=rng.normal(size=rows), categories=columns)
        == []
    )


def test_strong_findings_are_not_reported_though_they_separate_small_tables_by_luck():
    """Many parts of a real table, in some of which a single number separates all patients."""
    data = load_breast_cancer()
    separated = reported = 0
    for seed in range(40):
        rows = np.random.default_rng(seed).choice(569, 20 + seed, replace=False)
        x, code = data.data[rows], data.target[rows]
        bad, good = x[code == 0], x[code == 1]
        separated += int((bad.min(axis=0) > good.max(axis=0)).sum())
        columns = {f"x{place}": x[:, place] for place in range(30)}
        reported += len(leaking_features(Features(columns), code))
    assert separated > 10 and reported <= 1


def test_identifiers_are_category_columns_of_nearly_as_many_values_as_rows():
    columns = {
        "patient": [f"p{number}" for number in range(60)],
        "nearly": [f"p{max(6, number)}" for number in range(60)],
        "twice": [f"p{number // 2}" for number in range(60)],
        "few": [f"p{number}" if number < 49 else None for number in range(60)],
        "known": [f"p{number}" if number < 50 else None for number in range(60)],
    }
    features = Features({"x": np.arange(60.0)}, {name: categorical(each) for name, each in columns.items()})
    assert identifier_like(features) == ["patient", "nearly", "known"]


def test_categories_that_do_not_occur_do_not_count():
    ward = categorical(CODE).cat.set_categories([*range(2), *(f"unused {n}" for n in range(300))])
    assert len(leaking_features(Features({}, {"ward": ward}), CODE)) == 1
    assert identifier_like(Features({}, {"ward": ward})) == []
