"""What the features of a row are made of: its cells, its clock, the past of its keys, and further columns.

A solution's `columns` are told from these; what is here must never differ between two customers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from shared.contract.prefixes import GROUP, NUMERIC
from shared.encoding import Features
from shared.history import DAY, FEW, History, key_codes, seconds
from shared.inputs import Arrays, Inputs, WindowInputs

if TYPE_CHECKING:  # what is read row by row, in a service, does without pandas
    import pandas as pd

    from shared.light.frame import Frame

Columns = dict[str, np.ndarray]
"""Numbers by name, one value per row; NaN where nothing is known."""


def numbers(frame: pd.DataFrame | Frame, name: str) -> np.ndarray:
    """A column of numbers, float64, `(rows,)`; all NaN where the table has no such column, as of labels to come.

    Example:
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"amount": [3, 4]})
        >>> numbers(frame, "amount").tolist(), numbers(frame, "label").tolist()
        ([3.0, 4.0], [nan, nan])
    """
    return np.asarray(frame[name], np.float64) if name in frame else np.full(len(frame), np.nan)


def remembered(frame: pd.DataFrame | Frame, name: str, values: np.ndarray) -> np.ndarray:
    """Values that each row was told by its past alone, `(rows,)` or `(rows, columns)`, and never change again.

    A service keeps them with the row. Whatever a past tells of a row, and the features of *other* rows read, must go
    through here, as terminals read how unusual each payment was for its card: the pasts behind it are gone by then.

    Args:
        name: Under which they are kept.
        values: As found from the rows that are there.
    Returns:
        In training, and of rows that come: the same; of rows that a service remembers: what was found when they came.
    Example:
        >>> remembered({}, "unusual", np.array([0.5])).tolist()
        [0.5]
    """
    memory = getattr(frame, "memory", None)
    return values if memory is None else memory.keep(name, values)


def clock(time: np.ndarray) -> Columns:
    """The hour on a circle, and whether it is night (0 to 6 o'clock) or a weekend.

    Args:
        time: Seconds since 1970 by the customer's own clock, `(rows,)`, as `shared.history.seconds` gives.
    Example:
        >>> found = clock(seconds(np.array(["2025-01-04T03:00"], "datetime64[us]")))    # a Saturday
        >>> {name: round(float(values[0]), 3) for name, values in found.items()}
        {'hour_sin': 0.707, 'hour_cos': 0.707, 'night': 1.0, 'weekend': 1.0}
    """
    hour = time % DAY / 3600
    weekday = (time // DAY + 3) % 7  # 1970-01-01 was a Thursday; Monday is 0
    return {
        "hour_sin": np.sin(2 * np.pi * hour / 24),
        "hour_cos": np.cos(2 * np.pi * hour / 24),
        "night": hour < 6,
        "weekend": weekday >= 5,
    }


def histories(frame: pd.DataFrame | Frame, time: np.ndarray, **keys: Sequence[str]) -> dict[str, History]:
    """The rows of a table by each of several keys and time, sorted side by side.

    Args:
        time: Seconds, `(rows,)`.
        keys: The columns that make up each key; a key of which the table lacks a column is left out.
    Example:
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"card": ["a", "b", "a"]})
        >>> past = histories(frame, np.array([0.0, 1.0, 2.0]), card=["card"], pair=["card", "terminal"])
        >>> list(past), past["card"].count().tolist()
        (['card'], [0.0, 0.0, 1.0])
    """
    found = {name: columns for name, columns in keys.items() if all(column in frame for column in columns)}

    def sort(columns: Sequence[str]) -> History:
        return History(_keys(frame, columns), time, asked=getattr(frame, "asked", None))

    return dict(zip(found, _side_by_side(sort, found.values(), len(frame))))


def _keys(frame: pd.DataFrame | Frame, columns: Sequence[str]) -> np.ndarray:
    """The key of each row; rows that stand in one frame by chance, as of several requests, share none."""
    apart = getattr(frame, "apart", None)
    together = [] if apart is None else [apart]
    codes = getattr(frame, "codes", {})
    return key_codes(*together, *(codes[name] if name in codes else frame[name] for name in columns))


def _side_by_side(work: Callable, parts: Iterable, rows: int) -> list:
    """The work on each part, on many rows by threads: sorting and summing leave Python's lock."""
    parts = list(parts)
    if rows <= FEW or len(parts) < 2:
        return [work(part) for part in parts]
    with ThreadPoolExecutor(len(parts)) as pool:
        return list(pool.map(work, parts))


def columns_of_past(past: Mapping[str, History], **tell: Callable[[History], Columns]) -> Columns:
    """What the past of each key tells, side by side, in the order of `tell`; a key that is not there tells nothing.

    Args:
        past: Of `histories`.
        tell: For each key, from its history to columns.
    Example:
        >>> past = {"card": History(np.array([0, 1, 0]), np.array([0.0, 1.0, 2.0]))}
        >>> found = columns_of_past(
        ...     past, card=lambda card: {"card_count": card.count()}, shop=lambda shop: {"shop_count": shop.count()}
        ... )
        >>> {name: values.tolist() for name, values in found.items()}
        {'card_count': [0.0, 0.0, 1.0]}
    """
    jobs = {name: of_key for name, of_key in tell.items() if name in past}
    rows = max((len(past[name]) for name in jobs), default=0)
    told = _side_by_side(lambda name: jobs[name](past[name]), jobs, rows)
    return {name: values for columns in told for name, values in columns.items()}


def gathered(columns: Columns, frame: pd.DataFrame | Frame, roles: Collection[str]) -> Features:
    """A solution's own columns and, after them, the further ones that the customer named.

    Args:
        frame: Of a checked table: a further column stands there as `numeric/limit` or `categorical/shop`.
        roles: Columns of `frame` that are no features by themselves.
    Example:
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"amount": [1.0], "numeric/limit": [5.0], "numeric/night": [3.0]})
        >>> found = gathered({"night": np.array([True])}, frame, ["amount"]).numbers
        >>> {name: values.tolist() for name, values in found.items()}
        {'night': [1.0], 'limit': [5.0], 'numeric/night': [3.0]}
    """
    found: dict[str, np.ndarray | pd.Series] = dict(columns)
    categories: dict[str, pd.Series] = {}
    for name in (name for name in frame if name not in roles):
        kind, _, plain = name.partition("/")
        if f"{kind}/" == GROUP:  # only for the report; a feature where it is named as one too
            continue
        # A customer's column may be called like one of the solution's, or like another of the customer's.
        free = plain not in found and plain not in categories
        (found if f"{kind}/" == NUMERIC else categories)[plain if free else name] = frame[name]
    return Features({name: np.asarray(values, np.float32) for name, values in found.items()}, categories)


def latest_rows(arrays: Arrays, frame: pd.DataFrame | Frame, key: str, *, window: int, alone: bool) -> Inputs:
    """Inputs with the latest rows of each row's key, the row itself the last, gathered at batch time as `history`.

    Args:
        arrays: Of `shared.encoding.encode`; a step of the window shows `number`.
        key: Column of the key; where the table has none, each row is of a key of its own.
        window: Steps, the row itself included.
        alone: Whether the window is all that the network reads.
    Example:
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"time": pd.to_datetime(["2025-01-01", "2025-01-02"]), "card": ["a", "a"]})
        >>> inputs = latest_rows({"number": np.ones((2, 3), "float32")}, frame, "card", window=2, alone=True)
        >>> inputs.take(np.array([0]))["history"].tolist()    # nothing before it; the last number marks true steps
        [[[0.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0]]]
    """
    codes = _keys(frame, [key]) if key in frame else np.full(len(frame), -1)
    past = History(codes, seconds(frame["time"]))
    return WindowInputs(
        {} if alone else arrays,
        remembered(frame, "steps", arrays["number"]),
        order=past.order,
        rank=past.rank(),
        before=past.before(),
        window=window,
        name="history",
    )
