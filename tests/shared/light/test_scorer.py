"""An exported folder answers on its own, and says what is wrong where it cannot."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from shared.errors import BundleError
from shared.light.scorer import LightScorer
from shared.light.writing import export_light

KEPT = Path(__file__).parents[2] / "fixtures" / "bundles"
HEAVY = ("pandas", "pyarrow", "pydantic", "scipy", "sklearn", "keras", "tensorflow", "matplotlib")
ALONE = """
import json, sys
class Refusing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in %r:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Refusing())
from shared.light.__main__ import main
import shared
assert shared.__file__.startswith(sys.path[0] or __import__("os").getcwd()), shared.__file__
sys.exit(main([".", "-"]))
"""


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    place = tmp_path_factory.mktemp("light")
    for name in ("finance_fraud", "healthcare_diagnosis", "retail_demand", "manufacturing_defects"):
        export_light(KEPT / name / "bundle", place / name)
    return place


def said(folder, rows):
    """What a Python says that has NumPy and ONNX Runtime, and the folder's own code."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, "-c", ALONE % (HEAVY,)],
        cwd=folder,
        env=environment,
        input=json.dumps(rows, default=str),
        capture_output=True,
        text=True,
        check=False,
    )


def kept(name):
    rows = KEPT / name / "rows.csv"
    with open(KEPT / name / "answers.csv", encoding="utf-8") as file:
        answers = list(csv.DictReader(file))
    if not rows.exists():
        return [{"image": str(KEPT / name / "rows" / answer["image"])} for answer in answers], answers
    with open(rows, encoding="utf-8") as file:
        return list(csv.DictReader(file)), answers


@pytest.mark.parametrize(
    "name", ["finance_fraud", "healthcare_diagnosis", "retail_demand", "manufacturing_defects"]
)
def test_kept_answers_are_given_by_the_exported_code_alone(exported, name):
    rows, answers = kept(name)
    done = said(exported / name, rows)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found) == len(answers)
    for one, other in zip(found, answers):
        for column, text in other.items():
            if column == "image":
                assert one[column].endswith(text)
            elif column == "date":
                assert one[column].startswith(text)
            elif isinstance(one[column], (int, float)) and not isinstance(one[column], bool):
                np.testing.assert_allclose(one[column], float(text), rtol=1e-5, atol=1e-6)
            else:
                assert str("" if one[column] is None else one[column]) == text


def test_a_row_that_is_not_plain_is_refused_with_its_place(exported):
    rows, _ = kept("finance_fraud")
    done = said(exported / "finance_fraud", [rows[0] | {"amount": "1.234,5"}])
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: column `amount`, row 1: is no plain number\n"


def test_history_is_looked_back_on(exported):
    rows, _ = kept("finance_fraud")
    scorer = LightScorer(exported / "finance_fraud")
    before = [row | {"card": rows[-1]["card"]} for row in rows[:-1]]
    alone, after = scorer.answer(rows[-1:]), scorer.answer(rows[-1:], history=before)
    assert alone != after
    assert after[0]["score"] == pytest.approx(scorer.answer([*before, rows[-1]])[-1]["score"], abs=1e-7)


def test_a_damaged_network_is_not_run(exported, tmp_path):
    folder = shutil.copytree(exported / "finance_fraud", tmp_path / "copy")
    with open(folder / "model.onnx", "ab") as file:
        file.write(b"x")
    with pytest.raises(BundleError, match="SHA-256"):
        LightScorer(folder)
    with pytest.raises(BundleError, match="holds no light scorer"):
        LightScorer(tmp_path)


def test_a_photo_is_given_as_pixels_bytes_path_or_base64(exported):
    import base64

    from PIL import Image

    scorer = LightScorer(exported / "manufacturing_defects")
    path = KEPT / "manufacturing_defects" / "rows" / kept("manufacturing_defects")[1][0]["image"]
    content = path.read_bytes()
    with Image.open(path) as photo:
        pixels = np.asarray(photo)
    forms = [str(path), content, {"name": "a.png", "base64": base64.b64encode(content).decode()}, pixels]
    scores = [scorer.answer([{"image": form}])[0]["score"] for form in forms]
    np.testing.assert_allclose(scores, scores[0], rtol=0, atol=1e-12)
