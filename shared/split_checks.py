"""What a split refuses: settings that make no sense, and parts that nothing can be learnt or judged from."""

import numpy as np

from shared.errors import Fault, SplitError

LONGER = {
    True: "Give a longer table, or lower test_days, label_delay or gap under [settings]",
    False: "Give more rows, or other shares under [settings]",
}
"""The way out of a part without rows, for splits by time (True) and others."""
MORE = {
    True: "Give a longer table, or raise train_days, test_days or valid_share under [settings]",
    False: "Give more rows, or other shares under [settings]",
}
"""The way out of a part with one class."""


def check_sizes(sizes: dict, valid_share: float) -> None:
    """Refuses lengths that are no whole numbers of days or too small, and two kinds of validation at once."""
    needed = ("train_days", "test_days")
    faults = [
        Fault(text=f"`{name}` is {size}; expected a whole number of days, {int(name in needed)} or more")
        for name, size in sizes.items()
        if size is not None and (size != int(size) or size < (name in needed))
    ]
    if sizes["valid_days"] and valid_share:
        faults.append(Fault(text="give `valid_days` or `valid_share`, not both"))
    if faults:
        raise SplitError("the rows cannot be parted by time", faults)
    check_shares(valid_share=valid_share)


def check_shares(needed: str | None = None, **shares: float) -> None:
    """Refuses shares outside [0, 1), shares that leave no training rows, and a share of 0 that is needed."""
    faults = [
        Fault(text=f"`{name}` is {share}; expected a share of at least 0 and below 1")
        for name, share in shares.items()
        if not 0 <= share < 1 or (name == needed and share == 0)
    ]
    if sum(shares.values()) >= 1 and not faults:
        faults = [Fault(text=f"{' and '.join(shares)} together leave nothing to train on")]
    if faults:
        raise SplitError("the rows cannot be parted", faults)


def check_parts(parts: dict, label, *, method: str, spans=None, table=None, needed=("train", "test")) -> None:
    """Refuses parts without rows, or, where labels are given, with one class only.

    Args:
        parts: Row positions by the name of the part.
        spans: First day, and first day after, of the parts that have them; such a part is needed.
        table: First and last day of the table.
    """
    faults, spans = [], spans or {}
    for name, rows in parts.items():
        place = ""
        if name in spans:
            since, last = spans[name][0], spans[name][1] - np.timedelta64(1, "D")
            place = f" ({since} to {last})" if since <= last else f" (it would end on {last})"
        if not len(rows) and (name in needed or name in spans):
            span = f"; the table spans {table[0]} to {table[1]}" if table else ""
            faults.append(Fault(text=f"the {name} part{place} has no rows{span}. {LONGER[bool(table)]}"))
        elif len(rows) and label is not None:
            positive = np.asarray(label)[rows] > 0
            if positive.all() or not positive.any():
                kind = "negative" if positive.all() else "positive"
                what = f"the {name} part{place} has {len(rows):,} rows but no {kind} one"
                faults.append(Fault(text=f"{what}. {MORE[bool(table)]}"))
    if faults:
        raise SplitError(f"the rows cannot be parted by {method}", faults)


def check_both_classes(parts: dict, label: np.ndarray, *, solution: str) -> None:
    """Refuses parts to learn from that hold one class only, or no rows.

    Args:
        parts: Row positions by the name of the part.
        label: 0, 1 or NaN (not known) for each row.
        solution: Its name, for the message.
    Raises:
        SplitError: With every such part.
    Example:
        >>> label = np.array([0.0, 0.0, 1.0])
        >>> check_both_classes({"train": [0, 2]}, label, solution="finance.fraud")
        >>> try:
        ...     check_both_classes({"train": [0, 1]}, label, solution="finance.fraud")
        ... except SplitError as error:
        ...     print(error.faults[0].text.partition(";")[0])
        the train part has 2 rows and 0 positive ones
    """
    faults = []
    for part, rows in parts.items():
        positives = int(np.nansum(label[rows]))
        if positives == 0 or positives == len(rows):
            what = (
                f"the {part} part has {len(rows):,} rows and {positives:,} positive ones; it needs both kinds"
            )
            faults.append(Fault(text=f"{what}. Give more rows, or other days under [settings]"))
    if faults:
        raise SplitError(f"`{solution}` cannot learn from this split", faults)
