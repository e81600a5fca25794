from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.images.coreset import cover_radius, greedy_coreset


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.integers(3, 11), st.integers(1, 3), st.integers(1, 3))
def test_the_cover_radius_is_at_most_twice_that_of_the_best_choice(seed, n, size, channels):
    x = normal(n, channels, seed=seed)
    best = min(cover_radius(x, np.array(kept)) for kept in combinations(range(n), size))
    assert cover_radius(x, greedy_coreset(x, size, seed=seed)) <= 2 * best + 1e-5


def test_each_step_takes_the_patch_that_is_farthest_from_those_taken():
    from scipy.spatial.distance import cdist

    x = normal(60, 5)
    kept = greedy_coreset(x, 12, seed=3)
    for step in range(1, 12):
        nearest = cdist(x, x[kept[:step]]).min(axis=1)
        assert nearest[kept[step]] == pytest.approx(nearest.max(), rel=1e-4)


def test_cover_radius_is_what_scikit_learn_measures():
    from sklearn.neighbors import NearestNeighbors

    x, kept = normal(200, 7), np.array([3, 50, 120])
    found = NearestNeighbors(n_neighbors=1).fit(x[kept]).kneighbors(x)[0].max()
    assert cover_radius(x, kept) == pytest.approx(found, rel=1e-5)


def test_a_coreset_covers_better_than_patches_drawn_at_random():
    x = np.concatenate([normal(2000, 6), normal(20, 6, seed=1) + 9])
    kept = greedy_coreset(x, 50)
    drawn = [np.random.default_rng(seed).choice(len(x), 50, replace=False) for seed in range(20)]
    assert cover_radius(x, kept) < 0.8 * min(cover_radius(x, other) for other in drawn)


def test_on_random_axes_the_choice_covers_nearly_as_well():
    x = normal(600, 300) * np.linspace(3, 0, 300, dtype="float32")
    whole, projected = greedy_coreset(x, 40, projected=300), greedy_coreset(x, 40, projected=64)
    assert cover_radius(x, projected) < 1.15 * cover_radius(x, whole)


def test_one_seed_gives_one_choice_and_another_seed_another():
    x = normal(500, 20)
    first, again, other = (greedy_coreset(x, 30, projected=8, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 100), st.integers(1, 30))
def test_no_position_is_taken_twice_even_where_patches_are_equal(seed, kinds):
    x = 1e3 * normal(kinds, 4, seed=seed)[np.random.default_rng(seed).integers(0, kinds, 30)]
    kept = greedy_coreset(x, 30, seed=seed)
    assert sorted(kept) == list(range(30))


def test_an_offset_far_from_zero_does_not_blur_the_choice():
    x = normal(300, 3)
    assert np.array_equal(greedy_coreset(x, 20), greedy_coreset(x + 1024, 20))


def test_of_many_patches_candidates_are_drawn_but_never_fewer_than_asked_for():
    x = normal(1000, 3)
    kept = greedy_coreset(x, 50, candidates=50)
    assert len(set(kept)) == 50 and kept.max() > 500
    assert len(set(greedy_coreset(x, 80, candidates=50))) == 80


def test_progress_is_said_at_most_ten_times_and_ends_with_the_whole():
    said = []
    greedy_coreset(normal(100, 3), 40, say=said.append)
    assert len(said) == 10 and said[-1] == "coreset  40 of 40"


@pytest.mark.parametrize(
    "patches, size, message",
    [
        (np.zeros((3, 2, 2)), 1, "(n, channels)"),
        (np.zeros((3, 2)), 4, "1 to the 3 patches"),
        (np.zeros((3, 2)), 0, "1 to the 3 patches"),
        (np.array([[1.0], [np.nan]]), 1, "NaN"),
    ],
)
def test_what_cannot_be_chosen_from_is_refused(patches, size, message):
    import re

    with pytest.raises(ValueError, match=re.escape(message)):
        greedy_coreset(patches, size)
