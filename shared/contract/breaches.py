"""What a role forbids in the cells of its column, once they are read."""

import numpy as np
import pandas as pd
import pyarrow as pa

from shared.contract.incomplete import empty_cells, must_be_filled
from shared.contract.mapping import Number
from shared.contract.parsing import bad_cells, count
from shared.contract.roles import Role
from shared.contract.units import out_of_range


def breaches(
    role: Role,
    values: np.ndarray | pd.Categorical,
    cells: pa.ChunkedArray,
    number: Number | None,
    predict: bool,
    dropped: bool,
) -> list[tuple[str, int | None]]:
    """Empty cells, numbers out of bounds, a single class: pairs of a text and the first row (from 1), or None.

    Args:
        role: That the column plays.
        values: As they were read.
        cells: As they stand in the file.
        number: What the mapping says of the column.
        predict: Whether the table is to be scored: answers may then lack.
        dropped: Whether rows with an empty required cell are left out.
    Example:
        >>> role = Role(name="amount", kind="number", low=0)
        >>> breaches(role, np.array([1.0, -2.0]), pa.chunked_array([["1", "-2"]]), None, False, False)
        [('`-2` is below 0', 2)]
    """
    found: list[tuple[str, int | None]] = []
    empty = np.flatnonzero(empty_cells(values))
    if len(empty) and must_be_filled(role, predict) and not dropped:
        rows = ", ".join(str(row + 1) for row in empty[1:4]) + (", ..." if len(empty) > 4 else "")
        more = f" (and {count(len(empty) - 1, 'more row')}: {rows})" if len(empty) > 1 else ""
        coded = number is not None and (number.missing or number.outside == "missing")
        what = "empty, or taken as not known by [numbers]" if coded else "empty"
        ways = "" if predict else ': incomplete = "drop" under [format] leaves out all such rows'
        found.append((f"the cell is {what}{more}. Fill it in or leave the row out{ways}", int(empty[0]) + 1))
    if role.kind == "number":
        found += out_of_range(values, cells, Number(unit=role.unit, low=role.low, high=role.high))
    if role.kind == "label" and role.high is not None:
        at = np.flatnonzero(np.greater(values, role.high))
        if len(at):
            wanted = f"expected a class from 0 to {role.high:g}. Change it under [labels]"
            which = "a class" if role.private else f"class {values[at[0]]:g}"
            found.append(bad_cells(at, cells, f"is {which}, {wanted}"))
    if role.kind == "label" and not predict:
        classes = np.unique(values[~np.isnan(values)])
        if len(classes) == 1:
            one = "of one class" if role.private else f"{classes[0]:g}"
            text = f"every row is {one}, expected at least two classes. Nothing can be learnt from one"
            found.append((text, None))
    return found
