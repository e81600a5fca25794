"""Indicators of categories against scikit-learn's one-hot encoder."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import OneHotEncoder

from shared.builders.embeddings import CategoryIndicators
from shared.encoding import FIRST, MISSING, UNSEEN


def indicated(sizes, codes):
    return keras.ops.convert_to_numpy(CategoryIndicators(sizes)(np.array(codes, "int32")))


@settings(max_examples=40, deadline=None)
@given(sizes=st.lists(st.integers(0, 5), min_size=1, max_size=4), seed=st.integers(0, 2**32 - 1))
def test_places_are_those_of_a_one_hot_encoder_in_which_missing_is_a_value_and_unseen_is_none(sizes, seed):
    rng = np.random.default_rng(seed)
    codes = np.stack([rng.integers(0, FIRST + size, 12) for size in sizes], axis=1)
    values = [[MISSING, *range(FIRST, FIRST + size)] for size in sizes]
    oracle = OneHotEncoder(categories=values, handle_unknown="ignore", sparse_output=False)
    expected = oracle.fit_transform(np.where(codes == UNSEEN, MISSING, codes))
    unseen = np.repeat(codes == UNSEEN, [size + 1 for size in sizes], axis=1)
    assert np.array_equal(indicated(sizes, codes), np.where(unseen, 0, expected))


def test_a_code_beyond_the_vocabulary_speaks_for_nothing():
    assert not indicated([2, 1], [[9, UNSEEN], [-1, 9]]).any()


def test_columns_of_another_number_and_no_columns_are_refused():
    with pytest.raises(ValueError, match="2"):
        CategoryIndicators([2, 1])(np.zeros((3, 3), "int32"))
    for wrong in ([], [-1]):
        with pytest.raises(ValueError, match="cardinalities"):
            CategoryIndicators(wrong)


def test_it_reloads_equal_and_says_its_shape(tmp_path):
    given_ = keras.Input((3,), dtype="int32")
    out = CategoryIndicators([3, 0, 2])(given_)
    assert out.shape == (None, 4 + 1 + 3)
    model, codes = keras.Model(given_, out), np.array([[0, 1, 2], [4, 0, 3], [2, 2, 1]], "int32")
    model.save(tmp_path / "indicators.keras")
    again = keras.saving.load_model(tmp_path / "indicators.keras")
    assert np.array_equal(model(codes), again(codes)) and not model.weights
    layer = CategoryIndicators.from_config(again.layers[-1].get_config())
    assert layer.cardinalities == [3, 0, 2]


def test_codes_stay_whole_in_half_precision():
    layer = CategoryIndicators([3000], dtype="float16")  # whole numbers above 2,048 are not all in float16
    found = keras.ops.convert_to_numpy(layer(np.array([[2501], [2502]], "int32")))
    assert found.dtype == np.float16 and found.argmax(axis=1).tolist() == [2500, 2501]
    assert found.sum(axis=1).tolist() == [1, 1]
