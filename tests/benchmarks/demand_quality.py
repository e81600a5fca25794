"""How good `retail.demand` is beside its rivals and the published figures, on data it was not tuned on.

M4 Hourly and Weekly by the competition's own protocol (its test part by `--test`), both years of the UCI shop
and the built-in, simulated sample. Each is a whole `verticals run`; the figures are those of its metrics.json.
Networks were chosen on origins before the test parts, see demand_networks.py. Run from the repository's root;
needs VERTICALS_DATA and the extra `forecast`.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RESULTS = Path(__file__).parent / "results" / "demand_quality.json"
RETAIL = Path(os.environ["VERTICALS_DATA"]) / "retail"
M4, UCI = RETAIL / "m4_hourly_weekly", RETAIL / "uci_online_retail"
SETS: dict[str, list[str]] = {
    "m4_hourly": [
        *("--data", str(M4 / "Hourly-train.csv.gz"), "--test", str(M4 / "Hourly-test.csv.gz")),
        *("--config", "data/mappings/m4_hourly.toml"),
    ],
    "m4_weekly": [
        *("--data", str(M4 / "Weekly-train.csv.gz"), "--test", str(M4 / "Weekly-test.csv.gz")),
        *("--config", "data/mappings/m4_weekly.toml"),
    ],
    "uci_2011": [
        *("--data", str(UCI / "online_retail_2010_2011.parquet")),
        *("--config", "data/mappings/uci_online_retail.toml"),
    ],
    "uci_2010": [
        *("--data", str(UCI / "online_retail_II_2009_2010.parquet")),
        *("--config", "data/mappings/uci_online_retail.toml"),
    ],
    "sample": [],
}
KEPT = (
    "weighted_quantile_loss",
    "mase",
    "rmsse",
    "smape",
    "owa",
    "coverage_80",
    "interval_width_80",
    "bias",
    "cost",
)


def run(name: str, seed: int, *overrides: str) -> tuple[dict, float]:
    """metrics.json of one run, and its seconds, start included."""
    settings = [part for override in (f"settings.seed={seed}", *overrides) for part in ("--set", override)]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        command = [sys.executable, "-m", "verticals", "run", "retail.demand", *SETS[name], *settings]
        begin = time.perf_counter()
        subprocess.run([*command, "--out", str(out)], check=True, capture_output=True)
        seconds = time.perf_counter() - begin
        return json.loads((out / "metrics.json").read_text()), seconds


def entry(metrics: dict, seconds: float) -> dict:
    """What is kept of a run."""
    results = {
        method: {
            name: {key: float(f"{value:.5g}") for key, value in figures[name].items() if value is not None}
            for name in KEPT
            if name in figures
        }
        for method, figures in metrics["results"].items()
    }
    inventory = metrics["inventory"]
    return {
        "results": results,
        "differences": {
            rival: by.get("weighted_quantile_loss") for rival, by in metrics["differences"].items()
        },
        "verdict": metrics["verdict"]["sentence"]["en"],
        "accuracy": metrics["verdict"]["accuracy"]["en"],
        "saved_share": inventory.get("saved_share"),
        "saved_against": inventory.get("saved_against"),
        "slices": [each for each in metrics["slices"] if each["slice"] in ("volume", "pattern")],
        "origins": metrics["origins"],
        "aggregation": metrics["aggregation"],
        "stages": {name: stage["seconds"] for name, stage in metrics["stages"].items()},
        "seconds": round(seconds, 1),
        "config": metrics["config"],
        "versions": metrics["versions"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="*", default=list(SETS), choices=list(SETS))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--set", action="append", default=[], help="further settings of the run")
    arguments = parser.parse_args()
    for name in arguments.sets:
        for seed in range(arguments.seeds):
            measured = entry(*run(name, seed, *arguments.set))
            found = (
                json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
            )  # others may write it meanwhile
            found[f"{name} seed {seed}"] = measured
            RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
            print(name, seed, found[f"{name} seed {seed}"]["verdict"], flush=True)


if __name__ == "__main__":
    main()
