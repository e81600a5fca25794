"""What is exported as a light scorer, and what is refused."""

import json
from pathlib import Path

import pytest

from shared import bundle
from shared.contract import Mapping
from shared.errors import BundleError
from shared.export.beside import with_onnx
from shared.light import writing
from shared.light.writing import export_light, kind_of
from verticals.finance import FraudPipeline
from verticals.retail import DemandPipeline

KEPT = Path(__file__).parents[2] / "fixtures" / "bundles" / "finance_fraud" / "bundle"


class Doubled(FraudPipeline):
    """Answers by code that a light scorer does not carry."""

    def decode(self, raw):
        return super().decode(raw) / 2


def test_the_facts_hold_no_row_and_name_every_file(tmp_path):
    facts = export_light(KEPT, tmp_path / "out")
    files = {
        str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file()
    }
    assert files - {"export.json"} == set(facts["files"])
    content = json.loads((tmp_path / "out" / "scorer.json").read_text("utf-8"))
    assert not {"profile", "facts", "history"} & set(content)
    assert (tmp_path / "out" / "requirements.txt").read_text().split("==")[0] == "numpy"


def test_the_network_of_the_bundle_is_taken_as_it_is(tmp_path):
    folder = bundle.save(bundle.load(KEPT), tmp_path / "bundle", beside=with_onnx)
    export_light(folder, tmp_path / "out")
    assert (tmp_path / "out" / "model.onnx").read_bytes() == (folder / "model.onnx").read_bytes()


def test_a_solution_that_answers_by_its_own_code_is_refused_by_name():
    with pytest.raises(BundleError, match="its own `decode`"):
        kind_of(Doubled())


class Shifted(FraudPipeline):
    """Adds to the features of `data.py` what the scorer does not carry."""

    def columns(self, table):
        return {name: values + 1 for name, values in super().columns(table).items()}


def test_a_solution_whose_features_are_others_than_those_of_data_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(bundle, "pipeline_of", lambda folder, content, cls=None: shifted(content))
    with pytest.raises(BundleError, match="answers otherwise than `finance.fraud`"):
        export_light(KEPT, tmp_path / "out")


def shifted(content):
    pipeline = bundle.without_model(content)
    pipeline.__class__ = Shifted
    Shifted.__module__ = FraudPipeline.__module__
    return pipeline


def test_tables_in_wide_form_are_refused():
    mapping = Mapping(wide={"id": "item", "origin": "2024-01-01", "frequency": "D"})
    with pytest.raises(BundleError, match="one column a step"):
        kind_of(DemandPipeline(mapping=mapping))


def test_code_that_asks_for_more_is_refused_with_the_way_out(tmp_path, monkeypatch):
    monkeypatch.setattr(
        writing, "_source", lambda module, found=writing._source: changed(module, found, tmp_path)
    )
    with pytest.raises(BundleError, match="No module named 'pandas'.*must not be imported by its features"):
        export_light(KEPT, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def changed(module, found, place):
    """The solution's features as earlier clones have them, with pandas at the top."""
    path = found(module)
    if not module.endswith("fraud.data"):
        return path
    (place / "data.py").write_text(
        path.read_text("utf-8").replace("import numpy", "import pandas\nimport numpy"), "utf-8"
    )
    return place / "data.py"


def test_nothing_else_is_replaced(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(BundleError, match="no export"):
        export_light(KEPT, tmp_path / "out")
    assert (tmp_path / "out" / "mine.txt").read_text() == "mine"
