"""Which sample size and settings each notebook gets: chosen on validation rows of seeds that it does not show.

A candidate is fitted as the notebook fits it, on the built-in samples of `SEEDS`, and measured on the validation
rows of the first split. No test row is scored, and the notebook's own seed is never drawn; the best mean is chosen,
and the notebook judges it once. All candidates fit the notebooks' limit of 150 CPU seconds.
Run from the repository's root: python tests/benchmarks/notebook_settings.py [NAME ...]
"""

import importlib
import json
import resource
import sys
import warnings
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from shared.metrics import average_precision
from shared.opening import open_sample
from shared.quiet import quiet
from shared.stages import Stages

RESULTS = Path(__file__).parent / "results" / "notebook_settings.json"
SEEDS = (101, 102)
FRAUD = {"test_days": 14}
DEMAND = {
    "horizon": 14,
    "quantiles": [0.1, 0.25, 0.5, 0.8, 0.9],
    "origins": 2,
    "members": 1,
    "statistical_rivals": False,
}
DEFECTS = {"side": 64, "backbone": "residual", "weights": "none", "units": 16}
PHOTOS = {"parts": 900, "side": 64}
SHARPER = {"learning_rate": 1e-2, "weight_decay": 1e-2}
CANDIDATES = {
    "finance_fraud": {
        "14 days, 10 epochs": ({"cards": 1000, "days": 50}, FRAUD | {"epochs": 10, "train_days": 14}),
        "14 days, 12 epochs": ({"cards": 1000, "days": 50}, FRAUD | {"epochs": 12, "train_days": 14}),
        "21 days, 10 epochs": ({"cards": 1000, "days": 50}, FRAUD | {"epochs": 10, "train_days": 21}),
        "all days of 700 cards": ({"cards": 700, "days": 50}, FRAUD | {"epochs": 10}),
    },
    "retail_demand": {
        "6 epochs at .002": (
            {"items": 16, "stores": 2, "days": 500},
            DEMAND | {"epochs": 6, "learning_rate": 2e-3},
        ),
        "6 epochs at .001": (
            {"items": 16, "stores": 2, "days": 500},
            DEMAND | {"epochs": 6, "learning_rate": 1e-3},
        ),
        "8 epochs at .001": (
            {"items": 16, "stores": 2, "days": 500},
            DEMAND | {"epochs": 8, "learning_rate": 1e-3},
        ),
        "20 items, 400 days": (
            {"items": 20, "stores": 2, "days": 400},
            DEMAND | {"epochs": 6, "learning_rate": 2e-3},
        ),
    },
    "manufacturing_defects": {
        "mask weight 10": (PHOTOS, DEFECTS | SHARPER | {"epochs": 40, "mask_weight": 10.0}),
        "mask weight 1": (PHOTOS, DEFECTS | SHARPER | {"epochs": 40, "mask_weight": 1.0}),
        "usual rate": (PHOTOS, DEFECTS | {"epochs": 40, "mask_weight": 10.0}),
        "1300 parts, 30 epochs": (
            {"parts": 1300, "side": 64},
            DEFECTS | SHARPER | {"epochs": 30, "mask_weight": 10.0},
        ),
        "600 parts, 60 epochs": (
            {"parts": 600, "side": 64},
            DEFECTS | SHARPER | {"epochs": 60, "mask_weight": 10.0},
        ),
    },
}
PIPELINES = {
    "finance_fraud": ("verticals.finance", "FraudPipeline"),
    "retail_demand": ("verticals.retail", "DemandPipeline"),
    "manufacturing_defects": ("verticals.manufacturing", "DefectPipeline"),
}
METRICS = {
    "finance_fraud": ("average_precision", "higher"),
    "retail_demand": ("weighted_quantile_loss", "lower"),
    "manufacturing_defects": ("average_precision", "higher"),
}


def measured(name: str, sample: dict, settings: dict, seed: int) -> dict[str, float]:
    """One candidate on one seed: the metric on validation rows, and the CPU seconds of the fit alone."""
    module, cls = PIPELINES[name]
    pipeline = getattr(importlib.import_module(module), cls)
    own = {"refit": False} if name == "retail_demand" else {"calibration": "none"}
    opened = pipeline(pipeline.Config(**settings, **own, seed=seed))
    pipeline, table = open_sample(opened, Stages(), sample)
    split, begun = pipeline.splits(table)[0], cpu_seconds()
    prepared = pipeline.fit(table, split)
    spent = cpu_seconds() - begun
    measure = quantile_loss if name == "retail_demand" else precision
    return {"valid": round(measure(pipeline, prepared, split), 4), "cpu_seconds": round(spent, 1)}


def precision(pipeline, prepared, split) -> float:
    label = pipeline.label(prepared.table)[split.valid]
    return float(average_precision(label, pipeline.scores(prepared, split.valid)))


def quantile_loss(pipeline, prepared, split) -> float:
    """Over all validation origins, before the correction that is learnt there."""
    from shared.forecast import truth_at
    from shared.series.metrics import weighted_quantile_loss

    panel, steps, config = prepared.panel, split.detail["valid_steps"], pipeline.config
    truth = np.concatenate([truth_at(panel, step, config.horizon) for step in steps])
    said = np.concatenate([pipeline.raw_forecast(panel, step) for step in steps])
    return float(weighted_quantile_loss(truth, said, quantiles=config.quantiles).value())


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def chosen(name: str, candidates: dict[str, dict]) -> str:
    """The candidate with the best mean over the seeds."""
    means = {
        each: np.mean([row["valid"] for row in rows["by_seed"].values()]) for each, rows in candidates.items()
    }
    return (max if METRICS[name][1] == "higher" else min)(means, key=means.get)


def keep(name: str, candidate: str, seed: int, row: dict[str, float]) -> None:
    """Writes one measurement, and what the measurements so far would choose."""
    found = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    entry = found.setdefault(name, {"metric": METRICS[name][0], "better": METRICS[name][1], "candidates": {}})
    sample, settings = CANDIDATES[name][candidate]
    about = {"sample": sample, "settings": settings, "by_seed": {}}
    entry["candidates"].setdefault(candidate, about)["by_seed"][str(seed)] = row
    entry["chosen"] = chosen(name, entry["candidates"])
    RESULTS.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def main(names: list[str]) -> None:
    for name, candidates in CANDIDATES.items():
        if names and name not in names:
            continue
        for candidate, (sample, settings) in candidates.items():
            for seed in SEEDS:
                with quiet(), warnings.catch_warnings(), threadpool_limits(1, user_api="blas"):
                    warnings.simplefilter("ignore")
                    row = measured(name, sample, settings, seed)
                keep(name, candidate, seed, row)
                print(name, candidate, seed, row, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
