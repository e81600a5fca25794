"""The same rows through every route, for all four solutions: at least 1,000 answers each.

    python tests/benchmarks/parity_routes.py [SOLUTION ...]

Each bundle is fitted on a simulated sample and asked of rows of another seed, with missing cells and unseen categories
among them: in this process, in a fresh one, over HTTP, as SavedModel, ONNX, LiteRT, and by the light scorer. Result:
results/parity_routes.json
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
from export_variants import SETTINGS

from shared import bundle
from shared.contract import raw_table
from shared.export.beside import with_onnx
from shared.parity import certify
from shared.simulators.parts import write_parts
from shared.simulators.patients import patients_mapping, simulate_patients
from verticals.finance import FraudPipeline
from verticals.healthcare import DiagnosisPipeline
from verticals.manufacturing import DefectPipeline
from verticals.retail import DemandPipeline

RESULT = Path(__file__).parent / "results" / "parity_routes.json"


def fraud(place: Path):
    rows, _ = FraudPipeline.sample(cards=200, days=60, seed=11)
    rows.tail(6000).drop(columns="fraud").to_csv(place / "rows.csv", index=False)
    return fitted(FraudPipeline, *FraudPipeline.sample(cards=400, days=60)), place / "rows.csv"


def demand(place: Path):
    settings = {"items": 20, "stores": 2, "days": 500}
    rows, _ = DemandPipeline.sample(**settings, seed=11)
    dates = sorted(rows["date"].unique())
    ahead = rows["date"] > dates[-29]  # planned prices are known, sales are not
    rows.assign(quantity=rows["quantity"].mask(ahead)).to_csv(place / "rows.csv", index=False)
    return fitted(DemandPipeline, *DemandPipeline.sample(**settings)), place / "rows.csv"


def defects(place: Path):
    frame, mapping = DefectPipeline.sample(parts=400, side=64)
    write_parts(place / "rows", parts=1000, side=64, seed=11)
    return fitted(DefectPipeline, frame, mapping), place / "rows"


def diagnosis(place: Path):
    simulate_patients(patients=1000, steps=64, seed=11).to_csv(place / "rows.csv", index=False)
    frame = simulate_patients(patients=500, steps=64)
    return fitted(DiagnosisPipeline, frame, patients_mapping()), place / "rows.csv"


SOLUTIONS = {
    "finance.fraud": fraud,
    "retail.demand": demand,
    "manufacturing.defects": defects,
    "healthcare.diagnosis": diagnosis,
}


def fitted(cls, frame: pd.DataFrame, mapping):
    """The pipeline, fitted on the training rows of its last split."""
    pipeline = cls(cls.Config(**SETTINGS[cls.name]), mapping)
    table = pipeline.check(raw_table(frame))
    pipeline.fit(table, pipeline.splits(table)[-1])
    return pipeline


def measured(name: str) -> dict:
    """The certificate of one solution, in short."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        pipeline, rows = SOLUTIONS[name](place)
        bundle.save(pipeline, place / "bundle", beside=with_onnx)
        began = time.perf_counter()
        found = certify(place / "bundle", rows, place / "parity")
    routes = {each["name"]: each for each in found["routes"]}
    kept = ("state", "rows", "largest", "largest_own", "flips", "notes")
    return {
        "passed": found["passed"],
        "answers": found["rows"]["answers"],
        "altered": sum(each["rows"] for each in found["rows"]["altered"]),
        "seconds": time.perf_counter() - began,
        "routes": {
            name: {key: route[key] for key in kept if route.get(key) is not None}
            for name, route in routes.items()
        },
    }


def main(names: list[str]) -> None:
    result = json.loads(RESULT.read_text("utf-8")) if RESULT.exists() else {"simulated": True}
    for name in names or SOLUTIONS:
        result[name] = measured(name)
        print(name, json.dumps(result[name]), flush=True)
    result["versions"] = bundle.versions()
    RESULT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
