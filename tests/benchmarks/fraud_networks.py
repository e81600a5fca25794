"""Which network `finance.fraud` uses by default: measured on periods before the judged ones.

Average precision on the test weeks of prequential folds that end before 2018-07-25, so that the book's split
(and the folds after it) stay unread. Run from the repository's root; needs VERTICALS_DATA.
"""

import argparse
import json
import os
import time
from pathlib import Path

from shared.config import load_project
from shared.contract import read_table
from shared.metrics import average_precision
from verticals.finance import FraudPipeline

RESULTS = Path(__file__).parent / "results" / "fraud_networks.json"
NETWORKS = {
    "tabular": ["settings.network='tabular'"],
    "tabular, plain numbers": ["settings.network='tabular'", "settings.bins=0"],
    "tabular, one member": ["settings.network='tabular'", "settings.members=1"],
    "tabular, 16 members": ["settings.network='tabular'", "settings.members=16"],
    "tabular, dropout .25": ["settings.network='tabular'", "settings.dropout=0.25"],
    "tabular, 20 epochs": ["settings.network='tabular'", "settings.epochs=20"],
    "tabular, valid .1": ["settings.network='tabular'", "settings.valid_share=0.1"],
    "tabular, 32 bins": ["settings.network='tabular'", "settings.bins=32"],
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
                value = average_precision(
                    pipeline.label(table)[split.test], pipeline.scores(prepared, split.test)
                )
                row = {"average_precision": round(value, 4), "seconds": round(seconds, 1)}
                found.setdefault(name, {})[f"{start} seed {seed}"] = row
                print(name, start, seed, row, flush=True)
                row["valid"] = round(
                    pipeline.history.epochs[pipeline.history.best_epoch - 1][pipeline.history.score], 4
                )
                RESULTS.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--starts", nargs="*", default=["2018-06-13", "2018-06-27"])
    parser.add_argument("--seeds", nargs="*", type=int, default=[0])
    parser.add_argument("--networks", nargs="*", default=list(NETWORKS))
    arguments = parser.parse_args()
    main(arguments.starts, arguments.seeds, arguments.networks)
