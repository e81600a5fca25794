import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import SplitError
from shared.images.parts import given_split, good_only_split, part_of, split_faults

SHARES = {"test_share": 0.25, "valid_share": 0.25, "seed": 0}


def of(parts, codes, *, good_only=False, groups=None):
    parts = np.array(parts, object)
    return given_split(parts, np.array(codes), good_only=good_only, groups=groups, **SHARES)


def test_parts_are_read_in_either_language_and_case():
    assert [part_of(cell) for cell in ("Train", "VAL", "测试集", None)] == ["train", "valid", "test", None]


def test_an_unknown_word_is_a_fault_at_its_first_row():
    (fault,) = split_faults(["train", "dev", "dev"], [1, 2, 3], "subset")
    assert fault.row == 2 and fault.column == "subset" and "`dev`" in fault.text


def test_given_parts_are_kept_and_the_rest_trains():
    split = of(["test"] * 4 + ["valid"] * 4 + [None] * 8, [0, 1] * 8)
    assert split.test.tolist() == [0, 1, 2, 3] and split.valid.tolist() == [4, 5, 6, 7]
    assert split.train.tolist() == list(range(8, 16))


def test_where_no_test_part_is_given_one_is_drawn_and_validation_is_kept():
    split = of(["valid"] * 4 + ["train"] * 16, [0, 1] * 10)
    assert split.valid.tolist() == [0, 1, 2, 3] and 0 < len(split.test) < 16
    assert set(split.train) | set(split.test) == set(range(4, 20))


def test_photos_without_a_class_are_in_no_part():
    split = of(["test"] * 4 + ["train"] * 12, [0, 1, -1, 0] * 4)
    assert not {2, 6, 10, 14} & set(np.concatenate(list(split.parts.values())))


def test_a_part_of_one_kind_or_none_is_refused():
    with pytest.raises(SplitError, match="test part has no good photo"):
        of(["test"] * 2 + ["train"] * 8, [1, 1, *([0, 1] * 4)])
    with pytest.raises(SplitError, match="train part has no photo"):
        of(["test"] * 4, [0, 1, 0, 1])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-1, 2), min_size=30, max_size=80), st.integers(0, 5))
def test_only_good_photos_teach_where_only_good_ones_may(codes, seed):
    codes = np.array([0] * 20 + codes)
    split = good_only_split(codes, groups=None, test_share=0.3, valid_share=0.3, seed=seed)
    assert (codes[split.train] == 0).all() and (codes[split.valid] == 0).all()
    assert set(np.flatnonzero(codes > 0)) <= set(split.test)
    rows = np.concatenate(list(split.parts.values()))
    assert len(np.unique(rows)) == len(rows)


def test_no_part_with_a_serial_number_teaches_and_judges():
    codes, groups = np.array([0, 0, 0, 1] * 20), np.repeat(np.arange(40), 2)
    split = good_only_split(codes, groups=groups, test_share=0.3, valid_share=0.2, seed=1)
    learnt = set(groups[np.concatenate([split.train, split.valid])])
    assert not learnt & set(groups[split.test])
