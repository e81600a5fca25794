"""How fast photos are inspected: from files to answers at 224 px, one photo alone, and what decoding holds up.

    VERTICALS_DATA=... python tests/benchmarks/defects_speed.py [waiting]

Both models are fitted on a part of the magnetic tiles (how well they do is not judged here).
"""

import json
import os
import resource
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np

RESULTS = Path(__file__).parent / "results" / "defects_speed.json"


def main() -> None:
    from verticals.manufacturing import DefectPipeline

    data = Path(os.environ["VERTICALS_DATA"])
    weights = str(data.parent / "weights" / "mobilenet_v2" / "mobilenet_v2_no_top.weights.h5")
    source = data / "manufacturing" / "magnetic_tile" / "magnetic_tile.zip"
    if "waiting" in sys.argv:  # that part alone
        found = json.loads(RESULTS.read_text("utf-8")) | {"waiting": waiting(source, weights)}
        RESULTS.write_text(json.dumps(found, indent=1), "utf-8")
        return print(found["waiting"])
    found = {"cores": os.cpu_count()}
    with tempfile.TemporaryDirectory() as place:
        with zipfile.ZipFile(source) as archive:
            archive.extractall(place)
        for mode in ("labelled", "good_only"):
            config = DefectPipeline.Config(
                good=("MT_Free",), mode=mode, weights=weights, mask_epochs=1, workers=2
            )
            pipeline = DefectPipeline(config)
            table = pipeline.check(pipeline.read(place))
            pipeline.fit(table, pipeline.splits(table)[0])
            found[mode] = inspected(pipeline, place)
    found["waiting"] = waiting(source, weights)
    found["peak_gb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    RESULTS.write_text(json.dumps(found, indent=1), "utf-8")
    print(json.dumps(found, indent=1))


def inspected(pipeline, place: str) -> dict[str, float]:
    """Photos a second from files (check, decode, network), and one photo alone, median and slowest tenth."""
    table = pipeline.check(pipeline.read(place), predict=True)
    pipeline.predict(table, range(64))  # traces the graph
    begun = time.perf_counter()
    pipeline.predict(table)
    answered = time.perf_counter() - begun
    begun = time.perf_counter()
    table = pipeline.check(pipeline.read(place), predict=True)
    pipeline.predict(table)
    whole = time.perf_counter() - begun
    one = []
    pipeline.predict(table, [0])
    for row in range(60):
        begun = time.perf_counter()
        pipeline.predict(table, [row])
        one.append(time.perf_counter() - begun)
    return {
        "photos": len(table),
        "photos_per_second": len(table) / answered,
        "photos_per_second_with_check": len(table) / whole,
        "one_photo_ms": 1000 * float(np.median(one)),
        "one_photo_ms_90": 1000 * float(np.quantile(one, 0.9)),
    }


def waiting(source: Path, weights: str) -> dict[str, float]:
    """An epoch of training that decodes every photo against one that finds all in memory: the share waited for."""
    from shared import builders, training
    from shared.fit_settings import FitSettings
    from shared.training.photos import Taught
    from verticals.manufacturing import DefectPipeline
    from verticals.manufacturing.defects import model as networks

    seconds = {}
    for memory in (0, 1000):
        config = DefectPipeline.Config(good=("MT_Free",), weights=weights, memory_mb=memory)
        pipeline = DefectPipeline(config)
        table = pipeline.check(pipeline.read(source))
        photos, codes = pipeline.features(table), pipeline.codes(table)
        network, _ = networks.inspection((photos.side, photos.side, photos.channels), 6, config, photos.dtype)
        builders.freeze(network.get_layer("encoder"))
        trainer = builders.inspection_trainer(network, [], mask_weight=1.0)
        history = training.fit(
            trainer, Taught(photos, codes, 6), codes, train=np.arange(640), valid=np.arange(0),
            loss="sparse_categorical_crossentropy", settings=FitSettings(epochs=4, batch_size=32),
        )  # fmt: skip
        seconds[memory] = min(entry["train_seconds"] for entry in history.epochs[1:])
    return {
        "decoding_seconds": seconds[0],
        "in_memory_seconds": seconds[1000],
        "waiting_share": 1 - seconds[1000] / seconds[0],
    }


if __name__ == "__main__":
    main()
