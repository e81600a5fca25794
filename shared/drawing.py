"""Days, groups and random draws of rows, for splits."""

import numpy as np
import pandas as pd

from shared.errors import Fault, SplitError


def days_of(time) -> np.ndarray:
    """Calendar days of datetimes by their own clock, `datetime64[D]`.

    Raises:
        SplitError: If the values are no datetimes or one is missing.
    """
    time = pd.Series(time)
    if not pd.api.types.is_datetime64_any_dtype(time):
        fault = Fault(text=f"expected dates and times, found values of type `{time.dtype}`")
        raise SplitError("the rows cannot be parted by time", [fault])
    if time.dt.tz is not None:
        time = time.dt.tz_localize(None)
    missing = np.flatnonzero(time.isna())
    if len(missing) or not len(time):
        text = f"{len(missing)} rows have no time" if len(time) else "the table has no rows"
        row = int(missing[0]) + 1 if len(missing) else None
        raise SplitError("the rows cannot be parted by time", [Fault(text=text, row=row)])
    return time.to_numpy().astype("datetime64[D]")


def date_of(value) -> np.datetime64:
    """The day of a date or of a text such as 2025-01-31."""
    try:
        return np.datetime64(pd.Timestamp(value).date(), "D")
    except (ValueError, TypeError):
        fault = Fault(text=f"`{value}` is no date; expected one such as 2025-01-31")
        raise SplitError("the rows cannot be parted by time", [fault]) from None


def codes_of(groups, what: str = "group") -> np.ndarray:
    """Groups as numbers from 0 in sorted order.

    Raises:
        SplitError: If one is missing.
    """
    code, _ = pd.factorize(pd.Series(groups), sort=True)
    missing = np.flatnonzero(code < 0)
    if len(missing) or not len(code):
        text = f"{len(missing)} rows have no {what}" if len(code) else "the table has no rows"
        row = int(missing[0]) + 1 if len(missing) else None
        raise SplitError("the rows cannot be parted", [Fault(text=text, row=row)])
    return code


def classes_of(code: np.ndarray, label: np.ndarray) -> np.ndarray:
    """The largest class of each group."""
    classes = np.zeros(int(code.max()) + 1, np.int64)
    np.maximum.at(classes, code, label.astype(np.int64))
    return classes


def drawn(among: np.ndarray, share: float, groups, label, rng: np.random.Generator) -> np.ndarray:
    """A random share of the rows `among`, in whole groups and class by class, as a mask."""
    if not share or not among.any():
        return np.zeros(len(among), bool)
    rows = np.flatnonzero(among)
    code = np.arange(len(rows))
    if groups is not None:
        code = np.unique(codes_of(groups)[rows], return_inverse=True)[1]
    classes = classes_of(code, np.zeros(len(rows)) if label is None else np.asarray(label)[rows])
    order = np.lexsort((rng.random(len(classes)), classes))
    # Spread over the order, the chosen come from each class by its share, and are as many as asked for.
    count = round(share * len(order))
    chosen = np.zeros(len(order), bool)
    chosen[order[((np.arange(count) + rng.random()) * len(order) / max(1, count)).astype(int)]] = True
    if (
        label is not None
    ):  # of a class with few groups none may be drawn: then one is, if another stays behind
        for members in (np.flatnonzero(classes == each) for each in np.unique(classes)):
            if len(members) > 1 and not chosen[members].any():
                chosen[rng.choice(members)] = True
    mask = np.zeros(len(among), bool)
    mask[rows] = chosen[code]
    return mask
