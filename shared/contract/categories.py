"""Cells of a column to categories, keys and labels."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from shared.contract.cells import LOGICAL, WHOLE, whole
from shared.contract.formats import DROPPED, Format
from shared.contract.parsing import Reading, are_hidden, count, is_number, is_text, shown

MOST_SHOWN = 10  # values that are no labels; a column with more of them is another one, perhaps of names


def read_categories(cells: pa.ChunkedArray, format: Format) -> Reading:
    """Reads a column of categories or keys: a pandas Categorical of texts.

    A whole number is the same category however it is stored: 123, 123.0 and `123.0` are `123`, but
    `00123` stays as it is.

    Example:
        >>> read_categories(pa.chunked_array([["a ", None, "7.0", "007"]]), Format()).data.tolist()
        ['a', nan, '7', '007']
    """
    kind = cells.type
    if pa.types.is_null(kind):
        return Reading(pd.Categorical.from_codes(np.full(len(cells), -1), pd.Index([], dtype="str")))
    if not (is_text(kind) or is_number(kind) or _has_text(kind)):
        return Reading(faults=[(f"holds {kind}, expected texts or whole numbers", None)])
    if pa.types.is_floating(kind):
        cells = pc.if_else(pc.is_nan(cells), pa.scalar(None, kind), cells)
    coded = (
        cells.combine_chunks().dictionary_encode() if len(cells) else pa.array([], kind).dictionary_encode()
    )
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.unify_dictionaries().combine_chunks()
    names = canonical_texts(coded.dictionary)
    names = names.where(~names.isin(["", *format.missing]))
    merged, categories = pd.factorize(names, sort=True)
    codes = np.append(merged, -1)[coded.indices.fill_null(len(merged)).to_numpy(zero_copy_only=False)]
    return Reading(pd.Categorical.from_codes(codes, pd.Index(categories, dtype="str")))


def _has_text(kind: pa.DataType) -> bool:
    return pa.types.is_boolean(kind) or pa.types.is_decimal(kind) or pa.types.is_temporal(kind)


def canonical_texts(values: pa.Array) -> pd.Series:
    """The text of each value, one for all ways of storing it.

    Example:
        >>> canonical_texts(pa.array([1.0, 2.5])).tolist()
        ['1', '2.5']
        >>> canonical_texts(pa.array(["1.0", "TRUE", "007"])).tolist()
        ['1', 'true', '007']
    """
    if pa.types.is_floating(values.type):
        texts = pd.Series([repr(value) for value in values.to_pylist()], dtype="object")
    elif pa.types.is_temporal(values.type) or pa.types.is_decimal(values.type):
        texts = pd.Series([str(value) for value in values.to_pylist()], dtype="object")
    else:
        trim = pc.utf8_trim_whitespace(values.cast(pa.large_string()))
        texts = trim.to_pandas().astype("object")
    found = texts.str.contains(WHOLE, na=False).to_numpy(bool)
    if found.any():
        texts[found] = [whole(text) for text in texts[found]]
    logical = texts.isin(list(LOGICAL))
    texts[logical] = texts[logical].str.lower()
    return texts


def read_labels(cells: pa.ChunkedArray, format: Format, labels: dict[str, int]) -> Reading:
    """Reads a column of labels to float64: the class, NaN where it is empty.

    Args:
        labels: The class by its text; without any, 0, 1, true and false are understood.
    Example:
        >>> read_labels(pa.chunked_array([["是", "否", ""]]), Format(), {"是": 1, "否": 0}).data
        array([ 1.,  0., nan])
    """
    reading = read_categories(cells, format)
    if reading.faults:
        return reading
    known = {"0": 0, "1": 1, "false": 0, "true": 1}
    if labels:
        known = dict(zip(canonical_texts(pa.array(list(labels), pa.string())), labels.values()))
    found = reading.data.categories
    classes = np.array([known.get(text, np.nan) for text in found], np.float64)
    if np.isnan(classes).any():
        reading.faults.append(_unknown_labels(reading.data, classes, labels))
    reading.data = np.append(classes, np.nan)[reading.data.codes]
    return reading


def _unknown_labels(values: pd.Categorical, classes: np.ndarray, labels: dict[str, int]) -> tuple[str, int]:
    strange = np.flatnonzero(np.isnan(classes))
    wanted = ", ".join(shown(key) for key in labels) + " as in [labels]" if labels else "0 and 1"
    more = "Add it there" if labels else "Map them under [labels]"
    more += f", or list what means not known in missing under [format]{DROPPED}"
    if are_hidden() or len(strange) > MOST_SHOWN:
        row = int(np.argmax(np.isin(values.codes, strange))) + 1
        return f"{count(len(strange), 'value')} not expected; expected {wanted}. {more}", row
    at = {int(code): int(np.argmax(values.codes == code)) for code in strange[:5]}
    plain = [f"{text}" for text, known in zip(values.categories, classes) if not np.isnan(known)]
    names = {shown(values.categories[code]): row + 1 for code, row in at.items()}
    odd = [f"{name} (row {row})" if plain else name for name, row in names.items()]
    if len(strange) > len(odd):
        odd.append(f"{len(strange) - len(odd)} more values")
    found = [*plain[:5], *odd]
    text = " and ".join([", ".join(found[:-1]), found[-1]] if len(found) > 1 else found)
    return f"found {text}; expected {wanted}. {more}", min(at.values()) + 1
