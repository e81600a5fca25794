"""The replay against a plain simulation, piece by piece and series by series."""

import numpy as np
import pytest

from shared.series.inventory_replay import replay

SUMMED = ("ordered", "sold", "lost", "short_steps", "holding", "left", "coming", "steps", "demand")


def plain(demand, levels, lead_time):
    """One series, one step after the other, orders kept with the step they arrive in."""
    days = [day for day in range(len(demand)) if not np.isnan(demand[day])]
    out, orders, shelf = dict.fromkeys(SUMMED, 0.0), [], 0.0
    for now, day in enumerate(days):
        shelf += sum(size for size, due in orders if due == now)
        orders = [(size, due) for size, due in orders if due > now]
        order = max(0.0, levels[day] - shelf - sum(size for size, _ in orders))
        if now == 0 or lead_time == 0:
            shelf += order
        else:
            orders.append((order, now + lead_time))
        sold = min(shelf, demand[day])
        shelf -= sold
        out["ordered"] += order
        out["sold"] += sold
        out["lost"] += demand[day] - sold
        out["short_steps"] += demand[day] > sold
        out["holding"] += shelf
        out["demand"] += demand[day]
    return out | {"left": shelf, "coming": sum(size for size, _ in orders), "steps": len(days)}


def case(seed, series=30, steps=25):
    rng = np.random.default_rng(seed)
    demand = rng.poisson(rng.gamma(1, 6, (series, steps))).astype(float)
    demand[rng.random(demand.shape) < 0.15] = np.nan
    demand[0], demand[1, :10] = np.nan, np.nan
    return demand, rng.uniform(0, 30, (series, steps))


@pytest.mark.parametrize("lead_time", [0, 1, 2, 5, 40])
def test_every_figure_is_that_of_a_plain_simulation(lead_time):
    demand, levels = case(lead_time)
    short, over = np.linspace(1, 5, len(demand)), 0.5
    found = replay(demand, levels, lead_time=lead_time, short_cost=short, over_cost=over)
    each = [plain(demand[row], levels[row], lead_time) for row in range(len(demand))]
    for name in SUMMED:
        assert np.allclose(getattr(found, name), [one[name] for one in each]), name
    assert np.allclose(found.lost_cost, found.lost * short) and np.allclose(
        found.holding_cost, found.holding / 2
    )
    assert np.allclose(found.cost, found.lost_cost + found.holding_cost)


@pytest.mark.parametrize("lead_time", [0, 3])
def test_no_piece_is_made_or_lost_on_the_way(lead_time):
    demand, levels = case(7)
    found = replay(demand, levels, lead_time=lead_time, short_cost=2.0, over_cost=1.0)
    assert np.allclose(found.ordered, found.sold + found.left + found.coming)
    assert np.allclose(found.demand, found.sold + found.lost)


def test_a_single_step_costs_what_the_newsvendor_pays():
    demand, stock = np.array([[3.0], [9.0], [5.0]]), np.full((3, 1), 5.0)
    found = replay(demand, stock, lead_time=0, short_cost=4.0, over_cost=1.0)
    assert found.cost.tolist() == [2.0, 16.0, 0.0]


def test_unknown_steps_change_nothing():
    demand, levels = case(3, series=5, steps=12)
    demand = np.nan_to_num(demand, nan=4.0)
    wide, filled = np.full((5, 24), np.nan), np.full((5, 24), np.nan)
    wide[:, ::2], filled[:, ::2] = demand, levels
    for lead_time in (0, 2):
        settings = dict(lead_time=lead_time, short_cost=2.0, over_cost=1.0)
        assert np.array_equal(replay(wide, filled, **settings).cost, replay(demand, levels, **settings).cost)


def test_each_policy_opens_with_its_own_first_level_on_the_shelf():
    found = replay(np.full((1, 2), 5.0), np.full((1, 2), 10.0), lead_time=1, short_cost=2.0, over_cost=1.0)
    assert (found.ordered[0], found.sold[0], found.lost[0], found.coming[0]) == (15, 10, 0, 5)


def test_service_is_the_share_of_demand_that_was_met():
    demand = np.array([[8.0, 4.0], [0.0, 0.0], [np.nan, np.nan]])
    found = replay(demand, np.full((3, 2), 5.0), lead_time=0, short_cost=2.0, over_cost=1.0)
    assert found.service[0] == 0.75 and np.isnan(found.service[1:]).all()
    assert found.cost[2] == 0 and found.steps.tolist() == [2, 2, 0]


def test_whole_levels_are_rounded_half_up():
    demand, levels = np.array([[3.0]]), np.array([[2.5]])
    assert replay(demand, levels, lead_time=0, short_cost=1.0, over_cost=1.0).sold[0] == 2.5
    assert replay(demand, levels, lead_time=0, short_cost=1.0, over_cost=1.0, whole=True).sold[0] == 3


def test_what_cannot_be_played_is_refused():
    settings = dict(short_cost=1.0, over_cost=1.0)
    with pytest.raises(ValueError, match="must both be"):
        replay(np.ones((2, 3)), np.ones((2, 2)), lead_time=0, **settings)
    with pytest.raises(ValueError, match="lead_time must be at least 0"):
        replay(np.ones((2, 3)), np.ones((2, 3)), lead_time=-1, **settings)
    with pytest.raises(ValueError, match="demand must be at least 0, found -1.0"):
        replay(np.array([[-1.0, np.nan]]), np.ones((1, 2)), lead_time=0, **settings)
    with pytest.raises(ValueError, match="missing in 1 steps"):
        replay(np.ones((1, 2)), np.array([[1.0, np.nan]]), lead_time=0, **settings)
