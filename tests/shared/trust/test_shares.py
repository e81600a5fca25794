"""Shares and their intervals: exact for independent rows, clustered for patients who come more than once."""

import numpy as np
import pytest
from scipy.stats import binomtest

from shared.trust.shares import share_among, share_estimate


@pytest.mark.parametrize("count,of", [(0, 7), (3, 7), (7, 7), (45, 50)])
def test_independent_rows_have_the_exact_interval(count, of):
    happened = np.arange(of) < count
    exact = binomtest(count, of).proportion_ci(0.95, method="exact")
    for groups in (None, np.arange(of)):
        found = share_estimate(happened, groups=groups)
        assert found.value == count / of
        assert (found.low, found.high) == pytest.approx((exact.low, exact.high), abs=1e-9)


def test_rows_of_one_patient_widen_the_interval():
    happened = np.repeat(np.random.default_rng(0).random(40) < 0.6, 5)
    rows, patients = (share_estimate(happened, groups=each) for each in (None, np.repeat(np.arange(40), 5)))
    assert rows.value == patients.value
    assert patients.high - patients.low > 1.7 * (rows.high - rows.low)


def test_where_all_rows_agree_the_number_of_patients_bounds_the_share():
    found = share_estimate(np.ones(100, bool), groups=np.repeat(np.arange(10), 10))
    assert found.value == 1 and found.low == pytest.approx(0.025 ** (1 / 10))


def test_only_the_rows_among_count():
    happened, among = np.array([1, 0, 1, 1], bool), np.array([1, 1, 0, 0], bool)
    assert share_estimate(happened, among).value == 0.5
    assert share_among(among, happened, weights=np.array([3, 1, 9, 9])) == 0.75
    assert np.isnan(share_estimate(happened, np.zeros(4, bool)).value)
    assert np.isnan(share_among(np.zeros(4), happened))
