"""From what a network says of photos to scores and classes; the same wherever the network runs."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from shared.inputs import Arrays


def with_scores(raw: Arrays) -> Arrays:
    """What a network says, with the `probability` of each class and the `score`, where it gives logits of classes.

    Args:
        raw: `classes` `(units, classes)`, the good one first, or `score` `(units,)` as it is; and `heatmap`.
    Example:
        >>> with_scores({"classes": np.zeros((1, 2), np.float32)})["score"].tolist()
        [0.5]
    """
    if "classes" not in raw:
        return raw
    odds = np.exp(raw["classes"] - raw["classes"].max(axis=1, keepdims=True))
    p = odds / odds.sum(axis=1, keepdims=True)
    return raw | {"probability": p, "score": 1.0 - p[:, 0].astype(np.float64)}


def within_one(score: np.ndarray, state: Mapping[str, Any]) -> np.ndarray:
    """Raw scores onto [0, 1]: probabilities as they are; a distance as far as the limit of good photos is .5.

    Example:
        >>> within_one(np.array([3.0]), {"mode": "good_only", "typical": 1.0}).tolist()
        [0.75]
    """
    return score if state["mode"] == "labelled" else score / (score + state["typical"])


def likeliest(found: Arrays, decision: np.ndarray, classes: list[str]) -> np.ndarray:
    """The most likely class of each photo, `(photos,)` texts; without probabilities good or not.

    Args:
        decision: What is done with each photo; "accept" where it is good.
        classes: The good one first.
    Example:
        >>> likeliest({}, np.array(["accept", "reject"]), ["ok"]).tolist()
        ['ok', 'defect']
    """
    if "probability" in found:
        return np.array(classes, object)[found["probability"].argmax(axis=1)]
    return np.where(decision == "accept", classes[0], "defect").astype(object)
