"""Origins: what trains, what chooses and what judges never touch."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import SplitError
from shared.series.origins import examples, position, rolling_origins, training_windows
from shared.series.panel import Panel


def panel_of(now=60, start=(0, 0, 10, 45, 60), plan=0) -> Panel:
    target = np.ones((len(start), now + plan), np.float32)
    target[:, now:] = np.nan
    return Panel(target, np.asarray(start), now, np.datetime64("2024-01-01", "s"), "D")


@given(
    now=st.integers(20, 90),
    horizon=st.integers(1, 9),
    origins=st.integers(1, 4),
    valid=st.integers(1, 4),
    least=st.integers(1, 6),
)
@settings(max_examples=80, deadline=None)
def test_parts_never_touch(now, horizon, origins, valid, least):
    panel = panel_of(now, start=(0, 3, now // 2, now))
    try:
        splits = rolling_origins(
            panel, horizon=horizon, origins=origins, valid_origins=valid, least_history=least
        )
    except SplitError:
        step = max(1, horizon // 2)
        assert now < (origins + 2) * horizon + (valid - 1) * step + least
        return
    for split in splits:
        at = {name: examples(panel, rows)[1] for name, rows in split.parts.items()}
        assert at["train"].max() + horizon <= at["valid"].min()
        assert at["valid"].max() + horizon == at["test"].min() == at["test"].max() == split.detail["step"]
        assert sorted(set(at["valid"])) == sorted(split.detail["valid_steps"])
        series, origin = examples(panel, split.train)
        assert (origin - panel.start[series] >= least).all()
        assert all(len(np.unique(rows)) == len(rows) for rows in split.parts.values())
        assert all((np.diff(rows) > 0).all() for rows in split.parts.values())


def test_the_test_parts_judge_each_of_the_last_steps_once():
    panel = panel_of()
    splits = rolling_origins(panel, horizon=7, origins=3)
    judged = [step for split in splits for step in range(split.detail["step"], split.detail["step"] + 7)]
    assert judged == list(range(60 - 21, 60))
    for split in splits:  # all series, new ones too
        series, _ = examples(panel, split.test)
        assert series.tolist() == list(range(5))
    assert [split.detail["fold"] for split in splits] == [1, 2, 3]
    assert [split.detail["origin"][:10] for split in splits] == ["2024-02-09", "2024-02-16", "2024-02-23"]


def test_further_validation_origins_are_half_a_horizon_apart():
    (split,) = rolling_origins(panel_of(), horizon=7, origins=1, valid_origins=3)
    assert split.detail["step"] == 53 and split.detail["valid_steps"] == [46, 43, 40]
    assert [date[:10] for date in split.detail["valid_origins"]] == ["2024-02-16", "2024-02-13", "2024-02-10"]
    (split,) = rolling_origins(panel_of(), horizon=1, origins=1, valid_origins=3)
    assert split.detail["valid_steps"] == [58, 57, 56]


def test_all_windows_train_where_there_are_few():
    panel = panel_of()
    (split,) = rolling_origins(panel, horizon=7, origins=1, valid_origins=2, least_history=3)
    last = min(split.detail["valid_steps"]) - 7
    expected = [
        (series, origin) for series, start in enumerate(panel.start) for origin in range(start + 3, last + 1)
    ]
    assert list(zip(*(each.tolist() for each in examples(panel, split.train)))) == expected


def test_a_late_starter_is_not_learnt_from_before_it_starts():
    panel = panel_of(start=(0, 20, 58))
    series, origins = examples(panel, training_windows(panel, 40, least=5, most=1000, seed=0))
    assert origins[series == 0].min() == 5 and origins[series == 1].min() == 25 and not (series == 2).any()
    assert origins.max() == 40


def test_windows_are_drawn_where_there_are_many_the_same_for_one_seed():
    panel = panel_of(now=300, start=np.arange(20))
    whole = training_windows(panel, 250, least=1, most=10_000, seed=0)
    once, again, other = (training_windows(panel, 250, least=1, most=500, seed=seed) for seed in (3, 3, 4))
    assert len(whole) == sum(250 - start for start in range(20))
    assert len(once) == 500 == len(np.unique(once)) and np.isin(once, whole).all()
    assert np.array_equal(once, again) and not np.array_equal(once, other)
    assert len(np.unique(examples(panel, once)[0])) == 20  # of every series
    assert (np.diff(once) > 0).all()


def test_positions_find_their_way_back():
    for panel in (panel_of(), panel_of(plan=9)):
        series, origin = (each.ravel() for each in np.meshgrid(np.arange(5), np.arange(61), indexing="ij"))
        found = position(panel, series, origin)
        assert len(np.unique(found)) == len(found) and found.dtype == np.int64
        for mine, other in zip((series, origin), examples(panel, found)):
            np.testing.assert_array_equal(mine, other)


def test_positions_of_very_many_series_do_not_overflow():
    panel = panel_of(now=100_000, start=(0,))
    series, origin = examples(panel, position(panel, np.array([2_000_000], np.int32), np.array([99_999])))
    assert (series[0], origin[0]) == (2_000_000, 99_999)


def test_a_plan_ahead_changes_no_split():
    bare, planned = (
        rolling_origins(panel_of(plan=plan), horizon=7, origins=2, valid_origins=2) for plan in (0, 14)
    )
    for one, other in zip(bare, planned):
        assert one.detail == other.detail
        assert all(np.array_equal(one.parts[name], other.parts[name]) for name in one.parts)


def test_too_short_a_panel_is_refused_with_the_way_out():
    settings = {"horizon": 7, "origins": 3, "valid_origins": 2, "least_history": 4}
    needed = 3 * 7 + 7 + 3 + 7 + 4
    rolling_origins(panel_of(needed, start=(0,)), **settings)
    with pytest.raises(SplitError) as caught:
        rolling_origins(panel_of(needed - 1, start=(0,)), **settings)
    for words in (
        "3 origins of 7 steps",
        f"{needed} periods",
        f"found {needed - 1}",
        "Lower horizon",
        "[settings]",
    ):
        assert words in str(caught.value)


def test_series_that_all_start_too_late_are_refused():
    with pytest.raises(SplitError, match="nothing can be learnt"):
        rolling_origins(panel_of(start=(55, 60)), horizon=7, origins=1)
