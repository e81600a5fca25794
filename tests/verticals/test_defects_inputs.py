"""What is wrong with delivered photos is said at once and by name, before anything is learnt or written."""

import contextlib
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shared.cli import app
from shared.contract import Mapping
from shared.errors import ContractError
from verticals import SOLUTIONS
from verticals.manufacturing import DefectPipeline

TINY = {"backbone": "residual", "weights": "none", "side": 32, "epochs": 1}
SIZE = (24, 24)


class Delivery:
    """A folder with six photos a class, no two alike, to spoil."""

    def __init__(self, root: Path):
        self.root, self.rng = root, np.random.default_rng(0)

    def photo(self, name: str, pixels: np.ndarray | None = None, mode: str | None = None, **options) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = self.rng.integers(0, 256, SIZE, dtype=np.uint8) if pixels is None else pixels
        image = Image.fromarray(pixels)
        (image.convert(mode) if mode else image).save(path, **options)
        return path

    def classes(self, *names: str, photos: int = 6) -> "Delivery":
        for name in names:
            for number in range(photos):
                self.photo(f"{name}/{number}.png")
        return self

    def write(self, name: str, content: bytes) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def manifest(self, header: str, rows: list[str], encoding: str = "utf-8") -> Path:
        path = self.root / "photos.csv"
        path.write_text("\n".join([header, *rows]) + "\n", encoding=encoding)
        return path

    def rows(self, *names: str) -> list[str]:
        return [f"{name}/{number}.png,{name}" for name in names for number in range(6)]

    def zipped(self, encoding: str | None = None) -> Path:
        """All photos in a zip, whose names have no flag that says they are UTF-8 if an encoding is given."""

        class Entry(zipfile.ZipInfo):
            def _encodeFilenameFlags(self):
                return self.filename.encode(encoding), self.flag_bits & ~0x800

        target = self.root.parent / "parts.zip"
        with zipfile.ZipFile(target, "w") as archive:
            for path in sorted(self.root.rglob("*.png")):
                name = path.relative_to(self.root).as_posix()
                archive.writestr(Entry(name) if encoding else name, path.read_bytes())
        return target


@pytest.fixture
def delivery(tmp_path) -> Delivery:
    (tmp_path / "parts").mkdir()
    return Delivery(tmp_path / "parts")


@pytest.fixture
def parts(delivery) -> Delivery:
    return delivery.classes("good", "crack")


def checked(path, *, predict: bool = False, columns: dict | None = None, **settings):
    pipeline = DefectPipeline(DefectPipeline.Config(**TINY | settings), Mapping(columns=columns or {}))
    return pipeline.check(pipeline.read(path), predict=predict)


def faults(path, **options) -> list[str]:
    with pytest.raises(ContractError) as found:
        checked(path, **options)
    return [str(fault) for fault in found.value.faults]


def only_fault(path, **options) -> str:
    (found,) = faults(path, **options)
    return found


def command(*arguments) -> tuple[int, str]:
    """Exit code and standard error of a command."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            app(SOLUTIONS, [str(argument) for argument in arguments])
        except SystemExit as end:
            code = end.code or 0
    return code, err.getvalue()


def test_files_that_are_cut_off_empty_or_no_photos_are_all_named(parts):
    whole = (parts.root / "good/0.png").read_bytes()
    parts.write("good/0.png", whole[: len(whole) // 2])
    parts.write("good/1.png", b"")
    parts.write("good/2.png", b"<html>not found</html>")
    parts.write("crack/3.png", b"no photo at all")
    found = faults(parts.root)
    assert [text.split("`")[1] for text in found] == ["crack/3.png", "good/0.png", "good/1.png", "good/2.png"]
    assert "cut off" in found[1] and "zero bytes" in found[2] and "HTML" in found[3]


def test_faults_of_photos_masks_and_classes_come_in_one_message(parts):
    parts.write("good/0.png", b"")
    parts.photo("masks/crack/1.png", np.full((16, 16), 255, np.uint8))
    parts.photo("pit/0.png")
    found = " | ".join(faults(parts.root))
    assert "`good/0.png` has zero bytes" in found
    assert "`masks/crack/1.png` has 16 x 16" in found and "class `pit` has 1 photo" in found


def test_a_command_ends_with_2_no_traceback_and_nothing_written(parts, tmp_path):
    parts.write("good/0.png", b"")
    out = tmp_path / "deep" / "out"
    settings = [word for name, value in TINY.items() for word in ("--set", f"settings.{name}={value}")]
    code, error = command("check", "manufacturing.defects", parts.root, *settings)
    assert code == 2 and "`good/0.png` has zero bytes" in error and "Traceback" not in error
    code, error = command("run", "manufacturing.defects", "--data", parts.root, "--out", out, *settings)
    assert code == 2 and "`good/0.png` has zero bytes" in error and "Traceback" not in error
    assert sorted(path.name for path in tmp_path.iterdir()) == ["parts"]


def test_a_wrong_extension_is_noted_and_read_as_what_it_is(parts):
    parts.photo("good/really.png", format="JPEG")
    notes = " | ".join(checked(parts.root).notes)
    assert "`good/really.png` (JPEG)" in notes


def test_colours_that_are_not_read_say_what_to_convert_to(parts):
    parts.photo("good/print.jpg", np.zeros((*SIZE, 3), np.uint8), mode="CMYK")
    assert only_fault(parts.root) == "`good/print.jpg` is CMYK. Convert it to RGB"


@pytest.mark.parametrize("tile", [None, 64])
def test_a_photo_of_100_megapixels_is_refused_with_the_limit_and_the_setting(parts, tile):
    Image.new("1", (10_000, 10_000)).save(parts.root / "good/huge.png")
    text = only_fault(parts.root, tile=tile)
    assert "`good/huge.png` has 10,000 x 10,000 pixels, more than 60 million" in text
    assert "most_megapixels" in text


def test_photos_of_mixed_sizes_fit_but_thumbnails_do_not(parts):
    parts.photo("good/large.png", np.zeros((90, 40), np.uint8))
    assert len(checked(parts.root)) == 13
    parts.photo("crack/thumb.png", np.zeros((8, 9), np.uint8))
    assert only_fault(parts.root).startswith("`crack/thumb.png` has 9 x 8 pixels, fewer than 16")


def test_deep_grey_and_transparent_photos_are_read_at_their_depth_and_colours(parts):
    deep = np.arange(SIZE[0] * SIZE[1], dtype=np.uint16).reshape(SIZE) * 100
    parts.photo("good/deep.png", deep)
    clear = np.full((*SIZE, 4), 90, np.uint8)
    clear[..., 3] = 0
    parts.photo("crack/clear.png", clear)
    table = checked(parts.root)
    photos = DefectPipeline(DefectPipeline.Config(**TINY)).features(table)
    assert (photos.dtype, photos.channels) == ("float32", 3)
    names = [photo.name for photo in table.photos[0]]
    taken = photos.take(np.array([names.index("good/deep.png"), names.index("crack/clear.png")]))["photo"]
    assert taken[0].max() == pytest.approx(57_500 / 257, rel=0.05) and len(np.unique(taken[0])) > 256
    np.testing.assert_allclose(taken[1], 90)


def test_masks_that_are_damaged_missing_or_of_another_size_are_all_named(parts):
    parts.photo("masks/0.png", np.full((16, 16), 255, np.uint8))
    parts.write("masks/1.png", b"")
    rows = [row + "," for row in parts.rows("good", "crack")]
    rows[6:9] = [
        "crack/0.png,crack,masks/0.png",
        "crack/1.png,crack,masks/1.png",
        "crack/2.png,crack,masks/2.png",
    ]
    found = faults(parts.manifest("image,label,mask", rows))
    assert len(found) == 3 and [text.split("`")[1] for text in found] == [
        f"masks/{at}.png" for at in range(3)
    ]
    assert "16 x 16 pixels, the photo `crack/0.png` 24 x 24" in found[0]
    assert "zero bytes" in found[1] and "is not in `parts`" in found[2]
    assert all(f"row {at}" in text for at, text in zip((7, 8, 9), found))


def test_a_good_part_may_have_an_empty_mask_only(parts):
    parts.photo("masks/good/0.png", np.zeros(SIZE, np.uint8))
    assert checked(parts.root)
    parts.photo("masks/good/1.png", np.full(SIZE, 255, np.uint8))
    assert only_fault(parts.root).startswith(
        "`good/1.png` is of the good class `good`, but its mask `masks/good/1.png` shows a defect"
    )


def test_equal_pixels_in_two_classes_are_a_fault_even_in_files_of_two_formats(parts):
    Image.open(parts.root / "good/0.png").save(parts.root / "crack/copy.bmp")
    text = only_fault(parts.root)
    assert "`good/0.png`" in text and "`crack/copy.bmp`" in text


def test_equal_pixels_in_train_and_test_are_a_fault(delivery):
    delivery.classes("train/good", "train/crack", "test/good", "test/crack")
    Image.open(delivery.root / "train/good/0.png").save(delivery.root / "test/good/again.png")
    text = only_fault(delivery.root)
    assert "`train/good/0.png` (train)" in text and "`test/good/again.png` (test)" in text


def test_equal_pixels_in_data_and_test_are_a_fault(parts, tmp_path):
    later = Delivery(tmp_path / "later")
    later.photo("good/copy.png", np.asarray(Image.open(parts.root / "good/0.png")))
    pipeline = DefectPipeline(DefectPipeline.Config(**TINY))
    with pytest.raises(ContractError, match=r"what is learnt from may not judge"):
        pipeline.check(pipeline.read(parts.root), later=pipeline.read(later.root))


def test_classes_of_few_photos_are_all_named(parts):
    parts.classes("pit", "stain", photos=2)
    found = faults(parts.root)
    assert len(found) == 2 and "class `pit` has 2 photos, fewer than 5" in found[0] and "`stain`" in found[1]


def test_good_parts_alone_are_learnt_from_or_the_mode_for_them_is_offered(delivery):
    delivery.classes("good")
    pipeline = DefectPipeline(DefectPipeline.Config(**TINY))
    assert pipeline.mode(pipeline.check(pipeline.read(delivery.root))) == "good_only"
    assert 'mode = "good_only"' in only_fault(delivery.root, mode="labelled")


def test_few_defects_are_enough_to_judge_the_good_only_mode(parts):
    parts.photo("pit/0.png")
    assert len(checked(parts.root, mode="good_only")) == 13


@pytest.mark.parametrize("names", [("crack",), ("crack", "pit")])
def test_without_a_good_class_the_classes_are_listed_with_the_setting(delivery, names):
    text = only_fault(delivery.classes(*names).root)
    assert all(f"`{name}`" in text for name in names) and 'good = ["..."]' in text


def test_photos_without_folders_have_no_class_to_learn_but_can_be_scored(delivery):
    for number in range(5):
        delivery.photo(f"{number}.png")
    assert "no photo has a class" in only_fault(delivery.root)
    assert len(checked(delivery.root, predict=True)) == 5


def test_folders_without_photos_say_what_is_in_them(delivery):
    assert "found no file at all" in only_fault(delivery.root)
    (delivery.root / "good").mkdir()
    assert "found no file at all" in only_fault(delivery.root)
    delivery.write("good/a.txt", b"x")
    assert "1 .txt" in only_fault(delivery.root)


def test_what_is_not_there_is_refused(tmp_path):
    for name in ("nowhere", "nowhere.zip", "nowhere.csv"):
        assert f"there is no file `{tmp_path / name}`" in only_fault(tmp_path / name)


def test_names_with_spaces_and_chinese_names_are_read(delivery):
    delivery.classes("良品", "划痕").photo("划痕/裂 缝 1.png")
    assert sorted(set(checked(delivery.root).frame["label"])) == ["划痕", "良品"]


@pytest.mark.parametrize("encoding", [None, "utf-8", "gbk"])
def test_a_zip_with_chinese_names_is_read_however_they_are_written(delivery, encoding):
    archive = delivery.classes("良品", "划痕").zipped(encoding)
    table = checked(archive)
    assert sorted(set(table.frame["label"])) == ["划痕", "良品"] and len(table) == 12


def test_damaged_zips_are_refused_and_damaged_members_named(parts):
    archive = parts.zipped()
    whole = archive.read_bytes()
    for content in (b"", whole[: len(whole) // 2]):
        archive.write_bytes(content)
        assert "damaged or cut off" in only_fault(archive)
    at = whole.index(b"IDAT") + 30
    archive.write_bytes(whole[:at] + bytes(20) + whole[at + 20 :])
    assert "`crack/0.png`" in only_fault(archive)


def test_missing_files_of_a_manifest_are_all_named_with_row_and_nearest(parts):
    rows = [*parts.rows("good", "crack"), "god/1.png,good", "crack/77.png,crack"]
    found = faults(parts.manifest("image,label", rows))
    assert len(found) == 2 and "row 13: `god/1.png` is not in `parts`. Did you mean" in found[0]
    assert "row 14: `crack/77.png`" in found[1]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_manifest_may_name_its_columns_otherwise(parts, encoding, tmp_path):
    path = parts.manifest("文件,种类", parts.rows("good", "crack"), encoding)
    config = tmp_path / "line.toml"
    config.write_text('[columns]\nimage = "文件"\nlabel = "种类"\n', encoding="utf-8")
    assert command("check", "manufacturing.defects", path, "--config", config) == (0, "")
    config.write_text('[columns]\nimage = "图"\n', encoding="utf-8")
    code, error = command("check", "manufacturing.defects", path, "--config", config)
    assert code == 2 and "`图`" in error and "`文件`" in error


def test_a_photo_to_be_scored_that_cannot_be_read_is_named(parts):
    parts.write("crack/0.png", b"")
    assert only_fault(parts.root, predict=True).startswith("`crack/0.png` has zero bytes")
