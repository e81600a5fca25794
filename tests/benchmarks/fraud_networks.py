"""Which network `finance.fraud` uses by default: measured on periods before the judged ones.

Average precision on the test weeks of prequential folds that end before 2018-07-25, so that the book's split
(and the folds after it) stay unread. Run from the repository's root; needs VERTICALS_DATA.
"""

import argparse
import json
import os
import time
from pathlib import Path

from shared.contract import read_table
from shared.config import load_project
from shared.metrics import average_precision
from verticals.finance import FraudPipeline

RESULTS = Path(__file__).parent / "results" / "fraud_networks.json"
NETWORKS = {
    "tabular": ["settings.network='tabular'"],
    "tabular, plain numbers": ["settings.network='tabular'", "settings.bins=0"],
    "tabular, one member": ["settings.network='tabular'", "settings.members=1"],
    "history": ["settings.network='history'"],
    "fused": ["settings.network='fused'"],
}


def main(starts: list[str], seeds: list[int], names: list[str]) -> None:
    data = Path(os.environ["VERTICALS_DATA"]) / "finance/fraud_handbook_simulated/transactions.parquet"
    mapping = Path("data/mappings/handbook.toml")
    found = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    table = features = None
    for name in names:
        for start in starts:
            for seed in seeds:
                overrides = [*NETWORKS[name], f"settings.test_start='{start}'", f"settings.seed={seed}"]
                project = load_project(mapping, FraudPipeline.Config, FraudPipeline.roles, overrides)
                pipeline = FraudPipeline(project.settings, project.mapping)
                if table is None:
                    table = pipeline.check(read_table(data, project.mapping.format))
                    features = pipeline.features(table)
                split = pipeline.splits(table)[0]
                begin = time.perf_counter()
                prepared = pipeline.fit(table, split, features=features)
                seconds = time.perf_counter() - begin
                value = average_precision(pipeline.label(table)[split.test], pipeline.scores(prepared, split.test))
                row = {"average_precision": round(value, 4), "seconds": round(seconds, 1)}
                found.setdefault(name, {})[f"{start} seed {seed}"] = row
                print(name, start, seed, row, flush=True)
                RESULTS.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--starts", nargs="*", default=["2018-06-13", "2018-06-27"])
    parser.add_argument("--seeds", nargs="*", type=int, default=[0])
    parser.add_argument("--networks", nargs="*", default=list(NETWORKS))
    arguments = parser.parse_args()
    main(arguments.starts, arguments.seeds, arguments.networks)
