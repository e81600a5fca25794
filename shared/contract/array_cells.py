"""Arrays of one role to the cells of a column: plain values, names of pictures, hashes of signals."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from shared.contract.parsing import count
from shared.errors import Fault

Blocks = list[tuple[str, np.ndarray]]
Cells = tuple[pa.Array | None, Any, list[Fault], list[str]]  # and what is kept beside, faults, notes
WHITE, DEEP = 255, 65535


def values(blocks: Blocks, role: str, source: str) -> Cells:
    """One value a row, of arrays `(rows,)` or `(rows, 1)`; whole numbers are integers, NaN is an empty cell.

    Example:
        >>> values([("y", np.array([[1.0], [2.0]]))], "label", "a.npz")[0].to_pylist()
        [1, 2]
    """
    faults: list[Fault] = []
    parts = []
    for named, array, before in _rows(blocks):
        if array.ndim == 2 and array.shape[1] == 1:
            array = array[:, 0]
        if array.ndim != 1:
            way_out = f"expected one value a row. Choose a column, such as {named}[:, 0]"
            faults.append(_fault(named, f"has the shape {array.shape}, {way_out}", role))
        elif array.dtype.kind not in "biufUSM":
            faults.append(_fault(named, f"holds {array.dtype}, expected numbers or texts", role))
        else:
            if role == "label" and array.dtype.kind == "f" and np.isnan(array).any():
                rows = np.flatnonzero(np.isnan(array)) + 1 + before
                faults.append(
                    _at(named, "is NaN, expected a class. Give it, or leave the row out", rows, role)
                )
            parts.append(_plain(array))
    if faults:
        return None, None, faults, []
    if len({each.dtype.kind for each in parts}) > 1 and any(each.dtype.kind in "UM" for each in parts):
        found = ", ".join(f"`{named}` {array.dtype}" for named, array in blocks)
        return None, None, [Fault(text=f"arrays of different types: {found}", role=role)], []
    whole = np.concatenate(parts)
    if whole.dtype.kind == "f":
        known = whole[~np.isnan(whole)]
        if (np.abs(known) < 2**53).all() and (known == np.round(known)).all():
            filled = np.where(np.isnan(whole), 0, whole).astype(np.int64)
            return pa.array(filled, mask=np.isnan(whole)), None, [], []
    return pa.array(whole.tolist() if whole.dtype.kind == "U" else whole, from_pandas=True), None, [], []


def _plain(array: np.ndarray) -> np.ndarray:
    """Numbers, texts and times in the types that Arrow has."""
    if array.dtype.kind == "S":
        return np.char.decode(array, "utf-8", "replace")
    if array.dtype.kind == "M":
        return array.astype("datetime64[us]")
    if array.dtype.kind == "f":
        return array.astype(np.float64)
    return array.astype(array.dtype.newbyteorder("="))


def pictures(blocks: Blocks, role: str, source: str) -> Cells:
    """Names of pictures, and the store that reads them, of arrays `(rows, height, width[, 1 or 3])`.

    uint8 and uint16 stay as they are. Other whole numbers are of 8 bits up to 255, else of 16; numbers with a
    decimal point from 0 to 1 are black to white, of 16 bits if they are grey and 8 do not hold them. Colours have 8.

    Example:
        >>> cells, store, faults, notes = pictures([("x", np.full((1, 16, 16), 0.2))], "image", "a.npz")
        >>> cells.to_pylist(), int(store.pictures[0, 0, 0]), notes
        (['image 1'], 51, ['pictures: numbers from 0 to 1 are read as black to white'])
    """
    from shared.images.store import ArrayStore  # reads contract itself

    faults = [fault for named, array, before in _rows(blocks) for fault in _no_picture(named, array, before)]
    shapes = {array.shape[1:] for _, array in blocks}
    if not faults and len(shapes) > 1:
        found = ", ".join(f"`{named}` {array.shape}" for named, array in blocks)
        faults = [Fault(text=f"pictures of different shapes: {found}", role=role)]
    if not faults:
        faults, scale, kind, notes = _scale([array for _, array in blocks])
    if faults:
        return None, None, faults, []
    whole = np.empty((sum(len(array) for _, array in blocks), *shapes.pop()), kind)
    for _, array, before in _rows(blocks):
        for at in range(0, len(array), 256):  # a copy in float64 of all would not fit in memory
            some = array[at : at + 256]
            exact = scale == 1 and some.dtype.kind in "uib"
            whole[before + at : before + at + len(some)] = (
                some if exact else np.round(some * np.float64(scale))
            )
    store = ArrayStore(whole, source)
    return pa.array(store.names(), pa.string()), store, [], notes


def _no_picture(named: str, array: np.ndarray, before: int) -> Iterator[Fault]:
    shape = array.shape
    if array.ndim not in (3, 4) or 0 in shape[1:]:
        text = f"has the shape {shape}, expected (rows, height, width) or (rows, height, width, 1 or 3)"
        yield _fault(named, text, "image")
    elif array.ndim == 4 and shape[3] not in (1, 3):
        way_out = "the channels stand first. Move them with numpy.moveaxis(array, 1, -1)"
        other = (
            f"{count(shape[3], 'channel')}, expected 1 or 3. Keep the channels that tell, such as [..., :3]"
        )
        yield _fault(named, f"has the shape {shape}: {way_out if shape[1] in (1, 3) else other}", "image")
    elif array.dtype.kind not in "buif":
        yield _fault(named, f"holds {array.dtype}, expected numbers", "image")
    elif array.dtype.kind == "f":
        rows = [row for row in range(len(array)) if not np.isfinite(array[row]).all()]
        if rows:
            yield _at(named, "has pixels that are not finite", np.array(rows) + 1 + before, "image")


def _scale(arrays: list[np.ndarray]) -> tuple[list[Fault], float, type, list[str]]:
    """By what pixels are multiplied, and the type that then holds them."""
    colours = arrays[0].ndim == 4 and arrays[0].shape[3] == 3
    kinds = {array.dtype for array in arrays}
    filled = [array for array in arrays if array.size]
    if not filled or kinds == {np.dtype(np.uint8)}:
        return [], 1, np.uint8, []
    low, high = min(array.min() for array in filled), max(array.max() for array in filled)
    deep = np.uint8 if colours else np.uint16
    if kinds == {np.dtype(bool)}:
        return [], WHITE, np.uint8, []
    if all(kind.kind in "ui" for kind in kinds):
        wide = high > WHITE or all(kind.itemsize == 2 and kind.kind == "u" for kind in kinds)
        ends, scale = (DEEP, WHITE / DEEP if colours else 1) if wide else (WHITE, 1)
    elif high <= 1:
        fits = all(_holds_eight_bits(array) for array in filled)
        ends, wide, scale = 1, not fits, WHITE if fits or colours else DEEP
    else:
        ends, wide, scale = WHITE, False, 1
        if not colours and not all((array == np.round(array)).all() for array in filled):
            wide, scale = True, DEEP / WHITE
    if low < 0 or high > ends:
        text = f"pixels from {low:g} to {high:g}, expected 0 to 1, 0 to {WHITE} or whole numbers to {DEEP}"
        return [Fault(text=f"{text}. Shift and scale them", role="image")], 1, np.uint8, []
    note = f"pictures: numbers from 0 to {ends} are read as black to white"
    return [], scale, deep if wide else np.uint8, [note]


def _holds_eight_bits(array: np.ndarray) -> bool:
    for at in range(0, len(array), 256):
        some = array[at : at + 256] * np.float64(WHITE)
        if np.abs(some - np.round(some)).max() > 1e-3:
            return False
    return True


def samples(blocks: Blocks, role: str, source: str) -> Cells:
    """The hash of each signal, and the samples, of arrays `(rows, steps)` or `(rows, steps, channels)`.

    Example:
        >>> cells, kept, _, _ = samples([("x", np.array([[1.0, 2.0], [1.0, np.nan]]))], "signal", "a.npz")
        >>> len(cells), [each.shape for each in kept]
        (2, [(2, 1), (1, 1)])
    """
    from shared.signals.samples import signal_hashes, signal_notes, unpadded  # reads contract itself

    faults, parts = [], []
    for named, array, before in _rows(blocks):
        if array.ndim not in (2, 3) or 0 in array.shape[1:]:
            expected = "expected (rows, steps) or (rows, steps, channels)"
            faults.append(_fault(named, f"has the shape {array.shape}, {expected}", role))
        elif array.dtype.kind not in "buif":
            faults.append(_fault(named, f"holds {array.dtype}, expected numbers", role))
        else:
            signals, bad = unpadded(array[..., None] if array.ndim == 2 else array)
            if bad.any():
                rows = np.flatnonzero(bad.any(axis=1))
                text = f"is not finite at step {int(bad[rows[0]].argmax()) + 1}"
                faults.append(_at(named, text, rows + 1 + before, role))
            parts.append(signals)
    widths = {array.shape[2] if array.ndim == 3 else 1 for _, array in blocks}
    if not faults and len(widths) > 1:
        found = ", ".join(f"`{named}` {array.shape}" for named, array in blocks)
        faults = [Fault(text=f"signals of different numbers of channels: {found}", role=role)]
    if faults:
        return None, None, faults, []
    even = all(isinstance(part, np.ndarray) for part in parts) and len({part.shape[1] for part in parts}) == 1
    whole = np.concatenate(parts) if even else [each for part in parts for each in part]
    return pa.array(signal_hashes(whole), pa.string()), whole, [], signal_notes(whole)


def _rows(blocks: Blocks) -> Iterator[tuple[str, np.ndarray, int]]:
    """Each array with its name and the number of rows before it."""
    before = 0
    for named, array in blocks:
        yield named, array, before
        before += len(array)


def _fault(named: str, text: str, role: str) -> Fault:
    return Fault(text=f"array `{named}` {text}", role=role)


def _at(named: str, text: str, rows: np.ndarray, role: str) -> Fault:
    """The fault of some rows: the first, and where the others are."""
    more = ", ".join(map(str, rows[1:4].tolist())) + (", ..." if len(rows) > 4 else "")
    also = f" (and {count(len(rows) - 1, 'more row')}: {more})" if len(rows) > 1 else ""
    return Fault(text=f"array `{named}` {text}{also}", role=role, row=int(rows[0]))
