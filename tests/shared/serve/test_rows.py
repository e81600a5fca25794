import pyarrow as pa
import pytest

from shared.contract import Mapping
from shared.serve.problems import Problem
from shared.serve.rows import raw_of
from shared.serve.uploads import Uploads

PNG = {"name": "a.png", "base64": "AAAA"}


def table(*rows, roles=(), **mapping):
    return raw_of(rows, Mapping.from_dict(mapping), roles, Uploads())


@pytest.mark.parametrize(
    "cells, kind, kept",
    [
        (["a", None, ""], pa.string(), ["a", "", ""]),
        ([1, None], pa.int64(), [1, None]),
        ([1, 2.5], pa.float64(), [1.0, 2.5]),
        ([True, None], pa.bool_(), [True, None]),
        ([1, "1.50"], pa.string(), ["1", "1.50"]),
        ([2**64, 1], pa.string(), [str(2**64), "1"]),
        ([2**60 + 1, 0.5], pa.string(), [str(2**60 + 1), "0.5"]),
        ([None, None], pa.string(), ["", ""]),
    ],
)
def test_cells_keep_what_they_are(cells, kind, kept):
    column = table(*({"x": cell} for cell in cells)).data.column("x")
    assert column.type == kind and column.to_pylist() == kept


def test_a_number_among_texts_is_written_with_the_customers_decimal_mark():
    raw = table({"x": 1.5}, {"x": "2,5"}, format={"decimal": ","})
    assert raw.data.column("x").to_pylist() == ["1,5", "2,5"]


def test_columns_are_all_that_any_row_has_in_their_order():
    assert table({"b": 1}, {"a": 2, "b": 3}).data.to_pydict() == {"b": [1, 3], "a": [None, 2]}


def test_cells_that_are_lists_or_objects_are_faults_of_their_column_and_row():
    raw = table({"x": 1, "y": {}}, {"x": [1], "y": 2})
    assert [(each.column, each.row) for each in raw.faults] == [("x", 2), ("y", 1)]


def test_rows_of_ever_new_columns_are_refused_before_they_fill_memory():
    with pytest.raises(Problem) as caught:
        table(*({f"c{number}": 1} for number in range(3000)))
    assert caught.value.status == 422


def test_photos_go_to_the_store_and_their_names_into_the_cells():
    store = Uploads()
    raw = raw_of([{"image": PNG}, {"image": "b.png"}], Mapping(), ["image"], store)
    assert raw.data.column("image").to_pylist() == ["a.png", "b.png"]
    assert store.names() == ["a.png"] and raw.store is store and not raw.faults


@pytest.mark.parametrize(
    "cell", [{"name": "a.png"}, {"name": "", "base64": "AAAA"}, {"name": "a", "base64": "?"}, {}]
)
def test_a_photo_that_is_none_is_a_fault(cell):
    assert [each.row for each in table({"image": cell}, roles=["image"]).faults] == [1]


def test_two_photos_of_one_name_are_a_fault_unless_they_are_equal():
    other = {"name": "a.png", "base64": "BBBB"}
    assert not table({"image": PNG}, {"image": PNG}, roles=["image"]).faults
    assert [each.row for each in table({"image": PNG}, {"image": other}, roles=["image"]).faults] == [2]


def test_signals_are_samples_of_one_or_several_channels():
    raw = table({"signal": [1, 2.5]}, {"signal": None}, roles=["signal"])
    assert raw.signals[0].tolist() == [[1.0], [2.5]] and raw.signals[1] is None
    assert raw.data.column("signal").to_pylist()[1] == ""
    assert table({"signal": [[1, 2, 3], [4, 5, 6]]}, roles=["signal"]).signals[0].shape == (3, 2)


@pytest.mark.parametrize("cell", [[1, "a"], [[1, 2], [3]], [[]], [True], [1e39], [[[1]]], [None], [10**400]])
def test_a_signal_that_is_none_is_a_fault(cell):
    assert table({"signal": cell}, roles=["signal"]).faults


def test_signals_of_different_channels_are_a_fault():
    assert table({"signal": [1, 2]}, {"signal": [[1, 2], [3, 4]]}, roles=["signal"]).faults


def test_rows_without_any_sample_have_no_signal_where_a_signal_is_one_column_a_sample():
    raw = table({"age": 1}, {"age": 2, "signal": None}, roles=["signal"], signal={"columns": "t*"})
    assert raw.signals == [None, None] and raw.data.column("signal").to_pylist() == ["", ""]
    assert table({"t1": 1, "t2": 2}, roles=["signal"], signal={"columns": "t*"}).signals is None


def test_a_signal_that_is_given_in_both_ways_is_a_fault():
    raw = table({"t1": 1}, {"signal": [1, 2]}, roles=["signal"], signal={"columns": "t*"})
    assert [each.column for each in raw.faults] == ["t1"]
