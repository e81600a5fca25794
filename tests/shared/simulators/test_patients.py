"""The sample's patients hold what their description names: a real table, and simulated visits."""

import time

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter
from sklearn.datasets import load_breast_cancer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from shared.contract import Mapping, check
from shared.patients.reading import photos_of, read_patients, signals_of
from shared.signals.reading import signal_columns
from shared.simulators.patients import (
    CLASSES,
    patients_mapping,
    simulate_patients,
    wisconsin,
    write_xrays,
)
from verticals.healthcare.diagnosis import DiagnosisPipeline

TABLE = ["patient", "visit", "site", "sex", "age", "temperature", "heart_rate", "crp", "smoker", "label"]
STEPS = [f"t{step}" for step in range(48)]


@pytest.fixture(scope="module")
def visits() -> pd.DataFrame:
    return simulate_patients(seed=1)


@pytest.fixture(scope="module")
def many() -> pd.DataFrame:
    return simulate_patients(patients=3000, seed=2)


@pytest.fixture(scope="module")
def xrays(visits, tmp_path_factory):
    folder = tmp_path_factory.mktemp("xrays")
    return folder, write_xrays(folder, visits)


def numbers_of(table: pd.DataFrame) -> pd.DataFrame:
    """The columns of the table as a logistic regression reads them."""
    found = table[["age", "temperature", "heart_rate"]].astype(float)
    found["crp"], found["male"] = np.log(table["crp"]), (table["sex"] == "male") * 1.0
    return found.assign(smoker=table["smoker"].map({"yes": 1.0, "no": 0.0}))


def wave_of(table: pd.DataFrame) -> pd.Series:
    """Height of the broad wave above the base line."""
    return table[STEPS[20:29]].mean(axis=1) - table[STEPS[:5] + STEPS[36:38]].mean(axis=1)


def auc(features, table: pd.DataFrame) -> float:
    """Of a logistic regression for `label > 0`, judged on patients that it has not seen."""
    ill = (table["label"] != "healthy").to_numpy()
    model = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression())
    folds = {"cv": GroupKFold(5), "groups": table["patient"], "method": "predict_proba"}
    return roc_auc_score(ill, cross_val_predict(model, np.asarray(features), ill, **folds)[:, 1])


def test_wisconsin_is_the_table_of_scikit_learn_with_malignant_as_class_one():
    frame, mapping = wisconsin()
    found = load_breast_cancer()
    assert frame.columns.tolist() == [*found.feature_names, "diagnosis"] and mapping.numeric == [
        *found.feature_names
    ]
    assert np.array_equal(frame[mapping.numeric].to_numpy(), found.data)
    named = np.array([mapping.labels[text] for text in frame["diagnosis"]])
    assert np.array_equal(named, (found.target == list(found.target_names).index("malignant")).astype(int))
    assert frame["diagnosis"].value_counts().to_dict() == {"benign": 357, "malignant": 212}
    assert not mapping.simulated
    table = check(frame, DiagnosisPipeline.roles, mapping, solution="healthcare.diagnosis")
    assert table.frame["label"].sum() == 212 and len(table.frame.columns) == 31


def test_the_table_is_sorted_and_typed_and_lacks_only_what_may_lack(visits):
    assert visits.columns.tolist() == TABLE + STEPS
    assert visits["visit"].is_monotonic_increasing and visits["visit"].dtype == "datetime64[us]"
    assert visits["patient"].str.fullmatch(r"P\d{5}").all() and visits["patient"].nunique() == 300
    assert set(visits["site"]) == {"S1", "S2", "S3"} and set(visits["sex"]) == {"female", "male"}
    assert set(visits["smoker"].dropna()) == {"yes", "no"} and set(visits["label"]) == set(CLASSES)
    lacks = visits[TABLE].isna().sum()
    assert set(lacks.index[lacks > 0]) == {"crp", "smoker"}
    assert 0.08 < lacks["crp"] / len(visits) < 0.25 and 0.02 < lacks["smoker"] / len(visits) < 0.15


def test_one_seed_gives_one_table_and_another_gives_another(visits):
    pd.testing.assert_frame_equal(visits, simulate_patients(seed=1))
    assert not visits["temperature"].head(50).equals(simulate_patients(seed=2)["temperature"].head(50))
    pd.testing.assert_frame_equal(visits[TABLE], simulate_patients(seed=1, steps=20)[TABLE])


def test_some_patients_come_again_weeks_later_and_are_the_same_people(visits):
    of_one = visits.groupby("patient")
    assert 1.25 < len(visits) / 300 < 1.55 and (of_one.size() > 1).sum() > 60
    assert len(visits.drop_duplicates(["patient", "site", "sex", "smoker"])) == 300
    wait = of_one["visit"].diff().dropna().dt.days
    assert wait.between(30, 120).all() and wait.nunique() > 20
    years = of_one["age"].agg(np.ptp)
    assert years.max() <= of_one["visit"].agg(np.ptp).dt.days.max() / 365 + 1
    assert len(simulate_patients(patients=40, visits=1)) == 40


def test_visits_of_one_patient_are_more_alike_than_those_of_two(many):
    twice = many[many.groupby("patient")["visit"].transform("size") > 1].sort_values(["patient", "visit"])
    first, second = (twice.groupby("patient").nth(at).reset_index(drop=True) for at in (0, 1))
    assert first["patient"].equals(second["patient"]) and len(first) > 500
    assert np.corrcoef(first["heart_rate"], second["heart_rate"])[0, 1] > 0.1
    ill = first["label"] != "healthy"
    assert ((second["label"] != "healthy") == ill).mean() > 0.68**2 + 0.32**2 + 0.05  # by chance


@pytest.mark.parametrize("seed", range(4))
def test_severe_is_rare_and_has_rows_enough_whatever_the_seed(seed):
    share = simulate_patients(seed=seed)["label"].value_counts(normalize=True)
    assert share["healthy"] == pytest.approx(0.68, abs=0.01)
    assert share["severe"] == pytest.approx(0.10, abs=0.01)
    assert simulate_patients(seed=seed)["label"].value_counts()["severe"] >= 20


def test_an_oracle_reaches_a_good_auc_with_errors_and_needs_both_table_and_signal(many):
    table, wave = numbers_of(many), wave_of(many)
    both = auc(table.assign(wave=wave), many)
    assert 0.80 < both < 0.95
    assert both > auc(table, many) + 0.03 and both > auc(wave.to_frame(), many) + 0.05


def test_no_column_gives_the_label_away_alone(many):
    ill = (many["label"] != "healthy").to_numpy()
    columns = numbers_of(many).assign(
        number=many["patient"].str[1:].astype(int), day=many["visit"].astype("int64")
    )
    columns = pd.concat([columns, many[STEPS], many["site"].str[1:].astype(int)], axis=1)
    for name, values in columns.items():
        known = values.notna().to_numpy()
        found = roc_auc_score(ill[known], values[known])
        assert max(found, 1 - found) < 0.78, name
        if (~known).any():
            assert abs(ill[known].mean() - ill[~known].mean()) < 0.12, name  # nor that a cell is empty
    for name in ("patient", "site"):
        assert many.groupby(name)["label"].nunique().max() > 1
    assert max(abs(roc_auc_score(ill, columns[name]) - 0.5) for name in ("number", "day", "site")) < 0.04


def test_signals_lack_for_some_rows_and_end_early_for_some(visits):
    known = visits[STEPS].notna().to_numpy()
    length = known.sum(axis=1)
    assert np.array_equal(known, np.arange(48) < length[:, None])  # no holes
    assert 0.04 < (length == 0).mean() < 0.14 and 0.08 < ((length > 0) & (length < 48)).mean() < 0.22
    assert length[length > 0].min() >= 0.7 * 48


def test_the_broad_wave_is_lower_the_more_severe_the_case(many):
    height = wave_of(many).groupby(many["label"]).mean()
    assert height["healthy"] > height["mild"] + 0.03 and height["mild"] > height["severe"] + 0.03
    peak = many[STEPS].mean().idxmax()
    assert peak in STEPS[10:15] and many[peak].mean() == pytest.approx(0.9, abs=0.15)


def test_a_written_table_is_read_with_its_mapping_photos_and_signals(visits, xrays):
    folder, table = xrays
    table.to_csv(folder / "visits.csv", index=False)
    mapping = patients_mapping()
    assert mapping.simulated and Mapping.from_dict(mapping.to_dict()) == mapping
    raw = signal_columns(read_patients(folder / "visits.csv", mapping.format), mapping.signal, mapping.format)
    read = check(raw, DiagnosisPipeline.roles, mapping, solution="healthcare.diagnosis")
    assert np.array_equal(read.frame["label"], table["label"].map(mapping.labels))
    np.testing.assert_allclose(read.frame["numeric/crp"], table["crp"])
    assert np.array_equal(read.frame["time"], table["visit"])
    assert {"group/sex", "group/age", "categorical/smoker"} <= set(read.frame)
    labels = table["label"].tolist()
    photos, faults, _ = photos_of(read, [raw.store, None], labels=labels, most_pixels=10**6, workers=1)
    assert not faults and np.array_equal(photos.present, table["image"] != "")
    signals, faults, _ = signals_of(read, [raw, None], [raw.store, None], workers=1)
    assert not faults and np.array_equal(signals.lengths, visits[STEPS].notna().sum(axis=1))


def test_xrays_are_small_and_grey_and_named_by_patient_and_visit(visits, xrays):
    folder, table = xrays
    pd.testing.assert_frame_equal(table.drop(columns="image"), visits)
    named = table[table["image"] != ""]
    assert 0.04 < 1 - len(named) / len(table) < 0.18 and named["image"].is_unique
    assert (named["image"].str.split("_").str[0] == named["patient"]).all()
    assert sorted(named["image"]) == sorted(path.name for path in folder.glob("*.png"))
    with Image.open(folder / named["image"].iloc[0]) as picture:
        assert picture.size == (32, 32) and picture.mode == "L"


def test_the_spot_of_an_xray_tells_the_class_with_errors(xrays):
    folder, table = xrays
    named = table[table["image"] != ""]
    pictures = np.stack([np.asarray(Image.open(folder / name), float) for name in named["image"]])
    pictures /= pictures.mean(axis=(1, 2), keepdims=True)  # exposure
    spot = gaussian_filter(pictures - pictures.mean(axis=0), (0, 2, 2))[:, 5:27, 4:28].max(axis=(1, 2))
    assert 0.7 < roc_auc_score(named["label"] != "healthy", spot) < 0.95
    mean = pictures.mean(axis=(1, 2))
    by_class = pd.Series(spot).groupby(named["label"].to_numpy()).mean()
    assert by_class["healthy"] < by_class["mild"] < by_class["severe"] and np.allclose(mean, 1)


def test_pictures_are_the_same_for_one_seed_and_others_for_another(visits, tmp_path):
    few = visits.head(12)
    for name, seed in (("one", 3), ("two", 3), ("other", 4)):
        write_xrays(tmp_path / name, few, missing=0.0, seed=seed)
    one, two, other = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        for name in ("one", "two", "other")
    )
    assert one == two and len(one) == 12
    assert one.keys() == other.keys() and not any(one[name] == other[name] for name in one)
    none = write_xrays(tmp_path / "none", few, missing=1.0)
    assert (none["image"] == "").all() and not list((tmp_path / "none").iterdir())
    larger = write_xrays(tmp_path / "large", few.head(2), side=48, missing=0.0)
    with Image.open(tmp_path / "large" / larger["image"].iloc[0]) as picture:
        assert picture.size == (48, 48)


def test_three_hundred_patients_with_their_xrays_are_made_while_one_waits(tmp_path):
    begin = time.process_time()
    table = simulate_patients()
    made = time.process_time() - begin
    write_xrays(tmp_path, table)
    assert made < 1 and time.process_time() - begin < 5  # .01 and .25 s on an idle core


@pytest.mark.parametrize("size", [(1, 1.0, 8, 1), (7, 3.0, 12, 2), (40, 1.4, 200, 12)])
def test_small_and_other_sizes_are_made(size):
    patients, visits, steps, sites = size
    table = simulate_patients(patients=patients, visits=visits, steps=steps, sites=sites)
    assert table["patient"].nunique() == patients and table.columns[-1] == f"t{steps - 1}"
    assert table["site"].nunique() <= sites


@pytest.mark.parametrize("wrong", [{"patients": 0}, {"visits": 0.5}, {"steps": 4}, {"sites": 0}])
def test_sizes_that_make_no_sense_are_refused(wrong, tmp_path):
    with pytest.raises(ValueError, match="must be at least 1, steps at least 8"):
        simulate_patients(**wrong)


@pytest.mark.parametrize("wrong", [{"side": 8}, {"missing": 1.5}, {"missing": -0.1}])
def test_xrays_that_make_no_sense_are_refused(visits, wrong, tmp_path):
    with pytest.raises(ValueError, match="side must be at least 16"):
        write_xrays(tmp_path, visits, **wrong)
