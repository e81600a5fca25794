"""Promises on the parts of patients: nobody stands on two sides, whoever made the parts."""

from typing import Any

import numpy as np
import pandas as pd

from shared.contract import Table, raw_table
from shared.errors import SplitError
from shared.patients.parts import inner_folds
from shared.splits import Split
from shared.testing.patient_trial import PatientTrial, refusal


def check_patients_are_apart(trial: PatientTrial) -> None:
    """No row is in two parts and no patient on two sides, however the rows are parted, inner folds too."""
    code, groups = trial.pipeline.codes(trial.table), trial.pipeline.groups(trial.table)
    who = np.arange(len(code)) if groups is None else groups
    for settings in _ways(trial.table):
        try:
            splits = trial.twin(**settings).splits(trial.table)
        except SplitError:
            if settings["split"] == "stratified":
                raise
            continue  # sites with one class, too few days
        for split in splits:
            rows = np.concatenate(list(split.parts.values()))
            assert len(np.unique(rows)) == len(rows), f"a row is in two parts, parted by {settings}"
            assert (code[rows] >= 0).all(), f"a row without a diagnosis is in a part, parted by {settings}"
            assert len(split.train) and len(split.test), f"a part has no rows, parted by {settings}"
            learnt = who[np.concatenate([split.train, split.valid])]
            assert not np.isin(learnt, who[split.test]).any(), f"a patient is on two sides, by {settings}"
            assert not np.isin(who[split.train], who[split.valid]).any(), (
                f"a patient also validates, {settings}"
            )
        _inner_folds_are_apart(splits[-1], code, groups, trial.pipeline.config.seed)


def check_every_row_judges_once(trial: PatientTrial) -> None:
    """In each round of the folds each row with a diagnosis judges once; rounds differ."""
    splits = trial.twin(split="stratified", folds=3, repeats=2).splits(trial.table)
    if splits[0].method == "given":
        return
    known = np.flatnonzero(trial.pipeline.codes(trial.table) >= 0)
    rounds = [splits[:3], splits[3:]]
    for each in rounds:
        judged = np.sort(np.concatenate([split.test for split in each]))
        assert np.array_equal(judged, known), "a row judges twice in a round of the folds, or not at all"
    same = [np.array_equal(*pair) for pair in zip(*([split.test for split in each] for each in rounds))]
    assert not all(same), "a second round of the folds parts the rows as the first did"


def check_given_parts_are_kept(trial: PatientTrial) -> None:
    """Parts that are given hold, and a patient in two of them is refused by row, not by name."""
    part = np.full(len(trial.table), "train", object)
    other = trial.twin(split="stratified", folds=1, seed=trial.pipeline.config.seed + 1)
    part[other.splits(trial.table)[-1].test] = "test"  # not those that would judge anyway
    known = trial.pipeline.codes(trial.table) >= 0
    frame = trial.frame.assign(**{trial.column("split"): _at_file(trial, part)})
    (split,) = trial.twin().splits(trial.twin().check(raw_table(frame)))
    assert np.array_equal(split.test, np.flatnonzero(known & (part == "test"))), (
        "given test rows do not judge"
    )
    groups = trial.pipeline.groups(trial.table)
    if groups is None:
        return
    again = np.flatnonzero(pd.Series(groups).duplicated())
    if len(again):
        first = int(np.flatnonzero(groups == groups[again[0]])[0])
        part[:], part[first] = "train", "test"
        error = refusal(trial, frame.assign(**{trial.column("split"): _at_file(trial, part)}), predict=False)
        assert f"row {trial.table.rows[first]}" in error, f"a patient in two parts, row not named: {error}"


def _ways(table: Table) -> list[dict[str, Any]]:
    """Settings that part the rows in every way that the table allows."""
    ways: list[dict[str, Any]] = [
        {"split": "stratified", "folds": 3, "repeats": 2, "inner_folds": 2},
        {"split": "stratified", "folds": 1, "inner_folds": 1},
    ]
    known = {
        "time": "time" in table.frame and table.frame["time"].notna().all(),
        "site": "site" in table.frame,
    }
    return ways + [{"split": way, "inner_folds": inner} for way in known if known[way] for inner in (1, 2)]


def _inner_folds_are_apart(split: Split, code, groups, seed: int) -> None:
    parts = inner_folds(split.train, code, folds=2, seed=seed, groups=groups)
    held = np.sort(np.concatenate([rows for _, rows in parts]))
    assert np.array_equal(held, np.sort(split.train)), "inner folds do not hold out each training row once"
    for rows, held in parts:
        assert not np.isin(rows, held).any(), "a row is on both sides of an inner fold"
        if groups is not None:
            assert not np.isin(groups[rows], groups[held]).any(), (
                "a patient is on both sides of an inner fold"
            )


def _at_file(trial: PatientTrial, part: np.ndarray) -> np.ndarray:
    """What the rows of the file hold, where the table has fewer: the others train."""
    found = np.full(len(trial.frame), "train", object)
    found[trial.table.rows - 1] = part
    return found
