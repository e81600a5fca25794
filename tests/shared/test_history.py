"""Causal features, against loops over all rows that say the same in the plainest way."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.history import DAY, History, key_codes, seconds

CASES = [(np.inf, 0.0), (3.0, 0.0), (3.0, 2.0), (np.inf, 2.0), (0.0, 0.0), (0.0, 3.0), (1.5, 0.5)]

tables = st.integers(0, 2**32 - 1).map(np.random.default_rng)


def random_table(rng, rows=None):
    """Few keys (-1: none), times on a coarse grid so that there are many ties, in no order."""
    rows = int(rng.integers(0, 30)) if rows is None else rows
    step = rng.choice([1.0, 0.5, 0.001])
    return rng.integers(-1, 4, rows), rng.integers(0, 12, rows) * step + 1.7e9, rng.normal(size=rows)


def past(codes, time, row, window, delay):
    """The rows that the features of `row` may read."""
    return [
        other
        for other in range(len(codes))
        if codes[other] == codes[row] >= 0
        and time[other] < time[row]
        and round((time[row] - time[other]) * 1e6) >= delay * 1e6
        and round((time[row] - time[other]) * 1e6) <= (delay + window) * 1e6
    ]


@pytest.mark.parametrize(("window", "delay"), CASES)
@settings(max_examples=40, deadline=None)
@given(rng=tables)
def test_count_total_and_mean_equal_the_loop_over_all_rows(window, delay, rng):
    codes, time, values = random_table(rng)
    values[rng.random(len(values)) < 0.2] = np.nan
    history = History(codes, time)
    rows = [past(codes, time, row, window, delay) for row in range(len(codes))]
    known = [[values[other] for other in each if not np.isnan(values[other])] for each in rows]
    assert history.count(window, delay=delay).tolist() == [len(each) for each in rows]
    total = [sum(each) for each in known]
    np.testing.assert_allclose(history.total(values, window, delay=delay), total, rtol=1e-9, atol=1e-12)
    mean = [np.mean(each) if each else np.nan for each in known]
    np.testing.assert_allclose(history.mean(values, window, delay=delay), mean, rtol=1e-9, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(rng=tables)
def test_rank_before_and_seconds_since_last_equal_the_loop(rng):
    codes, time, _ = random_table(rng)
    history = History(codes, time)
    rows = [past(codes, time, row, np.inf, 0) for row in range(len(codes))]
    assert history.rank().tolist() == [len(each) for each in rows]
    since = [
        min((time[row] - time[other] for other in each), default=np.nan) for row, each in enumerate(rows)
    ]
    np.testing.assert_allclose(history.seconds_since_last(), since, atol=1e-6)
    for row, (place, rank) in enumerate(zip(history.before(), history.rank())):
        assert sorted(history.order[place - rank : place]) == rows[row]


@settings(max_examples=60, deadline=None)
@given(rng=tables, window=st.sampled_from([np.inf, 3.0, 0.001]), delay=st.sampled_from([0.0, 2.0]))
def test_later_rows_never_change_a_bit_of_earlier_features(rng, window, delay):
    codes, time, values = random_table(rng, 30)
    now = np.median(time)
    earlier = time <= now
    changed = codes.copy(), time.copy(), values.copy()
    changed[0][~earlier] = rng.integers(-1, 6, (~earlier).sum())
    changed[1][~earlier] += rng.integers(0, 10**9, (~earlier).sum())
    changed[2][~earlier] = rng.choice([1e300, -1e18, np.inf, np.nan, 0.1], (~earlier).sum())
    keep = earlier | (rng.random(30) < 0.5)  # some of the later rows are not even there
    whole, other = History(codes, time), History(changed[0][keep], changed[1][keep])
    for a, b in (
        (whole.count(window, delay=delay), other.count(window, delay=delay)),
        (whole.total(values, window, delay=delay), other.total(changed[2][keep], window, delay=delay)),
        (whole.mean(values, window, delay=delay), other.mean(changed[2][keep], window, delay=delay)),
        (whole.seconds_since_last(), other.seconds_since_last()),
        (whole.rank(), other.rank()),
    ):
        np.testing.assert_array_equal(a[earlier], b[earlier[keep]])


@settings(max_examples=60, deadline=None)
@given(rng=tables)
def test_shuffling_the_rows_of_the_file_shuffles_the_features(rng):
    codes, time, values = random_table(rng, 30)
    order = rng.permutation(30)
    straight, shuffled = History(codes, time), History(codes[order], time[order])
    np.testing.assert_array_equal(straight.count(3.0)[order], shuffled.count(3.0))
    np.testing.assert_array_equal(straight.rank()[order], shuffled.rank())
    np.testing.assert_array_equal(straight.seconds_since_last()[order], shuffled.seconds_since_last())
    # Only among rows of equal time does the order of adding up remain.
    np.testing.assert_allclose(
        straight.total(values, 3.0)[order], shuffled.total(values[order], 3.0), atol=1e-12
    )


@settings(max_examples=30, deadline=None)
@given(rng=tables)
def test_what_other_keys_hold_never_changes_a_bit(rng):
    codes, time, values = random_table(rng, 30)
    mine = codes == 1
    values = np.where(mine, values, 1e18)
    alone = History(codes[mine], time[mine]).total(values[mine], 3.0)
    np.testing.assert_array_equal(History(codes, time).total(values, 3.0)[mine], alone)


def test_a_row_exactly_at_a_bound_of_the_window_is_in_it():
    time = np.array([0.0, 0.001, 7 * DAY, 7 * DAY + 0.001]) + 1.7e9
    history = History(np.zeros(4, int), time)
    assert history.count(7 * DAY).tolist() == [0, 1, 2, 2]
    assert history.count(0.0, delay=7 * DAY).tolist() == [0, 0, 1, 1]
    assert history.count(np.inf, delay=7 * DAY).tolist() == [0, 0, 1, 2]
    assert history.count(np.inf, delay=7 * DAY + 0.001).tolist() == [0, 0, 0, 1]


def test_rows_of_one_moment_do_not_see_each_other_and_a_microsecond_parts_them():
    history = History(np.zeros(4, int), np.array([1.0, 1.0, 1.000001, 1.000001]) + 1.7e9)
    assert history.count().tolist() == [0, 0, 2, 2] == history.rank().tolist()
    assert history.before().tolist() == [0, 0, 2, 2]


def test_rows_without_a_key_have_no_past():
    history = History(np.array([-1, -1, -7, 0]), np.arange(4.0))
    assert history.count().tolist() == [0, 0, 0, 0]
    assert np.isnan(history.seconds_since_last()).all() and np.isnan(history.mean(np.ones(4))).all()


@pytest.mark.parametrize("years", [30, 8000])
def test_centuries_and_many_keys_do_not_overflow(years):
    """A date such as 9999-12-31 in one row used to fold the axis of the 20,000 keys onto itself."""
    keys = 40_000
    codes = np.r_[np.repeat(np.arange(keys), 2), keys - 1]
    time = np.r_[np.tile([0.0, DAY], keys), years * 365.25 * DAY]
    count = History(codes, time).count(2 * DAY)
    assert count.tolist() == [0.0, 1.0] * keys + [0.0]
    assert History(codes, time).count()[-1] == 2


def test_codes_up_to_the_largest_integer_are_keys_like_others():
    largest = np.iinfo(np.int64).max
    history = History(np.array([largest, -1, largest, 0, -1]), np.arange(5.0))
    assert history.count().tolist() == [0, 0, 1, 0, 0]


def test_a_huge_window_is_all_of_the_past():
    history = History(np.zeros(2, int), np.array([0.0, 1.0]))
    assert history.count(1e300).tolist() == [0, 1] and history.count(1.0, delay=1e300).tolist() == [0, 0]


def test_a_missing_time_a_negative_window_or_a_wrong_length_is_refused():
    for wrong in (np.nan, np.inf, 1e13):
        with pytest.raises(ValueError, match="at least one is missing or out of range"):
            History(np.zeros(3, int), np.array([0.0, wrong, 1.0]))
    with pytest.raises(ValueError, match="a time for each of 3 keys, found 2"):
        History(np.zeros(3, int), np.zeros(2))
    history = History(np.zeros(2, int), np.array([0.0, 1.0]))
    for window, delay in ((-1.0, 0.0), (1.0, -1.0), (np.nan, 0.0), (1.0, np.inf)):
        with pytest.raises(ValueError, match="expected window >= 0 and a finite delay >= 0"):
            history.count(window, delay=delay)


def test_an_empty_table_has_empty_features():
    history = History(np.array([], int), np.array([]))
    assert len(history) == 0
    for found in (history.count(3.0, delay=1.0), history.total(np.array([])), history.rank()):
        assert found.shape == (0,)


def test_an_infinite_value_counts_as_missing_and_poisons_nothing():
    history = History(np.zeros(4, int), np.arange(4.0))
    values = np.array([1.0, np.inf, 2.0, 3.0])
    assert history.total(values).tolist() == [0, 1, 1, 3]
    assert history.mean(values)[3] == 1.5


def test_a_window_that_held_a_huge_value_once_is_empty_again_later():
    history = History(np.zeros(3, int), np.array([0.0, 1.0, 100.0]))
    assert history.total(np.array([1e18, 0.1, 0.0]), 2.0).tolist() == [0.0, 1e18, 0.0]


@settings(max_examples=50, deadline=None)
@given(rng=tables)
def test_key_codes_number_tuples_and_leave_missing_ones_out(rng):
    frame = pd.DataFrame({name: rng.choice(["x", "y", "z", None], 20) for name in "abc"})
    frame["b"] = frame["b"].astype("category")
    codes = key_codes(*(frame[name] for name in frame))
    for i in range(20):
        missing = frame.iloc[i].isna().any()
        assert (codes[i] == -1) == missing
        for j in range(20):
            if not missing:
                assert (codes[i] == codes[j]) == (tuple(frame.iloc[i]) == tuple(frame.iloc[j]))


def test_key_codes_of_many_columns_with_many_values_do_not_collide():
    """The product of the numbers of values of these five columns has 25 digits."""
    rng = np.random.default_rng(0)
    columns = [pd.Series(rng.permutation(100_000)) for _ in range(5)]
    assert len(np.unique(key_codes(*columns))) == 100_000


def test_seconds_keep_microseconds_and_missing_times():
    time = pd.Series(pd.to_datetime(["2025-01-01 00:00:00.000001", None, "1969-12-31 23:59:59.000000"]))
    np.testing.assert_allclose(seconds(time), [1735689600.000001, np.nan, -1.0], rtol=1e-15)
    zoned = pd.Series(pd.to_datetime(["2025-01-01"])).dt.tz_localize("Asia/Shanghai")
    assert seconds(zoned)[0] == 1735689600 - 8 * 3600


def test_a_delay_too_short_to_be_told_apart_does_not_show_a_row_to_itself():
    assert History(np.zeros(2, int), np.array([0.0, 1.0])).count(delay=1e-8).tolist() == [0, 1]


def test_a_window_as_long_as_the_longest_table_reaches_its_first_row():
    time = np.array([-1.9e12, 1.9e12])
    assert History(np.zeros(2, int), time).count(3.8e12).tolist() == [0, 1]
    assert History(np.zeros(2, int), time).count(3.7e12).tolist() == [0, 0]


@given(st.lists(st.integers(0, 90), min_size=1, max_size=12), st.integers(0, 9))
def test_running_sums_are_those_of_each_key_alone_to_the_last_bit(sizes, seed):
    from shared.history import _running_sums

    rng = np.random.default_rng(seed)
    parts = [rng.normal(size=size) * 10.0 ** rng.integers(-8, 12) for size in sizes if size]
    if not parts:
        return
    size = np.array([len(part) for part in parts])
    first = np.cumsum(size) - size
    expected = np.concatenate([np.cumsum(part) for part in parts])
    np.testing.assert_array_equal(_running_sums(np.concatenate(parts), first, size), expected)
