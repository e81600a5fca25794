"""A bundle is whole or not there, scores as it did, and holds no pickle and no customer's keys."""

import errno
import io
import json
import os
import re
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from shared import bundle, bundle_files
from shared.errors import BundleError
from shared.pipeline import Pipeline
from verticals import SOLUTIONS
from verticals.finance import FraudPipeline

FIXTURES = Path(__file__).parents[1] / "fixtures" / "bundles"
CONFIG = dict(epochs=1, members=2, units=8, bins=4)


@pytest.fixture(scope="module")
def table():
    frame, mapping = FraudPipeline.sample(cards=200, days=45)
    return FraudPipeline(mapping=mapping).check(frame)


@pytest.fixture(scope="module")
def fitted(table):
    pipeline = FraudPipeline(FraudPipeline.Config(**CONFIG), table.mapping)
    pipeline.fit(table, pipeline.splits(table)[0])
    return pipeline


@pytest.fixture(scope="module")
def saved(fitted, tmp_path_factory):
    return bundle.save(fitted, tmp_path_factory.mktemp("saved") / "bundle", facts={"rows": 3})


@pytest.fixture
def copy(saved, tmp_path):
    import shutil

    return shutil.copytree(saved, tmp_path / "bundle")


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def rewritten(folder, **entries):
    """The bundle with entries of its JSON changed (or left out, where None), as another version might have saved it."""
    content = json.loads((folder / bundle.FACTS).read_text("utf-8")) | {"sha256": None} | entries
    content = {name: value for name, value in content.items() if value is not None}
    (folder / bundle.FACTS).write_text(json.dumps(content), "utf-8")
    return folder


def test_a_reloaded_pipeline_scores_and_decides_bit_for_bit_as_it_did(fitted, saved, table):
    loaded = bundle.load(saved)
    assert type(loaded) is FraudPipeline and loaded.config == fitted.config
    assert loaded.mapping == fitted.mapping and loaded.thresholds == fitted.thresholds
    rows = np.arange(0, len(table), 3)
    before, after = fitted.predict(table, rows), loaded.predict(table, rows)
    assert before["score"].to_numpy().tobytes() == after["score"].to_numpy().tobytes()
    assert before.equals(after)


def test_a_bundle_is_one_network_and_one_json_file(saved):
    assert set(contents(saved)) == {bundle.MODEL, bundle.FACTS}
    content = json.loads((saved / bundle.FACTS).read_text("utf-8"))
    assert content["files"] == {bundle.MODEL: bundle.sha256(saved / bundle.MODEL)}
    assert content["facts"] == {"rows": 3} and content["versions"]["keras"]
    assert content["class"] == "verticals.finance.fraud.pipeline:FraudPipeline"


def test_nothing_in_a_bundle_is_pickled_or_names_a_card_or_terminal(saved, table):
    parts = [(saved / bundle.FACTS).read_bytes()]
    with zipfile.ZipFile(saved / bundle.MODEL) as archive:
        assert set(archive.namelist()) == {"metadata.json", "config.json", "model.weights.h5"}
        parts += [archive.read(name) for name in archive.namelist()]
    keys = {*table.frame["card"].astype(str), *table.frame["terminal"].astype(str)}
    assert len(keys) > 300
    for part in parts:
        assert not part.startswith(b"\x80") and b"Lambda" not in part
        found = re.findall(rb"[CT]\d{5}", part)
        assert not [key for key in found if key.decode() in keys]


def test_saving_again_replaces_the_bundle_and_keeps_the_history(saved, copy):
    loaded = bundle.load(copy)
    assert loaded.history.to_dict() == json.loads((saved / bundle.FACTS).read_text("utf-8"))["history"]
    bundle.save(loaded, copy)
    again = json.loads((copy / bundle.FACTS).read_text("utf-8"))
    assert again["history"]["epochs"] and again["facts"] == {}
    assert [path.name for path in copy.parent.iterdir()] == ["bundle"]
    assert os.stat(copy).st_mode & 0o777 == 0o755


class Killed(BaseException):
    """Such as KeyboardInterrupt."""


def test_a_save_that_fails_while_the_network_is_written_leaves_the_old_bundle(fitted, copy, monkeypatch):
    before = contents(copy)

    def half(path, **_):
        path.write_bytes(b"half")
        raise Killed

    monkeypatch.setattr(fitted.model, "save", half)
    with pytest.raises(Killed):
        bundle.save(fitted, copy)
    assert contents(copy) == before and [path.name for path in copy.parent.iterdir()] == ["bundle"]
    bundle.read_facts(copy)


@pytest.mark.parametrize("failing", [1, 2])
def test_a_save_that_fails_at_a_rename_leaves_the_old_bundle(fitted, copy, monkeypatch, failing):
    before, rename, calls = contents(copy), os.rename, []
    monkeypatch.setattr(bundle_files, "_swapped", lambda *_: False)

    def stopped(source, target):
        calls.append(source)
        if len(calls) == failing:
            raise Killed
        rename(source, target)

    monkeypatch.setattr(os, "rename", stopped)
    with pytest.raises(Killed):
        bundle.save(fitted, copy)
    assert contents(copy) == before and [path.name for path in copy.parent.iterdir()] == ["bundle"]


def test_after_a_kill_between_the_two_renames_the_message_says_where_the_old_bundle_is(fitted, copy):
    os.rename(copy, copy.parent / ".bundle.old")  # what SIGKILL leaves behind there
    with pytest.raises(BundleError, match=r"a save was killed.*\.bundle\.old, rename it"):
        bundle.load(copy)
    bundle.save(fitted, copy)
    assert bundle.load(copy).history is not None
    assert [path.name for path in copy.parent.iterdir()] == ["bundle"]


def test_a_state_that_json_cannot_hold_leaves_the_old_bundle(fitted, copy, monkeypatch):
    before = contents(copy)
    monkeypatch.setitem(fitted.state, "mean", float("nan"))
    with pytest.raises(ValueError):
        bundle.save(fitted, copy)
    assert contents(copy) == before


def test_a_bundle_is_not_saved_over_the_files_of_others(fitted, copy, tmp_path):
    (copy / "notes.txt").write_text("mine")
    with pytest.raises(BundleError, match=r"no part of a bundle \(notes.txt\); they would be lost"):
        bundle.save(fitted, copy)
    assert (copy / "notes.txt").read_text() == "mine"
    other = tmp_path / "documents"
    other.mkdir()
    (other / "thesis.doc").write_text("mine")
    for place in (other, other / "thesis.doc"):
        with pytest.raises(BundleError, match="exists and is no bundle"):
            bundle.save(fitted, place)
    (tmp_path / "empty").mkdir()
    assert bundle.read_facts(bundle.save(fitted, tmp_path / "empty"))
    assert bundle.read_facts(bundle.save(fitted, tmp_path / "new" / "deep"))


def test_a_pipeline_that_is_not_fitted_is_not_saved(tmp_path):
    with pytest.raises(BundleError, match="not fitted: call fit"):
        bundle.save(FraudPipeline(), tmp_path / "bundle")
    assert not list(tmp_path.iterdir())


def refused(folder):
    with pytest.raises(BundleError) as caught:
        bundle.load(folder)
    return str(caught.value)


def test_what_is_no_bundle_is_refused_and_a_run_folder_points_to_its_bundle(saved, tmp_path):
    assert "holds no bundle (no bundle.json)" in refused(tmp_path)
    assert "holds no bundle" in refused(tmp_path / "nowhere")
    assert f"did you mean {saved}?" in refused(saved.parent)


def test_a_missing_or_changed_network_is_refused(copy):
    whole = (copy / bundle.MODEL).read_bytes()
    (copy / bundle.MODEL).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert "is not the file that was saved (its SHA-256 differs)" in refused(copy)
    (copy / bundle.MODEL).unlink()
    assert "lacks model.keras. Copy the bundle again" in refused(copy)


def test_a_network_that_keras_cannot_read_is_refused_with_both_versions(copy):
    (copy / bundle.MODEL).write_bytes(b"no zip")
    rewritten(copy, files={bundle.MODEL: bundle.sha256(copy / bundle.MODEL)})
    assert re.search(r"cannot be loaded with Keras \d.*\(saved with \d", refused(copy))


@pytest.mark.parametrize("part", [bundle.MODEL, bundle.FACTS])
@pytest.mark.parametrize("share", [0, 0.5, 0.999])
def test_a_truncated_part_is_refused(copy, part, share):
    whole = (copy / part).read_bytes()
    (copy / part).write_bytes(whole[: int(len(whole) * share)])
    message = refused(copy)
    assert part in message and "Copy the bundle again, or fit anew" in message


def test_a_threshold_that_was_changed_by_a_damaged_byte_is_refused(copy):
    content = json.loads((copy / bundle.FACTS).read_text("utf-8"))
    content["decision"]["block"] /= 2
    (copy / bundle.FACTS).write_text(json.dumps(content), "utf-8")
    assert "bundle.json is not the file that was saved (its SHA-256 differs)" in refused(copy)
    assert bundle.load(rewritten(copy, versions={"keras-verticals": "0.0"})).thresholds.block > 0


def test_a_full_disk_leaves_the_old_bundle_and_says_so(fitted, copy, monkeypatch):
    before = contents(copy)

    def full(path, **_):
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(fitted.model, "save", full)
    with pytest.raises(BundleError, match="no room to write .*bundle: the disk is full"):
        bundle.save(fitted, copy)
    assert contents(copy) == before and [path.name for path in copy.parent.iterdir()] == ["bundle"]


KEPT = sorted(path.parent for path in FIXTURES.glob("*/answers.csv"))


def test_all_solutions_have_a_bundle_of_an_earlier_release():
    assert [path.name for path in KEPT] == sorted(name.replace(".", "_") for name in SOLUTIONS)


@pytest.mark.parametrize("place", KEPT, ids=lambda path: path.name)
def test_a_bundle_of_an_earlier_release_gives_the_answers_that_it_gave_then(place):
    pipeline, rows = bundle.load(place / "bundle"), next(place.glob("rows*"))
    table = pipeline.check(pipeline.read(rows, pipeline.mapping.format, predict=True), predict=True)
    answers = pipeline.predict(table)
    answers.to_csv(text := io.StringIO(), index=False)
    text.seek(0)
    options = {"float_precision": "round_trip", "keep_default_na": True}
    now, then = pd.read_csv(text, **options), pd.read_csv(place / "answers.csv", **options)
    pd.testing.assert_frame_equal(now, then, rtol=2e-5, atol=2e-6)
    assert sum(path.stat().st_size for path in place.rglob("*") if path.is_file()) < 300_000


@pytest.mark.parametrize(
    "text", ["", "{", '{"format": 1}', "[1, 2]", '"text"', "null", "\x00", '{"format": 1, "files": 3}']
)
def test_a_damaged_json_file_is_refused(copy, text):
    (copy / bundle.FACTS).write_text(text)
    assert "bundle.json is damaged" in refused(copy)


@pytest.mark.parametrize(
    "entries",
    [
        *(
            {name: None}
            for name in ("state", "config", "mapping", "calibration", "decision", "class", "history")
        ),
        {"config": {"epochs": "many"}},
        {"decision": {"review": 0.5}},
        {"calibration": {"method": "magic"}},
        {"history": {"unknown": 1}},
    ],
)
def test_a_json_file_that_lacks_a_part_is_refused(copy, entries):
    message = refused(rewritten(copy, **entries))
    assert "bundle.json is damaged" in message and "\n" not in message


def test_another_format_is_refused_with_the_version_that_can_read_it(copy):
    message = refused(rewritten(copy, format=2, versions={"keras-verticals": "9.1"}))
    assert "has bundle format 2, this version reads 1" in message and '"keras-verticals==9.1"' in message


@pytest.mark.parametrize("name", ["nowhere.pipeline:Fraud", "shared.pipeline:Missing", "Fraud", "", ":"])
def test_a_class_that_cannot_be_imported_is_refused_by_name(copy, name):
    assert f"class `{name}` cannot be imported" in refused(rewritten(copy, **{"class": name}))


def test_a_class_that_is_no_pipeline_is_refused(copy):
    assert "is no Pipeline" in refused(rewritten(copy, **{"class": "os:system"}))
    assert "is no Pipeline" in refused(rewritten(copy, **{"class": "shared.errors:Fault"}))


def test_a_clone_loads_a_bundle_as_its_own_class(copy):
    class Clone(FraudPipeline):
        """Such as a delivery team makes."""

    assert type(bundle.load(copy, Clone)) is Clone and issubclass(Clone, Pipeline)


@pytest.mark.parametrize(("umask", "rights"), [(0o077, 0o700), (0o022, 0o755)])
def test_a_bundle_is_for_those_the_umask_of_the_user_lets_in(fitted, tmp_path, umask, rights):
    before = os.umask(umask)
    try:
        bundle.save(fitted, tmp_path / "new" / "bundle")
    finally:
        os.umask(before)
    assert (tmp_path / "new" / "bundle").stat().st_mode & 0o777 == rights
