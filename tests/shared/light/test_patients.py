"""A light scorer tells patients what the pipeline does, with NumPy alone."""

import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from shared.contract import raw_table
from shared.errors import ContractError
from shared.light.frame import Frame
from shared.light.patients import PatientScorer, read_samples, signals_of_rows
from shared.signals.signals import Signals

EXAMPLE = runpy.run_path(str(Path(__file__).parents[1] / "light_example.py"))
Made, content_of, pipeline_of = EXAMPLE["Made"], EXAMPLE["content_of"], EXAMPLE["pipeline_of"]
columns_of, records_of, assert_equal = EXAMPLE["columns_of"], EXAMPLE["records_of"], EXAMPLE["assert_equal"]
ROWS = EXAMPLE["BUNDLES"] / "healthcare_diagnosis" / "rows.csv"
SESSION = Made(["number", "category", "signal", "presence"], {None: (2, 3)}, 2.0)
SQUARE = 24


@pytest.fixture(scope="module")
def checked():
    """A checked table of 60 patients, with their signals."""
    pipeline = pipeline_of(content_of("healthcare_diagnosis"), SESSION)
    return pipeline.check(pipeline.read(ROWS, pipeline.mapping.format, predict=True), predict=True)


def signals_in(table):
    return [None if each is None else each.tolist() for each in table.signals]


def two_classes(**changes):
    """A bundle of the same rows that tells two classes."""
    content = content_of("healthcare_diagnosis", **changes)
    sets = {"level": 0.9, "per_class": False, "limits": [0.4, 0.7], "rows": [9, 5]}
    content["decision"] |= {"names": ["healthy", "ill"], "sets": sets, "class_sets": sets}
    content["decision"]["referral"] = {"low": 0.6, "high": 0.7, "least": None}
    content["calibration"] = {"method": "temperature", "scale": 0.7, "bias": 0.2, "detail": {}}
    return content | {"classes": ["healthy", "ill"], "prior": [0.7, 0.3]}


def test_three_classes_are_answered_as_by_the_pipeline(checked):
    content = content_of("healthcare_diagnosis")
    expected = records_of(pipeline_of(content, SESSION).predict(checked))
    found = PatientScorer(content, SESSION).answer(Frame(columns_of(checked)), signals=signals_in(checked))
    assert_equal(found, expected)
    assert len({answer["decision"] for answer in found}) > 1


def test_class_calibration_is_applied(checked):
    content = content_of("healthcare_diagnosis")
    content["calibration"] = {"method": "vector", "scale": 0.8, "biases": [0.3, -0.1, -0.2], "detail": {}}
    expected = records_of(pipeline_of(content, SESSION).predict(checked))
    found = PatientScorer(content, SESSION).answer(Frame(columns_of(checked)), signals=signals_in(checked))
    assert_equal(found, expected)


def test_two_classes_referrals_and_the_risk_at_a_site_are_answered(checked):
    content, session = two_classes(site_prevalence=0.05), Made(SESSION.names, {None: (2, 2)}, 2.0)
    expected = records_of(pipeline_of(content, session).predict(checked))
    found = PatientScorer(content, session).answer(Frame(columns_of(checked)), signals=signals_in(checked))
    assert_equal(found, expected)
    assert "score_at_site" in found[0] and {each["decision"] for each in found} == {
        "refer",
        "negative",
        "positive",
    }


def test_missing_cells_unseen_texts_and_missing_signals_are_answered(checked):
    content, columns = content_of("healthcare_diagnosis"), columns_of(checked)
    signals = signals_in(checked)
    signals[3], signals[5] = None, signals[5][:4]
    columns["numeric/age"] = np.where(np.arange(len(checked)) % 4 == 0, np.nan, columns["numeric/age"])
    columns["categorical/sex"][1], columns["categorical/sex"][2] = None, "other"
    frame = checked.frame.assign(**{"numeric/age": columns["numeric/age"]})
    sex = frame["categorical/sex"].cat.add_categories(["other"])
    sex[1], sex[2] = None, "other"
    table = replace(checked, frame=frame.assign(**{"categorical/sex": sex}))
    table.signals = Signals([None if each is None else np.array(each) for each in signals])
    expected = records_of(pipeline_of(content, SESSION).predict(table))
    assert_equal(PatientScorer(content, SESSION).answer(Frame(columns), signals=signals), expected)


def test_patients_without_any_signal_are_answered_by_the_table(checked):
    content = content_of("healthcare_diagnosis")
    expected = records_of(pipeline_of(content, SESSION).predict(replace(checked, signals=None)))
    assert_equal(PatientScorer(content, SESSION).answer(Frame(columns_of(checked))), expected)


def photographed(pictures):
    """A bundle that reads photos beside the table, and a table of patients with these photos."""
    content = content_of("healthcare_diagnosis")
    del content["state"]["signal"]
    content["state"]["photo"] = {"side": SQUARE, "channels": 1, "dtype": "uint8"}
    content["mapping"]["signal"] = None
    content["mapping"]["columns"] = {"image": "image"}
    return content, Made(["number", "category", "photo", "presence"], {None: (1, 3)}, 2.0)


@pytest.fixture
def with_photos(tmp_path, checked):
    """Photos as files and as pixels, some rows without; and what the pipeline says."""
    import pandas as pd

    from shared.images.decoding import encode_png

    rng, pictures, names = np.random.default_rng(0), [], []
    for row in range(len(checked)):
        picture = (
            None
            if row % 7 == 3
            else rng.integers(0, 256, (30, 40) if row % 2 else (SQUARE, SQUARE), dtype=np.uint8)
        )
        pictures.append(picture)
        names.append("" if picture is None else str(tmp_path / f"{row}.png"))
        if picture is not None:
            Path(names[-1]).write_bytes(encode_png(picture))
    content, session = photographed(pictures)
    pipeline = pipeline_of(content, session)
    frame = pd.read_csv(ROWS, dtype=str).filter(regex="^(?!t[0-9]|label)").assign(image=names)
    table = pipeline.check(raw_table(frame), predict=True)
    return content, session, table, names, pictures, records_of(pipeline.predict(table))


def test_photos_are_read_as_pixels_bytes_and_files(with_photos):
    content, session, table, names, pictures, expected = with_photos
    scorer, columns = PatientScorer(content, session), columns_of(table)
    by_name = columns.pop("image")
    assert_equal(scorer.answer(Frame(columns), photos=pictures), expected)
    paths = [Path(name) if name else None for name in names]
    assert_equal(scorer.answer(Frame(columns), photos=paths), expected)
    data = [path and path.read_bytes() for path in paths]
    assert_equal(scorer.answer(Frame(columns), photos=data), expected)
    assert_equal(scorer.answer(Frame(columns | {"image": by_name})), expected)


def test_a_photo_that_cannot_be_read_is_told_without_its_name(with_photos):
    content, session, table, *_ = with_photos
    scorer, columns = PatientScorer(content, session), columns_of(table)
    columns["image"][0] = "of Jane Doe.png"
    with pytest.raises(ContractError, match="row 1: the photo is not in") as caught:
        scorer.answer(Frame(columns))
    assert "Jane" not in str(caught.value)
    with pytest.raises(ContractError, match="row 2: the photo has 9 x 9 pixels"):
        scorer.answer(Frame(columns), photos=[None, np.zeros((9, 9), np.uint8), *[None] * (len(table) - 2)])
    with pytest.raises(ContractError, match="expected 60, one a row"):
        scorer.answer(Frame(columns), photos=[None])


def test_nothing_but_numpy_is_needed(checked, with_photos):
    content = content_of("healthcare_diagnosis")
    expected = records_of(pipeline_of(content, SESSION).predict(checked))
    given = {"signals": signals_in(checked), "refused": ["PIL"]}
    scorer = "shared.light.patients:PatientScorer"
    found, _ = EXAMPLE["alone"](scorer, content, SESSION, columns_of(checked), **given)
    assert_equal(found, expected)
    content, session, table, _, pictures, expected = with_photos
    columns = {name: values for name, values in columns_of(table).items() if name != "image"}
    found, _ = EXAMPLE["alone"](scorer, content, session, columns, photos=pictures, refused=["PIL"])
    assert_equal(found, expected)


def test_files_of_signals_are_refused_with_the_way_out(checked):
    content = content_of("healthcare_diagnosis")
    content["mapping"]["signal"] = None
    columns = columns_of(checked) | {"signal": np.array(["a.csv"] * len(checked), object)}
    with pytest.raises(ContractError, match="Give the samples of each row as `signals`"):
        PatientScorer(content, SESSION).answer(Frame(columns))


def test_no_rows_have_no_answers():
    assert PatientScorer(content_of("healthcare_diagnosis"), SESSION).answer(Frame({}, 0)) == []


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([[0.5, None, 1.0], None], "row 1: sample 2 is missing"),
        ([None, ["a"]], "row 2: holds what is no number"),
        ([[[1.0, 2.0]], [1.0]], "one number of channels"),
        ([None, [float("inf")]], "row 2: sample 1 is missing or no finite number"),
        ([None], "there are 1 signals, expected 2"),
    ],
)
def test_signals_that_cannot_be_read_are_told_by_row(given, told):
    with pytest.raises(ContractError, match=told):
        read_samples(given, rows=2)


def test_signals_of_columns_are_those_that_the_pipeline_reads(checked):
    import csv

    with ROWS.open(newline="") as file:
        rows = list(csv.DictReader(file))
    found = read_samples(signals_of_rows(rows, "t[0-9]*", lambda cell: float(cell or "nan")), rows=len(rows))
    for one, other in zip(found, checked.signals):
        np.testing.assert_array_equal(one, other)
