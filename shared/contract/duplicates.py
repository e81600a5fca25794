"""Rows of a table that are equal in every column."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


def equal_rows(data: pa.Table, parts: Sequence[np.ndarray | pd.Categorical] = ()) -> np.ndarray:
    """Pairs of rows (from 0) that are equal in all columns: the later one, and the first it repeats.

    Args:
        data: The table.
        parts: Columns already read from it. Equal rows are equal in these; a hash of them rules out
            most rows cheaply, and only the rest is compared in full.
    Returns:
        `(pairs, 2)`, sorted by the later row.
    Example:
        >>> equal_rows(pa.table({"a": ["x", "y", "x"], "b": [1, 2, 1]})).tolist()
        [[2, 0]]
    """
    candidates = np.arange(data.num_rows)
    if len(parts):
        hashes = _hash(parts)
        in_order = np.sort(hashes)
        again = in_order[1:][in_order[1:] == in_order[:-1]]
        candidates = np.flatnonzero(np.isin(hashes, again)) if len(again) else again
    if len(candidates) < 2:
        return np.empty((0, 2), np.int64)
    rest = data if len(candidates) == data.num_rows else data.take(pa.array(candidates))
    group = np.zeros(len(candidates), np.int64)
    for column in rest.columns:
        codes = _codes(column)
        group, _ = pd.factorize(group * (codes.max() + 1) + codes)
    order = np.argsort(group, kind="stable")
    first = order[np.searchsorted(group[order], group)]
    later = np.flatnonzero(first != np.arange(len(first)))
    return np.stack([candidates[later], candidates[first[later]]], axis=1)


def _hash(parts: Sequence[np.ndarray | pd.Categorical]) -> np.ndarray:
    """64 bits per row (SplitMix64, Steele et al. 2014, https://doi.org/10.1145/2660193.2660195)."""
    mixed = np.zeros(len(parts[0]), np.uint64)
    for part in parts:
        bits = part.codes.astype(np.int64) if isinstance(part, pd.Categorical) else part
        if bits.dtype.kind == "f":
            bits = bits + 0.0  # -0.0 and 0.0 are one number
        mixed += bits.view(np.uint64) + MIX[0]
        mixed ^= mixed >> np.uint64(30)
        mixed *= MIX[1]
        mixed ^= mixed >> np.uint64(27)
        mixed *= MIX[2]
        mixed ^= mixed >> np.uint64(31)
    return mixed


def _codes(column: pa.ChunkedArray) -> np.ndarray:
    """A number for each distinct cell, from 0 for an empty one."""
    if pa.types.is_nested(column.type):
        column = pa.chunked_array(
            [[None if cell is None else repr(cell) for cell in column.to_pylist()]], pa.string()
        )
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    codes = column.combine_chunks().dictionary_encode()
    if isinstance(codes, pa.ChunkedArray):
        codes = codes.unify_dictionaries().combine_chunks()
    return codes.indices.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False) + 1
