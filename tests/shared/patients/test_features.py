"""What there is of patients: learnt from the training rows alone, and encoded as missing where it lacks later."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from shared.encoding import Features
from shared.errors import SplitError
from shared.patients.features import (
    PatientFeatures,
    any_value,
    encode_patients,
    learn_patients,
    modalities_learnt,
    modalities_of,
    patient_features,
    patient_places,
)
from shared.signals.signals import Signals

ROWS = 6
SQUARES = {"fit": "pad", "workers": 1, "memory_mb": 10}


class Table(SimpleNamespace):
    def __len__(self):
        return ROWS


def table():
    return Table(notes=[])


def clinic(*, steps=8):
    rng = np.random.default_rng(0)
    signals = Signals([None, *rng.normal(size=(ROWS - 1, steps, 1))])
    sex = pd.Series(["f", "m", None, "f", "f", "m"], dtype="category")
    return PatientFeatures({"age": np.arange(ROWS) * 10.0}, {"sex": sex}, signals=signals)


def learnt(features, rows=(0, 1, 2)):
    return learn_patients(features, np.array(rows), side=32, channels="auto", most_steps=100)


def test_columns_under_features_keep_the_customers_names():
    frame = pd.DataFrame({"label": [0], "numeric/age": [5], "categorical/sex": ["f"], "group/age": [5]})
    found = patient_features(SimpleNamespace(frame=frame, photos=None, signals=None))
    assert list(found.numbers) == ["age"] and list(found.categories) == ["sex"]
    assert found.numbers["age"].dtype == np.float64


def test_what_is_learnt_is_plain_json_and_hangs_on_the_training_rows_alone():
    state = learnt(clinic())
    assert json.loads(json.dumps(state)) == state and modalities_learnt(state) == ["table", "signal"]
    other = clinic()
    other.numbers["age"][3:] = 999.0
    assert learnt(other) == state and learnt(other, rows=(3, 4, 5)) != state


def test_a_modality_that_no_training_row_has_is_not_learnt_and_nothing_at_all_is_refused():
    assert modalities_learnt(learnt(clinic(), rows=(0,))) == ["table"]
    with pytest.raises(SplitError, match="nothing can be learnt"):
        learnt(PatientFeatures({}, signals=clinic().signals), rows=(0,))


def test_modalities_are_what_any_row_has():
    assert modalities_of(clinic()) == ["table", "signal"]
    assert modalities_of(PatientFeatures({"age": np.full(3, np.nan)})) == []
    assert len(PatientFeatures({})) == 0 and len(clinic()) == ROWS


def test_presence_tells_what_each_row_has_and_what_lacks_later_is_encoded_as_missing():
    state = learnt(clinic())
    inputs = encode_patients(clinic(), state, table(), **SQUARES)
    assert inputs.arrays["presence"].tolist() == [[1, 0], *[[1, 1]] * (ROWS - 1)]
    without = PatientFeatures(clinic().numbers, clinic().categories)
    found = encode_patients(without, state, table(), **SQUARES)
    assert not found.arrays["presence"][:, 1].any()
    assert found.arrays["signal"].shape == inputs.arrays["signal"].shape and not found.arrays["signal"].any()
    np.testing.assert_array_equal(found.arrays["number"], inputs.arrays["number"])


def test_signals_that_are_cut_are_counted_in_the_notes():
    state, longer = learnt(clinic()), table()
    encode_patients(clinic(steps=20), state, longer, **SQUARES)
    assert longer.notes == [f"signals longer than any of training, cut at the end: {ROWS - 1}"]


def test_places_tell_where_each_feature_and_modality_stands():
    found = patient_places(learnt(clinic()))
    assert found["age"][0] == ("number", 0) and found["sex"] == [("category", 0)]
    assert found["signal"] == [("signal", None), ("presence", 1)] and set(found) == {"age", "sex", "signal"}


def test_a_table_of_empty_cells_holds_no_value():
    empty = pd.Series([None, None]).astype("category")
    assert not any_value(Features({"a": np.array([np.nan, np.inf])}, {"b": empty}))
    assert any_value(Features({"a": np.array([np.nan, 0.0])}))
