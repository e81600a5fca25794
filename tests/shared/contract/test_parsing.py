"""Cells to numbers, dates, categories and labels."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contract.categories import read_categories, read_labels
from shared.contract.dates import read_times
from shared.contract.mapping import Format, Number
from shared.contract.parsing import read_numbers


def column(*cells, kind=None):
    return pa.chunked_array([pa.array(cells, kind)])


def numbers(*cells, kind=None, **format):
    reading = read_numbers(column(*cells, kind=kind), Format(**format))
    assert not reading.faults, reading.faults
    return reading.data.tolist()


def number_fault(*cells, kind=None, **format):
    faults = read_numbers(column(*cells, kind=kind), Format(**format)).faults
    assert len(faults) == 1
    return faults[0]


def times(*cells, kind=None, **format):
    reading = read_times(column(*cells, kind=kind), Format(**format))
    assert not reading.faults, reading.faults
    assert reading.data.dtype == "datetime64[us]"
    return [str(moment)[:19] for moment in reading.data]


def time_fault(*cells, kind=None, **format):
    faults = read_times(column(*cells, kind=kind), Format(**format)).faults
    assert len(faults) == 1
    return faults[0]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (("1", "-2.5", "+3", ".5", "4.", "1e3"), [1, -2.5, 3, 0.5, 4, 1000]),
        ((" 1 ", "2\t"), [1, 2]),
        (("1,234.50", "3"), [1234.5, 3]),
        (("1.234,50", "3"), [1234.5, 3]),
        (("12,5", "1.234"), [12.5, 1234]),
        (("1,234", "1.5"), [1234, 1.5]),
        (("1,234,567",), [1234567]),
        (("1.234.567",), [1234567]),
        (("0,125",), [0.125]),
        (("1.234", "2.345"), [1.234, 2.345]),
        (("1 234,5", "1'234"), [1234.5, 1234]),
        (("1\u202f234,5", "2\xa0000,0"), [1234.5, 2000]),
        (("€12", "$1,000.00", "12.50 EUR", "£3", "USD 4", "CNY5"), [12, 1000, 12.5, 3, 4, 5]),
        (("¥12", "￥13", "14元", "-15 元", "-€16"), [12, 13, 14, -15, -16]),
        (("１２", "３．５", "－４"), [12, 3.5, -4]),
        (("−5", "6"), [-5, 6]),
    ],
)
def test_numbers_are_read_as_people_write_them(cells, expected):
    assert numbers(*cells) == expected


@pytest.mark.parametrize("cell", ["", " ", "NA", "N/A", "n/a", "NaN", "nan", "null", "None", None])
def test_cells_that_mean_not_known_are_nan(cell):
    assert np.isnan(numbers(cell, "1,5")[0])
    assert np.isnan(numbers(cell, "1.5")[0])


def test_further_texts_may_mean_not_known():
    assert np.isnan(numbers("?", "-9", "3", missing=["?", "-9"])).tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("cells", "part", "row"),
    [
        (("1", "abc"), "`abc` is no number", 2),
        (("1", "x", "", "y", "z", "w", "v"), "`x` is no number (and 4 more rows: 4, 5, 6, ...)", 2),
        (("1", "1.2.3"), "`1.2.3` is no number", 2),
        (("1", "12,34,567.8"), "`12,34,567.8` is no number", 2),
        (("1", "0x10"), "`0x10` is no number", 2),
        (("5", "€"), "`€` is no number", 2),
        (("1", "12%"), "`12%` is a percentage", 2),
        (("1", "12 kg"), "`12 kg` is a number with a unit behind it. Write the number alone", 2),
        (("1", "1.234,5 m²"), "is a number with a unit behind it", 2),
        (("1", "3 公斤"), "`3 公斤` is a number with a unit behind it", 2),
        (("1", "-"), "`-` is no number", 2),
        (("1,234", "5"), '`1,234` may mean thousands or a decimal comma. Set decimal = "." or ","', 1),
        (("3.5", "1.5", "1,5"), "`1,5` and `3.5` (row 1) have different decimal marks", 3),
        (("1.234,5", "1,234.5"), "have different decimal marks", 2),
        (("1", "inf"), "`inf` is not finite", 2),
        (("1", "-Infinity"), "`-Infinity` is not finite", 2),
        (("1e999",), "`1e999` is not finite", 1),
        (("y" * 100,), f"`{'y' * 39}…` is no number", 1),
    ],
)
def test_what_is_no_number_is_named_with_its_row(cells, part, row):
    text, at = number_fault(*cells)
    assert part in text
    assert at == row


def test_the_decimal_mark_of_the_format_settles_what_is_ambiguous():
    assert numbers("1,234", decimal=".") == [1234]
    assert numbers("1,234", decimal=",") == [1.234]
    assert numbers("1.234", decimal=",") == [1234]
    assert "`12.5` is no number" in number_fault("12.5", decimal=",")[0]


def test_the_thousands_mark_of_the_format_allows_no_other():
    assert numbers("1'234.5", thousands="'") == [1234.5]
    assert "`1 234.5` is no number" in number_fault("1 234.5", thousands="'")[0]


def test_only_evidence_settles_the_decimal_mark():
    assert read_numbers(column("12,5"), Format()).decided == {"decimal": ","}
    assert read_numbers(column("€12"), Format()).decided == {}


@pytest.mark.parametrize(
    ("cells", "kind", "expected"),
    [
        ((1, 2), pa.int8(), [1.0, 2.0]),
        ((2**60, 1), pa.uint64(), [float(2**60), 1.0]),
        ((True, False), pa.bool_(), [1.0, 0.0]),
        ((Decimal("1.50"), Decimal("2.25")), pa.decimal128(5, 2), [1.5, 2.25]),
        ((0.5, 1.5), pa.float16(), [0.5, 1.5]),
    ],
)
def test_typed_numbers_become_float64(cells, kind, expected):
    assert numbers(*cells, kind=kind) == expected


def test_typed_infinity_is_a_fault():
    assert number_fault(1.0, float("inf")) == ("`inf` is not finite, expected a number", 2)


def test_a_column_of_lists_or_dates_holds_no_numbers():
    assert "holds list<item: int64>, expected numbers" in number_fault([1], [2])[0]
    assert "holds date32[day], expected numbers" in number_fault(date(2024, 1, 1))[0]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_any_float_written_out_is_read_back(values):
    assert numbers(*(repr(value) for value in values)) == values


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(-(10**12), 10**12).map(lambda cents: cents / 100), min_size=2))
def test_grouped_numbers_are_read_back_in_both_styles(values):
    english = [f"{value:,.2f}" for value in values]
    german = [text.translate(str.maketrans(",.", ".,")) for text in english]
    assert numbers(*english) == numbers(*german) == values


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (("2024-01-31", "2024-02-01 10:11"), ["2024-01-31T00:00:00", "2024-02-01T10:11:00"]),
        (("2024-01-31T10:11:12.5",), ["2024-01-31T10:11:12"]),
        (("31/01/2024", "01/02/2024"), ["2024-01-31T00:00:00", "2024-02-01T00:00:00"]),
        (("01/31/2024", "02/01/2024"), ["2024-01-31T00:00:00", "2024-02-01T00:00:00"]),
        (("01/31/2024 1:02:03 PM", "02/01/2024 12:00 am"), ["2024-01-31T13:02:03", "2024-02-01T00:00:00"]),
        (("31.1.2024 10:11", "1.2.2024 9:01"), ["2024-01-31T10:11:00", "2024-02-01T09:01:00"]),
        (("01.02.2024", "03.04.2024"), ["2024-02-01T00:00:00", "2024-04-03T00:00:00"]),
        (("31-01-2024 10:11:12",), ["2024-01-31T10:11:12"]),
        (("31/01/24", "01/02/99"), ["2024-01-31T00:00:00", "1999-02-01T00:00:00"]),
        (("2024/1/31", "2024/2/1 1:02:03"), ["2024-01-31T00:00:00", "2024-02-01T01:02:03"]),
        (("2024年1月31日", "2024年2月1日 8:09"), ["2024-01-31T00:00:00", "2024-02-01T08:09:00"]),
        (("20240131", "20240201"), ["2024-01-31T00:00:00", "2024-02-01T00:00:00"]),
        (("20240131101112",), ["2024-01-31T10:11:12"]),
        (("31 Jan 2024", "1 February 2024 10:00"), ["2024-01-31T00:00:00", "2024-02-01T10:00:00"]),
        (("Jan 31, 2024",), ["2024-01-31T00:00:00"]),
        (("29/02/2024",), ["2024-02-29T00:00:00"]),
        (("03/03/2024", "04/04/2024"), ["2024-03-03T00:00:00", "2024-04-04T00:00:00"]),
        (("2024-01-31 10:11:12.123456789",), ["2024-01-31T10:11:12"]),
        (("2024-01-31T10:11+08:00", "2024-02-01 9:11+0800"), ["2024-01-31T10:11:00", "2024-02-01T09:11:00"]),
        (("2024-01-31T10:11:12Z",), ["2024-01-31T10:11:12"]),
        (("", "2024-01-31", "NULL"), ["NaT", "2024-01-31T00:00:00", "NaT"]),
    ],
)  # fmt: skip
def test_dates_are_read_as_people_write_them(cells, expected):
    assert times(*cells) == expected


@pytest.mark.parametrize(
    ("cells", "part", "row"),
    [
        (("31/01/2024", "31/02/2024", "01/02/2024"), "`31/02/2024` is no date", 2),
        (("2024-02-30",), "`2024-02-30` is no date", 1),
        (("2024-01-31", "soon", "x", "later", "y", "z"), "`soon` is no date", 2),
        (("2024-01-31", "soon", "x", "later"), "(and 2 more rows: 3, 4)", 2),
        (("2023-02-29 10:00", "2024-02-29 10:00"), "`2023-02-29 10:00` is no date", 1),
        (("31.01.2024 24:00",), "is no date", 1),
        (("31.01.2024 10:60",), "is no date", 1),
        (("01/02/2024", "03/04/2024"), "`01/02/2024` may be %d/%m/%Y or %m/%d/%Y. Set date_format", 1),
        (("31/01/2024", "01/31/2024"), "is no date", 2),
        (("31/01/2024", "2024-01-31"), "`2024-01-31` is no date (the others are %d/%m/%Y)", 2),
        (("1378000000", "1378000001"), "`1378000000` is a number. Set time_unit", 1),
        (("0001-01-01", "2024-01-01"), "`0001-01-01` is in the year 0001, expected 1900 to 2100", 1),
        (("2024-01-01", "9999-12-31"), "is in the year 9999", 2),
        (("2024-01-31T10:00Z", "2024-01-31T10:00+02:00"), "differ: +00:00 (row 1) and +02:00", 2),
        (("2024-01-31T10:00-05:30", "2024-01-31T10:00"), "has no offset from UTC, while row 1 has", 2),
        (("inf",), "`inf` is no date", 1),
    ],
)  # fmt: skip
def test_what_is_no_date_is_named_with_its_row(cells, part, row):
    text, at = time_fault(*cells)
    assert part in text
    assert at == row


def test_the_date_format_settles_what_is_ambiguous():
    assert times("01/02/2024", date_format="%d/%m/%Y") == ["2024-02-01T00:00:00"]
    assert times("01/02/2024 10:11", date_format="%m/%d/%Y %H:%M") == ["2024-01-02T10:11:00"]
    assert times("2024-01-02", date_format="%Y-%d-%m") == ["2024-02-01T00:00:00"]
    assert times("10h11 2024-032", date_format="%Hh%M %Y-%j") == ["2024-02-01T10:11:00"]


def test_the_date_format_is_named_when_a_cell_does_not_fit():
    text, row = time_fault("31/01/2024", "01/31/2024", date_format="%d/%m/%Y")
    assert (text, row) == ("`01/31/2024` is no date in the format `%d/%m/%Y`", 2)


def test_the_detected_date_format_reads_a_later_ambiguous_cell_alike():
    decided = read_times(column("31/01/2024 10:11"), Format()).decided
    assert times("01/02/2024 10:11", **decided) == ["2024-02-01T10:11:00"]
    assert times("2024-02-01 10:11", **decided) == ["2024-02-01T10:11:00"]


@pytest.mark.parametrize(
    ("unit", "cell", "expected"),
    [
        ("s", "90.5", "2013-09-01T00:01:30"),
        ("ms", "90500", "2013-09-01T00:01:30"),
        ("us", "90500000", "2013-09-01T00:01:30"),
        ("ns", "90500000000", "2013-09-01T00:01:30"),
        ("D", "1.5", "2013-09-02T12:00:00"),
    ],
)
def test_numeric_times_count_from_the_origin(unit, cell, expected):
    origin = {"time_unit": unit, "time_origin": "2013-09-01"}
    assert times(cell, **origin) == times(float(cell), **origin) == [expected]


def test_numeric_times_out_of_reach_are_faults():
    assert "is too far from the origin" in time_fault(1e300, time_unit="D")[0]
    assert "is not finite" in time_fault(float("inf"), time_unit="s")[0]
    assert "is in the year 2128" in time_fault(5e9, time_unit="s")[0]
    assert "`soon` is no number, as time_unit" in time_fault("1", "soon", time_unit="s")[0]


def test_numbers_without_a_unit_are_no_times_unless_they_look_like_dates():
    assert "Set time_unit" in time_fault(1378000000)[0]
    assert times(20240131, kind=pa.int64()) == times("20240131") == ["2024-01-31T00:00:00"]


def test_offsets_are_converted_to_the_zone_of_the_format():
    cells = ("2024-01-31T10:00Z", "2024-07-31T10:00-05:00", "2024-07-31 08:00")
    expected = ["2024-01-31T11:00:00", "2024-07-31T17:00:00", "2024-07-31T08:00:00"]
    assert times(*cells, timezone="Europe/Paris") == expected
    assert "1 without offset" in read_times(column(*cells), Format(timezone="Europe/Paris")).notes[-1]


def test_typed_times_of_every_unit_keep_the_wall_clock():
    moment = datetime(2024, 1, 31, 10, 11, 12)
    for unit in ("s", "ms", "us", "ns"):
        assert times(moment, kind=pa.timestamp(unit)) == ["2024-01-31T10:11:12"]
    assert times(date(2024, 1, 31), kind=pa.date32()) == ["2024-01-31T00:00:00"]
    zoned = pa.timestamp("us", "Asia/Shanghai")
    assert times(moment.replace(tzinfo=UTC), kind=zoned) == ["2024-01-31T18:11:12"]
    assert times(moment.replace(tzinfo=UTC), kind=zoned, timezone="UTC") == ["2024-01-31T10:11:12"]


def test_typed_times_out_of_reach_are_faults():
    assert "expected 1900 to 2100" in time_fault(-(2**62), kind=pa.timestamp("us"))[0]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.datetimes(datetime(1900, 1, 1), datetime(2100, 12, 31)), min_size=1),
    st.sampled_from(["%d/%m/%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%Y年%m月%d日 %H:%M:%S"]),
)
def test_any_moment_written_in_a_format_is_read_back_by_it(moments, name):
    written = [moment.strftime(name) for moment in moments]
    assert times(*written, date_format=name) == [moment.strftime("%Y-%m-%dT%H:%M:%S") for moment in moments]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.datetimes(datetime(1950, 1, 1), datetime(2050, 1, 1)), min_size=1), st.integers(-11, 13))
def test_any_offset_is_converted_to_utc(moments, hours):
    zone = timezone(timedelta(hours=hours))
    written = [moment.replace(tzinfo=zone).isoformat() for moment in moments]
    expected = [(moment - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S") for moment in moments]
    assert times(*written, timezone="UTC") == expected


@pytest.mark.parametrize(
    ("cells", "kind", "expected"),
    [
        (("b", " a ", "b", "", None), None, ["b", "a", "b", None, None]),
        ((123, 4), pa.int32(), ["123", "4"]),
        ((123.0, 1.5, None, float("nan")), pa.float64(), ["123", "1.5", None, None]),
        (("123", "123.0", "00123", "007.0", "1.5"), None, ["123", "123", "00123", "007.0", "1.5"]),
        (("1e+16", "-0.0"), None, ["10000000000000000", "0"]),
        ((1e16, -0.0), None, ["10000000000000000", "0"]),
        ((True, False), None, ["true", "false"]),
        (("True", "FALSE"), None, ["true", "false"]),
        ((Decimal("1.00"), Decimal("2.50")), pa.decimal128(5, 2), ["1", "2.50"]),
        ((None, None), pa.null(), [None, None]),
        (("NA", "nan"), None, ["NA", "nan"]),
    ],
)
def test_categories_are_texts_however_they_are_stored(cells, kind, expected):
    read = read_categories(column(*cells, kind=kind), Format()).data
    assert [None if pd.isna(value) else value for value in read] == expected
    assert read.categories.dtype == "str"
    assert list(read.categories) == sorted({text for text in expected if text is not None})


def test_categories_that_mean_not_known_are_empty():
    assert read_categories(column("不详", "a"), Format(missing=["不详"])).data.codes.tolist() == [-1, 0]


def test_a_column_of_lists_holds_no_categories():
    assert "holds list<item: int64>" in read_categories(column([1]), Format()).faults[0][0]


@pytest.mark.parametrize(
    "cells", [("0", "1"), ("0.0", "1.0"), ("false", "True"), (0, 1), (0.0, 1.0), (False, True)]
)
def test_labels_zero_and_one_need_no_mapping(cells):
    assert read_labels(column(*cells), Format(), {}).data.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("cells", "labels", "part", "row"),
    [
        (("是", "否"), {}, "found `否` and `是`; expected 0 and 1. Map them under [labels]", 1),
        (("yes", "no"), {}, "found `no` and `yes`; expected 0 and 1", 1),
        (("0", "1", "maybe"), {}, "found 0, 1 and `maybe` (row 3); expected 0 and 1", 3),
        (("yes", "no", "?"), {"yes": 1, "no": 0}, "found no, yes and `?` (row 3); expected `yes`, `no`", 3),
        (("a", "b", "c", "d", "e", "f", "g"), {}, "found `a`, `b`, `c`, `d`, `e` and 2 more values", 1),
    ],
)  # fmt: skip
def test_labels_that_are_not_mapped_are_listed(cells, labels, part, row):
    ((text, at),) = read_labels(column(*cells), Format(), labels).faults
    assert part in text
    assert at == row


def test_mapped_labels_may_be_numbers_in_any_writing():
    assert read_labels(column(1.0, 2.0), Format(), {"1": 0, "2.0": 1}).data.tolist() == [0, 1]


def test_mapped_labels_may_have_several_classes():
    assert read_labels(column("a", "b", "c"), Format(), {"a": 0, "b": 1, "c": 2}).data.tolist() == [0, 1, 2]


def coded(cells, codes, kind=None, **format):
    return read_numbers(column(*cells, kind=kind), Format(**format), Number(missing=codes))


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["-9", "2", "2.00", "30.5", ""], None),
        ([-9, 2.0, 2.0, 30.5, None], pa.float64()),
        ([-9, 2.0, 2.0, 30.5, None], pa.float32()),
    ],
)
def test_codes_for_not_known_are_read_as_numbers_however_they_are_written(cells, kind):
    reading = coded(cells, [2.0, -9, 77], kind=kind)
    np.testing.assert_array_equal(reading.data, [np.nan, np.nan, np.nan, 30.5, np.nan])
    assert reading.notes[-1] == "codes taken as not known: 2 in 2, -9 in 1 of 5 cells"


def test_a_code_in_single_precision_or_in_integers_is_found():
    assert np.isnan(coded([-9.9, 1], [-9.9], kind=pa.float32()).data).tolist() == [True, False]
    assert np.isnan(coded([-9, 1], [-9], kind=pa.int16()).data).tolist() == [True, False]


def test_codes_that_do_not_occur_are_not_told():
    reading = coded(["1", "2"], [-9.0])
    assert reading.data.tolist() == [1, 2] and reading.notes == []


def test_a_column_that_is_no_number_keeps_its_faults_beside_codes():
    assert coded(["-9", "x"], [-9.0]).faults == [("`x` is no number", 2)]
