"""What a network gets is each photo in its square, the same however it is asked for and whatever is kept."""

import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from shared.images.checking import Photo
from shared.images.decoding import encode_jpeg, encode_png
from shared.images.framing import framed, framed_mask
from shared.images.inputs import PhotoInputs
from shared.images.store import FolderStore


class Counting(FolderStore):
    reads = 0

    def read(self, name):
        self.reads += 1
        return super().read(name)


@pytest.fixture
def delivery(tmp_path):
    """Eight photos of several sizes: good, defective with a mask, defective without one."""
    rng, store, photos, pixels, masks = np.random.default_rng(0), Counting(tmp_path), [], [], []
    for at in range(8):
        size = (50 + 9 * at, 90 - 5 * at)
        pixels.append(rng.integers(0, 256, (*size, 3), dtype=np.uint8))
        masks.append(np.zeros(size, bool))
        masks[-1][5:15, 10:30] = True
        (tmp_path / f"{at}.png").write_bytes(encode_png(pixels[-1]))
        (tmp_path / f"{at}_mask.png").write_bytes(encode_png(masks[-1]))
        label = "good" if at % 2 else "crack"
        mask = f"{at}_mask.png" if at in (0, 4) else None
        photos.append(Photo(at + 1, store, f"{at}.png", label, mask))
    return photos, pixels, masks


def inputs_of(photos, **options):
    return PhotoInputs(photos, **{"side": 32, "channels": 3, "good": "good", **options})


@pytest.mark.parametrize("memory_mb", [0, 0.01, 100])
@pytest.mark.parametrize("workers", [1, 3])
def test_take_gives_the_framed_photos_in_the_order_asked_for(delivery, memory_mb, workers):
    photos, pixels, _ = delivery
    inputs = inputs_of(photos, memory_mb=memory_mb, workers=workers)
    assert len(inputs) == 8 and inputs.arrays == {} and inputs.shapes == {"photo": (32, 32, 3)}
    for rows in (np.array([5, 0, 5, 7]), np.arange(8), np.arange(8) % 2 == 0, np.array([], int)):
        found = inputs.take(rows)
        wanted = np.arange(8)[rows]
        assert list(found) == ["photo"] and found["photo"].shape == (len(wanted), 32, 32, 3)
        assert found["photo"].dtype == np.uint8
        for square, row in zip(found["photo"], wanted):
            np.testing.assert_array_equal(square, framed(pixels[row], 32)[0])
    assert inputs.waited > 0


def test_what_fits_into_memory_is_read_once_and_what_does_not_each_time(delivery):
    photos, _, _ = delivery
    store = photos[0].store
    for memory_mb, reads in ((100, 8), (3 * 32 * 32 * 3 / 1e6, 8 + 2 * 5), (0, 24)):
        inputs, store.reads = inputs_of(photos, memory_mb=memory_mb, workers=1), 0
        for _ in range(3):
            inputs.take(np.arange(8))
        assert store.reads == reads


def test_masks_are_framed_known_empty_or_not_known(delivery):
    photos, _, masks = delivery
    inputs = inputs_of(photos)
    for _ in range(2):  # read, then kept
        found = inputs.take(np.arange(8), masks=True)["mask"]
        assert found.dtype == np.float32
        for row in range(8):
            if row in (0, 4):
                np.testing.assert_allclose(found[row], framed_mask(masks[row], 32), atol=0.5 / 255 + 1e-6)
            else:
                assert (found[row] == (0 if row % 2 else -1)).all()
    assert inputs_of(photos, masks=True).shapes == {"photo": (32, 32, 3), "mask": (32, 32)}
    np.testing.assert_array_equal(inputs.mask(4), masks[4])
    assert not inputs.mask(1).any() and inputs.mask(1).shape == masks[1].shape and inputs.mask(2) is None


def test_a_large_jpeg_is_framed_as_the_whole_one(tmp_path):
    rows, columns = np.indices((611, 907))
    photo = (127 + 100 * np.sin(rows / 60) * np.cos(columns / 80)).astype(np.uint8)
    (tmp_path / "a.jpg").write_bytes(encode_jpeg(photo, quality=95))
    inputs = inputs_of([Photo(1, FolderStore(tmp_path), "a.jpg")], channels=1)
    found, expected = inputs.take(np.array([0]))["photo"][0], framed(photo[..., None], 32)[0]
    assert np.abs(found.astype(int) - expected).mean() < 2
    assert inputs.original(0).shape == (611, 907, 1) and inputs.whole(0, np.ones((4, 4))).shape == (611, 907)


def test_turned_photos_are_upright(tmp_path):
    exif, out = Image.Exif(), io.BytesIO()
    exif[0x0112] = 6
    Image.fromarray(np.zeros((40, 80), np.uint8)).save(out, "JPEG", exif=exif)
    (tmp_path / "a.jpg").write_bytes(out.getvalue())
    inputs = inputs_of([Photo(1, FolderStore(tmp_path), "a.jpg")])
    assert inputs.size(0) == (80, 40) and (inputs.frame(0).height, inputs.frame(0).width) == (32, 16)


def test_sixteen_bits_stay_deep(tmp_path):
    deep = np.linspace(20_000, 20_200, 32 * 32).reshape(32, 32).astype(np.uint16)
    Image.fromarray(deep).save(tmp_path / "a.png")
    photo = inputs_of([Photo(1, FolderStore(tmp_path), "a.png")], channels=1, dtype="float32").take(
        np.array([0])
    )
    assert photo["photo"].dtype == np.float32 and len(np.unique(photo["photo"])) > 150
    flat = inputs_of([Photo(1, FolderStore(tmp_path), "a.png")], channels=1).take(np.array([0]))["photo"]
    assert flat.dtype == np.uint8 and len(np.unique(flat)) <= 2


def test_tiles_cut_photos_and_are_read_together(delivery):
    photos, pixels, masks = delivery
    inputs, store = inputs_of(photos, tiles=(40, 0.2), memory_mb=0, workers=2), photos[0].store
    assert len(inputs) == len(inputs.boxes) == len(inputs.units) > 8
    store.reads = 0
    found = inputs.take(inputs.units_of([3, 0]), masks=True)
    assert store.reads == 3  # two photos and a mask
    units = inputs.units_of([3, 0])
    assert set(inputs.units[units]) == {0, 3} and list(inputs.units[inputs.first_units([3, 0])]) == [3, 0]
    for unit, square, mask in zip(units, found["photo"], found["mask"], strict=True):
        row, box = inputs.units[unit], inputs.boxes[unit]
        np.testing.assert_array_equal(square, framed(np.ascontiguousarray(box.of(pixels[row])), 32)[0])
        expected = framed_mask(box.of(masks[0]), 32) if row == 0 else np.zeros((32, 32))
        np.testing.assert_allclose(mask, expected, atol=0.003)


def test_a_tile_beside_the_defect_is_good_if_a_mask_tells(delivery):
    photos, _, masks = delivery
    inputs = inputs_of(photos, tiles=(40, 0.2))
    codes = inputs.unit_codes(np.array([2, 0] * 4))
    for unit, code in enumerate(codes):
        row = inputs.units[unit]
        defect = inputs.boxes[unit].of(masks[row]).any() if row in (0, 4) else row % 2 == 0
        assert code == (2 if defect else 0)
    np.testing.assert_array_equal(inputs_of(photos).unit_codes(np.arange(8)), np.arange(8))


def test_tiles_are_merged_into_answers_to_photos(delivery):
    photos, _, _ = delivery
    inputs, rows = inputs_of(photos, tiles=(40, 0.2)), np.array([5, 2])
    units = inputs.units_of(rows)
    score = np.random.default_rng(1).random(len(units))
    raw = {
        "score": score,
        "probability": np.stack([1 - score, score], axis=1),
        "heatmap": np.tile(score[:, None, None], (1, 4, 4)),
    }
    found = inputs.merged(raw, rows)
    for at, row in enumerate(rows):
        own = score[inputs.units[units] == row]
        assert found["score"][at] == own.max() and found["probability"][at, 1] == own.max()
        whole = inputs.whole(row, found["heatmap"][at])
        assert whole.shape == inputs.size(row) and whole.max() == pytest.approx(own.max(), abs=1e-6)
        assert np.isfinite(whole).all() and whole.min() >= own.min() - 1e-6
    assert list(inputs_of(photos).merged(raw, rows)) == list(raw)


def test_threads_take_alike(delivery):
    photos, _, _ = delivery
    inputs = inputs_of(photos, memory_mb=0.01)
    expected = inputs_of(photos).take(np.arange(8))["photo"]
    with ThreadPoolExecutor(6) as pool:
        for found in pool.map(lambda _: inputs.take(np.arange(8))["photo"], range(12)):
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("wrong", [{"channels": 2}, {"dtype": "int32"}, {"fit": "crop"}])
def test_settings_out_of_bounds_are_refused(wrong):
    with pytest.raises(ValueError):
        inputs_of([], **wrong)
