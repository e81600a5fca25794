"""What counts as a difference of a score, and what as another decision."""

import numpy as np
import pandas as pd
import pytest

from shared.parity.differences import compare

ANSWERS = pd.DataFrame(
    {
        "row": [1, 2, 3],
        "score": [0.1, 0.5, np.nan],
        "mean": [10.5, 2000.25, 0.0],
        "order": [3.0, 0.0, 12.0],
        "decision": ["pass", "review", None],
    }
)


def test_a_table_is_equal_to_itself_missing_values_included():
    found = compare(ANSWERS, ANSWERS.copy())
    assert (found.rows, found.largest, found.column, found.flips, found.flipped) == (3, 0.0, None, 0, {})


def test_a_score_counts_as_it_is_and_a_large_answer_as_a_share_of_itself():
    found = compare(ANSWERS, ANSWERS.assign(score=[0.1 + 3e-6, 0.5, np.nan]))
    assert found.column == "score" and found.largest == pytest.approx(3e-6) and found.flips == 0
    found = compare(ANSWERS, ANSWERS.assign(mean=[10.5, 2000.27, 0.0]))
    assert found.column == "mean" and found.largest == pytest.approx(1e-5, rel=0.01)


def test_another_decision_or_another_whole_number_is_a_flip_counted_once_a_row():
    found = compare(ANSWERS, ANSWERS.assign(decision=["pass", "block", None], order=[3.0, 1.0, 13.0]))
    assert found.flips == 2 and found.flipped == {"order": 2, "decision": 1} and found.largest == 0


def test_a_score_that_is_no_number_differs_infinitely_and_is_none_in_json():
    found = compare(ANSWERS, ANSWERS.assign(score=[0.1, np.nan, np.nan]))
    assert found.largest == float("inf") and found.to_dict()["largest"] is None


@pytest.mark.parametrize(
    "other", [ANSWERS.head(2), ANSWERS.drop(columns="order"), ANSWERS[ANSWERS.columns[::-1]]]
)
def test_answers_of_another_shape_differ_in_all_rows(other):
    found = compare(ANSWERS, other)
    assert found.flips == 3 and found.largest == float("inf")


def test_the_quantiles_of_a_row_are_of_one_size_and_a_low_one_is_no_more_exact_than_the_others():
    expected = pd.DataFrame({"q10": [1.8, 0.5], "q90": [1800.5, 0.75]})
    found = compare(expected, expected.assign(q10=[1.8001, 0.5]))
    assert found.largest == pytest.approx(1e-4 / 1800.5) and found.largest_own == pytest.approx(1e-4 / 1.8)
    assert compare(expected, expected.assign(q10=[1.8, 0.5001])).largest == pytest.approx(1e-4)
