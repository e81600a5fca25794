"""Seconds and memory that the contract check of 1,000,000 rows x 10 columns takes.

    python tests/benchmarks/contract_speed.py

Each of CSV and Parquet in a fresh process; reading is timed apart from the check. The median of several runs
is written to `tests/benchmarks/results/contract_speed.json`. On a busy machine, look at the CPU seconds.
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

from shared.contract import Mapping, Role, check
from shared.contract.tables import read_table

ROLES = [
    Role(name="time", kind="time"),
    Role(name="amount", kind="number", unit="EUR", low=0),
    Role(name="label", kind="label", predict=False),
    Role(name="card", kind="key"),
    Role(name="terminal", kind="key"),
]
MAPPING = Mapping(
    columns={role.name: role.name for role in ROLES},
    numeric=["n0", "n1", "n2"],
    categorical=["c0", "c1"],
)
RUNS = 5


def payments(rows: int) -> pd.DataFrame:
    """Made-up payments: ten columns, as a customer's file has them."""
    rng = np.random.default_rng(0)
    seconds = np.sort(rng.integers(0, 180 * 86_400, rows))
    numbers = {f"n{at}": np.where(rng.random(rows) < 0.02, np.nan, rng.normal(size=rows)) for at in range(3)}
    return pd.DataFrame(
        {
            "time": pd.Timestamp("2024-01-01") + pd.to_timedelta(seconds, unit="s"),
            "amount": rng.lognormal(3, 1, rows).round(2),
            "label": (rng.random(rows) < 0.01).astype("int8"),
            "card": rng.integers(0, 50_000, rows),
            "terminal": rng.integers(0, 10_000, rows),
            **numbers,
            "c0": pd.Series(rng.choice(["web", "shop", "phone"], rows)),
            "c1": pd.Series(rng.choice([f"code {at:05d}" for at in range(10_000)], rows)),
        }
    )


def peak_mb() -> float:
    """Highest resident memory of this process; ru_maxrss would count the parent's (Linux)."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1e3


def measure(path: str, queue: multiprocessing.Queue) -> None:
    """One process: seconds to read and to check, CPU seconds of all threads, peak memory."""
    before = peak_mb()
    started = time.perf_counter()
    raw = read_table(path, MAPPING.format)
    read = time.perf_counter() - started
    after_read = peak_mb()
    started, cpu = time.perf_counter(), time.process_time()
    check(raw, ROLES, MAPPING, solution="finance.fraud")
    checked, cpu = time.perf_counter() - started, time.process_time() - cpu
    queue.put(
        {
            "read_seconds": read,
            "check_seconds": checked,
            "check_cpu_seconds": cpu,
            "table_mb": raw.data.nbytes / 1e6,
            "read_peak_mb": after_read - before,
            "peak_mb": peak_mb() - before,
        }
    )


def median_of_runs(path: Path) -> dict[str, float]:
    """The median of `RUNS` fresh processes."""
    context = multiprocessing.get_context("spawn")
    runs = []
    for _ in range(RUNS):
        queue = context.Queue()
        process = context.Process(target=measure, args=(str(path), queue))
        process.start()
        runs.append(queue.get(timeout=120))
        process.join()
    return {key: round(statistics.median(run[key] for run in runs), 3) for key in runs[0]}


def main(rows: int = 1_000_000) -> None:
    """Writes the files, measures, prints and saves."""
    frame = payments(rows)
    with tempfile.TemporaryDirectory() as folder:
        csv, parquet = Path(folder) / "payments.csv", Path(folder) / "payments.parquet"
        frame.to_csv(csv, index=False)
        frame.to_parquet(parquet, index=False)
        del frame
        results = {
            "rows": rows,
            "columns": 10,
            "goal_check_seconds": 2.0,
            "csv_file_mb": round(csv.stat().st_size / 1e6, 1),
            "csv": median_of_runs(csv),
            "parquet": median_of_runs(parquet),
            "runs": RUNS,
            "load_average": round(os.getloadavg()[0], 1),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "pandas": pd.__version__,
            "pyarrow": pa.__version__,
        }
    target = Path(__file__).parent / "results" / "contract_speed.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(results, indent=2) + "\n")
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
