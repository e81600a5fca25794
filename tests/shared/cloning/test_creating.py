"""`create`: a whole project, or nothing."""

import importlib

import pytest

from shared.cloning import creating
from shared.cloning.creating import create, shadow
from shared.cloning.names import class_name
from shared.cloning.record import find_clone, sha256
from shared.errors import ConfigError
from verticals.finance import FraudPipeline


@pytest.fixture
def clone(tmp_path):
    return create(FraudPipeline, "made_fraud", tmp_path)


def test_the_record_holds_every_file_as_it_was_written(clone):
    found = find_clone(clone.root)
    assert found.record == clone.record and found.record.solution == "finance.fraud"
    for path, text in found.record.base().items():
        assert (clone.root / path).read_bytes().decode() == text
    assert sha256((clone.root / "made_fraud.toml").read_text("utf-8")) == found.record.once["made_fraud.toml"]


def imported(place, monkeypatch, name):
    monkeypatch.syspath_prepend(create(FraudPipeline, name, place).root)
    return getattr(importlib.import_module(name), class_name(name))


def test_a_project_is_imported_from_any_place(tmp_path, monkeypatch):
    pipeline = imported(tmp_path, monkeypatch, "imported_fraud")
    assert pipeline.name == "imported_fraud" and pipeline.roles == FraudPipeline.roles
    assert pipeline.words() == FraudPipeline.words() and pipeline.measured() == []


def refuses(place, *words, name="made_fraud"):
    before = sorted(place.rglob("*"))
    with pytest.raises(ConfigError) as error:
        create(FraudPipeline, name, place)
    assert all(word in str(error.value) for word in words), error.value
    assert sorted(place.rglob("*")) == before


def test_a_folder_that_is_there_is_never_touched(tmp_path):
    (tmp_path / "made_fraud").mkdir()
    refuses(tmp_path, "there already")
    (tmp_path / "made_fraud").rmdir()
    (tmp_path / "made_fraud").symlink_to(tmp_path / "nowhere")
    refuses(tmp_path, "there already")


@pytest.mark.parametrize(
    "kind", ["shared/__init__.py", "shared/thing.py", "verticals/__init__.py", "shared.py"]
)
def test_a_place_where_a_package_would_be_hidden_is_refused(tmp_path, kind):
    (tmp_path / kind).parent.mkdir(exist_ok=True)
    (tmp_path / kind).touch()
    refuses(tmp_path, "would hide the package")
    assert shadow(tmp_path) is not None


def test_a_folder_shared_that_holds_no_code_is_no_obstacle(tmp_path):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "payments.csv").touch()
    assert create(FraudPipeline, "made_fraud", tmp_path).root.is_dir()


def test_a_project_inside_a_project_is_refused(clone):
    refuses(clone.root, "customer's project itself", name="inner")


def test_a_place_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="no folder"):
        create(FraudPipeline, "made_fraud", tmp_path / "nowhere")


def test_nothing_is_left_behind_when_writing_fails(tmp_path, monkeypatch):
    def full(root, record):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(creating, "write_record", full)
    with pytest.raises(OSError):
        create(FraudPipeline, "made_fraud", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_customers_project_is_no_template(monkeypatch, tmp_path):
    with pytest.raises(ConfigError, match="Copy the template"):
        create(imported(tmp_path, monkeypatch, "copied_fraud"), "other", tmp_path)
