import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from shared.bundle import load
from shared.bundle_files import digest
from shared.errors import BundleError
from shared.monitoring.inputs import input_columns, score_columns
from shared.monitoring.monitor import monitor
from shared.monitoring.profile import Profile
from shared.monitoring.sketch import load_folder
from shared.serve.sketches import Sketches

BUNDLES = Path(__file__).resolve().parents[2] / "fixtures" / "bundles"
ROWS = BUNDLES / "finance_fraud" / "rows.csv"


@pytest.fixture
def profiled(bundle_copy):
    """A bundle that keeps the profile of the rows beside it."""
    pipeline = load(bundle_copy)
    table = pipeline.check(pipeline.read(ROWS, predict=True), predict=True)
    columns = input_columns(pipeline, table, np.arange(len(table))) | score_columns(pipeline.predict(table))
    content = json.loads((bundle_copy / "bundle.json").read_text("utf-8"))
    content["profile"] = Profile.learn(columns).to_dict()
    content["sha256"] = digest(content)
    (bundle_copy / "bundle.json").write_text(json.dumps(content), "utf-8")
    return bundle_copy


def test_what_was_asked_and_answered_is_counted_and_monitor_reads_it(start, profiled, tmp_path):
    folder = tmp_path / "sketches"
    served = start(profiled, sketches=str(folder))
    rows = pd.read_csv(ROWS, dtype=str).to_dict("records")
    served.predict({"rows": rows[:20]})
    served.predict({"rows": rows[20:], "history": rows[:20]})
    served.predict({"rows": [{"amount": "much"}]})  # what is refused is not counted
    served.service.sketches.save()
    assert load_folder(folder).rows == len(rows)
    found = monitor(profiled, sketches=folder)
    assert found["data"]["rows"] == len(rows) and found["state"] == "steady"
    text = next(folder.iterdir()).read_text("utf-8")
    assert not any(row["card"] in text for row in rows)


def test_the_warm_up_is_not_counted_and_nothing_is_written_of_nothing(start, profiled, tmp_path):
    served = start(profiled, sketches=str(tmp_path / "sketches"))
    served.service.sketches.save()
    assert served.service.sketches.sketch.rows == 0 and not (tmp_path / "sketches").exists()


def test_a_service_that_ends_writes_what_it_has(start, profiled, tmp_path):
    import asyncio

    served = start(profiled, sketches=str(tmp_path))
    served.predict({"rows": served.service.model.rows})
    asyncio.run(served.service.stop())
    assert load_folder(tmp_path).rows == 1


def test_a_bundle_without_a_profile_cannot_be_counted_by(services, tmp_path):
    scoring = services("finance_fraud").service.scoring
    with pytest.raises(BundleError, match="no profile"):
        Sketches(scoring.pipeline, scoring.content, tmp_path)
