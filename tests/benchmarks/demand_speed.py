"""Seconds and memory of `retail.demand`, each step in a process of its own.

The fit and forecast of M4 Hourly, and the forecast of 30,000 daily series for 28 days. Run from the repository's
root on a machine with nothing else to do; needs VERTICALS_DATA.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RESULTS = Path(__file__).parent / "results" / "demand_speed.json"
M4 = Path(os.environ["VERTICALS_DATA"]) / "retail/m4_hourly_weekly"

M4_FIT = """
import json, resource, sys, time
from pathlib import Path
from shared.config import load_project
from shared.contract import read_table
from verticals.retail import DemandPipeline
project = load_project(Path(sys.argv[3]), DemandPipeline.Config, DemandPipeline.roles)
pipeline = DemandPipeline(project.settings, project.mapping)
begin = time.perf_counter()
table = pipeline.check(read_table(sys.argv[1]), later=read_table(sys.argv[2]))
split = pipeline.splits(table)[-1]
pipeline.fit(table, split)
fit = time.perf_counter() - begin
begin = time.perf_counter()
pipeline.forecast(table.panel, split.detail["step"])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(json.dumps({"fit_seconds": fit, "forecast_seconds": time.perf_counter() - begin, "peak_gb": peak}))
"""

MANY = """
import json, resource, sys, time
import numpy as np, pandas as pd
from shared import bundle
from shared.contract import Mapping, raw_table
from verticals.retail import DemandPipeline
rng = np.random.default_rng(0)
series, days, horizon = 30_000, 180, 28
level = rng.gamma(1.0, 4.0, series)[:, None]
week = 1 + 0.4 * np.sin(2 * np.pi * np.arange(days) / 7)
quantity = rng.poisson(level * week).astype(float)
dates = np.datetime64("2024-01-01") + np.arange(days)
frame = pd.DataFrame({
    "item": pd.Categorical.from_codes(np.repeat(np.arange(series), days), [f"{n:05d}" for n in range(series)]),
    "date": np.tile(dates, series), "quantity": quantity.ravel()})
columns = {"date": "date", "quantity": "quantity", "item": "item"}
few = frame[frame["item"].cat.codes < 500].copy()
few["item"] = few["item"].astype(str).astype("category")
pipeline = DemandPipeline(DemandPipeline.Config(epochs=1, members=%(members)d, refit=False), Mapping(columns=columns))
table = pipeline.check(raw_table(few))
pipeline.fit(table, pipeline.splits(table)[-1])
folder = bundle.save(pipeline, sys.argv[1] + "/bundle")
frame.to_parquet(sys.argv[1] + "/sales.parquet", index=False)
size = sum(column.nbytes for column in __import__("pyarrow.parquet", fromlist=["read_table"]).read_table(
    sys.argv[1] + "/sales.parquet").columns)
print(json.dumps({"rows": len(frame), "table_gb": size / 2**30}))
"""

PREDICT = """
import json, resource, sys, time
from pathlib import Path
from shared import bundle, run
begin = time.perf_counter()
pipeline = bundle.load(sys.argv[1] + "/bundle")
loaded = time.perf_counter() - begin
answers = run.predict(pipeline, sys.argv[1] + "/sales.parquet")
whole = time.perf_counter() - begin
panel = answers["item"].nunique()
run.write_table(answers, Path(sys.argv[1]) / "answers.parquet")
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(json.dumps({"load_seconds": loaded, "seconds": whole, "peak_gb": peak, "rows": len(answers), "series": panel}))
"""


def printed(code: str, *arguments: str) -> dict:
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    found: dict = {"cores": os.cpu_count(), "load_average_before": os.getloadavg()[0]}
    paths = [str(M4 / f"Hourly-{part}.csv.gz") for part in ("train", "test")]
    found["m4_hourly"] = printed(M4_FIT, *paths, "data/mappings/m4_hourly.toml")
    with tempfile.TemporaryDirectory() as folder:
        found["many"] = printed(MANY % {"members": 3}, folder)
        begin = time.perf_counter()
        found["many"] |= printed(PREDICT, folder)
        found["many"]["process_seconds"] = time.perf_counter() - begin
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
