"""sMAPE and MASE of Naive 2 on the hourly and weekly series of M4, beside the published figures.

    VERTICALS_DATA=... python tests/benchmarks/m4_naive2.py

Judged are the forecasts that the organisers published and our own, and the seasonal naive forecast as well.
Written to `tests/benchmarks/results/m4_naive2.json`.
"""

import json
import os
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from shared.series.metrics import mase, owa, smape
from shared.series.naive2 import naive2

SEASONS, HORIZONS = {"Hourly": 24, "Weekly": 1}, {"Hourly": 48, "Weekly": 13}
PUBLISHED = {"Hourly": {"smape": 18.383, "mase": 2.395}, "Weekly": {"smape": 9.161, "mase": 2.777}}
SEASONAL_NAIVE = {"smape": 13.912, "owa": 0.627}  # hourly; published


def read(folder: Path, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """History that ends together, outcomes, and the published forecasts of Naive 2."""
    train, test = (pd.read_csv(folder / f"{name}-{part}.csv.gz", index_col=0) for part in ("train", "test"))
    values = train.to_numpy(float)
    history = np.full(values.shape, np.nan)
    for row, value in zip(history, values):
        value = value[np.isfinite(value)]
        row[len(row) - len(value) :] = value
    published = pd.read_csv(folder / "naive2_hourly_weekly.csv.gz", index_col="id").loc[train.index]
    return history, test.to_numpy(float), published.to_numpy(float)[:, : HORIZONS[name]]


def measured(data: Path) -> dict:
    """The figures of both frequencies."""
    results = {}
    for name, season in SEASONS.items():
        history, truth, published = read(data / "retail" / "m4_hourly_weekly", name)
        started = time.perf_counter()
        own = naive2(history, season, HORIZONS[name])
        seconds = time.perf_counter() - started

        def figures(forecast, truth=truth, history=history, season=season, published=published):
            scaled = {"history": history, "season": season}
            return {
                "smape": round(smape(truth, forecast).value(), 5),
                "mase": round(mase(truth, forecast, **scaled).value(), 5),
                "owa": round(owa(truth, forecast, reference=published, **scaled).value(), 5),
            }

        apart = float(np.max(np.abs(own - published) / np.abs(published)))
        results[name] = {
            "series": len(truth),
            "season": season,
            "published_figures": PUBLISHED[name],
            "published_forecasts": figures(published),
            "own_forecasts": {**figures(own), "largest_difference": apart, "seconds": round(seconds, 3)},
        }
        if season > 1:
            place = np.arange(HORIZONS[name]) % season - season
            results[name]["seasonal_naive"] = figures(history[:, place])
            results[name]["seasonal_naive_published"] = SEASONAL_NAIVE
    return results


def main() -> None:
    """Measures, prints and saves."""
    if "VERTICALS_DATA" not in os.environ:
        raise SystemExit("set VERTICALS_DATA to the folder of the public data sets: see data/README.md")
    text = json.dumps(measured(Path(os.environ["VERTICALS_DATA"])), indent=2) + "\n"
    (Path(__file__).parent / "results" / "m4_naive2.json").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
