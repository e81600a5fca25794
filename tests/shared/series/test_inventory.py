"""Orders cost least where they should, and spans and levels are those of the textbook."""

import numpy as np
import pytest
from scipy.stats import nbinom, norm

from shared.series.inventory import (
    fractile,
    interpolated,
    newsvendor,
    order_levels,
    reorder_point,
    sums,
    whole_pieces,
)
from shared.series.inventory_replay import replay

QUANTILES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
DENSE = tuple(np.r_[0.005, np.arange(1, 100) / 100, 0.995].tolist())


def bell(steps, series=1, mean=100.0, spread=10.0):
    return np.tile(norm.ppf(DENSE, mean, spread), (series, steps, 1))


@pytest.mark.parametrize("costs", [(1.0, 1.0), (4.0, 1.0), (1.0, 3.0), (19.0, 1.0)])
def test_no_stock_costs_less_on_average_than_the_newsvendors(costs):
    demand = nbinom.rvs(5, 0.1, size=20_000, random_state=0).astype(float)
    forecast = np.quantile(demand, DENSE)[None, None, :]
    stocks = np.arange(0, 200)[:, None]
    cost = costs[0] * np.maximum(demand - stocks, 0) + costs[1] * np.maximum(stocks - demand, 0)
    best = cost.mean(axis=1).min()
    chosen = newsvendor(forecast, DENSE, *costs, whole=True)[0, 0]
    assert cost.mean(axis=1)[int(chosen)] <= best * 1.002


def test_each_series_is_ordered_at_its_own_costs():
    short, over = np.array([1.0, 9.0]), np.array([1.0, 1.0])
    assert fractile(short, over).tolist() == [0.5, 0.9]
    assert newsvendor(bell(2, 2), DENSE, short, over).round(3).tolist() == [[100, 100], [112.816, 112.816]]


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.array([1.0, 0.0])])
def test_a_cost_that_is_not_above_0_is_refused(bad):
    with pytest.raises(ValueError, match="short_cost must be above 0"):
        fractile(bad, 1.0)
    with pytest.raises(ValueError, match="over_cost must be above 0"):
        fractile(1.0, bad)


def test_orders_are_never_below_0_and_half_a_piece_is_rounded_up():
    assert newsvendor(bell(1, mean=-50), DENSE, 1.0, 1.0).item() == 0
    assert whole_pieces(np.array([2.49, 2.5, 3.0])).tolist() == [2, 3, 3]


def test_without_a_lead_time_the_level_is_the_newsvendors():
    forecast = bell(3, 2)
    levels = order_levels(forecast, DENSE, np.eye(3), lead_time=0, short_cost=3.0, over_cost=1.0)
    assert np.array_equal(levels, newsvendor(forecast, DENSE, 3.0, 1.0))


@pytest.mark.parametrize("correlation", [0.0, 1.0])
def test_with_a_lead_time_the_level_covers_the_steps_until_the_next_order_is_there(correlation):
    matrix = np.full((6, 6), correlation) + (1 - correlation) * np.eye(6)
    levels = order_levels(bell(6), DENSE, matrix, lead_time=2, service_level=0.9, draws=1024)[0]
    spread = 10 * np.sqrt(3 + 6 * correlation)
    assert np.allclose(levels[:4], norm.ppf(0.9, 300, spread), atol=0.15 * spread)
    assert levels[5] == pytest.approx(3 * norm.ppf(0.9, 100, 10), abs=1)  # one step is left of three


def test_levels_rise_with_the_service_level_and_differ_by_series():
    forecast = bell(4, 3)
    chance = np.array([0.5, 0.8, 0.97])
    levels = order_levels(forecast, DENSE, np.eye(4), lead_time=1, service_level=chance)
    assert (np.diff(levels, axis=0) > 0).all()
    for row, level in enumerate(chance):
        alone = order_levels(forecast[:1], DENSE, np.eye(4), lead_time=1, service_level=level)
        assert np.allclose(levels[row], alone[0])


def test_costs_and_service_level_are_not_mixed():
    for given in ({}, dict(short_cost=1.0), dict(short_cost=1.0, over_cost=1.0, service_level=0.9)):
        with pytest.raises(ValueError, match="either short_cost and over_cost, or service_level"):
            order_levels(bell(2), DENSE, np.eye(2), lead_time=0, **given)
    with pytest.raises(ValueError, match="lead_time must be at least 0"):
        order_levels(bell(2), DENSE, np.eye(2), lead_time=-1, service_level=0.9)


def test_the_safety_stock_of_normal_demand_is_that_of_the_textbook():
    found = reorder_point(
        bell(6, 2), DENSE, np.eye(6), lead_time=3, review=1, service_level=np.array([0.5, 0.95]), draws=1024
    )
    assert np.allclose(found.expected, 400, atol=0.5)
    assert found.safety_stock[0] == pytest.approx(0, abs=2)
    assert found.safety_stock[1] == pytest.approx(1.645 * 10 * 2, rel=0.06)  # z sigma sqrt(L + R)
    assert np.array_equal(found.reorder_point, found.expected + found.safety_stock)


def test_a_span_beyond_the_horizon_is_scaled_up():
    short = reorder_point(bell(2), DENSE, np.ones((2, 2)), lead_time=3, service_level=0.9)
    long = reorder_point(bell(4), DENSE, np.ones((4, 4)), lead_time=3, service_level=0.9)
    assert short.reorder_point == pytest.approx(long.reorder_point)
    assert short.expected == pytest.approx(long.expected)
    with pytest.raises(ValueError, match="must cover a step"):
        reorder_point(bell(2), DENSE, np.eye(2), lead_time=0, review=0, service_level=0.9)


def test_ordering_by_the_fractile_costs_least_in_the_replay_of_steps_that_carry_over():
    rng = np.random.default_rng(0)
    demand = rng.poisson(rng.gamma(4, 3, (400, 30))).astype(float)
    forecast = np.tile(np.quantile(demand, DENSE), (400, 30, 1))
    cost = {}
    for level in (0.5, 0.7, 0.8, 0.9, 0.97):
        stock = interpolated(DENSE, forecast, level)
        cost[level] = replay(demand, stock, lead_time=0, short_cost=4.0, over_cost=1.0).cost.sum()
    assert min(cost, key=cost.get) == 0.8


def test_joint_levels_are_near_the_cheapest_multiple_of_themselves_with_a_lead_time():
    rng = np.random.default_rng(1)
    demand = rng.gamma(9, 3, (200, 20))
    forecast = np.tile(np.quantile(demand, DENSE), (200, 20, 1))
    levels = order_levels(forecast, DENSE, np.eye(20), lead_time=2, short_cost=9.0, over_cost=1.0)
    cost = {
        factor: replay(demand, levels * factor, lead_time=2, short_cost=9.0, over_cost=1.0).cost.mean()
        for factor in (0.8, 0.95, 1.0, 1.05, 1.25)
    }
    assert cost[1.0] < cost[0.8] and cost[1.0] < cost[1.25]
    assert cost[1.0] < 1.05 * min(cost.values())


def test_sums_are_offered_here_too():
    assert sums(bell(2), DENSE, np.eye(2), 2, levels=[0.5])[0, 0] == pytest.approx(200, abs=1)
