"""Windows against plain loops: nothing later is read, all sizes are alike, and numbers find their way back."""

import json
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.series.panel import Panel
from shared.series.seasons import DAY, calendar_features, dates_from
from shared.series.windows import CLIP, Windows, cold_scales, learn_windows

SERIES, NOW, STEPS, LOOKBACK, HORIZON = 6, 36, 40, 8, 5
GROUPS = ["a", "a", "b", "b", "b", None]
WAYS = list(product(("none", "log"), ("none", "mean", "last"), ("level", "change")))


def panel_of(target, start=None, *, now=NOW, frequency="D", **more) -> Panel:
    target = np.asarray(target, np.float32)
    start = np.zeros(len(target), np.int64) if start is None else np.asarray(start)
    return Panel(target, start, now, np.datetime64("2024-01-01", "s"), frequency, **more)


def shops(seed=0) -> Panel:
    """Six series: sizes from 1 to 10,000, late ones, one without a past, stock-outs, a plan of four days."""
    rng = np.random.default_rng(seed)
    target = rng.poisson(rng.gamma(2, 0.5, (SERIES, STEPS)) * 10.0 ** np.arange(SERIES)[:, None])
    target = target.astype(np.float32)
    start = np.array([0, 0, 3, 20, NOW, 0])
    target[np.arange(STEPS) < start[:, None]] = np.nan
    target[rng.random(target.shape) < 0.1] = np.nan
    target[:, NOW:] = np.nan
    price = rng.uniform(1, 5, (SERIES, STEPS)).astype(np.float32)
    price[rng.random(price.shape) < 0.1] = np.nan
    promotion = (rng.random((SERIES, STEPS)) < 0.3).astype(np.float32)
    promotion[1, ::3] = np.nan
    rain = rng.gamma(1, 3, (SERIES, STEPS)).astype(np.float32)
    rain[:, NOW:] = np.nan
    covariates = {"price": price, "promotion": promotion, "holiday": np.zeros_like(price)}
    return panel_of(
        target,
        start,
        statics={"group": pd.Categorical(GROUPS)},
        known=covariates,
        past={"numeric/rain": rain},
    )


def windows_of(panel, origins, series=None, *, state=None, learnt_at=None, **settings) -> Windows:
    origins = np.atleast_1d(origins)
    if series is None:
        series, origins = (each.ravel() for each in np.meshgrid(np.arange(len(panel)), origins))
    if state is None:
        state = learn_windows(panel, learnt_at if learnt_at is not None else panel.now)
    settings = {"lookback": LOOKBACK, "horizon": HORIZON, **settings}
    return Windows(panel, np.asarray(series), origins, state=state, **settings)


def taken(windows: Windows) -> dict[str, np.ndarray]:
    return windows.take(np.arange(len(windows)))


# -- what is read


@given(
    seed=st.integers(0, 10_000),
    origin=st.integers(1, NOW),
    way=st.sampled_from(WAYS),
    factor=st.sampled_from([-3.0, 0.0, 7.0, np.nan, np.inf]),
)
@settings(max_examples=60, deadline=None)
def test_nothing_at_the_origin_or_later_is_read_whether_it_is_changed_or_dropped(seed, origin, way, factor):
    panel = shops(seed)
    state = learn_windows(panel, max(1, origin - HORIZON))
    target, rain = panel.target.copy(), panel.past["numeric/rain"].copy()
    with np.errstate(invalid="ignore"):
        target[:, origin:], rain[:, origin:] = target[:, origin:] * factor + 1, rain[:, origin:] * factor
    changed = replace(panel, target=target, past={"numeric/rain": rain})
    transform, center, unit = way
    ways = {"transform": transform, "center": center, "unit": unit, "state": state}
    rows, numbers = np.arange(SERIES), np.ones((SERIES, HORIZON, 2))
    expected = windows_of(panel, origin, **ways)
    for other in (panel.until(origin), changed):
        found = windows_of(other, origin, **ways)
        for name, values in taken(expected).items():
            assert np.array_equal(values, taken(found)[name]), name
        assert np.array_equal(expected.in_units(rows, numbers), found.in_units(rows, numbers))
        assert np.array_equal(expected.sizes(rows), found.sizes(rows))


def test_what_is_known_ahead_is_read_ahead_and_nothing_else_is():
    panel = shops()
    before = taken(windows_of(panel, 20))
    for name in panel.known:
        known = {**panel.known, name: panel.known[name] + np.where(np.arange(STEPS) >= 20, 0.5, 0)}
        after = taken(windows_of(replace(panel, known=known), 20, state=learn_windows(panel, NOW)))
        assert not np.array_equal(before["future"], after["future"]), name
        assert all(np.array_equal(before[key], after[key]) for key in ("past", "level", "scale"))


def by_hand(panel, state, series, origin):
    """One example, step by step, without transform and centre: past, future, level, scale."""
    dates = dates_from(panel.first, panel.frequency, panel.steps + HORIZON)
    calendar = calendar_features(dates, panel.frequency, state["cycles"])
    back = range(origin - LOOKBACK, origin)
    lives = [step for step in back if step >= panel.start[series]]
    values = {step: panel.target[series, step] for step in lives if np.isfinite(panel.target[series, step])}
    scale = np.mean(np.abs(list(values.values()))) + state["piece"] if values else cold(panel, state, series)
    prices = [panel.known["price"][series, step] for step in back if step >= 0]
    prices = [price for price in prices if np.isfinite(price)]
    ahead = [panel.known["price"][series, s] for s in range(origin, origin + HORIZON) if s < panel.steps]

    def covariates(columns, step, usual):
        row = []
        for name, column in columns.items():
            value = column[series, step] if 0 <= step < panel.steps else np.nan
            if name == "price":
                value = 5 * np.log(value / usual)
            else:
                learnt = state["covariates"][name]
                value = (value - learnt["mean"]) / learnt["spread"]
            row += [value if np.isfinite(value) else 0.0]
            row += [float(np.isfinite(value))] if name in state["gaps"] else []
        return row

    past, future = [], []
    usual = np.mean(prices) if prices else np.nanmean(ahead)
    for step in back:
        sold = [min(values[step] / scale, CLIP), 1.0] if step in values else [0.0, 0.0]
        row = [*sold, *calendar[max(step, 0)], *covariates(panel.known, step, usual)]
        row += covariates(panel.past, step, usual)
        past.append(row if step in lives else [0.0] * len(row))
    for step in range(origin, origin + HORIZON):
        future.append([*calendar[step], *covariates(panel.known, step, usual)])
    size = (np.log(scale / state["piece"]) - state["size"]["mean"]) / state["size"]["spread"]
    zeros = np.mean([value == 0 for value in values.values()]) if values else 0.0
    return past, future, [size, zeros, len(lives) / LOOKBACK, len(values) / LOOKBACK], scale


def cold(panel, state, series):
    group = panel.statics["group"][series]
    return state["cold"].get(f"group/{group}", state["cold"][""])


@pytest.mark.parametrize("origin", [1, 4, 21, 33, NOW])
def test_every_input_is_that_of_a_plain_loop(origin):
    panel = shops(3)
    state = learn_windows(panel, 30)
    assert state["gaps"] == ["price", "promotion"]
    found = taken(windows_of(panel, origin, state=state))
    for series in range(SERIES):
        past, future, level, scale = by_hand(panel, state, series, origin)
        np.testing.assert_allclose(found["past"][series], past, rtol=2e-4, atol=2e-5)
        np.testing.assert_allclose(found["future"][series], future, rtol=2e-4, atol=2e-5)
        np.testing.assert_allclose(found["level"][series], level, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(found["scale"][series], [scale], rtol=1e-5)


def test_padding_stands_in_front_and_is_all_zeros():
    found = taken(windows_of(shops(), [1, 5], [0, 2], center="mean"))["past"]
    assert found.shape[:2] == (2, LOOKBACK)
    assert not found[0, :-1].any() and found[0, -1].any()
    assert not found[1, :-2].any() and found[1, -2:].any(axis=1).all()  # its first step is step 3


def test_a_series_without_a_past_has_nothing_but_padding_and_the_known_future():
    found = taken(windows_of(shops(), NOW, [4]))
    assert not found["past"].any() and found["future"].any()
    assert found["level"][0, 1:].tolist() == [0, 0, 0]


def test_only_the_calendar_can_be_left_out_and_an_empty_input_is():
    panel = replace(shops(), known={}, past={})
    bare = taken(windows_of(panel, 20, calendar=False))
    assert set(bare) == {"past", "level", "scale"} and bare["past"].shape[-1] == 2
    assert windows_of(panel, 20).shapes["future"] == (
        HORIZON,
        4,
    )  # of the week; a year has not been seen twice


def test_steps_beyond_the_panel_have_a_calendar_and_no_covariates():
    panel = shops()
    found = taken(windows_of(panel, NOW, state=learn_windows(panel, 30)))["future"]
    dates = dates_from(panel.first, "D", NOW + HORIZON)[NOW:]
    np.testing.assert_array_equal(found[0, :, :4], calendar_features(dates, "D", [7 * DAY]))
    assert found.shape[1] == HORIZON == STEPS - NOW + 1
    assert not found[:, -1, 4:].any()  # neither values nor that they are known


def test_the_codes_of_statics_come_with_their_series():
    static = np.arange(2 * SERIES, dtype=np.int32).reshape(SERIES, 2)
    found = taken(windows_of(shops(), [10, 20], static=static))["static"]
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found, np.tile(static, (2, 1)))


def test_rows_come_in_the_order_they_are_asked_for():
    windows = windows_of(shops(), [10, 20, 30])
    rows, whole = np.array([7, 0, 7, 12]), taken(windows)
    for name, values in windows.take(rows).items():
        np.testing.assert_array_equal(values, whole[name][rows], err_msg=name)


# -- covariates


def test_a_price_is_read_against_the_windows_own_mean():
    panel = replace(shops(), past={})
    price = np.full((SERIES, STEPS), 4.0, np.float32)
    price[:, 22] = 3.6
    for factor in (1, 250):
        found = taken(windows_of(replace(panel, known={"price": price * factor}), 20, calendar=False))
        np.testing.assert_allclose(found["future"][:, :, 0], [[0, 0, 5 * np.log(0.9), 0, 0]] * 6, atol=1e-5)


@pytest.mark.parametrize("origin", [2, 5])
def test_steps_before_the_panel_do_not_count_for_the_usual_price(origin):
    price = np.full((1, STEPS), 4.0, np.float32)
    price[0, 0] = 400.0
    panel = panel_of(np.ones((1, STEPS)), known={"price": price})
    found = taken(windows_of(panel, origin, calendar=False))["future"][0, 0, 0]
    assert found == pytest.approx(5 * np.log(4 / price[0, :origin].mean()), rel=1e-4)


def test_other_covariates_are_standardised_by_the_steps_that_taught():
    panel = shops(5)
    state = learn_windows(panel, 25)
    for name in ("promotion", "numeric/rain"):
        values = {**panel.known, **panel.past}[name][:, :25]
        seen = values[np.isfinite(panel.target[:, :25]) & np.isfinite(values)].astype(np.float64)
        assert state["covariates"][name] == pytest.approx({"mean": seen.mean(), "spread": seen.std()})
    assert "price" not in state["covariates"]
    assert state["covariates"]["holiday"] == {"mean": 0.0, "spread": 1.0}  # never another value


def test_a_spike_is_clipped_for_the_network_but_not_in_the_target():
    target = np.ones((1, STEPS), np.float32)
    target[0, 18], target[0, 21] = 1e6, 1e6
    # Measured by its mean no value can be further off than the window is long, by its mean step it can.
    windows = windows_of(panel_of(target), 20, lookback=19, unit="level")
    assert taken(windows)["past"].max() < CLIP
    target[0, 18] = 1.0
    windows = windows_of(panel_of(target), 20, unit="change")
    assert taken(windows)["past"][..., 0].max() == CLIP
    assert windows.targets().max() > 1e8


# -- scales


ODD = {
    "zeros": np.zeros(STEPS),
    "not known": np.full(STEPS, np.nan),
    "one value": np.where(np.arange(STEPS) == 18, 5.0, np.nan),
    "always alike": np.full(STEPS, 7.0),
    "tiny": np.full(STEPS, 1e-6),
    "huge": np.arange(STEPS) * 1e9,
    "every other": np.where(np.arange(STEPS) % 2, 3.0, np.nan),
}


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_odd_series_give_numbers_and_a_scale_above_nothing(way):
    panel = panel_of(np.stack(list(ODD.values())))
    settings = dict(zip(("transform", "center", "unit"), way))
    windows = windows_of(panel, [1, 20, NOW], **settings)
    for name, values in taken(windows).items():
        assert np.isfinite(values).all(), name
    assert (windows.sizes(np.arange(len(windows))) > 0).all()
    assert not np.isinf(windows.targets()).any()
    assert np.isfinite(windows.in_units(np.arange(len(windows)), np.ones((len(windows), HORIZON)))).all()


def test_a_panel_that_never_sold_anything_is_read_all_the_same():
    for values in (0.0, np.nan):
        windows = windows_of(panel_of(np.full((2, STEPS), values)), 20)
        assert all(np.isfinite(array).all() for array in taken(windows).values())
        assert windows.sizes(np.arange(2)).tolist() == [1, 1]


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_targets_in_units_are_the_truth(way):
    panel = shops(1)
    settings = dict(zip(("transform", "center", "unit"), way))
    windows = windows_of(panel, [5, 20, 33], **settings)
    truth = windows.truth()
    found = windows.in_units(np.arange(len(windows)), windows.targets())
    # Targets are float32, and where a series ends as it began its unit is a thousandth of its size.
    np.testing.assert_allclose(found, truth, rtol=2e-4, atol=2e-4)
    assert np.array_equal(np.isnan(found), np.isnan(truth)) and np.isnan(truth).any()


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_rising_numbers_stay_rising_in_units(way):
    settings = dict(zip(("transform", "center", "unit"), way))
    windows = windows_of(shops(), [1, 20], **settings)
    numbers = np.tile(np.linspace(-9, 9, 11), (len(windows), HORIZON, 1))
    found = windows.in_units(np.arange(len(windows)), numbers)
    assert found.shape == numbers.shape and (np.diff(found, axis=-1) > 0).all()


def test_the_truth_ends_with_the_data_whatever_the_panel_holds_beyond():
    panel = replace(shops(), target=np.nan_to_num(shops().target, nan=1.0))
    truth = windows_of(panel, NOW - 2).truth()
    assert np.isfinite(truth[:, :2]).all() and np.isnan(truth[:, 2:]).all()
    np.testing.assert_array_equal(truth[:, :2], panel.target[:, NOW - 2 : NOW])
    assert truth.dtype == np.float64


def test_all_sizes_are_alike_after_scaling():
    target = np.random.default_rng(0).poisson(20, (1, STEPS)) * np.array([[1.0], [1000.0]])
    for way in WAYS:
        windows = windows_of(panel_of(target), 20, **dict(zip(("transform", "center", "unit"), way)))
        past = taken(windows)["past"][..., 0]
        # The piece that is added to each scale is a part of what the small one sells.
        np.testing.assert_allclose(past[0], past[1], rtol=0.6, atol=0.75)


def test_centres_and_units_are_what_they_are_called():
    values = np.array([[2.0, 5.0, 3.0, np.nan, 9.0]])
    panel = panel_of(values, now=5)
    settings = {"lookback": 4, "horizon": 1, "state": learn_windows(panel, 5)}
    piece = settings["state"]["piece"]

    def past(**ways):
        return taken(windows_of(panel, 4, **settings, **ways))["past"][0, :3, 0]

    size = 10 / 3 + piece
    np.testing.assert_allclose(past(), np.array([2, 5, 3]) / size, rtol=1e-5)
    np.testing.assert_allclose(
        past(center="mean"), (np.array([2, 5, 3]) - 10 / 3) / size, rtol=1e-5, atol=1e-6
    )
    np.testing.assert_allclose(past(center="last"), np.array([-1, 2, 0]) / size, rtol=1e-5)
    np.testing.assert_allclose(
        past(center="last", unit="change"), np.array([-1, 2, 0]) / (2.5 + size / 1000), rtol=1e-5
    )
    logs = np.log(np.array([2, 5, 3]) + piece)
    for unit in ("level", "change"):  # logarithms are measured in themselves, and centred by themselves
        np.testing.assert_allclose(past(transform="log", unit=unit), logs - logs.mean(), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(past(transform="log", center="last"), logs - logs[2], rtol=1e-4, atol=1e-6)


def test_the_share_of_zeros_is_the_same_under_logarithms():
    target = np.random.default_rng(0).poisson(0.5, (20, STEPS)).astype(np.float32)
    target[:, 5::7] = np.nan
    plain, log = (
        taken(windows_of(panel_of(target), 20, transform=transform))["level"][:, 1]
        for transform in ("none", "log")
    )
    np.testing.assert_array_equal(plain, log)
    assert 0.4 < plain.mean() < 0.8


# -- what is learnt


def test_what_is_learnt_is_plain_json_of_the_steps_before():
    panel = shops(2)
    learnt = learn_windows(panel, 25)
    assert json.loads(json.dumps(learnt, allow_nan=False)) == learnt
    later = replace(
        panel,
        target=np.where(np.arange(STEPS) < 25, panel.target, 1e5).astype(np.float32),
        past={"numeric/rain": np.where(np.arange(STEPS) < 25, panel.past["numeric/rain"], np.nan)},
        known={name: np.where(np.arange(STEPS) < 25, each, 99.0) for name, each in panel.known.items()},
    )
    assert learn_windows(later, 25) == learnt != learn_windows(later, 30)


def test_the_piece_is_the_smallest_usual_quantity_and_never_nothing():
    values = np.where(np.arange(STEPS) % 2, 0.0, np.arange(STEPS))
    assert learn_windows(panel_of(values[None]), STEPS)["piece"] == pytest.approx(
        np.quantile(values[values > 0], 0.01)
    )
    assert learn_windows(panel_of(np.zeros((2, STEPS))), STEPS)["piece"] == 1
    assert learn_windows(panel_of(np.zeros((0, STEPS))), STEPS)["piece"] == 1


def test_a_new_series_is_taken_to_be_as_large_as_those_of_its_category():
    target = np.outer([4.0, 9.0, 100.0, 400.0, np.nan, np.nan, np.nan], np.ones(STEPS))
    groups = ["a", "a", "b", "b", "a", "c", None]
    panel = panel_of(
        target, np.repeat([0, NOW], [4, 3]), statics={"group": pd.Categorical(groups, list("abc"))}
    )
    state = learn_windows(panel, 20)
    levels = target[:4, 0] + state["piece"]
    found = cold_scales(panel, state)[4:]
    expected = [np.sqrt(levels[0] * levels[1]), *[np.prod(levels) ** 0.25] * 2]
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    windows = windows_of(panel, NOW, state=state)
    np.testing.assert_allclose(windows.sizes(np.arange(4, 7)), expected, rtol=1e-6)


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_what_a_network_says_of_a_new_series_is_in_the_size_of_its_category(way):
    """A unit of a thousandth of it would make its targets a thousand times as large as all others."""
    target = np.full((3, STEPS), 50.0, np.float32)
    target[2] = np.nan
    settings = dict(zip(("transform", "center", "unit"), way))
    windows = windows_of(panel_of(target, [0, 0, NOW]), 20, [2], **settings)
    numbers = np.array([[[-0.5, 0.5]]])
    low, high = windows.in_units(np.array([0]), np.repeat(numbers, HORIZON, axis=1))[0, 0]
    assert 20 < high - low < 200


def test_a_category_that_was_not_there_before_is_new():
    panel = shops()
    state = learn_windows(panel, 30)
    other = replace(panel, statics={"group": pd.Categorical(["z"] * SERIES)})
    np.testing.assert_array_equal(cold_scales(other, state), state["cold"][""])
    empty = replace(panel, statics={"group": pd.Categorical([None] * SERIES)})
    np.testing.assert_array_equal(cold_scales(empty, state), state["cold"][""])


# -- memory


def test_no_windows_are_kept():
    """Of 100,000 examples of 200 steps, 80 MB as windows, only their numbers are held."""
    panel = panel_of(np.ones((10, 1000)), now=1000)
    rng = np.random.default_rng(0)
    windows = windows_of(
        panel, rng.integers(1, 900, 100_000), rng.integers(0, 10, 100_000), lookback=200, horizon=28
    )
    windows.take(np.arange(64))
    held = [value for value in vars(windows).values() if isinstance(value, np.ndarray)]
    assert sum(array.nbytes for array in held) < 3 * 2**20 and windows.arrays == {}
    assert len(windows) == 100_000 and windows.targets().shape == (100_000, 28)


# -- what the network's answer is added to


@pytest.mark.parametrize("transform", ["none", "log"])
@pytest.mark.parametrize("baseline", ["none", "last", "season"])
def test_targets_in_units_are_the_truth_whatever_they_are_read_against(baseline, transform):
    windows = windows_of(shops(), [20, 25], baseline=baseline, season=3, transform=transform)
    found = windows.in_units(np.arange(len(windows)), windows.targets())
    np.testing.assert_allclose(found, windows.truth(), rtol=1e-4, atol=1e-3)


def test_with_a_season_as_baseline_a_network_that_says_nothing_repeats_the_season():
    panel = replace(
        shops(), target=np.tile(np.arange(STEPS, dtype=np.float32), (SERIES, 1)), start=np.zeros(SERIES, int)
    )
    windows = windows_of(panel, [20], baseline="season", season=3)
    found = windows.in_units(np.array([0]), np.zeros((1, HORIZON)))
    assert found[0].tolist() == [17.0 + step % 3 for step in range(HORIZON)]


def test_without_sizes_only_the_shape_is_read():
    found = taken(windows_of(replace(shops(), known={}, past={}), [20], sizes_read=False, calendar=False))
    assert set(found) == {"past", "scale"} and found["past"].shape[-1] == 1
