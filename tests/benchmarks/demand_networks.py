"""Which network of `retail.demand` forecasts best, on origins that end before the judged ones.

M4 Hourly and Weekly: the last horizon of the training part. The UCI shop: the year 2009-10, whose figures choose
and do not judge. The built-in sample: another seed than the judged one. One loss a set: OWA of the median for M4,
the weighted quantile loss else. Run from the repository's root; needs VERTICALS_DATA.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

import numpy as np

from shared.config import load_project
from shared.contract import raw_table, read_table
from shared.forecast_scoring import Forecasts, forecast_loaded
from shared.series import judging
from shared.series.forecasting import season_of
from shared.stages import Stages
from verticals.retail import DemandPipeline

RESULTS = Path(__file__).parent / "results" / "demand_networks.json"
RETAIL = Path(os.environ["VERTICALS_DATA"]) / "retail"
MAPPINGS = Path("data/mappings")
ONE = ["members=1", "refit=false"]
SETS = {
    "M4 Hourly, OWA": (
        RETAIL / "m4_hourly_weekly/Hourly-train.csv.gz",
        "m4_hourly.toml",
        "owa",
        [*ONE, "epochs=3"],
    ),
    "M4 Weekly, OWA": (
        RETAIL / "m4_hourly_weekly/Weekly-train.csv.gz",
        "m4_weekly.toml",
        "owa",
        [*ONE, "epochs=3"],
    ),
    "UCI 2009-10, WQL": (
        RETAIL / "uci_online_retail/online_retail_II_2009_2010.parquet",
        "uci_online_retail.toml",
        "weighted_quantile_loss",
        ["members=2"],
    ),
    "sample seed 1, WQL": (None, None, "weighted_quantile_loss", ["members=1", "refit=false", "origins=2"]),
}
VARIANTS: dict[str, list[str]] = {
    "as set": [],
    "TiDE": ["network=tide"],
    "LSTM encoder-decoder": ["network=lstm", "units=64", "depth=1"],
    "levels, not logarithms": ["transform=none"],
    "logarithms": ["transform=log"],
    "no baseline": ["baseline=none"],
    "negative binomial": ["head=negative_binomial", "transform=none", "baseline=none"],
    "zero-inflated": ["head=zero_inflated", "transform=none", "baseline=none"],
    "half the lookback": [],
}


def table_of(name: str):
    path, mapping, _, _ = SETS[name]
    if path is None:
        frame, own = DemandPipeline.sample(seed=1)
        return lambda overrides: (DemandPipeline.Config(**plain(overrides)), own, raw_table(frame))

    def read(overrides):
        settings = [f"settings.{each}" for each in overrides]
        project = load_project(MAPPINGS / mapping, DemandPipeline.Config, DemandPipeline.roles, settings)
        return project.settings, project.mapping, read_table(path, project.mapping.format)

    return read


def plain(overrides: list[str]) -> dict:
    """Settings as Python values."""
    found = {}
    for each in overrides:
        key, _, value = each.partition("=")
        found[key] = json.loads(value) if value[0].isdigit() or value in ("true", "false") else value
    return found


def measured(name: str, overrides: list[str]) -> dict:
    _, _, metric, own = SETS[name]
    config, mapping, raw = table_of(name)([*own, *overrides])
    pipeline = DemandPipeline(config, mapping)
    table, scored = pipeline.check(raw), Forecasts()
    begin = time.perf_counter()
    for number, split in enumerate(pipeline.splits(table)):
        fitted = DemandPipeline(config, mapping)
        forecast_loaded(fitted, fitted.fit(table, split), split, number, scored, Stages())
    seconds = time.perf_counter() - begin
    parts = [
        judging.figures(
            origin.truth,
            origin.forecasts["model"],
            config.quantiles,
            history=table.panel.target[:, : origin.step],
            reference=origin.reference,
            season=season_of(table.panel, config),
        )[metric]
        for origin in scored.origins
    ]
    return {"loss": round(float(judging.joined(parts).value()), 4), "seconds": round(seconds, 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="*", default=list(SETS))
    parser.add_argument("--variants", nargs="*", default=list(VARIANTS))
    arguments = parser.parse_args()
    for name in arguments.sets:
        base = table_of(name)(SETS[name][3])[0]
        for variant in arguments.variants:
            overrides = VARIANTS[variant]
            if variant == "half the lookback":
                overrides = [f"lookback={base.lookback // 2}"]
            same = variant != "as set" and base.model_copy(update=plain(overrides)) == base
            if same or (name.startswith("M4") and "head" in " ".join(overrides)):
                continue
            found = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
            found.setdefault(variant, {})[name] = measured(name, overrides)
            RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
            print(name, variant, found[variant][name], flush=True)


if __name__ == "__main__":
    np.seterr(all="ignore")
    sys.exit(main())
