"""Which patients train and which judge: all rows of one patient stay on one side, whatever the split."""

from collections import Counter

import numpy as np

from shared.contract import Table
from shared.contract.parsing import count
from shared.drawing import drawn
from shared.errors import Fault, SplitError
from shared.images.parts import split_faults
from shared.patients.reading import cells_of, parts_of
from shared.split_settings import SplitSettings, make_splits
from shared.splits import Split, stratified_folds

NOBODY = np.array([], np.int64)
MOST_WORDS = 5  # that are no part; a column with more of them may hold numbers of patients, and none is shown


def strata(code: np.ndarray, fewest: int, groups: np.ndarray | None = None) -> np.ndarray:
    """The classes that folds keep in proportion: those with fewer rows (or patients) than folds are one with the first.

    A patient counts for the highest class of all their rows, as where folds are dealt.

    Example:
        >>> strata(np.array([0, 0, 0, 1, 1, 1, 2]), 3).tolist()
        [0, 0, 0, 1, 1, 1, 0]
    """
    out = code.copy()
    patient = np.arange(len(code)) if groups is None else np.unique(groups, return_inverse=True)[1]
    for place in np.unique(code)[::-1]:  # downwards: who is no more of one class may be of a lower one
        highest = np.zeros(len(code), np.int64)
        np.maximum.at(highest, patient, out)
        if (highest[np.unique(patient)] == place).sum() < fewest:
            out[out == place] = 0
    return out


def inner_folds(
    rows: np.ndarray, code: np.ndarray, *, folds: int, seed: int, groups: np.ndarray | None = None
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Training rows parted once more: in each fold some rows are held out, and each row is in one fold.

    Args:
        rows: Row positions to part.
        code: Class of each row of the table.
        folds: Two or more.
        groups: Patient of each row of the table.
    Returns:
        Row positions to fit on and to hold out, one pair a fold.
    Example:
        >>> parts = inner_folds(np.arange(10), np.tile([0, 1], 5), folds=5, seed=0)
        >>> [held.tolist() for _, held in parts][0], sorted(np.concatenate([held for _, held in parts]).tolist())[:3]
        ([2, 3], [0, 1, 2])
    """
    mine = None if groups is None else groups[rows]
    target = strata(code[rows], folds, mine)
    try:
        found = stratified_folds(target, folds=folds, seed=seed, groups=mine)
    except SplitError:
        unit = "rows" if groups is None else "patients"
        text = f"each of two classes needs {folds} {unit} or more to be parted into inner folds. Give more rows, or "
        faults = [Fault(text=f"{text}lower inner_folds under [settings]")]
        raise SplitError("the training rows cannot be parted", faults) from None
    return [(rows[fold.train], rows[fold.test]) for fold in found]


def splits_of(
    table: Table,
    config: SplitSettings,
    code: np.ndarray,
    groups: np.ndarray | None,
    *,
    repeats: int,
    inner: bool,
) -> list[Split]:
    """Train, valid and test rows of a table: the parts that it gives, else as the settings say.

    Args:
        config: Its settings of a split and its `seed`.
        code, groups, repeats, inner: As in `given_parts` and `patient_splits`.
    Raises:
        SplitError: If the rows cannot be parted so.
    """
    parts = parts_of(table)
    if any(part is not None for part in parts):
        shares = {"valid_share": config.valid_share, "test_share": config.test_share}
        return [given_parts(parts, code, groups, **shares, inner=inner, seed=config.seed)]
    time = table.frame["time"].to_numpy() if "time" in table.frame else None
    known = {"groups": groups, "time": time, "site": cells_of(table, "site")}
    return patient_splits(config, code, repeats=repeats, inner=inner, **known)


def given_parts(
    parts: np.ndarray,
    code: np.ndarray,
    groups: np.ndarray | None,
    *,
    valid_share: float,
    test_share: float = 0.2,
    inner: bool,
    seed: int,
) -> Split:
    """The parts as they are given; where no row validates, a share of the training patients does, or inner folds.

    Args:
        parts: `train`, `valid`, `test` or None of each row; None trains.
        code: Class of each row; -1 is in no part.
        groups: Patient of each row; None: unknown.
        inner: Whether rows that train are parted once more later, so that none need validate.
    Raises:
        SplitError: If a part has no rows, or fewer than two classes.
    """
    known, rng = code >= 0, np.random.default_rng(seed)
    test, valid = known & (parts == "test"), known & (parts == "valid")
    train = known & ~test & ~valid
    if not test.any():
        test = drawn(train, test_share, groups, code, rng)
        train &= ~test
    if not valid.any() and not inner:
        valid = drawn(train, valid_share, groups, code, rng)
        train &= ~valid
    found = {"train": train, "valid": valid, "test": test}
    _refuse_one_kind("as it is given", found, code)
    return Split("given", *(np.flatnonzero(rows) for rows in found.values()), {"by": "split", "seed": seed})


def _refuse_one_kind(how: str, parts: dict[str, np.ndarray], code: np.ndarray) -> None:
    """Refuses a part whose rows are all of the first class, or all of the others; only validation may lack."""
    faults = []
    for name, rows in parts.items():
        ill = code[rows] > 0
        if len(np.unique(ill)) == 2 or (name == "valid" and not len(ill)):
            continue
        kind = "the first class alone" if not ill.any() else "other classes than the first"
        held = f"{count(len(ill), 'row')} of {kind}" if len(ill) else "no row with a label"
        text = f"the {name} part has {held}; it needs both kinds. Give more rows, or part them in another way"
        faults.append(Fault(text=text))
    if faults:
        raise SplitError(f"the rows cannot be parted {how}", faults)


def both_sides(parts: np.ndarray, patients: list[str | None], rows: np.ndarray, column: str) -> list[Fault]:
    """A fault where one patient stands in two parts that are given; rows are named, patients are not."""
    seen: dict[str, tuple[str, int]] = {}
    clashes: list[tuple[int, int, str, str]] = []
    for part, patient, row in zip(parts, patients, rows):
        if patient is None:
            continue
        part = part or "train"
        first = seen.setdefault(patient, (part, int(row)))
        if first[0] != part:
            clashes.append((first[1], int(row), first[0], part))
    if not clashes:
        return []
    first, row, one, other = clashes[0]
    more = f" (and {len(clashes) - 1:,} more rows)" if len(clashes) > 1 else ""
    text = (
        f"the patient of row {first} ({one}) is in the {other} part too{more}: the model would be judged on people "
        "that it has seen. Put all rows of a patient into one part"
    )
    return [Fault(column=column, role="patient", row=row, text=text)]


def patient_splits(
    config: SplitSettings,
    code: np.ndarray,
    *,
    repeats: int,
    inner: bool,
    groups: np.ndarray | None,
    time: np.ndarray | None,
    site: list[str | None],
) -> list[Split]:
    """Train, valid and test rows as the settings say; with inner folds no row validates.

    Args:
        code: Class of each row; -1: not known, in no part.
        repeats: Rounds of the folds, each drawn anew.
        groups: Patient of each row, whole numbers; None: rows are taken for patients.
        time: Of each row, for a split by time.
        site: Of each row, for leaving one site out at a time.
    Raises:
        SplitError: If the rows cannot be parted so.
    """
    known = np.flatnonzero(code >= 0)
    code, patients = code[known], None if groups is None else groups[known]
    valid_share = 0.0 if inner else config.valid_share
    if config.split == "site":
        found = _by_site([site[row] for row in known], code, patients, config, valid_share)
    elif config.split == "time":
        found = _by_time(config, code, patients, None if time is None else time[known], inner)
    else:
        # One fold of five is what "a fifth judges" means.
        folds = max(2, round(1 / config.test_share)) if config.folds == 1 else config.folds
        target = strata(code, folds, patients)
        _refuse_few(code, target, folds, patients, "raise test_share" if config.folds == 1 else "lower folds")
        found = [
            split
            for turn in range(repeats)
            for split in stratified_folds(
                target, folds=folds, valid_share=valid_share, seed=config.seed + turn, groups=patients
            )[: config.folds]
        ]
    return [
        Split(split.method, *(known[rows] for rows in split.parts.values()), split.detail) for split in found
    ]


def _refuse_few(code, target, folds: int, patients: np.ndarray | None, way_out: str) -> None:
    """Two classes must have a patient in each fold; rarer ones lie wherever they fall."""
    if len(np.unique(target)) > 1:
        return
    each = np.arange(len(code)) if patients is None else patients
    noun = "row" if patients is None else "patient"
    held = [
        f"class {place} has {count(len(np.unique(each[code == place])), noun)}" for place in np.unique(code)
    ]
    text = f"each of two classes needs {folds} {noun}s of its own or more; {', '.join(held) or 'no row has a label'}"
    fault = Fault(text=f"{text}. Give more, or {way_out} under [settings]")
    raise SplitError("the rows cannot be parted", [fault])


def _by_site(site, code, groups, config, valid_share: float) -> list[Split]:
    counts = Counter(name for name in site if name is not None)
    if len(counts) < 2:
        text = '`split = "site"` needs the role `site` with two sites or more; give it, or set split to stratified'
        raise SplitError("the rows cannot be parted by site", [Fault(text=text)])
    site, rng, found = np.array(site, object), np.random.default_rng(config.seed), []
    for name in sorted(counts):
        test = site == name
        train = ~test & np.array([each is not None for each in site])
        if groups is not None:
            train &= ~np.isin(groups, groups[test])
        for rows, whose in ((test, f"`{name}` has"), (train, "the other sites have")):
            if len(np.unique(code[rows] > 0)) < 2:
                text = f"where `{name}` judges, {whose} {int(rows.sum()):,} rows of one class, or of none but the ill"
                text += ". Join small sites under one name"
                raise SplitError("the rows cannot be parted by site", [Fault(text=text)])
        valid = drawn(train, valid_share, groups, code, rng) if valid_share else np.zeros_like(train)
        _refuse_one_kind(f"by site, with `{name}` judging", {"train": train & ~valid, "valid": valid}, code)
        parts = (np.flatnonzero(rows) for rows in (train & ~valid, valid, test))
        found.append(Split("site", *parts, {"site": name, "folds": len(counts), "fold": len(found) + 1}))
    return found


def _by_time(config, code, groups, time, inner: bool) -> list[Split]:
    missing = 0 if time is None else int(np.isnat(time).sum())
    if time is None or missing:
        lacks = f"; without one: {count(missing, 'row')}" if missing else ""
        text = (
            f'`split = "time"` needs a time in each row{lacks}. Give it, or set split to stratified or site'
        )
        raise SplitError("the rows cannot be parted by time", [Fault(role="time", text=text)])
    label = (code > 0).astype(np.float64)
    found = []
    for split in make_splits(config, label, time=time, groups=groups, seed=config.seed):
        train, valid = split.train, split.valid
        if groups is not None:  # whoever judges does not teach
            train, valid = (rows[~np.isin(groups[rows], groups[split.test])] for rows in (train, valid))
        if inner:
            train, valid = np.sort(np.concatenate([train, valid])), NOBODY
        parts = {"train": train, "valid": valid, "test": split.test}
        _refuse_one_kind("by time, with the patients who judge left out of the rest", parts, code)
        found.append(Split("time", train, valid, split.test, split.detail))
    return found


def parts_faults(parts: np.ndarray, rows: np.ndarray, column: str) -> list[Fault]:
    """One fault for each word in the column `split` that is no part, at its first row; of many, one that shows none."""
    faults = split_faults(list(parts), rows.tolist(), column)
    if len(faults) <= MOST_WORDS:
        return faults
    text = (
        f"holds {len(faults):,} texts that are no part, expected train, valid or test. Is it another column?"
    )
    return [Fault(column=column, role="split", row=faults[0].row, text=text)]
