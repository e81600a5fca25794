"""Whatever is wrong with photos is found before anything is learnt, all at once, by name."""

import threading
import time
import zipfile

import numpy as np
import pytest
from PIL import Image

from shared.images.checking import MOST_LISTED, Photo, check_photos
from shared.images.decoding import encode_jpeg, encode_png
from shared.images.store import ArrayStore, FolderStore, ZipStore

SIZE = (24, 30)


@pytest.fixture
def world(tmp_path):
    """Writes files and makes photos of them."""
    rng = np.random.default_rng(0)

    class World:
        store = FolderStore(tmp_path)

        def write(self, name, content=None):
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                content = rng.integers(0, 256, SIZE, dtype=np.uint8)
            path.write_bytes(content if isinstance(content, bytes) else encode_png(content))
            return name

        def photo(self, name, content=None, label="good", row=1, **more):
            return Photo(row, self.store, self.write(name, content), label, **more)

    return World()


def only_fault(photos, **options):
    checked = check_photos(photos, good="good", **options)
    assert len(checked.faults) == 1, checked.faults
    return str(checked.faults[0]), checked


def test_sound_photos_have_facts_and_no_faults(world):
    colour = np.random.default_rng(1).integers(0, 256, (40, 20, 3), dtype=np.uint8)
    deep = np.random.default_rng(1).integers(0, 65536, SIZE, dtype=np.uint16)
    photos = [world.photo("a.png"), world.photo("b c.png", colour), world.photo("深.png")]
    Image.fromarray(deep).save(world.store.root / "深.png")
    said = []
    checked = check_photos(photos, good="good", say=lambda done, of: said.append((done, of)))
    assert (checked.faults, checked.notes) == ([], [])
    facts = checked.facts
    assert facts.height.tolist() == [24, 40, 24] and facts.width.tolist() == [30, 20, 30]
    assert facts.channels.tolist() == [1, 3, 1] and facts.depth.tolist() == [8, 8, 16]
    assert not facts.faulty.any() and len(set(facts.sha256)) == 3 and said == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "has zero bytes"),
        (b"no picture at all", "is no picture"),
        (encode_jpeg(np.random.default_rng(2).integers(0, 256, (90, 90), dtype=np.uint8))[:-2000], "cut off"),
        (encode_png(np.zeros((15, 40), np.uint8)), "has 40 x 15 pixels, fewer than 16"),
        (encode_png(np.zeros((200, 300), np.uint8)), "300 x 200 pixels, more than 0.05 million"),
    ],
)
def test_a_bad_file_is_named_with_what_is_wrong(world, content, text):
    said, checked = only_fault(
        [world.photo("ok.jpg"), world.photo("good/壞 1.jpg", content)], most_pixels=50_000
    )
    assert "`good/壞 1.jpg`" in said and text in said and checked.facts.faulty.tolist() == [False, True]


def test_a_cmyk_photo_is_refused(world):
    path = world.store.root / "c.jpg"
    Image.new("CMYK", (20, 20)).save(path)
    assert "CMYK. Convert it to RGB" in only_fault([Photo(1, world.store, "c.jpg")])[0]


def test_a_missing_file_is_named_with_the_nearest_that_is_there(world):
    world.write("good/photo_001.png")
    for name in ("good/photo_0001.png", "bad/photo_001.png", "good/Photo_001.PNG"):
        said, _ = only_fault([Photo(7, world.store, name)], column="image")
        assert f"`{name}` is not in" in said and "Did you mean `good/photo_001.png`?" in said
        assert said.startswith("column `image`, row 7")
    said, _ = only_fault([Photo(7, world.store, str(world.store.root / "none.png"))])
    assert "is not there" in said and "row" not in said


def test_names_that_no_file_can_have_are_missing(world):
    for name in ("a\0b.png", "x" * 5000, "."):
        assert len(check_photos([Photo(1, world.store, name)]).faults) == 1


def test_a_wrong_extension_is_only_noted(world):
    jpeg = encode_jpeg(np.random.default_rng(3).integers(0, 256, SIZE, dtype=np.uint8))
    checked = check_photos([world.photo("a.png", jpeg), world.photo("b.JPG", jpeg[:-2] + b"\0\0\xff\xd9")])
    assert checked.faults == [] and any(
        "1 photo of another format" in note and "`a.png` (JPEG)" in note for note in checked.notes
    )


def test_masks_that_do_not_fit_are_named(world):
    drawn, blank = np.eye(*SIZE, dtype=bool), np.zeros(SIZE, bool)
    world.write("m/drawn.png", drawn)
    world.write("m/small.png", drawn[:20])
    world.write("m/blank.png", blank)
    world.write("m/broken.png", b"\x89PNG\r\n")
    for mask, label, text in (
        ("m/none.png", "crack", "the mask `m/none.png` of `x.png` is not in"),
        ("m/broken.png", "crack", "the mask `m/broken.png` of `x.png` is"),
        ("m/small.png", "crack", "30 x 20 pixels, the photo `x.png` 30 x 24"),
        ("m/drawn.png", "good", "but its mask `m/drawn.png` shows a defect"),
    ):
        assert text in only_fault([world.photo("x.png", label=label, mask=mask)])[0]
    fine = [world.photo("x.png", label="crack", mask="m/drawn.png"), world.photo("y.png", mask="m/blank.png")]
    checked = check_photos(fine, good="good")
    assert (checked.faults, checked.notes) == ([], [])
    checked = check_photos([world.photo("x.png", label="crack", mask="m/blank.png")], good="good")
    assert checked.faults == [] and "1 photo with a defect and an empty mask: `x.png`" in checked.notes


def test_equal_pixels_in_two_classes_are_a_fault_whatever_the_file(world):
    pixels = np.random.default_rng(4).integers(0, 256, SIZE, dtype=np.uint8)
    photos = [
        world.photo("good/a.png", pixels),
        world.photo("b.png"),
        world.photo("crack/c.bmp", pixels, label="crack"),
    ]
    Image.fromarray(pixels).save(world.store.root / "crack/c.bmp")
    said, checked = only_fault(photos)
    assert "`crack/c.bmp` (class `crack`) is pixel by pixel `good/a.png` (class `good`)" in said
    assert checked.facts.sha256[0] == checked.facts.sha256[2] != checked.facts.sha256[1]


def test_equal_pixels_that_teach_and_judge_are_a_fault(world):
    pixels = np.random.default_rng(5).integers(0, 256, SIZE, dtype=np.uint8)
    for first, second in (("train", "test"), ("valid", "test"), (None, "test"), ("test", "train")):
        photos = [world.photo("a.png", pixels, split=first), world.photo("b.png", pixels, split=second)]
        assert "what is learnt from may not judge" in only_fault(photos)[0]
    photos = [world.photo("a.png", pixels, split="train"), world.photo("b.png", pixels, split="valid")]
    assert check_photos(photos).faults == []


def test_equal_pixels_in_one_class_are_noted_and_without_classes_are_nobodys_business(world):
    pixels = np.random.default_rng(6).integers(0, 256, SIZE, dtype=np.uint8)
    checked = check_photos([world.photo(f"{at}.png", pixels) for at in range(5)])
    assert checked.faults == [] and "4 photos that another" in checked.notes[0] and "..." in checked.notes[0]
    checked = check_photos([world.photo(f"{at}.png", pixels, label=None) for at in range(5)])
    assert (checked.faults, checked.notes) == ([], [])


def test_many_faults_of_one_kind_are_counted(world):
    photos = [world.photo(f"{at}.png", b"") for at in range(MOST_LISTED + 12)] + [
        world.photo("x.png", b"none")
    ]
    faults = [str(fault) for fault in check_photos(photos).faults]
    assert len(faults) == MOST_LISTED + 2 and "and 12 more like it" in faults[-1]
    assert any("`x.png`" in fault for fault in faults)


def test_as_many_photos_are_open_as_there_are_workers(world):
    photos, lock, now, most = [world.photo(f"{at}.png") for at in range(12)], threading.Lock(), [0], [0]

    class Slow(FolderStore):
        def read(self, name):
            with lock:
                now[0] += 1
                most[0] = max(most[0], now[0])
            time.sleep(0.01)
            with lock:
                now[0] -= 1
            return super().read(name)

    for photo in photos:
        photo.store = Slow(world.store.root)
    assert check_photos(photos, workers=3).faults == [] and most[0] == 3


def test_a_name_without_extension_says_nothing_wrong(world):
    assert check_photos([world.photo("scan 17")]).notes == []
    rng = np.random.default_rng(7)
    store = ArrayStore(rng.integers(0, 256, (3, 20, 20), dtype=np.uint8))
    checked = check_photos([Photo(row, store, name) for row, name in enumerate(store.names(), start=1)])
    assert (checked.faults, checked.notes) == ([], []) and checked.facts.height.tolist() == [20] * 3


def all_that_can_be_wrong(world):
    """Photos of the patient Miller, with a fault or a note of every kind."""
    rng = np.random.default_rng(8)
    same, other = (rng.integers(0, 256, SIZE, dtype=np.uint8) for _ in range(2))
    drawn = np.eye(*SIZE, dtype=bool)
    for name, mask in (("drawn", drawn), ("blank", ~drawn & drawn), ("small", drawn[:20]), ("bad", b"x")):
        world.write(f"miller-{name}.png", mask)
    kinds = [
        *(dict(content=content) for content in (b"", b"none", same, other[:9], encode_png(same)[:-200])),
        *(dict(content=same, **more) for more in (dict(), dict(label="crack"))),
        *(dict(content=other, split=split) for split in ("train", "test")),
        *(
            dict(label=label, mask=f"miller-{mask}.png")
            for label, mask in (("good", "drawn"), ("crack", "blank"))
        ),
        *(dict(label="crack", mask=f"miller-{mask}.png") for mask in ("small", "bad", "none")),
        dict(content=np.zeros((300, 300), np.uint8)),
    ]
    photos = [world.photo(f"miller-{at}.jpg", row=100 + at, **kind) for at, kind in enumerate(kinds)]
    odd = ["miller-none.jpg", "miller\0.jpg", str(world.store.root / "miller-gone.jpg"), "miller" * 999]
    photos += [Photo(200 + at, world.store, name, "good") for at, name in enumerate(odd)]
    (world.store.root / "miller-folder").mkdir()
    path = world.store.root / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("miller.png", b"payload of the photo")
    path.write_bytes(path.read_bytes().replace(b"payload", b"PAYLOAD"))
    damaged = [
        Photo(300, world.store, "miller-folder", "good"),
        Photo(301, ZipStore(path), "miller.png", "good"),
    ]
    return photos + damaged


@pytest.mark.parametrize("column", ["image", None])
def test_without_names_each_fault_has_its_row_and_no_message_a_name(world, column):
    photos = all_that_can_be_wrong(world)
    said = {
        named: check_photos(photos, good="good", column=column, most_pixels=50_000, named=named)
        for named in (True, False)
    }
    assert len(said[True].faults) == len(said[False].faults) >= 16
    assert len(said[True].notes) == len(said[False].notes) == 3
    assert all("miller" in str(fault) for fault in said[True].faults)
    texts = [*map(str, said[False].faults), *said[False].notes]
    assert not [text for text in texts if "mille" in text]
    assert all(fault.row is not None for fault in said[False].faults)
    assert [fault.row for fault in said[False].faults if "pixel by pixel" in fault.text] == [106, 108]
    assert "is pixel by pixel that of row 102 (class `good`)" in "\n".join(texts)
    assert "is pixel by pixel that of row 107 (train)" in "\n".join(texts)
    assert any(text.endswith("row 102 (PNG), row 103 (PNG), row 105 (PNG), ...") for text in texts), texts
