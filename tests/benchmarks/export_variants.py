"""Each solution's network in every format and variant: size, one row's latency, difference from Keras, loss of quality.

On simulated samples, except the diagnosis (a real table that ships with scikit-learn). Run from the repository's root
on a machine with nothing else to do: `python tests/benchmarks/export_variants.py [SOLUTION ...]`; `--table` prints the
table of what was measured.
"""

import copy
import json
import os
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np

RESULTS = Path(__file__).parent / "results" / "export_variants.json"
SETTINGS = {
    "finance.fraud": {"epochs": 6},
    "retail.demand": {"epochs": 4, "members": 2, "refit": False, "statistical_rivals": False},
    "manufacturing.defects": {"backbone": "residual", "units": 16, "side": 64, "epochs": 8},
    "healthcare.diagnosis": {"inner_folds": 1},
}
SAMPLES = {
    "finance.fraud": {"cards": 400, "days": 60},
    "retail.demand": {"items": 20, "stores": 2, "days": 500},
    "manufacturing.defects": {"parts": 400, "side": 64},
    "healthcare.diagnosis": {},
}
CALLS = 300  # of one row, of which the median is told


def fitted(name: str):
    """The pipeline, its prepared table and its split."""
    from shared.contract import raw_table
    from verticals import SOLUTIONS

    module, _, attribute = SOLUTIONS[name].partition(":")
    cls = getattr(__import__(module, fromlist=[attribute]), attribute)
    frame, mapping = cls.sample(**SAMPLES[name])
    pipeline = cls(cls.Config(**SETTINGS[name]), mapping)
    table = pipeline.check(raw_table(frame))
    split = pipeline.splits(table)[-1]
    return pipeline, pipeline.fit(table, split), split


def quality(pipeline, prepared, split) -> float:
    """The primary metric on the test rows."""
    from shared import metrics
    from shared.forecast import ForecastPipeline, truth_at
    from shared.series.metrics import weighted_quantile_loss

    if isinstance(pipeline, ForecastPipeline):
        step = split.detail["step"]
        truth = truth_at(prepared.panel, step, pipeline.config.horizon)
        forecast = pipeline.forecast(prepared.panel, step)
        return weighted_quantile_loss(truth, forecast, quantiles=pipeline.config.quantiles).value()
    label = pipeline.label(prepared.table)[split.test]
    return getattr(metrics, pipeline.primary)(label, pipeline.scores(prepared, split.test))


def one_row_ms(model, rows) -> float:
    """Median of one row through the network alone, compiled and warm."""
    from shared.inputs import Inputs
    from shared.training.feeding import arrange
    from shared.training.prediction import Forward

    one = arrange(model, Inputs(rows).take(np.array([0])))
    call = partial(model if not hasattr(model, "weights") else Forward(model), one, 1)
    seconds = []
    for _ in range(CALLS + 20):
        begin = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - begin)
    return float(np.median(seconds[20:]) * 1000)


def measured(name: str) -> list[dict]:
    """One entry for Keras, and one for each format and variant."""
    from shared.errors import BundleError
    from shared.export.exporting import write_export
    from shared.export.formats import FORMATS
    from shared.export.ports import Signature
    from shared.export.probe import probe_inputs

    pipeline, prepared, split = fitted(name)
    rows, primary = probe_inputs(pipeline.model, 4), pipeline.primary
    best = quality(pipeline, prepared, split)
    with tempfile.TemporaryDirectory() as place:
        pipeline.model.save(path := Path(place) / "model.keras")
        size = path.stat().st_size
    about = {"solution": name, "primary": primary}
    found = [about | {"format": "keras", "variant": "float32", "bytes": size, "value": best, "loss": 0.0,
                      "one_row_ms": one_row_ms(pipeline.model, rows), "difference": 0.0}]  # fmt: skip
    for form in FORMATS.values():
        for variant in form.variants:
            entry = about | {"format": form.name, "variant": variant}
            with tempfile.TemporaryDirectory() as place:
                try:
                    facts = write_export(pipeline, form, Path(place), variant=variant)
                except BundleError as error:
                    found.append(entry | {"not_possible": str(error)})
                    continue
                other = copy.copy(pipeline)
                signature = Signature.from_dict(facts)
                other.model = form.open(Path(place) / form.file, signature, batch=facts["batch"], threads=1)
                value = quality(other, prepared, split)
                worse = value - best if primary == "weighted_quantile_loss" else best - value
                found.append(entry | {"bytes": facts["bytes"], "one_row_ms": one_row_ms(other.model, rows), "value": value, "loss": worse,
                                      "difference": facts["compared"]["largest_difference"], "batch": facts["batch"]})  # fmt: skip
            print(json.dumps(found[-1]), flush=True)
    return found


def table(found: dict) -> str:
    """What was measured, as Markdown."""
    lines = [
        "| solution | format | variant | kB | one row, ms | largest difference | primary metric | loss |"
    ]
    lines.append("|---|---|---|--:|--:|--:|--:|--:|")
    for each in found["measured"]:
        head = f"| `{each['solution']}` | {each['format']} | {each['variant']} |"
        if "not_possible" in each:
            lines.append(f"{head} | | | {each['not_possible'].split('. ')[0]} | |")
            continue
        lines.append(
            f"{head} {each['bytes'] / 1000:,.0f} | {each['one_row_ms']:.3f} | {each['difference']:.1e} | "
            f"{each['primary']} {each['value']:.4f} | {each['loss']:+.4f} |"
        )
    return "\n".join(lines)


def main(names: list[str]) -> None:
    found = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {"measured": []}
    if "--table" not in names:
        for name in names or SETTINGS:
            rest = [each for each in found["measured"] if each["solution"] != name]
            load = os.getloadavg()[0]
            found = {
                "measured": rest + measured(name),
                "load_average_before": found.get("load_average_before", {}),
            }
            found["load_average_before"][name], found["cores"] = round(load, 1), os.cpu_count()
            RESULTS.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    print(table(found))


if __name__ == "__main__":
    main(sys.argv[1:])
