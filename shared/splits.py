"""Which rows train, validate and test: by time with a label delay, by group, stratified, or in moving folds.

A split holds row positions, not tables: features are prepared on the whole table first, each row from its
past only, and then rows are picked.
"""

from dataclasses import dataclass, field

import numpy as np

from shared.drawing import classes_of, codes_of, date_of, days_of, drawn
from shared.errors import Fault, SplitError
from shared.split_checks import check_parts, check_shares, check_sizes

DAY = np.timedelta64(1, "D")


@dataclass(frozen=True, eq=False)
class Split:
    """Row positions of the three parts, each rising; no row is in two parts, and some may be in none.

    Args:
        method: `time`, `group` or `stratified`.
        train: Row positions, int64.
        valid: Row positions, int64; may be empty.
        test: Row positions, int64.
        detail: How the parts were made, as plain JSON: dates, days, delay, fold, seed.
    Example:
        >>> split = Split("time", np.array([0, 1]), np.array([2]), np.array([3]))
        >>> split.describe(np.array([0, 1, 1, 0]))["train"]
        {'rows': 2, 'positives': 1, 'from': None, 'to': None}
    """

    method: str
    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray
    detail: dict = field(default_factory=dict)

    @property
    def parts(self) -> dict[str, np.ndarray]:
        """Row positions by the name of the part."""
        return {"train": self.train, "valid": self.valid, "test": self.test}

    def describe(self, label, time=None) -> dict[str, dict]:
        """Rows, positives (label above 0), first and last day of each part, as plain JSON."""
        label, days = np.asarray(label), None if time is None else days_of(time)
        out = {}
        for name, rows in self.parts.items():
            dated = days is not None and len(rows)
            first, last = (days[rows].min(), days[rows].max()) if dated else (None, None)
            out[name] = {"rows": len(rows), "positives": int((label[rows] > 0).sum())}
            out[name] |= {"from": str(first) if dated else None, "to": str(last) if dated else None}
        return out


def split_by_time(
    time,
    *,
    test_start=None,
    train_days: int | None = None,
    valid_days: int = 0,
    test_days: int | None = None,
    label_delay: int = 0,
    gap: int = 0,
    valid_delay: int = 0,
    valid_share: float = 0.0,
    groups=None,
    label=None,
    seed: int = 0,
) -> Split:
    """Trains on the past and tests on the future, in calendar days: train | valid | delay + gap | test.

    On the first test day a label is known only `label_delay` days after its row, so training ends that much
    earlier; rows in the delay and the gap belong to no part. The rows need not be sorted.

    The validation part is one of: the last `valid_days` of the training span; whole groups (or rows, without
    `groups`) drawn at random within the span, a share `valid_share` of them; nothing.
    Args:
        time: Time of each row: datetimes, with or without a zone; days are those of the local clock.
        test_start: First test day. None: the table's last `test_days`.
        train_days: Length of the training span, validation days included. None: from the table's start.
        test_days: Length of the test part. None: to the table's end, or the last fifth of the table's days if
            `test_start` is None too.
        label_delay: Days until a label is known.
        gap: Further days left out before the test part.
        valid_delay: Days left out before the validation days.
        label: Labels; if given, each part must have a positive and a negative row, and a random validation
            part gets its share of groups with a positive row.
    Raises:
        SplitError: If a time is missing, a setting makes no sense, or a part has no rows or only one class.
    Example:
        >>> time = np.arange("2018-07-25", "2018-08-15", dtype="datetime64[h]")
        >>> split = split_by_time(time, test_start="2018-08-08", train_days=7, test_days=7, label_delay=7)
        >>> split.detail["train_from"], split.detail["train_to"], split.detail["test_to"]
        ('2018-07-25', '2018-07-31', '2018-08-14')
    """
    sizes = dict(train_days=train_days, valid_days=valid_days, test_days=test_days)
    sizes |= dict(label_delay=label_delay, gap=gap, valid_delay=valid_delay)
    check_sizes(sizes, valid_share)
    day = days_of(time)
    first, last = day.min(), day.max()
    start = _test_start(test_start, test_days, first, last)
    stop = last + DAY if test_days is None else start + test_days * DAY
    train_stop = start - (label_delay + gap) * DAY
    train_start = first if train_days is None else train_stop - train_days * DAY
    spans = {"train": (train_start, train_stop), "test": (start, stop)}
    if valid_days:
        valid_start = train_stop - valid_days * DAY
        spans |= {"train": (train_start, valid_start - valid_delay * DAY), "valid": (valid_start, train_stop)}
    elif valid_share:
        spans["valid"] = spans["train"]
    parts = {name: (day >= since) & (day < until) for name, (since, until) in spans.items()}
    if not valid_days:
        parts["valid"] = drawn(parts["train"], valid_share, groups, label, np.random.default_rng(seed))
        parts["train"] &= ~parts["valid"]
    detail = {}
    for name, (since, until) in spans.items():
        detail |= {f"{name}_from": str(max(since, first)), f"{name}_to": str(min(until - DAY, last))}
    detail |= {name: size for name, size in sizes.items() if size is not None}
    detail |= {"valid_share": valid_share, "seed": seed} if valid_share else {}
    split = Split("time", *(np.flatnonzero(parts[name]) for name in ("train", "valid", "test")), detail)
    check_parts(split.parts, label, method="time", spans=spans, table=(first, last))
    return split


def prequential_folds(time, *, folds: int, step_days: int, test_start=None, **settings) -> list[Split]:
    """Time splits one after the other, each `step_days` later than the one before (earlier if negative).

    Args:
        folds: Number of splits, 1 or more.
        step_days: Days from one test start to the next.
        test_start: First test day of the first fold. None: such that the latest fold ends with the table.
        settings: As in `split_by_time`; `test_days` is needed.
    Raises:
        SplitError: As `split_by_time`, naming the fold.
    Reference:
        Dawid, Present Position and Potential Developments: the Prequential Approach, 1984
    Example:
        >>> time = np.arange("2025-01-01", "2025-03-01", dtype="datetime64[D]")
        >>> folds = prequential_folds(time, folds=3, step_days=7, test_days=7, label_delay=7)
        >>> [fold.detail["test_from"] for fold in folds]
        ['2025-02-08', '2025-02-15', '2025-02-22']
    """
    faults = []
    if folds < 1 or step_days == 0:
        faults = [
            Fault(text=f"expected folds >= 1 and step_days other than 0, found {folds} and {step_days}")
        ]
    if not settings.get("test_days"):
        faults.append(Fault(text="moving folds need `test_days`, the length of each test part"))
    if faults:
        raise SplitError("the folds cannot be made", faults)
    day = days_of(time)
    start = _test_start(test_start, settings["test_days"], day.min(), day.max())
    if test_start is None and step_days > 0:
        start = start - (folds - 1) * step_days * DAY
    out = []
    for fold in range(folds):
        try:
            split = split_by_time(time, test_start=start + fold * step_days * DAY, **settings)
        except SplitError as error:
            raise SplitError(f"fold {fold + 1} of {folds}: {error.headline}", error.faults) from None
        out.append(
            Split(split.method, *split.parts.values(), {**split.detail, "fold": fold + 1, "folds": folds})
        )
    return out


def split_by_group(
    groups, *, test_share: float = 0.2, valid_share: float = 0.2, seed: int = 0, label=None
) -> Split:
    """Draws whole groups (cards, patients, machines) for each part, so that no group is on two sides.

    Args:
        groups: Group of each row; none may be missing.
        test_share: Share of the groups, not of the rows.
        valid_share: Share of the groups, of all.
        label: Labels; if given, groups with and without a positive row are drawn apart, so that each part
            gets its share of both.
    Raises:
        SplitError: If a group is missing or a part has no rows or only one class.
    Example:
        >>> split = split_by_group(np.repeat(np.arange(10), 3), test_share=0.3, valid_share=0.2)
        >>> [len(rows) for rows in split.parts.values()]
        [15, 6, 9]
    """
    check_shares(test_share=test_share, valid_share=valid_share, needed="test_share")
    needed = ("train", "valid", "test") if valid_share else ("train", "test")
    code, rng = codes_of(groups), np.random.default_rng(seed)
    everything = np.ones(len(code), bool)
    test = drawn(everything, test_share, groups, label, rng)
    valid = drawn(~test, valid_share / (1 - test_share), groups, label, rng)
    detail = dict(test_share=test_share, valid_share=valid_share, seed=seed, groups=int(code.max()) + 1)
    split = Split("group", *map(np.flatnonzero, (~test & ~valid, valid, test)), detail)
    check_parts(split.parts, label, method="group", needed=needed)
    return split


def stratified_folds(
    label, *, folds: int = 5, valid_share: float = 0.0, seed: int = 0, groups=None
) -> list[Split]:
    """Cross-validation in which each fold has its share of each class; each row is tested exactly once.

    Args:
        label: Class of each row; any values.
        folds: Number of folds, 2 or more.
        valid_share: Share of a fold's training rows (or groups) that validates, drawn class by class.
        groups: Group of each row, if rows of a group must stay together; a group has its largest class.
    Raises:
        SplitError: If a class has fewer rows (or groups) than there are folds, or a label is missing.
    Example:
        >>> folds = stratified_folds(np.array([0] * 15 + [1] * 5), folds=5)
        >>> [(len(fold.test), int((fold.test >= 15).sum())) for fold in folds]
        [(4, 1), (4, 1), (4, 1), (4, 1), (4, 1)]
    """
    check_shares(valid_share=valid_share)
    if folds < 2:
        raise SplitError("the folds cannot be made", [Fault(text=f"expected 2 folds or more, found {folds}")])
    stratum = codes_of(label, what="label")
    code = np.arange(len(stratum)) if groups is None else codes_of(groups)
    classes = classes_of(code, stratum)
    names, counts = np.unique(np.asarray(label))[np.unique(classes)], np.bincount(classes)
    names = [f"{name:g}" if isinstance(name, float) else name for name in names]
    unit = "rows" if groups is None else "groups"
    faults = [
        Fault(
            text=f"class {name} has {count} {unit if count > 1 else unit[:-1]}, fewer than the {folds} folds. "
            "Give more rows, or lower folds under [settings]"
        )
        for name, count in zip(names, counts[counts > 0])
        if count < folds
    ]
    if len(np.unique(stratum)) == 1:
        faults.append(Fault(text=f"all rows are of class {names[0]}; expected two classes or more"))
    if faults:
        raise SplitError("the folds cannot be made", faults)
    needed = ("train", "valid", "test") if valid_share else ("train", "test")
    rng = np.random.default_rng(seed)
    dealt = np.empty(len(classes), np.int64)  # fold of each group; classes are dealt one after the other
    order = np.lexsort((rng.random(len(classes)), classes))
    dealt[order] = np.arange(len(classes)) % folds
    out = []
    for fold in range(folds):
        test = dealt[code] == fold
        valid = drawn(~test, valid_share, groups, stratum, rng)
        detail = dict(fold=fold + 1, folds=folds, valid_share=valid_share, seed=seed)
        out.append(Split("stratified", *map(np.flatnonzero, (~test & ~valid, valid, test)), detail))
        check_parts(out[-1].parts, None, method="class", needed=needed)
    return out


def known_compromised(time, label, card, *, label_delay: int, since=None) -> np.ndarray:
    """Whether, on the day of each row, a fraud on its card was already known; such cards are blocked.

    A fraud of day d is known from day d + label_delay + 1 on. A benchmark leaves these rows out of its test
    part: `split.test[~known_compromised(...)[split.test]]`. Frauds within the delay are not known.

    Args:
        label_delay: Days until a label is known; 0: on the next day.
        since: First day whose frauds count (the training start). None: the table's start.
    Returns:
        Boolean, one a row of the table.
    Reference:
        Le Borgne et al., Reproducible Machine Learning for Credit Card Fraud Detection, 2022, chapter 3
    Example:
        >>> time = np.arange("2025-01-01", "2025-01-05", dtype="datetime64[D]")
        >>> known_compromised(time, [1, 0, 0, 0], ["a"] * 4, label_delay=1).tolist()
        [False, False, True, True]
    """
    day, code = days_of(time).astype(np.int64), codes_of(card)
    counts = np.asarray(label) > 0
    if since is not None:
        counts &= day >= date_of(since).astype(np.int64)
    first = np.full(int(code.max()) + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, code[counts], day[counts])
    return first[code] < day - label_delay


def _test_start(test_start, test_days, first, last) -> np.datetime64:
    if test_start is not None:
        start = date_of(test_start)
        if not first < start <= last:
            text = (
                f"`test_start` is {start}; the table spans {first} to {last}, expected a later day of these"
            )
            raise SplitError("the rows cannot be parted by time", [Fault(text=text)])
        return start
    days = int((last - first) / DAY) + 1
    return last + DAY - (max(1, round(days / 5)) if test_days is None else test_days) * DAY
