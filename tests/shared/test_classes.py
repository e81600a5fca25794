"""Class by class, against scikit-learn and SciPy."""

import json

import numpy as np
import pytest

from shared.classes import accuracy, judge_classes, macro_f1

NAMES = ["good", "crack", "fray", "void"]


@pytest.fixture
def case():
    rng = np.random.default_rng(2)
    label = rng.choice(3, 150, p=[0.7, 0.2, 0.1])  # no part is a void, but some are taken for one
    odds = rng.normal(size=(150, 4)) + 2.0 * np.eye(4)[label]
    return label, np.exp(odds) / np.exp(odds).sum(axis=1, keepdims=True)


def test_figures_equal_those_of_scikit_learn(case):
    from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, precision_score, recall_score

    label, probability = case
    answer, found = probability.argmax(axis=1), judge_classes(*case, NAMES)
    assert (answer == 3).any()
    assert found["counts"] == confusion_matrix(label, answer, labels=range(4)).tolist()
    assert found["accuracy"]["value"] == pytest.approx(accuracy_score(label, answer))
    assert found["macro_f1"]["value"] == pytest.approx(
        f1_score(label, answer, average="macro", zero_division=0)
    )
    options = {"labels": range(4), "average": None, "zero_division": np.nan}
    for key, oracle in (("recall", recall_score), ("precision", precision_score)):
        values = [each["value"] for each in found[key]]
        assert values == pytest.approx(oracle(label, answer, **options), nan_ok=True)
        assert [each["name"] for each in found[key]] == NAMES


def test_intervals_of_recall_are_the_exact_ones(case):
    from scipy.stats import binomtest

    label, probability = case
    for code, each in enumerate(judge_classes(*case, NAMES)["recall"][:3]):
        hits = int((probability.argmax(axis=1)[label == code] == code).sum())
        exact = binomtest(hits, each["rows"]).proportion_ci(method="exact")
        assert (each["low"], each["high"]) == pytest.approx((exact.low, exact.high))


def test_overall_figures_lie_within_their_intervals_and_groups_widen_them(case):
    label, probability = (np.repeat(each, 5, axis=0) for each in case)
    rows = judge_classes(label, probability, NAMES)
    parts = judge_classes(label, probability, NAMES, groups=np.repeat(np.arange(150), 5))
    for key in ("accuracy", "macro_f1"):
        one, whole = rows[key], parts[key]
        assert one["low"] < one["value"] < one["high"]
        assert whole["high"] - whole["low"] > 1.5 * (one["high"] - one["low"])


@pytest.mark.parametrize("metric", [accuracy, macro_f1])
def test_whole_weights_are_repeated_rows(case, metric):
    label, answer = case[0], case[1].argmax(axis=1)
    times = np.random.default_rng(0).integers(0, 3, len(label))
    expected = metric(np.repeat(label, times), np.repeat(answer, times))
    assert metric(label, answer, weights=times) == pytest.approx(expected)


def test_with_folds_the_overall_figures_are_means_over_them(case):
    label, probability = case
    fold = np.arange(150) % 3
    found = judge_classes(label, probability, NAMES, fold=fold)
    each = [macro_f1(label[fold == n], probability[fold == n].argmax(axis=1)) for n in range(3)]
    assert found["macro_f1"]["value"] == pytest.approx(np.mean(each))


def test_rows_of_unknown_class_are_left_out(case):
    label, probability = case
    unknown = np.where(np.arange(150) < 20, -1, label)
    found = judge_classes(unknown, probability, NAMES, groups=np.arange(150))
    alone = judge_classes(label[20:], probability[20:], NAMES, groups=np.arange(130))
    assert json.dumps(found) == json.dumps(alone)  # as texts, for what has no value equals itself there
    assert found["rows"] == 130


def test_the_result_is_json(case):
    json.dumps(judge_classes(*case, NAMES))


@pytest.mark.parametrize(
    ("label", "probability", "text"),
    [
        (np.zeros(3), np.zeros((3, 2)), "shape"),
        (np.full(3, 4), np.zeros((3, 4)), "below 4"),
        (np.full(3, -1), np.zeros((3, 4)), "no row"),
    ],
)
def test_what_does_not_fit_is_refused(label, probability, text):
    with pytest.raises(ValueError, match=text):
        judge_classes(label, probability, NAMES)


def test_rows_of_one_part_are_counted_together_in_the_intervals(case):
    label, probability = (np.repeat(each, 4, axis=0) for each in case)
    groups = np.repeat(np.arange(150), 4)
    apart, together = (judge_classes(label, probability, NAMES, groups=each) for each in (None, groups))
    for key in ("recall", "precision"):
        narrow, wide = (
            [each["high"] - each["low"] for each in found[key][:2]] for found in (apart, together)
        )
        assert all(much > 1.5 * little for little, much in zip(narrow, wide))
        assert [each["value"] for each in apart[key][:2]] == [each["value"] for each in together[key][:2]]
