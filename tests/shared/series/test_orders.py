"""Orders through several origins against a shop that is kept by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from shared.series.inventory import newsvendor, order_levels, reorder_point
from shared.series.orders import order_columns, replay_orders

LEVELS = (0.1, 0.3, 0.5, 0.7, 0.9)
SERIES, HORIZON = 6, 4
SHORT, OVER = np.linspace(1, 4, SERIES), np.linspace(2, 0.5, SERIES)  # fractiles within the quantiles


def config(**changes):
    settings = {"quantiles": LEVELS, "lead_time": 0, "service_level": 0.9, "whole_pieces": False}
    return SimpleNamespace(**{**settings, **changes})


def origins_of(seed=0, count=3):
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        truth = rng.poisson(6, (SERIES, HORIZON)).astype(float)
        truth[rng.random(truth.shape) < 0.1] = np.nan
        forecast = np.sort(rng.gamma(3, 2, (SERIES, HORIZON, len(LEVELS))), axis=-1)
        found.append(
            SimpleNamespace(
                truth=truth, forecasts={"model": forecast}, correlation={"model": np.eye(HORIZON)}
            )
        )
    return found


def by_hand(origins, whole):
    """Each series' shop, step by step: it is filled up to the level, then sells."""
    names = ("ordered", "sold", "lost", "holding", "lost_cost", "holding_cost")
    totals, costs = dict.fromkeys(names, 0.0), []
    for series in range(SERIES):
        shelf, cost = 0.0, 0.0
        share = SHORT[series] / (SHORT[series] + OVER[series])
        for origin in origins:
            for step in range(HORIZON):
                demand = origin.truth[series, step]
                if np.isnan(demand):
                    continue
                ends = origin.forecasts["model"][series, step]
                level = np.interp(share, LEVELS, ends)
                level = np.floor(level + 0.5) if whole else level
                order = max(0.0, level - shelf)
                sold = min(shelf + order, demand)
                shelf += order - sold
                line = (order, sold, demand - sold, shelf)
                line += ((demand - sold) * SHORT[series], shelf * OVER[series])
                for name, value in zip(names, line):
                    totals[name] += value
                cost += line[-1] + line[-2]
        costs.append(cost)
    return totals, costs


@pytest.mark.parametrize("whole", [False, True])
def test_totals_and_costs_are_those_of_a_shop_kept_by_hand(whole):
    origins = origins_of()
    totals, costs = replay_orders(origins, "model", config(whole_pieces=whole), SHORT, OVER)
    expected, by_series = by_hand(origins, whole)
    assert {name: totals[name] for name in expected} == pytest.approx(expected)
    np.testing.assert_allclose(costs, by_series)
    assert totals["service"] == pytest.approx(totals["sold"] / (totals["sold"] + totals["lost"]))
    assert costs.sum() == pytest.approx(totals["lost_cost"] + totals["holding_cost"])


def test_stock_goes_on_from_origin_to_origin():
    """Ten pieces are on the shelf at the end of the first origin, so that the second one orders nothing."""
    origins = origins_of(count=2)
    for origin, level, demand in zip(origins, (10.0, 5.0), (0.0, 1.0)):
        origin.forecasts["model"][:] = level
        origin.truth[:] = demand
    totals, costs = replay_orders(origins, "model", config(), SHORT, OVER)
    ordered = 10 + 0  # after four steps that sell a piece each, six are left: still above five
    assert totals["ordered"] == SERIES * ordered and totals["lost"] == 0
    np.testing.assert_allclose(costs, OVER * (4 * 10 + 9 + 8 + 7 + 6))


def test_with_a_lead_time_the_levels_are_for_the_steps_until_the_next_delivery():
    from shared.series.inventory_replay import replay

    origins = origins_of(3)
    settings = config(lead_time=2, whole_pieces=True)
    _, costs = replay_orders(origins, "model", settings, SHORT, OVER)
    ways = {"lead_time": 2, "short_cost": SHORT, "over_cost": OVER}
    levels = [order_levels(each.forecasts["model"], LEVELS, np.eye(HORIZON), **ways) for each in origins]
    demand = np.concatenate([each.truth for each in origins], axis=1)
    played = replay(demand, np.concatenate(levels, axis=1), **ways, whole=True)
    np.testing.assert_allclose(costs, played.cost)


def test_demand_below_nothing_counts_as_none_and_nothing_asked_has_no_service():
    origins = origins_of(count=1)
    origins[0].truth[:] = -3.0
    totals, _ = replay_orders(origins, "model", config(), SHORT, OVER)
    assert totals["sold"] == totals["lost"] == 0 and totals["service"] is None
    origins[0].truth[:] = np.nan
    totals, costs = replay_orders(origins, "model", config(), SHORT, OVER)
    assert totals["ordered"] == 0 and not costs.any()


def test_a_perfect_forecast_costs_nothing():
    origins = origins_of()
    for origin in origins:
        origin.truth = np.nan_to_num(origin.truth)
        origin.forecasts["model"] = np.repeat(origin.truth[..., None], len(LEVELS), axis=-1)
    totals, costs = replay_orders(origins, "model", config(), SHORT, OVER)
    assert not costs.any() and totals["service"] == 1


def test_the_columns_are_newsvendor_levels_and_reorder_point():
    forecast = origins_of()[0].forecasts["model"]
    correlation = (0.5 * np.ones((HORIZON, HORIZON)) + 0.5 * np.eye(HORIZON)).tolist()  # as a state keeps it
    found = order_columns(forecast, correlation, config(lead_time=1), SHORT, OVER)
    assert list(found) == ["order", "order_up_to", "reorder_point", "safety_stock"]
    np.testing.assert_array_equal(found["order"], newsvendor(forecast, LEVELS, SHORT, OVER))
    levels = order_levels(
        forecast, LEVELS, np.array(correlation), lead_time=1, short_cost=SHORT, over_cost=OVER
    )
    np.testing.assert_array_equal(found["order_up_to"], levels)
    point = reorder_point(forecast, LEVELS, np.array(correlation), lead_time=1, service_level=0.9)
    np.testing.assert_array_equal(found["reorder_point"], point.reorder_point)
    np.testing.assert_array_equal(found["safety_stock"], point.safety_stock)
    assert found["order"].shape == found["order_up_to"].shape == (SERIES, HORIZON)


def test_orders_are_whole_pieces_where_pieces_are_whole():
    forecast = origins_of()[0].forecasts["model"]
    plain, whole = (
        order_columns(forecast, np.eye(HORIZON), config(whole_pieces=whole), SHORT, OVER)
        for whole in (False, True)
    )
    for name in ("order", "order_up_to", "reorder_point"):
        assert np.array_equal(whole[name], np.round(whole[name])), name
        assert not np.array_equal(plain[name], np.round(plain[name]))
    assert (whole["reorder_point"] >= plain["reorder_point"] - 1e-9).all()
    assert (whole["reorder_point"] < plain["reorder_point"] + 1).all()
