"""Settings of a diagnosis: what makes no sense is refused, and each has its words."""

import pytest
from pydantic import ValidationError

from shared.diagnostic_settings import DiagnosticSettings, usual_training


@pytest.mark.parametrize(
    "wrong",
    [
        {"split": "group"},
        {"rule": "accuracy"},
        {"demanded": 1.0},
        {"confidence": 0.4},
        {"refer": 1.0},
        {"level": 0.5},
        {"site_prevalence": 0.0},
        {"calibration": "beta"},
        {"channels": 2},
        {"repeats": 0},
        {"side": 8},
        {"no_such_setting": 1},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_value_out_of_its_bounds_is_refused(wrong):
    with pytest.raises(ValidationError):
        DiagnosticSettings(**wrong)


@pytest.mark.parametrize("wrong", [0, -1, "many"])
def test_inner_folds_are_a_number_from_one_or_auto(wrong):
    assert DiagnosticSettings().inner_folds == "auto" and DiagnosticSettings(inner_folds=3).inner_folds == 3
    with pytest.raises(ValidationError):
        DiagnosticSettings(inner_folds=wrong)


def test_each_setting_has_words_and_survives_json():
    assert all(field.description for field in DiagnosticSettings.model_fields.values())
    chosen = DiagnosticSettings(bands={"age": (40, 60)}, allow_leaks=("stage",), confidence=None)
    assert DiagnosticSettings.model_validate(chosen.model_dump(mode="json")) == chosen


@pytest.mark.parametrize("cuts", [(), (60, 40), (40, 40), (20, 30, 25)])
def test_cuts_of_bands_must_rise(cuts):
    with pytest.raises(ValidationError):
        DiagnosticSettings(bands={"age": cuts})


def test_no_confidence_is_written_as_a_word_as_toml_has_no_null():
    assert DiagnosticSettings(confidence="none").confidence is None
    with pytest.raises(ValidationError):
        DiagnosticSettings(confidence="some")


USUAL = {"table": {}, "photo": {"batch_size": 128, "warmup": 0.1}, "signal": {"epochs": 12}}


def usual(*modalities, rows=500):
    return usual_training(USUAL, modalities, rows, photo_steps=700)


def test_photos_tell_how_to_train_then_signals_then_the_table():
    assert usual("table") == {} and usual("table", "signal") == USUAL["signal"]
    assert usual("table", "photo", "signal") == usual("photo") and usual("photo")["warmup"] == 0.1


@pytest.mark.parametrize("rows", [1, 30, 250, 1000, 4708, 10**6])
def test_few_photos_are_shown_in_smaller_batches_and_as_often_as_the_steps_need(rows):
    found = usual("photo", rows=rows)
    assert 16 <= found["batch_size"] <= 128 and 20 <= found["epochs"] <= 60
    assert found["batch_size"] in (16, 128) or 20 * found["batch_size"] <= rows
    if 20 < found["epochs"] < 60:
        assert found["epochs"] * rows / found["batch_size"] == pytest.approx(700, rel=0.05)


def test_usual_settings_give_way_to_those_that_are_set():
    found = DiagnosticSettings(epochs=20).with_usual({"epochs": 3, "batch_size": 32})
    assert (found.epochs, found.batch_size) == (20, 32)  # 20 is the default too, but it was said
