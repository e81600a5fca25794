import io
import zipfile

import pytest

from shared.errors import ContractError
from shared.serve.uploads import Uploads, unpacked


def archive(**files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return out.getvalue()


def test_only_files_that_came_along_are_found():
    store = Uploads({"a.png": b"1"})
    for name in ("b.png", "/etc/passwd", "../a.png"):
        with pytest.raises(FileNotFoundError):
            store.read(name)


def test_an_archive_is_read_without_what_systems_leave_in_it():
    content = archive(**{"a.png": b"1", "__MACOSX/a.png": b"2", ".hidden": b"3", "good/b.png": b"4"})
    assert unpacked("x.zip", content, most_bytes=100) == {"a.png": b"1", "good/b.png": b"4"}


def test_an_archive_that_unpacks_to_far_more_is_refused_unread():
    content = archive(**{"a.png": bytes(10_000_000)})
    assert len(content) < 20_000
    with pytest.raises(ContractError, match="unpacks to more"):
        unpacked("x.zip", content, most_bytes=100_000)


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04junk", archive(a=b"1" * 999)[:-30]], ids=["empty", "junk", "cut off"]
)
def test_a_damaged_archive_is_told(content):
    with pytest.raises(ContractError, match="damaged"):
        unpacked("x.zip", content, most_bytes=100_000)


def test_names_in_chinese_of_a_windows_archive_are_read():
    content = archive(placeholder=b"1").replace(b"placeholder", "良品零件1.p".encode("gb18030"))
    assert list(unpacked("x.zip", content, most_bytes=1000)) == ["良品零件1.p"]
