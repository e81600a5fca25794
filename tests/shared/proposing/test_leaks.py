"""Columns that give the label away by their values."""

import numpy as np
import pyarrow as pa

from shared.contract import Format, RawTable
from shared.proposing.features import Feature
from shared.proposing.leaks import of_items, without_leaks

RNG = np.random.default_rng(0)


def uses(table, features, label="sick", labels=None):
    raw = RawTable(pa.table(table), "a.csv")
    made = [Feature(name, use, {"en": "", "zh": ""}) for name, use in features.items()]
    return {each.name: each.use for each in without_leaks(raw, made, label, Format(), labels or {})}


def test_a_column_that_nearly_tells_the_label_alone_is_set_aside():
    sick = (RNG.random(2000) < 0.2).astype(int)
    near = sick + RNG.normal(0, 0.15, 2000)
    useful = sick + RNG.normal(0, 1.0, 2000)
    found = uses({"sick": sick, "near": near, "useful": useful}, {"near": "numeric", "useful": "numeric"})
    assert found == {"near": "leak", "useful": "numeric"}


def test_a_flag_that_comes_with_the_rarer_class_alone_is_set_aside():
    sick = (RNG.random(4000) < 0.05).astype(int)
    mode = np.where((sick == 1) & (RNG.random(4000) < 0.4), "heat", "none")
    risk = np.where(RNG.random(4000) < 0.1 + 0.5 * sick, "yes", "no")
    found = uses({"sick": sick, "mode": mode, "risk": risk}, {"mode": "categorical", "risk": "categorical"})
    assert found == {"mode": "leak", "risk": "categorical"}


def test_a_source_that_all_rows_of_the_rarer_class_come_from_is_set_aside_but_not_a_sex():
    sick = (RNG.random(3000) < 0.1).astype(int)
    source = np.where(sick == 1, "b", RNG.choice(["a", "b", "c"], 3000))
    sex = np.where(sick == 1, "m", RNG.choice(["f", "m"], 3000))
    found = uses(
        {"sick": sick, "source": source, "sex": sex}, {"source": "categorical", "sex": "categorical"}
    )
    assert found == {"source": "leak", "sex": "categorical"}


def test_a_few_rows_of_the_rarer_class_prove_nothing():
    sick = np.r_[np.ones(8, int), np.zeros(600, int)]
    assert uses({"sick": sick, "x": sick * 1.0 + RNG.normal(0, 0.3, 608)}, {"x": "numeric"}) == {
        "x": "numeric"
    }


def test_texts_of_labels_are_read_by_their_classes():
    sick = np.tile(["否", "是"], 100)
    found = uses({"sick": sick, "x": (sick == "是") * 5.0}, {"x": "numeric"}, labels={"否": 0, "是": 1})
    assert found == {"x": "leak"}


def test_a_label_that_cannot_be_read_sets_nothing_aside():
    assert uses({"sick": ["a", "b"] * 50, "x": [0.0, 1.0] * 50}, {"x": "numeric"}) == {"x": "numeric"}


def test_a_category_of_an_item_may_change_in_few_rows_only():
    items = np.repeat([f"i{at}" for at in range(50)], 20)
    brand = np.repeat(RNG.choice(["x", "y"], 50), 20)
    buyer = RNG.choice(["p", "q"], 1000)
    raw = RawTable(pa.table({"item": items, "brand": brand, "buyer": buyer}), "a.csv")
    made = [Feature(name, "categorical", {"en": "", "zh": ""}) for name in ("brand", "buyer")]
    assert [each.use for each in of_items(raw, made, "item")] == ["categorical", "ignored"]
    assert [each.use for each in of_items(raw, made, None)] == ["ignored", "ignored"]
