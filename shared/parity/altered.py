"""Copies of a customer's rows with one cell changed: a value that is missing, a category that was never seen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from shared.contract.roles import Slot, find_columns
from shared.contract.tables import RawTable
from shared.errors import VerticalsError
from shared.forecast import ForecastPipeline
from shared.pipeline import Pipeline

UNSEEN = "never seen before"
KINDS = ("missing", "unseen")
MOST, EACH = 400, 20  # altered rows in all, and of each column and kind
TRIED_ON = 200  # first rows that a change is tried on


@dataclass(frozen=True)
class Alteration:
    """What was done to some copies.

    Args:
        column: The customer's name of the column.
        kind: "missing" or "unseen".
        sources: Positions of the rows that were copied.
        renamed: Of a copied series, the column of its key and the new name.
    """

    column: str
    kind: str
    sources: np.ndarray
    renamed: tuple[str, str] | None = None


def with_altered_rows(
    pipeline: Pipeline, raw: RawTable, *, seed: int = 0
) -> tuple[RawTable, list[Alteration]]:
    """The raw table with altered copies of some of its rows at its end, as far as the contract lets them in.

    Equal arguments give equal rows, so that a fresh process makes the same.

    Args:
        pipeline: Loaded.
        raw: As it was read.
        seed: Of the rows that are copied.
    Returns:
        The longer table, and what was altered, in the order of the copies; none of a table in wide form, or of
        files that were found in a folder.
    """
    if pipeline.mapping.wide is not None or raw.listed or not len(raw):
        return raw, []
    rng, names = np.random.default_rng(seed), raw.data.column_names
    slots = [slot for slot in _slots(pipeline, names) if slot.kind != "label"]
    wanted = list(
        dict.fromkeys(
            (slot.column, kind)
            for slot in slots
            for kind in KINDS
            if kind == "missing" or _is_text(raw, slot)
        )
    )
    if isinstance(pipeline, ForecastPipeline):
        made = _series(pipeline, raw, slots, wanted, rng)
    else:
        first = _taken(raw, np.arange(min(TRIED_ON, len(raw))))
        last = np.array([len(first) - 1])
        let_in = [pair for pair in wanted if _passes(pipeline, _extended(first, [Alteration(*pair, last)]))]
        each = max(1, min(EACH, MOST // max(1, len(let_in))))
        sources = {
            pair: _filled(raw, pair[0]) for pair in let_in
        }  # an empty cell made empty is the same row again
        made = [
            Alteration(*pair, np.sort(rng.choice(rows, min(each, len(rows)), replace=False)))
            for pair, rows in sources.items()
            if len(rows)
        ]
    longer = _extended(raw, made)
    return (longer, made) if made and _passes(pipeline, longer) else (raw, [])


def _series(pipeline, raw: RawTable, slots: Sequence[Slot], wanted, rng) -> list[Alteration]:
    """Copies of whole series under a new name: a row alone would be a second one of its period."""
    keys = [slot.column for slot in slots if slot.role is not None and slot.role.kind == "key"]
    if not keys or not _is_text(raw, next(slot for slot in slots if slot.column == keys[0])):
        return []
    codes = raw.data.select(keys).to_pandas().groupby(keys, dropna=False, sort=False).ngroup().to_numpy()
    made: list[Alteration] = []
    for number, (column, kind) in enumerate(wanted):
        sources = np.flatnonzero(codes == rng.choice(codes))
        renamed = None if column == keys[0] else (keys[0], f"{UNSEEN} {number}")
        change = Alteration(column, kind, sources, renamed)
        if _passes(pipeline, _extended(raw, [*made, change])):
            made.append(change)
    return made


def _slots(pipeline: Pipeline, names: Sequence[str]) -> list[Slot]:
    """The columns in use."""
    roles = [role for role in pipeline.roles if role.required or role.name in pipeline.mapping.columns]
    return find_columns(list(names), roles, pipeline.mapping, predict=True)[0]


def _is_text(raw: RawTable, slot: Slot) -> bool:
    kind = raw.data.schema.field(slot.column).type
    return slot.kind in ("category", "key") and (pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _filled(raw: RawTable, column: str) -> np.ndarray:
    """Positions of the rows whose cell holds something."""
    cells = raw.data.column(column)
    filled = cells.is_valid().to_numpy(zero_copy_only=False)
    if pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type):
        filled &= np.array([bool(cell and cell.strip()) for cell in cells.to_pylist()], bool)
    return np.flatnonzero(filled)


def _passes(pipeline: Pipeline, raw: RawTable) -> bool:
    try:
        table = pipeline.check(raw, predict=True)
    except VerticalsError:
        return False
    return len(table) == len(raw)


def _taken(raw: RawTable, rows: np.ndarray) -> RawTable:
    return replace(raw, data=raw.data.take(pa.array(rows)), **_beside(raw, lambda each: _picked(each, rows)))


def _extended(raw: RawTable, made: Sequence[Alteration]) -> RawTable:
    """The table with the altered copies at its end."""
    if not made:
        return raw
    sources = np.concatenate([each.sources for each in made])
    parts = [raw.data, *(_altered(raw.data, each) for each in made)]
    rows = np.concatenate([np.arange(len(raw)), sources])
    return replace(
        raw, data=pa.concat_tables(parts).combine_chunks(), **_beside(raw, lambda each: _picked(each, rows))
    )


def _altered(data: pa.Table, change: Alteration) -> pa.Table:
    part = data.take(pa.array(change.sources))
    field = data.schema.field(change.column)
    value = None if change.kind == "missing" else UNSEEN
    cells = pa.array([value] * len(part), field.type)
    part = part.set_column(data.column_names.index(change.column), field, cells)
    if change.renamed is None:
        return part
    key, name = change.renamed
    field = data.schema.field(key)
    return part.set_column(data.column_names.index(key), field, pa.array([name] * len(part), field.type))


def _beside(raw: RawTable, pick: Callable) -> dict:
    """What has an entry a row besides the cells."""
    return {
        name: pick(getattr(raw, name))
        for name in ("rows", "fields", "signals")
        if getattr(raw, name) is not None
    }


def _picked(values, rows: np.ndarray):
    return values[rows] if isinstance(values, np.ndarray) else [values[row] for row in rows]
