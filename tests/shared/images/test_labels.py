import pytest

from shared.images.labels import class_faults


def faults_of(found, **settings):
    settings = {"good": "good", "names": ("good", "ok"), "mode": "labelled", "fewest": 5} | settings
    return [str(fault) for fault in class_faults(found, **settings)]


def test_enough_photos_of_two_classes_have_no_fault():
    assert faults_of({"good": 9, "crack": 5}) == []


def test_one_class_alone_is_offered_the_good_only_mode():
    (text,) = faults_of({"good": 9})
    assert 'mode = "good_only"' in text
    assert faults_of({"good": 9}, mode="good_only") == []


def test_every_class_with_too_few_photos_is_named():
    texts = faults_of({"good": 2, "crack": 1, "pit": 9})
    assert len(texts) == 2 and "`good` has 2 photos" in texts[0] and "`crack` has 1 photo," in texts[1]


def test_the_good_only_mode_takes_few_defects_but_not_few_good_parts():
    assert faults_of({"good": 9, "crack": 1}, mode="good_only") == []
    assert len(faults_of({"good": 3, "crack": 1}, mode="good_only")) == 1


CASES = [
    ({}, None, "no photo has a class"),
    ({"a": 9}, None, 'good = ["'),
    ({"good": 9, "ok": 9, "x": 9}, "good", "all mean good"),
]


@pytest.mark.parametrize(("found", "good", "word"), CASES)
def test_what_the_good_class_is_must_be_clear(found, good, word):
    assert word in faults_of(found, good=good)[0]
