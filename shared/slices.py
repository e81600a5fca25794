"""Parts of a table that are judged apart: bands of a number, hours of the day."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from shared.contract.prefixes import GROUP

if TYPE_CHECKING:  # a solution's `data.py` is imported where there is no pandas too
    import pandas as pd

MOST_PARTS = 12


def in_bands(values, edges: Sequence[float]) -> pd.Categorical:
    """The band that each value is in; a value on an edge is in the band above it, a missing one in none.

    Args:
        values: Numbers from 0 on, `(rows,)`.
        edges: Rising, above 0.
    Example:
        >>> in_bands([9.5, 10, 700], [10, 50, 500]).tolist()
        ['0-10', '10-50', '500+']
    """
    import pandas as pd

    values = np.asarray(values, np.float64)
    names = [f"{low:g}-{high:g}" for low, high in zip([0, *edges], edges)]
    codes = np.where(np.isnan(values), -1, np.digitize(values, edges))
    return pd.Categorical.from_codes(codes, [*names, f"{edges[-1]:g}+"])


def by_hour(time: pd.Series) -> pd.Categorical:
    """The quarter of the day that each moment is in; a missing one is in none.

    Example:
        >>> import pandas as pd
        >>> by_hour(pd.Series(pd.to_datetime(["2025-01-01 05:59", "2025-01-01 18:00"]))).tolist()
        ['00-06', '18-24']
    """
    import pandas as pd

    quarter = (time.dt.hour // 6).fillna(-1).to_numpy(np.int64)
    return pd.Categorical.from_codes(quarter, ["00-06", "06-12", "12-18", "18-24"])


def one_of_two(second: np.ndarray, *names: str) -> pd.Categorical:
    """The part that each row is in: the first name, or the second where `second` is true.

    Example:
        >>> one_of_two(np.array([False, True]), "known card", "first payment").tolist()
        ['known card', 'first payment']
    """
    import pandas as pd

    return pd.Categorical.from_codes(np.asarray(second).astype(int), names)


def customer_groups(frame: pd.DataFrame) -> dict[str, pd.Categorical]:
    """The parts of the columns that the customer named under `[features] groups`, by the column's name.

    Numbers are parted at their quartiles; of a column of many texts the most frequent stand alone.

    Args:
        frame: Rows of a checked table, where such a column stands as `group/region`.
    Example:
        >>> import pandas as pd
        >>> customer_groups(pd.DataFrame({"group/region": pd.Categorical(["N", "S"])}))["region"].tolist()
        ['N', 'S']
    """
    import pandas as pd

    found = {}
    for name in frame:
        if not name.startswith(GROUP):
            continue
        values = frame[name]
        if values.dtype.kind == "f":
            inner = np.unique(np.nanquantile(values, [0.25, 0.5, 0.75])) if values.notna().any() else []
            edges = [-np.inf, *inner, np.inf]
            names = [f"{low:g} to {high:g}" for low, high in pairwise(edges)]
            codes = np.where(values.isna(), -1, np.digitize(values, edges[1:-1]))
            parts = pd.Categorical.from_codes(codes, names)
        else:
            texts = values.astype(object)
            kept = texts.value_counts().index[:MOST_PARTS]
            parts = pd.Categorical(texts.where(texts.isin(kept) | texts.isna(), "..."))
        found[name.removeprefix(GROUP)] = parts
    return found
