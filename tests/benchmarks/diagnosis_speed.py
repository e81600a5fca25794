"""How long `healthcare.diagnosis` takes: a run on the Wisconsin table, and answers to 100,000 rows of a table.

python tests/benchmarks/diagnosis_speed.py
"""

import json
import tempfile
import time
from pathlib import Path

RESULTS = Path(__file__).parent / "results" / "diagnosis_speed.json"
ROWS = 100_000


def main() -> None:
    import pandas as pd

    from shared.bundle import load
    from shared.contract import raw_table
    from shared.run import run
    from verticals.healthcare import DiagnosisPipeline

    frame, mapping = DiagnosisPipeline.sample()
    pipeline, found = DiagnosisPipeline(None, mapping), {}
    with tempfile.TemporaryDirectory() as place:
        begun = time.perf_counter()
        run(pipeline, pipeline.check(raw_table(frame, "Wisconsin breast cancer")), Path(place) / "run")
        found["Wisconsin breast cancer: check, fit, rivals, judge, report"] = time.perf_counter() - begun
        fitted = load(Path(place) / "run" / "bundle")
        many = pd.concat([frame] * (ROWS // len(frame) + 1), ignore_index=True).head(ROWS)
        fitted.mapping = fitted.mapping.model_copy(
            update={"format": fitted.mapping.format.model_copy(update={"duplicates": "keep"})}
        )
        raw = raw_table(many.drop(columns="diagnosis"))
        fitted.predict(fitted.check(raw_table(frame.head(10)), predict=True))  # traces the network
        begun = time.perf_counter()
        table = fitted.check(raw, predict=True)
        checked = time.perf_counter() - begun
        answers = fitted.predict(table)
        found[f"answers to {ROWS:,} rows of 30 columns, of which check {checked:.1f} s"] = (
            time.perf_counter() - begun
        )
        assert len(answers) == ROWS
    RESULTS.write_text(json.dumps({"seconds": found}, indent=1), "utf-8")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
