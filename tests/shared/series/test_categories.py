"""Categories of a light scorer are what pandas makes of the same texts."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from shared.series.categories import Categories, categories_of

texts = st.lists(st.none() | st.sampled_from(["b", "a", "00123", "7", "ä", "猫", ""]), max_size=12)


def same(ours, theirs):
    assert ours.codes.tolist() == theirs.codes.tolist()
    assert ours.categories.tolist() == theirs.categories.tolist()


@given(texts)
def test_categories_are_in_the_order_of_pandas(values):
    codes, known = pd.factorize(pd.Series(values, dtype="object"), sort=True)
    same(Categories.of(values), pd.Categorical.from_codes(codes, known))


@given(texts, texts)
def test_joined_texts_have_the_categories_of_joined_tables(own, earlier):
    parts = [pd.Categorical(values, sorted({*values} - {None})) for values in (own, earlier)]
    known = pd.Index(dict.fromkeys([*parts[0].categories, *parts[1].categories]))
    expected = pd.Categorical([*own, *earlier], known)
    same(Categories.of([*own, *earlier], len(own)), expected)


@given(texts, st.data())
def test_rows_and_used_categories_are_picked_as_by_pandas(values, data):
    rows = np.array(data.draw(st.lists(st.integers(0, len(values) - 1), max_size=8)) if values else [], int)
    ours, theirs = Categories.of(values), pd.Categorical(values, sorted({*values} - {None}))
    same(ours[rows].remove_unused_categories(), theirs[rows].remove_unused_categories())
    same(ours.repeat(2), theirs.repeat(2))


def test_texts_come_back_as_they_were():
    assert list(Categories.of(["b", None, "a"])) == ["b", None, "a"]
    assert Categories.of([]).texts().tolist() == []


def test_columns_of_both_kinds_are_read_by_one_name():
    frame = pd.DataFrame({"item": pd.Categorical(["a", "b"])})
    assert categories_of(frame["item"]).codes.tolist() == [0, 1]
    ours = Categories.of(["a"])
    assert categories_of(ours) is ours
