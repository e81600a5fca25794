"""A light scorer tells of photos what the pipeline does, and needs Pillow only for files."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from shared.errors import ContractError
from shared.images.decoding import decode, encode_png
from shared.light.frame import Frame
from shared.light.photos import GivenPhotos, PhotoScorer

EXAMPLE = runpy.run_path(str(Path(__file__).parents[1] / "light_example.py"))
Made, content_of, pipeline_of = EXAMPLE["Made"], EXAMPLE["content_of"], EXAMPLE["pipeline_of"]
records_of, assert_equal = EXAMPLE["records_of"], EXAMPLE["assert_equal"]
FOLDER = EXAMPLE["BUNDLES"] / "manufacturing_defects" / "rows"
CLASSES = 5
LABELLED = Made(["photo"], {"classes": (CLASSES,), "heatmap": (4, 4)}, 2.0)
GOOD_ONLY = Made(["photo"], {"score": (), "heatmap": (4, 4)}, 2.0)
SCORER = "shared.light.photos:PhotoScorer"


def calibrated(**changes):
    """A bundle whose probabilities are not all alike."""
    content = content_of("manufacturing_defects", **changes)
    content["calibration"] = {"method": "temperature", "scale": 1.0, "bias": 0.0, "detail": {}}
    content["decision"] = {"again": 0.75, "reject": 0.9, "known": None}
    content["state"]["classes"] = content["state"]["classes"][:CLASSES]
    return content


def good_only(**changes):
    content = calibrated(**changes)
    content["state"] |= {"mode": "good_only", "classes": ["good"], "typical": 0.8}
    content["calibration"] = {"method": "none", "detail": {}}
    content["decision"] = {"again": 0.3, "reject": 0.5, "known": 0.01}
    return content


def checked(folder):
    pipeline = pipeline_of(calibrated(), LABELLED)
    return pipeline.check(pipeline.read(folder, pipeline.mapping.format, predict=True), predict=True)


@pytest.fixture(scope="module")
def table():
    return checked(FOLDER)


@pytest.fixture(scope="module")
def several(tmp_path_factory):
    """A folder of photos of different sizes and colours, and its table."""
    folder, rng = tmp_path_factory.mktemp("photos"), np.random.default_rng(0)
    for at, size in enumerate([(64, 64), (100, 150), (150, 90, 3), (33, 70)]):
        (folder / f"{at}.png").write_bytes(encode_png(rng.integers(0, 256, size, dtype=np.uint8)))
    return folder, checked(folder)


def names_of(table):
    return np.array([photo.name for photo in table.photos[0]], object)


def expected_of(content, session, table):
    pipeline = pipeline_of(content, session)
    return records_of(pipeline.predict(table))


@pytest.mark.parametrize(
    ("content", "session"),
    [
        (calibrated(), LABELLED),
        (calibrated(fit="stretch"), LABELLED),
        (calibrated(tile=64, tile_overlap=0.2), LABELLED),
        (good_only(), Made(["photo"], {"score": (), "heatmap": (4, 4)}, 1.0)),
    ],
)
def test_photos_are_answered_as_by_the_pipeline(several, content, session):
    folder, table = several
    if content["state"]["mode"] == "good_only":  # distances are not below 0
        session = Positive(session)
    expected, names = expected_of(content, session, table), names_of(table)
    paths = [folder / name for name in names]
    scorer, frame = PhotoScorer(content, session), Frame({"image": names})
    assert_equal(scorer.answer(frame, photos=paths), expected)
    assert_equal(scorer.answer(frame, photos=[path.read_bytes() for path in paths]), expected)
    assert_equal(scorer.answer(frame, photos=[decode(path.read_bytes()) for path in paths]), expected)
    assert len({each["score"] for each in expected}) == len(expected)


class Positive:
    """A network whose scores are not below 0."""

    def __init__(self, session):
        self.session, self.input = session, session.input

    def __call__(self, x, batch_size=None):
        found = self.session(x)
        return found | {"score": np.abs(found["score"])}


def test_photos_without_names_are_numbered_and_read_in_the_order_of_the_rows(table):
    content, names = calibrated(), names_of(table)
    expected = expected_of(content, LABELLED, table)
    pixels = [decode((FOLDER / name).read_bytes())[..., 0] for name in names]
    found = PhotoScorer(content, LABELLED).answer(Frame({}, len(names)), photos=pixels)
    assert [each["image"] for each in found][:2] == ["photo 1", "photo 2"]
    assert [each["score"] for each in found] == [each["score"] for each in expected]


def test_the_column_image_names_files(table, monkeypatch):
    monkeypatch.chdir(FOLDER)
    content = calibrated()
    found = PhotoScorer(content, LABELLED).answer(Frame({"image": names_of(table)}))
    assert_equal(found, expected_of(content, LABELLED, table))


def test_colours_and_16_bits_are_read_as_from_files(tmp_path):
    from PIL import Image

    rng = np.random.default_rng(0)
    colours = rng.integers(0, 256, (40, 50, 3), dtype=np.uint8)
    deep = rng.integers(0, 65536, (40, 50), dtype=np.uint16)
    (tmp_path / "0.png").write_bytes(encode_png(colours))
    Image.fromarray(deep).save(tmp_path / "1.png")
    for channels, dtype in ((1, "uint8"), (3, "uint8"), (1, "float32"), (3, "float32")):
        content = calibrated()
        content["state"] |= {"channels": channels, "dtype": dtype}
        scorer, frame = PhotoScorer(content, LABELLED), Frame({}, 2)
        files = scorer.answer(frame, photos=[tmp_path / "0.png", tmp_path / "1.png"])
        pixels = scorer.answer(frame, photos=[colours, deep])
        assert_equal([each | {"image": ""} for each in pixels], [each | {"image": ""} for each in files])


def test_pixels_need_nothing_but_numpy(table):
    content, names = calibrated(), names_of(table)
    content["state"]["side"] = 64
    pixels = [np.tile(decode((FOLDER / name).read_bytes()), (2, 2, 1))[:64, :64] for name in names]
    expected = PhotoScorer(content, LABELLED).answer(Frame({"image": names}), photos=pixels)
    given = {"photos": pixels, "refused": ["PIL"]}
    found, modules = EXAMPLE["alone"](SCORER, content, LABELLED, {"image": names}, **given)
    assert_equal(found, expected)
    assert "shared.pipeline" not in modules
    small = content | {"state": content["state"] | {"side": 32}}  # by NumPy, a level of 255 apart at most
    found, _ = EXAMPLE["alone"](SCORER, small, LABELLED, {"image": names}, **given)
    expected = PhotoScorer(small, LABELLED).answer(Frame({"image": names}), photos=pixels)
    gaps = [abs(one["score"] - other["score"]) for one, other in zip(found, expected)]
    assert max(gaps) < 0.02


def test_files_need_pillow_and_say_so(table):
    paths = [str(FOLDER / name) for name in names_of(table)]
    found, _ = EXAMPLE["alone"](SCORER, calibrated(), LABELLED, {"image": names_of(table)}, photos=paths)
    assert_equal(found, expected_of(calibrated(), LABELLED, table))
    with pytest.raises(AssertionError, match="needs the package `pillow` to be decoded: pip install pillow"):
        EXAMPLE["alone"](
            SCORER, calibrated(), LABELLED, {"image": names_of(table)}, photos=paths, refused=["PIL"]
        )


@pytest.mark.parametrize(
    ("photo", "told"),
    [
        (None, "row 2: the row has no photo"),
        (np.zeros((40, 9), np.uint8), "row 2: the photo has 9 x 40 pixels, fewer than 16"),
        (np.zeros((40, 40)), "row 2: the photo is float64"),
        (np.zeros((9000, 9000), np.uint8), "more than most_megapixels"),
        (b"%PDF-1.4", "is a PDF"),
        ("nowhere.png", "`nowhere.png` is not in"),
    ],
)
def test_photos_that_cannot_be_used_are_told_by_row(photo, told):
    good = np.zeros((40, 40), np.uint8)
    with pytest.raises(ContractError, match=told):
        PhotoScorer(calibrated(), LABELLED).answer(Frame({}, 2), photos=[good, photo])


def test_photos_handed_over_are_read_by_their_row():
    store = GivenPhotos({3: b"abc"})
    assert store.pixels("photo 3") is None and store.size("photo 3") == 3 and store.names() == []
