"""What a policy would have cost: its order-up-to levels are played against the demand that came."""

from dataclasses import dataclass

import numpy as np

from shared.series.inventory import whole_pieces


@dataclass(frozen=True)
class Replay:
    """What came of a policy, one number a series; sums over series are sums over the shops.

    `ordered == sold + left + coming`, and `demand == sold + lost`, for each series.

    Args:
        steps: Steps that were played, those with known demand.
        ordered: Pieces ordered, the opening stock among them.
        demand: Pieces asked for.
        sold: Pieces sold.
        lost: Pieces asked for and not there.
        short_steps: Steps in which a piece or a part of one was lost.
        holding: Pieces on the shelf at the end of a step, summed over the steps.
        left: Pieces on the shelf at the end of the last step.
        coming: Pieces ordered that arrive after it.
        lost_cost: `lost x short_cost`, in the currency of the costs.
        holding_cost: `holding x over_cost`.
    """

    steps: np.ndarray
    ordered: np.ndarray
    demand: np.ndarray
    sold: np.ndarray
    lost: np.ndarray
    short_steps: np.ndarray
    holding: np.ndarray
    left: np.ndarray
    coming: np.ndarray
    lost_cost: np.ndarray
    holding_cost: np.ndarray

    @property
    def cost(self) -> np.ndarray:
        """Cost of lost pieces and of pieces on the shelf, `(series,)`."""
        return self.lost_cost + self.holding_cost

    @property
    def service(self) -> np.ndarray:
        """Share of demand that was met (the fill rate), `(series,)`; NaN where nothing was asked for.

        That of many series together is `sold.sum() / demand.sum()`.
        """
        with np.errstate(invalid="ignore"):
            return self.sold / np.where(self.demand > 0, self.demand, np.nan)


def replay(
    demand: np.ndarray,
    order_up_to: np.ndarray,
    *,
    lead_time: int,
    short_cost: float | np.ndarray,
    over_cost: float | np.ndarray,
    whole: bool = False,
) -> Replay:
    """Plays a policy that looks at the stock at the start of each step and orders up to a level.

    In each step, in this order: what was ordered `lead_time` steps ago arrives; as much is ordered as lifts the
    stock on the shelf and on its way to the step's level (never less than nothing; with a lead time of 0 it is
    there at once); demand is met from the shelf, and what is not there is lost; each piece that is left costs
    `over_cost` and stays. Each series opens with its first level on the shelf, at any lead time: that level is
    meant for the steps until the second order can arrive. A step of unknown demand is left out as if the
    calendar did not have it: no arrival, no order, no cost.

    Args:
        demand: Pieces asked for, `(series, steps)`; NaN: not known.
        order_up_to: Levels, `(series, steps)`, from `order_levels`; one that is never reached orders nothing.
        lead_time: Steps from an order to its arrival, 0 or more.
        short_cost: What a lost piece costs, one for all or `(series,)`.
        over_cost: What a piece on the shelf at the end of a step costs, in the same currency.
        whole: Whether levels are rounded to whole pieces, see `whole_pieces`.
    Raises:
        ValueError: If the shapes differ, demand is below 0, or a level is missing where demand is known.
    Reference:
        Silver, Pyke & Thomas, Inventory and Production Management in Supply Chains, 4th edition, 2017,
        section 6.9: periodic review, order up to S; lost sales
    Example:
        >>> played = replay(
        ...     np.array([[3.0, 8.0, 1.0]]), np.full((1, 3), 5.0), lead_time=0, short_cost=2.0, over_cost=1.0
        ... )
        >>> played.sold.tolist(), played.lost.tolist(), played.holding.tolist(), played.cost.tolist()
        ([9.0], [3.0], [6.0], [12.0])
    """
    demand, levels = _checked(demand, order_up_to, lead_time)
    levels = whole_pieces(levels) if whole else levels
    shops = _Shops(len(demand), lead_time)
    sums = {name: np.zeros(len(demand)) for name in ("ordered", "sold", "lost", "short_steps", "holding")}
    known = np.isfinite(demand)
    for step in range(demand.shape[1]):
        on = np.flatnonzero(known[:, step])
        ordered = shops.order(on, levels[on, step])
        sold = shops.sell(on, demand[on, step])
        lost = demand[on, step] - sold
        for name, value in zip(sums, (ordered, sold, lost, lost > 0, shops.shelf[on])):
            sums[name][on] += value
    return Replay(
        steps=known.sum(axis=1),
        demand=np.where(known, demand, 0).sum(axis=1),
        left=shops.shelf,
        coming=shops.coming.sum(axis=1),
        lost_cost=sums["lost"] * short_cost,
        holding_cost=sums["holding"] * over_cost,
        **sums,
    )


class _Shops:
    """What is on the shelf of each series, and what is on its way, the next to arrive first."""

    def __init__(self, series: int, lead_time: int):
        self.shelf, self.coming = np.zeros(series), np.zeros((series, lead_time + 1))
        self.opened = np.zeros(series, bool)

    def order(self, on: np.ndarray, level: np.ndarray) -> np.ndarray:
        """Orders up to the level and takes in what arrives now, its own order too if the lead time is 0."""
        order = np.maximum(level - self.shelf[on] - self.coming[on].sum(axis=1), 0)
        last = np.where(self.opened[on], self.coming.shape[1] - 1, 0)  # the opening stock is there at once
        self.coming[on, last] += order
        self.shelf[on] += self.coming[on, 0]
        self.coming[on, :-1] = self.coming[on, 1:]
        self.coming[on, -1] = 0
        self.opened[on] = True
        return order

    def sell(self, on: np.ndarray, demand: np.ndarray) -> np.ndarray:
        """Sells what is there."""
        sold = np.minimum(self.shelf[on], demand)
        self.shelf[on] -= sold
        return sold


def _checked(demand, order_up_to, lead_time: int) -> tuple[np.ndarray, np.ndarray]:
    demand, levels = np.asarray(demand, np.float64), np.asarray(order_up_to, np.float64)
    if demand.ndim != 2 or demand.shape != levels.shape:
        raise ValueError(
            f"demand and order_up_to must both be `(series, steps)`, found {demand.shape} and {levels.shape}"
        )
    if lead_time < 0:
        raise ValueError(f"lead_time must be at least 0 steps, found {lead_time}")
    if np.nanmin(demand, initial=0.0) < 0:
        raise ValueError(f"demand must be at least 0, found {np.nanmin(demand)}; take returns out of it")
    missing = np.isfinite(demand) & ~np.isfinite(levels)
    if missing.any():
        raise ValueError(f"order_up_to is missing in {missing.sum()} steps whose demand is known")
    return demand, levels
