"""An export is kept only if it answers as the Keras network does; see test_certificate for all solutions."""

import json
from pathlib import Path

import numpy as np
import pytest

from shared import bundle
from shared.errors import BundleError
from shared.export import exporting, open_export, read_export
from shared.export.exporting import Difference, difference_of, export
from shared.export.formats import FORMATS
from shared.export.sessions import Session

KEPT = Path(__file__).parents[2] / "fixtures" / "bundles"
FRAUD = KEPT / "finance_fraud" / "bundle"


@pytest.fixture
def exported(tmp_path):
    export(FRAUD, "onnx", tmp_path / "onnx")
    return tmp_path / "onnx"


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_kept_answers_alike_and_says_what_it_was_made_of(format, tmp_path):
    facts = export(FRAUD, format, tmp_path / "out")
    assert facts == read_export(tmp_path / "out")
    assert facts["compared"]["largest_relative_difference"] <= 1e-5 and facts["compared"]["rows"] == 64
    assert facts["bundle"] == bundle.hashes(FRAUD)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.slow
def test_a_network_that_litert_cannot_hold_for_any_number_of_rows_takes_one_at_a_time(tmp_path):
    facts = export(KEPT / "healthcare_diagnosis" / "bundle", "litert", tmp_path / "out")
    assert facts["batch"] == 1 and facts["compared"]["largest_relative_difference"] <= 1e-5


def test_weights_of_8_bits_are_kept_whatever_they_change_and_the_facts_say_how_much(tmp_path):
    facts = export(FRAUD, "onnx", tmp_path / "out", variant="int8")
    assert facts["variant"] == "int8" and 1e-4 < facts["compared"]["largest_difference"] < 10


def test_an_export_that_answers_otherwise_is_not_kept(monkeypatch, tmp_path, exported):
    def off(path, signature, **_):
        return Session(signature, lambda arrays: [np.zeros((len(arrays[0]), 2), "float32")])

    before = (exported / "export.json").read_bytes()
    form = exporting.FORMATS["onnx"]
    monkeypatch.setitem(
        exporting.FORMATS, "onnx", type(form)(form.name, form.file, form.variants, form.write, off)
    )
    for out in (tmp_path / "new", exported):
        with pytest.raises(BundleError, match="answers otherwise than the Keras network.*not kept"):
            export(FRAUD, "onnx", out)
    assert not (tmp_path / "new").exists() and (exported / "export.json").read_bytes() == before


def test_a_file_that_its_runtime_cannot_load_is_not_kept(monkeypatch, tmp_path):
    form = exporting.FORMATS["onnx"]

    def broken(model, signature, path, variant, batch):
        path.write_bytes(b"no network")

    monkeypatch.setitem(
        exporting.FORMATS, "onnx", type(form)(form.name, form.file, form.variants, broken, form.open)
    )
    with pytest.raises(BundleError, match="was written, but cannot be run"):
        export(FRAUD, "onnx", tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_a_changed_export_is_refused(exported):
    open_export(exported)
    content = (exported / "model.onnx").read_bytes()
    (exported / "model.onnx").write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(BundleError, match=r"model.onnx is not the file that was saved .*Export again"):
        open_export(exported)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "damaged"),
        ("[]", "damaged"),
        ("{}", "damaged"),
        (None, "holds no export"),
        ("other", "another version"),
    ],
)
def test_a_folder_that_is_no_export_is_refused(exported, text, message):
    facts = json.loads((exported / "export.json").read_text("utf-8"))
    (exported / "export.json").unlink()
    if text is not None:
        (exported / "export.json").write_text(json.dumps(facts | {"export": 9}) if text == "other" else text)
    with pytest.raises(BundleError, match=message):
        open_export(exported)


def test_the_files_of_others_are_not_replaced_and_what_is_not_known_is_named(tmp_path):
    (tmp_path / "thesis.doc").write_text("mine")
    for out in (tmp_path, tmp_path / "thesis.doc"):
        with pytest.raises(BundleError, match="exists and is no export"):
            export(FRAUD, "onnx", out)
    with pytest.raises(BundleError, match="--format is `onxn`; expected saved_model, onnx, litert"):
        export(FRAUD, "onxn", tmp_path / "out")
    with pytest.raises(BundleError, match="--variant is `int8`; saved_model is written as float32"):
        export(FRAUD, "saved_model", tmp_path / "out", variant="int8")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.doc"]


def test_a_difference_is_infinite_where_an_answer_is_no_number_or_of_another_shape():
    infinite = Difference(float("inf"), float("inf"))
    assert difference_of(np.zeros(2), np.array([0, np.nan])) == infinite
    assert difference_of(np.zeros(2), np.zeros((2, 1))) == infinite
    assert difference_of(np.array([np.inf]), np.array([np.inf])) == Difference(0.0, 0.0)
    assert difference_of(np.zeros((0, 3)), np.zeros((0, 3))) == Difference(0.0, 0.0)
