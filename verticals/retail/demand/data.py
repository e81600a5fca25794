"""What a sales record is told by, and what a piece too few or too many costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from shared.series.panel import Panel

    from .config import DemandConfig

VOLUME = ("low", "medium", "high")


def costs(panel: Panel, config: DemandConfig) -> tuple[np.ndarray, np.ndarray]:
    """Of a piece too few and of one too many, by series: the item's own, or those of the settings."""
    by_price = np.ones(len(panel))
    if config.cost_by_price and "price" in panel.known:
        price = panel.known["price"][:, : panel.now]
        known = np.isfinite(price)
        mean = np.where(known, price, 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
        by_price = np.where(known.any(axis=1), mean, 1.0)
    found = []
    for name, general in (("short_cost", config.short_cost), ("over_cost", config.over_cost)):
        own = panel.costs.get(name)
        plain = general * by_price
        found.append(plain if own is None else np.where(np.isfinite(own) & (own > 0), own, plain))
    return found[0], found[1]


def volume_classes(panel: Panel, origin: int) -> np.ndarray:
    """Each series' third by what it sold before `origin`; those without a past are `none`."""
    past = panel.target[:, :origin].astype(np.float64)
    known = np.isfinite(past).sum(axis=1)
    mean = np.nansum(past, axis=1) / np.maximum(known, 1)
    ranks = np.argsort(np.argsort(mean[known > 0], kind="stable"), kind="stable")
    out = np.full(len(panel), "none", object)
    out[known > 0] = np.array(VOLUME, object)[np.minimum(ranks * 3 // max(1, len(ranks)), 2)]
    return out


def sale_classes(panel: Panel, origin: int) -> np.ndarray:
    """Whether each series sold in most periods before `origin`, or now and then."""
    past = panel.target[:, :origin]
    known = np.isfinite(past)
    zeros = ((past == 0) & known).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return np.where(zeros > 0.5, "intermittent", "smooth").astype(object)
