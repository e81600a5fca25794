"""Four data sets through `healthcare.diagnosis`, beside the rivals, as the command line runs them.

    VERTICALS_DATA=... python tests/benchmarks/diagnosis_quality.py [wisconsin] [stroke] ["pneumonia seed 0"] ...

Without a name all are run. Each result is added to `results/diagnosis_quality.json`.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

RESULTS = Path(__file__).parent / "results" / "diagnosis_quality.json"
MAPPINGS = Path(__file__).resolve().parents[2] / "data" / "mappings"
FILES = {
    "stroke": "healthcare/stroke/stroke.csv.gz",
    "pneumoniamnist": "healthcare/pneumoniamnist/pneumoniamnist_rebuilt.npz",
    "ecg5000": "healthcare/ecg5000/ECG5000.npz",
}
CASES = {
    "wisconsin": (None, ["settings.folds=5", "settings.repeats=5"]),
    "stroke": ("stroke", []),
    **{
        f"stroke demanded {demanded}": ("stroke", [f"settings.demanded={demanded}"])
        for demanded in (0.5, 0.8)
    },
    **{f"pneumonia seed {seed}": ("pneumoniamnist", [f"settings.seed={seed}"]) for seed in range(3)},
    **{f"ecg seed {seed}": ("ecg5000", [f"settings.seed={seed}"]) for seed in range(3)},
}
KEPT = ("results", "differences", "folds", "timing", "stages", "verdict", "primary_metric")
TRUST = ("threshold", "referral", "sets", "per_1000", "subgroups", "modalities")
SENSITIVITIES = (0.5, 0.7, 0.8, 0.9, 0.95)


def main(names: list[str]) -> None:
    import pandas as pd

    from shared.bundle import load
    from shared.config import load_project
    from shared.contract import raw_table
    from shared.run import run
    from shared.stages import Stages
    from shared.trust.abstention import matched_error
    from verticals.healthcare import DiagnosisPipeline

    for name in names or CASES:
        data, overrides = CASES[name]
        path = None if data is None else MAPPINGS / f"{data}.toml"
        project = load_project(path, DiagnosisPipeline.Config, DiagnosisPipeline.roles, overrides)
        pipeline, begun = DiagnosisPipeline(project.settings, project.mapping), time.perf_counter()
        if data is None:
            frame, mapping = DiagnosisPipeline.sample()
            pipeline = DiagnosisPipeline(project.settings, mapping)
            raw = raw_table(frame, "Wisconsin breast cancer")
        else:
            file = Path(os.environ["VERTICALS_DATA"]) / FILES[data]
            raw = pipeline.read(file, pipeline.mapping.format)
        stages = Stages(lambda stage, text: print(f"{stage:8} {text}", flush=True))
        with tempfile.TemporaryDirectory() as place:
            out = Path(os.environ.get("OUT", place)) / name.replace(" ", "_")
            metrics = run(pipeline, pipeline.check(raw), out, stages=stages)
            predictions = pd.read_parquet(out / "predictions.parquet")
            parameters = load(out / "bundle").model.count_params()
        entry = {key: metrics[key] for key in KEPT if key in metrics}
        entry["trust"] = {key: metrics["diagnosis"][key] for key in TRUST if key in metrics["diagnosis"]}
        for part in (entry["trust"].get("referral") or {},):
            part.pop("curve", None)
        label, score = predictions["label"].to_numpy(float), predictions["score"].to_numpy()
        entry["matched"] = {
            f"{each:g}": matched_error(label, score, sensitivity=each, share=0.2) for each in SENSITIVITIES
        }
        entry["least_certain_fifth"] = least_certain_fifth(predictions)
        entry["parameters"] = int(parameters)
        entry["fit_seconds"] = metrics["timing"]["model"]["fit_seconds"]
        entry["seconds"] = time.perf_counter() - begun
        found = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
        RESULTS.write_text(json.dumps(found | {name: entry}, ensure_ascii=False, indent=1), "utf-8")
        for model, figures in entry["results"].items():
            print(name, model, {key: round(value["value"], 4) for key, value in figures.items()}, flush=True)
        trust = entry["trust"]
        print(name, "sets", {key: each["coverage"] for key, each in trust["sets"].items() if key != "level"})
        print(name, "threshold", trust["threshold"]["value"], trust["threshold"]["test"])
        print(
            name,
            "referral",
            {key: value for key, value in trust.get("referral", {}).items() if key != "curve"},
        )
        print(name, "matched", {key: round(each["ratio"], 3) for key, each in entry["matched"].items()})
        print(name, "least certain fifth", entry["least_certain_fifth"])
        print(
            name,
            "parameters",
            entry["parameters"],
            "fit",
            entry["fit_seconds"],
            "all",
            entry["seconds"],
            flush=True,
        )


def least_certain_fifth(predictions) -> dict[str, float]:
    """Error of the likeliest class, over all rows and without the fifth whose highest probability is lowest."""
    columns = [name for name in predictions if name.startswith("p_")]
    score = predictions["score"].to_numpy()
    sure = predictions[columns].to_numpy().max(axis=1) if columns else np.maximum(score, 1 - score)
    wrong = (predictions["class"] != predictions["truth"]).to_numpy()
    kept = np.argsort(-sure, kind="stable")[: round(0.8 * len(wrong))]
    found = {"error_all": float(wrong.mean()), "error_kept": float(wrong[kept].mean())}
    return found | {"ratio": found["error_kept"] / found["error_all"]}


if __name__ == "__main__":
    main(sys.argv[1:])
