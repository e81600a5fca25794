"""What decisions cost on the test rows, and what the model saves against today's rule."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from shared.decisions import BLOCK, PASS, Costs, Thresholds, cheapest_thresholds
from shared.intervals import bootstrap
from shared.judging import plain, total


def choose_thresholds(score: np.ndarray, costs: Costs, *, budget: float | None = None) -> Thresholds:
    """The cheapest review and block thresholds on validation rows.

    Args:
        score: Probability of each row, `(rows,)`.
        costs: Of the same rows.
        budget: Largest share of rows that may be stopped, where that many pay off; None: as many as pay off.
    """
    return cheapest_thresholds(score, costs, most=1.0 if budget is None else budget)


def judge_decisions(
    label: np.ndarray,
    decisions: Mapping[str, np.ndarray],
    costs: Costs,
    *,
    days: int,
    groups: np.ndarray | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Cost and counts of every policy on the same test rows, and what `model` saves against `rule`.

    Args:
        label: 0 or 1, `(test rows,)`.
        decisions: pass / review / block of each test row by policy; `model` and `rule` among them.
        costs: Of the test rows.
        days: Days that the test rows span.
    Returns:
        The entries `policies`, `saved`, `saved_per_day`, `days` of metrics.json's `decision`.
    """
    each = {name: costs.of(decision) for name, decision in decisions.items()}
    drawn = bootstrap(label, each, {"cost": total}, groups=groups, seed=seed)
    policies = []
    for name, decision in decisions.items():
        stopped, positive = decision != PASS, label > 0
        policies.append(
            {
                "name": name,
                "cost": drawn.estimate(name, "cost").to_dict(),
                "caught": int((stopped & positive).sum()),
                "missed": int((~stopped & positive).sum()),
                "false_alarms": int((stopped & ~positive).sum()),
                "blocked": int((decision == BLOCK).sum()),
                "alerts_per_day": float(stopped.sum() / days),
            }
        )
    saved = drawn.difference("rule", "model", "cost").to_dict()
    per_day = {name: value / days for name, value in saved.items()}
    return {"policies": policies, "saved": saved, "saved_per_day": per_day, "days": days}


def cost_curve(score: np.ndarray, costs: Costs, chosen: Thresholds, *, points: int = 120) -> dict[str, Any]:
    """Total cost of the test rows against the review threshold, the blocking threshold held."""
    at = min(chosen.review, 1.0)
    places = np.unique(np.r_[np.geomspace(1e-4, 1, points), at])
    spend = [costs.of(Thresholds(place, max(chosen.block, place)).decide(score)).sum() for place in places]
    total_chosen = float(costs.of(chosen.decide(score)).sum())
    return {"model": {"x": plain(places), "y": plain(spend)}, "chosen": {"x": at, "y": total_chosen}}


def alert_curve(label: np.ndarray, scores: Mapping[str, np.ndarray], *, days: int) -> dict[str, Any]:
    """Share of the positives caught against alerts a day, for each model."""
    counts = np.unique(np.geomspace(1, min(len(label), 1000 * days), 80).astype(int))
    out = {}
    for name, score in scores.items():
        caught = np.cumsum(label[np.argsort(-score, kind="stable")]) / max(label.sum(), 1)
        out[name] = {"x": plain(counts / days), "y": plain(caught[counts - 1])}
    return out
