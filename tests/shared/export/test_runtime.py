"""A pipeline on another runtime answers as it did, and leaves the first one as it was."""

from pathlib import Path

import keras
import numpy as np
import pytest

from shared import bundle
from shared.export import export, with_runtime
from shared.export.sessions import Session

KEPT = Path(__file__).parents[2] / "fixtures" / "bundles"


def answers(place, pipeline):
    rows = next(place.glob("rows*"))
    raw = pipeline.read(rows, pipeline.mapping.format, predict=True)
    return pipeline.predict(pipeline.check(raw, predict=True))


@pytest.mark.parametrize("name", sorted(path.parent.name for path in KEPT.glob("*/bundle")))
def test_predict_gives_the_same_decisions_on_onnx_runtime(name):
    pipeline = bundle.load(KEPT / name / "bundle")
    other = with_runtime(pipeline, "onnx", threads=1)
    assert isinstance(other.model, Session) and isinstance(pipeline.model, keras.Model)
    expected, found = answers(KEPT / name, pipeline), answers(KEPT / name, other)
    numbers = list(expected.select_dtypes("float"))
    np.testing.assert_allclose(found[numbers], expected[numbers], rtol=1e-5, atol=1e-6)
    assert found.drop(columns=numbers).equals(expected.drop(columns=numbers))


def test_an_export_that_is_there_is_taken(tmp_path):
    pipeline = bundle.load(KEPT / "finance_fraud" / "bundle")
    export(KEPT / "finance_fraud" / "bundle", "litert", tmp_path / "out")
    other = with_runtime(pipeline, "litert", exported=tmp_path / "out")
    found = answers(KEPT / "finance_fraud", other)
    assert found["decision"].tolist() == answers(KEPT / "finance_fraud", pipeline)["decision"].tolist()
