"""Heatmaps over photos: colours against a plain interpolation, pictures as a viewer decodes them."""

import io
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from shared.images.overlays import COLD, HOT, WARM, heat_colors, jpeg, overlay, pictures_of, write_overlay


class Two:
    """Two photos, one grey and one coloured, with names that are no names of files."""

    def __init__(self, first="scratch/1:a.png", second="scratch__1:a.png"):
        rng = np.random.default_rng(0)
        self.pictures = [rng.integers(0, 256, (30, 50, channels), dtype=np.uint8) for channels in (1, 3)]
        self.photos = [SimpleNamespace(name=first, row=1), SimpleNamespace(name=second, row=2)]

    def original(self, row):
        return self.pictures[row]

    def whole(self, row, heat):
        return np.full(self.pictures[row].shape[:2], heat.max(), np.float32)


def opened(data):
    return Image.open(io.BytesIO(data))


def test_colours_are_interpolated_between_three_and_clipped():
    heat = np.linspace(-0.5, 1.5, 41)[None]
    stops = np.stack([COLD, WARM, HOT])
    expected = [np.interp(heat[0], [0, 0.5, 1], channel) for channel in stops.T]
    np.testing.assert_allclose(heat_colors(heat)[0], np.stack(expected, axis=-1), atol=1e-9)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_photo_without_heat_stays_as_it_is(channels):
    photo = np.random.default_rng(1).integers(0, 256, (8, 9, channels), dtype=np.uint8)
    found = overlay(photo, np.full((8, 9), 0.1))
    assert found.dtype == np.uint8
    assert np.array_equal(found, np.broadcast_to(photo, (8, 9, 3)))


def test_only_the_hot_place_changes_and_gets_its_colour():
    photo, heat = np.full((6, 6, 1), 100, np.uint8), np.zeros((6, 6))
    heat[2, 3] = 1.0
    found = overlay(photo, heat, strength=1.0)
    assert found[2, 3].tolist() == HOT.tolist()
    assert (np.argwhere((found != 100).any(axis=-1)) == [2, 3]).all()


@pytest.mark.parametrize("channels, mode", [(1, "L"), (3, "RGB")])
def test_a_jpeg_is_shrunk_to_its_longer_side_and_never_grown(channels, mode):
    picture = np.full((40, 80, channels), 300.0)
    small, same = opened(jpeg(picture, longest=20)), opened(jpeg(picture, longest=500))
    assert (small.format, small.mode, small.size) == ("JPEG", mode, (20, 10))
    assert same.size == (80, 40) and np.asarray(same).min() > 250


def test_both_pictures_of_a_photo_have_one_size_and_the_overlay_is_coloured():
    photo, over = (opened(data) for data in pictures_of(Two(), 0, np.ones((4, 4)), longest=25))
    assert photo.size == over.size == (25, 15)
    assert (photo.mode, over.mode) == ("L", "RGB")
    assert np.asarray(over)[..., 0].mean() > np.asarray(over)[..., 2].mean() + 50


def test_photos_of_equal_file_names_do_not_overwrite_each_other(tmp_path):
    names = [write_overlay(Two(), row, np.ones((4, 4)), tmp_path / "heatmaps") for row in (0, 1)]
    assert names == ["scratch__1_a.png.jpg", "scratch__1_a.png.2.jpg"]
    assert sorted(names) == sorted(path.name for path in (tmp_path / "heatmaps").iterdir())


@pytest.mark.parametrize("name", ["../../out.png", "/etc/out.png", "缺陷\\图 1.png"])
def test_no_name_leads_out_of_the_folder(tmp_path, name):
    written = write_overlay(Two(first=name), 0, np.zeros((4, 4)), tmp_path / "a" / "b")
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == [written]
    assert [path.name for path in tmp_path.rglob("*.jpg")] == [written]
