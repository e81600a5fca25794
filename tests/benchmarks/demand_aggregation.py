"""Seconds and memory from 1,000,000 sales lines to a weekly panel: 3,000 items, three years.

    python tests/benchmarks/demand_aggregation.py

Each of CSV and Parquet in a fresh process; reading, checking and summing are timed apart. Two tables: lines of
date, item and quantity; and lines that also have a shop, a price, a promotion, a category and returns. The
median of several runs is written to `tests/benchmarks/results/demand_aggregation.json`. On a busy machine, look
at the CPU seconds.
"""

import json
import multiprocessing
import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from shared.contract import Format, Mapping, Role, check, read_table
from shared.series.aggregate import regular
from shared.series.settings import SeriesSettings

ROLES = [
    Role(name="date", kind="time"),
    Role(name="quantity", kind="number", missing=True),
    Role(name="item", kind="key", required=False),
    Role(name="store", kind="key", required=False),
    Role(name="price", kind="number", required=False),
    Role(name="promotion", kind="number", required=False),
]
SETTINGS = SeriesSettings(frequency="W")
RUNS = 5


def sales(lines: int, *, rich: bool) -> pd.DataFrame:
    """Made-up sales lines in the order of their time; a few items sell most."""
    rng = np.random.default_rng(0)
    seconds = np.sort(rng.integers(0, 3 * 364 * 86_400, lines))
    weight = rng.lognormal(0, 1.5, 3_000)
    item = rng.choice(3_000, lines, p=weight / weight.sum())
    frame = pd.DataFrame(
        {
            "date": pd.Timestamp("2021-01-04") + pd.to_timedelta(seconds, unit="s"),
            "item": pd.Series([f"{code:05d}" for code in range(3_000)])[item].to_numpy(),
            "quantity": rng.integers(1, 12, lines),
        }
    )
    if rich:
        back = rng.random(lines) < 0.02
        frame["quantity"] = np.where(back, -frame["quantity"], frame["quantity"])
        frame["store"] = rng.choice(["A", "B", "C", "D"], lines)
        frame["price"] = (2 + item % 50 + rng.integers(0, 100, lines) / 100).round(2)
        frame["promotion"] = (rng.random(lines) < 0.1).astype(int)
        frame["group"] = [f"group {code % 40}" for code in item]
    return frame


def peak_mb() -> float:
    """Highest resident memory of this process; ru_maxrss would count the parent's (Linux)."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1e3


def measure(path: str, categorical: list[str], queue: multiprocessing.Queue) -> None:
    """One process: seconds to read, check and sum, CPU seconds of all threads, peak memory."""
    mapping = Mapping(categorical=categorical, format=Format(duplicates="keep"))
    before, times = peak_mb(), [time.perf_counter()]
    raw = read_table(path, mapping.format)
    table_mb = raw.data.nbytes / 1e6
    times.append(time.perf_counter())
    table = check(raw, ROLES, mapping, solution="retail.demand")
    times.append(time.perf_counter())
    checked, cpu = peak_mb(), time.process_time()
    panel = regular(table, SETTINGS, solution="retail.demand")
    cpu = time.process_time() - cpu
    times.append(time.perf_counter())
    queue.put(
        {
            "read_seconds": times[1] - times[0],
            "check_seconds": times[2] - times[1],
            "panel_seconds": times[3] - times[2],
            "panel_cpu_seconds": cpu,
            "whole_seconds": times[3] - times[0],
            "table_mb": table_mb,
            "checked_peak_mb": checked - before,
            "peak_mb": peak_mb() - before,
            "series": len(panel),
            "steps": panel.steps,
        }
    )


def median_of_runs(path: Path, categorical: list[str]) -> dict[str, float]:
    """The median of `RUNS` fresh processes."""
    context = multiprocessing.get_context("spawn")
    runs = []
    for _ in range(RUNS):
        queue = context.Queue()
        process = context.Process(target=measure, args=(str(path), categorical, queue))
        process.start()
        runs.append(queue.get(timeout=120))
        process.join()
    return {key: round(statistics.median(run[key] for run in runs), 3) for key in runs[0]}


def main(lines: int = 1_000_000) -> None:
    """Writes the files, measures, prints and saves."""
    results: dict = {"lines": lines, "items": 3_000, "goal_panel_seconds": 1.0, "goal_whole_seconds": 2.0}
    with tempfile.TemporaryDirectory() as folder:
        for name, rich in (("plain", False), ("rich", True)):
            frame = sales(lines, rich=rich)
            csv, parquet = Path(folder) / f"{name}.csv", Path(folder) / f"{name}.parquet"
            frame.to_csv(csv, index=False)
            frame.to_parquet(parquet, index=False)
            categorical = ["group"] if rich else []
            results[name] = {
                "columns": frame.shape[1],
                "csv": median_of_runs(csv, categorical),
                "parquet": median_of_runs(parquet, categorical),
            }
            del frame
    results |= {
        "runs": RUNS,
        "load_average": round(os.getloadavg()[0], 1),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "pandas": pd.__version__,
        "pyarrow": pa.__version__,
    }
    target = Path(__file__).parent / "results" / "demand_aggregation.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(results, indent=2) + "\n")
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
