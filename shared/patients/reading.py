"""What a clinic delivers, read: a table, a folder or zip of photos, or arrays in one file."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from shared.contract import Format, RawTable, Table, read_table
from shared.contract.arrays import read_arrays
from shared.errors import ContractError, Fault
from shared.images.checking import Photo, check_photos
from shared.images.listing import PHOTOS, read_photos
from shared.images.parts import part_of
from shared.images.store import FolderStore
from shared.patients.photos import PatientPhotos
from shared.signals.reading import read_signals
from shared.signals.signals import Signals


def read_patients(path: str | Path, format: Format | None = None, *, predict: bool = False) -> RawTable:
    """A CSV or Parquet table (files that it names are looked for beside it), photos, or a `.npz`.

    Of photos in a folder or zip the folders are the classes; to be answered, they tell nothing. A single photo is
    read too. What these files are called is in no note and no message.

    Args:
        path: What to read.
        format: `arrays` says what a `.npz` holds.
        predict: Whether it is to be answered: arrays of labels and parts may then lack.
    Raises:
        ContractError: If it cannot be read.
    """
    path, format = Path(path), format or Format()
    if path.suffix.lower() == ".npz" and not path.is_dir():
        return read_arrays(path, format, predict=predict)
    if path.is_dir() or path.suffix.lower() in (".zip", *PHOTOS):
        table = read_photos(path, format, named=False)
        return replace(table, data=table.data.select(["image"])) if predict and table.listed else table
    return replace(read_table(path, format), store=FolderStore(path.parent))


def cells_of(table: Table, role: str) -> list[str | None]:
    """The texts of a role's column, None where a cell is empty or the table has no such column."""
    if role not in table.frame:
        return [None] * len(table)
    cells = table.frame[role].astype(object)
    return [None if cell != cell or cell in (None, "") else str(cell) for cell in cells]


def parts_of(table: Table) -> np.ndarray:
    """`train`, `valid`, `test` or None of each row, as the customer gives them; rows of `--test` judge."""
    found = np.array([part_of(cell) for cell in cells_of(table, "split")], object)
    if table.tested:
        found[table.own :] = "test"
    return found


def photos_of(
    table: Table, stores: list[Any], *, labels: list[str | None], most_pixels: int, workers: int
) -> tuple[PatientPhotos | None, list[Fault], list[str]]:
    """The photos that the column `image` names, each opened once; None where the table has no such column.

    Args:
        stores: Where the files of the table's own rows are, and those of the rows of `--test`.
        labels: Class of each row, for photos that are equal and differ in it.
    Returns:
        The photos, what is wrong with them, and notes; none of these holds a file's name.
    """
    names = cells_of(table, "image")
    if "image" not in table.frame:
        return None, [], []
    own = len(table) if table.own is None else table.own
    parts, at, photos = parts_of(table), np.full(len(table), -1, np.int64), []
    for row, name in enumerate(names):
        if name is not None:
            at[row] = len(photos)
            store = stores[0] if row < own else stores[1]
            photos.append(
                Photo(int(table.rows[row]), store, name, label=labels[row], split=parts[row], mask=None)
            )
    checked = check_photos(
        photos, most_pixels=most_pixels, workers=workers, column=table.mapping.column("image"), named=False
    )
    notes = list(checked.notes)
    if len(photos) < len(table):
        notes.append(f"rows without a photo, which are answered by what else they have: {(at < 0).sum():,}")
    return PatientPhotos(photos, checked.facts, at), list(checked.faults), notes


def signals_of(
    table: Table, raws: list[Any], stores: list[Any], *, workers: int
) -> tuple[Signals | None, list[Fault], list[str]]:
    """The signals of the rows: of columns or arrays as they were read, else of the files that `signal` names.

    Args:
        raws: The raw tables of the table's own rows and of those of `--test`, which may hold samples.
    """
    if "signal" not in table.frame:
        return None, [], []
    own = len(table) if table.own is None else table.own
    samples, faults, notes = [], [], []
    for raw, store, start, stop in ((raws[0], stores[0], 0, own), (raws[1], stores[1], own, len(table))):
        if start == stop:
            continue
        rows = table.rows[start:stop]
        if getattr(raw, "signals", None) is not None:
            samples += [raw.signals[row - 1] for row in rows]
            continue
        found = read_signals(
            store,
            cells_of(table, "signal")[start:stop],
            rows.tolist(),
            column=table.mapping.column("signal"),
            workers=workers,
            decimal=table.mapping.format.decimal,
        )
        samples += found.signals
        faults += found.faults
        notes += found.notes
    if faults:
        return None, faults, notes
    try:
        signals = Signals(samples)
    except ValueError as error:
        return None, [Fault(text=str(error), column=table.mapping.column("signal"))], notes
    missing = int((~signals.present).sum())
    if missing:
        notes.append(f"rows without a signal, which are answered by what else they have: {missing:,}")
    return signals, [], notes


def refuse(table: Table, name: str, faults: list[Fault]) -> None:
    """Raises what was found wrong with photos and signals, if anything."""
    if faults:
        raise ContractError(f"{table.source} does not fit `{name}`", faults)
