"""What a light scorer costs: its size without TensorFlow, its import, one row, beside the Keras bundle.

    python tests/benchmarks/light_scorer.py [BUNDLE ...]    # without: the bundles kept for tests

A fresh virtual environment gets the scorer's own requirements.txt and nothing else. One row is a row of the sample,
alone and with 200 earlier rows. Result: results/light_scorer.json
"""

import io
import json
import platform
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import numpy as np
import pandas as pd

from shared import bundle
from shared.contract import raw_table
from shared.light.writing import export_light
from shared.parity.sending import sent_rows

HERE = Path(__file__).parent
BUNDLES = HERE.parent / "fixtures" / "bundles"
EARLIER, REPEATS, ROUNDS = 200, 300, 7
GOALS = {"import_seconds": 0.5, "size_mb": 150, "row_ms_p50": 2.0}

IMPORT = "import time, json; start = time.perf_counter(); from shared.light.scorer import LightScorer; "
IMPORT += "scorer = LightScorer('.'); print(time.perf_counter() - start)"
ASKED = """
import json, sys, time
from shared.light.scorer import LightScorer
import numpy as np
scorer, asked = LightScorer("."), json.load(sys.stdin)
for row in asked["rows"]:
    if isinstance(row.get("image"), list):  # pixels: a file would take Pillow
        row["image"] = np.array(row["image"], np.uint8)
def milliseconds(history):
    taken = []
    for number in range(asked["repeats"]):
        row = asked["rows"][number % len(asked["rows"])]
        start = time.perf_counter()
        scorer.answer([row] if asked["alone"] else asked["rows"], history=history)
        taken.append((time.perf_counter() - start) * 1e3)
    return {"p50": float(np.quantile(taken, 0.5)), "p99": float(np.quantile(taken, 0.99))}
found = {"row": milliseconds([])}
if asked["earlier"]:
    found["row_with_200_earlier"] = milliseconds(asked["earlier"])
heavy = ("pandas", "pyarrow", "pydantic", "scipy", "sklearn", "keras", "tensorflow")
found["heavy_modules"] = [name for name in heavy if name in sys.modules]
print(json.dumps(found))
"""


def measured(folder: Path, place: Path, python: Path) -> dict:
    """Seconds and megabytes of one bundle's scorer."""
    light = place / folder.parent.name
    facts = export_light(folder, light)
    imports = [float(_said(python, light, IMPORT)) for _ in range(ROUNDS)]
    rows, earlier, alone = _rows(folder)
    asked = {"rows": rows, "earlier": earlier, "alone": alone, "repeats": REPEATS if alone else 50}
    found = json.loads(_said(python, light, ASKED, json.dumps(asked)))
    return {
        "solution": facts["solution"],
        "import_and_load_seconds": sorted(imports)[ROUNDS // 2],
        "code_files": facts["modules"],
        "folder_mb": facts["bytes"] / 1e6,
        **found,
    }


def _rows(folder: Path):
    """Rows to ask, earlier rows, and whether each is asked alone; a forecast is asked as a whole."""
    pipeline = bundle.pipeline_of(folder, bundle.read_facts(folder))
    beside = folder.parent / "rows"
    if beside.is_dir():
        raw = pipeline.read(beside, pipeline.mapping.format, predict=True)
        names = raw.data["image"].to_pylist()[:4]
        return [{"image": _pixels(raw.store.read(name))} for name in names], [], True
    if (folder.parent / "rows.csv").exists():
        frame = pd.read_csv(folder.parent / "rows.csv", dtype=str)
    else:
        frame, _ = type(pipeline).sample()
        frame = frame.tail(EARLIER + 50)
    rows = sent_rows(pipeline, raw_table(frame))
    alone = "quantity" not in frame
    looks_back = alone and "card" in frame
    return (rows[-50:] if alone else rows), (rows[:EARLIER] if looks_back else []), alone


def _pixels(content: bytes) -> list:
    from PIL import Image

    with Image.open(io.BytesIO(content)) as photo:
        return np.asarray(photo.convert("RGB")).tolist()


def _said(python: Path, folder: Path, code: str, given: str = "") -> str:
    done = subprocess.run(
        [python, "-c", code], cwd=folder, input=given, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout


def environment(place: Path) -> tuple[Path, float]:
    """A virtual environment with the requirements alone; megabytes that these take."""
    folder = place / "environment"
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    before = _size(folder)
    requirements = "".join(f"{name}=={found}\n" for name, found in bundle.versions(("numpy", "onnxruntime")).items()
                           if name in ("numpy", "onnxruntime"))  # fmt: skip
    (place / "requirements.txt").write_text(requirements)
    subprocess.run([python, "-m", "pip", "install", "-q", "-r", place / "requirements.txt"], check=True)
    return python, (_size(folder) - before) / 1e6


def _size(folder: Path) -> int:
    return sum(
        path.stat().st_size
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )


def main(folders: list[Path]) -> None:
    with tempfile.TemporaryDirectory() as place:
        python, size = environment(Path(place))
        found = [measured(folder, Path(place), python) for folder in folders]
    result = {
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "goals": GOALS,
        "installed_mb": size,
        "solutions": found,
    }
    (HERE / "results" / "light_scorer.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main([Path(each) for each in sys.argv[1:]] or sorted(BUNDLES.glob("*/bundle")))
