"""What decisions cost, which thresholds are the cheapest, and what the model saves against today's rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from shared.decisions import (
    BLOCK,
    PASS,
    REVIEW,
    Costs,
    Thresholds,
    cheapest_thresholds,
    screening_costs,  # noqa: F401  clones of earlier releases import it from here
)
from shared.intervals import bootstrap
from shared.judging import plain, total

if TYPE_CHECKING:
    import pandas as pd

RULE = {
    "rule.none": {"en": "every row passes", "zh": "全部放行"},
    "rule.above": {
        "en": "rows above {limit} {currency} are reviewed",
        "zh": "超过 {limit} {currency} 的记录进入人工审核",
    },
}
"""What a solution says of today's rule where its `words.toml` says nothing."""


def alert_budget(alerts_per_day: int, time: pd.Series) -> float:
    """The share of rows that so many alerts a day are.

    Args:
        time: Of all rows.
    Example:
        >>> import pandas as pd
        >>> alert_budget(1, pd.Series(pd.to_datetime(["2025-01-01"] * 6 + ["2025-01-02"] * 2)))
        0.25
    """
    return min(1.0, alerts_per_day * time.dt.floor("D").nunique() / len(time))


def review_above(
    values: pd.Series, limit: float | None, words: Mapping[str, dict[str, str]], *, currency: str = ""
) -> tuple[np.ndarray, dict[str, str]]:
    """Today's rule where rows above a limit are reviewed, and what the report calls it.

    Args:
        values: Of all rows.
        limit: None: there is no such rule, and every row passes.
        words: A solution's own, of its `words.toml`: `none` and `above` under [rule]; in the latter {limit} and
            {currency} are filled in. What is not there is said of rows.
    Example:
        >>> words = {"rule.above": {"en": "loans above {limit} {currency} are reviewed"}}
        >>> import pandas as pd
        >>> today, text = review_above(pd.Series([9.0, 11.0]), 10, words, currency="EUR")
        >>> today.tolist(), text["en"]
        (['pass', 'review'], 'loans above 10 EUR are reviewed')
    """
    words = {**RULE, **words}
    if limit is None:
        return np.full(len(values), PASS), words["rule.none"]
    named = {
        lang: text.replace("{limit}", f"{limit:g}").replace("{currency}", currency)
        for lang, text in words["rule.above"].items()
    }
    return np.where(values.to_numpy() > limit, REVIEW, PASS), named


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
