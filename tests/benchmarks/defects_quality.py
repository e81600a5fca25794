"""Magnetic tiles: both modes of `manufacturing.defects` beside their rivals, as the command line runs them.

    VERTICALS_DATA=... python tests/benchmarks/defects_quality.py [labelled] [scratch] [patchcore] [padim] [draem]

Without a name all are run. Each result is added to `results/defects_quality.json`. Weights are looked for beside
the data, in `../weights/mobilenet_v2`.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

RESULTS = Path(__file__).parent / "results" / "defects_quality.json"
MAPPINGS = Path(__file__).resolve().parents[2] / "data" / "mappings"
SCRATCH = ["settings.backbone=residual", "settings.weights=none", "settings.side=128", "settings.epochs=25"]
CASES = {
    "labelled": ("magnetic_tile.toml", []),
    "labelled fold 1": ("magnetic_tile.toml", ["settings.folds=1"]),
    # Class scores alone: the head does not hear of the masks, so they are the same as with the heatmap's training.
    "labelled classes": ("magnetic_tile.toml", ["settings.mask_epochs=0"]),
    "scratch": ("magnetic_tile.toml", [*SCRATCH, "settings.folds=1"]),
    "patchcore": ("magnetic_tile_good_only.toml", []),
    "patchcore seed 1": ("magnetic_tile_good_only.toml", ["settings.seed=1"]),
    "patchcore seed 2": ("magnetic_tile_good_only.toml", ["settings.seed=2"]),
    "padim": ("magnetic_tile_good_only.toml", ["settings.detector=padim"]),
    "draem": ("magnetic_tile_good_only.toml", ["settings.detector=draem", "settings.weights=none"]),
}
KEPT = ("results", "differences", "inspection", "classes", "folds", "timing", "stages", "verdict")


def main(names: list[str]) -> None:
    from shared.config import load_project
    from shared.run import run
    from shared.stages import Stages
    from verticals.manufacturing import DefectPipeline

    data = Path(os.environ["VERTICALS_DATA"])
    weights = data.parent / "weights" / "mobilenet_v2" / "mobilenet_v2_no_top.weights.h5"
    photos = data / "manufacturing" / "magnetic_tile" / "magnetic_tile.zip"
    for name in names or CASES:
        mapping, overrides = CASES[name]
        if not any(override.startswith("settings.weights") for override in overrides):
            overrides = [*overrides, f"settings.weights={weights}"]
        project = load_project(MAPPINGS / mapping, DefectPipeline.Config, DefectPipeline.roles, overrides)
        pipeline = DefectPipeline(project.settings, project.mapping)
        begun = time.perf_counter()
        stages = Stages(lambda stage, text: print(f"{stage:8} {text}", flush=True))
        with tempfile.TemporaryDirectory() as place:
            table = pipeline.check(pipeline.read(photos))
            metrics = run(
                pipeline, table, Path(os.environ.get("OUT", place)) / name.replace(" ", "_"), stages=stages
            )
        entry = {key: metrics[key] for key in KEPT if key in metrics}
        if pipeline.config.mask_epochs == 0:
            entry["inspection"].pop("pixel", None)  # of a heatmap that was not taught
        entry["seconds"] = time.perf_counter() - begun
        entry["settings"] = [override for override in overrides if "weights" not in override]
        found = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
        RESULTS.write_text(json.dumps(found | {name: entry}, ensure_ascii=False, indent=1), "utf-8")
        for model, figures in entry["results"].items():
            print(name, model, {key: round(value["value"], 4) for key, value in figures.items()}, flush=True)
        print(
            name, {key: entry["inspection"].get(key) for key in ("escape", "false_reject", "again", "pixel")}
        )


if __name__ == "__main__":
    main(sys.argv[1:])
