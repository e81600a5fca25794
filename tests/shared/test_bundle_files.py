"""A folder appears whole or not at all, whatever happens meanwhile."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from shared import bundle_files
from shared.bundle_files import digest, new_folder, replace_folder, sha256, verify_files, write_text
from shared.errors import BundleError

SAVER = """
import os, sys
from pathlib import Path
from shared.bundle_files import new_folder
version = 0
while True:
    version += 1
    with new_folder(Path(sys.argv[1])) as part:
        for name in ("model.keras", "bundle.json"):
            with open(part / name, "w") as file:
                for _ in range(50):
                    file.write(f"{version}\\n")
                    file.flush()
    if version == 3:
        print("saved", flush=True)
"""


def written(folder, text):
    with new_folder(folder) as part:
        (part / "a").write_text(text)
        (part / "deep").mkdir()
        (part / "deep" / "b").write_text(text)


def found(folder):
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_is_replaced_as_a_whole_and_nothing_is_left_beside_it(tmp_path):
    written(tmp_path / "out", "old")
    (tmp_path / "out" / "more").write_text("old")
    written(tmp_path / "out", "new")
    assert found(tmp_path / "out") == {"a": "new", "deep/b": "new"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("kill", range(6))
def test_a_save_that_is_killed_at_any_moment_leaves_the_old_folder_or_the_new_one_whole(tmp_path, kill):
    folder = tmp_path / "bundle"
    child = subprocess.Popen([sys.executable, "-c", SAVER, str(folder)], stdout=subprocess.PIPE)
    try:
        assert child.stdout.readline() == b"saved\n"
        time.sleep(float(np.random.default_rng(kill).uniform(0, 0.02)))
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    versions = {name: text.split() for name, text in found(folder).items()}
    assert sorted(versions) == ["bundle.json", "model.keras"]
    assert len({line for lines in versions.values() for line in lines}) == 1
    assert all(len(lines) == 50 for lines in versions.values())


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "no"), OSError("h5: No space left on device")])
def test_a_full_disk_is_said_and_leaves_what_was_there(tmp_path, monkeypatch, error):
    written(tmp_path / "out", "old")

    def full(path):
        raise error

    monkeypatch.setattr(bundle_files, "_to_disk", full)
    with pytest.raises(
        BundleError, match=r"no room to write .*out: the disk is full.*what was there before is whole"
    ):
        written(tmp_path / "out", "new")
    assert found(tmp_path / "out") == {"a": "old", "deep/b": "old"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_another_error_of_the_system_stays_what_it_is(tmp_path, monkeypatch):
    def denied(path):
        raise PermissionError("not yours")

    monkeypatch.setattr(bundle_files, "_to_disk", denied)
    with pytest.raises(PermissionError, match="not yours"):
        written(tmp_path / "out", "new")
    assert not list(tmp_path.iterdir())


def test_where_the_system_cannot_swap_folders_they_are_renamed_one_after_the_other(tmp_path, monkeypatch):
    monkeypatch.setattr(bundle_files, "_swapped", lambda *_: False)
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a").write_text(name)
    replace_folder(tmp_path / "new", tmp_path / "old")
    assert found(tmp_path) == {"old/a": "new"}


def test_what_killed_saves_left_a_day_ago_is_removed_and_a_save_under_way_is_not(tmp_path):
    for name in (".out.0123abcd", ".out.fedc9876", ".other.0123abcd"):
        (tmp_path / name).mkdir()
    os.utime(tmp_path / ".out.0123abcd", (time.time() - 90_000,) * 2)
    os.utime(tmp_path / ".other.0123abcd", (time.time() - 90_000,) * 2)
    written(tmp_path / "out", "new")
    assert {path.name for path in tmp_path.iterdir()} == {"out", ".out.fedc9876", ".other.0123abcd"}


def test_a_file_that_lacks_or_differs_is_named_with_the_cure(tmp_path):
    (tmp_path / "a").write_bytes(b"1")
    files = {"a": sha256(tmp_path / "a")}
    verify_files(tmp_path, files, cure="Export again")
    (tmp_path / "a").write_bytes(b"2")
    with pytest.raises(BundleError, match=r"a is not the file that was saved .*Export again"):
        verify_files(tmp_path, files, cure="Export again")
    Path(tmp_path / "a").unlink()
    with pytest.raises(BundleError, match="lacks a. Export again"):
        verify_files(tmp_path, files, cure="Export again")


def test_the_digest_of_json_changes_with_any_value_and_with_nothing_else():
    content = {"a": 0.1, "b": ["é", None]}
    assert digest(content) == digest({"b": ["é", None], "a": 0.1, "sha256": "x"})
    assert digest(content) != digest(content | {"a": 0.10000000000000002})


def test_a_text_is_written_whole_and_keeps_its_rights(tmp_path):
    path = tmp_path / "a" / "run.py"
    write_text(path, "one\r\n")
    path.chmod(0o750)
    write_text(path, "客户\n")
    assert path.read_bytes().decode() == "客户\n" and path.stat().st_mode & 0o777 == 0o750
    assert list(path.parent.iterdir()) == [path]
