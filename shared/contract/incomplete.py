"""Rows in which a required cell is empty: a fault, or left out where the format says so."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from shared.contract.parsing import count
from shared.contract.roles import Role, Slot

Part = np.ndarray | pd.Categorical


def empty_cells(values: Part) -> np.ndarray:
    """Which cells of a column that was read are empty.

    Example:
        >>> empty_cells(np.array([1.0, np.nan])), empty_cells(pd.Categorical(["a", None]))
        (array([False,  True]), array([False,  True]))
    """
    return values.codes < 0 if isinstance(values, pd.Categorical) else pd.isna(values)


def must_be_filled(role: Role, predict: bool) -> bool:
    """Whether an empty cell of a role is a fault; in a table to be scored the answer may lack."""
    return not role.missing and (role.predict or not predict)


def incomplete_rows(parts: Mapping[str, Part], slots: Iterable[Slot]) -> tuple[np.ndarray, list[str]]:
    """Positions of the rows that lack a required cell, and what to say of them.

    Args:
        parts: The columns that were read, by the target of their slot.
        slots: Which column plays which role.
    """
    masks = {
        slot.column: empty_cells(parts[slot.target])
        for slot in slots
        if slot.role is not None and slot.target in parts and must_be_filled(slot.role, predict=False)
    }
    masks = {column: mask for column, mask in masks.items() if mask.any()}
    if not masks:
        return np.empty(0, np.int64), []
    rows = np.flatnonzero(np.any(list(masks.values()), axis=0))
    where = ", ".join(f"`{column}` {int(mask.sum()):,}" for column, mask in masks.items())
    verb = "is" if len(rows) == 1 else "are"
    return rows, [f"{count(len(rows), 'row')} with an empty required cell {verb} left out: {where}"]
