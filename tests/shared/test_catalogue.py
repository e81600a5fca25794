"""Data sets come whole and checked, or not at all, with the way to put them by hand. No real network is used."""

import errno
import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from shared import catalogue
from shared.catalogue import Dataset, fetch, find, here, in_mirror, load_catalogue, place
from shared.errors import ConfigError, FaultsError

ROOT = Path(__file__).resolve().parents[2]
BYTES = bytes(range(256)) * 4_000  # four blocks
SHA256, MD5 = hashlib.sha256(BYTES).hexdigest(), hashlib.md5(BYTES).hexdigest()


class Server:
    """What the handler answers with, and what it was asked."""

    def __init__(self):
        self.body, self.cuts, self.status, self.etag = BYTES, [], 200, '"v1"'
        self.ranges = self.lengths = True
        self.asked = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                outer.answer(self)

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.http.server_address[1]}/a.csv"
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def answer(self, request):
        asked = request.headers.get("Range")
        self.asked.append(asked)
        if self.status != 200:
            return request.send_error(self.status)
        begin = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and self.ranges else 0
        if request.headers.get("If-Range", self.etag) != self.etag:
            begin = 0
        if asked and begin >= len(self.body):
            return request.send_error(416)
        request.send_response(206 if begin else 200)
        if begin:
            request.send_header("Content-Range", f"bytes {begin}-{len(self.body) - 1}/{len(self.body)}")
        if self.lengths:
            request.send_header("Content-Length", str(len(self.body) - begin))
        if self.etag:
            request.send_header("ETag", self.etag)
        request.end_headers()
        cut = self.cuts.pop(0) if self.cuts else len(self.body)
        request.wfile.write(self.body[begin : begin + cut])
        return None


@pytest.fixture
def server(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", catalogue.MIRROR):
        monkeypatch.delenv(name, raising=False)
    made = Server()
    yield made
    made.http.shutdown()
    made.http.server_close()


def dataset(address="", **file):
    files = [{"name": "a.csv", "address": address, **file}]
    given = {"name": "demo", "title": "Demo", "solution": "finance.fraud", "licence": "CC0"}
    return Dataset(**given, page="https://example.org/demo", folder="finance/demo", files=files)


def got(made, folder, **how):
    return fetch(made.files[0], made, folder, wait=0, **how)


def refused(made, folder):
    with pytest.raises(FaultsError) as caught:
        got(made, folder)
    assert str(caught.value).startswith("a.csv cannot be fetched (1 fault):")
    return str(caught.value)


def left(folder):
    return sorted(path.name for path in folder.iterdir())


# -- fetching


def test_a_file_is_fetched_whole_with_progress_and_nothing_beside_it(server, tmp_path):
    told = []
    made = dataset(server.address, sha256=SHA256, md5=MD5, size=len(BYTES))
    path = got(made, tmp_path / "new" / "folder", tell=lambda *pair: told.append(pair))
    assert path.read_bytes() == BYTES and left(path.parent) == ["a.csv"]
    assert told[0] == (0, len(BYTES)) and told[-1] == (len(BYTES), len(BYTES))
    assert [done for done, _ in told] == sorted({done for done, _ in told}) and len(told) > 3


def test_a_server_that_does_not_say_how_long_a_file_is_is_enough(server, tmp_path):
    told, server.lengths = [], False
    assert got(dataset(server.address), tmp_path, tell=lambda *pair: told.append(pair)).read_bytes() == BYTES
    assert {total for _, total in told} == {None}


def test_what_is_there_already_is_checked_and_not_fetched_again(server, tmp_path):
    (tmp_path / "a.csv").write_bytes(BYTES)
    assert got(dataset(server.address, sha256=SHA256), tmp_path).read_bytes() == BYTES
    text = refused(dataset(server.address, sha256="0" * 64), tmp_path)
    assert "is there, and has the SHA256" in text and "Remove it, or name another folder by --to" in text
    assert (tmp_path / "a.csv").read_bytes() == BYTES and server.asked == []


def test_a_connection_that_breaks_off_goes_on_where_it_was(server, tmp_path):
    server.cuts = [300_000, 200_000]
    assert got(dataset(server.address), tmp_path).read_bytes() == BYTES
    assert server.asked == [None, "bytes=300000-", "bytes=500000-"] and left(tmp_path) == ["a.csv"]


def test_the_same_command_goes_on_after_the_last_attempt_has_failed(server, tmp_path):
    server.cuts, made = [1_000, 1_000, 1_000], dataset(server.address, sha256=SHA256)
    text = refused(made, tmp_path)
    assert "broke off at 3,000 of 1,024,000 bytes" in text
    assert "3,000 bytes are kept: the same command goes on from there" in text
    assert not (tmp_path / "a.csv").exists()
    assert got(made, tmp_path).read_bytes() == BYTES
    assert server.asked[-1] == "bytes=3000-" and left(tmp_path) == ["a.csv"]


def test_a_server_without_ranges_sends_the_whole_again(server, tmp_path):
    server.cuts, server.ranges = [300_000], False
    assert got(dataset(server.address, sha256=SHA256), tmp_path).read_bytes() == BYTES


def test_a_file_that_changed_meanwhile_is_fetched_from_its_beginning(server, tmp_path):
    server.cuts = [1_000] * 3
    refused(dataset(server.address), tmp_path)
    server.body, server.etag = BYTES[::-1], '"v2"'
    assert got(dataset(server.address), tmp_path).read_bytes() == BYTES[::-1]


def test_where_nothing_tells_two_versions_apart_nothing_is_kept(server, tmp_path):
    server.cuts, server.etag = [1_000] * 3, ""
    assert "are kept" not in refused(dataset(server.address), tmp_path)
    assert left(tmp_path) == [] and server.asked == [None] * 3


def test_a_part_that_is_longer_than_the_file_is_thrown_away(server, tmp_path):
    (tmp_path / ".a.csv.part").write_bytes(BYTES + b"more")
    assert got(dataset(server.address, sha256=SHA256), tmp_path).read_bytes() == BYTES


def test_a_part_that_is_the_whole_file_only_gets_its_name(server, tmp_path):
    (tmp_path / ".a.csv.part").write_bytes(BYTES)
    made = dataset(server.address, sha256=SHA256, size=len(BYTES))
    assert got(made, tmp_path).read_bytes() == BYTES and left(tmp_path) == ["a.csv"]


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ({"sha256": "0" * 64}, f"has the SHA256 {SHA256[:12]}…, expected 000000000000…"),
        ({"md5": "0" * 32}, f"has the MD5 {MD5[:12]}…, expected 000000000000…"),
        ({"size": 7}, "has 1,024,000 bytes, expected 7"),
    ],
)
def test_another_file_than_the_published_one_is_not_kept(server, tmp_path, file, said):
    text = refused(dataset(server.address, **file), tmp_path)
    assert said in text and "is not kept. Has the publisher changed it?" in text
    assert left(tmp_path) == []


@pytest.mark.parametrize(("status", "attempts"), [(404, 1), (403, 1), (503, 3)])
def test_what_the_server_says_is_told_and_tried_again_where_that_may_help(server, tmp_path, status, attempts):
    server.status = status
    text = refused(dataset(server.address), tmp_path)
    assert f"{server.address}: the server says {status}" in text and "https://example.org/demo" in text
    assert len(server.asked) == attempts and left(tmp_path) == []


def test_without_a_connection_the_address_and_the_place_by_hand_are_named(server, tmp_path):
    server.http.shutdown()
    server.http.server_close()  # the port is closed now
    text = refused(dataset(server.address), tmp_path)
    assert f"{server.address}: there is no connection (" in text and "refused" in text
    assert f"To fetch it by hand, see https://example.org/demo, and put it at `{tmp_path / 'a.csv'}`" in text
    assert "or at `finance/demo/a.csv` in a folder that the variable VERTICALS_DATA names" in text
    (tmp_path / "a.csv").write_bytes(BYTES)  # by hand
    assert got(dataset(server.address, sha256=SHA256), tmp_path) == tmp_path / "a.csv"


def test_a_file_behind_an_account_is_fetched_by_hand(tmp_path):
    text = refused(dataset(), tmp_path)
    assert "its publisher asks for an account. To fetch it by hand, see https://example.org/demo" in text


def test_a_folder_that_cannot_be_written_is_named(server, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    text = refused(dataset(server.address), tmp_path / "file" / "inside")
    assert str(tmp_path / "file") in text and "Name another folder by --to" in text

    def denied(self, *_, **__):
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr(Path, "mkdir", denied)
    text = refused(dataset(server.address), tmp_path / "locked")
    assert f"`{tmp_path / 'locked'}`: Permission denied. Name another folder by --to" in text
    assert server.asked == []


def test_a_full_disk_is_no_matter_of_the_connection(server, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(catalogue, "_receive", full)
    assert "No space left on device. Name another folder by --to" in refused(
        dataset(server.address), tmp_path
    )
    assert len(server.asked) == 1


# -- where data sets are


def test_the_mirror_has_files_in_either_form_or_all_is_fetched(tmp_path, monkeypatch):
    made = dataset(also=["a.csv.gz", "a.parquet"])
    monkeypatch.delenv(catalogue.MIRROR, raising=False)
    assert in_mirror(made) == [] and place(made) == Path("datasets/finance/demo")
    monkeypatch.setenv(catalogue.MIRROR, str(tmp_path))
    folder = tmp_path / "finance" / "demo"
    folder.mkdir(parents=True)
    assert in_mirror(made) == [] and place(made) == folder and place(made, tmp_path) == tmp_path
    (folder / "a.parquet").write_text("")
    assert in_mirror(made) == [folder / "a.parquet"]
    (folder / "a.csv").write_text("")
    assert in_mirror(made) == [folder / "a.csv"]
    both = made.model_copy(
        update={"files": [*made.files, made.files[0].model_copy(update={"name": "b.csv", "also": []})]}
    )
    assert here(both, folder) == []


# -- the catalogue


def test_every_data_set_of_the_catalogue_names_what_a_user_needs():
    from verticals import SOLUTIONS

    found = load_catalogue()
    assert {each.solution for each in found.values()} == set(SOLUTIONS)
    for name, each in found.items():
        assert name == each.name and each.title and each.licence and each.mappings
        assert not Path(each.folder).is_absolute() and each.page.startswith("https://")
        for mapping in each.mappings:
            text = (ROOT / "data" / "mappings" / mapping).read_text("utf-8")
            assert f'solution = "{each.solution}"' in text
        for file in each.files:
            assert file.address.startswith("https://") and urlsplit(file.address).netloc


def test_every_mapping_belongs_to_a_data_set():
    named = {mapping for each in load_catalogue().values() for mapping in each.mappings}
    assert named == {path.name for path in (ROOT / "data" / "mappings").glob("*.toml")}


def test_an_unknown_data_set_names_one_that_is_near():
    with pytest.raises(ConfigError, match="Did you mean `handbook`"):
        find("hanbook", load_catalogue())
    with pytest.raises(ConfigError, match="Known are: handbook, creditcard"):
        find("zzz", load_catalogue())


def test_all_that_is_wrong_with_a_catalogue_is_said(tmp_path):
    path = tmp_path / "catalogue.toml"
    with pytest.raises(ConfigError, match="No such file"):
        load_catalogue(path)
    path.write_text("[[dataset]\n")
    with pytest.raises(ConfigError, match="it is no TOML"):
        load_catalogue(path)
    path.write_text(
        '[[dataset]]\nname = "a"\npage = "ftp://x"\nfiles = [{name = "../a", sha256 = "short"}]\n'
    )
    with pytest.raises(ConfigError) as caught:
        load_catalogue(path)
    for part in ("dataset.0.title", "dataset.0.page", "dataset.0.files.0.name", "dataset.0.files.0.sha256"):
        assert part in str(caught.value)


def test_the_size_of_all_files_is_told_where_it_is_known():
    assert dataset(size=2_347_115).size == "2.3 MB" and dataset(about_mb=151).size == "151 MB"
    assert dataset().size == "?"
