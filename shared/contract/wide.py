"""Wide tables, one row a series and one column a step, to rows of `item`, `date` and `quantity`."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shared.contract.dates import read_times
from shared.contract.mapping import Format, Wide
from shared.contract.parsing import NO_VALUE, count, is_number, is_text, shown, trimmed
from shared.contract.tables import RawTable
from shared.contract.words import TOLD
from shared.errors import ContractError, Fault, did_you_mean


def melted(raw: RawTable, wide: Wide, format: Format | None = None, *, continued: bool = False) -> RawTable:
    """Turns a wide table into long rows; empty cells become none.

    Without `wide.origin` the names of the columns are dates. With it they are steps: the first cell of a row
    is dated `origin` (`align = "start"`), or its last filled one is dated one step before `origin`, so that all
    series end together (`align = "end"`).

    Args:
        raw: The table; columns that are neither the id nor values are repeated for each cell.
        wide: What its columns are.
        format: `missing` and, for names that are dates, `date_format` are used.
        continued: Whether the first cells are dated `origin`: the table goes on where another one, read with
            `align = "end"`, has ended.
    Returns:
        The rows of the first series, then those of the second, ..., with `rows` and `fields`.
    Raises:
        ContractError: With every fault of the header, and of ids that stand twice.
    Example:
        >>> table = pa.table({"id": ["a", "b"], "V1": ["1", "4"], "V2": ["2", ""]})
        >>> wide = Wide(id="id", values="V*", origin="2024-01-03", frequency="D")
        >>> long = melted(RawTable(table, "sales.csv"), wide)
        >>> long.data.column("date").cast(pa.date32()).to_pylist()[2].isoformat()
        '2024-01-02'
        >>> long.data.column("quantity").to_pylist(), long.rows.tolist(), long.fields.tolist()
        (['1', '2', '4'], [1, 1, 2], ['V1', 'V2', 'V1'])
    """
    format = format or Format()
    names = raw.data.column_names
    values = wide.columns(names)
    faults = [*raw.faults, *_faults(raw, wide, names, values, continued)]
    dates = None
    if not faults and wide.origin is None:
        reading = read_times(pa.chunked_array([values], pa.string()), format)
        faults += [
            Fault(text=f"the name of a column: {text}. Name the steps under [wide] by origin and frequency")
            for text, _ in reading.faults
        ]
        dates = reading.data
    if faults:
        raise ContractError(f"{raw.source} does not fit [wide]", faults)
    cells = _cells(raw.data, values)
    filled = _filled(cells, format).reshape(len(values), len(raw)).T
    row, column = np.nonzero(filled)
    if dates is None:
        dates, place = _steps(wide, filled, continued)
        moment = dates[place[row, column]]
    else:
        moment = dates[column]
    others = [name for name in names if name not in values and name not in (wide.id, *TOLD)]
    parts = {
        "item": raw.data.column(wide.id).take(pa.array(row)),
        "date": pa.array(moment.astype("datetime64[us]")),
        "quantity": cells.take(pa.array(column * len(raw) + row)),
        **{name: raw.data.column(name).take(pa.array(row)) for name in others},
    }
    told = f"wide table: {count(len(raw), 'row')} of {count(len(values), 'step')} became {len(row):,} rows"
    return replace(
        raw,
        data=pa.table(parts),
        notes=[*raw.notes, told],
        rows=row + 1,
        fields=np.array(values, object)[column],
    )


def _faults(raw: RawTable, wide: Wide, names: list[str], values: list[str], continued: bool) -> list[Fault]:
    found = [
        Fault(text=f"stands {names.count(name)} times in the header. Rename all but one", column=name)
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
    if wide.id not in names:
        listed = did_you_mean(wide.id, names) or f" The table has: {', '.join(map(shown, names[:8]))}"
        found.append(Fault(text=f"[wide] id: column `{wide.id}` is missing.{listed}"))
    elif wide.id in names and not found:
        found += _doubled(raw.data.column(wide.id), wide.id)
    if not values:
        listed = ", ".join(map(shown, names[:8]))
        found.append(Fault(text=f"[wide] values: no column fits `{wide.values}`. The table has: {listed}"))
    if continued and wide.align == "start" and wide.origin is not None:
        text = '[wide] align: a table that goes on needs "end", for series to end together'
        found.append(Fault(text=f'{text}; with "start" nothing says at which date each one goes on'))
    return found


def _doubled(ids: pa.ChunkedArray, name: str) -> list[Fault]:
    counted = pc.value_counts(ids)
    twice = counted.filter(pc.greater(pc.struct_field(counted, "counts"), 1))
    if not len(twice):
        return []
    what = pc.struct_field(twice, "values")[0].as_py()
    more = f" (and {count(len(twice) - 1, 'more id')})" if len(twice) > 1 else ""
    rows = np.flatnonzero(pc.equal(ids, what).fill_null(False).to_numpy())[:2] + 1 if what is not None else []
    where = f", rows {rows[0]} and {rows[1]}" if len(rows) == 2 else ""
    return [Fault(text=f"{shown(what)} names several series{where}{more}. Give each its own id", column=name)]


def _cells(data: pa.Table, values: list[str]) -> pa.ChunkedArray:
    """All values, column by column, in one type."""
    columns = [data.column(name) for name in values]
    kinds = {column.type for column in columns if not pa.types.is_null(column.type)}
    kind = kinds.pop() if len(kinds) == 1 else None
    if kind is None:
        kind = pa.float64() if all(is_number(kind) for kind in kinds) and kinds else pa.string()
    chunks = [chunk for column in columns for chunk in column.cast(kind).chunks]
    return pa.chunked_array([pa.concat_arrays(chunks)] if chunks else [], kind)


def _filled(cells: pa.ChunkedArray, format: Format) -> np.ndarray:
    if is_text(cells.type):
        cells = trimmed(cells, [*NO_VALUE, *format.missing])
    known = cells.is_valid()
    if pa.types.is_floating(cells.type):
        known = pc.and_(known, pc.invert(pc.is_nan(cells).fill_null(True)))
    return known.to_numpy()


def _steps(wide: Wide, filled: np.ndarray, continued: bool) -> tuple[np.ndarray, np.ndarray]:
    """The dates of all steps, and of each cell the place in them."""
    width = filled.shape[1]
    place = np.broadcast_to(np.arange(width), filled.shape)
    if wide.align == "end" and not continued:
        last = width - 1 - np.argmax(filled[:, ::-1], axis=1)
        place = place - last[:, None] + width - 1  # the last filled cell is the last of `width` steps
        return _dated(wide, np.arange(-width, 0)), place.clip(0, width - 1)
    return _dated(wide, np.arange(width)), place


def _dated(wide: Wide, steps: np.ndarray) -> np.ndarray:
    origin = np.datetime64(wide.origin, "us")
    if wide.frequency == "M":
        month = origin.astype("datetime64[M]")
        return (month + steps).astype("datetime64[us]") + (origin - month.astype("datetime64[us]"))
    length = {"H": np.timedelta64(1, "h"), "D": np.timedelta64(1, "D"), "W": np.timedelta64(7, "D")}
    return origin + steps * length[wide.frequency].astype("timedelta64[us]")
