"""A bundle carries its network as ONNX too, and is loaded without Keras."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from shared import bundle
from shared.errors import BundleError
from shared.export import beside, formats
from shared.export.beside import load_on_onnx, onnx_entry, with_onnx

KEPT = Path(__file__).parents[2] / "fixtures" / "bundles"


@pytest.fixture(scope="module")
def fraud():
    return bundle.load(KEPT / "finance_fraud" / "bundle")


@pytest.fixture
def carried(fraud, tmp_path):
    return bundle.save(fraud, tmp_path / "bundle", beside=with_onnx)


def test_the_onnx_network_is_a_part_of_the_bundle(carried):
    content = bundle.read_facts(carried)
    assert set(content["files"]) == {"model.keras", "model.onnx"} and "why" not in onnx_entry(content)
    assert content["onnx"]["compared"]["largest_difference"] < 1e-5
    assert set(bundle.hashes(carried)) == {"model.keras", "model.onnx", "bundle.json"}
    assert bundle.load(carried).model.name == "fraud"


def test_a_damaged_onnx_network_is_named(carried):
    with open(carried / "model.onnx", "r+b") as file:
        file.write(b"damaged")
    with pytest.raises(BundleError, match=r"model\.onnx"):
        load_on_onnx(carried)


@pytest.mark.parametrize(
    "error", [BundleError("an operator is lacking"), ValueError("an operator is lacking")]
)
def test_a_network_that_onnx_cannot_hold_leaves_the_reason(fraud, tmp_path, monkeypatch, error):
    def refuse(*arguments):
        raise error

    broken = formats.FORMATS | {"onnx": formats.Format("onnx", "model.onnx", ("float32",), refuse, refuse)}
    monkeypatch.setattr(beside, "FORMATS", broken)
    folder = bundle.save(fraud, tmp_path / "bundle", beside=with_onnx)
    assert sorted(path.name for path in folder.iterdir()) == ["bundle.json", "model.keras"]
    assert "why" in onnx_entry(bundle.read_facts(folder))
    with pytest.raises(BundleError, match="carries no ONNX network: .*an operator is lacking"):
        load_on_onnx(folder)


def test_a_bundle_of_before_carries_none():
    assert "why" in onnx_entry(bundle.read_facts(KEPT / "finance_fraud" / "bundle"))
    with pytest.raises(BundleError, match="saved without"):
        load_on_onnx(KEPT / "finance_fraud" / "bundle")


ANSWER = """
import json, sys
from shared.export.beside import load_on_onnx
from shared.run import predict
found = predict(load_on_onnx(sys.argv[1]), sys.argv[2])
found.to_csv(sys.argv[3], index=False)
print(json.dumps([name for name in ("keras", "tensorflow") if name in sys.modules]))
"""


@pytest.mark.parametrize("name", sorted(path.parent.name for path in KEPT.glob("*/bundle")))
def test_kept_rows_are_answered_without_keras(name, tmp_path):
    folder = bundle.save(bundle.load(KEPT / name / "bundle"), tmp_path / "bundle", beside=with_onnx)
    command = [
        sys.executable,
        "-c",
        ANSWER,
        folder,
        next((KEPT / name).glob("rows*")),
        tmp_path / "found.csv",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []
    found, kept = pd.read_csv(tmp_path / "found.csv"), pd.read_csv(KEPT / name / "answers.csv")
    pd.testing.assert_frame_equal(found, kept, rtol=1e-5, atol=1e-6)
