"""Texts of labels to classes."""

import pytest

from shared.proposing.labels import classes, good_names
from shared.proposing.profile import Column


def label(**values):
    return Column("label", "text", sum(values.values()), sum(values.values()), len(values), values=values)


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({"yes": 90, "no": 10}, {"no": 0, "yes": 1}),
        ({"是": 2, "否": 9}, {"否": 0, "是": 1}),
        ({"malignant": 90, "benign": 10}, {"benign": 0, "malignant": 1}),
        ({"genuine": 90, "stolen": 10}, {"genuine": 0, "stolen": 1}),
        ({"-1": 10, "1": 90}, {"-1": 0, "1": 1}),
        ({"true": 10, "false": 90}, {}),
        ({"0": 10, "1": 90}, {}),
    ],
)
def test_of_two_values_the_one_that_means_yes_is_one(values, wanted):
    found = classes(label(**values))
    assert found.labels == wanted and found.doubt is None


def test_of_two_values_that_say_nothing_the_rarer_is_one_and_a_doubt():
    found = classes(label(A=90, B=10))
    assert found.labels == {"A": 0, "B": 1} and "B" in found.doubt["en"]
    assert classes(label(**{"1": 10, "2": 90})).doubt is not None


def test_many_classes_are_numbered_with_the_healthy_one_first():
    found = classes(label(flu=50, healthy=30, cold=20))
    assert found.labels == {"healthy": 0, "flu": 1, "cold": 2} and found.doubt is None
    found = classes(label(**{"3": 5, "1": 50, "2": 9}))
    assert found.labels == {"1": 0, "2": 1, "3": 2} and found.doubt is not None


def test_a_text_for_not_known_is_no_class():
    found = classes(label(yes=9, no=90, 不详=5))
    assert found.labels == {"no": 0, "yes": 1} and found.missing == ("不详",)


def test_the_good_class_is_known_by_its_name_or_is_a_doubt():
    assert good_names(label(合格=90, 划痕=10)) == (["合格"], None)
    names, doubt = good_names(label(sound=90, crack=10))
    assert names == ["sound"] and doubt is not None


def test_of_more_than_two_texts_those_that_say_yes_or_no_are_read_where_two_are_wanted():
    counts = {"否": 90, "是": 8, "待定": 7}
    assert classes(Column("fraud", "text", 105, 105, 3, values=counts), two=True).labels == {"否": 0, "是": 1}
    plain = {"0": 90, "1": 8, "pending": 7}
    assert classes(Column("fraud", "text", 105, 105, 3, values=plain), two=True).labels == {}
    assert len(classes(Column("fraud", "text", 105, 105, 3, values=counts)).labels) == 3
