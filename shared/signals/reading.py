"""Signals out of a customer's columns: the samples of each row, and what is wrong with them."""

import fnmatch
import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pyarrow as pa

from shared.contract.mapping import Format, SignalColumns
from shared.contract.parsing import count, is_number, read_numbers, shown
from shared.contract.tables import RawTable
from shared.errors import ContractError, Fault
from shared.signals.files import read_signals
from shared.signals.samples import signal_hashes, signal_notes, unpadded

__all__ = ["read_signals", "signal_columns"]

SIGNAL = "signal"
WAY_OUT = ". Where no row has a signal, give one such column with empty cells"
MOST_LISTED = 5  # faults of one kind
DECIMAL = r"[+-]?\d*[.,]\d+(?:[eE][+-]?\d+)?"


def signal_columns(raw: RawTable, wanted: SignalColumns, format: Format | None = None) -> RawTable:
    """Takes the samples out of a table that has one column a sample.

    Args:
        raw: The table; its columns that fit the pattern, in the file's order, are the steps.
        wanted: The pattern.
        format: `decimal`, `thousands` and `missing` are used.
    Returns:
        The table without these columns, with the samples in `signals` and a text column `signal` that holds their
        hash, so that equal rows are found. Empty cells at the end of a row make a shorter signal; a row without any
        sample has none, and "" in the column.
    Raises:
        ContractError: If no column fits or the header lacks; with the cells that are empty between two samples, no
            numbers or infinite.
    Example:
        >>> table = pa.table({"t1": ["1", "2"], "t2": ["3", ""], "age": ["50", "60"]})
        >>> found = signal_columns(RawTable(table, "ecg.csv"), SignalColumns(columns="t*"))
        >>> found.data.column_names, [each[:, 0].tolist() for each in found.signals]
        (['age', 'signal'], [[1.0, 3.0], [2.0]])
    """
    names = [name.strip().strip("\ufeff") for name in raw.data.column_names]
    places = [at for at, name in enumerate(names) if fnmatch.fnmatchcase(name, wanted.columns)]
    faults = _header_faults(raw, names, places, wanted.columns)
    if not faults:
        values, faults = _numbers(raw.data, places, names, format or Format())
    if not faults:
        signals, bad = unpadded(values[..., None])
        faults += _empty_inside(bad, values, [names[at] for at in places])
    if faults:
        raise ContractError(f"{raw.source} does not fit [signal]", faults)
    taken = set(places)
    others = [at for at in range(len(names)) if at not in taken]
    columns = [*(raw.data.column(at) for at in others), pa.array(signal_hashes(signals), pa.string())]
    data = pa.Table.from_arrays(columns, names=[*(raw.data.column_names[at] for at in others), SIGNAL])
    told = f"columns `{names[places[0]]}` to `{names[places[-1]]}`: signals of {count(len(places), 'step')} at most"
    return replace(raw, data=data, signals=signals, notes=[*raw.notes, told, *signal_notes(signals)])


def _header_faults(raw: RawTable, names: list[str], places: list[int], pattern: str) -> list[Fault]:
    fitting = [names[at] for at in places]
    if _lacks(fitting or names):
        text = "the first line holds numbers, so that the header lacks. Add one, such as label, t1, t2, ..."
        return [Fault(text=text)]
    if not fitting:
        listed = ", ".join(map(shown, names[:8])) + (", ..." if len(names) > 8 else "")
        return [Fault(text=f"[signal] columns: no column fits `{pattern}`. The table has: {listed}{WAY_OUT}")]
    if not len(raw):
        return [Fault(text="the table has no rows, only a header")]
    faults = [
        Fault(text=f"stands {number} times in the header. Rename all but one", column=name)
        for name, number in Counter(fitting).items()
        if number > 1
    ][:MOST_LISTED]
    if SIGNAL in set(names) - set(fitting):
        text = f"stands beside columns that fit [signal] columns `{pattern}`. Leave one of them out"
        faults.append(Fault(text=text, column=SIGNAL))
    return faults


def _lacks(names: list[str]) -> bool:
    """Whether names are samples: most are numbers with decimals, and do not grow as points in time do."""
    numbers = [float(name.replace(",", ".")) for name in names if re.fullmatch(DECIMAL, name)]
    return len(numbers) > 0.5 * len(names) and not (np.diff(numbers) > 0).all()


def _numbers(
    data: pa.Table, places: list[int], names: list[str], format: Format
) -> tuple[np.ndarray | None, list[Fault]]:
    """The samples `(rows, columns)`, all read at once, so that one decimal mark holds for all of them."""
    columns = [data.column(at) for at in places]
    if all(is_number(column.type) or pa.types.is_null(column.type) for column in columns):
        values = np.stack([column.cast(pa.float64()).to_numpy() for column in columns], axis=1)
        return values, _infinite(values, [names[at] for at in places])
    kinds = {column.type for column in columns if not pa.types.is_null(column.type)}
    kind = kinds.pop() if len(kinds) == 1 else pa.string()
    try:
        chunks = [chunk for column in columns for chunk in column.cast(kind).chunks]
        reading = read_numbers(pa.chunked_array(chunks, kind), format)
    except pa.ArrowException:
        found = ", ".join(sorted({str(column.type) for column in columns}))
        return None, [Fault(text=f"[signal] columns hold {found}, expected numbers")]
    faults = []
    for text, at in reading.faults:
        text = re.sub(r" \(and ([\d,]+) more rows?: [^)]*\)", r" (and \1 more in these columns)", text)
        text = re.sub(r" \(row [\d,]+\)", "", text)  # counted through all columns
        column, row = divmod((at or 1) - 1, data.num_rows)
        faults.append(Fault(text=text, column=names[places[column]], row=None if at is None else row + 1))
    if faults or reading.data is None:
        return None, faults
    return reading.data.reshape(len(places), data.num_rows).T, []


def _infinite(values: np.ndarray, names: list[str]) -> list[Fault]:
    found = np.argwhere(np.isinf(values))
    if not len(found):
        return []
    more = f" (and {len(found) - 1:,} more in these columns)" if len(found) > 1 else ""
    row, column = found[0]
    text = f"is not finite, expected a number{more}"
    return [Fault(text=text, column=names[column], row=int(row) + 1)]


def _empty_inside(bad: np.ndarray, values: np.ndarray, names: list[str]) -> list[Fault]:
    """Empty cells that have a sample behind them, by row."""
    rows = np.flatnonzero(bad.any(axis=1))
    faults = []
    for row in rows[:MOST_LISTED].tolist():
        at = int(bad[row].argmax())
        if np.isfinite(values[row, at]):
            text = "is beyond what 32 bits hold"
        else:
            more = f" (and {int(bad[row].sum()) - 1:,} more of the row)" if bad[row].sum() > 1 else ""
            text = f"the cell is empty, with samples behind it{more}. Fill it in, or shorten the signal"
        faults.append(Fault(text=text, column=names[at], row=row + 1))
    if len(rows) > MOST_LISTED:
        faults.append(
            Fault(text=f"{count(len(rows) - MOST_LISTED, 'more row')} with samples that lack inside")
        )
    return faults
