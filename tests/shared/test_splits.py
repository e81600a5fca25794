"""Splits: parts never overlap, labels are known in time, groups stay whole, faults say what to do."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import SplitError
from shared.splits import (
    Split,
    known_compromised,
    prequential_folds,
    split_by_group,
    split_by_time,
    stratified_folds,
)


def hours(days: int, start: str = "2025-01-01") -> pd.Series:
    """One row each hour."""
    return pd.Series(pd.date_range(start, periods=24 * days, freq="h"))


def days_in(time, rows) -> list[str]:
    days = pd.Series(time).iloc[rows].dt.strftime("%Y-%m-%d")
    return [days.min(), days.max()]


def assert_parted(split: Split, rows: int) -> None:
    everything = np.concatenate(list(split.parts.values()))
    assert len(np.unique(everything)) == len(everything)
    assert everything.min() >= 0 and everything.max() < rows
    for part in split.parts.values():
        assert part.dtype == np.int64 and (np.diff(part) > 0).all()
    json.dumps(split.detail)


def test_the_handbook_split_is_its_three_weeks():
    time = hours(183, "2018-04-01")
    split = split_by_time(time, test_start="2018-08-08", train_days=7, test_days=7, label_delay=7)
    assert days_in(time, split.train) == ["2018-07-25", "2018-07-31"]
    assert days_in(time, split.test) == ["2018-08-08", "2018-08-14"]
    assert len(split.train) == len(split.test) == 7 * 24 and not len(split.valid)


def test_validation_days_are_the_last_of_the_training_span():
    time = hours(40)
    split = split_by_time(time, train_days=20, valid_days=5, valid_delay=2, test_days=7, label_delay=3, gap=1)
    assert days_in(time, split.test) == ["2025-02-03", "2025-02-09"]
    assert days_in(time, split.valid) == ["2025-01-25", "2025-01-29"]
    assert days_in(time, split.train) == ["2025-01-10", "2025-01-22"]
    assert split.detail["train_to"] == "2025-01-22" and split.detail["valid_from"] == "2025-01-25"


def test_without_lengths_the_last_fifth_of_the_days_is_the_test():
    split = split_by_time(hours(50))
    assert len(split.test) == 10 * 24 and len(split.train) == 40 * 24


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10**6),
    st.integers(0, 8),
    st.integers(0, 3),
    st.sampled_from([None, 5, 12]),
    st.sampled_from([{}, {"valid_days": 3}, {"valid_share": 0.3}, {"valid_share": 0.3, "grouped": True}]),
)
def test_time_parts_are_disjoint_and_labels_known_in_time(seed, delay, gap, train_days, valid):
    rng = np.random.default_rng(seed)
    time = pd.Series(pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.uniform(0, 60, 800), unit="D"))
    groups = rng.integers(0, 40, 800)
    chosen = {name: value for name, value in valid.items() if name != "grouped"}
    chosen |= {"groups": groups} if "grouped" in valid else {}
    split = split_by_time(
        time, test_days=7, label_delay=delay, gap=gap, train_days=train_days, seed=seed, **chosen
    )
    assert_parted(split, 800)
    day = time.dt.floor("D")
    learnt = np.concatenate([split.train, split.valid])
    assert (day.iloc[split.test].min() - day.iloc[learnt].max()).days > delay + gap
    assert (len(split.valid) > 0) == bool(valid)
    if "grouped" in valid:
        assert not set(groups[split.train]) & set(groups[split.valid])
    if "valid_days" in valid:
        assert day.iloc[split.train].max() < day.iloc[split.valid].min()


def test_the_order_of_rows_does_not_matter():
    time = hours(30)
    mixed = np.random.default_rng(0).permutation(len(time))
    one = split_by_time(time, test_days=7, label_delay=3)
    two = split_by_time(time.iloc[mixed], test_days=7, label_delay=3)
    assert set(mixed[two.train]) == set(one.train) and set(mixed[two.test]) == set(one.test)


def test_days_are_those_of_the_local_clock():
    time = pd.Series(pd.to_datetime(["2025-01-01 23:30", "2025-01-02 00:30", "2025-01-02 12:00"]))
    zoned = time.dt.tz_localize("Asia/Shanghai")
    one, two = (split_by_time(each, test_start="2025-01-02") for each in (time, zoned))
    assert one.test.tolist() == two.test.tolist() == [1, 2]


def test_random_validation_groups_get_their_share_of_positives():
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 500, 5000)
    label = (groups < 10).astype(int)
    for seed in range(5):
        split = split_by_time(
            pd.Series(np.resize(hours(30), 5000)),
            test_days=7,
            valid_share=0.2,
            groups=groups,
            label=label,
            seed=seed,
        )
        assert len(np.unique(groups[split.valid][label[split.valid] == 1])) == 2


@pytest.mark.parametrize(
    "asked, words",
    [
        (dict(test_start="2026-01-01"), "table spans 2025-01-01 to 2025-01-30"),
        (dict(test_start="yesterday"), "`yesterday` is no date"),
        (dict(test_start="2025-01-05", label_delay=7), "train part .* no rows; the table spans 2025-01-01"),
        (dict(test_days=0), "`test_days` is 0"),
        (dict(label_delay=-1), "`label_delay` is -1"),
        (dict(valid_days=2, valid_share=0.1), "not both"),
        (dict(valid_share=1.0), "`valid_share` is 1.0"),
        (dict(train_days=3, valid_days=5), "train part"),
    ],
)
def test_a_split_that_cannot_be_made_says_why(asked, words):
    with pytest.raises(SplitError, match=words):
        split_by_time(hours(30), **asked)


def test_all_faults_of_a_split_come_at_once():
    with pytest.raises(SplitError) as caught:
        split_by_time(hours(30), test_days=0, label_delay=-1, gap=1.5)
    assert len(caught.value.faults) == 3


def test_a_missing_time_is_named_by_its_row():
    time = hours(30)
    time.iloc[[4, 9]] = pd.NaT
    with pytest.raises(SplitError, match="row 5: 2 rows have no time"):
        split_by_time(time, test_days=7)
    with pytest.raises(SplitError, match="expected dates and times"):
        split_by_time(pd.Series(["a", "b"]), test_days=7)
    with pytest.raises(SplitError, match="no rows"):
        split_by_time(time.iloc[:0], test_days=7)


def test_a_part_with_one_class_only_is_refused():
    label = np.zeros(30 * 24)
    label[:48] = np.resize([0, 1], 48)
    with pytest.raises(
        SplitError, match=r"test part \(2025-01-24 to 2025-01-30\) has 168 rows but no positive"
    ):
        split_by_time(hours(30), test_days=7, label=label)


def test_describe_counts_rows_positives_and_days():
    time, label = hours(30), np.resize([0, 0, 1], 30 * 24)
    described = split_by_time(time, test_days=7, label_delay=3).describe(label, time)
    assert described["test"] == {"rows": 168, "positives": 56, "from": "2025-01-24", "to": "2025-01-30"}
    assert described["valid"] == {"rows": 0, "positives": 0, "from": None, "to": None}
    json.dumps(described)


def test_folds_move_later_and_the_last_ends_with_the_table():
    time = hours(60)
    folds = prequential_folds(time, folds=4, step_days=7, test_days=7, label_delay=7, train_days=14)
    assert [fold.detail["test_from"] for fold in folds] == [
        "2025-02-02",
        "2025-02-09",
        "2025-02-16",
        "2025-02-23",
    ]
    assert folds[-1].test[-1] == len(time) - 1
    assert [len(fold.train) for fold in folds] == [14 * 24] * 4
    assert folds[2].detail["fold"] == 3


def test_folds_move_earlier_with_a_negative_step_and_name_the_fold_that_fails():
    back = prequential_folds(hours(60), folds=2, step_days=-7, test_days=7)
    assert back[0].detail["test_from"] > back[1].detail["test_from"]
    with pytest.raises(SplitError, match="fold 2 of 3"):
        prequential_folds(hours(30), folds=3, step_days=7, test_days=7, test_start="2025-01-24")
    with pytest.raises(SplitError, match="2 faults"):
        prequential_folds(hours(30), folds=0, step_days=7)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(20, 80), st.sampled_from([0.1, 0.3]), st.sampled_from([0.0, 0.2]))
def test_no_group_is_on_two_sides(seed, size, test_share, valid_share):
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, size, 400).astype(str)
    split = split_by_group(groups, test_share=test_share, valid_share=valid_share, seed=seed)
    assert_parted(split, 400)
    sides = [set(groups[rows]) for rows in split.parts.values()]
    assert sum(map(len, sides)) == len(set(groups))
    assert len(sides[2]) == round(test_share * len(set(groups)))
    assert sum(map(len, split.parts.values())) == 400


def test_group_parts_get_their_share_of_positive_groups():
    groups = np.repeat(np.arange(100), 4)
    label = ((groups < 20) & (np.arange(400) % 4 == 0)).astype(int)
    split = split_by_group(groups, test_share=0.25, valid_share=0.25, label=label)
    assert [int(label[rows].sum()) for rows in split.parts.values()] == [10, 5, 5]


def test_a_missing_group_or_an_empty_part_is_refused():
    with pytest.raises(SplitError, match="row 2: 1 rows have no group"):
        split_by_group(["a", None, "b"])
    with pytest.raises(SplitError, match="test part has no rows"):
        split_by_group(["a", "a", "b"], test_share=0.1, valid_share=0.1)
    with pytest.raises(SplitError, match="nothing to train on"):
        split_by_group(np.arange(10), test_share=0.5, valid_share=0.5)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 6), st.sampled_from([0.0, 0.25]), st.booleans())
def test_each_row_is_tested_once_and_classes_are_shared_out(seed, folds, valid_share, grouped):
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, 60, 300) if grouped else None
    label = (groups if grouped else rng.integers(0, 100, 300)) % 3
    made = stratified_folds(label, folds=folds, valid_share=valid_share, seed=seed, groups=groups)
    assert np.array_equal(np.sort(np.concatenate([fold.test for fold in made])), np.arange(300))
    for fold in made:
        assert_parted(fold, 300)
        assert (len(fold.valid) > 0) == (valid_share > 0)
        if grouped:
            sides = [set(groups[rows]) for rows in fold.parts.values()]
            assert sum(map(len, sides)) == len(set(groups))
        else:
            for value in range(3):
                share = (label == value).sum() / folds
                assert abs((label[fold.test] == value).sum() - share) < 1


def test_folds_need_enough_of_each_class():
    with pytest.raises(SplitError, match="class yes has 2 rows, fewer than the 5 folds"):
        stratified_folds(np.array(["no"] * 20 + ["yes"] * 2))
    with pytest.raises(SplitError, match="all rows are of class 0"):
        stratified_folds(np.zeros(20, int))
    with pytest.raises(SplitError, match="2 folds or more"):
        stratified_folds(np.resize([0, 1], 20), folds=1)


def test_one_seed_gives_one_split():
    one, two, other = (split_by_group(np.arange(100), seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one.test, two.test) and not np.array_equal(one.test, other.test)


def known_by_loop(day, label, card, delay, since):
    """For each row: was there a fraud on its card from `since` on, more than `delay` days before it?"""
    rows = range(len(day))
    return [
        any(label[j] and card[j] == card[i] and since <= day[j] < day[i] - delay for j in rows) for i in rows
    ]


@pytest.mark.parametrize("delay", [0, 2])
def test_known_compromised_cards_are_those_of_a_loop(delay):
    rng = np.random.default_rng(delay)
    day, card = rng.integers(0, 20, 300), rng.integers(0, 30, 300)
    label = rng.random(300) < 0.1
    time = pd.Timestamp("2025-01-01") + pd.to_timedelta(day * 24 + rng.integers(0, 24, 300), unit="h")
    known = known_compromised(time, label, card, label_delay=delay, since="2025-01-06")
    assert known.tolist() == known_by_loop(day, label, card, delay, 5)
    assert 0 < known.sum() < 300
