"""Signals in columns of the table: whatever lacks or is no number is named by row and column."""

import time

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from shared.contract import Format, SignalColumns, raw_table, read_table
from shared.contract.duplicates import equal_rows
from shared.errors import ContractError
from shared.signals.reading import signal_columns

STEPS = SignalColumns(columns="t*")


def table(rows, names=("label", "t1", "t2", "t3")):
    return raw_table(pd.DataFrame(rows, columns=names), "ecg.csv")


def faults(raw, wanted=STEPS, **how):
    with pytest.raises(ContractError) as error:
        signal_columns(raw, wanted, **how)
    assert str(error.value).startswith("ecg.csv does not fit [signal]")
    return [str(fault) for fault in error.value.faults]


@pytest.mark.parametrize("cells", ["texts", "numbers"])
def test_columns_become_signals_in_the_files_order(cells):
    rows = [["a", 3.5, -1.0, 2.0], ["b", 0.0, 5.0, 1e-3]]
    frame = pd.DataFrame(rows, columns=["label", "t9", "t10", "t1"])
    raw = signal_columns(raw_table(frame if cells == "numbers" else frame.astype(str)), STEPS)
    assert raw.data.column_names == ["label", "signal"] and raw.signals.dtype == np.float32
    np.testing.assert_allclose(raw.signals[..., 0], [row[1:] for row in rows])
    assert "columns `t9` to `t1`: signals of 3 steps at most" in raw.notes


def test_empty_cells_at_the_end_are_a_shorter_signal_and_a_row_of_them_has_none():
    raw = signal_columns(
        table([["a", "1", "2", "3"], ["b", "4", "", "NaN"], ["c", "", " ", ""]]), STEPS, Format()
    )
    assert [None if each is None else each[:, 0].tolist() for each in raw.signals] == [[1, 2, 3], [4], None]
    assert raw.data.column("signal")[2].as_py() == "" and "1 row without a signal: 3" in raw.notes
    numbers = signal_columns(table([["a", 1.0, 2.0, None], ["b", 4.0, np.nan, np.nan]]), STEPS)
    assert [len(each) for each in numbers.signals] == [2, 1]


def test_equal_rows_are_found_by_their_samples():
    raw = signal_columns(table([["a", "1", "2", ""], ["a", "1", "2", "3"], ["a", "1.0", "2", ""]]), STEPS)
    assert equal_rows(raw.data).tolist() == [[2, 0]]


def test_what_is_wrong_with_cells_is_named_by_row_and_column():
    assert faults(table([["a", "1", "2", "3"], ["b", "4", "", "6"]])) == [
        "column `t2`, row 2: the cell is empty, with samples behind it. Fill it in, or shorten the signal"
    ]
    said = faults(table([["a", "1", "2", "3"], ["b", "4", "x", "6"], ["c", "y", "2", "z"]]))
    assert said == ["column `t1`, row 3: `y` is no number (and 2 more in these columns)"]
    said = faults(table([["a", "1", "2", "3"], ["b", "4", "5", "inf"]]))
    assert said == ["column `t3`, row 2: `inf` is not finite, expected a number"]
    said = faults(table([["a", 1.0, 2.0, 3.0], ["b", -np.inf, 5.0, np.inf]]))
    assert said == ["column `t1`, row 2: is not finite, expected a number (and 1 more in these columns)"]
    assert "beyond what 32 bits hold" in faults(table([["a", "1", "1e39", "3"]]))[0]
    many = faults(table([["a", "", "2", "3"]] * 9))
    assert len(many) == 6 and many[-1] == "4 more rows with samples that lack inside"


def test_one_decimal_mark_holds_for_all_columns():
    raw = signal_columns(table([["a", "1,5", "2", "3"], ["b", "4", "0,25", "1,125"]]), STEPS)
    np.testing.assert_allclose(raw.signals[1, :, 0], [4, 0.25, 1.125])
    raw = signal_columns(table([["a", "1,125", "2,250", "3"]]), STEPS, Format(decimal=","))
    np.testing.assert_allclose(raw.signals[0, :, 0], [1.125, 2.25, 3])
    (said,) = faults(table([["a", "1,5", "2,5", "3"], ["b", "4", "0.25", "1"]]))
    assert said.startswith("column `t2`, row 2: `0.25` and `1,5` have different decimal marks")
    raw = signal_columns(table([["a", "1", "?", "?"]]), STEPS, Format(missing=["?"]))
    assert len(raw.signals[0]) == 1


def test_a_pattern_that_fits_nothing_and_a_header_that_lacks_are_said(tmp_path):
    assert (
        "no column fits `s*`. The table has: `label`, `t1`"
        in faults(table([["a", "1", "2", "3"]]), SignalColumns(columns="s*"))[0]
    )
    (tmp_path / "ecg.csv").write_text("1,-0.1125,-2.8272,-3.77\n1,-1.1009,-3.99,-4.28\n")
    for pattern in ("t*", "*"):
        said = faults(read_table(tmp_path / "ecg.csv"), SignalColumns(columns=pattern))
        assert "the header lacks" in said[0]
    times = table([["1", "2", "3"]], ["0.004", "0.008", "0.012"])
    assert len(signal_columns(times, SignalColumns(columns="0.*")).signals) == 1
    assert "no rows" in faults(table([]))[0]


def test_columns_of_one_name_are_refused():
    assert faults(table([["a", "1", "2", "3"]], ["label", "t1", "t1", "t2"])) == [
        "column `t1`: stands 2 times in the header. Rename all but one"
    ]
    assert (
        "column `signal`: stands beside"
        in faults(table([["a", "1", "2", "3"]], ["signal", "t1", "t3", "t2"]))[0]
    )


def test_columns_that_hold_no_numbers_at_all_are_refused_and_empty_ones_are_read():
    lists = pa.table({"label": ["a"], "t1": [[1, 2]], "t2": [[1, 2]]})
    raw = table([["a", "1", "2", "3"]])
    raw.data = lists
    assert "expected numbers" in faults(raw)[0]
    raw.data = pa.table({"t1": [1, 2], "t2": pa.nulls(2)})
    assert [len(each) for each in signal_columns(raw, STEPS).signals] == [1, 1]


def test_a_hundred_thousand_cells_take_no_time():
    cells = np.random.default_rng(0).normal(size=(1000, 140)).round(4).astype(str)
    raw = table(cells.tolist(), [f"t{at}" for at in range(140)])
    start = time.perf_counter()
    signal_columns(raw, STEPS)
    assert time.perf_counter() - start < 2
