"""How good `finance.fraud` is beside its rivals and the published figures, on data it was not tuned on.

The book's chapter 3 split of the handbook data, four later prequential folds, and the real payments of
`creditcard_ulb_subset` in five stratified folds. Each is a whole `verticals run`; the figures are those of its
metrics.json. Run from the repository's root; needs VERTICALS_DATA.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from shared.intervals import corrected_t_test, fold_summary

RESULTS = Path(__file__).parent / "results" / "fraud_quality.json"
FINANCE = Path(os.environ["VERTICALS_DATA"]) / "finance"
SETS = {
    "handbook": (FINANCE / "fraud_handbook_simulated/transactions.parquet", "data/mappings/handbook.toml"),
    "creditcard": (
        FINANCE / "creditcard_ulb_subset/creditcard_subset.csv.gz",
        "data/mappings/creditcard.toml",
    ),
}
WEEKS = ["2018-08-08", "2018-08-15", "2018-08-22", "2018-08-29", "2018-09-05"]
KEPT = ("average_precision", "roc_auc", "card_precision_100", "expected_calibration_error", "brier")


def run(name: str, seed: int, *overrides: str) -> dict:
    data, mapping = SETS[name]
    settings = [part for override in (f"settings.seed={seed}", *overrides) for part in ("--set", override)]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        command = [sys.executable, "-m", "verticals", "run", "finance.fraud", "--data", str(data)]
        subprocess.run(
            [*command, "--config", mapping, "--out", str(out), *settings], check=True, capture_output=True
        )
        return json.loads((out / "metrics.json").read_text())


def kept(metrics: dict) -> dict:
    return {
        model: {
            name: {key: round(value, 4) for key, value in figures[name].items()}
            for name in KEPT
            if name in figures
        }
        for model, figures in metrics["results"].items()
    }


def entry(metrics: dict) -> dict:
    return {
        "results": kept(metrics),
        "verdict": metrics["verdict"]["sentence"]["en"],
        "saved_per_day": metrics["decision"]["saved_per_day"],
        "folds": metrics.get("folds"),
        "seconds": sum(stage["seconds"] for stage in metrics["stages"].values()),
        "timing": metrics["timing"],
    }


def summary(found: dict) -> dict:
    """Mean and spread over the four later weeks, and the model against each rival, paired."""
    later = [
        found[f"handbook {week} seed 0"]["results"]
        for week in WEEKS[1:]
        if f"handbook {week} seed 0" in found
    ]
    if len(later) < 2:
        return {}
    out: dict = {"folds": len(later)}
    for metric in ("average_precision", "roc_auc", "card_precision_100", "expected_calibration_error"):
        values = {model: [fold[model][metric]["value"] for fold in later] for model in later[0]}
        out[metric] = {model: fold_summary(each).to_dict() for model, each in values.items()}
        out[f"{metric}, model minus rival"] = {
            model: corrected_t_test(values["model"], each, test_share=0.5).to_dict()
            for model, each in values.items()
            if model != "model"
        }
    return out


def main(names: list[str], seeds: list[int]) -> None:
    found = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name in names:
        for seed in seeds:
            for week in WEEKS[: 1 if seed else None] if name == "handbook" else ["5 folds"]:
                overrides = [f"settings.test_start='{week}'"] if name == "handbook" else []
                found[f"{name} {week} seed {seed}"] = entry(run(name, seed, *overrides))
                found["later weeks"] = summary(found)
                RESULTS.write_text(json.dumps(found, indent=1) + "\n")
                for model, figures in found[f"{name} {week} seed {seed}"]["results"].items():
                    print(
                        name,
                        week,
                        seed,
                        model,
                        {key: value["value"] for key, value in figures.items()},
                        flush=True,
                    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--sets", nargs="*", default=list(SETS))
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2])
    arguments = parser.parse_args()
    main(arguments.sets, arguments.seeds)
