"""Copies of rows with a missing value or an unseen category are added where the contract lets them in."""

from pathlib import Path

import pytest

from shared import bundle
from shared.contract import raw_table
from shared.parity.altered import UNSEEN, with_altered_rows

KEPT = Path(__file__).parents[2] / "fixtures" / "bundles"


@pytest.fixture(scope="module")
def fraud():
    pipeline = bundle.load(KEPT / "finance_fraud" / "bundle")
    return pipeline, pipeline.read(KEPT / "finance_fraud" / "rows.csv", predict=True)


def test_what_the_contract_lets_in_is_altered_and_what_it_refuses_is_not(fraud):
    pipeline, raw = fraud
    longer, made = with_altered_rows(pipeline, raw)
    assert [(each.column, each.kind) for each in made] == [
        *(("card", kind) for kind in ("missing", "unseen")),
        *(("terminal", kind) for kind in ("missing", "unseen")),
    ]
    assert len(longer) == len(raw) + sum(len(each.sources) for each in made)
    assert longer.data.slice(0, len(raw)).equals(raw.data)


def test_a_copy_differs_from_its_row_in_one_cell(fraud):
    pipeline, raw = fraud
    longer, made = with_altered_rows(pipeline, raw)
    before, after = raw.data.to_pylist(), longer.data.to_pylist()[len(raw) :]
    sources = [(each, source) for each in made for source in each.sources]
    for (each, source), row in zip(sources, after, strict=True):
        expected = None if each.kind == "missing" else UNSEEN
        assert row == before[source] | {each.column: expected}


def test_equal_arguments_give_equal_rows(fraud):
    one, other, another = (with_altered_rows(*fraud, seed=seed)[0] for seed in (1, 1, 2))
    assert one.data.equals(other.data) and not one.data.equals(another.data)


def test_signals_of_patients_go_with_their_copies():
    pipeline = bundle.load(KEPT / "healthcare_diagnosis" / "bundle")
    raw = pipeline.read(KEPT / "healthcare_diagnosis" / "rows.csv", predict=True)
    longer, made = with_altered_rows(pipeline, raw)
    kinds = {(each.column, each.kind) for each in made}
    assert {("crp", "missing"), ("smoker", "missing"), ("smoker", "unseen")} <= kinds
    assert len(pipeline.check(longer, predict=True)) == len(longer)


def test_photos_of_a_folder_stay_as_they_are():
    pipeline = bundle.load(KEPT / "manufacturing_defects" / "bundle")
    raw = pipeline.read(KEPT / "manufacturing_defects" / "rows", predict=True)
    assert with_altered_rows(pipeline, raw) == (raw, [])


def test_a_table_without_rows_is_left_to_the_check(fraud):
    pipeline, raw = fraud
    empty = raw_table(raw.data.to_pandas().head(0))
    assert with_altered_rows(pipeline, empty) == (empty, [])


def test_series_are_copied_whole_under_a_new_name():
    pipeline = bundle.load(KEPT / "retail_demand" / "bundle")
    raw = pipeline.read(KEPT / "retail_demand" / "rows.csv", predict=True)
    longer, made = with_altered_rows(pipeline, raw)
    kinds = {(each.column, each.kind) for each in made}
    assert {("item", "unseen"), ("quantity", "missing"), ("price", "missing")} <= kinds
    assert all(len(each.sources) == 40 for each in made) and len(longer) == len(raw) + 40 * len(made)
    items = longer.data["item"].to_pylist()[len(raw) :]
    assert not set(items) & set(raw.data["item"].to_pylist())
