"""Detectors after good parts alone find an obvious spot, and where it is."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from shared import builders
from shared.training import detectors, predict
from verticals.manufacturing.defects.config import DefectConfig

EXAMPLE = runpy.run_path(str(Path(__file__).parents[1] / "inspection_example.py"))
CONFIG = DefectConfig(side=64, contrast=False, maps=("stride8",), memory_patches=100, score_share=0.0)
GOOD, BAD = np.arange(20), np.arange(20, 26)
SPLIT = SimpleNamespace(train=GOOD[:10], valid=GOOD[10:15])


@pytest.fixture(scope="module")
def photos():
    return EXAMPLE["inputs"](side=64, good=20, spot=6)[0]


def encoder():
    keras.utils.set_random_seed(0)
    return builders.residual_image_encoder((64, 64, 1), units=16, depth=1, name="encoder")


@pytest.mark.parametrize("detector", [detectors.PatchCore, detectors.Padim])
def test_a_spot_scores_higher_than_any_good_photo_and_is_found_where_it_is(photos, detector):
    reads = encoder()
    before = reads.get_weights()
    model, history = detector(reads, "uint8").fit(photos, SPLIT, CONFIG)
    found = predict(model, photos, np.arange(26))
    assert found["score"][BAD].min() > found["score"][GOOD[15:]].max()
    assert 0 <= found["heatmap"].min() <= found["heatmap"].max() <= 1
    for row in BAD:
        mask, heat = photos.mask(row), photos.whole(row, found["heatmap"][row])
        assert heat[mask].mean() > heat[~mask].mean() + 0.1
    assert all(np.array_equal(a, b) for a, b in zip(before, reads.get_weights()))
    assert history.best_epoch == 1 and "good parts" in history.notes[0]


def test_patchcore_keeps_so_many_patches_of_good_parts(photos):
    model, history = detectors.PatchCore(encoder(), "uint8").fit(photos, SPLIT, CONFIG)
    assert model.get_layer("memory").get_weights()[0].shape[0] == 100
    assert "100 of 640" in history.notes[0]


def test_a_detector_is_loaded_as_it_was(photos, tmp_path):
    model, _ = detectors.PatchCore(encoder(), "uint8").fit(photos, SPLIT, CONFIG)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    first, then = (predict(each, photos, np.arange(26)) for each in (model, again))
    assert all(np.array_equal(first[name], then[name]) for name in first)


def test_a_map_that_the_encoder_lacks_is_named(photos):
    config = CONFIG.model_copy(update={"maps": ("stride64",)})
    with pytest.raises(ValueError, match="no `stride64`; it has stride4"):
        detectors.PatchCore(encoder(), "uint8").fit(photos, SPLIT, config)


def test_of_too_many_patches_a_part_of_each_photo_is_taken(photos, monkeypatch):
    detector = detectors.PatchCore(encoder(), "uint8")
    reader = detector._reader(CONFIG)
    detector._adapt(reader, photos, GOOD, 0)
    channels = reader.output.shape[-1]
    whole = detector._patches(reader, photos, GOOD, 0)
    monkeypatch.setattr(detectors, "PATCH_BYTES", 4 * channels * 20 * 5)
    some = detector._patches(reader, photos, GOOD, 0)
    assert whole.shape == (20 * 64, channels) and some.shape == (20 * 5, channels)
    assert {row.tobytes() for row in some} <= {row.tobytes() for row in whole}


def test_made_up_defects_change_only_what_the_mask_marks_and_come_back_with_the_seed(photos):
    first, twin, other = (detectors._Damaged(photos, seed).take(np.arange(12)) for seed in (3, 3, 4))
    assert first["photo"].shape == (12, 64, 64, 1) and first["mask"].shape == (12, 64, 64)
    clean = first["clean"] * 255
    np.testing.assert_allclose(clean, photos.take(np.arange(12))["photo"], atol=1e-3)
    outside = first["mask"] == 0
    np.testing.assert_allclose(first["photo"][outside], clean[outside], atol=1e-3)
    touched = first["mask"].any(axis=(1, 2))
    assert touched.any() and not touched.all()
    assert all(np.array_equal(first[name], twin[name]) for name in first)
    assert not np.array_equal(first["photo"], other["photo"])


def test_each_batch_gets_other_defects(photos):
    damaged = detectors._Damaged(photos, 0)
    assert not np.array_equal(*(damaged.take(np.arange(12))["photo"] for _ in range(2)))
