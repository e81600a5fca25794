import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from shared.monitoring import distances

pairs = st.integers(1, 15).flatmap(
    lambda bins: st.tuples(*[st.lists(st.integers(0, 500), min_size=bins, max_size=bins)] * 2)
)


@given(pairs)
def test_distances_stay_within_their_bounds_and_do_not_depend_on_the_order(pair):
    then, now = map(np.array, pair)
    if not then.sum() or not now.sum():
        return
    assert distances.population_stability_index(then, now) >= -1e-12
    assert 0 <= distances.jensen_shannon(then, now) <= 1
    assert 0 <= distances.same_shares(then, now) <= 1
    again = distances.same_shares(then[::-1], now[::-1])
    assert again == pytest.approx(distances.same_shares(then, now), abs=1e-9)


@given(pairs)
def test_pooled_bins_hold_the_same_rows(pair):
    then, now = map(np.array, pair)
    found = distances.pooled(then, now)
    assert [counts.sum() for counts in found] == [then.sum(), now.sum()]
    both = found[0] + found[1]
    if len(both) > 1:
        least = both * min(then.sum(), now.sum()) / both.sum()
        assert (least >= distances.FEWEST_EXPECTED - 1e-9).all()


def test_the_test_of_shares_is_the_one_of_the_textbooks():
    then, now = np.array([200, 300, 500]), np.array([60, 70, 70])
    expected = stats.chi2_contingency(np.stack([then, now]), correction=False).pvalue
    assert distances.same_shares(then, now) == pytest.approx(expected)


def test_psi_is_the_chi_squared_statistic_but_for_its_scale():
    # Yurdakul & Naranjo 2020: PSI n N / (n + N) is about chi-squared with bins - 1 degrees of freedom.
    rng = np.random.default_rng(0)
    draws = rng.multinomial(20_000, [0.1] * 10, 400), rng.multinomial(5_000, [0.1] * 10, 400)
    psi = np.array([distances.population_stability_index(then, now) for then, now in zip(*draws)])
    assert stats.kstest(psi * 20_000 * 5_000 / 25_000, stats.chi2(9).cdf).pvalue > 0.01
    chance = distances.chance_level(draws[0][0], draws[1][0])
    assert psi.mean() == pytest.approx(chance, rel=0.1)


def test_the_test_of_rates_is_fishers():
    table = np.array([[12, 1000 - 12], [9, 200 - 9]])
    expected = stats.fisher_exact(table[::-1], alternative="greater").pvalue
    assert distances.same_rate(12, 1000, 9, 200, more=True) == pytest.approx(expected)
    assert distances.same_rate(12, 1000, 9, 200) == pytest.approx(2 * expected)


def test_the_test_of_means_is_welchs():
    rng = np.random.default_rng(0)
    then, now = rng.integers(500, 600, 12), rng.integers(520, 700, 7)
    counts = [np.array([len(each), each.sum(), (each**2).sum()]) for each in (then, now)]
    expected = stats.ttest_ind(then, now, equal_var=False).pvalue
    assert distances.same_mean(*counts) == pytest.approx(expected)
