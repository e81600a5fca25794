"""Seconds and memory of `finance.fraud` on the handbook's 1,754,155 payments, each step in a process of its own.

Run from the repository's root on a machine with nothing else to do; needs VERTICALS_DATA.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RESULTS = Path(__file__).parent / "results" / "fraud_speed.json"
DATA = Path(os.environ["VERTICALS_DATA"]) / "finance/fraud_handbook_simulated/transactions.parquet"
MAPPING = Path("data/mappings/handbook.toml")

FEATURES = """
import json, resource, sys, time
from shared.config import load_project
from shared.contract import read_table
from verticals.finance import FraudPipeline
project = load_project(sys.argv[2], FraudPipeline.Config, FraudPipeline.roles)
pipeline = FraudPipeline(project.settings, project.mapping)
begin = time.perf_counter(); raw = read_table(sys.argv[1], project.mapping.format); read = time.perf_counter() - begin
begin = time.perf_counter(); table = pipeline.check(raw); check = time.perf_counter() - begin
seconds = []
for _ in range(3):
    begin = time.perf_counter(); features = pipeline.features(table); seconds.append(time.perf_counter() - begin)
    del features
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(json.dumps({"read": read, "check": check, "features": seconds, "peak_gb": peak, "rows": len(table)}))
"""


def timed(*command: str) -> tuple[float, str]:
    begin = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return time.perf_counter() - begin, done.stdout


def demo() -> float:
    """Seconds of a whole run on the built-in sample, what `make demo` does once it is installed."""
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder) / "demo")
        return timed(sys.executable, "-m", "verticals", "run", "finance.fraud", "--out", out)[0]


def main() -> None:
    verticals = [sys.executable, "-m", "verticals"]
    found: dict = {"cores": os.cpu_count(), "load_average_before": os.getloadavg()[0]}
    found["help_seconds"] = sorted(timed(*verticals, "--help")[0] for _ in range(7))[3]
    found["features"] = json.loads(timed(sys.executable, "-c", FEATURES, str(DATA), str(MAPPING))[1])
    with tempfile.TemporaryDirectory() as folder:
        out, answers = Path(folder) / "run", Path(folder) / "answers.parquet"
        seconds, _ = timed(
            *verticals,
            "run",
            "finance.fraud",
            "--data",
            str(DATA),
            "--config",
            str(MAPPING),
            "--out",
            str(out),
        )
        found["run_seconds"] = seconds
        found["run_stages"] = json.loads((out / "metrics.json").read_text())["stages"]
        seconds, _ = timed(
            *verticals, "predict", str(out / "bundle"), "--data", str(DATA), "--out", str(answers)
        )
        rows = found["features"]["rows"]
        found["predict"] = {"seconds": seconds, "rows": rows, "rows_per_second": rows / seconds}
    found["demo_seconds"] = demo()
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    if sys.argv[1:] == ["--demo"]:
        RESULTS.write_text(
            json.dumps(json.loads(RESULTS.read_text()) | {"demo_seconds": demo()}, indent=1) + "\n"
        )
    else:
        main()
