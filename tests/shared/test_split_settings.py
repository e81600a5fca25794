"""The split that the settings ask for."""

import numpy as np
import pytest

from shared.errors import SplitError
from shared.split_settings import SplitSettings, make_splits

DAYS = 60
TIME = np.repeat(np.datetime64("2025-01-01") + np.arange(DAYS), 10)
CARD = np.tile(np.arange(10), DAYS)
OF_DAY = np.repeat(np.arange(DAYS), 10)
LABEL = (np.arange(600) % 7 == 0) * 1.0


def days(rows):
    return OF_DAY[rows]


def test_time_parts_past_and_future_with_the_delay_between():
    (split,) = make_splits(SplitSettings(test_days=10, label_delay=7, gap=2), LABEL, time=TIME)
    assert set(days(split.test)) == set(range(50, 60))
    assert set(days(np.r_[split.train, split.valid])) == set(range(41))


def test_folds_of_time_move_by_fold_days():
    settings = SplitSettings(folds=3, fold_days=5, test_days=5)
    splits = make_splits(settings, LABEL, time=TIME)
    assert [days(split.test).min() for split in splits] == [45, 50, 55]
    assert all(days(split.train).max() < days(split.test).min() for split in splits)


def test_groups_are_kept_whole():
    (split,) = make_splits(SplitSettings(split="group", valid_share=0.3, test_share=0.3), LABEL, groups=CARD)
    parts = [set(CARD[rows]) for rows in split.parts.values()]
    assert sum(map(len, parts)) == 10 and set.union(*parts) == set(range(10))


def test_stratified_folds_are_at_least_two_and_test_each_row_once():
    splits = make_splits(SplitSettings(split="stratified", folds=1), LABEL)
    assert len(splits) == 2
    assert sorted(np.concatenate([split.test for split in splits])) == list(range(600))


def test_one_seed_gives_one_split():
    settings = SplitSettings(split="group", valid_share=0.3, test_share=0.3)
    once, again = (make_splits(settings, LABEL, groups=CARD, seed=3)[0] for _ in range(2))
    assert all((a == b).all() for a, b in zip(once.parts.values(), again.parts.values()))


def test_known_cases_are_left_out_of_the_test_rows_and_counted():
    label = np.zeros(600)
    label[(CARD == 0) & (OF_DAY == 3)] = 1  # known long before the test
    label[(CARD == 1) & (OF_DAY == 49)] = 1  # within the delay of the test's first day
    label[(CARD == 2) & (OF_DAY >= 50)] = 1
    label[(CARD == 4) & (OF_DAY == 3)] = 1
    label[(CARD == 5) & (OF_DAY == 3)] = 1
    settings = SplitSettings(test_days=10, label_delay=7, drop_known=True, valid_share=0.4)
    (split,) = make_splits(settings, label, time=TIME, groups=CARD)
    kept = set(CARD[split.test])
    assert not kept & {0, 4, 5} and kept >= {1, 2, 3}
    # Card 1 becomes known on day 49 + 7 + 1 = 57, card 2 on day 50 + 8 = 58.
    assert days(split.test[CARD[split.test] == 1]).max() == 56
    assert days(split.test[CARD[split.test] == 2]).max() == 57
    assert split.detail["dropped_known"] == 100 - len(split.test) == 30 + 3 + 2


def test_a_test_part_without_a_positive_left_is_refused_with_words():
    label = np.zeros(600)
    label[np.isin(CARD, [0, 1, 2, 3, 4])] = 1  # all of them known by then
    settings = SplitSettings(test_days=10, label_delay=7, drop_known=True)
    with pytest.raises(SplitError, match="the test part has 50 rows but no positive one"):
        make_splits(settings, label, time=TIME, groups=CARD)


def test_a_split_by_time_without_times_is_refused_with_words():
    with pytest.raises(SplitError, match="needs the role `time`"):
        make_splits(SplitSettings(), LABEL)


def test_rows_that_were_given_to_judge_are_the_test_part_whatever_the_settings_say():
    for settings in (
        SplitSettings(valid_share=0.3),
        SplitSettings(split="stratified", folds=5, valid_share=0.3),
    ):
        (split,) = make_splits(settings, LABEL, time=TIME, groups=CARD, given=400)
        assert split.method == "given" and split.test.tolist() == list(range(400, 600))
        assert sorted([*split.train, *split.valid]) == list(range(400))
        assert not set(CARD[split.train]) & set(CARD[split.valid])  # groups validate whole
    (split,) = make_splits(SplitSettings(valid_share=0.3), LABEL, given=400)
    assert len(split.valid) == pytest.approx(120, abs=2)


def test_the_labels_of_given_rows_part_nothing():
    label = np.where(np.arange(600) < 400, LABEL, 1 - LABEL)
    one, other = (make_splits(SplitSettings(), each, groups=CARD, given=400)[0] for each in (LABEL, label))
    assert all((a == b).all() for a, b in zip(one.parts.values(), other.parts.values()))


def test_given_rows_that_cannot_judge_are_refused_with_words():
    for label, part in (
        (np.where(np.arange(600) < 400, LABEL, 0.0), "test"),
        (LABEL * (OF_DAY >= 40), "train"),
    ):
        with pytest.raises(SplitError, match=f"the {part} part has .* no positive one"):
            make_splits(SplitSettings(), label, groups=CARD, given=400)
