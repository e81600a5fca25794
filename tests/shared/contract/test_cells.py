"""A single cell is read as the contract reads a column of it, or not at all."""

import math

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contract import Format
from shared.contract.categories import read_categories, read_labels
from shared.contract.cells import Unread, known_labels, read_label, read_number, read_text, read_time
from shared.contract.dates import FORMATS, read_times
from shared.contract.parsing import read_numbers

SPACES = st.sampled_from(["", " ", "\t", "  ", "\u00a0", "\u3000"])
DIGITS = st.text("0123456789.,+-eE'_ %€kg１２∞nafi", max_size=12)
WORDS = st.one_of(
    st.text(max_size=8),
    st.text("0123456789.eE-+", max_size=6),
    st.sampled_from(["TRUE", "False", "NA", "nan", "NULL", "007.0", "1e3", "-0.0", "12.50", "?", "１"]),
)
NUMBERS = st.one_of(st.integers(-(2**60), 2**60), st.floats(allow_nan=False), st.booleans(), st.none())
MOMENTS = st.datetimes(pd.Timestamp("1890-01-01"), pd.Timestamp("2110-01-01"))


def padded(texts):
    return st.tuples(SPACES, texts, SPACES).map("".join)


def column(cell):
    return pa.chunked_array([pa.array([cell])])


def agree(quick, slow, same):
    """What is read quickly is what the column's reader gives; what that refuses is not read."""
    try:
        found = quick()
    except Unread:
        return False
    reading = slow()
    assert not reading.faults, (found, reading.faults)
    assert same(found, reading.data), (found, reading.data)
    return True


def same_number(found, data):
    return found == data[0] or (math.isnan(found) and np.isnan(data[0]))


@given(padded(st.one_of(DIGITS, st.floats().map(repr))), st.sampled_from([None, ".", ","]))
def test_numbers_in_texts(cell, decimal):
    form = Format(decimal=decimal, missing=["?"])
    agree(lambda: read_number(cell, form.model_dump()), lambda: read_numbers(column(cell), form), same_number)


@given(NUMBERS)
def test_numbers_as_they_are(cell):
    agree(lambda: read_number(cell, {}), lambda: read_numbers(column(cell), Format()), same_number)


@given(st.one_of(padded(WORDS), NUMBERS))
def test_texts(cell):
    form = Format(missing=["?", "5"])

    def same(found, data):
        return found == data[0] or (found is None and data.codes[0] < 0)

    agree(lambda: read_text(cell, form.missing), lambda: read_categories(column(cell), form), same)


@given(
    st.one_of(padded(WORDS), st.sampled_from(["是", "否", "1.0", 1, 0, True]), NUMBERS),
    st.sampled_from([{}, {"是": 1, "否": 0}, {"1.0": 0, "2": 1}]),
)
def test_labels(cell, labels):
    known = known_labels(labels)
    agree(
        lambda: read_label(cell, known),
        lambda: read_labels(column(cell), Format(), labels),
        same_number,
    )


def same_time(found, data):
    return found == data[0] or (np.isnat(found) and np.isnat(data[0]))


@given(
    MOMENTS,
    st.sampled_from([*FORMATS, "%Y-%m-%dT%H:%M:%S", "%d/%m/%Y %H:%M", "%Y-%d-%m", "%m/%d/%Y %I:%M %p"]),
    st.sampled_from(["", " 08:15", "T23:59:59", " 7:05:01.25", " 11:30 PM", " 8时15分", "Z", "+01:00"]),
    st.sampled_from([None, "%d/%m/%Y", "%Y-%d-%m", "%d %b %Y", "%Y%m%d", "%m/%d/%Y %I:%M %p", "%j %Y"]),
)
def test_moments_in_texts(moment, written, behind, date_format):
    cell, form = moment.strftime(written) + behind, Format(date_format=date_format)
    agree(lambda: read_time(cell, form.model_dump()), lambda: read_times(column(cell), form), same_time)


@given(
    st.one_of(st.integers(-(10**15), 10**15), st.floats(-1e12, 1e12), st.floats(-1e6, 1e6).map(str)),
    st.sampled_from(["s", "ms", "us", "ns", "D"]),
    st.sampled_from(["1970-01-01", "2013-09-01T12:00:00"]),
)
def test_moments_as_numbers(cell, unit, origin):
    form = Format(time_unit=unit, time_origin=origin)
    agree(lambda: read_time(cell, form.model_dump()), lambda: read_times(column(cell), form), same_time)


@given(st.text("0123456789-:T /.年月日Z", max_size=20), st.sampled_from([None, "%d/%m/%Y", "%Y年%m月%d日"]))
def test_what_is_no_date_is_not_read(cell, date_format):
    form = Format(date_format=date_format)
    agree(lambda: read_time(cell, form.model_dump()), lambda: read_times(column(cell), form), same_time)


@pytest.mark.parametrize("cell", ["12.5", "-3", "+7.", ".5", "1e5", " 12 ", 3, 2.5, "", None, "NA"])
def test_plain_numbers_are_read_at_once(cell):
    assert agree(lambda: read_number(cell, {}), lambda: read_numbers(column(cell), Format()), same_number)


@pytest.mark.parametrize("cell", ["2024-01-31", "2024-01-31 08:15", "2024-01-31T08:15:00.5", "", None, "NaT"])
def test_plain_moments_are_read_at_once(cell):
    assert agree(lambda: read_time(cell, {}), lambda: read_times(column(cell), Format()), same_time)


def test_codes_mean_not_known():
    assert math.isnan(read_number("-9", {}, [-9.0])) and read_number("-8", {}, [-9.0]) == -8


@pytest.mark.parametrize("cell", [[1], {"a": 1}, b"1", 2**60, float("inf")])
def test_what_is_no_cell_is_not_read(cell):
    for read in (lambda: read_number(cell, {}), lambda: read_text(cell), lambda: read_time(cell, {})):
        with pytest.raises(Unread):
            read()
