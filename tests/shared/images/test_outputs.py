"""What a network says of photos becomes scores and classes."""

import numpy as np

from shared.images.outputs import likeliest, with_scores, within_one


def test_logits_become_probabilities_and_the_score_is_the_chance_of_any_defect():
    raw = {
        "classes": np.log(np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]], np.float32)),
        "heatmap": np.zeros((2, 4, 4)),
    }
    found = with_scores(raw)
    np.testing.assert_allclose(found["score"], [0.3, 0.9], rtol=1e-6)
    np.testing.assert_allclose(found["probability"].sum(axis=1), 1, rtol=1e-6)
    assert likeliest(found, np.array(["reject", "accept"]), ["ok", "pit", "crack"]).tolist() == [
        "ok",
        "crack",
    ]


def test_large_logits_overflow_nothing():
    assert with_scores({"classes": np.array([[1e4, 0.0]], np.float32)})["score"].tolist() == [0.0]


def test_distances_stay_as_they_are_until_they_are_brought_within_one():
    raw = {"score": np.array([1.0, 3.0]), "heatmap": np.zeros((2, 4, 4))}
    assert with_scores(raw) is raw
    state = {"mode": "good_only", "typical": 1.0}
    assert within_one(raw["score"], state).tolist() == [0.5, 0.75]
    assert within_one(raw["score"], {"mode": "labelled"}).tolist() == [1.0, 3.0]
    assert likeliest(raw, np.array(["accept", "again"]), ["ok"]).tolist() == ["ok", "defect"]
