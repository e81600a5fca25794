"""Seconds and memory that monitoring 1,000,000 rows x 100 columns takes, from Parquet.

    python tests/benchmarks/monitor_speed.py

A fraud bundle is fitted on 20,000 rows. Its profile is compared with the file in fresh processes: with all inputs and
without scores, as the goal has it, and with scores too. The median of several runs is written to
`tests/benchmarks/results/monitor_speed.json`. On a busy machine, look at the CPU seconds (of all threads, imports
counted).
"""

import json
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

NUMBERS, CATEGORIES, RUNS = 80, 17, 3
GOAL = 10.0


def payments(rows: int, seed: int) -> pd.DataFrame:
    """Made-up payments with 100 columns in use, the label not counted: time, amount, card, 80 numbers, 17 categories."""
    rng = np.random.default_rng(seed)
    names = np.array([f"value {at:02d}" for at in range(40)])
    columns = {
        "time": pd.Timestamp("2024-01-01")
        + pd.to_timedelta(np.sort(rng.integers(0, 180 * 86_400, rows)), unit="s"),
        "amount": rng.lognormal(3, 1, rows).round(2),
        "card": rng.integers(0, 50_000, rows),
        "label": (rng.random(rows) < 0.02).astype("int8"),
    }
    columns |= {
        f"n{at}": np.where(rng.random(rows) < 0.02, np.nan, rng.normal(size=rows)) for at in range(NUMBERS)
    }
    columns |= {
        f"c{at}": pd.Series(names[rng.integers(0, 40, rows)], dtype="str") for at in range(CATEGORIES)
    }
    return pd.DataFrame(columns)


def fitted(folder: Path) -> Path:
    """A small fraud bundle on the same columns."""
    from shared import run
    from shared.contract import Mapping, raw_table
    from verticals.finance import FraudPipeline

    numeric, categorical = (
        [f"{kind}{at}" for at in range(count)] for kind, count in (("n", NUMBERS), ("c", CATEGORIES))
    )
    roles = {name: name for name in ("time", "amount", "card", "label")}
    config = FraudPipeline.Config(epochs=1, units=8, members=2, depth=1, bins=4, number_dim=2)
    pipeline = FraudPipeline(config, Mapping(columns=roles, numeric=numeric, categorical=categorical))
    return run.fit(pipeline, pipeline.check(raw_table(payments(20_000, seed=0))), folder / "bundle")


def peak_mb() -> float:
    """Highest resident memory of this process (Linux)."""
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1e3


def measure(bundle: str, path: str, scored: bool, queue: multiprocessing.Queue) -> None:
    """One process: seconds of each stage and of all, CPU seconds, peak memory."""
    from shared.monitoring.monitor import monitor
    from shared.monitoring.page import write_page
    from shared.stages import Stages

    stages, started, cpu = Stages(), time.perf_counter(), time.process_time()
    content = monitor(bundle, path, scores=scored, stages=stages)
    with stages("report"):
        write_page(content, Path(path).with_suffix(".html"))
    result = {f"{name}_seconds": found["seconds"] for name, found in stages.measured.items()}
    result |= {"seconds": time.perf_counter() - started, "cpu_seconds": time.process_time() - cpu}
    page = Path(path).with_suffix(".html").stat().st_size / 1e3
    queue.put(result | {"peak_mb": peak_mb(), "page_kb": page, "state": content["state"]})


def median_of_runs(bundle: Path, path: Path, scored: bool) -> dict:
    """The median of `RUNS` fresh processes."""
    context = multiprocessing.get_context("spawn")
    runs = []
    for _ in range(RUNS):
        queue = context.Queue()
        process = context.Process(target=measure, args=(str(bundle), str(path), scored, queue))
        process.start()
        runs.append(queue.get(timeout=900))
        process.join()
    numbers = {key for key in runs[0] if key != "state"}
    found = {key: round(statistics.median(run[key] for run in runs), 2) for key in sorted(numbers)}
    return found | {"state": runs[0]["state"]}


def main(rows: int = 1_000_000) -> None:
    """Writes the file, measures, prints and saves."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bundle = fitted(folder)
        path = folder / "payments.parquet"
        payments(rows, seed=1).drop(columns="label").to_parquet(path, index=False)
        results = {
            "rows": rows,
            "columns": NUMBERS + CATEGORIES + 3,
            "goal_seconds": GOAL,
            "file_mb": round(path.stat().st_size / 1e6, 1),
            "profile_kb": round(
                len(json.dumps(json.loads((bundle / "bundle.json").read_text())["profile"])) / 1e3, 1
            ),
            "inputs": median_of_runs(bundle, path, False),
            "inputs_and_scores": median_of_runs(bundle, path, True),
            "runs": RUNS,
            "load_average": round(os.getloadavg()[0], 1),
            "cores": os.cpu_count(),
        }
    target = Path(__file__).parent / "results" / "monitor_speed.json"
    target.write_text(json.dumps(results, indent=2) + "\n")
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
