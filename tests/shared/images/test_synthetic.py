"""Made-up defects change what their mask says and nothing else, and come again from the same seed."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.images import synthetic
from shared.images.synthetic import KINDS, perlin, synthetic_defect


def photo_of(shape, seed=0, dtype=np.uint8):
    return np.random.default_rng(seed).integers(60, 200, shape).astype(dtype)


def only(kind, monkeypatch):
    monkeypatch.setattr(synthetic, "KINDS", {name: float(name == kind) for name in KINDS})


def test_noise_is_what_a_loop_over_the_pixels_says():
    """Perlin's own words: at each pixel, dot products with the gradients of its cell's corners, blended."""
    shape, periods = (12, 10), (3, 2)
    found = perlin(shape, periods=periods, rng=np.random.default_rng(5))
    angle = np.random.default_rng(5).uniform(0, 2 * np.pi, (4, 3))
    fade = lambda t: 6 * t**5 - 15 * t**4 + 10 * t**3  # noqa: E731
    for row in range(12):
        for column in range(10):
            v, u = (row + 0.5) * 3 / 12, (column + 0.5) * 2 / 10
            total = 0.0
            for y in (int(v), int(v) + 1):
                for x in (int(u), int(u) + 1):
                    dot = np.sin(angle[y, x]) * (v - y) + np.cos(angle[y, x]) * (u - x)
                    total += dot * fade(1 - abs(v - y)) * fade(1 - abs(u - x))
            assert found[row, column] == pytest.approx(np.sqrt(2) * total, abs=1e-5)


@settings(max_examples=40, deadline=None)
@given(st.tuples(st.integers(1, 50), st.integers(1, 50)), st.tuples(st.integers(1, 9), st.integers(1, 9)))
def test_noise_has_its_shape_and_stays_within_its_range(shape, periods):
    noise = perlin(shape, periods=periods, rng=np.random.default_rng(0))
    assert noise.shape == shape and noise.dtype == np.float32 and np.abs(noise).max() <= 1


def test_noise_of_more_periods_is_finer():
    rough = [
        np.abs(np.diff(perlin((64, 64), periods=(p, p), rng=np.random.default_rng(0)))).mean()
        for p in (1, 4, 16)
    ]
    assert rough[0] < rough[1] < rough[2]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10**6),
    st.tuples(st.integers(16, 60), st.integers(16, 60), st.sampled_from([1, 3])),
    st.sampled_from([np.uint8, np.float32]),
    st.booleans(),
)
def test_outside_the_mask_nothing_has_changed(seed, shape, dtype, with_sources):
    photo = photo_of(shape, dtype=dtype)
    before = photo.copy()
    sources = [photo_of(shape, seed=1)] if with_sources else ()
    changed, mask = synthetic_defect(photo, np.random.default_rng(seed), sources=sources, clean=0.0)
    assert (
        changed.shape == shape and changed.dtype == dtype and mask.shape == shape[:2] and mask.dtype == bool
    )
    assert mask.any() and changed.min() >= 0 and changed.max() <= 255
    np.testing.assert_array_equal(changed[~mask], photo[~mask])
    np.testing.assert_array_equal(photo, before)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_changes_what_its_mask_covers(kind, monkeypatch):
    only(kind, monkeypatch)
    photo, rng = photo_of((64, 64, 3)), np.random.default_rng(0)
    moved, covered = [], []
    for _ in range(60):
        changed, mask = synthetic_defect(photo, rng, sources=[photo_of((64, 64, 3), 1)], clean=0.0)
        moved.append((changed != photo).any(axis=2)[mask].mean())
        covered.append(mask.mean())
    assert np.mean(moved) > 0.9 and min(moved) > 0
    assert max(covered) < 0.6 and len(set(covered)) > 30


def test_half_of_the_examples_stay_clean():
    photo, rng = photo_of((32, 32, 1)), np.random.default_rng(0)
    clean = 0
    for _ in range(600):
        changed, mask = synthetic_defect(photo, rng, sources=[photo])
        if not mask.any():
            clean += 1
            np.testing.assert_array_equal(changed, photo)
            assert not np.shares_memory(changed, photo)
    assert 0.43 < clean / 600 < 0.57


def test_the_same_seed_gives_the_same_example_and_another_gives_another():
    photo = photo_of((48, 48, 3))
    sources = [photo_of((48, 48, 3), seed) for seed in range(3)]
    one, two, other = (
        [synthetic_defect(photo, rng, sources=sources) for _ in range(12)]
        for rng in map(np.random.default_rng, (0, 0, 1))
    )
    assert all(np.array_equal(a, b) and np.array_equal(m, n) for (a, m), (b, n) in zip(one, two))
    assert not all(np.array_equal(a, b) for (a, _), (b, _) in zip(one, other))


def test_the_blend_is_the_equation_of_the_paper():
    base, texture = np.full((4, 4, 1), 100, np.float32), np.full((4, 4, 1), 200, np.float32)
    mask = np.eye(4, dtype=bool)
    m, b = mask[..., None].astype(float), 0.3
    expected = (1 - m) * base + (1 - b) * m * base + b * m * texture
    np.testing.assert_allclose(synthetic._blended(base, base, mask, texture, b), expected)


def test_a_source_holds_the_pixels_of_its_photo_elsewhere():
    source = np.arange(256, dtype=np.float32).reshape(16, 16, 1)
    drawn = [synthetic._shuffled(source, np.random.default_rng(seed)) for seed in range(20)]
    for picture in drawn:  # an exposure is a straight line through the sorted grey levels
        steps = np.diff(np.sort(picture.ravel()))
        assert picture.shape == source.shape and np.ptp(steps) < 1e-3
    assert len({picture.tobytes() for picture in drawn}) == 20


@pytest.mark.parametrize("shape", [(64, 64), (8, 64, 1)])
def test_what_is_no_photo_is_refused(shape):
    with pytest.raises(ValueError, match="a photo must be"):
        synthetic_defect(np.zeros(shape, np.uint8), np.random.default_rng(0))


def test_a_source_of_another_shape_is_refused(monkeypatch):
    only("patches", monkeypatch)
    with pytest.raises(ValueError, match="sources must have"):
        for seed in range(20):
            rng = np.random.default_rng(seed)
            synthetic_defect(photo_of((32, 32, 1)), rng, sources=[photo_of((16, 16, 1))], clean=0.0)


def test_noise_without_a_cell_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        perlin((8, 8), periods=(0, 2), rng=np.random.default_rng(0))


def test_an_example_is_made_fast_enough_to_be_made_while_training():
    photo, rng = photo_of((128, 128, 3)), np.random.default_rng(0)
    spent = []
    for _ in range(100):
        start = time.perf_counter()
        synthetic_defect(photo, rng, sources=[photo], clean=0.0)
        spent.append(time.perf_counter() - start)
    assert np.median(spent) < 0.05  # 1 ms on a core of its own; a loop over pixels would take .2 s
