"""Which rows train and which judge, as settings that many solutions share."""

import datetime
from typing import Any, Literal

import numpy as np
from pydantic import Field, field_validator

from shared.config import Settings
from shared.drawing import drawn
from shared.errors import Fault, SplitError
from shared.split_checks import check_parts
from shared.splits import (
    Split,
    known_compromised,
    prequential_folds,
    split_by_group,
    split_by_time,
    stratified_folds,
)


class SplitSettings(Settings):
    """How a table is parted into training, validation and test rows.

    Example:
        >>> SplitSettings(split="stratified", folds=5).folds
        5
    """

    split: Literal["time", "group", "stratified"] = Field(
        "time", description="past and future; whole groups (cards, patients) apart; or k folds at random"
    )
    test_start: str | None = Field(None, description="first test day; left out: the table's last test_days")
    train_days: int | None = Field(
        None, ge=1, description="days before the delay to learn from; left out: all"
    )
    test_days: int | None = Field(None, ge=1, description="days that judge; left out: the last fifth")
    label_delay: int = Field(0, ge=0, le=365, description="days until a label is known")
    gap: int = Field(0, ge=0, description="further days left out before the test days")
    valid_share: float = Field(0.15, gt=0, lt=0.9, description="share of groups (or rows) that validate")
    test_share: float = Field(0.2, gt=0, lt=0.9, description="share of groups that judge, for group splits")
    folds: int = Field(1, ge=1, le=50, description="test periods in a row, or stratified folds (at least 2)")
    fold_days: int = Field(7, ge=1, description="days from one fold of time to the next")
    drop_known: bool = Field(
        False, description="leave test rows out whose group is known to be positive by then (blocked cards)"
    )

    @field_validator("test_start", mode="before")
    @classmethod
    def _start_is_a_date(cls, day: Any) -> Any:
        """A date of TOML, or a text such as 2025-01-31."""
        try:
            return day if day is None else datetime.date.fromisoformat(str(day)).isoformat()
        except ValueError:
            raise ValueError("a date such as 2025-01-31") from None


def make_splits(
    settings: SplitSettings,
    label: np.ndarray,
    *,
    time: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    seed: int = 0,
    given: int | None = None,
) -> list[Split]:
    """Row positions of train / valid / test, one `Split` a fold.

    Args:
        given: First of the rows that were given to judge (`--test`); the settings then part only those before.
        label: 0 or 1 for each row.
        time: For splits by time.
        groups: Kept whole in splits by group and stratified folds, and in the validation part of splits by time.
    Raises:
        SplitError: If a part is empty or lacks one of the classes.
    """
    if given is not None:
        return [_given(settings, label, groups, seed, given)]
    if settings.split == "group":
        return [
            split_by_group(
                groups if groups is not None else np.arange(len(label)),
                test_share=settings.test_share,
                valid_share=settings.valid_share,
                seed=seed,
                label=label,
            )
        ]
    if settings.split == "stratified":
        folds = max(settings.folds, 2)
        return stratified_folds(
            label, folds=folds, valid_share=settings.valid_share, seed=seed, groups=groups
        )
    if time is None:
        fault = Fault(
            text='`split = "time"` needs the role `time`; give it, or set split to group or stratified'
        )
        raise SplitError("the rows cannot be parted by time", [fault])
    days = {
        "train_days": settings.train_days,
        "test_days": settings.test_days,
        "label_delay": settings.label_delay,
        "gap": settings.gap,
        "valid_share": settings.valid_share,
        "groups": groups,
        "label": label,
        "seed": seed,
    }
    if settings.folds == 1:
        found = [split_by_time(time, test_start=settings.test_start, **days)]
    else:
        found = prequential_folds(
            time, folds=settings.folds, step_days=settings.fold_days, test_start=settings.test_start, **days
        )
    if settings.drop_known and groups is not None:
        found = [_without_known(split, settings, label, time, groups) for split in found]
    return found


def _given(settings: SplitSettings, label, groups, seed: int, given: int) -> Split:
    """The rows from `given` on judge; of those before, a share of the groups validates."""
    before = np.arange(len(label)) < given
    valid = drawn(before, settings.valid_share, groups, label, np.random.default_rng(seed))
    parts = {
        "train": np.flatnonzero(before & ~valid),
        "valid": np.flatnonzero(valid),
        "test": np.flatnonzero(~before),
    }
    check_parts(parts, label, method="given")
    return Split("given", **parts, detail={"valid_share": settings.valid_share, "seed": seed})


def _without_known(split: Split, settings: SplitSettings, label, time, groups) -> Split:
    known = known_compromised(
        time, label, groups, label_delay=settings.label_delay, since=split.detail["train_from"]
    )
    kept = split.test[~known[split.test]]
    dropped = {"dropped_known": len(split.test) - len(kept)}
    check_parts({"test": kept}, label, method="time with drop_known")
    return Split(split.method, split.train, split.valid, kept, {**split.detail, **dropped})
