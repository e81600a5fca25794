"""A customer's table passes in the promised shape, or every fault of it is said at once."""

import io
import os
import string
import tomllib
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.contract import Format, Mapping, Role, check, joined
from shared.contract.tables import raw_table, read_table
from shared.errors import ContractError

ROLES = [
    Role(name="time", kind="time", aliases=("TX_DATETIME", "交易时间")),
    Role(name="amount", kind="number", unit="EUR", low=0, high=1e6, aliases=("TX_AMOUNT", "金额")),
    Role(name="label", kind="label", predict=False),
    Role(name="card", kind="key", required=False),
    Role(name="channel", kind="category", required=False, missing=True),
]
COLUMNS = {"time": "TX_TIME", "amount": "TX_AMOUNT", "label": "TX_FRAUD", "card": "CARD"}
MAPPING = Mapping(columns=COLUMNS, numeric=["age"], categorical=["city"])


def payments(**changes):
    frame = pd.DataFrame(
        {
            "TX_TIME": ["2024-01-01 10:00", "2024-01-02 11:00", "2024-01-03 12:00", "2024-01-04 13:00"],
            "TX_AMOUNT": ["1.5", "2", "3.25", "4"],
            "TX_FRAUD": ["0", "1", "0", "1"],
            "CARD": ["007", "12", "12.0", "x"],
            "age": ["30", "", "40.5", "50"],
            "city": ["Paris", "巴黎", "", "Paris"],
        }
    )
    return frame.assign(**changes)


def passed(frame, mapping=MAPPING, **options):
    return check(frame, ROLES, mapping, solution="finance.fraud", **options)


def message(frame, mapping=MAPPING, **options):
    with pytest.raises(ContractError) as caught:
        passed(frame, mapping, **options)
    assert str(caught.value).startswith(
        f"table does not fit `finance.fraud` ({len(caught.value.faults)} fault"
    )
    return str(caught.value)


def mapped(**changes):
    return MAPPING.model_copy(update=changes)


def promised(frame):
    """The types that every passing frame has."""
    for name, column in frame.items():
        role = next((role for role in ROLES if role.name == name), None)
        kind = role.kind if role else name.partition("/")[0]
        if kind == "time":
            assert column.dtype == "datetime64[us]"
        elif kind in ("number", "label", "numeric"):
            assert column.dtype == "float64"
            assert not np.isinf(column).any()
        else:
            assert isinstance(column.dtype, pd.CategoricalDtype)
            assert column.dtype.categories.dtype == "str"
    assert frame.index.equals(pd.RangeIndex(len(frame)))


def test_a_table_that_fits_has_its_roles_and_features_in_order():
    table = passed(payments())
    assert list(table.frame) == ["time", "amount", "label", "card", "numeric/age", "categorical/city"]
    promised(table.frame)
    assert table.frame["card"].tolist() == ["007", "12", "12", "x"]
    assert table.frame["label"].tolist() == [0, 1, 0, 1]
    assert table.rows.tolist() == [1, 2, 3, 4]
    assert "empty cells: age 1, city 1" in table.notes


def test_the_same_values_from_csv_and_from_parquet_are_the_same_frame(tmp_path):
    frame = pd.DataFrame(
        {
            "TX_TIME": pd.date_range("2024-01-01", periods=50, freq="7h13min"),
            "TX_AMOUNT": np.arange(50) / 4,
            "TX_FRAUD": np.arange(50) % 2,
            "CARD": np.where(np.arange(50) % 9 == 0, np.nan, np.arange(50) % 7 + 1.0),
            "age": pd.array([None, *range(49)], dtype="Int64"),
            "city": pd.Categorical(["Paris", "北京"] * 25),
        }
    ).dropna(subset=["CARD"])
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_csv(
        tmp_path / "b.csv", index=False, sep=";", encoding="gb18030", date_format="%d/%m/%Y %H:%M:%S"
    )
    frame.to_parquet(tmp_path / "c.parquet")
    tables = [passed(read_table(tmp_path / name)).frame for name in ("a.csv", "b.csv", "c.parquet")]
    promised(tables[0])
    pd.testing.assert_frame_equal(tables[0], tables[1])
    pd.testing.assert_frame_equal(tables[0], tables[2])


def test_every_fault_of_every_column_comes_at_once():
    text = message(
        payments(
            TX_TIME=["2024-01-01 10:00", "31/02/2024", "2024-01-03 12:00", ""],
            TX_AMOUNT=["1.5", "-2", "3", "4"],
            TX_FRAUD=["0", "1", "maybe", "1"],
            age=["30", "old", "40.5", "50"],
        ).drop(columns="CARD")
    )
    assert text.startswith("table does not fit `finance.fraud` (5 faults):")
    assert "column `CARD` (role `card`) is missing" in text
    assert "column `TX_TIME` (role `time`), row 2: `31/02/2024` is no date" in text
    assert "column `TX_AMOUNT` (role `amount`), row 2: `-2` is below 0 EUR" in text
    assert "column `TX_FRAUD` (role `label`), row 3: found 0, 1 and `maybe` (row 3)" in text
    assert "column `age`, row 2: `old` is no number" in text


def test_the_file_is_named_in_the_headline(tmp_path):
    path = tmp_path / "payments.csv"
    path.write_text("TX_TIME,AMOUNT\n2024-01-01,1\n")
    with pytest.raises(ContractError, match=r"^payments.csv does not fit `finance.fraud` \("):
        passed(read_table(path))


@pytest.mark.parametrize(
    ("named", "part"),
    [
        ("TX_AMUONT", "column `TX_AMUONT` (role `amount`) is missing. Did you mean `TX_AMOUNT`?"),
        ("tx_amount", "column `tx_amount` (role `amount`) is missing. Did you mean `TX_AMOUNT`?"),
        ("Betrag", "column `Betrag` (role `amount`) is missing. Did you mean `TX_AMOUNT`?"),
    ],
)
def test_a_renamed_column_is_found_by_its_likeness_or_its_common_names(named, part):
    assert part in message(payments(), mapped(columns={**COLUMNS, "amount": named}))


def test_a_missing_column_lists_the_columns_there_are():
    text = message(payments(), mapped(numeric=["zzz"]))
    assert "column `zzz` is missing. The table has: `TX_TIME`, `TX_AMOUNT`" in text


def test_a_required_role_without_a_column_is_proposed_one():
    text = message(payments(), mapped(columns={"time": "TX_TIME", "label": "TX_FRAUD"}))
    assert "role `amount` (number) has no column. Is it `TX_AMOUNT`?" in text
    assert '[columns]: amount = "TX_AMOUNT"' in text


def test_a_role_is_taken_from_the_column_of_its_name_and_that_is_noted():
    table = passed(payments().rename(columns={"TX_AMOUNT": "amount"}), mapped(columns={
        role: column for role, column in COLUMNS.items() if role != "amount"
    }))  # fmt: skip
    assert "column `amount` is taken for role `amount`, by its name" in table.notes


def test_an_unknown_role_of_the_mapping_is_a_fault():
    text = message(payments(), mapped(columns={**COLUMNS, "amuont": "age"}))
    assert "[columns] has no role `amuont`. Did you mean `amount`?" in text


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        (
            {"numeric": ["age", "TX_AMOUNT"]},
            "column `TX_AMOUNT`: is used twice, as role `amount` and as numeric",
        ),
        (
            {"categorical": ["city", "age"]},
            "column `age`: is used twice, as numeric feature and as",
        ),
        ({"columns": {**COLUMNS, "card": "TX_TIME"}}, "is used twice, as role `time` and as role `card`"),
        ({"numeric": ["age", "age"]}, "column `age`: is used twice"),
    ],
)
def test_a_column_with_two_uses_is_a_fault(changes, part):
    assert part in message(payments(), mapped(**changes))


def test_equal_column_names_are_a_fault_even_when_unused():
    frame = payments(note="a", extra="b").rename(columns={"extra": "note"})
    assert "column `note`: stands 2 times in the header. Rename all but one" in message(frame)
    twice = pd.concat([payments(), payments()[["age"]]], axis=1)
    assert "column `age`: stands 2 times in the header" in message(twice)


def test_names_in_the_header_may_have_spaces_around_them():
    assert (
        len(passed(payments().rename(columns={"TX_AMOUNT": " TX_AMOUNT ", "TX_TIME": "\ufeffTX_TIME"}))) == 4
    )


@pytest.mark.parametrize("predict", [False, True])
def test_a_table_without_rows_is_a_fault(predict):
    assert "the table has no rows, only a header" in message(payments().iloc[:0], predict=predict)
    assert "it is empty" in message(pd.DataFrame(), predict=predict)


def test_empty_cells_of_a_required_role_are_named():
    text = message(payments(CARD=["a", "", None, " "]))
    assert "column `CARD` (role `card`), row 2: the cell is empty (and 2 more rows: 3, 4)" in text
    assert "row 1: the cell is empty" in message(payments(TX_AMOUNT=["NA", "1", "2", "3"]))
    assert "row 4: the cell is empty" in message(payments(TX_TIME=["2024-01-01"] * 3 + [""]))


def test_a_role_that_allows_empty_cells_takes_them():
    table = passed(payments(channel=["web", "", None, "shop"]))
    assert table.frame["channel"].isna().tolist() == [False, True, True, False]


def test_further_features_may_be_empty_altogether():
    table = passed(payments(age=None, city=None))
    promised(table.frame)
    assert table.frame[["numeric/age", "categorical/city"]].isna().all(axis=None)


def test_bounds_are_inclusive_and_have_the_unit():
    assert len(passed(payments(TX_AMOUNT=["0", "1000000", "1", "2"]))) == 4
    text = message(payments(TX_AMOUNT=["0", "1000000.5", "-0.01", "-5"]))
    assert "row 3: `-0.01` is below 0 EUR (and 1 more row: 4)" in text
    assert "row 2: `1000000.5` is above 1e+06 EUR" in text


def test_labels_in_words_are_mapped():
    chinese = payments(TX_FRAUD=["是", "否", "是", "否"])
    assert "found `否` and `是`; expected 0 and 1. Map them under [labels]" in message(chinese)
    assert passed(chinese, mapped(labels={"是": 1, "否": 0})).frame["label"].tolist() == [1, 0, 1, 0]


def test_one_class_is_a_fault_at_fit_and_none_at_predict():
    alone = payments(TX_FRAUD="0")
    assert "column `TX_FRAUD` (role `label`): every row is 0, expected at least two classes" in message(alone)
    assert len(passed(alone, predict=True)) == 4


def test_labels_may_be_absent_or_partly_empty_at_predict_only():
    without, partly = payments().drop(columns="TX_FRAUD"), payments(TX_FRAUD=["0", "", "1", ""])
    assert "column `TX_FRAUD` (role `label`) is missing" in message(without)
    assert "column `TX_FRAUD` (role `label`), row 2: the cell is empty (and 1 more row: 4)" in message(partly)
    assert "label" not in passed(without, predict=True).frame
    assert passed(partly, predict=True).frame["label"].isna().tolist() == [False, True, False, True]


def test_columns_that_are_not_used_are_named_but_not_their_cells():
    notes = " ".join(passed(payments(name="Jane Doe", note="private")).notes)
    assert "columns that are not used: name, note" in notes
    assert "Jane" not in notes


def test_unsorted_times_work_and_are_noted():
    table = passed(payments(TX_TIME=["2024-01-02", "2024-01-01", "2024-01-03", "2024-01-03"]))
    assert table.frame["time"].tolist()[0] == pd.Timestamp("2024-01-02")
    assert any("times are not in order" in note for note in table.notes)


def test_equal_rows_are_a_fault_unless_the_format_says_otherwise():
    frame = payments().iloc[[0, 1, 0, 2, 1]]
    text = message(frame)
    assert 'rows are equal in all columns: 1 and 3, 2 and 5. Set duplicates = "drop" or "keep"' in text
    assert passed(frame, mapped(format=Format(duplicates="keep"))).rows.tolist() == [1, 2, 3, 4, 5]
    dropped = passed(frame, mapped(format=Format(duplicates="drop")))
    assert dropped.rows.tolist() == [1, 2, 4]
    assert dropped.frame["amount"].tolist() == [1.5, 2, 3.25]
    promised(dropped.frame)
    assert "2 rows equal to an earlier one dropped" in dropped.notes


def test_rows_that_differ_in_an_unused_column_only_are_not_equal():
    frame = payments().iloc[[0, 1, 0]].assign(reference=["a", "b", "c"])
    assert len(passed(frame)) == 3
    assert len(passed(frame.assign(reference=[["a"], ["b"], ["c"]]))) == 3
    assert "rows are equal" in message(frame.assign(reference=[["a"], ["b"], ["a"]]))


def test_ten_thousand_categories_work():
    rows = 20_000
    frame = (
        payments()
        .iloc[np.arange(rows) % 4]
        .assign(city=[f"code {at % 10_000}" for at in range(rows)], TX_AMOUNT=[str(at) for at in range(rows)])
    )
    assert len(passed(frame).frame["categorical/city"].cat.categories) == 10_000


def test_a_point_is_in_doubt_where_other_columns_have_decimal_commas():
    frame = payments(TX_AMOUNT=["1,5", "2,25", "3,5", "4"], age=["1.234", "2.000", "", "7"])
    assert "column `age`, row 1: `1.234` may mean thousands, as other columns have decimal" in message(frame)
    clear = passed(frame.assign(age=["1.5", "2.0", "", "7"]))
    assert clear.frame["numeric/age"].tolist()[:2] == [1.5, 2.0]
    german = mapped(format=Format(decimal=","))
    assert passed(frame, german).frame["numeric/age"].tolist()[:2] == [1234, 2000]


def test_what_was_detected_reads_the_next_table_alike():
    first = passed(
        payments(TX_AMOUNT=["1,5", "2", "3", "4"], TX_TIME=[f"{day}/01/2024" for day in range(11, 15)])
    )
    assert (first.mapping.format.decimal, first.mapping.format.date_format) == (",", "%d/%m/%Y")
    one = payments(TX_AMOUNT="1.234", TX_TIME="03/04/2024", age="1").iloc[:1]
    later = passed(one, first.mapping, predict=True)
    assert later.frame["amount"].tolist() == [1234]
    assert later.frame["time"].tolist() == [pd.Timestamp("2024-04-03")]


def test_the_check_leaves_the_raw_table_as_it_is():
    raw = raw_table(payments().rename(columns={"age": " age "}))
    passed(raw)
    assert " age " in raw.data.column_names
    assert not raw.notes


@pytest.mark.parametrize(
    "kind", [pa.large_string(), pa.string_view(), pa.binary(), pa.dictionary(pa.int8(), pa.string())]
)
def test_texts_may_be_stored_in_any_way_that_parquet_has(kind):
    raw = raw_table(payments())
    raw.data = pa.table({name: raw.data.column(name).cast(kind) for name in raw.data.column_names})
    pd.testing.assert_frame_equal(passed(raw).frame, passed(payments()).frame)


def test_no_message_shows_more_than_forty_letters_of_a_cell():
    secret = "4111 1111 1111 1111 Jane Doe, 1 Long Street, Springfield"
    text = message(payments(age=["1", secret, "2", "3"]))
    assert secret[:39] in text
    assert "Springfield" not in text


@pytest.mark.skipif("VERTICALS_DATA" not in os.environ, reason="VERTICALS_DATA names no folder of data sets")
def test_the_real_card_payments_fit_the_mapping_that_ships():
    mapping_file = Path(__file__).resolve().parents[3] / "data" / "mappings" / "creditcard.toml"
    mapping = Mapping(columns={"time": "Time", "amount": "Amount", "label": "Class"})
    shipped = tomllib.loads(mapping_file.read_text(encoding="utf-8"))
    assert shipped["columns"] == mapping.columns
    mapping = mapping.model_copy(
        update={"numeric": shipped["features"]["numeric"], "format": Format(**shipped["format"])}
    )
    path = Path(os.environ["VERTICALS_DATA"]) / "finance/creditcard_ulb_subset/creditcard_subset.csv.gz"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    table = passed(read_table(path), mapping)
    promised(table.frame)
    assert table.frame.shape == (19_040, 31)
    assert table.frame["label"].sum() == 492


TEXTS = st.one_of(
    st.sampled_from(
        ["", "0", "1", "1.5", "1,5", "-3", "1,234", "1.234", "€5", "12%", "inf", "nan", "是", "yes"]
    ),
    st.sampled_from(
        ["2024-01-31", "31/01/2024", "01/02/2024", "2024-01-31T10:00Z", "20240131", "99999999999"]
    ),
    st.text(max_size=8),
)
CELLS = st.one_of(
    st.none(),
    TEXTS,
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.booleans(),
    st.datetimes(),
    st.dates(),
    st.timedeltas(),
    st.binary(max_size=4),
    st.lists(st.integers(0, 3), max_size=2),
    st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-1e6, max_value=1e6),
)
NAMES = [*COLUMNS.values(), "age", "city", "channel", "label", "note"]
FORMATS = st.builds(
    Format,
    decimal=st.sampled_from([None, ".", ","]),
    date_format=st.sampled_from([None, "%d/%m/%Y"]),
    time_unit=st.sampled_from([None, "s", "ns", "D"]),
    timezone=st.sampled_from([None, "Europe/Paris"]),
    duplicates=st.sampled_from(["error", "keep", "drop"]),
)
ALL = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def passes_or_says_why(raw, mapping, predict):
    try:
        table = passed(raw, mapping, predict=predict)
    except ContractError as error:
        assert error.faults
    else:
        promised(table.frame)
        assert len(table.rows) == len(table) > 0


@st.composite
def frames(draw):
    rows = draw(st.integers(0, 6))
    names = draw(st.lists(st.sampled_from(NAMES), max_size=9))
    kinds = st.sampled_from(
        [CELLS, TEXTS, st.floats(), st.integers(-(2**40), 2**40), st.datetimes(), st.booleans()]
    )
    columns = [
        pd.Series(draw(st.lists(draw(kinds), min_size=rows, max_size=rows)), dtype=object) for _ in names
    ]
    columns = [column.infer_objects() if draw(st.booleans()) else column for column in columns]
    frame = pd.concat(columns, axis=1) if columns else pd.DataFrame()
    return frame.set_axis(names, axis=1)


@ALL
@given(frames(), FORMATS, st.booleans())
def test_any_frame_passes_or_gets_a_contract_error(frame, format, predict):
    passes_or_says_why(frame, mapped(format=format), predict)


@ALL
@given(st.lists(TEXTS, min_size=4, max_size=4), st.sampled_from(list(payments())), FORMATS)
def test_any_column_of_a_good_table_passes_or_gets_a_contract_error(cells, name, format):
    passes_or_says_why(payments(**{name: cells}), mapped(format=format), False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("files")


@ALL
@given(
    cells=st.lists(st.lists(TEXTS, min_size=6, max_size=6), max_size=5),
    separator=st.sampled_from(list(",;\t|")),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16", "cp1252", "big5", "shift_jis"]),
)
def test_any_csv_passes_or_gets_a_contract_error(folder, cells, separator, encoding):
    frame = pd.DataFrame(cells, columns=list(payments()), dtype=object)
    path = folder / "any.csv"
    text = frame.to_csv(index=False, sep=separator)
    path.write_bytes(text.encode(encoding, "replace"))
    try:
        raw = read_table(path)
    except ContractError:
        return
    passes_or_says_why(raw, MAPPING, False)


@ALL
@given(st.binary(max_size=60), st.sampled_from([b"", b"TX_TIME,TX_AMOUNT\n", b"PAR1", b"\x1f\x8b\x08"]))
def test_any_bytes_are_a_table_or_get_a_contract_error(folder, data, start):
    path = folder / "bytes.csv"
    path.write_bytes(start + data)
    try:
        raw = read_table(path)
    except ContractError:
        return
    passes_or_says_why(raw, MAPPING, False)


@ALL
@given(
    st.lists(
        st.tuples(
            st.datetimes(datetime(1990, 1, 1), datetime(2050, 1, 1)),
            st.floats(0, 1e6),
            st.integers(0, 1),
            st.one_of(st.integers(0, 99), st.just(10**6)),
            st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
            st.text(string.ascii_letters + "äé是", min_size=1, max_size=5).filter(
                lambda text: text.lower() not in ("true", "false")
            ),
        ),
        min_size=1,
        max_size=8,
        unique_by=lambda row: row[0],
    )
)
def test_csv_and_parquet_of_any_values_give_one_frame(folder, rows):
    frame = pd.DataFrame(rows, columns=list(payments())).astype({"age": "float64"})
    frame.to_csv(folder / "one.csv", index=False)
    stream = io.BytesIO()
    pa.parquet.write_table(pa.Table.from_pandas(frame), stream)
    (folder / "one.parquet").write_bytes(stream.getvalue())
    first = passed(read_table(folder / "one.csv"), predict=True).frame
    pd.testing.assert_frame_equal(first, passed(read_table(folder / "one.parquet"), predict=True).frame)


def joined_groups(*columns):
    tables = [
        check(pd.DataFrame({"g": cells}), [], Mapping(groups=["g"]), solution="demo") for cells in columns
    ]
    return joined(*tables).frame["group/g"]


def test_a_group_of_numbers_in_one_table_and_of_texts_in_the_other_is_joined_as_texts():
    both = joined_groups([str(at) for at in range(20)], ["1", "x"])
    assert both.tolist() == [*[str(at) for at in range(20)], "1", "x"]
    assert joined_groups(["a", "b"], ["b", "c"]).tolist() == ["a", "b", "b", "c"]
    assert joined_groups(range(20), range(20, 40)).tolist() == list(range(40))


# Cells of identifiers, so written that each can be found again in a message.
IDENTIFIERS = {
    "time": [
        ["Miller77", "2024-01-02"],
        ["31/02/1977", "01/02/2024"],
        ["01/02/2024", "05/06/2023"],
        ["1977123", "1977124"],
        ["2477-01-01", "2024-01-01"],
        ["2024-01-01T07:07:07+07:00", "2024-01-01T07:07:07"],
        ["2024-01-01", ""],
        [["Miller77"], ["x"]],
    ],
    "number": [
        ["Miller77", "1"],
        ["1977777", "2"],
        ["98.6", "37"],
        ["-77", "5"],
        ["inf", "5"],
        ["77 %", "5"],
        ["77,5", "66.5"],
        ["7,777", "6,666"],
        ["7", ""],
        [float("inf"), 7.0],
        [["Miller77"], ["x"]],
    ],
    "label": [
        ["Miller77", "0"],
        ["Miller77", "Smith88"],
        ["77", "1"],
        ["Miller77"] * 2,
        ["2", "0"],
        ["", "1"],
    ],
    "key": [
        ["Miller77", ""],
        [["Miller77"], ["x"]],
        [{"name": "Miller77"}, {"name": "x"}],
        [b"\xffMiller77", b"x"],
    ],
    "category": [["Miller77", None], [["Miller77"], ["x"]]],
}
IDENTIFYING = [(kind, cells) for kind, columns in IDENTIFIERS.items() for cells in columns]


def said_of(kind, cells, *, private, **format):
    role = Role(
        name="patient", kind=kind, private=private, low=0, high=45 if kind == "number" else 1, unit="°C"
    )
    mapping = Mapping(
        columns={"patient": "id"}, labels={"zero": 0, "one": 1, "2": 2}, format=Format(**format)
    )
    if kind == "label" and "Miller77" not in cells:
        mapping = mapping.model_copy(update={"labels": {"0": 0, "1": 1, "2": 2}})
    with pytest.raises(ContractError) as caught:
        check(pd.DataFrame({"id": cells, "other": ["1", "2"]}), [role], mapping, solution="demo")
    return str(caught.value)


@pytest.mark.parametrize(("kind", "cells"), IDENTIFYING)
def test_no_message_shows_a_cell_that_identifies_someone(kind, cells):
    message = said_of(kind, cells, private=True)
    open_message = said_of(kind, cells, private=False)
    assert message.startswith("table does not fit `demo`") and message.count("\n") == open_message.count("\n")
    for told in (
        "Miller",
        "Smith",
        "77",
        "88",
        "98.6",
        "inf`",
        "37.0",
        "66.5",
        "6,666",
        "31/02",
        "05/06",
        "2024",
    ):
        assert told not in message, message
    assert "`id` (role `patient`)" in message


def test_the_same_faults_of_other_columns_show_the_cell():
    shown = [said_of(kind, cells, private=False) for kind, cells in IDENTIFYING]
    assert sum("Miller77" in message for message in shown) >= 4
    assert "`98.6` is above 45 °C; read as °F it would be 37.0 °C" in said_of(
        "number", ["98.6", "37"], private=False
    )


def test_a_fault_of_identifiers_names_the_rows_instead():
    message = said_of("number", ["x1", "x2"], private=True)
    assert "row 1: a cell is no number (and 1 more row: 2)" in message


def test_points_that_may_be_thousands_are_hidden_too():
    roles = [Role(name="patient", kind="number", private=True), Role(name="amount", kind="number")]
    frame = pd.DataFrame({"patient": ["7.777", "6.666"], "amount": ["1,5", "2,5"]})
    with pytest.raises(ContractError, match="a cell may mean thousands"):
        check(frame, roles, Mapping(), solution="demo")


def test_columns_after_an_identifier_are_shown_again():
    roles = [Role(name="patient", kind="number", private=True), Role(name="amount", kind="number")]
    with pytest.raises(ContractError) as caught:
        check(
            pd.DataFrame({"patient": ["Miller", "1"], "amount": ["Smith", "2"]}),
            roles,
            Mapping(),
            solution="d",
        )
    assert "`Smith` is no number" in str(caught.value) and "Miller" not in str(caught.value)


@given(st.lists(st.text("QXZ79.,:-/% ", min_size=4, max_size=12), min_size=2, max_size=4))
@settings(max_examples=25, deadline=None)
@pytest.mark.parametrize("kind", ["time", "number", "label", "key", "category"])
def test_whatever_identifiers_hold_no_word_of_them_is_told(kind, cells):
    role = Role(name="patient", kind=kind, private=True, missing=True)
    try:
        table = check(pd.DataFrame({"patient": cells}), [role], Mapping(), solution="demo")
        told = " ".join(table.notes)
    except ContractError as error:
        told = str(error)
    assert not [cell for cell in cells if len(cell.strip()) > 3 and cell.strip() in told]


def test_rows_that_are_taken_bring_their_numbers_photos_and_signals():
    class Beside:
        def __init__(self, rows):
            self.rows = rows

        def take(self, rows):
            return Beside(self.rows[rows])

    table = passed(payments())
    count_ = len(table)
    table = replace(
        table, photos=Beside(np.arange(count_)), signals=Beside(np.arange(count_)), panel="as it is"
    )
    rows = np.array([count_ - 1, 0])
    taken = table.take(rows)
    assert taken.rows.tolist() == (rows + 1).tolist() and taken.frame.index.tolist() == [0, 1]
    pd.testing.assert_frame_equal(taken.frame, table.frame.iloc[rows].reset_index(drop=True))
    assert taken.photos.rows.tolist() == taken.signals.rows.tolist() == rows.tolist()
    assert taken.panel == "as it is" and passed(payments()).take(rows).photos is None
    assert len(table) == count_ and taken.mapping == table.mapping
