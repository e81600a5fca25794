"""Tiles cover every pixel, overlap as asked, and are as few as can be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.images.tiles import merged, merged_score, tile_boxes


@given(st.integers(1, 400), st.integers(1, 400), st.integers(1, 100), st.floats(0, 0.9))
def test_tiles_cover_the_photo_with_the_overlap_and_are_the_fewest(height, width, side, overlap):
    boxes = tile_boxes(height, width, side, overlap)
    for length, spans in (
        (height, sorted({(box.top, box.height) for box in boxes})),
        (width, sorted({(box.left, box.width) for box in boxes})),
    ):
        assert all(size == min(length, side) for _, size in spans)
        starts = [start for start, _ in spans]
        assert starts[0] == 0 and starts[-1] + spans[-1][1] == length
        steps = np.diff(starts)
        step = max(1, int(np.floor(side * (1 - overlap) + 1e-9)))
        assert (steps <= step).all() and (len(steps) == 0 or steps.max() - steps.min() <= 1)
        assert len(starts) == 1 or side + (len(starts) - 2) * step < length
    rows = len({box.top for box in boxes})
    assert len(boxes) == rows * len({box.left for box in boxes}) == len(set(boxes))


def test_merging_takes_the_higher_value_and_places_each_tile():
    boxes = tile_boxes(20, 33, 12, 0.2)
    truth = np.random.default_rng(0).random((20, 33)).astype(np.float32)
    np.testing.assert_array_equal(merged([box.of(truth) for box in boxes], boxes, (20, 33)), truth)
    levels = [np.full((box.height, box.width), at, np.float32) for at, box in enumerate(boxes)]
    expected = np.full((20, 33), -1.0)
    for at, box in enumerate(boxes):
        expected[box.top : box.top + box.height, box.left : box.left + box.width] = (
            at  # rising: the later is higher
        )
    np.testing.assert_array_equal(merged(levels, boxes, (20, 33)), expected)
    assert merged_score([0.2, 0.9, 0.1]) == 0.9


def test_bad_settings_are_refused():
    for side, overlap in ((0, 0.1), (10, 1.0), (10, -0.1)):
        with pytest.raises(ValueError, match="overlap"):
            tile_boxes(10, 10, side, overlap)
