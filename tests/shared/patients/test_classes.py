"""Classes of patients have numbers, names and shares, whatever is known of them."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from shared.patients.classes import class_codes, class_names, class_shares


class Table(SimpleNamespace):
    def __len__(self):
        return len(self.frame)


def test_a_row_without_a_class_has_no_number_and_a_table_without_labels_none_at_all():
    labelled = Table(frame=pd.DataFrame({"label": [0.0, np.nan, 2.0]}))
    assert class_codes(labelled).tolist() == [0, -1, 2] and class_codes(labelled).dtype == np.int64
    assert class_codes(Table(frame=pd.DataFrame({"age": [1, 2]}))).tolist() == [-1, -1]


@pytest.mark.parametrize(
    ("code", "labels", "given", "expected"),
    [
        ([0, 1], {}, (), ["0", "1"]),
        ([-1], {}, (), ["0", "1"]),  # there are two at least
        ([0, 1], {"benign": 0, "harmless": 0, "malignant": 1}, (), ["benign", "malignant"]),
        ([0, 3], {"mild": 1}, (), ["0", "mild", "2", "3"]),
        ([0, 1], {"a": 0, "b": 1}, ("well", "ill"), ["well", "ill"]),
        ([0, 2], {}, ("well", "ill"), ["0", "1", "2"]),  # names that do not fit are a fault elsewhere
        ([], {}, (), ["0", "1"]),
    ],
)
def test_classes_are_called_as_given_else_by_their_first_text_else_by_their_number(
    code, labels, given, expected
):
    assert class_names(np.array(code, np.int64), labels, given) == expected


def test_shares_sum_to_one_and_a_class_without_rows_has_a_little():
    shares = class_shares(np.array([0, 0, 2]), 4)
    assert sum(shares) == pytest.approx(1) and min(shares) > 0
    np.testing.assert_allclose(shares, [2 / 3, 0, 1 / 3, 0], atol=1e-3)
