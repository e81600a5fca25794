import os
from pathlib import Path

import numpy as np
import pytest

from shared.config import load_project
from verticals.healthcare import DiagnosisPipeline

ROOT = Path(__file__).resolve().parents[2]
FILES = {
    "stroke": ("stroke/stroke.csv.gz", 5110, ["table"]),
    "pneumoniamnist": ("pneumoniamnist/pneumoniamnist_rebuilt.npz", 5856, ["photo"]),
    "ecg5000": ("ecg5000/ECG5000.npz", 4999, ["signal"]),
}


def project(name):
    path = ROOT / "data" / "mappings" / f"{name}.toml"
    return load_project(path, DiagnosisPipeline.Config, DiagnosisPipeline.roles)


@pytest.mark.parametrize("name", FILES)
def test_the_mappings_that_ship_fit_the_solution(name):
    found = project(name)
    assert found.solution == "healthcare.diagnosis" and found.settings is not None


@pytest.mark.parametrize("name", FILES)
@pytest.mark.skipif("VERTICALS_DATA" not in os.environ, reason="VERTICALS_DATA is not set")
def test_the_public_data_sets_pass_the_check_with_them(name):
    file, rows, modalities = FILES[name]
    found = project(name)
    pipeline = DiagnosisPipeline(found.settings, found.mapping)
    path = Path(os.environ["VERTICALS_DATA"]) / "healthcare" / file
    table = pipeline.check(pipeline.read(path, found.mapping.format))
    assert len(table) == rows
    assert pipeline.modalities_of(pipeline.features(table)) == modalities


def test_the_template_that_is_copied_loads():
    path = ROOT / "verticals" / "healthcare" / "diagnosis" / "diagnosis.toml"
    found = load_project(path, DiagnosisPipeline.Config, DiagnosisPipeline.roles)
    assert (found.settings.demanded, found.settings.refer) == (0.95, 0.2)


def test_photos_and_signals_are_trained_in_their_own_way_unless_it_is_set():
    usual = DiagnosisPipeline().usual
    assert usual(["table"], 500) == {} and usual(["table", "photo", "signal"], 500) == usual(["photo"], 500)
    assert usual(["signal"], 500)["batch_size"] == 32


def test_few_photos_are_shown_in_smaller_batches_and_more_often():
    few, many = (DiagnosisPipeline().usual(["photo"], rows) for rows in (250, 4708))
    assert (few["batch_size"], few["epochs"]) == (16, 45)
    assert (many["batch_size"], many["epochs"]) == (128, 20)


def test_a_pretrained_backbone_rests_and_its_weights_are_read_from_a_file(tmp_path):
    from shared.builders import WeightsError, frozen_share
    from shared.patients.inputs import PatientInputs
    from verticals.healthcare.diagnosis import model

    class Photos:
        side, channels, dtype = 32, 1, "uint8"

        def take(self, rows):
            return {"photo": np.zeros((len(rows), 32, 32, 1), "uint8")}

    path = tmp_path / "m.weights.h5"
    config = DiagnosisPipeline.Config(backbone="mobilenet_v2", weights=str(path), photo_changes=0)
    inputs = PatientInputs({"presence": np.ones((3, 1), "float32")}, Photos(), np.arange(3))
    with pytest.raises(WeightsError, match=r"m\.weights\.h5"):
        model.build(inputs, {}, config, [0.5, 0.5])
    rests = model.build(inputs, {}, config.model_copy(update={"weights": "none"}), [0.5, 0.5])
    assert frozen_share(rests) > 0.9 and rests.output_shape == (None, 1, 2)
