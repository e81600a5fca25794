from dataclasses import dataclass

import numpy as np
import pytest

from shared.images.decoding import encode_png
from shared.monitoring.files import KEPT, LONGEST, MOST_PHOTOS, photo_columns, signal_columns
from shared.signals.signals import Signals


@dataclass
class Photo:
    name: str
    store: object


@dataclass
class Facts:
    width: np.ndarray
    height: np.ndarray


class Store:
    def __init__(self, photos):
        self.photos, self.reads = photos, 0

    def read(self, name):
        self.reads += 1
        return encode_png(self.photos[int(name)])


def listed(photos: list[np.ndarray]):
    store = Store(photos)
    sides = [np.array([photo.shape[axis] for photo in photos]) for axis in (1, 0)]
    return ([Photo(str(at), store) for at in range(len(photos))], Facts(*sides)), store


def test_a_darker_photo_has_less_brightness_and_contrast():
    photo = np.random.default_rng(0).integers(0, 255, (40, 30, 3)).astype(np.uint8)
    photos, _ = listed([photo, photo // 2])
    found = photo_columns(photos, np.arange(2))
    assert set(found) == {*KEPT, "width", "height"}
    for name in ("brightness", "contrast", "sharpness"):
        bright, dark = found[name].cells
        assert dark == pytest.approx(bright / 2, rel=0.05)
    assert found["width"].cells.tolist() == [30, 30]


def test_a_large_photo_is_averaged_down_first():
    photos, _ = listed([np.full((3 * LONGEST, 40, 1), 9, np.uint8)])
    assert photo_columns(photos, np.arange(1))["brightness"].cells.tolist() == [9.0]


def test_no_more_photos_are_opened_than_needed():
    photos, store = listed([np.zeros((16, 16, 1), np.uint8)] * (MOST_PHOTOS + 50))
    assert len(photo_columns(photos, np.arange(MOST_PHOTOS + 50))["contrast"].cells) == MOST_PHOTOS
    assert store.reads == MOST_PHOTOS


def test_without_photos_and_signals_there_are_no_columns():
    assert photo_columns(None, np.arange(3)) == signal_columns(None, np.arange(3)) == {}


def test_a_signal_of_another_gain_has_another_spread():
    wave = np.sin(np.arange(200.0))
    found = signal_columns(Signals([wave, 3 * wave]), np.arange(2))
    assert found["spread"].cells[1] == pytest.approx(3 * found["spread"].cells[0], rel=1e-5)
