"""Rates of parts against loops, intervals against SciPy, figures of pixels against scikit-learn and brute force."""

import functools
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.images.metrics import (
    PixelCurve,
    escape_rate,
    escape_rate_at,
    false_reject_rate,
    pixel_roc_auc,
    share_interval,
)
from shared.intervals import bootstrap


@pytest.fixture
def parts():
    rng = np.random.default_rng(4)
    label = (rng.random(400) < 0.2).astype(int)
    return label, np.round(np.clip(rng.normal(0.3 + 0.3 * label, 0.15), 0, 1), 2)


def photos(count=6, side=24, seed=0, levels=64):
    """Masks with zero to four regions and scores on a coarse grid, so that no two of them fall together."""
    rng = np.random.default_rng(seed)
    for place in range(count):
        mask = np.zeros((side, side), bool)
        for _ in range(place % 5):
            top, left = rng.integers(0, side - 6, 2)
            mask[top : top + rng.integers(1, 6), left : left + rng.integers(1, 6)] = True
        heat = np.clip(rng.normal(0.3 + 0.25 * mask, 0.2), 0, 1)
        yield mask, np.round(heat * levels) / levels


def gathered(pairs):
    curve = PixelCurve()
    for mask, heat in pairs:
        curve.add(mask, heat)
    return curve


def pro_by_hand(pairs, most):
    """Every threshold in turn, every region in turn."""
    from skimage.measure import label

    pairs = [(label(mask, connectivity=2), heat) for mask, heat in pairs]
    points = [(0.0, 0.0)]
    good = np.concatenate([heat[regions == 0] for regions, heat in pairs])
    for threshold in np.unique(np.concatenate([heat.ravel() for _, heat in pairs]))[::-1]:
        covered = [
            (heat[regions == number] >= threshold).mean()
            for regions, heat in pairs
            for number in range(1, regions.max() + 1)
        ]
        points.append(((good >= threshold).mean(), np.mean(covered)))
    area = 0.0
    for (x, y), (right, up) in itertools.pairwise(points):
        if x >= most or right == x:
            continue
        stop = min(right, most)
        area += (stop - x) * (y + y + (up - y) * (stop - x) / (right - x)) / 2
    return area / most


def test_rates_count_accepted_defects_and_rejected_good_parts(parts):
    label, score = parts
    rejected = (score >= 0.5).astype(int)
    assert escape_rate(label, rejected) == pytest.approx(np.mean(score[label == 1] < 0.5))
    assert false_reject_rate(label, rejected) == pytest.approx(np.mean(score[label == 0] >= 0.5))


def test_rates_have_no_value_without_the_parts_they_count():
    assert np.isnan(escape_rate(np.zeros(3), np.ones(3)))
    assert np.isnan(false_reject_rate(np.ones(3), np.ones(3)))
    assert np.isnan(escape_rate_at(np.zeros(3), np.ones(3)))


@pytest.mark.parametrize("limit", [0.0, 0.01, 0.1, 0.5, 1.0])
def test_escape_rate_at_a_limit_is_the_least_over_all_thresholds_within_it(parts, limit):
    label, score = parts
    tried = [2.0, *np.unique(score)]
    within = [t for t in tried if (score[label == 0] >= t).mean() <= limit + 1e-12]
    least = min((score[label == 1] < t).mean() for t in within)
    assert escape_rate_at(label, score, false_reject=limit) == pytest.approx(least)


@pytest.mark.parametrize("metric", [escape_rate_at, functools.partial(escape_rate_at, false_reject=0.2)])
def test_whole_weights_are_repeated_parts(parts, metric):
    label, score = parts
    times = np.random.default_rng(1).integers(0, 4, len(label))
    expected = metric(np.repeat(label, times), np.repeat(score, times))
    assert metric(label, score, weights=times) == pytest.approx(expected)


def test_whole_weights_are_repeated_parts_in_the_rates_too(parts):
    label, score = parts
    times, rejected = np.random.default_rng(1).integers(0, 4, len(label)), (score > 0.4).astype(int)
    for metric in (escape_rate, false_reject_rate):
        expected = metric(np.repeat(label, times), np.repeat(rejected, times))
        assert metric(label, rejected, weights=times) == pytest.approx(expected)


def test_a_bootstrap_prepares_the_rates(parts):
    label, score = parts
    found = bootstrap(label, {"model": score}, {"at": escape_rate_at}, resamples=50)["model"]["at"]
    assert found.low < found.value < found.high


@settings(max_examples=60, deadline=None)
@given(of=st.integers(1, 500), share=st.floats(0, 1), level=st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_share_interval_is_the_exact_one_of_scipy(of, share, level):
    from scipy.stats import binomtest

    count = round(share * of)
    found = share_interval(count, of, level=level)
    exact = binomtest(count, of).proportion_ci(level, method="exact")
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high), abs=1e-9)
    assert found.low <= found.value <= found.high


def test_share_interval_of_no_parts_has_no_value_and_impossible_counts_are_refused():
    assert np.isnan(share_interval(0, 0).high)
    with pytest.raises(ValueError, match="from 0 to 3"):
        share_interval(4, 3)


def test_pixel_figures_equal_those_of_scikit_learn_over_all_pixels():
    from sklearn.metrics import average_precision_score, roc_auc_score

    pairs = list(photos())
    truth, score = (np.concatenate([pair[n].ravel() for pair in pairs]) for n in (0, 1))
    curve = gathered(pairs)
    assert curve.roc_auc() == pytest.approx(roc_auc_score(truth, score), abs=1e-12)
    assert curve.average_precision() == pytest.approx(average_precision_score(truth, score), abs=1e-12)
    assert pixel_roc_auc(*zip(*pairs)) == curve.roc_auc()


def test_scores_crowded_at_both_ends_are_still_told_apart():
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(3)
    truth = rng.random((40, 50)) < 0.3
    odds = rng.normal(truth * 1.0, 1.0)
    for shift in (-12, 12):  # about one in a hundred thousand from 0 or from 1
        heat = (1 / (1 + np.exp(-(odds + shift)))).astype(np.float32)
        assert gathered([(truth, heat)]).roc_auc() == pytest.approx(
            roc_auc_score(truth.ravel(), heat.ravel()), abs=2e-3
        )


@pytest.mark.parametrize("most", [0.05, 0.3, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_pro_equals_brute_force_over_thresholds_and_regions(most, seed):
    pairs = list(photos(seed=seed))
    assert gathered(pairs).pro(most) == pytest.approx(pro_by_hand(pairs, most), abs=1e-9)


def test_pro_counts_a_small_defect_as_much_as_a_large_one():
    mask = np.zeros((20, 20), bool)
    mask[:10, :10], mask[15, 15] = True, True
    heat = np.where(mask, 0.9, 0.1)
    heat[15, 15] = 0.0  # the small one is missed until everything is marked
    curve = gathered([(mask, heat)])
    assert curve.regions == 2
    assert curve.pro() == pytest.approx(0.5, abs=1e-9)
    assert curve.roc_auc() > 0.98


def test_pixels_that_touch_at_a_corner_are_one_region():
    assert gathered([(np.eye(4) > 0, np.eye(4))]).regions == 1


def test_figures_of_pixels_without_a_defect_or_without_good_material_have_no_value():
    for curve in (
        PixelCurve(),
        gathered([(None, np.zeros((2, 2)))]),
        gathered([(np.ones((2, 2)), np.ones((2, 2)))]),
    ):
        assert np.isnan(curve.roc_auc()) and np.isnan(curve.pro())


@pytest.mark.parametrize("heat", [np.full((2, 2), np.nan), np.full((2, 2), 1.01), np.full((2, 2), -0.1)])
def test_scores_outside_the_unit_interval_are_refused(heat):
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        PixelCurve().add(None, heat)


def test_a_mask_of_another_shape_is_refused():
    with pytest.raises(ValueError, match="shape"):
        PixelCurve().add(np.zeros((2, 3)), np.zeros((3, 2)))


def test_memory_does_not_grow_with_the_photos():
    curve = gathered(photos(count=3))
    before = curve.defect.nbytes + curve.good.nbytes + curve.covered.nbytes
    for mask, heat in photos(count=20):
        curve.add(mask, heat)
    assert curve.defect.nbytes + curve.good.nbytes + curve.covered.nbytes == before < 10_000_000
    assert curve.photos == 23
