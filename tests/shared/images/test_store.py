"""Files are read by the names they were given, whatever packed them, by many threads at once."""

import zipfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from shared.errors import ContractError
from shared.images.decoding import decode, look
from shared.images.store import ArrayStore, FolderStore, ZipStore

FILES = {"良品/照片 1.png": b"one", "scratch/b.jpg": b"two!", "a.txt": b""}
LEFT_BEHIND = ("__MACOSX/._a.png", "good/Thumbs.db", ".hidden/x.png", "good/.DS_Store")


@pytest.fixture
def folder(tmp_path):
    for name, data in {**FILES, **dict.fromkeys(LEFT_BEHIND, b"x")}.items():
        path = tmp_path / "root" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path / "root"


def packed(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def legacy(path, name, encoding):
    """An archive whose name is bytes of an old code page, without the UTF-8 flag."""
    raw = name.encode(encoding)
    stand_in = "x" * len(raw)
    data = packed(path, {stand_in: b"data"}).read_bytes()
    path.write_bytes(data.replace(stand_in.encode(), raw))
    return path


def test_folder_and_zip_give_the_same_names_and_bytes(folder, tmp_path):
    archive = packed(tmp_path / "a.zip", {**FILES, **dict.fromkeys(LEFT_BEHIND, b"x"), "empty/": b""})
    for store in (FolderStore(folder), ZipStore(archive)):
        assert store.names() == sorted(FILES)
        assert {name: store.read(name) for name in store.names()} == FILES
        assert [store.size(name) for name in sorted(FILES)] == [len(FILES[name]) for name in sorted(FILES)]
        assert len(store.names(2)) == 2
        with pytest.raises(FileNotFoundError):
            store.read("none.png")
    assert FolderStore(folder).source == "root" and ZipStore(archive).source == "a.zip"


def test_absolute_names_and_backslashes_are_understood(folder):
    assert FolderStore(folder / "elsewhere").read(str(folder / "scratch/b.jpg")) == b"two!"
    assert FolderStore(folder).read("scratch\\b.jpg") == b"two!"


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
def test_chinese_names_without_the_utf8_flag_are_read(tmp_path, encoding):
    store = ZipStore(legacy(tmp_path / "old.zip", "划痕/照片 一.png", encoding))
    assert store.names() == ["划痕/照片 一.png"] and store.read("划痕/照片 一.png") == b"data"


def test_names_with_backslashes_are_folders(tmp_path):
    archive = legacy(tmp_path / "w.zip", "good\\a.png", "ascii")
    assert ZipStore(archive).names() == ["good/a.png"]


@pytest.mark.parametrize("name", ["../a.png", "good/../../a.png", "/etc/a.png", "C:/a.png", "..\\a.png"])
def test_names_that_lead_out_of_a_zip_are_refused(tmp_path, name):
    with pytest.raises(ContractError, match="leads out"):
        ZipStore(packed(tmp_path / "slip.zip", {name: b"x"}))


def test_damaged_and_missing_zips_are_refused(tmp_path):
    path = packed(tmp_path / "a.zip", FILES)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(ContractError, match=r"a\.zip cannot be read.*\n.*damaged or cut off"):
        ZipStore(path)
    with pytest.raises(ContractError, match="No such file"):
        ZipStore(tmp_path / "none.zip")


def test_a_damaged_member_is_an_os_error(tmp_path):
    path = packed(tmp_path / "a.zip", {"a.png": b"payload of the photo"})
    path.write_bytes(path.read_bytes().replace(b"payload", b"PAYLOAD"))
    with pytest.raises(OSError, match="damaged"):
        ZipStore(path).read("a.png")


def test_a_zip_with_a_password_is_refused(tmp_path):
    path = packed(tmp_path / "a.zip", {"a.png": b"x"})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(ContractError, match="password"):
        ZipStore(path)


def test_threads_read_one_zip(tmp_path):
    files = {f"{at}.bin": bytes([at % 251]) * (1000 + at) for at in range(60)}
    store = ZipStore(packed(tmp_path / "many.zip", files))
    with ThreadPoolExecutor(8) as pool:
        names = list(files) * 5
        assert list(pool.map(store.read, names)) == [files[name] for name in names]


@pytest.mark.parametrize(
    ("shape", "kind", "depth"),
    [((), np.uint8, 8), ((1,), np.uint8, 8), ((3,), np.uint8, 8), ((), np.uint16, 16), ((1,), np.uint16, 16)],
)
def test_pictures_of_an_array_come_back_as_they_are(shape, kind, depth):
    top = np.iinfo(kind).max
    pictures = np.random.default_rng(0).integers(0, top + 1, (5, 17, 20, *shape)).astype(kind)
    store = ArrayStore(pictures, "scans.npz")
    assert store.names() == [f"image {row}" for row in range(1, 6)] and store.names(2) == [
        "image 1",
        "image 2",
    ]
    assert store.names(9) == store.names() and store.source == "scans.npz"
    for name, picture in zip(store.names(), pictures):
        data = store.read(name)
        facts = look(data)
        assert (facts.format, facts.height, facts.width, facts.depth) == ("PNG", 17, 20, depth)
        assert store.size(name) == picture.nbytes
        found = decode(data) * (top / 255)
        np.testing.assert_allclose(found, picture.reshape(17, 20, -1), rtol=1e-5)


@pytest.mark.parametrize(
    "name", ["image 0", "image 4", "image 01", "image -1", "image ²", "image", "1", "", "image 1.0"]
)
def test_pictures_that_are_not_in_an_array_are_missing(name):
    store = ArrayStore(np.zeros((3, 16, 16), np.uint8))
    for ask in (store.read, store.size):
        with pytest.raises(FileNotFoundError):
            ask(name)


@pytest.mark.parametrize(
    ("shape", "kind"),
    [((3, 4), np.uint8), ((3, 4, 4, 2), np.uint8), ((3, 4, 4, 3), np.uint16), ((3, 4, 4), float)],
)
def test_arrays_that_are_no_pictures_are_refused(shape, kind):
    with pytest.raises(ValueError, match="pictures must be"):
        ArrayStore(np.zeros(shape, kind))


def test_threads_read_one_array():
    pictures = np.random.default_rng(1).integers(0, 256, (40, 16, 16), dtype=np.uint8)
    store = ArrayStore(pictures)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda name: decode(store.read(name))[..., 0], store.names() * 3))
    np.testing.assert_array_equal(found, np.concatenate([pictures] * 3))
