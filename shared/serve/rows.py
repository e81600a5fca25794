"""The rows of a request to a raw table, as the contract reads one; strings are cells of a CSV, numbers are numbers."""

import base64
import binascii
import fnmatch
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from shared.contract import Mapping, RawTable
from shared.errors import Fault
from shared.serve.problems import Problem
from shared.serve.uploads import Uploads
from shared.signals.samples import signal_hashes

SOURCE = "the request"
FEW = 1_000_000  # cells that any request may have, filled or not
MOST_FAULTS = 20
WHOLE = 2**63


def raw_of(
    rows: Sequence[dict[str, Any]], mapping: Mapping, roles: Sequence[str], store: Uploads
) -> RawTable:
    """A table of JSON rows; what no cell can be is a fault of it, which `check` names with its own.

    A text is read as a cell of a CSV is, a number as the number it is, null as an empty cell. In the column of the
    role `image` a cell may be a photo, `{"name": ..., "base64": ...}`; in that of `signal`, a list of samples.

    Args:
        mapping: Of the bundle.
        roles: Those that the pipeline reads, by name.
        store: Gets the photos; names of files are looked for in it, and nowhere else.
    Raises:
        Problem: If the rows have so many different columns that the table would be mostly air.
    Example:
        >>> raw = raw_of([{"amount": 12.5, "card": "a"}, {"card": None}], Mapping(), [], Uploads())
        >>> raw.data.to_pydict()
        {'amount': [12.5, None], 'card': ['a', '']}
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    given = sum(map(len, rows))
    if len(names) * len(rows) > max(FEW, 4 * given):
        raise Problem(422, f"the rows have {len(names):,} different columns. Give each row the same columns")
    columns = {name: [row.get(name) for row in rows] for name in names}
    faults: list[Fault] = []
    signals = None
    if "image" in roles:
        name = mapping.column("image", names)
        if name in columns:
            columns[name] = _photos(columns[name], name, store, faults)
    if "signal" in roles:
        signals = _taken_signals(columns, mapping, len(rows), faults)
    arrays = {name: _array(cells, name, mapping, faults) for name, cells in columns.items()}
    data = pa.table(list(arrays.values()), names=list(arrays)) if arrays else pa.table({})
    raw = RawTable(data, SOURCE, store=store, signals=signals, faults=faults[:MOST_FAULTS])
    return raw if names or not rows else replace(raw, faults=[Fault(row=1, text="the row has no cells")])


def _array(cells: list[Any], name: str, mapping: Mapping, faults: list[Fault]) -> pa.Array:
    """One column in the type that all its cells have; of several types, as texts."""
    kinds = set(map(type, cells))
    if kinds & {dict, list}:
        row = next(row for row, cell in enumerate(cells, 1) if type(cell) in (dict, list))
        faults.append(Fault(column=name, row=row, text="the cell is a list or an object; expected one value"))
        cells = [None if type(cell) in (dict, list) else cell for cell in cells]
        kinds = set(map(type, cells))
    kinds.discard(type(None))
    if kinds <= {str}:
        return pa.array(["" if cell is None else cell for cell in cells], pa.string())
    if kinds == {bool}:
        return pa.array(cells, pa.bool_())
    if kinds == {int} and all(cell is None or -WHOLE <= cell < WHOLE for cell in cells):
        return pa.array(cells, pa.int64())
    if kinds <= {int, float} and all(type(cell) is not int or abs(cell) < 2**53 for cell in cells):
        return pa.array(cells, pa.float64())
    return pa.array([_text(cell, mapping.format.decimal) for cell in cells], pa.string())


def _text(cell: Any, decimal: str | None) -> str:
    if cell is None:
        return ""
    text = cell if isinstance(cell, str) else str(cell)
    return text.replace(".", ",") if decimal == "," and isinstance(cell, float) else text


def _photos(cells: list[Any], column: str, store: Uploads, faults: list[Fault]) -> list[Any]:
    """Names of photos; those that the cells hold are put into the store."""
    out = []
    for row, cell in enumerate(cells, 1):
        if type(cell) is not dict:
            out.append(cell)
            continue
        name, text = cell.get("name", f"{row}.png"), cell.get("base64")
        if not isinstance(name, str) or not name.strip() or not isinstance(text, str):
            wanted = 'expected {"name": "a.png", "base64": "..."}'
            faults.append(
                Fault(column=column, row=row, text=f"the photo has no name or no content; {wanted}")
            )
        else:
            try:
                content = base64.b64decode(text, validate=True)
            except (binascii.Error, ValueError):
                faults.append(Fault(column=column, row=row, text="the photo is no base64"))
            else:
                if not store.add(name, content):
                    text = "another photo of the request has the same name. Rename one"
                    faults.append(Fault(column=column, row=row, text=text))
        out.append(name if isinstance(name, str) else "")
    return out


def _taken_signals(
    columns: dict[str, list[Any]], mapping: Mapping, rows: int, faults: list[Fault]
) -> list[np.ndarray | None] | None:
    """The signals that stand in one cell a row, with their hashes in the column; None: the contract finds them.

    Where a signal is one column a sample and no row has such a column, no row has a signal.
    """
    name = mapping.column("signal", columns)
    cells = columns.get(name, [None] * rows)
    samples = [] if mapping.signal is None else fnmatch.filter(columns, mapping.signal.columns)
    listed = any(type(cell) is list for cell in cells)
    none = mapping.signal is not None and not samples and all(cell in (None, "") for cell in cells)
    if not listed and not none:
        return None
    if samples:
        text = f"a signal is given twice, in this column and as a list in `{name}`. Send one of them"
        faults.append(Fault(column=samples[0], text=text))
    signals = _signals(cells, name, faults)
    columns[name] = signal_hashes(signals)
    return signals


def _signals(cells: list[Any], column: str, faults: list[Fault]) -> list[np.ndarray | None]:
    """Samples `(steps, channels)` of each row, float32; None where there are none."""
    out: list[np.ndarray | None] = []
    for row, cell in enumerate(cells, 1):
        samples, wrong = (None, "") if cell in (None, "", []) else _samples(cell)
        if wrong:
            faults.append(Fault(column=column, row=row, text=wrong))
        out.append(samples)
    channels = {each.shape[1] for each in out if each is not None}
    if len(channels) > 1:
        found = ", ".join(map(str, sorted(channels)))
        faults.append(Fault(column=column, text=f"signals of different numbers of channels: {found}"))
    return out


def _samples(cell: Any) -> tuple[np.ndarray | None, str]:
    """One signal, `[samples]` or `[[samples of a channel], ...]`; or what is wrong with it."""
    wanted = "expected a list of numbers, or one list a channel, all of one length"
    if type(cell) is not list:
        return None, f"the signal is no list; {wanted}"
    channels = cell if all(type(each) is list for each in cell) else [cell]
    if len({len(each) for each in channels}) != 1 or not channels[0]:
        return None, f"the signal has channels of different lengths, or none; {wanted}"
    if not all(set(map(type, each)) <= {int, float} for each in channels):
        return None, f"the signal holds what is no number; {wanted}"
    try:
        with np.errstate(over="ignore"):
            samples = np.array(channels, np.float64).astype(np.float32).T
    except OverflowError:
        return None, "the signal holds a number that is beyond what 32 bits hold"
    if not np.isfinite(samples).all():
        return None, "the signal holds a number that is beyond what 32 bits hold"
    return np.ascontiguousarray(samples), ""
