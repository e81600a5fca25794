"""Class, mask and split of a photo follow from where its file lies."""

import zipfile

import pytest

from shared.errors import ContractError
from shared.images.listing import read_photos


def laid_out(root, names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return root


def rows(path):
    return [tuple(row.values()) for row in read_photos(path).data.to_pylist()]


def zipped(path, names):
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, name)
    return path


TILES = ["MT_Free/Imgs/a.jpg", "MT_Free/Imgs/a.png", "MT_Crack/Imgs/b.jpg", "MT_Crack/Imgs/b.png"]
MVTEC = [
    *("train/good/000.png", "train/good/001.png", "test/good/000.png", "test/crack/000.png"),
    *("ground_truth/crack/000_mask.png", "license.txt"),
]


@pytest.mark.parametrize("top", ["", "tiles-master/", "a/b/"])
def test_magnetic_tiles_have_a_class_a_folder_and_a_mask_beside_each_photo(tmp_path, top):
    expected = [
        (f"{top}MT_Crack/Imgs/b.jpg", "MT_Crack", f"{top}MT_Crack/Imgs/b.png"),
        (f"{top}MT_Free/Imgs/a.jpg", "MT_Free", f"{top}MT_Free/Imgs/a.png"),
    ]
    assert rows(laid_out(tmp_path / "folder", [top + name for name in TILES])) == expected
    assert rows(zipped(tmp_path / "x.zip", [top + name for name in TILES])) == expected


@pytest.mark.parametrize("top", ["", "bottle/"])
def test_mvtec_has_split_class_and_ground_truth(tmp_path, top):
    table = read_photos(laid_out(tmp_path, [top + name for name in MVTEC]))
    assert [tuple(row.values()) for row in table.data.to_pylist()] == [
        (f"{top}test/crack/000.png", "crack", f"{top}ground_truth/crack/000_mask.png", "test"),
        (f"{top}test/good/000.png", "good", "", "test"),
        (f"{top}train/good/000.png", "good", "", "train"),
        (f"{top}train/good/001.png", "good", "", "train"),
    ]
    assert any("1 file not used" in note and "license.txt" in note for note in table.notes)


def test_a_mask_of_ground_truth_goes_to_the_photo_to_judge(tmp_path):
    names = ["train/crack/0.png", "test/crack/0.png", "ground_truth/crack/0_mask.png"]
    assert [row[2] for row in rows(laid_out(tmp_path, names))] == ["ground_truth/crack/0_mask.png", ""]


def test_val_is_valid(tmp_path):
    names = ["train/good/1.png", "val/good/2.png", "test/bad/3.png"]
    assert [row[3] for row in rows(laid_out(tmp_path, names))] == ["test", "train", "valid"]


@pytest.mark.parametrize(
    ("photo", "mask"),
    [
        ("crack/x.png", "crack/x_mask.png"),
        ("crack/x.bmp", "crack/x_GT.bmp"),
        ("crack/x.jpg", "crack/x_label.png"),
        ("crack/x.jpg", "crack/x.png"),
        ("crack/x.jpg", "masks/crack/x.png"),
        ("crack/x.jpg", "mask/crack/x_mask.tif"),
        ("crack/x.jpg", "crack/masks/x.png"),
        ("crack/images/x.jpg", "crack/Masks/x_mask.png"),
        ("images/crack/x.jpg", "masks/crack/x.png"),
        ("test/crack/x.jpg", "test/crack/masks/x.png"),
        ("test/crack/x.jpg", "masks/test/crack/x.png"),
    ],
)
def test_masks_are_found_where_people_put_them(tmp_path, photo, mask):
    found = rows(laid_out(tmp_path, [photo, mask, photo.replace("crack", "good").replace("x.", "y.")]))
    by_name = {row[0]: row for row in found}
    assert len(found) == 2 and by_name[photo][1:3] == ("crack", mask)
    assert by_name[photo.replace("crack", "good").replace("x.", "y.")][1:3] == ("good", "")


def test_photos_without_folders_have_no_class_but_may_have_masks(tmp_path):
    assert rows(laid_out(tmp_path, ["a.JPG", "b.TIFF", "masks/a.png"])) == [
        ("a.JPG", "", "masks/a.png"),
        ("b.TIFF", "", ""),
    ]
    assert rows(laid_out(tmp_path / "more", ["images/a.jpg", "masks/a.png"])) == [
        ("images/a.jpg", "", "masks/a.png")
    ]


def test_one_class_alone_stays_a_class(tmp_path):
    assert rows(laid_out(tmp_path / "a", ["good/1.png", "good/2.png"]))[0][1] == "good"
    assert rows(laid_out(tmp_path / "b", ["MT_Free/Imgs/1.jpg", "MT_Free/Imgs/2.jpg"]))[0][1] == "MT_Free"
    assert rows(laid_out(tmp_path / "c", ["train/good/1.png"]))[0] == (
        "train/good/1.png",
        "good",
        "",
        "train",
    )


def test_notes_count_classes_masks_and_what_is_not_used(tmp_path):
    names = [
        "good/1.jpg",
        "划痕/2.jpg",
        "划痕/2.png",
        "masks/3.png",
        "readme.txt",
        *(f"{n}.log" for n in range(9)),
    ]
    notes = " | ".join(read_photos(laid_out(tmp_path, names)).notes)
    assert "2 photos: good 1, 划痕 1" in notes and "1 photo with a mask" in notes
    assert "11 files not used" in notes and "`0.log`" in notes and "`9.log`" not in notes


def test_a_folder_without_photos_says_what_is_there(tmp_path):
    laid_out(tmp_path / "phone", ["a.heic", "b.HEIC", "c.heic", "notes.txt"])
    with pytest.raises(ContractError, match=r"phone cannot be read") as error:
        read_photos(tmp_path / "phone")
    assert "3 .heic" in str(error.value) and ".jpg" in str(error.value) and "Export HEIC" in str(error.value)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ContractError, match="no file at all"):
        read_photos(tmp_path / "empty")


def test_a_manifest_keeps_its_columns_and_names_files_beside_it(tmp_path):
    laid_out(tmp_path, ["imgs/a.png"])
    (tmp_path / "list.csv").write_text("file,kind\nimgs/a.png,good\n", "utf-8")
    table = read_photos(tmp_path / "list.csv")
    assert table.data.column_names == ["file", "kind"] and not table.listed
    assert table.store.read("imgs/a.png") == b"imgs/a.png"


def test_one_photo_is_a_table_of_one_row(tmp_path):
    laid_out(tmp_path, ["good/a b.jpg", "good/other.jpg"])
    table = read_photos(tmp_path / "good" / "a b.jpg")
    assert table.data.to_pylist() == [{"image": "a b.jpg", "label": "", "mask": ""}]
    assert table.store.read("a b.jpg") == b"good/a b.jpg" and table.listed


def test_what_is_not_there_is_refused(tmp_path):
    for name in ("none", "none.zip", "none.jpg"):
        with pytest.raises(ContractError, match="no file"):
            read_photos(tmp_path / name)


def test_the_hash_tells_contents_and_names_apart_and_the_place_not(tmp_path):
    first, same = (laid_out(tmp_path / name, TILES) for name in ("a", "b"))
    digest = read_photos(first).sha256
    assert len(digest) == 64 and digest == read_photos(same).sha256
    assert digest == read_photos(zipped(tmp_path / "c.zip", TILES)).sha256
    (same / TILES[0]).write_bytes(b"x" * len(TILES[0]))
    assert read_photos(same).sha256 != digest
    (first / TILES[0]).rename(first / "MT_Free/Imgs/z.jpg")
    assert read_photos(first).sha256 != digest
