"""The columns of a checked table that a model reads, as a profile counts them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from shared.contract import Role, Table
from shared.contract.roles import CATEGORICAL, GROUP, NUMERIC
from shared.monitoring.files import photo_columns, signal_columns
from shared.monitoring.profile import SCORES, Column

FILES = ("image", "signal")  # roles that name files, whose content is counted instead
PHOTO, SIGNAL = "photo/", "signal/"
DIGITS = 3  # of the edges of scores: what is nearer than that decides nothing


def input_columns(pipeline, table: Table, rows: np.ndarray) -> dict[str, Column]:
    """The columns in use of `rows`, and simple figures of their photos and signals.

    Times, labels and what only judges (groups, sites, given parts) are left out. Keys and private columns become
    keys, of which no value is kept.

    Args:
        pipeline: Of any task.
        table: Checked by it.
        rows: Positions.
    """
    found = {}
    for name, values in table.frame.items():
        kind = _kind(pipeline, str(name))
        if kind is not None:
            found[str(name)] = Column(kind, _cells(values, rows, kind))
    found |= {f"{PHOTO}{key}": column for key, column in photo_columns(table.photos, rows).items()}
    return found | {f"{SIGNAL}{key}": column for key, column in signal_columns(table.signals, rows).items()}


def _kind(pipeline, name: str) -> str | None:
    """How a column is counted; None: it is not."""
    role: Role | None = next((role for role in pipeline.roles if role.name == name), None)
    if role is None:
        kinds = {NUMERIC: "number", CATEGORICAL: "category", GROUP: None}
        return next((kind for start, kind in kinds.items() if name.startswith(start)), None)
    past = role.name == "quantity"  # what is forecast is also what it is forecast from
    if role.kind in ("time", "label") or role.name in FILES or not (role.predict or past):
        return None
    return "key" if role.private else role.kind


def _cells(values: pd.Series, rows: np.ndarray, kind: str) -> Any:
    every = len(rows) == len(values)
    cells = values.array if isinstance(values.dtype, pd.CategoricalDtype) else values.to_numpy()
    return cells if every else cells[rows]


def score_columns(answers: pd.DataFrame | None) -> dict[str, Column]:
    """The scores among the answers to some rows: the score, or of several classes the probability of each.

    Example:
        >>> list(score_columns(pd.DataFrame({"row": [1], "score": [0.2], "p_flu": [0.1]})))
        ['scores/score', 'scores/p_flu']
    """
    if answers is None:
        return {}
    names = [name for name in answers if name == "score" or name.startswith("p_")]
    return {f"{SCORES}{name}": Column("number", answers[name].to_numpy(np.float64), DIGITS) for name in names}


def values_of(columns: Mapping[str, Column]) -> dict[str, Any]:
    """The values alone, for `Profile.sketch`.

    Example:
        >>> values_of({"amount": Column("number", [1.0])})
        {'amount': [1.0]}
    """
    return {name: column.cells for name, column in columns.items()}


def shown_name(name: str, mapping) -> str:
    """How a column is called for people: by the customer's name of it.

    Example:
        >>> from shared.contract import Mapping
        >>> shown_name("amount", Mapping(columns={"amount": "TX_AMOUNT"})), shown_name("numeric/age", Mapping())
        ('TX_AMOUNT', 'age')
    """
    if name.startswith((NUMERIC, CATEGORICAL, SCORES)):
        return name.partition("/")[2]
    return mapping.column(name) if name in mapping.columns else name
