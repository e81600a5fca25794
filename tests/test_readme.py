import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]


def test_every_figure_in_the_readmes_is_the_measured_one():
    done = subprocess.run(
        [sys.executable, ROOT / "tests/benchmarks/tables.py", "--check"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_two_commands_are_the_first_of_the_readme():
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    code = [
        line for line in lines[: lines.index("```", lines.index("```bash") + 1)] if line.startswith("make ")
    ]
    assert [line.split("#")[0].strip() for line in code[:2]] == ["make demo", "make test"]


@pytest.mark.parametrize("name", ["report.png", "report.zh.png"])
def test_the_picture_of_a_report_is_small_and_readable(name):
    path = ROOT / "notebooks" / "images" / name
    with Image.open(path) as picture:
        assert picture.format == "PNG" and 800 <= picture.width <= 1400
    assert path.stat().st_size <= 250_000


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_the_number_to_see_is_the_measured_one(name):
    demo = json.loads((ROOT / "tests/benchmarks/results/demo.json").read_text(encoding="utf-8"))
    value = demo["results"]["model"]["value"]
    assert f"`model {value:.3f}`" in (ROOT / name).read_text(encoding="utf-8")
